# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``circleci_build`` shows of pipelines. How they are started and awaited is in the tests of circleci_pipeline."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._resources import build_pipelines
from ansible_collections.community.circleci.plugins.modules import circleci_build, circleci_pipeline
from emulator import PROJECT_TOKEN, Emulator
from tests.unit.results import failed

API = "github/acme/api"
MODULE = "circleci_build"
RETURNED = {
    "changed", "build", "builds", "pipeline", "workflows", "failed_steps", "waited_seconds", "reused", "project", "diff"
}  # fmt: skip
BRIEF = {
    "build_num", "build_url", "job", "workflow", "status", "outcome", "branch", "tag", "revision", "start_time",
    "stop_time", "why",
}  # fmt: skip
OTHER = "ab" * 20


@pytest.fixture
def run(emulator: Emulator, clock, run_module):
    """The module on a followed project without builds, on a clock that takes no time."""
    emulator.add_repository(API, has_config=False, parameters={"target": "staging", "count": 1, "force": False})
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2027, 2, 2)], ids=str)
@pytest.mark.parametrize("options", [{}, {"trigger": "pipeline"}, {"build_parameters": {}}])
def test_a_pipeline_is_what_is_started_if_no_job_is_named(
    emulator: Emulator, run, day: date, options: dict[str, Any]
) -> None:
    emulator.state.date = day
    result = run(**options)
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["reused"], result["build"], result["builds"]) == (True, False, None, [])
    assert (result["pipeline"]["number"], result["pipeline"]["status"], result["workflows"]) == (1, "pending", [])
    assert [record.path for record in emulator.writes] == ["/api/v2/project/gh/acme/api/pipeline"]
    assert not result.get("warnings")


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2027, 2, 2)], ids=str)
def test_the_builds_of_all_workflows_are_there_at_the_end(emulator: Emulator, run, day: date) -> None:
    emulator.state.date = day
    emulator.scenario("two-workflows")
    result = run(branch="main", wait=True)
    assert [(build["build_num"], build["status"]) for build in result["builds"]] == [(1, "success"), (2, "success")]
    assert result["build"] == result["builds"][0]
    assert result["build"]["workflows"]["workflow_name"] == "build-and-test"
    assert "steps" not in result["build"]
    # What the newest ones have is not asked for one by one.
    assert [record.path for record in emulator.requests if f"v1.1/project/{API}/" in record.path] == []
    assert (result["pipeline"]["status"], [each["name"] for each in result["workflows"]]) == (
        "success",
        ["build-and-test", "lint"],
    )
    assert result["waited_seconds"] > 0


def test_the_results_are_those_of_circleci_pipeline(emulator: Emulator, run, run_module) -> None:
    """One set of functions behind both: whoever changes over finds the same."""
    emulator.scenario("two-workflows")
    ours = run(wait=True)
    theirs = run_module("circleci_pipeline", project=API, state="succeeded", pipeline_number=1)
    assert (ours["pipeline"], ours["workflows"]) == (theirs["pipeline"], theirs["workflows"])
    shared = circleci_build.ARGUMENT_SPEC.keys() & circleci_pipeline.ARGUMENT_SPEC.keys() - {"state"}
    assert {name: circleci_build.ARGUMENT_SPEC[name] for name in shared} == {
        name: circleci_pipeline.ARGUMENT_SPEC[name] for name in shared
    }
    assert circleci_pipeline.ARGUMENT_SPEC["appear_timeout"]["default"] == build_pipelines.APPEAR_TIMEOUT


def test_parameters_keep_their_types(emulator: Emulator, run) -> None:
    run(parameters={"target": "true", "count": 0, "force": True})
    assert emulator.writes[0].body == {"parameters": {"target": "true", "count": 0, "force": True}}
    failed(run(parameters={"target": 1.5}), "parameters.target is a number with a fraction")


def test_a_failure_has_each_build_once_and_in_brief(emulator: Emulator, run) -> None:
    emulator.scenario("second-workflow-fails")
    result = run(wait=True)
    failed(result, "workflow 'lint' failed (jobs that failed: lint)")
    assert result.keys() - {"failed", "msg", "hint", "warnings"} == RETURNED - {"diff"}
    assert (result["changed"], result["build"]) == (True, None)
    assert [(build["build_num"], build["workflow"], build["status"]) for build in result["builds"]] == [
        (1, "build-and-test", "success"),
        (2, "lint", "failed"),
    ]
    assert all(build.keys() == BRIEF for build in result["builds"])
    assert result["workflows"] == []
    assert result["pipeline"].keys() == {"id", "number", "status", "url"}
    (step,) = result["failed_steps"]
    assert (step["workflow"], step["job"], step["build_num"]) == ("lint", "lint", 2)


