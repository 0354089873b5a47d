# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.timetables import (
    MONTHS,
    WEEKDAYS,
    Timetable,
    cron_sets,
)

pytestmark = pytest.mark.once

PER_HOUR = st.integers(1, 60)
DIVISORS = [number for number in range(1, 61) if 60 % number == 0]


def params(**options: Any) -> dict[str, Any]:
    left_out = dict.fromkeys(("days_of_week", "days_of_month", "months"))
    return {"hours_of_day": [3], "per_hour": 1, **left_out, **options}


def some(values: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(list(values)), min_size=1)


def spelled(words: tuple[str, ...]) -> list[str]:
    return [spelling for word in words for spelling in (word, word.lower(), word.title())]


@st.composite
def options(draw: st.DrawFn, per_hour: st.SearchStrategy[int] = PER_HOUR) -> dict[str, Any]:
    """The options of a timetable."""
    days = draw(st.sampled_from(["none", "week", "month"]))
    return params(
        hours_of_day=draw(some(range(24))),
        per_hour=draw(per_hour),
        days_of_week=draw(some(spelled(WEEKDAYS))) if days == "week" else None,
        days_of_month=draw(some(range(1, 32))) if days == "month" else None,
        months=draw(st.none() | some(spelled(MONTHS))),
    )


@given(options(), st.randoms(use_true_random=False))
def test_what_is_sent_is_what_was_meant_in_whatever_order_it_comes_back(
    given_options: dict[str, Any], chance: random.Random
) -> None:
    wanted = Timetable.from_params(given_options)
    answer = wanted.body()
    for value in answer.values():
        if isinstance(value, list):
            chance.shuffle(value)
    assert Timetable.from_answer(answer) == wanted
    assert set(answer) <= {"per-hour", "hours-of-day", "days-of-week", "days-of-month", "months"}
    assert ("days-of-week" in answer) is not ("days-of-month" in answer)


@given(options())
def test_its_words_say_the_same_again(given_options: dict[str, Any]) -> None:
    wanted = Timetable.from_params(given_options)
    assert Timetable.from_params(wanted.words()) == wanted


@given(options(per_hour=st.sampled_from(DIVISORS)))
def test_a_cron_expression_says_the_same(given_options: dict[str, Any]) -> None:
    wanted = Timetable.from_params(given_options)
    assert Timetable.from_cron(wanted.cron()) == wanted


@given(options())
def test_what_no_cron_expression_says_is_refused(given_options: dict[str, Any]) -> None:
    wanted = Timetable.from_params(given_options)
    if wanted.per_hour in DIVISORS:
        assert len(cron_sets(wanted.cron())[0]) == wanted.per_hour
    else:
        with pytest.raises(CircleCIError, match=f"per_hour {wanted.per_hour} cannot be written as a cron expression"):
            wanted.cron()


@pytest.mark.parametrize("left_out", [{"days_of_week": list(WEEKDAYS)}, {"days_of_month": list(range(1, 32))}, {}])
def test_every_day_is_every_day_however_it_is_said(left_out: dict[str, Any]) -> None:
    timetable = Timetable.from_params(params(**left_out))
    assert timetable == Timetable.from_params(params())
    assert timetable.body() == {
        "per-hour": 1,
        "hours-of-day": [3],
        "days-of-week": list(WEEKDAYS),
        "months": list(MONTHS),
    }


def test_what_the_service_leaves_out_is_all_of_it() -> None:
    for shown in ({"per-hour": 1, "hours-of-day": [3], "days-of-week": list(WEEKDAYS)}, {"hours-of-day": [3]}):
        assert Timetable.from_answer(shown) == Timetable.from_params(params())


def test_the_service_may_write_names_small() -> None:
    shown = {"per-hour": 1, "hours-of-day": [3], "days-of-week": ["mon", "Sun"], "months": ["jan"]}
    wanted = Timetable.from_params(params(days_of_week=["MON", "SUN"], months=["JAN"]))
    assert Timetable.from_answer(shown) == wanted
    assert Timetable.from_answer(shown).body() == wanted.body()


