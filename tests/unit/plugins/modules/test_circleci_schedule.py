# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.world.definitions import Definition, Definitions
from emulator.world.schedules import SYSTEM_ID, WEEKDAYS, Schedule, Schedules
from emulator.world.triggers import Trigger, Triggers
from tests.unit.predicting import differences

API = "github/acme/api"
TOOLS = "bitbucket/acme/tools"
APP = "circleci/acme-apps/mobile-app"
FIRST = "mobile-app"
"""The pipeline definition that the App's project has from the start."""
MODULE = "circleci_schedule"
NIGHTLY: dict[str, Any] = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
UNKNOWN = ("id", "created_at")


@pytest.fixture(params=[API, TOOLS, APP])
def slug(emulator: Emulator, request: pytest.FixtureRequest) -> str:
    """A project of every kind, followed."""
    emulator.add_repository(request.param)
    emulator.follow(request.param)
    return str(request.param)


@pytest.fixture
def run(emulator: Emulator, run_module, slug: str):
    """The module on a project of every kind."""
    return lambda **options: run_module(MODULE, **{"project": slug, **NIGHTLY, **options})


@pytest.fixture
def run_classic(emulator: Emulator, run_module):
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **NIGHTLY, **options})


@pytest.fixture
def run_app(emulator: Emulator, run_module):
    emulator.add_repository(APP)
    emulator.follow(APP)
    return lambda **options: run_module(MODULE, **{"project": APP, **NIGHTLY, **options})


def schedules(emulator: Emulator, slug: str = API) -> list[Schedule]:
    return emulator.state.part(Schedules).of(emulator.project(slug))


def triggers(emulator: Emulator) -> list[Trigger]:
    return list(emulator.state.part(Triggers).all.values())


def definition(emulator: Emulator, name: str = FIRST) -> Definition:
    part = emulator.state.part(Definitions)
    project = emulator.project(APP)
    return next((each for each in part.of(project) if each.name == name), None) or part.add(project, name)


def trigger(emulator: Emulator, cron: str = "0 2 * * *", *, name: str = "nightly", at: str = FIRST, **options: Any):
    """Make a schedule trigger as somebody else would have."""
    source = {"cron_expression": cron, "attribution_actor": options.pop("actor", SYSTEM_ID)}
    given = {"checkout_ref": "main", "config_ref": "main", **options}
    return emulator.state.part(Triggers).add(
        emulator.project(APP),
        definition(emulator, at),
        event_source={"provider": "schedule", "schedule": source},
        event_name=name,
        **given,
    )


def names(emulator: Emulator, slug: str) -> list[str]:
    if slug == APP:
        return [each.event_name for each in triggers(emulator)]
    return [each.name for each in schedules(emulator, slug)]


def same(predicted: dict[str, Any], real: dict[str, Any]) -> None:
    assert differences(predicted, real) == []


CHANGES: list[dict[str, Any]] = [
    {"branch": "develop"},
    {"branch": None, "tag": "v1.0.0"},
    {"hours_of_day": [2, 14]},
    {"per_hour": 2},
    {"days_of_week": ["sat", "Sun"]},
    {"days_of_month": [1, 15]},
    {"months": ["jan", "JUL"]},
    {"parameters": {"full": True, "level": 3, "who": "nobody"}},
    {"actor": "current"},
]


def test_a_schedule_is_made_once(emulator: Emulator, run, slug: str) -> None:
    options = {"days_of_week": ["mon", "WED", "Fri"], "months": ["mar", "jan"], "parameters": {"full": True}}
    predicted = run(check_mode=True, **options)
    assert emulator.writes == []
    real = run(**options)
    same(predicted, real)
    assert (real["changed"], names(emulator, slug)) == (True, ["nightly"])
    wanted = {"branch": "main", "tag": None, "hours_of_day": [2], "per_hour": 1, "days_of_month": None,
              "days_of_week": ["MON", "WED", "FRI"], "months": ["JAN", "MAR"], "parameters": {"full": True},
              "actor": "system"}  # fmt: skip
    assert real["schedule"].items() >= wanted.items()
    emulator.clear()
    again = run(**{**options, "days_of_week": ["FRI", "mon", "wed"], "months": ["JAN", "MAR"]})
    assert (again["changed"], emulator.writes) == (False, [])
    # The answer that makes a trigger has no date.
    assert {**again["schedule"], "created_at": None} == {**real["schedule"], "created_at": None}


