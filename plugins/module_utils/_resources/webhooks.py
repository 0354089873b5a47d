# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Outbound webhooks of a project: reading, planning and applying (VF §2).

The API ignores what it does not know, and it knows other spellings in requests than it uses in answers. So a success
alone says nothing of TLS verification and of the secret: the answer is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import is_loopback, segment
from ansible_collections.community.circleci.plugins.module_utils._resources.named import (
    Step,
    Thing,
    await_listed,
    changing,
    checked_name,
    not_taken,
    plan_steps,
    the_one,
    warn_of_white_ends,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Plan
from ansible_collections.community.circleci.plugins.module_utils._values.masks import REPLACED
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import (
    TAKEN,
    has_white_ends,
    white_ends,
)

KIND = "webhook"
EVENTS = ("workflow-completed", "job-completed")
ALWAYS = "always"
ON_CREATE = "on_create"

WEBHOOK: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "url": {"type": "str"},
    "events": {"type": "list", "elements": "str", "choices": list(EVENTS)},
    "verify_tls": {"type": "bool", "default": True},
    "signing_secret": {"type": "str", "no_log": True},
    "update_secret": {"type": "str", "choices": [ON_CREATE, ALWAYS], "default": ON_CREATE, "no_log": False},
}

Webhook = Thing
"""``id``, ``name``, ``url``, ``events`` (sorted), ``verify_tls``, ``has_signing_secret`` and ``created_at``; further
``updated_at``, which is not returned."""


@dataclass(frozen=True)
class WantedWebhook:
    """A webhook that a project is to have, or not. See the options of :data:`WEBHOOK`.

    :param url: None only for one that is to be absent
    """

    name: str
    present: bool
    url: str | None
    events: tuple[str, ...]
    verify_tls: bool
    signing_secret: str | None = field(repr=False)
    update_secret: str

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedWebhook:
        """Check the options of a task.

        :raises CircleCIError: for what CircleCI would refuse, or not do
        """
        name, present, secret = (
            checked_name(KIND, params["name"]),
            params["state"] == "present",
            params["signing_secret"],
        )
        if present and secret is not None and not secret:
            raise invalid(
                f"signing_secret of webhook {plain(name)} is empty.",
                "Leave it out for a webhook without a secret. To remove a secret, remove the webhook and make it anew.",
            )
        if params["update_secret"] == ALWAYS and secret is None and present:
            raise invalid(f"update_secret: always of webhook {plain(name)} needs signing_secret.")
        if present and not (params["url"] and params["events"]):
            raise invalid(f"Webhook {plain(name)} needs url and events.", f"events lists some of {', '.join(EVENTS)}.")
        if present:
            _require_address(name, params["url"])
        events = tuple(sorted(set(params["events"] or ())))
        if unknown := [event for event in events if event not in EVENTS]:
            raise invalid(f"Webhook {plain(name)} has the event {plain(unknown[0])}, which is not known here.")
        return cls(name, present, params["url"], events, params["verify_tls"], secret, params["update_secret"])

    @property
    def described(self) -> dict[str, Any]:
        """What of it can be read back."""
        return {"name": self.name, "url": self.url, "events": list(self.events), "verify_tls": self.verify_tls}

    def body(self, *, with_secret: bool) -> dict[str, Any]:
        """What the API is sent, in its spelling of requests."""
        body = {"name": self.name, "url": self.url, "events": list(self.events), "verify-tls": self.verify_tls}
        return {**body, "signing-secret": self.signing_secret} if with_secret else body


def read_webhooks(client: Client, project: Project, project_id: str) -> list[Webhook]:
    """The webhooks of a project, by name.

    :param project_id: what :func:`.projects.read_project_id` gave
    :raises CircleCIError: when they cannot be read, or an entry is none
    """
    scope: dict[str, Any] = {"scope-id": project_id, "scope-type": "project"}
    items = client.get_items("v2/webhook", **scope)
    try:
        return sorted(map(_described, items), key=lambda webhook: (webhook["name"], webhook["id"]))
    except ValueError as exc:
        raise unusable(
            f"CircleCI's list of webhooks of {project} has an entry that is none: {exc}", "v2/webhook"
        ) from exc


def plan_webhooks(
    client: Client, project: Project, project_id: str, webhooks: list[Webhook], wanted: Sequence[WantedWebhook]
) -> Plan:
    """Make a project have some webhooks and not have others. Those of other names are left alone.

    :param webhooks: what :func:`read_webhooks` gave
    :raises CircleCIError: when several webhooks have the name of one
    """
    steps = []
    for each in wanted:
        found = the_one(KIND, project, webhooks, each.name)
        warn_of_white_ends(client, KIND, each.name)
        if each.present and has_white_ends(each.signing_secret or "") and _sets_secret(each, found):
            client.warn(white_ends(f"signing_secret of webhook {plain(each.name)}", TAKEN))
        if _differs(each, found):
            steps.append(_step(client, project, project_id, each, found))
    return plan_steps(KIND, webhooks, {each.name for each in wanted}, steps)


