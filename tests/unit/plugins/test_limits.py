# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limits of options, at both sides of each edge: the last value that is taken, and the first that is refused."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator

pytestmark = pytest.mark.once
API = "github/acme/api"
YEAR, DAY = 365 * 86400, 86400
NAMES = [f"p{number}" for number in range(101)]
NIGHTLY: dict[str, Any] = {"project": API, "name": "nightly", "branch": "main", "hours_of_day": [2], "state": "present"}
JOB: dict[str, Any] = {"project": API, "trigger": "job"}
ARTIFACTS: dict[str, Any] = {"project": API, "build_num": 1}
CONTEXT: dict[str, Any] = {"organization": "acme", "state": "present"}
WORKFLOW: dict[str, Any] = {"project": API, "workflow": "build-and-test", "branch": "main", "state": "canceled"}
AWAITED: dict[str, Any] = {"project": API, "state": "succeeded"}
BY_PIPELINE: dict[str, Any] = {"project": API, "workflow": "build", "state": "canceled"}
USER = "circleci_user_info"

# Module, its other options, the option, values at the limit, values beyond it, what is said of those.
LIMITS: list[tuple[str, dict[str, Any], str, list[Any], list[Any], str]] = [
    (USER, {}, "timeout", [1, DAY], [0, -1, DAY + 1, math.nan], "timeout must be a number of seconds above 0"),
    (USER, {}, "retries", [0], [-1], "retries must not be negative"),
    (USER, {}, "retry_budget", [0], [-1, math.nan], "retry_budget must be a number of seconds, 0 or more"),
    ("circleci_artifacts", ARTIFACTS, "build_num", [1], [0], "build_num must be 1 or more"),
    ("circleci_artifacts", ARTIFACTS, "strip_components", [0], [-1], "strip_components must be 0 or more"),
    ("circleci_artifacts", ARTIFACTS, "concurrency", [1, 32], [0, 33], "concurrency must be a number from 1 to 32"),
    ("circleci_build", JOB, "log_lines", [0], [-1], "log_lines must be 0 or more"),
    ("circleci_build", {"project": API, "trigger": "pipeline"}, "log_lines", [0], [-1], "log_lines must be 0 or more"),
    ("circleci_build", {"project": API, "state": "canceled"}, "build_num", [1], [0], "build_num must be 1 or more"),
    ("circleci_build", JOB, "wait_timeout", [0, YEAR], [-1, YEAR + 1], "wait_timeout must be a number of seconds"),
    ("circleci_build", JOB, "wait_interval", [0, YEAR], [-1, YEAR + 1], "wait_interval must be a number of seconds"),
    ("circleci_build_info", {"project": API}, "build_num", [1], [0], "build_num must be 1 or more"),
    ("circleci_build_info", {"project": API}, "log_lines", [0], [-1], "log_lines must be 0 or more"),
    ("circleci_checkout_key", {"project": API}, "max_age", [0], [-1], "max_age must be a number of days, 0 or more"),
    ("circleci_context", CONTEXT, "name", ["x", "x" * 200], ["", "x" * 201], "1 to 200 characters"),
    ("circleci_context_info", {"organization": "acme"}, "concurrency", [1, 32], [0, 33], "must be from 1 to 32"),
    ("circleci_pipeline", {"project": API}, "log_lines", [0], [-1], "log_lines must be 0 or more"),
    ("circleci_pipeline", {"project": API}, "wait_timeout", [0, YEAR], [-1, YEAR + 1], "wait_timeout must be a number"),
    (
        "circleci_pipeline",
        {"project": API},
        "parameters",
        [dict.fromkeys(NAMES[:100], 1), {"p" * 128: 1}, {"p": "v" * 512}],
        [dict.fromkeys(NAMES, 1), {"p" * 129: 1}, {"p": "v" * 513}],
        "parameters",
    ),
    ("circleci_pipeline_info", {"project": API}, "limit", [1], [0], "limit must be 1 or more"),
    ("circleci_pipeline_info", {"project": API}, "pipeline_number", [1], [0], "pipeline_number must be 1 or more"),
    ("circleci_project_info", {}, "concurrency", [1, 32], [0, 33], "concurrency must be from 1 to 32"),
    (
        "circleci_project_settings",
        {"project": API},
        "pr_only_branch_overrides",
        [NAMES[:1], NAMES[:100]],
        [[], NAMES],
        "pr_only_branch_overrides",
    ),
    ("circleci_project_token", {"project": API, "label": "x"}, "max_age", [0], [-1], "a number of days, 0 or more"),
    ("circleci_projects", {"projects": [{"project": API}]}, "concurrency", [1, 32], [0, 33], "a number from 1 to 32"),
    ("circleci_projects", {"projects": [{"project": API}]}, "wait_for_repository", [0], [-1], "seconds, 0 or more"),
    ("circleci_schedule", NIGHTLY, "per_hour", [1, 60], [0, 61], "per_hour must be a number from 1 to 60"),
    ("circleci_schedule", NIGHTLY, "hours_of_day", [[0], [23]], [[-1], [24]], "hours_of_day"),
    ("circleci_schedule", NIGHTLY, "days_of_month", [[1], [31]], [[0], [32]], "days_of_month"),
    ("circleci_workflow", WORKFLOW, "log_lines", [0], [-1], "log_lines must be 0 or more"),
    (
        "circleci_artifacts",
        {"project": API, "job": "build"},
        "pipeline_number",
        [1],
        [0],
        "pipeline_number must be 1 or more",
    ),
    ("circleci_build_ssh_user", {"project": API}, "build_num", [1], [0], "build_num must be 1 or more"),
    ("circleci_pipeline", AWAITED, "pipeline_number", [1], [0], "pipeline_number must be 1 or more"),
    (
        "circleci_pipeline",
        {"project": API},
        "wait_interval",
        [0, YEAR],
        [-1, YEAR + 1],
        "wait_interval must be a number",
    ),
    (
        "circleci_pipeline",
        {"project": API},
        "appear_timeout",
        [0, YEAR],
        [-1, YEAR + 1],
        "appear_timeout must be a number",
    ),
    ("circleci_workflow", BY_PIPELINE, "pipeline_number", [1], [0], "pipeline_number must be 1 or more"),
    ("circleci_workflow", WORKFLOW, "wait_timeout", [0, YEAR], [-1, YEAR + 1], "wait_timeout must be a number"),
    ("circleci_workflow", WORKFLOW, "wait_interval", [0, YEAR], [-1, YEAR + 1], "wait_interval must be a number"),
    (
        "circleci_workflow",
        WORKFLOW,
        "appear_timeout",
        [0],
        [-1, YEAR + 1],
        "appear_timeout must be a number of seconds",
    ),
]