@pytest.mark.parametrize("change", CHANGES)
def test_what_differs_is_changed_in_its_place(emulator: Emulator, run, slug: str, change: dict[str, Any]) -> None:
    made = run()
    predicted = run(check_mode=True, **change)
    emulator.clear()
    real = run(**change)
    same(predicted, real)
    assert (real["changed"], [record.method for record in emulator.writes]) == (True, ["PATCH"])
    assert real["schedule"]["id"] == made["schedule"]["id"]
    assert (real["added"], real["removed"]) == ([], [])
    assert real["updated"] == [{"kind": "schedule", "name": "nightly"}]
    emulator.clear()
    assert run(**change)["changed"] is False
    assert emulator.writes == []
    # And back again.
    assert run(**({"parameters": {}} if "parameters" in change else {}))["changed"] is True
    back = {**run()["schedule"], **dict.fromkeys(UNKNOWN)}
    assert back == {**made["schedule"], **dict.fromkeys(UNKNOWN)}


def test_when_it_was_made_is_told(run) -> None:
    run()
    assert str(run()["schedule"]["created_at"]).startswith("20")


def test_another_tag_is_a_change(run) -> None:
    run(branch=None, tag="v1.0.0")
    result = run(branch=None, tag="v2.0.0")
    assert (result["changed"], result["schedule"]["tag"]) == (True, "v2.0.0")
    assert run(branch=None, tag="v2.0.0")["changed"] is False


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_a_lost_answer_is_settled_by_reading(emulator: Emulator, run, slug: str, method: str, when: str) -> None:
    for name in ("another", "other"):
        run(name=name)
    options = {"POST": dict[str, Any](), "PATCH": {"hours_of_day": [3]}, "DELETE": {"state": "absent"}}[method]
    if method != "POST":
        run()
    emulator.clear()
    emulator.fault("drop", method=method, when=when, times=None)
    result = run(**options, retries=0)
    assert (result.get("failed"), result["changed"]) == ((True, False) if when == "before" else (None, True))
    assert len(emulator.writes) == 1
    assert ("nothing of it is to be seen" in result.get("msg", "")) is (when == "before")


def test_a_lost_change_of_what_is_gone_meanwhile_is_none(emulator: Emulator, run) -> None:
    run()
    emulator.fault("drop", method="PATCH", times=None)
    nothing: dict[str, Any] = {"items": [], "next_page_token": None}
    emulator.fault("body", method="GET", path="/(schedule|triggers)", body=nothing, after=1, times=None)
    result = run(hours_of_day=[3], retries=0)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "nothing of it is to be seen" in result["msg"]


@pytest.mark.parametrize(("method", "sent"), [("POST", 1), ("PATCH", 2), ("DELETE", 2)])
def test_only_what_makes_nothing_new_is_sent_again(emulator: Emulator, run, method: str, sent: int) -> None:
    options = {"POST": dict[str, Any](), "PATCH": {"hours_of_day": [3]}, "DELETE": {"state": "absent"}}[method]
    if method != "POST":
        run()
    emulator.clear()
    emulator.fault("drop", method=method, when="before")
    result = run(**options)
    assert (result.get("failed", False), result["changed"], len(emulator.writes)) == (sent == 1, sent == 2, sent)


def test_only_what_differs_is_sent(emulator: Emulator, run_classic, run_app) -> None:
    for run in (run_classic, run_app):
        run(parameters={"full": True})
    emulator.clear()
    for run in (run_classic, run_app):
        run(hours_of_day=[3])
    classic, app = (record.body for record in emulator.writes)
    assert list(classic) == ["timetable"]
    assert app == {"event_source": {"schedule": {"cron_expression": "0 3 * * *"}}}


def test_parameters_that_nobody_speaks_of_stay(emulator: Emulator, run) -> None:
    run(parameters={"full": True})
    assert run(branch="develop")["schedule"]["parameters"] == {"full": True}
    assert run(branch="develop", parameters={})["schedule"]["parameters"] == {}


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (True, "true"), (True, 1), (0, False)])
def test_the_types_of_parameters_count(emulator: Emulator, run, one: Any, other: Any) -> None:
    run(parameters={"a": one})
    result = run(parameters={"a": other})
    assert (result["changed"], type(result["schedule"]["parameters"]["a"])) == (True, type(other))
    assert run(parameters={"a": other})["changed"] is False


