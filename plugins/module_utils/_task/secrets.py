# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Keeping secrets out of what a task says, should a server or an exception repeat one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CUT, CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key

MASK = "********"
SHORTEST = 6
"""Shorter secrets are not looked for: ``a`` is in every word."""
_FRAME = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")


class Scrubber:
    """Replaces secrets in texts and results.

    :param secrets: the values; of those with several lines every line counts too
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        # By how they start, for there may be thousands of secrets and of texts.
        self._by_start: dict[str, set[str]] = {}
        for secret in dict.fromkeys(secrets):
            self.add(secret)

    def add(self, secret: str) -> None:
        """One more secret."""
        public = _public_half(secret)
        for part in (secret, secret.strip(), *secret.splitlines()):
            # A line of a private key may hold nothing but a piece of the public one, which is to be shown.
            if len(part) < SHORTEST or _FRAME.fullmatch(part.strip()) or part in public:
                continue
            spellings = {part, json.dumps(part)[1:-1], json.dumps(part, ensure_ascii=False)[1:-1], repr(part)[1:-1]}
            for spelling in spellings | {quote(part, errors="replace"), quote(part, safe="", errors="replace")}:
                self._by_start.setdefault(spelling[:SHORTEST], set()).add(spelling)

    def text(self, text: str) -> str:
        """A text without them, also where it was cut in the middle of one.

        What two overlapping secrets cover is replaced as a whole.
        """
        kept: list[str] = []
        end = 0  # of the last secret
        for place in range(len(text) - SHORTEST + 1):
            for secret in self._by_start.get(text[place : place + SHORTEST], ()):
                cut = text.find(CUT, place)
                found = secret if text.startswith(secret, place) or cut < 0 else text[place:cut]
                if text.startswith(found, place) and secret.startswith(found):
                    if place >= end:
                        kept += [text[end:place], MASK]
                    end = max(end, place + len(found))
        return "".join([*kept, text[end:]])

    def value(self, value: Any) -> Any:
        """A copy of a result without them, in its values and keys."""
        if not self._by_start:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        return value


def _public_half(secret: str) -> str:
    """The public key, if this is a private one."""
    if "-----BEGIN" not in secret:
        return ""
    try:
        return parse_private_key(secret).public.text
    except CircleCIError:
        return ""


def secrets_of(options: dict[str, dict[str, Any]], params: dict[str, Any]) -> list[str]:
    """The values of all options that are marked ``no_log``, also of those inside other options.

    :param options: the argument spec
    :param params: what a task gave
    """
    found: list[str] = []
    for name, option in options.items():
        value = params.get(name)
        if value is None:
            continue
        if option.get("no_log"):
            found.append(str(value))
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and option.get("options"):
                found += secrets_of(option["options"], item)
    return found
