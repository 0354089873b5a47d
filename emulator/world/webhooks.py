# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Outbound webhooks of projects: api-v2-provisioning.md §2."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from .model import Project
from .state import Json, Part, State

EVENTS: Final = frozenset({"workflow-completed", "job-completed"})


@dataclass(eq=False)
class Webhook:
    project: Project
    name: str
    url: str
    events: list[str]
    """in the order in which answers have them, which is not that of requests"""
    verify_tls: bool
    secret: str
    """empty when there is none"""
    created: float
    updated: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass
class Switches:
    webhook_limit: int = 5
    """webhooks that a project may have: the documentation has said 10, too"""
    keep_webhook_secrets: bool = False
    """an empty secret leaves the stored one as it is, as one of two measurements says"""
    underscored_webhook_keys: bool = False
    """requests are read in the spelling of answers, as CircleCI Server may do: nobody has measured it"""


class Webhooks(Part):
    """All webhooks, by id."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.switches: Switches = Switches()
        self.all: dict[str, Webhook] = {}

    def of(self, project: Project) -> list[Webhook]:
        return [webhook for webhook in self.all.values() if webhook.project is project]

    def add(self, project: Project, name: str, url: str, events: list[str], **options: Any) -> Webhook:
        """Make a webhook, whatever its name.

        :param options: `verify_tls` (false) and `secret` (none).
        """
        now = self.state.now()
        known: dict[str, Any] = {"verify_tls": False, "secret": ""} | options
        webhook = Webhook(project, name, url, list(reversed(events)), created=now, updated=now, **known)
        self.all[webhook.id] = webhook
        return webhook

    def project_view(self, project: Project) -> Json:
        names = ("id", "name", "url", "events", "verify_tls", "secret")
        return {"webhooks": [{name: getattr(each, name) for name in names} for each in self.of(project)]}
