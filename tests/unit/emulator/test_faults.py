# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong on purpose, and what of the change is done then."""

from __future__ import annotations

import email.utils
import time
from typing import Any

import pytest
import requests

from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once


def keys(emulator: Emulator) -> int:
    return len(emulator.project("github/acme/api").checkout_keys)


def create(send: Send, **options: Any) -> requests.Response:
    return send("POST", "checkout-key", json={"type": "deploy-key"}, **options)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("status", [403, 429, 500, 502, 503, 504])
def test_status_before_and_after_the_change(followed: Emulator, send: Send, status: int, when: str) -> None:
    followed.fault("status", status=status, when=when, body="<html>Sorry</html>")

    answer = create(send)

    assert (answer.status_code, answer.text) == (status, "<html>Sorry</html>")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert followed.writes[-1].status == status
    assert keys(followed) == (2 if when == "after" else 1)
    assert create(send).status_code == 201


def test_retry_after_in_seconds_as_a_date_and_as_nonsense(followed: Emulator, send: Send) -> None:
    for options in ({"headers": {"Retry-After": "7"}}, {"retry_date": 60}, {"headers": {"Retry-After": "soon"}}, {}):
        followed.fault("status", status=429, body={"message": "API rate limit exceeded"}, **options)

    values = [send("GET", "settings").headers.get("Retry-After") for _unused in range(4)]

    assert values[0] == "7"
    assert values[1] is not None
    assert 0 < email.utils.parsedate_to_datetime(values[1]).timestamp() - time.time() <= 61
    assert values[2:] == ["soon", None]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_no_answer(followed: Emulator, send: Send, kind: str, when: str) -> None:
    followed.fault(kind, when=when)

    with pytest.raises(requests.ConnectionError):
        create(send)

    assert followed.writes[-1].status is None
    assert keys(followed) == (2 if when == "after" else 1)
    assert create(send).status_code == 201


@pytest.mark.parametrize(("when", "made"), [("before", 1), ("after", 2)])
def test_hang_lasts_until_the_end(session: requests.Session, when: str, made: int) -> None:
    with Emulator() as emulator:
        emulator.follow("github/acme/api")
        emulator.fault("hang", method="POST", when=when)
        url = f"{emulator.url}/api/v1.1/project/github/acme/api/checkout-key"
        with pytest.raises(requests.ReadTimeout):
            session.post(url, json={"type": "deploy-key"}, headers={"Circle-Token": emulator.token}, timeout=0.1)
        listed = session.get(url, headers={"Circle-Token": emulator.token, "Accept": "application/json"}, timeout=10)
        assert len(listed.json()) == made


def test_truncated_answer_comes_after_the_change(followed: Emulator, send: Send) -> None:
    followed.fault("truncate")

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        create(send)

    assert keys(followed) == 2


def test_slow_answer_is_the_right_one(followed: Emulator, send: Send, session: requests.Session) -> None:
    for seconds in (0.5, 0.01):
        followed.fault("slow", seconds=seconds)

    with pytest.raises(requests.ReadTimeout):
        session.get(f"{followed.url}/api/v1.1/me", timeout=0.1)
    assert create(send).status_code == 201


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<html></html>", None, "<html></html>"),
        ('{"broken', "application/json", '{"broken'),
        (None, None, "null"),
        ({}, None, "{}"),
        ([None], None, "[null]"),
        ("", None, ""),
    ],
)
def test_success_with_a_strange_body(
    followed: Emulator, send: Send, body: object, content_type: str | None, text: str
) -> None:
    followed.fault("body", body=body, content_type=content_type)

    answer = create(send)

    assert (answer.status_code, answer.text) == (200, text)
    assert keys(followed) == 1


def test_redirect_leaves_everything_as_it_is(followed: Emulator, send: Send) -> None:
    followed.fault("redirect", location="https://elsewhere.example/", when="after")
    followed.fault("redirect", location="/api/v1.1/me", status=307)

    answers = [create(send), create(send)]

    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [
        (302, "https://elsewhere.example/"),
        (307, "/api/v1.1/me"),
    ]
    assert keys(followed) == 1


def test_huge_answer(followed: Emulator, send: Send) -> None:
    followed.fault("huge", size=3_000_000)

    answer = send("GET", "checkout-key")

    assert len(answer.content) == 3_000_000
    assert answer.json() == []


def test_huge_answer_that_nobody_wants(followed: Emulator, send: Send) -> None:
    followed.fault("huge", size=200_000_000)

    answer = send("GET", "checkout-key", stream=True)
    answer.raw.read(1000)
    answer.close()

    assert send("GET", "settings").status_code == 200


def test_headers_are_added_to_the_right_answer(followed: Emulator, send: Send) -> None:
    followed.fault("headers", headers={"X-Extra": "1", "Content-Type": "text/html"})

    answer = create(send)

    assert (answer.status_code, answer.headers["X-Extra"], answer.headers["Content-Type"]) == (201, "1", "text/html")


def test_faults_hit_only_what_matches_in_order_and_so_often(followed: Emulator, send: Send) -> None:
    followed.fault("status", status=501, path="checkout-key$", method="POST", after=1, times=2)
    followed.fault("status", status=502, path=r"settings\?ssh", times=None)

    assert [create(send).status_code for _unused in range(4)] == [201, 501, 501, 201]
    assert send("GET", "checkout-key").status_code == 200
    assert [send("GET", f"settings{query}").status_code for query in ("", "?ssh-key-digest=md5")] == [200, 502]
    followed.faults.clear()
    assert send("GET", "settings?ssh-key-digest=md5").status_code == 200


def test_faults_come_in_the_order_in_which_they_were_added(followed: Emulator, send: Send) -> None:
    for status in (503, 429):
        followed.fault("status", status=status)

    assert [send("GET", "settings").status_code for _unused in range(3)] == [503, 429, 200]


@pytest.mark.parametrize(
    "options", [{"kind": "explode"}, {"kind": "status", "when": "never"}, {"kind": "status", "path": "("}]
)
def test_faults_are_checked(emulator: Emulator, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"kind must be|when must be|unterminated subpattern"):
        emulator.fault(**options)
