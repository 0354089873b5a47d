# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Triggers of pipeline definitions: api-v2-provisioning.md §3.2."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from .definitions import Definition
from .model import Project
from .state import Json, Part, State


@dataclass(eq=False)
class Trigger:
    """What starts pipelines of a definition. The details of its event source are below the name of the provider."""

    project: Project
    definition: Definition
    event_source: Json
    event_name: str
    checkout_ref: str
    config_ref: str
    parameters: Json | None
    created: float
    disabled: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Triggers(Part):
    """All triggers, by id."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.all: dict[str, Trigger] = {}

    def of(self, definition: Definition) -> list[Trigger]:
        return [trigger for trigger in self.all.values() if trigger.definition == definition]

    def add(self, project: Project, definition: Definition, **options: Any) -> Trigger:
        """Make a trigger, whatever its name. The options are the other attributes of `Trigger`."""
        known: Json = {"parameters": None} | options
        trigger = Trigger(project, definition, created=self.state.now(), **known)
        self.all[trigger.id] = trigger
        return trigger

    def project_view(self, project: Project) -> Json:
        names = ("id", "event_source", "event_name", "checkout_ref", "config_ref", "parameters", "disabled")
        return {
            "triggers": [
                {**{name: getattr(each, name) for name in names}, "definition": each.definition.name}
                for each in self.all.values()
                if each.project is project
            ]
        }
