# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator

API = "github/acme/api"
MODULE = "circleci_pipeline_info"
OTHER = "ab" * 20


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project with pipelines of several ends."""
    emulator.add_repository(API, has_config=False, parameters={"target": "staging"})
    emulator.follow(API)
    for scenario in ("second-workflow-fails", None, "hold", "errored-config", "no-workflow"):
        emulator.push(API, branch="main", script={"scenario": scenario} if scenario else None)
    emulator.push(API, tag="v1.0.0")
    emulator.push(API, branch="feature/login", revision=OTHER)
    emulator.pass_time(60)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def numbers(result: dict[str, Any]) -> list[int]:
    assert "failed" not in result, result
    return [pipeline["number"] for pipeline in result["pipelines"]]


def test_the_newest_pipeline_is_read_with_its_workflows(emulator: Emulator, run) -> None:
    result = run()
    assert result.keys() - {"warnings"} == {"changed", "project", "pipelines"}
    (pipeline,) = result["pipelines"]
    assert (pipeline["number"], pipeline["status"], pipeline["branch"]) == (7, "success", "feature/login")
    assert pipeline["revision"] == OTHER
    assert [(each["name"], each["status"], each["jobs"]) for each in pipeline["workflows"]] == [
        ("build-and-test", "success", [])
    ]
    assert (pipeline["config"], pipeline["parameters"]) == (None, {})
    assert len(emulator.requests) == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"branch": "main"}, [5]),
        ({"branch": "main", "limit": 3}, [5, 4, 3]),
        ({"branch": "nope"}, []),
        ({"tag": "v1.0.0"}, [6]),
        ({"revision": OTHER}, [7]),
        ({"revision": OTHER, "branch": "main"}, []),
        ({"pipeline_number": 2}, [2]),
        ({"status": "success", "limit": 9}, [7, 6, 2]),
        ({"status": "failed", "limit": 9}, [1]),
        ({"status": "on_hold", "limit": 9}, [3]),
        ({"status": "errored", "limit": 9}, [4]),
        ({"status": "no_workflow", "limit": 9}, [5]),
        ({"status": "canceled", "limit": 9}, []),
        ({"status": "success", "branch": "main", "workflows": False}, [2]),
    ],
)
def test_pipelines_are_found(run, options: dict[str, Any], expected: list[int]) -> None:
    assert numbers(run(**options)) == expected


def test_a_pipeline_is_read_by_its_id(emulator: Emulator, run) -> None:
    assert numbers(run(pipeline_id=emulator.pipeline(API, 3).id)) == [3]


def test_an_id_or_number_that_does_not_exist_fails(run) -> None:
    for options in ({"pipeline_number": 99}, {"pipeline_id": "00000000-0000-4000-8000-000000000000"}):
        result = run(**options)
        assert "is not there in github/acme/api" in result["msg"]


def test_a_status_is_looked_at_without_workflows_in_the_result(run) -> None:
    found = run(status="success", workflows=False)["pipelines"]
    assert {(each["status"], len(each["workflows"])) for each in found} == {("success", 0)}


def test_without_workflows_one_request_does(emulator: Emulator, run) -> None:
    (pipeline,) = run(workflows=False)["pipelines"]
    assert (pipeline["status"], pipeline["workflows"], len(emulator.requests)) == (None, [], 1)


def test_jobs_configuration_and_parameters_on_request(run) -> None:
    (pipeline,) = run(pipeline_number=1, jobs=True, config=True, parameters=True)["pipelines"]
    (lint,) = [each for each in pipeline["workflows"] if each["name"] == "lint"]
    assert [(job["name"], job["status"], job["build_num"]) for job in lint["jobs"]] == [("lint", "failed", 2)]
    assert set(pipeline["config"]) == {"source", "compiled", "setup_config", "compiled_setup_config"}
    assert pipeline["config"]["source"].startswith("version: 2.1")
    assert (pipeline["config"]["setup_config"], pipeline["parameters"]) == (None, {})
    (pipeline,) = run(pipeline_number=2, parameters=True)["pipelines"]
    assert pipeline["parameters"] == {"target": "staging"}


@pytest.mark.parametrize("underscored", [False, True])
def test_the_first_configuration_is_there_too(emulator: Emulator, run, underscored: bool) -> None:
    emulator.switch(underscored_config=underscored)
    emulator.push(API, branch="main", script={"scenario": "setup-continue"})
    (pipeline,) = run(pipeline_number=8, config=True)["pipelines"]
    assert "setup: true" in pipeline["config"]["setup_config"]
    assert pipeline["config"]["compiled_setup_config"]


def test_a_configuration_that_is_gone_is_null(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/config", status=404, body={"message": "Not Found"})
    assert run(config=True)["pipelines"][0]["config"] is None


def test_a_configuration_that_may_not_be_read_is_not_taken_for_none(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/config", status=403, body={"message": "Permission denied"})
    result = run(config=True)
    assert (result["failed"], result["status"]) == (True, 403)
    assert f"v2/pipeline/{emulator.pipeline(API, 7).id}/config: Permission denied" in result["msg"]
    assert API in result["msg"]


def test_a_workflow_without_an_id_has_no_jobs(emulator: Emulator, run) -> None:
    nameless = {"items": [{"name": "lint", "status": "failed"}], "next_page_token": None}
    emulator.fault("body", path="/workflow", body=nameless)
    (workflow,) = run(jobs=True)["pipelines"][0]["workflows"]
    assert (workflow["name"], workflow["jobs"]) == ("lint", [])


def test_the_jobs_of_a_workflow_that_has_expired_are_gone(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/job", status=404, body={"message": "Workflow not found"})
    (workflow,) = run(jobs=True)["pipelines"][0]["workflows"]
    assert (workflow["name"], workflow["status"], workflow["jobs"]) == ("build-and-test", "success", [])


def test_workflows_that_may_not_be_read_are_not_taken_for_none(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/workflow", status=403, body={"message": "Permission denied"})
    result = run()
    assert (result["failed"], result["status"]) == (True, 403)
    assert "Permission denied" in result["msg"]


def test_open_source_projects_need_no_token(emulator: Emulator, run) -> None:
    emulator.add_repository(API, oss=True)
    assert numbers(run(api_token="", jobs=True)) == [7]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"limit": 0, "workflows": False, "jobs": True}, "limit must be 1 or more"),
        ({"workflows": False, "jobs": True}, "jobs needs workflows"),
        ({"pipeline_number": 1, "branch": "main"}, "pipeline_number names one pipeline"),
        ({"revision": "abc"}, "is not the full hash"),
        ({"branch": "a", "tag": "b"}, "mutually exclusive"),
        ({"pipeline_id": "a", "pipeline_number": 1}, "mutually exclusive"),
    ],
)
def test_what_cannot_be_is_refused(emulator: Emulator, run, options: dict[str, Any], words: str) -> None:
    assert words in run(**options)["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize("name", ["pipeline_id", "pipeline_number"])
def test_an_empty_id_never_becomes_the_newest(emulator: Emulator, run, name: str) -> None:
    result = run(**{name: ""}, branch="main", check_mode=True)
    assert (result["changed"], result["pipelines"], emulator.requests) == (False, [], [])
    assert f"{name} is known after the run only" in result["warnings"][0]
    assert f"{name} is given, but empty" in run(**{name: ""})["msg"]
