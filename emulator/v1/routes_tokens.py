# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A project's tokens: api-v1.1.md §3.8. Status codes and texts are those of other calls; none is on record."""

from __future__ import annotations

import secrets
from typing import Any, get_args

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import Request
from emulator.world.model import Scope, Token, timestamp

from .routing import PROJECT, Access, route


@route("GET", f"{PROJECT}/token", Access.PERSONAL)
def list_tokens(request: Request) -> Answer:
    """Return the project's tokens without their secret texts."""
    return Answer([_shape(request, token) for token in _tokens(request).values()])


@route("POST", f"{PROJECT}/token", Access.PERSONAL, changes_settings=True)
def create_token(request: Request) -> Answer:
    """Make one more token; only this answer shows its text."""
    label: Any = request.call.fields.get("label")
    scope: Any = request.call.fields.get("scope")
    if not isinstance(label, str) or scope not in get_args(Scope):
        raise RefusedError(400, f"A token needs a label and a scope (valid scopes are {', '.join(get_args(Scope))})")
    text = secrets.token_hex(20)
    token = request.state.add_token(text, project=request.project.slug, label=label, scope=scope)
    return Answer({**_shape(request, token), "token": text}, 201)


@route("DELETE", f"{PROJECT}/token/:id", Access.PERSONAL, changes_settings=True)
def delete_token(request: Request) -> Answer:
    for text, token in _tokens(request).items():
        if token.id == request.params["id"]:
            del request.state.tokens[text]
            return Answer({"message": "ok"})
    raise RefusedError(404, "token not found")


def _tokens(request: Request) -> dict[str, Token]:
    slug = request.project.slug
    return {text: token for text, token in request.state.tokens.items() if token.project == slug}


def _shape(request: Request, token: Token) -> dict[str, str | None]:
    shape: dict[str, str | None] = {"id": token.id, "label": token.label, "scope": token.scope}
    if not request.state.switches.undated_tokens:
        shape["time"] = timestamp(token.created)
    return shape
