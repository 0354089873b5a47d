# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the collection against the emulator, beside what one would use instead, and write docs/benchmark.md.

The plot of it is docs/pictures/benchmark.svg.

Every variant is a process of its own. They run in turns, several rounds; figures are medians. What is said of a loop
is per item, over the start-up: the time of the same program for no project at all.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.benchmark import artifacts, fleet, plot, waits
from tests.benchmark.rivals import HOSTNAME, ORGANIZATION
from tests.benchmark.running import (
    ROOT,
    TOKEN,
    Figure,
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

CONCURRENCY = 16
MOST = 2000  # projects, for the memory
LONG = 15.0  # seconds of waiting alone: what takes longer runs once
TOO_LONG = 120.0  # seconds of waiting alone: what takes longer is left out, for it would say nothing new

LATENCIES = [0, 20, 100]  # ms
CONVERGED = [50, 200, 1000]
NEW = 200


@dataclass(frozen=True)
class Cell:
    """A situation that is measured.

    :param latency: ms that every answer takes
    :param new: whether no project is set up yet; else all are as wanted
    """

    latency: int
    projects: int
    new: bool = False

    def __str__(self) -> str:
        return f"{self.projects:,} {'new' if self.new else 'converged'}, {self.latency} ms"


@dataclass(frozen=True)
class Variant:
    """A way of doing it.

    :param about: how many requests a converged and a new project take, more or less: to know what takes too long
    :param only: the one cell in which it is measured, for what is slow
    """

    name: str
    title: str
    about: tuple[int, int]
    concurrency: int = 1
    only: Cell | None = None
    rounds: int = 99

    def waits(self, cell: Cell) -> float:
        """Seconds of waiting alone, more or less."""
        return cell.projects * self.about[cell.new] * cell.latency / 1000 / self.concurrency


SMALL = Cell(0, 50)
USUAL = Cell(20, 200)
VARIANTS = [
    Variant("uri", "(a) `ansible.builtin.uri` in loops", (2, 0), only=SMALL, rounds=2),
    Variant("loops", "(b) single modules in loops", (3, 5)),
    Variant("ordinary", "(c) the same as ordinary modules", (3, 5), only=SMALL, rounds=1),
    Variant("projects", "(d) `circleci_projects`", (2, 6), CONCURRENCY),
    Variant("pycircleci", "(e) script with pycircleci", (2, 4)),
    Variant("requests", "(f) script with `requests.Session`", (2, 4)),
    Variant("bare", "(h) loops of an action that sends the request and nothing else", (2, 0), only=USUAL),
]
BY_NAME = {variant.name: variant for variant in VARIANTS}
LOOPED_ITEMS = {"uri": 2, "loops": 3, "ordinary": 3, "requests": 2, "bare": 2}
"""How many items or requests of a converged project a serial variant has: its figures are per item."""


# --- running ----------------------------------------------------------------------------------------------------------


class Bench:
    """The measurements.

    :param folder: for playbooks
    :param rivals: the Python that has pycircleci
    """

    def __init__(self, folder: Path, rivals: Path, ready: str, fresh: str) -> None:
        self.folder = folder
        self.rivals = rivals
        self.ready = ready
        """An emulator whose projects are as wanted."""
        self.fresh = fresh
        """An emulator that starts anew before each run."""
        self.seconds: dict[tuple[str, Cell], list[float]] = defaultdict(list)
        self.start_up: dict[str, list[float]] = defaultdict(list)
        self.requests: dict[tuple[str, bool], float] = {}
        """Per converged and per new project, as the emulator counts them."""
        key = ed25519.Ed25519PrivateKey.generate()
        form = (serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption())
        self.private_key = key.private_bytes(*form).decode()
        openssh = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        self.public_key = key.public_key().public_bytes(*openssh).decode()

    def run(self, name: str, url: str, projects: int) -> Run:
        """Run a variant on the first projects of an emulator."""
        if name in ("pycircleci", "requests"):
            program = str(ROOT / "tests" / "benchmark" / "rivals.py")
            key_pair = [self.private_key, self.public_key]
            return run_program([str(self.rivals), program, name, url, TOKEN, str(projects), *key_pair], self.folder)
        slugs = [f"github/{ORGANIZATION}/repo-{index:04}" for index in range(1, projects + 1)]
        connection = {"api_url": url, "api_token": TOKEN}
        prefix = "community.circleci.circleci_"
        tasks: list[dict[str, Any]] = []
        if name in ("uri", "bare"):
            tasks = [
                {
                    "ansible.builtin.uri" if name == "uri" else "bare_request": {
                        "url": f"{url}/api/v1.1/project/{{{{ item }}}}/{what}",
                        "headers": {"Circle-Token": TOKEN, "Accept": "application/json"},
                    },
                    "loop": "{{ slugs }}",
                }
                for what in ("settings", "checkout-key")
            ]
        elif name in ("loops", "ordinary"):
            options = {
                "project_follow": {},
                "checkout_key": {},
                "ssh_key": {"hostname": HOSTNAME, "private_key": self.private_key},
            }
            tasks = [
                {f"{prefix}{module}": {"project": "{{ item }}", **connection, **own}, "loop": "{{ slugs }}"}
                for module, own in options.items()
            ]
        elif name == "projects":
            keys = {"checkout_keys": [{}], "ssh_keys": [{"hostname": HOSTNAME, "private_key": self.private_key}]}
            described = [{"project": slug, "following": True, **keys} for slug in slugs]
            tasks = [{f"{prefix}projects": {**connection, "concurrency": CONCURRENCY, "projects": described}}]
        # This is one of the things that need an ordinary module.
        environment = {"ORDINARY": "1"} if name == "ordinary" else None
        # One list for all tasks, as one has it in a playbook
        return run_play(self.folder, tasks, environment=environment, slugs=slugs)

    # --- measuring ----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make all projects of one emulator as wanted."""
        say(f"preparing {MOST:,} projects")
        self.run("projects", self.ready, MOST)

    def measure(self, variant: Variant, cell: Cell) -> None:
        """Run a variant in a situation and note the time."""
        url = self.fresh if cell.new else self.ready
        control(url, "POST", "reset") if cell.new else control(url, "DELETE", "requests")
        control(url, "PUT", "state", latency=cell.latency / 1000)
        seconds = self.run(variant.name, url, cell.projects).seconds
        self.seconds[variant.name, cell].append(seconds)
        # The tenth hides the one question about the token that a whole task asks.
        self.requests[variant.name, cell.new] = round(len(control(url, "GET", "requests")) / cell.projects, 1)
        control(url, "PUT", "state", latency=0)
        say(f"{cell!s:>24}  {variant.name:<12}{seconds:8.2f} s")

    def measure_start_up(self) -> None:
        """Run every variant for no project at all."""
        for variant in VARIANTS:
            self.start_up[variant.name].append(self.run(variant.name, self.ready, 0).seconds)

    def memory(self) -> tuple[float, float]:
        """MiB of an empty playbook and of `circleci_projects` with the most projects."""
        return self.run("empty", self.ready, 0).memory, self.run("projects", self.ready, MOST).memory

    # --- figures ------------------------------------------------------------------------------------------------------

    def whole(self, name: str, cell: Cell) -> float:
        """Seconds of a whole process."""
        return statistics.median(self.seconds[name, cell])

    def ideal(self, cell: Cell) -> float:
        """Seconds that `circleci_projects` would take if nothing but the waiting took time."""
        return cell.projects * self.requests["projects", cell.new] * cell.latency / 1000 / CONCURRENCY

    def over_start_up(self, name: str, cell: Cell) -> float:
        """Seconds without those of the start-up."""
        return self.whole(name, cell) - statistics.median(self.start_up[name])

    def per_item(self, name: str, cell: Cell) -> float:
        """Seconds of one item of a loop."""
        return self.over_start_up(name, cell) / (cell.projects * LOOPED_ITEMS[name])


def cells() -> list[Cell]:
    """All situations."""
    return [
        *(Cell(latency, projects) for latency in LATENCIES for projects in CONVERGED),
        *(Cell(latency, NEW, new=True) for latency in LATENCIES),
    ]


def wanted(variant: Variant, cell: Cell, number: int) -> bool:
    """Whether a variant runs in a situation in this round, the first of which is 0."""
    if variant.only is not None:
        return cell == variant.only and number < variant.rounds
    if variant.waits(cell) > TOO_LONG:
        return False
    return number == 0 or variant.waits(cell) <= LONG


def figures(bench: Bench, memory: tuple[float, float]) -> Figures:
    """The figures that have bounds."""
    found = Figures()
    uri, loop = bench.per_item("uri", SMALL), bench.per_item("loops", SMALL)
    found.at_least(
        "`ansible.builtin.uri` against a single module, per item of a loop, 50 projects at 0 ms", uri / loop, 50
    )
    found.at_most(
        "a single module against `requests.Session`, per item of a loop, 200 projects at 20 ms",
        bench.per_item("loops", USUAL) / bench.per_item("requests", USUAL),
        1.25,
    )
    cell = Cell(100, 1000)
    whole, ideal = bench.whole("projects", cell), bench.ideal(cell)
    found.at_most("`circleci_projects` against the ideal, 1,000 projects at 100 ms", whole / ideal, 1.3)
    found.at_most("requests of `circleci_projects` per converged project", bench.requests["projects", False], 2, "")
    script, ours = bench.whole("pycircleci", USUAL), bench.whole("projects", USUAL)
    found.at_least("the pycircleci script against `circleci_projects`, 200 projects at 20 ms", script / ours, 5)
    empty, most = memory
    found.at_most(f"peak memory for {MOST:,} projects over an empty playbook", most - empty, 100, " MiB")
    for latency in LATENCIES[1:]:
        few, many = (bench.over_start_up("projects", Cell(latency, number)) for number in CONVERGED[1:])
        growth = many / few / (CONVERGED[2] / CONVERGED[1])
        found.bounds.append(
            Figure(
                f"growth from 200 to 1,000 projects against a straight line, {latency} ms",
                "0.85 to 1.15",
                f"{growth:.2f}",
                0.85 <= growth <= 1.15,
            )
        )
    return found


# --- telling ----------------------------------------------------------------------------------------------------------


def page(bench: Bench, found: Figures, memory: tuple[float, float], rounds: int, more: str) -> str:
    """The text of docs/benchmark.md.

    :param more: its sections about other things than projects
    """
    told = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("ansible-core", "requests"))
    bounds = [[each.title, each.bound, each.measured, "yes" if each.held else "**no**"] for each in found.bounds]
    everywhere = [variant for variant in VARIANTS if variant.only is None]
    whole = [
        [
            str(cell),
            *(
                seconds_of(bench.whole(variant.name, cell)) if wanted(variant, cell, 0) else ""
                for variant in everywhere
            ),
            seconds_of(bench.ideal(cell)),
        ]
        for cell in cells()
    ]
    looped = (SMALL, USUAL, Cell(100, 50))
    loops = [
        [
            BY_NAME[name].title,
            *(
                f"{bench.per_item(name, cell) * 1000:.1f}" if BY_NAME[name].only in (None, cell) else ""
                for cell in looped
            ),
        ]
        for name in ("uri", "ordinary", "bare", "loops", "requests")
    ]
    bare = bench.per_item("bare", USUAL) / bench.per_item("requests", USUAL)
    counts = [
        [variant.title, *(f"{bench.requests[variant.name, new]:g}" for new in (False, True))] for variant in everywhere
    ]
    starts = [[variant.title, seconds_of(statistics.median(bench.start_up[variant.name]))] for variant in VARIANTS]
    return f"""\
<!--
SPDX-FileCopyrightText: 2026 The community.circleci contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->

# Benchmark

Written by `nox -s bench`, which measures the collection in this tree against the emulator in another process.
Projects are followed, have a deploy key and an additional SSH key. *Converged* ones are so already; *new* ones are not
known to CircleCI yet. Every answer takes the latency given. The variants run in turns, {rounds} rounds; what waits for
more than {LONG:.0f} s runs once, for more than {TOO_LONG:.0f} s not at all. Figures are medians. `circleci_projects`
works on {CONCURRENCY} projects at a time, everything else does one thing after the other.

Here: Python {platform.python_version()}, {told}, {os.cpu_count()} processors.

## Figures with a bound

{table(["figure", "bound", "measured", "holds"], bounds)}

Memory is that of the largest process at its peak: {memory[0]:.0f} MiB for an empty playbook, {memory[1]:.0f} MiB for
{MOST:,} projects.

## Whole processes, in seconds

{table(["projects, latency", *(variant.title for variant in everywhere), "(g) ideal of (d)"], whole)}

The ideal is requests times latency by concurrency. Requests per project, as the emulator counts them:

{table(["", "converged", "new"], counts)}

The collection reads again what it has written, the scripts believe it.

![seconds over projects at 20 ms](pictures/benchmark.svg)

## Loops, in milliseconds per item over the start-up

{table(["", *(str(cell) for cell in looped)], loops)}

An item is one request in all of them. (h) takes {bare:.2f} times as long as (f): no action of any kind takes less, with
this ansible-core on this machine.

## Start-up, in seconds

{table(["", "for no project"], starts)}

{more}"""


