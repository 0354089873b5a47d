# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which path of API v2 is answered by which function, and who may call it: api-v2-pipelines.md §1 and §9.

A file `routes_*.py` beside this one registers its functions with `route`; nothing else has to know of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import unquote

from emulator.http.exchange import Answer, Call, RefusedError
from emulator.http.routing import NUMBER, Request, Table
from emulator.world.model import Project
from emulator.world.state import State

Thing = TypeVar("Thing")
PREFIX: Final = "/api/v2"
# Routes that take a slug in one piece of the template know uuids, too; the others need three segments.
PROJECT: Final = "/project/:project-slug"
SPLIT_PROJECT: Final = "/project/:provider/:organization/:project"
ORGANIZATION: Final = "/organization/:org-slug-or-id"

UUID: Final = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_ENCODED: Final = "[^/]*%2[fF][^/]*"
_PATTERNS: Final = {
    "project-slug": f"{UUID}|{_ENCODED}|(?!{UUID}/)[^/]+/[^/]+/[^/]+",
    "org-slug-or-id": f"{UUID}|{_ENCODED}|[^/]+/[^/]+",
    "number": NUMBER,
}
# An id in a slug of an App's organization (api-v2-provisioning.md §0.2).
_SLUG_PIECE: Final = re.compile(f"[0-9A-Za-z]{{21,22}}|{UUID}")
# Services that are written in Go say of unknown paths what Go's router says (api-v2-provisioning.md §0.1).
_GO_SERVICES: Final = ("/context", "/webhook")
_RATE_LIMIT_HEADERS: Final = {"x-ratelimit-limit": "300", "x-ratelimit-reset": "1"}


@dataclass(frozen=True)
class Missing:
    """What is said of a thing that does not exist, that the token may not see, or that the token is no kind for."""

    message: str = "Project not found"
    status: int = 404

    def error(self) -> RefusedError:
        return RefusedError(self.status, self.message)


@dataclass(frozen=True)
class V2Request(Request):
    """A call to API v2 that has been let through."""

    absent: Missing
    public: bool

    def missing(self) -> RefusedError:
        """Return the refusal that says that the thing is not there."""
        return self.absent.error()

    def seen(self, found: Thing | None, project_of: Callable[[Thing], Project]) -> Thing:
        """Return what has been found, if the caller may see the project that it belongs to.

        :raises RefusedError: in the words for nobody, or for who sees nothing there; also if nothing has been found.
        """
        project = None if found is None else project_of(found)
        if self.token is None:
            if not (self.public and project and project.oss and self.state.switches.public_v2):
                raise RefusedError(401, "You must log in first")
        elif self.user is None:
            raise self.missing()
        if found is None or project is None or not project.set_up:
            raise self.missing()
        return found


Handler = Callable[[V2Request], Answer]


@dataclass(frozen=True)
class Route:
    template: str
    handler: Handler
    absent: Missing
    public: bool
    server: str | None


ROUTES: Final = Table[Route](_PATTERNS)


def route(
    method: str, path: str, *, absent: Missing = Missing(), public: bool = False, server: str | None = "4.7"
) -> Callable[[Handler], Handler]:
    """Register a function for a route.

    A route below `PROJECT` or `SPLIT_PROJECT` is called with its project. Every other one is called for personal
    tokens, and if it is public for everybody: then it says by `seen` whose it is.

    :param path: without the prefix; parameters are written `:name`.
    :param absent: what those are told who see nothing there, all project tokens among them.
    :param public: open-source projects show it to everybody.
    :param server: the first version of CircleCI Server that has the route; None is none.
    """

    def register(handler: Handler) -> Handler:
        ROUTES.add(method, f"{PREFIX}{path}", Route(f"{PREFIX}{path}", handler, absent, public, server))
        return handler

    return register


def answer(state: State, call: Call) -> Answer:
    """Carry out a call to API v2."""
    found = ROUTES.find(call.method, call.path)
    if found is None or not _is_on(state.switches.server, found[0].server):
        return _unknown_path(call.path)
    route, params = found
    try:
        result = route.handler(_admit(state, call, route, params))
    except RefusedError as refusal:
        result = refusal.answer
    result.headers |= {"X-Route": route.template, **_RATE_LIMIT_HEADERS}
    result.is_edn = False
    return result


def _is_on(server: str | None, first: str | None) -> bool:
    """Whether the version of Server that is played has what came with the version `first`; the cloud has all."""
    return server is None or (first is not None and _version(server) >= _version(first))


def _version(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]


def _unknown_path(path: str) -> Answer:
    below = path.removeprefix(PREFIX)
    if any(below == service or below.startswith(f"{service}/") for service in _GO_SERVICES):
        return Answer("404 page not found", 404, content_type="text/plain; charset=utf-8")
    result = RefusedError(404, "Not Found").answer
    result.is_edn = False
    return result


def _admit(state: State, call: Call, route: Route, raw: dict[str, str]) -> V2Request:
    token = state.tokens.get(call.token) if call.token else None
    params = {name: unquote(value) for name, value in raw.items()}
    slug = _slug(raw)
    if slug is None:
        request = V2Request(state, call, params, token, None, route.absent, route.public)
        if token is None and not route.public:
            raise RefusedError(401, "You must log in first")
        if token is not None and token.user is None:
            raise request.missing()
        return request
    project = state.find_project(slug)
    request = V2Request(state, call, params, token, project, route.absent, route.public)
    if project is None and request.user is not None:
        _refuse_names(slug)
    request.seen(project, lambda found: found)
    return request


def _slug(raw: dict[str, str]) -> str | None:
    """Return the slug or the uuid in the path; None if there is none.

    A slug whose slashes are encoded is none of a project (api-v2-pipelines.md §1.5), so they stay as they are.
    """
    if (slug := raw.get("project-slug")) is not None:
        return "/".join(unquote(part) for part in slug.split("/")) if "/" in slug else slug
    if "provider" in raw:
        return "/".join(unquote(raw[name]) for name in ("provider", "organization", "project"))
    return None


def _refuse_names(slug: str) -> None:
    """Refuse the slug of an App's project that is made of names, not of ids. The end of the text is not on record."""
    vcs, *pieces = slug.split("/")
    if vcs == "circleci" and not all(_SLUG_PIECE.fullmatch(piece) for piece in pieces):
        raise RefusedError(400, f"Invalid project slug {slug}")