def test_absent_removes_the_schedule_of_the_name(emulator: Emulator, run, slug: str) -> None:
    run()
    run(name="weekly")
    predicted = run(state="absent", check_mode=True)
    real = run(state="absent")
    same(predicted, real)
    assert (real["changed"], real["schedule"], names(emulator, slug)) == (True, None, ["weekly"])
    emulator.clear()
    assert run(state="absent", branch=None, hours_of_day=None)["changed"] is False
    assert emulator.writes == []


def test_schedules_on_later_pages_are_found(emulator: Emulator, run_classic) -> None:
    emulator.switch(page_size=2)
    for number in range(5):
        run_classic(name=f"schedule {number}")
    assert run_classic(name="schedule 4")["changed"] is False
    assert len(schedules(emulator)) == 5


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_of_a_name_are_refused(emulator: Emulator, run, slug: str, state: str) -> None:
    if slug == APP:
        twins = [trigger(emulator).id, trigger(emulator).id]
    else:
        timetable = {"per-hour": 1, "hours-of-day": [2], "days-of-week": list(WEEKDAYS)}
        part = emulator.state.part(Schedules)
        twins = [part.add(emulator.project(slug), "nightly", timetable).id for _unused in range(2)]
    result = run(state=state)
    assert (result["failed"], emulator.writes) == (True, [])
    assert f"{slug} has 2 schedules with the name nightly" in result["msg"]
    assert all(each in result["msg"] for each in twins)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": ""}, "name of the schedule is empty"),
        ({"branch": None}, "needs one of branch and tag"),
        ({"tag": "v1.0.0"}, "needs one of branch and tag"),
        ({"branch": ""}, "needs one of branch and tag"),
        ({"branch": " "}, "needs one of branch and tag"),
        ({"branch": None, "tag": " "}, "needs one of branch and tag"),
        ({"branch": "refs/heads/main"}, "Write the name alone"),
        ({"branch": None, "tag": "refs/tags/v1.0"}, "Write the name alone"),
        ({"branch": 1.1}, "branch is a number with a fraction"),
        ({"hours_of_day": None}, "hours_of_day is missing"),
        ({"hours_of_day": [24]}, "hours_of_day has 24"),
        ({"per_hour": 0}, "per_hour must be"),
        ({"days_of_week": ["monday"]}, "days_of_week has 'monday'"),
        ({"days_of_week": ["MON"], "days_of_month": [1]}, "exclude each other"),
        ({"months": []}, "months is empty"),
        ({"parameters": {"a": 1.5}}, "parameters.a is a number with a fraction"),
        ({"parameters": {"a": None}}, "parameters.a is null"),
        ({"parameters": {"a": [1]}}, "parameters.a is a list"),
        ({"parameters": {"a": {"b": 1}}}, "parameters.a is a dictionary"),
        ({"parameters": {"branch": "main"}}, "Give it as the option branch"),
        ({"parameters": {"tag": "v1.0.0"}}, "Give it as the option tag"),
        ({"parameters": {"a": "x" * 513}}, "parameters.a is longer than 512 characters"),
        ({"actor": "me"}, "value of actor must be one of"),
        ({"api_token": None}, "CIRCLE_TOKEN"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    emulator: Emulator, run_classic, options: dict[str, Any], complaint: str
) -> None:
    result = run_classic(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"description": "what for", "per_hour": 7}, "schedules of such projects have no description"),
        ({"per_hour": 7}, "per_hour 7 cannot be written as a cron expression"),
    ],
)
def test_what_projects_of_apps_cannot_have_is_refused_before_any_request(
    emulator: Emulator, run_app, options: dict[str, Any], complaint: str
) -> None:
    result = run_app(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


def test_what_only_projects_of_apps_have_is_refused_elsewhere(emulator: Emulator, run_classic) -> None:
    result = run_classic(definition="release", api_token=None)
    assert (result["failed"], emulator.requests) == (True, [])
    assert "definition cannot choose one" in result["msg"]


def test_a_description_is_changed_only_when_it_is_given(emulator: Emulator, run_classic) -> None:
    assert run_classic(description="every night")["schedule"]["description"] == "every night"
    assert run_classic()["changed"] is False
    assert run_classic(description="other words")["changed"] is True
    assert schedules(emulator)[0].description == "other words"


def test_an_empty_description_is_none(emulator: Emulator, run_classic) -> None:
    for there in (None, "every night"):
        run_classic(description=there)
        predicted, real = run_classic(description="", check_mode=True), run_classic(description="")
        same(predicted, real)
        assert (real["changed"], real["schedule"]["description"]) == (there is not None, None)
        emulator.clear()
        assert (run_classic(description="")["changed"], emulator.writes) == (False, [])
    run_classic(state="absent")
    made = run_classic(description="")
    assert ("failed" in made, made["changed"], made["schedule"]["description"]) == (False, True, None)


@pytest.mark.parametrize("whose", ["emulator", "somebody-else"])
def test_a_schedule_of_any_user_is_one_of_a_user(emulator: Emulator, run, slug: str, whose: str) -> None:
    emulator.state.add_token("other", login="somebody-else")
    run(actor="current")
    if slug == APP:
        triggers(emulator)[0].event_source["schedule"]["attribution_actor"] = emulator.state.users[whose].id
    else:
        schedules(emulator, slug)[0].actor = emulator.state.users[whose]
    emulator.clear()
    assert run(actor="current")["changed"] is False
    assert emulator.writes == []
    assert run()["schedule"]["actor"] == "system"


# --- in projects of Apps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cron", ["0,30 2 * * *", "*/30 2 * * *", "00,30 2 1-31 JAN-DEC 0-7", "*/30 2-2 */1 * *"])
def test_times_are_compared_whatever_their_spelling(emulator: Emulator, run_app, cron: str) -> None:
    trigger(emulator, cron)
    result = run_app(per_hour=2)
    assert (result["changed"], result["schedule"]["cron_expression"], emulator.writes) == (False, cron, [])


def test_times_that_stay_keep_their_spelling_when_something_else_changes(emulator: Emulator, run_app) -> None:
    cron = "00,30 14,2 * * *"
    trigger(emulator, cron)
    options: dict[str, Any] = {"per_hour": 2, "hours_of_day": [2, 14], "branch": "develop"}
    predicted = run_app(**options, check_mode=True)
    real = run_app(**options)
    same(predicted, real)
    assert (real["changed"], real["schedule"]["branch"], real["schedule"]["cron_expression"]) == (True, "develop", cron)
    (before,), (after,) = (real["diff"][side]["schedules"] for side in ("before", "after"))
    assert {name for name in after if before[name] != after[name]} == {"branch"}


def test_times_that_these_words_cannot_say_are_told_and_changed(emulator: Emulator, run_app) -> None:
    trigger(emulator, "17 2 1 * 1")
    result = run_app(check_mode=True)
    assert result["diff"]["before"]["schedules"][0]["cron_expression"] == "17 2 1 * 1"
    assert result["diff"]["before"]["schedules"][0]["hours_of_day"] is None
    assert run_app()["schedule"]["cron_expression"] == "0 2 * * *"


def test_other_triggers_are_no_schedules(emulator: Emulator, run_app) -> None:
    source = {"provider": "webhook", "webhook": {"sender": "someone", "secret": "s"}}
    options = {"event_name": "nightly", "checkout_ref": "main", "config_ref": "main"}
    emulator.state.part(Triggers).add(emulator.project(APP), definition(emulator), event_source=source, **options)
    assert run_app()["changed"] is True
    assert len(triggers(emulator)) == 2
    run_app(state="absent")
    assert [each.event_source["provider"] for each in triggers(emulator)] == ["webhook"]


@pytest.mark.parametrize("given", ["name", "id", "ID"])
def test_a_definition_is_chosen_by_name_or_id(emulator: Emulator, run_app, given: str) -> None:
    wanted = definition(emulator, "release")
    result = run_app(definition={"name": "release", "id": wanted.id, "ID": wanted.id.upper()}[given])
    assert (result["schedule"]["definition"], triggers(emulator)[0].definition) == ("release", wanted)
    # It is there, so nobody has to say where.
    assert run_app()["changed"] is False


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        (None, "has several pipeline definitions. There are: mobile-app"),
        ("nightly", "has no pipeline definition nightly. There are: "),
    ],
)
def test_a_choice_that_is_none_is_refused_with_what_there_is(
    emulator: Emulator, run_app, wanted: str | None, complaint: str
) -> None:
    release = definition(emulator, "release")
    for check_mode in (True, False):
        result = run_app(definition=wanted, check_mode=check_mode)
        assert (result["failed"], emulator.writes) == (True, [])
        assert complaint in result["msg"]
        assert f"release ({release.id})" in result["msg"]


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("item", [{"id": "x", "name": None}, {"id": None, "name": "x"}])
def test_a_definition_that_is_none_changes_nothing(
    emulator: Emulator, run_app, state: str, item: dict[str, Any]
) -> None:
    body = {"items": [item], "next_page_token": None}
    emulator.fault("body", path="/pipeline-definitions", body=body)
    result = run_app(state=state)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI's list of pipeline definitions of {APP} has an entry that is none: " in result["msg"]
    assert "Check api_url" in result["msg"]


