# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What the workflows of a pipeline say together, and whether it has ended. Pure: nothing here asks CircleCI.

Section numbers refer to ``api-v2-pipelines.md`` (PF), the project's notes on API v2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Pipeline = dict[str, Any]
Workflow = dict[str, Any]
Job = dict[str, Any]

# Tuples, because an odd answer may hold what cannot be looked up in a set.
SUCCESS, NOT_RUN, CANCELED, FAILING, ON_HOLD, RUNNING, FAILED = (
    "success", "not_run", "canceled", "failing", "on_hold", "running", "failed"
)  # fmt: skip
ERRORED, PENDING, NO_WORKFLOW = "errored", "pending", "no_workflow"
STATUSES = (ERRORED, FAILED, CANCELED, FAILING, RUNNING, ON_HOLD, SUCCESS, NOT_RUN, PENDING, NO_WORKFLOW)
"""What a pipeline's status can be; of several workflows the first one counts."""
_WORST_FIRST = STATUSES[1:8]
_AS_FAILED = (FAILED, "error", "unauthorized")
FINAL = (*_AS_FAILED, SUCCESS, CANCELED, NOT_RUN)
"""How workflows end (PF §3.2). A word that nobody knows is none of these."""
CREATED = "created"
_SETTING_UP = ("setup", "setup-pending")
_FINAL_JOBS = (
    SUCCESS, FAILED, CANCELED, "unauthorized", "infrastructure_fail", "timedout", "terminated-unknown", NOT_RUN,
    "retried", "skipped",
)  # fmt: skip
_WAITING_JOBS = ("blocked", ON_HOLD)
APPROVAL = "approval"

SUCCEEDED, BROKEN, HELD = "succeeded", "broken", "held"
"""What a wait comes to: everything has ended well; something has not; nothing is left but what waits for a person."""
RERUN_GRACE = 30.0  # seconds in which CircleCI starts an automatic rerun (PF §3.5)
NOTHING_STARTED, NOT_STARTED, NOT_CONTINUED = "no workflow", "workflow missing", "no continuation"
_RERUN, _STALLED = "rerun of", "stalled in"


@dataclass(frozen=True)
class View:
    """A pipeline as it was seen at one look.

    :param state: of the pipeline itself (PF §2.5)
    :param errors: their messages
    :param listed: every workflow, as listed
    :param jobs: the jobs of some workflows, by the workflow's id
    :param names: the workflows that are waited for; empty for all
    :param approved: the ids of holds that this task has approved, or is about to
    """

    state: str
    errors: tuple[str, ...] = ()
    listed: tuple[Workflow, ...] = ()
    jobs: Mapping[str, list[Job]] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    approved: Collection[str] = ()

    @property
    def all(self) -> list[Workflow]:
        """The newest workflow of each name, oldest first."""
        return counting(self.listed, self.names)

    @property
    def workflows(self) -> list[Workflow]:
        """Of these the ones that are waited for."""
        return [workflow for workflow in self.all if not self.names or workflow.get("name") in self.names]

    @property
    def only_set_up(self) -> bool:
        """Whether nothing but setup workflows is there."""
        return bool(self.listed) and all(map(is_setup, self.listed))

    @property
    def missing(self) -> list[str]:
        """The names that no workflow has."""
        there = [workflow.get("name") for workflow in self.workflows]
        return [name for name in self.names if name not in there]

    @property
    def status(self) -> str:
        """One of :data:`STATUSES`, for all of the pipeline."""
        return status_of(self.state, self.errors, self.all)

    @property
    def holds(self) -> list[dict[str, Any]]:
        """The open approvals of the workflows that are waited for."""
        return [hold for workflow in self.workflows for hold in open_holds(workflow, self.jobs_of(workflow))]

    @property
    def picture(self) -> tuple[Any, ...]:
        """What must be equal in two looks for the second one to confirm the first (PF §4.1)."""
        statuses = sorted((str(workflow.get("id")), str(workflow.get("status"))) for workflow in self.listed)
        return self.state, self.errors, statuses, [hold["approval_request_id"] for hold in self.holds]

    @property
    def has_failed(self) -> bool:
        """Whether anything of the whole pipeline has ended badly, or is going to: nothing of it is approved then."""
        words = [word_of(workflow) for workflow in self.all]
        failed_jobs = (has_failed(job) for workflow in self.all for job in self.jobs_of(workflow))
        return bool(self.errors) or self.state == ERRORED or any(map(_is_bad, words)) or any(failed_jobs)

    def jobs_of(self, workflow: Workflow) -> list[Job]:
        """The jobs of a workflow, as far as they were read."""
        return self.jobs.get(str(workflow.get("id")), [])


