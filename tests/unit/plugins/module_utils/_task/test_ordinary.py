# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modules as core runs them on a host: arguments as JSON, the result as JSON on stdout, and an exit status."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.parameters import PASS_VARS

from ansible_collections.community.circleci.plugins.module_utils._task import run as run_file
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import HIDDEN
from emulator import Emulator
from tests.unit.conftest import MODULES, as_given
from tests.unit.results import failed

API = "github/acme/api"
VARIABLE = {"project": API, "name": "COLOUR", "value": "heather-pebble-17"}
Json = dict[str, Any]
Ordinary = Callable[..., Json]


@pytest.fixture
def ordinary(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Ordinary:
    """Run a module and return its result, with what core is warned of. The exit status says whether it failed."""
    told: list[str] = []
    # In the controller's process some cores would show them.
    monkeypatch.setattr(AnsibleModule, "warn", lambda _self, text: told.append(text))
    monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)

    def run(module: str, /, *, core: Json | None = None, null: Sequence[str] = (), **options: Any) -> Json:
        """:param core: what core gives besides the options"""
        given = as_given({"api_url": emulator.url, "api_token": emulator.token, **options}, null)
        given |= {f"_ansible_{name}": value for name, value in (core or {}).items()}
        given["_ansible_remote_tmp"] = str(tmp_path)
        if "inject_invocation" in PASS_VARS:
            given["_ansible_inject_invocation"] = True
        told.clear()
        monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
        with pytest.raises(SystemExit) as ended:
            importlib.import_module(f"{MODULES}.{module}").main()
        result: Json = json.loads(capsys.readouterr().out)
        assert ended.value.code == (1 if result.get("failed") else 0)
        return {key: value for key, value in result.items() if not key.startswith("_ansible")} | {"warnings": told[:]}

    return run


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("diff", [True, False])
def test_a_result_is_that_of_the_controllers_process(
    emulator: Emulator, ordinary: Ordinary, run_module: Any, check_mode: bool, diff: bool
) -> None:
    emulator.follow(API)
    there = ordinary("circleci_env_var", core={"check_mode": check_mode, "diff": diff}, **VARIABLE)
    assert len(emulator.writes) == (not check_mode)
    emulator.project(API).env_vars.clear()
    here = run_module("circleci_env_var", check_mode=check_mode, diff=diff, **VARIABLE)
    arguments = there.pop("invocation")["module_args"]
    assert there == here
    assert there["changed"] is True
    assert {name: arguments[name] for name in (*VARIABLE, "api_token")} == {
        **VARIABLE,
        "value": HIDDEN,
        "api_token": HIDDEN,
    }


def test_options_inside_of_others_are_shown_without_secrets(ordinary: Ordinary) -> None:
    variables = [{"name": "COLOUR", "value": "heather-pebble-17"}]
    given: Json = {"projects": [{"project": API, "env_vars": variables}], "defaults": {"env_vars": variables}}
    shown = ordinary("circleci_projects", core={"check_mode": True}, **given)["invocation"]["module_args"]
    for options in (shown["projects"][0], shown["defaults"]):
        assert (options["env_vars"][0]["name"], options["env_vars"][0]["value"]) == ("COLOUR", HIDDEN)


@pytest.mark.parametrize("value", ["github/acme", API, "True", "env_var"])
def test_what_only_looks_like_a_secret_is_left_in_the_result(
    emulator: Emulator, ordinary: Ordinary, value: str
) -> None:
    """Core would put a mask there."""
    emulator.follow(API)
    result = ordinary("circleci_env_var", project=API, name="PLACE", value=value)
    assert (result["changed"], result["project"], result["added"][0]["kind"]) == (True, API, "env_var")


def test_a_failure_has_its_exit_status_and_its_words(emulator: Emulator, ordinary: Ordinary) -> None:
    emulator.fault("status", method="POST", status=403, body={"message": "Permission denied"})
    result = ordinary("circleci_project_follow", project=API)
    failed(result, "answered 403")
    assert (result["changed"], result["status"], result["project"]) == (False, 403, API)
    assert result["invocation"]["module_args"]["project"] == API


def test_warnings_are_told_to_core(emulator: Emulator, ordinary: Ordinary) -> None:
    emulator.follow(API)
    (warning,) = ordinary("circleci_env_var", project=API, name="EMPTY", value="")["warnings"]
    assert "The value of variable EMPTY is empty." in warning


@pytest.mark.parametrize(("verbosity", "no_log", "lines"), [(3, False, 1), (4, False, 1), (2, False, 0), (3, True, 0)])
def test_requests_are_handed_over_to_those_who_ask(
    ordinary: Ordinary, verbosity: int, no_log: bool, lines: int
) -> None:
    result = ordinary("circleci_user_info", core={"verbosity": verbosity, "no_log": no_log})
    assert [line.partition(" after ")[0] for line in result.get("traced", ())] == ["GET me: 200"] * lines
    assert ("traced" in result) is bool(lines)


def test_a_host_without_the_libraries_says_so(
    emulator: Emulator, ordinary: Ordinary, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(run_file._IMPORTS, "requests", ModuleNotFoundError("requests"))
    result = ordinary("circleci_user_info")
    failed(result, "lacks the Python library requests")
    assert (result["missing_libraries"], emulator.requests) == (["requests"], [])
    looked = ordinary("circleci_artifacts_info", dest=str(tmp_path / "x"), api_url=None, api_token=None)
    assert (looked["changed"], looked["files"]) == (False, [])


@pytest.mark.parametrize(
    ("module", "options", "empty"),
    [
        ("circleci_build_ssh_user", {}, "build_num"),  # required
        ("circleci_workflow", {"state": "canceled", "workflow": "build"}, "workflow_id"),  # one of two is required
        ("circleci_workflow", {"state": "approved"}, "workflow_id"),  # with which another one is required
        ("circleci_workflow", {"state": "canceled", "workflow": "build", "project": None}, "workflow_id"),
        ("circleci_pipeline", {"state": "canceled", "pipeline_number": 5}, "pipeline_id"),  # which exclude each other
    ],
)
def test_an_id_that_is_not_known_yet_is_predicted(
    emulator: Emulator, ordinary: Ordinary, module: str, options: Json, empty: str
) -> None:
    given = {"project": API, **options}
    for how in ({empty: ""}, {"null": [empty]}):
        predicted = ordinary(module, core={"check_mode": True}, **given, **how)
        assert (predicted.get("failed"), predicted["changed"]) == (None, True)
        assert f"{empty} is known after the run only" in str(predicted["warnings"])
        failed(ordinary(module, **given, **how), f"{empty} is given, but empty")
    assert emulator.requests == []


def test_mistakes_are_told_by_core(emulator: Emulator, ordinary: Ordinary) -> None:
    failed(ordinary("circleci_env_var", project=API, name="A", valu="x"), "valu")
    failed(ordinary("circleci_ssh_key", project=API, private_key="no-key", private_key_path="y"), "mutually exclusive")
    assert emulator.requests == []


def test_null_is_told_from_what_was_left_out(emulator: Emulator, ordinary: Ordinary) -> None:
    failed(ordinary("circleci_checkout_key", project=API, state="absent", null=["fingerprint"]), "given, but empty")
    assert emulator.requests == []
