# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""CircleCI's REST API over HTTP, for one task: reads, writes, pages, and the guard of check mode.

Section numbers refer to ``api-v1.1.md``, the project's notes on the API.
"""

from __future__ import annotations

import contextlib
import copy
import json
import math
import os
import re
import time
import warnings
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import requests
    import urllib3

from ansible_collections.community.circleci.plugins.module_utils._http.answers import (
    Answer,
    an_object,
    objects,
    parsed_json,
    read_answer,
)
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_ADDRESS,
    THROTTLED,
    TRANSIENT,
    CircleCIError,
    api_message,
    hint_for,
    invalid,
    plain,
)
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import (
    Patience,
    RetryPolicy,
    is_verification,
    may_have_worked,
    reason_of,
    retry_after,
    transport_error,
)
from ansible_collections.community.circleci.plugins.module_utils._http.session import (
    PlainSession,
    TokenAuth,
    session_for,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import (
    DEFAULT_URL,
    is_loopback,
    normalize_url,
    origin,
    shown_path,
)

PAGE_SIZE = 100
MOST_REDIRECTS = 5
LONGEST_TIMEOUT = 86400.0  # seconds
SETTLING_PAUSE = 1.0  # seconds between two looks at the state after a doubtful write
T = TypeVar("T")


class Client:
    """The API for one task.

    :param api_url: the address of CircleCI, with or without ``/api/v1.1``
    :param api_token: a personal or project token; None reads open-source projects only
    :param validate_certs: whether TLS certificates are verified
    :param ca_path: path of a CA bundle to verify them with
    :param timeout: seconds for connecting and for each read
    :param retries: how often one request is repeated at most
    :param retry_budget: seconds of waiting between repetitions in the whole task
    :param read_only: refuse every write (check mode)
    :param caching: honour ``Cache-Control`` when the CacheControl library is there; only for reads that decide nothing
    :param report: is told what a user may want to see while a task runs
    :param keep_secret: is told what must not be shown, should the server repeat it, and is in no option
    :raises CircleCIError: for unusable values, before any request
    """

    def __init__(
        self,
        api_url: str = DEFAULT_URL,
        api_token: str | None = None,
        *,
        validate_certs: bool = True,
        ca_path: str | None = None,
        timeout: float = 30.0,
        retries: int = 5,
        retry_budget: float = 120.0,
        read_only: bool = False,
        caching: bool = False,
        report: Callable[[str], None] | None = None,
        keep_secret: Callable[[str], None] | None = None,
    ) -> None:
        self.url = normalize_url(api_url)
        self.warnings: list[str] = []
        if not 0 < timeout <= LONGEST_TIMEOUT:
            raise invalid(f"timeout must be a number of seconds above 0, up to {LONGEST_TIMEOUT:.0f}.")
        if retries < 0:
            raise invalid("retries must not be negative.", "0 turns retrying off.")
        if math.isnan(retry_budget) or retry_budget < 0:
            raise invalid("retry_budget must be a number of seconds, 0 or more.")
        token = (api_token or "").strip()
        if not re.fullmatch(r"[!-~]*", token):
            raise invalid(
                "api_token contains characters that no token of CircleCI has.",
                "Check that it was copied whole, on one line.",
            )
        if ca_path and not os.path.exists(ca_path):
            raise invalid(f"ca_path {ca_path} does not exist.", "Give the path of a file with CA certificates.")
        if self.url.startswith("http://") and not is_loopback(self.url):
            self.warn(f"{self.url} is not encrypted: the token can be read on its way. Use https.")
        self.token = token or None
        self.timeout = timeout
        self.retries = retries
        self.read_only = read_only
        self.caching = caching
        self.report = report or (lambda _text: None)
        self.keep_secret = keep_secret or (lambda _text: None)
        self.patience = Patience(retry_budget)
        self.wrote = False
        self._personal = False
        self._verify: bool | str = (ca_path or True) if validate_certs else False
        if not validate_certs:
            warnings.filterwarnings("ignore", category=urllib3.exceptions.InsecureRequestWarning)

    def copy(self) -> Client:
        """The same connections and budget, with warnings and a record of writes of its own."""
        twin = copy.copy(self)
        twin.warnings = []
        twin.wrote = False
        return twin

    def warn(self, text: str) -> None:
        """Add a warning to the result of the task, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def require_token(self) -> None:
        """Fail when there is no token at all.

        :raises CircleCIError: then
        """
        if not self.token:
            raise invalid(
                "No API token was given.",
                "Set api_token, or the environment variable CIRCLE_TOKEN, to a personal API token of CircleCI.",
            )

    def require_personal_token(self) -> None:
        """Fail unless CircleCI knows the token as one of a person (§1.2, §3.1). Asked once in a task.

        :raises CircleCIError: when it is invalid or a project token
        """
        self.require_token()
        if not self._personal:
            try:
                self.get_object("v1.1/me")
            except CircleCIError as error:
                if error.status != 404:  # a server without this endpoint says nothing about the token
                    raise
            self._personal = True

    # --- requests -------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """Read. Repeated after transient failures.

        :param path: below ``/api/``: it names its API, as in ``v1.1/me``; its segments are encoded
        :param query: parameters; those that are None are left out
        :raises CircleCIError: for every answer but 2xx with JSON
        """
        return self._call("GET", path, query=query, repeatable=True)

    def get_object(self, path: str, **query: Any) -> dict[str, Any]:
        """Read an object. See :meth:`get`."""
        found: dict[str, Any] = self._call("GET", path, query=query, repeatable=True, shape=an_object)
        return found

    def get_list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Read a list of objects. See :meth:`get`."""
        found: list[dict[str, Any]] = self._call("GET", path, query=query, repeatable=True, shape=objects)
        return found

    def get_pages(
        self,
        path: str,
        *,
        limit: int,
        offset: int = 0,
        identity: Callable[[dict[str, Any]], Any],
        **query: Any,
    ) -> list[dict[str, Any]]:
        """Read a long list, page by page (§1.6). What appears twice, because the list grew meanwhile, is given once.

        :param limit: how many items at most
        :param offset: how many to leave out at the start
        :param identity: what makes two items the same one
        """
        found: dict[Any, dict[str, Any]] = {}
        stale_pages = 0
        while len(found) < limit and stale_pages < 2:
            size = min(PAGE_SIZE, limit - len(found))
            page = self.get_list(path, limit=size, offset=offset, **query)
            known = len(found)
            for item in page:
                found.setdefault(identity(item), item)
            stale_pages = stale_pages + 1 if len(found) == known else 0
            offset += len(page)
            if len(page) < size:
                break
        return list(found.values())[:limit]

    def write(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        repeatable: bool,
        seen: Callable[[], T | None] | None = None,
        shape: Callable[[Any], Any] | None = None,
    ) -> Any:
        """Change something.

        :param method: POST, PUT or DELETE
        :param path: below ``/api/``: it names its API, as in ``v1.1/me``; its segments are encoded
        :param body: sent as JSON
        :param repeatable: whether the API takes the same request twice without harm
        :param seen: looks at the state and returns what shows that the write was carried out, else None.
            Asked when the answer leaves that in doubt; the write itself is never sent a second time then.
        :param shape: checks the answer and raises ValueError
        :returns: the answer, or what ``seen`` found
        :raises CircleCIError: when it was not carried out, or nobody can tell
        """
        try:
            answer = self._call(method, path, body=body, repeatable=repeatable, shape=shape)
        except CircleCIError as error:
            if not error.doubtful or seen is None:
                raise
            answer = self._settle(error, seen)
        self.wrote = True
        return answer

    def delete(self, path: str, body: dict[str, Any] | None = None, *, gone: Callable[[], bool]) -> None:
        """Delete something. That it is gone already is as good (§1.3).

        :param gone: looks at the state when the answer leaves in doubt whether it was carried out
        :raises CircleCIError: when it may still be there
        """
        try:
            self.write("DELETE", path, body, repeatable=True, seen=lambda: True if gone() else None)
        except CircleCIError as error:
            if not error.thing_not_found:
                raise
            self.wrote = True

    def get_foreign(self, url: str) -> Any:
        """Read JSON from a signed URL that CircleCI gave. The token goes along only to CircleCI itself (§3.3).

        :raises CircleCIError: when it cannot be read; the URL, which is as good as a password, is not in it
        """
        try:
            if self._is_at_home(url):
                answer = self._once("GET", url, None)
            else:
                with PlainSession() as session:
                    session.auth = TokenAuth(None)
                    session.headers["Accept"] = "application/json"
                    answer = read_answer(
                        session.get(url, timeout=self.timeout, verify=self._verify, allow_redirects=False, stream=True)
                    )
            if answer.status != 200:
                raise invalid(f"The server with the outputs answered {answer.status}.")
            return parsed_json(answer)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
            raise invalid(f"The output of a step could not be read ({type(exc).__name__}).") from exc

    # --- inside ---------------------------------------------------------------------------------------------------

    def _settle(self, error: CircleCIError, seen: Callable[[], T | None]) -> T:
        """Find out what became of a doubtful write."""
        try:
            for pause in (0.0, SETTLING_PAUSE):
                time.sleep(pause)
                if (found := seen()) is not None:
                    return found
        except CircleCIError as second:
            self.wrote = True  # It may have, and that is what a handler should assume.
            what = second.message if second.method is None else f"What became of it cannot be read: {second.message}"
            error.message = f"{error.message.rstrip('.')}. {what}"
            error.hint = "Look at the project on CircleCI before you run this task again."
            raise error from second
        error.message = (
            f"{error.message.rstrip('.')}. It was not sent again, and {SETTLING_PAUSE:.0f} s later nothing of it is "
            "to be seen"
        )
        error.hint = error.hint or "Run the task again: it looks at the state first."
        raise error

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        repeatable: bool,
        shape: Callable[[Any], Any] | None = None,
    ) -> Any:
        """One request with its repetitions and redirects, as parsed JSON."""
        if self.read_only and method != "GET":
            raise invalid(f"Check mode: {method} {path} was not sent.", "This is a bug of the collection.")
        url = f"{self.url}/api/{path}"
        given = {key: _query_value(value) for key, value in (query or {}).items() if value is not None}
        retry = RetryPolicy(
            total=self.retries,
            allowed_methods=frozenset({"GET", method} if repeatable else {"GET"}),
            status_forcelist=TRANSIENT,
        )
        redirects = 0
        doubtful = False  # whether an earlier try may have been carried out
        while True:
            answer: Answer | None = None
            cause: Exception | None = None
            self.patience.wait()
            try:
                answer = self._once(method, url, given, body)
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as exc:
                cause = exc
            try:
                if answer is not None and 300 <= answer.status < 400:
                    redirects += 1
                    url, given = self._redirected(method, url, answer, redirects), {}
                    continue
                if answer is None or retry.is_retry(method, answer.status, "Retry-After" in answer.headers):
                    retry = self._again(method, url, retry, answer, cause)
                    doubtful = doubtful or may_have_worked(answer, cause)
                    continue
                self.patience.succeeded()
                return self._content(method, url, answer, shape)
            except CircleCIError as error:
                # That what was to be deleted is not there says what became of the earlier try.
                if doubtful and method != "GET" and not (method == "DELETE" and error.thing_not_found):
                    error.doubtful = True
                raise

    def _content(self, method: str, url: str, answer: Answer, shape: Callable[[Any], Any] | None) -> Any:
        """What a final answer says, or the error for it."""
        if not 200 <= answer.status < 300:
            raise self._refused(method, url, answer)
        try:
            parsed = parsed_json(answer)
            return shape(parsed) if shape else parsed
        except ValueError as exc:
            raise CircleCIError(
                f"CircleCI's answer to {method} {shown_path(url)} cannot be used: {exc}",
                status=answer.status,
                method=method,
                path=urlsplit(url).path,
                error=plain(answer.body[:1000].decode("utf-8", "replace"), 200),
                hint=CHECK_ADDRESS,
                doubtful=method != "GET",
            ) from exc

    def _once(self, method: str, url: str, query: dict[str, str] | None, body: dict[str, Any] | None = None) -> Answer:
        """Send a request once and read its answer."""
        session = session_for(os.getpid(), self.url, self.token, self._verify, self.timeout, self.caching)
        return read_answer(
            session.request(
                method,
                url,
                params=query,
                data=None if body is None else json.dumps(body).encode("utf-8"),
                headers=None if body is None else {"Content-Type": "application/json"},
                timeout=self.timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
            )
        )

    def _redirected(self, method: str, url: str, answer: Answer, redirects: int) -> str:
        """Where a redirect leads, when it may be followed: reads only, to the same scheme, host and port."""
        try:
            target = urljoin(url, answer.headers.get("Location", ""))
            same = self._is_at_home(target)
        except ValueError:
            target, same = "", False
        if method == "GET" and same and redirects <= MOST_REDIRECTS:
            return str(target)
        if method != "GET":
            why = "a write is never redirected"
        elif same:
            why = f"{redirects} in a row"
        elif target and urlsplit(target).hostname == urlsplit(self.url).hostname:
            why = "to another scheme or port"
        else:
            why = "to another host"
        raise CircleCIError(
            f"CircleCI answered {method} {shown_path(url)} with a redirect that is not followed ({why})",
            status=answer.status,
            method=method,
            path=urlsplit(url).path,
            error="redirect",
            hint="Check api_url: it must be the address that answers itself, with https where it is needed.",
            doubtful=method != "GET",
        )

    def _is_at_home(self, url: str) -> bool:
        """Whether a URL leads to the configured host, and nothing else could read it otherwise.

        :raises ValueError: when it is no URL
        """
        # A backslash or a user is where parsers of URLs disagree on the host.
        return origin(url) == origin(self.url) and not re.search(r"[\\@\s]", url)

    def _again(
        self, method: str, url: str, retry: RetryPolicy, answer: Answer | None, cause: Exception | None
    ) -> RetryPolicy:
        """Wait before the next try, or fail when there is none."""
        lost = transport_error(cause) if cause is not None else None
        if cause is not None and (
            lost is None or isinstance(lost, urllib3.exceptions.DecodeError) or is_verification(cause)
        ):
            self._lost(method, url, cause)
        try:
            retry = retry.increment(method, url, response=answer.raw if answer else None, error=lost)
        except urllib3.exceptions.HTTPError:
            if answer is not None:
                raise self._refused(method, url, answer) from None
            self._lost(method, url, cause)
        asked = retry_after(answer.headers.get("Retry-After")) if answer is not None else None
        seconds = retry.get_backoff_time() if asked is None else asked
        throttled = answer is not None and answer.status == THROTTLED
        if not self.patience.take(seconds, throttled=throttled):
            left = max(self.patience.budget - self.patience.spent, 0.0)
            more = f"; a wait of {seconds:.0f} s is more than the {left:.0f} s left of retry_budget"
            if asked is not None:
                more = f"; it asks to wait {seconds:.0f} s, and {left:.0f} s are left of retry_budget"
            if answer is not None:
                raise self._refused(method, url, answer, more)
            self._lost(method, url, cause, more)
        if not throttled:
            self.patience.sleep(seconds)
        return retry

    def _refused(self, method: str, url: str, answer: Answer, more: str = "") -> CircleCIError:
        """The error for an answer that says no."""
        error = api_message(answer.body)
        return CircleCIError(
            f"CircleCI answered {answer.status} to {method} {shown_path(url)}: {error}{more}",
            status=answer.status,
            method=method,
            path=urlsplit(url).path,
            error=error,
            hint=hint_for(answer.status, error, urlsplit(url).path, bool(self.token)),
            doubtful=method != "GET" and may_have_worked(answer, None),
        )

    def _lost(self, method: str, url: str, cause: Exception | None, more: str = "") -> NoReturn:
        """Fail for a request that got no answer."""
        raise CircleCIError(
            f"{method} {shown_path(url)} at {self.url} got no answer: {reason_of(cause)}{more}",
            method=method,
            path=urlsplit(url).path,
            hint=(
                "Give the certificate of the CA that signed the server's as ca_path."
                if is_verification(cause)
                else "Check api_url or CIRCLE_HOST, the network and the proxy settings; timeout, retries and "
                "retry_budget say how long this task tries."
            ),
            doubtful=method != "GET" and may_have_worked(None, cause),
        ) from cause


def _query_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
