# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Contexts of an organization with their variables and restrictions: reading them (VF §1)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import ServerText, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, unusable
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side
from ansible_collections.community.circleci.plugins.module_utils._task.words import each_once
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Organization

LIST = "v2/context"
LONGEST_PAGE = 100  # variables
GROUP = "group"
ALL_MEMBERS = "All members"
"""What CircleCI calls the restriction that each new context has: all members of the organization may use it."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Owner:
    """Whose contexts they are, as the API wants to be told.

    :param kind: ``organization`` on the cloud, ``account`` on CircleCI Server
    """

    organization: Organization
    kind: str

    @property
    def query(self) -> Json:
        """For the list."""
        slug = self.organization.short_slug
        if slug is not None:
            return {"owner-slug": slug}
        return {"owner-id": self.organization.name, "owner-type": None if self.kind == "organization" else self.kind}

    @property
    def body(self) -> Json:
        """For a new context."""
        slug = self.organization.short_slug
        named = {"id": self.organization.name} if slug is None else {"slug": slug}
        return {**named, "type": self.kind}


@dataclass
class Content:
    """What is in a context.

    :param organization_id: None when CircleCI does not say
    :param env_vars: by name: ``masked_value`` (None when CircleCI does not say), ``created_at``, ``updated_at``
    :param restrictions: ``id``, ``type``, ``value`` and ``name`` of each
    """

    organization_id: str | None
    env_vars: dict[str, Json]
    restrictions: list[Json]

    def copy(self) -> Content:
        """One that can be changed alone."""
        return Content(self.organization_id, dict(self.env_vars), list(self.restrictions))

    @property
    def shows_masks(self) -> bool:
        """Whether CircleCI shows ends of values. It is taken to do so as long as there is nothing to see."""
        return not self.env_vars or any(each["masked_value"] is not None for each in self.env_vars.values())

    def shown_env_vars(self) -> list[Json]:
        """The variables as modules return them, by name."""
        return [{"name": name, **self.env_vars[name]} for name in sorted(self.env_vars)]

    def is_all_members(self, restriction: Json) -> bool:
        """Whether a restriction is the one that lets all members in: its value and id are the organization's."""
        if restriction["type"] != GROUP:
            return False
        return bool(restriction["value"] == (self.organization_id or restriction["id"]))


def told(restriction: Json) -> Json:
    """A restriction in diffs and among changes. Groups go by their names, which people know."""
    value = None if restriction["type"] == GROUP else restriction["value"]
    return {"type": restriction["type"], "value": value, "name": restriction["name"]}


@contextlib.contextmanager
def naming(what: str) -> Iterator[None]:
    """Let failures of requests say what they are about: ids in paths say nothing to people."""
    try:
        yield
    except CircleCIError as error:
        if error.method is not None:
            error.message = f"{what}: {error.message}"
        raise


def path_of(context_id: str, *segments: str) -> str:
    """A path of the API below a context."""
    return "/".join([LIST, *map(segment, (context_id, *segments))])


def open_list(client: Client, organization: Organization) -> tuple[Owner, Iterator[Json]]:
    """The contexts of an organization, read page by page as they are needed.

    Who is known by a uuid may be an account of CircleCI Server. The cloud refuses that word, and Server needs it.

    :returns: the owner as this CircleCI takes it, and ``id``, ``name``, ``organization`` and ``created_at`` of each
    :raises CircleCIError: when the organization does not exist or cannot be seen
    """
    kinds = ["organization"] if organization.vcs_type else ["organization", "account"]
    refusal: CircleCIError | None = None
    empty: Owner | None = None
    for kind in kinds:
        owner = Owner(organization, kind)
        items = client.iterate(LIST, **owner.query)
        try:
            first = next(items, None)
        except CircleCIError as error:
            if error.status not in (400, 404):
                raise
            refusal = refusal or error
            continue
        if first is not None:
            return owner, (_described(item, organization) for item in chain([first], items))
        empty = empty or owner
    if empty is None:
        raise refusal or AssertionError("each kind is answered or refused")
    return empty, iter(())


