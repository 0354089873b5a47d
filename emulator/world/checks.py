# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether values from outside have the types that the code declares: what is let in wrong breaks later answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin


def check(values: Mapping[str, Any], hints: Mapping[str, Any]) -> None:
    """Compare named values with the types of these names.

    :raises ValueError: a name has no type, or its value has another one.
    """
    if unknown := values.keys() - hints.keys():
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        if not _fits(value, hints[name]):
            raise ValueError(f"{name} must be {_in_words(hints[name])}, not {value!r}")


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return value in arguments
    # `Literal[...] | None` is the older of the two kinds.
    if origin in (UnionType, Union):
        return any(_fits(value, each) for each in arguments)
    if origin is list:
        return isinstance(value, list) and all(_fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            _fits(key, arguments[0]) and _fits(item, arguments[1]) for key, item in value.items()
        )
    if hint is float:
        # JSON writes whole seconds without a fraction.
        return type(value) in (int, float)
    # To Python, true is a number.
    return hint is Any or (isinstance(value, hint) and isinstance(value, bool) is (hint is bool))


def _in_words(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return f"one of {', '.join(get_args(hint))}"
    return str(hint) if get_args(hint) else str(hint.__name__)
