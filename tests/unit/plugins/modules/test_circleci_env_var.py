# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from ansible_collections.community.circleci.plugins.module_utils._values.masks import mask
from emulator import Emulator

API = "github/acme/api"
MODULE = "circleci_env_var"
LONG = "correct horse battery staple"


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, "name": "PASSWORD", **options})


def held(emulator: Emulator) -> dict[str, str]:
    """The variables that CircleCI holds, with their values."""
    return dict(emulator.project(API).env_vars)


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (LONG, LONG),
        ("", ""),
        ("a", "a"),
        ("Grüße, 世界 🌍", "Grüße, 世界 🌍"),
        ("one\ntwo\r\nthree\n", "one\ntwo\r\nthree\n"),
        ("  spaces  ", "  spaces  "),
        ("true", "true"),
        ('{"json": [1, 2]}', '{"json": [1, 2]}'),
        (12345678, "12345678"),
        (0, "0"),
    ],
)
def test_any_text_and_numbers_are_set_once(emulator: Emulator, run, value: object, stored: str) -> None:
    predicted = run(value=value, check_mode=True)
    assert emulator.writes == []
    real = run(value=value)
    assert predicted == real
    assert (real["changed"], real["env_var"]) == (True, {"name": "PASSWORD", "masked_value": mask(stored)})
    assert real["diff"]["before"] == {"env_vars": {}}
    assert real["diff"]["after"] == {"env_vars": {"PASSWORD": mask(stored)}}
    assert held(emulator) == {"PASSWORD": stored}
    emulator.clear()
    assert run(value=value)["changed"] is False
    assert emulator.writes == []


@pytest.mark.parametrize(
    ("value", "kind"),
    [(True, "a boolean"), (False, "a boolean"), (["a"], "a list"), ([], "a list"), ({"a": 1}, "a dictionary")],
)
def test_what_core_would_turn_into_python_text_is_refused(emulator: Emulator, run, value: object, kind: str) -> None:
    result = run(value=value)
    assert (result["failed"], emulator.requests) == (True, [])
    assert f"The value of variable PASSWORD is {kind}, not text." in result["msg"]
    assert "quotes" in result["msg"]


@pytest.mark.parametrize("value", [20.10, 1.5, 1e3])
def test_what_yaml_has_changed_is_refused(emulator: Emulator, run, value: object) -> None:
    result = run(value=value)
    assert (result["failed"], emulator.requests) == (True, [])
    assert result["msg"].startswith("The value of variable PASSWORD is a ")
    assert "Write it in quotes" in result["msg"]


@pytest.mark.parametrize("name", ["", "1ST", "A-B", "A B", "A/..", "Ä", "A\n", "../me"])
def test_names_that_no_shell_takes_are_refused(emulator: Emulator, run, name: str) -> None:
    for state in ("present", "absent"):
        result = run(name=name, value=LONG, state=state)
        assert (result["failed"], emulator.requests) == (True, [])
        assert "is not the name of an environment variable" in result["msg"]


