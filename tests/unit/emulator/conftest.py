# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that does nothing but send what a test says, on the library that users' programs have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from emulator import PROJECT_TOKEN, Emulator

Send = Callable[..., requests.Response]


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_emulator: Emulator) -> Emulator:
    """The emulator, as it is out of the box; its builds move on command only."""
    _emulator.reset()
    _emulator.state.machine.set_progress("manual")
    return _emulator


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def send(emulator: Emulator, session: requests.Session) -> Send:
    """Send a request with the personal token.

    A path is below API v1.1 unless it names its API; without a leading slash it is below the project github/acme/api.
    """

    def send(method: str, path: str = "", *, token: str | None = None, **options: Any) -> requests.Response:
        headers = {"Accept": "application/json", "Circle-Token": token or emulator.token, **options.pop("headers", {})}
        below = path if path.startswith("/") else f"/project/github/acme/api{'/' if path else ''}{path}"
        url = f"{emulator.url}{'' if below.startswith(('/api/', '/_emulator/')) else '/api/v1.1'}{below}"
        return session.request(method, url, headers=headers, allow_redirects=False, timeout=10, **options)

    return send


@pytest.fixture
def followed(emulator: Emulator) -> Emulator:
    """The emulator with github/acme/api followed, without a first build."""
    emulator.add_repository("github/acme/api", has_config=False)
    emulator.follow("github/acme/api")
    return emulator


@pytest.fixture
def project_token(followed: Emulator) -> str:
    return PROJECT_TOKEN


@pytest.fixture(scope="session")
def private_key() -> str:
    """An SSH key as ssh-keygen makes it."""
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    ).decode()
