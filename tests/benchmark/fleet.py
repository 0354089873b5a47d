# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure `circleci_projects` for projects of which all is described: following, keys, settings and a webhook."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from tests.benchmark.rivals import ORGANIZATION
from tests.benchmark.running import TOKEN, Figures, control, emulator, run_play, say, table

PROJECTS = 1000
CONCURRENCY = 16
LATENCY = 0.1  # seconds
PER_PROJECT = 5
"""Requests of a converged project: v1.1's settings for following, its checkout keys, its id, by which webhooks are
asked for, the webhooks, and v2's settings. None of them says what another one does."""


def tasks_for(url: str) -> list[dict[str, Any]]:
    """The task that describes all projects by one set of defaults."""
    wanted = {
        "following": True,
        "checkout_keys": [{}],
        "settings": {"build_fork_prs": False, "autocancel_builds": True},
        "webhooks": [{"name": "deploys", "url": "https://deploy.acme.example/hook", "events": ["workflow-completed"]}],
    }
    projects = {
        "api_url": url,
        "api_token": TOKEN,
        "concurrency": CONCURRENCY,
        "slugs": [f"github/{ORGANIZATION}/repo-{index:04}" for index in range(1, PROJECTS + 1)],
        "defaults": wanted,
    }
    return [{"community.circleci.circleci_projects": projects}]


def measure(folder: Path, rounds: int) -> tuple[Figures, str]:
    """Measure the task; gives its figures with bounds, and the section of the page."""
    seconds, counts = [], []
    with emulator(PROJECTS) as url:
        tasks = tasks_for(url)
        say(f"preparing {PROJECTS:,} projects with settings and a webhook")
        run_play(folder, tasks)
        control(url, "PUT", "state", latency=LATENCY)
        for _round in range(rounds):
            control(url, "DELETE", "requests")
            seconds.append(run_play(folder, tasks).seconds)
            # The tenth hides the one question about the token that a whole task asks.
            counts.append(round(len(control(url, "GET", "requests")) / PROJECTS, 1))
            say(f"{PROJECTS:,} whole projects: {seconds[-1]:.2f} s")
    whole, count = statistics.median(seconds), max(counts)
    ideal = PROJECTS * count * LATENCY / CONCURRENCY
    figures = Figures()
    title = f"`circleci_projects` with settings and a webhook, {PROJECTS:,} projects at {LATENCY * 1000:.0f} ms"
    figures.at_most(f"{title}, against the ideal", whole / ideal, 1.3)
    figures.at_most("requests of it per converged project", count, PER_PROJECT, "")
    section = f"""\
## Whole projects

{PROJECTS:,} projects with following, a deploy key, settings and a webhook, all as wanted, {CONCURRENCY} at a time, at
{LATENCY * 1000:.0f} ms. Each takes {PER_PROJECT} requests: settings of v1.1, checkout keys, the project's id, webhooks,
and settings of v2. None of them says what another one does.

{table(["", "seconds"], [["whole process", f"{whole:.1f}"], ["ideal", f"{ideal:.1f}"]])}
"""
    return figures, section
