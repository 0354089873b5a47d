# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values import moments
from ansible_collections.community.circleci.plugins.module_utils._values.moments import (
    all_older_than,
    moment_of,
    past_moment,
)

pytestmark = pytest.mark.once
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
MIDNIGHT = datetime(2026, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("given_", "moment"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01T12:00Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        (" 2026-03-01 12:00:00 +00:00 ", NOON),
        ("2026-03-01T14:00:00+02:00", NOON),
        ("2026-03-01T14:00:00+0200", NOON),
        ("2026-03-01T07:00:00-05", NOON),
        ("2026-03-01T06:30:00-05:30", NOON),
        ("2026-03-02T11:59:00+23:59", NOON),
        ("2026-02-28T12:01:00-2359", NOON),
        ("2026-03-01T12:00:00.5Z", NOON + timedelta(milliseconds=500)),
        ("2026-03-01T12:00:00,123Z", NOON + timedelta(milliseconds=123)),
        ("2026-03-01T12:00:00.945319214Z", NOON + timedelta(microseconds=945319)),
        ("2026-03-01", MIDNIGHT),
        (date(2026, 3, 1), MIDNIGHT),
        (datetime(2026, 3, 1, 14, tzinfo=timezone(timedelta(hours=2))), NOON),
        (1772366400, NOON),
        (1772366400.5, NOON + timedelta(milliseconds=500)),
        ("1772366400", NOON),
        ("1772366400.5", NOON + timedelta(milliseconds=500)),
        (0, datetime(1970, 1, 1, tzinfo=timezone.utc)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=timezone.utc)),
    ],
)
def test_what_people_and_secret_stores_write(given_: object, moment: datetime) -> None:
    assert past_moment(given_, "not_older_than") == moment


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ("2026-03-01T12:00:00", "has no time zone"),
        (NOON.replace(tzinfo=None), "has no time zone"),
        ("yesterday", "is no point in time"),
        ("", "is no point in time"),
        ("01.03.2026", "is no point in time"),
        ("2026-02-30", "is no point in time"),
        ("2026-03-01T25:00:00Z", "is no point in time"),
        ("2026-03-01T12:00:00+24:00", "is no point in time"),
        ("2026-03-01T12:00:00+02:60", "is no point in time"),
        ("0001-01-01T00:00:00+01:00", "is no point in time"),
        ("\uff12\uff10\uff12\uff16-03-01", "is no point in time"),
        (20260301, "is no point in time"),
        (1772366400000, "is no point in time"),
        (float("nan"), "is no point in time"),
        (-1, "is no point in time"),
        (True, "is no point in time"),
        (["2026-03-01"], "is no point in time"),
        ("9999-01-01", "is in the future"),
        (99999999999, "is in the future"),
    ],
)
def test_what_is_refused(given_: object, words: str) -> None:
    with pytest.raises(CircleCIError, match=words) as caught:
        past_moment(given_, "not_older_than")
    assert caught.value.message.startswith("not_older_than ")
    assert caught.value.hint


def test_the_future_begins_now() -> None:
    now = datetime.now(timezone.utc)
    assert past_moment(now, "not_older_than") == now
    with pytest.raises(CircleCIError, match="future"):
        past_moment(now + timedelta(hours=1), "not_older_than")


@given(st.text(max_size=40) | st.integers() | st.floats() | st.dates() | st.datetimes())
def test_nothing_breaks_it(given_: object) -> None:
    with contextlib.suppress(CircleCIError):
        assert past_moment(given_, "not_older_than").tzinfo is timezone.utc


def test_answers_without_a_zone_are_in_utc() -> None:
    assert moment_of("2026-03-01T12:00:00.000Z") == moment_of("2026-03-01T12:00:00") == NOON


@pytest.mark.parametrize("text", ["", "x", None, 1772366400, ["2026-03-01"]])
def test_answers_that_are_no_points_in_time(text: object) -> None:
    assert moment_of(text) is None


def test_the_newest_one_says_how_old_things_are() -> None:
    now = datetime.now(timezone.utc)
    new, old = ((now - timedelta(days=days)).isoformat() for days in (6, 8))
    assert [all_older_than(texts, 7) for texts in ([old], [new], [old, new], [old, old])] == [True, False, False, True]
    # What cannot be shown to be new is old.
    assert all(all_older_than(texts, 7) for texts in ([None], ["in spring"], [old, None], []))
    assert not all_older_than([None, new], 7)


class Noon(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: object = None) -> Noon:
        assert tz is timezone.utc
        return cls(2026, 3, 1, 12, tzinfo=timezone.utc)


def test_what_is_as_old_as_days_are_long_is_not_older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "datetime", Noon)
    for days in (0, 1, 90):
        then = NOON - timedelta(days=days)
        assert not all_older_than([then.isoformat()], days)
        assert all_older_than([(then - timedelta(seconds=1)).isoformat()], days)
    assert past_moment(NOON.isoformat(), "not_older_than") == NOON
    with pytest.raises(CircleCIError, match="future"):
        past_moment((NOON + timedelta(seconds=1)).isoformat(), "not_older_than")
