# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Waiting for builds: polling that outlasts CircleCI's troubles, up to a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    RETRIED,
    Build,
    all_succeeded,
    is_final,
    is_replaced,
    job_of,
    read_build,
    read_builds,
    succeeded,
    workflow_id,
    workflow_name,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import SETTLES_WITHIN
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import (
    FINAL,
    SUCCESS,
    CannotTellError,
    read_status,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

LONGEST_WAIT = 365 * 86400.0  # seconds
LONGEST_PAUSE = 30.0  # seconds
SLOWER = 0.1
"""The pause between two polls is this part of what was waited already: long builds are asked for less often."""
SHORTEST_TIMEOUT = 0.5  # seconds
ENDS_POLLING = frozenset({401, 403, 404})
"""Answers that will not get better, a 404 when it lasts."""

T = TypeVar("T")


class _UntilDeadline(Patience):
    """Patience that ends at a moment instead of after a sum of waits."""

    def __init__(self, deadline: float) -> None:
        super().__init__(max(deadline - time.monotonic(), 0.0))
        self.deadline = deadline

    def take(self, seconds: float, *, throttled: bool) -> bool:
        """Ask to wait. See :meth:`Patience.take`."""
        return time.monotonic() + seconds <= self.deadline and super().take(seconds, throttled=throttled)


class Watch:
    """Looks at builds until they have ended or time is up.

    :param interval: seconds between two polls at the start
    :param timeout: seconds after which it gives up
    :raises CircleCIError: for unusable values
    """

    def __init__(self, client: Client, project: Project, *, interval: float, timeout: float) -> None:
        for name, value in (("wait_interval", interval), ("wait_timeout", timeout)):
            if not 0 <= value <= LONGEST_WAIT:
                raise invalid(f"{name} must be a number of seconds from 0 to {LONGEST_WAIT:.0f}, which is a year.")
        self.client = client
        self.project = project
        self.interval = interval
        self.timeout = timeout
        self.started = time.monotonic()
        self._missed = False
        self._absent_since: float | None = None
        self._seen: dict[int, Build] = {}
        self._workflow: str | None = None

    @property
    def waited(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def restart(self) -> None:
        """Count the time from now on."""
        self.started = time.monotonic()

    def build(self, build: Build) -> tuple[Build, bool]:
        """Wait for one build, or for the one by which CircleCI replaces it.

        :returns: the build with its steps, and whether it has ended
        :raises CircleCIError: when CircleCI says that it cannot be read
        """
        latest = build
        self._note(build)

        def look(client: Client) -> Build | None:
            nonlocal latest
            latest = read_build(client, self.project, latest["build_num"])
            self._note(latest)
            if latest["status"] != RETRIED:
                return latest if is_final(latest) else None
            if (successor := self._successor(client, latest)) is not None:
                latest = successor
                self._note(latest)
            return None

        ended = self._until(look) is not None
        return latest, ended

    def pipeline(
        self, is_ours: Callable[[Client, Build], bool], known: list[Build]
    ) -> tuple[list[Build], bool, str | None]:
        """Wait for every build of a pipeline, and for its workflow: that has jobs to come while all builds have ended.

        :param is_ours: whether a build may be its first one
        :param known: builds that are known to belong to it
        :returns: its builds without their steps, oldest first; whether it has ended; what is known of its workflow's
            status (PF §3.2), None for nothing
        :raises CircleCIError: when CircleCI says that they cannot be read
        """
        members = {build["build_num"]: build for build in known}
        status: str | None = None

        def look(client: Client) -> bool | None:
            nonlocal status
            listed = read_builds(client, self.project.path(), limit=PAGE_SIZE)
            if not members:
                candidates = [build for build in listed if is_ours(client, build)]
                if not candidates:
                    return None
                first = min(candidates, key=lambda build: int(build["build_num"]))
                members[first["build_num"]] = first
            workflow = next((found for found in map(workflow_id, members.values()) if found), None)
            seen = {build["build_num"]: build for build in listed}
            for number, build in members.items():
                if number not in seen and not is_final(build):
                    seen[number] = read_build(client, self.project, number)
            for number, build in sorted(seen.items()):
                if number in members or (workflow is not None and workflow_id(build) == workflow):
                    members[number] = build
                    self._note(build)
            builds = list(members.values())
            if not all(self._has_ended(build, builds) for build in builds):
                return None
            if workflow is None:
                return True
            try:
                status = read_status(client, workflow)
            except CircleCIError as error:
                # That a build has failed is known without an answer.
                if error.status in ENDS_POLLING and not all_succeeded(builds):
                    return True
                raise
            self._note_workflow(builds[0], status)
            return True if status in FINAL else None

        ended = self._until(look) is not None
        return [members[number] for number in sorted(members)], ended, status

    def _until(self, look: Callable[[Client], T | None]) -> T | None:
        """Look again and again, until that gives something; None when time is up."""
        while True:
            found = self._look_once(look)
            left = self.timeout - self.waited
            if found is not None or left <= 0:
                return found
            self.client.report(f"{self.project}: {self._standing()} ({self.waited:.0f} s)", idle=True)
            pause = max(self.interval, min(LONGEST_PAUSE, self.waited * SLOWER))
            time.sleep(min(pause, left))

    def _look_once(self, look: Callable[[Client], T | None]) -> T | None:
        """One poll. A failure that may pass is only a missed poll: the wait has a deadline of its own."""
        deadline = self.started + self.timeout
        client = self.client.copy()
        client.timeout = min(client.timeout, max(deadline - time.monotonic(), SHORTEST_TIMEOUT))
        client.patience = _UntilDeadline(deadline)
        try:
            found = look(client)
            self._absent_since = None
            return found
        except CircleCIError as error:
            if error.status == 404 and not isinstance(error, CannotTellError):
                if self._may_show_up():
                    return None
                error.hint = (
                    "CircleCI itself has named it to this task. Look whether the project was renamed, or the token has "
                    "lost its rights."
                )
            if error.status in ENDS_POLLING:
                raise
            if not self._missed:
                self._missed = True
                self.client.warn(f"CircleCI could not be asked while this task waited, which went on. {error.message}")
            return None
        finally:
            self.client.patience.throttled += client.patience.throttled

    def _may_show_up(self) -> bool:
        """Whether what CircleCI has named itself, and does not find, is not missing for long yet: its lists lag."""
        now = time.monotonic()
        if self._absent_since is None:
            self._absent_since = now
        return now - self._absent_since < SETTLES_WITHIN

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

    @staticmethod
    def _has_ended(build: Build, builds: list[Build]) -> bool:
        return is_final(build) and (build.get("status") != RETRIED or is_replaced(build, builds))

    def _note(self, build: Build) -> None:
        """Report a change of state."""
        before = self._seen.get(build["build_num"])
        self._seen[build["build_num"]] = build
        what, status = f"{self.project} {job_of(build)} #{build['build_num']}", build.get("status")
        failed = is_final(build) and not succeeded(build) and status != RETRIED
        if before is None:
            self.client.report(f"{what}: {status}, {build.get('build_url')}", failed=failed)
        elif before.get("status") != status:
            self.client.report(f"{what}: {before.get('status')} -> {status} ({self.waited:.0f} s)", failed=failed)

    def _note_workflow(self, build: Build, status: str | None) -> None:
        """Report a change of state of the workflow of a build."""
        if status in (None, self._workflow):
            return
        self._workflow = status
        self.client.report(
            f"{self.project} workflow {workflow_name(build)}: {status} ({self.waited:.0f} s)",
            failed=status in FINAL and status != SUCCESS,
        )

    def _standing(self) -> str:
        """What is waited for, in words."""
        if not self._seen:
            return "no build is to be seen yet"
        running = [build for build in self._seen.values() if not is_final(build)]
        words = [f"{job_of(build)} #{build['build_num']} is {build.get('status')}" for build in running]
        return ", ".join(words) or f"its workflow is {self._workflow or 'not to be seen'}"
