# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The wait for a pipeline, on a clock that a test moves: what it asks, when it ends, and what it says then."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_seeking import Sought
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    BROKEN,
    FINAL,
    HELD,
    SUCCEEDED,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import (
    CONFIRMATION,
    FAIL,
    RETURN,
    WAIT,
    PipelineWatch,
    Wanted,
    unmatched,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import Reference
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Clock, Poller
from ansible_collections.community.circleci.plugins.module_utils._task import progress
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

pytestmark = pytest.mark.once


def not_found() -> CircleCIError:
    return CircleCIError("no", status=404, method="GET", path="/api/v2/pipeline/p", error="Pipeline not found")


class Stopwatch(Clock):
    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        self.pauses.append(seconds)


@dataclass
class Play:
    """A pipeline whose course a test writes down: (second, change) in order. It notes what is asked of it."""

    clock: Stopwatch
    course: list[tuple[float, Callable[[Play], None]]]
    state: str | None = None
    """None while the API does not know the pipeline"""
    errors: list[dict[str, str]] = field(default_factory=list)
    listed: list[dict[str, Any]] | None = field(default_factory=list)
    """None while the API says 404 of the list"""
    jobs_of: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failures: list[CircleCIError] = field(default_factory=list)
    """of the next requests"""
    asked: list[str] = field(default_factory=list)
    approved: list[str] = field(default_factory=list)
    approving: Callable[[Play, str], None] = lambda play, request: None

    def settle(self, what: str) -> None:
        self.asked.append(what)
        while self.course and self.course[0][0] <= self.clock.time:
            self.course.pop(0)[1](self)
        if self.failures:
            raise self.failures.pop(0)

    def pipeline(self, client: Client) -> dict[str, Any]:
        self.settle("pipeline")
        if self.state is None:
            raise not_found()
        return {"id": "p", "number": 5, "state": self.state, "errors": self.errors}

    def workflows(self, client: Client) -> list[dict[str, Any]]:
        self.settle("workflows")
        if self.listed is None:
            raise not_found()
        return [dict(each) for each in self.listed]

    def jobs(self, client: Client, workflow: dict[str, Any]) -> list[dict[str, Any]]:
        self.settle(f"jobs of {workflow['id']}")
        return [dict(each) for each in self.jobs_of.get(workflow["id"], [])]

    def approve(self, client: Client, hold: dict[str, Any]) -> bool:
        self.settle("approve")
        self.approved.append(hold["job"])
        self.approving(self, hold["approval_request_id"])
        return True


def state(word: str, *errors: str) -> Callable[[Play], None]:
    def change(play: Play) -> None:
        play.state = word
        play.errors = [{"type": "config", "message": error} for error in errors]

    return change


def runs(id_: str, status: str = "running", **more: Any) -> Callable[[Play], None]:
    """A workflow starts, or goes on."""

    def change(play: Play) -> None:
        listed = play.listed = play.listed or []
        for each in listed:
            if each["id"] == id_:
                each.update(status=status)
                return
        second = int(play.clock.time)
        created = f"2026-11-25T12:{second // 60:02}:{second % 60:02}Z"
        listed.insert(0, {"id": id_, "name": id_, "status": status, "created_at": created, **more})

    return change


def has(id_: str, **statuses: str) -> Callable[[Play], None]:
    """The jobs of a workflow; those that are named `hold...` are approvals."""

    def change(play: Play) -> None:
        play.jobs_of[id_] = [
            {
                "id": f"{id_}/{name}",
                "name": name,
                "type": "approval" if name.startswith("hold") else "build",
                "status": status,
            }
            for name, status in statuses.items()
        ]

    return change


def many(*changes: Callable[[Play], None]) -> Callable[[Play], None]:
    def change(play: Play) -> None:
        for each in changes:
            each(play)

    return change


class Wait:
    """A wait for a play, with everything that can be seen of it."""

    def __init__(
        self, *course: tuple[float, Callable[[Play], None]], interval: float = 5, timeout: float = 1800, **wanted: Any
    ) -> None:
        self.clock = Stopwatch()
        self.play = Play(self.clock, list(course))
        self.lines: list[str] = []
        self.client = Client("http://127.0.0.1:9", None, report=self.tell)
        self.watch = PipelineWatch(
            self.client,
            self.play,
            Wanted(**{"workflows": (), "approve": (), "on_hold": FAIL, "appear_timeout": 60.0, **wanted}),
            pipeline={"id": "p", "number": 5, "state": "pending"},
            named="#5",
            poller=Poller(self.client, interval=interval, timeout=timeout, clock=self.clock),
        )

    def tell(self, text: str, *, failed: bool = False, idle: bool = False) -> None:
        if not idle:
            self.lines.append(text)

    def follow(self) -> str | None:
        self.verdict = self.watch.follow()
        return self.verdict


CREATED = (0.0, state("created"))


# --- from the start to the end ----------------------------------------------------------------------------------------


def test_a_pipeline_is_followed_to_its_end() -> None:
    wait = Wait(
        (0, state("pending")),
        (4, many(state("created"), runs("build"), has("build", test="running"))),
        (62, many(runs("build", "success"), has("build", test="success"))),
    )
    assert wait.follow() == SUCCEEDED
    assert wait.clock.time == 65 + 1  # the look that sees the end, and the one that confirms it
    assert wait.watch.view.status == "success"
    assert wait.lines == [
        "#5 build > test: running",
        "#5 build: running",
        "#5 build > test: running -> success (65 s)",
        "#5 build: running -> success (65 s)",
    ]


def watch(client: Client, clock: Stopwatch, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What a user sees from now on, and whether it is red."""
    lines: list[tuple[str, bool]] = []
    monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=clock.now))
    told = progress.Progress(lambda text, failed: lines.append((text, failed)))
    client.report = lambda text, **how: told.tell(text, changed=True, **how)
    return lines


def shown(wait: Wait, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    lines = watch(wait.client, wait.clock, monkeypatch)
    wait.follow()
    return lines


def test_what_is_not_there_yet_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    client, clock = Client("http://127.0.0.1:9"), Stopwatch()
    lines = watch(client, clock, monkeypatch)
    monkeypatch.setattr(Sought, "find", lambda _self, _client: None)
    sought = Sought(Project("github", "acme", "api"), None, None, Reference(branch="main"))
    with pytest.raises(CircleCIError, match="did not show up"):
        sought.wait(Poller(client, interval=5, timeout=1800, clock=clock), 180)
    assert lines == [
        (f"github/acme/api: A pipeline of branch main is not there yet ({seconds} s)", False) for seconds in (60, 120)
    ]


def test_a_minute_without_news_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wait = Wait(
        CREATED, (0, runs("build")), (95, has("build", test="running")), (95, runs("build", "failing")), timeout=200
    )
    assert shown(wait, monkeypatch) == [
        ("#5 build: running", False),
        ("#5: running (60 s)", False),
        ("#5 build > test: running", False),
        ("#5 build: running -> failing (95 s)", False),
        ("#5: failing (155 s)", False),
    ]


@pytest.mark.parametrize(
    ("status", "end"),
    [
        *((status, "failed") for status in ("failed", "infrastructure_fail", "timedout", "canceled")),
        *(("failed", end) for end in ("canceled", "error", "unauthorized")),
    ],
)
def test_what_has_failed_is_red(monkeypatch: pytest.MonkeyPatch, status: str, end: str) -> None:
    ended = many(runs("build", end), has("build", lint="success", test=status))
    wait = Wait(CREATED, (0, many(runs("build"), has("build", lint="running", test="running"))), (20, ended))
    assert [text for text, red in shown(wait, monkeypatch) if red] == [
        f"#5 build > test: running -> {status} (20 s)",
        f"#5 build: running -> {end} (20 s)",
    ]


def test_a_poll_is_one_request_once_the_configuration_is_compiled() -> None:
    wait = Wait(CREATED, (0, runs("build")), (100, runs("build", "success")))
    wait.follow()
    looks = ["pipeline", "workflows", "jobs of build", *["workflows"] * 20, "jobs of build", "pipeline", "workflows"]
    assert wait.play.asked == looks


def test_what_the_api_does_not_know_yet_is_waited_for() -> None:
    def unlisted(play: Play) -> None:
        play.listed = None

    wait = Wait((0, unlisted), (21, state("created")), (41, runs("build")), (50, runs("build", "success")))
    assert wait.follow() == SUCCEEDED


def test_what_the_api_never_knows_fails_after_appear_timeout() -> None:
    wait = Wait(appear_timeout=30)
    with pytest.raises(CircleCIError) as caught:
        wait.follow()
    assert (caught.value.status, wait.clock.time) == (404, 30)


def test_a_later_404_is_an_error() -> None:
    wait = Wait(CREATED, (0, runs("build")), (70, lambda play: play.failures.append(not_found())))
    with pytest.raises(CircleCIError, match="no") as caught:
        wait.follow()
    assert "CircleCI itself has named it" not in str(caught.value.hint)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_ends_the_wait(status: int) -> None:
    refusal = CircleCIError("You may not", status=status, method="GET", path="/api/v2/pipeline/p")
    wait = Wait((0, lambda play: play.failures.append(refusal)))
    with pytest.raises(CircleCIError, match="You may not"):
        wait.follow()


def test_trouble_of_circleci_is_a_missed_poll_with_one_warning() -> None:
    trouble = [CircleCIError(f"Trouble {number}", status=503, method="GET", path="/x") for number in range(4)]
    wait = Wait(
        CREATED, (0, runs("build")), (10, lambda play: play.failures.extend(trouble)), (31, runs("build", "success"))
    )
    assert wait.follow() == SUCCEEDED
    assert wait.client.warnings == ["CircleCI could not be asked while this task waited, which went on. Trouble 0"]


def test_time_runs_out() -> None:
    wait = Wait(CREATED, (0, runs("build")), timeout=60.5)
    assert wait.follow() is None
    assert (wait.clock.time, wait.watch.view.status) == (60.5, "running")


def test_the_pause_grows_after_ten_minutes_only_to_half_a_minute() -> None:
    wait = Wait(CREATED, (0, runs("build")), timeout=7200)
    wait.follow()
    pauses = wait.clock.pauses
    assert pauses[:120] == [5.0] * 120
    assert pauses[120:123] == pytest.approx([5, 5 + 5 / 60, 5 + (10 + 5 / 60) / 60])
    assert pauses[120:-1] == sorted(pauses[120:-1])
    assert (min(pauses[:-1]), max(pauses)) == (5.0, 30.0)
    assert sum(pauses) == 7200
    slow = Wait(CREATED, (0, runs("build")), interval=90, timeout=900)
    slow.follow()
    assert slow.clock.pauses == [90.0] * 10


def test_an_end_needs_two_equal_looks() -> None:
    wait = Wait(
        CREATED,
        (0, runs("build")),
        (9, runs("build", "success")),
        (10.5, runs("deploy")),
        (60, runs("deploy", "failed")),
    )
    assert wait.follow() == BROKEN
    assert wait.clock.time > 60


# --- what surprises users: api-v2-pipelines.md §10 --------------------------------------------------------------------


def test_all_workflows_count_not_the_first_one() -> None:
    wait = Wait(CREATED, (0, many(runs("a"), runs("b"))), (20, runs("a", "success")), (90, runs("b", "failed")))
    assert wait.follow() == BROKEN
    assert wait.clock.time >= 90


def test_after_a_failure_the_rest_is_waited_for() -> None:
    wait = Wait(CREATED, (0, many(runs("a", "failed"), runs("b"))), (90, runs("b", "failed")))
    assert wait.follow() == BROKEN
    assert [each["status"] for each in wait.watch.view.workflows] == ["failed", "failed"]


def test_an_empty_list_is_no_end_at_first() -> None:
    wait = Wait(CREATED, (45, runs("a")), (50, runs("a", "success")))
    assert wait.follow() == SUCCEEDED
    wait = Wait(CREATED)
    assert wait.follow() == BROKEN
    assert (wait.watch.view.status, 60 <= wait.clock.time <= 67) == ("no_workflow", True)


def test_a_green_setup_workflow_is_not_the_end() -> None:
    wait = Wait(
        (0, many(state("setup"), runs("setup", tag="setup"))),
        (10, runs("setup", "success")),
        (30, state("pending")),
        (50, many(state("created"), runs("build"))),
        (80, runs("build", "failed")),
    )
    assert wait.follow() == BROKEN
    assert [each["name"] for each in wait.watch.view.all] == ["build"]


def test_a_continued_configuration_that_is_refused_is_seen_though_all_is_green() -> None:
    wait = Wait(
        (0, many(state("setup"), runs("setup", tag="setup"))),
        (10, runs("setup", "success")),
        (15, state("errored", "Unexpected argument(s): x")),
    )
    assert wait.follow() == BROKEN
    assert wait.watch.view.errors == ("Unexpected argument(s): x",)


def test_errors_that_come_with_the_last_look_are_seen() -> None:
    wait = Wait(CREATED, (0, runs("build")), (20, runs("build", "success")), (20.5, state("created", "Refused")))
    assert wait.follow() == BROKEN


def test_an_end_that_the_last_look_cannot_confirm_is_looked_at_again() -> None:
    gone = many(lambda play: setattr(play, "state", None))
    wait = Wait(CREATED, (0, runs("build", "success")), (0.5, gone), (3, state("created", "Refused")))
    assert wait.follow() == BROKEN
    assert wait.watch.view.errors == ("Refused",)


def test_a_hold_waits_for_the_rerun_of_a_workflow_that_is_not_waited_for() -> None:
    """If that ends well, what is left is the hold."""
    start = many(runs("a", "on_hold"), has("a", hold="on_hold"), runs("one", "failed", name="b", max_auto_reruns=1))
    wait = Wait(CREATED, (0, start), (10, runs("two", "success", name="b")), workflows=("a",))
    assert wait.follow() == HELD
    wait = Wait(CREATED, (0, start), workflows=("a",))
    assert wait.follow() == BROKEN
    assert 30 <= wait.clock.time <= 37


def test_a_setup_workflow_that_continues_nothing_is_the_end() -> None:
    wait = Wait((0, many(state("setup"), runs("setup", tag="setup"))), (10, runs("setup", "success")))
    assert wait.follow() == SUCCEEDED
    assert 70 <= wait.clock.time <= 80


def test_a_rerun_is_another_workflow_that_replaces_the_first() -> None:
    wait = Wait(
        CREATED,
        (0, many(runs("one", "failed", name="a"), runs("b"))),
        (20, runs("two", name="a")),
        (40, many(runs("two", "success"), runs("b", "success"))),
    )
    assert wait.follow() == SUCCEEDED


def test_an_automatic_rerun_is_followed() -> None:
    wait = Wait(
        CREATED,
        (0, runs("one", name="a", max_auto_reruns=2)),
        (10, runs("one", "failed")),
        (25, runs("two", name="a", max_auto_reruns=2, auto_rerun_number=1)),
        (40, runs("two", "success")),
    )
    assert wait.follow() == SUCCEEDED
    wait = Wait(CREATED, (0, runs("one", "failed", name="a", max_auto_reruns=2)))
    assert wait.follow() == BROKEN
    assert 30 <= wait.clock.time <= 37


def test_a_gap_between_two_jobs_is_no_end() -> None:
    wait = Wait(CREATED, (0, many(runs("a"), has("a", one="success", two="blocked"))), timeout=600)
    assert wait.follow() is None


def test_unknown_words_are_not_final_and_are_told() -> None:
    wait = Wait(CREATED, (0, runs("a", "hibernating")), (50, runs("a", "success")))
    assert wait.follow() == SUCCEEDED
    assert "#5 a: hibernating" in wait.lines


def test_a_workflow_that_expired_has_no_jobs_to_read() -> None:
    wait = Wait(CREATED, (0, runs("a", "failed")), (0, lambda play: play.listed[0].update(id=None)))  # type: ignore[index]
    assert wait.follow() == BROKEN
    assert wait.play.asked == ["pipeline", "workflows"] * 2


def test_a_workflow_without_an_id_is_not_the_one_in_which_the_task_runs() -> None:
    """Nor does the task run in any."""
    wait = Wait(
        CREATED,
        (0, many(runs("a"), lambda play: play.listed[0].update(id=None))),  # type: ignore[index]
        (20, lambda play: play.listed[0].update(status="success")),  # type: ignore[index]
    )
    assert wait.follow() == SUCCEEDED


def test_a_task_that_would_wait_for_itself_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLE_WORKFLOW_ID", "a")
    with pytest.raises(CircleCIError, match="runs in the workflow 'a' that it waits for") as caught:
        Wait(CREATED, (0, many(runs("a"), runs("b")))).follow()
    # Not each module that waits has this option.
    assert str(caught.value.hint).endswith("in the option workflows of community.circleci.circleci_pipeline.")
    # Nothing is approved on the way to that.
    wait = Wait(CREATED, (0, many(runs("a"), runs("b", "on_hold"), has("b", hold="on_hold"))), approve=("hold",))
    with pytest.raises(CircleCIError, match="runs in the workflow 'a' that it waits for"):
        wait.follow()
    assert (wait.play.approved, "#5 a: running" in wait.lines) == ([], True)
    wait = Wait(CREATED, (0, many(runs("a"), runs("b", "success"))), workflows=("b",))
    assert wait.follow() == SUCCEEDED
    # What has ended does not wait for anything: the variable is of another time.
    assert Wait(CREATED, (0, many(runs("a", "success"), runs("b", "success")))).follow() == SUCCEEDED


# --- holds ------------------------------------------------------------------------------------------------------------


def held(**jobs: str) -> tuple[float, Callable[[Play], None]]:
    return (20, many(runs("a", "on_hold"), has("a", **{"test": "success", "hold": "on_hold", **jobs})))


def approving(play: Play, request: str) -> None:
    """An approval has its effect seconds later."""
    done = many(runs("a"), has("a", test="success", hold="success", deploy="running"))
    play.course += [
        (play.clock.time + 3, done),
        (play.clock.time + 30, many(runs("a", "success"), has("a", test="success", hold="success", deploy="success"))),
    ]


START = (0, many(runs("a"), has("a", test="running", hold="blocked", deploy="blocked")))


@pytest.mark.parametrize("on_hold", [FAIL, RETURN])
def test_an_open_hold_ends_the_wait(on_hold: str) -> None:
    wait = Wait(CREATED, START, held(), on_hold=on_hold)
    assert wait.follow() == HELD
    assert 20 <= wait.clock.time <= 27
    assert [hold["job"] for hold in wait.watch.view.holds] == ["hold"]
    assert wait.play.approved == []


def test_an_open_hold_is_waited_for_where_that_is_wanted() -> None:
    approved = many(runs("a", "success"), has("a", test="success", hold="success"))
    assert Wait(CREATED, START, held(), (500, approved), on_hold=WAIT).follow() == SUCCEEDED
    assert Wait(CREATED, START, held(), on_hold=WAIT, timeout=900).follow() is None


def test_a_named_hold_is_approved_once_when_it_opens() -> None:
    wait = Wait(CREATED, START, held(), approve=("hold",))
    wait.play.approving = approving
    assert wait.follow() == SUCCEEDED
    assert (wait.play.approved, wait.watch.approved) == (["hold"], ["hold"])
    # That it was blocked is no news.
    opened, approved = "#5 a > hold: on_hold", "#5 a: hold is approved"
    assert [line.partition(" (")[0] for line in wait.lines if "hold" in line][:3] == [
        opened, "#5 a: running -> on_hold", approved
    ]  # fmt: skip
    # A hold that was approved is no end, which would be looked at once more a second later.
    assert wait.clock.pauses.count(CONFIRMATION) == 1


def test_a_named_hold_is_approved_while_something_else_runs() -> None:
    opens = has("a", test="running", hold="on_hold")
    wait = Wait(CREATED, START, (20, opens), (300, runs("a", "success")), approve=("hold",))
    assert wait.follow() == SUCCEEDED
    assert wait.play.approved == ["hold"]


def test_jobs_are_read_again_only_while_a_hold_may_open() -> None:
    running = {"test": "running", "deploy": "blocked"}
    course = ((20, has("a", hold="on_hold", **running)), (300, many(runs("a", "success"), runs("c", "success"))))
    never = many(runs("b", "not_run"), has("b", hold="blocked"), runs("c"))
    wait = Wait(CREATED, START, (0, never), *course, approve=("hold",))
    wait.play.approving = lambda play, request: has("a", hold="success", **running)(play)
    assert wait.follow() == SUCCEEDED
    # Until it is seen that it was approved, each time; then again at the end.
    looks = [wait.play.asked.count(f"jobs of {id_}") for id_ in ("a", "b", "c")]
    assert (wait.play.approved, looks) == (["hold"], [5 + 1 + 1, 1, 2])


def test_no_other_hold_is_approved() -> None:
    wait = Wait(CREATED, START, held(hold2="on_hold"), approve=("hold2",))
    wait.play.approving = lambda play, request: has("a", test="success", hold="on_hold", hold2="success")(play)
    assert wait.follow() == HELD
    assert (wait.play.approved, [hold["job"] for hold in wait.watch.view.holds]) == (["hold2"], ["hold"])


@pytest.mark.parametrize("on_hold", [FAIL, RETURN, WAIT])
@pytest.mark.parametrize("bad", ["failed", "canceled", "error", "unauthorized"])
@pytest.mark.parametrize("approve", [(), ("hold",)])
def test_a_failure_goes_before_a_hold_and_nothing_is_approved(on_hold: str, bad: str, approve: tuple[str, ...]) -> None:
    wait = Wait(CREATED, START, (0, runs("tests", bad)), held(), on_hold=on_hold, approve=approve)
    assert wait.follow() == BROKEN
    assert wait.play.approved == []
    assert [hold["job"] for hold in wait.watch.view.holds] == ["hold"]


@pytest.mark.parametrize("on_hold", [FAIL, RETURN, WAIT])
def test_failing_with_an_open_hold_ends_though_circleci_never_ends_it(on_hold: str) -> None:
    stuck = many(runs("a", "failing"), has("a", test="failed", hold="on_hold"))
    wait = Wait(CREATED, START, (20, stuck), on_hold=on_hold, approve=("hold",))
    assert wait.follow() == BROKEN
    assert wait.play.approved == []
    assert 20 <= wait.clock.time <= 27


def test_holds_to_approve_that_nobody_has_are_known_at_the_end() -> None:
    wait = Wait(CREATED, START, held(), approve=("hold", "hold-typo"))
    wait.play.approving = approving
    wait.follow()
    assert unmatched(("hold", "hold-typo"), wait.watch.view) == ["hold-typo"]


def test_a_refused_approval_ends_the_wait() -> None:
    refusal = CircleCIError("You may not", status=403, method="POST", path="/api/v2/workflow/a/approve/r")

    def refuse(play: Play, request: str) -> None:
        raise refusal

    wait = Wait(CREATED, START, held(), approve=("hold",))
    wait.play.approving = refuse
    with pytest.raises(CircleCIError, match="You may not"):
        wait.follow()


# --- one look ---------------------------------------------------------------------------------------------------------


def test_a_glance_looks_once_and_approves_nothing() -> None:
    for course, verdict in (
        ([(0, runs("a", "success"))], SUCCEEDED),
        ([(0, runs("a"))], None),
        ([], None),
        ([(0, many(runs("a", "on_hold"), has("a", hold="on_hold")))], HELD),
        ([(0, runs("a", "failed"))], BROKEN),
    ):
        wait = Wait(CREATED, *course, approve=("hold",))
        assert wait.watch.glance() == verdict
        assert (wait.clock.time, wait.play.approved) == (0, [])


# --- any course that the facts allow ----------------------------------------------------------------------------------

SECONDS = st.integers(1, 200).map(float)


@st.composite
def workflow_course(draw: st.DrawFn, name: str, begin: float) -> tuple[list[tuple[float, Any]], str, float]:
    """What one workflow goes through, how it ends, and when: a status, or `held` and `failing` for ever."""
    course: list[tuple[float, Any]] = []
    at, id_, most = begin, name, draw(st.integers(0, 2))
    for number in range(most + 1):
        more = {"max_auto_reruns": most, **({"auto_rerun_number": number} if number else {})} if most else {}
        course.append((at, runs(id_, "running", name=name, **more)))
        for word in draw(st.lists(st.sampled_from(["queued", "running", "newer-word", "failing"]), max_size=2)):
            at += draw(SECONDS)
            course.append((at, many(runs(id_, word), has(id_, test="running"))))
        at += draw(SECONDS)
        end = draw(st.sampled_from([*FINAL, "failed", "held", "failing for ever"]))
        if end == "held":
            course.append((at, many(runs(id_, "on_hold"), has(id_, test="success", hold="on_hold"))))
        elif end == "failing for ever":
            course.append((at, many(runs(id_, "failing"), has(id_, test="failed", hold="on_hold"))))
        else:
            course.append((at, runs(id_, end)))
        if end != "failed" or number == most:
            return course, end, at
        at += draw(st.floats(0, 25))
        id_ = f"{name} again {number + 1}"
    raise AssertionError("the last one returns")


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[tuple[float, Any]], list[str], float]:
    """What a pipeline goes through, how its workflows end, and when the last of that has happened."""
    course: list[tuple[float, Any]] = []
    ends: list[str] = []
    at = draw(st.floats(0, 30))
    if draw(st.booleans()):
        course.append((at, state("setup-pending")))
        at += draw(st.floats(0, 20))
        course.append((at, many(state("setup"), runs("setup", tag="setup"))))
        at += draw(SECONDS)
        setup = draw(st.sampled_from(["success", "success", "failed", "canceled"]))
        course.append((at, runs("setup", setup)))
        if setup != "success":
            return course, [setup], at
        at += draw(st.floats(0, 50))
        if draw(st.booleans()):
            return [*course, (at, state("errored", "Refused"))], ["errored"], at
    course.append((at, state("pending")))
    at += draw(st.floats(0, 20))
    course.append((at, state("created")))
    at += draw(st.floats(0, 50))
    last = at
    for name in draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=3, unique=True)):
        more, end, ended = draw(workflow_course(name, at + draw(st.floats(0, 0.9))))
        course += more
        ends.append(end)
        last = max(last, ended)
    if not ends and len(course) > 2:
        ends.append("success")  # The new configuration starts nothing: what there was, was the setup workflow.
    return sorted(course, key=lambda step: step[0]), ends, last


def truth(ends: list[str]) -> str:
    if not ends or any(end not in ("success", "not_run", "held") for end in ends):
        return BROKEN
    if "held" in ends:
        return HELD
    return SUCCEEDED if "success" in ends else BROKEN


@given(courses(), st.sampled_from([1.0, 5.0, 30.0]), st.sampled_from([FAIL, RETURN]))
def test_the_wait_ends_and_ends_right_whatever_the_workflows_do(
    course: tuple[list[tuple[float, Any]], list[str], float], interval: float, on_hold: str
) -> None:
    changes, ends, last = course
    wait = Wait(*changes, interval=interval, timeout=10_000, on_hold=on_hold)
    assert wait.follow() == truth(ends)
    assert wait.clock.time >= last or wait.verdict == BROKEN
    # What does not come is waited for; the rest is noticed within a pause and two seconds.
    slack = 0 if wait.watch.view.all and not wait.watch.view.only_set_up else 60
    assert wait.clock.time <= last + max(interval, 30 if last > 600 else 0) + 2 + slack


@given(courses(), st.sampled_from([FAIL, RETURN, WAIT]))
def test_nothing_is_approved_where_anything_has_failed(
    course: tuple[list[tuple[float, Any]], list[str], float], on_hold: str
) -> None:
    changes, ends, _last = course
    wait = Wait(*changes, timeout=10_000, on_hold=on_hold, approve=("hold",))

    def approve(play: Play, request: str) -> None:
        assert not [each for each in play.listed or [] if each["status"] in ("failing", "canceled")]
        id_ = request.split("/", maxsplit=1)[0]
        play.course.append((play.clock.time, many(runs(id_, "success"), has(id_, test="success", hold="success"))))
        play.course.sort(key=lambda step: step[0])

    wait.play.approving = approve
    wait.follow()
    assert wait.verdict in (SUCCEEDED, BROKEN)
    assert (wait.verdict == SUCCEEDED) == (truth(ends) in (SUCCEEDED, HELD))


def test_the_end_of_the_course_is_reached() -> None:
    """The plays above are no empty ones."""
    wait = Wait(CREATED, (0, runs("a")), (10, runs("a", "success")))
    wait.follow()
    assert wait.play.course == []
