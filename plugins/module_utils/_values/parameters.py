# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Pipeline parameters: text, whole numbers and booleans, which keep their types (PF §2.2)."""

from __future__ import annotations

import json
from typing import Any, Union

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import require_spelling

Parameters = dict[str, Union[str, int, bool]]

_KINDS = ((type(None), "null"), (list, "a list"), (dict, "a dictionary"))


def checked_parameters(given: dict[Any, Any], option: str = "parameters") -> Parameters:
    """Pipeline parameters, if they can be some.

    :param option: the name of the option, for the error
    :raises CircleCIError: naming the first that is neither text, nor a whole number, nor a boolean; its value is not in
        the message
    """
    for name, value in given.items():
        if not isinstance(name, str) or not name:
            raise invalid(f"{option} has a name that is not text.", "Write it in quotes.")
        where = f"{option}.{plain(name)}"
        require_spelling(value, where)
        if isinstance(value, (str, int)):
            continue
        kind = next((word for known, word in _KINDS if isinstance(value, known)), "of an unknown kind")
        raise invalid(
            f"{where} is {kind}, which no pipeline parameter can be.", "Give text, a whole number or a boolean."
        )
    return dict(given)


def same_parameters(one: Any, other: Any) -> bool:
    """Whether parameters are equal in names, values and types: ``1``, ``true`` and ``"1"`` are three things."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
