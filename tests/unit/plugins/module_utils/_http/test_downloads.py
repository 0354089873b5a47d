# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that lie elsewhere: whole or not at all, asked for again, and without the token behind a redirect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http import downloads
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator
from tests.unit.loopback import serving

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"
BODY = "0123456789" * 1000
HINT = "Check api_url and whether a proxy stands between."


@pytest.fixture
def elsewhere() -> Iterator[Emulator]:
    with Emulator() as other:
        yield other


def fetch(emulator: Emulator, url: str, *, hosts: tuple[str, ...] = (), **settings: Any) -> str:
    def receive(download: Download) -> str:
        return b"".join(download.chunks).decode()

    return Client(emulator.url, TOKEN, **settings).download(url, receive, hosts=hosts)


def serve(emulator: Emulator, **options: Any) -> str:
    emulator.fault("body", path="/files/a", body=BODY, **options)
    return f"{emulator.url}/files/a?signature=as-good-as-a-password"


def test_a_file_arrives_in_bounded_pieces(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "CHUNK", 1024)
    sizes: list[int] = []
    Client(emulator.url, TOKEN).download(
        serve(emulator), lambda download: sizes.extend(len(chunk) for chunk in download.chunks)
    )
    assert sum(sizes) == len(BODY)
    assert max(sizes) <= 1024
    headers = emulator.requests[0].headers
    assert (headers["Accept"], headers["Accept-Encoding"]) == ("*/*", "identity")


def test_a_redirect_leaves_its_connection_to_the_next_request(emulator: Emulator, elsewhere: Emulator) -> None:
    for _number in range(3):
        emulator.fault("redirect", path="/files/a", location=serve(elsewhere))
        assert fetch(emulator, f"{emulator.url}/files/a") == BODY
    assert (len(emulator.requests), len(elsewhere.requests)) == (3, 3)
    assert (emulator.connections, elsewhere.connections) == (1, 1)


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 503}, {"kind": "drop"}, {"kind": "status", "status": 429}]
)
def test_a_transient_failure_is_followed_by_another_try(emulator: Emulator, fault: dict[str, Any]) -> None:
    emulator.fault(path="/files/a", **fault)
    assert fetch(emulator, serve(emulator)) == BODY
    assert len(emulator.requests) == 2


@pytest.mark.usefixtures("any_urllib3")
def test_a_file_that_breaks_off_is_asked_for_again_from_its_start(emulator: Emulator) -> None:
    calls: list[int] = []

    def receive(download: Download) -> str:
        calls.append(1)
        return b"".join(download.chunks).decode()

    emulator.follow("github/acme/api")
    url = f"{emulator.url}/api/v1.1/project/github/acme/api/settings"
    emulator.fault("truncate", path="/settings")
    assert ":following" in Client(emulator.url, TOKEN).download(url, receive)
    assert len(calls) == 2


