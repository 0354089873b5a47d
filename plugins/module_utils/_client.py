# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""CircleCI's REST API v1.1 over HTTP: session, authentication, retries, budget, check-mode guard and paging.

Knows nothing of Ansible. Section numbers refer to ``api-v1.1.md``, the project's notes on the API.
"""

from __future__ import annotations

import contextlib
import copy
import email.utils
import functools
import ipaddress
import json
import math
import os
import random
import re
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, NoReturn, TypeVar
from urllib.parse import quote, urljoin, urlsplit

try:
    import requests
    import requests.adapters
    import urllib3
    from requests import Session
    from requests.auth import AuthBase
    from urllib3.util.retry import Retry
except ImportError as exc:
    REQUESTS_IMPORT_ERROR: ImportError | None = exc
    # So that this file can be imported all the same, and the missing library be named properly.
    AuthBase = Retry = Session = object  # type: ignore[assignment,misc]  # only ever subclassed below
else:
    REQUESTS_IMPORT_ERROR = None

VERSION = "0.1.0"
DEFAULT_URL = "https://circleci.com"
PAGE_SIZE = 100
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes, after decompression
LONGEST_ERROR = 1000  # characters of an API message that are shown
CUT = "…"  # stands at the end of a text that was longer
DEEPEST_ANSWER = 64  # lists and objects within each other
MOST_REDIRECTS = 5
LONGEST_TIMEOUT = 86400.0  # seconds
SETTLING_PAUSE = 1.0  # seconds between two looks at the state after a doubtful write
THROTTLED = 429
TRANSIENT = frozenset({408, 500, 502, 503, 504})
PROJECT_NOT_FOUND = "Project not found"
HTML_PAGE = "an HTML page instead of an answer of the API"
CHECK_ADDRESS = "Check api_url and whether a proxy stands between."
CHECK_OPTION = "Check the option or the variable that it comes from."

T = TypeVar("T")


class CircleCIError(Exception):
    """A failure, told so that a user can act on it.

    :param message: what was asked of which project and what came of it
    :param status: the HTTP status code, where an answer is the cause
    :param method: the HTTP method of the request, where there was one
    :param path: the path of the request, without its query
    :param error: the API's own words
    :param hint: what to do about it
    :param doubtful: whether a write may have been carried out all the same
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str | None = None,
        path: str | None = None,
        error: str | None = None,
        hint: str | None = None,
        doubtful: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.method = method
        self.path = path
        self.error = error
        self.hint = hint
        self.doubtful = doubtful
        self.partial: dict[str, Any] = {}
        """Results of the steps that were carried out before the failure."""
        self.outcome: Any = None
        """What these steps did, as a plan tells it."""

    def __str__(self) -> str:
        return self.message

    @property
    def project_not_found(self) -> bool:
        """Whether CircleCI does not know the project, or the token may not see it (§1.3)."""
        return self.status == 404 and self.error == PROJECT_NOT_FOUND

    @property
    def thing_not_found(self) -> bool:
        """Whether the project is there, but not the key or variable that was asked for (§1.3)."""
        return self.status == 404 and (self.error or "").lower().endswith(" not found") and not self.project_not_found

    def result(self) -> dict[str, Any]:
        """The failure as the result of a task."""
        told = f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message
        result: dict[str, Any] = {**self.partial, "failed": True, "msg": told}
        if self.hint is not None or self.method is not None:
            result.update(hint=self.hint)
        if self.method is not None:
            result.update(method=self.method, path=self.path)
        if self.status is not None:
            result.update(status=self.status, error=self.error)
        return result


def invalid(message: str, hint: str | None = None) -> CircleCIError:
    """An error that was seen before any request."""
    return CircleCIError(message, hint=hint)


