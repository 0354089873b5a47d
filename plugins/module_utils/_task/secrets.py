# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Keeping secrets out of what a task says, should a server or an exception repeat one."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from ansible_collections.community.circleci.plugins.module_utils._http.answers import ServerText
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CUT, CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key

MASK = "********"
HIDDEN = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"
"""Stands for a secret among the options of a task, as everywhere in Ansible."""
SHORTEST = 6
"""Shorter secrets are not looked for: ``a`` is in every word."""
VARIABLE_VALUE = "value"
"""The option that holds the value of a variable, which may be any word. All other secrets are made to be secret."""
OWN_WORDS = ("kind", "method")
"""The fields of a result that hold a word of the collection."""
_FRAME = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")

Options = dict[str, dict[str, Any]]


class Scrubber:
    """Replaces secrets in texts and results.

    :param secrets: what never is to be seen, such as tokens and keys; of those with several lines every line counts too
    :param words: secrets that may be any word: they stay where they are a part of what the task itself names
    :param named: what the task itself names
    """

    def __init__(self, secrets: Iterable[str], words: Iterable[str] = (), named: Iterable[str] = ()) -> None:
        # By how they start, for there may be thousands of secrets and of texts. With whether they never stay.
        self._by_start: dict[str, dict[str, bool]] = {}
        self._named_by_start: dict[str, set[str]] = {}
        self._longest_name = 0
        for secret in dict.fromkeys(words):
            self._add(secret, always=False)
        for secret in dict.fromkeys(secrets):
            self._add(secret, always=True)
        for name in dict.fromkeys(named):
            self.name(name)

    def add(self, secret: str) -> None:
        """One more secret that never is to be seen."""
        self._add(secret, always=True)

    def name(self, name: str) -> None:
        """One more text that the task itself names."""
        for spelling in _spellings(name):
            self._named_by_start.setdefault(spelling[:SHORTEST], set()).add(spelling)
            self._longest_name = max(self._longest_name, len(spelling))

    def _add(self, secret: str, *, always: bool) -> None:
        public = _public_half(secret)
        lines = secret.splitlines()
        for part in (secret.strip(), *lines, *map(str.strip, lines)):
            # A line of a private key may hold nothing but a piece of the public one, which is to be shown.
            if len(part) < SHORTEST or _FRAME.fullmatch(part.strip()) or part in public:
                continue
            for spelling in _spellings(part):
                known = self._by_start.setdefault(spelling[:SHORTEST], {})
                known[spelling] = always or known.get(spelling, False)

    def text(self, text: str) -> str:
        """A text without them, also where it was cut in the middle of one.

        What two overlapping secrets cover is replaced as a whole.
        """
        kept: list[str] = []
        end = 0  # of the last secret
        for place in range(len(text) - SHORTEST + 1):
            for secret, always in self._by_start.get(text[place : place + SHORTEST], {}).items():
                cut = text.find(CUT, place)
                found = secret if text.startswith(secret, place) or cut < 0 else text[place:cut]
                if not (text.startswith(found, place) and secret.startswith(found)):
                    continue
                if always or not self._is_named(text, place, place + len(found)):
                    if place >= end:
                        kept += [text[end:place], MASK]
                    end = max(end, place + len(found))
        return "".join([*kept, text[end:]])

    def _is_named(self, text: str, start: int, end: int) -> bool:
        """Whether a piece of a text lies within something that the task itself names."""
        return any(
            begin + len(name) >= end and text.startswith(name, begin)
            for begin in range(max(0, end - self._longest_name), start + 1)
            for name in self._named_by_start.get(text[begin : begin + SHORTEST], ())
        )

    def value(self, value: Any) -> Any:
        """A copy of a result without them. Of the keys only those are searched that came from the server."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {
                self.text(key) if isinstance(key, ServerText) else key: item
                if key in OWN_WORDS and not isinstance(key, ServerText)
                else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _spellings(text: str) -> set[str]:
    """A text as it stands in JSON, in an error message, in HTML and in a URL."""
    spellings = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1]}
    spellings |= {html.escape(text), html.escape(text, quote=False)}
    return spellings | {quote(text, errors="replace"), quote(text, safe="", errors="replace")}


def _public_half(secret: str) -> str:
    """The public key, if this is a private one."""
    if "-----BEGIN" not in secret:
        return ""
    try:
        return parse_private_key(secret).public.text
    except CircleCIError:
        return ""


def scrubber_of(options: Options, params: dict[str, Any]) -> Scrubber:
    """The scrubber for a task.

    :param options: the argument spec
    :param params: what a task gave
    """
    secrets: list[str] = []
    words: list[str] = []
    named: list[str] = []
    for name, option, value in _given(options, params):
        if not option.get("no_log"):
            named += [*_texts(value), *(option.get("choices") or ())]
        elif name == VARIABLE_VALUE:
            words += [str(value), *_texts(value)]
        else:
            secrets.append(str(value))
    return Scrubber(secrets, words, named)


def public_options(options: Options, params: dict[str, Any]) -> dict[str, Any]:
    """The options of a task as they may be shown.

    :param options: the argument spec
    :param params: what a task gave
    """
    shown: dict[str, Any] = {}
    for name, option in options.items():
        value = params.get(name)
        if option.get("no_log"):
            value = None if value is None else HIDDEN
        elif isinstance(value, list) and option.get("options"):
            value = [public_options(option["options"], item) for item in value]
        elif isinstance(value, dict) and option.get("options"):
            value = public_options(option["options"], value)
        shown[name] = value
    return shown


def _given(options: Options, params: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], Any]]:
    """The options that a task gave, with their values; of those with options inside, these."""
    for name, option in options.items():
        value = params.get(name)
        if value is None:
            continue
        if not option.get("options"):
            yield name, option, value
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield from _given(option["options"], item)


def _texts(value: Any) -> Iterator[str]:
    """The texts and numbers in a value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)
