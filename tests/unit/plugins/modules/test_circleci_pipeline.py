# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from datetime import date, datetime, timezone
from typing import Any

import pytest

from emulator import PROJECT_TOKEN, Emulator
from emulator.http.exchange import Answer, Call
from emulator.v2 import shapes
from emulator.world.definitions import Definitions
from tests.unit.results import failed
from tests.unit.trouble import never_send

API = "github/acme/api"
MODULE = "circleci_pipeline"
RETURNED = {
    "changed", "project", "diff", "pipeline", "workflows", "holds", "failed_steps", "canceled", "waited_seconds",
    "reused",
}  # fmt: skip
PIPELINE = {"id", "number", "state", "status", "url", "branch", "tag", "revision", "created_at", "errors"}
PARAMETERS = {"target": "staging", "count": 1, "force": False}
OTHER = "ab" * 20
OTHER_ID = "5034460f-c7c4-4c43-9457-de07e2029e7b"


@pytest.fixture
def run(emulator: Emulator, clock, run_module):
    """The module on a followed project without builds, on a clock that takes no time."""
    emulator.add_repository(API, has_config=False, parameters=PARAMETERS)
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def asked(emulator: Emulator) -> list[str]:
    return [f"{record.method} {record.path.removeprefix('/api/')}" for record in emulator.requests]


# --- starting ---------------------------------------------------------------------------------------------------------


def test_a_pipeline_is_started_and_its_number_and_page_are_there_at_once(emulator: Emulator, run) -> None:
    result = run()
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["reused"], result["workflows"], result["canceled"]) == (True, False, [], [])
    started = emulator.pipeline(API, 1)
    assert result["pipeline"] == {
        "id": started.id,
        "number": 1,
        "state": "pending",
        "status": "pending",
        "url": f"{emulator.url}/pipelines/gh/acme/api/1",
        "branch": "main",
        "tag": None,
        "revision": emulator.project(API).branches["main"],
        "created_at": result["pipeline"]["created_at"],
        "errors": [],
    }
    # One request more before the POST, for the newest number, and one after it.
    assert asked(emulator) == [
        "GET v2/project/gh/acme/api/pipeline",
        "POST v2/project/gh/acme/api/pipeline",
        f"GET v2/pipeline/{started.id}",
    ]
    assert (emulator.writes[0].body, emulator.writes[0].headers["Content-Type"]) == ({}, "application/json")
    assert result["diff"]["after"] == {
        "pipeline": {"number": 1, "branch": None, "tag": None, "parameters": {}},
    }


def test_the_page_on_the_cloud_is_that_of_the_web_application(run_module, monkeypatch: pytest.MonkeyPatch) -> None:
    from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
    from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import pipeline_url
    from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

    project = Project("github", "acme", "api")
    for slug, shown in (("gh/acme/api", "gh/acme/api"), (None, "gh/acme/api"), ("circleci/a/b", "circleci/a/b")):
        pipeline = {"number": 7, "project_slug": slug}
        assert pipeline_url(Client(), project, pipeline) == f"https://app.circleci.com/pipelines/{shown}/7"


@pytest.mark.parametrize(
    "reference", [{"branch": "feature/login"}, {"branch": "zürich/#12 100%"}, {"tag": "v1.0.0"}, {"branch": 110}]
)
def test_branches_and_tags_are_sent_as_they_are(emulator: Emulator, run, reference: dict[str, Any]) -> None:
    text = {name: str(value) for name, value in reference.items()}
    emulator.add_repository(API, branches=[text.get("branch", "main")])
    result = run(**reference)
    assert emulator.writes[0].body == text
    assert {name: result["pipeline"][name] for name in text} == text


def test_parameters_keep_their_types(emulator: Emulator, run) -> None:
    given = {"target": "true", "count": 0, "force": True}
    assert run(parameters=given)["pipeline"]["status"] == "pending"
    assert emulator.writes[0].body == {"parameters": given}
    assert [type(value) for value in emulator.writes[0].body["parameters"].values()] == [str, int, bool]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.5, "parameters.target is a number with a fraction"),
        (date(2026, 1, 1), "parameters.target is a date or time"),
        (None, "parameters.target is null"),
        (["a"], "parameters.target is a list"),
        ({"a": 1}, "parameters.target is a dictionary"),
        ("x" * 513, "parameters.target is longer than 512 characters"),
    ],
)
def test_other_values_are_refused_by_name_before_any_request(emulator: Emulator, run, value: Any, words: str) -> None:
    failed(run(parameters={"target": value}), words)
    assert emulator.requests == []


def test_too_many_parameters_and_odd_names_are_refused(emulator: Emulator, run) -> None:
    failed(run(parameters={str(number): "x" for number in range(101)}), "101 parameters")
    failed(run(parameters={1: "x"}), "A key of parameters is not text: 1")
    failed(run(parameters={"x" * 129: "x"}), "longer than 128 characters")
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"state": "succeeded"}, "not said which pipeline"),
        ({"state": "canceled"}, "not said which pipeline"),
        ({"pipeline_number": 3}, "pipeline_number cannot be used with state triggered"),
        ({"keep_revision": OTHER}, "keep_revision cannot be used with state triggered"),
        ({"state": "succeeded", "branch": "main", "parameters": {"a": 1}}, "parameters cannot be used with"),
        ({"state": "succeeded", "branch": "main", "reuse": "active"}, "reuse cannot be used with state succeeded"),
        ({"state": "canceled", "branch": "main", "approve": ["a"], "log_lines": -1}, "approve cannot be used with"),
        ({"state": "canceled", "branch": "main", "on_hold": "wait"}, "on_hold cannot be used with state canceled"),
        ({"state": "canceled", "tag": "v1", "keep_revision": OTHER}, "keep_revision goes with branch"),
        ({"state": "succeeded", "tag": "v1", "keep_revision": OTHER}, "keep_revision cannot be used with state"),
        ({"state": "succeeded", "pipeline_number": 3, "branch": "main"}, "pipeline_number names one pipeline"),
        ({"state": "succeeded", "pipeline_number": 0}, "pipeline_number must be 1 or more"),
        ({"branch": "main", "tag": "v1"}, "mutually exclusive"),
        ({"state": "succeeded", "pipeline_id": OTHER_ID, "pipeline_number": 3}, "mutually exclusive"),
        ({"revision": "abc"}, "is not the full hash"),
        ({"revision": 123456}, "revision is a number"),
        ({"branch": "main", "state": "canceled", "keep_revision": "abc"}, "keep_revision 'abc' is not the full hash"),
        ({"branch": ""}, "branch is empty"),
        ({"definition": " "}, "definition is empty"),
        ({"approve": ["hold"]}, "approve does nothing without wait"),
        ({"on_hold": "return"}, "on_hold does nothing without wait"),
        ({"workflows": ["a"]}, "workflows does nothing without wait"),
        ({"wait": True, "approve": ["hold", ""]}, "approve has an empty name"),
        ({"wait_interval": -1, "log_lines": -1}, "wait_interval must be"),
        ({"appear_timeout": -1}, "appear_timeout must be"),
        ({"log_lines": -1}, "log_lines must be"),
        ({"config_branch": "main"}, "config_branch goes with a definition"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    result = run(**options)
    failed(result, words)
    assert (result["changed"], emulator.requests) == (False, [])


GIVEN: dict[str, Any] = {
    "pipeline_id": OTHER_ID, "pipeline_number": 3, "keep_revision": OTHER, "parameters": {"target": "live"},
    "definition": "nightly", "config_branch": "main", "reuse": "active", "workflows": ["build"], "approve": ["hold"],
    "on_hold": "return",
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("triggered", ["pipeline_id", "pipeline_number", "keep_revision"]),
        ("succeeded", ["parameters", "definition", "config_branch", "reuse", "keep_revision"]),
        ("canceled", ["parameters", "definition", "config_branch", "reuse", "workflows", "approve", "on_hold"]),
    ],
)
def test_an_option_that_would_do_nothing_in_a_state_is_refused(
    emulator: Emulator, run, state: str, names: list[str]
) -> None:
    for name in names:
        result = run(state=state, branch="main", wait=True, **{name: GIVEN[name]})
        failed(result, f"{name} cannot be used with state {state}.")
    assert emulator.requests == []


def test_an_empty_list_was_not_given(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(1)
    assert run(approve=[])["changed"] is True
    assert len(run(state="canceled", branch="main", workflows=[], approve=[], parameters={})["canceled"]) == 2


def test_without_a_token_nothing_is_started(emulator: Emulator, run) -> None:
    for options in ({}, {"state": "canceled", "branch": "main"}):
        failed(run(api_token="", **options), "No API token was given")
    assert emulator.requests == []


@pytest.mark.parametrize("body", [{"id": "", "number": 1}, {"id": OTHER_ID}, {"id": OTHER_ID, "number": "1"}])
def test_an_answer_without_an_id_or_a_number_is_looked_into(emulator: Emulator, run, body: dict[str, Any]) -> None:
    emulator.fault("body", method="POST", path="/pipeline$", status=201, body=body, when="after")
    result = run()
    assert (result.get("failed"), result["pipeline"]["id"]) == (None, emulator.pipeline(API, 1).id)


def test_a_skipped_commit_is_a_failure_with_circlecis_words(emulator: Emulator, run) -> None:
    emulator.scenario("skipped")
    result = run()
    failed(result, "Ignoring pipeline due to CI skip in the commit")
    assert "[ci skip]" in result["msg"]
    assert (result["changed"], result["status"], len(emulator.writes)) == (False, 200, 1)
    assert result["pipeline"] == {**dict.fromkeys(PIPELINE), "errors": []}


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (200, "Skipped, as the commit says.", "Nothing was started. The commit's message asks CircleCI to skip it"),
        (200, "Not today.", "Nothing was started. See what CircleCI says, and look at the project there."),
        (403, "Forbidden", "The token's user needs"),
        (400, "Something else is wrong.", None),
        (400, "Type error for argument target: expected type: boolean.", "Declare the parameters"),
    ],
)
def test_a_refused_start_says_what_fits_the_refusal(
    emulator: Emulator, run, status: int, message: str, hint: str | None
) -> None:
    emulator.fault("status", method="POST", status=status, body={"message": message})
    result = run(parameters={"target": "live"})
    failed(result, f": {message.rstrip('.')}")
    assert (result["hint"] or "none").startswith(hint or "none")
    assert (result["changed"], len(emulator.writes)) == (False, 1)


def test_an_unknown_project_may_be_an_undeclared_parameter_only_where_there_are_some(emulator: Emulator, run) -> None:
    for parameters in ({"target": "live"}, {}):
        emulator.fault("status", method="POST", status=404, body={"message": "Project not found"})
        told = " of a parameter that the configuration does not declare" in run(parameters=parameters)["hint"]
        assert told is bool(parameters)


def test_a_start_that_never_left_this_machine_changed_nothing(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_send(monkeypatch, "POST")
    result = run(retries=0)
    failed(result, f"POST v2/project/gh/acme/api/pipeline at {emulator.url} got no answer: refused. Check api_url")
    assert (result["changed"], emulator.writes) == (False, [])


def test_an_unknown_branch_says_what_to_do(run) -> None:
    result = run(branch="nope")
    failed(result, "Branch not found")
    assert "pull/NUMBER/head" in result["msg"]


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"kind": "status", "status": 403, "body": {"message": "Forbidden"}}, "answered 403 to GET v2/pipeline/{id}"),
        ({"kind": "body", "body": {"id": 1}}, "answer to GET v2/pipeline/{id} is not a pipeline: "),
        ({"kind": "status", "status": 404, "body": {"message": "Pipeline not found"}}, None),
    ],
)
def test_a_new_pipeline_that_cannot_be_read_is_started_all_the_same(
    emulator: Emulator, run, fault: dict[str, Any], why: str | None
) -> None:
    """CircleCI may show it seconds later, which is no trouble."""
    emulator.fault(method="GET", path="/v2/pipeline/[^/]+$", **fault)
    result = run()
    started = emulator.pipeline(API, 1)
    assert (result.get("failed"), result["changed"], len(emulator.writes)) == (None, True, 1)
    assert (result["pipeline"]["id"], result["pipeline"]["number"]) == (started.id, 1)
    assert emulator.faults.pending == []
    if why is None:
        assert result["warnings"] == []
    else:
        (warning,) = result["warnings"]
        assert warning.startswith("The new pipeline could not be read. CircleCI")
        assert why.format(id=started.id) in warning


@pytest.mark.parametrize("entry", [{"id": "a", "number": "7", "state": "created"}, {"id": "a", "number": 7}])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"reuse": "successful", "branch": "main"},
        {"state": "succeeded", "branch": "main"},
        {"state": "canceled", "branch": "main"},
    ],
)
def test_nothing_is_done_on_the_ground_of_a_list_with_something_else_in_it(
    emulator: Emulator, run, options: dict[str, Any], entry: dict[str, Any]
) -> None:
    emulator.fault("body", method="GET", path="/pipeline", body={"items": [entry], "next_page_token": None})
    result = run(**options)
    failed(result, f"CircleCI's list of pipelines of {API} has an entry that is none: it has no usable '")
    assert (result["changed"], emulator.writes, result["hint"]) == (
        False,
        [],
        "Check api_url and whether a proxy stands between.",
    )


