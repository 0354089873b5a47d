# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Running a build again, which API v2 does in the build's workflow (``api-v2-pipelines.md`` §3.4)."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.build_ends import (
    NOTHING,
    require_run,
    result_with,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    described,
    named,
    read_build,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    Job,
    Workflow,
    is_active,
    is_final,
    is_setup,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    described_workflow,
    read_jobs,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Poller
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import (
    ending,
    read_ended,
    read_workflow,
    rerun,
    without_pipeline,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

NUMBERED_WITHIN = 60.0  # seconds that the new build may take to get its number
LOOK_EVERY = 1.0  # seconds


def plan_rerun(client: Client, project: Project, source: Build, workflow_id: str, *, ssh: bool) -> Plan:
    """Run the job of a build again, with what depends on it.

    :param source: the build
    :param workflow_id: of its workflow
    :param ssh: whether the token's user can log in to the new build
    :raises CircleCIError: when CircleCI does not run it again
    """
    workflow = _read(client, project, source, workflow_id)
    job = _job(client, project, source, workflow)
    body = {"jobs": [job["id"]], **({"enable_ssh": True} if ssh else {})}
    predicted = {**described(source), "build_num": UNKNOWN, "retry_of": source["build_num"]}

    def apply() -> Outcome:
        id_ = rerun(client, workflow, workflow["pipeline_id"], body)
        new, jobs, build = _started(client, project, {"id": id_, "name": workflow.get("name")}, job)
        found = result_with([build]) if build else dict(NOTHING)
        pipeline = {"number": workflow.get("pipeline_number"), "project_slug": workflow.get("project_slug")}
        found["workflows"] = [described_workflow(client, project, pipeline, new, jobs)]
        if build:
            require_run(project, found)
        elif is_final(new):
            raise _not_begun(project, source, new, found)
        after = {**(described(build) if build else described(source)), "retry_of": source["build_num"]}
        return Outcome({"build": after}, found)

    return Plan({"build": None}, Outcome({"build": predicted}, dict(NOTHING)), apply)


def _read(client: Client, project: Project, source: Build, workflow_id: str) -> Workflow:
    """The workflow of a build.

    :raises CircleCIError: when it cannot be run again
    """
    try:
        workflow = read_ended(client, read_workflow(client, workflow_id))
    except CircleCIError as error:
        if error.status == 404:
            client.require_personal_token()
        raise
    who = f"{named(project, source)} belongs to the workflow {plain(str(workflow.get('name')))!r}"
    if not is_final(workflow):
        raise invalid(
            f"{who}, which is {plain(str(workflow.get('status')))}: nothing of it runs again before it has ended.",
            "Wait for its end, or cancel it first with community.circleci.circleci_workflow.",
        )
    if is_setup(workflow):
        raise invalid(
            f"{who}, a setup workflow, and a pipeline can be continued only once.",
            "Start a new pipeline, or run a job again of the workflow that it continued with.",
        )
    if not isinstance(workflow.get("pipeline_id"), str):
        raise without_pipeline(workflow_id)
    return workflow


def _job(client: Client, project: Project, source: Build, workflow: Workflow) -> Job:
    for job in read_jobs(client, workflow):
        if job.get("job_number") == source["build_num"] and isinstance(job.get("id"), str):
            return job
    raise invalid(
        f"{named(project, source)} is no job of its workflow any more, so that it cannot be run again.",
        "Start a new pipeline.",
    )


def _started(
    client: Client, project: Project, workflow: Workflow, source: Job
) -> tuple[Workflow, list[Job], Build | None]:
    """The new workflow, its jobs, and the build of the job that runs again, which is waited for.

    :param workflow: what the answer to the request tells of it
    :returns: no build when it ended without one, and when that has no number in time, which is a warning
    """
    poller = Poller(client, interval=LOOK_EVERY, timeout=NUMBERED_WITHIN, lag=NUMBERED_WITHIN)
    id_ = str(workflow["id"])
    jobs: list[Job] = []

    def look(asking: Client) -> tuple[Workflow, list[Job], Build | None] | None:
        nonlocal jobs
        jobs = read_jobs(asking, workflow) or jobs
        for job in jobs:
            number = job.get("job_number")
            if job.get("name") != source.get("name") or number == source["job_number"]:
                continue
            if isinstance(number, int):
                build = read_build(asking, project, number)
                return read_workflow(asking, id_), jobs, build
            # What is not let run gets no number (PF §3.6).
            if not is_active(job) and is_final(now := read_workflow(asking, id_)):
                return now, jobs, None
        return None

    why = f"has no number after {NUMBERED_WITHIN:.0f} s"
    try:
        while (found := poller.look(look)) is None and poller.left > 0:
            poller.pause()
        if found is not None:
            return found
    except CircleCIError as error:
        why = f"could not be read: {error.message}"
    client.warn(f"It runs again in the workflow {plain(id_)}, whose new build {why}.")
    return workflow, jobs, None


def _not_begun(project: Project, source: Build, workflow: Workflow, found: dict[str, Any]) -> CircleCIError:
    """The error for a run that has ended before its build began."""
    error = CircleCIError(
        f"{named(project, source)} did not run again: the new workflow {ending(str(workflow.get('status')))}",
        hint=f"Look at {plain(str(found['workflows'][0]['url']))}.",
    )
    error.partial = found
    return error
