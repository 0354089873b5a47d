# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs by their number, which are the builds of API v1.1: api-v2-pipelines.md §6."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world import steps
from emulator.world.model import Build

from .paging import page
from .routing import PROJECT, V2Request, route
from .shapes import job_details

_NO_JOB: Final = "Job not found"


@route("GET", f"{PROJECT}/job/:number", public=True)
def get_job(request: V2Request) -> Answer:
    return Answer(job_details(_build(request), request.call.base_url))


@route("POST", f"{PROJECT}/job/:number/cancel")
def cancel_job(request: V2Request) -> Answer:
    """Cancel a job. The text of the answer is a guess."""
    request.state.machine.cancel(_build(request), request.user)
    return Answer({"message": "Job cancelled successfully."})


@route("GET", f"{PROJECT}/:number/tests", public=True)
def list_tests(request: V2Request) -> Answer:
    return page(request, steps.tests(_build(request))["tests"], _test)


def _test(test: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in test.items() if name != "source_type"}


def _build(request: V2Request) -> Build:
    """Return the build. Approvals have numbers, too, but nothing is there."""
    build = request.project.build(int(request.params["number"]))
    if build is None:
        raise RefusedError(404, _NO_JOB)
    request.state.machine.poll(build)
    return build
