# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from emulator.world.contexts import Contexts, Restriction

MODULE = "circleci_context_info"
NAMES = ["alpha", "Bravo", "charlie", "delta", "echo"]
MAIN = 'pipeline.git.branch == "main"'


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on an organization with some contexts."""
    contexts = emulator.state.part(Contexts)
    for name in NAMES:
        context = contexts.add(emulator.state.organizations["github/acme"], name)
        contexts.put(context, "B_TOKEN", f"{name}-secret-word")
        contexts.put(context, "A_TOKEN", "other-secret-7Qfz")
        context.restrictions.append(Restriction("expression", MAIN))
    contexts.add(emulator.state.organizations["bitbucket/acme"], "elsewhere")
    return lambda **options: run_module(MODULE, **{"organization": "github/acme", **options})


def test_all_contexts_are_listed_without_what_nobody_asked_for(emulator: Emulator, run) -> None:
    result = run()
    assert (result["changed"], [each["name"] for each in result["contexts"]]) == (False, NAMES)
    assert [sorted(each) for each in result["contexts"]] == [["created_at", "id", "name", "organization"]] * 5
    assert {each["organization"] for each in result["contexts"]} == {"github/acme"}
    assert [record.path.partition("?")[0] for record in emulator.requests] == ["/api/v2/context"] * 2


@pytest.mark.parametrize(
    "wanted", [{"env_vars": True}, {"restrictions": True}, {"env_vars": True, "restrictions": True}]
)
def test_variables_and_restrictions_cost_one_request_for_each_context(
    emulator: Emulator, run, wanted: dict[str, bool]
) -> None:
    result = run(**wanted, concurrency=2)
    assert len(emulator.requests) == 2 + len(NAMES)
    assert [each["name"] for each in result["contexts"]] == NAMES
    for context in result["contexts"]:
        assert {"env_vars", "restrictions"} & context.keys() == wanted.keys()
    first = result["contexts"][0]
    if "env_vars" in wanted:
        assert [(each["name"], each["masked_value"]) for each in first["env_vars"]] == [
            ("A_TOKEN", "7Qfz"),
            ("B_TOKEN", "word"),
        ]
        assert all(each["created_at"] and each["updated_at"] for each in first["env_vars"])
    if "restrictions" in wanted:
        assert [(each["type"], each["name"]) for each in first["restrictions"]] == [
            ("group", "All members"),
            ("expression", MAIN),
        ]
    assert "secret" not in str(result)


def test_one_context_is_found_by_its_name(emulator: Emulator, run) -> None:
    (context,) = run(name="Bravo", env_vars=True)["contexts"]
    assert (context["name"], len(context["env_vars"]), len(emulator.requests)) == ("Bravo", 2, 2)
    assert run(name="bravo", env_vars=True)["contexts"] == []


def test_older_servers_show_less(emulator: Emulator, run) -> None:
    emulator.switch(server="4.9", bare_contexts=True, omit_truncated_value=True, omit_updated_at=True)
    uuid = emulator.state.organizations["github/acme"].id
    result = run(organization=uuid, env_vars=True, restrictions=True)
    assert [each["name"] for each in result["contexts"]] == NAMES
    (variable, _other) = result["contexts"][0]["env_vars"]
    assert (variable["masked_value"], variable["updated_at"]) == (None, None)
    assert result["contexts"][0]["organization"] == uuid


@pytest.mark.parametrize(("full", "about"), [(["Bravo"], "Bravo"), (NAMES, "alpha and 4 others")])
def test_contexts_of_which_only_a_first_page_is_to_be_had_are_named(
    emulator: Emulator, run, full: list[str], about: str
) -> None:
    contexts = emulator.state.part(Contexts)
    for name in full:
        context = contexts.named("github/acme", name)
        context.variables |= {f"V{number}": context.variables["A_TOKEN"] for number in range(98)}
    emulator.switch(bare_contexts=True)
    assert run()["warnings"] == []
    (warning,) = run(env_vars=True)["warnings"]
    assert warning.startswith(f"Context {about}: CircleCI lists only the first 100 variables of this context.")


def test_a_context_that_cannot_be_read_is_named(emulator: Emulator, run) -> None:
    broken = emulator.state.part(Contexts).named("github/acme", "charlie")
    emulator.fault("status", path=broken.id, status=403, body={"message": "Forbidden"})
    result = run(env_vars=True)
    assert (result["failed"], result["status"]) == (True, 403)
    assert result["msg"].startswith("Context charlie of github/acme: ")


@pytest.mark.parametrize(
    "body",
    [{}, {"items": None}, {"items": [None]}, {"items": [{"id": 1, "name": "x"}]}, {"items": [{"id": "x"}]}, []],
)
def test_an_odd_list_is_refused(emulator: Emulator, run, body: Any) -> None:
    emulator.fault("body", path="/context", body=body)
    result = run()
    assert (result["failed"], "api_url" in result["msg"]) == (True, True)
    assert "Contexts of github/acme: " in result["msg"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"id": "another", "environment_variables": [], "restrictions": []}, "it is about something else"),
        ({"environment_variables": [{"variable": 1}]}, "it has no usable 'variable'"),
        ({"environment_variables": [None]}, "an object was expected"),
        ({"environment_variables": [], "restrictions": [{"id": "x"}]}, "it has no usable 'restriction_type'"),
        ({"environment_variables": None, "restrictions": []}, "a list is missing"),
    ],
)
def test_odd_contents_are_refused(emulator: Emulator, run, more: dict[str, Any], words: str) -> None:
    context = emulator.state.part(Contexts).named("github/acme", "alpha")
    emulator.fault("body", path=f"{context.id}$", body={"id": context.id, "name": "alpha", **more})
    emulator.fault("body", path="/environment-variable", body={"items": "none"})
    result = run(name="alpha", env_vars=True)
    assert (result["failed"], "api_url" in result["msg"]) == (True, True)
    assert result["msg"].startswith("Context alpha of github/acme: CircleCI's answer to GET /api/v2/context/")
    assert f" cannot be used: {words}" in result["msg"]


@pytest.mark.parametrize("items", [None, 7, {}, "none"])
def test_a_list_of_variables_that_is_none_is_refused(emulator: Emulator, run, items: Any) -> None:
    emulator.switch(bare_contexts=True)
    emulator.fault("body", path="/environment-variable", body={"items": items})
    result = run(name="alpha", env_vars=True)
    assert (result["failed"], "a list is missing. Check api_url" in result["msg"]) == (True, True)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_taken_for_an_account_of_a_server(emulator: Emulator, run, status: int) -> None:
    """Only who is known by a uuid may be one, and only where there is no such organization."""
    emulator.fault("status", path="/context", status=status, body={"message": "no"})
    result = run(organization=emulator.state.organizations["github/acme"].id)
    assert (result["failed"], result["status"], len(emulator.requests)) == (True, status, 1)


def test_an_empty_organization_has_no_contexts(emulator: Emulator, run) -> None:
    other = emulator.state.add_organization("github/other")
    assert run(organization="github/other", env_vars=True)["contexts"] == []
    assert run(organization=other.id)["contexts"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [({"concurrency": 0}, "concurrency"), ({"concurrency": 33}, "concurrency"), ({"api_token": None}, "CIRCLE_TOKEN")],
)
def test_mistakes_are_found_before_the_first_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    result = run(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert words in result["msg"]


@pytest.mark.parametrize("name", ["", " ", "alpha\n"])
def test_what_cannot_be_a_name_is_not_that_of_a_context_that_is_not_there(emulator: Emulator, run, name: str) -> None:
    result = run(name=name)
    assert (result["failed"], emulator.requests) == (True, [])
    assert "is not the name of a context" in result["msg"]
