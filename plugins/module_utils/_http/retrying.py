# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What is sent again, when, and for how long; and what may have worked although no answer came."""

from __future__ import annotations

import random
import re
import threading
import time
from dataclasses import dataclass, field

try:
    from urllib3.util.retry import Retry
except ImportError:
    Retry = object  # type: ignore[assignment,misc]  # session.py names what is missing

from ansible_collections.community.circleci.plugins.module_utils._http.answers import http_date
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    THROTTLED,
    interrupted,
)


def retry_after(header: str | None) -> float | None:
    """The seconds that a ``Retry-After`` header asks for, which may give seconds or an HTTP date (§1.5).

    :returns: seconds, never negative; None when the header is absent or unreadable
    """
    if header is None:
        return None
    if re.fullmatch(r"\s*[0-9]{1,12}\s*", header):
        return float(header)
    moment = http_date(header)
    return None if moment is None else max(moment.timestamp() - time.time(), 0.0)


class RetryPolicy(Retry):
    """What is sent again, made for each request: 429 on any method, all else only what is safe to repeat.

    Safe are reads and what the caller says is repeatable; a connection that was never made is safe for all.
    """

    BASE = 0.5
    LONGEST = 30.0

    def is_retry(self, method: str, status_code: int, has_retry_after: bool = False) -> bool:
        """Whether an answer with this status is worth another try."""
        return status_code == THROTTLED or super().is_retry(method, status_code, has_retry_after)

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
        self.go_on()

    def pause(self, seconds: float) -> None:
        """Wait for something that is no answer.

        :raises CircleCIError: when the task was cancelled
        """
        self.sleep(seconds)
        self.go_on()

    def go_on(self) -> None:
        """Go on, unless the task is over.

        :raises CircleCIError: when it was cancelled
        """
        if self._cancelled.is_set():
            raise interrupted()

    def sleep(self, seconds: float) -> None:
        """Wait before one request is sent again, or until the task is cancelled."""
        self._cancelled.wait(min(seconds, threading.TIMEOUT_MAX))

    def cancel(self) -> None:
        """End all waiting and let no further request go out: the task is not going to use the answers."""
        self._cancelled.set()

    def succeeded(self) -> None:
        """Note that a request was answered."""
        if self.restarts:
            with self._lock:
                self.spent = 0.0
