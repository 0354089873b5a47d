# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Moments as people, secret stores and CircleCI write them (``api-v1.1.md`` §3.6, VF §1), and how old things are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain

SECONDS_OF_A_DAY = 86400
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_ISO = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<fraction>\d+))? ?(?P<zone>[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
# Eight digits that begin like a year are a date without its dashes, and as seconds they would be in 1970.
_SECONDS = re.compile(r"(?!(?:19|20)\d{6}$)\d{1,11}(?:\.\d+)?", re.ASCII)
_FORMS = "Write a date (midnight UTC), a time with its zone as in 2026-11-25T10:00:00Z, or seconds since 1970."


def moment_of(text: object) -> datetime | None:
    """The moment that a text in ISO 8601 names. Without a zone it is in UTC.

    :returns: in UTC; None when it names none
    """
    moment = _parsed(text)
    return moment and moment.replace(tzinfo=timezone.utc)


def all_older_than(texts: Iterable[str | None], days: int) -> bool:
    """Whether the newest of some things is older than so many days.

    What has no readable date counts as old: it cannot be shown to be new.
    """
    now = datetime.now(timezone.utc)
    moments = [moment_of(text) for text in texts]
    return all(moment is None or (now - moment).total_seconds() > days * SECONDS_OF_A_DAY for moment in moments)


def past_moment(given: object, option: str) -> datetime:
    """The moment that an option names: ISO 8601 with a zone, a date, seconds since 1970, or a date of YAML.

    :param option: its name, for the message
    :returns: in UTC
    :raises CircleCIError: when it is none of these, or in the future
    """
    text = plain(given.isoformat() if isinstance(given, date) else str(given).strip())
    moment = _from_seconds(text) or _parsed(text)
    if moment is None:
        raise invalid(f"{option} {text!r} is no point in time.", _FORMS)
    if moment.tzinfo is None:
        raise invalid(f"{option} {text!r} has no time zone.", _FORMS)
    if moment > datetime.now(timezone.utc):
        raise invalid(f"{option} {text!r} is in the future.", "Every value would be older, on every run.")
    return moment


def _parsed(text: object) -> datetime | None:
    """A moment in ISO 8601; a date is its midnight in UTC.

    :returns: in UTC, or without a zone if the text has none. What is below a microsecond is cut off.
    """
    match = _ISO.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    zone = match["zone"] if match["time"] else "Z"
    try:
        moment = datetime.fromisoformat(f"{match['day']} {match['time'] or '00:00'}")
        moment += timedelta(microseconds=int((match["fraction"] or "0")[:6].ljust(6, "0")))
        return moment if zone is None else (moment - _offset(zone)).replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        return None


def _from_seconds(text: str) -> datetime | None:
    """Seconds since 1970, with or without a fraction."""
    return _EPOCH + timedelta(seconds=float(text)) if _SECONDS.fullmatch(text) else None


def _offset(zone: str) -> timedelta:
    """How far a zone is ahead of UTC."""
    if zone in "Zz":
        return timedelta()
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(zone)
    return timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == "-" else 1)
