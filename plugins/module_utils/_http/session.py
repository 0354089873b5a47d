# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Sessions with kept connections, and which of them carry the token."""

from __future__ import annotations

import contextlib
import functools
from http.cookiejar import DefaultCookiePolicy
from typing import Any

try:
    import requests
    import requests.adapters
    from requests import Session
    from requests.auth import AuthBase
except ImportError as exc:
    REQUESTS_IMPORT_ERROR: ImportError | None = exc
    # So that this file can be imported all the same, and the missing library be named properly.
    AuthBase = Session = object  # type: ignore[assignment,misc]  # only ever subclassed below
else:
    REQUESTS_IMPORT_ERROR = None


VERSION = "0.2.0"


class TokenAuth(AuthBase):
    """The token as a header. An ``auth`` object also keeps requests from reading ``.netrc``."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    def __call__(self, request: Any) -> Any:
        if self.token:
            request.headers["Circle-Token"] = self.token
        return request


class PlainSession(Session):
    """A session that leaves redirects to the client: requests looks at them even when it does not follow."""

    def get_redirect_target(self, resp: Any) -> None:
        """Say that there is none."""

    def send(self, request: Any, **settings: Any) -> Any:
        """Send a request. Where the address of a proxy has no host, requests ends by an error of its own making."""
        try:
            return super().send(request, **settings)
        except TypeError:
            if not settings.get("proxies"):
                raise
            raise requests.exceptions.InvalidProxyURL from None


@functools.lru_cache(maxsize=32)
def session_for(
    _pid: int, _url: str, token: str | None, _verify: bool | str, _timeout: float, caching: bool
) -> requests.Session:
    """A session with its open connections. They must not cross a fork, hence the process id in the key."""
    session = PlainSession()
    session.auth = TokenAuth(token)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"Accept": "application/json", "User-Agent": f"community.circleci/{VERSION}"})
    adapter_class: type[requests.adapters.HTTPAdapter] = requests.adapters.HTTPAdapter
    if caching:
        with contextlib.suppress(ImportError):
            from cachecontrol import CacheControlAdapter

            adapter_class = CacheControlAdapter
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter_class(pool_maxsize=32))
    return session
