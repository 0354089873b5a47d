# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._resources import polling
from ansible_collections.community.circleci.plugins.module_utils._task import progress
from ansible_collections.community.circleci.plugins.module_utils._task.run import perform
from ansible_collections.community.circleci.plugins.modules import circleci_build
from emulator import Emulator
from emulator.http.exchange import Answer, Call
from tests.unit.predicting import differences

API = "github/acme/api"
MODULE = "circleci_build"
RETURNED = {
    "changed", "build", "builds", "pipeline", "workflows", "failed_steps", "waited_seconds", "reused", "project", "diff"
}  # fmt: skip
ODD_BRANCHES = ["feature/login", "fix #12", "100%", "what?", "a b", "zürich/größe", "a,b;c", "%2e", "release+1"]


@pytest.fixture
def run(emulator: Emulator, clock, run_module):
    """The module on a followed project without builds, which move one state further whenever one is read.

    It starts single jobs where nothing else is said.
    """
    emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    emulator.state.machine.set_progress("poll")
    single = {"trigger": "job"}
    return lambda **options: run_module(
        MODULE, **{"project": API, "wait_interval": 0, **({} if "state" in options else single), **options}
    )


def fast(emulator: Emulator) -> None:
    """Let builds move by the clock, and quickly."""
    machine = emulator.state.machine
    machine.set_seconds({"not_running": 0.01, "queued": 0.01, "running": 0.05, "between_jobs": 0.05})
    machine.set_progress("clock")


def let_time_pass(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, happens: Callable[[int], None] = lambda looks: None
) -> None:
    """Let the pauses of a wait pass at once, and the emulator's time with them.

    :param happens: is called after each pause, with their number
    """
    now = time.monotonic()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        emulator.pass_time(seconds)
        happens(len(pauses))

    def passed() -> float:
        return now + sum(pauses)

    monkeypatch.setattr(polling.CLOCK, "now", passed)
    monkeypatch.setattr(polling.CLOCK, "sleep", sleep)
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=passed))
    emulator.state.machine.set_progress("clock")


def builds(emulator: Emulator) -> list[int]:
    return [build.number for build in emulator.project(API).builds]


def paths(records) -> list[str]:
    return [f"{record.method} {record.path.split('/api/v1.1/project/')[-1]}" for record in records]


# --- triggering a job -------------------------------------------------------------------------------------------------


def test_a_job_is_started_on_the_default_branch(emulator: Emulator, run) -> None:
    result = run()
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["reused"], result["failed_steps"]) == (True, False, [])
    assert result["build"]["build_num"] == 1
    assert result["build"]["why"] == "api"
    assert result["builds"] == [result["build"]]
    assert result["project"] == API
    assert paths(emulator.requests) == [f"GET {API}?limit=1&offset=0", f"POST {API}"]
    assert emulator.writes[0].body == {}
    assert emulator.build(API, 1).branch == "main"


@pytest.mark.parametrize("branch", ODD_BRANCHES)
def test_any_branch_can_be_built(emulator: Emulator, run, branch: str) -> None:
    emulator.add_repository(API, branches=[branch])
    result = run(branch=branch, wait=True)
    assert result["build"]["branch"] == branch
    assert emulator.build(API, 1).branch == branch
    assert "/tree/" in emulator.writes[0].path
    assert run(branch=branch, reuse="successful")["build"]["build_num"] == 1


def test_a_tag_and_a_revision_go_into_the_body(emulator: Emulator, run) -> None:
    revision = "ab" * 20
    run(tag="v1.0.0")
    run(revision=revision)
    run(branch="feature/login", revision=revision)
    assert [(record.path.rpartition(API)[2], record.body) for record in emulator.writes] == [
        ("", {"tag": "v1.0.0"}),
        ("", {"revision": revision}),
        ("/tree/feature%2Flogin", {"revision": revision}),
    ]
    assert [build.tag for build in emulator.project(API).builds] == ["v1.0.0", None, None]


def test_parameters_are_sent_as_the_text_that_circleci_makes_of_them(emulator: Emulator, run) -> None:
    given = {
        "TEXT": "a: {b}",
        "YES": True,
        "COUNT": 3,
        "LIST": [1, "zwölf"],
        "MAP": {"a": None},
        "PAIR": ("a", 1.5),
        "DATES": [date(2026, 1, 1)],
        "NO": None,
    }
    expected = {
        "TEXT": "a: {b}",
        "YES": "true",
        "COUNT": "3",
        "LIST": '[1,"zwölf"]',
        "MAP": '{"a":null}',
        "PAIR": '["a",1.5]',
        "DATES": '["2026-01-01"]',
        "NO": "null",
        "CIRCLE_JOB": "test",
    }
    result = run(job="test", build_parameters=given)
    assert emulator.writes[0].body == {"build_parameters": expected}
    assert emulator.build(API, 1).job == "test"
    assert result["build"]["build_parameters"] == expected
    assert run(job="test", build_parameters=given, reuse="active")["reused"] is True
    assert run(build_parameters={**given, "CIRCLE_JOB": "test"}, reuse="active")["reused"] is True


def test_a_refused_build_fails_with_its_reason_and_a_remedy(emulator: Emulator, run) -> None:
    emulator.project(API).followers.clear()
    result = run()
    assert (result["failed"], result["changed"]) == (True, True)
    assert "no-followers" in result["msg"]
    assert "circleci_project_follow" in result["msg"]
    assert result["build"]["status"] == "not_run"


@pytest.mark.parametrize(
    ("reason", "words", "hint"),
    [
        ("ci-skip", "ci-skip", "The commit's message asks CircleCI to skip it."),
        ("branch-blacklisted", "branch-blacklisted", "The project's configuration leaves this branch out."),
        ("branch-not-whitelisted", "branch-not-whitelisted", "The project's configuration leaves this branch out."),
        ("org-not-paid", "org-not-paid", "The organization's plan does not cover this build."),
        ("user-not-paid", "user-not-paid", "The user's plan does not cover this build."),
        ("prs-only", "prs-only", "The project's settings allow builds of pull requests only."),
        (
            "1.0-not-available",
            "1.0-not-available",
            "CircleCI does not run configurations of version 1.0 any more: start a new build instead.",
        ),
        ("something-new", "something-new", "See the messages of the build."),
        (None, "no reason given", "See the messages of the build."),
    ],
)
@pytest.mark.parametrize("options", [{}, {"state": "retried", "build_num": 1}], ids=["triggered", "retried"])
def test_the_reason_of_a_refused_build_is_that_of_circleci(
    emulator: Emulator, run, options: dict[str, Any], reason: str | None, words: str, hint: str
) -> None:
    run()
    emulator.build(API, 1).workflow = None
    emulator.fault("body", method="POST", body={"build_num": 2, "status": "not_run", "dont_build": reason})
    result = run(**options)
    assert (result["failed"], result["changed"], result["build"]["build_num"]) == (True, True, 2)
    assert result["msg"] == f"CircleCI did not run {API} #2: {words}. {hint}"


