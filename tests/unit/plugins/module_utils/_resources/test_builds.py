# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    brief,
    clean,
    described,
    is_final,
    job_of,
    named,
    parameters_of,
    read_builds,
    succeeded,
    workflow_id,
    workflow_name,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project
from emulator import Emulator

PROJECT = parse_project("github/acme/api")


@pytest.mark.parametrize(
    ("status", "lifecycle", "outcome", "final"),
    [
        ("not_running", "not_running", None, False),
        ("queued", "queued", None, False),
        ("scheduled", "scheduled", None, False),
        ("running", "running", None, False),
        ("an-odd-word", "running", None, False),
        ("success", "finished", "success", True),
        ("fixed", "finished", "success", True),
        ("failed", "finished", "failed", True),
        ("no_tests", "finished", "no_tests", True),
        ("timedout", "finished", "timedout", True),
        ("infrastructure_fail", "finished", "infrastructure_fail", True),
        ("retried", "finished", "infrastructure_fail", True),
        ("canceled", "finished", "canceled", True),
        ("canceled", "not_running", "canceled", True),
        ("canceled", "not_running", None, True),
        ("not_run", "not_run", None, True),
        ("not_run", "scheduled", None, True),
        ("running", "not_run", None, True),
        ("running", "running", "failed", True),
        ("running", "finished", None, True),
        (["odd"], {"odd": 1}, None, False),
    ],
)
def test_whether_a_build_has_ended(status: Any, lifecycle: Any, outcome: str | None, final: bool) -> None:
    build = {"build_num": 1, "status": status, "lifecycle": lifecycle, "outcome": outcome}
    assert (is_final(build), succeeded(build)) == (final, outcome == "success")


@pytest.mark.parametrize(
    ("workflows", "parameters", "job"),
    [
        (None, None, "build"),
        ({"workflow_name": "lint", "workflow_id": "w"}, {"CIRCLE_JOB": "lint"}, "lint"),
        ({"workflow_name": "ci", "workflow_id": "w", "job_name": "lint"}, None, "lint"),
        ({"workflow_name": "ci", "workflow_id": "w", "job_name": "odd"}, {"CIRCLE_JOB": "lint"}, "lint"),
        ({"workflow_name": 7, "workflow_id": ["w"]}, "odd", "build"),
    ],
)
def test_the_job_and_workflow_of_a_build(workflows: Any, parameters: Any, job: str) -> None:
    build = {"build_num": 1, "why": "api", "workflows": workflows, "build_parameters": parameters}
    given = workflows or {}
    assert job_of(build) == job
    assert workflow_id(build) == (given.get("workflow_id") if given.get("workflow_id") == "w" else None)
    assert workflow_name(build) == (given.get("workflow_name") if given.get("workflow_name") != 7 else None)


def test_the_parameter_that_picks_the_job_is_none_of_the_build() -> None:
    assert parameters_of({"build_parameters": {"CIRCLE_JOB": "lint", "A": "1"}}) == {"A": "1"}


def test_a_build_in_short_and_in_a_diff() -> None:
    names = ("build_url", "status", "outcome", "branch", "vcs_tag", "vcs_revision", "start_time", "stop_time", "why")
    build = {"build_num": 7, **{name: f"its {name}" for name in names}, "retry_of": 5}
    build["workflows"] = {"job_name": "lint", "workflow_name": "checks"}
    build["build_parameters"] = {"A": "1"}
    of = {"build_num": 7, "branch": "its branch", "tag": "its vcs_tag", "revision": "its vcs_revision", "job": "lint"}
    assert described(build) == {**of, "build_parameters": {"A": "1"}, "retry_of": 5}
    same = {name: f"its {name}" for name in ("build_url", "status", "outcome", "start_time", "stop_time", "why")}
    assert brief(build) == {**of, **same, "workflow": "checks"}


def test_what_is_not_there_is_null_in_short() -> None:
    short = brief({"build_num": 1})
    assert (short.pop("build_num"), short.pop("job")) == (1, "build")
    assert set(short.values()) == {None}


def test_signed_urls_are_left_out_wherever_they_are() -> None:
    build = {"steps": [{"actions": [{"name": "a", "output_url": "https://x.example/?signature"}], "output_url": "b"}]}
    assert clean(build) == {"steps": [{"actions": [{"name": "a"}]}]}


@pytest.mark.parametrize(("url", "shown"), [("https://c.example/1", " (https://c.example/1)"), (None, ""), (7, "")])
def test_a_build_is_named_with_its_page_where_it_has_one(url: Any, shown: str) -> None:
    assert named(PROJECT, {"build_num": 12, "build_url": url}) == f"github/acme/api #12{shown}"


def test_builds_of_several_projects_may_have_one_number(emulator: Emulator) -> None:
    urls = [{"vcs_url": f"https://github.com/acme/{name}"} for name in ("api", "web")]
    names = [{"username": user, "reponame": name} for user, name in (("acme", "api"), ("acme", "web"), ("ann", "api"))]
    different = [{"build_num": 1, "status": "success", **of} for of in (*urls, *names)]
    emulator.fault("body", path="/recent-builds", body=[*different, *reversed(different)])
    assert read_builds(Client(emulator.url, emulator.token), "v1.1/recent-builds", limit=30) == different