def test_present_needs_a_value_and_every_write_a_token(emulator: Emulator, run) -> None:
    assert "value" in run()["msg"]
    assert "CIRCLE_TOKEN" in run(value=LONG, api_token=None)["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_null_is_no_value_that_is_left_out_on_purpose(emulator: Emulator, run, check_mode: bool) -> None:
    """Core takes it for given, and other modules leave such a variable alone if they are asked to."""
    result = run(null=["value"], check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.requests) == (True, False, [])
    assert "Variable PASSWORD has no value" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("entry", [{"value": "x"}, {"name": "A"}, {"name": 7, "value": "x"}, {"name": "A", "value": 7}])
def test_an_entry_that_is_no_variable_is_an_error(
    emulator: Emulator, run, entry: dict[str, object], check_mode: bool
) -> None:
    emulator.fault("body", method="GET", path="/envvar$", body=[{"name": "OTHER", "value": "xxxx"}, entry])
    result = run(value=LONG, check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI's list of variables of {API} has an entry that is none: it has no usable '" in result["msg"]


@pytest.mark.parametrize(
    ("update_value", "value", "changed"),
    [
        ("when_mask_differs", "another long value", True),
        ("when_mask_differs", "ends like a long staple", False),
        ("always", LONG, True),
        ("on_create", "another long value", False),
        ("if_present", LONG, True),
        ("if_present", "another long value", True),
    ],
)
def test_update_value_says_when_a_value_is_replaced(
    emulator: Emulator, run, update_value: str, value: str, changed: bool
) -> None:
    run(value=LONG)
    predicted = run(value=value, update_value=update_value, check_mode=True)
    emulator.clear()
    real = run(value=value, update_value=update_value)
    assert predicted == real
    assert (real["changed"], len(emulator.writes)) == (changed, int(changed))
    assert held(emulator) == {"PASSWORD": value if changed else LONG}
    # A diff shows every replacement, also by a value that looks alike.
    assert (real["diff"]["before"] != real["diff"]["after"]) is changed
    looks_alike = changed and mask(value) == mask(LONG)
    assert real["diff"]["after"] == {
        "env_vars": {"PASSWORD": mask(held(emulator)["PASSWORD"]) + " (replaced)" * looks_alike}
    }


def test_a_short_value_with_the_same_mask_is_left_alone_with_a_warning(emulator: Emulator, run) -> None:
    run(value="ab12")
    result = run(value="cd12")
    assert (result["changed"], held(emulator)) == (False, {"PASSWORD": "ab12"})
    assert any("update_value: always" in warning for warning in result["warnings"])
    assert run(value="cd12", update_value="always")["changed"] is True
    assert held(emulator) == {"PASSWORD": "cd12"}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_no_change_where_the_mask_stays_the_same(emulator: Emulator, run, when: str) -> None:
    """Nobody can tell from an equal mask that the new value was stored."""
    run(value=LONG)
    emulator.fault("drop", method="POST", when=when)
    result = run(value=f"another {LONG}", update_value="always", retries=0)
    assert result["failed"] is True
    assert "It was not sent again" in result["msg"]
    assert "Run the task again" in result["msg"] or result["hint"]
    assert run(value=f"another {LONG}", update_value="always")["changed"] is True
    assert held(emulator) == {"PASSWORD": f"another {LONG}"}


def test_a_request_that_is_lost_on_the_way_is_sent_again(emulator: Emulator, run) -> None:
    for method, options in (("POST", {"value": LONG}), ("DELETE", {"state": "absent"})):
        emulator.clear()
        emulator.fault("drop", method=method, when="before")
        assert (run(**options)["changed"], len(emulator.writes)) == (True, 2)


def test_what_somebody_else_writes_meanwhile_is_not_taken_for_a_lost_write(emulator: Emulator, run) -> None:
    run(value="another value")
    others = [{"name": "PASSWORD", "value": "xxxxelse"}]
    emulator.fault("drop", method="POST", times=None)
    emulator.fault("body", method="GET", path="/envvar", body=others, after=1, times=None)
    result = run(value=LONG, retries=0)
    assert (result["failed"], result["changed"], held(emulator)) == (True, False, {"PASSWORD": "another value"})
    assert "nothing of it is to be seen" in result["msg"]


def test_a_new_variable_is_seen_after_a_lost_answer_however_it_is_masked(emulator: Emulator, run) -> None:
    emulator.state.switches.hide_whole_values = True
    emulator.fault("drop", method="POST", when="after", times=None)
    result = run(value=LONG, retries=0)
    assert (result.get("failed"), result["changed"], held(emulator)) == (None, True, {"PASSWORD": LONG})
    assert result["env_var"]["masked_value"] == "xxxx"
    assert len(emulator.writes) == 1


def test_if_present_makes_no_variable(emulator: Emulator, run) -> None:
    predicted = run(value=LONG, update_value="if_present", check_mode=True)
    emulator.clear()
    real = run(value=LONG, update_value="if_present")
    assert predicted == real
    assert (real["changed"], real["env_var"], held(emulator)) == (False, None, {})
    assert [record.method for record in emulator.requests] == ["GET"]


KEY_FILE = '{"type": "service_account", "private_key_id": "%s", "project_id": "acme-production"}'


@pytest.mark.parametrize("encode", [str, lambda text: base64.b64encode(text.encode()).decode()])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_rotated_key_file_is_never_taken_for_unchanged_in_silence(
    emulator: Emulator, run, encode: Callable[[str], str], check_mode: bool
) -> None:
    old, new = (encode(KEY_FILE % ident) for ident in ("1a2b3c", "9x8y7z"))
    run(value=old)
    result = run(value=new, check_mode=check_mode)
    assert (result["changed"], held(emulator)) == (False, {"PASSWORD": old})
    (warning,) = result["warnings"]
    assert "whether variable PASSWORD has changed" in warning
    assert "Set update_value: always to replace" in warning
    assert run(value=new, update_value="on_create")["warnings"] == []
    assert run(value=new, update_value="always")["warnings"] == []
    assert held(emulator) == {"PASSWORD": new}


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_empty_value_is_set_with_a_warning(emulator: Emulator, run, check_mode: bool) -> None:
    """More often than not it comes from a variable that nobody has set."""
    run(value=LONG)
    (warning,) = run(value="", check_mode=check_mode)["warnings"]
    assert "The value of variable PASSWORD is empty" in warning
    run(value="")
    (other,) = run(value="")["warnings"]
    assert "fewer than 8 characters" in other


def test_a_server_that_masks_otherwise_is_pointed_out(emulator: Emulator, run) -> None:
    emulator.state.switches.hide_whole_values = True
    result = run(value=LONG)
    assert (result["changed"], result["env_var"]["masked_value"]) == (True, "xxxx")
    assert any("cannot be trusted on this server" in warning for warning in result["warnings"])


def test_absent_removes_one_variable(emulator: Emulator, run) -> None:
    run(value=LONG)
    run(value=LONG, name="OTHER")
    predicted = run(state="absent", check_mode=True)
    real = run(state="absent")
    assert predicted == real
    assert (real["changed"], real["env_var"], held(emulator)) == (True, None, {"OTHER": LONG})
    emulator.clear()
    assert run(state="absent")["changed"] is False
    assert emulator.writes == []


def test_names_are_case_sensitive(emulator: Emulator, run) -> None:
    run(value=LONG)
    assert run(value=LONG, name="password")["changed"] is True
    assert set(held(emulator)) == {"PASSWORD", "password"}


def test_no_part_of_a_value_but_its_mask_is_told(emulator: Emulator, run) -> None:
    secret = "a-secret-value-that-is-long\nsecond-secret-line"
    told = [run(value=secret), run(value=secret, update_value="always")]
    emulator.fault("status", method="POST", status=400, body={"message": f"cannot take {secret}"})
    told.append(run(value=secret, update_value="always"))
    emulator.fault("body", method="POST", status=201, body={"name": "PASSWORD", "value": secret})
    told.append(run(value=secret, update_value="always"))
    assert told[2]["failed"] is True
    for part in ("a-secret-value", "second-secret"):
        assert part not in str(told)


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, name="A", value=LONG, check_mode=True)
    assert (result["changed"], result["env_var"]) == (True, {"name": "A", "masked_value": "xxxxaple"})
    assert emulator.writes == []