@pytest.mark.parametrize("words", [None, "Schema violation in job", "Cannot build a configuration of version 2.1."])
def test_a_configuration_of_version_2_1_is_told_to_use_a_pipeline(emulator: Emulator, run, words: str | None) -> None:
    emulator.add_repository(API, config21=True)
    if words:
        emulator.fault("status", method="POST", status=400, body={"message": words})
    result = run()
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 400)
    assert "Use trigger: pipeline" in result["msg"]


def test_a_single_job_warns_of_its_removal_once(emulator: Emulator, run) -> None:
    emulator.state.date = date(2026, 11, 15)
    emulator.fault("status", method="POST", status=429, body={})
    result = run()
    (warning,) = [each for each in result["warnings"] if "removes" in each]
    assert "2027-02-01" in warning
    assert "Use trigger: pipeline with parameters" in warning


def test_a_single_job_that_is_removed_has_a_way_out_that_leads_out(emulator: Emulator, run) -> None:
    emulator.state.date = date(2027, 2, 1)
    emulator.add_repository(API, parameters={"target": "staging"})
    result = run(job="deploy", build_parameters={"target": "live"})
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 410)
    assert "Use trigger: pipeline with parameters in the place of job and build_parameters" in result["msg"]
    result = run(trigger="pipeline", parameters={"target": "live"}, wait=True)
    assert (result["changed"], result["pipeline"]["status"]) == (True, "success")


def test_an_unknown_branch_fails(emulator: Emulator, run) -> None:
    result = run(branch="nope")
    assert (result["failed"], result["changed"], result["error"]) == (True, False, "Branch not found")
    assert "Push the branch first" in result["msg"]
    assert result["build"] is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"trigger": "pipeline", "job": "test"}, "trigger pipeline excludes job"),
        ({"trigger": "pipeline", "build_parameters": {"A": 1}}, "trigger pipeline excludes build_parameters"),
        ({"trigger": "pipeline", "job": "a", "build_parameters": {"A": 1}}, "excludes job and build_parameters"),
        ({"parameters": {"A": 1}}, "parameters are those of a pipeline"),
        ({"parameters": {"A": 1}, "job": "a", "trigger": None}, "parameters are those of a pipeline"),
        ({"state": "retried", "build_num": 1, "parameters": {"A": 1}}, "parameters cannot be used with state retried"),
        ({"state": "retried", "build_num": 1, "trigger": "job"}, "trigger cannot be used with state retried"),
        ({"branch": "main", "tag": "v1"}, "mutually exclusive: branch|tag"),
        ({"revision": "ab" * 20, "tag": "v1"}, "takes a tag or a revision, not both"),
        ({"branch": ""}, "branch is empty"),
        ({"job": "a", "build_parameters": {"CIRCLE_JOB": "b"}}, "Give only job"),
        ({"build_num": 1}, "build_num cannot be used with state triggered"),
        ({"ssh": True}, "ssh cannot be used with state triggered"),
        ({"state": "retried"}, "build_num"),
        ({"state": "canceled"}, "build_num"),
        ({"state": "canceled", "build_num": 0}, "build_num must be 1 or more"),
        ({"state": "retried", "build_num": 1, "branch": "main"}, "branch cannot be used with state retried"),
        ({"state": "retried", "build_num": 1, "tag": "v1"}, "tag cannot be used with state retried"),
        ({"state": "canceled", "build_num": 1, "revision": "ab" * 20}, "revision cannot be used with state canceled"),
        ({"state": "canceled", "build_num": 1, "job": "test"}, "job cannot be used with state canceled"),
        ({"state": "retried", "build_num": 1, "build_parameters": {"A": 1}}, "build_parameters cannot be used with"),
        ({"state": "canceled", "build_num": 1, "reuse": "active"}, "reuse cannot be used with state canceled"),
        ({"wait_interval": -1}, "wait_interval must be"),
        ({"wait_timeout": "nan"}, "wait_timeout must be"),
        ({"wait_timeout": 1e12}, "wait_timeout must be"),
        ({"branch": "."}, "'.' is not the name of a branch"),
        ({"branch": ".."}, "'..' is not the name of a branch"),
        ({"branch": "\udcff"}, "branch is binary data"),
        ({"build_parameters": {"\udcff": "x"}}, "build_parameters is binary data"),
        ({"build_parameters": {"A": {"\udcff": "x"}}}, "build_parameters.A is binary data"),
        ({"build_parameters": {"A": ["x", "\udcff"]}}, "build_parameters.A[1] is binary data"),
        ({"build_parameters": {"A": {(1, 2): 1}}}, "build_parameters cannot be written as JSON"),
        ({"revision": 42798}, "revision is a number for YAML, so how it was written is lost. Write it in quotes"),
        ({"revision": 1.5}, "revision is a number with a fraction"),
        ({"revision": "4e1243b"}, "'4e1243b' is not the full hash of a commit"),
        ({"revision": "4e1243b", "trigger": "pipeline", "reuse": "successful"}, "is not the full hash of a commit"),
        ({"revision": " "}, "revision is empty"),
        ({"log_lines": -1}, "log_lines must be"),
        ({"project": "circleci/aaa/bbb"}, "API v1.1 cannot start builds"),
    ],
)
def test_contradictions_are_refused_before_any_request(emulator: Emulator, run, options: Any, words: str) -> None:
    result = run(**options)
    assert (result["failed"], result["changed"]) == (True, False)
    assert words in result["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_token_is_needed(emulator: Emulator, run, check_mode: bool) -> None:
    result = run(api_token=None, check_mode=check_mode)
    assert (result["failed"], emulator.requests) == (True, [])
    assert "No API token" in result["msg"]


def test_whole_numbers_are_taken_for_names_and_hashes_are_lower_cased(emulator: Emulator, run) -> None:
    revision = "AB" * 20
    emulator.add_repository(API, branches=["2024"])
    run(branch=2024, revision=revision)
    assert (emulator.writes[0].path.rpartition("/")[2], emulator.writes[0].body) == ("2024", {"revision": "ab" * 20})
    assert run(branch=2024, revision=revision, reuse="active")["build"]["build_num"] == 1


# --- at most one build ------------------------------------------------------------------------------------------------

OPTIONS: dict[str, dict[str, Any]] = {
    "job": {"build_parameters": {"A": True}},
    "job with reuse": {"build_parameters": {"A": True}, "reuse": "active"},
    "job on a branch": {"branch": "feature/login"},
}
CARRIED_OUT: dict[str, dict[str, Any]] = {
    "502": {"kind": "status", "status": 502, "when": "after"},
    "dropped": {"kind": "drop", "when": "after"},
    "reset": {"kind": "reset", "when": "after"},
    "cut": {"kind": "truncate"},
    "html": {"kind": "body", "body": "<html></html>", "when": "after"},
    "null": {"kind": "body", "body": None, "when": "after"},
    "empty object": {"kind": "body", "body": {}, "when": "after"},
}
NOT_CARRIED_OUT: dict[str, dict[str, Any]] = {
    "502": {"kind": "status", "status": 502},
    "dropped": {"kind": "drop"},
    "html": {"kind": "body", "body": "<html></html>"},
    "empty object": {"kind": "body", "body": {}},
}


def start_one(emulator: Emulator) -> None:
    """A build that is there before, started by a push."""
    project = emulator.project(API)
    emulator.state.machine.trigger(project, None, why="github", branch="feature/login")


@pytest.mark.parametrize("case", OPTIONS)
def test_a_throttled_request_is_sent_again_and_makes_one_build(emulator: Emulator, run, case: str) -> None:
    start_one(emulator)
    emulator.fault("status", method="POST", status=429, headers={"Retry-After": "0"})
    result = run(**OPTIONS[case])
    assert (result["changed"], "failed" in result) == (True, False)
    assert len(emulator.writes) == 2
    assert builds(emulator) == [1, 2]


@pytest.mark.parametrize("fault", CARRIED_OUT)
@pytest.mark.parametrize("case", OPTIONS)
def test_a_lost_answer_is_resolved_by_finding_the_build(emulator: Emulator, run, case: str, fault: str) -> None:
    start_one(emulator)
    emulator.fault(method="POST", **CARRIED_OUT[fault])
    result = run(**OPTIONS[case])
    assert (result["changed"], result.get("msg")) == (True, None)
    assert builds(emulator) == [1, 2]
    assert [build["build_num"] for build in result["builds"]] == [2]
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("fault", NOT_CARRIED_OUT)
@pytest.mark.parametrize("case", OPTIONS)
def test_what_is_not_seen_fails_as_unclear(emulator: Emulator, run, case: str, fault: str) -> None:
    start_one(emulator)
    emulator.fault(method="POST", **NOT_CARRIED_OUT[fault])
    result = run(**OPTIONS[case])
    assert (result["failed"], result["changed"], result["build"]) == (True, False, None)
    assert "It was not sent again" in result["msg"]
    assert builds(emulator) == [1]
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("fault", NOT_CARRIED_OUT)
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "running"])
@pytest.mark.parametrize("case", ["job", "job on a branch"])
def test_an_older_build_of_the_same_is_not_taken_for_the_lost_one(
    emulator: Emulator, run, case: str, ended: bool, fault: str
) -> None:
    start_one(emulator)
    run(**OPTIONS[case])
    if ended:
        emulator.finish(API, 2)
    before = builds(emulator)
    emulator.clear()
    emulator.fault(method="POST", **NOT_CARRIED_OUT[fault])
    result = run(**OPTIONS[case])
    assert (result["failed"], result["changed"], result["build"], result["builds"]) == (True, False, None, [])
    assert "It was not sent again" in result["msg"]
    assert (builds(emulator), len(emulator.writes)) == (before, 1)


