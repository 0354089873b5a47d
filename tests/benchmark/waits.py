# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure what a wait for pipelines takes: requests, and how late it notices the end, beside a script that polls.

The waiter and the emulator share a clock that runs faster than the machine's. Pauses are made, only shorter.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.community.circleci.plugins.module_utils._resources import polling
from ansible_collections.community.circleci.plugins.module_utils._task.run import perform
from ansible_collections.community.circleci.plugins.modules import circleci_pipeline
from emulator import Emulator
from tests.benchmark.running import ROOT, TOKEN, Figures, say, table

SPEED = 20
"""How many times as fast as the machine's the clock of the waiter and of the emulator runs."""
WORKFLOWS, JOBS = 5, 6
"""How many workflows a pipeline has, and jobs, one after the other, each of them."""
SECONDS = 100.0
"""Seconds that a job takes: ten minutes in all."""
TICK = 0.02
"""Seconds of the machine's clock after which the emulator's is put forward."""
NUMBERS = [1, 20]


class FastClock(polling.Clock):
    """A clock that runs faster, and knows its longest pause."""

    longest = 0.0
    """in its own seconds"""

    def now(self) -> float:
        return time.monotonic() * SPEED

    def sleep(self, seconds: float) -> None:
        self.longest = max(self.longest, seconds)
        time.sleep(seconds / SPEED)


@contextmanager
def fast(emulator: Emulator) -> Iterator[None]:
    """Let an emulator's clock run faster meanwhile."""
    over = threading.Event()

    def run() -> None:
        then = time.monotonic()
        while not over.wait(TICK):
            now = time.monotonic()
            emulator.pass_time((now - then) * (SPEED - 1))
            then = now

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass
class Wait:
    """What waiting for pipelines took.

    :param requests: of all waits together
    :param late: seconds of the fast clock between the end of a pipeline and that of its wait, the most of all
    """

    requests: int
    late: float


def start(emulator: Emulator, number: int) -> list[tuple[str, str]]:
    """Start a pipeline in each of so many repositories; gives slugs and ids."""
    emulator.reset()
    emulator.switch(page_size=20)  # all workflows on one page, as CircleCI has them
    machine = emulator.state.machine
    machine.set_seconds(dict.fromkeys(machine.seconds, 0.0) | {"running": SECONDS})
    names = [f"job-{number}" for number in range(1, JOBS + 1)]
    jobs: list[Any] = [names[0], *({"name": name, "requires": [before]} for before, name in itertools.pairwise(names))]
    workflows = [{"name": f"workflow-{number}", "jobs": jobs} for number in range(1, WORKFLOWS + 1)]
    started = []
    for index in range(1, number + 1):
        slug = f"github/acme/service-{index:02}"
        emulator.add_repository(slug, configuration={"workflows": workflows})
        emulator.follow(slug)
        answer = requests.post(
            f"{emulator.url}/api/v2/project/{slug}/pipeline",
            json={"branch": "main"},
            headers={"Circle-Token": TOKEN},
            timeout=60,
        )
        answer.raise_for_status()
        started.append((slug, answer.json()["id"]))
    emulator.clear()
    return started


def call(emulator: Emulator, **options: Any) -> dict[str, Any]:
    """Do a task of circleci_pipeline in this process."""
    spec = circleci_pipeline.ARGUMENT_SPEC
    given = {"api_url": emulator.url, "api_token": TOKEN, **options}
    params = ArgumentSpecValidator(spec).validate(given).validated_parameters
    result = perform(circleci_pipeline.run, spec, params, check_mode=False, diff=False, given=given)
    if result.get("failed"):
        sys.exit(f"circleci_pipeline failed: {result['msg']}")
    return result


def now(emulator: Emulator) -> float:
    """The moment on the emulator's clock."""
    with emulator.state.lock:
        return emulator.state.now()


def ended(emulator: Emulator, slug: str) -> float:
    """The moment on the emulator's clock at which the pipeline of a project ended."""
    pipeline = max(emulator.project(slug).pipelines, key=lambda pipeline: pipeline.number)
    return max(workflow.stopped or now(emulator) for workflow in pipeline.workflows)


def ours(emulator: Emulator, clock: FastClock, number: int) -> Wait:
    """Wait with the collection."""
    started = start(emulator, number)

    def wait(slug: str, pipeline: str) -> float:
        call(emulator, project=slug, state="succeeded", pipeline_id=pipeline, wait_timeout=1800)
        return now(emulator)

    polling.CLOCK = clock
    with fast(emulator), ThreadPoolExecutor(number) as pool:
        noticed = list(pool.map(lambda each: wait(*each), started))
    late = max(when - ended(emulator, slug) for when, (slug, _id) in zip(noticed, started, strict=True))
    return Wait(len(emulator.requests), late)


def theirs(emulator: Emulator, rivals: Path, number: int) -> Wait:
    """Wait with a script that polls the workflows and their jobs."""
    started = start(emulator, number)
    program = [str(rivals), str(ROOT / "tests" / "benchmark" / "rivals.py"), "wait", emulator.url, TOKEN, str(SPEED)]
    with fast(emulator):
        subprocess.run([*program, *(pipeline for _slug, pipeline in started)], check=True)
        noticed = now(emulator)
    return Wait(len(emulator.requests), noticed - max(ended(emulator, slug) for slug, _id in started))


def trigger_requests(emulator: Emulator) -> int:
    """How many requests, one after the other, it takes from nothing to a pipeline's number, id and url."""
    emulator.reset()
    emulator.follow("github/acme/api")
    result = call(emulator, project="github/acme/api", branch="main")
    assert all(result["pipeline"][key] for key in ("number", "id", "url"))
    return len(emulator.requests)


def measure(rivals: Path) -> tuple[Figures, str]:
    """Measure the waits; gives their figures with bounds, and the section of the page.

    :param rivals: the Python that has pycircleci
    """
    figures, rows, clock = Figures(), [], FastClock()
    with Emulator() as emulator:
        for number in NUMBERS:
            mine, script = ours(emulator, clock, number), theirs(emulator, rivals, number)
            say(f"wait for {number}: {mine}, script {script}")
            figures.at_most(
                f"requests of `circleci_pipeline` against a script's, waiting for {number} of ten minutes",
                mine.requests / script.requests,
                0.2,
            )
            figures.at_most(
                f"the end of {number} noticed after", mine.late, clock.longest + 2, " s", "one pause and 2 s"
            )
            rows += [
                [f"`circleci_pipeline`, {number}", str(mine.requests), f"{mine.late:.1f}"],
                [f"script with pycircleci, {number}", str(script.requests), f"{script.late:.1f}"],
            ]
        figures.at_most("round trips of a trigger over a bare `requests` call", trigger_requests(emulator) - 1, 2, "")
    section = f"""\
## Waits

Pipelines of {WORKFLOWS} workflows and {WORKFLOWS * JOBS} jobs, which take ten minutes, in one and in {NUMBERS[-1]}
repositories at a time. The waits and the emulator share a clock that runs {SPEED} times as fast; pauses are made, only
shorter. The script asks for the workflows and the jobs of each every 5 seconds.

{table(["wait for pipelines", "requests", "seconds from the end to its notice, at most"], rows)}
"""
    return figures, section


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rivals", type=Path, required=True, help="the Python that has pycircleci")
    figures, section = measure(parser.parse_args().rivals)
    figures.say()
    say(section)


if __name__ == "__main__":
    main()