@pytest.mark.parametrize(
    ("options", "expression"),
    [
        ({}, "0 3 * * *"),
        ({"hours_of_day": list(range(24)), "per_hour": 4}, "0,15,30,45 * * * *"),
        ({"hours_of_day": [20, 3]}, "0 3,20 * * *"),
        ({"days_of_week": ["SUN", "SAT", "mon"]}, "0 3 * * 0,1,6"),
        ({"days_of_month": [15, 1], "months": ["DEC", "jan"]}, "0 3 1,15 1,12 *"),
    ],
)
def test_a_cron_expression_is_written_as_people_do(options: dict[str, Any], expression: str) -> None:
    assert Timetable.from_params(params(**options)).cron() == expression


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"hours_of_day": None}, "hours_of_day is missing"),
        ({"hours_of_day": []}, "hours_of_day is empty"),
        ({"hours_of_day": [1, 24]}, "hours_of_day has 24"),
        ({"hours_of_day": [-1]}, "hours_of_day has -1"),
        ({"per_hour": 0}, "per_hour must be"),
        ({"per_hour": 61}, "per_hour must be"),
        ({"days_of_week": []}, "days_of_week is empty"),
        ({"days_of_week": ["MON", "Montag\x1b"]}, "days_of_week has"),
        ({"days_of_month": [0]}, "days_of_month has 0"),
        ({"days_of_month": [32]}, "days_of_month has 32"),
        ({"months": ["january"]}, "months has 'january'"),
        ({"months": []}, "months is empty"),
        ({"days_of_week": ["mon"], "days_of_month": [1]}, "exclude each other"),
    ],
)
def test_what_is_no_timetable_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(CircleCIError, match=complaint):
        Timetable.from_params(params(**options))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"hours-of-day": "3"},
        {"hours-of-day": [True]},
        {"hours-of-day": [3], "per-hour": "1"},
        {"hours-of-day": [3], "per-hour": True},
        {"hours-of-day": [3], "days-of-week": [1]},
        {"hours-of-day": [3], "days-of-month": "all"},
    ],
)
def test_an_answer_that_is_no_timetable_is_refused(answer: Any) -> None:
    with pytest.raises(ValueError, match="timetable"):
        Timetable.from_answer(answer)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*/30 * * * *", "0,30 0-23 * * *"),
        ("0 3 * * 1-5", "0 3 * * MON,tue,WED,thu,FRI"),
        ("0 3 * * 7", "0 3 * * 0"),
        ("0 3 * * FRI-SUN", "0 3 * * 0,5,6"),
        ("0 3 * * 5-7", "0 3 * * fri-sun"),
        ("0 3 1 JAN-MAR *", "0 3 1 1,2,3 *"),
        ("0 8-17/3 * * *", "0 8,11,14,17 * * *"),
        ("5/20 3 * * *", "5,25,45 3 * * *"),
        ("*/05 3 * * *", "*/5 3 * * *"),
        ("*/59 3 * * 1/3", "0,59 3 * * 1,4"),
        ("00 03 1-31 * *", "0 3 * * 0-6"),
        ("0 3 1 * 0-6", "0 3 * * *"),
        ("0  3 *   * *", "0 3 */1 1-12 *"),
    ],
)
def test_equal_times_are_equal_sets(one: str, other: str) -> None:
    assert cron_sets(one) == cron_sets(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("0 3 * * *", "1 3 * * *"),
        ("0 3 * * 1", "0 3 1 * *"),
        ("0 3 */2 * 1", "0 3 */2 * *"),
        ("0 3 1 * *", "0 3 1 * 0-6"),  # on days of either kind, so on every day
    ],
)
def test_other_times_are_other_sets(one: str, other: str) -> None:
    assert cron_sets(one) != cron_sets(other)


@pytest.mark.parametrize(
    "expression",
    ["", "@daily", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *",
     "* * * * 8", "5-3 * * * *", "*/0 * * * *", "*/00 * * * *",
     "*/100 * * * *", "a * * * *", "-1 * * * *", "1- * * * *", "* * * MON *", "* * * * JAN",
     "* * * 0 *", "² * * * *", "1,,2 * * * *"],
)  # fmt: skip
def test_what_is_no_cron_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"cron|range|lists nothing"):
        cron_sets(expression)
    assert Timetable.from_cron(expression) is None


@pytest.mark.parametrize("expression", ["15 3 * * *", "0,10 3 * * *", "*/7 3 * * *", "0 3 1 * 1", "0 3 */2 * 1"])
def test_what_these_words_cannot_say_is_none(expression: str) -> None:
    assert cron_sets(expression)
    assert Timetable.from_cron(expression) is None


@given(st.lists(st.integers(0, 59), min_size=1), st.lists(st.integers(0, 6), min_size=1))
def test_a_cron_expression_has_the_values_that_it_lists(minutes: list[int], weekdays: list[int]) -> None:
    expression = f"{','.join(map(str, minutes))} * * * {','.join(map(str, weekdays))}"
    sets = cron_sets(expression)
    assert (sets[0], sets[4]) == (frozenset(minutes), frozenset(weekdays))
