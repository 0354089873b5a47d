# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""White space at the ends of secrets: mostly a mistake, so it is told once wherever one is taken, and never shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator import Emulator
from emulator.world.contexts import Contexts
from emulator.world.webhooks import Webhooks
from tests.unit.conftest import Query, ReadInventory

API, WEB = "github/acme/api", "github/acme/web"
SECRET = "heather-pebble-17"
ENDS = ["{}\n", " {}", "\t{}", "{}\r\n", "{}\u00a0"]
WORDS = "white space"
Run = Callable[..., dict[str, Any]]

VARIABLE: dict[str, Any] = {"name": "PASSWORD"}
URL = "https://deploy.acme.example/circleci"
WEBHOOK: dict[str, Any] = {"name": "deploys", "url": URL, "events": ["workflow-completed"]}


def env_var(value: str) -> dict[str, Any]:
    return {"module": "circleci_env_var", "project": API, **VARIABLE, "value": value}


def context(value: str) -> dict[str, Any]:
    variables = [{**VARIABLE, "value": value}]
    return {"module": "circleci_context", "organization": "github/acme", "name": "deploy", "env_vars": variables}


def projects(value: str) -> dict[str, Any]:
    variables = [{**VARIABLE, "value": value}]
    described = [{"project": slug, "env_vars": variables} for slug in (API, WEB)]
    return {"module": "circleci_projects", "projects": described}


def webhook(value: str) -> dict[str, Any]:
    return {"module": "circleci_webhook", "project": API, **WEBHOOK, "signing_secret": value}


def webhooks(value: str) -> dict[str, Any]:
    described = [{"project": API, "webhooks": [{**WEBHOOK, "signing_secret": value}]}]
    return {"module": "circleci_projects", "projects": described}


def heroku_key(value: str) -> dict[str, Any]:
    return {"module": "circleci_heroku_key", "api_key": value}


KEPT: dict[str, Callable[[str], dict[str, Any]]] = {
    "env_var": env_var,
    "context": context,
    "projects": projects,
    "webhook": webhook,
    "webhooks": webhooks,
}
NAMED = {
    "env_var": "PASSWORD",
    "context": "PASSWORD",
    "projects": "PASSWORD",
    "webhook": "deploys",
    "webhooks": "deploys",
}


@pytest.fixture
def followed(emulator: Emulator) -> Emulator:
    for slug in (API, WEB):
        emulator.follow(slug)
    return emulator


def played(run_module: Run, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return run_module(options["module"], **{name: value for name, value in options.items() if name != "module"}, **more)


def stored(emulator: Emulator, way: str) -> str:
    """The secret as CircleCI has it."""
    if way == "context":
        return emulator.state.part(Contexts).named("github/acme", "deploy").variables["PASSWORD"].value
    project = emulator.project(API)
    if way.startswith("webhook"):
        (found,) = emulator.state.part(Webhooks).of(project)
        return found.secret
    return project.env_vars["PASSWORD"]


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("way", KEPT)
def test_it_is_kept_with_one_warning(followed: Emulator, run_module: Run, way: str, ends: str) -> None:
    value = ends.format(SECRET)
    predicted = played(run_module, KEPT[way](value), check_mode=True)
    result = played(run_module, KEPT[way](value))
    for warnings in (predicted["warnings"], result["warnings"]):
        (warning,) = warnings
        assert f"{NAMED[way]} begins or ends with white space, which is kept" in warning
        assert SECRET not in warning
    assert stored(followed, way) == value


@pytest.mark.parametrize("way", KEPT)
@pytest.mark.parametrize("value", [SECRET, "heather  pebble\n17"])
def test_within_a_value_it_is_nothing_special(followed: Emulator, run_module: Run, way: str, value: str) -> None:
    assert played(run_module, KEPT[way](value))["warnings"] == []


@pytest.mark.parametrize("way", KEPT)
def test_what_is_not_sent_is_not_warned_of(followed: Emulator, run_module: Run, way: str) -> None:
    played(run_module, KEPT[way](f"{SECRET}\n"))
    warnings = played(run_module, KEPT[way](f"{SECRET}\n"))["warnings"]
    assert not any(WORDS in warning for warning in warnings)


def test_many_variables_make_one_warning(followed: Emulator, run_module: Run) -> None:
    variables = [{"name": f"PASSWORD_{number}", "value": f"{SECRET}{number}\n"} for number in range(7)]
    result = run_module("circleci_context", organization="github/acme", name="deploy", env_vars=variables)
    (warning,) = result["warnings"]
    assert "7 values begin or end with white space" in warning
    assert "PASSWORD_0, PASSWORD_1, PASSWORD_2, PASSWORD_3, PASSWORD_4 and 2 more" in warning
    assert SECRET not in warning


@pytest.mark.parametrize(
    ("value", "words"),
    [("", "The value of variable BLANK is empty."), (" ", "The value of variable BLANK begins or ends with white")],
)
def test_a_value_of_white_space_is_not_empty(followed: Emulator, run_module: Run, value: str, words: str) -> None:
    (warning,) = run_module("circleci_env_var", project=API, name="BLANK", value=value)["warnings"]
    assert warning.startswith(words)
    assert followed.project(API).env_vars["BLANK"] == value


@pytest.mark.parametrize("ends", ENDS)
def test_a_heroku_key_is_sent_without_it(emulator: Emulator, run_module: Run, ends: str) -> None:
    (warning,) = played(run_module, heroku_key(ends.format(SECRET)))["warnings"]
    assert warning.startswith("api_key begins or ends with white space, which is left out")
    assert SECRET not in warning
    assert emulator.state.users["emulator"].heroku_key == SECRET


@pytest.mark.parametrize("ends", ENDS)
def test_a_token_is_sent_without_it(followed: Emulator, run_module: Run, ends: str) -> None:
    token = ends.format(followed.token)
    (warning,) = run_module("circleci_user_info", api_token=token)["warnings"]
    assert warning.startswith("The API token begins or ends with white space, which is left out")
    assert followed.token not in warning
    assert {record.headers["Circle-Token"] for record in followed.requests} == {followed.token}


def test_lookup_and_inventory_say_it_too(followed: Emulator, query: Query, read_inventory: ReadInventory) -> None:
    query(API, api_token=f"{followed.token}\n")
    read_inventory(api_token=f" {followed.token}", vcs_type="github")
    assert len(read_inventory.warned) == 2
    for warning in read_inventory.warned:
        assert warning.startswith("The API token begins or ends with white space")
        assert followed.token not in warning
