# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Triggers of pipeline definitions: api-v2-provisioning.md §3.2. The texts of the refusals are guesses.

Those that run by a schedule are understood, and those that run by a call.
"""

from __future__ import annotations

import secrets
from typing import Any, Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.definitions import Definition, Definitions
from emulator.world.model import Project, timestamp
from emulator.world.schedules import SYSTEM_ID
from emulator.world.triggers import Trigger, Triggers

from .routing import Missing, V2Request, route

_PATH: Final = "/projects/:id/pipeline-definitions/:definition-id/triggers"
_NO_DEFINITION: Final = Missing("Pipeline definition not found.")
_NO_TRIGGER: Final = Missing("Trigger not found.")


@route("GET", _PATH, absent=_NO_DEFINITION, server=None)
def list_triggers(request: V2Request) -> Answer:
    triggers = request.state.part(Triggers).of(_known(request)[1])
    return Answer({"items": [_trigger(request, each) | _created(each) for each in triggers]})


@route("POST", _PATH, absent=_NO_DEFINITION, server=None)
def create_trigger(request: V2Request) -> Answer:
    """Make a trigger. Its answer alone has the secret of a URL, and no date."""
    (project, definition), fields = _known(request), request.call.fields
    source = fields.get("event_source")
    provider = source.get("provider") if isinstance(source, dict) else None
    if provider not in ("schedule", "webhook") or not isinstance(source, dict):
        raise RefusedError(400, "invalid event source")
    if not all(isinstance(fields.get(name), str) for name in ("event_name", "checkout_ref", "config_ref")):
        raise RefusedError(400, "event_name, checkout_ref and config_ref are required")
    details = dict(source[provider]) if isinstance(source.get(provider), dict) else {}
    if provider == "webhook":
        details["secret"] = secrets.token_hex(16)
    else:
        _check_schedule(request, details, required=True)
    trigger = request.state.part(Triggers).add(
        project,
        definition,
        event_source={"provider": provider, provider: details},
        event_name=fields["event_name"],
        checkout_ref=fields["checkout_ref"],
        config_ref=fields["config_ref"],
        parameters=fields.get("parameters"),
        disabled=fields.get("disabled") is True,
    )
    return Answer(_trigger(request, trigger, secret=details.get("secret")))


@route("GET", "/projects/:id/triggers/:trigger-id", absent=_NO_TRIGGER, server=None)
def get_trigger(request: V2Request) -> Answer:
    trigger = _known_trigger(request)
    return Answer(_trigger(request, trigger) | _created(trigger))


@route("PATCH", "/projects/:id/triggers/:trigger-id", absent=_NO_TRIGGER, server=None)
def update_trigger(request: V2Request) -> Answer:
    """Change what is sent, but neither the provider nor the definition."""
    trigger, fields = _known_trigger(request), request.call.fields
    provider = trigger.event_source["provider"]
    source = fields.get("event_source", {})
    if not isinstance(source, dict) or source.get("provider", provider) != provider:
        raise RefusedError(400, "the provider cannot be changed")
    details = source.get(provider, {})
    if provider == "schedule":
        _check_schedule(request, details, required=False)
    trigger.event_source = {"provider": provider, provider: trigger.event_source[provider] | details}
    for name in fields.keys() & {"event_name", "checkout_ref", "config_ref", "parameters", "disabled"}:
        setattr(trigger, name, fields[name])
    return Answer(_trigger(request, trigger) | _created(trigger))


@route("DELETE", "/projects/:id/triggers/:trigger-id", absent=_NO_TRIGGER, server=None)
def delete_trigger(request: V2Request) -> Answer:
    del request.state.part(Triggers).all[_known_trigger(request).id]
    return Answer({"message": "Trigger deleted."})


def _project(request: V2Request) -> Project:
    id_ = request.params["id"]
    project = request.state.find_project(id_) if "/" not in id_ else None
    return request.seen(project, lambda found: found)


def _known(request: V2Request) -> tuple[Project, Definition]:
    project = _project(request)
    for definition in request.state.part(Definitions).of(project):
        if definition.id == request.params["definition-id"]:
            return project, definition
    raise request.missing()


def _known_trigger(request: V2Request) -> Trigger:
    project = _project(request)
    found = request.state.part(Triggers).all.get(request.params["trigger-id"])
    if found is None or found.project is not project:
        raise request.missing()
    return found


def _check_schedule(request: V2Request, details: dict[str, Any], *, required: bool) -> None:
    """Check what a schedule is sent, and put the id of its actor in the place of a word."""
    expression, actor = details.get("cron_expression"), details.get("attribution_actor")
    if (expression is not None or required) and (not isinstance(expression, str) or len(expression.split()) != 5):
        raise RefusedError(400, "invalid cron expression")
    if actor is not None or required:
        if actor not in ("current", "system"):
            raise RefusedError(400, "invalid attribution actor")
        details["attribution_actor"] = request.personal.id if actor == "current" else SYSTEM_ID


def _trigger(request: V2Request, trigger: Trigger, *, secret: str | None = None) -> dict[str, Any]:
    provider = trigger.event_source["provider"]
    details = dict(trigger.event_source[provider])
    if provider == "schedule":
        details["attribution_actor"] = {"id": details["attribution_actor"]}
    elif details.pop("secret", None):
        details["url"] = f"{request.call.base_url}/private/soc/e/{trigger.id}?secret={secret or '**REDACTED**'}"
    shape = {
        "id": trigger.id,
        "event_source": {"provider": provider, provider: details},
        "event_name": trigger.event_name,
        "checkout_ref": trigger.checkout_ref,
        "config_ref": trigger.config_ref,
    }
    if trigger.parameters:
        shape["parameters"] = trigger.parameters
    return shape | ({"disabled": True} if trigger.disabled else {})


def _created(trigger: Trigger) -> dict[str, Any]:
    return {"created_at": timestamp(trigger.created)}
