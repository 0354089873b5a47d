# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.circleci.plugins.module_utils._values.suspects import about_variables, first_names

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("names", "told"), [("A", "A"), ("ABCDE", "A, B, C, D, E"), ("ABCDEFG", "A, B, C, D, E and 2 more")]
)
def test_of_many_names_the_first_five_are_told(names: str, told: str) -> None:
    assert first_names(list(names)) == told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"A": "x y"}, []),
        ({"A": ""}, ["The value of variable A is empty."]),
        ({"A": " "}, ["The value of variable A begins or ends with white space, which is kept."]),
        ({"A": "x\n", "B": "x"}, ["The value of variable A begins or ends with white space, which is kept."]),
        ({"A": "\tx", "B": "x "}, ["2 values begin or end with white space, which is kept: A, B."]),
        (
            {"A": "", "B": "", "C": " x"},
            [
                "The value of variable A is empty.",
                "The value of variable B is empty.",
                "The value of variable C begins or ends with white space, which is kept.",
            ],
        ),
    ],
)
def test_values_that_look_like_mistakes_are_warned_about(values: dict[str, str], told: list[str]) -> None:
    warnings = about_variables(values)
    assert [warning.partition(" Check ")[0] for warning in warnings] == told
    assert all(" Check " in warning for warning in warnings)
