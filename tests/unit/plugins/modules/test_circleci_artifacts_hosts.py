# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts get the token, by their real names: circleci.com and its artifacts, played behind a proxy."""

from __future__ import annotations

import contextlib
import gc
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator import Emulator
from emulator.http.links import ARTIFACTS, CLOUD, STORE
from emulator.world.artifacts import Artifact
from tests.unit.loopback import Server, _copy, make_certificate, server_context

# A handshake that a client breaks off may leave the server's side of it to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
API = "github/acme/api"
SERVER = "https://ci.acme.example"
OTHERS = (
    "circle-artifacts.com",
    "evil-circle-artifacts.com",
    "output.circle-artifacts.com.evil.example",
    "app.circleci.com",
)
Run = Callable[..., dict[str, Any]]


class Way(Server):
    """A proxy that keeps what it is told, and leads to one port whatever host it is asked for.

    :param port: of this machine; None answers that there is no such file
    """

    def __init__(self, port: int | None) -> None:
        self.told: list[str] = []
        self._leads_to = port
        super().__init__(None)

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self.told.append(connection.recv(65536).decode("latin-1"))
            if self._leads_to is None:
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", self._leads_to)) as target:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=_copy, args=(target, connection), daemon=True).start()
                _copy(connection, target)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA of our own, for all names that are played."""
    names = [str(urlsplit(url).hostname) for url in (CLOUD, STORE, SERVER)]
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    return make_certificate(path, *names, "*.circle-artifacts.com", *OTHERS)


@pytest.fixture(scope="module")
def _internet(certificate: Path) -> Iterator[Emulator]:
    with Emulator(tls=server_context(certificate)) as emulator:
        yield emulator
    gc.collect()


@pytest.fixture
def internet(_internet: Emulator) -> Emulator:
    """All hosts there are: they are this one emulator, which knows them by the names they are asked by."""
    _internet.reset()
    _internet.state.machine.set_progress("manual")
    _internet.artifacts(API, "build", Artifact("dist/app.whl", text="first"))
    _internet.follow(API)
    _internet.finish(API, 1)
    return _internet


@pytest.fixture
def proxy(internet: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Way]:
    """The only way to that internet."""
    with contextlib.closing(Way(int(internet.url.rpartition(":")[2]))) as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{way.port}")
        yield way


@pytest.fixture
def bring(proxy: Way, run_module: Run, certificate: Path, tmp_path: Path) -> Run:
    def bring(**options: Any) -> dict[str, Any]:
        given = {"project": API, "build_num": 1, "dest": str(tmp_path / "dest"), "retries": 0}
        return run_module("circleci_artifacts", **{**given, "ca_path": str(certificate), "api_url": None, **options})

    return bring


def told(internet: Emulator) -> dict[str, bool]:
    """Whether each host that was asked got the token, in headers, address or anything else that it was sent."""
    found: dict[str, bool] = {}
    for record in internet.requests:
        sent = f"{record.path} {dict(record.headers)} {record.body}"
        host = record.headers["Host"]
        found[host] = found.get(host, False) or internet.token in sent
    return found


def moved(internet: Emulator, url: str) -> None:
    """Let the list of artifacts name another address."""
    listed = [{"path": "dist/app.whl", "pretty_path": "dist/app.whl", "node_index": 0, "url": url}]
    internet.fault("body", path="/1/artifacts", body=listed, times=None)


def host_of(url: str) -> str:
    return urlsplit(url).netloc


def test_circleci_com_and_its_artifacts_get_the_token_and_the_store_does_not(
    internet: Emulator, proxy: Way, bring: Run, tmp_path: Path
) -> None:
    result = bring()
    assert (result["changed"], (tmp_path / "dest/dist/app.whl").read_text()) == (True, "first")
    assert told(internet) == {"circleci.com": True, "output.circle-artifacts.com": True, "store.example": False}


@pytest.mark.parametrize("host", ["12-345-gh.circle-artifacts.com", "OUTPUT.circle-artifacts.com"])
def test_every_host_of_artifacts_gets_it(internet: Emulator, bring: Run, host: str) -> None:
    moved(internet, f"https://{host}/artifacts/github/acme/api/1/0/dist/app.whl")
    bring()
    assert told(internet)[host.lower()] is True


@pytest.mark.parametrize("host", [*OTHERS, "output.circle-artifacts.com:8443", "circleci.com:8443"])
def test_hosts_with_similar_names_do_not(internet: Emulator, bring: Run, host: str) -> None:
    moved(internet, f"https://{host}/artifacts/github/acme/api/1/0/dist/app.whl")
    assert bring()["status"] == 401
    assert told(internet) == {"circleci.com": True, host: False}


@pytest.mark.parametrize("target", [*(f"https://{host}/x" for host in OTHERS), f"{ARTIFACTS}/x", f"{CLOUD}/x"])
def test_nobody_behind_a_redirect_gets_it(internet: Emulator, bring: Run, target: str) -> None:
    internet.fault("redirect", path="^/artifacts/", location=target)
    internet.fault("body", path="^/x$", body="from elsewhere")
    assert bring()["changed"] is True
    (asked,) = [record for record in internet.requests if record.path == "/x"]
    assert asked.headers["Host"] == host_of(target)
    assert internet.token not in str(dict(asked.headers))


def test_a_redirect_to_an_address_without_tls_is_not_followed(internet: Emulator, bring: Run) -> None:
    internet.fault("redirect", path="^/artifacts/", location="http://store.example/x")
    result = bring()
    assert (result["failed"], result["changed"]) == (True, False)
    assert "https://output.circle-artifacts.com answered GET" in result["msg"]
    assert "a redirect that is not followed (from https to http)" in result["msg"]


def test_a_server_has_no_business_with_the_artifacts_of_circleci_com(internet: Emulator, bring: Run) -> None:
    moved(internet, f"{ARTIFACTS}/artifacts/github/acme/api/1/0/dist/app.whl")
    assert bring(api_url=SERVER)["status"] == 401
    assert told(internet) == {host_of(SERVER): True, host_of(ARTIFACTS): False}
    assert bring(api_url=SERVER, artifacts_hosts=[host_of(ARTIFACTS)])["changed"] is True
    assert told(internet) == {host_of(SERVER): True, host_of(ARTIFACTS): True, host_of(STORE): False}


def test_a_host_that_is_named_gets_it_and_whom_it_sends_on_to_does_not(internet: Emulator, bring: Run) -> None:
    moved(internet, f"https://{OTHERS[0]}/artifacts/github/acme/api/1/0/dist/app.whl")
    internet.fault("redirect", path="^/artifacts/", location=f"{CLOUD}/x")
    internet.fault("body", path="^/x$", body="from elsewhere")
    assert bring(artifacts_hosts=[OTHERS[0]])["changed"] is True
    (asked,) = [record for record in internet.requests if record.path == "/x"]
    assert (told(internet)[OTHERS[0]], internet.token in str(dict(asked.headers))) == (True, False)


def test_the_output_of_steps_is_read_without_it(
    internet: Emulator, bring: Run, run_module: Run, certificate: Path
) -> None:
    internet.script("failed")
    internet.state.machine.trigger(internet.project(API), None, why="api", branch="main")
    internet.finish(API, 2)
    options = {"project": API, "build_num": 2, "api_url": None, "ca_path": str(certificate)}
    result = run_module("circleci_build_info", log_lines=5, **options)
    assert not result.get("failed"), result
    assert told(internet) == {"circleci.com": True, "store.example": False}


def test_an_address_without_tls_does_not(internet: Emulator, bring: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    moved(internet, "http://output.circle-artifacts.com/artifacts/github/acme/api/1/0/dist/app.whl")
    with contextlib.closing(Way(None)) as open_way:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{open_way.port}")
        assert bring()["status"] == 404
    assert [asked.startswith("GET http://output.circle-artifacts.com/") for asked in open_way.told] == [True]
    assert internet.token not in str(open_way.told)


def test_a_proxy_is_told_hosts_and_no_token(internet: Emulator, proxy: Way, bring: Run) -> None:
    bring()
    hosts = {asked.split()[1] for asked in proxy.told}
    assert hosts == {"circleci.com:443", "output.circle-artifacts.com:443", "store.example:443"}
    assert internet.token not in str(proxy.told)
