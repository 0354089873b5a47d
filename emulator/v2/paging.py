# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of API v2: a few items and a token for the next page (api-v2-pipelines.md §1.3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from emulator.http.exchange import Answer, RefusedError

from .routing import V2Request

Item = TypeVar("Item")


def page(request: V2Request, items: Sequence[Item], shape: Callable[[Item], Any]) -> Answer:
    """Return the page that is asked for, of as many items as the switch `page_size` says.

    :param shape: how an item looks.
    :raises RefusedError: the token is none of this list.
    """
    size = max(request.state.switches.page_size, 1)
    start = _start(request, range(size, len(items), size))
    more = start + size < len(items)
    return Answer(
        {
            "items": [shape(item) for item in items[start : start + size]],
            "next_page_token": _token(request, start + size) if more else None,
        }
    )


def _start(request: V2Request, starts: range) -> int:
    given = request.call.query.get("page-token")
    if given is None:
        return 0
    for start in starts:
        if hmac.compare_digest(_token(request, start).encode(), given.encode()):
            return start
    raise RefusedError(404, "Not Found")


def _token(request: V2Request, start: int) -> str:
    """Return about 140 characters that say nothing to a client, and are of use for this list only."""
    place = f"{request.call.path} {start}".encode()
    digests = (hmac.new(request.state.signing_key, place + end, hashlib.sha512).digest() for end in (b"a", b"b"))
    return base64.urlsafe_b64encode(b"".join(digests)[:105]).decode()
