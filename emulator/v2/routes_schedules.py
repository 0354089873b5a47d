# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Schedules: api-v2-provisioning.md §3.1. Keys have hyphens in requests and answers. The texts of 400 are guesses."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.model import Project, timestamp
from emulator.world.schedules import MONTHS, SYSTEM_ID, WEEKDAYS, Schedule, Schedules, shuffled

from .paging import page
from .routing import PROJECT, Missing, V2Request, route

_ABSENT: Final = Missing("Schedule not found.")
_LISTS: Final = {
    "hours-of-day": range(24),
    "days-of-week": WEEKDAYS,
    "days-of-month": range(1, 32),
    "months": MONTHS,
}


@route("GET", f"{PROJECT}/schedule")
def list_schedules(request: V2Request) -> Answer:
    return page(request, request.state.part(Schedules).of(_classic(request)), _shape)


@route("POST", f"{PROJECT}/schedule")
def create_schedule(request: V2Request) -> Answer:
    changes = _changes(request)
    if missing := {"name", "timetable", "parameters", "actor"} - changes.keys():
        raise RefusedError(400, f"Missing: {', '.join(sorted(missing))}")
    return Answer(_shape(request.state.part(Schedules).add(_classic(request), **changes)), 201)


@route("GET", "/schedule/:schedule-id", absent=_ABSENT)
def get_schedule(request: V2Request) -> Answer:
    return Answer(_shape(_known(request)))


@route("PATCH", "/schedule/:schedule-id", absent=_ABSENT)
def update_schedule(request: V2Request) -> Answer:
    """Change what is sent. A timetable and the parameters are replaced whole."""
    schedule = _known(request)
    changes = _changes(request)
    if "timetable" in changes:
        changes["timetable"] = shuffled(changes["timetable"])
    for name, value in changes.items():
        setattr(schedule, name, value)
    schedule.updated = max(request.state.now(), schedule.updated + 0.001)
    return Answer(_shape(schedule))


@route("DELETE", "/schedule/:schedule-id", absent=_ABSENT)
def delete_schedule(request: V2Request) -> Answer:
    del request.state.part(Schedules).all[_known(request).id]
    return Answer({"message": "Schedule deleted."})


def _classic(request: V2Request) -> Project:
    """Return the project; those of Apps have triggers instead. What is answered for them is not known."""
    if request.project.is_app:
        raise request.missing()
    return request.project


def _known(request: V2Request) -> Schedule:
    found = request.state.part(Schedules).all.get(request.params["schedule-id"])
    return request.seen(found, lambda schedule: schedule.project)


def _changes(request: V2Request) -> dict[str, Any]:
    """Return what a request sets, by the names of `Schedule`."""
    fields, changes = request.call.fields, dict[str, Any]()
    for name, kind in {"name": str, "description": (str, type(None))}.items():
        if name in fields:
            changes[name] = fields[name]
            if not isinstance(fields[name], kind):  # type: ignore[arg-type]  # a type, or a tuple of them
                raise RefusedError(400, f"Invalid {name}")
    if "attribution-actor" in fields:
        if fields["attribution-actor"] not in ("current", "system"):
            raise RefusedError(400, "Invalid attribution-actor")
        changes["actor"] = request.user if fields["attribution-actor"] == "current" else None
    if "parameters" in fields:
        parameters = fields["parameters"]
        if not isinstance(parameters, dict) or ("branch" in parameters) is ("tag" in parameters):
            raise RefusedError(400, "Parameters must have one of branch and tag")
        changes["parameters"] = parameters
    if "timetable" in fields:
        changes["timetable"] = _timetable(fields["timetable"])
    return changes


def _timetable(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict) or ("days-of-week" in given) is ("days-of-month" in given):
        raise RefusedError(400, "A timetable must have one of days-of-week and days-of-month")
    per_hour = given.get("per-hour")
    if not isinstance(per_hour, int) or isinstance(per_hour, bool) or not 1 <= per_hour <= 60:
        raise RefusedError(400, "Invalid per-hour")
    if "hours-of-day" not in given:
        raise RefusedError(400, "Missing hours-of-day")
    for name, allowed in _LISTS.items():
        values = given.get(name, [*allowed])
        if not isinstance(values, list) or not values or not all(value in allowed for value in values):
            raise RefusedError(400, f"Invalid {name}")
    return {name: given[name] for name in ("per-hour", *_LISTS) if name in given}


def _shape(schedule: Schedule) -> dict[str, Any]:
    actor = {"id": SYSTEM_ID, "login": "system-actor", "name": "Scheduled"}
    if schedule.actor:
        actor = {"id": schedule.actor.id, "login": schedule.actor.login, "name": schedule.actor.name}
    return {
        "id": schedule.id,
        "name": schedule.name,
        "description": schedule.description,
        "project-slug": schedule.project.short_slug,
        "parameters": schedule.parameters,
        "timetable": schedule.timetable,
        "actor": actor,
        "created-at": timestamp(schedule.created),
        "updated-at": timestamp(schedule.updated),
    }