def test_a_project_without_a_definition_is_told_what_it_lacks(emulator: Emulator, run_app) -> None:
    emulator.state.part(Definitions).clear(emulator.project(APP))
    missing = f"{APP} has no pipeline definition. There are: none. Make one in its settings on CircleCI."
    assert run_app()["msg"] == missing
    assert run_app(state="absent")["changed"] is False


def test_in_another_definition_the_new_one_is_made_before_the_old_one_goes(emulator: Emulator, run_app) -> None:
    old = trigger(emulator, "*/60 2 * * *", parameters={"full": True})
    wanted = definition(emulator, "release")
    predicted = run_app(definition="release", check_mode=True)
    emulator.clear()
    real = run_app(definition="release")
    same(predicted, real)
    assert [record.method for record in emulator.writes] == ["POST", "DELETE"]
    (left,) = triggers(emulator)
    assert (left.definition, left.id != old.id, left.parameters) == (wanted, True, {"full": True})
    emulator.clear()
    assert run_app(definition="release")["changed"] is False
    assert emulator.writes == []


def test_what_moves_to_another_definition_has_the_parameters_that_are_given(emulator: Emulator, run_app) -> None:
    trigger(emulator, parameters={"full": True})
    wanted = definition(emulator, "release")
    options: dict[str, Any] = {"definition": "release", "parameters": {"full": False}}
    same(run_app(**options, check_mode=True), run_app(**options))
    (left,) = triggers(emulator)
    assert (left.definition, left.parameters) == (wanted, {"full": False})


