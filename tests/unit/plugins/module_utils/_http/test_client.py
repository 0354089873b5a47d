# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import email.utils
import json
import math
import os
import threading
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import urllib3
import yaml

from ansible_collections.community.circleci.plugins.module_utils._http import answers, retrying
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import (
    Patience,
    RetryPolicy,
    retry_after,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import normalize_url, segment
from emulator import Emulator
from tests.unit.loopback import serving

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"
API = "v1.1/project/github/acme/api"
BASE = RetryPolicy.BASE
"""As users have it; other tests make it short."""


def client_for(emulator: Emulator, **settings: Any) -> Client:
    return Client(emulator.url, TOKEN, **settings)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://circleci.com", "https://circleci.com"),
        ("https://circleci.com/", "https://circleci.com"),
        ("https://circleci.com/api", "https://circleci.com"),
        ("https://circleci.com/api/", "https://circleci.com"),
        ("https://circleci.com/api/v1.1", "https://circleci.com"),
        ("https://circleci.com/api/v1.1/", "https://circleci.com"),
        ("circleci.example.com", "https://circleci.example.com"),
        ("circleci.example.com:8443/api", "https://circleci.example.com:8443"),
        (" http://localhost:8080 ", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://example.com/circleci/api/v1.1", "https://example.com/circleci"),
    ],
)
def test_addresses_of_any_spelling_are_one(given: str, url: str) -> None:
    assert normalize_url(given) == url


@pytest.mark.parametrize(
    "bad",
    ["", "https://", "ftp://circleci.com", "https://me:pw@circleci.com", "https://me@circleci.com",
     "https://circleci.com/api/v2", "https://circleci.com?x=1", "https://circleci.com#x", "https://circleci.com:99999",
     "https://circleci.com:0",
     "https://circleci.com:port", "https://circle ci.com", "file:///etc/passwd", "https://circleci.com\\@example.org"],
)  # fmt: skip
def test_what_is_no_address_of_circleci_is_refused(bad: str) -> None:
    with pytest.raises(CircleCIError, match="api_url") as caught:
        normalize_url(bad)
    assert "pw" not in caught.value.result()["msg"]


def test_plain_http_is_warned_about_unless_it_stays_here() -> None:
    assert any("not encrypted" in warning for warning in Client("http://circleci.example.com").warnings)
    for here in (
        "http://localhost:1",
        "http://127.0.0.1:1",
        "http://127.1.2.3",
        "http://[::1]:1",
        "http://a.localhost",
    ):
        assert Client(here).warnings == []


@pytest.mark.parametrize(
    ("text", "encoded"),
    [("a/b", "a%2Fb"), ("a b", "a%20b"), ("50%", "50%25"), ("#?", "%23%3F"), ("ä", "%C3%A4"), ("%2e%2e", "%252e%252e"),
     ("aa:bb", "aa:bb"), ("a+b=", "a%2Bb%3D")],
)  # fmt: skip
def test_a_segment_stays_one_segment(text: str, encoded: str) -> None:
    assert segment(text) == encoded


@pytest.mark.parametrize("bad", ["", ".", "..", "\udcff"])
def test_segments_that_would_change_the_path_are_refused(bad: str) -> None:
    with pytest.raises(CircleCIError, match="cannot be part of a path") as caught:
        segment(bad)
    assert caught.value.hint


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf, 1e12])
def test_a_timeout_is_a_time(timeout: float) -> None:
    with pytest.raises(CircleCIError, match="timeout must be a number of seconds"):
        Client(timeout=timeout)


def test_every_request_says_who_asks_and_for_what(emulator: Emulator) -> None:
    client_for(emulator).get("v1.1/me")
    version = yaml.safe_load((Path(__file__).parents[5] / "galaxy.yml").read_text())["version"]
    headers = emulator.requests[0].headers
    assert headers["Circle-Token"] == TOKEN
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"] == f"community.circleci/{version}"
    assert "Content-Type" not in headers
    assert "Authorization" not in headers
    assert TOKEN not in emulator.requests[0].path


