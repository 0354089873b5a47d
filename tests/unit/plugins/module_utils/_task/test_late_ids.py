# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An id that is given and empty is known after the run, in every module that has one, and never anything else."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import LATE_IDS, take_empty_ids
from emulator import Emulator
from tests.unit.promises import documented
from tests.unit.results import failed

PACKAGE = "ansible_collections.community.circleci.plugins.modules"
PLUGINS = Path(__file__).parents[5] / "plugins"
NAMES = sorted(path.stem for path in (PLUGINS / "modules").glob("circleci_*.py"))
MODULES = {name: importlib.import_module(f"{PACKAGE}.{name}") for name in NAMES}
CASES = [(name, id_) for name, module in MODULES.items() for id_ in LATE_IDS if id_ in module.ARGUMENT_SPEC]
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "circleci_artifacts": [{"dest": "/nowhere"}],
    "circleci_build": [{"state": state} for state in ("triggered", "retried", "canceled")],
    "circleci_pipeline": [{"state": state} for state in ("triggered", "succeeded", "canceled")],
    "circleci_workflow": [{"state": state} for state in ("approved", "rerun", "canceled")],
}


@pytest.mark.parametrize("empty", [None, "", " \n"])
def test_empty_ids_are_taken_for_null(empty: str | None) -> None:
    options: dict[str, dict[str, Any]] = {
        "build_num": {"type": "int", "aliases": ["number"]},
        "branch": {"type": "str"},
    }
    for spelling in ("build_num", "number"):
        given = {spelling: empty, "branch": ""}
        assert take_empty_ids(options, given) == ["build_num"]
        assert given == {spelling: None, "branch": ""}
    assert take_empty_ids(options, {"branch": None}) == []
    assert take_empty_ids(options, {"build_num": 0, "workflow_id": None}) == []


def test_there_are_such_modules() -> None:
    assert {id_ for _name, id_ in CASES} == {"pipeline_id", "pipeline_number", "workflow_id", "build_num"}
    assert {name for name, _id in CASES} >= OPTIONS.keys() | {"circleci_build_info", "circleci_build_ssh_user"}


@pytest.mark.parametrize(("name", "id_"), CASES)
def test_every_module_with_such_an_id_predicts_without_it(
    emulator: Emulator, run_module: Any, name: str, id_: str
) -> None:
    for options in OPTIONS.get(name, [{}]):
        given = {"project": "github/acme/api", id_: "", **options}
        predicted = run_module(name, check_mode=True, **given)
        assert "failed" not in predicted, predicted
        assert any(f"{id_} is known after the run only" in warning for warning in predicted["warnings"])
        acts = not name.endswith("_info") and options.get("state") != "succeeded"
        assert predicted["changed"] is acts
        of_successes = {key for key, value in documented(name).items() if not value["returned"].startswith("failure")}
        assert of_successes
        assert of_successes <= predicted.keys() | {"project"}
        real = run_module(name, **given)
        assert real["failed"] is True
        assert f"{id_} is given, but empty" in real["msg"]
        assert emulator.requests == []


@pytest.mark.parametrize(
    ("name", "options", "empty"),
    [
        ("circleci_pipeline", {"state": "canceled"}, "branch"),
        ("circleci_workflow", {"state": "canceled", "workflow": "build"}, "branch"),
        ("circleci_checkout_key", {"state": "absent"}, "fingerprint"),
    ],
)
def test_a_prediction_without_what_is_named_needs_a_token_like_any_other(
    emulator: Emulator, run_module: Any, name: str, options: dict[str, Any], empty: str
) -> None:
    given = {"project": "github/acme/api", **options}
    predicted = run_module(name, check_mode=True, null=[empty], **given)
    assert (predicted.get("failed"), predicted["changed"]) == (None, True)
    assert any(f"{empty} is known after the run only" in warning for warning in predicted["warnings"])
    for check_mode in (True, False):
        failed(run_module(name, check_mode=check_mode, null=[empty], api_token=None, **given), "No API token was given")
    failed(run_module(name, null=[empty], **given), f"{empty} is given, but empty")
    assert emulator.requests == []