def side(place: int) -> list[Any]:
    """The tasks with the values of one side, and what is said of those beyond the limit."""
    return [
        pytest.param(module, {**others, option: value}, words, id=f"{module} {option} {str(value)[:12]}")
        for module, others, option, *sides, words in LIMITS
        for value in sides[place]
    ]


@pytest.fixture
def run(emulator: Emulator, run_module, tmp_path: Path):
    """Any module in check mode, on a project that is followed and has a build and a pipeline."""
    emulator.follow(API)
    emulator.state.machine.set_progress("manual")
    emulator.push(API, branch="main")
    emulator.finish(API, 1)
    emulator.clear()

    def run(name: str, /, **options: Any) -> dict[str, Any]:
        where = {"dest": str(tmp_path)} if name == "circleci_artifacts" else {}
        result: dict[str, Any] = run_module(name, check_mode=True, **where, **options)
        return result

    return run


@pytest.mark.parametrize(("module", "options", "words"), side(0))
def test_the_last_value_within_a_limit_is_taken(
    emulator: Emulator, run, module: str, options: dict[str, Any], words: str
) -> None:
    result = run(module, **options)
    assert words not in result.get("msg", "")
    assert (result.get("failed"), bool(emulator.requests)) == (None, True)


@pytest.mark.parametrize(("module", "options", "words"), side(1))
def test_the_first_value_beyond_it_is_refused_before_any_request(
    emulator: Emulator, run, module: str, options: dict[str, Any], words: str
) -> None:
    result = run(module, **options)
    assert (result["failed"], result["changed"], emulator.requests) == (True, False, [])
    assert words in result["msg"]
