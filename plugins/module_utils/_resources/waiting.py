# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Waiting for builds and their workflow to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
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
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import FINAL
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import (
    ENDS_POLLING,
    Poller,
    checked_seconds,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import SETTLES_WITHIN
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import (
    SUCCESS,
    read_status,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

T = TypeVar("T")


class Watch:
    """Looks at builds until they have ended or time is up.

    :param interval: seconds between two polls at the start
    :param timeout: seconds after which it gives up
    :raises CircleCIError: for unusable values
    """

    def __init__(self, client: Client, project: Project, *, interval: float, timeout: float) -> None:
        checked_seconds(wait_interval=interval, wait_timeout=timeout)
        self.client = client
        self.project = project
        self.poller = Poller(client, interval=interval, timeout=timeout, lag=SETTLES_WITHIN)
        self._seen: dict[int, Build] = {}
        self._workflow: str | None = None

    @property
    def seen(self) -> list[Build]:
        """All builds that were seen, oldest first, as they were last."""
        return [self._seen[number] for number in sorted(self._seen)]

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
            self.client.report(
                f"{what}: {before.get('status')} -> {status} ({self.poller.waited:.0f} s)", failed=failed
            )

    def _note_workflow(self, build: Build, status: str | None) -> None:
        """Report a change of state of the workflow of a build."""
        if status in (None, self._workflow):
            return
        self._workflow = status
        self.client.report(
            f"{self.project} workflow {workflow_name(build)}: {status} ({self.poller.waited:.0f} s)",
            failed=status in FINAL and status != SUCCESS,
        )

    def _standing(self) -> str:
        """What is waited for, in words."""
        if not self._seen:
            return "no build is to be seen yet"
        running = [build for build in self._seen.values() if not is_final(build)]
        words = [f"{job_of(build)} #{build['build_num']} is {build.get('status')}" for build in running]
        return ", ".join(words) or f"its workflow is {self._workflow or 'not to be seen'}"
