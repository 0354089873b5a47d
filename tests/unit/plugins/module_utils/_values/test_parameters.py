# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._values.parameters import same_parameters

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
