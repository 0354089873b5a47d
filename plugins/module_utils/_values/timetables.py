# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""When a schedule runs: in a user's words, as API v2 has it, and as a cron expression (VF §3.1, §3.2).

All of it is in UTC. The order of days, hours and months means nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
HOURS = range(24)
MONTH_DAYS = range(1, 32)
MOST_PER_HOUR = 60

TIMETABLE: dict[str, dict[str, Any]] = {
    "hours_of_day": {"type": "list", "elements": "int"},
    "per_hour": {"type": "int", "default": 1},
    "days_of_week": {"type": "list", "elements": "str"},
    "days_of_month": {"type": "list", "elements": "int"},
    "months": {"type": "list", "elements": "str"},
}
"""The options that say when. ``hours_of_day`` is required for a schedule that is to be there."""

_CRON_FIELDS: tuple[tuple[range, dict[str, int]], ...] = (
    (range(60), {}),
    (HOURS, {}),
    (MONTH_DAYS, {}),
    (range(1, 13), {name: number for number, name in enumerate(MONTHS, 1)}),
    (range(7), {name: number % 7 for number, name in enumerate(WEEKDAYS, 1)}),
)
_CRON_PART = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(0?[1-9]|[1-9][0-9]))?")

CronSets = tuple[frozenset[int], ...]


