# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Text as a user wrote it, where YAML has made something else of it: ``1.10`` is the number 1.1 then."""

from __future__ import annotations

import re
from datetime import date, time
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain

_QUOTES = "Write it in quotes."
_REVISION = re.compile(r"[0-9a-fA-F]{40}")


def written_text(value: Any, name: str) -> str | None:
    """The text of an option. A whole number is taken for its digits: how it was written cannot be known.

    :param name: of the option, for the error
    :returns: None when it was left out
    :raises CircleCIError: for what has lost its spelling, and for what is no text; the value is not in it
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    require_spelling(value, name)
    if isinstance(value, bool):
        raise invalid(f"{name} is a boolean for YAML, so how it was written is lost.", _QUOTES)
    raise invalid(f"{name} is not text.", _QUOTES)


def checked_revision(value: Any, name: str = "revision") -> str | None:
    """The full hash of a commit, in lower case.

    :param name: of the option, for the error
    :returns: None when it was left out
    :raises CircleCIError: for everything else; a whole number may have had zeros before it, or have been octal
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise _lost(name, "a number")
    text = written_text(value, name)
    if text is not None and not _REVISION.fullmatch(text):
        raise invalid(
            f"{name} {plain(text)!r} is not the full hash of a commit, which has 40 hexadecimal digits.",
            "Give the whole one, as git rev-parse prints it, without white space.",
        )
    return text and text.lower()


def require_spelling(value: Any, name: str) -> None:
    """Fail for what is written in more than one way, and may have been written in another one than it will be sent in.

    :param name: of the place, for the error
    :raises CircleCIError: for fractions, dates and times, also inside lists and dictionaries; the value is not in it
    """
    if isinstance(value, float):
        raise _lost(name, "a number with a fraction")
    if isinstance(value, (date, time)):
        raise _lost(name, "a date or time")
    if isinstance(value, dict):
        for key, item in value.items():
            require_spelling(key, f"a key of {name}")
            require_spelling(item, f"{name}.{plain(str(key))}")
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            require_spelling(item, f"{name}[{index}]")


def _lost(name: str, kind: str) -> CircleCIError:
    return invalid(f"{name} is {kind} for YAML, so how it was written is lost.", _QUOTES)
