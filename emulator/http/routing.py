# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which path is answered by which function, and who may call it.

A route is written as the service itself names it in the header `X-Route`.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final
from urllib.parse import unquote

from emulator.world.model import VCS_NAMES, Project, Token, User, canonical
from emulator.world.state import State

from .exchange import Answer, Call, RefusedError
from .links import Links

USER: Final = "/api/v1.1"
V2: Final = "/api/v2"
PROJECT: Final = "/api/v1.1/project/:vcs-type/:username/:repo"
# No build has a number of more digits, and Python refuses to read numbers of some thousands.
NUMBER: Final = "[0-9]{1,18}"
_PATTERNS: Final = {
    "vcs-type": "|".join(VCS_NAMES),
    "branch": "[^,;?]+",
    "build_num": NUMBER,
    "step": NUMBER,
    "index": NUMBER,
}


class Access(Enum):
    """Who may call a route."""

    USER = "personal tokens; the answer is about the user"
    PROJECT = "personal tokens, and project tokens of that project"
    PUBLIC = "everybody, if the project is open source; else as PROJECT"
    PERSONAL = "personal tokens; project tokens are told that they may not"
    V2 = "personal tokens; to project tokens there is nothing there"
    SETUP = "personal tokens; the project need not be set up yet"


@dataclass(frozen=True)
class Request:
    """A call that has been let through."""

    state: State
    call: Call
    links: Links
    params: dict[str, str]
    token: Token | None
    _project: Project | None

    @property
    def user(self) -> User | None:
        """The user of a personal token."""
        return self.token.user if self.token else None

    @property
    def project(self) -> Project:
        assert self._project is not None, "only routes below /project have one"
        return self._project

    @property
    def personal(self) -> User:
        assert self.user is not None, "only routes for personal tokens may ask"
        return self.user


Handler = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    method: str
    template: str
    access: Access
    handler: Handler
    regex: re.Pattern[str]


ROUTES: Final[list[Route]] = []


def route(method: str, template: str, access: Access) -> Callable[[Handler], Handler]:
    """Register a function for a route. Parameters match what the service's do (api-v1.1.md §1.1)."""

    def register(handler: Handler) -> Handler:
        names = iter(re.findall(r":([\w-]+)", template))
        pattern = re.sub(r":[\w-]+", lambda _: f"({_PATTERNS.get(next(names), '[^/,;?]+')})", template.rstrip("/"))
        ROUTES.append(Route(method, template, access, handler, re.compile(pattern)))
        return handler

    return register


@functools.lru_cache(maxsize=8192)
def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a raw path and the path's decoded parameters, or None."""
    for candidate in ROUTES:
        if candidate.method == method and (match := candidate.regex.fullmatch(path)):
            names = re.findall(r":([\w-]+)", candidate.template)
            return candidate, {name: unquote(value) for name, value in zip(names, match.groups(), strict=True)}
    return None


def admit(state: State, call: Call, found: Route, params: dict[str, str]) -> Request:
    """Return the request with its user and project.

    :raises RefusedError: the token does not allow the call, in the service's order and words (api-v1.1.md §1.3, §7).
    """
    token = state.tokens.get(call.token) if call.token else None
    links = Links(call.base_url, state.signing_key, state.now())
    if found.access is Access.USER:
        if token is None or token.user is None:
            raise RefusedError(401, "You must log in first.")
        return Request(state, call, links, params, token, None)
    if found.access is Access.V2:
        if token is None:
            raise RefusedError(401, "You must log in first")
        return Request(state, call, links, params, token, None)
    project = _project(state, token, found, params)
    return Request(state, call, links, params, token, project)


def _project(state: State, token: Token | None, found: Route, params: dict[str, str]) -> Project:
    access = found.access
    slug = canonical_or_none("/".join((params["vcs-type"], params["username"], params["repo"])))
    project = state.projects.get(slug) if slug else None
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


def canonical_or_none(slug: str) -> str | None:
    """Return the slug with the long name of its VCS; None if it is none, as with an encoded slash in a name."""
    try:
        return canonical(slug)
    except ValueError:
        return None


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