@pytest.mark.parametrize("state", ["succeeded", "canceled"])
@pytest.mark.parametrize("sought", [{"pipeline_number": 1}, {"pipeline_id": "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11"}])
def test_an_answer_that_is_no_pipeline_is_none(emulator: Emulator, run, state: str, sought: dict[str, Any]) -> None:
    emulator.push(API, branch="main")
    emulator.fault("body", method="GET", path="/pipeline/[^/]+$", body={"message": "welcome"})
    result = run(state=state, **sought)
    failed(result, f"{sought.get('pipeline_id', 1)} is not a pipeline: it has no usable 'id'")
    assert API in result["msg"]
    assert (result["changed"], emulator.writes, len(emulator.requests)) == (False, [], 1)


def test_an_unknown_project_names_the_causes(emulator: Emulator, run, run_module) -> None:
    for options in ({}, {"state": "succeeded", "branch": "main"}, {"state": "canceled", "branch": "main"}):
        result = run_module(MODULE, project="github/acme/web", **options)
        failed(result, "Project not found")
        for words in ("follow it first", "personal token", "begins with circleci/"):
            assert words in result["msg"]
    unknown = {"message": "Project not found"}
    emulator.fault("status", method="POST", path="/pipeline", status=404, body=unknown)
    failed(run(parameters={"target": "b"}), "It may also say so of a parameter that the configuration does not declare")


def test_check_mode_predicts_a_start_in_a_project_that_is_to_be_followed_first(run_module) -> None:
    result = run_module(MODULE, project="github/acme/web", check_mode=True)
    assert (result["changed"], "failed" in result) == (True, False)
    assert any("does not know github/acme/web yet" in warning for warning in result["warnings"])


@pytest.mark.parametrize("refused", [False, True])
def test_undeclared_parameters_get_their_own_hint(emulator: Emulator, run, refused: bool) -> None:
    emulator.switch(refuse_parameters=refused)
    result = run(parameters={"tagret": "live"}, wait=True)
    failed(result, "Unexpected argument(s): tagret")
    assert "Declare the parameters at the top of the configuration" in result["msg"]
    assert result["changed"] is not refused
    if not refused:
        assert (result["pipeline"]["status"], result["pipeline"]["errors"][0]["type"]) == ("errored", "config")


def test_conflicting_parameters_get_their_own_hint(emulator: Emulator, run) -> None:
    emulator.scenario(errors=[{"type": "config", "message": "Conflicting pipeline parameters."}])
    assert "let only one of them declare it" in run(wait=True)["msg"]


@pytest.mark.parametrize(
    ("options", "where"), [({}, "main"), ({"branch": "main"}, "main"), ({"tag": "v1.0.0"}, "v1.0.0")]
)
def test_a_branch_that_has_moved_on_is_not_run(emulator: Emulator, run, options: dict[str, Any], where: str) -> None:
    result = run(revision=OTHER, **options)
    head = {**emulator.project(API).branches, **emulator.project(API).tags}[where]
    failed(
        result,
        f"{where} has moved on to {head}: pipeline #1, which was started of it, is canceled, for revision {OTHER} was "
        "asked for. API v2 starts the head of a branch or tag only",
    )
    assert result["changed"] is True
    assert (result["pipeline"]["number"], result["pipeline"]["revision"]) == (1, head)
    emulator.pass_time(5)
    assert [each.status for each in emulator.pipeline(API, 1).workflows] == ["canceled"]


@pytest.mark.parametrize(
    ("options", "where"), [({}, "the branch"), ({"branch": "main"}, "main"), ({"tag": "v1.0.0"}, "v1.0.0")]
)
def test_a_pipeline_that_does_not_say_what_it_is_of_goes_by_what_was_asked_for(
    emulator: Emulator, run, options: dict[str, Any], where: str
) -> None:
    other, errors = "cd" * 20, [{"type": "config", "message": "No jobs"}]
    shown = {"id": OTHER_ID, "number": 1, "state": "created", "errors": errors, "vcs": {"revision": other}}
    emulator.fault("body", path="/v2/pipeline/[^/]+$", times=None, body=shown)
    result = run(revision=OTHER, **options)
    failed(result, f"{where} has moved on to {other}: pipeline #1, which was started of it,")
    assert result["hint"].startswith("The pipeline has errors: No jobs. API v2 starts the head of a branch or tag only")


def test_the_head_that_is_meant_runs(emulator: Emulator, run, clock) -> None:
    """Its commit is known before its configuration is compiled, and no longer waited for."""
    head = emulator.project(API).branches["main"]
    result = run(branch="main", revision=head.upper())
    assert (result["pipeline"]["state"], result["pipeline"]["revision"], clock.pauses) == ("pending", head, [])
    result = run(branch="main", revision=head.upper(), wait=True)
    assert (result["pipeline"]["status"], result["pipeline"]["revision"]) == ("success", head)


@pytest.mark.parametrize("wait", [False, True])
def test_a_commit_that_circleci_tells_late_is_waited_for(emulator: Emulator, run, clock, wait: bool) -> None:
    """The time for that is none of the wait's."""
    head = emulator.project(API).branches["main"]
    early = {"id": OTHER_ID, "number": 1, "state": "pending", "errors": []}
    emulator.fault("body", path="/v2/pipeline/[^/]+$", times=40, body=early)
    result = run(branch="main", revision=head, wait=wait, wait_timeout=30)
    assert (result.get("failed"), result["pipeline"]["revision"], len(emulator.writes)) == (None, head, 1)
    assert clock.pauses[:40] == [1.0] * 40
    assert result["waited_seconds"] < 30


@pytest.mark.parametrize(
    ("state", "errors", "pauses"),
    [
        ("created", [], 0),
        ("pending", [], 5),
        ("errored", [{"type": "config-fetch", "message": "Failed to fetch config.yml file."}], 0),
    ],
)
def test_a_pipeline_that_may_be_of_any_commit_is_not_said_to_have_moved_on(
    emulator: Emulator, run, clock, state: str, errors: list[dict[str, str]], pauses: int
) -> None:
    """Nor that it is canceled, where there is nothing to cancel. It is waited for while something may come."""
    shown = {"id": OTHER_ID, "number": 1, "state": state, "errors": errors}
    emulator.fault("body", path="/v2/pipeline/[^/]+$", times=None, body=shown)
    result = run(branch="main", revision=OTHER, appear_timeout=4.5)
    told = "".join(f"The pipeline has errors: {error['message']}. " for error in errors)
    failed(
        result,
        "CircleCI does not say which commit pipeline #1 is of: it runs nothing that can be canceled, for revision "
        f"{OTHER} was asked for. {told}"
        "Look at the pipeline on CircleCI.",
    )
    assert (result["changed"], result["canceled"], len(emulator.writes)) == (True, [], 1)
    assert len(clock.pauses) == pauses


def test_a_cancellation_that_fails_does_not_hide_why_it_was_tried(emulator: Emulator, run) -> None:
    head = emulator.project(API).branches["main"]
    emulator.fault("status", path="/cancel$", times=None, status=403, body={"message": "Forbidden"})
    result = run(branch="main", revision=OTHER)
    failed(
        result,
        f"main has moved on to {head}: pipeline #1, which was started of it, is to be canceled, for revision {OTHER} "
        "was asked for, and is not. CircleCI answered 403 to POST",
    )
    assert (result["changed"], result["status"], result["canceled"]) == (True, 403, [])