@pytest.mark.parametrize("fault", CARRIED_OUT)
@pytest.mark.parametrize("case", OPTIONS)
def test_the_lost_build_is_told_from_an_older_one_of_the_same(emulator: Emulator, run, case: str, fault: str) -> None:
    start_one(emulator)
    run(**OPTIONS[case])
    if "reuse" in OPTIONS[case]:
        emulator.finish(API, 2)
    emulator.fault(method="POST", **CARRIED_OUT[fault])
    result = run(**OPTIONS[case])
    assert ("failed" in result, result["changed"], result["build"]["build_num"]) == (False, True, 3)


def test_several_candidates_are_named(emulator: Emulator, run) -> None:
    """Somebody else starts the same at the same time."""
    machine, project = emulator.state.machine, emulator.project(API)
    trigger = machine.trigger

    def twice(*arguments: Any, **options: Any) -> Any:
        trigger(*arguments, **options)
        return trigger(*arguments, **options)

    machine.trigger = twice  # type: ignore[method-assign]  # the emulator of this test alone
    emulator.fault("drop", method="POST", when="after")
    result = run()
    assert (result["failed"], result["changed"]) == (True, True)
    assert "#1, #2" in result["msg"]
    assert len(project.builds) == 2
    assert len(emulator.writes) == 1


def test_other_new_builds_are_not_taken_for_ours(emulator: Emulator, run) -> None:
    machine, project = emulator.state.machine, emulator.project(API)
    trigger = machine.trigger

    def among_others(*arguments: Any, **options: Any) -> Any:
        trigger(project, None, why="github", branch="main", parameters={"A": "1"})
        trigger(project, None, why="api", branch="feature/login")
        trigger(project, None, why="api", branch="main", job="test", parameters={"CIRCLE_JOB": "test"})
        trigger(project, None, why="api", branch="main", parameters={"A": "2"})
        return trigger(*arguments, **options)

    machine.trigger = among_others  # type: ignore[method-assign]  # the emulator of this test alone
    emulator.fault("drop", method="POST", when="after")
    result = run(build_parameters={"A": 1})
    assert result["build"]["build_num"] == 5
    assert result["changed"] is True


# --- reuse ------------------------------------------------------------------------------------------------------------


def test_a_running_build_is_reused_and_nothing_is_written(emulator: Emulator, run) -> None:
    first = run(job="test")
    emulator.clear()
    for check_mode in (True, False):
        again = run(job="test", reuse="active", check_mode=check_mode)
        assert (again["changed"], again["reused"]) == (False, True)
        assert again["build"]["build_num"] == first["build"]["build_num"]
        assert again["diff"]["before"] == again["diff"]["after"]
    assert emulator.writes == []


def test_a_successful_build_is_reused_only_when_wanted(emulator: Emulator, run) -> None:
    run(wait=True)
    assert run(reuse="successful")["build"]["build_num"] == 1
    assert run(reuse="active")["build"]["build_num"] == 2


def test_a_failed_build_is_not_reused(emulator: Emulator, run) -> None:
    emulator.script("failed")
    run()
    emulator.finish(API, 1)
    assert run(reuse="successful")["reused"] is False


@pytest.mark.parametrize(
    "other",
    [{"branch": "feature/login"}, {"job": "test"}, {"build_parameters": {"A": "1"}}, {"tag": "v1.0.0"}],
)
def test_only_the_same_is_reused(emulator: Emulator, run, other: dict[str, Any]) -> None:
    run()
    assert run(reuse="successful", **other)["reused"] is False
    assert run(reuse="successful", **other)["reused"] is True
    assert run(reuse="successful")["build"]["build_num"] == 1


def test_each_commit_is_built_once(emulator: Emulator, run) -> None:
    one, two = "ab" * 20, "cd" * 20
    numbers = [
        run(revision=revision, reuse="successful", wait=True)["build"]["build_num"] for revision in (one, two, one, two)
    ]
    assert numbers == [1, 2, 1, 2]
    assert run(branch="feature/login", revision=one, reuse="successful")["build"]["build_num"] == 1
    assert run(branch="main", revision=one, reuse="active")["reused"] is False


