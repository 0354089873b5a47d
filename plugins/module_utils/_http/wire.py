# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""One request to CircleCI: the session, the guard of check mode, repetitions, redirects, and the error of a refusal.

Section numbers refer to ``api-v1.1.md``, the project's notes on API v1.1; those with PF to ``api-v2-pipelines.md``.
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
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, TypeVar
from urllib.parse import urljoin, urlsplit

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import requests
    import urllib3

from ansible_collections.community.circleci.plugins.module_utils._http.answers import Answer, parsed_json, read_answer
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
from ansible_collections.community.circleci.plugins.module_utils._http.losses import (
    Loss,
    loss_of,
    may_have_worked,
    reason_of,
    refuser,
    transport_error,
)
from ansible_collections.community.circleci.plugins.module_utils._http.removals import removal_hint, removal_warning
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import (
    Patience,
    RetryPolicy,
    retry_after,
)
from ansible_collections.community.circleci.plugins.module_utils._http.session import send, session_for
from ansible_collections.community.circleci.plugins.module_utils._http.urls import (
    DEFAULT_URL,
    is_at_home,
    is_loopback,
    leads_to_https,
    normalize_url,
    shown_path,
    site,
)

GONE = 410
MOST_REDIRECTS = 5
LONGEST_TIMEOUT = 86400.0  # seconds

T = TypeVar("T")
W = TypeVar("W", bound="Wire")