def test_a_failure_tells_workflows_of_which_no_build_tells(emulator: Emulator, run) -> None:
    emulator.scenario("second-workflow-fails")
    emulator.fault("body", path="/job$", method="GET", body={"items": []}, times=None)
    result = run(wait=True)
    failed(result, "workflow 'lint' failed")
    assert [(each["name"], each["status"], each["jobs"]) for each in result["workflows"]] == [
        ("build-and-test", "success", []),
        ("lint", "failed", []),
    ]
    assert (result["builds"], result["pipeline"]["branch"]) == ([], "main")


def test_a_failure_tells_what_is_wrong_with_the_configuration_beside_the_builds(emulator: Emulator, run) -> None:
    wrong = {"type": "config", "message": "a job is not defined"}
    emulator.state.machine.later(3, lambda: emulator.project(API).pipelines[0].errors.append(wrong))
    result = run(wait=True)
    failed(result, "a job is not defined")
    assert [build["build_num"] for build in result["builds"]] == [1, 2]
    shown = {"id": emulator.project(API).pipelines[0].id, "number": 1, "url": f"{emulator.url}/pipelines/gh/acme/api/1"}
    assert result["pipeline"] == {**shown, "status": result["pipeline"]["status"], "errors": [wrong]}


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        ("hold", "waits for an approval: hold of workflow build-and-deploy"),
        ("fail-and-hold", "workflow 'build-and-deploy' is failing"),
        ("hold-beside-a-failure", "nothing of it was approved: hold of workflow build-and-deploy"),
        ("no-workflow", "no workflow started"),
    ],
)
def test_what_is_no_success_is_a_failure(emulator: Emulator, run, scenario: str, words: str) -> None:
    emulator.scenario(scenario)
    result = run(wait=True)
    failed(result, words)
    assert len(emulator.writes) == 1, "nothing is approved"
    built = {build["build_num"] for build in result["builds"]}
    left = [job for each in result["workflows"] for job in each["jobs"]]
    assert all(job["build_num"] not in built for job in left)
    assert ("hold" in [job["name"] for job in left]) is ("hold" in scenario)


def test_the_way_out_of_a_hold_leads_out(emulator: Emulator, run, run_module) -> None:
    """The options that it names are those of the module that it names: this one has none for holds."""
    emulator.scenario("hold")
    result = run(wait=True)
    failed(result, "waits for an approval: hold of workflow build-and-deploy. Approve it on CircleCI or by")
    assert result["hint"].endswith(
        "What else is to become of it say the options approve and on_hold of community.circleci.circleci_pipeline."
    )
    again = run_module("circleci_pipeline", project=API, state="succeeded", branch="main", approve=["hold"])
    assert (again.get("failed"), again["pipeline"]["status"]) == (None, "success")


def test_what_was_seen_until_a_wait_broke_off_is_not_lost(emulator: Emulator, run) -> None:
    emulator.state.machine.set_seconds({"running": 10_000})
    emulator.fault("status", path="/workflow$", method="GET", status=401, after=8, times=None)
    result = run(wait=True)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, 401)
    assert result["pipeline"]["status"] == "running"
    assert [(build["build_num"], build["status"]) for build in result["builds"]] == [(1, "running")]
    assert result["waited_seconds"] > 0


def test_builds_that_cannot_be_read_are_a_warning(emulator: Emulator, run) -> None:
    emulator.fault("status", path="v1.1/project/github/acme/api", status=403, body={"message": "Forbidden"})
    result = run(wait=True)
    assert (result["changed"], result["pipeline"]["status"], result["builds"]) == (True, "success", [])
    assert any("The builds of the pipeline could not be read" in warning for warning in result["warnings"])


def test_one_build_that_cannot_be_read_hides_no_other(emulator: Emulator, run) -> None:
    """Among the newest ones of a busy project some of a pipeline may be missing."""
    emulator.scenario("two-workflows")
    emulator.fault("body", path="v1.1/project/github/acme/api[?]", body=[])
    emulator.fault("status", path="v1.1/project/github/acme/api/1$", status=403, body={"message": "Forbidden"})
    result = run(wait=True)
    assert [build["build_num"] for build in result["builds"]] == [2]
    assert result["build"] == result["builds"][0]
    (warning,) = result["warnings"]
    assert warning.startswith("Build 1 of the pipeline could not be read. CircleCI answered 403 to GET ")


