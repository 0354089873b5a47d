# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Waiting for builds and their workflow to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    RETRIED,
    Build,
    is_final,
    job_of,
    read_build,
    read_builds,
    succeeded,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import (
    Poller,
    checked_seconds,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import SETTLES_WITHIN
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

T = TypeVar("T")


class Watch:
    """Looks at builds until they have ended or time is up.

    :param interval: seconds between two polls at the start
    :param timeout: seconds after which it gives up
    :ivar latest: the build as it was last seen
    :raises CircleCIError: for unusable values
    """

    def __init__(self, client: Client, project: Project, *, interval: float, timeout: float) -> None:
        checked_seconds(wait_interval=interval, wait_timeout=timeout)
        self.client = client
        self.project = project
        self.poller = Poller(client, interval=interval, timeout=timeout, lag=SETTLES_WITHIN)
        self._seen: dict[int, Build] = {}
        self.latest: Build = {}

    def build(self, build: Build) -> tuple[Build, bool]:
        """Wait for one build, or for the one by which CircleCI replaces it.

        :returns: the build with its steps, and whether it has ended
        :raises CircleCIError: when CircleCI says that it cannot be read
        """
        self._note(build)

        def look(client: Client) -> Build | None:
            self._note(read_build(client, self.project, self.latest["build_num"]))
            if self.latest["status"] != RETRIED:
                return self.latest if is_final(self.latest) else None
            if (successor := self._successor(client, self.latest)) is not None:
                self._note(successor)
            return None

        ended = self._until(look) is not None
        return self.latest, ended

    def _until(self, look: Callable[[Client], T | None]) -> T | None:
        """Look again and again, until that gives something; None when time is up."""
        self.poller.start()
        while True:
            found = self.poller.look(look)
            if found is not None or self.poller.left <= 0:
                return found
            self.client.report(f"{self.project}: {self._standing()} ({self.poller.waited:.0f} s)", idle=True)
            self.poller.pause()

    def _successor(self, client: Client, build: Build) -> Build | None:
        """The build that replaces one that CircleCI has retried itself; None while there is none."""
        number = build["build_num"]
        retries = build.get("retries")
        listed_numbers = retries if isinstance(retries, list) else []
        named = [item for item in listed_numbers if isinstance(item, int) and item > number]
        if named:
            return read_build(client, self.project, max(named))
        listed = read_builds(client, self.project.path(), limit=PAGE_SIZE)
        return next((other for other in listed if other.get("retry_of") == number), None)

    def _note(self, build: Build) -> None:
        """Keep what a build is now, and report a change of state."""
        self.latest = build
        before = self._seen.get(build["build_num"])
        self._seen[build["build_num"]] = build
        what, status = f"{self.project} {job_of(build)} #{build['build_num']}", build.get("status")
        failed = is_final(build) and not succeeded(build) and status != RETRIED
        if before is None:
            self.client.report(f"{what}: {status}, {build.get('build_url')}", failed=failed)
        elif before.get("status") != status:
            self.client.report(
                f"{what}: {before.get('status')} -> {status} ({self.poller.waited:.0f} s)", failed=failed
            )

    def _standing(self) -> str:
        """What is waited for, in words."""
        running = [build for build in self._seen.values() if not is_final(build)]
        return ", ".join(f"{job_of(build)} #{build['build_num']} is {build.get('status')}" for build in running)
