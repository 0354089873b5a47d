# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings, webhooks, schedules and triggers with their quirks: api-v2-provisioning.md §2 to §4 and §8."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from emulator.world.definitions import Definitions
from emulator.world.model import Project
from emulator.world.schedules import SYSTEM_ID
from emulator.world.triggers import Triggers
from emulator.world.webhooks import Webhooks

from .conftest import Send

pytestmark = pytest.mark.once

SETTINGS = "/api/v2/project/gh/acme/api/settings"
FORKS = "forks_receive_secret_env_vars"
BRANCHES = "pr_only_branch_overrides"


@pytest.fixture
def app(emulator: Emulator) -> Project:
    """The project of the App's organization."""
    return next(project for project in emulator.state.projects.values() if project.is_app)


def advanced(send: Send, changes: dict[str, Any], path: str = SETTINGS) -> dict[str, Any]:
    found: dict[str, Any] = send("PATCH", path, json={"advanced": changes}).json()["advanced"]
    return found


# --- settings --------------------------------------------------------------------------------------------------------


def test_both_apis_show_the_same_flags(followed: Emulator, send: Send) -> None:
    assert advanced(send, {"build_prs_only": True})["build_prs_only"] is True
    assert send("GET", "settings").json()["feature_flags"]["build-prs-only"] is True
    send("PUT", "settings", json={"feature_flags": {"build-prs-only": False}})
    assert send("GET", SETTINGS).json()["advanced"]["build_prs_only"] is False


def test_secrets_go_to_forks_of_private_projects_only(emulator: Emulator, send: Send) -> None:
    for slug, oss in (("github/acme/web", True), ("github/acme/api", False)):
        emulator.add_repository(slug, oss=oss)
        emulator.follow(slug)
        path = f"/api/v2/project/{slug}/settings"
        assert send("GET", path).json()["advanced"][FORKS] is not oss


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"advanced": {"cheese": True}}, "Unexpected field 'advanced.cheese'."),
        ({"advanced": {"disable_ssh": 1}}, "Field 'advanced.disable_ssh' should be 'boolean', but was 'number'."),
        ({"advanced": {BRANCHES: "main"}}, f"Field 'advanced.{BRANCHES}' should be 'array', but was 'string'."),
        ({"advanced": {BRANCHES: ["b"] * 101}}, f"Field '{BRANCHES}' only supports up to 100 branches."),
    ],
)
def test_a_field_that_is_wrong_refuses_the_whole_request(
    followed: Emulator, send: Send, body: dict[str, Any], message: str
) -> None:
    body["advanced"]["autocancel_builds"] = True
    answer = send("PATCH", SETTINGS, json=body)
    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert send("GET", SETTINGS).json()["advanced"]["autocancel_builds"] is False


def test_branches_come_back_in_another_order_and_are_never_emptied(followed: Emulator, send: Send) -> None:
    assert advanced(send, {BRANCHES: ["main", "a", "b"]})[BRANCHES] == ["b", "a", "main"]
    assert advanced(send, {BRANCHES: []})[BRANCHES] == ["b", "a", "main"]


def test_the_rest_of_what_is_refused_of_an_app_is_stored(send: Send, app: Project) -> None:
    path = f"/api/v2/project/{app.slug}/settings"
    advanced(send, {FORKS: False}, path)
    answer = send("PATCH", path, json={"advanced": {"disable_ssh": True, FORKS: True}})
    assert answer.status_code == 403
    stored = send("GET", path).json()["advanced"]
    assert (stored["disable_ssh"], stored[FORKS]) == (True, False)


def test_settings_need_the_right_to_change_them(followed: Emulator, send: Send) -> None:
    followed.add_repository("github/acme/api", scopes=["read-settings"])
    assert send("PATCH", SETTINGS, json={"advanced": {"disable_ssh": True}}).status_code == 403
    assert send("GET", SETTINGS).json()["advanced"]["disable_ssh"] is False