class Wire:
    """What one task needs to send requests.

    :param api_url: the address of CircleCI, with or without ``/api/v1.1``
    :param api_token: a personal or project token; None reads open-source projects only
    :param validate_certs: whether TLS certificates are verified
    :param ca_path: path of a CA bundle to verify them with
    :param timeout: seconds for connecting and for each read
    :param retries: how often one request is repeated at most
    :param retry_budget: seconds of waiting between repetitions in the whole task
    :param read_only: refuse every write (check mode)
    :param caching: honour ``Cache-Control`` when the CacheControl library is there; only for reads that decide nothing
    :param report: is told what a user may want to see while a task runs; with ``failed`` if it tells of a failure, and
        with ``idle`` if it is no news
    :param trace: is told of each request and each pause, without a query, which may be as good as a password
    :param keep_secret: is told what must not be shown, should the server repeat it, and is in no option
    :param turn: see :meth:`alone`; is given a slug and what waits for a number of seconds, gives warnings
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
        report: Callable[..., None] | None = None,
        trace: Callable[[str], None] | None = None,
        keep_secret: Callable[[str], None] | None = None,
        turn: Callable[..., contextlib.AbstractContextManager[list[str]]] | None = None,
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
        if token and token != api_token:
            self.warn(
                "The API token begins or ends with white space, which is left out. Check api_token, or the variable "
                "that it comes from."
            )
        self.token = token or None
        self.timeout = timeout
        self.retries = retries
        self.read_only = read_only
        self.caching = caching
        self.report = report or (lambda _text, **_how: None)
        self._trace = trace
        self.keep_secret = keep_secret or (lambda _text: None)
        self._turn = turn
        self.patience = Patience(retry_budget)
        self.wrote = False
        self._personal = False
        self.verify: bool | str = (ca_path or True) if validate_certs else False
        if not validate_certs:
            warnings.filterwarnings("ignore", category=urllib3.exceptions.InsecureRequestWarning)

    def copy(self: W) -> W:
        """The same connections and budget, with warnings and a record of writes of its own."""
        twin = copy.copy(self)
        twin.warnings = []
        twin.wrote = False
        return twin

    def warn(self, text: str) -> None:
        """Add a warning to the result of the task, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    @contextlib.contextmanager
    def alone(self, slug: str) -> Iterator[None]:
        """Be the only task at a project, from the look at it until the end: if the caller of the task sees to that.

        Check mode needs no turn.
        """
        if self._turn is None or self.read_only:
            yield
            return
        with self._turn(slug, pause=self.patience.pause) as warnings:
            for warning in warnings:
                self.warn(warning)
            yield

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        repeatable: bool = False,
        shape: Callable[[Any], Any] | None = None,
        success: int | None = None,
    ) -> Any:
        """One request with its repetitions and redirects, as parsed JSON.

        :param repeatable: whether a write may be sent again; a read always is
        """
        if self.read_only and method != "GET":
            raise invalid(f"Check mode: {method} {path} was not sent.", "This is a bug of the collection.")
        url = f"{self.url}/api/{path}"
        given = {key: _query_value(value) for key, value in (query or {}).items() if value is not None}
        retry = RetryPolicy(
            total=self.retries,
            allowed_methods=frozenset({method if repeatable else "GET"}),
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
            except (OSError, urllib3.exceptions.HTTPError, ValueError) as exc:
                cause = exc
            try:
                if answer is not None and answer.status // 100 == 3:
                    redirects += 1
                    url, given = self._redirected(method, url, answer, redirects), {}
                    continue
                if answer is None or retry.is_retry(method, answer.status):
                    retry = self.again(method, url, retry, answer, cause)
                    doubtful = doubtful or may_have_worked(answer, cause)
                    continue
                self.patience.succeeded()
                self._note_removal(method, url, answer)
                return self._content(method, url, answer, shape, success)
            except CircleCIError as error:
                # That what was to be deleted is not there says what became of the earlier try.
                if doubtful and method != "GET" and not (method == "DELETE" and error.thing_not_found):
                    error.doubtful = True
                raise

    def _content(
        self, method: str, url: str, answer: Answer, shape: Callable[[Any], Any] | None, success: int | None
    ) -> Any:
        """What a final answer says, or the error for it."""
        if answer.status // 100 != 2:
            raise self.refused(method, url, answer)
        try:
            parsed = parsed_json(answer)
            if success not in (None, answer.status) and isinstance(parsed, dict) and parsed.keys() == {"message"}:
                raise self.refused(method, url, answer)
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

    def _once(self, method: str, url: str, query: dict[str, str] | None, body: dict[str, Any] | None) -> Answer:
        """Send a request once and read its answer."""
        return self.sent(
            method,
            url,
            self.token,
            read_answer,
            caching=self.caching,
            params=query,
            data=None if body is None else json.dumps(body).encode("utf-8"),
            # Without it API v2 drops the body in silence, and may want it where there is none too (PF §1.1).
            headers=None if method == "GET" else {"Content-Type": "application/json"},
        )

    def sent(
        self,
        method: str,
        url: str,
        token: str | None,
        read: Callable[[requests.Response], T],
        *,
        caching: bool = False,
        **request: Any,
    ) -> T:
        """Send a request, once and without a redirect, and trace it.

        :param token: that goes along, if any
        :param read: reads what is wanted of the answer, the body of which has not arrived yet
        :param request: more of the request: headers, params, data
        """
        session = session_for(os.getpid(), self.url, token, self.verify, self.timeout, caching)
        outcome, started = "no answer", time.monotonic()
        try:
            response = send(session, method, url, token, verify=self.verify, timeout=self.timeout, **request)
            found = read(response)
            outcome = str(response.status_code)
        finally:
            self._tell(method, url, f"{outcome} after {time.monotonic() - started:.3f} s")
        return found

    def _tell(self, method: str, url: str, what: str) -> None:
        """Trace what became of a request, by its path; not by that of what lies elsewhere, which may be a password."""
        if self._trace is not None:
            path = shown_path(url) if is_at_home(url, self.url) else "of a file elsewhere"
            self._trace(f"{method} {path}: {what}")

    def _redirected(self, method: str, url: str, answer: Answer, redirects: int) -> str:
        """Where a redirect leads, when it may be followed: reads only, to the same scheme, host and port."""
        try:
            target = urljoin(url, answer.headers.get("Location", ""))
        except ValueError:
            target = ""
        same = is_at_home(target, self.url)
        if method == "GET" and same and redirects <= MOST_REDIRECTS:
            return str(target)
        if method != "GET":
            why = "a write is never redirected"
        elif same:
            why = f"{redirects} in a row"
        elif urlsplit(target).hostname == urlsplit(self.url).hostname:
            why = "to another scheme or port"
        else:
            why = "to another host"
        hint = "Check api_url: it must be the address that answers itself, with https where it is needed."
        to_https = leads_to_https(url, target)
        raise CircleCIError(
            f"CircleCI answered {method} {shown_path(url)} with a redirect that is not followed ({why})",
            status=answer.status,
            method=method,
            path=urlsplit(url).path,
            error="redirect",
            hint=f"Write api_url: {site(target)}." if to_https else hint,
            doubtful=method != "GET" and not to_https,
        )

    def _note_removal(self, method: str, url: str, answer: Answer) -> None:
        """Warn of a call that CircleCI has announced to remove (PF §0)."""
        if "Sunset" in answer.headers or "Deprecation" in answer.headers:
            self.warn(removal_warning(method, url, answer.headers.get("Sunset")))

    def again(
        self, method: str, url: str, retry: RetryPolicy, answer: Answer | None, cause: Exception | None
    ) -> RetryPolicy:
        """Wait before the next try, or fail when there is none.

        :param retry: what was tried so far
        :param answer: what came of the last try; None when nothing came
        :param cause: what went wrong instead
        :returns: what was tried, with this one
        :raises CircleCIError: when it is not to be tried again
        """
        lost, known = None, None
        if cause is not None:
            lost, known = transport_error(cause), loss_of(url, self.verify, cause, probe=not retry.history)
            if lost is None or isinstance(lost, urllib3.exceptions.DecodeError) or (known is not None and known.final):
                self._lost(method, url, cause, known)
        try:
            retry = retry.increment(method, url, error=lost)
        except urllib3.exceptions.HTTPError:
            if answer is not None:
                raise self.refused(method, url, answer) from None
            self._lost(method, url, cause, known)
        asked = retry_after(answer.headers.get("Retry-After")) if answer is not None else None
        seconds = retry.get_backoff_time() if asked is None else asked
        throttled = answer is not None and answer.status == THROTTLED
        if not self.patience.take(seconds, throttled=throttled):
            left = self.patience.budget - self.patience.spent
            more = f"; a wait of {seconds:.1f} s is more than the {left:.1f} s left of retry_budget"
            if asked is not None:
                more = f"; it asks to wait {seconds:.0f} s, and {left:.0f} s are left of retry_budget"
            if answer is not None:
                raise self.refused(method, url, answer, more)
            self._lost(method, url, cause, known, more)
        why = "as Retry-After says" if asked is not None else "with growing pauses"
        what = f"status {answer.status}" if answer is not None else known.words if known else reason_of(cause)
        self._tell(method, url, f"{what}, so it is sent again in {seconds:.1f} s, {why}")
        if not throttled:
            self.patience.sleep(seconds)
        return retry

    def refused(self, method: str, url: str, answer: Answer, more: str = "") -> CircleCIError:
        """The error for an answer that says no."""
        error = api_message(answer.body)
        who, hint = refuser(url, answer) or ("CircleCI", self._hint(method, url, answer.status, error))
        return CircleCIError(
            f"{who} answered {answer.status} to {method} {shown_path(url)}: {error}{more}",
            status=answer.status,
            method=method,
            path=urlsplit(url).path,
            error=error,
            hint=hint,
            doubtful=method != "GET" and may_have_worked(answer, None),
        )

    def _hint(self, method: str, url: str, status: int, error: str) -> str | None:
        if status == GONE:
            return removal_hint(method, url)
        return hint_for(status, error, urlsplit(url).path, bool(self.token))

    def _lost(self, method: str, url: str, cause: Exception | None, known: Loss | None, more: str = "") -> NoReturn:
        """Fail for a request that got no answer."""
        reason = known.words if known else reason_of(cause)
        hint = (
            "Check api_url or CIRCLE_HOST, the network and the proxy settings; timeout, retries and retry_budget say "
            "how long this task tries."
        )
        raise CircleCIError(
            f"{method} {shown_path(url)} at {site(url)} got no answer: {reason}{more}",
            method=method,
            path=urlsplit(url).path,
            hint=known.hint if known else hint,
            doubtful=method != "GET" and known is None and may_have_worked(None, cause),
        ) from cause


def _query_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
