# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Approving, canceling and rerunning workflows: planning, applying and waiting (``api-v2-pipelines.md`` §3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_actions import wanted_of
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_failures import ends_badly
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_following import Following
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_reuse import age_of
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_seeking import Sought, unnamed
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    APPROVAL,
    CANCELED,
    ERRORED,
    NOT_RUN,
    RERUN_GRACE,
    SUCCESS,
    Job,
    Pipeline,
    View,
    Workflow,
    expects_rerun,
    is_final,
    is_hold,
    is_setup,
    open_holds,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import FAIL, PipelineWatch
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    ById,
    branch_of,
    described_workflow,
    newer_pipelines,
    read_jobs,
    read_pipeline,
    require_own,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import (
    approve,
    await_approved,
    cancel,
    ending,
    id_of,
    read_ended,
    read_workflow,
    rerun,
    without_pipeline,
)
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import result_without
from ansible_collections.community.circleci.plugins.module_utils._task.options import refuse_idle
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, result_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import (
    Project,
    parse_project,
    project_of,
)

APPROVED, CANCELED_STATE, RERUN = STATES = ("approved", "canceled", "rerun")
STALE = (FAIL, "allow")
_ONLY_IN = {"approve": APPROVED, "stale": APPROVED, "jobs": RERUN, "from_failed": RERUN, "ssh": RERUN}
_DEFAULTS = {"stale": FAIL, "ssh": False}
_KEYS = ("id", "name", "status", "url", "created_at", "stopped_at")
NOTHING: dict[str, Any] = {
    "workflow": {**dict.fromkeys(_KEYS), "jobs": []},
    "approved": [],
    "holds": [],
    "failed_steps": [],
    "waited_seconds": 0.0,
}
"""What the module returns where nothing is known."""


