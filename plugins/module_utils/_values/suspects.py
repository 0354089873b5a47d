# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Values that are taken as they are, and are more often than not a mistake. What is said of them never holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MOST_NAMED = 5
TAKEN = "is kept"
LEFT_OUT = "is left out"
_REMEDY = "Check what it comes from; the filter trim removes white space."


def has_white_ends(value: str) -> bool:
    """Whether a value begins or ends with white space, as the output of a command and many a file do."""
    return value != value.strip()


def white_ends(what: str, becomes: str) -> str:
    """The warning about one value.

    :param what: how it is called
    :param becomes: what happens to the white space, :data:`TAKEN` or :data:`LEFT_OUT`
    """
    return f"{what} begins or ends with white space, which {becomes}. {_REMEDY}"


def about_variables(values: Mapping[str, str]) -> list[str]:
    """The warnings about values of variables that are going to be set.

    :param values: by the names of the variables
    """
    told = [
        f"The value of variable {name} is empty. Check that what it comes from is set."
        for name, value in values.items()
        if not value
    ]
    white = [name for name, value in values.items() if has_white_ends(value)]
    if len(white) == 1:
        told.append(white_ends(f"The value of variable {white[0]}", TAKEN))
    elif white:
        told.append(
            f"{len(white)} values begin or end with white space, which {TAKEN}: {first_names(white)}. {_REMEDY}"
        )
    return told


def first_names(names: Sequence[str]) -> str:
    """The first ones of many names, and how many more there are."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"{', '.join(names[:MOST_NAMED])}{more}"
