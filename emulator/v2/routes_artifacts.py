# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Artifacts: api-v2-pipelines.md §6.2."""

from __future__ import annotations

from emulator.http.exchange import Answer
from emulator.world.artifacts import Artifacts

from .paging import page
from .routing import PROJECT, Missing, V2Request, route

_MISSING = Missing("Job not found")


@route("GET", f"{PROJECT}/:number/artifacts", absent=_MISSING, public=True)
def list_artifacts(request: V2Request) -> Answer:
    build = request.project.build(int(request.params["number"]))
    if build is None:
        raise request.missing()
    return page(
        request,
        request.state.part(Artifacts).of(build),
        lambda artifact: {
            "path": artifact.path,
            "node_index": artifact.node,
            "url": request.links.artifact(build, artifact.node, artifact.path),
        },
    )