@pytest.mark.parametrize("branch", [None, "", 7])
def test_without_a_known_default_branch_nothing_is_reused_on_a_guess(emulator: Emulator, run, branch: Any) -> None:
    run()
    emulator.clear()
    emulator.fault("body", path="/settings", body={"following": True, "default_branch": branch}, times=2)
    for check_mode in (True, False):
        result = run(reuse="active", check_mode=check_mode)
        assert (result["failed"], result["changed"], result["build"]) == (True, False, None)
        assert result["msg"] == f"CircleCI does not say which branch of {API} is the default one. Set branch."
    assert (emulator.writes, builds(emulator)) == ([], [1])


def test_without_a_known_default_branch_no_build_is_taken_for_a_lost_one(emulator: Emulator, run) -> None:
    emulator.fault("body", path="/settings", body={"following": True, "default_branch": None})
    emulator.fault("drop", method="POST", when="after")
    result = run()
    assert (result["failed"], result["changed"], result["build"], builds(emulator)) == (True, True, None, [1])
    assert f"CircleCI does not say which branch of {API} is the default one" in result["msg"]
    assert "Look at the project on CircleCI before you run this task again" in result["msg"]
    assert len(emulator.writes) == 1


# --- check mode -------------------------------------------------------------------------------------------------------

PREDICTIONS: dict[str, dict[str, Any]] = {
    "job": {"branch": "main", "job": "test", "build_parameters": {"A": [1]}},
    "default": {},
    "tag": {"tag": "v1.0.0"},
    "revision": {"revision": "ab" * 20},
    "cancel": {"state": "canceled", "build_num": 1},
    "waiting": {"wait": True},
}


@pytest.mark.parametrize("case", PREDICTIONS)
def test_check_mode_says_what_the_run_does_and_writes_nothing(emulator: Emulator, run, case: str) -> None:
    start_one(emulator)
    emulator.state.machine.set_progress("poll" if case == "waiting" else "manual")
    predicted = run(check_mode=True, **PREDICTIONS[case])
    assert emulator.writes == []
    assert (predicted["changed"], predicted["build"], predicted["builds"]) == (True, None, [])
    real = run(**PREDICTIONS[case])
    assert real["changed"] is True
    assert differences(predicted, {**real, "waited_seconds": 0.0}) == []


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"branch": "main"}, {"branch": "main"}),
        ({"revision": "AB" * 20}, {"revision": "ab" * 20}),
        ({"branch": "main", "revision": "ab" * 20}, {"branch": "main", "revision": "ab" * 20}),
        ({"tag": "v1.0.0"}, {"branch": None, "tag": "v1.0.0"}),
        ({}, {}),
    ],
)
def test_what_the_task_says_of_a_new_build_is_not_left_open(
    run, options: dict[str, str], known: dict[str, str | None]
) -> None:
    unknown = "(known after the run)"
    new = {"build_num": unknown, "branch": unknown, "tag": None, "revision": unknown, "job": "build"}
    predicted = run(check_mode=True, **options)["diff"]
    assert predicted["before"] == {"build": None}
    assert predicted["after"] == {"build": {**new, "build_parameters": {}, "retry_of": None, **known}}


def test_check_mode_of_a_project_that_is_not_followed_yet_warns(emulator: Emulator, run_module) -> None:
    for options in ({"trigger": "job"}, {"job": "test", "reuse": "active"}, {}):
        result = run_module(MODULE, project="github/acme/web", check_mode=True, wait=True, **options)
        assert (result["changed"], result["build"]) == (True, None)
        assert "does not know github/acme/web yet" in result["warnings"][0]
    assert emulator.writes == []
    assert run_module(MODULE, project="github/acme/web")["error"] == "Project not found"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("state", ["retried", "canceled"])
