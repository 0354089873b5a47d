# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outbound webhooks: api-v2-provisioning.md §2.

Requests spell two keys with a hyphen, answers with an underscore; what is unknown is ignored, so the wrong spelling is
not refused.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from emulator.http.exchange import Answer, RefusedError
from emulator.world.model import Project, timestamp
from emulator.world.webhooks import EVENTS, Webhook, Webhooks

from .routing import Missing, V2Request, route

_ABSENT: Final = Missing("Webhook not found.")
_FORBIDDEN: Final = "The webhook does not exist or you do not have the required permission"


@route("GET", "/webhook")
def list_webhooks(request: V2Request) -> Answer:
    """Return the webhooks of a project on one page."""
    project = _scope(request, request.call.query.get("scope-id"), request.call.query.get("scope-type"))
    items = [_shape(webhook) for webhook in request.state.part(Webhooks).of(project)]
    return Answer({"items": items, "next_page_token": None})


@route("POST", "/webhook")
def create_webhook(request: V2Request) -> Answer:
    fields, webhooks = request.call.fields, request.state.part(Webhooks)
    scope = fields.get("scope")
    if not (isinstance(scope, dict) and all(fields.get(name) for name in ("name", "url", "events"))):
        raise RefusedError(400, "Invalid request body.")
    project = _scope(request, scope.get("id"), scope.get("type"))
    changes = _changes(request)
    if len(webhooks.of(project)) >= webhooks.switches.webhook_limit:
        # Neither the code nor the text of this answer is known.
        raise RefusedError(400, "Webhook limit reached.")
    return Answer(_shape(webhooks.add(project, **changes)), 201)


@route("GET", "/webhook/:webhook-id", absent=_ABSENT)
def get_webhook(request: V2Request) -> Answer:
    return Answer(_shape(_known(request)))


@route("PUT", "/webhook/:webhook-id", absent=_ABSENT)
def update_webhook(request: V2Request) -> Answer:
    """Change what is sent; the scope is ignored."""
    webhook = _known(request)
    changes = _changes(request)
    if "events" in changes:
        changes["events"] = list(reversed(changes["events"]))
    for name, value in changes.items():
        setattr(webhook, name, value)
    webhook.updated = max(request.state.now(), webhook.updated + 0.001)
    return Answer(_shape(webhook))


@route("DELETE", "/webhook/:webhook-id", absent=_ABSENT)
def delete_webhook(request: V2Request) -> Answer:
    del request.state.part(Webhooks).all[_known(request).id]
    return Answer({"message": "Webhook deleted."})


def _scope(request: V2Request, id_: object, type_: object) -> Project:
    """Return the project that a webhook belongs to. Only the code for another type is known."""
    if type_ != "project":
        raise RefusedError(400, "Invalid scope type.")
    project = request.state.find_project(id_) if isinstance(id_, str) and "/" not in id_ else None
    return request.seen(project, lambda found: found)


def _known(request: V2Request) -> Webhook:
    webhook = request.state.part(Webhooks).all.get(request.params["webhook-id"])
    found = request.seen(webhook, lambda found: found.project)
    if not found.project.admin:
        raise RefusedError(403, _FORBIDDEN)
    return found


def _changes(request: V2Request) -> dict[str, Any]:
    """Return what a request sets, by the names of `Webhook`. The texts of the refusals are guesses."""
    switches = request.state.part(Webhooks).switches
    verify, secret = (
        ("verify_tls", "signing_secret") if switches.underscored_webhook_keys else ("verify-tls", "signing-secret")
    )
    kinds = {"name": (str, "name"), "url": (str, "url"), "events": (list, "events"), verify: (bool, "verify_tls"),
             secret: (str, "secret")}  # fmt: skip
    changes = {}
    for key, (kind, name) in kinds.items():
        if key in request.call.fields:
            changes[name] = request.call.fields[key]
            if not isinstance(changes[name], kind):
                raise RefusedError(400, "Invalid request body.")
    if not set(changes.get("events", ())) <= EVENTS or changes.get("events") == []:
        raise RefusedError(400, "Invalid events.")
    if "url" in changes and urlsplit(changes["url"]).scheme != "https":
        raise RefusedError(400, "Invalid URL.")
    if changes.get("secret") == "" and switches.keep_webhook_secrets:
        del changes["secret"]
    return changes


def _shape(webhook: Webhook) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": webhook.events,
        "scope": {"id": webhook.project.id, "type": "project"},
        "verify_tls": webhook.verify_tls,
        "created_at": timestamp(webhook.created),
        "updated_at": timestamp(webhook.updated),
    }
    return shape | ({"signing_secret": "****"} if webhook.secret else {})
