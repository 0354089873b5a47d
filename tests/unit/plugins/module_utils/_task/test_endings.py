# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.endings import tidily

HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def order() -> Iterator[list[str]]:
    """What happens, beginning with handlers as the processes of core have them from 2.19 on."""
    order: list[str] = []
    before = {number: signal.getsignal(number) for number in HANDLED}
    for number in HANDLED:
        signal.signal(number, lambda number, _frame: order.append(signal.Signals(number).name))
    yield order
    for number, handler in before.items():
        signal.signal(number, handler)


def tidy(order: list[str]) -> None:
    try:
        order.append("begun")
        threading.Event().wait()
    finally:
        order.append("tidied")


def interrupting(number: int, order: list[str]) -> None:
    while "begun" not in order:
        threading.Event().wait(0.01)
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", HANDLED)
def test_a_block_tidies_up_before_a_signal_does_its_work(order: list[str], number: signal.Signals) -> None:
    handler = signal.getsignal(number)
    threading.Thread(target=interrupting, args=(number, order)).start()
    with pytest.raises(KeyboardInterrupt), tidily():
        tidy(order)
    assert order == ["begun", "tidied", number.name]
    assert signal.getsignal(number) is handler


def come_at_once(order: list[str]) -> None:
    """Send all of them to this thread, and no other one may take them, which lets Python see them together."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    try:
        for number in HANDLED:
            signal.pthread_kill(threading.get_ident(), number)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    finally:
        order.append("tidied")
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_signals_that_come_at_once_end_it_once_and_show_nothing(
    order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Core sends SIGTERM right after Ctrl-C."""
    shown: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", shown.append)
    with pytest.raises(KeyboardInterrupt), tidily():
        come_at_once(order)
    assert order[0] == "tidied"
    assert (len(order), shown) == (2, [])


def test_a_block_without_a_signal_leaves_everything_as_it_was(order: list[str]) -> None:
    handlers = [signal.getsignal(number) for number in HANDLED]
    with tidily():
        pass
    with pytest.raises(ValueError, match="of its own"), tidily():
        raise ValueError("of its own")
    assert [signal.getsignal(number) for number in HANDLED] == handlers
    assert order == []


def test_a_signal_that_is_ignored_stays_so(order: list[str]) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with tidily():
        os.kill(os.getpid(), signal.SIGHUP)
    assert order == []


def test_what_another_program_handles_is_left_to_it(order: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Python knows nothing of handlers that a program has set in which it is embedded."""
    known = signal.getsignal
    monkeypatch.setattr(signal, "getsignal", lambda number: None if number == signal.SIGHUP else known(number))
    with tidily():
        os.kill(os.getpid(), signal.SIGHUP)
    assert order == ["SIGHUP"]


@tidily()
def interrupted(after: Callable[[], None]) -> None:
    try:
        os.kill(os.getpid(), signal.SIGINT)
    finally:
        after()


def test_one_more_signal_does_not_disturb_the_tidying(order: list[str]) -> None:
    """Core sends it to the process of a task when it has been interrupted itself."""

    def after() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        order.append("tidied")

    with pytest.raises(KeyboardInterrupt):
        interrupted(after)
    assert order == ["tidied", "SIGINT"]


def test_a_signal_does_its_work_when_tidying_fails(order: list[str]) -> None:
    def after() -> None:
        raise OSError("The disk is full.")

    with pytest.raises(OSError, match="disk is full"):
        interrupted(after)
    assert order == ["SIGINT"]


def test_other_threads_leave_signals_alone(order: list[str]) -> None:
    seen: list[Any] = []

    def run() -> None:
        with tidily():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
