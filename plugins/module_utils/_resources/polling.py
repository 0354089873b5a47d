# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Looking again and again, up to a deadline: what outlasts CircleCI's troubles, and how often it asks."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import THROTTLED, CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience

LONGEST_WAIT = 365 * 86400.0  # seconds
LONGEST_PAUSE = 30.0  # seconds
STEADY = 600.0  # seconds for which the pause stays as it is set
SLOWER = 60.0
"""After that, the pause grows by a second in so many seconds."""
SHORTEST_TIMEOUT = 0.5  # seconds
ENDS_POLLING = frozenset({401, 403, 404})
"""Answers that will not get better."""

T = TypeVar("T")


def _is_refused(error: CircleCIError) -> bool:
    """Whether it is a write that CircleCI does not carry out, however often it is asked."""
    return error.method != "GET" and error.status not in (None, THROTTLED) and not error.doubtful


class Clock:
    """Time as waits count it."""

    def now(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long."""
        time.sleep(seconds)


CLOCK = Clock()


class _UntilDeadline(Patience):
    """Patience that ends at a moment instead of after a sum of waits."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.deadline = time.monotonic() + seconds

    def take(self, seconds: float, *, throttled: bool) -> bool:
        """Ask to wait. See :meth:`Patience.take`."""
        return time.monotonic() + seconds <= self.deadline and super().take(seconds, throttled=throttled)


def checked_seconds(**given: float) -> None:
    """Fail for numbers of seconds that no wait can have.

    :raises CircleCIError: naming the option
    """
    for name, value in given.items():
        if not 0 <= value <= LONGEST_WAIT:
            raise invalid(f"{name} must be a number of seconds from 0 to {LONGEST_WAIT:.0f}, which is a year.")


def longer(*, canceling: bool) -> str:
    """What to do about a wait whose time is up.

    :param canceling: whether it was for the end of what is being canceled
    """
    if canceling:
        return "CircleCI has accepted to cancel it. Look at it there, or set wait_timeout higher to wait longer."
    return "Nothing was canceled. Set wait_timeout higher to wait longer."


class Poller:
    """One wait: its pauses, its deadline, and polls that may miss.

    :param interval: seconds between two polls, for the first ten minutes
    :param timeout: seconds after which it gives up
    :param lag: seconds for which a 404 is a missed poll too: CircleCI may not find at once what it has just named
    :param clock: what counts the time
    """

    def __init__(
        self, client: Client, *, interval: float, timeout: float, lag: float = 0.0, clock: Clock | None = None
    ) -> None:
        self.client = client
        self.interval = interval
        self.timeout = timeout
        self.lag = lag
        self.clock = clock or CLOCK
        self.started = self.clock.now()
        self._missed = False
        self._absent_since: float | None = None

    def start(self) -> None:
        """Count the time from now on."""
        self.started = self.clock.now()

    @property
    def waited(self) -> float:
        """Seconds since the start."""
        return self.clock.now() - self.started

    @property
    def waited_seconds(self) -> float:
        """The same as results tell it."""
        return round(self.waited, 1)

    @property
    def left(self) -> float:
        """Seconds until the deadline, below 0 after it."""
        return self.timeout - self.waited

    def pause(self) -> None:
        """Wait before the next poll. Long waits ask less often."""
        grown = min(LONGEST_PAUSE, self.interval + max(0.0, self.waited - STEADY) / SLOWER)
        self.clock.sleep(max(0.0, min(max(self.interval, grown), self.left)))

    def look(self, read: Callable[[Client], T]) -> T | None:
        """One poll. A failure that may pass is only a missed poll: the wait has a deadline of its own.

        :returns: None for a missed one
        :raises CircleCIError: for an answer that will not get better
        """
        client = self.client.copy()
        client.timeout = min(client.timeout, max(self.left, SHORTEST_TIMEOUT))
        client.patience = _UntilDeadline(max(self.left, 0.0))
        try:
            found = read(client)
            self._absent_since = None
            return found
        except CircleCIError as error:
            if self._may_show_up(error):
                return None
            if error.status in ENDS_POLLING or error.method is None or _is_refused(error):
                raise
            if not self._missed:
                self._missed = True
                self.client.warn(f"CircleCI could not be asked while this task waited, which went on. {error.message}")
            return None
        finally:
            self.client.patience.throttled += client.patience.throttled
            self.client.wrote = self.client.wrote or client.wrote
            for warning in client.warnings:
                self.client.warn(warning)

    def _may_show_up(self, error: CircleCIError) -> bool:
        """Whether something is missing that CircleCI has named, and not for long yet."""
        if error.status != 404 or not self.lag:
            return False
        if self._absent_since is None:
            self._absent_since = self.clock.now()
        if self.clock.now() - self._absent_since < self.lag:
            return True
        error.hint = (
            "CircleCI itself has named it to this task. Look whether the project was renamed, or the token has lost "
            "its rights."
        )
        return False