def _step(client: Client, project: Project, project_id: str, wanted: WantedWebhook, found: Webhook | None) -> Step:
    def carry_out() -> Webhook | None:
        if wanted.present:
            return _write(client, project, project_id, wanted, found)
        if found is not None:
            _delete(client, project, project_id, found)
        return None

    def check(made: Webhook) -> None:
        """Fail when it would deliver unsigned, or to whoever answers."""
        wrong = [name for name, value in wanted.described.items() if made[name] != value]
        signed = wanted.signing_secret is not None or bool(found and found["has_signing_secret"])
        if signed and not made["has_signing_secret"]:
            wrong.append("signing_secret")
        if wrong:
            raise not_taken(KIND, project, wanted.name, wrong)

    replaced = found is not None and found["has_signing_secret"] and _sets_secret(wanted, found)
    unseen = {"signing_secret": REPLACED} if replaced else {}
    return Step(wanted.name, [found] if found else [], _predicted(wanted, found), carry_out, check, unseen)


def _differs(wanted: WantedWebhook, found: Webhook | None) -> bool:
    """Whether there is something to do. A secret that is wanted and not there can be seen, another one cannot."""
    if not wanted.present or found is None:
        return wanted.present is (found is None)
    return _sets_secret(wanted, found) or any(found[name] != value for name, value in wanted.described.items())


def _sets_secret(wanted: WantedWebhook, found: Webhook | None) -> bool:
    if wanted.signing_secret is None:
        return False
    return found is None or not found["has_signing_secret"] or wanted.update_secret == ALWAYS


def _predicted(wanted: WantedWebhook, found: Webhook | None) -> Webhook | None:
    if not wanted.present:
        return None
    known: Webhook = found or {"id": UNKNOWN, "created_at": UNKNOWN, "has_signing_secret": False}
    secret = wanted.signing_secret is not None or known["has_signing_secret"]
    return {**known, **wanted.described, "has_signing_secret": secret}


def _write(client: Client, project: Project, project_id: str, wanted: WantedWebhook, found: Webhook | None) -> Webhook:
    """Make or change a webhook, and return what the answer says of it."""
    with_secret = _sets_secret(wanted, found)

    def seen() -> Webhook | None:
        now = the_one(KIND, project, read_webhooks(client, project, project_id), wanted.name)
        return now if now != found else None

    body = wanted.body(with_secret=with_secret)
    if found is None:
        scope = {"id": project_id, "type": "project"}
        made = client.write(
            "POST", "v2/webhook", {**body, "scope": scope}, repeatable=False, seen=seen, shape=_described
        )
        await_listed(client, KIND, project, made, lambda: read_webhooks(client, project, project_id))
    else:
        with changing(KIND):
            made = client.write("PUT", _path(found), body, repeatable=True, seen=seen, shape=_described)
    webhook: Webhook = made
    return webhook


def _delete(client: Client, project: Project, project_id: str, webhook: Webhook) -> None:
    def gone() -> bool:
        return webhook["id"] not in {each["id"] for each in read_webhooks(client, project, project_id)}

    try:
        client.delete(_path(webhook), gone=gone)
    except CircleCIError as error:
        # What is gone and what the token may not see are told apart by the list alone (VF §7).
        if error.status not in (403, 404) or not gone():
            raise
        client.wrote = True


def _path(webhook: Webhook) -> str:
    return f"v2/webhook/{segment(webhook['id'])}"


def _described(item: Any) -> Webhook:
    """A webhook as modules return it. :raises ValueError: when it is none."""
    found = with_fields(id=str, name=str, url=str, events=list)(item)
    if not all(isinstance(event, str) for event in found["events"]):
        raise ValueError("its 'events' are no texts.")
    verify = found.get("verify_tls", found.get("verify-tls"))
    if not isinstance(verify, bool):
        raise ValueError("it does not say whether it verifies TLS.")
    times = {
        name: value if isinstance(value := found.get(name), str) else None for name in ("created_at", "updated_at")
    }
    return {
        "id": found["id"],
        "name": found["name"],
        "url": found["url"],
        "events": sorted(set(found["events"])),
        "verify_tls": verify,
        "has_signing_secret": bool(found.get("signing_secret") or found.get("signing-secret")),
        **times,
    }


def _require_address(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme != "https" or not host or any(char.isspace() for char in url):
        raise invalid(
            f"url of webhook {plain(name)} is no address that CircleCI delivers to.",
            "Give one that begins with https://.",
        )
    if is_loopback(url):
        raise invalid(
            f"url of webhook {plain(name)} leads to CircleCI's own host.", "Give an address that CircleCI can reach."
        )