def test_what_is_not_made_as_it_is_to_be_elsewhere_costs_no_schedule(emulator: Emulator, run_app) -> None:
    old = trigger(emulator)
    definition(emulator, "release")
    at_three = {"cron_expression": "0 3 * * *", "attribution_actor": {"id": SYSTEM_ID}}
    made = {"id": "x", "event_name": "nightly", "event_source": {"provider": "schedule", "schedule": at_three}}
    emulator.fault("body", method="POST", status=201, body={**made, "checkout_ref": "main"})
    result = run_app(definition="release")
    assert (result["failed"], result["changed"], triggers(emulator)) == (True, True, [old])
    assert "did not take its timetable" in result["msg"]


def test_what_is_there_already_keeps_its_parameters_when_the_other_one_goes(emulator: Emulator, run_app) -> None:
    trigger(emulator, parameters={"full": True})
    here = trigger(emulator, at="release", parameters={"full": False})
    result = run_app(definition="release")
    assert (result.get("failed"), result["changed"], result["schedule"]["id"]) == (None, True, here.id)
    assert ([record.method for record in emulator.writes], triggers(emulator)) == (["DELETE"], [here])
    assert result["schedule"]["parameters"] == here.parameters == {"full": False}


def test_a_schedule_is_changed_where_it_is(emulator: Emulator, run_app) -> None:
    old = trigger(emulator, "*/60 3 * * *", at="release")
    predicted = run_app(check_mode=True)
    emulator.fault("truncate", method="PATCH")
    real = run_app()
    same(predicted, real)
    assert (real["changed"], real["schedule"]["id"], real["schedule"]["definition"]) == (True, old.id, "release")
    assert run_app()["changed"] is False


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_of_the_name_in_two_definitions_are_refused_where_none_is_named(
    emulator: Emulator, run_app, state: str
) -> None:
    twins = [trigger(emulator), trigger(emulator, at="release")]
    result = run_app(state=state)
    assert (result["failed"], emulator.writes, triggers(emulator)) == (True, [], twins)
    assert f"{APP} has 2 schedules with the name nightly" in result["msg"]