def test_netrc_is_not_read(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("default login somebody password from-netrc\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    client_for(emulator).get("v1.1/me")
    with pytest.raises(CircleCIError):
        Client(emulator.url).get("v1.1/me")
    elsewhere = emulator.url.replace("127.0.0.1", "localhost")
    with pytest.raises(CircleCIError):
        client_for(emulator).get_foreign(f"{elsewhere}/action-output/of-a-step")
    with pytest.raises(CircleCIError):
        client_for(emulator).download(f"{elsewhere}/artifacts/of-a-build", lambda found: b"".join(found.chunks))
    assert len(emulator.requests) == 4
    assert not any("Authorization" in record.headers for record in emulator.requests)


def test_no_cookie_is_kept(emulator: Emulator) -> None:
    emulator.fault("headers", headers={"Set-Cookie": "session=of-somebody; Path=/"})
    for _turn in range(2):
        client_for(emulator).get("v1.1/me")
    assert ["Cookie" in record.headers for record in emulator.requests] == [False, False]


def test_proxies_of_the_environment_stay_in_force(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", emulator.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(CircleCIError):
        Client("http://circleci.invalid", TOKEN).get("v1.1/me")
    assert [record.path for record in emulator.requests] == ["http://circleci.invalid/api/v1.1/me"]


def test_one_connection_serves_many_clients_of_a_process(emulator: Emulator) -> None:
    for _turn in range(20):
        client_for(emulator).get("v1.1/me")
    assert emulator.connections == 1


def test_a_forked_process_opens_a_connection_of_its_own(emulator: Emulator) -> None:
    client_for(emulator).get("v1.1/me")
    child = os.fork()
    if child == 0:
        try:
            client_for(emulator).get("v1.1/me")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    client_for(emulator).get("v1.1/me")
    assert len(emulator.requests) == 3
    assert emulator.connections == 2


def test_check_mode_has_one_guard(emulator: Emulator) -> None:
    client = client_for(emulator, read_only=True)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        with pytest.raises(CircleCIError, match="Check mode"):
            client.write(method, f"{API}/follow", repeatable=True)
    assert emulator.requests == []
    assert client.wrote is False


# --- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "parsed"),
    [("", ""), ('""', ""), ("null", None), ("[1]", [1]), (' {"a": 1} ', {"a": 1}), ("  ", "")],
)
def test_an_empty_answer_is_an_empty_text(emulator: Emulator, body: str, parsed: object) -> None:
    emulator.fault("body", body=body, content_type="application/json")
    assert client_for(emulator).get("v1.1/me") == parsed


def test_compressed_answers_are_read(emulator: Emulator) -> None:
    emulator.state.switches.gzip = True
    assert client_for(emulator).get_object("v1.1/me")["login"] == "emulator"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html><body>Sign in</body></html>", "not JSON"),
        ('{"login": ', "not JSON"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a": [' * 40 + "]}" * 40, "nested too deeply"),
        ("[]", "an object was expected"),
        ("null", "an object was expected"),
        ("9" * 10_000, "not JSON"),
    ],
)
def test_an_odd_answer_is_an_error_that_names_it(emulator: Emulator, body: str, words: str) -> None:
    emulator.fault("body", body=body, content_type="application/json")
    with pytest.raises(CircleCIError, match=words) as caught:
        client_for(emulator).get_object("v1.1/me")
    assert (caught.value.status, caught.value.method, caught.value.path) == (200, "GET", "/api/v1.1/me")
    assert caught.value.error == (body if len(body) <= 200 else f"{body[:200]}…")
    assert caught.value.hint == "Check api_url and whether a proxy stands between."
    assert caught.value.doubtful is False


@pytest.mark.parametrize("body", ["[null]", "{}", "[1]", '["a"]', "[[]]"])
def test_a_list_is_a_list_of_objects(emulator: Emulator, body: str) -> None:
    emulator.fault("body", body=body, content_type="application/json")
    with pytest.raises(CircleCIError, match="a list of objects was expected"):
        client_for(emulator).get_list("v1.1/projects")


