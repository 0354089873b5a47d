# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Patterns for paths, as shells have them."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Sequence

_SET = r"\[!?\][^\]]*\]|\[(?:!(?!\])|(?![!\]]))[^\]]+\]"
_PARTS = re.compile(rf"\*\*/|\*\*|\*|\?|{_SET}|.", re.DOTALL)
_TRANSLATED = re.compile(r"\(\?s:(.*)\)\\[Zz]", re.DOTALL)


def matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    """What tells whether a path is wanted.

    ``*`` and ``?`` stand for what is within one folder, ``**`` for whole folders too, ``[…]`` for one of some
    characters.

    :param include: one of these has to match; none means that everything does
    :param exclude: none of these may match
    """
    wanted = [_compiled(pattern) for pattern in include or ["**"]]
    unwanted = [_compiled(pattern) for pattern in exclude]
    return lambda path: (
        any(each.fullmatch(path) for each in wanted) and not any(each.fullmatch(path) for each in unwanted)
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(map(_translated, _PARTS.findall(pattern))), re.DOTALL)


def _translated(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"  # also no folder at all
    if part == "**":
        return ".*"
    if part == "*":
        return "[^/]*"
    if part == "?":
        return "[^/]"
    if len(part) > 1:
        return f"(?!/){_TRANSLATED.sub(lambda found: found[1], fnmatch.translate(part))}"
    return re.escape(part)
