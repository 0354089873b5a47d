# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules of projects of GitHub OAuth and Bitbucket: api-v2-provisioning.md §3.1."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Final

from .model import Project, User
from .state import Json, Part, State

# The service's own actor.
SYSTEM_ID: Final = "d9b3fcaa-6032-405a-8c75-40079ce33c3e"
WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


@dataclass(eq=False)
class Schedule:
    project: Project
    name: str
    timetable: Json
    """as it was sent, but the lists in an order of their own"""
    parameters: Json
    description: str | None
    actor: User | None
    """None is the system"""
    created: float
    updated: float
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class Schedules(Part):
    """All schedules, by id."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.all: dict[str, Schedule] = {}

    def of(self, project: Project) -> list[Schedule]:
        return [schedule for schedule in self.all.values() if schedule.project is project]

    def add(self, project: Project, name: str, timetable: Json, **options: Any) -> Schedule:
        """Make a schedule, whatever its name.

        :param options: `parameters` (those of the default branch), `description` and `actor` (the system).
        """
        now = self.state.now()
        known: Json = {"parameters": {"branch": project.default_branch}, "description": None, "actor": None} | options
        schedule = Schedule(project, name, shuffled(timetable), created=now, updated=now, **known)
        self.all[schedule.id] = schedule
        return schedule

    def project_view(self, project: Project) -> Json:
        return {
            "schedules": [
                {
                    **{name: getattr(each, name) for name in ("id", "name", "timetable", "parameters", "description")},
                    "actor": each.actor.login if each.actor else "system",
                }
                for each in self.of(project)
            ]
        }


def shuffled(timetable: Json) -> Json:
    """Return a timetable with its lists the other way round: clients must not rely on their order."""
    return {key: list(reversed(value)) if isinstance(value, list) else value for key, value in timetable.items()}
