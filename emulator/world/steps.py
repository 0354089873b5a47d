# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a build, what they wrote, and the results of its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from .model import Build, timestamp

_LINES_PER_MESSAGE: Final = 100


@dataclass(frozen=True)
class _Step:
    name: str
    type: str
    source: str | None = None
    command: str | None = None
    has_output: bool = True


# The step with the tests is the one that runs in every container, takes nearly all the time, and fails.
STEPS: Final = (
    _Step("Spin up environment", "infrastructure"),
    _Step("Preparing environment variables", "infrastructure"),
    _Step("Restore source cache", "checkout", "cache", has_output=False),
    _Step("Checkout code", "checkout", "config", "git checkout --force"),
    _Step("Run tests", "test", "config", "#!/bin/bash -eo pipefail\nmake test"),
    _Step("Uploading test results", "teardown"),
    _Step("Uploading artifacts", "teardown"),
)
TESTS_STEP: Final = 4


def render(build: Build, link: Callable[[int, int], str]) -> list[dict[str, Any]]:
    """Return the steps that have begun.

    :param link: makes the `output_url` of a step's action, from the index of the step and that of the container.
    """
    if build.started is None:
        return []
    return [
        {
            "name": step.name,
            "actions": [_action(build, number, index, link) for index in range(_containers(build, number))],
        }
        for number, step in enumerate(STEPS)
        if number <= TESTS_STEP or build.lifecycle == "finished"
    ]


def exists(build: Build, step: int, index: int) -> bool:
    """Whether the build has this action and the action has written something."""
    return (
        build.started is not None
        and 0 <= step < len(STEPS)
        and 0 <= index < _containers(build, step)
        and STEPS[step].has_output
    )


def output(build: Build, step: int, index: int) -> list[dict[str, str]]:
    """Return what an action wrote: messages of `_LINES_PER_MESSAGE` lines, whose lines end as a terminal's do."""
    lines = list(_lines(build, step, index))
    time = timestamp(build.started) or ""
    return [
        {
            "message": "".join(f"{line}\r\n" for line in lines[start : start + _LINES_PER_MESSAGE]),
            "time": time,
            "type": "out",
        }
        for start in range(0, len(lines), _LINES_PER_MESSAGE)
    ]


def tests(build: Build) -> dict[str, Any]:
    """Return the results of the tests; in a failed build the last one failed."""
    if build.lifecycle != "finished" or build.outcome == "no_tests":
        return {"tests": [], "exceptions": []}
    results = [_test(number) for number in range(1, 4)]
    if build.outcome == "failed":
        results[-1] |= {"result": "failure", "message": "AssertionError: expected 200, got 503"}
    return {"tests": results, "exceptions": []}


def _test(number: int) -> dict[str, Any]:
    return {
        "classname": "tests.test_orders",
        "file": "tests/test_orders.py",
        "name": f"test_order_{number}",
        "result": "success",
        "run_time": 0.25 * number,
        "message": None,
        "source": "pytest",
        "source_type": "pytest",
    }


def _containers(build: Build, step: int) -> int:
    return build.script.parallel if step == TESTS_STEP else 1


def _is_decisive(build: Build, step: int, index: int) -> bool:
    """Whether the end of this action is the end of the build."""
    return step == TESTS_STEP and index == _containers(build, step) - 1


def _lines(build: Build, step: int, index: int) -> Iterator[str]:
    if step != TESTS_STEP:
        yield f"{STEPS[step].name}: done"
        return
    fails = build.outcome == "failed" and _is_decisive(build, step, index)
    for number in range(1, build.script.log_lines + 1 - fails):
        yield f"tests/test_orders.py::test_case_{number} PASSED"
    if fails:
        # In colour, as test runners write it.
        yield "\x1b[31mFAILED\x1b[0m tests/test_orders.py::test_order_3 - AssertionError: expected 200, got 503"


def _action(build: Build, number: int, index: int, link: Callable[[int, int], str]) -> dict[str, Any]:
    step = STEPS[number]
    begin = build.stopped if number > TESTS_STEP else build.started
    end = build.started if number < TESTS_STEP else build.stopped
    status = _status(build, number, index)
    answer = {
        "truncated": False,
        "index": index,
        "parallel": number == TESTS_STEP,
        "failed": True if status in ("failed", "timedout") else None,
        "infrastructure_fail": True if status == "infrastructure_fail" else None,
        "name": step.name,
        "bash_command": step.command,
        "status": status,
        "timedout": True if status == "timedout" else None,
        "continue": None,
        "end_time": timestamp(end),
        "type": step.type,
        "allocation_id": f"{build.job_id}-{index}-build",
        "start_time": timestamp(begin),
        "background": False,
        "exit_code": _exit_code(step, status),
        "insignificant": False,
        "canceled": True if status == "canceled" else None,
        "step": number,
        "run_time_millis": round((end - begin) * 1000) if begin and end else None,
        "has_output": step.has_output and status != "running",
    }
    if step.source:
        answer["source"] = step.source
    if answer["has_output"]:
        answer["output_url"] = link(number, index)
    return answer


def _status(build: Build, number: int, index: int) -> str:
    if number == TESTS_STEP and build.stopped is None:
        return "running"
    if not _is_decisive(build, number, index) or build.outcome in (None, "no_tests"):
        return "success"
    return str(build.outcome)


def _exit_code(step: _Step, status: str) -> int | None:
    if step.command is None:
        return None
    return {"success": 0, "failed": 1}.get(status)