def test_a_second_run_reuses_what_has_succeeded_and_sends_no_write(emulator: Emulator, run) -> None:
    options = {"branch": "main", "parameters": {"target": "live"}, "reuse": "successful", "wait": True}
    first = run(**options)
    emulator.clear()
    second = run(**options)
    assert (second["changed"], second["reused"], emulator.writes) == (False, True, [])
    assert second["builds"] == first["builds"]
    assert run(**{**options, "parameters": {"target": "other"}})["changed"] is True


@pytest.mark.parametrize("day", [date(2026, 10, 1), date(2027, 2, 2)], ids=str)
def test_another_commit_is_not_run_and_the_way_out_leads_out(emulator: Emulator, run, day: date) -> None:
    emulator.state.date = day
    result = run(branch="main", revision=OTHER, wait=True)
    failed(result, f"for revision {OTHER} was asked for")
    emulator.pass_time(60)
    assert [each.status for each in emulator.pipeline(API, 1).workflows] == ["canceled"]
    assert "tag that commit and start the tag" in result["msg"]
    emulator.project(API).tags["v1.0.1"] = OTHER
    result = run(tag="v1.0.1", revision=OTHER, wait=True)
    assert (result["pipeline"]["status"], result["pipeline"]["revision"]) == ("success", OTHER)


def test_a_project_of_an_app_shows_its_builds(emulator: Emulator, clock, run_module) -> None:
    project = next(project for project in emulator.state.projects.values() if project.is_app)
    emulator.script("failed")
    result = run_module(MODULE, project=project.slug, wait=True)
    failed(result, "workflow 'build-and-test' failed")
    assert [build["status"] for build in result["builds"]] == ["failed"]
    assert result["failed_steps"][0]["log_tail"]


def test_a_project_token_is_told_so(emulator: Emulator, run) -> None:
    result = run(api_token=PROJECT_TOKEN)
    failed(result, "or it is a project token: give a personal API token")
    assert emulator.writes == []


@pytest.mark.parametrize("wait", [False, True])
def test_check_mode_starts_nothing_and_has_all_keys(emulator: Emulator, run, clock, wait: bool) -> None:
    result = run(wait=wait, parameters={"target": "live"}, check_mode=True)
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["build"], result["builds"], result["workflows"]) == (True, None, [], [])
    assert result["pipeline"] == {**dict.fromkeys(result["pipeline"]), "errors": []}
    assert (emulator.writes, clock.pauses) == ([], [])


@pytest.mark.parametrize("reuse", ["active", "successful"])
def test_check_mode_predicts_for_a_project_that_is_to_be_followed_first(run_module, reuse: str) -> None:
    result = run_module(MODULE, project=API, reuse=reuse, check_mode=True)
    assert ("failed" in result, result["changed"], result["reused"], result["build"]) == (False, True, False, None)
    (warning,) = result["warnings"]
    assert warning.startswith(f"CircleCI does not know {API} yet. This prediction is for a project without anything")


def test_check_mode_of_what_is_reused_shows_its_builds(emulator: Emulator, run) -> None:
    first = run(wait=True)
    result = run(reuse="successful", wait=True, check_mode=True)
    assert (result["changed"], result["reused"], result["builds"]) == (False, True, first["builds"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trigger": "pipeline", "job": "test"}, "trigger pipeline excludes job"),
        ({"trigger": "pipeline", "build_parameters": {"A": "1"}}, "trigger pipeline excludes build_parameters"),
        ({"job": "test", "parameters": {"a": "1"}}, "parameters are those of a pipeline"),
        ({"trigger": "job", "parameters": {"a": "1"}}, "parameters are those of a pipeline"),
        ({"ssh": True}, "ssh cannot be used with state triggered"),
        ({"build_num": 1}, "build_num cannot be used with state triggered"),
        ({"state": "canceled", "build_num": 1, "parameters": {"a": "1"}}, "parameters cannot be used with state"),
        ({"branch": ""}, "branch is empty"),
        ({"job": ""}, "job is empty"),
        ({"job": " ", "trigger": "pipeline"}, "job is empty"),
        ({"job": "", "build_parameters": {"A": "1"}}, "job is empty"),
        ({"revision": "abc"}, "is not the full hash"),
        ({"log_lines": -1}, "log_lines must be 0 or more"),
        ({"wait_timeout": -1}, "wait_timeout must be"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    result = run(**options)
    failed(result, words)
    assert result.keys() >= RETURNED - {"diff"}
    assert emulator.requests == []
