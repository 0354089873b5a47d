# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole API as one function from a call to an answer."""

from __future__ import annotations

import re

# The route modules register their functions when they are imported.
from emulator.v1 import routes_builds, routes_keys, routes_project, routes_tokens, routes_user, storage
from emulator.v2 import routes_workflows
from emulator.world.state import State

from .exchange import Answer, Call, RefusedError, forbidden, html_not_found
from .routing import V2, Route, admit, find

__all__ = [
    "answer",
    "routes_builds",
    "routes_keys",
    "routes_project",
    "routes_tokens",
    "routes_user",
    "routes_workflows",
]


def answer(state: State, call: Call) -> Answer:
    """Carry out a call and return the answer. The caller holds `state.lock`."""
    state.machine.settle()
    if call.method == "GET" and call.body:
        return forbidden()
    if stored := storage.answer(state, call):
        return stored
    if call.path.startswith("/api/") and call.path.endswith("/"):
        query = f"?{call.query_string}" if call.query_string else ""
        return Answer("", 302, {"Location": f"{call.base_url}{call.path.rstrip('/')}{query}"}, "text/plain")
    found = find(call.method, _routed_path(call.path))
    if found is None:
        return RefusedError(404, "Not Found").answer if call.path.startswith(f"{V2}/") else html_not_found()
    return _route(state, call, *found)


def _routed_path(path: str) -> str:
    """Return the path as routes know it.

    `/api/v1` is the same API with GitHub implied (api-v1.1.md §1.1); slashes in a row, as some clients send, are one.
    """
    path = re.sub("//+", "/", path)
    for old, new in (("/api/v1/project/", "/api/v1.1/project/github/"), ("/api/v1/", "/api/v1.1/")):
        if path.startswith(old):
            return new + path.removeprefix(old)
    return path


def _route(state: State, call: Call, found: Route, params: dict[str, str]) -> Answer:
    try:
        result = found.handler(admit(state, call, found, params))
    except RefusedError as refusal:
        result = refusal.answer
    if result.body == "" and state.switches.empty_bodies:
        result.content_type = "text/plain; charset=utf-8"
    result.headers["X-Route"] = found.template
    if call.method == "GET":
        result.headers["Access-Control-Allow-Origin"] = "*"
        if state.switches.cache_control:
            result.headers["Cache-Control"] = state.switches.cache_control
    return result
