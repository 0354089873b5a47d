# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Words for many things in one message."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import UUID, Project

MOST_NAMED = 50  # projects or warnings that one message lists
LEAST_NAMED = 3  # projects that are listed of each reason, however many reasons there are
LONGEST_REASON = 500  # characters of a reason in the message of a task
# What differs between reasons that are the same to a reader: ids, and how long something took.
_DIFFERS = re.compile(rf"{UUID.pattern}|\b[\d.]+ s\b", re.IGNORECASE | re.ASCII)


def bounded(lines: list[str], between: str = " | ", most: int = MOST_NAMED) -> str:
    """The lines as one text that stays readable."""
    more = [f"and {len(lines) - most} more."] if len(lines) > most else []
    return between.join([*lines[:most], *more])


def alike(told: Iterable[tuple[object, str]]) -> list[tuple[list[str], str]]:
    """What was told of many things, with equal texts together, in the order in which they first come.

    Of one thing, texts that differ in ids stay apart: each is about something else in it.

    :param told: projects, or names of other things, each with a text. Those about projects may differ in the slug
    :returns: the things, and their text; if it is that of several projects, without a slug
    """
    groups: dict[tuple[str, int], list[tuple[object, str]]] = {}
    counts: Counter[tuple[object, str]] = Counter()
    for about, text in dict.fromkeys(told):
        likeness = _DIFFERS.sub("", _without_slug(about, text))
        groups.setdefault((likeness, counts[about, likeness]), []).append((about, text))
        counts[about, likeness] += 1
    return [
        ([str(about) for about, _text in group], group[0][1] if len(group) == 1 else _without_slug(*group[0]))
        for group in groups.values()
    ]


def _without_slug(about: object, text: str) -> str:
    if not isinstance(about, Project):
        return text
    paths = (path.partition("project/")[2] for path in (about.path(), about.v2_path()))
    spellings = "|".join(re.escape(slug) for slug in (str(about), about.short_slug, *paths))
    return re.sub(rf"(?:{spellings})(?![\w-])", "<slug>", text)


def reasons(failures: Iterable[tuple[Project, str]]) -> str:
    """Why projects failed, each reason once, with the projects that it holds for.

    :param failures: at least one
    """
    found = alike(failures)
    most = max(LEAST_NAMED, MOST_NAMED // len(found))
    lines = []
    for slugs, text in found:
        reason = plain(text, LONGEST_REASON)
        if len(slugs) > 1:
            lines.append(
                f"for {len(slugs)} projects: {reason.rstrip('.')}. They are {bounded(slugs, ', ', most).rstrip('.')}."
            )
        else:
            lines.append(f"{slugs[0]}: {reason}")
    return bounded(lines)


def each_once(warnings: Iterable[tuple[object, str]]) -> list[str]:
    """The warnings about many things, each once, with what it is about when it does not say itself."""
    told = [
        text if about[0] in text else f"{about[0]}{_others(len(about) - 1)}: {text}" for about, text in alike(warnings)
    ]
    if len(told) > MOST_NAMED:
        more = counted(len(told) - MOST_NAMED, "more such warning", "more such warnings")
        told[MOST_NAMED:] = [f"There {'is' if len(told) == MOST_NAMED + 1 else 'are'} {more}."]
    return told


def _others(number: int) -> str:
    return f" and {counted(number, 'other', 'others')}" if number else ""


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
