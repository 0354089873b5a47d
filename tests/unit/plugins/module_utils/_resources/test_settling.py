# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience
from ansible_collections.community.circleci.plugins.module_utils._resources import settling

pytestmark = pytest.mark.once

WITHIN, EVERY = settling.SETTLES_WITHIN, settling.LOOK_EVERY
"""As users have them; other tests make them short."""


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a client has waited, in seconds: the only time that passes."""
    pauses: list[float] = []
    monkeypatch.setattr(settling, "SETTLES_WITHIN", WITHIN)
    monkeypatch.setattr(settling, "LOOK_EVERY", EVERY)
    monkeypatch.setattr(Patience, "sleep", lambda _self, seconds: pauses.append(seconds))
    monkeypatch.setattr(settling, "time", types.SimpleNamespace(monotonic=lambda: 1000.0 + sum(pauses)))
    return pauses


@pytest.mark.parametrize(("lag", "waited"), [(0.0, 0.0), (0.1, 0.5), (0.5, 0.5), (3.2, 3.5), (5.0, 5.0)])
def test_a_list_that_lags_is_read_every_half_second(pauses: list[float], lag: float, waited: float) -> None:
    client = Client("https://circleci.example.com")
    settling.seen(client, lambda: sum(pauses) >= lag, bool, "a webhook")
    assert (sum(pauses), client.warnings) == (waited, [])


def test_what_cannot_be_looked_at_is_told(pauses: list[float]) -> None:
    client = Client("https://circleci.example.com")

    def read() -> bool:
        raise CircleCIError("CircleCI answered 403: Forbidden.")

    settling.seen(client, read, bool, "a webhook")
    (warning,) = client.warnings
    why = "whether it lists it cannot be seen: CircleCI answered 403: Forbidden. The next task may make it once more."
    assert (pauses, warning) == ([], f"CircleCI made a webhook, but {why}")


def test_what_is_not_listed_for_five_seconds_is_told(pauses: list[float]) -> None:
    client = Client("https://circleci.example.com")
    settling.seen(client, lambda: False, bool, "a webhook")
    assert sum(pauses) == 5.0
    assert client.warnings == [
        "CircleCI made a webhook, but 5 s later it does not list it. The next task may make it once more."
    ]
