# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the workflows of a pipeline say together: each rule of api-v2-pipelines.md §3 and §4, on recorded shapes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    BROKEN,
    FINAL,
    HELD,
    NOT_CONTINUED,
    NOT_STARTED,
    NOTHING_STARTED,
    RERUN_GRACE,
    STATUSES,
    SUCCEEDED,
    View,
    counting,
    ending,
    unsettled,
)

pytestmark = pytest.mark.once
APPEAR = 60.0
WORDS = ["running", "on_hold", "failing", "queued", *FINAL, "newer-word"]
STATES = ["setup-pending", "setup", "pending", "created", "errored"]
LONG = 10_000.0


def workflow(
    status: str = "success", name: str = "build", *, at: int = 0, id_: str = "", **more: Any
) -> dict[str, Any]:
    """A workflow as listed, `at` seconds after noon."""
    return {
        "pipeline_id": "p",
        "id": id_ or f"{name}-{at}",
        "name": name,
        "project_slug": "gh/acme/api",
        "status": status,
        "started_by": "u",
        "pipeline_number": 5,
        "created_at": f"2026-11-25T12:00:{at:02}Z",
        "stopped_at": "2026-11-25T12:01:00Z" if status in FINAL else None,
        **more,
    }


def job(status: str, name: str = "test", **more: Any) -> dict[str, Any]:
    return {"id": f"id of {name}", "name": name, "type": "build", "status": status, "dependencies": [], **more}


def hold(status: str = "on_hold", name: str = "approve-prod", **more: Any) -> dict[str, Any]:
    return job(status, name, type="approval", **more)


def created(*listed: dict[str, Any], state: str = "created", **more: Any) -> View:
    return View(state, listed=listed, **more)


def at_last(view: View, appear_timeout: float = APPEAR) -> str | None:
    """What the wait comes to when nothing of what is seen has changed for long."""
    return ending(view, dict.fromkeys(unsettled(view), LONG), appear_timeout)


def at_once(view: View) -> str | None:
    return ending(view, dict.fromkeys(unsettled(view), 0.0), APPEAR)


# --- which workflows count, and their common status -------------------------------------------------------------------


def test_of_each_name_the_newest_counts() -> None:
    listed = [workflow("success", at=9), workflow("failed", at=5), workflow("running", "deploy", at=6)]
    assert [each["status"] for each in counting(listed)] == ["running", "success"]
    assert [each["status"] for each in counting(reversed(listed))] == ["running", "success"]


def test_in_the_same_second_the_one_that_has_not_ended_counts_else_the_first_listed() -> None:
    assert [each["id"] for each in counting([workflow("failed", id_="a"), workflow("running", id_="b")])] == ["b"]
    assert [each["id"] for each in counting([workflow("running", id_="a"), workflow("failed", id_="b")])] == ["a"]
    assert [each["id"] for each in counting([workflow("failed", id_="a"), workflow("success", id_="b")])] == ["a"]
    with_millis = [{**workflow("failed", id_="a"), "created_at": "2026-11-25T12:00:00.900Z"}, workflow(id_="b")]
    assert [each["id"] for each in counting(with_millis)] == ["a"]


def test_a_setup_workflow_counts_until_there_are_others() -> None:
    setup = workflow("success", "setup", tag="setup")
    assert counting([setup]) == [setup]
    assert [each["name"] for each in counting([workflow("running"), setup])] == ["build"]
    assert [each["name"] for each in counting([workflow("running", at=4), setup], ["setup"])] == ["setup", "build"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["error", "canceled"], "failed"),
        (["unauthorized"], "failed"),
        (["canceled", "failing", "running"], "canceled"),
        (["failing", "running", "on_hold"], "failing"),
        (["running", "on_hold"], "running"),
        (["queued", "success"], "running"),
        (["newer-word", "on_hold"], "running"),
        (["pending", "on_hold"], "running"),
        (["errored", "on_hold"], "running"),
        (["on_hold", "success"], "on_hold"),
        (["success", "not_run"], "success"),
        (["not_run"], "not_run"),
        ([], "no_workflow"),
    ],
)
def test_the_status_is_the_worst_of_the_newest_workflows(words: list[str], status: str) -> None:
    listed = [workflow(word, f"w{index}") for index, word in enumerate(words)]
    assert created(*listed).status == status
    assert created(*listed, errors=("Unexpected argument(s): x",)).status == "errored"


