# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import PROJECT_TOKEN, Emulator
from tests.unit.predicting import differences

API = "github/acme/api"
MODULE = "circleci_project_token"
DAY = 86400


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed, for the label `badge`."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, "label": "badge", **options})


def texts(emulator: Emulator, label: str = "badge") -> list[str]:
    """The texts of the project's tokens of a label."""
    return [
        text
        for text, token in emulator.state.tokens.items()
        if token.project == API and token.label == label and token.user is None
    ]


def make(emulator: Emulator, text: str, *, label: str = "badge", scope: Any = "status", days: float = 0) -> None:
    """Make a token as somebody else would have, so many days ago."""
    emulator.state.clock_offset -= days * DAY
    emulator.state.add_token(text, project=API, label=label, scope=scope)
    emulator.state.clock_offset += days * DAY


def writes(emulator: Emulator) -> list[str]:
    return [record.method for record in emulator.writes]


def test_a_token_is_made_once_and_told_once(emulator: Emulator, run) -> None:
    predicted = run(check_mode=True)
    assert emulator.writes == []
    real = run()
    assert (real["changed"], real["created"], real["removed"]) == (True, True, [])
    assert texts(emulator) == [real["token"]]
    assert [record.body for record in emulator.writes] == [{"label": "badge", "scope": "status"}]
    assert predicted["token"] is None
    assert predicted["project_token"] == {"id": None, "label": "badge", "scope": "status", "time": None}
    assert real["project_token"].items() >= {"label": "badge", "scope": "status"}.items()
    assert differences(predicted, real) == []
    emulator.clear()
    again = run()
    assert (again["changed"], again["created"], again["token"]) == (False, False, None)
    assert again["project_token"] == real["project_token"]
    assert (emulator.writes, len(emulator.requests)) == ([], 1)


def test_the_token_that_is_told_works(emulator: Emulator, run) -> None:
    text = run(scope="view-builds")["token"]
    answer = requests.get(f"{emulator.url}/api/v1.1/project/{API}", headers={"Circle-Token": text}, timeout=5)
    assert answer.status_code == 200


def test_no_diff_has_a_text(emulator: Emulator, run) -> None:
    made = run()
    assert made["token"] not in str(made["diff"])
    assert made["diff"]["before"] == {"project_tokens": []}
    assert made["diff"]["after"] == {"project_tokens": [made["project_token"]]}
    assert run(check_mode=True, rotate=True)["diff"]["after"] == {
        "project_tokens": [
            {"id": "(known after the run)", "label": "badge", "scope": "status", "time": "(known after the run)"}
        ]
    }


def test_absent_removes_the_token_whatever_its_scope(emulator: Emulator, run) -> None:
    make(emulator, "t" * 40, scope="all")
    make(emulator, "o" * 40, label="other")
    predicted = run(state="absent", check_mode=True)
    real = run(state="absent")
    assert predicted == real
    assert (real["changed"], real["project_token"], len(real["removed"])) == (True, None, 1)
    assert (texts(emulator), texts(emulator, "other")) == ([], ["o" * 40])
    emulator.clear()
    assert run(state="absent")["changed"] is False
    assert emulator.writes == []


@pytest.mark.parametrize("options", [{}, {"rotate": True}, {"exclusive": True}, {"max_age": 1}])
def test_another_scope_is_refused_with_the_ways_out(emulator: Emulator, run, options: dict[str, Any]) -> None:
    make(emulator, "t" * 40, scope="all", days=9)
    for check_mode in (True, False):
        result = run(check_mode=check_mode, **options)
        assert (result["failed"], emulator.writes) == (True, [])
        assert f"badge of {API} has the scope all, not status" in result["msg"]
        assert "state: absent" in result["msg"]


@pytest.mark.parametrize(
    ("options", "way_out"),
    [
        ({}, "keep the newest one"),
        ({"scope": "all"}, "keep the newest one"),
        ({"state": "absent"}, "remove all of them"),
    ],
)
def test_two_of_a_label_are_refused_by_their_ids(
    emulator: Emulator, run, options: dict[str, Any], way_out: str
) -> None:
    for text in ("a" * 40, "b" * 40):
        make(emulator, text)
    result = run(**options)
    assert (result["failed"], emulator.writes) == (True, [])
    assert f"{API} has 2 tokens with the label badge" in result["msg"]
    assert way_out in result["msg"]
    for text in ("a" * 40, "b" * 40):
        assert emulator.state.tokens[text].id in result["msg"]


