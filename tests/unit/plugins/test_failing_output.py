# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task that fails prints: short enough to be read, and nothing twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from emulator import Emulator

pytestmark = pytest.mark.once
API = "github/acme/api"
Json = dict[str, Any]
AROUND = 17
"""lines that ansible-playbook itself writes for a play with one task that fails"""


def lines(result: Json) -> int:
    """How many lines a result takes, as the callback prints it with ``result_format: yaml``."""
    shown = {name: value for name, value in result.items() if name not in ("failed", "warnings", "diff")}
    for step in shown["failed_steps"]:
        step["log_tail"] = step["log_tail"].splitlines()  # core prints one line for each, and one more for the name
    return len(yaml.safe_dump(shown).splitlines())


@pytest.fixture
def run(emulator: Emulator, clock: object, run_module: Callable[..., Json]) -> Callable[..., Json]:
    """Run a task on a project whose workflow has so many jobs, the last of which fails; ``again`` after another one."""

    def run(module: str, jobs: int, *, again: bool = False, **options: Any) -> Json:
        if not again:
            emulator.reset()
            emulator.add_repository(API, has_config=False, jobs=[f"job-{number}" for number in range(1, jobs + 1)])
            emulator.follow(API)
            for _job in range(jobs - 1):
                emulator.script("success")
        emulator.script("failed", parallel=1)
        result = run_module(module, project=API, wait=True, log_lines=5, **options)
        assert result["failed"]
        assert [len(step["log_tail"].splitlines()) for step in result["failed_steps"]] == [5]
        return result

    return run


def retried(run: Callable[..., Json], jobs: int) -> Json:
    run("circleci_build", jobs)
    return run("circleci_build", jobs, again=True, state="retried", build_num=jobs)


def rerun(run: Callable[..., Json], jobs: int) -> Json:
    run("circleci_build", jobs)
    named = {"workflow": "build-and-test", "branch": "main"}
    return run("circleci_workflow", jobs, again=True, state="rerun", **named)


CASES: dict[str, tuple[Callable[..., Json], int]] = {
    "builds of a pipeline": (lambda run, jobs: run("circleci_build", jobs), 60),
    "one job": (lambda run, jobs: run("circleci_build", jobs, trigger="job", job="job-1"), 60),
    "retried": (retried, 60),
    "pipeline": (lambda run, jobs: run("circleci_pipeline", jobs), 65),
    "rerun": (rerun, 60),
}


@pytest.mark.parametrize("case", CASES)
def test_one_failed_job_with_five_lines_of_log_is_short(run: Callable[..., Json], case: str) -> None:
    fail, most = CASES[case]
    assert lines(fail(run, 1)) + AROUND < most


@pytest.mark.parametrize("case", ["builds of a pipeline", "retried", "pipeline", "rerun"])
def test_a_further_job_takes_a_dozen_lines_at_most(run: Callable[..., Json], case: str) -> None:
    counts = [lines(CASES[case][0](run, jobs)) for jobs in (1, 2, 3)]
    assert [counts[1] - counts[0] <= 12, counts[2] - counts[1] <= 12] == [True, True], counts


@pytest.mark.parametrize("case", ["builds of a pipeline", "retried", "pipeline", "rerun"])
def test_each_thing_is_there_once(run: Callable[..., Json], case: str) -> None:
    result = CASES[case][0](run, 3)
    assert json.dumps(result).count("FAILED tests/test_orders.py::test_order_3") == 1
    assert "failed_steps" not in result["msg"]
    workflows = [result["workflow"]] if "workflow" in result else result["workflows"]
    places = [result.get("build"), *result.get("builds", ()), *(job for each in workflows for job in each["jobs"])]
    numbers = [place["build_num"] for place in places if place]
    assert len(numbers) == len(set(numbers)) == (1 if case == "retried" else 3)


def test_what_no_build_tells_of_a_pipeline_is_there(emulator: Emulator, clock: object, run_module) -> None:
    emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    emulator.scenario("fail-and-hold")
    held = run_module("circleci_build", project=API, wait=True)
    built = {build["build_num"] for build in held["builds"]}
    [workflow] = held["workflows"]
    assert workflow.keys() == {"id", "name", "status", "url", "jobs"}
    assert "hold" in [job["name"] for job in workflow["jobs"]]
    assert built.isdisjoint(job["build_num"] for job in workflow["jobs"])
    emulator.scenario("no-workflow")
    nothing = run_module("circleci_build", project=API, wait=True)
    assert (nothing["builds"], nothing["workflows"]) == ([], [])
    assert nothing["pipeline"]["branch"] == "main"
