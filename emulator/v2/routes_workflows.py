# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workflows: api-v2-pipelines.md §3."""

from __future__ import annotations

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import V2, Access, Request, route

from . import shapes


@route("GET", f"{V2}/workflow/:workflow-id", Access.V2)
def get_workflow(request: Request) -> Answer:
    """Return a workflow. Project tokens are told that there is none."""
    found = request.state.workflow(request.params["workflow-id"]) if request.user else None
    if found is None:
        raise RefusedError(404, "Workflow not found")
    return Answer(shapes.workflow(found))
