# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Workflows: api-v2-pipelines.md §3."""

from __future__ import annotations

from typing import Final

from emulator.http.exchange import Answer

from . import shapes
from .routing import Missing, V2Request, route

_MISSING: Final = Missing("Workflow not found")


@route("GET", "/workflow/:id", absent=_MISSING, public=True)
def get_workflow(request: V2Request) -> Answer:
    found = request.state.workflow(request.params["id"])
    return Answer(shapes.workflow(request.seen(found, lambda workflow: workflow.builds[0].project)))
