# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Sessions with kept connections, and what is sent over them."""

from __future__ import annotations

import contextlib
import functools
from typing import Any

try:
    import requests
    import requests.adapters
    from requests.auth import AuthBase
except ImportError as exc:
    REQUESTS_IMPORT_ERROR: ImportError | None = exc
    # So that this file can be imported all the same, and the missing library be named properly.
    AuthBase = object  # type: ignore[assignment,misc]  # only ever subclassed below
else:
    REQUESTS_IMPORT_ERROR = None


VERSION = "0.2.0"


class TokenAuth(AuthBase):
    """The token as a header. An ``auth`` object also keeps requests from taking a password out of an address."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    def __call__(self, request: Any) -> Any:
        if self.token:
            request.headers["Circle-Token"] = self.token
        return request


@functools.lru_cache(maxsize=32)
def session_for(
    _pid: int, _url: str, _token: str | None, _verify: bool | str, _timeout: float, caching: bool
) -> requests.Session:
    """A session with its open connections. They must not cross a fork, hence the process id in the key."""
    session = requests.Session()
    session.headers.update({"Accept": "application/json", "User-Agent": f"community.circleci/{VERSION}"})
    adapter_class: type[requests.adapters.HTTPAdapter] = requests.adapters.HTTPAdapter
    if caching:
        with contextlib.suppress(ImportError):
            from cachecontrol import CacheControlAdapter

            adapter_class = CacheControlAdapter
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter_class(pool_maxsize=32))
    return session


def send(
    session: requests.Session,
    method: str,
    url: str,
    token: str | None,
    *,
    verify: bool | str,
    timeout: float,
    headers: dict[str, str] | None = None,
    params: dict[str, str] | None = None,
    data: bytes | None = None,
) -> requests.Response:
    """Send a request over the connections of a session; its body has not arrived yet.

    What a session does besides is left out: cookies, passwords out of ``.netrc``, and a look at where a redirect leads.

    :param token: that goes along, if any
    :param timeout: seconds for connecting and for each read
    """
    request = requests.PreparedRequest()
    request.prepare(
        method, url, headers={**session.headers, **(headers or {})}, params=params, data=data, auth=TokenAuth(token)
    )
    prepared_url = str(request.url)
    settings: Any = session.merge_environment_settings(prepared_url, {}, True, verify, None)
    try:
        return session.get_adapter(prepared_url).send(request, timeout=timeout, **settings)
    except TypeError:
        # Where the address of a proxy has no host, requests ends by an error of its own making.
        if not settings["proxies"]:
            raise
        raise requests.exceptions.InvalidProxyURL from None
