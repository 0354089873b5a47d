# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Many repositories with trouble among them, and a network without a way to CircleCI."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import urllib3

from emulator import Emulator


def never_send(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """Let no connection be made for the requests of a method."""
    usual = requests.adapters.HTTPAdapter.send
    never_made = urllib3.exceptions.NewConnectionError(None, "refused")  # type: ignore[arg-type]  # no pool is needed

    def send(self: Any, request: requests.PreparedRequest, *given: Any, **options: Any) -> requests.Response:
        if request.method == method:
            raise requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", never_made))  # type: ignore[arg-type]
        return usual(self, request, *given, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)


def add_repositories(emulator: Emulator, number: int) -> list[str]:
    """Add repositories and return their slugs."""
    slugs = [f"github/acme/service-{index:03}" for index in range(number)]
    for slug in slugs:
        emulator.add_repository(slug)
    return slugs


def make_trouble(emulator: Emulator, slugs: list[str]) -> dict[str, int]:
    """Let one in 30 fail, one in 15 be throttled once, and one in 60 answer slowly.

    The failing ones are either not visible, or take no SSH key. Returns them with the status of the answer.
    """
    failing = {slug: 403 if number % 2 else 404 for number, slug in enumerate(slugs[5::30])}
    for slug, status in failing.items():
        if status == 403:
            denied = {"message": "Permission denied"}
            emulator.fault("status", path=f"{slug}/ssh-key", method="POST", status=status, body=denied)
        else:
            lost = {"message": "Not Found"}
            emulator.fault("status", path=f"{slug}/settings", times=None, status=status, body=lost)
    for slug in slugs[7::15]:
        emulator.fault("status", path=f"{slug}/", after=1, status=429, headers={"Retry-After": "0"})
    for slug in slugs[11::60]:
        emulator.fault("slow", path=f"{slug}/follow", seconds=0.3)
    return failing
