# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from emulator import Emulator

API = "github/acme/api"
MODULE = "circleci_project_follow"


def paths(records) -> list[str]:
    return [f"{record.method} {record.path.split('/api/v1.1/')[-1]}" for record in records]


def test_a_new_project_is_followed_and_set_up(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API)
    assert result["changed"] is True
    assert result["following"] is True
    assert result["project"] == API
    assert result["first_build"]["why"] == "first-build"
    assert result["diff"]["before"] == {"following": False}
    assert result["diff"]["after"] == {"following": True}
    assert paths(emulator.writes) == [f"POST project/{API}/follow"]


def test_the_first_build_is_the_same_in_brief_for_one_and_for_many(emulator: Emulator, run_module) -> None:
    one = run_module(MODULE, project=API)["first_build"]
    emulator.reset()
    [many] = run_module("circleci_projects", projects=[{"project": API, "following": True}])["projects"]
    assert one.keys() == many["first_build"].keys()
    assert len(one) == 12
    assert (one["build_num"], one["branch"]) == (many["first_build"]["build_num"], "main")


def test_a_second_run_reads_once_and_writes_nothing(emulator: Emulator, run_module) -> None:
    run_module(MODULE, project=API)
    emulator.clear()
    result = run_module(MODULE, project="gh/acme/api")
    assert (result["changed"], result["following"], result["first_build"]) == (False, True, None)
    assert paths(emulator.requests) == [f"GET project/{API}/settings?skip-branches=true"]


@pytest.mark.parametrize("spelled", ["following", "followed"])
@pytest.mark.parametrize(("state", "following"), [("present", True), ("absent", False)])
def test_settings_say_in_either_spelling_whether_it_is_followed(
    emulator: Emulator, run_module, state: str, following: bool, spelled: str
) -> None:
    """Until 2018 the field had another name."""
    emulator.fault("body", path="/settings", body={spelled: following})
    result = run_module(MODULE, project=API, state=state)
    assert (result["changed"], result["following"], emulator.writes) == (False, following, [])


@pytest.mark.parametrize("spelled", ["following", "followed"])
@pytest.mark.parametrize("said", [None, "true", 1])
def test_settings_that_do_not_say_whether_it_is_followed_are_an_error(
    emulator: Emulator, run_module, spelled: str, said: object
) -> None:
    emulator.fault("body", path="/settings", body={spelled: said})
    result = run_module(MODULE, project=API)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI's settings of {API} do not say whether it is followed. Check api_url" in result["msg"]
    assert result["path"] == "/api/v1.1/project/github/acme/api/settings"


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("followed", [True, False])
@pytest.mark.parametrize("set_up", [True, False])
def test_check_mode_says_what_the_run_does_and_writes_nothing(
    emulator: Emulator, run_module, state: str, followed: bool, set_up: bool
) -> None:
    if set_up:
        run_module(MODULE, project=API)
        if not followed:
            run_module(MODULE, project=API, state="absent")
    emulator.clear()
    predicted = run_module(MODULE, project=API, state=state, check_mode=True)
    assert emulator.writes == []
    real = run_module(MODULE, project=API, state=state)
    assert predicted["first_build"] is None
    for key in ("changed", "diff", "following", "project", "warnings"):
        assert predicted[key] == real[key]
    assert set(predicted) == set(real)


def test_the_last_follower_leaves(emulator: Emulator, run_module) -> None:
    run_module(MODULE, project=API)
    result = run_module(MODULE, project=API, state="absent")
    assert (result["changed"], result["following"]) == (True, False)
    again = run_module(MODULE, project=API, state="absent")
    assert again["changed"] is False