def test_a_missing_build_fails_in_both_modes(emulator: Emulator, run, state: str, check_mode: bool) -> None:
    result = run(state=state, build_num=7, check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"{API} has no build 7" in result["msg"]
    assert emulator.writes == []


@pytest.mark.parametrize("state", ["retried", "canceled"])
def test_a_project_that_is_not_followed_yet_has_no_build(emulator: Emulator, run, state: str) -> None:
    result = run(project="github/acme/web", state=state, build_num=7, check_mode=True)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"] == "github/acme/web has no build 7. Check build_num."
    assert emulator.writes == []


# --- cancel ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("options", "sent"), [({"state": "canceled", "build_num": 1}, 2), ({}, 1)])
def test_only_a_cancellation_is_sent_again(emulator: Emulator, run, options: dict[str, Any], sent: int) -> None:
    start_one(emulator)
    emulator.fault("drop", method="POST")
    result = run(**options)
    assert (result.get("failed", False), result["changed"], len(emulator.writes)) == (sent == 1, sent == 2, sent)
    assert builds(emulator) == [1]


@pytest.mark.parametrize("polls", [0, 1, 2])
def test_an_unfinished_build_is_canceled_once(emulator: Emulator, run, polls: int) -> None:
    run()
    for _poll in range(polls):
        emulator.state.machine.step(emulator.build(API, 1))
    emulator.state.machine.set_progress("manual")
    emulator.clear()
    result = run(state="canceled", build_num=1, wait=True)
    assert (result["changed"], result["build"]["status"], result["warnings"]) == (True, "canceled", [])
    before, after = (result["diff"][side]["build"]["status"] for side in ("before", "after"))
    assert (before, after) == (("not_running", "queued", "running")[polls], "canceled")
    again = run(state="canceled", build_num=1)
    assert (again["changed"], again["build"]["status"]) == (False, "canceled")
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("outcome", ["success", "failed", "no_tests", "timedout", "infrastructure_fail", "not_run"])
def test_a_build_that_has_ended_is_not_canceled(emulator: Emulator, run, outcome: str) -> None:
    emulator.script(outcome)
    run()
    emulator.finish(API, 1)
    emulator.clear()
    for check_mode in (True, False):
        result = run(state="canceled", build_num=1, check_mode=check_mode)
        assert (result["changed"], result["build"]["build_num"], result["warnings"]) == (False, 1, [])
    assert emulator.writes == []


def seen_running(emulator: Emulator) -> None:
    """Let the first look at build 1 show it running."""
    running = {"build_num": 1, "status": "running", "lifecycle": "running", "outcome": None}
    emulator.fault("body", method="GET", path=f"/{API}/1$", body=running)


@pytest.mark.parametrize("outcome", ["success", "failed", "canceled"])
def test_a_build_that_ends_before_it_can_be_canceled_is_pointed_out(emulator: Emulator, run, outcome: str) -> None:
    emulator.script(outcome)
    run()
    emulator.finish(API, 1)
    seen_running(emulator)
    result = run(state="canceled", build_num=1)
    url = f"{emulator.url}/gh/acme/api/1"
    warning = f"{API} #1 ({url}) ended before it could be canceled: {outcome}."
    assert result["warnings"] == ([] if outcome == "canceled" else [warning])
    assert ("failed" in result, result["build"]["status"]) == (False, outcome)
    assert result["diff"]["after"]["build"]["status"] == outcome
    assert result["changed"] is (outcome == "canceled")


def test_a_wait_for_a_cancellation_says_how_the_build_has_ended_all_the_same(emulator: Emulator, run, clock) -> None:
    run()
    running = {"build_num": 1, "status": "running", "lifecycle": "running", "outcome": None}
    emulator.fault("body", method="POST", path="/cancel$", body=running)
    result = run(state="canceled", build_num=1, wait=True)
    assert (result.get("failed"), result["changed"], result["build"]["status"]) == (None, False, "success")
    (warning,) = result["warnings"]
    assert warning.endswith("ended before it could be canceled: success.")


def test_a_build_whose_cancellation_takes_a_while_has_not_ended_before(emulator: Emulator, run) -> None:
    run()
    running = {"build_num": 1, "status": "running", "lifecycle": "running", "outcome": None}
    emulator.fault("body", method="POST", path="/cancel$", body=running, when="after")
    result = run(state="canceled", build_num=1)
    assert (result["changed"], result["build"]["status"], result["warnings"]) == (True, "running", [])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("body", [None, {}, [], {"build_num": "1", "status": "canceled"}, {"build_num": 1}])
def test_an_odd_answer_to_a_cancellation_is_looked_into(emulator: Emulator, run, body: Any, when: str) -> None:
    run()
    emulator.state.machine.set_progress("manual")
    emulator.clear()
    emulator.fault("body", method="POST", body=body, when=when)
    result = run(state="canceled", build_num=1)
    assert (result.get("failed", False), result["changed"]) == (when == "before", when == "after")
    if when == "before":
        assert f"CircleCI's answer to POST project/{API}/1/cancel cannot be used" in result["msg"]
        assert "nothing of it is to be seen" in result["msg"]
    else:
        assert result["build"]["status"] == "canceled"
    assert len(emulator.writes) == 1


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_waiting_ends_with_the_build(emulator: Emulator, run) -> None:
    result = run(wait=True)
    assert (result["changed"], result["build"]["status"], result["failed_steps"]) == (True, "success", [])
    assert result["builds"] == [result["build"]]
    assert isinstance(result["waited_seconds"], float)
    assert "steps" not in result["build"]


@pytest.mark.parametrize("at", ["not_running", "queued", "running"])
def test_a_wait_ends_when_somebody_cancels_the_build(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """Before its start such a build gets neither a stop time nor the lifecycle `finished`."""

    def cancel(looks: int) -> None:
        if looks == 3:
            emulator.state.machine.cancel(emulator.build(API, 1), next(iter(emulator.state.users.values())))

    let_time_pass(emulator, monkeypatch, cancel)
    emulator.script("stuck", stuck_in=at)
    result = run(wait=True, wait_interval=10)
    assert (result["failed"], result["build"]["status"], result["waited_seconds"]) == (True, "canceled", 30)
    assert "was canceled by emulator" in result["msg"]


def test_a_wait_that_is_to_end_somehow_ends_with_the_canceled_build(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(emulator, monkeypatch)
    start_one(emulator)
    result = run(state="canceled", build_num=1, wait=True)
    assert ("failed" in result, result["changed"], result["build"]["status"]) == (False, True, "canceled")


@pytest.mark.parametrize(("lifecycle", "status"), [("running", "running"), ("finished", "failed")])
def test_a_look_at_an_end_needs_more_than_a_stop_time(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, lifecycle: str, status: str
) -> None:
    """CircleCI has been seen to say `finished` before the outcome is known: that is no success."""
    let_time_pass(emulator, monkeypatch)
    emulator.script("stuck")
    odd = {
        "build_num": 1,
        "status": status,
        "lifecycle": lifecycle,
        "outcome": None,
        "stop_time": "2026-01-01T00:00:00Z",
    }
    emulator.fault("body", path=f"/{API}/1$", body=odd, times=None)
    result = run(wait=True, wait_timeout=60, wait_interval=10)
    assert (result["failed"], result["build"]["status"]) == (True, status)


def test_fixed_is_a_success(emulator: Emulator, run) -> None:
    emulator.script("failed")
    run()
    emulator.finish(API, 1)
    assert run(wait=True)["build"]["status"] == "fixed"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("failed", "failed; step 'Run tests': failed with exit code 1"),
        ("no_tests", "ran no tests"),
        ("timedout", "ran too long and was stopped; step 'Run tests': timedout"),
        ("infrastructure_fail", "failed for want of infrastructure"),
        ("canceled", "was canceled by emulator"),
    ],
)
def test_every_end_but_success_fails_the_task(emulator: Emulator, run, outcome: str, words: str) -> None:
    emulator.script(outcome)
    result = run(wait=True)
    assert (result["failed"], result["changed"], result["reused"]) == (True, True, False)
    assert result["build"]["status"] == outcome
    assert words in result["msg"]
    assert result["build"]["build_url"] in result["msg"]
    assert result["waited_seconds"] >= 0


STEP = {"name": "Run tests", "status": "failed"}


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ({"status": "failed"}, "failed"),
        ({"status": "failed", "fail_reason": "no-config"}, "failed (no-config)"),
        ({"status": "failed", "canceler": {"login": "ann"}}, "failed"),
        ({"status": "canceled"}, "was canceled"),
        ({"status": "canceled", "canceler": {"login": "ann"}}, "was canceled by ann"),
        ({"status": "not_run", "dont_build": "ci-skip"}, "was not run (ci-skip)"),
        ({"status": "a-new-word"}, "failed"),
        (
            {"status": "timedout", "steps": [{"actions": [{**STEP, "status": "timedout"}]}]},
            "ran too long and was stopped; step 'Run tests': timedout",
        ),
        (
            {"status": "failed", "steps": [{"actions": [{**STEP, "exit_code": 2}, {**STEP, "exit_code": 2}]}]},
            "failed; step 'Run tests': failed with exit code 2",
        ),
    ],
)
def test_how_a_build_has_ended_is_told(emulator: Emulator, run, end: dict[str, Any], words: str) -> None:
    build = {"build_num": 1, "lifecycle": "finished", "outcome": "failed", "steps": [], **end}
    emulator.fault("body", method="GET", path=f"/{API}/1$", body=build, times=None)
    result = run(wait=True, log_lines=0)
    assert (result["failed"], result["msg"]) == (True, f"{API} #1 {words}")


def test_a_failed_step_comes_with_the_end_of_its_output(emulator: Emulator, run) -> None:
    emulator.script("failed")
    [step] = run(wait=True, log_lines=3)["failed_steps"]
    assert {name: value for name, value in step.items() if name != "log_tail"} == {
        "workflow": "build",
        "job": "build",
        "build_num": 1,
        "name": "Run tests",
        "exit_code": 1,
        "status": "failed",
    }
    lines = step["log_tail"].split("\n")
    assert len(lines) == 3
    assert lines[-1].startswith("FAILED tests/test_orders.py")
    assert step["log_tail"].replace("\n", "").isprintable()