def test_exclusive_keeps_the_newest_of_the_scope_and_other_labels(emulator: Emulator, run) -> None:
    make(emulator, "1" * 40, days=3)
    make(emulator, "2" * 40, days=1)
    make(emulator, "3" * 40, scope="all")
    make(emulator, "4" * 40, label="other")
    predicted = run(exclusive=True, check_mode=True)
    real = run(exclusive=True)
    assert predicted == real
    assert (texts(emulator), texts(emulator, "other")) == (["2" * 40], ["4" * 40])
    assert (real["token"], real["created"], len(real["removed"])) == (None, False, 2)
    emulator.clear()
    assert run(exclusive=True)["changed"] is False
    assert emulator.writes == []


def test_exclusive_and_absent_remove_all_of_the_label(emulator: Emulator, run) -> None:
    for text in ("a" * 40, "b" * 40):
        make(emulator, text)
    assert len(run(exclusive=True, state="absent")["removed"]) == 2
    assert texts(emulator) == []


def test_rotation_makes_before_it_removes(emulator: Emulator, run) -> None:
    old = run()
    emulator.clear()
    predicted = run(rotate=True, check_mode=True)
    real = run(rotate=True)
    assert writes(emulator) == ["POST", "DELETE"]
    assert texts(emulator) == [real["token"]]
    gone = {name: old["project_token"][name] for name in ("id", "label", "scope")}
    assert real["removed"] == predicted["removed"] == [{"kind": "project_token", **gone}]
    assert real["token"] != old["token"]
    assert run(rotate=True)["changed"] is True


def test_max_age_rotates_only_what_is_older(emulator: Emulator, run) -> None:
    assert run(max_age=30)["created"] is True
    assert run(max_age=30)["changed"] is False
    emulator.state.tokens.clear()
    emulator.state.add_token("emulator-personal-token", login="emulator")
    make(emulator, "t" * 40, days=40)
    assert run(max_age=41)["changed"] is False
    result = run(max_age=39)
    assert (result["created"], len(result["removed"]), texts(emulator)) == (True, 1, [result["token"]])
    assert run(max_age=39)["changed"] is False


@pytest.mark.parametrize("options", [{"rotate": True}, {"max_age": 30}])
def test_a_rotation_that_was_interrupted_is_finished_with_a_token_that_is_told(
    emulator: Emulator, run, options: dict[str, Any]
) -> None:
    make(emulator, "t" * 40, days=40)
    emulator.fault("status", method="DELETE", path="/token/", status=403, body={"message": "Permission denied"})
    first = run(**options)
    assert (first["failed"], first["changed"], first["created"], first["removed"]) == (True, True, True, [])
    assert first["token"] in texts(emulator)  # what was made is told, failure or not
    assert len(texts(emulator)) == 2
    second = run(**options)
    assert (second["changed"], second["created"], len(second["removed"])) == (True, True, 2)
    assert texts(emulator) == [second["token"]]


@pytest.mark.parametrize("options", [{"rotate": True}, {"max_age": 30}])
def test_a_rotation_removes_no_token_of_another_scope_unless_told(
    emulator: Emulator, run, options: dict[str, Any]
) -> None:
    make(emulator, "s" * 40, days=40)
    make(emulator, "a" * 40, days=40, scope="all")
    result = run(**options)
    assert (result["failed"], emulator.writes, len(texts(emulator))) == (True, [], 2)
    assert f"{API} has 2 tokens with the label badge" in result["msg"]
    assert len(run(exclusive=True, **options)["removed"]) == 2


def test_nothing_is_removed_when_the_new_token_is_not_listed(emulator: Emulator, run) -> None:
    run()
    old = texts(emulator)
    answer = {"id": "nobody-knows-it", "label": "badge", "scope": "status", "token": "x" * 40}
    emulator.fault("body", method="POST", body=answer, status=201)
    result = run(rotate=True)
    assert (result["failed"], result["changed"], result["removed"]) == (True, True, [])
    assert "does not list it" in result["msg"]
    assert texts(emulator) == old