@pytest.mark.parametrize("state", ["pending", "setup-pending", "setup"])
def test_before_the_configuration_is_compiled_nothing_has_succeeded(state: str) -> None:
    assert created(state=state).status == "pending"
    assert created(workflow("success", tag="setup"), state=state).status == "pending"
    assert created(workflow("failed", tag="setup"), state=state).status == "failed"
    assert created(workflow("running", tag="setup"), state=state).status == "running"


# --- when it has ended ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["running", "queued", "newer-word"])
def test_what_runs_has_not_ended(word: str) -> None:
    assert at_last(created(workflow(word), workflow("failed", "other"))) is None


@pytest.mark.parametrize("word", ["failed", "error", "unauthorized", "canceled"])
def test_one_bad_end_among_good_ones_breaks_the_pipeline(word: str) -> None:
    assert at_once(created(workflow("success"), workflow(word, "test"))) == BROKEN


def test_a_rerun_that_ended_well_replaces_what_failed() -> None:
    assert at_once(created(workflow("failed", at=1), workflow("success", at=8))) == SUCCEEDED


def test_not_run_is_a_success_beside_one_only() -> None:
    assert at_once(created(workflow("not_run"), workflow("success", "test"))) == SUCCEEDED
    assert at_once(created(workflow("not_run"), workflow("not_run", "test"))) == BROKEN


def test_errors_break_a_pipeline_whose_setup_workflow_is_green() -> None:
    for state in STATES:
        view = created(workflow("success", "setup", tag="setup"), state=state, errors=("Unexpected argument(s): x",))
        assert at_once(view) == BROKEN


@pytest.mark.parametrize("state", ["pending", "setup-pending", "setup"])
def test_a_green_setup_workflow_is_no_end_before_its_continuation(state: str) -> None:
    assert at_once(created(workflow("success", "setup", tag="setup"), state=state)) is None


@pytest.mark.parametrize("state", ["setup-pending", "setup"])
def test_a_setup_workflow_that_continues_nothing_is_the_end_after_a_while(state: str) -> None:
    good = created(workflow("success", "setup", tag="setup"), state=state)
    assert unsettled(good) == {NOT_CONTINUED}
    assert (ending(good, {NOT_CONTINUED: 59.0}, APPEAR), ending(good, {NOT_CONTINUED: 60.0}, APPEAR)) == (
        None,
        SUCCEEDED,
    )
    assert at_last(created(workflow("failed", "setup", tag="setup"), state=state)) == BROKEN
    # The same where the configuration that goes on starts nothing, or nothing yet.
    listed = created(workflow("success", "setup", tag="setup"))
    assert (at_once(listed), at_last(listed)) == (None, SUCCEEDED)
    # It did continue, and what it continued with is being compiled.
    assert at_last(created(workflow("success", "setup", tag="setup"), state="pending")) is None


def test_no_workflow_is_the_end_after_a_while() -> None:
    # Of what is not there at all, no name is missing yet.
    assert unsettled(created()) == unsettled(created(names=("build",))) == {NOTHING_STARTED}
    assert (at_once(created()), at_last(created())) == (None, BROKEN)
    assert at_last(created(state="pending")) is None


def test_named_workflows_are_judged_alone() -> None:
    listed = (workflow("success"), workflow("running", "nightly"), workflow("failed", "lint"))
    assert at_once(created(*listed, names=("build",))) == SUCCEEDED
    assert at_once(created(*listed, names=("build", "lint"))) == BROKEN


def test_a_named_workflow_that_never_starts_breaks_the_pipeline_when_the_others_have_ended() -> None:
    view = created(workflow("success"), names=("build", "deploy"))
    assert (view.missing, unsettled(view)) == (["deploy"], {NOT_STARTED})
    assert (at_once(view), at_last(view)) == (None, BROKEN)
    assert at_last(created(workflow("running"), names=("build", "deploy"))) is None


def test_an_automatic_rerun_is_waited_for() -> None:
    view = created(workflow("failed", id_="a", max_auto_reruns=2))
    assert unsettled(view) == {"rerun of a"}
    assert (ending(view, {"rerun of a": RERUN_GRACE - 1}, APPEAR), at_last(view)) == (None, BROKEN)
    assert at_once(created(workflow("failed", max_auto_reruns=2, auto_rerun_number=2))) == BROKEN
    assert at_once(created(workflow("canceled", max_auto_reruns=2))) == BROKEN


