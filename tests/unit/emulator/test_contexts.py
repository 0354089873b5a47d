# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contexts with all their quirks: api-v2-provisioning.md §1 and §8."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import PROJECT_TOKEN, Emulator
from emulator.world.contexts import ALL_MEMBERS, Context, Contexts, is_expression
from emulator.world.state import APP_ORGANIZATION

from .conftest import Send

pytestmark = pytest.mark.once

ORGANIZATION = "github/acme"
NOBODY = "00000000-0000-4000-8000-000000000000"
FORBIDDEN = (403, {"message": "Forbidden"})


@pytest.fixture
def contexts(emulator: Emulator) -> Contexts:
    return emulator.state.part(Contexts)


@pytest.fixture
def context(emulator: Emulator, contexts: Contexts) -> Context:
    return contexts.add(emulator.state.organizations[ORGANIZATION], "deploy")


@pytest.fixture
def ask(send: Send):
    """Send a request and return the status and what the answer says."""

    def ask(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        answer = send(method, f"/api/v2/context{path}", json=body, **options)
        return answer.status_code, answer.json() if "json" in answer.headers["Content-Type"] else answer.text

    return ask


def owner(emulator: Emulator, slug: str = ORGANIZATION) -> str:
    return emulator.state.organizations[slug].id


@pytest.mark.parametrize(
    ("method", "below"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/environment-variable"),
        ("PUT", "/environment-variable/A"),
        ("DELETE", "/environment-variable/A"),
        ("GET", "/restrictions"),
        ("POST", "/restrictions"),
        ("DELETE", f"/restrictions/{NOBODY}"),
    ],
)
def test_what_is_gone_is_forbidden_before_anything_else_is_looked_at(
    context: Context, ask, method: str, below: str
) -> None:
    body: Any = None if method == "GET" else {}
    assert ask(method, f"/{NOBODY}{below}", body) == FORBIDDEN
    assert ask(method, f"/{context.id}{below}", body, token=PROJECT_TOKEN) == FORBIDDEN


def test_there_are_no_other_routes(context: Context, ask) -> None:
    assert ask("GET", f"/{context.id}/environment-variable/A") == (404, "404 page not found")
    assert ask("PATCH", f"/{context.id}", {"name": "x"}) == (404, "404 page not found")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "must specify either owner-slug or owner-id"),
        ("?owner-slug=gh/acme&owner-type=account", "Invalid owner type - only organization is supported at present"),
    ],
)
def test_a_list_needs_an_owner(ask, query: str, message: str) -> None:
    assert ask("GET", query) == (400, {"message": message})


def test_an_unknown_owner_has_no_list(ask) -> None:
    status, answer = ask("GET", "?owner-slug=gh/nobody")
    assert (status, answer["message"][:42]) == (404, "The requested owner does not exist or you ")


def test_lists_are_by_name_in_pages_and_of_one_owner(emulator: Emulator, contexts: Contexts, ask) -> None:
    for name in ("delta", "Bravo", "alpha", "Charlie"):
        contexts.add(emulator.state.organizations[ORGANIZATION], name)
    contexts.add(emulator.state.organizations["bitbucket/acme"], "other")
    _status, first = ask("GET", "?owner-slug=gh/acme")
    _status, last = ask("GET", f"?owner-id={owner(emulator)}&page-token={first['next_page_token']}")
    names = [item["name"] for item in first["items"] + last["items"]]
    assert (names, last["next_page_token"]) == (["alpha", "Bravo", "Charlie", "delta"], None)
    assert [item["name"] for item in ask("GET", "?owner-slug=gh/acme&name=LPH")[1]["items"]] == ["alpha"]


def test_on_server_the_owner_is_an_account_with_an_id(emulator: Emulator, context: Context, ask) -> None:
    emulator.switch(server="4.9")
    assert ask("GET", "?owner-slug=gh/acme&owner-type=account")[0] == 400
    assert ask("GET", f"?owner-id={owner(emulator)}")[0] == 400
    status, answer = ask("GET", f"?owner-id={owner(emulator)}&owner-type=account")
    assert (status, [item["name"] for item in answer["items"]]) == (200, ["deploy"])


