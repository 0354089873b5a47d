# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is traced of requests and pauses: paths and statuses, and nothing that is as good as a password."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.inventory import circleci_projects
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator
from tests.unit.conftest import Query, ReadInventory

pytestmark = pytest.mark.once
TOKEN = "emulator-personal-token"


class Traced(list[str]):
    """The lines, with durations and pauses as ``N``."""

    def note(self, text: str) -> None:
        self.append(re.sub(r"\d+\.\d+ s", "N", text))


@pytest.fixture
def elsewhere() -> Iterator[Emulator]:
    with Emulator() as other:
        yield other


@pytest.fixture
def traced() -> Traced:
    return Traced()


def client_for(emulator: Emulator, traced: Traced, **settings: Any) -> Client:
    return Client(emulator.url, TOKEN, trace=traced.note, **settings)


def whole(download: Download) -> bytes:
    return b"".join(download.chunks)


def test_a_query_is_not_shown(emulator: Emulator, traced: Traced) -> None:
    client_for(emulator, traced).get("v1.1/me", secret="in-the-query")
    assert traced == ["GET me: 200 after N"]


@pytest.mark.parametrize(("kind", "words"), [("drop", "Remote end closed"), ("reset", "Connection reset by peer")])
def test_a_lost_connection_is_told_with_its_reason(emulator: Emulator, traced: Traced, kind: str, words: str) -> None:
    emulator.fault(kind, path="/v2/me")
    client_for(emulator, traced).get("v2/me")
    assert [traced[0], traced[2]] == ["GET v2/me: no answer after N", "GET v2/me: 200 after N"]
    assert traced[1].startswith("GET v2/me: ")
    assert words in traced[1]
    assert traced[1].endswith(", so it is sent again in N, with growing pauses")
    assert len(traced) == 3


def test_what_is_not_sent_again_has_no_pause(emulator: Emulator, traced: Traced) -> None:
    emulator.fault("status", path="/me", status=503, times=None)
    with pytest.raises(CircleCIError):
        client_for(emulator, traced, retries=0).get("v1.1/me")
    assert traced == ["GET me: 503 after N"]


def test_of_files_that_lie_elsewhere_no_path_is_shown(emulator: Emulator, elsewhere: Emulator, traced: Traced) -> None:
    target = f"{elsewhere.url}/as-good-as-a-password"
    emulator.fault("redirect", path="/files/a", location=target)
    elsewhere.fault("status", path="password", status=503)
    elsewhere.fault("body", path="password", body="whole")
    client = client_for(emulator, traced)
    emulator.fault("redirect", path="/files/a", location=target)
    assert client.download(f"{emulator.url}/files/a?signature=1", whole) == b"whole"
    with contextlib.suppress(CircleCIError):
        client.get_foreign(target)
    assert traced == [
        "GET /files/a: 302 after N",
        "GET of a file elsewhere: 503 after N",
        "GET /files/a: status 503, so it is sent again in N, with growing pauses",
        "GET /files/a: 302 after N",
        "GET of a file elsewhere: 200 after N",
        "GET of a file elsewhere: 404 after N",
    ]


def test_lookup_and_inventory_trace_too(
    emulator: Emulator,
    query: Query,
    read_inventory: ReadInventory,
    traced: Traced,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circleci_projects.display, "vvv", traced.note)
    emulator.follow("github/acme/api")
    query("github/acme/api")
    assert traced == ["GET project/github/acme/api: 200 after N"]
    read_inventory()
    assert "GET projects: 200 after N" in traced
