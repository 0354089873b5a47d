# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that makes something ends when CircleCI lists it: else the task of the next host would make it once more."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.world.contexts import Contexts
from emulator.world.schedules import Schedules
from emulator.world.triggers import Triggers
from emulator.world.webhooks import Webhooks
from tests.unit.conftest import TOKEN

API = "github/acme/api"
APP = "circleci/acme-apps/mobile-app"
WEBHOOK = {"name": "deploys", "url": "https://deploy.acme.example/", "events": ["job-completed"]}
SCHEDULE = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
CONTEXT = {"organization": "github/acme", "name": "deploy"}


@dataclass(frozen=True)
class Kind:
    """Something that a module makes.

    :param path: of the list in which the next task looks for it
    :param count: how many there are
    :param what: what it is called
    """

    module: str
    options: dict[str, Any]
    path: str
    count: Callable[[Emulator], int]
    what: str


KINDS = {
    "checkout key": Kind(
        "circleci_checkout_key",
        {"project": API, "type": "user-key"},
        "/checkout-key$",
        lambda e: sum(key.type == "github-user-key" for key in e.project(API).checkout_keys),
        "checkout key SHA256:",
    ),
    "token": Kind(
        "circleci_project_token",
        {"project": API, "label": "badge"},
        "/token$",
        lambda e: sum(token.label == "badge" for token in e.state.tokens.values()),
        f"a token badge of {API}",
    ),
    "webhook": Kind(
        "circleci_webhook",
        {"project": API, **WEBHOOK},
        "/webhook",
        lambda e: len(e.state.part(Webhooks).all),
        f"webhook deploys of {API}",
    ),
    "schedule": Kind(
        "circleci_schedule",
        {"project": API, **SCHEDULE},
        "/schedule$",
        lambda e: len(e.state.part(Schedules).all),
        f"schedule nightly of {API}",
    ),
    "schedule of an App": Kind(
        "circleci_schedule",
        {"project": APP, **SCHEDULE},
        "/triggers$",
        lambda e: len(e.state.part(Triggers).all),
        f"schedule nightly of {APP}",
    ),
    "context": Kind(
        "circleci_context",
        CONTEXT,
        r"/context\?",
        lambda e: len(e.state.part(Contexts).known),
        "context deploy of github/acme",
    ),
    "restriction": Kind(
        "circleci_context",
        {**CONTEXT, "restrictions": [{"project": API}]},
        "/context/[^/]+$",
        lambda e: sum(
            each.kind == "project" for each in e.state.part(Contexts).named("github/acme", "deploy").restrictions
        ),
        "restrictions of context deploy of github/acme",
    ),
    "webhook of many": Kind(
        "circleci_projects",
        {"projects": [{"project": API, "webhooks": [WEBHOOK]}]},
        "/webhook",
        lambda e: len(e.state.part(Webhooks).all),
        f"webhook deploys of {API}",
    ),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, emulator: Emulator, run_module) -> Kind:
    emulator.state.machine.set_progress("manual")
    emulator.add_repository(APP)
    for slug in (API, APP):
        emulator.follow(slug)
    if request.param == "restriction":
        assert run_module("circleci_context", **CONTEXT)["changed"] is True
    emulator.clear()
    return KINDS[request.param]


def looks(emulator: Emulator, kind: Kind) -> list[str]:
    """The looks at the list, by their paths."""
    return [record.path for record in emulator.requests if record.method == "GET" and re.search(kind.path, record.path)]


def lag(emulator: Emulator, run_module, kind: Kind, times: int | None) -> None:
    """Let the list be as it is now for some looks after the first one."""
    assert run_module(kind.module, check_mode=True, **kind.options)["changed"] is True
    (path,) = looks(emulator, kind)
    answer = requests.get(
        f"{emulator.url}{path}", headers={"Circle-Token": TOKEN, "Accept": "application/json"}, timeout=9
    )
    emulator.clear()
    emulator.fault("body", method="GET", path=kind.path, body=answer.json(), after=1, times=times)


def test_a_task_ends_when_what_it_made_is_listed(emulator: Emulator, run_module, kind: Kind) -> None:
    lag(emulator, run_module, kind, 3)
    result = run_module(kind.module, **kind.options)
    assert (result.get("failed"), result["changed"], result["warnings"]) == (None, True, [])
    assert len(looks(emulator, kind)) == 5
    again = run_module(kind.module, **kind.options)
    assert (again["changed"], len(emulator.writes), kind.count(emulator)) == (False, 1, 1)


def test_what_is_never_listed_is_warned_of(emulator: Emulator, run_module, kind: Kind) -> None:
    lag(emulator, run_module, kind, None)
    result = run_module(kind.module, **kind.options)
    assert (result.get("failed"), result["changed"]) == (None, True)
    (warning,) = result["warnings"]
    assert f"CircleCI made {kind.what}" in warning
    assert warning.endswith("later it does not list it. The next task may make it once more.")