def nested(levels: int) -> str:
    """A message in a message, as CircleCI passes on what GitHub has told it."""
    text = "Inside."
    for _level in range(levels):
        text = json.dumps({"message": text})
    return text


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"message": "Permission denied"}, "Permission denied"),
        ({"message": '{"message":"Not Found","documentation_url":"https://docs.github.com/x"}'}, "Not Found"),
        ({"message": '{"message":"Validation Failed","errors":[{"message":"Hook already exists"}]}'},
         "Validation Failed: Hook already exists"),
        ({"message": "Bad", "errors": [{"code": 1}, {"message": 7}, {"message": None}, "x", None, {"message": "a"}]},
         "Bad: a"),
        ({"message": "Bad", "errors": 3}, "Bad"),
        (nested(3), "Inside."),
        (nested(4), '{"message": "Inside."}'),
        ({"message": ""}, "no reason given"),
        ({}, "no reason given"),
        ({"message": None, "error": "other spelling"}, "other spelling"),
        ({"message": ["a", 1]}, '["a", 1]'),
        ("", "no reason given"),
        (" plain words\n", "plain words"),
        ("<!DOCTYPE html><html>", "an HTML page instead of an answer of the API"),
        ("{" * 50_000, "{" * 1000 + "…"),
        ("[" * 50_000, "[" * 1000 + "…"),
        ({"message": "red \x1b[31malert\x1b[0m\r\n\x07 \u202e"}, "red \\x1b[31malert\\x1b[0m\\r\\n\\x07 \\u202e"),
    ],
)  # fmt: skip
def test_refusals_are_unwrapped_and_safe_to_show(emulator: Emulator, body: object, error: str) -> None:
    emulator.fault("status", status=400, body=body)
    with pytest.raises(CircleCIError) as caught:
        client_for(emulator).get("v1.1/me")
    assert caught.value.error == error
    assert caught.value.result()["msg"].isprintable()
    assert caught.value.result()["status"] == 400


@pytest.mark.parametrize("status", [403, 404])
def test_a_page_of_somebody_else_speaks_of_the_address(emulator: Emulator, status: int) -> None:
    emulator.fault("status", status=status, body="<html>no such page</html>")
    with pytest.raises(CircleCIError) as caught:
        client_for(emulator).get("v1.1/me")
    assert "Check api_url" in (caught.value.hint or "")


def test_an_answer_without_end_is_given_up(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "LARGEST_ANSWER", 3 * 1024 * 1024)
    emulator.fault("huge", size=200 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(CircleCIError, match="larger than 3 MiB"):
            client_for(emulator).get("v1.1/me")
        assert tracemalloc.get_traced_memory()[1] < 20 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert len(emulator.requests) == 1


# --- retries and the budget ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("7", 7.0), (" 7 ", 7.0), ("0", 0.0), ("", None), ("soon", None), ("-5", None), ("1.5", None),
     ("9" * 400, None), ("0x10", None), ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
     ("Thu, 99 Foo 2026 00:00:00 GMT", None)],
)  # fmt: skip
def test_retry_after_is_read_as_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


def test_retry_after_as_a_date_is_counted_from_now() -> None:
    found = retry_after(email.utils.formatdate(time.time() + 100, usegmt=True))
    assert found is not None
    assert 95 < found <= 100


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_reads_are_repeated_after_transient_failures(emulator: Emulator, status: int) -> None:
    emulator.fault("status", status=status, body="<html>", times=3)
    assert client_for(emulator).get_object("v1.1/me")["login"] == "emulator"
    assert len(emulator.requests) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 422, 501])
def test_other_refusals_are_final(emulator: Emulator, status: int) -> None:
    emulator.fault("status", status=status, body={"message": "no"}, times=None)
    with pytest.raises(CircleCIError) as caught:
        client_for(emulator).get("v1.1/me")
    assert (caught.value.status, len(emulator.requests)) == (status, 1)


@pytest.mark.parametrize("status", [200, 201, 299])
def test_every_answer_of_two_hundred_and_more_is_a_success(emulator: Emulator, status: int) -> None:
    emulator.fault("body", status=status, body={"login": "somebody"})
    assert client_for(emulator).get_object("v1.1/me") == {"login": "somebody"}


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_reads_are_repeated_after_a_lost_connection(emulator: Emulator, kind: str) -> None:
    emulator.fault(kind, times=2)
    assert client_for(emulator).get_object("v1.1/me")["login"] == "emulator"
    assert len(emulator.requests) == 3


@pytest.mark.usefixtures("any_urllib3")
def test_reads_are_repeated_after_a_truncated_answer(emulator: Emulator) -> None:
    emulator.fault("truncate", times=2)
    assert client_for(emulator).get_object("v1.1/me")["login"] == "emulator"
    assert len(emulator.requests) == 3


@pytest.mark.usefixtures("any_urllib3")
@pytest.mark.parametrize(("method", "tries"), [("GET", 3), ("POST", 1)])
def test_an_answer_that_is_cut_short_is_none_though_it_can_be_read(method: str, tries: int) -> None:
    with serving(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"login": "emulator"}') as server:
        client = Client(f"http://127.0.0.1:{server.port}", TOKEN, retries=2)
        with pytest.raises(CircleCIError, match=rf"^{method} me at http://\S+ got no answer: .*\b21\b.*") as caught:
            client._call(method, "v1.1/me")
    assert caught.value.doubtful is (method == "POST")
    assert "Check api_url" in (caught.value.hint or "")
    assert server.connections == tries + 1  # with the one that asks whether it speaks TLS