def draw(bench: Bench) -> str:
    """The plot: whole processes at 20 ms over the number of projects."""
    lines = {
        variant.title.replace("`", ""): [
            (float(number), bench.whole(variant.name, Cell(20, number))) for number in CONVERGED
        ]
        for variant in VARIANTS
        if variant.only is None
    }
    lines["(g) ideal of (d)"] = [(float(number), bench.ideal(Cell(20, number))) for number in CONVERGED]
    return plot.svg("Converged projects at 20 ms, whole processes", "projects", "seconds", lines)


def main() -> None:
    """Measure, print the figures and write the page and the plot."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", type=Path, required=True, help="the Python that has pycircleci")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="the folder to write to, default: docs")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bench = Bench(folder, options.rivals, stack.enter_context(emulator(MOST)), stack.enter_context(emulator(MOST)))
        bench.prepare()
        for number in range(options.rounds):
            say(f"round {number + 1} of {options.rounds}")
            bench.measure_start_up()
            for cell in cells():
                for variant in VARIANTS:
                    if wanted(variant, cell, number):
                        bench.measure(variant, cell)
        memory = bench.memory()
        whole_projects, told_of_them = fleet.measure(folder, options.rounds)
        downloads = artifacts.measure(folder, options.rounds)
        waited, told_of_waits = waits.measure(options.rivals)
    found = figures(bench, memory)
    found.bounds += whole_projects.bounds + waited.bounds + downloads.figures.bounds
    found.say()
    text = page(bench, found, memory, options.rounds, f"{told_of_them}\n{told_of_waits}\n{downloads.section}")
    (options.output / "benchmark.md").write_text(text, encoding="utf-8")
    (options.output / "pictures").mkdir(exist_ok=True)
    (options.output / "pictures" / "benchmark.svg").write_text(draw(bench), encoding="utf-8")
    if not all(each.held for each in found.bounds):
        sys.exit("Some figures are out of bounds.")


if __name__ == "__main__":
    main()
