# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Files that CircleCI keeps elsewhere: streamed, whole, and with the token only where it belongs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import requests
    import urllib3

from ansible_collections.community.circleci.plugins.module_utils._http.answers import Answer, read_answer, require_whole
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_ADDRESS,
    TRANSIENT,
    CircleCIError,
    plain,
)
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import RetryPolicy
from ansible_collections.community.circleci.plugins.module_utils._http.urls import (
    may_have_token,
    origin,
    shown_path,
    site,
)
from ansible_collections.community.circleci.plugins.module_utils._http.wire import MOST_REDIRECTS, Wire

CHUNK = 1 << 18  # bytes
_NOTE = 1 << 16  # bytes

T = TypeVar("T")


@dataclass(frozen=True)
class Download:
    """A file that is arriving.

    :param headers: of the answer
    :param chunks: the file, a quarter of a mebibyte at a time; ends early only by an exception
    """

    headers: Any
    chunks: Iterator[bytes]


class _BrokenOffError(Exception):
    """The connection ended in the middle of a file. Apart from what the receiver raises, a full disk for example."""


def download(wire: Wire, url: str, receive: Callable[[Download], T], hosts: Collection[str]) -> T:
    """Hand a file to a receiver. After a transient failure it is asked for again, and the receiver called again.

    Redirects are followed without the token, wherever they lead but not from https to http.

    :param url: as CircleCI gave it
    :param receive: reads the chunks; gets all of the file each time it is called
    :param hosts: hosts, or hosts with ports, that get the token besides CircleCI's own
    :returns: what the receiver returned
    :raises CircleCIError: when it cannot be had; what stands behind a ``?`` in the URL is not in it
    """
    if not _is_address(url):
        raise CircleCIError(
            f"CircleCI gave {plain(url.partition('?')[0], 200)!r} as the address of a file, which is none.",
            method="GET",
            hint=CHECK_ADDRESS,
        )
    retry = RetryPolicy(total=wire.retries, status_forcelist=TRANSIENT)
    while True:
        answer: Answer | None = None
        cause: Exception | None = None
        wire.patience.wait()
        try:
            with _opened(wire, url, hosts) as response:
                if response.status_code == 200:
                    return receive(Download(response.headers, _chunks(wire, response)))
                answer = read_answer(response)
        except _BrokenOffError as exc:
            cause = exc.args[0]
        except (requests.RequestException, urllib3.exceptions.HTTPError) as exc:
            cause = exc
        if answer is not None and not retry.is_retry("GET", answer.status):
            raise wire.refused("GET", url, answer)
        retry = wire.again("GET", url, retry, answer, cause)


def _opened(wire: Wire, url: str, hosts: Collection[str]) -> requests.Response:
    """The answer to a request for a file, behind all redirects."""
    for redirects in range(MOST_REDIRECTS + 1):
        token = wire.token if redirects == 0 and may_have_token(url, wire.url, hosts) else None
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        response: requests.Response = wire.sent("GET", url, token, lambda found: found, headers=headers)
        if response.status_code // 100 != 3:
            return response
        # A connection serves the next request when its answer was read. Longer ones are no notes about redirects.
        response.raw.read(_NOTE)
        response.close()
        url = _target(url, response.headers.get("Location", ""))
    raise _astray(url, f"more than {MOST_REDIRECTS} times in a row")


def _target(url: str, location: str) -> str:
    """Where a redirect leads.

    :raises CircleCIError: when that is no address, or a less protected one
    """
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not _is_address(target):
        raise _astray(url, "to what is no address")
    if (urlsplit(url).scheme, urlsplit(target).scheme) == ("https", "http"):
        raise _astray(url, "from https to http")
    return target


def _is_address(url: str) -> bool:
    """Whether there can be an answer at an address."""
    try:
        scheme, host, _port = origin(url)
    except ValueError:
        return False
    return scheme in ("http", "https") and bool(host)


def _astray(url: str, why: str) -> CircleCIError:
    """The error for a file that is not where it was said to be."""
    return CircleCIError(
        f"{site(url)} answered GET {shown_path(url)} with a redirect that is not followed ({why}).",
        method="GET",
        path=urlsplit(url).path,
        error="redirect",
        hint=CHECK_ADDRESS,
    )


def _chunks(wire: Wire, response: requests.Response) -> Iterator[bytes]:
    """The body, which must be as long as was announced.

    :raises _BrokenOffError: when it is not
    :raises CircleCIError: when the task is over meanwhile
    """
    try:
        for chunk in response.iter_content(CHUNK):
            wire.patience.go_on()
            yield chunk
        require_whole(response, "file")
    except (OSError, urllib3.exceptions.HTTPError) as exc:
        raise _BrokenOffError(exc) from exc