def test_unfollowing_what_circleci_does_not_know_changes_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, state="absent")
    assert (result["changed"], result["following"]) == (False, False)
    assert emulator.writes == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_old_spelling_of_the_answers_is_understood(emulator: Emulator, run_module, state: str) -> None:
    asked = []
    for old_spelling in (False, True):
        emulator.reset()
        emulator.state.switches.followed_spelling = old_spelling
        if state == "absent":
            emulator.follow(API)
        result = run_module(MODULE, project=API, state=state)
        assert (result["changed"], result["following"]) == (True, state == "present")
        asked.append(paths(emulator.requests))
    # What is not understood would be looked into by more requests.
    assert asked[0] == asked[1]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_repository_that_does_not_exist_fails(emulator: Emulator, run_module, check_mode: bool) -> None:
    result = run_module(MODULE, project="github/acme/nothing", check_mode=check_mode)
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 404)
    assert result["error"] == "Not Found"
    assert result["project"] == "github/acme/nothing"
    assert "github/acme/nothing" in result["msg"]
    assert "does not exist, or is not visible" in result["hint"]
    assert [record.method for record in emulator.requests] == ["GET"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("token", ["wrong-token-wrong-token", "emulator-project-token"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_token_that_is_none_of_a_person_fails(
    emulator: Emulator, run_module, token: str, check_mode: bool, state: str
) -> None:
    """To CircleCI such a project is unknown, so unfollowing it would seem to have nothing to do."""
    result = run_module(MODULE, project=API, api_token=token, check_mode=check_mode, state=state)
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 401)
    assert result["error"] == "You must log in first."
    assert "personal API token" in result["hint"]
    assert token not in str(result)
    assert emulator.writes == []


def test_a_project_token_cannot_follow_a_project_that_is_set_up(emulator: Emulator, run_module) -> None:
    emulator.follow(API)
    for check_mode in (True, False):
        result = run_module(MODULE, project=API, api_token="emulator-project-token", check_mode=check_mode)
        assert (result["failed"], result["status"]) == (True, 401)
    assert emulator.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_without_a_token_nothing_is_asked(emulator: Emulator, run_module, check_mode: bool) -> None:
    result = run_module(MODULE, project=API, api_token=None, check_mode=check_mode)
    assert result["failed"] is True
    assert "CIRCLE_TOKEN" in result["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"project": "acme/api"}, "Write github/acme/api"),
        ({"project": "https://github.com/acme/api"}, "Write github/acme/api"),
        ({"project": "api"}, "set organization"),
        ({"project": API, "organization": "other"}, "contradicts organization"),
        ({"project": API, "vcs_type": "bb"}, "contradicts vcs_type"),
        ({"project": API, "api_url": "ftp://example.org"}, "not a valid http"),
        ({"project": API, "api_url": "https://me:pw12345@circleci.com"}, "must not contain a user"),
        ({"project": API, "api_url": "https://circleci.com/api/v2"}, "must not choose an API"),
        ({"project": API, "ca_path": "/nowhere/ca.pem"}, "does not exist"),
        ({"project": API, "timeout": 0}, "above 0"),
        ({"project": API, "timeout": "nan"}, "above 0"),
        ({"project": API, "retries": -1}, "must not be negative"),
        ({"project": API, "retry_budget": -1}, "0 or more"),
        ({"project": API, "api_token": "two\nlines-in-a-token"}, "no token of CircleCI has"),
        ({"project": API, "api_token": "with späces"}, "no token of CircleCI has"),
        ({"project": API, "state": "followed"}, "value of state must be one of"),
    ],
)
def test_what_can_be_seen_before_never_reaches_the_api(emulator: Emulator, run_module, options, words: str) -> None:
    result = run_module(MODULE, **options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert "pw12345" not in str(result)
    assert "two" not in result["msg"]
    assert emulator.requests == []


def test_surrounding_white_space_of_a_token_is_not_sent(emulator: Emulator, run_module) -> None:
    assert run_module(MODULE, project=API, api_token="emulator-personal-token\n")["following"] is True


@pytest.mark.parametrize(("status", "words"), [(403, "run the task again"), (422, "surplus webhooks")])
def test_what_github_refuses_is_unwrapped(emulator: Emulator, run_module, status: int, words: str) -> None:
    emulator.state.switches.follow_error = status
    result = run_module(MODULE, project=API)
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert not result["error"].startswith("{")
    assert words.lower() in result["msg"].lower()


@pytest.mark.parametrize(
    ("state", "accepted", "said"),
    [("present", "following", "not followed"), ("absent", "unfollowing", "still followed")],
)
def test_an_answer_that_says_yes_without_effect_fails(
    emulator: Emulator, run_module, state: str, accepted: str, said: str
) -> None:
    if state == "absent":
        emulator.follow(API)
    answer = {"following": state == "present", "workflow": False, "first_build": None}
    emulator.fault("body", method="POST", path="follow", body=answer)
    result = run_module(MODULE, project=API, state=state)
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"accepted {accepted} {API}, but" in result["msg"]
    assert f"still say that it is {said}." in result["msg"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_settled_by_reading(emulator: Emulator, run_module, state: str, when: str) -> None:
    emulator.follow(API)
    if state == "present":
        emulator.state.unfollow(emulator.project(API), emulator.state.users["emulator"])
    emulator.fault("drop", method="POST", when=when, times=None)
    result = run_module(MODULE, project=API, state=state, retries=0)
    assert (result.get("failed"), result["changed"]) == ((True, False) if when == "before" else (None, True))
    assert len(emulator.writes) == 1
    assert ("nothing of it is to be seen" in result.get("msg", "")) is (when == "before")


def test_a_request_that_is_lost_on_the_way_is_sent_again(emulator: Emulator, run_module) -> None:
    for state, following in (("present", True), ("absent", False)):
        emulator.clear()
        emulator.fault("drop", method="POST", when="before")
        result = run_module(MODULE, project=API, state=state)
        assert (result.get("failed"), result["changed"], result["following"]) == (None, True, following)
        assert len(emulator.writes) == 2


def test_a_500_on_following_again_is_settled_by_reading(emulator: Emulator, run_module) -> None:
    emulator.fault("status", method="POST", status=500, body={"message": "An internal server error occurred."},
                   when="after", times=None)  # fmt: skip
    result = run_module(MODULE, project=API, retries=0)
    assert (result["changed"], result["following"]) == (True, True)
    assert len(emulator.writes) == 1
