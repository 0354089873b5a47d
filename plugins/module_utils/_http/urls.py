# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Addresses: of a CircleCI, of a thing in it, and what may be shown of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_OPTION,
    invalid,
    plain,
)

DEFAULT_URL = "https://circleci.com"
# A backslash or a user is where parsers of URLs disagree on the host.
_AMBIGUOUS = re.compile(r"[\\@\s\x00-\x1f]")


def segment(text: str) -> str:
    """One segment of a path, percent-encoded (§1.1). Colons stay as they are, as in recorded requests.

    :raises CircleCIError: for an empty segment and those that would change the path
    """
    if text in ("", ".", ".."):
        raise invalid(f"{text!r} cannot be part of a path of the API.", CHECK_OPTION)
    try:
        return quote(text, safe=":")
    except UnicodeEncodeError:
        raise invalid(f"{plain(text)!r} cannot be part of a path of the API: it is not text.", CHECK_OPTION) from None


def normalize_url(url: str) -> str:
    """The base of all requests, without trailing slash and ``/api/v1.1``.

    :raises CircleCIError: when it is not the address of a CircleCI
    """
    text = url.strip()
    if "://" not in text:
        text = f"https://{text}"
    hint = "Write it as in https://circleci.com or https://circleci.example.com."
    try:
        parts = urlsplit(text)
        port = parts.port
        host = parts.hostname
    except ValueError as exc:
        raise invalid("api_url is not a valid URL.", hint) from exc
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f\\]", text) or port == 0:
        raise invalid("api_url is not a valid http or https URL.", hint)
    if parts.username is not None:  # empty where there is only a password
        raise invalid("api_url must not contain a user or a password.", "Give the token as api_token.")
    if parts.query or parts.fragment:
        raise invalid("api_url must not contain a query or a fragment.", hint)
    path = re.sub(r"/api(/v1\.1)?$", "", parts.path.rstrip("/"))
    if re.search(r"/api(/|$)", path):
        raise invalid(f"api_url ends in {plain(path)}, but it must not choose an API.", hint)
    return f"{parts.scheme}://{parts.netloc}{path}"


def is_loopback(url: str) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port.

    :raises ValueError: when it is no URL
    """
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def shown_path(url: str) -> str:
    """The path of a URL for a message, without what is the same in most of them."""
    return plain(without_api(re.sub(r"^.*?/api/(?=v1\.1/|v2/)", "", urlsplit(url).path)))


def without_api(path: str) -> str:
    """A path of the API as messages show it: API v1.1, which most calls use, is not named."""
    return path.removeprefix("v1.1/")


def site(url: str) -> str:
    """Scheme, host and port of a URL for a message."""
    scheme, host, port = origin(url)
    standard = port == (443 if scheme == "https" else 80)
    return plain(f"{scheme}://{_written(host)}" if standard else f"{scheme}://{_written(host)}:{port}")


def _written(host: str) -> str:
    """A host as it stands in a URL."""
    return f"[{host}]" if ":" in host else host


def leads_to_https(url: str, target: str) -> bool:
    """Whether a redirect only says that a host wants https: its front does that, and carries nothing out."""
    try:
        (scheme, host, _port), (other_scheme, other_host, _other_port) = origin(url), origin(target)
    except ValueError:
        return False
    return (scheme, other_scheme) == ("http", "https") and host == other_host


def is_at_home(url: str, api_url: str) -> bool:
    """Whether a URL leads to CircleCI's own scheme, host and port, and nothing else could read it otherwise.

    :param api_url: the normalized address of CircleCI
    """
    if _AMBIGUOUS.search(url):
        return False
    try:
        return origin(url) == origin(api_url)
    except ValueError:
        return False


def may_have_token(url: str, api_url: str, hosts: Collection[str]) -> bool:
    """Whether the token may go along to a URL: only to CircleCI itself, and to the hosts that a user trusts.

    The artifacts of circleci.com lie on ``*.circle-artifacts.com`` and want the token (PF §6.2).

    :param api_url: the normalized address of CircleCI
    :param hosts: hosts that a user names; ``host`` means the standard port, ``host:port`` another one
    """
    if is_at_home(url, api_url):
        return True
    try:
        scheme, host, port = origin(url)
    except ValueError:
        return False
    # Never on a less protected way than to the API.
    if _AMBIGUOUS.search(url) or not host or scheme not in ("https", urlsplit(api_url).scheme):
        return False
    standard = port == (443 if scheme == "https" else 80)
    host, named = _written(host), {name.strip().lower() for name in hosts}
    if f"{host}:{port}" in named or (standard and host in named):
        return True
    return origin(api_url) == origin(DEFAULT_URL) and standard and host.endswith(".circle-artifacts.com")
