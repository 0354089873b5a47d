# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator
from tests.unit.loopback import make_certificate, server_context

# A handshake that a client breaks off may leave the server's side of it to the garbage collector.
pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
TOKEN = "emulator-personal-token"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody's CA has signed, with its key."""
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem", "127.0.0.1")


@pytest.fixture
def https(certificate: Path) -> Iterator[Emulator]:
    with Emulator(tls=server_context(certificate)) as emulator:
        yield emulator
    gc.collect()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_ca_is_final_and_says_what_to_do(https: Emulator, method: str) -> None:
    client = Client(https.url, TOKEN)
    with pytest.raises(CircleCIError, match=r"\[SSL: CERTIFICATE_VERIFY_FAILED\] certificate verify failed") as caught:
        client._call(method, "me", repeatable=True)
    assert "ca_path" in (caught.value.hint or "")
    assert (caught.value.doubtful, https.requests, client.patience.spent) == (False, [], 0)


def test_ca_path_makes_it_known(https: Emulator, certificate: Path) -> None:
    assert Client(https.url, TOKEN, ca_path=str(certificate)).get_object("v1.1/me")["login"] == "emulator"


def test_validate_certs_false_is_quiet(https: Emulator, capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert Client(https.url, TOKEN, validate_certs=False).get_object("v1.1/me")["login"] == "emulator"
    assert (warned, capfd.readouterr().err) == ([], "")


@pytest.mark.parametrize("option", ["ca_path", "validate_certs", "validate_certs with ca_path"])
def test_the_options_win_over_the_environment(
    https: Emulator, certificate: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, option: str
) -> None:
    other = tmp_path / "other.pem"
    other.write_text("not a certificate")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    options: dict[str, dict[str, Any]] = {
        "ca_path": {"ca_path": str(certificate)},
        "validate_certs": {"validate_certs": False},
        "validate_certs with ca_path": {"validate_certs": False, "ca_path": str(other)},
    }
    assert Client(https.url, TOKEN, **options[option]).get_object("v1.1/me")["login"] == "emulator"


def test_a_redirect_from_https_to_http_is_not_followed(https: Emulator, certificate: Path) -> None:
    with Emulator() as plain:
        https.fault("redirect", location=f"{plain.url}/api/v1.1/me")
        with pytest.raises(CircleCIError, match="to another scheme or port"):
            Client(https.url, TOKEN, ca_path=str(certificate)).get("v1.1/me")
        assert plain.requests == []