# --- webhooks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hook(followed: Emulator, send: Send):
    """Make a webhook, and return its answer."""
    scope = {"id": followed.project("github/acme/api").id, "type": "project"}

    def hook(**fields: Any) -> Any:
        body = {"name": "a", "url": "https://example.org/", "events": ["workflow-completed"], "scope": scope, **fields}
        return send("POST", "/api/v2/webhook", json={name: value for name, value in body.items() if value is not None})

    return hook


@pytest.mark.parametrize(
    ("fields", "verify", "secret"),
    [
        ({}, False, None),
        ({"verify-tls": True, "signing-secret": "s"}, True, "****"),
        ({"verify_tls": True, "signing_secret": "s"}, False, None),
        ({"verify-tls": True, "cheese": 1}, True, None),
    ],
)
def test_only_hyphens_are_read_and_only_underscores_answered(
    hook, fields: dict[str, Any], verify: bool, secret: str | None
) -> None:
    answer = hook(**fields)
    assert (answer.status_code, answer.json()["verify_tls"]) == (201, verify)
    assert answer.json().get("signing_secret") == secret
    assert not {"verify-tls", "signing-secret"} & answer.json().keys()


def test_events_come_back_in_another_order(hook, send: Send) -> None:
    both = ["workflow-completed", "job-completed"]
    made = hook(events=both).json()
    assert made["events"] == both[::-1]
    assert send("PUT", f"/api/v2/webhook/{made['id']}", json={"events": both[::-1]}).json()["events"] == both


@pytest.mark.parametrize("left_out", ["name", "url", "events", "scope"])
def test_four_fields_are_required(hook, left_out: str) -> None:
    assert hook(**{left_out: None}).json() == {"message": "Invalid request body."}


@pytest.mark.parametrize(
    "fields", [{"events": ["push"]}, {"events": []}, {"url": "http://example.org/"}, {"verify-tls": "yes"}]
)
def test_a_webhook_with_a_wrong_field_is_refused(followed: Emulator, hook, fields: dict[str, Any]) -> None:
    assert hook(**fields).status_code == 400
    assert followed.state.part(Webhooks).all == {}


@pytest.mark.parametrize("keeps", [False, True])
def test_a_change_keeps_what_it_does_not_name(followed: Emulator, hook, send: Send, keeps: bool) -> None:
    followed.switch(keep_webhook_secrets=keeps)
    made = hook(**{"verify-tls": True, "signing-secret": "s"}).json()
    path = f"/api/v2/webhook/{made['id']}"
    scope = {"id": "00000000-0000-4000-8000-000000000000", "type": "project"}
    changed = send("PUT", path, json={"name": "b", "scope": scope}).json()
    assert changed == {**made, "name": "b", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] != made["updated_at"]
    assert ("signing_secret" in send("PUT", path, json={"signing-secret": ""}).json()) is keeps


def test_a_project_has_five_webhooks_at_most(followed: Emulator, hook) -> None:
    assert [hook(name=f"w{number}").status_code for number in range(6)] == [201] * 5 + [400]
    followed.switch(webhook_limit=10)
    assert hook().status_code == 201


def test_who_is_no_administrator_learns_nothing_of_a_webhook(followed: Emulator, hook, send: Send) -> None:
    path = f"/api/v2/webhook/{hook().json()['id']}"
    followed.add_repository("github/acme/api", admin=False)
    for method in ("GET", "PUT", "DELETE"):
        answer = send(method, path)
        assert (answer.status_code, "required permission" in answer.json()["message"]) == (403, True)


# --- schedules and triggers ------------------------------------------------------------------------------------------


def schedule(send: Send, **timetable: Any) -> Any:
    given = {"per-hour": 1, "hours-of-day": [1, 2], "days-of-week": ["MON", "SUN"], **timetable}
    body = {
        "name": "a",
        "attribution-actor": "system",
        "parameters": {"branch": "main"},
        "timetable": {name: value for name, value in given.items() if value is not None},
    }
    return send("POST", "/api/v2/project/gh/acme/api/schedule", json=body)


