# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CircleCI has announced to remove from API v1.1, and on which day: api-v2-pipelines.md §0. And rights."""

from __future__ import annotations

from datetime import date

import pytest
import requests

from emulator import PROJECT_TOKEN, Emulator

from .conftest import Send
from .test_control import Start, start

pytestmark = pytest.mark.once

__all__ = ["start"]
STARTS = ["", "tree/main", "build", "1/retry", "1/ssh"]
OTHERS = [("POST", "follow"), ("POST", "1/cancel"), ("POST", "1/ssh-users"), ("GET", "tree/main"), ("GET", "1")]


@pytest.fixture
def built(followed: Emulator, send: Send) -> Emulator:
    """The emulator with a build."""
    send("POST", "tree/main")
    return followed


@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize("day", ["2026-11-01", "2027-01-31"])
def test_calls_that_start_builds_say_that_they_go(built: Emulator, send: Send, path: str, day: str) -> None:
    built.state.date = date.fromisoformat(day)
    answer = send("POST", path)

    assert answer.ok
    assert answer.headers["Sunset"] == "Mon, 01 Feb 2027 00:00:00 GMT"
    assert answer.headers["Deprecation"].startswith("@")
    assert "Sunset" in send("POST", path, token="wrong").headers


@pytest.mark.parametrize("path", STARTS)
def test_calls_that_start_builds_say_nothing_at_first(built: Emulator, send: Send, path: str) -> None:
    assert {"Deprecation", "Sunset"}.isdisjoint(send("POST", path).headers)


@pytest.mark.parametrize("path", STARTS)
@pytest.mark.parametrize("server", [None, "4.9"])
@pytest.mark.parametrize("day", ["2027-02-01", "2030-01-01"])
def test_calls_that_start_builds_are_gone(built: Emulator, send: Send, path: str, server: str | None, day: str) -> None:
    built.state.date = date.fromisoformat(day)
    built.switch(server=server)
    answer = send("POST", path)

    assert (answer.status_code, list(answer.json())) == (410, ["message"])
    assert {"Deprecation", "Sunset"}.isdisjoint(answer.headers)
    assert send("POST", f"/api/v1/project/acme/api/{path}".rstrip("/")).status_code == 410
    assert len(built.project("github/acme/api").builds) == 1


@pytest.mark.parametrize(("method", "path"), OTHERS)
def test_other_calls_stay(built: Emulator, send: Send, method: str, path: str) -> None:
    built.state.date = date(2027, 2, 1)
    answer = send(method, path)

    assert answer.status_code == 200
    assert {"Deprecation", "Sunset"}.isdisjoint(answer.headers)


@pytest.mark.parametrize(
    ("day", "server", "there"),
    [("2026-12-06", None, True), ("2026-12-07", None, False), ("2027-02-01", None, False), ("2027-02-01", "4.9", True)],
)
def test_branches_are_gone_on_the_cloud(built: Emulator, send: Send, day: str, server: str | None, there: bool) -> None:
    built.state.date = date.fromisoformat(day)
    built.switch(server=server)

    [item] = send("GET", "/projects").json()
    assert ("branches" in item) is there
    assert ("branches" in send("GET", "settings").json()) is there
    assert ("branches" in send("POST", "enable").json()) is there


def test_branches_are_left_out_on_demand(built: Emulator, send: Send) -> None:
    [item] = send("GET", "/projects?shallow=true").json()

    assert "branches" not in item
    assert "branches" not in send("GET", "settings?skip-branches=true").json()
    assert "branches" in send("GET", "settings?skip-branches=false").json()


def test_the_date_is_set_by_the_control_interface(built: Emulator, send: Send, session: requests.Session) -> None:
    url = f"{built.url}/_emulator/state"

    assert session.put(url, json={"date": "2027-02-01"}).status_code == 200
    assert session.get(url).json()["date"] == "2027-02-01"
    assert send("POST", "build").status_code == 410
    for wrong in ("soon", 5):
        assert session.put(url, json={"date": wrong, "latency": 60}).status_code == 400
    assert (built.latency, session.get(url).json()["date"]) == (0.0, "2027-02-01")
    built.reset()
    assert session.get(url).json()["date"] == "2026-10-01"


def test_the_date_is_an_argument_and_outlives_a_reset(session: requests.Session) -> None:
    with Emulator(date=date(2027, 2, 1)) as emulator:
        emulator.reset()
        assert emulator.state.date == date(2027, 2, 1)
        assert session.post(f"{emulator.url}/api/v1.1/project/gh/acme/api/build").status_code == 410


def test_the_date_is_an_option_of_the_program(start: Start, session: requests.Session) -> None:
    with start("--date", "2027-02-01") as (_process, url):
        assert session.post(f"{url}/api/v1.1/project/gh/acme/api/build").status_code == 410
    with start("--date", "soon") as (process, nothing):
        _output, errors = process.communicate(timeout=10)
    assert (nothing, process.returncode) == ("", 2)
    assert "--date" in errors


# --- rights -----------------------------------------------------------------------------------------------------------


def test_settings_say_what_the_token_may_do(followed: Emulator, send: Send) -> None:
    followed.state.add_token("status-token", project="gh/acme/api", scope="status")

    assert "write-settings" in send("GET", "settings").json()["scopes"]
    assert "write-settings" in send("GET", "settings", token=PROJECT_TOKEN).json()["scopes"]
    assert send("GET", "settings", token="status-token").json()["scopes"] == ["status", "none"]
    followed.add_repository("github/acme/api", scopes=["read-settings", "view-builds"], oss=True)
    assert send("GET", "settings").json()["scopes"] == ["read-settings", "view-builds"]
    assert send("GET", "settings", headers={"Circle-Token": ""}).json()["scopes"] == ["none"]
    followed.switch(omit_scopes=True)
    assert "scopes" not in send("GET", "settings").json()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "settings", {"parallel": 2}),
        ("DELETE", "enable", None),
        ("POST", "envvar", {"name": "A", "value": "b"}),
        ("DELETE", "envvar/COLOUR", None),
        ("POST", "checkout-key", {"type": "deploy-key"}),
        ("DELETE", "checkout-key/{key}", None),
        ("POST", "ssh-key", {"hostname": "", "private_key": "no key"}),
        ("DELETE", "ssh-key", {"hostname": "", "fingerprint": "none"}),
        ("POST", "token", {"label": "a", "scope": "all"}),
        ("DELETE", "token/{token}", None),
    ],
)
def test_who_may_not_write_settings_changes_nothing(
    followed: Emulator, send: Send, session: requests.Session, method: str, path: str, body: object
) -> None:
    send("POST", "envvar", json={"name": "COLOUR", "value": "orange"})
    key, token = send("GET", "checkout-key").json()[0]["fingerprint"], send("GET", "token").json()[0]["id"]
    followed.add_repository("github/acme/api", scopes=["read-settings"])
    before = session.get(f"{followed.url}/_emulator/state").json()

    answer = send(method, path.format(key=key, token=token), json=body)

    assert (answer.status_code, answer.json()) == (403, {"message": "Permission denied"})
    assert session.get(f"{followed.url}/_emulator/state").json() == before


def test_who_may_not_write_settings_reads_and_builds(followed: Emulator, send: Send) -> None:
    followed.add_repository("github/acme/api", scopes=["read-settings"])

    answers = [send(*call) for call in (("GET", "settings"), ("GET", "envvar"), ("POST", "follow"), ("POST", "build"))]
    assert [answer.status_code for answer in answers] == [200] * 4


def test_rights_are_checked(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="scopes must be"):
        emulator.add_repository("github/acme/api", scopes=["write"])