@pytest.mark.parametrize("odd", [{"max_auto_reruns": "2"}, {"max_auto_reruns": 2, "auto_rerun_number": "1"}])
def test_an_odd_number_of_reruns_is_none(odd: dict[str, Any]) -> None:
    assert at_once(created(workflow("failed", **odd))) == BROKEN


@pytest.mark.parametrize(
    ("view", "what", "limit", "after"),
    [
        (created(), NOTHING_STARTED, APPEAR, BROKEN),
        (created(workflow("success"), names=("build", "deploy")), NOT_STARTED, APPEAR, BROKEN),
        (
            created(workflow("on_hold", id_="a"), jobs={"a": [hold()]}, names=("build", "deploy")),
            NOT_STARTED,
            APPEAR,
            BROKEN,
        ),
        (created(workflow("success", "setup", tag="setup"), state="setup"), NOT_CONTINUED, APPEAR, SUCCEEDED),
        (created(workflow("failed", id_="a", max_auto_reruns=1)), "rerun of a", RERUN_GRACE, BROKEN),
        (created(workflow("failing", id_="a"), jobs={"a": [job("failed")]}), "stalled in a", RERUN_GRACE, BROKEN),
    ],
)
def test_what_does_not_come_is_the_end_when_its_time_is_up_and_not_before(
    view: View, what: str, limit: float, after: str
) -> None:
    assert unsettled(view) == {what}
    assert (ending(view, {what: limit - 0.001}, APPEAR), ending(view, {what: limit}, APPEAR)) == (None, after)
    # What nobody has counted yet has not held at all.
    assert ending(view, {}, 0.5) is None


# --- holds ------------------------------------------------------------------------------------------------------------


def test_an_open_hold_alone_is_an_end_of_its_own() -> None:
    view = created(workflow("on_hold", id_="a"), jobs={"a": [job("success"), hold(approval_request_id="r")]})
    assert at_once(view) == HELD
    assert view.holds == [{"workflow_id": "a", "workflow": "build", "job": "approve-prod", "approval_request_id": "r"}]


def test_a_hold_is_no_end_while_something_else_runs() -> None:
    jobs = {"a": [hold()]}
    assert at_last(created(workflow("on_hold", id_="a"), workflow("running", "test"), jobs=jobs)) is None


@pytest.mark.parametrize("status", ["running", "queued", "not_running", "newer-word", None, ["x"]])
def test_a_hold_is_no_end_while_another_job_of_its_workflow_runs(status: Any) -> None:
    """Words that nobody knows yet are those of what runs."""
    on_hold = workflow("on_hold", id_="a")
    assert at_last(created(on_hold, jobs={"a": [hold(), {**job("x", "e2e"), "status": status}]})) is None


def test_a_hold_that_is_not_open_or_was_just_approved_is_no_end() -> None:
    on_hold = workflow("on_hold", id_="a")
    assert at_last(created(on_hold, jobs={"a": [hold("blocked")]})) is None
    assert at_last(created(on_hold, jobs={"a": [hold("success")]})) is None
    assert at_last(created(on_hold, jobs={"a": [hold()]}, approved=["id of approve-prod"])) is None
    # `type` alone does not make a hold, and its id stands in for the id of the request.
    assert created(on_hold, jobs={"a": [job("on_hold")]}).holds == []


def test_a_failure_goes_before_a_hold() -> None:
    held, jobs = workflow("on_hold", "deploy", id_="a"), {"a": [hold()]}
    for word in ("failed", "canceled", "error", "unauthorized"):
        view = created(held, workflow(word, "test"), jobs=jobs)
        assert (at_once(view), view.has_failed, len(view.holds)) == (BROKEN, True, 1)
        # Also when it is in a workflow that nobody waits for: its pipeline is not approved.
        assert at_once(created(held, workflow(word, "test"), jobs=jobs, names=("deploy",))) == BROKEN


def test_failing_with_nothing_left_but_a_hold_is_the_end() -> None:
    failing = workflow("failing", id_="a")
    assert at_once(created(failing, jobs={"a": [job("failed"), hold()]})) == BROKEN
    assert at_last(created(failing, jobs={"a": [job("failed"), hold(), job("running", "e2e")]})) is None
    assert at_last(created(failing, jobs={"a": [job("failed"), hold(), job("queued", "e2e")]})) is None
    assert at_last(created(failing, jobs={"a": [job("failed"), job("not_running", "e2e")]})) is None