@pytest.mark.parametrize(
    ("ref", "kind", "name"), [("refs/heads/main", "branch", "main"), ("refs/tags/v1", "tag", "v1")]
)
def test_a_branch_or_tag_is_the_same_in_full(emulator: Emulator, run_app, ref: str, kind: str, name: str) -> None:
    trigger(emulator, checkout_ref=ref, config_ref=ref)
    result = run_app(**{"branch": None, kind: name})
    assert (result["changed"], result["schedule"][kind], emulator.writes) == (False, name, [])


@pytest.mark.parametrize(
    "fault", [{"status": 403, "body": {"message": "no"}}, {"status": 404, "body": {"message": "no"}}]
)
def test_a_move_that_was_interrupted_is_finished(emulator: Emulator, run_app, fault: dict[str, Any]) -> None:
    trigger(emulator)
    definition(emulator, "release")
    emulator.fault("status", method="DELETE", **fault)
    first = run_app(definition="release")
    assert (first["failed"], first["changed"], len(triggers(emulator))) == (True, True, 2)
    emulator.clear()
    second = run_app(definition="release")
    assert (second["changed"], [record.method for record in emulator.writes]) == (True, ["DELETE"])
    assert [each.definition.name for each in triggers(emulator)] == ["release"]


def test_two_of_the_name_elsewhere_are_not_both_taken_away(emulator: Emulator, run_app) -> None:
    trigger(emulator)
    trigger(emulator)
    definition(emulator, "release")
    result = run_app(definition="release")
    assert (result["failed"], emulator.writes) == (True, [])


def test_absent_takes_the_one_of_the_definition_that_is_named(emulator: Emulator, run_app) -> None:
    trigger(emulator)
    trigger(emulator, at="release")
    for changed in (True, False):
        result = run_app(state="absent", definition="release")
        assert (result["changed"], result["schedule"]) == (changed, None)
    assert [each.definition.name for each in triggers(emulator)] == [FIRST]


@pytest.mark.parametrize("expression", ["@daily", "0 2 * * SUN#2", "61 2 * * *"])
def test_an_expression_that_nobody_here_understands_is_another_time(
    emulator: Emulator, run_app, expression: str
) -> None:
    found = trigger(emulator, expression)
    result = run_app()
    assert (result["changed"], result["schedule"]["id"], result["schedule"]["hours_of_day"]) == (True, found.id, [2])
    before = result["diff"]["before"]["schedules"][0]
    assert (before["cron_expression"], before["hours_of_day"]) == (expression, None)
    assert [record.body for record in emulator.writes] == [
        {"event_source": {"schedule": {"cron_expression": "0 2 * * *"}}}
    ]
    assert run_app()["changed"] is False


def test_a_schedule_that_was_switched_off_is_pointed_out(emulator: Emulator, run_app) -> None:
    trigger(emulator, disabled=True)
    result = run_app()
    assert (result["changed"], result["schedule"]["disabled"]) == (False, True)
    assert any("is disabled on CircleCI: it starts nothing" in warning for warning in result["warnings"])
    removed = run_app(state="absent")
    assert (removed["changed"], removed["warnings"]) == (True, [])