def test_a_start_whose_commit_cannot_be_read_says_that_it_was_started(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/v2/pipeline/[^/]+$", times=None, status=403, body={"message": "Forbidden"})
    result = run(branch="main", revision=OTHER)
    failed(result, f"Pipeline #1 of {API} was started, but whether it is of revision {OTHER} cannot be told. CircleCI")
    assert (result["changed"], result["pipeline"]["number"], len(emulator.writes)) == (True, 1, 1)


def test_a_start_that_never_shows_up_is_not_said_to_need_a_push(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/v2/pipeline/[^/]+$", times=None, status=404, body={"message": "Not Found"})
    result = run(branch="main", revision=OTHER)
    failed(
        result, f" did not show up in {API} within 60 s. Look at it on CircleCI: it runs, unless somebody cancels it."
    )
    assert (result["changed"], result["pipeline"]["number"], len(emulator.writes)) == (True, 1, 1)


# --- a trigger whose answer is lost -----------------------------------------------------------------------------------


def beside(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, **how: Any) -> None:
    """Let one more pipeline be started with every pipeline that is started by the API."""
    usual = Emulator._answer

    def answer(self: Emulator, call: Call) -> Answer:
        result = usual(self, call)
        if call.method == "POST":
            with self.state.lock:
                user = self.state.users[str(how.get("login", "emulator"))]
                options = {name: value for name, value in how.items() if name != "login"}
                given = {"branch": "main", "trigger": "api", "why": "api", "parameters": {}, **options}
                self.state.machine.pipeline(self.project(API), user, **given)
        return result

    monkeypatch.setattr(Emulator, "_answer", answer)


@pytest.mark.parametrize(
    ("options", "other"),
    [
        ({}, {}),
        ({"branch": "main"}, {"trigger": "explicit"}),
        ({"tag": "v1.0.0"}, {"branch": None, "tag": "v1.0.0"}),
        ({"parameters": {"target": "live"}}, {"parameters": {"target": "live", "count": 2}}),
        ({"revision": "{head}"}, {}),
    ],
)
@pytest.mark.parametrize(
    "fault", [{"kind": "drop"}, {"kind": "status", "status": 502}, {"kind": "body", "body": "<p>"}]
)
def test_of_several_that_fit_none_is_taken(
    emulator: Emulator,
    run,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    other: dict[str, Any],
    fault: dict[str, Any],
) -> None:
    """A wait for the wrong one would tell of somebody else's pipeline."""
    beside(emulator, monkeypatch, **other)
    emulator.fault(method="POST", path="/pipeline$", when="after", **fault)
    head = emulator.project(API).branches["main"]
    result = run(wait=True, **{name: head if value == "{head}" else value for name, value in options.items()})
    failed(result, "Any of the pipelines #1, #2 may have come of it")
    assert API in result["msg"]
    assert result["hint"] == "Look at the project on CircleCI before you run this task again."
    assert (result["changed"], len(emulator.writes)) == (True, 1)
    assert result["pipeline"] == {**dict.fromkeys(PIPELINE), "errors": []}


@pytest.mark.parametrize(
    "other",
    [
        {"branch": "feature/login"},
        {"parameters": {"target": "other"}},
        {"login": "somebody"},
        {"trigger": "webhook"},
        {"trigger": "scheduled_pipeline"},
    ],
)
def test_of_those_that_do_not_fit_the_right_one_is_told_apart(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, other: dict[str, Any]
) -> None:
    emulator.state.add_token("token-of-somebody", login="somebody")
    beside(emulator, monkeypatch, **{"parameters": {"target": "live"}, **other})
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    result = run(parameters={"target": "live"}, wait=True)
    assert (result.get("failed"), result["changed"], result["pipeline"]["number"]) == (None, True, 1)
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("options", [{}, {"branch": "feature/login"}, {"tag": "v1.0.0"}])
def test_a_lost_start_is_sought_by_what_it_was_of(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """What was started beside it is of another branch."""
    beside(emulator, monkeypatch, branch="feature/pay" if options != {} else "feature/login")
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    result = run(**options)
    assert (result.get("failed"), result["pipeline"]["number"]) == (None, 1), result
    expected = {"branch": None, "tag": None, **(options or {"branch": "main"})}
    assert {name: result["pipeline"][name] for name in expected} == expected


@pytest.mark.parametrize("lost", [False, True])
def test_what_shows_at_once_needs_no_time_to_show_up(emulator: Emulator, run, lost: bool) -> None:
    if lost:
        emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    head = emulator.project(API).branches["main"]
    result = run(branch="main", revision=head, appear_timeout=0)
    assert (result.get("failed"), result["pipeline"]["revision"], len(emulator.writes)) == (None, head, 1)


def test_an_earlier_one_is_not_taken_for_one_whose_answer_is_lost(emulator: Emulator, run) -> None:
    run()
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    assert run()["pipeline"]["number"] == 2
    emulator.fault("drop", method="POST", path="/pipeline$", when="before")
    failed(run(), "nothing of it is to be seen")


@pytest.mark.parametrize("details", [{}, {"vcs_info": {"default_branch": ""}}, {"vcs_info": "main"}])
@pytest.mark.parametrize("kind", ["reused", "of an App"])
def test_a_default_branch_that_circleci_does_not_tell_is_to_be_named(
    emulator: Emulator, run, app, kind: str, details: dict[str, Any]
) -> None:
    given = {"id": next(project.id for project in emulator.state.projects.values() if project.is_app), **details}
    emulator.fault("body", method="GET", path="/v2/project/[^/]+/[^/]+/[^/]+$", body=given)
    result = app() if kind == "of an App" else run(reuse="successful")
    failed(result, f"CircleCI does not say which branch of {result['project']} is the default one. Set branch.")
    assert (result["changed"], emulator.writes, emulator.faults.pending) == (False, [], [])


def test_a_lost_start_of_a_default_branch_that_circleci_does_not_tell_is_in_doubt(emulator: Emulator, run) -> None:
    emulator.fault("drop", method="POST", when="after")
    emulator.fault("body", method="GET", path="/v2/project/[^/]+/[^/]+/[^/]+$", body={})
    result = run()
    failed(result, f"CircleCI does not say which branch of {API} is the default one.")
    assert result["hint"] == "Look at the project on CircleCI before you run this task again."
    assert (result["changed"], len(emulator.writes), emulator.faults.pending) == (True, 1, [])


# --- definitions ------------------------------------------------------------------------------------------------------


def test_a_lost_start_whose_parameters_show_late_is_found(emulator: Emulator, run) -> None:
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    emulator.fault("status", path="/values$", times=3, status=404, body={"message": "Pipeline not found"})
    result = run(branch="main", parameters={"target": "live"})
    assert (result.get("failed"), result["pipeline"]["number"], len(emulator.writes)) == (None, 1, 1)


@pytest.mark.parametrize(("status", "pauses"), [(404, 5), (403, 0)])
def test_a_lost_start_whose_parameters_never_show_is_in_doubt(
    emulator: Emulator, run, clock, status: int, pauses: int
) -> None:
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    emulator.fault("status", path="/values$", times=None, status=status, body={"message": "not for you"})
    result = run(branch="main", parameters={"target": "live"}, appear_timeout=4.5)
    failed(result, f"What became of it cannot be read: CircleCI answered {status}")
    assert (result["changed"], len(emulator.writes), len(clock.pauses)) == (True, 1, pauses)


@pytest.fixture
def app(emulator: Emulator, run_module):
    """The module on a project of a GitHub App."""
    project = next(project for project in emulator.state.projects.values() if project.is_app)
    return lambda **options: run_module(MODULE, **{"project": project.slug, **options})


def define(emulator: Emulator, slug: str, name: str, **options: str) -> str:
    return emulator.state.part(Definitions).add(emulator.project(slug), name, **options).id


def test_a_project_of_an_app_runs_its_only_definition(emulator: Emulator, app, clock) -> None:
    result = app(parameters={}, wait=True)
    assert result["pipeline"]["status"] == "success"
    body = emulator.writes[0].body
    assert emulator.writes[0].path.endswith("/pipeline/run")
    assert body == {
        "definition_id": body["definition_id"],
        "config": {"branch": "main"},
        "checkout": {"branch": "main"},
    }
    assert result["pipeline"]["branch"] == "main"
    assert result["pipeline"]["url"].startswith(f"{emulator.url}/pipelines/circleci/")


def test_of_several_definitions_one_must_be_named(emulator: Emulator, app) -> None:
    slug = next(project.slug for project in emulator.state.projects.values() if project.is_app)
    nightly = define(emulator, slug, "nightly")
    result = app()
    failed(result, "several pipeline definitions")
    assert f"nightly ({nightly})" in result["msg"]
    for definition in ("nightly", nightly, nightly.upper()):
        app(definition=definition, tag="v1.0.0")
        assert emulator.writes[-1].body["definition_id"] == nightly
        assert emulator.writes[-1].body["checkout"] == emulator.writes[-1].body["config"] == {"tag": "v1.0.0"}
    failed(app(definition="weekly"), "no pipeline definition weekly")
    define(emulator, slug, "nightly")
    failed(app(definition="nightly"), "several pipeline definitions of the name nightly")
    assert len(emulator.writes) == 3


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("item", [{}, {"id": "x"}, {"id": 7, "name": "x"}, {"id": "x", "name": None}])
def test_a_definition_that_is_none_starts_nothing(
    emulator: Emulator, app, item: dict[str, Any], check_mode: bool
) -> None:
    slug = next(project.slug for project in emulator.state.projects.values() if project.is_app)
    emulator.fault("body", path="/pipeline-definitions", body={"items": [item], "next_page_token": None})
    result = app(check_mode=check_mode)
    failed(result, f"CircleCI's list of pipeline definitions of {slug} has an entry that is none: ")
    assert "Check api_url" in result["msg"]
    assert (result["changed"], emulator.writes) == (False, [])


def test_a_configuration_in_another_repository_has_a_branch_of_its_own(emulator: Emulator, run) -> None:
    define(emulator, API, "shared", config_repository="acme/web")
    emulator.add_repository("github/acme/web", default_branch="trunk")
    emulator.follow("github/acme/web")
    run(definition="shared", branch="feature/login")
    assert emulator.writes[-1].body["config"] == {"branch": "trunk"}
    assert emulator.writes[-1].body["checkout"] == {"branch": "feature/login"}
    run(definition="shared", config_branch="next")
    assert emulator.writes[-1].body["config"] == {"branch": "next"}
    emulator.add_repository("bitbucket/acme/ci", default_branch="stable")
    emulator.follow("bitbucket/acme/ci")
    define(emulator, API, "elsewhere", config_repository="acme/ci", provider="bitbucket")
    run(definition="elsewhere")
    assert emulator.writes[-1].body["config"] == {"branch": "stable"}
    define(emulator, API, "foreign", config_repository="other/ci")
    failed(run(definition="foreign"), "Set config_branch")
    failed(run(definition="api", config_branch="next"), "config_branch does nothing")


@pytest.mark.parametrize("path", ["/pipeline-definitions", "/v2/project/gh/acme/web$"])
def test_nothing_is_started_where_what_belongs_to_a_definition_may_not_be_read(
    emulator: Emulator, run, path: str
) -> None:
    define(emulator, API, "shared", config_repository="acme/web")
    emulator.follow("github/acme/web")
    emulator.clear()
    emulator.fault("status", path=path, status=403, body={"message": "Forbidden"})
    result = run(definition="shared", branch="main")
    failed(result, ": Forbidden")
    assert API in result["msg"]
    assert (result["changed"], result["status"], emulator.writes) == (False, 403, [])
    assert run(definition="shared", branch="main")["changed"] is True


def test_a_project_without_an_id_has_no_definitions_to_be_read(emulator: Emulator, app) -> None:
    emulator.fault("body", path="/v2/project/[^/]+/[^/]+/[^/]+$", body={"vcs_info": {"default_branch": "main"}})
    result = app()
    failed(result, f"CircleCI's answer about {result['project']} has no id. Check api_url")
    assert (result["changed"], emulator.writes, len(emulator.requests)) == (False, [], 2)


def test_definitions_that_are_not_listed_cannot_be_chosen_from(emulator: Emulator, app) -> None:
    emulator.fault("status", path="/pipeline-definitions", status=404, body={"message": "Not Found"})
    result = app()
    failed(result, "This CircleCI does not list the pipeline definitions of")
    assert (result["changed"], emulator.writes) == (False, [])


def test_server_lists_no_definitions(emulator: Emulator, run) -> None:
    emulator.switch(server="4.8")
    failed(run(definition="api"), "Give the id of one as definition")
    from emulator.world.definitions import Definitions

    (own,) = emulator.state.part(Definitions).of(emulator.project(API))
    for number, spelled in enumerate((own.id, own.id.upper()), start=1):
        assert run(definition=spelled)["pipeline"]["number"] == number
        assert emulator.writes[-1].body["definition_id"] == own.id


# --- waiting ----------------------------------------------------------------------------------------------------------


def test_a_wait_tells_all_of_the_pipeline(emulator: Emulator, run) -> None:
    emulator.scenario("two-workflows")
    result = run(wait=True)
    assert result["pipeline"]["status"] == "success"
    assert [(each["name"], each["status"]) for each in result["workflows"]] == [
        ("build-and-test", "success"),
        ("lint", "success"),
    ]
    (job,) = result["workflows"][0]["jobs"]
    assert job.keys() == {"id", "name", "type", "status", "build_num"}
    assert (job["name"], job["type"], job["status"], job["build_num"]) == ("test", "build", "success", 1)
    assert result["workflows"][0]["url"].startswith(f"{result['pipeline']['url']}/workflows/")
    assert result["waited_seconds"] > 0


def test_the_failed_step_of_a_second_workflow_is_shown(emulator: Emulator, run) -> None:
    emulator.scenario("second-workflow-fails")
    result = run(wait=True, log_lines=3)
    failed(result, "workflow 'lint' failed (jobs that failed: lint)")
    assert "step 'Run tests': failed with exit code 1" in result["msg"]
    (step,) = result["failed_steps"]
    assert (step["workflow"], step["job"], step["build_num"], step["exit_code"]) == ("lint", "lint", 2, 1)
    assert len(step["log_tail"].splitlines()) == 3
    assert result.keys() - {"failed", "msg", "hint", "warnings"} == RETURNED - {"diff"}
    assert "steps" not in str(result["workflows"])


def test_failed_steps_of_apps_come_from_api_v1_too(emulator: Emulator, app, clock) -> None:
    emulator.script("failed")
    result = app(wait=True)
    failed(result, "workflow 'build-and-test' failed")
    assert result["failed_steps"][0]["log_tail"]


def test_a_step_that_cannot_be_read_is_a_warning(emulator: Emulator, run) -> None:
    emulator.scenario("second-workflow-fails")
    emulator.fault("status", path="v1.1/project/github/acme/api/2", status=404, body={"message": "Build not found"})
    result = run(wait=True)
    failed(result, "workflow 'lint' failed")
    assert result["failed_steps"] == []
    assert any("could not be read" in warning for warning in result["warnings"])


@pytest.mark.parametrize(
    ("scenario", "words", "hint"),
    [
        ("errored-config", "has errors: Unexpected argument(s): target", "Declare the parameters"),
        ("errored-config-fetch", "has errors: Failed to fetch config.yml file.", "Look at the pipeline"),
        ("errored-plan", "has errors: The organization's plan does not cover this pipeline.", "Look at the pipeline"),
        ("no-workflow", "no workflow started", "See which branches"),
        ("late-workflow", "workflow 'nightly' failed", ""),
        ("fail-and-hold", "workflow 'build-and-deploy' is failing", ""),
        ("hold-beside-a-failure", "workflow 'tests' failed", ""),
        ("unauthorized", "workflow 'deploy' was not let run", "Let somebody start or approve it"),
        ("error", "workflow 'build-and-test' ended with an error of CircleCI", ""),
        ("not-run", "workflow 'build-and-test' was not run", "CircleCI says why on the pipeline's page"),
        ("infrastructure-fail", "workflow 'build-and-test' failed", ""),
        ("setup-rejected", "has errors: Unexpected argument(s): target", "Declare the parameters"),
        ("setup-conflict", "workflow 'setup' failed", ""),
        ("hold", "waits for an approval: hold of workflow build-and-deploy", "Approve it on CircleCI or by"),
    ],
)
def test_what_is_no_success_is_a_failure_in_words(
    emulator: Emulator, run, scenario: str, words: str, hint: str
) -> None:
    emulator.scenario(scenario)
    result = run(wait=True)
    failed(result, words)
    assert result.get("hint", "").startswith(hint)
    assert ("hint" in result) is bool(hint)
    assert f"Pipeline #1 of {API} ({emulator.url}/pipelines/gh/acme/api/1)" in result["msg"]
    assert result["pipeline"]["status"] != "success"
    assert result["changed"] is True
    assert [record for record in emulator.writes if "approve" in record.path] == []


@pytest.mark.parametrize("scenario", ["two-workflows", "late", "auto-rerun", "setup-continue", "app", "setup-only"])
def test_what_ends_well_is_a_success(emulator: Emulator, run, scenario: str) -> None:
    emulator.scenario(scenario)
    result = run(wait=True, appear_timeout=60)
    assert "failed" not in result, result
    assert result["pipeline"]["status"] == "success"


@pytest.mark.parametrize("bad", [0, 3, 6])
def test_workflows_and_jobs_of_all_pages_count(emulator: Emulator, run, bad: int) -> None:
    assert emulator.state.switches.page_size == 3
    names = [f"part-{number}" for number in range(7)]
    jobs = [{"name": f"job-{number}", "outcomes": ["failed" if number == bad else "success"]} for number in range(7)]
    plans = [{"name": name, "jobs": jobs if number == bad else ["lint"]} for number, name in enumerate(names)]
    emulator.scenario(configuration={"workflows": plans})
    result = run(wait=True)
    failed(result, f"workflow 'part-{bad}' failed (jobs that failed: job-{bad})")
    assert sorted(each["name"] for each in result["workflows"]) == names
    assert [len(each["jobs"]) for each in result["workflows"] if each["name"] == f"part-{bad}"] == [7]
    assert [step["job"] for step in result["failed_steps"]] == [f"job-{bad}"]


def test_a_hold_that_is_canceled_has_no_build_to_be_looked_for(emulator: Emulator, run) -> None:
    """Its number is that of no build."""
    emulator.scenario("hold")
    machine = emulator.state.machine
    machine.later(60, lambda: machine.cancel_workflow(emulator.project(API).pipelines[0].workflows[0], None))
    result = run(wait=True, on_hold="wait")
    failed(result, "workflow 'build-and-deploy' was canceled")
    (_test, hold, _deploy) = result["workflows"][0]["jobs"]
    assert (hold["status"], result["failed_steps"], result["warnings"]) == ("canceled", [], [])
    assert [record.path for record in emulator.requests if "/v1.1/" in record.path] == []


def test_a_success_beside_what_was_not_run_is_one_with_a_warning(emulator: Emulator, run) -> None:
    emulator.scenario("not-run-beside-success")
    result = run(wait=True)
    assert result["pipeline"]["status"] == "success"
    assert any("these were not run: lint" in warning for warning in result["warnings"])


def test_a_setup_workflow_that_nothing_follows_is_a_warning(emulator: Emulator, run) -> None:
    emulator.scenario("setup-only")
    assert any("ran its setup workflow only" in warning for warning in run(wait=True)["warnings"])


@pytest.mark.parametrize("on_hold", ["fail", "return", "wait"])
@pytest.mark.parametrize("scenario", ["fail-and-hold", "hold-beside-a-failure"])
def test_a_failed_test_with_an_open_hold_is_a_failure_in_every_mode(
    emulator: Emulator, run, scenario: str, on_hold: str
) -> None:
    emulator.scenario(scenario)
    result = run(wait=True, on_hold=on_hold, approve=["hold"])
    failed(result, "job test, step 'Run tests': failed with exit code 1; nothing of it was approved: hold of workflow")
    assert [hold["job"] for hold in result["holds"]] == ["hold"]
    assert [step["job"] for step in result["failed_steps"]] == ["test"]
    assert [record for record in emulator.writes if "approve" in record.path] == []


def test_an_open_hold_can_end_the_task_well(emulator: Emulator, run) -> None:
    emulator.scenario("hold")
    result = run(wait=True, on_hold="return")
    assert "failed" not in result
    (hold,) = result["holds"]
    (workflow,) = emulator.pipeline(API, 1).workflows
    assert hold == {
        "workflow_id": workflow.id,
        "workflow": "build-and-deploy",
        "job": "hold",
        "approval_request_id": workflow.jobs[1].id,
    }
    assert result["pipeline"]["status"] == "on_hold"
    (_test, shown, _deploy) = result["workflows"][0]["jobs"]
    assert (shown["type"], shown["build_num"]) == ("approval", None)


def test_an_open_hold_can_be_waited_out(emulator: Emulator, run) -> None:
    emulator.scenario("hold")
    failed(run(wait=True, on_hold="wait", wait_timeout=300), "has not ended after 300 s")


def test_named_holds_are_approved_as_they_open(emulator: Emulator, run) -> None:
    emulator.scenario("two-holds", delays={"accepted": 8})
    result = run(wait=True, approve=["hold-production", "hold-staging"])
    assert (result["pipeline"]["status"], result["holds"]) == ("success", [])
    assert [record.path.rpartition("/")[2] for record in emulator.writes if "approve" in record.path] == [
        emulator.pipeline(API, 1).workflows[0].jobs[index].id for index in (1, 3)
    ]
    assert all(record.body is None for record in emulator.writes if "approve" in record.path)


def test_a_hold_that_nobody_named_stays(emulator: Emulator, run) -> None:
    emulator.scenario("two-holds")
    result = run(wait=True, approve=["hold-staging"])
    failed(result, "waits for an approval: hold-production")
    assert len([record for record in emulator.writes if "approve" in record.path]) == 1


def test_what_a_wait_has_approved_is_a_change_though_it_fails(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "two-holds"})
    result = run(state="succeeded", branch="main", approve=["hold-staging"])
    failed(result, "waits for an approval: hold-production")
    assert (result["changed"], len(emulator.writes)) == (True, 1)


def test_a_hold_that_is_in_no_workflow_is_a_warning(emulator: Emulator, run) -> None:
    emulator.scenario("hold")
    result = run(wait=True, approve=["hold", "hodl"])
    assert any("which were to be approved: hodl" in warning for warning in result["warnings"])


def test_an_approval_is_sent_with_a_body_where_that_is_asked_for(emulator: Emulator, run) -> None:
    emulator.scenario("hold")
    emulator.fault("status", path="/approve/", status=400, body={"message": "No JSON fields found."})
    assert run(wait=True, approve=["hold"])["pipeline"]["status"] == "success"
    assert [record.body for record in emulator.writes if "approve" in record.path] == [None, {}]


@pytest.mark.parametrize("status", [200, 400, 409, 422])
def test_a_refused_approval_ends_the_wait(emulator: Emulator, run, status: int) -> None:
    """Whatever comes with a status other than 202 is no approval, and asking again does not make it one."""
    emulator.scenario("hold")
    emulator.fault("status", path="/approve/", times=None, status=status, body={"message": "Not allowed."})
    result = run(wait=True, approve=["hold"])
    failed(
        result, f"CircleCI answered {status} to POST v2/workflow/{emulator.pipeline(API, 1).workflows[0].id}/approve/"
    )
    assert (result["status"], result["waited_seconds"] < 60, result["warnings"]) == (status, True, [])
    assert ([hold["job"] for hold in result["holds"]], len(emulator.writes)) == (["hold"], 2)


def test_an_approval_that_does_not_reach_circleci_is_given_later(
    emulator: Emulator, run, clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.scenario("hold")
    run(branch="main")
    with monkeypatch.context() as meanwhile:
        never_send(meanwhile, "POST")
        usual = clock.sleep

        def sleep(seconds: float) -> None:
            usual(seconds)
            if sum(clock.pauses) > 100:
                meanwhile.undo()

        monkeypatch.setattr(clock, "sleep", sleep)
        result = run(state="succeeded", branch="main", approve=["hold"], on_hold="wait", retries=0)
    assert (result.get("failed"), result["pipeline"]["status"], len(emulator.writes)) == (None, "success", 2)
    (warning,) = result["warnings"]
    assert "got no answer: refused" in warning
    assert result["waited_seconds"] > 100


@pytest.mark.parametrize("status", [408, 429, 503])
def test_an_approval_that_cannot_be_given_now_is_given_later(emulator: Emulator, run, status: int) -> None:
    emulator.scenario("hold")
    emulator.fault("status", path="/approve/", times=2, status=status, body={"message": "Not now."})
    result = run(wait=True, approve=["hold"], retries=0)
    assert (result.get("failed"), result["pipeline"]["status"]) == (None, "success")


def test_named_workflows_are_waited_for_alone(emulator: Emulator, run) -> None:
    emulator.scenario("second-workflow-fails")
    assert "failed" not in run(wait=True, workflows=["build-and-test"])
    emulator.scenario("second-workflow-fails")
    result = run(wait=True, workflows=["build-and-test", "deploy"])
    failed(result, "workflow 'deploy' did not start; there are: build-and-test, lint")


@pytest.mark.parametrize(("scenario", "status"), [("second-workflow-fails", "failed"), ("two-workflows", "success")])
def test_the_status_is_that_of_all_workflows_also_where_some_are_waited_for(
    emulator: Emulator, run, scenario: str, status: str
) -> None:
    emulator.scenario(scenario)
    result = run(wait=True, workflows=["build-and-test"])
    assert (result.get("failed"), result["pipeline"]["status"]) == (None, status)


@pytest.mark.parametrize("on_hold", ["fail", "return", "wait"])
def test_a_named_workflow_that_never_starts_goes_before_a_hold(emulator: Emulator, run, on_hold: str) -> None:
    emulator.scenario("hold")
    result = run(wait=True, workflows=["build-and-deploy", "nope"], on_hold=on_hold)
    failed(result, "workflow 'nope' did not start; there are: build-and-deploy; nothing of it was approved: hold of")
    assert 60 <= result["waited_seconds"] < 90


def test_a_named_workflow_that_starts_late_is_waited_for_beside_a_hold(emulator: Emulator, run) -> None:
    late = {"name": "nightly", "jobs": [{"name": "nightly", "outcomes": ["failed"]}], "after": 40}
    hold = {"name": "deploy", "jobs": [{"name": "hold", "type": "approval"}]}
    emulator.scenario(configuration={"workflows": [hold, late]})
    failed(run(wait=True, workflows=["deploy", "nightly"], on_hold="return"), "workflow 'nightly' failed")


def test_a_pipeline_that_a_newer_one_cancels_says_which(emulator: Emulator, run) -> None:
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="feature/login", after=4)
    emulator.state.machine.set_seconds({"running": 60})
    result = run(branch="feature/login", wait=True)
    failed(result, "canceled by #2 of the same branch")
    assert result["pipeline"]["status"] == "canceled"


def test_a_pipeline_of_the_default_branch_is_canceled_by_somebody(emulator: Emulator, run) -> None:
    """CircleCI spares these when a newer one starts."""
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="main", after=4)
    machine = emulator.state.machine
    machine.set_seconds({"running": 60})
    machine.later(10, lambda: machine.cancel_workflow(emulator.project(API).pipelines[0].workflows[0], None))
    result = run(branch="main", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("#2" in result["msg"], result["pipeline"]["status"], result["warnings"]) == (False, "canceled", [])


def test_a_canceled_pipeline_of_a_tag_was_canceled_by_none_of_a_branch(emulator: Emulator, run) -> None:
    machine, pipelines = emulator.state.machine, emulator.project(API).pipelines
    machine.set_seconds({"running": 60})
    emulator.push(API, branch="feature/login", after=4)
    machine.later(5, lambda: machine.cancel_workflow(pipelines[0].workflows[0], None))
    result = run(tag="v1.0.0", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("canceled by" in result["msg"], [each.number for each in pipelines]) == (False, [1, 2])


@pytest.mark.parametrize("earlier", [0, 1])
def test_what_a_person_cancels_is_canceled_by_no_other_pipeline(emulator: Emulator, run, earlier: int) -> None:
    """Nor by itself, nor by an older one, however close they are."""
    emulator.state.machine.set_seconds({"running": 60})
    for _number in range(earlier):
        emulator.push(API, branch="feature/login")
    machine, pipelines = emulator.state.machine, emulator.project(API).pipelines
    machine.later(4, lambda: machine.cancel_workflow(pipelines[-1].workflows[0], None))
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("canceled by" in result["msg"], result["pipeline"]["number"]) == (False, earlier + 1)


@pytest.mark.parametrize(("pushed", "canceled"), [(4, 100), (4.5, 2)])
def test_what_ends_long_after_a_newer_one_began_or_before_it_is_not_canceled_by_that(
    emulator: Emulator, run, pushed: float, canceled: float
) -> None:
    emulator.push(API, branch="feature/login", after=pushed)
    machine, pipelines = emulator.state.machine, emulator.project(API).pipelines
    machine.set_seconds({"running": 600})
    machine.later(canceled, lambda: machine.cancel_workflow(pipelines[0].workflows[0], None))
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("canceled by" in result["msg"], [each.number for each in pipelines]) == (False, [1, 2])


@pytest.mark.parametrize(("stopped", "told"), [("08:58", False), ("08:59", True), ("10:00", True), ("10:01", False)])
def test_a_newer_one_is_blamed_for_what_ends_within_a_minute_of_its_beginning(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, stopped: str, told: bool
) -> None:
    """And a second before it: the end of a workflow is told in whole seconds. Somebody had canceled another one."""
    jobs = [{"name": "build"}]
    emulator.scenario(configuration={"workflows": [{"name": "first", "jobs": jobs}, {"name": "second", "jobs": jobs}]})
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="feature/login", after=4)
    emulator.state.machine.set_seconds({"running": 60})
    pipeline, workflow = shapes.pipeline, shapes.workflow
    day = "2026-06-01T12"
    monkeypatch.setattr(shapes, "pipeline", lambda found: {**pipeline(found), "created_at": f"{day}:09:00.000Z"})
    ends = {"first": f"{day}:01:00Z", "second": f"{day}:{stopped}Z"}
    monkeypatch.setattr(shapes, "workflow", lambda found: {**workflow(found), "stopped_at": ends[found.name]})
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'second' was canceled")
    assert ("canceled by #2 of the same branch" in result["msg"]) is told


def test_a_newer_one_that_does_not_say_when_it_began_is_not_blamed(emulator: Emulator, run) -> None:
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="feature/login", after=4)
    emulator.state.machine.set_seconds({"running": 60})
    newer = {"id": OTHER_ID, "number": 2, "state": "created"}
    emulator.fault("body", path=r"/pipeline\?branch=", body={"items": [newer], "next_page_token": None})
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("canceled by" in result["msg"], result["warnings"], emulator.faults.pending) == (False, [], [])


@pytest.mark.parametrize("stopped", [None, "soon"])
def test_what_does_not_say_when_it_ended_is_blamed_on_none(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, stopped: str | None
) -> None:
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="feature/login", after=4)
    emulator.state.machine.set_seconds({"running": 60})
    workflow = shapes.workflow
    monkeypatch.setattr(shapes, "workflow", lambda found: {**workflow(found), "stopped_at": stopped})
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("canceled by" in result["msg"], result["warnings"]) == (False, [])