def find(listed: Iterator[Json], name: str) -> Json | None:
    """The context of a name, which organizations have once. Case matters. What comes after it is not read."""
    return next((context for context in listed if context["name"] == name), None)


def read_content(client: Client, context_id: str) -> Content:
    """What is in a context, with one request where CircleCI answers all of it (VF §1).

    :raises CircleCIError: when it is gone or forbidden, which CircleCI does not tell apart
    """
    path = path_of(context_id)
    whole = client.get_object(path)
    if whole.get("id") != context_id:
        raise _odd(path, "it is about something else.")
    variables, restrictions = whole.get("environment_variables"), whole.get("restrictions")
    if not isinstance(variables, list):
        listed = client.get_object(path_of(context_id, "environment-variable"))
        variables = listed.get("items")
        if listed.get("next_page_token") or (isinstance(variables, list) and len(variables) >= LONGEST_PAGE):
            # The token for the next page brings this one again.
            client.warn(
                f"CircleCI lists only the first {LONGEST_PAGE} variables of this context. Others, if there are any, "
                "are not seen: they are neither compared nor removed."
            )
    if not isinstance(restrictions, list):
        restrictions = client.get_items(path_of(context_id, "restrictions"))
    organization_id = whole.get("org_id")
    return Content(
        organization_id if isinstance(organization_id, str) else None,
        dict(_each(path, variables, _variable)),
        list(_each(path, restrictions, _restriction)),
    )


def read_contexts(
    client: Client,
    organization: Organization,
    name: str | None,
    concurrency: int,
    *,
    env_vars: bool,
    restrictions: bool,
) -> list[Json]:
    """Contexts as ``circleci_context_info`` returns them, in the order in which CircleCI lists them.

    :param name: only the one of this name
    :param concurrency: how many are read at a time
    :raises CircleCIError: when one of them cannot be read
    """
    with naming(f"Contexts of {organization}"):
        _owner, listed = open_list(client, organization)
        contexts = list(listed) if name is None else [context for context in (find(listed, name),) if context]
    if not (env_vars or restrictions):
        return contexts

    def read(context: Json) -> tuple[Json, list[str]]:
        own = client.copy()
        with naming(f"Context {context['name']} of {organization}"):
            content = read_content(own, context["id"])
        more: Json = {"env_vars": content.shown_env_vars()} if env_vars else {}
        if restrictions:
            more["restrictions"] = content.restrictions
        return {**context, **more}, own.warnings

    found = side_by_side(client, read, contexts, concurrency)
    warned = ((f"Context {context['name']}", warning) for context, warnings in found for warning in warnings)
    for warning in each_once(warned):
        client.warn(warning)
    return [context for context, _warnings in found]


def described(item: Json, organization: Organization) -> Json:
    """A context as modules return it.

    :raises ValueError: when it is none
    """
    known = with_fields(id=str, name=str)(item)
    return {
        "id": known["id"],
        "name": known["name"],
        "organization": str(organization),
        "created_at": _text(item.get("created_at")),
    }


def _described(item: Json, organization: Organization) -> Json:
    try:
        return described(item, organization)
    except ValueError as exc:
        raise _odd(LIST, f"an entry is no context: {exc}") from exc


def _variable(item: Any) -> tuple[str, Json]:
    known = with_fields(variable=str)(item)
    return ServerText(known["variable"]), {
        "masked_value": _text(known.get("truncated_value")),
        "created_at": _text(known.get("created_at")),
        "updated_at": _text(known.get("updated_at")),
    }


def _restriction(item: Any) -> Json:
    known = with_fields(id=str, restriction_type=str, restriction_value=str)(item)
    return {
        "id": known["id"],
        "type": known["restriction_type"],
        "value": known["restriction_value"],
        "name": _text(known.get("name")),
    }


def _each(path: str, items: Any, read: Callable[[Any], Any]) -> Iterator[Any]:
    if not isinstance(items, list):
        raise _odd(path, "a list is missing.")
    try:
        yield from map(read, items)
    except ValueError as exc:
        raise _odd(path, str(exc)) from exc


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _odd(path: str, why: str) -> CircleCIError:
    return unusable(f"CircleCI's answer to GET /api/{path} cannot be used: {why}", path)
