# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Workflows: how they have ended, and what can be done to them by API v2 (``api-v2-pipelines.md`` §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import acknowledgement, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    THROTTLED,
    CircleCIError,
    invalid,
    plain,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    CANCELED,
    Workflow,
    is_final,
    is_hold,
    request_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import seen_approved, settled

ACCEPTED = 202
_ENDINGS = {
    "failed": "failed",
    "error": "ended with an error of CircleCI",
    "canceled": "was canceled",
    "unauthorized": "was not let run: whoever started it may not use one of its contexts",
    "not_run": "was not run",
}


def read_workflow(client: Client, workflow_id: str) -> Workflow:
    """A workflow.

    :raises CircleCIError: for project tokens, too, to which API v2 says that there is none (PF §1.1)
    """
    return {**client.get_object(f"v2/workflow/{segment(workflow_id)}"), "id": workflow_id}


def read_ended(client: Client, workflow: Workflow) -> Workflow:
    """A workflow as it is when it has ended, if it does soon: one that was canceled goes on for seconds (PF §3.3).

    Check mode does not wait.
    """
    if is_final(workflow) or client.read_only:
        return workflow
    return settled(client, lambda: {**workflow, **read_workflow(client, workflow_id(workflow))}, is_final)


def ending(status: str) -> str:
    """A status in which a workflow has ended badly, in words."""
    return _ENDINGS.get(status, f"is {plain(status)}")


def approve(client: Client, hold: dict[str, Any]) -> bool:
    """Approve a hold (PF §3.7). A refusal is followed by a look: somebody else may have been faster.

    :param hold: as :func:`open_holds` tells it
    :returns: whether it was this task that approved it
    :raises CircleCIError: when it is still open
    """
    what = _named(hold)
    request = id_of(hold["approval_request_id"], what)
    path = f"v2/workflow/{segment(id_of(hold['workflow_id'], what))}"
    return _done(client, f"{path}/approve/{segment(request)}", lambda: _is_closed(client, hold) or None)


def await_approved(client: Client, hold: dict[str, Any]) -> None:
    """Wait until CircleCI shows that a hold is approved, which takes a moment (PF §9)."""
    seen_approved(client, lambda: _is_closed(client, hold), _named(hold))


def _named(hold: dict[str, Any]) -> str:
    return f"the hold {plain(str(hold['job']))!r}"


def _is_closed(client: Client, hold: dict[str, Any]) -> bool:
    jobs = client.get_items(f"v2/workflow/{segment(hold['workflow_id'])}/job")
    return not any(is_hold(job) and request_of(job) == hold["approval_request_id"] for job in jobs)


def cancel(client: Client, workflow: Workflow, of: str) -> Workflow | None:
    """Cancel a workflow (PF §3.3). It ends some seconds later. That it ended before that is a warning.

    :param of: its pipeline, in words
    :returns: as it ended, when it was not this task that canceled it
    :raises CircleCIError: when it still runs
    """
    path = f"v2/workflow/{segment(workflow_id(workflow))}"
    now = workflow

    def ended() -> bool | None:
        nonlocal now
        now = {**workflow, **client.get_object(path)}
        return True if is_final(now) else None

    if _done(client, f"{path}/cancel", ended):
        return None
    if now.get("status") != CANCELED:
        warn_of_end(client, now, of)
    return now


def warn_of_end(client: Client, workflow: Workflow, of: str) -> None:
    """Warn of a workflow that was to be canceled, and had ended before."""
    name, status = plain(str(workflow.get("name"))), plain(str(workflow.get("status")))
    client.warn(f"Workflow {name!r} of {of} ended before it could be canceled: {status}.")


def workflow_id(workflow: Workflow) -> str:
    """The id of a workflow, by which alone something can be done to it.

    :raises CircleCIError: when there is none
    """
    return id_of(workflow.get("id"), f"the workflow {plain(str(workflow.get('name')))!r}")


def id_of(found: Any, what: str) -> str:
    """An id, which what has expired has no more (PF §3.1)."""
    if not isinstance(found, str) or not found:
        raise invalid(
            f"CircleCI tells no id of {what}, so that nothing can be done to it.",
            "It may have expired: start a new pipeline.",
        )
    return found


def without_pipeline(id_: str) -> CircleCIError:
    """The error for a workflow whose pipeline is not known any more (PF §3.1)."""
    return invalid(f"The workflow {plain(id_)} belongs to no pipeline any more.", "Start a new pipeline.")


def _done(client: Client, path: str, seen: Callable[[], bool | None]) -> bool:
    try:
        client.write("POST", path, repeatable=True, seen=seen, shape=acknowledgement, success=ACCEPTED)
    except CircleCIError as error:
        if error.doubtful or error.status in (None, 401, THROTTLED):
            raise
        if not settled(client, seen, bool):
            raise
        return False
    return True


def rerun(client: Client, workflow: Workflow, pipeline_id: str, body: dict[str, Any]) -> str:
    """Run a workflow again (PF §3.4).

    :param pipeline_id: of its pipeline
    :param body: ``from_failed``, or ``jobs`` and ``enable_ssh``
    :returns: the id of the new workflow
    :raises CircleCIError: when it is refused, or nobody can tell
    """
    id_ = workflow_id(workflow)
    path = f"v2/pipeline/{segment(pipeline_id)}/workflow"

    def runs() -> set[str]:
        return {str(each.get("id")) for each in client.get_items(path) if each.get("name") == workflow.get("name")}

    known = runs()

    def seen() -> dict[str, Any] | None:
        new = runs() - known
        if len(new) > 1:
            raise invalid(f"Any of the workflows {', '.join(sorted(map(plain, new)))} may have come of it.")
        return {"workflow_id": new.pop()} if new else None

    answer = client.write(
        "POST",
        f"v2/workflow/{segment(id_)}/rerun",
        body,
        repeatable=False,
        seen=seen,
        shape=with_fields(workflow_id=str),
    )
    return str(answer["workflow_id"])
