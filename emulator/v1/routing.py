# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which path of API v1.1 is answered by which function, and who may call it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final
from urllib.parse import unquote

from emulator.http.exchange import Answer, Call, RefusedError, html_not_found
from emulator.http.routing import NUMBER, Request, Table
from emulator.world.model import VCS_NAMES, Project, Token
from emulator.world.state import State

USER: Final = "/api/v1.1"
PROJECT: Final = "/api/v1.1/project/:vcs-type/:username/:repo"
_PATTERNS: Final = {
    "vcs-type": "|".join(VCS_NAMES),
    "branch": "[^,;?]+",
    "build_num": NUMBER,
    "step": NUMBER,
    "index": NUMBER,
}


# api-v2-pipelines.md §0 has the dates. How Deprecation is written is a guess, and so is its date, the first one that
# was announced.
DEPRECATED: Final = date(2026, 11, 1)
NO_BRANCHES: Final = date(2026, 12, 7)
NO_STARTS: Final = date(2027, 2, 1)
_RETIREMENT: Final = {"Deprecation": "@1793491200", "Sunset": "Mon, 01 Feb 2027 00:00:00 GMT"}


class Access(Enum):
    """Who may call a route."""

    USER = "personal tokens; the answer is about the user"
    PROJECT = "personal tokens, and project tokens of that project"
    PUBLIC = "everybody, if the project is open source; else as PROJECT"
    PERSONAL = "personal tokens; project tokens are told that they may not"
    SETUP = "personal tokens; the project need not be set up yet"


Handler = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    access: Access
    handler: Handler
    retires: bool
    changes_settings: bool


ROUTES: Final = Table[Route](_PATTERNS)


def route(
    method: str, template: str, access: Access, *, retires: bool = False, changes_settings: bool = False
) -> Callable[[Handler], Handler]:
    """Register a function for a route. Parameters match what the service's do (api-v1.1.md §1.1).

    :param changes_settings: it needs the right to do that.
    :param retires: CircleCI has announced that it goes (api-v2-pipelines.md §0).
    """

    def register(handler: Handler) -> Handler:
        ROUTES.add(method, template, Route(method, template, access, handler, retires, changes_settings))
        return handler

    return register


def branches_are_gone(request: Request, query: str) -> bool:
    """Whether answers leave `branches` out: from a day on, on the cloud only, and before if the query asks for it."""
    is_past = request.state.switches.server is None and request.state.date >= NO_BRANCHES
    return is_past or request.call.query.get(query) == "true"


def answer(state: State, call: Call) -> Answer:
    """Carry out a call to API v1.1, or to a path that no API has."""
    if call.path.startswith("/api/") and call.path.endswith("/"):
        query = f"?{call.query_string}" if call.query_string else ""
        return Answer("", 302, {"Location": f"{call.base_url}{call.path.rstrip('/')}{query}"}, "text/plain")
    found = ROUTES.find(call.method, _routed_path(call.path))
    if found is None:
        return html_not_found()
    route, params = found
    try:
        if route.retires and state.date >= NO_STARTS:
            # The text is a guess.
            raise RefusedError(410, "This API was removed. Use API v2.")
        result = route.handler(_admit(state, call, route, {name: unquote(value) for name, value in params.items()}))
    except RefusedError as refusal:
        result = refusal.answer
    if route.retires and DEPRECATED <= state.date < NO_STARTS:
        result.headers |= _RETIREMENT
    if result.body == "" and state.switches.empty_bodies:
        result.content_type = "text/plain; charset=utf-8"
    result.headers["X-Route"] = route.template
    return result


def _routed_path(path: str) -> str:
    """Return the path as routes know it.

    `/api/v1` is the same API with GitHub implied (api-v1.1.md §1.1); slashes in a row, as some clients send, are one.
    """
    path = re.sub("//+", "/", path)
    for old, new in (("/api/v1/project/", "/api/v1.1/project/github/"), ("/api/v1/", "/api/v1.1/")):
        if path.startswith(old):
            return new + path.removeprefix(old)
    return path


def _admit(state: State, call: Call, found: Route, params: dict[str, str]) -> Request:
    """Return the request with its user and project.

    :raises RefusedError: the token does not allow the call, in the service's order and words (api-v1.1.md §1.3, §7).
    """
    token = state.tokens.get(call.token) if call.token else None
    if found.access is Access.USER:
        if token is None or token.user is None:
            raise RefusedError(401, "You must log in first.")
        return Request(state, call, params, token, None)
    project = _project(state, token, found, params)
    if found.changes_settings and "write-settings" not in project.scopes:
        raise RefusedError(403, "Permission denied")
    return Request(state, call, params, token, project)


def _project(state: State, token: Token | None, found: Route, params: dict[str, str]) -> Project:
    access = found.access
    project = state.find_project("/".join((params["vcs-type"], params["username"], params["repo"])))
    if token is None:
        if project and project.set_up and project.oss and access is Access.PUBLIC:
            return project
        raise not_found()
    if token.user is None:
        if project is None or token.project != project.slug or not project.set_up:
            raise not_found()
        # That scopes below `all` read everything and change nothing is read from their names in the web interface.
        if access in (Access.PERSONAL, Access.SETUP) or (token.scope != "all" and found.method != "GET"):
            raise RefusedError(403, "Permission denied")
        return project
    if project is None:
        # Apps' projects are CircleCI's own, so there is no VCS to ask.
        raise not_found() if params["vcs-type"] == "circleci" else RefusedError(404, vcs_not_found())
    if not project.set_up and access is not Access.SETUP:
        raise not_found()
    return project


def not_found() -> RefusedError:
    """Return what is said of a project that CircleCI does not know or the token may not see."""
    return RefusedError(404, "Project not found")


def vcs_not_found() -> str:
    """Return what GitHub says of a repository that it does not know; the service passes it on as text.

    What it passes on from Bitbucket is not known: the same text is sent.
    """
    return json.dumps(
        {
            "message": "Not Found",
            "documentation_url": "https://docs.github.com/rest/repos/repos#get-a-repository",
            "status": "404",
        },
        separators=(",", ":"),
    )