# --- the parts --------------------------------------------------------------------------------------------------------


def counting(listed: Iterable[Workflow], names: Collection[str] = ()) -> list[Workflow]:
    """The newest workflow of each name, oldest first: reruns replace (PF §4.1).

    Setup workflows count until there are others, or when they are named.
    """
    found = list(listed)
    others = [workflow for workflow in found if not is_setup(workflow) or workflow.get("name") in names]
    newest: dict[str, Workflow] = {}
    for workflow in others if any(not is_setup(workflow) for workflow in others) else found:
        name = str(workflow.get("name"))
        # What was listed first stays where the times, which are whole seconds, do not tell.
        if name not in newest or _recency(workflow) > _recency(newest[name]):
            newest[name] = workflow
    return sorted(newest.values(), key=lambda workflow: (_created(workflow), str(workflow.get("name"))))


def _recency(workflow: Workflow) -> tuple[str, bool]:
    return _created(workflow), not is_final(workflow)


def _created(workflow: Workflow) -> str:
    return str(workflow.get("created_at") or "")[:19]


def is_setup(workflow: Workflow) -> bool:
    """Whether a workflow only decides what the others are (PF §4.2)."""
    return workflow.get("tag") == "setup"


def is_final(workflow: Workflow) -> bool:
    """Whether a workflow has ended, apart from automatic reruns."""
    return workflow.get("status") in FINAL


def word_of(workflow: Workflow) -> str:
    """The status of a workflow in the words of a pipeline's status. What nobody knows is still running."""
    status = workflow.get("status")
    if status in _AS_FAILED:
        return FAILED
    return str(status) if status in _WORST_FIRST else RUNNING


def status_of(state: str, errors: Collection[str], workflows: Iterable[Workflow]) -> str:
    """The status of a pipeline: the worst of its workflows.

    :param workflows: that count
    """
    if state == ERRORED or errors:
        return ERRORED
    worst = min(map(word_of, workflows), key=_WORST_FIRST.index, default=None)
    if worst is None:
        return NO_WORKFLOW if state == CREATED else PENDING
    # The configuration that goes on is not compiled yet: what has ended well so far was the setup workflow.
    return PENDING if state != CREATED and worst in (SUCCESS, NOT_RUN) else worst


def expects_rerun(workflow: Workflow) -> bool:
    """Whether CircleCI itself runs a failed workflow again (PF §3.5)."""
    done, most = workflow.get("auto_rerun_number") or 0, workflow.get("max_auto_reruns")
    return workflow.get("status") == FAILED and isinstance(done, int) and isinstance(most, int) and done < most


def is_active(job: Job) -> bool:
    """Whether a job runs or is about to, on its own."""
    return job.get("status") not in _FINAL_JOBS and job.get("status") not in _WAITING_JOBS


def has_failed(job: Job) -> bool:
    """Whether a job has ended badly."""
    return job.get("status") in _FINAL_JOBS and job.get("status") not in (SUCCESS, NOT_RUN, "retried", "skipped")


def is_hold(job: Job) -> bool:
    """Whether a job waits for an approval that can be given now (PF §3.6)."""
    return job.get("type") == APPROVAL and job.get("status") == ON_HOLD


def request_of(hold: Job) -> str:
    """The id by which a hold is approved; some answers leave it out, where it is the job's own (PF §3.6)."""
    return str(hold.get("approval_request_id") or hold.get("id") or "")


def open_holds(workflow: Workflow, jobs: Iterable[Job]) -> list[dict[str, Any]]:
    """The open approvals of a workflow, as results have them."""
    return [
        {
            "workflow_id": workflow.get("id"),
            "workflow": workflow.get("name"),
            "job": job.get("name"),
            "approval_request_id": request_of(job),
        }
        for job in jobs
        if is_hold(job)
    ]