@dataclass(frozen=True)
class Timetable:
    """When a schedule runs. Of each set None is all of it.

    :param per_hour: how often in each of the hours, evenly
    """

    hours: frozenset[int]
    per_hour: int
    weekdays: frozenset[str] | None
    month_days: frozenset[int] | None
    months: frozenset[str] | None

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Timetable:
        """What the options of :data:`TIMETABLE` say.

        :raises CircleCIError: for what is no timetable
        """
        per_hour = params["per_hour"]
        if not 1 <= per_hour <= MOST_PER_HOUR:
            raise invalid(f"per_hour must be a number from 1 to {MOST_PER_HOUR}.")
        if params["days_of_week"] is not None and params["days_of_month"] is not None:
            raise invalid("days_of_week and days_of_month exclude each other.", "Leave both out to run on every day.")
        if params["hours_of_day"] is None:
            raise invalid("hours_of_day is missing.", "Say in which hours of the day, in UTC, the schedule runs.")
        return cls(
            _numbers("hours_of_day", params["hours_of_day"], HOURS),
            per_hour,
            _all_or(_words("days_of_week", params["days_of_week"], WEEKDAYS), WEEKDAYS),
            _all_or(_numbers("days_of_month", params["days_of_month"], MONTH_DAYS), MONTH_DAYS),
            _all_or(_words("months", params["months"], MONTHS), MONTHS),
        )

    @classmethod
    def from_answer(cls, answer: Any) -> Timetable:
        """What API v2 says in its ``timetable`` (VF §3.1).

        :raises ValueError: when it is none
        """
        if not isinstance(answer, dict):
            raise ValueError("it has no usable 'timetable'.")
        per_hour = answer.get("per-hour", 1)
        if isinstance(per_hour, bool) or not isinstance(per_hour, int):
            raise ValueError("its timetable has no usable 'per-hour'.")
        return cls(
            frozenset(_listed(answer, "hours-of-day", int)),
            per_hour,
            _all_or(_listed(answer, "days-of-week", str) if answer.get("days-of-week") else None, WEEKDAYS),
            _all_or(_listed(answer, "days-of-month", int) if answer.get("days-of-month") else None, MONTH_DAYS),
            _all_or(_listed(answer, "months", str) if answer.get("months") else None, MONTHS),
        )

    @classmethod
    def from_cron(cls, expression: str) -> Timetable | None:
        """What a cron expression says, where these words can say it: else None."""
        try:
            minutes, hours, month_days, months, weekdays = cron_sets(expression)
        except ValueError:
            return None
        per_hour = len(minutes)
        restricted = len(month_days) < len(MONTH_DAYS) and len(weekdays) < len(WEEKDAYS)
        if restricted or minutes != frozenset(range(0, 60, 60 // per_hour)):
            return None
        return cls(
            hours,
            per_hour,
            _all_or((WEEKDAYS[number - 1] for number in weekdays), WEEKDAYS),
            _all_or(month_days, MONTH_DAYS),
            _all_or((MONTHS[number - 1] for number in months), MONTHS),
        )

    def body(self) -> dict[str, Any]:
        """What API v2 is sent. Everything is in it, so that nothing of an older timetable is left over."""
        days = {"days-of-month": sorted(self.month_days)} if self.month_days else {"days-of-week": self._weekdays()}
        return {"per-hour": self.per_hour, "hours-of-day": sorted(self.hours), **days, "months": self._months()}

    def words(self) -> dict[str, Any]:
        """The options of :data:`TIMETABLE` that say this; None where one is left out."""
        return {
            "hours_of_day": sorted(self.hours),
            "per_hour": self.per_hour,
            "days_of_week": None if self.weekdays is None else self._weekdays(),
            "days_of_month": None if self.month_days is None else sorted(self.month_days),
            "months": None if self.months is None else self._months(),
        }

    def cron(self) -> str:
        """The same as a cron expression.

        :raises CircleCIError: where none says it
        """
        if 60 % self.per_hour:
            raise invalid(
                f"per_hour {self.per_hour} cannot be written as a cron expression, which projects of Apps need.",
                "Use a number that divides 60.",
            )
        minutes = range(0, 60, 60 // self.per_hour)
        weekdays = sorted((WEEKDAYS.index(day) + 1) % 7 for day in self.weekdays or ())
        fields = [
            _joined(minutes),
            "*" if len(self.hours) == len(HOURS) else _joined(sorted(self.hours)),
            _joined(sorted(self.month_days or ())) or "*",
            _joined(sorted(MONTHS.index(month) + 1 for month in self.months or ())) or "*",
            _joined(weekdays) or "*",
        ]
        return " ".join(fields)

    def _weekdays(self) -> list[str]:
        return [day for day in WEEKDAYS if self.weekdays is None or day in self.weekdays]

    def _months(self) -> list[str]:
        return [month for month in MONTHS if self.months is None or month in self.months]


def cron_sets(expression: str) -> CronSets:
    """The minutes, hours, days of the month, months and days of the week (0 is Sunday) of a cron expression.

    Expressions with equal sets run at the same times.

    :raises ValueError: when it is none
    """
    fields = expression.split()
    if len(fields) != len(_CRON_FIELDS):
        raise ValueError("a cron expression has five fields.")
    sets = [_cron_set(text.upper(), *kind) for text, kind in zip(fields, _CRON_FIELDS)]
    # Cron runs on days of either kind when both are written out, so one that has all days stands for both.
    if not any(fields[index].startswith("*") for index in (2, 4)) and (
        len(sets[2]) == len(MONTH_DAYS) or len(sets[4]) == len(WEEKDAYS)
    ):
        sets[2], sets[4] = frozenset(MONTH_DAYS), frozenset(range(7))
    return tuple(sets)


def _cron_set(text: str, values: range, names: dict[str, int]) -> frozenset[int]:
    """The values that one field of a cron expression lists."""
    found: set[int] = set()
    for part in text.split(","):
        match = _CRON_PART.fullmatch(part)
        if match is None:
            raise ValueError(f"{part!r} is no part of a cron expression.")
        star, first, last, step = match.groups()
        start = values.start if star else _cron_value(first, values, names)
        if star or (step and not last):
            end = values.stop - 1
        else:
            end = _cron_value(last or first, values, names)
            if end < start and names.get("SUN") == end:
                end = len(WEEKDAYS)  # Sunday ends a week, too
        if start > end:
            raise ValueError(f"{part!r} lists nothing.")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(value % 7 if names.get("SUN") == 0 else value for value in found)


def _cron_value(text: str, values: range, names: dict[str, int]) -> int:
    if text in names:
        return names[text]
    value = int(text) if re.fullmatch("[0-9]{1,2}", text) else -1
    # Every other field has a 7 of its own: there it is Sunday, too.
    if value not in values and value != 7:
        raise ValueError(f"{text!r} is out of the range of its field.")
    return value


def _joined(values: Any) -> str:
    return ",".join(map(str, values))


def _all_or(values: Any, every: Any) -> Any:
    """A set, or None when it is all there is."""
    if values is None or set(every) <= (found := frozenset(values)):
        return None
    return found


def _numbers(name: str, values: list[int] | None, allowed: range) -> Any:
    if values is None:
        return None
    wrong = [value for value in values if value not in allowed]
    if wrong or not values:
        raise invalid(
            f"{name} {f'has {wrong[0]}' if wrong else 'is empty'}.",
            f"It lists numbers from {allowed.start} to {allowed.stop - 1}.",
        )
    return frozenset(values)


def _words(name: str, values: list[str] | None, allowed: tuple[str, ...]) -> Any:
    if values is None:
        return None
    wrong = [value for value in values if value.upper() not in allowed]
    if wrong or not values:
        raise invalid(
            f"{name} {f'has {plain(wrong[0])!r}' if wrong else 'is empty'}.",
            f"It lists some of {', '.join(allowed)}. Leave it out for all of them.",
        )
    return frozenset(value.upper() for value in values)


def _listed(answer: dict[str, Any], name: str, kind: type) -> Any:
    values = answer.get(name)
    # To Python, true is a number.
    if not isinstance(values, list) or not all(
        isinstance(value, kind) and not isinstance(value, bool) for value in values
    ):
        raise ValueError(f"its timetable has no usable {name!r}.")
    return [value.upper() if isinstance(value, str) else value for value in values]