BRIEF = {
    *("build_num", "build_url", "job", "workflow", "status", "outcome"),
    *("branch", "tag", "revision", "start_time", "stop_time", "why"),
}


def test_a_failing_task_shows_each_build_once_and_in_short(emulator: Emulator, run) -> None:
    emulator.script("failed")
    single = run(wait=True, job="lint")
    assert (single["failed"], single["builds"]) == (True, [])
    assert single["build"] == {
        "build_num": 1,
        "build_url": f"{emulator.url}/gh/acme/api/1",
        "job": "lint",
        "workflow": "lint",
        "status": "failed",
        "outcome": "failed",
        "branch": "main",
        "tag": None,
        "revision": emulator.project(API).branches["main"],
        "start_time": single["build"]["start_time"],
        "stop_time": single["build"]["stop_time"],
        "why": "api",
    }
    fast(emulator)
    emulator.script("success")
    emulator.script("failed")
    pipeline = run(wait=True, trigger="pipeline", tag="v1.0.0", wait_interval=0.01)
    assert (pipeline["failed"], pipeline["build"]) == (True, None)
    assert [build.keys() for build in pipeline["builds"]] == [BRIEF, BRIEF]
    assert [(build["job"], build["tag"], build["workflow"]) for build in pipeline["builds"]] == [
        ("build", "v1.0.0", "build-and-test"),
        ("test", "v1.0.0", "build-and-test"),
    ]
    assert [(step["job"], step["build_num"], step["workflow"]) for step in pipeline["failed_steps"]] == [
        ("test", 3, "build-and-test")
    ]


@pytest.mark.parametrize(
    "options", [{"wait_timeout": 0}, {"wait": False}, {"reuse": "active"}], ids=["late", "not run", "lost"]
)
def test_builds_are_short_in_every_kind_of_failure(emulator: Emulator, run, options: dict[str, Any]) -> None:
    if options.get("wait") is False:
        emulator.script("not_run")
    if "reuse" in options:
        emulator.fault("status", method="GET", path="/1$", status=403, times=None)
    result = run(**{"wait": True, **options})
    assert (result["failed"], result["build"].keys(), result["builds"]) == (True, BRIEF, [])


def test_outputs_on_another_host_are_read_without_the_token(emulator: Emulator, run) -> None:
    emulator.script("failed")
    run(wait=True)
    [record] = [record for record in emulator.requests if "/action-output/" in record.path]
    assert "Circle-Token" not in record.headers
    assert "Authorization" not in record.headers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_passwords_of_netrc_reach_no_host_of_outputs(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, host: str
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {host} login someone password not-for-others\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    emulator.script("failed")
    assert run(wait=True)["failed_steps"][0]["log_tail"]
    assert [record.path for record in emulator.requests if "Authorization" in record.headers] == []


def test_no_output_is_read_when_no_lines_are_wanted(emulator: Emulator, run) -> None:
    emulator.script("failed")
    assert run(wait=True, log_lines=0)["failed_steps"][0]["log_tail"] == ""
    assert [record for record in emulator.requests if "output" in record.path] == []


def test_signed_urls_are_in_no_result(emulator: Emulator, run) -> None:
    emulator.script("failed")
    result = run(wait=True)
    assert result["failed_steps"]
    assert "output_url" not in json.dumps(result)
    assert "X-Amz" not in json.dumps(result)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"kind": "status", "status": 403}, "The server with the outputs answered 403."),
        ({"kind": "body", "body": "<Error/>"}, "The output of a step could not be read (ValueError)."),
        ({"kind": "body", "body": {"a": 1}}, "It is not a list of messages."),
        ({"kind": "body", "body": [{"type": "out"}]}, "It is not a list of messages."),
        ({"kind": "body", "body": [{"message": None}]}, "It is not a list of messages."),
        ({"kind": "drop"}, "The output of a step could not be read (ConnectionError)."),
    ],
)
def test_an_unreadable_output_is_a_warning(emulator: Emulator, run, fault: dict[str, Any], why: str) -> None:
    emulator.script("failed")
    emulator.fault(path="/action-output/", **fault)
    result = run(wait=True)
    assert "failed with exit code 1" in result["msg"]
    assert result["failed_steps"][0]["log_tail"] == ""
    [warning] = result["warnings"]
    assert warning == f"The end of step 'Run tests' is missing in failed_steps. {why}"
    assert "X-Amz" not in json.dumps(result)


@pytest.mark.parametrize("status", [None, 403])
def test_an_end_without_steps_is_looked_at_once_more(emulator: Emulator, run, status: int | None) -> None:
    """What failed in it is told, and where that cannot be read it is still the build's end that the task tells."""
    emulator.script("failed")
    emulator.state.machine.set_progress("clock")
    ended = {"build_num": 1, "status": "failed", "lifecycle": "finished", "outcome": "failed"}
    emulator.fault("body", method="GET", path=f"/{API}/1$", body=ended, after=1)
    if status:
        emulator.fault("status", method="GET", path=f"/{API}/1$", status=status, body={"message": "no"}, after=1)
    result = run(wait=True, wait_interval=600)
    assert (result["failed"], result["changed"], result["build"]["status"]) == (True, True, "failed")
    assert result["msg"].startswith(f"{API} #1 failed")
    assert [step["name"] for step in result["failed_steps"]] == ([] if status else ["Run tests"])
    if status:
        (warning,) = result["warnings"]
        assert warning.startswith(f"The failed steps of {API} #1 could not be read. CircleCI answered 403 to GET ")
    else:
        assert result["warnings"] == []


