# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The request log, the control interface, and the emulator as a program."""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

import emulator as emulator_package
from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once

Control = Callable[..., Any]
Start = Callable[..., AbstractContextManager[tuple["subprocess.Popen[str]", str]]]


@pytest.fixture
def control(emulator: Emulator, session: requests.Session) -> Control:
    """Make a control call and return its answer, which must be a success."""

    def control(method: str, name: str, /, **fields: Any) -> Any:
        answer = session.request(method, f"{emulator.url}/_emulator/{name}", json=fields or None, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return control


def test_log_shows_what_was_sent(followed: Emulator, send: Send, control: Control) -> None:
    send("POST", "envvar", json={"name": "A", "value": "b"})
    send("GET", "tree/feature%2Flogin?limit=1")
    send("POST", "follow", data="no JSON")

    first, second, third = control("GET", "requests")

    assert (first["method"], first["path"]) == ("POST", "/api/v1.1/project/github/acme/api/envvar")
    assert (first["body"], first["status"], first["connection"]) == (
        {"name": "A", "value": "b"},
        201,
        first["connection"],
    )
    assert first["headers"]["Circle-Token"] == followed.token
    assert (second["path"], second["body"]) == (
        "/api/v1.1/project/github/acme/api/tree/feature%2Flogin?limit=1",
        None,
    )
    assert third["body"] == "no JSON"
    assert [record.path for record in followed.requests] == [item["path"] for item in (first, second, third)]
    assert [record.method for record in followed.writes] == ["POST", "POST"]
    assert followed.requests[0].headers["circle-token"] == followed.token


def test_connections_are_counted(followed: Emulator, send: Send, control: Control) -> None:
    send("GET", "settings")
    send("GET", "settings")
    one = control("GET", "connections")
    with requests.Session() as other:
        other.get(f"{followed.url}/api/v1.1/me")

    assert one == {"connections": 1}
    assert followed.connections == 2
    assert control("DELETE", "requests") == {}
    assert (followed.requests, followed.connections) == ([], 0)


def test_state_shows_everything_even_secrets(
    followed: Emulator, send: Send, control: Control, private_key: str
) -> None:
    send("POST", "ssh-key", json={"hostname": "host.example", "private_key": private_key})
    send("POST", "envvar", json={"name": "A", "value": "secret"})
    send("POST", "tree/main", json={"build_parameters": {"B": "c"}})
    send("POST", "/user/heroku-key", json={"apikey": "made-up"})

    state = control("GET", "state?project=gh/acme/api")

    (slug, project) = next(iter(state["projects"].items()))
    assert slug == "github/acme/api"
    assert (project["following"], project["set_up"], project["webhook"]) == (True, True, True)
    assert project["env_vars"] == {"A": "secret"}
    assert [key["hostname"] for key in project["ssh_keys"]] == ["host.example"]
    (key,) = project["checkout_keys"]
    assert key["fingerprint"] == send("GET", "checkout-key").json()[0]["fingerprint"]
    assert key["fingerprint_sha256"] == send("GET", "checkout-key?digest=sha256").json()[0]["fingerprint"]
    assert [(build["build_num"], build["parameters"]["B"]) for build in project["builds"]] == [(1, "c")]
    assert state["users"] == {"emulator": {"heroku_key": "made-up"}}
    *others, app = control("GET", "state")["projects"]
    assert set(others) == {"github/acme/api", "github/acme/web", "bitbucket/acme/tools"}
    assert app.startswith("circleci/")


def test_switches_latency_and_clock(emulator: Emulator, control: Control) -> None:
    control("PUT", "state", switches={"md5_only": True}, latency=0.001, clock_offset=3600)

    state = control("GET", "state")
    assert (state["switches"]["md5_only"], state["latency"], state["clock_offset"]) == (True, 0.001, 3600)
    assert emulator.state.switches.md5_only is True


def test_repositories_and_tokens_are_added(send: Send, control: Control) -> None:
    control("POST", "repositories", slug="gh/acme/new", default_branch="trunk", branches=["x"], oss=True)
    control("POST", "tokens", token="second-token", login="second")

    answer = send("POST", "/project/github/acme/new/follow", token="second-token")

    assert answer.json()["first_build"]["branch"] == "trunk"
    assert control("GET", "state?project=github/acme/new")["projects"]["github/acme/new"]["followers"] == ["second"]


def test_builds_are_scripted_and_moved(followed: Emulator, send: Send, control: Control) -> None:
    control("POST", "builds", scripts=[{"outcome": "failed", "log_lines": 2}, {"outcome": "stuck"}])
    send("POST", "tree/main")
    send("POST", "tree/main")

    step = control("POST", "builds", project="github/acme/api", build_num=1, to="next")
    end = control("POST", "builds", project="github/acme/api", build_num=1)
    stuck = control("POST", "builds", project="github/acme/api", build_num=2)
    control("POST", "builds", progress="poll", seconds={"running": 5})

    assert [view["status"] for view in (step, end, stuck)] == ["queued", "failed", "running"]
    assert followed.state.machine.progress == "poll"
    assert followed.state.machine.seconds["running"] == 5


def test_faults_are_added_and_cleared(followed: Emulator, send: Send, control: Control) -> None:
    control("POST", "faults", kind="status", status=503, times=None, path="settings")

    before = send("GET", "settings").status_code
    control("DELETE", "faults")

    assert (before, send("GET", "settings").status_code) == (503, 200)


def test_control_is_not_logged_and_meets_no_faults(emulator: Emulator, control: Control) -> None:
    emulator.fault("status", status=503, times=None)
    emulator.latency = 60

    control("GET", "connections")

    assert emulator.requests == []


def test_reset_forgets_everything(followed: Emulator, send: Send, control: Control) -> None:
    send("POST", "tree/main")
    followed.fault("status", status=503, times=None)
    followed.latency = 60
    control("POST", "reset")

    assert send("GET", "settings").json() == {"message": "Project not found"}
    assert [record.path for record in followed.requests] == ["/api/v1.1/project/github/acme/api/settings"]


def test_the_calls_of_the_readme_work(followed: Emulator, send: Send, session: requests.Session) -> None:
    send("POST", "tree/main")
    readme = (Path(emulator_package.__file__).parent / "README.md").read_text()
    commands = re.findall(r"`curl (.+?)` \|", readme)
    parser = argparse.ArgumentParser()
    parser.add_argument("-X")
    parser.add_argument("-d")
    parser.add_argument("url")

    statuses = {}
    for command in commands:
        options = parser.parse_args(shlex.split(command.replace("$U", followed.url)))
        method = options.X or ("POST" if options.d else "GET")
        statuses[command] = session.request(method, options.url, data=options.d).status_code

    assert len(commands) == 18
    assert set(statuses.values()) == {200}, statuses


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "error"),
    [
        ("GET", "nothing", None, 404, "no such control call"),
        ("PUT", "state", {"switches": {"nope": 1}}, 400, "unknown: nope"),
        ("PUT", "state", {"nope": 1}, 400, "unknown: nope"),
        ("PUT", "state", {"switches": {"cache_control": 5}}, 400, "cache_control must be str | None, not 5"),
        ("PUT", "state", {"switches": {"follow_error": True}}, 400, "follow_error must be int | None, not True"),
        ("PUT", "state", {"switches": {"md5_only": 1}}, 400, "md5_only must be bool, not 1"),
        ("PUT", "state", {"switches": ["md5_only"]}, 400, "switches must be"),
        ("PUT", "state", {"latency": "1"}, 400, "latency must be float, not '1'"),
        ("PUT", "state", {"latency": 60, "clock_offset": 1e18}, 400, "clock_offset must not be beyond"),
        ("PUT", "state", ["latency"], 400, "list"),
        ("GET", "state?project=github/acme/nope", None, 400, "KeyError"),
        ("POST", "repositories", {"slug": "acme/api"}, 400, "not a project slug"),
        ("POST", "repositories", {"slug": "gh/acme/api", "nope": 1}, 400, "unknown options: nope"),
        ("POST", "repositories", {"slug": "gh/acme/api", "oss": "yes"}, 400, "oss must be bool, not 'yes'"),
        ("POST", "repositories", {"slug": "gh/acme/api", "branches": "main"}, 400, "not a list of names: main"),
        (
            "POST",
            "repositories",
            {"slug": "gh/acme/api", "branches": {"main": 1}},
            400,
            "branches must be dict[str, str]",
        ),
        ("POST", "repositories", {"slug": "gh/acme/api", "tags": [1]}, 400, "tags must be dict[str, str]"),
        ("POST", "repositories", {"slug": "gh/acme/api", "jobs": []}, 400, "at least one job"),
        ("POST", "repositories", {"slug": "gh/acme/api", "jobs": [1]}, 400, "jobs must be list[str], not [1]"),
        ("POST", "tokens", {"token": "a"}, 400, "either a login or a project"),
        (
            "POST",
            "tokens",
            {"token": "a", "project": "gh/acme/api", "scope": "some"},
            400,
            "scope must be one of status",
        ),
        ("POST", "tokens", {"token": "a", "login": 1}, 400, "login must be str | None, not 1"),
        ("POST", "faults", {"kind": "explode"}, 400, "kind must be"),
        ("POST", "faults", {"kind": "drop", "nope": 1}, 400, "nope"),
        ("POST", "faults", {"kind": "drop", "path": "("}, 400, "path is no regular expression"),
        ("POST", "faults", {"kind": "drop", "times": "1"}, 400, "times must be int | None, not '1'"),
        ("POST", "faults", {"kind": "status", "headers": {"A": 1}}, 400, "headers must be dict[str, str]"),
        ("POST", "builds", {"progress": "fast"}, 400, "progress must be one of clock, poll, manual, not 'fast'"),
        ("POST", "builds", {"scripts": [{"parallel": "x"}]}, 400, "parallel must be int, not 'x'"),
        ("POST", "builds", {"scripts": [{}, {"nope": 1}]}, 400, "nope"),
        ("POST", "builds", {"scripts": {"outcome": "failed"}}, 400, "scripts must be"),
        ("POST", "builds", {"seconds": {"running": "1"}}, 400, "seconds must be dict[str, float]"),
        ("POST", "builds", {"to": "start"}, 400, "to must be one of end, next"),
        ("POST", "builds", {"seconds": {"nope": 1}}, 400, "no such state"),
        ("POST", "builds", {"project": "github/acme/api", "build_num": 1}, 400, "has no build 1"),
    ],
)
def test_mistakes_in_control_calls(
    emulator: Emulator, session: requests.Session, method: str, path: str, body: Any, status: int, error: str
) -> None:
    before = session.get(f"{emulator.url}/_emulator/state").json()

    answer = session.request(method, f"{emulator.url}/_emulator/{path}", json=body)

    assert answer.status_code == status
    assert error in answer.json()["error"]
    assert session.get(f"{emulator.url}/_emulator/state").json() == before
    assert list(emulator.state.machine.scripts) == []


