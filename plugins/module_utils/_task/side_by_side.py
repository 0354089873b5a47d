# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Working on many things at a time, in threads that keep nobody from ending the task."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client

LOOK_EVERY = 0.5
"""Seconds that the caller's thread waits at most. Python may miss a signal that comes just before a thread waits, and
then takes notice of it only when the thread goes on."""

A = TypeVar("A")
B = TypeVar("B")


def side_by_side(
    client: Client,
    work: Callable[[A], B],
    things: Iterable[A],
    concurrency: int,
    *,
    each: Callable[[B], None] = lambda _result: None,
    tick: Callable[[], None] = lambda: None,
) -> list[B]:
    """Work on things, several at a time, and return what came of them, in their order.

    When one fails, those at work are waited for, and the others are not begun. Who interrupts it, with Ctrl-C or by the
    time limit of a task, waits for nobody: the threads are daemons, which a process that ends does not wait for.

    :param client: sends no further request after a failure or an interrupt
    :param each: is given every result when it is there, in the caller's thread
    :param tick: is called now and then, at least every :data:`LOOK_EVERY` seconds
    :raises BaseException: the first one that ``work`` raised
    """
    todo = list(enumerate(things))[::-1]
    ended: queue.SimpleQueue[tuple[int, B | None, BaseException | None] | None] = queue.SimpleQueue()
    stopped = threading.Event()

    def run() -> None:
        try:
            while not stopped.is_set():
                index, thing = todo.pop()
                try:
                    ended.put((index, work(thing), None))
                except BaseException as error:  # noqa: BLE001  # it is raised again, in the caller's thread
                    stopped.set()
                    ended.put((index, None, error))
        except IndexError:
            pass  # Nothing is left to do.
        ended.put(None)

    running = min(concurrency, len(todo))
    results: dict[int, B] = {}
    failure: BaseException | None = None
    try:
        for _number in range(running):
            threading.Thread(target=run, name="circleci", daemon=True).start()
        while running:
            tick()
            try:
                one = ended.get(timeout=LOOK_EVERY)
            except queue.Empty:
                continue
            if one is None:
                running -= 1
                continue
            index, result, error = one
            if error is None:
                results[index] = result  # type: ignore[assignment]  # there is one where there is no error
                each(results[index])
            elif failure is None:
                failure = error
                client.patience.cancel()
    except BaseException:
        stopped.set()
        client.patience.cancel()
        raise
    if failure is not None:
        raise failure
    return [results[index] for index in sorted(results)]
