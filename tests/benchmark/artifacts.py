# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure how artifacts are brought, beside ansible's own module and curl. A part of the benchmark.

It can be run alone, and then writes no page: ``python -m tests.benchmark.artifacts``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.benchmark.running import (
    TOKEN,
    Figures,
    Run,
    control,
    emulator,
    run_play,
    run_program,
    say,
    seconds_of,
    table,
)

SLUG = "github/acme/api"
FILES = 200
SIZE = 1_000_000  # bytes of each
LARGE = 1_000_000_000  # bytes
RATE = 100_000_000  # bytes a second at which the large one is sent
AT_A_TIME = 4
LEAST_SECONDS = 0.05
"""What takes less over its start-up than this cannot be told from nothing."""


@dataclass
class Measured:
    """What was measured, and the section of the page about it."""

    figures: Figures = field(default_factory=Figures)
    section: str = ""


class Downloads:
    """The ways to bring artifacts into a folder.

    :param folder: for everything
    :param url: of an emulator that nobody else uses
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.dest = folder / "dest"
        self.seconds: dict[str, list[float]] = defaultdict(list)
        answer = requests.post(
            f"{url}/api/v1.1/project/{SLUG}/follow",
            headers={"Circle-Token": TOKEN, "Accept": "application/json"},
            timeout=60,
        )
        answer.raise_for_status()
        control(url, "POST", "builds", project=SLUG, build_num=1)

    def store(self, files: list[dict[str, Any]], rate: float | None = None) -> None:
        """Say what the build has stored, and how fast it is sent."""
        control(self.url, "POST", "artifacts", project=SLUG, build_num=1, files=files)
        control(self.url, "PUT", "state", switches={"store_rate": rate})

    def addresses(self) -> dict[str, str]:
        """Where the artifacts lie, by their paths."""
        answer = requests.get(
            f"{self.url}/api/v1.1/project/{SLUG}/1/artifacts",
            headers={"Circle-Token": TOKEN, "Accept": "application/json"},
            timeout=60,
        )
        return {item["path"]: item["url"] for item in answer.json()}

    def clear(self) -> None:
        """Empty the destination."""
        shutil.rmtree(self.dest, ignore_errors=True)
        self.dest.mkdir()

    def play(self, *tasks: dict[str, Any], **variables: Any) -> Run:
        """Run a playbook."""
        return run_play(self.folder, list(tasks), **variables)

    def ours(self) -> Run:
        """`circleci_artifacts`."""
        options = {"project": SLUG, "build_num": 1, "dest": str(self.dest), "concurrency": AT_A_TIME}
        return self.play(
            {"community.circleci.circleci_artifacts": {**options, "api_url": self.url, "api_token": TOKEN}}
        )

    def get_url(self) -> Run:
        """A loop of core's module."""
        items = [{"url": url, "dest": str(self.dest / path)} for path, url in self.addresses().items()]
        options = {
            "url": "{{ item.url }}",
            "dest": "{{ item.dest }}",
            "headers": {"Circle-Token": TOKEN},
            "unredirected_headers": ["Circle-Token"],
        }
        return self.play({"ansible.builtin.get_url": options, "loop": "{{ items }}"}, items=items)

    def curl(self) -> Run:
        """curl, which leaves this form of the token behind when it is redirected."""
        lines = [
            f'url = "{url}"\noutput = "{self.dest / path}"\nheader = "Authorization: Bearer {TOKEN}"'
            for path, url in self.addresses().items()
        ]
        file = self.folder / "downloads.curl"
        file.write_text("\nnext\n".join(f"{each}\nlocation\nfail\nsilent" for each in lines), encoding="utf-8")
        command = ["curl", "--parallel", "--parallel-max", str(AT_A_TIME), "--config", str(file)]
        return run_program(command, self.folder)

    def measure(self, name: str, run: Callable[[], Run], size: int) -> Run:
        """Run one way into an empty folder, and note the time.

        :param size: bytes that have to be there afterwards
        """
        self.clear()
        done = run()
        arrived = sum(path.stat().st_size for path in self.dest.rglob("*") if not path.name.startswith("."))
        if arrived != size:
            sys.exit(f"{name} brought {arrived} bytes of {size}.")
        self.seconds[name].append(done.seconds)
        say(f"{name:<24}{done.seconds:8.2f} s")
        return done

    def requests_of_second_run(self) -> int:
        """How many requests for artifacts a second run sends."""
        self.clear()
        self.ours()
        control(self.url, "DELETE", "requests")
        self.ours()
        paths = [record["path"] for record in control(self.url, "GET", "requests")]
        return sum(bool(re.match(r"/(artifacts|store)/", path)) for path in paths)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def over(self, name: str, start_up: str) -> float:
        """Seconds over the start-up."""
        return max(self.median(name) - self.median(start_up), LEAST_SECONDS)


