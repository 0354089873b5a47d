# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Schedules of projects of Apps: triggers of their pipeline definitions, with a cron expression (VF §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import an_object, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import unusable
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.definitions import (
    Definition,
    definitions_path,
    read_definitions,
    the_definition,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.named import (
    Step,
    await_listed,
    changing,
    the_one,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_project_id
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import (
    CURRENT,
    KIND,
    SYSTEM,
    Schedule,
    Schedules,
    WantedSchedule,
    is_system,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.timetables import TIMETABLE, Timetable

_TAG = "refs/tags/"
_BRANCH = "refs/heads/"


class ScheduleTriggers(Schedules):
    """Schedule triggers. See :class:`Schedules`.

    :param project_id: the project's uuid; empty when it is not known yet
    """

    def __init__(self, client: Client, project: Project, project_id: str) -> None:
        super().__init__(client, project)
        self._project_id = project_id
        self._definitions: list[Definition] | None = None

    def read(self) -> list[Schedule]:
        if not self._project_id:
            self._project_id = read_project_id(self.client, self.project)
        self._definitions = read_definitions(self.client, self.project, self._project_id)
        schedules = [each for definition in self._definitions for each in self._read_of(definition)]
        return sorted(schedules, key=lambda schedule: (schedule["name"], schedule["id"]))

    def plan_one(self, found: Sequence[Schedule], wanted: WantedSchedule) -> Step | None:
        target = None if self._definitions is None else self._target(self._definitions, found, wanted)
        ours = [each for each in found if each["name"] == wanted.name]
        elsewhere: Schedule | None = None
        if wanted.definition is not None and target is not None:
            there = [each for each in ours if each["definition_id"] != target["id"]]
            ours = [each for each in ours if each["definition_id"] == target["id"]]
            elsewhere = the_one(KIND, self.project, there, wanted.name) if wanted.present else None
        here = the_one(KIND, self.project, ours, wanted.name)
        if not wanted.present:
            return self.step_removing([here] if here else [], wanted)
        self.warn_of_disabled(here)
        differences = wanted.differs(here) if here else []
        if here is not None and not differences and elsewhere is None:
            return None
        old = elsewhere
        if here is None and old is not None and wanted.parameters is None:
            wanted = replace(wanted, parameters=old["parameters"])

        def carry_out() -> Schedule:
            if target is None:
                raise AssertionError("what is not known yet is only predicted")
            if here is None:
                return self._create(wanted, target)
            return self._change(here, wanted, target, differences) if differences else here

        def check(made: Schedule) -> None:
            self.check(wanted, made)
            if old is not None:
                self.delete(old)

        replaces = [each for each in (here, old) if each is not None]
        told = target or {"id": UNKNOWN, "name": wanted.definition or UNKNOWN}
        return Step(wanted.name, replaces, wanted.predicted(here, told, wanted.when.cron()), carry_out, check)

    def path_of(self, schedule: Schedule) -> str:
        return f"v2/projects/{segment(self._project_id)}/triggers/{segment(schedule['id'])}"

    def _target(
        self, definitions: Sequence[Definition], found: Sequence[Schedule], wanted: WantedSchedule
    ) -> Definition | None:
        """The definition that a schedule belongs to: the wanted one, or where it is already, or the only one."""
        ours = [each for each in found if each["name"] == wanted.name]
        if wanted.definition is None and (ours or not wanted.present):
            return next((each for each in definitions if ours and each["id"] == ours[0]["definition_id"]), None)
        return the_definition(self.project, definitions, wanted.definition)

    def _read_of(self, definition: Definition) -> list[Schedule]:
        path = self._path(definition)
        try:
            items = [an_object(item) for item in self.client.get_items(path)]
            return [_described(item, definition) for item in items if _is_schedule(item)]
        except ValueError as exc:
            raise unusable(
                f"CircleCI's list of triggers of {self.project} has an entry that is none: {exc}", path
            ) from exc

    def _path(self, definition: Definition) -> str:
        return f"{definitions_path(self._project_id)}/{segment(definition['id'])}/triggers"

    def _create(self, wanted: WantedSchedule, target: Definition) -> Schedule:
        def seen() -> Schedule | None:
            return the_one(KIND, self.project, self._read_of(target), wanted.name)

        source = {"cron_expression": wanted.when.cron(), "attribution_actor": wanted.actor}
        body: dict[str, Any] = {
            "event_source": {"provider": KIND, KIND: source},
            "event_name": wanted.name,
            **_refs(wanted),
        }
        if wanted.parameters:
            body["parameters"] = wanted.parameters
        made: Schedule = self.client.write(
            "POST",
            self._path(target),
            body,
            repeatable=False,
            seen=seen,
            shape=lambda answer: _described(answer, target),
        )
        await_listed(self.client, KIND, self.project, made, lambda: self._read_of(target))
        return made

    def _change(
        self, found: Schedule, wanted: WantedSchedule, target: Definition, differences: Sequence[str]
    ) -> Schedule:
        def seen() -> Schedule | None:
            now = next((each for each in self._read_of(target) if each["id"] == found["id"]), None)
            return now if now is not None and not wanted.differs(now) else None

        body: dict[str, Any] = {}
        source: dict[str, Any] = {}
        if "timetable" in differences:
            source["cron_expression"] = wanted.when.cron()
        if "actor" in differences:
            source["attribution_actor"] = wanted.actor
        if source:
            body["event_source"] = {KIND: source}
        if {"branch", "tag"} & set(differences):
            body.update(_refs(wanted))
        if "parameters" in differences:
            body["parameters"] = wanted.parameters
        with changing(KIND):
            made: Schedule = self.client.write(
                "PATCH",
                self.path_of(found),
                body,
                repeatable=True,
                seen=seen,
                shape=lambda answer: _described(answer, target),
            )
        return made


def _refs(wanted: WantedSchedule) -> dict[str, Any]:
    """Where the code and the configuration come from: the same branch or tag."""
    ref = wanted.branch if wanted.branch is not None else f"{_TAG}{wanted.tag}"
    return {"checkout_ref": ref, "config_ref": ref}


def _is_schedule(item: dict[str, Any]) -> bool:
    """Whether a trigger is one by time. :raises ValueError: when it does not say, for it may be the wanted one."""
    source = with_fields(event_source=dict)(item)["event_source"]
    return bool(with_fields(provider=str)(source)["provider"] == KIND)


def _described(item: Any, definition: Definition) -> Schedule:
    """A schedule as modules return it. :raises ValueError: when it is none."""
    found = with_fields(id=str, event_name=str, event_source=dict, checkout_ref=str)(item)
    source = with_fields(cron_expression=str)(found["event_source"].get(KIND))
    parameters = found.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise ValueError("its 'parameters' are no object.")
    expression, ref = source["cron_expression"], found["checkout_ref"]
    timetable = Timetable.from_cron(expression)
    return {
        "name": found["event_name"],
        "branch": None if ref.startswith(_TAG) else ref.removeprefix(_BRANCH),
        "tag": ref.removeprefix(_TAG) if ref.startswith(_TAG) else None,
        "parameters": parameters,
        **(timetable.words() if timetable else dict.fromkeys(TIMETABLE)),
        "description": None,
        "actor": SYSTEM if is_system(source.get("attribution_actor")) else CURRENT,
        "definition": definition["name"],
        "definition_id": definition["id"],
        "cron_expression": expression,
        "disabled": found.get("disabled") is True,
        "id": found["id"],
        "created_at": found.get("created_at"),
    }