def test_without_a_signed_url_the_output_is_read_from_circleci(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from emulator.world import steps

    action = steps._action

    def unsigned(*arguments: Any) -> dict[str, Any]:
        return {key: value for key, value in action(*arguments).items() if key != "output_url"}

    monkeypatch.setattr(steps, "_action", unsigned)
    emulator.script("failed")
    [step] = run(wait=True, log_lines=1)["failed_steps"]
    assert step["log_tail"].startswith("FAILED")
    assert paths(emulator.requests)[-1] == f"GET {API}/1/output/4/1"


def test_the_steps_of_a_build_that_was_just_seen_are_not_asked_for_again(emulator: Emulator, run) -> None:
    looks = []
    for number, outcome in enumerate(("success", "failed"), start=1):
        emulator.script(outcome)
        run(wait=True)
        looks.append(paths(emulator.requests).count(f"GET {API}/{number}"))
    assert looks[0] == looks[1] > 0


def test_an_output_that_is_nothing_is_empty(emulator: Emulator, run) -> None:
    emulator.script("failed")
    emulator.fault("body", path="/action-output/", body=None)
    result = run(wait=True)
    assert (result["failed_steps"][0]["log_tail"], result["warnings"]) == ("", [])


def test_escapes_of_a_hostile_output_are_neutralised(emulator: Emulator, run) -> None:
    emulator.script("failed")
    text = "\x1b]0;title\x07 50%\r100%\r\n\tdone \x1b[1mnow\x1b[0m\u202e\r\n"
    emulator.fault("body", path="/action-output/", body=[{"message": text, "time": "", "type": "out"}])
    assert run(wait=True)["failed_steps"][0]["log_tail"] == "100%\n\tdone now\\u202e"


def test_a_build_that_circleci_retries_is_followed(emulator: Emulator, run) -> None:
    emulator.script("retried")
    result = run(wait=True)
    assert (result["changed"], result["build"]["build_num"]) == (True, 2)
    assert [build["build_num"] for build in result["builds"]] == [2]
    assert result["build"]["why"] == "auto-retry"


@pytest.mark.parametrize(
    ("retries", "listed"), [([2], False), ([1, "3", 2, None], False), (None, True), ([], True), ([0, 1], True)]
)
def test_the_build_that_circleci_retries_with_is_named_by_one_of_the_two(
    emulator: Emulator, run, retries: list[Any] | None, listed: bool
) -> None:
    """An older one is none of it."""
    emulator.script("retried")
    build = {"build_num": 1, "status": "retried", "outcome": "infrastructure_fail", "lifecycle": "finished"}
    emulator.fault("body", method="GET", path=f"{API}/1$", body={**build, "retries": retries}, times=None)
    others = [{"build_num": number, "status": "success", "retry_of": of} for number, of in ((9, None), (8, 7), (2, 1))]
    emulator.fault("body", method="GET", path=rf"{API}\?", body=others if listed else [], times=None)
    emulator.state.machine.set_progress("clock")
    result = run(wait=True, wait_timeout=60, wait_interval=1)
    assert (result.get("failed"), result["build"]["build_num"], result["build"]["status"]) == (None, 2, "success")


def test_of_several_builds_that_circleci_retries_with_the_latest_counts(emulator: Emulator, run) -> None:
    retried = {"build_num": 1, "status": "retried", "outcome": "infrastructure_fail", "lifecycle": "finished"}
    latest = {"build_num": 3, "status": "success", "outcome": "success", "lifecycle": "finished"}
    emulator.fault("body", method="GET", path=f"{API}/1$", body={**retried, "retries": [3, 2]}, times=None)
    emulator.fault("body", method="GET", path=f"{API}/3$", body=latest, times=None)
    result = run(wait=True)
    assert (result.get("failed"), result["build"]["build_num"]) == (None, 3)


@pytest.mark.parametrize("odd", [{"retries": 3}, {"status": "running", "outcome": None, "lifecycle": []}])
def test_a_wait_survives_odd_fields(emulator: Emulator, run, odd: dict[str, Any]) -> None:
    emulator.script("success")
    build = {"build_num": 1, "status": "retried", "outcome": "infrastructure_fail", "lifecycle": "finished", **odd}
    emulator.fault("body", method="GET", path=f"{API}/1$", body=build)
    result = run(wait=True, wait_timeout=5)
    assert (result.get("failed"), result["build"]["status"]) == (None, "success")


def test_what_a_poll_is_warned_of_is_told_once(emulator: Emulator, run) -> None:
    sunset = {"Sunset": "Mon, 01 Feb 2027 00:00:00 GMT"}
    emulator.fault("headers", method="GET", path=f"/{API}/1$", headers=sunset, times=None)
    result = run(wait=True)
    (warning,) = result["warnings"]
    assert "CircleCI removes GET project/…/1, on 2027-02-01." in warning
    assert (result["build"]["status"], len(emulator.requests) > 4) == ("success", True)


@pytest.mark.parametrize("interval", [2, 7.5])
def test_between_two_looks_the_task_sleeps_as_long_as_it_is_told(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, interval: float
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(polling, "CLOCK", polling.Clock())
    monkeypatch.setattr(polling, "time", SimpleNamespace(monotonic=lambda: sum(slept), sleep=slept.append))
    result = run(wait=True, wait_interval=interval)
    looks = [record for record in emulator.requests if record.path.endswith(f"/{API}/1")]
    assert (result["build"]["status"], slept) == ("success", [interval] * (len(looks) - 1))
    assert (len(looks) > 1, result["waited_seconds"]) == (True, sum(slept))


def test_a_cancellation_that_takes_too_long_says_that_it_was_accepted(emulator: Emulator, run) -> None:
    emulator.script("stuck")
    run()
    running = {"build_num": 1, "status": "running", "lifecycle": "running", "outcome": None}
    emulator.fault("body", method="POST", path="/cancel$", body=running)
    result = run(state="canceled", build_num=1, wait=True, wait_timeout=0.2, wait_interval=0.02)
    assert (result["failed"], result["changed"], result["build"]["status"]) == (True, True, "running")
    assert f"{API} #1" in result["msg"]
    assert "is running after waiting for 0 s. CircleCI has accepted to cancel it. Look at it there, or" in result["msg"]


def test_the_wait_gives_up_in_time_and_cancels_nothing(emulator: Emulator, run) -> None:
    emulator.script("stuck")
    result = run(wait=True, wait_timeout=0.2, wait_interval=0.02)
    assert (result["failed"], result["changed"], result["build"]["status"]) == (True, True, "running")
    assert "is running after waiting" in result["msg"]
    assert result["build"]["build_url"] in result["msg"]
    assert "Nothing was canceled" in result["msg"]
    assert emulator.build(API, 1).status == "running"
    assert len(emulator.writes) == 1


def test_no_time_to_wait_is_one_look(emulator: Emulator, run) -> None:
    result = run(wait=True, wait_timeout=0)
    assert (result["failed"], result["build"]["status"]) == (True, "queued")
    assert len(emulator.requests) == 3


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 502},
        {"kind": "drop"},
        {"kind": "truncate"},
        {"kind": "body", "body": "<html></html>"},
        {"kind": "body", "body": {}},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "100000"}},
        {"kind": "status", "status": 400, "body": {"message": "odd"}},
    ],
)
def test_failed_polls_are_missed_polls_with_one_warning(
    emulator: Emulator, run, fault: dict[str, Any], retries: int
) -> None:
    emulator.fault(method="GET", path=f"/{API}/1$", times=7, after=1, **fault)
    result = run(wait=True, retries=retries, retry_budget=0)
    assert result["build"]["status"] == "success"
    [warning] = result["warnings"]
    assert "could not be asked while this task waited" in warning


def test_a_throttled_poll_waits_as_asked_beyond_the_retry_budget(emulator: Emulator, run) -> None:
    emulator.fault("status", method="GET", path=f"/{API}/1$", status=429, headers={"Retry-After": "1"})
    result = run(wait=True, retry_budget=0)
    assert result["build"]["status"] == "success"
    [warning] = result["warnings"]
    assert "throttled this task, which waited 1 s" in warning


@pytest.mark.parametrize("status", [401, 403])
def test_answers_that_will_not_get_better_end_the_wait(emulator: Emulator, run, status: int) -> None:
    emulator.fault("status", method="GET", path=f"/{API}/1$", status=status, times=None, body={"message": "no"})
    result = run(wait=True)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, status)
    assert result["build"]["build_num"] == 1
    assert len(emulator.requests) == 3