def test_lists_of_a_timetable_come_back_in_another_order(followed: Emulator, send: Send) -> None:
    made = schedule(send).json()
    assert made["timetable"] == {"per-hour": 1, "hours-of-day": [2, 1], "days-of-week": ["SUN", "MON"]}
    assert made["actor"] == {"id": SYSTEM_ID, "login": "system-actor", "name": "Scheduled"}


@pytest.mark.parametrize(
    "timetable",
    [
        {"days-of-month": [1]},
        {"days-of-week": None},
        {"hours-of-day": [24]},
        {"hours-of-day": None},
        {"per-hour": 0},
        {"per-hour": True},
        {"days-of-week": ["mon"]},
        {"months": []},
    ],
)
def test_a_timetable_that_is_none_is_refused(followed: Emulator, send: Send, timetable: dict[str, Any]) -> None:
    assert schedule(send, **timetable).status_code == 400


def test_projects_of_apps_have_triggers_in_place_of_schedules(emulator: Emulator, send: Send, app: Project) -> None:
    path = f"/api/v2/projects/{app.id}/pipeline-definitions"
    (definition,) = send("GET", path).json()["items"]
    body = {"event_source": {"provider": "webhook", "webhook": {"sender": "x"}}, "event_name": "a",
            "checkout_ref": "main", "config_ref": "main"}  # fmt: skip
    made = send("POST", f"{path}/{definition['id']}/triggers", json=body).json()
    (listed,) = send("GET", f"{path}/{definition['id']}/triggers").json()["items"]
    # The secret of its address is told once.
    assert "secret=**REDACTED**" in listed["event_source"]["webhook"]["url"]
    assert "REDACTED" not in made["event_source"]["webhook"]["url"]
    assert ("created_at" in made, "created_at" in listed) == (False, True)
    assert send("GET", f"/api/v2/project/{app.slug}/schedule").status_code == 404


def test_a_server_has_no_definitions(emulator: Emulator, send: Send, app: Project) -> None:
    emulator.switch(server="4.9")
    assert send("GET", f"/api/v2/projects/{app.id}/pipeline-definitions").status_code == 404


def test_a_trigger_is_one_of_its_project(followed: Emulator, send: Send, app: Project) -> None:
    (definition,) = followed.state.part(Definitions).of(app)
    other = followed.project("github/acme/api")
    source = {"provider": "schedule", "schedule": {"cron_expression": "0 2 * * *", "attribution_actor": SYSTEM_ID}}
    options: dict[str, Any] = {"event_name": "a", "checkout_ref": "main", "config_ref": "main"}
    trigger = followed.state.part(Triggers).add(app, definition, event_source=source, **options)
    assert send("DELETE", f"/api/v2/projects/{other.id}/triggers/{trigger.id}").status_code == 404
    assert send("DELETE", f"/api/v2/projects/{app.id}/triggers/{trigger.id}").status_code == 200


def test_the_control_interface_shows_them(followed: Emulator, hook, send: Send, app: Project) -> None:
    hook(**{"signing-secret": "s"})
    schedule(send)
    (definition,) = followed.state.part(Definitions).of(app)
    options: dict[str, Any] = {"event_name": "a", "checkout_ref": "main", "config_ref": "main"}
    followed.state.part(Triggers).add(app, definition, event_source={"provider": "webhook", "webhook": {}}, **options)
    views = send("GET", "/_emulator/state").json()["projects"]
    assert views["github/acme/api"]["webhooks"][0]["secret"] == "s"
    assert views["github/acme/api"]["schedules"][0]["actor"] == "system"
    assert [each["definition"] for each in views[app.slug]["triggers"]] == ["mobile"]