@pytest.mark.parametrize(("switches", "status"), [({}, 400), ({"duplicate_context_409": True}, 409)])
def test_a_name_is_taken_once(
    emulator: Emulator, context: Context, ask, switches: dict[str, bool], status: int
) -> None:
    emulator.switch(**switches)
    body = {"name": "deploy", "owner": {"slug": "gh/acme", "type": "organization"}}
    assert ask("POST", "", body) == (status, {"message": "A context already exists with this name"})
    assert ask("POST", "", {**body, "name": "Deploy"})[0] == 200
    emulator.switch(case_blind_contexts=True)
    assert ask("POST", "", {**body, "name": "DEPLOY"})[0] == status


@pytest.mark.parametrize("name", ["", " ", "a ", " a", "a\nb", "x" * 201, None, 7])
def test_names_that_no_context_can_have(ask, name: object) -> None:
    assert ask("POST", "", {"name": name, "owner": {"slug": "gh/acme", "type": "organization"}})[0] == 400


def test_a_new_context_is_for_all_members(emulator: Emulator, ask) -> None:
    made = ask("POST", "", {"name": "x", "owner": {"id": owner(emulator), "type": "organization"}})[1]
    group = {
        "context_id": made["id"],
        "id": owner(emulator),
        "name": ALL_MEMBERS,
        "restriction_type": "group",
        "restriction_value": owner(emulator),
    }
    assert ask("GET", f"/{made['id']}")[1] == {
        **made,
        "org_id": owner(emulator),
        "environment_variables": [],
        "restrictions": [group],
    }
    assert ask("DELETE", f"/{made['id']}/restrictions/{owner(emulator)}")[0] == 200
    assert ask("GET", f"/{made['id']}/restrictions")[1] == {"items": []}
    for _again in range(2):
        status, _answer = ask("POST", f"/{made['id']}/restrictions", _restriction("group", owner(emulator)))
        assert status == 201
    assert ask("GET", f"/{made['id']}/restrictions")[1] == {"items": [group]}


@pytest.mark.parametrize(
    ("value", "tail"), [("ABCDEFGHIJKL", "IJKL"), ("FOOBAR", "BAR"), ("WXYZ", "YZ"), ("FOO", "O"), ("F", ""), ("", "")]
)
def test_of_a_value_the_end_is_shown(context: Context, ask, value: str, tail: str) -> None:
    assert "truncated_value" not in ask("PUT", f"/{context.id}/environment-variable/A", {"value": value})[1]
    (listed,) = ask("GET", f"/{context.id}")[1]["environment_variables"]
    assert listed["truncated_value"] == tail


def test_a_variable_keeps_when_it_was_made(emulator: Emulator, context: Context, ask) -> None:
    first = ask("PUT", f"/{context.id}/environment-variable/A", {"value": "same"})[1]
    emulator.pass_time(60)
    second = ask("PUT", f"/{context.id}/environment-variable/A", {"value": "same"})[1]
    assert first["created_at"] == first["updated_at"] == second["created_at"] < second["updated_at"]


def test_only_the_value_is_read(context: Context, ask) -> None:
    path = f"/{context.id}/environment-variable/A"
    assert ask("PUT", path, {"value": "sesame", "other": 1})[0] == 200
    assert ask("PUT", path, {}) == (400, {"message": "Invalid body."})
    assert context.variables["A"].value == "sesame"
    assert ask("PUT", path, {"val": "x"})[0] == 200
    assert context.variables["A"].value == ""


def test_there_are_a_hundred_variables_at_most_but_for_a_race(contexts: Contexts, context: Context, ask) -> None:
    for number in range(100):
        contexts.put(context, f"V{number}", "x")
    refused = (400, {"message": "Cannot create more than 100 environment variables per context"})
    assert ask("PUT", f"/{context.id}/environment-variable/NEW", {"value": "x"}) == refused
    assert ask("PUT", f"/{context.id}/environment-variable/V7", {"value": "y"})[0] == 200
    context.variables |= {f"W{number}": context.variables["V0"] for number in range(9)}
    _status, listed = ask("GET", f"/{context.id}/environment-variable")
    _status, again = ask("GET", f"/{context.id}/environment-variable?page-token={listed['next_page_token']}")
    assert (len(listed["items"]), again) == (100, listed)
    assert len(ask("GET", f"/{context.id}")[1]["environment_variables"]) == 109


