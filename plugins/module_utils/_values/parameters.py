# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Pipeline parameters: text, whole numbers and booleans, which keep their types (PF §2.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, time
from typing import Any, Union

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain

MOST_PARAMETERS, LONGEST_NAME, LONGEST_VALUE = 100, 128, 512
_KINDS = (
    (float, "a number with a fraction"),
    ((date, time), "a date or time"),
    ((list, tuple), "a list"),
    (dict, "a dictionary"),
)

Parameter = Union[str, int, bool]


def checked_parameters(given: Mapping[Any, Any]) -> dict[str, Parameter]:
    """The parameters of a pipeline, whose types the configuration compares too (PF §2.2).

    :raises CircleCIError: naming the one that cannot be sent as it was written, not its value
    """
    if len(given) > MOST_PARAMETERS:
        raise invalid(f"There are {len(given)} parameters; CircleCI takes {MOST_PARAMETERS} at most.")
    checked: dict[str, Parameter] = {}
    for name, value in given.items():
        where = f"parameters.{plain(str(name))}"
        if not isinstance(name, str):
            raise invalid(f"A key of parameters is not text: {plain(str(name))}.", "Write it in quotes.")
        if len(name) > LONGEST_NAME:
            raise invalid(f"The name of {where} is longer than {LONGEST_NAME} characters.")
        if value is None:
            raise invalid(f"{where} is null.", "Leave it out: the configuration's default counts then.")
        kind = next((words for types, words in _KINDS if isinstance(value, types)), None)
        if kind is not None or not isinstance(value, (str, int)):
            raise invalid(
                f"{where} is {kind or 'of no usable type'}: parameters are text, whole numbers or booleans.",
                "Write it in quotes, or make text of it with the filter to_json.",
            )
        if isinstance(value, str) and len(value) > LONGEST_VALUE:
            raise invalid(f"{where} is longer than {LONGEST_VALUE} characters.")
        checked[name] = value
    return checked


def same_parameters(one: Any, other: Any) -> bool:
    """Whether parameters are equal in names, values and types: ``1``, ``true`` and ``"1"`` are three things."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
