# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""How a task ends before its time: by an exception that lets it tidy up, whatever ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def tidily() -> Iterator[None]:
    """Let signals end this block by an exception, then do what they would have done at once.

    From ansible-core 2.19 on, Ctrl-C kills the process of a task where it stands, and before that it is killed while it
    tidies up: half a file would stay behind. So signals that come in the meantime are ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Signals concern the main thread, and it alone may say what they do.
        return
    handlers = {number: signal.getsignal(number) for number in _ENDINGS}
    ending = {number: handler for number, handler in handlers.items() if handler not in (signal.SIG_IGN, None)}
    came: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        for each in ending:
            # Not SIG_IGN: Python shows a traceback for a signal that came together with this one, and has no handler.
            signal.signal(each, _ignore)
        raise KeyboardInterrupt

    for number in ending:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in ending.items():
            signal.signal(number, handler)
        for each in came:
            os.kill(os.getpid(), each)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing."""
