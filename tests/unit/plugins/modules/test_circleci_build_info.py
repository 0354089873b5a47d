# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.session import session_for
from ansible_collections.community.circleci.plugins.module_utils._resources import build_search
from emulator import PROJECT_TOKEN, Emulator

API = "github/acme/api"
MODULE = "circleci_build_info"
REVISION = "ab" * 20


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a followed project with four builds.

    They are 1: success on main, 2: failed on main, 3: success on feature/login, 4: running on main.
    """
    project = emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    machine = emulator.state.machine
    machine.set_progress("manual")
    user = next(iter(emulator.state.users.values()))
    for outcome, branch in (("success", "main"), ("failed", "main"), ("success", "feature/login")):
        emulator.script(outcome)
        machine.finish(machine.trigger(project, user, why="github", branch=branch))
    last = machine.trigger(project, user, why="github", branch="main")
    machine.step(last)
    machine.step(last)
    emulator.clear()
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def paths(emulator: Emulator) -> list[str]:
    return [f"{record.method} {record.path.split('/api/v1.1/project/')[-1]}" for record in emulator.requests]


def test_a_build_is_read_by_its_number(emulator: Emulator, run) -> None:
    result = run(build_num=1)
    assert (result["changed"], result["build"]["build_num"], result["build"]["status"]) == (False, 1, "success")
    assert (result["artifacts"], result["tests"], result["failed_steps"]) == ([], [], [])
    assert "steps" not in result["build"]
    assert result["project"] == API
    assert paths(emulator) == [f"GET {API}/1"]


@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({}, 4),
        ({"branch": "main"}, 4),
        ({"branch": "feature/login"}, 3),
        ({"filter": "completed"}, 3),
        ({"filter": "successful", "branch": "main"}, 1),
        ({"filter": "failed"}, 2),
        ({"filter": "running"}, 4),
    ],
)
def test_the_latest_build_is_found_by_branch_and_filter(run, options: dict[str, Any], number: int) -> None:
    assert run(**options)["build"]["build_num"] == number


@pytest.mark.parametrize("branch", ["fix #12", "100%", "what?", "a b", "zürich/größe", "a,b;c", "%2e"])
def test_any_branch_can_be_asked_for(emulator: Emulator, run, branch: str) -> None:
    project = emulator.add_repository(API, branches=[branch])
    emulator.state.machine.trigger(project, None, why="github", branch=branch)
    assert run(branch=branch)["build"]["branch"] == branch


def test_no_match_is_null(emulator: Emulator, run) -> None:
    result = run(branch="nope", artifacts=True, tests=True, steps=True)
    assert (result["build"], result["artifacts"], result["tests"], result["failed_steps"]) == (None, [], [], [])
    assert len(emulator.requests) == 1


@pytest.fixture
def searched(emulator: Emulator, run) -> None:
    """Two pipelines of two workflows each, after the four builds: 5 and 6 of a commit, 7 and 8 of a tag."""
    emulator.state.machine.set_progress("manual")
    pushes: list[dict[str, Any]] = [{"branch": "main", "revision": REVISION}, {"tag": "v1.0.0"}]
    for options in pushes:
        emulator.push(API, **options, script={"scenario": "two-workflows"})
        emulator.state.machine.finish_all(emulator.project(API).pipelines[-1])
    emulator.clear()


@pytest.mark.usefixtures("searched")
@pytest.mark.parametrize(
    ("options", "number"),
    [
        ({"revision": REVISION}, 6),
        ({"revision": REVISION.upper()}, 6),
        ({"revision": REVISION, "job": "test"}, 5),
        ({"revision": REVISION, "workflow": "lint"}, 6),
        ({"revision": REVISION, "job": "test", "workflow": "lint"}, None),
        ({"tag": "v1.0.0", "workflow": "build-and-test"}, 7),
        ({"tag": "v1.0.1"}, None),
        ({"branch": "main", "job": "test"}, 5),
        ({"branch": "feature/login", "revision": REVISION}, None),
        ({"job": "lint", "filter": "failed"}, None),
        ({"job": "lint", "filter": "successful"}, 8),
    ],
)
def test_a_build_is_found_by_what_it_built(run, options: dict[str, Any], number: int | None) -> None:
    build = run(**options)["build"]
    assert (build and build["build_num"]) == number


@pytest.mark.usefixtures("searched")
def test_what_must_be_there_is_a_failure_where_it_is_not(emulator: Emulator, run) -> None:
    options: dict[str, Any] = {"revision": "cd" * 20, "job": "test", "filter": "successful"}
    assert run(**options)["build"] is None
    for check_mode in (False, True):
        result = run(**options, required=True, check_mode=check_mode)
        assert (result["failed"], result["changed"]) == (True, False)
        assert f"{API} has no successful build of job test, revision {'cd' * 20}" in result["msg"]
        assert "state: succeeded" in result["msg"]
    missing = run(revision="cd" * 20, required=True)
    assert missing["msg"].startswith(f"{API} has no build of revision {'cd' * 20}. Wait for it with ")
    nightly = run(job="test", workflow="nightly", branch="main", required=True)
    assert nightly["msg"].startswith(
        f"{API} has no build of job test, workflow nightly, branch main. Wait for it with "
    )
    assert run(revision=REVISION, required=True)["build"]["build_num"] == 6
    assert emulator.writes == []


@pytest.mark.usefixtures("searched")
def test_the_search_ends_with_the_page_that_has_the_build(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    assert run(revision=REVISION, job="test")["build"]["build_num"] == 5
    lists = [f"GET {API}?limit=2&offset={offset}" for offset in (0, 2)]
    assert paths(emulator) == [*lists, f"GET {API}/5"]
    emulator.clear()
    assert run()["build"]["build_num"] == 8
    assert paths(emulator) == [f"GET {API}?limit=1&offset=0", f"GET {API}/8"]


def test_five_hundred_builds_are_searched_and_then_there_is_a_warning(emulator: Emulator, run) -> None:
    machine, project = emulator.state.machine, emulator.project(API)
    for _number in range(500):
        machine.trigger(project, None, why="github", branch="main")
    result = run(tag="v1.0.0")
    assert result["build"] is None
    assert result["warnings"] == [f"Only the newest 500 builds of {API} were searched for tag v1.0.0."]
    assert len(emulator.requests) == 5
    emulator.clear()
    assert not run(branch="main").get("warnings")
    assert len(emulator.requests) == 2, "a search costs nothing where none is needed"


def test_a_missing_number_fails(run) -> None:
    result = run(build_num=9)
    assert (result["failed"], result["status"]) == (True, 404)
    assert f"{API} has no build 9" in result["msg"]


def test_artifacts_tests_and_steps_come_when_asked_for(emulator: Emulator, run) -> None:
    result = run(build_num=1, artifacts=True, tests=True, steps=True)
    assert [artifact["path"] for artifact in result["artifacts"]] == ["coverage/index.html", "results/junit.xml"]
    assert {test["result"] for test in result["tests"]} == {"success"}
    assert "Run tests" in [step["name"] for step in result["build"]["steps"]]
    assert result["build"]["steps"][0]["actions"]
    assert "output_url" not in json.dumps(result)
    assert paths(emulator) == [f"GET {API}/1", f"GET {API}/1/artifacts", f"GET {API}/1/tests"]


@pytest.mark.parametrize("steps", [True, False])
def test_failed_steps_come_without_asking(run, steps: bool) -> None:
    result = run(filter="failed", log_lines=1, steps=steps)
    [step] = result["failed_steps"]
    assert (step["name"], step["exit_code"], step["status"]) == ("Run tests", 1, "failed")
    assert step["log_tail"].startswith("FAILED tests/test_orders.py")
    assert "X-Amz" not in json.dumps(result)


def test_no_output_is_read_when_no_lines_are_wanted(emulator: Emulator, run) -> None:
    [step] = run(build_num=2, log_lines=0)["failed_steps"]
    assert (step["name"], step["log_tail"]) == ("Run tests", "")
    assert paths(emulator) == [f"GET {API}/2"]


def test_reading_works_in_check_mode(emulator: Emulator, run) -> None:
    emulator.build(API, 2)
    assert run(filter="failed", check_mode=True) == run(filter="failed")
    assert emulator.writes == []


def test_open_source_projects_can_be_read_without_a_token(emulator: Emulator, run) -> None:
    refused = run(build_num=1, api_token=None)
    assert "Only open-source projects can be read without a token" in refused["msg"]
    emulator.add_repository(API, oss=True)
    assert run(build_num=1, api_token=None, artifacts=True, tests=True)["artifacts"]


def test_a_project_token_can_read(run) -> None:
    assert run(api_token=PROJECT_TOKEN, artifacts=True)["build"]["build_num"] == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"build_num": 1, "branch": "main"}, "mutually exclusive: build_num|branch"),
        ({"build_num": 1, "filter": "failed"}, "mutually exclusive: build_num|filter"),
        ({"filter": "odd"}, "value of filter must be one of"),
        ({"log_lines": -1}, "log_lines must be 0 or more"),
        ({"build_num": 1, "job": "test"}, "mutually exclusive: build_num|job"),
        ({"build_num": 1, "workflow": "lint"}, "mutually exclusive: build_num|workflow"),
        ({"build_num": 1, "tag": "v1"}, "mutually exclusive: build_num|tag"),
        ({"build_num": 1, "revision": REVISION}, "mutually exclusive: build_num|revision"),
        ({"branch": "main", "tag": "v1"}, "mutually exclusive: branch|tag"),
        ({"branch": ""}, "branch is empty"),
        ({"tag": " "}, "tag is empty"),
        ({"job": ""}, "job is empty"),
        ({"workflow": ""}, "workflow is empty"),
        ({"revision": ""}, "is not the full hash"),
        ({"revision": "abc"}, "is not the full hash"),
        ({"revision": 123456}, "revision is a number"),
        ({"build_num": -1}, "build_num must be 1 or more"),
    ],
)
def test_contradictions_are_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    result = run(**options)
    assert words in result["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize(
    "body", [{"message": "x"}, [], None, {"build_num": "1", "status": "success"}, {"build_num": 1}, "<html>"]
)
def test_an_answer_that_is_no_build_fails(emulator: Emulator, run, body: Any) -> None:
    emulator.fault("body", body=body)
    result = run(build_num=1)
    assert result["failed"] is True
    assert "CircleCI's answer to GET" in result["msg"]


@pytest.mark.parametrize("body", [{}, {"tests": None}, {"tests": {}}])
def test_an_answer_without_a_list_of_tests_fails(emulator: Emulator, run, body: Any) -> None:
    """No list is not an empty one: nobody could tell a build without tests from it."""
    emulator.fault("body", path="/tests$", body=body)
    result = run(build_num=1, tests=True)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"CircleCI's answer to GET project/{API}/1/tests has no list of tests. Check api_url" in result["msg"]


@pytest.mark.parametrize("body", [[{"status": "success"}], [None], {}])
def test_an_answer_that_is_no_list_of_builds_fails(emulator: Emulator, run, body: Any) -> None:
    emulator.fault("body", body=body)
    result = run()
    assert result["failed"] is True
    assert "CircleCI's answer to GET" in result["msg"]


@pytest.mark.parametrize("steps", [None, {}, [None], [{"actions": None}], [{"actions": ["x"]}]])
def test_odd_steps_are_no_failed_steps(emulator: Emulator, run, steps: Any) -> None:
    emulator.fault("body", body={"build_num": 1, "status": "failed", "steps": steps})
    assert run(build_num=1)["failed_steps"] == []


@pytest.mark.parametrize(
    ("action", "has_failed"),
    [
        ({"status": "failed"}, True),
        ({"status": "timedout"}, True),
        ({"status": "infrastructure_fail"}, True),
        ({"status": "canceled"}, True),
        ({"status": "success", "failed": True}, True),
        ({"status": "success", "failed": None, "exit_code": 3}, True),
        ({"status": "success", "failed": False, "exit_code": 0}, False),
        ({"status": "running", "exit_code": None}, False),
        ({}, False),
    ],
)
def test_what_makes_a_step_a_failed_one(emulator: Emulator, run, action: dict[str, Any], has_failed: bool) -> None:
    steps = [{"actions": [{"name": "Run tests", **action}]}]
    emulator.fault("body", body={"build_num": 1, "status": "failed", "steps": steps})
    assert len(run(build_num=1, log_lines=0)["failed_steps"]) == has_failed


@pytest.mark.parametrize("place", [{}, {"step": None, "index": 0}, {"step": 4}, {"step": "4", "index": "0"}])
def test_an_output_is_not_asked_for_where_circleci_does_not_say_where_it_is(
    emulator: Emulator, run, place: dict[str, Any]
) -> None:
    emulator.clear()
    steps = [{"actions": [{"name": "Run tests", "status": "failed", "exit_code": 1, **place}]}]
    emulator.fault("body", body={"build_num": 1, "status": "failed", "steps": steps})
    result = run(build_num=1)
    assert [(step["name"], step["log_tail"]) for step in result["failed_steps"]] == [("Run tests", "")]
    assert result["warnings"] == [
        "The end of step 'Run tests' is missing in failed_steps. CircleCI does not say where it is."
    ]
    assert len(emulator.requests) == 1


def forget_sessions() -> None:
    """Let the next client start with an empty cache, as a new process does."""
    session_for.cache_clear()


@pytest.mark.parametrize("installed", [True, False])
def test_cache_control_is_honoured_if_the_library_is_there(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, installed: bool
) -> None:
    if not installed:
        real = builtins.__import__

        def without(name: str, *arguments: Any) -> Any:
            if name.startswith("cachecontrol"):
                raise ImportError(name)
            return real(name, *arguments)

        monkeypatch.setattr(builtins, "__import__", without)
    forget_sessions()
    emulator.state.switches.cache_control = "max-age=60"
    first = run(build_num=1, artifacts=True)
    again = run(build_num=1, artifacts=True)
    assert again == first
    assert len(emulator.requests) == (2 if installed else 4)
    forget_sessions()


def test_a_read_on_which_a_write_depends_always_goes_to_the_server(emulator: Emulator, run, run_module) -> None:
    forget_sessions()
    emulator.state.switches.cache_control = "max-age=60"
    run(build_num=4)
    emulator.finish(API, 4)
    result = run_module("circleci_build", project=API, state="canceled", build_num=4)
    assert (result["changed"], result["build"]["status"]) == (False, "fixed")
    forget_sessions()