@pytest.mark.usefixtures("any_urllib3")
def test_a_refusal_that_breaks_off_is_followed_by_another_try(emulator: Emulator) -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 99\r\n\r\n{"
    with serving(head) as server, pytest.raises(CircleCIError, match=r"^GET /a at \S+ got no answer: "):
        fetch(emulator, f"http://127.0.0.1:{server.port}/a", retries=1)
    assert server.connections == 2 + 1  # with the one that asks whether it speaks TLS


def test_a_file_may_come_without_its_length(emulator: Emulator) -> None:
    with serving(b"HTTP/1.1 200 OK\r\n\r\nwhole") as server:
        assert fetch(emulator, f"http://127.0.0.1:{server.port}/a") == "whole"


@pytest.mark.usefixtures("any_urllib3")
def test_a_file_that_always_breaks_off_is_an_error(emulator: Emulator) -> None:
    emulator.follow("github/acme/api")
    emulator.fault("truncate", path="/settings", times=None)
    with pytest.raises(CircleCIError, match=r"^GET project/github/acme/api/settings at \S+ got no answer: ") as caught:
        fetch(emulator, f"{emulator.url}/api/v1.1/project/github/acme/api/settings?s=secret-part", retries=1)
    assert len(emulator.requests) == 2
    assert "secret-part" not in str(caught.value.result())


def test_nothing_more_of_a_file_is_read_when_the_task_is_over(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "CHUNK", 1024)
    client, got = Client(emulator.url, TOKEN), list[bytes]()

    def receive(download: Download) -> None:
        for chunk in download.chunks:
            got.append(chunk)
            client.patience.cancel()

    with pytest.raises(CircleCIError, match="interrupted"):
        client.download(serve(emulator), receive)
    assert len(got) == 1


def test_what_the_receiver_raises_is_no_reason_to_ask_again(emulator: Emulator) -> None:
    def receive(download: Download) -> None:
        raise OSError("No space left on device")

    with pytest.raises(OSError, match="No space left"):
        Client(emulator.url, TOKEN).download(serve(emulator), receive)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(("status", "tries"), [(401, 1), (403, 1), (404, 1), (503, 2)])
def test_a_refusal_says_what_without_the_signature(emulator: Emulator, status: int, tries: int) -> None:
    url = serve(emulator, status=status, times=None)
    with pytest.raises(CircleCIError) as caught:
        fetch(emulator, url, retries=1)
    assert len(emulator.requests) == tries
    assert (caught.value.status, caught.value.method) == (status, "GET")
    assert caught.value.message.startswith(f"CircleCI answered {status} to GET /files/a: ")
    assert "as-good-as-a-password" not in str(caught.value.result())


def test_the_token_goes_to_circleci_and_not_behind_a_redirect(emulator: Emulator, elsewhere: Emulator) -> None:
    emulator.fault("redirect", path="/files/b", location=serve(elsewhere))
    assert fetch(emulator, f"{emulator.url}/files/b") == BODY
    assert emulator.requests[0].headers["Circle-Token"] == TOKEN
    assert not {"circle-token", "authorization"} & {name.lower() for name in elsewhere.requests[0].headers}


def test_the_token_goes_nowhere_behind_a_redirect(emulator: Emulator) -> None:
    """Not even where it went before."""
    emulator.fault("redirect", path="/files/b", location=serve(emulator))
    assert fetch(emulator, f"{emulator.url}/files/b") == BODY
    assert ["Circle-Token" in record.headers for record in emulator.requests] == [True, False]


def test_a_password_in_the_address_of_a_redirect_goes_nowhere(emulator: Emulator, elsewhere: Emulator) -> None:
    target = serve(elsewhere).replace("http://", "http://somebody:password@")
    emulator.fault("redirect", path="/files/b", location=target)
    assert fetch(emulator, f"{emulator.url}/files/b") == BODY
    assert "Authorization" not in elsewhere.requests[0].headers


def test_another_host_gets_the_token_only_when_it_is_named(emulator: Emulator, elsewhere: Emulator) -> None:
    host = elsewhere.url.removeprefix("http://")
    assert fetch(emulator, serve(elsewhere)) == fetch(emulator, serve(elsewhere), hosts=(host,)) == BODY
    first, second = elsewhere.requests
    assert ("Circle-Token" in first.headers, second.headers.get("Circle-Token")) == (False, TOKEN)


@pytest.mark.parametrize(
    "location", ["ftp://files.example/a", "https:///a", "https://[::1/a", "http://files.example:port/a"]
)
def test_a_redirect_to_what_is_no_address_says_so(emulator: Emulator, location: str) -> None:
    emulator.fault("redirect", path="/files/b", location=location)
    words = "answered GET /files/b with a redirect that is not followed (to what is no address)."
    with pytest.raises(CircleCIError) as caught:
        fetch(emulator, f"{emulator.url}/files/b?signature=as-good-as-a-password")
    assert caught.value.result() == {
        "failed": True,
        "msg": f"{emulator.url} {words} {HINT}",
        "hint": HINT,
        "method": "GET",
        "path": "/files/b",
    }
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(
    "address", ["", "dist/a", "ftp://files.example/a", "https:///a", "http://files.example:port/a"]
)
def test_a_file_whose_address_is_none_is_not_asked_for(emulator: Emulator, address: str) -> None:
    with pytest.raises(CircleCIError) as caught:
        fetch(emulator, f"{address}?signature=as-good-as-a-password")
    assert caught.value.result() == {
        "failed": True,
        "msg": f"CircleCI gave {address!r} as the address of a file, which is none. {HINT}",
        "hint": HINT,
        "method": "GET",
        "path": None,
    }
    assert emulator.requests == []


def test_redirects_have_an_end(emulator: Emulator) -> None:
    emulator.fault("redirect", path="/files/b", location="/files/b", times=None)
    with pytest.raises(CircleCIError, match=r" answered GET /files/b with a redirect .* \(more than 5 times"):
        fetch(emulator, f"{emulator.url}/files/b")
    assert len(emulator.requests) == 6
