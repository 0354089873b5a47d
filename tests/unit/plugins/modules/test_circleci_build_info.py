# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import builtins
import json
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.session import session_for
from emulator import PROJECT_TOKEN, Emulator

API = "github/acme/api"
MODULE = "circleci_build_info"


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
        ({"branch": ""}, "cannot be part of a path"),
        ({"build_num": -1}, "build_num must be 1 or more"),
    ],
)
def test_contradictions_are_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    result = run(**options)
    assert words in result["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize("body", [{"message": "x"}, [], None, {"build_num": "1", "status": "success"}, "<html>"])
def test_an_answer_that_is_no_build_fails(emulator: Emulator, run, body: Any) -> None:
    emulator.fault("body", body=body)
    result = run(build_num=1)
    assert result["failed"] is True
    assert "CircleCI's answer to GET" in result["msg"]


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
