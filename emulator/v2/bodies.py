# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How API v2 reads bodies, in two styles (api-v2-provisioning.md §0.1).

The services that are written in Go (contexts, webhooks) ignore what they do not know: they read `call.fields`. The
older ones look at every field first, and refuse the whole request for a wrong one: their routes call `validated`. A
body that is not declared as JSON is no body for either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator.http.exchange import Call, RefusedError

Fields = Mapping[str, Any]
"""name to the type, in the words of JSON, or to the fields of an object"""


def validated(call: Call, known: Fields, *, optional: bool = False) -> dict[str, Any]:
    """Return the fields of a body, all of them known and of their types; a null is of no type.

    :param optional: no field at all is allowed.
    :raises RefusedError: a field is unknown or of another type, or there is none.
    """
    fields = call.fields
    if not fields and not optional:
        raise RefusedError(400, "No JSON fields found.")
    _validate(fields, known, "")
    return fields


def _validate(fields: Fields, known: Fields, prefix: str) -> None:
    for name, value in fields.items():
        wanted = known.get(name)
        if wanted is None:
            raise RefusedError(400, f"Unexpected field '{prefix}{name}'.")
        word = wanted if isinstance(wanted, str) else "object"
        if (found := _word(value)) != word:
            raise RefusedError(400, f"Field '{prefix}{name}' should be '{word}', but was '{found}'.")
        if not isinstance(wanted, str):
            _validate(value, wanted, f"{prefix}{name}.")


def _word(value: object) -> str:
    if value is None:
        return "null"
    # To Python, true is a number.
    kinds = ((bool, "boolean"), ((int, float), "number"), (str, "string"), (list, "array"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "object")