def shows(emulator: Emulator, workflows: list[dict[str, Any]], **pipeline: Any) -> None:
    """Let the API know one pipeline, with these workflows: their jobs are in ``jobs``."""
    shown = {"id": OTHER_ID, "number": 1, "state": "created", "errors": [], **pipeline}
    emulator.fault("body", path="/v2/pipeline/[^/]+$", times=None, body=shown)
    listed = [{"id": each["name"], **each} for each in workflows]
    emulator.fault("body", path="/workflow$", times=None, body={"items": listed, "next_page_token": None})
    for each in workflows:
        jobs = [{"id": f"{each['name']}-{job['name']}", "type": "build", **job} for job in each.get("jobs", [])]
        body = {"items": jobs, "next_page_token": None}
        emulator.fault("body", path=f"/workflow/{each['name']}/job$", times=None, body=body)


FAILED: dict[str, Any] = {
    "status": "failed",
    "jobs": [{"name": "lint", "status": "success"}, {"name": "unit", "status": "failed"}],
}
HELD: dict[str, Any] = {"status": "on_hold", "jobs": [{"name": "ok", "type": "approval", "status": "on_hold"}]}
STOPPED: dict[str, Any] = {"status": "canceled", "jobs": [{"name": "unit", "status": "canceled"}]}