def test_a_length_that_is_no_number_is_none() -> None:
    with serving(b'HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n{"id": "1"}') as server:
        client = Client(f"http://127.0.0.1:{server.port}", TOKEN)
        assert client.write("POST", "v2/x", repeatable=False) == {"id": "1"}
        assert client.download(f"{client.url}/a", lambda found: b"".join(found.chunks)) == b'{"id": "1"}'


def test_outputs_of_circleci_itself_are_read_with_the_token(emulator: Emulator) -> None:
    assert client_for(emulator).get_foreign(f"{emulator.url}/api/v1.1/me")["login"] == "emulator"


@pytest.mark.usefixtures("any_urllib3")
def test_an_output_that_is_cut_short_is_none(emulator: Emulator) -> None:
    emulator.fault("truncate", path="/me")
    with pytest.raises(CircleCIError, match=r"^The output of a step could not be read \(\w+\)\.$"):
        client_for(emulator).get_foreign(f"{emulator.url}/api/v1.1/me")


def test_reads_are_repeated_after_a_timeout(emulator: Emulator) -> None:
    emulator.fault("hang", times=2)
    assert client_for(emulator, timeout=0.1).get_object("v1.1/me")["login"] == "emulator"
    assert len(emulator.requests) == 3


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize(
    "kind", [{"kind": "status", "status": 503}, {"kind": "status", "status": 429}, {"kind": "drop"}]
)
def test_retries_bounds_the_repetitions(emulator: Emulator, retries: int, kind: dict[str, Any]) -> None:
    emulator.fault(**kind, times=None)
    with pytest.raises(CircleCIError):
        client_for(emulator, retries=retries).get("v1.1/me")
    assert len(emulator.requests) == retries + 1


def test_a_refused_connection_fails_after_the_retries() -> None:
    with pytest.raises(CircleCIError, match="got no answer: Failed to establish a new connection: ") as caught:
        Client("http://127.0.0.1:9", TOKEN, retries=1).write("POST", "x", repeatable=False)
    assert caught.value.doubtful is False
    assert "Check api_url" in (caught.value.hint or "")


def test_a_host_that_does_not_exist_fails_with_advice() -> None:
    with pytest.raises(CircleCIError, match="got no answer"):
        Client("https://circleci.invalid", TOKEN, retries=0).get("v1.1/me")


@pytest.mark.parametrize("status", [429, 503, 500, 408])
@pytest.mark.parametrize("fault", [{"headers": {"Retry-After": "86400"}}, {"retry_date": 86400.5}])
def test_a_wait_beyond_the_budget_fails_at_once_and_names_it(
    emulator: Emulator, fault: dict[str, Any], status: int
) -> None:
    emulator.fault("status", status=status, body={}, times=None, **fault)
    with pytest.raises(
        CircleCIError, match=r"asks to wait 86(400|399) s, and 120 s are left of retry_budget"
    ) as caught:
        client_for(emulator).get("v1.1/me")
    assert (caught.value.status, len(emulator.requests)) == (status, 1)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 503, "body": {}}, "CircleCI answered 503 to GET me: no reason given"),
        ({"kind": "status", "status": 429, "body": {}}, "CircleCI answered 429 to GET me: no reason given"),
        ({"kind": "drop"}, "GET me at http://.* got no answer: .*"),
    ],
)
def test_a_pause_beyond_the_budget_fails_at_once_and_names_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], words: str
) -> None:
    monkeypatch.setattr(RetryPolicy, "BASE", BASE)
    emulator.fault(**fault)
    wait = r"a wait of 0\.[2-5] s is more than the 0\.1 s left of retry_budget"
    with pytest.raises(CircleCIError, match=f"^{words}; {wait}$"):
        client_for(emulator, retry_budget=0.1).get("v1.1/me")
    assert len(emulator.requests) == 1


def test_the_budget_is_the_sum_of_all_waits(emulator: Emulator) -> None:
    emulator.fault("status", status=429, body={}, headers={"Retry-After": "1"}, times=None)
    client = client_for(emulator, retry_budget=1.5)
    with pytest.raises(CircleCIError, match="asks to wait 1 s, and 0 s are left"):
        client.get("v1.1/me")
    assert len(emulator.requests) == 2
    assert client.patience.throttled == pytest.approx(1, abs=0.2)


