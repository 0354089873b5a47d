# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds, and what moves them through their states (api-v1.1.md §4.2).

A build goes not_running -> queued -> running -> an end. What end that is says its `Script`.
Times are seconds since the epoch.
"""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from .model import FAILED_OUTCOMES, Build, Script, User, Workflow

Progress = Literal["clock", "poll", "manual"]
Action = Callable[[], None]


class Builds(ABC):
    """Starts builds and moves them: by the clock, one state at each poll of a build, or on command only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._moment: float | None = None
        self.progress: Progress = "clock"
        self.seconds: dict[str, float] = {
            "not_running": 0.3, "queued": 0.3, "running": 1.4, "between_jobs": 0.1,
            "visible": 0.0, "compiled": 0.1, "listed": 0.1, "accepted": 0.1, "rerun": 0.2,
        }  # fmt: skip
        """how long each state of a build lasts and a workflow pauses between two jobs, and how long it takes until a
        pipeline is known, is compiled, has its workflows listed, does what was accepted, or is run again by itself"""
        self.scripts: deque[Script] = deque()
        """for the next builds, of whatever project; after the last one builds succeed"""
        self.active: set[Build] = set()
        self._agenda: list[tuple[float, int, Build | None, Action]] = []
        self._serial = itertools.count()

    def now(self) -> float:
        """Return the time at which what happens now was due."""
        return self._now() if self._moment is None else self._moment

    def set_progress(self, progress: Progress) -> None:
        """Change what moves the builds. Only by the clock does it take time what pipelines do themselves."""
        if progress not in get_args(Progress):
            raise ValueError(f"progress must be one of {', '.join(get_args(Progress))}, not {progress}")
        self.progress = progress
        for build in sorted(self.active, key=lambda build: build.created):
            self._plan(build)
        while progress != "clock" and (others := [entry for entry in self._agenda if entry[2] is None]):
            self._agenda = [entry for entry in self._agenda if entry[2] is not None]
            for entry in sorted(others, key=lambda entry: entry[:2]):
                entry[3]()

    def set_seconds(self, seconds: Mapping[str, float]) -> None:
        """Change how long states last, for the states that are entered from now on."""
        if unknown := seconds.keys() - self.seconds.keys():
            raise ValueError(f"no such state: {', '.join(sorted(unknown))}")
        self.seconds.update(seconds)

    def later(self, seconds: float, action: Action) -> None:
        """Do something when the clock has moved on by so many seconds; at once where it does not move things."""
        if self.progress == "clock":
            heapq.heappush(self._agenda, (self.now() + seconds, next(self._serial), None, action))
        else:
            action()

    def settle(self) -> None:
        """Do what the clock says is due."""
        if self.progress != "clock":
            return
        now = self._now()
        while self._agenda and self._agenda[0][0] <= now:
            self._moment, _unused, build, action = heapq.heappop(self._agenda)
            try:
                # What has moved since has another entry.
                if build is None or build.due == self._moment:
                    action()
            finally:
                self._moment = None

    def poll(self, build: Build) -> None:
        """Tell the machine that a client looks at this build."""
        if self.progress == "poll":
            self.step(build)

    def step(self, build: Build) -> None:
        """Move a build to its next state now, if it has not ended."""
        if not build.is_final:
            self._move(build)

    def finish(self, build: Build) -> None:
        """Move a build to its end now, unless it is stuck."""
        while not build.is_final and not self._is_stuck(build):
            self.step(build)

    def cancel(self, build: Build, user: User | None) -> None:
        """Cancel a build; one that has ended stays as it is. Who is canceled before the start never gets `finished`."""
        if not build.is_final:
            build.canceler = user
            lifecycle = "finished" if build.lifecycle == "running" else build.lifecycle
            self._end(build, "canceled", "canceled", lifecycle)

    def start(
        self,
        workflow: Workflow,
        job: str,
        script: Script | None = None,
        *,
        seconds: float | None = None,
        user: User | None,
        why: str,
        parameters: dict[str, str] | None,
        upstream: list[str] | None = None,
        no_cache: bool = False,
        retry_of: Build | None = None,
    ) -> Build:
        """Start one build of a job. One that is refused at once does not belong to the workflow.

        :param script: None for the next one.
        :param seconds: how long it runs; None: as the script says.
        """
        pipeline = workflow.pipeline
        project = pipeline.project
        if script is None:
            script = self.scripts.popleft() if self.scripts else Script()
        if seconds is not None:
            script = dataclasses.replace(script, seconds=seconds)
        siblings = project.branch_builds.setdefault(pipeline.branch or "", [])
        build = Build(
            project,
            len(project.builds) + 1,
            pipeline.branch,
            pipeline.tag,
            pipeline.revision,
            why,
            user,
            job,
            parameters,
            script,
            self.now(),
            previous=siblings[-1] if siblings else None,
            # Builds overlap, so it need not be the one that the previous build knew.
            previous_successful=next((other for other in reversed(siblings) if other.outcome == "success"), None),
            no_cache=no_cache,
            retry_of=retry_of.number if retry_of else None,
            upstream=retry_of.upstream if retry_of else upstream or [],
        )
        project.builds.append(build)
        siblings.append(build)
        build.dont_build = script.dont_build if script.outcome == "not_run" else None
        # Apps' projects need no followers.
        if not project.followers and not project.is_app:
            build.dont_build = "no-followers"
        if build.dont_build:
            build.status = "not_run"
            build.lifecycle = "scheduled" if retry_of else "not_run"
            return build
        build.workflow = workflow
        build.ssh = job in workflow.with_ssh
        build.ssh_users = [user] if build.ssh and user else []
        workflow.builds.append(build)
        project.workflows.setdefault(pipeline.branch or "", {})[workflow.name] = workflow
        self.active.add(build)
        self._plan(build)
        return build

    @abstractmethod
    def ended(self, build: Build) -> None:
        """Do what the end of a build brings about in its workflow."""

    def _plan(self, build: Build) -> None:
        """Put the build's next move on the agenda of the clock."""
        build.due = None
        if self.progress == "clock" and not self._is_stuck(build):
            seconds = self.seconds[build.lifecycle]
            if build.lifecycle == "running" and build.script.seconds is not None:
                seconds = build.script.seconds
            build.due = self.now() + seconds
            heapq.heappush(self._agenda, (build.due, next(self._serial), build, lambda: self._move(build)))

    @staticmethod
    def _is_stuck(build: Build) -> bool:
        return build.script.outcome == "stuck" and build.lifecycle == build.script.stuck_in

    def _move(self, build: Build) -> None:
        if self._is_stuck(build):
            return
        if build.lifecycle == "not_running":
            if build.script.outcome == "canceled":
                build.canceler = build.user
                self._end(build, "canceled", "canceled", "not_running")
                return
            build.status = build.lifecycle = "queued"
            build.queued = self.now()
        elif build.lifecycle == "queued":
            build.status = build.lifecycle = "running"
            build.started = self.now()
        else:
            self._end_as_scripted(build)
            return
        self._plan(build)

    def _end_as_scripted(self, build: Build) -> None:
        outcome = build.script.outcome
        if outcome == "success":
            build.is_first_green = not any(other.outcome == "success" for other in build.project.builds)
            self._end(build, "fixed" if self._repairs(build) else "success", "success", "finished")
        elif outcome == "retried":
            self._end(build, "retried", "infrastructure_fail", "finished")
        else:
            self._end(build, outcome, outcome, "finished")

    @staticmethod
    def _repairs(build: Build) -> bool:
        """Whether the last build of this job on this branch that came to an end of its own has failed."""
        for other in reversed(build.project.branch_builds[build.branch or ""]):
            if other is not build and other.job == build.job and other.status in {*FAILED_OUTCOMES, "success", "fixed"}:
                return other.outcome != "success"
        return False

    def _end(self, build: Build, status: str, outcome: str, lifecycle: str) -> None:
        build.status, build.outcome, build.lifecycle, build.due = status, outcome, lifecycle, None
        build.stopped = self.now()
        self.active.discard(build)
        self.ended(build)
