# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that never reach CircleCI: the cause and the remedy are named, nothing is tried again or in doubt."""

from __future__ import annotations

import contextlib
import errno
import gc
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3
from cryptography.x509.oid import ExtendedKeyUsageOID

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator
from tests.unit.loopback import Server, closed_port, make_certificate, server_context, serving

# A handshake that a client breaks off may leave the server's side of it to the garbage collector.
pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
TOKEN = "emulator-personal-token"
PASSWORD = "s3cr3t-word"
USER = f"somebody:{PASSWORD}@"
METHODS = pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
CA_PATH = "Give the certificate of the CA that signed the server's as ca_path."
EXPIRED = "The server's certificate has expired: have it renewed. Or the clock of this host is wrong."
NOT_YET = "The server's certificate is not valid yet: look at the clock of this host."
ANOTHER = "The server needs another certificate. Those who run it can give it one."


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Callable[..., Emulator]]:
    """Start an emulator that speaks TLS, with a certificate for these names."""
    running: list[Emulator] = []

    def start(*names: str, **more: Any) -> Emulator:
        certificate = make_certificate(tmp_path / "server.pem", *names, **more)
        running.append(Emulator(tls=server_context(certificate)))
        return running[-1].__enter__()

    yield start
    for emulator in running:
        emulator.__exit__(None, None, None)
    gc.collect()


def failure(client: Client, method: str = "GET") -> CircleCIError:
    """The failure of a request that must neither be tried again nor be in doubt."""
    with pytest.raises(CircleCIError) as caught:
        client._call(method, "v1.1/me", repeatable=method != "POST")
    error = caught.value
    assert (error.doubtful, error.status, client.patience.spent) == (False, None, 0)
    assert PASSWORD not in str(error.result())
    assert re.match(rf"{method} me at http.* got no answer: ", error.message)
    return error


# --- certificates ----------------------------------------------------------------------------------------------------


@METHODS
def test_a_certificate_for_another_name_is_not_mended_by_ca_path(tls, tmp_path: Path, method: str) -> None:
    emulator = tls("circleci.acme.example")
    error = failure(Client(emulator.url, TOKEN, ca_path=str(tmp_path / "server.pem")), method)
    assert "127.0.0.1" in error.message
    assert error.hint == ("The certificate is for another name than 127.0.0.1: write the name that it has in api_url.")
    assert emulator.requests == []


@METHODS
def test_a_certificate_that_has_expired_is_not_mended_by_ca_path(tls, tmp_path: Path, method: str) -> None:
    emulator = tls("127.0.0.1", start=-9, end=-2)
    error = failure(Client(emulator.url, TOKEN, ca_path=str(tmp_path / "server.pem")), method)
    assert "certificate has expired" in error.message
    assert error.hint == EXPIRED


def test_a_certificate_of_tomorrow_points_to_the_clock(tls, tmp_path: Path) -> None:
    emulator = tls("127.0.0.1", start=2, end=9)
    error = failure(Client(emulator.url, TOKEN, ca_path=str(tmp_path / "server.pem")))
    assert error.hint == NOT_YET