def measure(folder: Path, rounds: int) -> Measured:
    """Measure everything that is said of artifacts."""
    with emulator() as url:
        return _measure(Downloads(folder, url), rounds)


def _measure(downloads: Downloads, rounds: int) -> Measured:
    measured = Measured()
    many = [{"path": f"file-{number:03}", "size": SIZE} for number in range(FILES)]
    say(f"{FILES} files of {SIZE / 1e6:g} MB")
    for number in range(rounds):
        downloads.store([])
        downloads.seconds["start-up"].append(downloads.play().seconds)
        downloads.store(many)
        downloads.measure("ours", downloads.ours, FILES * SIZE)
        downloads.measure("curl", downloads.curl, FILES * SIZE)
        if number == 0:
            downloads.measure("get_url", downloads.get_url, FILES * SIZE)
    over = {name: downloads.over(name, "start-up") for name in ("ours", "get_url")}
    what = f"{FILES} files of {SIZE / 1e6:g} MB"
    measured.figures.at_least(
        f"a loop of `ansible.builtin.get_url` against `circleci_artifacts`, {what}", over["get_url"] / over["ours"], 20
    )
    measured.figures.at_most(
        f"`circleci_artifacts` against `curl --parallel`, {AT_A_TIME} at a time, {what}",
        over["ours"] / downloads.median("curl"),
        1.5,
    )
    for etag in ("md5", "none"):
        downloads.store([{**each, "etag": etag} for each in many])
        title = f"requests for artifacts in a second run, {'with' if etag == 'md5' else 'without'} ETags"
        measured.figures.at_most(title, downloads.requests_of_second_run(), 0, "")

    say(f"one file of {LARGE / 1e9:g} GB at {RATE / 1e6:g} MB/s")
    empty = downloads.play().memory
    downloads.store([{"path": "large", "size": LARGE, "etag": "none"}], RATE)
    large = [downloads.measure("large, ours", downloads.ours, LARGE) for _round in range(rounds)]
    for _round in range(rounds):
        downloads.measure("large, curl", downloads.curl, LARGE)
    downloads.clear()
    what = f"{LARGE / 1e9:g} GB at {RATE / 1e6:g} MB/s"
    measured.figures.at_most(
        f"`circleci_artifacts` against `curl`, {what}",
        downloads.over("large, ours", "start-up") / downloads.median("large, curl"),
        1.3,
    )
    peak = max(run.memory for run in large)
    measured.figures.at_most(f"peak memory for {what} over an empty playbook", peak - empty, 40, " MiB")
    measured.section = _section(downloads, empty, peak)
    return measured


def _section(downloads: Downloads, empty: float, peak: float) -> str:
    titles = {
        "get_url": "a loop of `ansible.builtin.get_url`",
        "ours": "`circleci_artifacts`",
        "curl": "`curl --parallel`",
    }
    rows = [[title, seconds_of(downloads.median(name))] for name, title in titles.items()]
    rows += [
        [f"{titles[each]}, the large file", seconds_of(downloads.median(f"large, {each}"))] for each in ("ours", "curl")
    ]
    return f"""\
## Artifacts, in seconds

{FILES} files of {SIZE / 1e6:g} MB each, {AT_A_TIME} at a time, and one file of {LARGE / 1e9:g} GB that is sent at
{RATE / 1e6:g} MB/s. The figures above are over the start-up of ansible, {seconds_of(downloads.median("start-up"))} s.
The one of `get_url` was measured once.

{table(["", "whole process"], rows)}

The playbook with the large file held {peak:.0f} MiB at its peak, an empty one {empty:.0f} MiB.
"""


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), options.rounds)
    measured.figures.say()
    say(measured.section)


if __name__ == "__main__":
    main()