def test_failing_without_any_job_that_goes_on_is_the_end_after_a_while() -> None:
    view = created(workflow("failing", id_="a"), jobs={"a": [job("failed"), job("blocked", "deploy")]})
    assert (at_once(view), at_last(view)) == (None, BROKEN)


def test_a_failed_job_counts_before_its_workflow_says_so() -> None:
    view = created(workflow("running", id_="a"), jobs={"a": [job("infrastructure_fail"), hold()]})
    assert view.has_failed


@pytest.mark.parametrize(
    ("word", "verdict"),
    [
        *((word, HELD) for word in ("success", "not_run", "retried", "skipped", "blocked")),
        *((word, BROKEN) for word in ("failed", "canceled", "unauthorized", "infrastructure_fail", "timedout")),
        ("terminated-unknown", BROKEN),
    ],
)
def test_what_a_job_beside_a_hold_has_come_to(word: str, verdict: str) -> None:
    view = created(workflow("on_hold", id_="a"), jobs={"a": [hold(), job(word, "e2e")]})
    assert (at_once(view), view.has_failed) == (verdict, verdict == BROKEN)


@pytest.mark.parametrize("odd", [{}, {"id": None, "name": None, "status": ["x"], "created_at": 3}])
def test_odd_workflows_are_not_final(odd: dict[str, Any]) -> None:
    assert at_last(created(odd)) is None
    assert created(odd).status == "running"


def test_an_expired_workflow_without_an_id_counts_by_its_status() -> None:
    assert at_once(created({**workflow("failed"), "id": None})) == BROKEN


# --- of any view ------------------------------------------------------------------------------------------------------

JOBS = st.lists(
    st.builds(
        lambda status, kind: {"id": f"{kind}{status}", "name": kind, "type": kind, "status": status},
        st.sampled_from(["success", "failed", "running", "queued", "blocked", "on_hold", "not_run", "canceled"]),
        st.sampled_from(["build", "approval"]),
    ),
    max_size=4,
)


def drawn(status: str, name: str, at: int, *, setup: bool, reruns: bool) -> dict[str, Any]:
    more: dict[str, Any] = {**({"tag": "setup"} if setup else {}), **({"max_auto_reruns": 1} if reruns else {})}
    return {**workflow(status, name, at=at), **more}


WORKFLOWS = st.lists(
    st.builds(
        drawn,
        st.sampled_from(WORDS),
        st.sampled_from("abc"),
        st.integers(0, 3),
        setup=st.booleans(),
        reruns=st.booleans(),
    ),
    max_size=5,
)
VIEWS = st.builds(
    lambda state, errors, listed, jobs, names: View(
        state, tuple(errors), tuple(listed), {each["id"]: jobs for each in listed}, tuple(names)
    ),
    st.sampled_from(STATES),
    st.lists(st.just("broken"), max_size=1),
    WORKFLOWS,
    JOBS,
    st.lists(st.sampled_from("abc"), max_size=2, unique=True),
)


@given(VIEWS, st.booleans())
def test_success_is_never_said_of_what_has_not_ended_well(view: View, patient: bool) -> None:
    verdict = at_last(view) if patient else at_once(view)
    assert view.status in STATUSES
    if verdict == SUCCEEDED:
        assert not view.errors
        assert view.workflows
        assert not view.missing
        assert {each["status"] for each in view.workflows} <= {"success", "not_run"}
        assert any(each["status"] == "success" for each in view.workflows)
        assert patient or (view.state == "created" and not view.only_set_up)
    if verdict == HELD:
        assert view.holds
        assert not view.has_failed
    if view.errors:
        assert verdict == BROKEN


@given(VIEWS)
def test_what_is_the_end_at_once_is_the_end_later(view: View) -> None:
    verdict = at_once(view)
    assert verdict is None or at_last(view) == verdict


@given(VIEWS)
def test_when_every_workflow_has_ended_and_time_has_passed_the_wait_ends(view: View) -> None:
    if view.state in ("created", "errored") and all(each["status"] in FINAL for each in view.all):
        assert at_last(view) in (SUCCEEDED, BROKEN)