@pytest.mark.parametrize(
    ("named", "workflows", "told"),
    [
        ([], {"a": FAILED, "b": HELD, "c": {"status": "not_run"}, "d": {"status": "success"}},
         "workflow 'a' failed (jobs that failed: unit); nothing of it was approved: ok of workflow b"),
        (["a"], {"a": FAILED, "b": STOPPED, "c": {"status": "not_run"}, "d": {"status": "success"}, "e": HELD},
         "workflow 'a' failed (jobs that failed: unit); workflow 'b' was canceled"),
        (["b"], {"b": STOPPED, "d": {"status": "success"}}, "workflow 'b' was canceled"),
        (["z"], {"d": {"status": "success"}}, "workflow 'z' did not start; there are: d"),
        ([], {"c": {"status": "not_run"}}, "workflow 'c' was not run. CircleCI says why on the pipeline's page"),
        (["c", "d"], {"c": {"status": "not_run"}, "d": {"status": "unauthorized"}},
         "workflow 'd' was not let run: whoever started it may not use one of its contexts. Let somebody start"),
    ],
)  # fmt: skip
def test_what_has_ended_badly_is_told_and_nothing_else(
    emulator: Emulator, run, named: list[str], workflows: dict[str, dict[str, Any]], told: str
) -> None:
    shows(emulator, [{"name": name, **workflow} for name, workflow in workflows.items()])
    result = run(state="succeeded", pipeline_id=OTHER_ID, workflows=named)
    failed(result, f"Pipeline #1 of {API} ({emulator.url}/pipelines/gh/acme/api/1): {told}")
    rest = result["msg"].partition(told)[2]
    assert "workflow '" not in rest, result["msg"]
    assert "(jobs" not in rest, result["msg"]
    assert result["warnings"] == []


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([], "CircleCI does not say why"),
        (
            [{"type": "plan", "message": ""}, {"type": "config", "message": "No jobs"}],
            "plan; No jobs",
        ),
    ],
)
def test_an_error_is_told_as_far_as_circleci_explains_it(
    emulator: Emulator, run, errors: list[Any], words: str
) -> None:
    shown = {"id": OTHER_ID, "number": 1, "state": "errored", "errors": errors}
    emulator.fault("body", path="/v2/pipeline/[^/]+$", times=None, body=shown)
    failed(run(wait=True), f" has errors: {words}. Look at the pipeline on CircleCI, and at its")


def test_time_runs_out_before_anything_was_seen(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main")
    emulator.fault("status", path="/v2/pipeline/[^/]+$", times=None, status=503, body={"message": "Not now."})
    result = run(state="succeeded", branch="main", wait_timeout=20, retries=0)
    failed(result, " has not ended after 20 s: it cannot be read yet. Nothing was canceled.")
    (warning,) = result["warnings"]
    assert warning.startswith("CircleCI could not be asked while this task waited, which went on. CircleCI answered")


def test_time_runs_out_in_words(emulator: Emulator, run) -> None:
    emulator.state.machine.set_seconds({"running": 10_000})
    result = run(wait=True, wait_timeout=120.5)
    failed(result, "has not ended after 120 s: workflow 'build-and-test' is running (last seen running: build)")
    assert "Nothing was canceled" in result["msg"]
    assert result["waited_seconds"] >= 120.5


def test_time_runs_out_with_what_was_approved(emulator: Emulator, run) -> None:
    emulator.scenario("two-holds")
    result = run(wait=True, approve=["hold-staging"], on_hold="wait", wait_timeout=120)
    failed(result, "waiting for an approval: hold-production of workflow build-and-deploy; approved were hold-staging.")
    assert (result["changed"], len(emulator.writes)) == (True, 2)


def test_a_cancellation_whose_cause_cannot_be_read_is_told_without_it(emulator: Emulator, run) -> None:
    emulator.project(API).feature_flags["autocancel-builds"] = True
    emulator.push(API, branch="feature/login", after=4)
    emulator.state.machine.set_seconds({"running": 60})
    emulator.fault("status", path=r"/pipeline\?branch=", status=403, body={"message": "Forbidden"})
    result = run(branch="feature/login", wait=True)
    failed(result, "workflow 'build-and-test' was canceled")
    assert ("by #2" in result["msg"], result["pipeline"]["status"]) == (False, "canceled")
    (warning,) = result["warnings"]
    assert warning.startswith("Whether a newer pipeline canceled this one could not be read. CircleCI answered 403 to")


def test_a_success_whose_setup_workflow_is_none_has_a_warning(emulator: Emulator, run) -> None:
    """It is canceled when it has continued."""
    setup = {"name": "setup", "jobs": ["generate", {"name": "tidy", "requires": ["generate"]}]}
    emulator.scenario(configuration={"setup": setup, "workflows": [{"name": "build", "jobs": ["build"]}]})
    machine, pipelines = emulator.state.machine, emulator.project(API).pipelines
    machine.later(4, lambda: machine.proceed(pipelines[0]))
    machine.later(4, lambda: machine.cancel_workflow(pipelines[0].workflows[0], None))
    result = run(wait=True)
    assert (result.get("failed"), result["pipeline"]["status"]) == (None, "success")
    assert [(each.name, each.status) for each in pipelines[0].workflows] == [
        ("setup", "canceled"),
        ("build", "success"),
    ]
    who = f"Pipeline #1 of {API} ({emulator.url}/pipelines/gh/acme/api/1)"
    assert result["warnings"] == [f"{who} has succeeded, but for its setup workflow."]


@pytest.mark.parametrize(
    ("statuses", "warned"),
    [(["success"], False), (["running"], False), (["failed"], True), (["success", "canceled", "running"], True)],
)
def test_only_a_setup_workflow_that_has_not_succeeded_is_worth_a_warning(
    emulator: Emulator, run, statuses: list[str], warned: bool
) -> None:
    setups = [{"name": f"setup-{status}", "tag": "setup", "status": status} for status in statuses]
    shows(emulator, [*setups, {"name": "a", "status": "success"}])
    result = run(state="succeeded", pipeline_id=OTHER_ID)
    assert (result.get("failed"), len(result["warnings"])) == (None, int(warned)), result


def test_all_that_a_success_leaves_open_is_told(emulator: Emulator, run) -> None:
    setups = [{"name": f"setup-{status}", "tag": "setup", "status": status} for status in ("failed", "success")]
    shows(emulator, [*setups, {"name": "a", "status": "success"}, {"name": "b", "status": "not_run"}])
    result = run(state="succeeded", pipeline_id=OTHER_ID, approve=["hodl"])
    assert [warning.partition(") ")[2] for warning in result["warnings"]] == [
        "has succeeded, but of its workflows these were not run: b.",
        "has succeeded, but for its setup workflow.",
        "has no holds of these names, which were to be approved: hodl.",
    ]


def test_no_steps_are_looked_for_in_a_workflow_that_has_succeeded(emulator: Emulator, run) -> None:
    """A job of it may have failed at first."""
    again = {"name": "b", "status": "success", "jobs": [{"name": "unit", "status": "failed", "job_number": 7}]}
    shows(emulator, [{"name": "a", "status": "failed"}, again])
    result = run(state="succeeded", pipeline_id=OTHER_ID)
    failed(result, "workflow 'a' failed")
    assert (result["failed_steps"], result["warnings"]) == ([], [])
    assert [record.path for record in emulator.requests if "/v1.1/" in record.path] == []


def test_a_setup_workflow_that_still_runs_when_all_else_has_succeeded_is_no_warning(emulator: Emulator, run) -> None:
    tidy = {"name": "tidy", "requires": ["generate"], "seconds": 600}
    setup = {"name": "setup", "jobs": ["generate", tidy]}
    emulator.scenario(configuration={"setup": setup, "workflows": [{"name": "build", "jobs": ["build"]}]})
    machine, pipelines = emulator.state.machine, emulator.project(API).pipelines
    machine.later(4, lambda: machine.proceed(pipelines[0]))
    result = run(wait=True)
    assert (result.get("failed"), result["pipeline"]["status"], result["warnings"]) == (None, "success", [])
    assert [each.status for each in pipelines[0].workflows] == ["running", "success"]


# --- waiting for what is there, or is going to be ---------------------------------------------------------------------


def test_succeeded_waits_for_a_push_and_starts_nothing(emulator: Emulator, run) -> None:
    emulator.push(API, revision=OTHER, after=30)
    result = run(state="succeeded", revision=OTHER)
    assert (result["changed"], result["pipeline"]["status"], result["pipeline"]["number"]) == (False, "success", 1)
    assert (emulator.writes, result["waited_seconds"] < 50) == ([], True)


@pytest.mark.parametrize("interval", [5, 45])
def test_succeeded_fails_when_nothing_comes(emulator: Emulator, run, interval: float) -> None:
    emulator.push(API, branch="main")
    result = run(state="succeeded", revision=OTHER, branch="main", wait_interval=interval)
    failed(result, f"A pipeline of branch main, revision {OTHER} did not show up in {API} within 60 s")
    assert "It is looked for among the newest 200 pipelines." in result["hint"]
    assert (result["changed"], emulator.writes) == (False, [])
    assert 60 <= result["waited_seconds"] < 70


@pytest.mark.parametrize(
    "sought",
    [{"branch": "main"}, {"tag": "v1.0.0"}, {"revision": OTHER}, {"pipeline_number": 3}, {"pipeline_id": "{id}"}],
)
def test_the_newest_that_is_sought_counts(emulator: Emulator, run, sought: dict[str, Any]) -> None:
    ours: dict[str, Any] = {"tag": "v1.0.0"} if "tag" in sought else {"branch": "main", "revision": OTHER}
    bad = {"scenario": "error"}
    emulator.push(API, **ours, script=bad)
    emulator.push(API, branch="feature/login", script=bad)
    emulator.push(API, **ours)
    emulator.push(API, branch="feature/login", script=bad)
    id_ = emulator.pipeline(API, 3).id
    result = run(state="succeeded", **{key: str(value).format(id=id_) for key, value in sought.items()})
    assert (result["pipeline"]["number"], result["pipeline"]["status"]) == (3, "success")


@pytest.mark.parametrize(("others", "found"), [(199, True), (200, False)])
def test_the_newest_200_pipelines_are_looked_at(emulator: Emulator, run, others: int, found: bool) -> None:
    emulator.switch(page_size=100)
    emulator.push(API, branch="main", revision=OTHER)
    for _unused in range(others):
        emulator.push(API, branch="main", script={"scenario": "no-workflow"})
    emulator.pass_time(60)
    result = run(state="succeeded", branch="main", revision=OTHER, check_mode=True)
    assert (result["pipeline"]["number"], bool(result["warnings"])) == ((1, False) if found else (None, True))


def test_a_pipeline_of_an_app_is_found_by_its_commit(emulator: Emulator, app, clock) -> None:
    slug = next(project.slug for project in emulator.state.projects.values() if project.is_app)
    emulator.push(slug, branch="main", revision=OTHER)
    emulator.push(slug, tag="v1.0.0")
    assert app(state="succeeded", revision=OTHER)["pipeline"]["number"] == 1
    result = app(state="succeeded", tag="v1.0.0")
    assert (result["pipeline"]["tag"], result["pipeline"]["branch"]) == ("v1.0.0", None)


def test_a_failed_pipeline_is_a_failure(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "infrastructure-fail"})
    failed(run(state="succeeded", branch="main"), "workflow 'build-and-test' failed")


def test_a_pipeline_of_another_project_is_refused(emulator: Emulator, run) -> None:
    emulator.follow("github/acme/web")
    emulator.push("github/acme/web", branch="main")
    id_ = emulator.pipeline("github/acme/web", 2).id
    failed(
        run(state="succeeded", pipeline_id=id_),
        f"The pipeline {id_} belongs to github/acme/web, not to github/acme/api. Check project and pipeline_id.",
    )


