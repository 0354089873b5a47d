# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Schedules of a project, in the same words for both ways in which CircleCI keeps them (VF §3).

Here is what they have in common. :mod:`.classic_schedules` knows those of GitHub OAuth and Bitbucket,
:mod:`.schedule_triggers` those of projects of Apps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.named import (
    Step,
    Thing,
    checked_name,
    not_taken,
    plan_steps,
    warn_of_white_ends,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Plan
from ansible_collections.community.circleci.plugins.module_utils._values.parameters import (
    Parameter,
    checked_parameters,
    same_parameters,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.timetables import (
    TIMETABLE,
    Timetable,
    cron_sets,
)
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import written_text

KIND = "schedule"
SYSTEM = "system"
CURRENT = "current"
SYSTEM_ACTOR = ("system-actor", "d9b3fcaa-6032-405a-8c75-40079ce33c3e")
"""The login and the id of CircleCI's own actor (VF §3.1)."""

SCHEDULE: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "branch": {"type": "raw"},
    "tag": {"type": "raw"},
    "parameters": {"type": "dict"},
    **TIMETABLE,
    "description": {"type": "str"},
    "actor": {"type": "str", "choices": [SYSTEM, CURRENT], "default": SYSTEM},
    "definition": {"type": "str"},
}

Schedule = Thing
"""What :data:`SCHEDULE` has, but ``state``; ``definition`` is the name of one. Further ``definition_id``,
``cron_expression``, ``disabled``, ``id`` and ``created_at``."""


@dataclass(frozen=True)
class WantedSchedule:
    """A schedule that a project is to have, or not. See the options of :data:`SCHEDULE`.

    :param timetable: None for one that is to be absent
    :param parameters: None when they are not managed
    :param description: likewise; empty for none
    """

    name: str
    timetable: Timetable | None = None
    branch: str | None = None
    tag: str | None = None
    parameters: dict[str, Parameter] | None = None
    description: str | None = None
    actor: str = SYSTEM
    definition: str | None = None

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedSchedule:
        """Check the options of a task.

        :raises CircleCIError: for what is no schedule
        """
        name = checked_name(KIND, params["name"])
        if params["state"] == "absent":
            return cls(name, definition=params["definition"])
        places = (written_text(params[word], word) for word in ("branch", "tag"))
        branch, tag = (place if place and place.strip() else None for place in places)
        if (branch is None) is (tag is None):
            raise invalid(f"Schedule {plain(name)} needs one of branch and tag.")
        if str(branch or tag).startswith("refs/"):
            raise invalid(
                f"Schedule {plain(name)} names its branch or tag with refs/.",
                "Write the name alone, as in main or v1.0.",
            )
        parameters = params["parameters"]
        if parameters is not None:
            parameters = checked_parameters(parameters)
            for word in ("branch", "tag"):
                if word in parameters:
                    raise invalid(
                        f"parameters of schedule {plain(name)} has {word}.", f"Give it as the option {word}, outside."
                    )
        return cls(
            name,
            Timetable.from_params(params),
            branch,
            tag,
            parameters,
            params["description"],
            params["actor"],
            params["definition"],
        )

    @property
    def present(self) -> bool:
        return self.timetable is not None

    @property
    def when(self) -> Timetable:
        if self.timetable is None:
            raise AssertionError("only a schedule that is to be there runs at some time")
        return self.timetable

    def require_fitting(self, project: Project) -> None:
        """Fail for what schedules of this kind of project cannot have (VF §3).

        :raises CircleCIError: naming the option
        """
        if not project.is_app:
            if self.definition is not None:
                raise invalid(
                    f"{project} has one pipeline definition, so definition cannot choose one.",
                    "Leave it out: it is for projects of Apps, which are written circleci/….",
                )
            return
        if self.description is not None:
            raise invalid(
                f"{project} belongs to an App, and schedules of such projects have no description.", "Leave it out."
            )
        if self.present:
            self.when.cron()

    def differs(self, found: Schedule) -> list[str]:
        """In which of its options a schedule is another one than this."""
        wrong = [name for name in ("branch", "tag", "actor") if getattr(self, name) != found[name]]
        if self.parameters is not None and not same_parameters(self.parameters, found["parameters"]):
            wrong.append("parameters")
        if self.description is not None and (self.description or None) != found["description"]:
            wrong.append("description")
        if not _runs_then(found, self.when):
            wrong.append("timetable")
        return wrong

    def predicted(self, found: Schedule | None, definition: Thing | None, cron: str | None) -> Schedule:
        """The schedule as it will be.

        :param found: the one that is there
        :param definition: its pipeline definition, where it has one
        :param cron: its cron expression, where it has one
        """
        known: Schedule = found or {
            "parameters": {},
            "description": None,
            "disabled": False,
            "id": UNKNOWN,
            "created_at": UNKNOWN,
        }
        words = self.when.words()
        if found and "timetable" not in self.differs(found):
            words, cron = {name: found[name] for name in words}, found["cron_expression"]
        return {
            "name": self.name,
            "branch": self.branch,
            "tag": self.tag,
            "parameters": known["parameters"] if self.parameters is None else self.parameters,
            **words,
            "description": known["description"] if self.description is None else self.description or None,
            "actor": self.actor,
            "definition": definition and definition["name"],
            "definition_id": definition and definition["id"],
            "cron_expression": cron,
            "disabled": known["disabled"],
            "id": known["id"],
            "created_at": known["created_at"],
        }


class Schedules(ABC):
    """The schedules of one project, as CircleCI keeps them for its kind.

    :param client: sends the requests
    """

    def __init__(self, client: Client, project: Project) -> None:
        self.client = client
        self.project = project

    @abstractmethod
    def read(self) -> list[Schedule]:
        """All schedules, by name.

        :raises CircleCIError: when they cannot be read, or an entry is none
        """

    @abstractmethod
    def plan_one(self, found: Sequence[Schedule], wanted: WantedSchedule) -> Step | None:
        """What is to be done for one schedule; None for nothing.

        :param found: what :meth:`read` gave
        :raises CircleCIError: when nobody can tell which one is meant
        """

    def check(self, wanted: WantedSchedule, made: Schedule) -> None:
        """Fail when a schedule has not become what was asked for."""
        if wrong := wanted.differs(made):
            raise not_taken(KIND, self.project, wanted.name, wrong)

    def warn_of_disabled(self, found: Schedule | None) -> None:
        """Say that a schedule which is to be there does not run."""
        if found is not None and found["disabled"]:
            self.client.warn(
                f"Schedule {plain(found['name'])} of {self.project} is disabled on CircleCI: it starts nothing. Enable "
                "it in the project's settings."
            )

    def step_removing(self, doomed: Sequence[Schedule], wanted: WantedSchedule) -> Step | None:
        """Remove a schedule, if it is there."""

        def carry_out() -> None:
            for schedule in doomed:
                self.delete(schedule)

        return Step(wanted.name, doomed, None, carry_out) if doomed else None

    @abstractmethod
    def path_of(self, schedule: Schedule) -> str:
        """The path under which a schedule is changed and removed."""

    def delete(self, schedule: Schedule) -> None:
        """Remove a schedule. That it is gone already is as good."""

        def gone() -> bool:
            return schedule["id"] not in {each["id"] for each in self.read()}

        try:
            self.client.delete(self.path_of(schedule), gone=gone)
        except CircleCIError as error:
            # What is gone and what the token may not see are told apart by the list alone (VF §7).
            if error.status not in (403, 404) or not gone():
                raise
            self.client.wrote = True


def plan_schedules(schedules: Schedules, found: Sequence[Schedule], wanted: Sequence[WantedSchedule]) -> Plan:
    """Make a project have some schedules and not have others. Those of other names are left alone.

    :param found: what :meth:`Schedules.read` gave
    """
    for each in wanted:
        warn_of_white_ends(schedules.client, KIND, each.name)
    planned = (schedules.plan_one(found, each) for each in wanted)
    steps = [step for step in planned if step is not None]
    return plan_steps(KIND, found, {each.name for each in wanted}, steps)


def _runs_then(schedule: Schedule, timetable: Timetable) -> bool:
    """Whether a schedule runs at the times of a timetable. The order of hours, days and months means nothing."""
    expression = schedule["cron_expression"]
    if expression is None:
        return all(schedule[name] == value for name, value in timetable.words().items())
    try:
        return cron_sets(expression) == cron_sets(timetable.cron())
    except ValueError:
        return False


def is_system(actor: Any) -> bool:
    """Whether the actor of a schedule is CircleCI itself. :raises ValueError: when it is no actor."""
    if not isinstance(actor, dict):
        raise ValueError("it has no usable actor.")
    return actor.get("login") == SYSTEM_ACTOR[0] or actor.get("id") == SYSTEM_ACTOR[1]
