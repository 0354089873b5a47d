# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._task import side_by_side as side_by_side_module
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side


@pytest.fixture
def client() -> Client:
    return Client("https://circleci.example.com")


def test_results_come_in_the_order_of_the_things(client: Client) -> None:
    first_may_end = threading.Event()
    noted: list[str] = []

    def work(number: int) -> str:
        if number == 0:
            assert first_may_end.wait(60)
        return f"result {number}"

    def note(result: str) -> None:
        noted.append(result)
        if len(noted) == 4:
            first_may_end.set()

    assert side_by_side(client, work, range(5), 2, each=note) == [f"result {number}" for number in range(5)]
    assert noted == [f"result {number}" for number in (1, 2, 3, 4, 0)]
    client.patience.wait()  # the client can go on


def test_no_more_than_so_many_are_worked_on_at_a_time(client: Client) -> None:
    all_here = threading.Barrier(3, timeout=60)
    at_work: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        at_work.append(number)
        most.append(len(at_work))
        all_here.wait()
        at_work.remove(number)
        all_here.wait()

    side_by_side(client, work, range(9), 3)
    assert max(most) == 3


def test_nothing_to_do_gives_nothing(client: Client) -> None:
    assert side_by_side(client, str, [], 8) == []


def test_a_failure_waits_for_those_at_work_and_begins_no_more(client: Client) -> None:
    begun: list[int] = []
    ended: list[int] = []
    failed = threading.Event()

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            failed.set()
            raise invalid("number 1 fails")
        assert failed.wait(60)
        with pytest.raises(CircleCIError, match="interrupted"):
            client.patience.pause(3600.0)
        ended.append(number)

    with pytest.raises(CircleCIError, match="number 1 fails"):
        side_by_side(client, work, range(9), 2)
    assert sorted(begun) == [0, 1]
    assert ended == [0]


def test_work_that_ends_its_thread_ends_the_task(client: Client) -> None:
    def work(number: int) -> int:
        if number == 1:
            raise SystemExit("of its own")
        return number

    with pytest.raises(SystemExit, match="of its own"):
        side_by_side(client, work, range(3), 1)


def test_an_interrupt_waits_for_nobody_and_begins_no_more(client: Client) -> None:
    may_end = threading.Event()
    at_work = threading.Semaphore(0)
    begun: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        at_work.release()
        may_end.wait(60)

    def tick() -> None:
        for _thread in range(2):
            assert at_work.acquire(timeout=60)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        side_by_side(client, work, range(9), 2, tick=tick)
    left = [thread for thread in threading.enumerate() if thread.name == "circleci" and thread.is_alive()]
    assert left
    assert all(thread.daemon for thread in left)
    with pytest.raises(CircleCIError, match="interrupted"):
        client.patience.wait()
    may_end.set()
    for thread in left:
        thread.join(60)
    assert sorted(begun) == [0, 1]


def test_the_caller_is_called_now_and_then(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal may be noticed no sooner."""
    monkeypatch.setattr(side_by_side_module, "LOOK_EVERY", 0.001)
    ticks: list[int] = []
    enough = threading.Event()

    def tick() -> None:
        ticks.append(1)
        if len(ticks) == 5:
            enough.set()

    assert side_by_side(client, lambda _number: enough.wait(60), range(1), 2, tick=tick) == [True]
