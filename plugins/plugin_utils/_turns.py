# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""One task after the other: those of many hosts would all see that something is missing, and all make it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

LOOK_EVERY = 0.1  # seconds
SPARE = 200
"""Files that a task may have open besides the locks: core's, and the pipes of the programs that it starts."""


class Turns:
    """Turns at the projects of one CircleCI, for the tasks of one user of this machine, in whatever process they are.

    :param folder: for the locks; it is made, and nobody else can look into it
    :param url: the address of the CircleCI
    :param patience: seconds to wait for a turn at most
    """

    def __init__(self, folder: Path, url: str, patience: float) -> None:
        self._folder = folder
        self._url = url
        self._patience = patience

    @contextlib.contextmanager
    def take(self, *slugs: str, pause: Callable[[float], None] = time.sleep) -> Iterator[list[str]]:
        """Be the only one at these projects. The locks go with the process, however that ends.

        :param slugs: of the projects
        :param pause: waits for a number of seconds
        :returns: warnings of projects at which somebody else may be too
        """
        deadline = time.monotonic() + self._patience
        warnings = []
        with contextlib.ExitStack() as stack:
            # In one order, so that no two tasks wait for each other.
            wanted = sorted(set(slugs))
            most = _room_for(len(wanted))
            if most < len(wanted):
                warnings.append(
                    f"Nothing keeps other tasks from working on {len(wanted) - most} of these {len(wanted)} projects "
                    "at the same time: that takes as many open files, which ulimit -Hn limits."
                )
            for slug in wanted[:most]:
                try:
                    file = stack.enter_context(self._file(slug))
                    while not _locked(file):
                        if not time.monotonic() < deadline:
                            warnings.append(
                                f"Another task is at work on {slug}, and did not end within {self._patience:.0f} s, "
                                "which is retry_budget. This one went on all the same: see whether both made the same."
                            )
                            break
                        pause(LOOK_EVERY)
                except OSError as error:
                    warnings.append(f"Nothing keeps other tasks from working on {slug} at the same time: {error}.")
            yield warnings

    @contextlib.contextmanager
    def _file(self, slug: str) -> Iterator[int]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)  # It fails when the folder is somebody else's.
        # GitHub and Bitbucket take a name in any case; the identifiers of Apps' projects are case-sensitive.
        identity = slug if slug.startswith("circleci/") else slug.casefold()
        name = hashlib.sha256(f"{self._url} {identity}".encode()).hexdigest()
        file = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            yield file
        finally:
            os.close(file)


def _room_for(number: int) -> int:
    """How many of so many locks can be held at a time, when this process may have more files open than by default."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = number + SPARE
    if now != resource.RLIM_INFINITY and now < needed:
        with contextlib.suppress(ValueError, OSError):  # as where a system has a lower limit of its own
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (needed if most == resource.RLIM_INFINITY else min(needed, most), most)
            )
        now = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        return max(0, min(number, now - SPARE))
    return number


def _locked(file: int) -> bool:
    """Lock a file, if nobody else has. :raises OSError: where files cannot be locked."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
