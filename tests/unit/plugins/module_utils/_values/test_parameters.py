# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.parameters import (
    checked_parameters,
    same_parameters,
)

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": "x"}, {"b": "x", "a": 1}, True),
        ({"b": "x", "a": 1}, {"a": 1, "b": "x"}, True),
        ({}, {}, True),
        ({"a": 1}, {"a": "1"}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": 0}, {"a": False}, False),
        ({"a": "true"}, {"a": True}, False),
        ({"a": 1}, {"a": 1, "b": 1}, False),
        ({"a": 1}, {"b": 1}, False),
    ],
)
def test_parameters_are_equal_in_names_values_and_types(one: Any, other: Any, same: bool) -> None:
    assert same_parameters(one, other) is same


@pytest.mark.parametrize(
    ("number", "name", "value", "words"),
    [
        (100, 128, 512, None),
        (101, 1, 1, "There are 101 parameters; CircleCI takes 100 at most"),
        (1, 129, 1, "is longer than 128 characters"),
        (1, 1, 513, "is longer than 512 characters"),
    ],
)
def test_parameters_are_as_many_and_as_long_as_circleci_takes(
    number: int, name: int, value: int, words: str | None
) -> None:
    given = {f"{index:0{name}}": "v" * value for index in range(number)}
    if words is None:
        assert checked_parameters(given) == given
        return
    with pytest.raises(CircleCIError, match=words):
        checked_parameters(given)