def test_what_circleci_has_just_named_may_be_missing_for_a_while(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(emulator, monkeypatch)
    answers: list[dict[str, Any]] = [{"message": "Build not found"}, {"message": "Project not found"}, {}]
    for body in answers:
        emulator.fault("status", method="GET", path=f"/{API}/1$", status=404, body=body)
    result = run(wait=True, wait_interval=1)
    assert ("failed" in result, result["build"]["status"]) == (False, "success")
    assert not result["warnings"]


@pytest.mark.parametrize("missing", [1, 3])
def test_a_build_that_stays_away_ends_the_wait_after_five_seconds(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, missing: int
) -> None:
    """Five in a row: what was missing before, and came back, does not count."""
    let_time_pass(emulator, monkeypatch)
    emulator.script("stuck")
    absent: dict[str, Any] = {
        "kind": "status",
        "path": f"/{API}/1$",
        "status": 404,
        "body": {"message": "Build not found"},
    }
    emulator.fault(**absent, method="GET", times=3)
    emulator.fault(**absent, method="GET", after=missing, times=None)
    result = run(wait=True, wait_interval=1)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, 404)
    assert result["build"]["build_num"] == 1
    assert "CircleCI itself has named it" in result["msg"]
    assert result["waited_seconds"] == 3 + missing + 5


def test_a_build_is_missing_from_the_first_answer_that_says_so(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from CircleCI's troubles before that."""
    let_time_pass(emulator, monkeypatch)
    emulator.script("stuck")
    emulator.fault("status", method="GET", path=f"/{API}/1$", status=503, times=4)
    missing = {"message": "Build not found"}
    emulator.fault("status", method="GET", path=f"/{API}/1$", status=404, body=missing, times=None)
    result = run(wait=True, wait_interval=1, retries=0)
    assert (result["failed"], result["status"], result["waited_seconds"]) == (True, 404, 4 + 5)


def test_what_was_seen_until_a_wait_broke_off_is_not_lost(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_time_pass(emulator, monkeypatch)
    emulator.script("stuck")
    emulator.fault("status", path=f"/{API}/1$", method="GET", status=401, after=8, times=None)
    result = run(wait=True, wait_interval=1)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, 401)
    assert (result["build"]["build_num"], result["build"]["status"]) == (1, "running")


def test_a_poll_without_an_answer_does_not_outlast_the_wait(emulator: Emulator, run) -> None:
    emulator.fault("slow", method="GET", path=f"/{API}/1$", seconds=20)
    result = run(wait=True, wait_timeout=0.3, timeout=30)
    assert "is not_running after waiting" in result["msg"]
    assert result["waited_seconds"] < 10


def test_a_wait_counts_from_the_start_of_the_build_on(
    emulator: Emulator, run, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Emulator._answer

    def answer(self: Emulator, call: Call) -> Answer:
        if call.method == "POST":
            clock.sleep(100)
        return usual(self, call)

    monkeypatch.setattr(Emulator, "_answer", answer)
    result = run(wait=True, wait_timeout=60)
    assert (result.get("failed"), result["waited_seconds"] < 60) == (None, True)


def test_a_reused_build_is_waited_for(emulator: Emulator, run) -> None:
    emulator.script("failed")
    run()
    result = run(reuse="active", wait=True)
    assert (result["failed"], result["changed"], result["reused"]) == (True, False, True)
    assert result["failed_steps"][0]["name"] == "Run tests"


def watched(emulator: Emulator, **options: Any) -> list[tuple[str, bool]]:
    """What is shown while the module runs, and whether that tells of a failure."""
    shown: list[tuple[str, bool]] = []
    given = {name: option.get("default") for name, option in circleci_build.ARGUMENT_SPEC.items()}
    given |= {"project": API, "api_url": emulator.url, "api_token": emulator.token, "wait_interval": 0}
    given |= {"trigger": "job", **options}
    perform(
        circleci_build.run,
        circleci_build.ARGUMENT_SPEC,
        given,
        check_mode=False,
        diff=False,
        report=lambda text, failed: shown.append((re.sub(r" \(\d+ s\)$", "", text), failed)),
    )
    return shown


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_each_change_of_state_is_shown_with_the_name_of_the_job(emulator: Emulator, outcome: str) -> None:
    emulator.script(outcome)
    assert watched(emulator, wait=True, job="lint") == [
        (f"{API} lint #1: not_running, {emulator.url}/gh/acme/api/1", False),
        (f"{API} lint #1: not_running -> queued", False),
        (f"{API} lint #1: queued -> running", False),
        (f"{API} lint #1: running -> {outcome}", outcome == "failed"),
    ]


@pytest.mark.usefixtures("run")
def test_a_build_that_circleci_retries_is_not_shown_as_failed(emulator: Emulator) -> None:
    emulator.script("retried")
    shown = watched(emulator, wait=True)
    assert (f"{API} build #1: running -> retried", False) in shown
    assert shown[-1] == (f"{API} build #2: running -> success", False)


@pytest.mark.usefixtures("run")
def test_a_long_wait_says_once_a_minute_what_it_waits_for(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    let_time_pass(emulator, monkeypatch)
    emulator.script("stuck")
    shown = watched(emulator, wait=True, wait_interval=10, wait_timeout=200)
    running = next(number for number, (text, _failed) in enumerate(shown) if text.endswith("-> running"))
    assert shown[running + 1 :] == [(f"{API}: build #1 is running", False)] * 3


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(("seconds", "quiet"), [(4, True), (6, False)])
def test_nothing_is_shown_of_a_short_wait_that_changed_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, seconds: float, quiet: bool
) -> None:
    let_time_pass(emulator, monkeypatch)
    emulator.state.machine.set_seconds({"not_running": 0, "queued": 0, "running": seconds})
    emulator.state.machine.trigger(emulator.project(API), None, why="github", branch="main")
    shown = watched(emulator, reuse="active", wait=True, wait_interval=1)
    assert len(emulator.writes) == 0
    assert [text.partition(",")[0] for text, _failed in shown] == (
        [] if quiet else [f"{API} build #1: running", f"{API} build #1: running -> success"]
    )


@pytest.mark.usefixtures("run")
def test_what_is_shown_holds_no_secret(emulator: Emulator) -> None:
    secret = f"token-{emulator.token}"
    emulator.state.add_token(secret, login="emulator")
    build = {"build_num": 1, "status": f"odd {secret}", "lifecycle": "running", "outcome": None}
    emulator.fault("body", method="POST", body={**build, "build_url": f"https://x.example/{secret}"})
    emulator.fault("body", path="/1$", body={**build, "status": f"{secret} \x1b[31m"})
    shown = " ".join(text for text, _failed in watched(emulator, api_token=secret, wait=True, wait_timeout=0))
    assert secret not in shown
    assert "odd ********" in shown
    assert "https://x.example/********" in shown
    assert shown.isprintable()