@pytest.mark.parametrize(
    ("kind", "answer"),
    [("drop", {}), ("body", {"body": {}}), ("body", {"body": {"id": "x", "label": "badge", "scope": "status"}})],
)
def test_a_token_whose_text_was_lost_is_removed_again(
    emulator: Emulator, run, kind: str, answer: dict[str, Any]
) -> None:
    run()
    old = texts(emulator)
    emulator.fault(kind, method="POST", path="/token", when="after", **answer)
    result = run(rotate=True)
    assert (result["failed"], result["changed"], result["token"], result["created"]) == (True, True, None, False)
    assert "which alone has the text, was lost. It was removed again" in result["msg"]
    assert texts(emulator) == old
    assert run(rotate=True)["token"] in texts(emulator)


def test_a_stray_token_that_cannot_be_removed_is_named(emulator: Emulator, run) -> None:
    emulator.fault("drop", method="POST", path="/token", when="after")
    emulator.fault("status", method="DELETE", path="/token/", status=403, body={"message": "Permission denied"})
    result = run()
    (text,) = texts(emulator)
    assert result["failed"] is True
    assert "could not be removed again" in result["msg"]
    assert f"the token with the id {emulator.state.tokens[text].id}" in result["msg"]
    assert text not in str(result)


def test_of_several_new_tokens_none_is_taken_for_ours(emulator: Emulator, run, monkeypatch) -> None:
    """Somebody else makes one of the same label while the answer to ours is lost."""
    add_token = emulator.state.add_token

    def add_two(text: str, **options: Any) -> Any:
        add_token("other" + text, **options)
        return add_token(text, **options)

    monkeypatch.setattr(emulator.state, "add_token", add_two)
    emulator.fault("drop", method="POST", path="/token", when="after")
    result = run()
    assert result["failed"] is True
    assert "There are 2 new ones now" in result["msg"]
    assert (writes(emulator), len(texts(emulator))) == (["POST"], 2)


@pytest.mark.parametrize("other", [{"label": "other"}, {"scope": "all"}])
def test_what_somebody_else_makes_meanwhile_is_not_taken_for_ours(
    emulator: Emulator, run, monkeypatch, other: dict[str, str]
) -> None:
    add_token = emulator.state.add_token

    def add_two(text: str, **options: Any) -> Any:
        add_token("other" + text, **{**options, **other})
        return add_token(text, **options)

    monkeypatch.setattr(emulator.state, "add_token", add_two)
    emulator.fault("drop", method="POST", path="/token", when="after")
    result = run()
    assert "which alone has the text, was lost. It was removed again" in result["msg"]
    assert [text.startswith("other") for text in texts(emulator, other.get("label", "badge"))] == [True]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"max_age": 30}, "does not say when the tokens"),
        ({"exclusive": True}, "nobody can tell which one with the label"),
    ],
)
def test_what_needs_all_dates_is_refused_where_one_token_has_none(
    emulator: Emulator, run, options: dict[str, Any], complaint: str
) -> None:
    times = {"a": "2020-01-01T00:00:00Z", "b": None}
    tokens = [{"id": id_, "label": "badge", "scope": "status", "time": time} for id_, time in times.items()]
    emulator.fault("body", method="GET", path="/token$", body=tokens)
    result = run(**options)
    assert (result["failed"], emulator.writes) == (True, [])
    assert complaint in result["msg"]


def test_max_age_is_refused_where_tokens_have_no_date(emulator: Emulator, run) -> None:
    emulator.state.switches.undated_tokens = True
    assert run()["project_token"]["time"] is None
    emulator.clear()
    result = run(max_age=30)
    assert (result["failed"], emulator.writes) == (True, [])
    assert "does not say when the tokens" in result["msg"]
    assert "rotate: true" in result["msg"]