def plain(text: str, longest: int = LONGEST_ERROR) -> str:
    """Foreign text made safe for a terminal: control characters escaped, length bounded."""
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
    return safe if len(safe) <= longest else f"{safe[:longest]}{CUT}"


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
    if parts.username is not None or parts.password is not None:
        raise invalid("api_url must not contain a user or a password.", "Give the token as api_token.")
    if parts.query or parts.fragment:
        raise invalid("api_url must not contain a query or a fragment.", hint)
    path = re.sub(r"/api(/v1\.1)?$", "", parts.path.rstrip("/"))
    if re.search(r"/api(/|$)", path):
        raise invalid(f"api_url ends in {plain(path)}, but this collection uses API v1.1.", hint)
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


def retry_after(header: str | None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, which may give seconds or an HTTP date (§1.5).

    :returns: seconds, never negative; None when the header is absent or unreadable
    """
    if header is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", header):
        return float(header)
    try:
        moment = email.utils.parsedate_to_datetime(header).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return max(moment - time.time(), 0.0)


class _Retry(Retry):
    """What is sent again, made for each request: 429 on any method, all else only what is safe to repeat.

    Safe are reads and what the caller says is repeatable; a connection that was never made is safe for all.
    """

    BASE = 0.5
    LONGEST = 30.0

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether an answer with this status is worth another try."""
        return (status_code == THROTTLED and bool(self.total)) or super().is_retry(method, status_code, has_retry_after)

    def _is_read_error(self, err: Exception) -> bool:
        """Whether an error came after the request may have been sent: all but those of connecting."""
        return not self._is_connection_error(err)

    def get_backoff_time(self) -> float:
        """Seconds to wait without a ``Retry-After``: exponential, with jitter of its own (urllib3 1.26 has none)."""
        longest: float = min(self.BASE * 2 ** (len(self.history) - 1), self.LONGEST)
        return longest * random.uniform(0.5, 1.0)


@dataclass
class Patience:
    """How long one task may wait for retries, shared by all its threads.

    Waits that overlap count once. A throttled request pauses all others too.
    """

    budget: float
    restarts: bool = False
    """Whether the sum starts again after a success: for many projects in one task."""
    spent: float = 0.0
    throttled: float = 0.0
    _counted_until: float = field(default=0.0, repr=False)
    _paused_until: float = field(default=0.0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _cancelled: threading.Event = field(default_factory=threading.Event, repr=False)

    def take(self, seconds: float, *, throttled: bool) -> bool:
        """Ask to wait from now on.

        :param seconds: how long
        :param throttled: whether CircleCI asked for it, so that every request waits
        :returns: False when that is more than what is left of the budget; then nothing is taken
        """
        with self._lock:
            now = time.monotonic()
            until = now + seconds
            more = max(0.0, until - max(now, self._counted_until))
            if self.spent + more > self.budget:
                return False
            self.spent += more
            self._counted_until = max(self._counted_until, until)
            if throttled:
                self.throttled += more
                self._paused_until = max(self._paused_until, until)
            return True

    def wait(self) -> None:
        """Wait while CircleCI asked all requests to.

        :raises CircleCIError: when the task was cancelled
        """
        while (left := self._paused_until - time.monotonic()) > 0 and not self._cancelled.is_set():
            self.sleep(left)
        if self._cancelled.is_set():
            raise invalid("The task was interrupted.")

    def sleep(self, seconds: float) -> None:
        """Wait before one request is sent again, or until the task is cancelled."""
        self._cancelled.wait(min(seconds, threading.TIMEOUT_MAX))

    def cancel(self) -> None:
        """End all waiting and let no further request go out: the task is not going to use the answers."""
        self._cancelled.set()

    def succeeded(self) -> None:
        """Note that a request was answered."""
        if self.restarts and self.spent:
            with self._lock:
                self.spent = 0.0


class _TokenAuth(AuthBase):
    """The token as a header. An ``auth`` object also keeps requests from reading ``.netrc``."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    def __call__(self, request: Any) -> Any:
        if self.token:
            request.headers["Circle-Token"] = self.token
        return request


class _Session(Session):
    """A session that leaves redirects to the client: requests looks at them even when it does not follow."""

    def get_redirect_target(self, resp: Any) -> None:
        """Say that there is none."""


@functools.lru_cache(maxsize=32)
def _session(
    _pid: int, _url: str, token: str | None, _verify: bool | str, _timeout: float, caching: bool
) -> requests.Session:
    """A session with its open connections. They must not cross a fork, hence the process id in the key."""
    session = _Session()
    session.auth = _TokenAuth(token)
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


@dataclass
class _Answer:
    status: int
    headers: Any
    body: bytes
    raw: Any


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
                self.get_object("me")
            except CircleCIError as error:
                if error.status != 404:  # a server without this endpoint says nothing about the token
                    raise
            self._personal = True

    # --- requests -------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """Read. Repeated after transient failures.

        :param path: below ``/api/v1.1/``, its segments encoded
        :param query: parameters; those that are None are left out
        :raises CircleCIError: for every answer but 2xx with JSON
        """
        return self._call("GET", path, query=query, repeatable=True)

    def get_object(self, path: str, **query: Any) -> dict[str, Any]:
        """Read an object. See :meth:`get`."""
        found: dict[str, Any] = self._call("GET", path, query=query, repeatable=True, shape=_an_object)
        return found

    def get_list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Read a list of objects. See :meth:`get`."""
        found: list[dict[str, Any]] = self._call("GET", path, query=query, repeatable=True, shape=_objects)
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
        :param path: below ``/api/v1.1/``, its segments encoded
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
                with _Session() as session:
                    session.auth = _TokenAuth(None)
                    session.headers["Accept"] = "application/json"
                    answer = self._read(
                        session.get(url, timeout=self.timeout, verify=self._verify, allow_redirects=False, stream=True)
                    )
            if answer.status != 200:
                raise invalid(f"The server with the outputs answered {answer.status}.")
            return self._json(answer)
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
        url = f"{self.url}/api/v1.1/{path}"
        given = {key: _query_value(value) for key, value in (query or {}).items() if value is not None}
        retry = _Retry(
            total=self.retries,
            allowed_methods=frozenset({"GET", method} if repeatable else {"GET"}),
            status_forcelist=TRANSIENT,
        )
        redirects = 0
        doubtful = False  # whether an earlier try may have been carried out
        while True:
            answer: _Answer | None = None
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
                    doubtful = doubtful or _may_have_worked(answer, cause)
                    continue
                self.patience.succeeded()
                return self._content(method, url, answer, shape)
            except CircleCIError as error:
                # That what was to be deleted is not there says what became of the earlier try.
                if doubtful and method != "GET" and not (method == "DELETE" and error.thing_not_found):
                    error.doubtful = True
                raise

    def _content(self, method: str, url: str, answer: _Answer, shape: Callable[[Any], Any] | None) -> Any:
        """What a final answer says, or the error for it."""
        if not 200 <= answer.status < 300:
            raise self._refused(method, url, answer)
        try:
            parsed = self._json(answer)
            return shape(parsed) if shape else parsed
        except ValueError as exc:
            raise CircleCIError(
                f"CircleCI's answer to {method} {_shown(url)} cannot be used: {exc}",
                status=answer.status,
                method=method,
                path=urlsplit(url).path,
                error=plain(answer.body[:1000].decode("utf-8", "replace"), 200),
                hint=CHECK_ADDRESS,
                doubtful=method != "GET",
            ) from exc

    def _once(self, method: str, url: str, query: dict[str, str] | None, body: dict[str, Any] | None = None) -> _Answer:
        """Send a request once and read its answer."""
        session = _session(os.getpid(), self.url, self.token, self._verify, self.timeout, self.caching)
        return self._read(
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

    @staticmethod
    def _read(response: requests.Response) -> _Answer:
        """Read the body, bounded, and notice when it was cut short (urllib3 1.26 does not)."""
        with response:
            body = bytearray()
            for chunk in response.iter_content(65536):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise urllib3.exceptions.DecodeError(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB")
            announced = response.headers.get("Content-Length", "")
            if announced.isdigit() and not getattr(response, "from_cache", False):
                received = response.raw.tell()
                if received < int(announced):
                    raise urllib3.exceptions.ProtocolError(f"the answer ended after {received} of {announced} bytes")
        return _Answer(response.status_code, response.headers, bytes(body), response.raw)

    @staticmethod
    def _json(answer: _Answer) -> Any:
        """The parsed body. An empty one is an empty text, for which the API also sends ``""`` (§1.7)."""
        if not answer.body.strip():
            return ""
        try:
            parsed = json.loads(answer.body)
        except RecursionError as exc:
            raise ValueError("its JSON is nested too deeply.") from exc
        except ValueError as exc:
            raise ValueError("it is not JSON.") from exc
        if _depth(parsed) > DEEPEST_ANSWER:
            raise ValueError("its JSON is nested too deeply.")
        return parsed

    def _redirected(self, method: str, url: str, answer: _Answer, redirects: int) -> str:
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
            f"CircleCI answered {method} {_shown(url)} with a redirect that is not followed ({why})",
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
        return _origin(url) == _origin(self.url) and not re.search(r"[\\@\s]", url)

    def _again(self, method: str, url: str, retry: _Retry, answer: _Answer | None, cause: Exception | None) -> _Retry:
        """Wait before the next try, or fail when there is none."""
        lost = _transport_error(cause) if cause is not None else None
        if cause is not None and (
            lost is None or isinstance(lost, urllib3.exceptions.DecodeError) or _is_verification(cause)
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

    def _refused(self, method: str, url: str, answer: _Answer, more: str = "") -> CircleCIError:
        """The error for an answer that says no."""
        error = _api_message(answer)
        return CircleCIError(
            f"CircleCI answered {answer.status} to {method} {_shown(url)}: {error}{more}",
            status=answer.status,
            method=method,
            path=urlsplit(url).path,
            error=error,
            hint=_hint(answer.status, error, urlsplit(url).path, bool(self.token)),
            doubtful=method != "GET" and _may_have_worked(answer, None),
        )

    def _lost(self, method: str, url: str, cause: Exception | None, more: str = "") -> NoReturn:
        """Fail for a request that got no answer."""
        raise CircleCIError(
            f"{method} {_shown(url)} at {self.url} got no answer: {_reason(cause)}{more}",
            method=method,
            path=urlsplit(url).path,
            hint=(
                "Give the certificate of the CA that signed the server's as ca_path."
                if _is_verification(cause)
                else "Check api_url or CIRCLE_HOST, the network and the proxy settings; timeout, retries and "
                "retry_budget say how long this task tries."
            ),
            doubtful=method != "GET" and _may_have_worked(None, cause),
        ) from cause


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _shown(url: str) -> str:
    """The path of a URL for a message, without what is the same in all of them."""
    path = urlsplit(url).path
    return plain(path.split("/api/v1.1/", 1)[-1])


def _query_value(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _an_object(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise ValueError("an object was expected.")
    return answer


def _objects(answer: Any) -> list[dict[str, Any]]:
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise ValueError("a list of objects was expected.")
    return answer


def _depth(answer: Any) -> int:
    """How many lists and objects stand within each other."""
    depth, level = 0, [answer]
    while level and depth <= DEEPEST_ANSWER:
        depth += 1
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = [value for value in inner if isinstance(value, (dict, list))]
    return depth


def with_fields(**fields: type | tuple[type, ...]) -> Callable[[Any], dict[str, Any]]:
    """A shape for :meth:`Client.write`: an object that has these fields, of these types."""

    def check(answer: Any) -> dict[str, Any]:
        for name, kind in fields.items():
            if not isinstance(_an_object(answer).get(name), kind):
                raise ValueError(f"it has no usable {name!r}.")
        return _an_object(answer)

    return check


def _causes(error: BaseException | None) -> Iterable[BaseException]:
    """An exception with those that it wraps; requests and urllib3 keep them as arguments and as ``reason``."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        current = todo.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            todo += [getattr(current, "reason", None), getattr(current, "original_error", None), *current.args]
    return seen


def _transport_error(error: Exception) -> Exception | None:
    """What urllib3 said under an exception of requests; None when nothing was sent because the request is unusable."""
    if isinstance(error, ValueError):
        return None
    for cause in _causes(error):
        if isinstance(cause, urllib3.exceptions.HTTPError) and not isinstance(cause, urllib3.exceptions.MaxRetryError):
            return cause
    return urllib3.exceptions.ProtocolError(str(error))


def _may_have_worked(answer: _Answer | None, cause: Exception | None) -> bool:
    """Whether a write without a usable answer may have been carried out all the same."""
    if answer is not None:
        return answer.status in TRANSIENT or answer.status >= 500
    lost = None if cause is None else _transport_error(cause)
    return lost is not None and not _is_verification(cause) and not _Retry()._is_connection_error(lost)


def _is_verification(error: BaseException | None) -> bool:
    """Whether a TLS certificate did not pass."""
    return any(
        isinstance(cause, ssl.SSLCertVerificationError) or "certificate verify failed" in str(cause)
        for cause in _causes(error)
    )


def _reason(error: BaseException | None) -> str:
    """The innermost cause of a lost request in few words."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, requests.exceptions.ReadTimeout):
            return "it took longer than timeout allows"
    words = str(causes[-1]) if causes else "unknown"
    if not words.startswith("["):
        words = words.split(": ", 1)[-1]  # without the object that had it
    return plain(words or type(causes[-1]).__name__, 200)


def _api_message(answer: _Answer) -> str:
    """What the API says about its refusal: JSON, GitHub's JSON as text inside ``message``, or HTML (§1.3)."""
    text = answer.body[:100_000].decode("utf-8", "replace")
    for _level in range(3):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(parsed, dict):
            break
        text = parsed.get("message") or parsed.get("error") or ""
        if not isinstance(text, str):
            text = json.dumps(text)
        details = parsed.get("errors")
        for detail in details if isinstance(details, list) else []:
            if isinstance(detail, dict) and isinstance(detail.get("message"), str):
                text = f"{text}: {detail['message']}"
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        return HTML_PAGE
    return plain(text.strip()) or "no reason given"


def _hint(status: int, error: str, path: str, has_token: bool) -> str | None:
    """What a user can do about a refusal."""
    lower = error.lower()
    if status == 401:
        return (
            "The token is invalid or expired, or it is a project token: give a personal API token."
            if has_token
            else "Give an API token as api_token, or in the environment variable CIRCLE_TOKEN."
        )
    if status == THROTTLED:
        return "Run the task again later, or give it a larger retry_budget."
    if error == HTML_PAGE and status in (403, 404):
        return CHECK_ADDRESS
    if status == 403:
        if "rate limit" in lower:
            return "GitHub throttles CircleCI itself. Run the task again later."
        if "sso" in lower or "saml" in lower or "oauth app" in lower:
            return "Have an owner of the organization authorize CircleCI there, then run the task again."
        return (
            "The token's user needs admin rights on the repository, and the token must be a personal one: "
            "project tokens cannot do this."
        )
    if status == 422 and "hook" in lower:
        return "Remove surplus webhooks of CircleCI in the repository's settings at GitHub, then run the task again."
    if status == 404 and error == PROJECT_NOT_FOUND:
        if not has_token:
            return "Only open-source projects can be read without a token: give api_token."
        return "CircleCI does not know the project yet, or the token may not see it: follow it first, check the slug."
    if status == 404 and error == "Not Found":
        if path.endswith("/checkout-key"):
            return (
                "The repository does not exist or is not visible to the token's user, or, for a user key, CircleCI "
                "lacks the grant admin:public_key: authorize it once under the project's settings, SSH keys."
            )
        return "The repository does not exist, or is not visible to the token's user: check the slug."
    if status == 400 and "private key" in lower:
        return "CircleCI does not take this kind of key: an RSA key in PEM format works everywhere."
    if status == 400 and "branch not found" in lower:
        return "Push the branch first, or check its name; branches of forks cannot be built this way."
    if status >= 500 or status in TRANSIENT:
        return "CircleCI has trouble: look at its status page and run the task again later."
    return None
