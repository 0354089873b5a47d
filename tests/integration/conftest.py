# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the playbook tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from tests.integration.playing import Player


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_emulator: Emulator) -> Emulator:
    """The emulator, as it is out of the box."""
    _emulator.reset()
    return _emulator


@pytest.fixture
def player(emulator: Emulator) -> Iterator[Player]:
    """Runs playbooks against the emulator."""
    # The folder's path has to be short: ansible-core makes sockets in it.
    with tempfile.TemporaryDirectory(prefix="play-") as folder:
        yield Player(Path(folder), emulator)