# --- the end ----------------------------------------------------------------------------------------------------------


def needs_jobs(workflow: Workflow) -> bool:
    """Whether only the jobs of a workflow tell what it waits for."""
    return workflow.get("status") in (ON_HOLD, FAILING)


def unsettled(view: View) -> set[str]:
    """What only time decides: that something did not come. For how long that held so far, :func:`ending` is told."""
    found = set()
    if view.state == CREATED and (view.only_set_up or not view.listed):
        found.add(NOTHING_STARTED)
    if view.state == CREATED and view.listed and view.missing:
        found.add(NOT_STARTED)
    if view.only_set_up and view.state in _SETTING_UP and all(map(is_final, view.all)):
        found.add(NOT_CONTINUED)
    for workflow in view.all:
        if expects_rerun(workflow):
            found.add(f"{_RERUN} {workflow.get('id')}")
        if workflow.get("status") == FAILING and not _may_go_on(workflow, view):
            found.add(f"{_STALLED} {workflow.get('id')}")
    return found


def ending(view: View, ages: Mapping[str, float], appear_timeout: float) -> str | None:
    """What the wait comes to, if this look and an equal one later show the end (PF §4).

    :param ages: for how many seconds each of :func:`unsettled` has held
    :param appear_timeout: how many seconds a workflow may take to show up
    :returns: :data:`SUCCEEDED`, :data:`BROKEN`, :data:`HELD`, or None while something moves
    """
    if view.state == ERRORED or view.errors:
        return BROKEN
    if any(_moves(workflow, view, ages) for workflow in view.workflows):
        return None
    words = [word_of(workflow) for workflow in view.workflows]
    stopped = any(not is_final(workflow) for workflow in view.workflows)
    if not stopped:
        to_come = unsettled(view) & {NOTHING_STARTED, NOT_STARTED, NOT_CONTINUED}
        if any(_age(ages, what) < appear_timeout for what in to_come):
            return None
        if view.state != CREATED and NOT_CONTINUED not in to_come:
            return None
    if any(map(_is_bad, words)) or (view.missing and not stopped):
        return BROKEN
    if stopped and view.has_failed:
        # Elsewhere in the pipeline: the holds are not going to be approved, but for an automatic rerun that ends well.
        return None if any(_expects_rerun_yet(workflow, ages) for workflow in view.all) else BROKEN
    if stopped and NOT_STARTED in unsettled(view):
        # No approval brings a workflow that never started: it is a failure, and goes before the hold.
        return None if _age(ages, NOT_STARTED) < appear_timeout else BROKEN
    if stopped:
        return HELD
    return SUCCEEDED if SUCCESS in words else BROKEN


def _age(ages: Mapping[str, float], what: str) -> float:
    """For how many seconds it has held. What nobody has counted yet has not held at all."""
    return ages.get(what, 0.0)


def _is_bad(word: str) -> bool:
    return word in (FAILED, CANCELED, FAILING)


def _moves(workflow: Workflow, view: View, ages: Mapping[str, float]) -> bool:
    """Whether a workflow goes on without a person."""
    if is_final(workflow):
        return _expects_rerun_yet(workflow, ages)
    if workflow.get("status") == FAILING and _age(ages, f"{_STALLED} {workflow.get('id')}") >= RERUN_GRACE:
        return False
    if not needs_jobs(workflow):
        return True
    jobs = view.jobs_of(workflow)
    holds = [job for job in jobs if is_hold(job)]
    # A hold that was just approved shows for some seconds more, and then something runs.
    waits = bool(holds) and all(request_of(hold) not in view.approved for hold in holds)
    return not waits or any(map(is_active, jobs))


def _expects_rerun_yet(workflow: Workflow, ages: Mapping[str, float]) -> bool:
    return expects_rerun(workflow) and _age(ages, f"{_RERUN} {workflow.get('id')}") < RERUN_GRACE


def _may_go_on(workflow: Workflow, view: View) -> bool:
    return any(is_active(job) or is_hold(job) for job in view.jobs_of(workflow))