def test_nobody_is_called_the_newest_where_tokens_have_no_date(emulator: Emulator, run) -> None:
    emulator.state.switches.undated_tokens = True
    for text in ("1" * 40, "2" * 40):
        make(emulator, text)
    result = run(exclusive=True)
    assert (result["failed"], emulator.writes, len(texts(emulator))) == (True, [], 2)
    assert "nobody can tell which one with the label" in result["msg"]
    assert "rotate: true" in result["msg"]
    assert run(exclusive=True, rotate=True)["changed"] is True
    assert run(exclusive=True)["changed"] is False
    make(emulator, "3" * 40, scope="all")
    assert len(run(exclusive=True)["removed"]) == 1


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"label": " ", "max_age": -1}, "label is empty"),
        ({"max_age": -1}, "max_age must be a number of days"),
        (
            {"rotate": True, "max_age": 90},
            "rotate and max_age exclude each other. rotate makes a new token in every run",
        ),
        ({"state": "absent", "rotate": True, "max_age": 90}, "rotate and max_age exclude each other."),
        ({"state": "absent", "rotate": True}, "rotate and state absent exclude each other"),
        ({"state": "absent", "max_age": 0}, "max_age and state absent exclude each other"),
        ({"scope": "everything"}, "value of scope must be one of"),
        ({"api_token": None}, "CIRCLE_TOKEN"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], complaint: str
) -> None:
    result = run(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        {"id": 1, "label": "badge", "scope": "all"},
        {"id": "a", "label": "b"},
        {"id": "a", "label": None, "scope": "status"},
        {"id": "", "label": "badge", "scope": "status"},
    ],
)
def test_a_list_with_something_else_in_it_is_refused(emulator: Emulator, run, entry: Any) -> None:
    emulator.fault("body", method="GET", path="/token$", body=[entry])
    result = run(rotate=True)
    assert (result["failed"], emulator.writes) == (True, [])
    assert API in result["msg"] or "/token" in result["path"]
    assert result["hint"]


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, label="badge", check_mode=True)
    assert (result["changed"], result["created"], emulator.writes) == (True, True, [])
    assert any("CircleCI does not know" in warning for warning in result["warnings"])


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_project_token_makes_no_others(emulator: Emulator, run, check_mode: bool) -> None:
    emulator.fault("body", method="GET", path="/token$", body=[])  # Should it be let see them.
    result = run(api_token=PROJECT_TOKEN, check_mode=check_mode)
    assert (result["failed"], result["status"], emulator.writes) == (True, 401, [])
    assert "give a personal API token" in result["msg"]


def test_projects_of_apps_have_tokens_too(emulator: Emulator, run_module) -> None:
    slug = "circleci/org/project"
    emulator.add_repository(slug)
    emulator.follow(slug)
    assert run_module(MODULE, project=slug, label="badge")["token"]


@pytest.mark.parametrize("there", [0, 1])
def test_the_task_ends_when_the_list_shows_what_it_made(emulator: Emulator, run, there: int) -> None:
    if there:
        make(emulator, "old-token", days=9)
    url, headers = (
        f"{emulator.url}/api/v1.1/project/{API}/token",
        {"Circle-Token": emulator.token, "Accept": "application/json"},
    )
    before = requests.get(url, headers=headers, timeout=10).json()
    emulator.clear()
    emulator.fault("body", method="GET", path="/token", body=before, after=1, times=3)
    result = run(max_age=1)
    assert (result["created"], result["warnings"], texts(emulator)) == (True, [], [result["token"]])
    methods = [record.method for record in emulator.requests if "/me" not in record.path]
    assert methods == ["GET", "POST", "GET", "GET", "GET", "GET"] + ["DELETE"] * there


def test_a_token_that_is_not_listed_is_told_all_the_same(emulator: Emulator, run) -> None:
    emulator.fault("body", method="GET", path="/token", body=[], times=100)
    result = run()
    assert texts(emulator) == [result["token"]]
    (warning,) = result["warnings"]
    assert f"CircleCI made a token badge of {API}, but" in warning


def test_a_list_that_is_none_is_told_with_its_path(emulator: Emulator, run) -> None:
    emulator.fault("body", method="GET", path="/token", body=[{"label": 1}])
    result = run(label="deploy")
    assert (result["failed"], result["method"]) == (True, "GET")
    assert result["path"] == "/api/v1.1/project/github/acme/api/token"


def test_a_name_that_looks_like_another_one_is_pointed_out(run) -> None:
    run()
    result = run(label="badge\n", state="absent")
    (warning,) = result["warnings"]
    assert result["changed"] is False
    assert "The name of token badge begins or ends with white space, which is kept" in warning