def test_no_request_is_sent_while_one_is_throttled(emulator: Emulator) -> None:
    client = client_for(emulator)
    assert client.patience.take(0.2, throttled=True)
    start = time.monotonic()
    client.get("v1.1/me")
    assert time.monotonic() - start >= 0.15  # the pause itself, not a speed


@pytest.mark.parametrize(
    ("fault", "least", "most"),
    [
        ({"kind": "status", "status": 503, "headers": {"Retry-After": "7"}}, 7.0, 7.0),
        ({"kind": "status", "status": 503}, 0.25, 0.5),
        ({"kind": "drop"}, 0.25, 0.5),
    ],
)
def test_it_is_paused_before_a_request_is_sent_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], least: float, most: float
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(Patience, "sleep", lambda _self, seconds: pauses.append(seconds))
    monkeypatch.setattr(RetryPolicy, "BASE", BASE)
    emulator.fault(**fault)
    assert client_for(emulator).get_object("v1.1/me")["login"] == "emulator"
    assert least <= sum(pauses) <= most


def test_waits_that_overlap_count_once() -> None:
    patience = Patience(10)
    for _thread in range(5):
        assert patience.take(8, throttled=True)
    assert patience.spent == pytest.approx(8, abs=0.1)
    assert patience.take(20, throttled=True) is False
    assert patience.spent == pytest.approx(8, abs=0.1)


