# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Schedules of projects of GitHub OAuth and Bitbucket (VF §3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.errors import unusable
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.named import (
    Step,
    await_listed,
    changing,
    the_one,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import (
    CURRENT,
    KIND,
    SYSTEM,
    Schedule,
    Schedules,
    WantedSchedule,
    is_system,
)
from ansible_collections.community.circleci.plugins.module_utils._values.timetables import Timetable


class ClassicSchedules(Schedules):
    """Schedules with a timetable. See :class:`Schedules`."""

    def read(self) -> list[Schedule]:
        path = self.project.v2_path("schedule")
        try:
            schedules = [_described(item) for item in self.client.get_items(path)]
        except ValueError as exc:
            raise unusable(
                f"CircleCI's list of schedules of {self.project} has an entry that is none: {exc}", path
            ) from exc
        return sorted(schedules, key=lambda schedule: (schedule["name"], schedule["id"]))

    def plan_one(self, found: Sequence[Schedule], wanted: WantedSchedule) -> Step | None:
        one = the_one(KIND, self.project, found, wanted.name)
        if not wanted.present:
            return self.step_removing([one] if one else [], wanted)
        differences = wanted.differs(one) if one else []
        if one is not None and not differences:
            return None
        return Step(
            wanted.name,
            [one] if one else [],
            wanted.predicted(one, None, None),
            lambda: self._change(one, wanted, differences) if one else self._create(wanted),
            lambda made: self.check(wanted, made),
        )

    def path_of(self, schedule: Schedule) -> str:
        return f"v2/schedule/{segment(schedule['id'])}"

    def _create(self, wanted: WantedSchedule) -> Schedule:
        def seen() -> Schedule | None:
            return the_one(KIND, self.project, self.read(), wanted.name)

        body = {"name": wanted.name, "attribution-actor": wanted.actor, "timetable": wanted.when.body()}
        body["parameters"] = _sent_parameters(wanted, {})
        if wanted.description is not None:
            body["description"] = wanted.description
        made: Schedule = self.client.write(
            "POST", self.project.v2_path("schedule"), body, repeatable=False, seen=seen, shape=_described
        )
        await_listed(self.client, KIND, self.project, made, self.read)
        return made

    def _change(self, found: Schedule, wanted: WantedSchedule, differences: Sequence[str]) -> Schedule:
        def seen() -> Schedule | None:
            now = next((each for each in self.read() if each["id"] == found["id"]), None)
            return now if now is not None and not wanted.differs(now) else None

        # What is sent, and for which options
        changes = (
            ("parameters", _sent_parameters(wanted, found["parameters"]), {"branch", "tag", "parameters"}),
            ("timetable", wanted.when.body(), {"timetable"}),
            ("attribution-actor", wanted.actor, {"actor"}),
            ("description", wanted.description, {"description"}),
        )
        body = {name: value for name, value, options in changes if options & set(differences)}
        with changing(KIND):
            made: Schedule = self.client.write(
                "PATCH", self.path_of(found), body, repeatable=True, seen=seen, shape=_described
            )
        return made


def _sent_parameters(wanted: WantedSchedule, kept: dict[str, Any]) -> dict[str, Any]:
    """The branch or tag and the pipeline parameters, which CircleCI keeps in one place.

    :param kept: the pipeline parameters that are there, for when they are not managed
    """
    place = {"branch": wanted.branch} if wanted.branch is not None else {"tag": wanted.tag}
    return {**(kept if wanted.parameters is None else wanted.parameters), **place}


def _described(item: Any) -> Schedule:
    """A schedule as modules return it. :raises ValueError: when it is none."""
    found = with_fields(id=str, name=str, parameters=dict)(item)
    parameters = dict(found["parameters"])
    branch, tag = parameters.pop("branch", None), parameters.pop("tag", None)
    if not all(isinstance(place, (str, type(None))) for place in (branch, tag)):
        raise ValueError("its branch or tag is no text.")
    return {
        "name": found["name"],
        "branch": branch,
        "tag": tag,
        "parameters": parameters,
        **Timetable.from_answer(found.get("timetable")).words(),
        "description": found.get("description") or None,
        "actor": SYSTEM if is_system(found.get("actor")) else CURRENT,
        "definition": None,
        "definition_id": None,
        "cron_expression": None,
        "disabled": False,
        "id": found["id"],
        "created_at": found.get("created-at"),
    }