def carry_out(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Do what a task of ``circleci_workflow`` says, and wait for it if wanted. See the module's documentation.

    :raises CircleCIError: also for a pipeline that did not succeed, with the return values in its ``partial``
    """
    _refuse_idle_options(params)
    empty = [] if params["workflow_id"] else unnamed(params)
    if (later := result_without(client, empty, NOTHING)) is not None:
        return later
    task = Task(client, params)
    client.require_token()
    try:
        task.find()
        act = {APPROVED: task.approve, CANCELED_STATE: task.cancel, RERUN: task.rerun}[params["state"]]
        return {**act(), "project": str(task.project)}
    except CircleCIError as error:
        known = {"project": str(task.project)} if task.project.name else {}
        error.partial = {**known, **task.returned()}
        raise


class Task(Following):
    """A task of ``circleci_workflow``.

    :raises CircleCIError: for options that cannot be
    """

    def __init__(self, client: Client, params: dict[str, Any]) -> None:
        wanted = wanted_of(params)
        named = project_of(params) if params["project"] is not None else None
        # Of a workflow that goes by its id, the project is known when that is read.
        super().__init__(client, named or Project("", "", ""), params, wanted)
        self.named_project = named
        self.sought = None if params["workflow_id"] else Sought.from_params(self.project, params)
        self.pipeline: Pipeline
        self.workflow: Workflow
        self.jobs: list[Job]
        self.looked_by: PipelineWatch

    # --- finding --------------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Find the workflow, and look at all of its pipeline.

        :raises CircleCIError: when there is none
        """
        id_ = self.params["workflow_id"]
        if self.sought is not None:
            self.pipeline = self.sought.require(self.client)
            found = None
        else:
            found = self._by_id(id_)
        self.looked_by = self.watch(self.pipeline)
        self.looked_by.glance()
        view = self.looked_by.view
        if found is None:
            name = self.params["workflow"]
            listed = View(view.state, (), view.listed, names=(name,)).workflows
            if not listed:
                names = ", ".join(sorted({plain(str(each.get("name"))) for each in view.listed})) or "none yet"
                raise invalid(
                    f"{self.named(self.pipeline)} has no workflow {plain(name)!r}. There are: {names}.",
                    "Check workflow." if view.listed else "Run the task again when the pipeline has started some.",
                )
            found = listed[0]
        self._take(found, view.jobs_of(found) or read_jobs(self.client, found))

    def _take(self, workflow: Workflow, jobs: list[Job]) -> None:
        """Keep the workflow as it is now, and show it."""
        self.workflow, self.jobs = workflow, jobs
        self._show(workflow, jobs)
        self.known["holds"] = open_holds(workflow, jobs)

    def _by_id(self, workflow_id: str) -> Workflow:
        try:
            found = read_workflow(self.client, workflow_id)
        except CircleCIError as error:
            if error.status == 404:
                self.client.require_personal_token()
            raise
        if not isinstance(found.get("pipeline_id"), str):
            raise without_pipeline(workflow_id)
        slug, named = found.get("project_slug"), self.named_project
        if named is None:
            if not isinstance(slug, str):
                raise invalid(f"CircleCI does not say which project {plain(workflow_id)} belongs to.", "Set project.")
            named = parse_project(slug)
        require_own(named, found, "workflow")
        self.project = named
        self.pipeline = read_pipeline(self.client, found["pipeline_id"])
        return found

    def source(self, pipeline: Pipeline) -> ById:
        return _Guarded(pipeline["id"], self)

    # --- the three states -----------------------------------------------------------------------------------------

    def approve(self) -> dict[str, Any]:
        """Approve holds by name."""
        params, approvals = self.params, {str(job.get("name")): job for job in self.jobs if _is_approval(job)}
        if unknown := [name for name in self.wanted.approve if name not in approvals]:
            there = ", ".join(map(plain, approvals)) or "none"
            raise invalid(f"{self._who()} has no hold {plain(unknown[0])!r}. There are: {there}.", "Check approve.")
        todo = {name: approvals[name] for name in self.wanted.approve if approvals[name].get("status") != SUCCESS}
        if todo:
            self._require_unbroken()
            self._require_approvable(todo)
            self.require_current(self.client)
        holds = [hold for hold in self.known["holds"] if hold["job"] in todo]
        self.wanted = replace(self.wanted, approve_in=str(self.workflow.get("name")))

        def apply() -> Outcome:
            for hold in holds:
                if approve(self.client, hold):
                    self.approved.append(str(hold["job"]))
                self.known["holds"] = [each for each in self.known["holds"] if each != hold]
            self.wanted = replace(self.wanted, approved=tuple(hold["approval_request_id"] for hold in holds))
            if not params["wait"]:
                for hold in holds:
                    await_approved(self.client, hold)
            return Outcome(dict(told), self.returned())

        told: dict[str, Any] = {"workflow": self.workflow.get("name"), "approved": []}
        predicted = {**self.returned(), "approved": [str(hold["job"]) for hold in holds]}
        plan = Plan(told, Outcome({**told, "approved": sorted(todo)}, predicted), apply if todo else None)
        result = result_of(plan, self.client, self.project)
        if self.client.read_only:
            blocked = [name for name in todo if not is_hold(todo[name])]
            if blocked:
                self.client.warn(f"{self._who()}: the real run would wait for {', '.join(blocked)} to open.")
            return result
        if params["wait"]:
            self._follow()
        # Somebody else may have been faster.
        result["diff"]["after"]["approved"] = sorted(self.approved)
        return {**result, **self.returned(), "changed": bool(self.approved)}

    def cancel(self) -> dict[str, Any]:
        """Cancel the workflow, unless it has ended."""
        before = {"workflow": self.workflow.get("name"), "status": self.workflow.get("status")}
        if is_final(self.workflow):
            if self._reruns_itself():
                self.client.warn(
                    f"{self._who()} has ended, but CircleCI itself is about to run it again. "
                    "community.circleci.circleci_pipeline with state: canceled waits for that, and cancels it."
                )
            return result_of(Plan(before, Outcome(before, self.returned())), self.client, self.project)
        after = {**before, "status": CANCELED}
        ended_before = False

        def apply() -> Outcome:
            nonlocal ended_before
            ended = cancel(self.client, self.workflow, self.named(self.pipeline))
            if ended is None:
                return Outcome(after, self.returned())
            ended_before, self.workflow = True, ended
            self._show(self.workflow, self.jobs)
            return Outcome({**after, "status": self.workflow.get("status")}, self.returned())

        result = result_of(Plan(before, Outcome(after, self.returned()), apply), self.client, self.project)
        return {**result, "changed": not ended_before}

    def rerun(self) -> dict[str, Any]:
        """Run the workflow again: from what failed, some jobs, or all of it."""
        ended = read_ended(self.client, self.workflow)
        if ended is not self.workflow:
            self._take(ended, read_jobs(self.client, ended))
        body = self._rerun_body()
        status = self.workflow.get("status")
        before = {"workflow": self.workflow.get("name"), "id": self.workflow.get("id"), "status": status}
        if body is None:
            plan = Plan(before, Outcome(before, self.returned()))
            return self._rerun_result(result_of(plan, self.client, self.project))
        after = {**before, "status": "running", "id": UNKNOWN}

        def apply() -> Outcome:
            id_ = rerun(self.client, self.workflow, self.pipeline["id"], body)
            new = {**self.workflow, "id": id_, "status": "running", "stopped_at": None, "created_at": None}
            self.known["holds"] = []
            self._show(new, [])
            try:
                self._show({**new, **read_workflow(self.client, id_)}, [])
            except CircleCIError as error:
                if error.status != 404:  # CircleCI may show it seconds later
                    self.client.warn(f"The new workflow could not be read. {error.message}")
            self.wanted = replace(self.wanted, expected=id_)
            return Outcome({**after, "id": id_}, self.returned())

        predicted = {**NOTHING, "workflow": {**NOTHING["workflow"], "name": self.workflow.get("name")}}
        return self._rerun_result(result_of(Plan(before, Outcome(after, predicted), apply), self.client, self.project))

    # --- their parts ----------------------------------------------------------------------------------------------

    def require_current(self, client: Client) -> None:
        """Fail when there is a newer pipeline of the same branch. A tag's pipeline is never stale.

        :raises CircleCIError: then
        """
        branch = branch_of(self.pipeline)
        if self.params["stale"] != FAIL or branch is None:
            return
        for other in newer_pipelines(client, self.project, self.pipeline["number"], branch):
            if other.get("state") != ERRORED:
                raise invalid(
                    f"{self._who()} is stale: #{other['number']} of {plain(branch)} is newer. Nothing was approved.",
                    "Approve the newer one, or set stale to allow.",
                )

    def _require_unbroken(self) -> None:
        view = self.looked_by.view
        if self.workflow.get("id") not in [each.get("id") for each in view.listed]:
            raise invalid(
                f"CircleCI does not list this yet: {self._who()}. Whether anything beside it has failed cannot be "
                "seen, so nothing is approved.",
                "Run the task again.",
            )
        if view.has_failed:
            bad = [each for each in view.all if ends_badly(each)]
            told = [f"workflow {plain(str(each.get('name')))!r} {ending(str(each.get('status')))}" for each in bad]
            why = "; ".join([*view.errors, *told]) or "one of its jobs has failed"
            raise invalid(
                f"Nothing is approved in {self.named(self.pipeline)}, in which something has failed: {why}.",
                "Run what failed again, by state: rerun, or start a new pipeline.",
            )

    def _require_approvable(self, todo: dict[str, Job]) -> None:
        closed = [name for name, job in todo.items() if not is_hold(job) and job.get("status") != "blocked"]
        if closed or is_final(self.workflow):
            name = next(iter(closed or todo))
            is_now, how = plain(str(todo[name].get("status"))), ending(str(self.workflow.get("status")))
            raise invalid(
                f"The hold {plain(name)!r} of {self._who()} cannot be approved any more: it is {is_now}, and the "
                f"workflow {how}.",
                "Run the workflow again, by state: rerun.",
            )
        blocked = [name for name, job in todo.items() if job.get("status") == "blocked"]
        if blocked and not self.params["wait"]:
            raise invalid(
                f"The hold {plain(blocked[0])!r} of {self._who()} is not open yet.",
                "Set wait to true to wait for it, or run the task again later.",
            )

    def _rerun_body(self) -> dict[str, Any] | None:
        """What is sent to run the workflow again; None when there is nothing to do.

        :raises CircleCIError: when it cannot be run again
        """
        params, status = self.params, self.workflow.get("status")
        if not is_final(self.workflow):
            raise invalid(
                f"{self._who()} is {plain(str(status))}: it cannot be run again before it has ended.",
                "Cancel it first, or run this task again later if that was just done.",
            )
        if self._reruns_itself():
            raise invalid(
                f"{self._who()} has failed, and CircleCI itself is about to run it again.",
                "Wait for that with community.circleci.circleci_pipeline, or run this task again later.",
            )
        if is_setup(self.workflow):
            raise invalid(
                f"{self._who()} is a setup workflow, and a pipeline can be continued only once.",
                "Start a new pipeline, or run the workflow again that it continued with.",
            )
        if params["jobs"]:
            by_name = {str(job.get("name")): job for job in self.jobs}
            if unknown := [name for name in params["jobs"] if name not in by_name]:
                raise invalid(
                    f"{self._who()} has no job {plain(unknown[0])!r}. There are: "
                    f"{', '.join(map(plain, by_name)) or 'none'}.",
                    "Check jobs.",
                )
            ids = [id_of(by_name[name].get("id"), f"the job {plain(name)!r}") for name in dict.fromkeys(params["jobs"])]
            return {"jobs": ids, **({"enable_ssh": True} if params["ssh"] else {})}
        if params["from_failed"] is False:
            return {}
        if status == SUCCESS:
            return None
        if status in (CANCELED, NOT_RUN):
            raise invalid(
                f"{self._who()} {ending(str(status))}: there is nothing that failed to run again from.",
                "Set from_failed to false to run all of it.",
            )
        return {"from_failed": True}

    def _reruns_itself(self) -> bool:
        """Whether an automatic rerun is to come (PF §3.5)."""
        is_newest = self.workflow.get("id") in [each.get("id") for each in self.looked_by.view.all]
        # Where it ended in the future, this machine's clock is wrong and tells nothing.
        is_young = 0 <= age_of(self.workflow.get("stopped_at")) < RERUN_GRACE
        return is_newest and is_young and expects_rerun(self.workflow)

    def _rerun_result(self, result: dict[str, Any]) -> dict[str, Any]:
        if not self.params["wait"] or self.client.read_only:
            return result
        self._follow()
        return {**result, **self.returned()}

    def _follow(self) -> None:
        """Wait for the end of the pipeline.

        :raises CircleCIError: when that is not what is wanted
        """
        self.poller.start()
        try:
            self.follow(self.pipeline)
        finally:
            self._show_newest()

    def _show_newest(self) -> None:
        """Show the workflow as it was at the end of a wait."""
        name = self.workflow.get("name")
        for shown in self.known.get("workflows", []):
            if shown["name"] == name:
                self.known["workflow"] = shown

    def _show(self, workflow: Workflow, jobs: list[Job]) -> None:
        self.known["workflow"] = described_workflow(self.client, self.project, self.pipeline, workflow, jobs)

    def _who(self) -> str:
        return f"Workflow {plain(str(self.workflow.get('name')))!r} of {self.named(self.pipeline)}"

    def returned(self) -> dict[str, Any]:
        """What is known so far, with all keys of a result."""
        return {
            **NOTHING,
            **{name: self.known[name] for name in NOTHING if name in self.known},
            "approved": self.approved,
        }


class _Guarded(ById):
    """A pipeline whose holds are approved only while there is no newer one."""

    def __init__(self, pipeline_id: str, task: Task) -> None:
        super().__init__(pipeline_id)
        self._task = task

    def approve(self, client: Client, hold: dict[str, Any]) -> bool:
        self._task.require_current(client)
        return super().approve(client, hold)


def _is_approval(job: Job) -> bool:
    return job.get("type") == APPROVAL


def _refuse_idle_options(params: dict[str, Any]) -> None:
    """Refuse options that would do nothing: whoever sets them expects something."""
    state = params["state"]
    given = [name for name in params if params[name] not in (_DEFAULTS.get(name), [])]
    idle = [name for name, only in _ONLY_IN.items() if name in given and only != state]
    if state == CANCELED_STATE and params["wait"]:
        idle.append("wait")
    refuse_idle(idle, state)
    if params["on_hold"] != FAIL and not params["wait"]:
        raise invalid("on_hold does nothing without wait.", "Set wait to true.")
    others = [
        name for name in ("workflow", "pipeline_id", "pipeline_number", "branch", "tag", "revision") if name in given
    ]
    if params["workflow_id"] is None and not (params["workflow"] or "").strip():
        raise invalid("workflow is empty.", "Name the workflow, or give workflow_id.")
    if params["workflow_id"] is not None and others:
        raise invalid(f"workflow_id names one workflow, so {', '.join(others)} would do nothing.", "Leave it out.")
    if state == APPROVED and not params["approve"]:
        raise invalid("approve is empty, so that nothing would be approved.", "Name the holds, or leave out the task.")
    if params["ssh"] and not params["jobs"]:
        raise invalid("ssh goes with jobs.", "Name the jobs that you want to log in to.")
    if params["jobs"] and not all(name.strip() for name in params["jobs"]):
        raise invalid("jobs has an empty name.", "Check the variable that it comes from.")
