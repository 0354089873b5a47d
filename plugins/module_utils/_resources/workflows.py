# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Workflows: how they have ended, and what can be done to them by API v2 (``api-v2-pipelines.md`` §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import acknowledgement, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    FINAL,
    Workflow,
    is_final,
    is_hold,
    request_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import settled

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
    return client.get_object(f"v2/workflow/{segment(workflow_id)}")


def read_ended(client: Client, workflow: Workflow) -> Workflow:
    """A workflow as it is when it has ended, if it does soon: one that was canceled goes on for seconds (PF §3.3).

    Check mode does not wait.
    """
    if is_final(workflow) or client.read_only:
        return workflow
    return settled(client, lambda: read_workflow(client, str(workflow["id"])), is_final)


def ending(status: str) -> str:
    """A status in which a workflow has ended badly, in words."""
    return _ENDINGS.get(status, f"is {plain(status)}")


def approve(client: Client, hold: dict[str, Any]) -> bool:
    """Approve a hold (PF §3.7). A refusal is followed by a look: somebody else may have been faster.

    :param hold: as :func:`open_holds` tells it
    :returns: whether it was this task that approved it
    :raises CircleCIError: when it is still open
    """
    request = str(hold["approval_request_id"])
    path = f"v2/workflow/{segment(str(hold['workflow_id']))}"

    def seen() -> bool | None:
        jobs = client.get_items(f"{path}/job")
        return None if any(is_hold(job) and request_of(job) == request for job in jobs) else True

    return _done(client, f"{path}/approve/{segment(request)}", seen)


def cancel(client: Client, workflow: Workflow) -> bool:
    """Cancel a workflow (PF §3.3). It ends some seconds later.

    :returns: whether it was this task that canceled it
    :raises CircleCIError: when it still runs
    """
    path = f"v2/workflow/{segment(str(workflow['id']))}"
    return _done(client, f"{path}/cancel", lambda: True if client.get_object(path).get("status") in FINAL else None)


def _done(client: Client, path: str, seen: Callable[[], bool | None]) -> bool:
    try:
        client.write("POST", path, repeatable=True, seen=seen, shape=acknowledgement)
    except CircleCIError as error:
        refused = error.status is not None and 400 <= error.status < 500 and error.status not in (401, 429)
        if not refused or error.doubtful:
            raise
        if not settled(client, seen, bool):
            raise
        return False
    return True


def rerun(client: Client, workflow: Workflow, body: dict[str, Any]) -> str:
    """Run a workflow again (PF §3.4).

    :param body: ``from_failed``, or ``jobs`` and ``enable_ssh``
    :returns: the id of the new workflow
    :raises CircleCIError: when it is refused, or nobody can tell
    """
    path = f"v2/pipeline/{segment(str(workflow['pipeline_id']))}/workflow"

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
        f"v2/workflow/{segment(str(workflow['id']))}/rerun",
        body,
        repeatable=False,
        seen=seen,
        shape=with_fields(workflow_id=str),
    )
    return str(answer["workflow_id"])