class Still:
    """A clock that goes only while somebody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        monkeypatch.setattr(retrying, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(Patience, "sleep", lambda _patience, seconds: self.sleep(seconds))

    def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        self.now += seconds


def test_what_a_longer_wait_covers_is_free_and_all_of_the_budget_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    Still(monkeypatch)
    patience = Patience(10)
    waits = [(8, True), (2, False), (9, False), (9, True), (10, False), (11, False), (10, True)]
    taken = [(patience.take(seconds, throttled=throttled), patience.spent) for seconds, throttled in waits]
    assert taken == [(True, 8), (True, 8), (True, 9), (True, 9), (True, 10), (False, 10), (True, 10)]
    assert patience.throttled == 8


def test_requests_wait_for_the_longest_pause_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Still(monkeypatch)
    patience = Patience(10)
    for seconds, throttled in ((3, True), (8, True), (2, True), (9, False)):
        assert patience.take(seconds, throttled=throttled)
    patience.wait()
    assert clock.slept == [8]


def test_a_file_is_not_asked_for_while_requests_are_to_wait(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, client = Still(monkeypatch), client_for(emulator)
    assert client.patience.take(8, throttled=True)
    emulator.fault("body", path="/files/a", body="whole")
    assert client.download(f"{emulator.url}/files/a", lambda found: b"".join(found.chunks)) == b"whole"
    assert clock.slept == [8]


def test_a_success_starts_the_sum_again_only_where_that_is_wanted() -> None:
    for patience, spent in ((Patience(10, restarts=True), 0), (Patience(10), 3)):
        patience.take(3, throttled=False)
        patience.succeeded()
        assert patience.spent == pytest.approx(spent, abs=0.1)


@pytest.mark.parametrize(("chance", "factor"), [(min, 0.5), (max, 1.0)])
def test_pauses_grow_and_differ(monkeypatch: pytest.MonkeyPatch, chance: Any, factor: float) -> None:
    monkeypatch.setattr(RetryPolicy, "BASE", BASE)
    monkeypatch.setattr(retrying, "random", SimpleNamespace(uniform=chance))
    retry = RetryPolicy(total=20, allowed_methods={"GET"})
    pauses = []
    for _try in range(9):
        retry = retry.increment("GET", "/", error=urllib3.exceptions.ProtocolError("lost"))
        pauses.append(retry.get_backoff_time())
    assert pauses == [longest * factor for longest in (0.5, 1, 2, 4, 8, 16, 30, 30, 30)]


def test_a_pause_takes_its_time_and_none_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    patience, waited = Patience(10), list[float]()
    monkeypatch.setattr(patience, "_cancelled", SimpleNamespace(wait=waited.append, is_set=lambda: False))
    for seconds in (0.5, 3.0, 1e300):
        patience.pause(seconds)
    assert waited == [0.5, 3.0, threading.TIMEOUT_MAX]


def test_who_is_cancelled_waits_for_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Still(monkeypatch)
    patience = Patience(10)
    assert patience.take(8, throttled=True)
    patience.cancel()
    with pytest.raises(CircleCIError, match="interrupted"):
        patience.wait()
    assert clock.slept == []


# --- writes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 520])
def test_an_unsafe_write_is_sent_once(emulator: Emulator, status: int) -> None:
    emulator.follow("github/acme/api")
    emulator.fault("status", method="POST", status=status, body={"message": "x"}, times=None)
    with pytest.raises(CircleCIError) as caught:
        client_for(emulator).write("POST", f"{API}/checkout-key", {"type": "deploy-key"}, repeatable=False)
    assert caught.value.doubtful is True
    assert len(emulator.writes) == 1


def test_an_unsafe_write_is_repeated_when_it_was_throttled(emulator: Emulator) -> None:
    emulator.follow("github/acme/api")
    emulator.fault("status", method="POST", status=429, body={}, headers={"Retry-After": "0"}, times=2)
    client = client_for(emulator)
    client.write("POST", f"{API}/checkout-key", {"type": "deploy-key"}, repeatable=False)
    assert (client.wrote, len(emulator.writes)) == (True, 3)
    assert len(emulator.project("github/acme/api").checkout_keys) == 2


def never_made(monkeypatch: pytest.MonkeyPatch, error: Exception, method: str = "POST") -> None:
    """Let the first connection for this method fail."""
    send = requests.adapters.HTTPAdapter.send
    failed: list[bool] = []

    def fail_first(self: Any, request: Any, **options: Any) -> Any:
        if request.method == method and not failed:
            failed.append(True)
            raise error
        return send(self, request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail_first)


CONNECTING = {
    "refused": requests.ConnectionError(
        urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.NewConnectionError(None, "refused"))  # type: ignore[arg-type]  # no pool is needed
    ),
    "connect timeout": requests.ConnectTimeout(
        urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.ConnectTimeoutError(None, "late"))  # type: ignore[arg-type]  # no pool is needed
    ),
}


@pytest.mark.parametrize("case", CONNECTING)
def test_an_unsafe_write_is_repeated_when_the_connection_was_never_made(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    emulator.follow("github/acme/api")
    never_made(monkeypatch, CONNECTING[case])
    client_for(emulator).write("POST", f"{API}/checkout-key", {"type": "deploy-key"}, repeatable=False)
    assert len(emulator.writes) == 1


def test_a_tls_error_in_the_middle_of_a_write_is_doubtful(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.follow("github/acme/api")
    never_made(monkeypatch, requests.exceptions.SSLError(urllib3.exceptions.SSLError("bad record")))
    with pytest.raises(CircleCIError) as caught:
        client_for(emulator).write("POST", f"{API}/checkout-key", {"type": "deploy-key"}, repeatable=False)
    assert caught.value.doubtful is True
    assert emulator.writes == []


def test_a_doubtful_write_that_was_carried_out_is_found(emulator: Emulator) -> None:
    emulator.follow("github/acme/api")
    emulator.fault("drop", method="POST", when="after")
    client = client_for(emulator)
    found = client.write("POST", f"{API}/checkout-key", {"type": "deploy-key"}, repeatable=False, seen=lambda: "found")
    assert (found, client.wrote, len(emulator.writes)) == ("found", True, 1)


def test_a_repeated_deletion_of_what_is_gone_needs_no_look(emulator: Emulator) -> None:
    emulator.follow("github/acme/api").env_vars["A"] = "1"
    emulator.fault("status", method="DELETE", status=502, when="after")
    client = client_for(emulator)
    client.delete(f"{API}/envvar/A", gone=lambda: pytest.fail("The answer 404 says it all."))
    assert [record.status for record in emulator.requests] == [502, 404]
    assert client.wrote


def test_another_refusal_of_a_repeated_deletion_leaves_that_to_a_look(emulator: Emulator) -> None:
    emulator.fault("status", method="DELETE", status=502)
    emulator.fault("status", method="DELETE", status=403, body={"message": "Permission denied"})
    client = client_for(emulator)
    client.delete(f"{API}/envvar/A", gone=lambda: True)
    assert client.wrote


@pytest.mark.parametrize("gone", [False, True])
@pytest.mark.parametrize("body", [{"id": "1"}, [], None])
def test_an_answer_that_says_nothing_of_a_deletion_leaves_that_to_a_look(
    emulator: Emulator, body: object, gone: bool
) -> None:
    """It may be that of somebody who stands between."""
    emulator.fault("body", method="DELETE", body=body)
    client = client_for(emulator)
    if gone:
        client.delete(f"{API}/envvar/A", gone=lambda: True)
    else:
        with pytest.raises(CircleCIError, match=r"cannot be used: .* nothing of it is to be seen"):
            client.delete(f"{API}/envvar/A", gone=lambda: False)
    assert (client.wrote, len(emulator.writes)) == (gone, 1)


@pytest.mark.parametrize("doubtful", [False, True])
def test_a_path_that_nobody_knows_is_not_taken_for_a_thing_that_is_gone(emulator: Emulator, doubtful: bool) -> None:
    emulator.follow("github/acme/api").env_vars["A"] = "1"
    if doubtful:
        emulator.fault("status", method="DELETE", status=502)
    emulator.fault("status", method="DELETE", status=404, body="404 page not found\n", times=None)
    client = client_for(emulator)
    with pytest.raises(CircleCIError, match="404 page not found") as caught:
        client.delete(f"{API}/envvar/A", gone=lambda: False)
    assert (caught.value.status, client.wrote) == (404, False)


def test_a_doubtful_write_that_cannot_be_looked_up_counts_as_a_change(emulator: Emulator) -> None:
    emulator.fault("drop", method="POST", when="before")
    emulator.fault("status", method="GET", status=403, body={"message": "Permission denied"}, times=None)
    client = client_for(emulator)
    with pytest.raises(CircleCIError, match=r"What became of it cannot be read: .*Permission denied$") as caught:
        client.write("POST", f"{API}/follow", repeatable=False, seen=lambda: client.get("v1.1/me"))
    assert caught.value.hint == "Look at the project on CircleCI before you run this task again."
    assert client.wrote is True


# --- redirects -----------------------------------------------------------------------------------------------------


def test_reads_follow_redirects_to_the_same_host(emulator: Emulator) -> None:
    emulator.fault("redirect", location="/api/v1.1/projects")
    assert client_for(emulator).get_list("v1.1/me") == []
    assert [record.path for record in emulator.requests] == ["/api/v1.1/me", "/api/v1.1/projects"]


def test_a_redirect_says_the_query_too(emulator: Emulator) -> None:
    emulator.fault("redirect", location="/api/v1.1/projects?shallow=true")
    assert client_for(emulator).get_list("v1.1/me", page=1) == []
    assert [record.path for record in emulator.requests] == ["/api/v1.1/me?page=1", "/api/v1.1/projects?shallow=true"]


def test_redirects_in_a_circle_end(emulator: Emulator) -> None:
    emulator.fault("redirect", location="/api/v1.1/me", times=None)
    with pytest.raises(CircleCIError, match="in a row"):
        client_for(emulator).get("v1.1/me")
    assert len(emulator.requests) == 6


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("where", ["other host", "other port", "other scheme", "user info", "nonsense"])
def test_no_redirect_carries_the_token_elsewhere(emulator: Emulator, method: str, where: str) -> None:
    with Emulator() as other:
        location = {
            "other host": f"http://localhost:{emulator.url.rsplit(':', 1)[1]}/api/v1.1/me",
            "other port": f"{other.url}/api/v1.1/me",
            "other scheme": emulator.url.replace("http:", "https:") + "/api/v1.1/me",
            "user info": emulator.url.replace("http://", f"http://{other.url.rsplit('/', 1)[1]}@evil.invalid@"),
            "nonsense": "http://[::1",
        }[where]
        emulator.fault("redirect", location=location, times=None)
        with pytest.raises(CircleCIError, match="redirect"):
            client_for(emulator)._call(method, "me", repeatable=True)
        assert other.requests == []
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("separator", ["\\@", "@"])
def test_an_address_that_can_be_read_in_two_ways_gets_no_token(emulator: Emulator, separator: str) -> None:
    here = emulator.url.removeprefix("http://")
    with Emulator() as other:
        for one, two in ((other.url, here), (emulator.url, other.url.removeprefix("http://"))):
            with contextlib.suppress(CircleCIError):
                client_for(emulator).get_foreign(f"{one}{separator}{two}/api/v1.1/me")
        # Here neither: other libraries than the one that sends it may read it as the address of the other.
        sent = [*emulator.requests, *other.requests]
        assert "circle-token" not in {name.lower() for record in sent for name in record.headers}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308, 399])
def test_a_redirected_write_is_an_error(emulator: Emulator, status: int) -> None:
    emulator.fault("redirect", method="POST", status=status, location="/api/v1.1/me", times=None)
    with pytest.raises(CircleCIError, match="a write is never redirected"):
        client_for(emulator).write("POST", f"{API}/follow", repeatable=True)
    assert len(emulator.requests) == 1


# --- paging and text -----------------------------------------------------------------------------------------------


def test_pages_are_read_until_there_is_enough(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    items = [{"n": number} for number in range(250)]
    asked: list[tuple[int, int]] = []

    def get_list(_self: Client, _path: str, *, limit: int, offset: int) -> list[dict[str, Any]]:
        asked.append((limit, offset))
        if len(asked) == 2:
            items.insert(0, {"n": 999})  # a new one arrives between two pages
        return items[offset : offset + limit]

    monkeypatch.setattr(Client, "get_list", get_list)
    found = client_for(emulator).get_pages("v1.1/x", limit=230, offset=10, identity=lambda item: item["n"])
    assert [item["n"] for item in found] == list(range(10, 240))
    assert asked == [(100, 10), (100, 110), (31, 210)]


def test_a_server_that_ignores_the_offset_does_not_loop(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def get_list(_self: Client, _path: str, *, limit: int, offset: int) -> list[dict[str, Any]]:
        asked.append(offset)
        return [{"n": number} for number in range(limit)]

    monkeypatch.setattr(Client, "get_list", get_list)
    found = client_for(emulator).get_pages("v1.1/x", limit=500, identity=lambda item: item["n"])
    assert (len(found), asked) == (100, [0, 100, 200])


def test_a_page_of_what_is_known_is_no_end_when_as_much_has_arrived(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [{"n": number} for number in range(250)]

    def get_list(_self: Client, _path: str, *, limit: int, offset: int) -> list[dict[str, Any]]:
        page = items[offset : offset + limit]
        if not offset:
            items[:0] = [{"n": number} for number in range(1000, 1100)]
        return page

    monkeypatch.setattr(Client, "get_list", get_list)
    found = client_for(emulator).get_pages("v1.1/x", limit=250, identity=lambda item: item["n"])
    assert [item["n"] for item in found] == list(range(250))


def test_foreign_text_is_shortened_and_escaped() -> None:
    assert plain("a\tb\x00\u2028") == "a\\tb\\x00\\u2028"
    assert plain("x" * 2000) == plain("x" * 1001) == "x" * 1000 + "…"
    assert plain("x" * 1000) == "x" * 1000


def test_a_copy_has_warnings_and_writes_of_its_own_and_the_same_patience(emulator: Emulator) -> None:
    client = client_for(emulator)
    client.warn("of the first one")
    client.wrote = True
    twin = client.copy()
    assert (twin.warnings, twin.wrote, twin.patience) == ([], False, client.patience)
    twin.warn("of its own")
    assert client.warnings == ["of the first one"]


# --- tokens --------------------------------------------------------------------------------------------------------


def test_whose_token_it_is_is_asked_once(emulator: Emulator) -> None:
    client = client_for(emulator)
    client.require_personal_token()
    for asking in (client, client.copy()):
        asking.require_personal_token()
    assert [record.path for record in emulator.requests] == ["/api/v1.1/me"]


def test_without_a_token_nobody_is_asked_whose_it_is(emulator: Emulator) -> None:
    with pytest.raises(CircleCIError, match=r"^No API token was given"):
        Client(emulator.url).require_personal_token()
    assert emulator.requests == []


@pytest.mark.parametrize("body", [{}, {"login": None}, {"login": 7}, []])
def test_a_user_has_a_login(emulator: Emulator, body: object) -> None:
    emulator.fault("body", path="/me", body=body)
    with pytest.raises(CircleCIError, match="answer to GET me cannot be used: "):
        client_for(emulator).require_personal_token()


@pytest.mark.parametrize(("status", "raises"), [(401, True), (403, True), (404, False)])
def test_only_a_clear_answer_speaks_against_a_token(emulator: Emulator, status: int, raises: bool) -> None:
    emulator.fault("status", status=status, body={"message": "x"})
    client = client_for(emulator)
    if raises:
        with pytest.raises(CircleCIError):
            client.require_personal_token()
    else:
        client.require_personal_token()
        client.require_personal_token()
        assert len(emulator.requests) == 1
