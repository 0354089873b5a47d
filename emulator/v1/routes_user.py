# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls about the token's user: api-v1.1.md §3.1 and `/projects`."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import Request
from emulator.world.model import VCS_NAMES

from . import shapes
from .routing import USER, Access, branches_are_gone, route

# The service has sent these since 2020-11 with some answers; what they count is not documented.
RATE_LIMIT_HEADERS: Final = {"x-ratelimit-limit": "151", "x-ratelimit-remaining": "150", "x-ratelimit-reset": "0"}


@route("GET", f"{USER}/me", Access.USER)
def get_me(request: Request) -> Answer:
    return Answer(shapes.me(request.state, request.personal))


@route("GET", f"{USER}/projects", Access.USER)
def list_projects(request: Request) -> Answer:
    user = request.personal
    followed = [project for project in request.state.projects.values() if user.login in project.followers]
    # Projects of Apps' organizations are not in this list (api-v1.1.md §2).
    items = [shapes.project_item(project, user) for project in followed if not project.is_app]
    if branches_are_gone(request, "shallow"):
        for item in items:
            del item["branches"]
    return Answer(items, headers=dict(RATE_LIMIT_HEADERS))


@route("GET", f"{USER}/user/repos/:vcs-type", Access.USER)
def list_repositories(request: Request) -> Answer:
    """Return a page of the repositories at a VCS, set up or not; pages past the last one are empty.

    How long a page is, if the client does not say, is a guess.
    """
    vcs, call = VCS_NAMES[request.params["vcs-type"]], request.call
    repositories = [project for project in request.state.projects.values() if project.vcs == vcs]
    size = min(call.number("per-page", 30), 100)
    start = (max(call.number("page", 1), 1) - 1) * size
    return Answer([shapes.repository(project, request.personal) for project in repositories[start : start + size]])


@route("POST", f"{USER}/user/heroku-key", Access.USER)
def set_heroku_key(request: Request) -> Answer:
    """Store the Heroku key, from JSON or, as early clients sent it, from a form."""
    call = request.call
    key = call.fields.get("apikey")
    if call.content_type == "application/x-www-form-urlencoded":
        key = parse_qs(call.body.decode(errors="replace")).get("apikey", [None])[-1]
    if not isinstance(key, str) or not key:
        # Neither code nor text of this answer is known.
        raise RefusedError(400, "Missing apikey")
    request.personal.heroku_key = key
    return Answer("")
