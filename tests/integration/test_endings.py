# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task with many requests on their way ends when its time is up, and with Ctrl-C: it waits for no answer.

The answers never come, and the task would wait an hour for each of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from emulator.world.artifacts import Artifact
from emulator.world.contexts import Contexts
from tests.integration.playing import PROGRAMS, Json, Player, Task, task
from tests.unit.trouble import add_repositories

API = "github/acme/api"
LONG: Json = {"timeout": 3600.0, "retry_budget": 100_000.0, "concurrency": 4}
AT_ONCE = 4
QUICKLY = 60.0
"""Seconds after which a task that does not end fails the test; far more than it needs, far less than it would wait."""


@pytest.fixture
def dest(player: Player) -> Path:
    return player.folder / "opt"


@pytest.fixture
def tasks(player: Player, dest: Path) -> dict[str, Task]:
    """Tasks with threads. No answer comes to them; of the artifacts a short one does, and the long ones go on."""
    emulator = player.emulator
    slugs = add_repositories(emulator, 8)
    for slug in slugs:
        emulator.follow(slug)
    for path in ("/settings", "/context/"):
        emulator.fault("hang", path=path, times=None)
    emulator.fault("status", path="/checkout-key", times=None, status=429, headers={"Retry-After": "3600"})
    state = emulator.state
    for number in range(AT_ONCE + 1):
        state.part(Contexts).add(state.organizations["github/acme"], f"context-{number}")
    state.machine.set_progress("manual")
    long = [Artifact(f"dist/long-{number}.bin", size=2_000_000) for number in range(AT_ONCE)]
    emulator.artifacts(API, "build", Artifact("dist/short.txt", text="short"), *long)
    emulator.follow(API)
    emulator.finish(API, 1)
    state.set_switches(store_rate=1000.0)
    described = [{"project": slug, "following": True} for slug in slugs]
    keys = [{"project": slug, "checkout_keys": [{}]} for slug in slugs]
    return {
        "projects": task("projects", "circleci_projects", projects=described, **LONG),
        "throttled": task("throttled", "circleci_projects", projects=keys, **LONG),
        "info": task("info", "circleci_project_info", **LONG),
        "contexts": task("contexts", "circleci_context_info", organization="github/acme", env_vars=True, **LONG),
        "artifacts": task(
            "artifacts", "circleci_artifacts", project=API, job="build", branch="main", dest=str(dest), **LONG
        ),
    }


def waiting(player: Player, dest: Path) -> dict[str, Callable[[], bool]]:
    """Whether each of the tasks has as many requests on their way as it may."""

    def asked(path: str, number: int = AT_ONCE) -> bool:
        return sum(path in record.path for record in player.emulator.requests) >= number

    return {
        "projects": lambda: asked("/settings"),
        "throttled": lambda: asked("/checkout-key", 1),
        "info": lambda: asked("/settings"),
        "contexts": lambda: asked("/context/"),
        "artifacts": lambda: (
            {path.name[:9] for path in dest.rglob("*.*")} == {"short.txt", ".circleci"}
            and len(list(dest.rglob(".circleci-????????"))) == AT_ONCE
        ),
    }


def brought(dest: Path) -> tuple[set[str], list[str]]:
    """The files in the folder, with half ones and without the note; and what the note names."""
    names = {path.name for path in dest.rglob("*") if path.is_file()}
    noted = json.loads((dest / ".circleci-artifacts.json").read_text())
    return names - {".circleci-artifacts.json"}, [entry["dest"] for entry in noted["files"]]


def test_the_time_limit_of_a_task_ends_it(player: Player, tasks: dict[str, Task], dest: Path) -> None:
    limited = [one | {"timeout": 3, "ignore_errors": True} for one in tasks.values()]
    played = player.play(limited)
    assert played.status == 0, played.output
    for name in tasks:
        assert (played[name].status, played[name].writes) == ("failed", []), played.output
        assert "3" in str(played[name].result["msg"])
    for name, is_waiting in waiting(player, dest).items():
        assert name == "artifacts" or is_waiting(), name
    assert "0 of 8 projects, 0 changed, 0 failed" in played.stderr
    assert brought(dest) == ({"short.txt"}, ["dist/short.txt"])


@pytest.mark.parametrize("name", ["projects", "throttled", "info", "contexts", "artifacts"])
def test_ctrl_c_ends_the_run(player: Player, tasks: dict[str, Task], dest: Path, name: str) -> None:
    book = player.folder / "book.yml"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [tasks[name]]}
    book.write_text(yaml.safe_dump([play]), encoding="utf-8")
    player.emulator.clear()
    process = subprocess.Popen(
        [PROGRAMS / "ansible-playbook", str(book)],
        env=player.environment()
        | {"ANSIBLE_INVENTORY": "localhost,"}
        | {"CIRCLE_HOST": player.emulator.url, "CIRCLE_TOKEN": player.emulator.token},
        cwd=player.working,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a group of its own, as the foreground job of a terminal is
    )
    try:
        while not waiting(player, dest)[name]():
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, _nothing = process.communicate(timeout=QUICKLY)
    finally:
        process.kill()
    assert process.returncode == 99, output
    assert "Traceback" not in output
    assert player.emulator.writes == []
    if name == "artifacts":
        assert brought(dest) == ({"short.txt"}, ["dist/short.txt"])