def test_on_a_server_there_are_no_triggers(emulator: Emulator, run_app, run_classic) -> None:
    emulator.switch(server="4.8")
    assert run_app()["failed"] is True
    assert run_classic()["changed"] is True


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_a_success_that_changed_nothing_is_a_failure(emulator: Emulator, run, slug: str) -> None:
    made = run()
    before = [record.body for record in emulator.requests if record.method == "POST"]
    assert before
    emulator.clear()
    answers: dict[str, Any]
    if slug == APP:
        found = triggers(emulator)[0]
        answers = {
            "id": found.id,
            "event_source": {"provider": "schedule", "schedule": {"cron_expression": "0 2 * * *",
                             "attribution_actor": {"id": SYSTEM_ID}}},
            "event_name": "nightly", "checkout_ref": "main", "config_ref": "main",
        }  # fmt: skip
    else:
        answers = {
            "id": made["schedule"]["id"], "name": "nightly", "parameters": {"branch": "main"},
            "actor": {"login": "system-actor"},
            "timetable": {"per-hour": 1, "hours-of-day": [2], "days-of-week": list(WEEKDAYS)},
        }  # fmt: skip
    emulator.fault("body", method="PATCH", body=answers)
    result = run(hours_of_day=[5], branch="develop")
    assert (result["failed"], result["changed"]) == (True, True)
    assert "did not take its branch and timetable" in result["msg"]
    assert result["updated"] == [{"kind": "schedule", "name": "nightly"}]


@pytest.mark.parametrize("status", [403, 404])
def test_a_refused_removal_of_what_is_gone_is_none(emulator: Emulator, run, slug: str, status: int) -> None:
    """Somebody else may have been faster: only the list tells what is gone from what may not be seen."""
    run()
    emulator.clear()
    emulator.fault("status", method="DELETE", status=status, body={"message": "no"}, when="after")
    result = run(state="absent")
    assert (result.get("failed"), result["changed"], result["schedule"]) == (None, True, None)
    assert (names(emulator, slug), len(emulator.writes)) == ([], 1)


@pytest.mark.parametrize("status", [401, 422])
def test_a_removal_that_is_refused_for_another_reason_is_not_looked_into(
    emulator: Emulator, run, slug: str, status: int
) -> None:
    run()
    emulator.fault("status", method="DELETE", status=status, body={"message": "no"})
    result = run(state="absent")
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert (emulator.requests[-1].method, names(emulator, slug)) == ("DELETE", ["nightly"])


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_gone_is_told_of_a_task_that_fails_after_it(
    emulator: Emulator, run, run_module, slug: str, status: int
) -> None:
    run(name="weekly")
    emulator.fault("status", method="DELETE", status=status, body={"message": "no"}, when="after")
    emulator.fault("status", method="POST", status=422, body={"message": "no"})
    options = {"schedules": [{"name": "weekly", "state": "absent"}, NIGHTLY]}
    result = run_module("circleci_projects", projects=[{"project": slug, **options}])
    (told,) = result["projects"]
    assert (told["failed"], told["changed"], result["changed"]) == (True, True, True)
    assert [(each["kind"], each["name"]) for each in told["removed"]] == [("schedule", "weekly")]
    assert names(emulator, slug) == []


DAILY = {"cron_expression": "0 2 * * *", "attribution_actor": {"id": SYSTEM_ID}}
CLASSIC_ITEM = {"id": "a", "name": "b", "parameters": {"branch": "m"}, "actor": {}, "timetable": {"hours-of-day": [1]}}
TRIGGER = {
    "id": "a",
    "event_name": "b",
    "checkout_ref": "m",
    "event_source": {"provider": "schedule", "schedule": DAILY},
}


