# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests have in hand of an emulator, wherever it runs: its state, its faults, and the log of its requests."""

from __future__ import annotations

import datetime
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.world.artifacts import Artifact, Artifacts
from emulator.world.model import Build, Pipeline, Project, Script
from emulator.world.plans import script_of
from emulator.world.state import USER, State

from .faults import Fault, Faults

LOG_SIZE: Final = 50_000


@dataclass
class Record:
    """A request as the emulator has seen it."""

    method: str
    path: str
    """as sent: percent-encoded, with the query"""
    headers: Mapping[str, str]
    """names are looked up without regard to case"""
    body: Any
    """parsed, if it is JSON; else text; None if there is none"""
    connection: int
    """number of the TCP connection, from 1"""
    status: int | None = None
    """None if no answer was sent"""


class Service:
    """The emulated service without its network.

    :param latency: seconds that every answer of the API takes.
    :param token: the personal token of the user `emulator`.
    :param repositories: adds `github/acme/repo-0001` and so on, so many.
    :param date: the day that decides what CircleCI has removed.
    """

    def __init__(self, *, latency: float, token: str, repositories: int, date: datetime.date) -> None:
        self.latency = self._first_latency = latency
        self.token = token
        self.faults = Faults()
        self._repositories = repositories
        self._first_date = date
        self._log: deque[Record] = deque(maxlen=LOG_SIZE)
        self.state = State(token=token, repositories=repositories, date=date)

    # What tests look at.

    @property
    def requests(self) -> list[Record]:
        """The requests to the API and for stored files, oldest first; the newest `LOG_SIZE` of them."""
        return list(self._log)

    @property
    def writes(self) -> list[Record]:
        return [record for record in self._log if record.method not in ("GET", "HEAD")]

    @property
    def connections(self) -> int:
        """The number of TCP connections on which the requests in the log came."""
        return len({record.connection for record in self._log})

    def project(self, slug: str) -> Project:
        """Return a project, or the repository that is none yet.

        :raises KeyError: the VCS knows no such repository.
        """
        return self.state.project(slug)

    # What tests change.

    def clear(self) -> None:
        """Forget the requests so far."""
        self._log.clear()

    def reset(self) -> None:
        """Start anew: state, switches, latency, faults and log as after the start."""
        self.state = State(token=self.token, repositories=self._repositories, date=self._first_date)
        self.latency = self._first_latency
        self.faults.clear()
        self.clear()

    def add_repository(self, slug: str, **options: Any) -> Project:
        """Add or change a repository: see `State.add_repository`."""
        with self.state.lock:
            return self.state.add_repository(slug, **options)

    def switch(self, **switches: Any) -> None:
        """Set switches: see `State.set_switches`."""
        with self.state.lock:
            self.state.set_switches(**switches)

    def follow(self, slug: str) -> Project:
        """Make the user of the personal token follow a project, without a request."""
        with self.state.lock:
            project = self.state.project(slug)
            self.state.follow(project, self.state.users[USER])
            return project

    def fault(self, kind: str, **options: Any) -> None:
        """Add a fault: see `Fault` for the kinds and options."""
        self.faults.add(Fault(kind, **options))  # type: ignore[arg-type]  # Fault checks the kind

    def script(self, outcome: str, **options: Any) -> None:
        """Say how the next build that has no script yet goes: see `Script`."""
        with self.state.lock:
            self.state.machine.scripts.append(Script(outcome, **options))  # type: ignore[arg-type]  # Script checks it

    def build(self, slug: str, number: int) -> Build:
        """Return a build as it is now.

        :raises KeyError: there is none.
        """
        with self.state.lock:
            self.state.machine.settle()
            build = self.state.project(slug).build(number)
        if build is None:
            raise KeyError(f"{slug} has no build {number}")
        return build

    def finish(self, slug: str, number: int) -> Build:
        """Move a build to its end now, and return it.

        :raises KeyError: there is none.
        """
        build = self.build(slug, number)
        with self.state.lock:
            self.state.machine.finish(build)
        return build

    def scenario(self, name: str | None = None, **options: Any) -> None:
        """Say how the next pipeline that has no script yet goes: by a scenario, a `PipelineScript`'s fields, or both.

        :raises ValueError: there is no such scenario, or an option is of no use.
        """
        with self.state.lock:
            self.state.machine.pipeline_scripts.append(script_of({**({"scenario": name} if name else {}), **options}))

    def push(
        self,
        slug: str,
        *,
        branch: str | None = None,
        tag: str | None = None,
        revision: str | None = None,
        after: float = 0.0,
        script: dict[str, Any] | None = None,
    ) -> None:
        """Let somebody push to a repository, which starts a pipeline, now or some seconds later."""
        with self.state.lock:
            machine, project = self.state.machine, self.state.project(slug)
            how = script_of(script or {})

            def begin() -> None:
                machine.pipeline(
                    project,
                    None,
                    branch=branch,
                    tag=tag,
                    revision=revision,
                    trigger="webhook",
                    why="github",
                    script=how,
                )

            if after:
                machine.later(after, begin)
            else:
                begin()

    def pipeline(self, slug: str, number: int) -> Pipeline:
        """Return a pipeline as it is now.

        :raises KeyError: there is none.
        """
        with self.state.lock:
            self.state.machine.settle()
            found = self.state.project(slug).pipelines[number - 1 : number] if number > 0 else []
        if not found:
            raise KeyError(f"{slug} has no pipeline {number}")
        return found[0]

    def finish_pipeline(self, slug: str, number: int) -> Pipeline:
        """Move a pipeline on until it has ended, or only people move it, and return it.

        :raises KeyError: there is none.
        """
        found = self.pipeline(slug, number)
        with self.state.lock:
            self.state.machine.finish_all(found)
        return found

    def artifacts(self, slug: str, job: str, *artifacts: Artifact) -> None:
        """Say what the builds of a job store from now on."""
        with self.state.lock:
            self.state.part(Artifacts).set_for_job(self.state.project(slug), job, artifacts)

    def pass_time(self, seconds: float) -> None:
        """Set the emulator's clock forward, so that builds move on and links die."""
        with self.state.lock:
            self.state.clock_offset += seconds
