# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Workflows: how they have ended is known to API v2 only (``api-v2-pipelines.md`` §3)."""

from __future__ import annotations

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment

SUCCESS = "success"
FINAL = frozenset({SUCCESS, "failed", "error", "canceled", "unauthorized", "not_run"})
"""Words for a workflow that has ended (PF §3.2). Words that are not known yet are none of them: one goes on waiting."""

_ENDINGS = {
    "failed": "failed",
    "error": "ended with an error of CircleCI",
    "canceled": "was canceled",
    "unauthorized": "was not let run: whoever started it may not use one of its contexts",
    "not_run": "was not run",
}


class CannotTellError(CircleCIError):
    """Nothing is known of a workflow, and looking again will not help."""


def read_status(client: Client, workflow: str) -> str | None:
    """The status of a workflow, in the words of PF §3.2.

    :param workflow: its id
    :returns: None when CircleCI does not know it, or not yet, or does not say
    :raises CannotTellError: for project tokens, which API v2 takes for strangers (PF §1.1)
    :raises CircleCIError: for everything else that keeps it from being read
    """
    path = f"v2/workflow/{segment(workflow)}"
    try:
        status = client.get_object(path).get("status")
        return status if isinstance(status, str) else None
    except CircleCIError as error:
        if error.status not in (401, 404):
            raise
        try:
            client.require_personal_token()
        except CircleCIError as refusal:
            if refusal.status != 401:
                raise
            raise CannotTellError(
                f"How a workflow ends this task cannot tell: CircleCI answered {error.status} to GET {path}",
                status=error.status,
                method=error.method,
                path=error.path,
                error=error.error,
                hint="Use a personal token: API v2, which knows of workflows, does not take project tokens.",
            ) from refusal
        if error.status == 401:
            raise
        return None


def ending(status: str) -> str:
    """A status in which a workflow has ended badly, in words."""
    return _ENDINGS[status]