@pytest.mark.parametrize(
    ("item", "why"),
    [
        ({**CLASSIC_ITEM, "timetable": None}, "it has no usable 'timetable'."),
        ({**CLASSIC_ITEM, "id": 7}, "it has no usable 'id'."),
        ({**CLASSIC_ITEM, "name": None}, "it has no usable 'name'."),
        ({**CLASSIC_ITEM, "parameters": {"branch": 1}}, "its branch or tag is no text."),
        ({**CLASSIC_ITEM, "parameters": {"tag": 1}}, "its branch or tag is no text."),
        ({**CLASSIC_ITEM, "parameters": ["m"]}, "it has no usable 'parameters'."),
        ({**CLASSIC_ITEM, "actor": None}, "it has no usable actor."),
        ({**TRIGGER, "id": None}, "it has no usable 'id'."),
        ({**TRIGGER, "event_name": None}, "it has no usable 'event_name'."),
        ({**TRIGGER, "event_source": None}, "it has no usable 'event_source'."),
        ({**TRIGGER, "event_source": {"schedule": DAILY}}, "it has no usable 'provider'."),
        ({**TRIGGER, "event_source": {"provider": "schedule"}}, "an object was expected."),
        ({**TRIGGER, "event_source": {"provider": "schedule", "schedule": {}}}, "it has no usable 'cron_expression'."),
        (
            {**TRIGGER, "event_source": {"provider": "schedule", "schedule": {**DAILY, "attribution_actor": None}}},
            "it has no usable actor.",
        ),
        ({**TRIGGER, "checkout_ref": 1}, "it has no usable 'checkout_ref'."),
        ({**TRIGGER, "parameters": ["m"]}, "its 'parameters' are no object."),
    ],
)
def test_a_list_with_something_else_in_it_is_refused(
    emulator: Emulator, run_module, item: dict[str, Any], why: str
) -> None:
    slug, path = (APP, "/triggers") if "event_name" in item else (API, "/schedule")
    emulator.add_repository(slug)
    emulator.follow(slug)
    emulator.fault("body", method="GET", path=path, body={"items": [item], "next_page_token": None})
    result = run_module(MODULE, project=slug, **NIGHTLY)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"of {slug} has an entry that is none: {why}" in result["msg"]
    assert result["path"].endswith(path)


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, check_mode=True, **NIGHTLY)
    assert (result["changed"], result["schedule"]["id"], emulator.writes) == (True, None, [])
    assert any("CircleCI does not know" in warning for warning in result["warnings"])


@pytest.mark.parametrize("definition", ["release", None])
def test_check_mode_before_a_project_of_an_app_exists_keeps_to_what_the_task_names(
    emulator: Emulator, run_module, definition: str | None
) -> None:
    slug = "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"
    result = run_module(MODULE, project=slug, check_mode=True, definition=definition, **NIGHTLY)
    assert (result["changed"], result["schedule"]["definition"], emulator.writes) == (True, definition, [])
    assert result["diff"]["after"]["schedules"][0]["definition"] == (definition or "(known after the run)")


WORDS = st.fixed_dictionaries(
    {
        "hours_of_day": st.lists(st.integers(0, 23), min_size=1, max_size=4),
        "per_hour": st.sampled_from([1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60]),
        "months": st.none() | st.lists(st.sampled_from(["JAN", "feb", "Dec"]), min_size=1),
        "actor": st.sampled_from(["system", "current"]),
        "parameters": st.none() | st.dictionaries(st.sampled_from("ab"), st.sampled_from([1, True, "1"])),
    }
)
DAYS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.lists(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: {"days_of_week": days}),
    st.lists(st.integers(1, 31), min_size=1, max_size=5).map(lambda days: {"days_of_month": days}),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(slug=st.sampled_from([API, APP]), tasks=st.lists(st.tuples(WORDS, DAYS), min_size=2, max_size=3))
def test_a_plan_that_was_carried_out_is_empty(
    emulator: Emulator, run_module, slug: str, tasks: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    emulator.reset()
    emulator.add_repository(slug)
    emulator.follow(slug)
    for words, days in tasks:
        options = {"project": slug, **NIGHTLY, **words, **days}
        predicted = run_module(MODULE, check_mode=True, **options)
        real = run_module(MODULE, **options)
        assert not real.get("failed"), real
        same(predicted, real)
        emulator.clear()
        again = run_module(MODULE, **options)
        assert (again["changed"], emulator.writes) == (False, [])


def test_a_schedule_that_was_removed_meanwhile_is_made_by_the_next_run(emulator: Emulator, run) -> None:
    run()
    emulator.fault("status", method="PATCH", status=404, body={"message": "Schedule not found."})
    result = run(hours_of_day=[3])
    assert (result["failed"], result["changed"]) == (True, False)
    assert "Somebody else has removed the schedule meanwhile. Run the task again" in result["msg"]
    emulator.fault("status", method="PATCH", status=422, body={"message": "not like this"})
    result = run(hours_of_day=[3])
    assert (result["failed"], result["status"], "Somebody else" in result["msg"]) == (True, 422, False)


def test_a_name_that_looks_like_another_one_is_pointed_out(run) -> None:
    run()
    result = run(name="nightly\n", state="absent")
    (warning,) = result["warnings"]
    assert result["changed"] is False
    assert "The name of schedule nightly begins or ends with white space, which is kept" in warning
