# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The writes that change what is in a context (VF §1.1, §1.2)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.contexts import (
    GROUP,
    Content,
    Json,
    path_of,
    read_content,
    told,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN
from ansible_collections.community.circleci.plugins.module_utils._values.masks import tail
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

_VARIABLES = "environment-variable"
_RESTRICTIONS = "restrictions"


@dataclass
class Step:
    """One write.

    :param change: ``added``, ``removed`` or ``updated``
    :param thing: what is changed, as results tell it
    :param send: sends it and returns what came of it
    :param note: puts that into the content of the context
    :param foretold: what comes of it, as far as it can be known
    """

    change: str
    thing: Json
    send: Callable[[], Any]
    note: Callable[[Content, Any], None]
    foretold: Any = None


def set_variable(client: Client, context: Json, content: Content, variable: WantedVariable) -> Step:
    """Make a variable, or give it another value."""
    name, before = variable.name, content.env_vars.get(variable.name)
    end = tail(variable.value) if content.shows_masks else None

    def seen() -> Json | None:
        now = read_content(client, context["id"]).env_vars.get(name)
        # Where nothing is in the context yet, nobody knows whether ends are shown.
        if now is None or now == before or now["masked_value"] not in (None, end):
            return None
        return now

    def note(after: Content, _answer: object) -> None:
        # Its dates are read when everything is written.
        created_at = before["created_at"] if before else UNKNOWN
        after.env_vars[name] = {"masked_value": end, "created_at": created_at, "updated_at": UNKNOWN}

    return Step(
        "updated" if before else "added",
        {"kind": "env_var", "name": name},
        lambda: client.write(
            "PUT",
            path_of(context["id"], _VARIABLES, name),
            {"value": variable.value},
            repeatable=True,
            seen=seen,
            shape=_saying(variable=name),
        ),
        note,
    )


def remove_variable(client: Client, context: Json, name: str) -> Step:
    """Remove a variable."""

    def gone() -> bool:
        return name not in read_content(client, context["id"]).env_vars

    def note(after: Content, _answer: object) -> None:
        del after.env_vars[name]

    path = path_of(context["id"], _VARIABLES, name)
    return Step("removed", {"kind": "env_var", "name": name}, lambda: delete(client, path, gone), note)


def add_restriction(client: Client, context: Json, restriction: Json) -> Step:
    """Restrict a context.

    :param restriction: ``type``, ``value`` and ``name``
    """
    kind, value = restriction["type"], restriction["value"]

    def look() -> Json | None:
        found = read_content(client, context["id"]).restrictions
        return next((each for each in found if (each["type"], each["value"]) == (kind, value)), None)

    def send() -> Any:
        try:
            return client.write(
                "POST",
                path_of(context["id"], _RESTRICTIONS),
                {"restriction_type": kind, "restriction_value": value},
                # All members can be let in twice without harm. A second of the others may be refused, or made.
                repeatable=kind == GROUP,
                seen=look,
                shape=_saying("id", restriction_type=kind, restriction_value=value),
            )
        except CircleCIError as error:
            there = look() if error.status == 409 and not error.doubtful else None
            if there is None:
                raise
            client.wrote = True
            return there

    def note(after: Content, answer: Json) -> None:
        after.restrictions.append({"id": answer["id"], **restriction})

    return Step("added", {"kind": "restriction", **told(restriction)}, send, note, {"id": UNKNOWN})


def remove_restriction(client: Client, context: Json, restriction: Json) -> Step:
    """Lift a restriction."""
    own = restriction["id"]

    def gone() -> bool:
        return own not in [each["id"] for each in read_content(client, context["id"]).restrictions]

    return Step(
        "removed",
        {"kind": "restriction", **told(restriction)},
        lambda: delete(client, path_of(context["id"], _RESTRICTIONS, own), gone),
        lambda after, _answer: after.restrictions.remove(restriction),
    )


def delete(client: Client, path: str, gone: Callable[[], bool]) -> None:
    """Delete something of contexts. CircleCI says of what is gone that it is forbidden, or not there: a look tells.

    :param gone: looks whether it is
    :raises CircleCIError: when it may still be there
    """
    try:
        client.delete(path, gone=gone)
    except CircleCIError as error:
        if error.doubtful or error.status not in (403, 404) or not gone():
            raise
        client.wrote = True


def _saying(*fields: str, **values: str) -> Callable[[Any], Json]:
    """A shape for :meth:`Client.write`: an answer with some texts, some of which are what was asked for."""
    shape = with_fields(**dict.fromkeys((*fields, *values), str))

    def check(answer: Any) -> Json:
        known = shape(answer)
        other = [name for name, value in values.items() if known[name] != value]
        if other:
            raise ValueError(f"its {other[0]} is another one.")
        return known

    return check