@pytest.mark.parametrize(
    ("named", "shown"),
    [
        (API, "gh/Acme/API"),
        ("github/Acme/API", "gh/acme/api"),
        ("github/Acme/API", "github/ACME/api"),
        (API, "circleci/5GeM4SzPzs/9Q4Cpf1BnA"),
        ("circleci/5GeM4SzPzs/9Q4Cpf1BnA", "gh/acme/api"),
        (API, None),
    ],
)
def test_a_project_has_several_spellings(emulator: Emulator, run, named: str, shown: str | None) -> None:
    shows(emulator, [{"name": "a", "status": "success"}], project_slug=shown)
    result = run(project=named, state="succeeded", pipeline_id=OTHER_ID)
    assert (result.get("failed"), result["pipeline"]["status"]) == (None, "success"), result


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"vcs": {"branch": "main", "revision": OTHER}}, ("main", None, OTHER)),
        ({"vcs": {"branch": "main", "tag": "v1"}}, ("main", "v1", None)),
        ({"vcs": {"branch": 7, "tag": "", "revision": None}}, (None, None, None)),
        ({"vcs": {"branch": "", "tag": "v1", "revision": ""}}, (None, "v1", None)),
        ({"trigger_parameters": {"git": {"branch": "main", "checkout_sha": OTHER}}}, ("main", None, OTHER)),
        ({"trigger_parameters": {"git": {"branch": "main", "tag": "v1"}}}, (None, "v1", None)),
        ({"trigger_parameters": {"git": {"branch": "main", "ref": "refs/tags/v1"}}}, (None, "v1", None)),
        ({"trigger_parameters": {"git": {"branch": "main", "ref": "refs/heads/main"}}}, ("main", None, None)),
        ({"vcs": None, "trigger_parameters": {"git": "main"}, "errors": None}, (None, None, None)),
        ({"trigger_parameters": "main"}, (None, None, None)),
    ],
)
def test_what_a_pipeline_is_of_is_told_in_several_places(
    emulator: Emulator, run, fields: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    shows(emulator, [{"name": "a", "status": "success"}], **fields)
    found = run(state="succeeded", pipeline_id=OTHER_ID)["pipeline"]
    assert (found["branch"], found["tag"], found["revision"], found["errors"]) == (*expected, [])


def test_a_project_that_is_not_there_needs_no_token_to_be_told_so(emulator: Emulator, run) -> None:
    emulator.fault("status", path="/pipeline", status=404, body={"message": "Project not found"})
    result = run(api_token=None, state="succeeded", branch="main")
    failed(result, ": Project not found.")
    assert result["status"] == 404


def test_open_source_projects_are_waited_for_without_a_token(emulator: Emulator, run) -> None:
    emulator.add_repository(API, oss=True)
    emulator.push(API, branch="main")
    assert run(state="succeeded", branch="main", api_token="")["pipeline"]["status"] == "success"


def test_an_approval_without_a_token_is_refused_before_the_wait(emulator: Emulator, run) -> None:
    emulator.add_repository(API, oss=True)
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.clear()
    failed(run(state="succeeded", branch="main", approve=["hold"], api_token=""), "No API token was given.")
    assert emulator.requests == []


@pytest.mark.parametrize("sought", [{"branch": "main"}, {"pipeline_number": 1}, {"pipeline_id": "{id}"}])
def test_a_project_token_is_told_so_at_once(emulator: Emulator, run, clock, sought: dict[str, Any]) -> None:
    emulator.push(API, branch="main")
    id_ = emulator.pipeline(API, 1).id
    given = {key: str(value).format(id=id_) for key, value in sought.items()}
    result = run(state="succeeded", api_token=PROJECT_TOKEN, **given)
    failed(result, "personal")
    assert clock.pauses == []


# --- reuse ------------------------------------------------------------------------------------------------------------


def test_a_second_run_reuses_what_has_succeeded_and_sends_no_write(emulator: Emulator, run) -> None:
    options = {"branch": "main", "parameters": {"target": "live"}, "reuse": "successful", "wait": True}
    first = run(**options)
    emulator.clear()
    second = run(**options)
    assert (second["changed"], second["reused"], emulator.writes) == (False, True, [])
    assert second["pipeline"] == first["pipeline"]
    assert second["diff"]["before"] == second["diff"]["after"]
    assert run(**options, check_mode=True)["pipeline"] == first["pipeline"]


@pytest.mark.parametrize(
    ("given", "reused"),
    [
        ({"target": "live"}, True),
        ({"target": "live", "count": 1}, True),
        ({"target": "live", "count": 1, "force": False}, True),
        ({"target": "staging"}, False),
        ({"target": "live", "count": 2}, False),
        ({"target": "live", "count": True}, False),
        ({"target": "live", "since_then": 1}, False),
        ({}, False),
    ],
)
def test_the_parameters_must_be_the_same(emulator: Emulator, run, given: dict[str, Any], reused: bool) -> None:
    run(parameters={"target": "live"}, wait=True)
    assert run(parameters=given, reuse="successful")["reused"] is reused


def test_defaults_are_those_of_the_pipelines_own_configuration(emulator: Emulator, run) -> None:
    run(wait=True)
    emulator.add_repository(API, parameters={**PARAMETERS, "target": "live"})
    assert run(reuse="successful")["reused"] is True
    emulator.scenario("setup-continue")
    emulator.add_repository(API, parameters={})


@pytest.mark.parametrize("underscored", [False, True])
def test_with_a_setup_workflow_the_first_configuration_counts(emulator: Emulator, run, underscored: bool) -> None:
    emulator.switch(underscored_config=underscored)
    setup = {"name": "setup", "jobs": ["generate"]}
    plan = [{"name": "build", "jobs": ["build"]}]
    configuration = {"parameters": {"target": "staging"}, "setup": setup, "workflows": plan}
    emulator.add_repository(API, configuration=configuration)
    run(wait=True)
    assert run(reuse="successful")["reused"] is True


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "body", "body": {"source": "no: [yaml"}},
        {"kind": "body", "body": {"source": "a: b"}},
        {"kind": "body", "body": {"source": "parameters: [target]"}},
        {"kind": "body", "body": {"source": "parameters: {target: 7}"}},
        {"kind": "body", "body": {"source": "day: 2026-13-45"}},
        {"kind": "body", "body": {"source": "[" * 2000}},
        {"kind": "body", "body": {}},
        {"kind": "status", "status": 404, "body": {"message": "Not Found"}},
    ],
)
def test_where_the_defaults_cannot_be_read_nothing_is_reused(emulator: Emulator, run, fault: dict[str, Any]) -> None:
    run(wait=True)
    emulator.fault(path="/config", times=None, **fault)
    result = run(reuse="successful")
    assert result["reused"] is False
    assert any("It is not reused" in warning for warning in result["warnings"])


def test_a_parameter_that_its_own_configuration_does_not_declare_has_no_default(emulator: Emulator, run) -> None:
    run(wait=True)
    emulator.fault("body", path="/config$", body={"source": "parameters: {target: {default: staging}}"})
    assert run(reuse="successful")["reused"] is False


def test_where_the_parameters_are_gone_nothing_is_reused(emulator: Emulator, run) -> None:
    run(wait=True)
    emulator.fault("status", path="/values$", status=404, body={"message": "Pipeline not found"})
    result = run(reuse="successful")
    assert (result.get("failed"), result["reused"], len(emulator.writes)) == (None, False, 2)
    (warning,) = result["warnings"]
    assert warning == (
        f"Whether pipeline #1 of {API} had the same parameters cannot be told: its parameters cannot be read. It is "
        "not reused."
    )


@pytest.mark.parametrize(("more", "unlisted"), [(0, False), (1, False), (0, True)])
def test_what_is_reused_may_be_of_another_definition(emulator: Emulator, app, clock, more: int, unlisted: bool) -> None:
    slug = next(project.slug for project in emulator.state.projects.values() if project.is_app)
    for number in range(more):
        define(emulator, slug, f"other {number}")
    first = emulator.state.part(Definitions).of(emulator.project(slug))[0]
    app(definition=first.name, wait=True)
    if unlisted:
        emulator.fault("status", path="/pipeline-definitions$", status=404, body={"message": "Not Found"})
    result = app(definition=first.name, reuse="successful")
    told = (
        f"Pipeline #1 of {slug} is reused, but CircleCI does not tell of which definition it is. It may be another one "
        f"than {first.name}."
    )
    assert (result.get("failed"), result["changed"], result["reused"]) == (None, False, True)
    assert result["warnings"] == ([told] if more or unlisted else [])
    failed(app(definition="nope", reuse="successful"), f"{slug} has no pipeline definition nope.")


