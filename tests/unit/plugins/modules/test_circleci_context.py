# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.world.contexts import Context, Contexts, Restriction
from emulator.world.model import Organization
from emulator.world.state import APP_ORGANIZATION, APP_PROJECT
from tests.unit.predicting import differences

MODULE = "circleci_context"
ORGANIZATION = "github/acme"
API, WEB = "github/acme/api", "github/acme/web"
NAME = "deploy"
MAIN = 'pipeline.git.branch == "main"'
LONG = "a-long-secret-word-7Qfz"
OTHER = "another-secret-word-9xKe"
TEAM = "8d7c6b5a-4938-4271-8605-f4e3d2c1b0a9"
KEY_FILE = '{"type": "service_account", "private_key_id": "%s", "project_id": "acme-production"}'


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a context of an organization whose projects are followed."""
    for slug in (API, WEB):
        emulator.add_repository(slug, has_config=False)
        emulator.follow(slug)
    emulator.clear()
    return lambda **options: run_module(MODULE, **{"organization": ORGANIZATION, "name": NAME, **options})


@pytest.fixture
def contexts(emulator: Emulator) -> Contexts:
    return emulator.state.part(Contexts)


def owner(emulator: Emulator, slug: str = ORGANIZATION) -> Organization:
    return emulator.state.organizations[slug]


def make(
    emulator: Emulator, slug: str = ORGANIZATION, *restrictions: tuple[str, str], name: str = NAME, **variables: str
) -> Context:
    """Make a context, without a request."""
    contexts = emulator.state.part(Contexts)
    context = contexts.add(owner(emulator, slug), name)
    context.restrictions += [Restriction(kind, value) for kind, value in restrictions]
    for variable, value in variables.items():
        contexts.put(context, variable, value)
    return context


def held(emulator: Emulator, name: str = NAME) -> dict[str, str]:
    """The variables of the context, with their values."""
    context = emulator.state.part(Contexts).named(ORGANIZATION, name)
    return {variable: each.value for variable, each in context.variables.items()}


def restricted(emulator: Emulator, slug: str = ORGANIZATION) -> list[tuple[str, str]]:
    context = emulator.state.part(Contexts).named(slug, NAME)
    return [(each.kind, each.value) for each in context.restrictions]


def variable(name: str = "TOKEN", value: Any = LONG, **options: Any) -> dict[str, Any]:
    return {"name": name, "value": value, **options}


def asked(emulator: Emulator) -> list[str]:
    """The requests: methods, and paths without the prefix and the ids of contexts."""
    ids = {context.id: context.name for context in emulator.state.part(Contexts).known.values()}
    found = []
    for record in emulator.requests:
        path = record.path.removeprefix("/api/").partition("?")[0]
        for ident, name in ids.items():
            path = path.replace(ident, name)
        found.append(f"{record.method} {path}")
    return found


EVERYTHING: dict[str, Any] = {
    "env_vars": [variable(), variable("REGION", "eu-central-1")],
    "env_vars_exclusive": True,
    "restrictions": [{"project": API}, {"expression": MAIN}],
    "restrictions_exclusive": True,
}


# --- what comes of it -----------------------------------------------------------------------------------------------


def test_a_context_is_made_once(emulator: Emulator, run) -> None:
    predicted = run(**EVERYTHING, check_mode=True)
    assert emulator.writes == []
    emulator.clear()
    real = run(**EVERYTHING)
    assert differences(predicted, real) == []
    project = emulator.project(API).id
    assert (real["changed"], real["warnings"]) == (True, [])
    assert held(emulator) == {"TOKEN": LONG, "REGION": "eu-central-1"}
    assert restricted(emulator) == [("group", owner(emulator).id), ("project", project), ("expression", MAIN)]
    assert (real["context"]["name"], real["context"]["organization"]) == (NAME, ORGANIZATION)
    assert real["context"]["created_at"].startswith("20")
    assert [(each["name"], each["masked_value"]) for each in real["env_vars"]] == [
        ("REGION", "al-1"),
        ("TOKEN", "7Qfz"),
    ]
    assert all(each["created_at"] and each["updated_at"] for each in real["env_vars"])
    assert [(each["type"], each["value"], each["name"]) for each in real["restrictions"]] == [
        ("group", owner(emulator).id, "All members"),
        ("project", project, "api"),
        ("expression", MAIN, MAIN),
    ]
    assert [each["kind"] for each in real["added"]] == ["context", "restriction", "restriction", "env_var", "env_var"]
    assert real["removed"] == real["updated"] == []
    emulator.clear()
    again = run(**EVERYTHING)
    assert (again["changed"], emulator.writes) == (False, [])
    assert again["diff"]["before"] == again["diff"]["after"]


def test_in_a_new_context_no_variable_is_written_before_its_restrictions(emulator: Emulator, run) -> None:
    run(**EVERYTHING, all_members="absent")
    assert asked(emulator) == [
        "GET v2/context",
        "GET v2/project/gh/acme/api",
        "POST v2/context",
        "GET v2/context",
        "GET v2/context/deploy",
        "POST v2/context/deploy/restrictions",
        "POST v2/context/deploy/restrictions",
        f"DELETE v2/context/deploy/restrictions/{owner(emulator).id}",
        "PUT v2/context/deploy/environment-variable/TOKEN",
        "PUT v2/context/deploy/environment-variable/REGION",
        "GET v2/context/deploy",
        "GET v2/context/deploy",
    ]


def test_what_is_removed_goes_last_and_variables_before_restrictions(emulator: Emulator, run) -> None:
    old = make(emulator, ORGANIZATION, ("expression", "job.ssh.enabled"), OLD="x", TOKEN=LONG).restrictions[-1].id
    run(**EVERYTHING, all_members="absent")
    writes = [line for line in asked(emulator) if not line.startswith("GET")]
    assert writes == [
        "POST v2/context/deploy/restrictions",
        "POST v2/context/deploy/restrictions",
        "PUT v2/context/deploy/environment-variable/REGION",
        "DELETE v2/context/deploy/environment-variable/OLD",
        f"DELETE v2/context/deploy/restrictions/{old}",
        f"DELETE v2/context/deploy/restrictions/{owner(emulator).id}",
    ]
    assert (set(held(emulator)), len(restricted(emulator))) == ({"TOKEN", "REGION"}, 2)


def test_the_diff_names_what_is_added_removed_and_replaced_with_masks_only(emulator: Emulator, run) -> None:
    make(emulator, ORGANIZATION, ("expression", "job.ssh.enabled"), OLD="an-old-secret-word", TOKEN=LONG)
    wanted = [variable(update_value="always"), variable("NEW", OTHER)]
    result = run(**{**EVERYTHING, "env_vars": wanted}, check_mode=True)
    everybody = {"type": "group", "name": "All members"}
    assert result["diff"]["before"] == {
        "context": NAME,
        "env_vars": {"OLD": "word", "TOKEN": "7Qfz"},
        "restrictions": [everybody, {"type": "expression", "value": "job.ssh.enabled", "name": "job.ssh.enabled"}],
    }
    assert result["diff"]["after"] == {
        "context": NAME,
        "env_vars": {"NEW": "9xKe", "TOKEN": "7Qfz (replaced)"},
        "restrictions": [
            everybody,
            {"type": "project", "value": emulator.project(API).id, "name": "api"},
            {"type": "expression", "value": MAIN, "name": MAIN},
        ],
    }
    assert result["diff"]["after_header"] == "github/acme: context deploy"
    assert run(**{**EVERYTHING, "env_vars": wanted})["diff"] == result["diff"]
    assert "secret" not in str(result)


def test_the_diff_gives_a_restriction_no_name_that_circleci_does_not_give(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Contexts, "name_of", lambda *_args: None)
    make(emulator, ORGANIZATION, ("expression", MAIN))
    result = run(state="absent", check_mode=True)
    assert result["diff"]["before"]["restrictions"] == [{"type": "group"}, {"type": "expression", "value": MAIN}]


@pytest.mark.parametrize("check_mode", [True, False])
def test_absent_removes_it_with_everything(emulator: Emulator, run, check_mode: bool) -> None:
    make(emulator, TOKEN=LONG)
    make(emulator, name="kept", TOKEN=LONG)
    result = run(state="absent", check_mode=check_mode)
    assert (result["changed"], result["context"], result["env_vars"]) == (True, None, [])
    assert (result["added"], result["updated"]) == ([], [])
    assert result["removed"] == [{"kind": "context", "name": NAME}]
    assert (result["diff"]["before"]["env_vars"], result["diff"]["after"]["context"]) == ({"TOKEN": "7Qfz"}, None)
    if not check_mode:
        assert [each.name for each in emulator.state.part(Contexts).known.values()] == ["kept"]
        emulator.clear()
        assert (run(state="absent")["changed"], emulator.writes) == (False, [])


def test_what_is_left_out_is_left_alone(emulator: Emulator, run) -> None:
    make(emulator, ORGANIZATION, ("expression", MAIN), ("group", TEAM), TOKEN=LONG)
    before = restricted(emulator)
    assert run()["changed"] is False
    run(env_vars=[variable("NEW", OTHER)], restrictions=[{"project": API}])
    assert held(emulator) == {"TOKEN": LONG, "NEW": OTHER}
    assert restricted(emulator) == [*before, ("project", emulator.project(API).id)]


def test_restrictions_for_teams_survive_what_is_exclusive(emulator: Emulator, run) -> None:
    project = emulator.project(API).id
    make(emulator, ORGANIZATION, ("group", TEAM), ("expression", "job.ssh.enabled"), ("project", project), OLD="x")
    result = run(
        env_vars=[variable()],
        env_vars_exclusive=True,
        restrictions=[{"expression": MAIN}],
        restrictions_exclusive=True,
        all_members="absent",
    )
    assert restricted(emulator) == [("group", TEAM), ("expression", MAIN)]
    assert [each.get("name") for each in result["removed"]] == ["OLD", "job.ssh.enabled", "api", "All members"]


# --- how many requests ----------------------------------------------------------------------------------------------


def test_a_large_context_costs_two_requests_and_each_slug_one(emulator: Emulator, run) -> None:
    names = [f"V{number:03}" for number in range(100)]
    expressions = [f"pipeline.number == {number}" for number in range(12)]
    projects = [emulator.project(slug).id for slug in (API, WEB)]
    restrictions = [*(("expression", text) for text in expressions), *(("project", project) for project in projects)]
    make(emulator, ORGANIZATION, *restrictions, **{name: f"{LONG}-{name}" for name in names})
    wanted: dict[str, Any] = {
        "env_vars": [variable(name, f"{LONG}-{name}") for name in names],
        "env_vars_exclusive": True,
        "restrictions_exclusive": True,
    }
    by_id = [{"expression": text} for text in expressions] + [{"project": project} for project in projects]
    result = run(**wanted, restrictions=by_id)
    assert (result["changed"], result["warnings"]) == (False, [])
    assert asked(emulator) == ["GET v2/context", "GET v2/context/deploy"]
    emulator.clear()
    by_slug = [*by_id[:12], *({"project": slug} for slug in (API, "gh/acme/web"))]
    assert run(**wanted, restrictions=by_slug)["changed"] is False
    projects_asked = ["GET v2/project/gh/acme/api", "GET v2/project/gh/acme/web"]
    assert asked(emulator) == ["GET v2/context", "GET v2/context/deploy", *projects_asked]


def test_it_is_found_on_any_page_and_what_comes_after_it_is_not_read(emulator: Emulator, run) -> None:
    for number in range(8):
        make(emulator, name=f"before {number}")
    make(emulator, TOKEN=LONG)
    for number in range(8):
        make(emulator, name=f"later {number}")
    assert run(env_vars=[variable()])["changed"] is False
    assert asked(emulator) == [*["GET v2/context"] * 3, "GET v2/context/deploy"]


@pytest.mark.parametrize("switches", [{}, {"bare_contexts": True}])
def test_as_many_variables_as_a_race_leaves_work(emulator: Emulator, run, switches: dict[str, Any]) -> None:
    context = make(emulator, TOKEN=LONG)
    emulator.switch(**switches)
    names = [f"V{number:03}" for number in range(108)]
    context.variables |= dict.fromkeys(names, context.variables["TOKEN"])
    result = run(env_vars=[variable(), variable("V007", LONG)], env_vars_exclusive=True)
    if not switches:
        assert (set(held(emulator)), len(result["removed"])) == ({"TOKEN", "V007"}, 107)
        assert result["warnings"] == []
        return
    # Only the first hundred can be seen there: the rest goes with the next run.
    assert any("only the first 100 variables" in warning for warning in result["warnings"])
    assert run(env_vars=[variable(), variable("V007", LONG)], env_vars_exclusive=True)["warnings"] == []
    assert held(emulator).keys() == {"TOKEN", "V007"}


@pytest.mark.parametrize(("count", "warns"), [(99, False), (100, True), (101, True)])
def test_where_only_a_first_page_is_to_be_had_a_full_one_is_pointed_out(
    emulator: Emulator, run, count: int, warns: bool
) -> None:
    context = make(emulator, TOKEN=LONG)
    context.variables |= {f"V{number:03}": context.variables["TOKEN"] for number in range(count - 1)}
    emulator.switch(bare_contexts=True)
    result = run()
    assert (result["changed"], bool(result["warnings"])) == (False, warns)
    emulator.switch(bare_contexts=False)
    assert run()["warnings"] == []


@pytest.mark.parametrize(("token", "warns"), [(None, False), ("more", True)])
def test_a_first_page_that_has_a_next_one_is_pointed_out(
    emulator: Emulator, run, token: str | None, warns: bool
) -> None:
    make(emulator)
    emulator.switch(bare_contexts=True)
    emulator.fault("body", path="/environment-variable$", body={"items": [], "next_page_token": token})
    assert bool(run()["warnings"]) is warns


def test_where_one_answer_has_not_everything_the_lists_are_read(emulator: Emulator, run) -> None:
    emulator.switch(bare_contexts=True)
    run(**EVERYTHING)
    emulator.clear()
    assert (run(**EVERYTHING)["changed"], emulator.writes) == (False, [])
    assert asked(emulator)[1:4] == [
        "GET v2/context/deploy",
        "GET v2/context/deploy/environment-variable",
        "GET v2/context/deploy/restrictions",
    ]


def test_every_page_of_the_restrictions_is_read(emulator: Emulator, run) -> None:
    emulator.switch(bare_contexts=True)
    context = make(emulator, ORGANIZATION, ("expression", MAIN))
    pages = [
        {"id": str(number), "restriction_type": "expression", "restriction_value": value}
        for number, value in enumerate(("job.ssh.enabled", MAIN))
    ]
    for number, page in enumerate(pages):
        body = {"items": [page], "next_page_token": None if number else "more"}
        emulator.fault("body", path=f"/{context.id}/restrictions", body=body)
    result = run(restrictions=[{"expression": MAIN}])
    assert (result["changed"], len(result["restrictions"]), emulator.writes) == (False, 2, [])


# --- values that cannot be read back --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("update_value", "value", "changed"),
    [
        ("when_mask_differs", OTHER, True),
        ("when_mask_differs", "ends-alike-7Qfz", False),
        ("always", LONG, True),
        ("on_create", OTHER, False),
        ("if_present", LONG, True),
    ],
)
def test_update_value_says_when_a_value_is_replaced(
    emulator: Emulator, run, update_value: str, value: str, changed: bool
) -> None:
    make(emulator, TOKEN=LONG)
    wanted = [variable(value=value, update_value=update_value)]
    predicted = run(env_vars=wanted, check_mode=True)
    assert emulator.writes == []
    real = run(env_vars=wanted)
    assert differences(predicted, real) == []
    assert (real["changed"], len(emulator.writes), real["warnings"]) == (changed, int(changed), [])
    assert held(emulator) == {"TOKEN": value if changed else LONG}
    # A diff shows every replacement, also by a value that looks alike.
    assert (real["diff"]["before"] != real["diff"]["after"]) is changed


@pytest.mark.parametrize("update_value", ["when_mask_differs", "always", "on_create", "when_older"])
def test_what_is_not_there_is_made_unless_it_is_to_be_present(emulator: Emulator, run, update_value: str) -> None:
    make(emulator)
    date = {"not_older_than": "2026-01-01"} if update_value == "when_older" else {}
    assert run(env_vars=[variable(update_value="if_present")])["changed"] is False
    assert run(env_vars=[variable(update_value=update_value, **date)])["changed"] is True
    assert held(emulator) == {"TOKEN": LONG}


def test_when_older_replaces_what_was_set_before_and_nothing_twice(emulator: Emulator, run) -> None:
    make(emulator, TOKEN=LONG)
    emulator.pass_time(-86400)  # What is written from now on was written a day ago.
    context = emulator.state.part(Contexts).named(ORGANIZATION, NAME)
    set_at = datetime.fromtimestamp(context.variables["TOKEN"].updated, timezone.utc).replace(microsecond=0)
    context.variables["TOKEN"].updated = set_at.timestamp()

    def rotate(date: object, **options: Any) -> bool:
        wanted = variable(value=LONG, update_value="when_older", not_older_than=date)
        return bool(run(env_vars=[wanted], **options)["changed"])

    assert rotate(set_at.isoformat()) is False
    assert rotate((set_at - timedelta(seconds=1)).timestamp()) is False
    context.variables["TOKEN"].updated = (set_at - timedelta(hours=1)).timestamp()
    emulator.pass_time(86400)
    emulator.clear()
    assert rotate(set_at.isoformat(), check_mode=True) is True
    assert emulator.writes == []
    assert rotate(set_at.isoformat()) is True
    emulator.clear()
    assert rotate(set_at.isoformat()) is False
    assert emulator.writes == []


@pytest.mark.parametrize("encode", [str, lambda text: base64.b64encode(text.encode()).decode()])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_rotated_key_file_is_never_taken_for_unchanged_in_silence(
    emulator: Emulator, run, encode: Callable[[str], str], check_mode: bool
) -> None:
    old, new = (encode(KEY_FILE % ident) for ident in ("1a2b3c", "9x8y7z"))
    make(emulator, KEY=old, SHORT="abc", SILENT=old)
    wanted = [variable("KEY", new), variable("SHORT", "xbc"), variable("SILENT", new, update_value="on_create")]
    result = run(env_vars=wanted, check_mode=check_mode)
    assert (result["changed"], held(emulator)["KEY"]) == (False, old)
    (warning,) = result["warnings"]
    assert "whether 2 variables have changed, so nothing was written: KEY, SHORT." in warning
    assert "when_older with not_older_than" in warning
    later = (datetime.now(timezone.utc)).isoformat()
    assert run(env_vars=[variable("KEY", new, update_value="when_older", not_older_than=later)])["changed"] is True
    assert held(emulator)["KEY"] == new


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_server_that_shows_no_masks_and_dates_tells_nothing(emulator: Emulator, run, check_mode: bool) -> None:
    make(emulator, TOKEN=LONG)
    emulator.switch(omit_truncated_value=True, omit_updated_at=True)
    result = run(env_vars=[variable(value=OTHER)], check_mode=check_mode)
    assert (result["changed"], result["env_vars"][0]["masked_value"], held(emulator)) == (False, None, {"TOKEN": LONG})
    (warning,) = result["warnings"]
    assert "CircleCI shows no ends of values here. Set update_value: always to replace" in warning
    dated = variable(value=OTHER, update_value="when_older", not_older_than="2026-01-01")
    result = run(env_vars=[dated], check_mode=check_mode)
    (warning,) = result["warnings"]
    assert "CircleCI does not say here when values were set. Set update_value: always to replace" in warning
    assert (result["changed"], "Masks tell nothing" in warning) == (False, False)
    predicted = run(env_vars=[variable(value=OTHER, update_value="always")], check_mode=True)
    real = run(env_vars=[variable(value=OTHER, update_value="always")])
    assert predicted == real
    diff = real["diff"]
    assert (diff["before"]["env_vars"], diff["after"]["env_vars"]) == ({"TOKEN": ""}, {"TOKEN": "(replaced)"})
    assert held(emulator) == {"TOKEN": OTHER}


@pytest.mark.parametrize("undated", ["A", "B"])
def test_dates_are_no_remedy_where_one_is_missing(emulator: Emulator, run, undated: str) -> None:
    old, new = (KEY_FILE % ident for ident in ("1a2b3c", "9x8y7z"))
    context = make(emulator)
    shown = {"truncated_value": old[-4:], "created_at": "2026-01-01T00:00:00Z"}
    dates = {name: None if name == undated else "2026-01-01T00:00:00Z" for name in ("A", "B")}
    variables = [{"variable": name, "updated_at": updated, **shown} for name, updated in dates.items()]
    whole = {"id": context.id, "name": NAME, "environment_variables": variables, "restrictions": []}
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=whole)
    result = run(env_vars=[variable("A", new), variable("B", new), variable("EMPTY", "")], check_mode=True)
    (empty, doubt) = result["warnings"]
    assert "variable EMPTY is empty" in empty
    assert "whether 2 variables have changed, so nothing was written: A, B." in doubt
    assert "Set update_value: always to replace" in doubt


@pytest.mark.parametrize(
    "others",
    [[{"variable": "TOKEN", "truncated_value": OTHER[-4:], "created_at": "x", "updated_at": "y"}], []],
    ids=["replaced", "removed"],
)
def test_what_somebody_else_writes_meanwhile_is_not_taken_for_a_lost_write(
    emulator: Emulator, run, others: list[dict[str, str]]
) -> None:
    context = make(emulator, TOKEN="a-third-secret-word-3rdW")
    whole = {"id": context.id, "name": NAME, "environment_variables": others, "restrictions": []}
    emulator.fault("drop", method="PUT", times=None)
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=whole, after=1, times=None)
    result = run(env_vars=[variable()], retries=0)
    assert (result["failed"], result["changed"], result["updated"]) == (True, False, [])
    assert "nothing of it is to be seen" in result["msg"]


def test_a_value_that_is_still_the_old_one_is_not_taken_for_a_lost_write(emulator: Emulator, run) -> None:
    """Both end alike: only the date tells them apart."""
    make(emulator, TOKEN="ends-alike-7Qfz")
    emulator.fault("drop", method="PUT", times=None)
    result = run(env_vars=[variable(update_value="always")], retries=0)
    assert (result["failed"], result["changed"], result["updated"]) == (True, False, [])
    assert "nothing of it is to be seen" in result["msg"]
    emulator.faults.clear()
    emulator.pass_time(60)
    emulator.fault("drop", method="PUT", when="after", times=None)
    assert run(env_vars=[variable(update_value="always")], retries=0)["changed"] is True
    assert held(emulator) == {"TOKEN": LONG}


@pytest.mark.parametrize("masks", [(None, "7Qfz"), ("7Qfz", None), (None, None)])
def test_one_end_is_enough_to_know_that_they_are_shown(emulator: Emulator, run, masks: tuple[str | None, ...]) -> None:
    context = make(emulator)
    shown = [
        {"variable": name, "truncated_value": mask, "created_at": "x", "updated_at": "x"}
        for name, mask in zip("AB", masks, strict=True)
    ]
    whole = {"id": context.id, "name": NAME, "environment_variables": shown, "restrictions": []}
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=whole)
    predicted = run(env_vars=[variable("NEW", OTHER)], check_mode=True)["env_vars"]
    ends = {each["name"]: each["masked_value"] for each in predicted}
    assert ends == {"A": masks[0], "B": masks[1], "NEW": OTHER[-4:] if any(masks) else None}


def test_the_first_variable_is_seen_where_no_ends_are_shown(emulator: Emulator, run) -> None:
    make(emulator)
    emulator.switch(omit_truncated_value=True)
    emulator.fault("drop", method="PUT", when="after", times=None)
    result = run(env_vars=[variable()])
    assert ("failed" in result, result["changed"], held(emulator)) == (False, True, {"TOKEN": LONG})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"update_value": "when_older"}, "update_value when_older and not_older_than go together"),
        ({"not_older_than": "2026-01-01"}, "update_value when_older and not_older_than go together"),
        ({"update_value": "when_older", "not_older_than": "9999-01-01"}, "is in the future"),
        ({"update_value": "when_older", "not_older_than": "soon"}, "is no point in time"),
        ({"update_value": "when_older", "not_older_than": "2026-01-01T00:00:00"}, "has no time zone"),
    ],
)
def test_dates_that_mean_nothing_are_refused(emulator: Emulator, run, options: dict[str, Any], words: str) -> None:
    result = run(env_vars=[variable("A"), variable(**options)])
    assert (result["failed"], emulator.requests) == (True, [])
    assert "env_vars[1]: " in result["msg"]
    assert words in result["msg"]


def test_what_has_no_value_is_left_alone_when_that_is_allowed(emulator: Emulator, run) -> None:
    make(emulator, KEPT=LONG, GONE=LONG)
    wanted: list[dict[str, Any]] = [{"name": "KEPT"}, variable("NEVER", None), variable("EMPTY", "")]
    refused = run(env_vars=wanted, env_vars_exclusive=True)
    assert (refused["failed"], emulator.requests) == (True, [])
    assert "env_vars[0]: Variable KEPT has no value" in refused["msg"]
    assert "env_vars[1]: Variable NEVER has no value" in refused["msg"]
    result = run(env_vars=wanted, env_vars_exclusive=True, skip_missing=True)
    assert held(emulator) == {"KEPT": LONG, "EMPTY": ""}
    (warning,) = result["warnings"]
    assert "The value of variable EMPTY is empty" in warning


def test_a_success_that_has_emptied_a_variable_is_none(emulator: Emulator, run) -> None:
    make(emulator, TOKEN=LONG, OTHER=LONG)
    answer = {"variable": "TOKEN", "context_id": "x", "created_at": "2026-01-01T00:00:00Z", "updated_at": "x"}
    context = emulator.state.part(Contexts).named(ORGANIZATION, NAME)
    context.variables["TOKEN"].value = ""
    emulator.fault("body", method="PUT", path="/TOKEN", body=answer)
    result = run(env_vars=[variable(), variable("OTHER", OTHER)])
    assert (result["failed"], result["changed"]) == (True, True)
    assert "TOKEN of context deploy was set, but 5 s later there is no value" in result["msg"]
    assert result["warnings"] == []
    assert result["updated"] == [{"kind": "env_var", "name": "TOKEN"}, {"kind": "env_var", "name": "OTHER"}]
    assert run(env_vars=[variable()])["changed"] is True
    assert held(emulator) == {"TOKEN": LONG, "OTHER": OTHER}


def test_a_context_that_shows_new_values_a_little_later_is_waited_for(emulator: Emulator, run) -> None:
    context = make(emulator, TOKEN=OTHER)
    old = requests.get(
        f"{emulator.url}/api/v2/context/{context.id}", headers={"Circle-Token": emulator.token}, timeout=10
    ).json()
    emulator.fault("body", method="GET", path=context.id, body=old, after=1, times=2)
    result = run(env_vars=[variable(), variable("NEW")])
    assert ("failed" in result, result["warnings"], emulator.faults.pending) == (False, [], [])
    assert [each["masked_value"] for each in result["env_vars"]] == ["7Qfz", "7Qfz"]


def test_an_end_that_is_another_one_is_pointed_out(emulator: Emulator, run) -> None:
    make(emulator, TOKEN=OTHER)
    answer = {"variable": "TOKEN", "context_id": "x", "created_at": "2026-01-01T00:00:00Z", "updated_at": "x"}
    emulator.fault("body", method="PUT", path="/TOKEN", body=answer)
    result = run(env_vars=[variable()])
    (warning,) = result["warnings"]
    assert "another end of what was written to TOKEN than it should" in warning
    # The diff says what the task has done, and the result what is there now.
    assert result["diff"]["after"]["env_vars"] == {"TOKEN": LONG[-4:]}
    assert [each["masked_value"] for each in result["env_vars"]] == [OTHER[-4:]]


def test_a_project_of_which_only_the_id_is_given_gets_no_name(emulator: Emulator, run) -> None:
    make(emulator)
    wanted = [{"project": emulator.project(API).id.upper()}]
    predicted, real = run(restrictions=wanted, check_mode=True), run(restrictions=wanted)
    assert predicted["added"] == real["added"]
    assert [(each["value"], each["name"]) for each in real["added"]] == [(emulator.project(API).id, None)]
    for result in (predicted, real):
        assert result["diff"]["after"]["restrictions"][1:] == [{"type": "project", "value": emulator.project(API).id}]
    assert run(restrictions=wanted)["changed"] is False


# --- restrictions and all members -----------------------------------------------------------------------------------


def test_the_same_project_twice_is_one(emulator: Emulator, run) -> None:
    project = emulator.project(API).id
    result = run(restrictions=[{"project": API}, {"project": project.upper()}])
    assert restricted(emulator)[1:] == [("project", project)]
    assert len(result["restrictions"]) == 2


def test_an_expression_of_the_same_text_is_another_restriction(emulator: Emulator, run) -> None:
    project = emulator.project(API).id
    result = run(restrictions=[{"project": project}, {"expression": project}], check_mode=True)
    assert [(each["type"], each["value"]) for each in result["added"][1:]] == [
        ("project", project),
        ("expression", project),
    ]


def test_check_mode_predicts_a_restriction_to_a_project_that_is_not_there_yet(emulator: Emulator, run) -> None:
    emulator.add_repository("github/acme/new")
    emulator.add_repository("github/acme/newer")
    wanted = [{"project": slug} for slug in ("github/acme/new", API, "github/acme/newer")]
    result = run(restrictions=wanted, check_mode=True)
    assert [(each["value"], each["name"]) for each in result["added"][1:]] == [
        (None, "new"),
        (emulator.project(API).id, "api"),
        (None, "newer"),
    ]
    assert any("does not know github/acme/new yet" in warning for warning in result["warnings"])
    real = run(restrictions=[{"project": "github/acme/new"}])
    assert (real["failed"], real["changed"], real["error"]) == (True, False, "Project not found")


def test_a_wrong_expression_fails_before_any_variable_is_written(emulator: Emulator, run) -> None:
    result = run(restrictions=[{"expression": "main main"}], env_vars=[variable()])
    assert (result["failed"], result["changed"], result["error"]) == (True, True, "Invalid argument.")
    assert "Context deploy of github/acme: " in result["msg"]
    assert "Check the expression" in result["msg"]
    assert result["added"] == [{"kind": "context", "name": NAME}]
    assert held(emulator) == {}
    assert emulator.requests[-1].method == "POST"  # What is refused is not looked for.


@pytest.mark.parametrize("switch", ["conflict", "same"])
def test_a_restriction_that_somebody_else_has_just_added_is_taken(emulator: Emulator, run, switch: str) -> None:
    context = make(emulator)
    emulator.switch(repeated_restriction=switch)
    answer = {
        "id": context.id,
        "name": NAME,
        "created_at": "2026-01-01T00:00:00Z",
        "environment_variables": [],
        "restrictions": [],
    }
    context.restrictions.append(Restriction("expression", MAIN))
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=answer)
    result = run(restrictions=[{"expression": MAIN}])
    assert ("failed" in result, result["changed"], len(result["added"])) == (False, True, 1)
    assert restricted(emulator)[1:] == [("expression", MAIN)]


def test_a_restriction_that_is_taken_before_a_failure_has_changed_something(emulator: Emulator, run) -> None:
    context = make(emulator)
    emulator.switch(repeated_restriction="conflict")
    context.restrictions.append(Restriction("expression", MAIN))
    whole = {"id": context.id, "name": NAME, "environment_variables": [], "restrictions": []}
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=whole)
    emulator.fault("status", method="PUT", status=400, body={"message": "no"})
    result = run(restrictions=[{"expression": MAIN}], env_vars=[variable()])
    assert (result["failed"], result["changed"], result["status"]) == (True, True, 400)
    assert [each["kind"] for each in result["added"]] == ["restriction"]


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"restrictions": [{"expression": MAIN}]}, 1),
        ({"restrictions": [{"project": API}]}, 1),
        ({"name": "new"}, 1),
        ({"all_members": "present"}, 2),
    ],
)
def test_only_what_does_no_harm_twice_is_sent_again(
    emulator: Emulator, run, options: dict[str, Any], sent: int
) -> None:
    make(emulator).restrictions.clear()
    emulator.fault("drop", method="POST")
    result = run(**options)
    assert ("failed" in result, len(emulator.writes), len(restricted(emulator))) == (sent == 1, sent, sent - 1)


@pytest.mark.parametrize(
    ("method", "options", "status"),
    [
        ("POST", {"all_members": "present"}, 409),
        ("DELETE", {"state": "absent"}, 403),
        ("DELETE", {"env_vars": [variable("A")], "env_vars_exclusive": True}, 404),
    ],
)
def test_what_became_of_a_lost_write_is_no_question_of_a_refusal(
    emulator: Emulator, run, method: str, options: dict[str, Any], status: int
) -> None:
    """What cannot be looked at is not taken for done, and the failure says so."""
    make(emulator, A=LONG, OLD=LONG).restrictions.clear()
    emulator.fault("drop", method=method)
    emulator.fault("status", method=method, status=status, body={"message": "no"})
    emulator.fault("status", method="GET", status=400, body={"message": "odd"}, after=2, times=None)
    result = run(**options)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, status)
    assert "What became of it cannot be read: " in result["msg"]


@pytest.mark.parametrize("organization", [ORGANIZATION, "uuid"])
def test_all_members_are_shut_out_and_let_in_again(emulator: Emulator, run, organization: str) -> None:
    make(emulator)
    given = owner(emulator).id if organization == "uuid" else organization
    for wanted, left in (("absent", []), ("present", [("group", owner(emulator).id)])):
        predicted = run(organization=given, all_members=wanted, check_mode=True)
        real = run(organization=given, all_members=wanted)
        assert differences(predicted, real) == []
        assert (real["changed"], real["warnings"], restricted(emulator)) == (True, [], left)
        # The context itself says which organization it belongs to. Only of a bare id is it asked what it stands for.
        assert [path for path in (record.path for record in emulator.requests) if "/organization/gh/" in path] == []
        emulator.clear()
        assert (run(organization=given, all_members=wanted)["changed"], emulator.writes) == (False, [])


def test_all_members_are_let_in_first_and_shut_out_last(emulator: Emulator, run) -> None:
    """Who is shut out may not write variables any more."""
    make(emulator)
    run(all_members="absent", env_vars=[variable("A")])
    run(all_members="present", env_vars=[variable("B")])
    assert [record.method for record in emulator.writes] == ["PUT", "DELETE", "POST", "PUT"]


@pytest.mark.parametrize("organization", [APP_ORGANIZATION, "uuid"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_in_an_organization_of_apps_shutting_them_out_is_final(
    emulator: Emulator, run, organization: str, check_mode: bool
) -> None:
    make(emulator, APP_ORGANIZATION)
    given = owner(emulator, APP_ORGANIZATION).id if organization == "uuid" else organization
    result = run(organization=given, all_members="absent", check_mode=check_mode)
    assert result["changed"] is True
    assert any("is final" in warning for warning in result["warnings"])
    run(organization=given, all_members="absent")
    refused = run(organization=given, all_members="present", check_mode=check_mode)
    assert (refused["failed"], refused["changed"]) == (True, False)
    assert "no API can bring it back" in refused["msg"]
    assert refused["warnings"] == []
    assert run(organization=given, all_members="absent")["warnings"] == []


def test_contexts_of_apps_are_restricted_to_their_projects(emulator: Emulator, run) -> None:
    project = next(each for each in emulator.state.projects.values() if each.is_app)
    slug = f"{APP_ORGANIZATION}/{project.name}"
    result = run(organization=APP_ORGANIZATION, restrictions=[{"project": slug}], env_vars=[variable()])
    assert (result["changed"], result["restrictions"][1]["name"]) == (True, APP_PROJECT)
    assert restricted(emulator, APP_ORGANIZATION)[1:] == [("project", project.id)]


@pytest.mark.parametrize("organization", [ORGANIZATION, "uuid"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_all_members_are_let_in_where_a_context_does_not_say_whose_it_is(
    emulator: Emulator, run, organization: str, check_mode: bool
) -> None:
    emulator.switch(bare_contexts=True)
    make(emulator).restrictions.clear()
    everybody = owner(emulator).id
    given = everybody if organization == "uuid" else organization
    result = run(organization=given, all_members="present", check_mode=check_mode)
    assert (result["changed"], result["warnings"]) == (True, [])
    assert [(each["type"], each["value"]) for each in result["restrictions"]] == [("group", everybody)]
    assert restricted(emulator) == ([] if check_mode else [("group", everybody)])
    looked_up = [line for line in asked(emulator) if "v2/organization/" in line]
    # By a uuid it is asked for its kind only: the uuid is what the restriction needs.
    assert looked_up == [f"GET v2/organization/{everybody if organization == 'uuid' else 'gh/acme'}"]


@pytest.mark.parametrize("bare", [True, False])
def test_a_team_is_not_taken_for_all_members(emulator: Emulator, run, bare: bool) -> None:
    everybody = ("group", owner(emulator).id)
    make(emulator, ORGANIZATION, ("group", TEAM))
    emulator.switch(bare_contexts=bare)
    assert run(all_members="present")["changed"] is False
    assert run(all_members="absent")["changed"] is True
    assert restricted(emulator) == [("group", TEAM)]
    assert run(all_members="absent")["changed"] is False
    assert run(all_members="present")["changed"] is True
    assert restricted(emulator) == [("group", TEAM), everybody]


def test_whose_group_it_is_says_the_context_and_not_the_id_of_the_restriction(emulator: Emulator, run) -> None:
    context = make(emulator)
    team = {"id": TEAM, "restriction_type": "group", "restriction_value": TEAM, "name": "Release"}
    whole = {"id": context.id, "name": NAME, "org_id": owner(emulator).id, "environment_variables": []}
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body={**whole, "restrictions": [team]})
    result = run(all_members="present", check_mode=True)
    assert [(each["kind"], each["name"]) for each in result["added"]] == [("restriction", "All members")]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": 7}])
def test_all_members_are_let_in_by_no_other_id_than_the_organizations(
    emulator: Emulator, run, body: dict[str, Any], check_mode: bool
) -> None:
    emulator.switch(bare_contexts=True)
    make(emulator).restrictions.clear()
    emulator.fault("body", path="/organization/", body=body)
    result = run(all_members="present", check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI does not say the id of {ORGANIZATION}. Check api_url" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("status", [404, 403])
def test_an_organization_whose_kind_is_not_told_is_that_of_an_older_server_or_an_error(
    emulator: Emulator, run, status: int, check_mode: bool
) -> None:
    """Such servers lack the look-up, and have no organizations in which shutting all members out is final."""
    make(emulator)
    emulator.fault("status", path="/organization/", status=status, body={"message": "no"})
    result = run(organization=owner(emulator).id, all_members="absent", check_mode=check_mode)
    if status == 404:
        assert ("failed" in result, result["changed"], result["warnings"]) == (False, True, [])
        assert bool(restricted(emulator)) is check_mode
    else:
        assert (result["failed"], result["changed"], result["status"], emulator.writes) == (True, False, 403, [])
        assert f"CircleCI answered 403 to GET v2/organization/{owner(emulator).id}: no" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("body", [{}, {"id": "x"}, {"id": 7, "name": "api"}])
def test_a_project_whose_id_is_not_told_restricts_nothing(emulator: Emulator, run, body: Any, check_mode: bool) -> None:
    make(emulator)
    emulator.fault("body", path="/project/", body=body)
    result = run(restrictions=[{"project": API}], check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI's answer about {API} cannot be used: " in result["msg"]
    assert "Check api_url" in result["msg"]


# --- what may go wrong ----------------------------------------------------------------------------------------------


NAMELESS = {"restriction_type": "expression", "restriction_value": MAIN}
ANOTHER = {"id": TEAM, "variable": "OTHER", "restriction_type": "expression", "restriction_value": "main"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("method", "wanted", "body", "words"),
    [
        ("PUT", {"env_vars": [variable()]}, ANOTHER, "its variable is another one"),
        ("PUT", {"env_vars": [variable()]}, {}, "it has no usable 'variable'"),
        ("POST", {"restrictions": [{"expression": MAIN}]}, ANOTHER, "its restriction_value is another one"),
        ("POST", {"restrictions": [{"project": API}]}, ANOTHER, "its restriction_type is another one"),
        ("POST", {"restrictions": [{"project": API}]}, None, "an object was expected"),
        ("POST", {"restrictions": [{"expression": MAIN}]}, NAMELESS, "it has no usable 'id'"),
    ],
)
def test_an_answer_about_another_thing_is_looked_into(
    emulator: Emulator, run, method: str, wanted: dict[str, Any], body: Any, words: str, when: str
) -> None:
    make(emulator)
    emulator.fault("body", method=method, body=body, when=when)
    result = run(**wanted)
    assert (len(emulator.writes), result["changed"]) == (1, when == "after")
    if when == "after":
        assert ("failed" in result, len(result["added"])) == (False, 1)
        emulator.clear()
        assert (run(**wanted)["changed"], emulator.writes) == (False, [])
    else:
        assert (result["failed"], result["added"], held(emulator), restricted(emulator)[1:]) == (True, [], {}, [])
        assert f"Context {NAME} of {ORGANIZATION}: CircleCI's answer to {method} " in result["msg"]
        assert f"cannot be used: {words}" in result["msg"]
        assert "nothing of it is to be seen" in result["msg"]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("body", [None, {}, {"id": 7, "name": NAME}, {"id": TEAM}])
def test_an_odd_answer_about_a_new_context_is_looked_into(emulator: Emulator, run, body: Any, when: str) -> None:
    emulator.fault("body", method="POST", path="/context$", body=body, when=when)
    result = run(env_vars=[variable()])
    assert result["changed"] is (when == "after")
    if when == "after":
        assert ("failed" in result, held(emulator)) == (False, {"TOKEN": LONG})
        assert [each["kind"] for each in result["added"]] == ["context", "env_var"]
    else:
        assert (result["failed"], emulator.state.part(Contexts).known) == (True, {})
        assert "CircleCI's answer to POST v2/context cannot be used: " in result["msg"]
        assert "nothing of it is to be seen" in result["msg"]
    assert [record.method for record in emulator.writes] == (["POST", "PUT"] if when == "after" else ["POST"])


def test_forbidden_is_never_taken_for_absent(emulator: Emulator, run) -> None:
    context = make(emulator, TOKEN=LONG)
    for options in ({}, {"state": "absent"}):
        emulator.fault("status", method="GET", path=context.id, status=403, body={"message": "Forbidden"})
        result = run(**options)
        assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
        assert "Context deploy of github/acme: " in result["msg"]
        assert "does not tell whether a context is gone or forbidden" in result["msg"]
    for status in (403, 404):
        emulator.fault("status", method="GET", path="/context", status=status, body={"message": "no"})
        result = run(env_vars=[variable()])
        assert (result["failed"], result["status"], emulator.writes) == (True, status, [])


def test_an_organization_that_protects_itself_is_told_apart_from_a_forbidden_context(emulator: Emulator, run) -> None:
    emulator.fault("status", status=403, body={"message": "Resource protected by organization SAML enforcement."})
    assert "Have an owner of the organization authorize CircleCI" in run()["msg"]


def test_a_project_token_is_told_what_it_cannot_do(emulator: Emulator, run) -> None:
    result = run(api_token="emulator-project-token", env_vars=[variable()])
    assert (result["failed"], result["status"], emulator.writes) == (True, 403, [])
    assert "personal" in result["msg"]


def test_an_unknown_organization_is_no_empty_one(emulator: Emulator, run) -> None:
    result = run(organization="github/nobody", env_vars=[variable()])
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert "Check organization and vcs_type" in result["msg"]


@pytest.mark.parametrize("switches", [{}, {"duplicate_context_409": True}])
def test_a_context_that_somebody_else_has_just_made_is_taken(emulator: Emulator, run, switches: dict[str, Any]) -> None:
    emulator.switch(**switches)
    make(emulator, ORGANIZATION, ("expression", "job.ssh.enabled"), TOKEN=OTHER, KEPT=LONG)
    emulator.fault("body", method="GET", path="/context", body={"items": [], "next_page_token": None})
    result = run(restrictions=[{"expression": MAIN}], restrictions_exclusive=True, env_vars=[variable()])
    assert (result["changed"], held(emulator)) == (True, {"TOKEN": LONG, "KEPT": LONG})
    assert [each["kind"] for each in result["added"]] == ["restriction"]
    assert [each["kind"] for each in result["updated"]] == ["env_var"]
    assert restricted(emulator)[1:] == [("expression", MAIN)]
    emulator.clear()
    emulator.fault("body", method="GET", path="/context", body={"items": [], "next_page_token": None})
    again = run(restrictions=[{"expression": MAIN}], restrictions_exclusive=True, env_vars=[variable()])
    assert (again["changed"], again["added"], [record.method for record in emulator.writes]) == (False, [], ["POST"])


def test_a_name_that_is_taken_elsewhere_is_refused_in_the_words_of_circleci(emulator: Emulator, run) -> None:
    make(emulator, name="Deploy")
    emulator.switch(case_blind_contexts=True)
    result = run(env_vars=[variable()])
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 400)
    assert "A context already exists with this name" in result["msg"]
    assert "no context of exactly this name. Perhaps one differs from it in case" in result["msg"]


@pytest.mark.parametrize(
    ("status", "words", "is_taken"),
    [
        (409, "Conflict", True),
        (400, "A context already exists with this name", True),
        (422, "Already there", True),
        (400, "Bad request", False),
        (403, "Forbidden", False),
    ],
)
def test_what_a_refusal_says_of_a_name_decides_how_long_it_is_looked_for(
    emulator: Emulator, run, status: int, words: str, is_taken: bool
) -> None:
    emulator.fault("status", method="POST", path="/context$", status=status, body={"message": words})
    result = run()
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert ("no context of exactly this name" in result["msg"]) is is_taken
    assert (len(emulator.requests) > 3) is is_taken


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_after_a_refusal_what_somebody_else_has_made_is_taken(emulator: Emulator, run, status: int) -> None:
    make(emulator)
    emulator.fault("body", method="GET", path="/context[?]", body={"items": [], "next_page_token": None})
    emulator.fault("status", method="POST", path="/context$", status=status, body={})
    result = run(env_vars=[variable()])
    assert ("failed" in result, [each["kind"] for each in result["added"]]) == (False, ["env_var"])
    assert held(emulator) == {"TOKEN": LONG}


def test_a_context_that_is_listed_late_is_taken(emulator: Emulator, run) -> None:
    make(emulator)
    late: dict[str, Any] = {"items": [], "next_page_token": None}
    emulator.fault("body", method="GET", path="/context[?]", body=late, times=3)
    result = run(env_vars=[variable()])
    assert ("failed" in result, [each["kind"] for each in result["added"]]) == (False, ["env_var"])
    assert held(emulator) == {"TOKEN": LONG}


def test_a_new_context_that_cannot_be_filled_is_told(emulator: Emulator, run) -> None:
    bare = {"id": "x", "name": NAME}
    emulator.fault("body", method="POST", path="/context$", body=bare)
    emulator.fault(
        "body", method="GET", path="/context/x$", body={**bare, "environment_variables": [], "restrictions": []}
    )
    emulator.fault("body", method="GET", path="/organization/", body={})
    result = run(env_vars=[variable()], all_members="present")
    assert (result["failed"], result["changed"]) == (True, True)
    assert (result["added"], result["context"]["id"]) == ([{"kind": "context", "name": NAME}], "x")


def test_what_somebody_else_has_just_removed_is_gone(emulator: Emulator, run) -> None:
    context = make(emulator, OLD=LONG, TOKEN=LONG)
    emulator.switch(absent_context_variable_404=True)
    whole = {
        "id": context.id,
        "name": NAME,
        "created_at": "2026-01-01T00:00:00Z",
        "environment_variables": [
            {"variable": name, "truncated_value": "7Qfz", "created_at": "x"} for name in ("GONE", "TOKEN")
        ],
        "restrictions": [
            {
                "context_id": context.id,
                "id": TEAM,
                "name": "x",
                "restriction_type": "expression",
                "restriction_value": "x",
            }
        ],
    }
    emulator.fault("body", method="GET", path=f"/context/{context.id}", body=whole)
    result = run(
        env_vars=[variable()],
        env_vars_exclusive=True,
        restrictions=[{"expression": MAIN}],
        restrictions_exclusive=True,
    )
    assert "failed" not in result
    assert [each.get("name") for each in result["removed"]] == ["GONE", "x"]


@pytest.mark.parametrize("status", [403, 404, 500])
@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"state": "absent"}, "context"),
        ({"env_vars": [variable()], "env_vars_exclusive": True}, "env_var"),
        ({"restrictions": [{"expression": MAIN}], "restrictions_exclusive": True}, "restriction"),
    ],
)
def test_a_refusal_to_remove_what_is_gone_is_as_good_as_a_success(
    emulator: Emulator, run, options: dict[str, Any], kind: str, status: int
) -> None:
    make(emulator, ORGANIZATION, ("expression", MAIN), ("expression", "job.ssh.enabled"), TOKEN=LONG, OLD=OTHER)
    emulator.fault("status", method="DELETE", status=status, body={"message": "Forbidden"}, when="after")
    result = run(**options, retries=0)
    assert ("failed" in result, result["changed"]) == (False, True)
    assert [each["kind"] for each in result["removed"]] == [kind]
    emulator.clear()
    assert (run(**options)["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_gone_before_a_failure_has_changed_something(emulator: Emulator, run, status: int) -> None:
    make(emulator, ORGANIZATION, ("expression", MAIN), ("expression", "job.ssh.enabled"), TOKEN=LONG, OLD=OTHER)
    emulator.fault("status", method="DELETE", path="/OLD$", status=status, body={"message": "no"}, when="after")
    emulator.fault("status", method="DELETE", path="/restrictions/", status=400, body={"message": "no"})
    result = run(
        env_vars=[variable()],
        env_vars_exclusive=True,
        restrictions=[{"expression": MAIN}],
        restrictions_exclusive=True,
    )
    assert (result["failed"], result["changed"], result["status"]) == (True, True, 400)
    assert result["removed"] == [{"kind": "env_var", "name": "OLD"}]


def test_no_other_refusal_is_taken_for_a_success(emulator: Emulator, run) -> None:
    make(emulator)
    emulator.fault("status", method="DELETE", status=400, body={"message": "Bad request"}, when="after")
    result = run(state="absent")
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 400)


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize(
    "options",
    [
        {"state": "absent"},
        {"env_vars": [variable()], "env_vars_exclusive": True},
        {"restrictions": [{"project": WEB}], "restrictions_exclusive": True},
    ],
)
def test_what_is_still_there_after_a_refusal_was_not_removed(
    emulator: Emulator, run, options: dict[str, Any], status: int
) -> None:
    web = emulator.project(WEB).id
    make(emulator, ORGANIZATION, ("project", web), ("expression", MAIN), TOKEN=LONG, OLD=OTHER)
    before = restricted(emulator)
    emulator.fault("status", method="DELETE", status=status, body={"message": "no"})
    result = run(**options)
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert not result.get("removed")
    assert (held(emulator), restricted(emulator)) == ({"TOKEN": LONG, "OLD": OTHER}, before)
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("status", [401, 429])
def test_only_a_refusal_may_mean_that_somebody_else_has_just_made_it(emulator: Emulator, run, status: int) -> None:
    make(emulator, TOKEN=OTHER)
    emulator.fault("body", method="GET", path="/context", body={"items": [], "next_page_token": None})
    emulator.fault("status", method="POST", status=status, body={"message": "no"}, headers={"Retry-After": "86400"})
    result = run(env_vars=[variable()])
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert (held(emulator), len(emulator.writes)) == ({"TOKEN": OTHER}, 1)


def test_a_failure_half_way_tells_what_was_done(emulator: Emulator, run) -> None:
    make(emulator, OLD=LONG)
    emulator.fault("status", method="PUT", path="/B$", status=400, body={"message": "no"})
    result = run(
        env_vars=[variable("A"), variable("B"), variable("C")],
        env_vars_exclusive=True,
        restrictions=[{"expression": MAIN}],
    )
    assert (result["failed"], result["changed"]) == (True, True)
    assert [(each["kind"], each["name"]) for each in result["added"]] == [("restriction", MAIN), ("env_var", "A")]
    assert (result["removed"], held(emulator)) == ([], {"OLD": LONG, "A": LONG})


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_limit_of_variables_is_foretold(emulator: Emulator, run, check_mode: bool) -> None:
    make(emulator, **{f"V{number}": LONG for number in range(99)})
    result = run(env_vars=[variable("A"), variable("B"), variable("C")], check_mode=check_mode)
    assert any("is going to have 102 variables" in warning for warning in result["warnings"])
    if not check_mode:
        assert (result["failed"], result["changed"]) == (True, True)
        assert "Remove variables that nobody needs" in result["msg"]


@pytest.mark.parametrize(("count", "warns"), [(99, False), (100, True), (101, True)])
def test_the_last_variable_that_has_room_is_no_warning(emulator: Emulator, run, count: int, warns: bool) -> None:
    context = make(emulator, V=LONG)
    context.variables |= {f"V{number}": context.variables["V"] for number in range(count - 1)}
    result = run(env_vars=[variable("A")], check_mode=True)
    assert bool(result["warnings"]) is warns
    # Without a new one there is nothing to warn of.
    assert run(env_vars=[variable("V", OTHER)], check_mode=True)["warnings"] == []


def test_where_there_is_room_for_new_variables_old_ones_go_last(emulator: Emulator, run) -> None:
    make(emulator, **{f"V{number}": LONG for number in range(99)})
    wanted = [variable(f"V{number}") for number in range(98)] + [variable("NEW")]
    assert "failed" not in run(env_vars=wanted, env_vars_exclusive=True)
    assert [record.method for record in emulator.writes] == ["PUT", "DELETE"]


def test_where_there_is_no_room_for_new_variables_old_ones_go_first(emulator: Emulator, run) -> None:
    make(emulator, **{f"V{number}": LONG for number in range(100)})
    wanted = [variable(f"W{number}") for number in range(100)]
    result = run(env_vars=wanted, env_vars_exclusive=True)
    assert ("failed" in result, result["warnings"]) == (False, [])
    assert set(held(emulator)) == {each["name"] for each in wanted}


def test_the_limit_of_contexts_is_foretold(emulator: Emulator, run) -> None:
    emulator.switch(page_size=500)
    for number in range(499):
        make(emulator, name=f"c{number}")
    assert run(check_mode=True)["warnings"] == []
    make(emulator, name="c499")
    (warning,) = run(check_mode=True)["warnings"]
    assert warning == f"{ORGANIZATION} has 500 contexts, and CircleCI allows 500 of them."
    # What is there already needs no room.
    assert run(name="c499", check_mode=True)["warnings"] == []


@pytest.mark.parametrize("name", ["x", "x" * 200])
def test_names_of_one_to_200_characters_are_taken(run, name: str) -> None:
    assert run(name=name)["changed"] is True
    assert run(name=name)["changed"] is False


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"name": " deploy"}, "is not the name of a context"),
        ({"name": ""}, "is not the name of a context"),
        ({"name": "a\nb"}, "is not the name of a context"),
        ({"name": "x" * 201}, "is not the name of a context"),
        ({"organization": "https://github.com/acme"}, "is a URL"),
        ({"organization": "acme/api/web"}, "is no organization"),
        ({"organization": "svn/acme"}, "is no organization"),
        ({"organization": "github/"}, "is no organization"),
        ({"organization": "github/acme", "vcs_type": "bitbucket"}, "contradicts vcs_type"),
        ({"env_vars": [], "env_vars_exclusive": True}, "env_vars_exclusive needs env_vars"),
        ({"env_vars_exclusive": True}, "env_vars_exclusive needs env_vars"),
        ({"restrictions": [], "restrictions_exclusive": True}, "restrictions_exclusive needs restrictions"),
        ({"env_vars": [variable(), variable("B"), variable()]}, "env_vars[2] is the same as env_vars[0]"),
        ({"env_vars": [variable("1A")]}, "env_vars[0]: '1A' is not the name of an environment variable"),
        ({"env_vars": [variable(value=[LONG])]}, "env_vars[0]: The value of variable TOKEN is a list"),
        ({"restrictions": [{"expression": MAIN}] * 2}, "restrictions[1] is the same as restrictions[0]"),
        ({"restrictions": [{}]}, "restrictions[0]: a restriction is either a project or an expression"),
        ({"restrictions": [{"project": API, "expression": MAIN}]}, "restrictions[0]: a restriction is either"),
        ({"restrictions": [{"project": "api"}]}, "restrictions[0]: project 'api' is only the name"),
        ({"restrictions": [{"expression": " "}]}, "restrictions[0]: expression is empty"),
        ({"api_token": None}, "CIRCLE_TOKEN"),
    ],
)
def test_mistakes_are_found_before_the_first_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    for check_mode in (True, False):
        result = run(**options, check_mode=check_mode)
        assert (result["failed"], emulator.requests) == (True, [])
        assert words in result["msg"]
        assert LONG not in result["msg"]


def test_all_mistakes_are_told_at_once(run) -> None:
    told = run(env_vars=[variable("1"), variable(value={})], restrictions=[{}])["msg"]
    assert all(place in told for place in ("env_vars[0]", "env_vars[1]", "restrictions[0]"))
    twins = {"env_vars": [variable()] * 2, "restrictions": [{"project": API}] * 2}
    result = run(**twins)
    assert [problem.partition(" ")[0] for problem in result["problems"]] == ["env_vars[1]", "restrictions[1]"]
    result = run(restrictions=twins["restrictions"], env_vars_exclusive=True)
    assert [problem.partition(" ")[0] for problem in result["problems"]] == ["restrictions[1]", "env_vars_exclusive"]


# --- CircleCI Server ------------------------------------------------------------------------------------------------


def test_on_server_the_owner_goes_by_its_uuid(emulator: Emulator, run) -> None:
    emulator.switch(server="4.9", omit_truncated_value=True, omit_updated_at=True, bare_contexts=True)
    refused = run(**EVERYTHING)
    assert (refused["failed"], refused["changed"]) == (True, False)
    assert "give the uuid of the organization" in refused["msg"]
    uuid = owner(emulator).id
    assert run(organization=uuid, **EVERYTHING)["changed"] is True
    (made,) = [record.body for record in emulator.writes if record.path == "/api/v2/context"]
    assert made["owner"] == {"id": uuid, "type": "account"}
    assert held(emulator) == {"TOKEN": LONG, "REGION": "eu-central-1"}
    emulator.clear()
    silent = [{**each, "update_value": "on_create"} for each in EVERYTHING["env_vars"]]
    again = run(organization=uuid, **{**EVERYTHING, "env_vars": silent})
    assert (again["changed"], again["warnings"], emulator.writes) == (False, [], [])
    assert run(organization=uuid, state="absent")["changed"] is True


def test_on_the_cloud_a_uuid_works_too(emulator: Emulator, run) -> None:
    uuid = owner(emulator).id
    result = run(organization=uuid.upper(), env_vars=[variable()])
    assert (result["changed"], result["context"]["organization"]) == (True, uuid)
    (made,) = [record.body for record in emulator.writes if record.path == "/api/v2/context"]
    assert made["owner"] == {"id": uuid, "type": "organization"}
    emulator.clear()
    assert run(organization=uuid, env_vars=[variable()])["changed"] is False
    assert asked(emulator) == ["GET v2/context", "GET v2/context/deploy"]


def test_who_owns_a_uuid_is_told_by_the_first_that_answers(emulator: Emulator, run) -> None:
    """It is asked as an organization and, where that is refused or finds nothing, as an account of CircleCI Server."""
    empty: dict[str, Any] = {"items": [], "next_page_token": None}
    owner_id = owner(emulator).id
    for _kind in ("organization", "account"):
        emulator.fault("body", method="GET", path="/context[?]", body=empty)
    assert run(organization=owner_id)["changed"] is True
    (made,) = emulator.writes
    assert made.body["owner"] == {"id": owner_id, "type": "organization"}
    first, second = [record.path for record in emulator.requests if "context?" in record.path][:2]
    assert ("owner-type" in first, "owner-type=account" in second) == (False, True)
    emulator.fault("status", method="GET", path="/context[?]", status=404, body={"message": "Owner not found"})
    emulator.fault("status", method="GET", path="/context[?]", status=400, body={"message": "Bad owner-type"})
    refused = run(organization=owner_id)
    assert (refused["failed"], refused["status"], refused["error"]) == (True, 404, "Owner not found")


@pytest.mark.parametrize("status", [400, 404])
def test_where_it_is_no_organization_it_is_asked_for_as_an_account(emulator: Emulator, run, status: int) -> None:
    context = make(emulator)
    emulator.fault("status", method="GET", path="/context[?]", status=status, body={"message": "no"})
    found = {"items": [{"id": context.id, "name": NAME}], "next_page_token": None}
    emulator.fault("body", method="GET", path="/context[?].*owner-type=account", body=found)
    result = run(organization=owner(emulator).id)
    assert ("failed" in result, result["changed"], result["context"]["id"]) == (False, False, context.id)


@pytest.mark.parametrize("given", ["acme", "gh/acme", "github/acme"])
def test_organizations_have_several_spellings(emulator: Emulator, run, given: str) -> None:
    make(emulator)
    assert run(organization=given)["context"]["organization"] == ORGANIZATION


def test_no_name_of_a_variable_tells_a_token(emulator: Emulator, run) -> None:
    context = make(emulator, OLD=LONG)
    context.variables[emulator.token] = context.variables.pop("OLD")
    assert emulator.token not in str(run(env_vars=[variable()]))


def test_no_value_is_in_a_result(emulator: Emulator, run) -> None:
    secret = json.dumps({"private_key": "a-secret-value-that-is-long\nsecond-secret-line"})
    told = [run(env_vars=[variable(value=secret)]), run(env_vars=[variable(value=secret, update_value="always")])]
    emulator.fault("status", method="PUT", status=400, body={"message": f"cannot take {secret}"})
    told.append(run(env_vars=[variable(value=secret, update_value="always")]))
    assert told[2]["failed"] is True
    for part in ("a-secret-value", "second-secret"):
        assert part not in str(told)
