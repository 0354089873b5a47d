# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Words for many things in one message."""

from __future__ import annotations

MOST_NAMED = 50  # projects or warnings that one message lists


def bounded(lines: list[str]) -> str:
    """The lines as one text that stays readable."""
    more = [f"and {len(lines) - MOST_NAMED} more."] if len(lines) > MOST_NAMED else []
    return " | ".join([*lines[:MOST_NAMED], *more])


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
