# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from emulator import PROJECT_TOKEN, Emulator

API = "github/acme/api"
MODULE = "circleci_build_ssh_user"


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a followed project with one build that another person may log in to."""
    project = emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    emulator.state.machine.set_progress("manual")
    emulator.state.add_token("another-token", login="octocat")
    build = emulator.state.machine.trigger(project, None, why="github", branch="main")
    build.ssh_users.append(emulator.state.users["octocat"])
    return lambda **options: run_module(MODULE, **{"project": API, "build_num": 1, **options})


def test_the_user_is_added_once(emulator: Emulator, run) -> None:
    result = run()
    assert result["changed"] is True
    assert result["ssh_users"] == [{"login": "octocat", "type": "github"}, {"login": "emulator", "type": "github"}]
    assert result["diff"]["before"] == {"ssh_users": ["octocat"]}
    assert result["diff"]["after"] == {"ssh_users": ["octocat", "emulator"]}
    again = run()
    assert (again["changed"], again["ssh_users"]) == (False, result["ssh_users"])
    assert len(emulator.writes) == 1


def test_check_mode_says_what_the_run_does_and_writes_nothing(emulator: Emulator, run) -> None:
    predicted = run(check_mode=True)
    assert emulator.writes == []
    assert predicted["ssh_users"][1] == {"login": "emulator", "type": None}
    real = run()
    assert (predicted["changed"], predicted["diff"]) == (real["changed"], real["diff"])
    assert run(check_mode=True) == run()


def test_a_lost_answer_is_resolved_by_looking(emulator: Emulator, run) -> None:
    emulator.fault("drop", method="POST", when="after")
    result = run()
    assert (result["changed"], len(result["ssh_users"])) == (True, 2)
    assert len(emulator.writes) == 1


def test_a_server_that_does_not_add_anybody_is_not_believed(emulator: Emulator, run) -> None:
    emulator.fault("body", method="POST", body={"build_num": 1, "status": "running", "ssh_users": []})
    result = run()
    assert (result["failed"], result["changed"]) == (True, True)
    assert "does not list emulator" in result["msg"]
    assert "Retry the build with SSH" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_missing_build_and_a_project_token_fail(emulator: Emulator, run, check_mode: bool) -> None:
    assert "build_num must be 1 or more" in run(build_num=0, check_mode=check_mode)["msg"]
    assert f"{API} has no build 5" in run(build_num=5, check_mode=check_mode)["msg"]
    result = run(api_token=PROJECT_TOKEN, check_mode=check_mode)
    assert (result["failed"], result["status"]) == (True, 401)
    assert "give a personal API token" in result["msg"]
    assert "No API token" in run(api_token=None, check_mode=check_mode)["msg"]
    assert emulator.writes == []
