# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workflows, their jobs, and what can be done to them: api-v2-pipelines.md §3 and §9."""

from __future__ import annotations

from typing import Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.model import Job, Workflow
from emulator.world.pipelines import RefusedError as NotDoneError

from . import shapes
from .bodies import validated
from .paging import page
from .routing import Missing, V2Request, route

_MISSING: Final = Missing("Workflow not found")
_ACCEPTED: Final = {"message": "Accepted."}
_RERUN: Final = {"from_failed": "boolean", "jobs": "array", "sparse_tree": "boolean", "enable_ssh": "boolean"}


@route("GET", "/workflow/:id", absent=_MISSING, public=True)
def get_workflow(request: V2Request) -> Answer:
    found = _found(request)
    request.state.machine.look(found.pipeline)
    return Answer(shapes.workflow(found))


@route("GET", "/workflow/:id/job", absent=_MISSING, public=True)
def list_jobs(request: V2Request) -> Answer:
    found = _found(request)
    return page(request, found.jobs, lambda job: shapes.job(job, found))


@route("POST", "/workflow/:id/cancel", absent=_MISSING)
def cancel(request: V2Request) -> Answer:
    """Cancel a workflow. That this is accepted of one that has ended, too, is a guess."""
    request.state.machine.cancel_workflow(_found(request), request.user)
    return Answer(_ACCEPTED, 202)


@route("POST", "/workflow/:id/rerun", absent=_MISSING)
def rerun(request: V2Request) -> Answer:
    """Run a workflow again. Of contradicting fields only the status of the answer is known."""
    found = _found(request)
    fields = validated(request.call, _RERUN, optional=True)
    jobs = [found.job(id_) for id_ in fields.get("jobs", [])]
    from_failed, ssh = fields.get("from_failed", False), fields.get("enable_ssh", False)
    if (jobs and from_failed) or (not jobs and (ssh or fields.get("sparse_tree"))):
        raise RefusedError(400, "Invalid input")
    known: list[Job] = [job for job in jobs if job]
    if len(known) < len(jobs):
        raise RefusedError(404, "Job not found")
    try:
        again = request.state.machine.rerun(found, request.user, from_failed=from_failed, jobs=known, ssh=ssh)
    except NotDoneError as refusal:
        raise RefusedError(400, str(refusal)) from refusal
    return Answer({"workflow_id": again.id}, 202)


@route("POST", "/workflow/:id/approve/:request-id", absent=_MISSING)
def approve(request: V2Request) -> Answer:
    """Approve a hold. What is said of one that is unknown or not open is a guess."""
    found = _found(request)
    job = found.job(request.params["request-id"])
    if job is None:
        raise RefusedError(404, "Job not found")
    if request.state.switches.approval_needs_body and request.call.content_type != "application/json":
        raise RefusedError(400, "No JSON fields found.")
    try:
        request.state.machine.approve(found, job, request.user)
    except NotDoneError as refusal:
        raise RefusedError(400, str(refusal)) from refusal
    return Answer(_ACCEPTED, 202)


def _found(request: V2Request) -> Workflow:
    return request.seen(
        request.state.machine.workflows.get(request.params["id"]), lambda workflow: workflow.pipeline.project
    )
