# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What a user is told while a task runs, and when it is worth a line."""

from __future__ import annotations

import time
from collections.abc import Callable

QUIET_FOR = 5.0
"""Seconds that a task may take without a word, when it changes nothing: whoever runs it every hour gets no mail."""
HEARTBEAT = 60.0
"""Seconds without news after which it is told that the task still runs."""


class Progress:
    """Lines for one task. They are kept back until it has changed something or is no quick one.

    :param show: shows a line; its second argument says whether it tells of a failure
    """

    def __init__(self, show: Callable[[str, bool], None]) -> None:
        self._show = show
        self._kept: list[tuple[str, bool]] = []
        self._started = self._latest = time.monotonic()

    def tell(self, text: str, *, changed: bool, failed: bool = False, idle: bool = False) -> None:
        """One more line.

        :param changed: whether the task has changed something so far
        :param failed: whether the line tells of a failure
        :param idle: whether it is no news, so that it is shown only once in a while
        """
        now = time.monotonic()
        if not idle or now - self._latest >= HEARTBEAT:
            self._latest = now
            self._kept.append((text, failed))
        if changed or now - self._started >= QUIET_FOR:
            for line in self._kept:
                self._show(*line)
            self._kept.clear()

    def end(self, *, changed: bool) -> None:
        """Show what was kept back, if it is worth it.

        :param changed: whether the task has changed something
        """
        if self._kept:
            text, failed = self._kept.pop()
            self.tell(text, changed=changed, failed=failed)