def test_without_pyyaml_the_defaults_cannot_be_read(emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts other than the controller need not have it."""
    from ansible_collections.community.circleci.plugins.module_utils._resources import pipeline_reuse

    run(parameters=PARAMETERS, wait=True)
    monkeypatch.delattr(pipeline_reuse, "yaml")
    result = run(reuse="successful")
    assert (result.get("failed"), result["reused"], len(emulator.writes)) == (None, False, 2)
    [warning] = result["warnings"]
    assert warning.endswith(
        f" cannot be told: {sys.executable} lacks the Python library PyYAML, which reads its configuration. It is not "
        "reused."
    )
    # Where all parameters are given, no defaults matter.
    assert run(parameters=PARAMETERS, reuse="successful", wait=True)["reused"] is True


@pytest.mark.parametrize("what", ["values", "config"])
def test_nothing_is_started_where_the_parameters_and_their_defaults_may_not_be_read(
    emulator: Emulator, run, what: str
) -> None:
    run(wait=True)
    emulator.clear()
    emulator.fault("status", path=f"/{what}$", status=403, body={"message": "Forbidden"})
    result = run(reuse="successful")
    failed(result, f"/pipeline/{emulator.pipeline(API, 1).id}/{what}: Forbidden")
    assert API in result["msg"]
    assert (result["changed"], result["status"], emulator.writes) == (False, 403, [])


def test_a_commit_is_reused_from_any_branch_but_not_from_a_tag(emulator: Emulator, run) -> None:
    head = emulator.project(API).branches["main"]
    emulator.push(API, branch="feature/login", revision=head)
    emulator.finish_pipeline(API, 1)
    emulator.pass_time(60)
    assert run(branch="main", revision=head, reuse="successful")["pipeline"]["number"] == 1
    emulator.push(API, tag="v1.0.0", revision=OTHER)
    emulator.pass_time(60)
    assert run(tag="v1.0.0", reuse="successful")["pipeline"]["number"] == 2
    result = run(branch="main", revision=OTHER, reuse="successful")
    failed(result, f"main has moved on to {head}")
    assert result["reused"] is False


@pytest.mark.parametrize(
    ("scenario", "active", "successful"),
    [
        (None, False, True),
        ("hold", True, True),
        ("second-workflow-fails", False, False),
        ("fail-and-hold", False, False),
        ("no-workflow", False, False),
        ("errored-config", False, False),
        ("not-run", False, False),
    ],
)
def test_what_is_reused_depends_on_how_it_ended(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, scenario: str | None, active: bool, successful: bool
) -> None:
    from ansible_collections.community.circleci.plugins.module_utils._resources import pipeline_reuse

    monkeypatch.setattr(pipeline_reuse, "age_of", lambda *moments: 3600.0)
    emulator.push(API, branch="main", script={"scenario": scenario} if scenario else None)
    emulator.pass_time(120)
    found = [run(branch="main", reuse=reuse, check_mode=True)["reused"] for reuse in ("active", "successful", "never")]
    assert found == [active, successful, False]


@pytest.mark.parametrize(
    ("scenario", "age", "running", "reused"),
    [
        ("no-workflow", 10, 1, True),
        ("no-workflow", 3600, 1, False),
        ("setup-only", 3600, 3590, True),
        ("setup-only", 3600, 1, False),
    ],
)
def test_one_whose_workflows_are_to_come_is_reused_for_some_time_only(
    emulator: Emulator, run, scenario: str, age: float, running: float, reused: bool
) -> None:
    """That is since its start, or since its setup workflow has ended."""
    emulator.state.machine.set_seconds({"running": running})
    emulator.state.clock_offset -= age
    emulator.push(API, branch="main", script={"scenario": scenario})
    emulator.pass_time(age)
    assert run(branch="main", reuse="active", check_mode=True)["reused"] is reused


def test_a_running_one_is_reused_and_followed(emulator: Emulator, run) -> None:
    started = run(branch="feature/login")
    result = run(branch="feature/login", reuse="active", wait=True)
    assert (result["pipeline"]["id"], result["pipeline"]["status"]) == (started["pipeline"]["id"], "success")
    assert (result["changed"], len(emulator.writes)) == (False, 1)


@pytest.mark.parametrize("options", [{"reuse": "active"}, {"state": "succeeded"}])
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_pipeline_that_is_listed_and_not_found_yet_is_taken_as_it_is_listed(
    emulator: Emulator, run, options: dict[str, Any], check_mode: bool
) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(1)
    body = {"message": "Pipeline not found"}
    emulator.fault("status", path="/v2/pipeline/[^/]*$", times=2, status=404, body=body)
    result = run(branch="main", **options, wait=True, check_mode=check_mode)
    assert (result.get("failed"), result["changed"], emulator.writes) == (None, False, [])
    assert (result["pipeline"]["number"], result["pipeline"]["status"]) == (1, "pending" if check_mode else "success")
    assert any("is pending: it has not ended" in each for each in result["warnings"]) is check_mode


def test_only_the_newest_twenty_are_looked_at(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", revision=OTHER)
    for others in (19, 1):
        for _unused in range(others):
            emulator.push(API, branch="feature/login")
        emulator.pass_time(60)
        found = run(branch="main", revision=OTHER, reuse="successful", check_mode=True)
        assert found["reused"] is (others == 19)
    assert run(branch="main", reuse="successful", check_mode=True)["reused"] is True


def test_named_workflows_decide_what_is_reused(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "second-workflow-fails"})
    emulator.pass_time(60)
    assert run(reuse="successful", workflows=["build-and-test"])["reused"] is True
    assert run(reuse="successful", workflows=["lint"])["reused"] is False


# --- canceling --------------------------------------------------------------------------------------------------------


def test_whatever_runs_for_a_branch_is_canceled(emulator: Emulator, run) -> None:
    for branch in ("feature/login", "main", "feature/login"):
        emulator.push(API, branch=branch)
    emulator.push(API, branch="feature/login", script={"scenario": "hold"})
    emulator.pass_time(1)
    result = run(state="canceled", branch="feature/login")
    assert result["changed"] is True
    assert [each["number"] for each in result["canceled"]] == [4, 3, 1]
    assert result["pipeline"]["number"] == 4
    assert result["diff"] == {**result["diff"], "before": {"canceled": []}, "after": {"canceled": ["#4", "#3", "#1"]}}
    emulator.pass_time(60)
    emulator.pipeline(API, 1)  # lets the clock do what is due
    ends = [each.workflows[0].status for each in emulator.project(API).pipelines]
    assert ends == ["canceled", "success", "canceled", "canceled"]
    emulator.clear()
    again = run(state="canceled", branch="feature/login")
    assert (again["changed"], again["canceled"], emulator.writes) == (False, [], [])


@pytest.mark.parametrize(
    ("scenario", "status"), [(None, "running"), ("hold", "on_hold"), ("no-workflow", "no_workflow")]
)
def test_how_the_newest_one_was_is_told_and_how_it_is_at_the_end_of_a_wait(
    emulator: Emulator, run, scenario: str | None, status: str
) -> None:
    emulator.push(API, branch="main", script={"scenario": scenario} if scenario else None)
    emulator.pass_time(60 if scenario else 1)
    assert run(state="canceled", branch="main", check_mode=True)["pipeline"]["status"] == status
    result = run(state="canceled", branch="main", wait=True)
    assert result["pipeline"]["status"] == ("canceled" if result["changed"] else status)
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    assert run(state="canceled", branch="main")["pipeline"]["status"] == "success"


def test_one_commit_is_kept(emulator: Emulator, run) -> None:
    for revision in ("cd" * 20, OTHER, "ef" * 20):
        emulator.push(API, branch="main", revision=revision)
    emulator.pass_time(1)
    result = run(state="canceled", branch="main", keep_revision=OTHER.upper())
    assert [each["number"] for each in result["canceled"]] == [3, 1]


@pytest.mark.parametrize(
    ("sought", "null"),
    [
        ({"branch": "main"}, "keep_revision"),
        ({"branch": "main"}, "revision"),
        ({"tag": "v1.0.0"}, "revision"),
        ({"revision": OTHER}, "branch"),
        ({"revision": OTHER}, "tag"),
    ],
)
def test_nothing_is_canceled_in_the_place_of_what_is_not_known(
    emulator: Emulator, run, sought: dict[str, Any], null: str
) -> None:
    emulator.push(API, branch="main", revision=OTHER)
    emulator.push(API, tag="v1.0.0", revision=OTHER)
    emulator.pass_time(1)
    emulator.clear()
    predicted = run(state="canceled", check_mode=True, null=[null], **sought)
    assert (predicted["changed"], predicted["canceled"], predicted["pipeline"]["id"]) == (True, [], None)
    assert any(f"{null} is known after the run only" in warning for warning in predicted["warnings"])
    real = run(state="canceled", null=[null], **sought)
    failed(real, f"{null} is given, but empty.")
    assert (real["changed"], emulator.requests) == (False, [])
    failed(run(state="canceled", **sought, **{null: " "}), f"{null} is given, but empty.")


def test_a_number_names_one_pipeline_whatever_else_is_null(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(1)
    id_ = emulator.pipeline(API, 1).id
    for named in ({"pipeline_number": 1}, {"pipeline_id": id_}):
        result = run(state="canceled", check_mode=True, null=["revision", "branch"], **named)
        assert [each["number"] for each in result["canceled"]] == [1]


@pytest.mark.parametrize(
    "sought", [{"pipeline_number": 1}, {"pipeline_id": "{id}"}, {"revision": OTHER}, {"tag": "v1.0.0"}]
)
def test_what_is_named_is_canceled(emulator: Emulator, run, sought: dict[str, Any]) -> None:
    ours: dict[str, Any] = {"tag": "v1.0.0"} if "tag" in sought else {"branch": "main", "revision": OTHER}
    emulator.push(API, **ours)
    emulator.push(API, branch="main")
    emulator.pass_time(1)
    id_ = emulator.pipeline(API, 1).id
    result = run(state="canceled", **{key: str(value).format(id=id_) for key, value in sought.items()})
    assert [each["number"] for each in result["canceled"]] == [1]


def test_a_cancellation_that_is_answered_with_something_else_is_none(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.pass_time(60)
    emulator.fault("body", path="/cancel$", body={"message": "Not allowed."})
    result = run(state="canceled", branch="main")
    failed(result, "/cancel: Not allowed.")
    assert (result["changed"], result["canceled"], len(emulator.writes)) == (False, [], 1)


@pytest.mark.parametrize("wait", [False, True])
def test_none_to_cancel_is_unchanged_and_not_waited_for(emulator: Emulator, run, clock, wait: bool) -> None:
    result = run(state="canceled", branch="nope", wait=wait)
    assert (result["changed"], result["canceled"], clock.pauses) == (False, [], [])
    assert result["pipeline"] == {**dict.fromkeys(PIPELINE), "errors": []}


@pytest.mark.parametrize(("state", "what"), [("canceled", "is not there in"), ("succeeded", "did not show up in")])
def test_an_id_that_does_not_exist_is_an_error(emulator: Emulator, run, state: str, what: str) -> None:
    failed(run(state=state, pipeline_number=7), f"Pipeline #7 {what} {API}")
    result = run(state=state, pipeline_id=OTHER_ID)
    failed(result, f"Pipeline {OTHER_ID} {what} {API}")
    assert "among the newest" not in result["hint"]
    result = run(project="github/acme/nope", state=state, pipeline_number=7)
    failed(result, "answered 404 to GET v2/project/gh/acme/nope/pipeline/7: Project not found.")


def test_a_pipeline_of_several_workflows_is_told_once(emulator: Emulator, run) -> None:
    jobs = [{"name": "build"}]
    emulator.scenario(configuration={"workflows": [{"name": "first", "jobs": jobs}, {"name": "second", "jobs": jobs}]})
    run(branch="main")
    emulator.pass_time(2)
    emulator.clear()
    result = run(state="canceled", branch="main")
    assert (len(emulator.writes), [each["number"] for each in result["canceled"]]) == (2, [1])
    assert result["diff"]["after"] == {"canceled": ["#1"]}


SET_UP: dict[str, Any] = {"name": "setup", "tag": "setup", "status": "success"}
RERUN: dict[str, Any] = {"name": "a", "status": "failed", "auto_rerun_number": 0, "max_auto_reruns": 1}


@pytest.mark.parametrize(
    ("workflows", "pipeline", "seconds"),
    [
        ([{"name": "a", "status": "success"}], {}, 0),
        ([{"name": "a", "status": "failed"}], {}, 0),
        ([SET_UP], {}, 20),
        ([{**SET_UP, "status": "failed"}], {}, 0),
        ([SET_UP], {"state": "errored"}, 0),
        ([], {"state": "errored", "created_at": "2999-01-01T00:00:00Z"}, 0),
        ([SET_UP], {"errors": [{"type": "config", "message": "No jobs"}]}, 0),
        ([RERUN], {}, 30),
        ([RERUN, {"name": "b", "status": "success"}], {}, 30),
        ([{**RERUN, "auto_rerun_number": 1}], {}, 0),
    ],
)
def test_only_what_may_still_come_is_waited_for_to_be_canceled(
    emulator: Emulator, run, clock, workflows: list[dict[str, Any]], pipeline: dict[str, Any], seconds: float
) -> None:
    now = datetime.now(timezone.utc).isoformat()
    shows(emulator, [{"stopped_at": now, **workflow} for workflow in workflows], **pipeline)
    result = run(state="canceled", pipeline_id=OTHER_ID, appear_timeout=20 if SET_UP in workflows else 60)
    assert (result["changed"], emulator.writes) == (False, [])
    assert seconds - 1 <= sum(clock.pauses) <= seconds


def test_a_young_pipeline_is_waited_for_to_be_canceled(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"delays": {"compiled": 20}, "unlisted": "missing"})
    result = run(state="canceled", branch="main")
    assert [each["number"] for each in result["canceled"]] == [1]
    emulator.pass_time(5)
    assert emulator.pipeline(API, 1).workflows[0].status == "canceled"


def test_the_time_that_a_young_pipeline_takes_is_none_of_the_wait_for_its_cancellation(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"delays": {"compiled": 40}})
    result = run(state="canceled", branch="main", wait=True, wait_timeout=30)
    assert (result.get("failed"), result["pipeline"]["status"], result["waited_seconds"] < 30) == (
        None,
        "canceled",
        True,
    )


@pytest.mark.parametrize(("scenario", "delays"), [("setup-continue", {"compiled": 20}), ("auto-rerun", {"rerun": 20})])
def test_what_is_to_come_is_waited_for_to_be_canceled(
    emulator: Emulator, run, scenario: str, delays: dict[str, float]
) -> None:
    """Between a setup workflow and its continuation nothing runs, nor before an automatic rerun."""
    emulator.push(API, branch="main", script={"scenario": scenario, "delays": delays})
    for _half_second in range(100):
        if not any(workflow.stopped for workflow in emulator.pipeline(API, 1).workflows):
            emulator.pass_time(0.5)
    result = run(state="canceled", branch="main")
    assert [each["number"] for each in result["canceled"]] == [1]
    emulator.pass_time(60)
    assert [each.status for each in emulator.pipeline(API, 1).workflows[1:]] == ["canceled"]


@pytest.mark.parametrize("scenario", ["setup-only", "setup-rejected", "setup-conflict", "auto-rerun"])
def test_what_never_comes_is_waited_for_some_time_only(emulator: Emulator, run, clock, scenario: str) -> None:
    emulator.push(API, branch="main", script={"scenario": scenario, "delays": {"rerun": 100_000}})
    emulator.pass_time(10)
    result = run(state="canceled", branch="main")
    assert (result["changed"], result["canceled"]) == (False, [])
    assert sum(clock.pauses) <= 60


def test_a_continuation_that_is_refused_meanwhile_is_not_waited_for(emulator: Emulator, run, clock) -> None:
    emulator.push(API, branch="main", script={"scenario": "setup-rejected", "delays": {"compiled": 20}})
    while not any(workflow.stopped for workflow in emulator.pipeline(API, 1).workflows):
        emulator.pass_time(0.5)
    result = run(state="canceled", branch="main")
    assert (result["changed"], result["pipeline"]["status"]) == (False, "errored")
    assert 10 <= sum(clock.pauses) <= 25


@pytest.mark.parametrize("timeout", [3, 6, 7.5, 8])
def test_a_cancellation_that_ends_in_the_last_pause_is_seen(emulator: Emulator, run, timeout: float) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold", "delays": {"accepted": timeout - 0.5}})
    emulator.pass_time(60)
    result = run(state="canceled", branch="main", wait=True, wait_timeout=timeout)
    assert (result.get("failed"), result["pipeline"]["status"]) == (None, "canceled")


@pytest.mark.parametrize("scenario", [None, "hold", "two-holds", "fail-and-hold", "hold-beside-a-failure"])
def test_a_cancellation_can_be_waited_for(emulator: Emulator, run, scenario: str | None) -> None:
    """A hold stays open until then, and a failure beside it is no end yet."""
    delayed: dict[str, Any] = {"delays": {"accepted": 90}}
    emulator.push(API, branch="main", script={**delayed, **({"scenario": scenario} if scenario else {})})
    emulator.pass_time(60 if scenario else 1)
    emulator.pipeline(API, 1)  # lets the clock do what is due
    emulator.state.machine.set_seconds({"running": 600})
    result = run(state="canceled", branch="main", wait=True)
    assert (result.get("failed"), result["changed"], result["waited_seconds"] >= 90) == (None, True, True)
    assert result["waited_seconds"] < 120
    assert len([each for each in emulator.requests if each.path.endswith("/workflow")]) < 45
    ends = {each.status for each in emulator.pipeline(API, 1).workflows if each.name != "tests"}
    assert ends == {"canceled"}


@pytest.mark.parametrize(
    ("scenario", "seen"), [(None, "running (last seen running: build)"), ("hold", "on_hold")], ids=["running", "held"]
)
def test_a_cancellation_that_takes_too_long_says_that_it_was_accepted(
    emulator: Emulator, run, scenario: str | None, seen: str
) -> None:
    delayed: dict[str, Any] = {"delays": {"accepted": 100_000}}
    emulator.push(API, branch="main", script={**delayed, **({"scenario": scenario} if scenario else {})})
    emulator.pass_time(60 if scenario else 1)
    emulator.pipeline(API, 1)  # lets the clock do what is due
    emulator.state.machine.set_seconds({"running": 100_000})
    result = run(state="canceled", branch="main", wait=True, wait_timeout=7.6)
    name = emulator.pipeline(API, 1).workflows[0].name
    failed(
        result,
        f"Pipeline #1 of {API} ({emulator.url}/pipelines/gh/acme/api/1) has not ended after 8 s: "
        f"workflow {name!r} is {seen}. CircleCI has accepted to cancel it. Look at it there, or set wait_timeout "
        "higher to wait longer.",
    )
    assert (result["changed"], [each["number"] for each in result["canceled"]]) == (True, [1])
    assert (len(emulator.writes), 7.6 <= result["waited_seconds"] < 20) == (1, True)


def in_time(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time pass before a cancellation arrives, so that what was to be canceled has ended."""
    usual = Emulator._answer
    times = iter([seconds])

    def answer(self: Emulator, call: Call) -> Answer:
        if call.path.endswith("/cancel"):
            self.pass_time(next(times, 0))
            self.pipeline(API, 1)  # lets the clock do what is due
        return usual(self, call)

    monkeypatch.setattr(Emulator, "_answer", answer)


@pytest.mark.parametrize(("scenario", "delays"), [("setup-continue", {"compiled": 5}), ("auto-rerun", {"rerun": 5})])
@pytest.mark.parametrize("refused", [False, True])
def test_what_comes_of_a_workflow_that_ends_before_its_cancellation_is_canceled_too(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, scenario: str, delays: dict[str, float], refused: bool
) -> None:
    emulator.push(API, branch="main", script={"scenario": scenario, "delays": delays})
    while not emulator.pipeline(API, 1).workflows:
        emulator.pass_time(0.5)
    emulator.state.machine.set_seconds({"running": 10})
    in_time(emulator, monkeypatch, 12)
    if refused:
        emulator.fault("status", path="/cancel", status=400, body={"message": "Bad request."}, when="after")
    result = run(state="canceled", branch="main")
    first, second = emulator.pipeline(API, 1).workflows
    emulator.pass_time(60)
    emulator.pipeline(API, 1)
    assert (first.status in ("success", "failed"), second.status, result["changed"]) == (True, "canceled", True)
    told = f"Workflow {first.name!r} of {API} pipeline #1 ended before it could be canceled: {first.status}."
    assert result["warnings"] == ([told] if refused else [])


@pytest.mark.parametrize(("ended", "wait"), [("success", False), ("success", True), ("canceled", False)])
def test_a_pipeline_that_ends_before_it_can_be_canceled_was_not_canceled(
    emulator: Emulator, run, ended: str, wait: bool
) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    workflow = emulator.pipeline(API, 1).workflows[0]
    listed = {"id": workflow.id, "name": "build-and-test", "status": "running", "pipeline_id": workflow.pipeline.id}
    emulator.fault("body", path="/workflow$", body={"items": [listed], "next_page_token": None})
    emulator.fault("body", method="GET", path="/v2/workflow/[^/]+$", body={**listed, "status": ended})
    emulator.fault("status", path="/cancel", status=400, body={"message": "Bad request."})
    result = run(state="canceled", branch="main", wait=wait)
    told = f"Workflow 'build-and-test' of {API} pipeline #1 ended before it could be canceled: success."
    assert (result.get("failed"), result["changed"], result["canceled"]) == (None, False, [])
    assert result["warnings"] == ([told] if ended == "success" else [])
    assert (result["diff"]["after"], result["diff"]["before"]) == ({"canceled": []}, {"canceled": []})


def test_the_end_of_an_older_one_is_not_told_of_the_newest(emulator: Emulator, run) -> None:
    slow = {"workflows": [{"name": "slow", "jobs": [{"name": "slow", "seconds": 600}]}]}
    emulator.push(API, branch="main", script={"configuration": slow})
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    result = run(state="canceled", branch="main", wait=True)
    assert [each["number"] for each in result["canceled"]] == [1]
    assert (result["pipeline"]["number"], result["pipeline"]["status"]) == (2, "success")


def test_what_had_succeeded_before_is_not_said_to_have_escaped_the_cancellation(emulator: Emulator, run) -> None:
    slow = {"name": "slow", "jobs": [{"name": "slow", "seconds": 600}]}
    emulator.push(API, branch="main", script={"configuration": {"workflows": [{"name": "a", "jobs": ["a"]}, slow]}})
    emulator.pass_time(30)
    result = run(state="canceled", branch="main", wait=True)
    assert (result.get("failed"), result["pipeline"]["status"], result["warnings"]) == (None, "canceled", [])
    assert [each.status for each in emulator.pipeline(API, 1).workflows] == ["success", "canceled"]


def test_a_wait_for_a_cancellation_says_what_has_succeeded_all_the_same(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(1)
    in_time(emulator, monkeypatch, 60)
    result = run(state="canceled", branch="main", wait=True)
    told = f"Workflow 'build-and-test' of {API} pipeline #1 ended before it could be canceled: success."
    assert (result.get("failed"), result["warnings"]) == (None, [told])


@pytest.mark.parametrize("thing", [{}, {"id": None}, {"id": 5}, {"id": ""}])
def test_a_workflow_without_an_id_is_not_canceled_under_another_name(
    emulator: Emulator, run, thing: dict[str, Any]
) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    listed = {"items": [{"name": "deploy", "status": "running", **thing}], "next_page_token": None}
    emulator.fault("body", path="/workflow$", times=None, body=listed)
    result = run(state="canceled", branch="main")
    failed(result, "CircleCI tells no id of the workflow 'deploy', so that nothing can be done to it.")
    assert (result["changed"], result["canceled"], emulator.writes) == (False, [], [])


@pytest.mark.parametrize("thing", [{}, {"id": None}])
def test_a_hold_without_an_id_is_not_approved_under_another_name(
    emulator: Emulator, run, thing: dict[str, Any]
) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.pass_time(60)
    listed = {"items": [{"name": "hold", "type": "approval", "status": "on_hold", **thing}], "next_page_token": None}
    emulator.fault("body", path="/job$", times=None, body=listed)
    result = run(state="succeeded", branch="main", approve=["hold"])
    failed(result, "CircleCI tells no id of the hold 'hold', so that nothing can be done to it.")
    assert (result["changed"], emulator.writes) == (False, [])


def test_more_pipelines_than_are_looked_at_are_a_warning(emulator: Emulator, run) -> None:
    emulator.switch(page_size=100)
    for _unused in range(200):
        emulator.push(API, branch="main", script={"scenario": "no-workflow"})
    emulator.pass_time(1)
    assert run(state="canceled", branch="main", check_mode=True)["warnings"] == []
    emulator.push(API, branch="main", script={"scenario": "no-workflow"})
    emulator.pass_time(1)
    (warning,) = run(state="canceled", branch="main", check_mode=True)["warnings"]
    assert warning == f"Only the newest 200 pipelines of {API} were looked at."


# --- check mode -------------------------------------------------------------------------------------------------------


def test_check_mode_starts_nothing_and_has_all_keys(emulator: Emulator, run, clock) -> None:
    result = run(wait=True, parameters={"target": "live"}, check_mode=True)
    assert result.keys() - {"warnings"} == RETURNED
    assert result["pipeline"] == {**dict.fromkeys(PIPELINE), "errors": []}
    assert (result["changed"], result["workflows"], emulator.writes, clock.pauses) == (True, [], [], [])
    assert result["diff"]["after"]["pipeline"] == {
        "number": "(known after the run)",
        "branch": None,
        "tag": None,
        "parameters": {"target": "live"},
    }


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"reuse": "successful"}, True),
        ({"reuse": "active", "branch": "main"}, True),
        ({"reuse": "active", "tag": "v1.0.0", "wait": True}, True),
        ({"state": "succeeded", "branch": "main"}, False),
        ({"state": "canceled", "branch": "main"}, False),
    ],
)
def test_check_mode_predicts_for_a_project_that_is_to_be_followed_first(
    run_module, options: dict[str, Any], changed: bool
) -> None:
    result = run_module(MODULE, project=API, check_mode=True, **options)
    assert ("failed" in result, result["changed"], result["reused"], result["canceled"]) == (False, changed, False, [])
    assert result["warnings"][0].startswith(f"CircleCI does not know {API} yet. This prediction is for a project")