def test_a_certificate_for_something_else_is_for_those_who_run_the_server(tls, tmp_path: Path) -> None:
    emulator = tls("127.0.0.1", purpose=ExtendedKeyUsageOID.CLIENT_AUTH)
    error = failure(Client(emulator.url, TOKEN, ca_path=str(tmp_path / "server.pem")))
    assert "certificate purpose" in error.message
    assert error.hint == ANOTHER
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("number", "words", "hint"),
    [
        (2, "unable to get issuer certificate", CA_PATH),
        (18, "self-signed certificate", CA_PATH),
        (19, "self-signed certificate in certificate chain", CA_PATH),
        (20, "unable to get local issuer certificate", CA_PATH),
        (21, "unable to verify the first certificate", CA_PATH),
        (None, "unable to get local issuer certificate", CA_PATH),
        (10, "certificate has expired", EXPIRED),
        (9, "certificate is not yet valid", NOT_YET),
        (23, "certificate revoked", ANOTHER),
        (66, "EE certificate key too weak", ANOTHER),
    ],
)
def test_what_openssl_finds_wrong_with_a_certificate_decides_on_the_remedy(
    monkeypatch: pytest.MonkeyPatch, number: int | None, words: str, hint: str
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        found = ssl.SSLCertVerificationError(1, f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: {words}")
        if number is not None:
            found.verify_code = number
        raise requests.exceptions.SSLError(urllib3.exceptions.SSLError(found))

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    error = failure(Client("https://127.0.0.1", TOKEN))
    assert words in error.message
    assert error.hint == hint


@pytest.mark.parametrize(
    ("found", "hint"),
    [
        (ssl.SSLError("certificate verify failed"), CA_PATH),  # as other libraries than Python's say it
        (
            ssl.CertificateError("hostname '127.0.0.1' doesn't match 'circleci.acme.example'"),
            "The certificate is for another name than 127.0.0.1: write the name that it has in api_url.",
        ),
    ],
)
def test_a_certificate_that_does_not_pass_is_known_by_words_or_by_kind(
    monkeypatch: pytest.MonkeyPatch, found: Exception, hint: str
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise requests.exceptions.SSLError(urllib3.exceptions.SSLError(found))

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    assert failure(Client("https://127.0.0.1", TOKEN)).hint == hint


@METHODS
def test_an_unknown_ca_is_mended_by_ca_path(tls, method: str) -> None:
    error = failure(Client(tls("127.0.0.1").url, TOKEN), method)
    assert error.hint == CA_PATH


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_without_the_ca_is_named(tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    other = make_certificate(tmp_path / "other.pem", "127.0.0.1")
    monkeypatch.setenv(variable, str(other))
    error = failure(Client(tls("127.0.0.1").url, TOKEN))
    assert f"{variable} does not have the CA" in (error.hint or "")
    by_option = failure(Client(tls("127.0.0.1").url, TOKEN, ca_path=str(other)))
    assert "ca_path does not have the CA" in (by_option.hint or "")


@METHODS
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "ca_path"])
@pytest.mark.parametrize(
    "content", [None, "", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_a_bundle_that_is_none_is_named(
    tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, variable: str, content: str | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(content or "")
    emulator = tls("127.0.0.1")
    if variable == "ca_path":
        client = Client(emulator.url, TOKEN, ca_path=str(bundle))
    else:
        monkeypatch.setenv(variable, str(bundle))
        client = Client(emulator.url, TOKEN)
    if content is None:
        bundle.unlink()
    error = failure(client, method)
    words = "does not exist" if content is None else "holds no CA certificates"
    assert f"{variable} is {bundle}, which {words}" in error.message
    remedy = "Give" if variable == "ca_path" else f"Unset {variable}, or let it be"
    assert error.hint == f"{remedy} the path of a file with CA certificates."
    assert emulator.requests == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "ca_path"])
def test_a_bundle_may_be_a_folder(tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    emulator, folder = tls("127.0.0.1"), tmp_path / "certificates"
    folder.mkdir()
    if variable != "ca_path":
        monkeypatch.setenv(variable, str(folder))
    error = failure(Client(emulator.url, TOKEN, ca_path=str(folder) if variable == "ca_path" else None))
    assert (
        error.hint
        == f"{variable} does not have the CA that signed the server's certificate: give a bundle that has it."
    )


def test_a_bundle_that_may_not_be_read_is_named(tls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")  # root may read everything

    emulator, bundle = tls("127.0.0.1"), tmp_path / "server.pem"
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", refuse)
    error = failure(Client(emulator.url, TOKEN, ca_path=str(bundle)))
    assert f"ca_path is {bundle}, which may not be read" in error.message
    assert error.hint == "Give the path of a file with CA certificates."
    assert emulator.requests == []


def test_a_wrong_bundle_is_no_matter_without_verification_or_tls(
    tls, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/does/not/exist.pem")
    assert Client(tls("127.0.0.1").url, TOKEN, validate_certs=False).get_object("v1.1/me")["login"] == "emulator"
    assert Client(emulator.url, TOKEN).get_object("v1.1/me")["login"] == "emulator"
    nowhere = Client(f"https://127.0.0.1:{closed_port()}", TOKEN, validate_certs=False, retries=0)
    with pytest.raises(CircleCIError, match="got no answer: Failed to establish a new connection"):
        nowhere.get("v1.1/me")


# --- http and https --------------------------------------------------------------------------------------------------


@METHODS
def test_https_to_a_server_of_http_says_which_address_to_use(emulator: Emulator, method: str) -> None:
    error = failure(Client(emulator.url.replace("http:", "https:"), TOKEN), method)
    assert "does not speak https" in error.message
    assert f"Write api_url: {emulator.url}, if it is meant to be without encryption." == error.hint
    assert emulator.requests == []


@METHODS
def test_http_to_a_server_of_https_says_which_address_to_use(tls, method: str) -> None:
    emulator = tls("127.0.0.1")
    error = failure(Client(emulator.url.replace("https:", "http:"), TOKEN), method)
    assert "speaks https" in error.message
    assert error.hint == f"Write api_url: {emulator.url}."
    assert emulator.requests == []


def test_a_server_is_asked_for_its_certificate_by_name(tmp_path: Path) -> None:
    """Many have one for each of their names, and break off what asks for none."""
    context, asked = server_context(make_certificate(tmp_path / "server.pem", "localhost")), list[str]()
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with Emulator(tls=context) as emulator:
        _scheme, _slashes, address = emulator.url.partition("://")
        failure(Client(f"http://{address.replace('127.0.0.1', 'localhost')}", TOKEN))
    gc.collect()
    assert asked == ["localhost"]


def test_a_name_that_no_certificate_can_have_is_no_traceback(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise UnicodeError("label empty or too long")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", refuse)
    emulator.fault("drop")
    assert Client(emulator.url, TOKEN).get_object("v1.1/me")["login"] == "emulator"


@METHODS
@pytest.mark.parametrize(
    "words",
    [
        "<html><h1>400 Bad Request</h1>The plain HTTP request was sent to HTTPS port</html>",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
        "Client sent an HTTP request to an HTTPS server.\n",
    ],
)
def test_servers_that_say_so_are_understood(emulator: Emulator, method: str, words: str) -> None:
    emulator.fault("status", status=400, body=words)
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN)._call(method, "v1.1/me", repeatable=True)
    assert caught.value.hint == f"Write api_url: {emulator.url.replace('http:', 'https:')}."
    assert (caught.value.doubtful, len(emulator.requests)) == (False, 1)


@METHODS
def test_a_host_that_wants_https_says_so_by_a_redirect(emulator: Emulator, method: str) -> None:
    emulator.fault("redirect", location="https://127.0.0.1/api/v1.1/me")
    with pytest.raises(CircleCIError, match="redirect that is not followed") as caught:
        Client(emulator.url, TOKEN)._call(method, "v1.1/me", repeatable=True)
    assert (caught.value.hint, caught.value.doubtful) == ("Write api_url: https://127.0.0.1.", False)


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("https://other.example/api/v1.1/me", "host"),
        ("//other.example/", "host"),
        ("http://127.0.0.1:1/", "scheme or port"),
        ("https://127.0.0.1:port/", "scheme or port"),
        ("http://127.0.0.1:99999/", "scheme or port"),
        ("https://[::1", "host"),
    ],
)
@METHODS
def test_a_redirect_elsewhere_is_not_followed_and_leaves_a_write_in_doubt(
    emulator: Emulator, method: str, location: str, where: str
) -> None:
    """Also where it leads to what is no address, which says nothing of whether https is wanted."""
    emulator.fault("redirect", location=location, times=None)
    with pytest.raises(CircleCIError, match="redirect that is not followed") as caught:
        Client(emulator.url, TOKEN)._call(method, "v1.1/me", repeatable=True)
    assert caught.value.doubtful is (method != "GET")
    told = caught.value.result()
    assert (told["status"], told["method"], told["path"]) == (302, method, "/api/v1.1/me")
    assert f"({f'to another {where}' if method == 'GET' else 'a write is never redirected'})" in told["msg"]
    assert caught.value.hint == (
        "Check api_url: it must be the address that answers itself, with https where it is needed."
    )


def test_a_connection_that_breaks_off_is_still_in_doubt(emulator: Emulator) -> None:
    emulator.fault("drop")
    with pytest.raises(CircleCIError, match="got no answer") as caught:
        Client(emulator.url, TOKEN)._call("POST", "v1.1/me", repeatable=False)
    assert caught.value.doubtful is True
    emulator.fault("drop")
    assert Client(emulator.url, TOKEN).get_object("v1.1/me")["login"] == "emulator"


def test_what_speaks_https_as_it_should_is_not_blamed(tls, tmp_path: Path) -> None:
    emulator = tls("127.0.0.1")
    client = Client(emulator.url, TOKEN, ca_path=str(tmp_path / "server.pem"))
    emulator.fault("drop")
    assert client.get_object("v1.1/me")["login"] == "emulator"
    emulator.fault("status", status=400, body="The plain HTTP request was sent to HTTPS port")
    with pytest.raises(CircleCIError, match=r"^CircleCI answered 400") as caught:
        client.get("v1.1/me")
    assert caught.value.hint is None


def test_of_what_a_proxy_breaks_off_the_server_is_not_asked(tls, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = tls("127.0.0.1")
    with serving(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(CircleCIError, match="got no answer") as caught:
            Client(emulator.url.replace("https:", "http:"), TOKEN, retries=0).get("v1.1/me")
    assert "speaks https" not in caught.value.message


def test_what_a_library_says_of_a_request_is_no_traceback(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_more: object) -> None:
        raise ValueError("The moon is full.")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", refuse)
    assert "The moon is full." in failure(Client(emulator.url, TOKEN), "POST").message


@METHODS
@pytest.mark.parametrize("url", ["http://*.acme.example", "https://.acme.example"])
def test_a_request_that_cannot_be_sent_is_not_tried_again(method: str, url: str) -> None:
    traced: list[str] = []
    failure(Client(url, TOKEN, trace=traced.append), method)
    assert len(traced) == 1


class Mute(Server):
    """A server that says what it says, and then nothing more."""

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(self.answer or b"")
            connection.recv(1)


@METHODS
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"login']
)
def test_an_answer_that_takes_too_long_says_so_wherever_it_stops(method: str, answer: bytes) -> None:
    with contextlib.closing(Mute(answer)) as server:
        client = Client(f"http://127.0.0.1:{server.port}", TOKEN, timeout=0.05, retries=0)
        with pytest.raises(CircleCIError, match=r"got no answer: it took longer than timeout allows$") as caught:
            client._call(method, "v1.1/me")
        with pytest.raises(CircleCIError, match=r"got no answer: it took longer than timeout allows$"):
            client.download(f"http://127.0.0.1:{server.port}/a", lambda found: list(found.chunks))
    assert server.connections == 2  # and none to ask whether it speaks TLS
    assert caught.value.doubtful is (method != "GET")


@pytest.mark.parametrize(("reason", "told"), [(["gone"], "gone"), ([], "ConnectionError")])
def test_a_loss_that_requests_does_not_explain_is_in_doubt(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, reason: list[str], told: str
) -> None:
    def lose(*_args: object, **_more: object) -> None:
        raise requests.ConnectionError(*reason)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", lose)
    with pytest.raises(CircleCIError, match=rf"got no answer: {told}\.") as caught:
        Client(emulator.url, TOKEN, retries=0).write("POST", "v1.1/x", repeatable=False, seen=lambda: None)
    assert "It was not sent again" in caught.value.message


def test_a_defect_of_a_library_is_not_taken_for_a_proxy(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """requests ends by the same exception where the address of a proxy has no host. Here there is no proxy."""

    def fail(*_args: object, **_more: object) -> None:
        raise TypeError("a defect")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail)
    with pytest.raises(TypeError, match="a defect"):
        Client(emulator.url, TOKEN).get("v1.1/me")


# --- proxies ---------------------------------------------------------------------------------------------------------

VARIABLES = pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
HOST = "circleci.acme.example"


@METHODS
@VARIABLES
def test_a_proxy_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch, method: str, variable: str) -> None:
    port = closed_port()
    monkeypatch.setenv(variable, f"http://{USER}127.0.0.1:{port}")
    error = failure(Client(f"https://{HOST}", TOKEN), method)
    assert f"the proxy 127.0.0.1:{port} of {variable} does not answer: " in error.message
    assert error.hint == f"Check {variable} and the proxy, or name {HOST} in NO_PROXY."


@METHODS
def test_a_proxy_for_http_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{USER}127.0.0.1:{closed_port()}")
    error = failure(Client(f"http://{HOST}", TOKEN), method)
    assert "of HTTP_PROXY does not answer" in error.message


def test_a_proxy_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}proxy.invalid:3128")
    assert "the proxy proxy.invalid:3128 of HTTPS_PROXY does not answer" in failure(Client(f"https://{HOST}")).message


@METHODS
@pytest.mark.parametrize(
    ("user", "words"), [(USER, "Those in it are refused."), ("", "It has none.")], ids=["refused", "none"]
)
def test_a_proxy_that_wants_a_user_says_where_to_give_it(
    monkeypatch: pytest.MonkeyPatch, method: str, user: str, words: str
) -> None:
    with serving(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{user}127.0.0.1:{proxy.port}")
        error = failure(Client(f"https://{HOST}", TOKEN), method)
        assert f"the proxy 127.0.0.1:{proxy.port} of HTTPS_PROXY asks for a user and a password" in error.message
        assert "HTTPS_PROXY=http://user:password@" in (error.hint or "")
        assert words in (error.hint or "")
        assert proxy.connections == 1


@METHODS
def test_a_proxy_for_http_that_wants_a_user_is_not_taken_for_circleci(
    monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    with serving(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{USER}127.0.0.1:{proxy.port}")
        with pytest.raises(CircleCIError, match=r"The proxy 127\.0\.0\.1:\d+ of HTTP_PROXY answered 407") as caught:
            Client(f"http://{HOST}", TOKEN)._call(method, "v1.1/me", repeatable=True)
        assert (caught.value.doubtful, proxy.connections) == (False, 1)
        assert "HTTP_PROXY=http://user:password@" in (caught.value.hint or "")
        assert PASSWORD not in str(caught.value.result())


@METHODS
def test_a_proxy_that_refuses_the_host_says_so(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    with serving(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}127.0.0.1:{proxy.port}")
        error = failure(Client(f"https://{HOST}", TOKEN), method)
        assert f"of HTTPS_PROXY does not connect to https://{HOST}: 403 Forbidden" in error.message
        assert "Have the proxy allow it" in (error.hint or "")
        assert proxy.connections == 1


def test_trouble_of_a_proxy_is_tried_again_and_never_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}127.0.0.1:{proxy.port}")
        for method, tries in (("GET", 3), ("DELETE", 3), ("POST", 1)):
            before = proxy.connections
            with pytest.raises(CircleCIError, match=r"of HTTPS_PROXY does not connect to .*: 503") as caught:
                Client(f"https://{HOST}", TOKEN, retries=2)._call(method, "v1.1/me", repeatable=method != "POST")
            assert (caught.value.doubtful, proxy.connections - before) == (False, tries)
            assert PASSWORD not in str(caught.value.result())


def test_a_proxy_of_https_that_is_down_is_not_taken_for_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{closed_port()}")
    assert "of HTTPS_PROXY does not answer" in failure(Client(f"https://{HOST}", TOKEN)).message


def test_a_server_of_http_behind_a_proxy_is_the_one_that_is_named(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(None) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        error = failure(Client(emulator.url.replace("http:", "https:"), TOKEN))
    assert error.hint == f"Write api_url: {emulator.url}, if it is meant to be without encryption."


@METHODS
def test_a_proxy_that_is_none_of_https_says_so(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    with serving(b"HTTP/1.1 400 Bad Request\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"https://{USER}127.0.0.1:{proxy.port}")
        error = failure(Client(f"https://{HOST}", TOKEN), method)
        assert f"the proxy 127.0.0.1:{proxy.port} of HTTPS_PROXY does not speak https" in error.message
        assert "Let HTTPS_PROXY start with http://" in (error.hint or "")


@METHODS
@pytest.mark.parametrize(
    "address",
    [
        f"http://somebody:{PASSWORD}/x@proxy.example:3128",
        f"http://somebody:{PASSWORD}#x@proxy.example:3128",
        f"http://somebody:{PASSWORD}?x@proxy.example:3128",
        f"http://{USER}:3128",
        f"http://{USER}proxy.example:port",
        f"ftp://{USER}proxy.example:3128",
        f"{USER}proxy.example:3128",
    ],
)
def test_an_address_of_a_proxy_that_is_none_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, method: str, address: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    error = failure(Client(f"https://{HOST}", TOKEN), method)
    assert "HTTPS_PROXY" in error.message
    assert "NO_PROXY" in (error.hint or "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://somebody:12345@127.0.0.1:1", "the proxy 127.0.0.1:1 of HTTPS_PROXY"),
        ("somebody:12345@127.0.0.1:1", "the proxy of HTTPS_PROXY"),
        ("http:somebody:12345@127.0.0.1:1", "the proxy of HTTPS_PROXY"),
        ("http://somebody:12345", "the proxy somebody of HTTPS_PROXY"),
        ("somebody:12345", "the proxy of HTTPS_PROXY"),
        ("http://somebody:12345@", "the proxy of HTTPS_PROXY"),
        ("http://somebody:12345/@", "the proxy of HTTPS_PROXY"),
        ("http://somebody:12345#@127.0.0.1:1", "the proxy of HTTPS_PROXY"),
        ("http://somebody:x@12345/y@127.0.0.1:1", "the proxy of HTTPS_PROXY"),
        ("http://somebody:1/12345", "the proxy of HTTPS_PROXY"),
        ("http://somebody:12345@127.0.0.1:1/12345", "the proxy of HTTPS_PROXY"),
        ("http://somebody:%12345@[::1", "the proxy of HTTPS_PROXY"),
        ("socks5h://somebody:12345", "the proxy somebody of HTTPS_PROXY"),
        ("@somebody:12345", "the proxy of HTTPS_PROXY"),
        ('"http://somebody:12345@127.0.0.1:1"', "the proxy of HTTPS_PROXY"),
    ],
)
def test_digits_of_a_password_are_not_taken_for_a_host_or_a_port(
    monkeypatch: pytest.MonkeyPatch, address: str, shown: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    traced: list[str] = []
    error = failure(Client(f"https://{HOST}", TOKEN, trace=traced.append, retries=1))
    assert shown in error.message
    assert "12345" not in str([error.result(), traced])


def test_the_port_of_a_proxy_without_a_user_is_shown_where_it_can_be_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for address, shown in (("http://127.0.0.1:1", "127.0.0.1:1"), ("http://localhost:1/", "localhost:1")):
        monkeypatch.setenv("HTTPS_PROXY", address)
        assert f"the proxy {shown} of HTTPS_PROXY does not answer: " in failure(Client(f"https://{HOST}")).message


def test_a_proxy_of_socks_needs_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://{USER}proxy.example:1080")
    error = failure(Client(f"https://{HOST}", TOKEN))
    assert "the proxy proxy.example:1080 of ALL_PROXY is a SOCKS proxy" in error.message
    assert "PySocks" in error.message


def test_a_proxy_that_looks_into_tls_is_named_with_the_certificate(tls, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator = tls("localhost")
    with serving(None) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}127.0.0.1:{proxy.port}")
        error = failure(Client(emulator.url, TOKEN))
        assert "as ca_path." in (error.hint or "")
        assert f"If the proxy 127.0.0.1:{proxy.port} of HTTPS_PROXY looks into TLS" in (error.hint or "")


def test_a_host_in_no_proxy_needs_none(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{USER}127.0.0.1:{closed_port()}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert Client(emulator.url, TOKEN).get_object("v1.1/me")["login"] == "emulator"
    emulator.fault("status", status=407, body={"message": "odd"})
    with pytest.raises(CircleCIError, match="CircleCI answered 407"):
        Client(emulator.url, TOKEN).get("v1.1/me")


def test_an_empty_variable_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    port = closed_port()
    monkeypatch.setenv("https_proxy", "")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{USER}127.0.0.1:{closed_port()}")
    with pytest.raises(CircleCIError, match="got no answer") as caught:
        Client(f"https://127.0.0.1:{port}", TOKEN, retries=0).get("v1.1/me")
    assert "of HTTPS_PROXY" not in caught.value.message
