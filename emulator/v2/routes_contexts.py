# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contexts: api-v2-provisioning.md §1 and §8. This is a service in Go, which ignores what it does not know."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.contexts import Context, Contexts, DuplicateError, Restriction, Variable, is_expression
from emulator.world.model import Organization, timestamp

from .paging import page
from .routing import Missing, V2Request, route

Json = dict[str, Any]
# Gone, foreign and forbidden are one.
_FORBIDDEN: Final = Missing("Forbidden", 403)
# The text was reported, its status was not.
_NO_OWNER: Final = Missing("The requested owner does not exist or you don't have permission to list its contexts.")
_CONTEXT: Final = "/context/:context-id"
_VARIABLES: Final = f"{_CONTEXT}/environment-variable"
_RESTRICTIONS: Final = f"{_CONTEXT}/restrictions"


@route("GET", "/context", absent=_FORBIDDEN)
def list_contexts(request: V2Request) -> Answer:
    """Return an organization's contexts, by name. That `name` finds parts of names is not documented."""
    query = request.call.query
    organization = _owner(request, query.get("owner-id"), query.get("owner-slug"), query.get("owner-type"))
    part = query.get("name", "").casefold()
    return page(
        request, [context for context in _contexts(request).of(organization) if part in context.name.casefold()], _brief
    )


@route("POST", "/context", absent=_FORBIDDEN)
def create_context(request: V2Request) -> Answer:
    fields, contexts = request.call.fields, _contexts(request)
    owner, name = fields.get("owner"), fields.get("name")
    if not isinstance(owner, dict) or not isinstance(name, str):
        raise RefusedError(400, "Invalid body.")
    organization = _owner(request, owner.get("id"), owner.get("slug"), owner.get("type"))
    try:
        return Answer(_brief(contexts.add(organization, name)))
    except DuplicateError as error:
        status = 409 if contexts.switches.duplicate_context_409 else 400
        raise RefusedError(status, "A context already exists with this name") from error
    except ValueError as error:
        # The text is a guess.
        raise RefusedError(400, "Invalid context name.") from error


@route("GET", _CONTEXT, absent=_FORBIDDEN)
def get_context(request: V2Request) -> Answer:
    context = _context(request)
    answer = _brief(context)
    if not _contexts(request).switches.bare_contexts:
        variables = sorted(context.variables.items())
        answer |= {
            "org_id": context.organization.id,
            "environment_variables": [_variable(request, name, variable) for name, variable in variables],
            "restrictions": [_restriction(request, context, each) for each in context.restrictions],
        }
    return Answer(answer)


@route("DELETE", _CONTEXT, absent=_FORBIDDEN)
def delete_context(request: V2Request) -> Answer:
    del _contexts(request).known[_context(request).id]
    return Answer({"message": "Context deleted."})


@route("GET", _VARIABLES, absent=_FORBIDDEN)
def list_variables(request: V2Request) -> Answer:
    """Return the first hundred variables. The token for the next page is of no use: it brings this page again."""
    context = _context(request)
    names = sorted(context.variables)
    listed = [{"context_id": context.id, **_variable(request, name, context.variables[name])} for name in names[:100]]
    return Answer({"items": listed, "next_page_token": "eyJwYWdlIjoxfQ" if len(names) > 100 else None})


@route("PUT", f"{_VARIABLES}/:name", absent=_FORBIDDEN)
def put_variable(request: V2Request) -> Answer:
    """Set a variable. Only `value` is read: with anything else in its place the variable is empty."""
    context, name, fields = _context(request), request.params["name"], request.call.fields
    value = fields.get("value", "")
    if not fields or not isinstance(value, str):
        raise RefusedError(400, "Invalid body.")
    try:
        variable = _contexts(request).put(context, name, value)
    except DuplicateError as error:
        raise RefusedError(400, "Cannot create more than 100 environment variables per context") from error
    except ValueError as error:
        # The text is a guess.
        raise RefusedError(400, "Invalid environment variable name.") from error
    answer = {"context_id": context.id, **_variable(request, name, variable)}
    answer.pop("truncated_value", None)
    return Answer(answer)


