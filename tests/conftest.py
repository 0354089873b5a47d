# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all tests share."""

from __future__ import annotations

import signal

import pytest


@pytest.fixture(autouse=True, scope="session")
def _interrupts_arrive() -> None:
    """Tests send Ctrl-C, also to programs that they start. What a shell starts in the background ignores it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
