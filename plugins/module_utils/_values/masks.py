# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Secrets that cannot be read back: what CircleCI shows of them, what that tells, and when they are set again."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime

from ansible_collections.community.circleci.plugins.module_utils._values.suspects import first_names

WHEN_MASK_DIFFERS = "when_mask_differs"
ALWAYS = "always"
ON_CREATE = "on_create"
IF_PRESENT = "if_present"
WHEN_OLDER = "when_older"
REPLACED = "(replaced)"
"""What a diff says of a secret that looks as before, or of which nothing is shown."""
NO_WORDS = "Masks tell nothing of values with fewer than 8 characters or more than one word."
_WORD = re.compile(r"[\w.~+/=-]{8,}")
_FORMATS = (b"0\x82", b"\x1f\x8b", b"PK\x03\x04")
"""What files begin with that end alike: certificates and keys (DER, PKCS #12), gzip, zip."""
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")


def tail(value: str) -> str:
    """What the API shows of a value in a context: up to four characters of its end, at most half of it (VF §1.1)."""
    return value[len(value) - min(4, len(value) // 2) :]


def mask(value: str) -> str:
    """What the API shows of a value in a project: ``xxxx`` and the same characters (``api-v1.1.md`` §3.5)."""
    return f"xxxx{tail(value)}"


def tells(value: str) -> bool:
    """Whether two values with the mask of this one can be taken for the same value.

    That is so of one word only, as most tokens and passwords are. Keys, JSON, YAML, addresses and connection strings
    end alike whatever secret is in them, and so does their base64.
    """
    if not _WORD.fullmatch(value):
        return False
    content = _decoded(value)
    if content is None:
        return True
    text = _text(content)
    if text is not None:
        return tells(text)
    # Padding and the zeros at the end of many files stand where the mask could tell something.
    end = value[-3:]
    return "=" not in end and end != "AAA" and not content.startswith(_FORMATS)


def must_set(
    value: str,
    update_value: str,
    *,
    masks_equal: bool | None,
    not_older_than: datetime | None = None,
    updated: datetime | None = None,
) -> bool | None:
    """Whether a secret that is there is to be set again.

    :param masks_equal: whether CircleCI shows what it would show of ``value``; None when it shows nothing
    :param not_older_than: what ``when_older`` goes by
    :param updated: when the secret was set; None when CircleCI does not say
    :returns: None when nothing tells: then it is left alone, and the user is warned
    """
    if update_value == WHEN_MASK_DIFFERS:
        if masks_equal is None or (masks_equal and not tells(value)):
            return None
        return not masks_equal
    if update_value == WHEN_OLDER:
        return None if updated is None or not_older_than is None else updated < not_older_than
    return update_value in (ALWAYS, IF_PRESENT)


def left_in_doubt(names: Sequence[str], one: str, many: str, remedy: str, why: str = NO_WORDS) -> str:
    """The warning about secrets that were left alone although nothing tells whether they have changed.

    :param names: at least one
    :param one: what each of them is, unless its name says so
    :param many: what they are together
    :param remedy: the values of update_value that replace such secrets
    :param why: why nothing tells
    """
    shown = first_names(names)
    about = f"{one} {shown} has".strip() if len(names) == 1 else f"{len(names)} {many} have"
    listed = "" if len(names) == 1 else f": {shown}"
    return (
        f"Nothing tells whether {about} changed, so nothing was written{listed}. {why} Set update_value: {remedy} to "
        "replace such values, or update_value: on_create to leave them alone."
    )


def mark_replaced(after: dict[str, str], before: dict[str, str], replaced: Sequence[str]) -> None:
    """Let a diff show which values are replaced by others that look alike.

    :param after: masks by name, which are marked
    :param before: those that were there
    :param replaced: names
    """
    for name in replaced:
        if name in after and after[name] == before.get(name):
            after[name] = f"{after[name]} {REPLACED}".strip()


def _decoded(value: str) -> bytes | None:
    """What a value holds, if it can be base64 of either alphabet, with or without padding."""
    body = value.rstrip("=")
    if not _BASE64.fullmatch(value) or len(body) % 4 == 1:
        return None
    return base64.b64decode(body.replace("-", "+").replace("_", "/") + "=" * (-len(body) % 4))


def _text(content: bytes) -> str | None:
    """The text that bytes are. With a zero after each letter it is what Windows calls Unicode."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if all(char.isprintable() or char in "\t\r\n\0" for char in text) else None
