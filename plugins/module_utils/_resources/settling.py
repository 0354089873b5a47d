# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading back what was written: some of CircleCI's lists lag behind by a second or more."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError

SETTLES_WITHIN = 5.0  # seconds
LOOK_EVERY = 0.5  # seconds
LATER = f"{SETTLES_WITHIN:.0f} s later"

T = TypeVar("T")


def settled(client: Client, read: Callable[[], T], shows: Callable[[T], bool]) -> T:
    """Read until CircleCI shows what was done, for at most :data:`SETTLES_WITHIN` seconds.

    :param read: reads the state, or of it what matters
    :param shows: whether that shows it
    :returns: what was read last: the caller says what is wrong with it
    """
    deadline = time.monotonic() + SETTLES_WITHIN
    while not shows(found := read()) and time.monotonic() < deadline:
        client.patience.sleep(LOOK_EVERY)
    return found


def seen(client: Client, read: Callable[[], T], shows: Callable[[T], bool], made: str) -> None:
    """Read until CircleCI shows what was made, so that the next task, of another host for example, sees it too.

    :param made: what to call it in the warning that it is not shown
    """
    if why := _unseen(client, read, shows, "it does not list it", "it lists it"):
        client.warn(f"CircleCI made {made}, but {why}. The next task may make it once more.")


def seen_approved(client: Client, read: Callable[[], bool], what: str) -> None:
    """Read until CircleCI does not show a hold as open any more: the next task would take it so.

    :param read: whether it is closed
    :param what: what to call it in the warning that it is still shown
    """
    if why := _unseen(client, read, bool, "it still shows it as open", "it shows that"):
        client.warn(f"CircleCI accepted to approve {what}, but {why}. The next task may take it for open.")


def _unseen(client: Client, read: Callable[[], T], shows: Callable[[T], bool], missing: str, looked: str) -> str | None:
    """Why something is not seen; None when it is."""
    try:
        return None if shows(settled(client, read, shows)) else f"{LATER} {missing}"
    except CircleCIError as error:
        return f"whether {looked} cannot be seen: {error.message.rstrip('.')}"
