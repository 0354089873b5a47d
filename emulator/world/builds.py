# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds, workflows, and the machine that moves them through their states (api-v1.1.md §4.2).

A build goes not_running -> queued -> running -> an end. What end that is says its `Script`.
Times are seconds since the epoch.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Mapping
from typing import Literal, get_args

from .model import DEFAULT_JOB, FAILED_OUTCOMES, FINAL_WORKFLOWS, Build, Project, Script, User, Workflow

Progress = Literal["clock", "poll", "manual"]


class Machine:
    """Starts builds and moves them: by the clock, one state at each poll of a build, or on command only."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.progress: Progress = "clock"
        self.seconds: dict[str, float] = {"not_running": 0.3, "queued": 0.3, "running": 1.4, "between_jobs": 0.1}
        """how long each state lasts, and how long a workflow pauses between two jobs"""
        self.scripts: deque[Script] = deque()
        """for the next builds, of whatever project; after the last one builds succeed"""
        self.active: set[Build] = set()
        self._agenda: list[tuple[float, int, Build]] = []
        self._serial = itertools.count()

    def set_progress(self, progress: Progress) -> None:
        """Change what moves the builds."""
        if progress not in get_args(Progress):
            raise ValueError(f"progress must be one of {', '.join(get_args(Progress))}, not {progress}")
        self.progress = progress
        for build in sorted(self.active, key=lambda build: build.created):
            self._plan(build, self._now())

    def set_seconds(self, seconds: Mapping[str, float]) -> None:
        """Change how long states last, for the states that builds enter from now on."""
        if unknown := seconds.keys() - self.seconds.keys():
            raise ValueError(f"no such state: {', '.join(sorted(unknown))}")
        self.seconds.update(seconds)

    def trigger(
        self,
        project: Project,
        user: User | None,
        *,
        why: str,
        branch: str | None = None,
        tag: str | None = None,
        revision: str | None = None,
        job: str = DEFAULT_JOB,
        parameters: dict[str, str] | None = None,
        no_cache: bool = False,
    ) -> Build:
        """Start one job on a branch or a tag that exists. Each call is a new build."""
        workflow = Workflow(job, self._now())
        return self._start(project, user, workflow, why, branch, tag, revision, job, parameters, no_cache=no_cache)

    def pipeline(
        self, project: Project, user: User | None, *, branch: str | None, tag: str | None, revision: str | None
    ) -> Workflow:
        """Start the whole workflow: its first job now, each further one when the one before has succeeded."""
        first, *others = project.jobs
        workflow = Workflow(project.workflow, self._now(), deque(others))
        self._start(project, user, workflow, "api", branch, tag, revision, first, {"CIRCLE_JOB": first})
        return workflow

    def retry(self, source: Build, user: User | None, *, why: str, no_cache: bool = False) -> Build:
        """Run the job of a build again, as a new build."""
        name = source.workflow.name if source.workflow else source.job
        build = self._again(source, user, why, Workflow(name, self._now()), no_cache=no_cache)
        build.ssh = why == "ssh"
        return build

    def cancel(self, build: Build, user: User | None) -> None:
        """Cancel a build; one that has ended stays as it is. Who is canceled before the start never gets `finished`."""
        if not build.is_final:
            build.canceler = user
            lifecycle = "finished" if build.lifecycle == "running" else build.lifecycle
            self._end(build, "canceled", "canceled", lifecycle, self._now())

    def stop(self, project: Project, user: User | None) -> None:
        """Cancel all that runs in a project, and the workflows that pause between two jobs."""
        for build in project.builds:
            self.cancel(build, user)
            if build.workflow and build.workflow.stopped is None:
                self._close(build.workflow, "canceled")

    def approve(self, workflow: Workflow) -> None:
        """Let a held workflow go on with its next job; without one it has succeeded."""
        if workflow.status == "on_hold":
            workflow.status = "running"
            if workflow.pending:
                self._start_next_job(workflow.builds[-1])
            else:
                self._close(workflow, "success")

    def settle(self) -> None:
        """Do what the clock says is due."""
        if self.progress != "clock":
            return
        now = self._now()
        while self._agenda and self._agenda[0][0] <= now:
            due, _unused, build = heapq.heappop(self._agenda)
            if build.due == due:
                self._move(build, due)

    def poll(self, build: Build) -> None:
        """Tell the machine that a client looks at this build."""
        if self.progress == "poll":
            self.step(build)

    def step(self, build: Build) -> None:
        """Move a build to its next state now. One that has ended starts the next job of its workflow instead."""
        self._move(build, self._now())

    def finish(self, build: Build) -> None:
        """Move a build to its end now, unless it is stuck."""
        while not build.is_final and not self._is_stuck(build):
            self.step(build)

    def _again(
        self, source: Build, user: User | None, why: str, workflow: Workflow, *, no_cache: bool = False
    ) -> Build:
        build = self._start(
            source.project,
            user,
            workflow,
            why,
            source.branch,
            source.tag,
            source.revision,
            source.job,
            source.parameters,
            no_cache=no_cache,
            retry_of=source,
        )
        source.retries.append(build.number)
        return build

    def _start(
        self,
        project: Project,
        user: User | None,
        workflow: Workflow,
        why: str,
        branch: str | None,
        tag: str | None,
        revision: str | None,
        job: str,
        parameters: dict[str, str] | None,
        *,
        no_cache: bool = False,
        retry_of: Build | None = None,
    ) -> Build:
        if revision is None:
            revision = project.tags[tag] if tag else project.branches[branch or project.default_branch]
        script = self.scripts.popleft() if self.scripts else Script()
        now = self._now()
        siblings = project.branch_builds.setdefault(branch or "", [])
        previous = siblings[-1] if siblings else None
        build = Build(
            project,
            len(project.builds) + 1,
            branch,
            tag,
            revision,
            why,
            user,
            job,
            parameters,
            script,
            now,
            previous=previous,
            # Builds overlap, so it need not be the one that the previous build knew.
            previous_successful=next((other for other in reversed(siblings) if other.outcome == "success"), None),
            no_cache=no_cache,
            retry_of=retry_of.number if retry_of else None,
            upstream=retry_of.upstream if retry_of else [sibling.job_id for sibling in workflow.builds[-1:]],
        )
        project.builds.append(build)
        siblings.append(build)
        build.dont_build = script.dont_build if script.outcome == "not_run" else None
        if not project.followers:
            build.dont_build = "no-followers"
        if build.dont_build:
            build.status = "not_run"
            build.lifecycle = "scheduled" if retry_of else "not_run"
            if workflow.builds:
                self._close(workflow, "failed")
            return build
        build.workflow = workflow
        if not workflow.builds:
            project.pipelines += 1
            workflow.number = project.pipelines
        workflow.builds.append(build)
        project.workflows.setdefault(branch or "", {})[workflow.name] = workflow
        self.active.add(build)
        self._plan(build, now)
        return build

    def _plan(self, build: Build, at: float) -> None:
        """Put the build's next move on the agenda of the clock."""
        build.due = None
        if self.progress == "clock" and not self._is_stuck(build):
            state = "between_jobs" if build.is_final else build.lifecycle
            build.due = at + self.seconds[state]
            heapq.heappush(self._agenda, (build.due, next(self._serial), build))

    @staticmethod
    def _is_stuck(build: Build) -> bool:
        return build.script.outcome == "stuck" and build.lifecycle == build.script.stuck_in

    def _move(self, build: Build, at: float) -> None:
        if build.is_final:
            self._start_next_job(build)
        elif self._is_stuck(build):
            return
        elif build.lifecycle == "not_running":
            if build.script.outcome == "canceled":
                build.canceler = build.user
                self._end(build, "canceled", "canceled", "not_running", at)
                return
            build.status = build.lifecycle = "queued"
            build.queued = at
        elif build.lifecycle == "queued":
            build.status = build.lifecycle = "running"
            build.started = at
        else:
            self._end_as_scripted(build, at)
            return
        if not build.is_final:
            self._plan(build, at)

    def _end_as_scripted(self, build: Build, at: float) -> None:
        outcome = build.script.outcome
        if outcome == "success":
            build.is_first_green = not any(other.outcome == "success" for other in build.project.builds)
            self._end(build, "fixed" if self._repairs(build) else "success", "success", "finished", at)
        elif outcome == "retried":
            self._end(build, "retried", "infrastructure_fail", "finished", at)
        else:
            self._end(build, outcome, outcome, "finished", at)

    @staticmethod
    def _repairs(build: Build) -> bool:
        """Whether the last build of this job on this branch that came to an end of its own has failed."""
        for other in reversed(build.project.branch_builds[build.branch or ""]):
            if other is not build and other.job == build.job and other.status in {*FAILED_OUTCOMES, "success", "fixed"}:
                return other.outcome != "success"
        return False

    def _end(self, build: Build, status: str, outcome: str, lifecycle: str, at: float) -> None:
        build.status, build.outcome, build.lifecycle, build.stopped, build.due = status, outcome, lifecycle, at, None
        self.active.discard(build)
        workflow = build.workflow
        if workflow is None or workflow.builds[-1] is not build:
            return
        if status == "retried":
            self._again(build, build.user, "auto-retry", workflow)
        elif outcome == "success" and build.script.then in FINAL_WORKFLOWS:
            self._close(workflow, build.script.then)
        elif outcome == "success" and build.script.then:
            workflow.status = build.script.then
        elif outcome == "success" and workflow.pending:
            # The pause lets clients meet a workflow that runs although all its builds have ended.
            self._plan(build, at)
            if self.progress != "clock":
                self._start_next_job(build)
        else:
            self._close(workflow, outcome if outcome in ("success", "canceled") else "failed")

    def _start_next_job(self, build: Build) -> None:
        workflow = build.workflow
        if workflow and workflow.status == "running" and workflow.pending and workflow.builds[-1] is build:
            job = workflow.pending.popleft()
            self._start(
                build.project,
                build.user,
                workflow,
                build.why,
                build.branch,
                build.tag,
                build.revision,
                job,
                {"CIRCLE_JOB": job},
            )
        build.due = None

    def _close(self, workflow: Workflow, status: str) -> None:
        workflow.pending.clear()
        workflow.status, workflow.stopped = status, self._now()