@route("DELETE", f"{_VARIABLES}/:name", absent=_FORBIDDEN)
def delete_variable(request: V2Request) -> Answer:
    """Remove a variable. What is said of one that is not there, nobody has written down."""
    gone = _context(request).variables.pop(request.params["name"], None)
    if gone is None and _contexts(request).switches.absent_context_variable_404:
        raise RefusedError(404, "Environment variable not found.")
    return Answer({"message": "Environment variable deleted."})


@route("GET", _RESTRICTIONS, absent=_FORBIDDEN)
def list_restrictions(request: V2Request) -> Answer:
    context = _context(request)
    return Answer({"items": [_restriction(request, context, each) for each in context.restrictions]})


@route("POST", _RESTRICTIONS, absent=_FORBIDDEN)
def create_restriction(request: V2Request) -> Answer:
    context, fields = _context(request), request.call.fields
    kind, value = fields.get("restriction_type"), fields.get("restriction_value")
    if kind not in ("project", "expression", "group") or not isinstance(value, str) or not value:
        raise RefusedError(400, "Invalid body.")
    if kind == "group" and context.organization.is_app:
        raise RefusedError(400, "This is only supported for OAuth orgs.")
    if kind == "group" and value != context.organization.id:
        raise RefusedError(400, "Invalid restriction.")
    if kind == "expression" and not is_expression(value):
        raise RefusedError(400, "Invalid argument.")
    contexts = _contexts(request)
    if kind == "project" and not contexts.switches.any_project_restriction and not _is_project(request, value):
        # What the service says is not known.
        raise RefusedError(400, "Invalid restriction.")
    try:
        made = contexts.restrict(context, kind, value)
    except DuplicateError as error:
        raise RefusedError(409, "Request conflict.") from error
    answer = _restriction(request, context, made)
    del answer["name"]
    return Answer(answer, 201)


@route("DELETE", f"{_RESTRICTIONS}/:restriction-id", absent=_FORBIDDEN)
def delete_restriction(request: V2Request) -> Answer:
    context = _context(request)
    for restriction in context.restrictions:
        if restriction.id == request.params["restriction-id"]:
            context.restrictions.remove(restriction)
            return Answer({"message": "Context restriction deleted."})
    raise RefusedError(404, "restriction not found")


def _contexts(request: V2Request) -> Contexts:
    return request.state.part(Contexts)


def _context(request: V2Request) -> Context:
    found = _contexts(request).known.get(request.params["context-id"])
    if found is None:
        raise request.missing()
    return found


def _owner(request: V2Request, id_: object, slug: object, kind: object) -> Organization:
    """Return the organization that is named: on the cloud by id or slug, on Server as an account by its id."""
    on_server = request.state.switches.server is not None
    if id_ is None and (slug is None or on_server):
        raise RefusedError(400, "must specify either owner-slug or owner-id")
    if on_server and kind != "account":
        # Neither status nor text is known.
        raise RefusedError(400, "Invalid owner type - only account is supported at present")
    if not on_server and kind not in (None, "organization"):
        raise RefusedError(400, "Invalid owner type - only organization is supported at present")
    found = request.state.find_organization(str(slug if id_ is None else id_))
    if found is None or (id_ is not None and found.id != id_):
        raise _NO_OWNER.error()
    return found


def _is_project(request: V2Request, uuid: str) -> bool:
    found = request.state.find_project(uuid)
    return found is not None and found.id == uuid and found.set_up


def _brief(context: Context) -> Json:
    return {"id": context.id, "name": context.name, "created_at": timestamp(context.created)}


def _variable(request: V2Request, name: str, variable: Variable) -> Json:
    switches = _contexts(request).switches
    answer: Json = {"variable": name, "truncated_value": variable.tail, "created_at": timestamp(variable.created)}
    if switches.omit_truncated_value:
        del answer["truncated_value"]
    return answer if switches.omit_updated_at else {**answer, "updated_at": timestamp(variable.updated)}


def _restriction(request: V2Request, context: Context, restriction: Restriction) -> Json:
    answer: Json = {
        "context_id": context.id,
        "id": restriction.id,
        "name": _contexts(request).name_of(context, restriction),
        "restriction_type": restriction.kind,
        "restriction_value": restriction.value,
    }
    return {**answer, "project_id": restriction.value} if restriction.kind == "project" else answer
