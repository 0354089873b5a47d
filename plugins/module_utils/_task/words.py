# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Words for many things in one message."""

from __future__ import annotations

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError

MOST_NAMED = 50  # projects or warnings that one message lists


def bounded(lines: list[str], between: str = " | ") -> str:
    """The lines as one text that stays readable."""
    more = [f"and {len(lines) - MOST_NAMED} more."] if len(lines) > MOST_NAMED else []
    return between.join([*lines[:MOST_NAMED], *more])


def all_wrong(problems: list[str]) -> CircleCIError:
    """The failure of a task because of what was given for its options: one line for each problem, and the list of them.

    :param problems: at least one
    """
    message = problems[0]
    if len(problems) > 1:
        message = f"Nothing was done, because {len(problems)} things are wrong:\n{bounded(problems, chr(10))}"
    error = CircleCIError(message)
    error.partial = {"problems": problems}
    return error


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