@pytest.mark.parametrize("value", ['"\\ud800"', "NaN", "[" * 200_000], ids=["surrogate", "nan", "lists"])
def test_control_calls_take_only_what_they_can_show(emulator: Emulator, session: requests.Session, value: str) -> None:
    body = f'{{"slug": "github/acme/new", "language": {value}}}'

    answer = session.post(f"{emulator.url}/_emulator/repositories", data=body)

    assert answer.status_code == 400
    assert "github/acme/new" not in emulator.state.projects


def test_latency_and_repositories_are_arguments(session: requests.Session) -> None:
    with Emulator(latency=0.001, repositories=2) as emulator:
        assert emulator.project("github/acme/repo-0002").slug == "github/acme/repo-0002"
        assert session.get(f"{emulator.url}/api/v1.1/me").status_code == 401
        emulator.reset()
        assert emulator.project("github/acme/repo-0001").default_branch == "main"
        with pytest.raises(KeyError):
            emulator.project("github/acme/repo-0003")


def test_port_that_is_taken(emulator: Emulator) -> None:
    port = int(emulator.url.rpartition(":")[2])

    with pytest.raises(OSError, match="in use"):
        Emulator(port=port).__enter__()


@pytest.fixture
def start() -> Start:
    """Start the emulator as a program and give the process and its address."""

    @contextmanager
    def start(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        command = [sys.executable, "-m", "emulator", *arguments]
        environment = {**os.environ, "PYTHONPATH": os.getcwd()}
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        ) as process:
            assert process.stdout is not None
            try:
                yield process, process.stdout.readline().strip()
            finally:
                process.kill()

    return start


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_program_says_its_address_and_ends_quietly(
    start: Start, session: requests.Session, number: signal.Signals
) -> None:
    with start("--token", "my-own-token", "--repositories", "1") as (process, url):
        headers = {"Circle-Token": "my-own-token", "Accept": "application/json"}
        followed = session.post(f"{url}/api/v1.1/project/gh/acme/repo-0001/follow", headers=headers)
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)

    assert url.startswith("http://127.0.0.1:")
    assert followed.json()["following"] is True
    assert (process.returncode, rest, errors) == (0, "", "")


def test_program_listens_on_the_wanted_port(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with start("--port", str(port)) as (_unused, url), start("--port", str(port)) as (second, nothing):
        _output, errors = second.communicate(timeout=10)

    assert url == f"http://127.0.0.1:{port}"
    assert (nothing, second.returncode) == ("", 1)
    assert errors == f"cannot listen on port {port}: Address already in use\n"
