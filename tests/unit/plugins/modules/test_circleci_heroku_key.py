# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from emulator import Emulator

KEY = "01234567-89ab-cdef-0123-456789abcdef"
OTHER = "01234567-89ab-cdef-0123-456789abc000"
MODULE = "circleci_heroku_key"


def held(emulator: Emulator) -> str | None:
    return emulator.state.users["emulator"].heroku_key


def test_the_key_is_set_once(emulator: Emulator, run_module) -> None:
    predicted = run_module(MODULE, api_key=KEY, check_mode=True)
    assert emulator.writes == []
    real = run_module(MODULE, api_key=KEY)
    assert predicted == real
    assert (real["changed"], held(emulator)) == (True, KEY)
    assert real["diff"]["before"] == {"heroku_api_key": None}
    assert real["diff"]["after"] == {"heroku_api_key": "xxxxcdef"}
    emulator.clear()
    assert run_module(MODULE, api_key=KEY)["changed"] is False
    assert emulator.writes == []
    assert KEY not in str([predicted, real])


@pytest.mark.parametrize(("key", "mask"), [("abcd", "xxxx"), ("abcde", "xxxxbcde")])
def test_no_key_is_shown_whole_however_short(emulator: Emulator, run_module, key: str, mask: str) -> None:
    assert run_module(MODULE, api_key=key, check_mode=True)["diff"]["after"] == {"heroku_api_key": mask}


@pytest.mark.parametrize(
    ("update_value", "key", "changed"),
    [("when_mask_differs", OTHER, True), ("always", KEY, True), ("on_create", OTHER, False)],
)
def test_update_value_says_when_it_is_replaced(
    emulator: Emulator, run_module, update_value: str, key: str, changed: bool
) -> None:
    run_module(MODULE, api_key=KEY)
    result = run_module(MODULE, api_key=key, update_value=update_value)
    assert (result["changed"], held(emulator)) == (changed, key if changed else KEY)


@pytest.mark.parametrize("update_value", ["when_mask_differs", "always", "on_create"])
def test_the_first_key_is_set_whatever_is_to_become_of_later_ones(
    emulator: Emulator, run_module, update_value: str
) -> None:
    result = run_module(MODULE, api_key=KEY, update_value=update_value)
    assert (result["added"], result["updated"], held(emulator)) == ([{"kind": "heroku_key"}], [], KEY)


@pytest.mark.parametrize("status", [503, 520])
@pytest.mark.parametrize(("when", "failed"), [("after", None), ("before", True)])
def test_a_lost_answer_is_resolved_by_looking(
    emulator: Emulator, run_module, status: int, when: str, failed: bool | None
) -> None:
    emulator.fault("status", method="POST", status=status, when=when, times=None)
    result = run_module(MODULE, api_key=KEY, retries=0)
    assert (result.get("failed"), result["changed"], held(emulator)) == (failed, not failed, None if failed else KEY)
    assert len(emulator.writes) == 1


def test_a_lost_answer_about_a_key_that_looks_the_same_stays_in_doubt(emulator: Emulator, run_module) -> None:
    run_module(MODULE, api_key=KEY)
    emulator.fault("drop", method="POST", when="after", times=None)
    result = run_module(MODULE, api_key=KEY, update_value="always", retries=0)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "nothing of it is to be seen" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_key_that_looks_like_the_one_it_replaces_is_marked_in_the_diff(
    emulator: Emulator, run_module, check_mode: bool
) -> None:
    run_module(MODULE, api_key=KEY)
    result = run_module(MODULE, api_key=KEY, update_value="always", check_mode=check_mode)
    assert (result["changed"], result["updated"]) == (True, [{"kind": "heroku_key"}])
    assert result["diff"]["before"] == {"heroku_api_key": "xxxxcdef"}
    assert result["diff"]["after"] == {"heroku_api_key": "xxxxcdef (replaced)"}


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_key_whose_mask_tells_nothing_is_left_alone_with_a_warning(
    emulator: Emulator, run_module, check_mode: bool
) -> None:
    run_module(MODULE, api_key="one-ab12 cd34")
    result = run_module(MODULE, api_key="two-ab12 cd34", check_mode=check_mode)
    assert (result["changed"], held(emulator)) == (False, "one-ab12 cd34")
    (warning,) = result["warnings"]
    assert "whether the Heroku key has changed" in warning
    assert "update_value: always" in warning
    assert run_module(MODULE, api_key="two-ab12 cd34", update_value="on_create")["warnings"] == []


def test_an_empty_key_and_a_missing_token_reach_no_server(emulator: Emulator, run_module) -> None:
    empty = run_module(MODULE, api_key=" ")
    assert ("api_key is empty" in empty["msg"], empty["warnings"]) == (True, [])
    tokenless = run_module(MODULE, api_key=f"{KEY}\n", api_token=None)
    assert ("CIRCLE_TOKEN" in tokenless["msg"], len(tokenless["warnings"])) == (True, 1)
    assert emulator.requests == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_project_token_has_no_user(emulator: Emulator, run_module, check_mode: bool) -> None:
    result = run_module(MODULE, api_key=KEY, api_token="emulator-project-token", check_mode=check_mode)
    assert (result["failed"], result["status"], emulator.writes) == (True, 401, [])


def test_a_server_that_repeats_the_key_gives_nothing_away(emulator: Emulator, run_module) -> None:
    emulator.fault("status", method="POST", status=400, body={"message": f"bad key {KEY}"})
    result = run_module(MODULE, api_key=KEY)
    assert (result["failed"], result["changed"]) == (True, False)
    assert KEY not in str(result)