@pytest.mark.parametrize(
    ("scenario", "warning"), [("hold", "is on_hold: it has not ended"), (None, "is running: it has not ended")]
)
def test_check_mode_of_a_wait_looks_once(emulator: Emulator, run, clock, scenario: str | None, warning: str) -> None:
    emulator.push(API, branch="main", script={"scenario": scenario} if scenario else None)
    emulator.pass_time(60 if scenario else 1)
    result = run(state="succeeded", branch="main", check_mode=True)
    assert ("failed" in result, result["changed"], clock.pauses) == (False, False, [])
    assert any(warning in each for each in result["warnings"])


@pytest.mark.parametrize(
    ("on_hold", "outlook"),
    [
        ("fail", "The real run fails, unless somebody approves before what it waits for."),
        ("return", "The real run ends well all the same."),
        ("wait", "The real run waits for it."),
    ],
)
def test_check_mode_of_a_wait_says_what_a_hold_means_to_the_run(
    emulator: Emulator, run, on_hold: str, outlook: str
) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.pass_time(60)
    options = {"state": "succeeded", "branch": "main", "on_hold": on_hold, "wait_timeout": 60}
    (warning,) = run(**options, check_mode=True)["warnings"]
    assert warning.endswith(f" is on_hold: it has not ended. {outlook}")
    assert run(**options).get("failed", False) is (on_hold != "return")


def test_check_mode_of_a_wait_says_what_is_not_there(run, clock) -> None:
    result = run(state="succeeded", revision=OTHER, check_mode=True)
    assert ("failed" in result, clock.pauses) == (False, [])
    assert any("is not there" in each for each in result["warnings"])


def test_check_mode_of_a_wait_judges_what_has_ended(emulator: Emulator, run, clock) -> None:
    for script in (None, {"scenario": "second-workflow-fails"}):
        emulator.push(API, branch="main", script=script)
        emulator.pass_time(60)
    good = run(state="succeeded", pipeline_number=1, check_mode=True)
    assert (good["pipeline"]["status"], len(good["workflows"])) == ("success", 1)
    bad = run(state="succeeded", pipeline_number=2, check_mode=True)
    failed(bad, "workflow 'lint' failed")
    assert (len(bad["failed_steps"]), clock.pauses) == (1, [])


def test_check_mode_predicts_an_approval(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.pass_time(60)
    result = run(state="succeeded", branch="main", approve=["hold"], check_mode=True)
    assert (result["changed"], emulator.writes) == (True, [])
    assert any("the real run gives: hold" in each for each in result["warnings"])
    assert run(state="succeeded", branch="main", approve=["hold"])["changed"] is True


def test_check_mode_predicts_a_cancellation(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main", script={"scenario": "hold"})
    emulator.pass_time(60)
    predicted = run(state="canceled", branch="main", check_mode=True)
    assert emulator.writes == []
    real = run(state="canceled", branch="main")
    assert {key: predicted[key] for key in RETURNED} == {key: real[key] for key in RETURNED}


@pytest.mark.parametrize(("kind", "push"), [("Decoupled Ingestion System", False), ("unknown", True)])
def test_a_lost_start_of_an_app_is_found_by_what_its_trigger_says_elsewhere(
    emulator: Emulator, app, clock, monkeypatch: pytest.MonkeyPatch, kind: str, push: bool
) -> None:
    """Their triggers have types of many names."""
    usual = shapes.pipeline

    def shown(found: Any) -> dict[str, Any]:
        answer = usual(found)
        return {**answer, "trigger": {**answer["trigger"], "type": kind, "actor": {"login": "", "avatar_url": None}}}

    monkeypatch.setattr(shapes, "pipeline", shown)
    slug = next(project.slug for project in emulator.state.projects.values() if project.is_app)
    emulator.fault("drop", method="POST", path="/run$", when="before" if push else "after")
    if push:
        # One that a push starts meanwhile is not taken for it.
        emulator.push(slug, branch="main", after=5)
        failed(app(), "nothing of it is to be seen")
    else:
        assert app()["pipeline"]["number"] == 1
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("actor", [None, "emulator", {}, {"login": None}])
def test_a_lost_start_is_found_where_circleci_does_not_say_who_made_it(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, actor: Any
) -> None:
    usual = shapes.pipeline
    monkeypatch.setattr(shapes, "pipeline", lambda found: {**usual(found), "trigger": {"type": "api", "actor": actor}})
    emulator.fault("drop", method="POST", path="/pipeline$", when="after")
    result = run()
    assert (result.get("failed"), result["pipeline"]["number"], len(emulator.writes)) == (None, 1, 1)


@pytest.mark.parametrize("name", ["pipeline_id", "pipeline_number"])
@pytest.mark.parametrize("state", ["triggered", "succeeded", "canceled"])
@pytest.mark.parametrize("more", [{}, {"branch": "main"}])
def test_an_empty_id_never_becomes_a_branch(
    emulator: Emulator, run, name: str, state: str, more: dict[str, str]
) -> None:
    emulator.push(API, branch="main")
    predicted = run(state=state, **{name: ""}, **more, check_mode=True)
    assert predicted.keys() - {"diff"} == (RETURNED - {"diff"}) | {"warnings"}
    assert (predicted["changed"], emulator.requests) == (state != "succeeded", [])
    assert f"{name} is known after the run only" in predicted["warnings"][0]
    result = run(state=state, **{name: " "}, **more)
    failed(result, f"{name} is given, but empty")
    assert (result["changed"], emulator.requests) == (False, [])
