# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
from collections.abc import Callable

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources import polling

pytestmark = pytest.mark.once


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so many seconds pass, which no other time does."""
    passed = [1000.0]
    monkeypatch.setattr(polling, "time", types.SimpleNamespace(monotonic=lambda: sum(passed)))
    return passed.append


@pytest.fixture
def poller(past: Callable[[float], None]) -> polling.Poller:
    return polling.Poller(Client("https://circleci.example.com"), interval=5, timeout=60, clock=polling.Clock())


def test_results_tell_a_wait_in_tenths_of_a_second(poller: polling.Poller, past: Callable[[float], None]) -> None:
    past(12.3456)
    assert poller.waited_seconds == 12.3


@pytest.mark.parametrize(
    ("spent", "pause", "granted"), [(0, 60, True), (0, 61, False), (50, 10, True), (50, 11, False)]
)
def test_a_look_repeats_its_request_until_the_end_of_the_wait_and_no_longer(
    poller: polling.Poller, past: Callable[[float], None], spent: float, pause: float, granted: bool
) -> None:
    """What the requests take themselves counts, too."""

    def look(client: Client) -> bool:
        past(spent)
        return client.patience.take(pause, throttled=True)

    assert poller.look(look) is granted
    assert poller.client.patience.throttled == (pause if granted else 0)


@pytest.mark.parametrize(("spent", "seconds"), [(0, 20.0), (55, 5.0), (60, 0.5), (90, 0.5)])
def test_a_look_waits_no_longer_for_an_answer_than_is_left_of_the_wait(
    poller: polling.Poller, past: Callable[[float], None], spent: float, seconds: float
) -> None:
    """But for half a second, in which a last answer can come."""
    poller.client.timeout = 20.0
    past(spent)
    assert poller.look(lambda client: client.timeout) == seconds
    assert poller.client.timeout == 20.0
    # Nor is anything repeated then.
    assert poller.look(lambda client: client.patience.take(0.5, throttled=True)) is (spent < 60)