@pytest.mark.parametrize("name", ["1A", "A-B", "x" * 301])
def test_names_that_no_variable_can_have(context: Context, ask, name: str) -> None:
    assert ask("PUT", f"/{context.id}/environment-variable/{name}", {"value": "x"})[0] == 400


@pytest.mark.parametrize(("switched", "status"), [(False, 200), (True, 404)])
def test_nobody_knows_what_deleting_nothing_answers(
    emulator: Emulator, context: Context, ask, switched: bool, status: int
) -> None:
    emulator.switch(absent_context_variable_404=switched)
    assert ask("DELETE", f"/{context.id}/environment-variable/A")[0] == status
    assert ask("DELETE", f"/{context.id}/restrictions/{NOBODY}") == (404, {"message": "restriction not found"})


def test_older_servers_show_less(emulator: Emulator, contexts: Contexts, context: Context, ask) -> None:
    contexts.put(context, "A", "sesame")
    emulator.switch(omit_truncated_value=True, omit_updated_at=True)
    assert ask("GET", f"/{context.id}")[1]["environment_variables"][0].keys() == {"variable", "created_at"}
    emulator.switch(bare_contexts=True)
    assert ask("GET", f"/{context.id}")[1].keys() == {"id", "name", "created_at"}


@pytest.mark.parametrize(
    ("slug", "kind", "value", "message"),
    [
        (ORGANIZATION, "group", NOBODY, "Invalid restriction."),
        (APP_ORGANIZATION, "group", NOBODY, "This is only supported for OAuth orgs."),
        (ORGANIZATION, "expression", "pipeline.git.branch main", "Invalid argument."),
        (ORGANIZATION, "project", "gh/acme/api", "Invalid restriction."),
        (ORGANIZATION, "project", NOBODY, "Invalid restriction."),
        (ORGANIZATION, "colour", "red", "Invalid body."),
    ],
)
def test_restrictions_that_are_refused(
    emulator: Emulator, contexts: Contexts, ask, slug: str, kind: str, value: str, message: str
) -> None:
    context = contexts.add(emulator.state.organizations[slug], "deploy")
    refused = (400, {"message": message})
    assert ask("POST", f"/{context.id}/restrictions", _restriction(kind, value)) == refused


@pytest.mark.parametrize(("switch", "status", "count"), [("conflict", 409, 1), ("same", 201, 1), ("another", 201, 2)])
def test_nobody_knows_what_a_repeated_restriction_answers(
    emulator: Emulator, context: Context, ask, switch: str, status: int, count: int
) -> None:
    emulator.switch(repeated_restriction=switch)
    body = _restriction("expression", 'pipeline.git.branch == "main"')
    assert ask("POST", f"/{context.id}/restrictions", body)[0] == 201
    assert ask("POST", f"/{context.id}/restrictions", body)[0] == status
    assert len(context.restrictions) == 1 + count


def test_a_project_that_nobody_knows_may_be_taken(emulator: Emulator, context: Context, ask) -> None:
    emulator.switch(any_project_restriction=True)
    assert ask("POST", f"/{context.id}/restrictions", _restriction("project", NOBODY))[0] == 201


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ('pipeline.git.branch == "main"', True),
        ("job.ssh.enabled", True),
        ("not job.ssh.enabled and (pipeline.number >= 7 or pipeline.git.tag starts-with 'v1')", True),
        ("no.such.name != 1", True),
        ("", False),
        ("main main", False),
        ('pipeline.git.branch = "main', False),
        ("(job.ssh.enabled", False),
        ("job.ssh.enabled && true", False),
        ("pipeline.parameters.deploy", False),
    ],
)
def test_expressions_are_read(text: str, taken: bool) -> None:
    assert is_expression(text) is taken


def test_the_control_interface_shows_contexts(emulator: Emulator, contexts: Contexts, context: Context) -> None:
    contexts.put(context, "A", "sesame")
    (shown,) = requests.get(f"{emulator.url}/_emulator/state", timeout=10).json()["contexts"]
    assert (shown["name"], shown["env_vars"]["A"]["value"]) == ("deploy", "sesame")
    assert [each["name"] for each in shown["restrictions"]] == [ALL_MEMBERS]
    assert contexts.named("gh/acme", "deploy") is context
    with pytest.raises(KeyError):
        contexts.named("gh/acme", "Deploy")


def _restriction(kind: str, value: str) -> dict[str, str]:
    return {"restriction_type": kind, "restriction_value": value}
