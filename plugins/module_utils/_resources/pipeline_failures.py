# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Why a wait for a pipeline is a failure, in words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_starting import (
    default_branch,
    parameter_hint,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    CANCELED,
    NOT_RUN,
    SUCCESS,
    View,
    Workflow,
    has_failed,
    is_active,
    is_final,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    MOST_SOUGHT,
    branch_of,
    newer_pipelines,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import longer
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import ending
from ansible_collections.community.circleci.plugins.module_utils._values.moments import moment_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

_AUTO_CANCEL = 60.0
"""Seconds between a pipeline's start and the cancellation of what it makes redundant."""


def named(project: Project, described: dict[str, Any]) -> str:
    """A pipeline in a message.

    :param described: as results show it
    """
    return f"Pipeline #{described['number']} of {project} ({described['url']})"


def errored(who: str, view: View) -> CircleCIError:
    """The failure of a pipeline that CircleCI could not run."""
    messages = "; ".join(view.errors) or "CircleCI does not say why"
    return CircleCIError(
        f"{who} has errors: {messages}",
        hint=parameter_hint(list(view.errors)) or "Look at the pipeline on CircleCI, and at its configuration.",
    )


def broken(
    client: Client, project: Project, pipeline: dict[str, Any], who: str, view: View, steps: list[dict[str, Any]]
) -> CircleCIError:
    """The failure of a pipeline that has ended badly, or is going to.

    :param pipeline: as CircleCI describes it
    :param steps: what failed in its jobs
    """
    if view.errors or view.state == "errored":
        return errored(who, view)
    if not view.workflows and not view.missing:
        return CircleCIError(
            f"{who}: no workflow started",
            hint="See which branches and tags the configuration filters out, and what its when clauses ask for.",
        )
    bad = [workflow for workflow in view.workflows if workflow.get("status") != SUCCESS]
    if view.has_failed:
        bad = [workflow for workflow in bad if workflow.get("status") not in (NOT_RUN, "on_hold")]
        bad += [each for each in view.all if ends_badly(each)]
    told = [_ended(workflow, view) for workflow in bad]
    told += [f"workflow {plain(name)!r} did not start{_others(view)}" for name in view.missing]
    told += _by_others(client, project, pipeline, bad)
    for step in steps:
        code = "" if step["exit_code"] is None else f" with exit code {step['exit_code']}"
        told.append(f"job {step['job']}, step {plain(step['name'])!r}: {plain(str(step['status']))}{code}")
    if view.holds:
        told.append(f"nothing of it was approved: {_holds(view.holds)}")
    return CircleCIError(f"{who}: {'; '.join(dict.fromkeys(told))}", hint=_hint(bad))


def held(who: str, view: View) -> CircleCIError:
    """The failure of a pipeline that waits for a person."""
    return CircleCIError(
        f"{who} waits for an approval: {_holds(view.holds)}",
        hint="Approve it on CircleCI or by community.circleci.circleci_workflow. What else is to become of it say the "
        "options approve and on_hold of community.circleci.circleci_pipeline.",
    )


def timed_out(
    who: str, view: View, seconds: float, *, approved: Iterable[str] = (), canceling: bool = False
) -> CircleCIError:
    """The failure of a wait whose time is up.

    :param approved: the names of the holds that the wait has approved
    :param canceling: whether it was the wait for the end of what is being canceled
    """
    told = []
    for workflow in view.workflows:
        if not is_final(workflow):
            active = [plain(str(job.get("name"))) for job in view.jobs_of(workflow) if is_active(job)]
            what = f" (last seen running: {', '.join(active)})" if active else ""
            told.append(f"workflow {plain(str(workflow.get('name')))!r} is {plain(str(workflow.get('status')))}{what}")
    told = told or [f"it is {plain(view.state)}" if view.state else "it cannot be read yet"]
    if view.holds and not canceling:
        told.append(f"waiting for an approval: {_holds(view.holds)}")
    if done := ", ".join(map(plain, approved)):
        told.append(f"approved were {done}")
    return CircleCIError(
        f"{who} has not ended after {seconds:.0f} s: {'; '.join(told)}", hint=longer(canceling=canceling)
    )


def ends_badly(workflow: Workflow) -> bool:
    """Whether a workflow has ended other than well, or is going to."""
    return workflow.get("status") == "failing" or (
        is_final(workflow) and workflow.get("status") not in (SUCCESS, NOT_RUN)
    )


def _ended(workflow: Workflow, view: View) -> str:
    status = str(workflow.get("status"))
    jobs = [plain(str(job.get("name"))) for job in view.jobs_of(workflow) if has_failed(job)]
    failed = f" (jobs that failed: {', '.join(jobs)})" if jobs and status != CANCELED else ""
    return f"workflow {plain(str(workflow.get('name')))!r} {ending(status)}{failed}"


def _others(view: View) -> str:
    others = ", ".join(plain(str(workflow.get("name"))) for workflow in view.all)
    return f"; there are: {others}" if others else ""


def _holds(holds: list[dict[str, Any]]) -> str:
    return ", ".join(f"{plain(str(hold['job']))} of workflow {plain(str(hold['workflow']))}" for hold in holds)


def _hint(bad: list[Workflow]) -> str | None:
    statuses = {workflow.get("status") for workflow in bad}
    if statuses == {NOT_RUN}:
        return "CircleCI says why on the pipeline's page: nobody follows the project, a plan or a policy, for example."
    if "unauthorized" in statuses:
        return "Let somebody start or approve it who may use the contexts of its jobs."
    return None


def _by_others(client: Client, project: Project, pipeline: dict[str, Any], bad: list[Workflow]) -> list[str]:
    """Which newer pipeline of the same branch made this one redundant (PF §2.1)."""
    branch = branch_of(pipeline)
    stopped = [moment_of(workflow.get("stopped_at")) for workflow in bad if workflow.get("status") == CANCELED]
    ends = [moment for moment in stopped if moment is not None]
    if branch is None or not ends:
        return []
    try:
        for other in islice(newer_pipelines(client, project, pipeline["number"], branch), MOST_SOUGHT):
            begun = moment_of(other.get("created_at"))
            if begun is None:
                break
            if any(-1 <= (end - begun).total_seconds() <= _AUTO_CANCEL for end in ends):
                # That of the default branch is spared: somebody has canceled it.
                if branch == default_branch(client, project):
                    break
                return [f"canceled by #{other['number']} of the same branch"]
    except CircleCIError as error:
        client.warn(f"Whether a newer pipeline canceled this one could not be read. {error.message}")
    return []
