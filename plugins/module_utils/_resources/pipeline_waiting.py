# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Following a pipeline to its end, approving on the way what a task says (``api-v2-pipelines.md`` §3 and §4)."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    APPROVAL,
    CANCELED,
    CREATED,
    FAILED,
    HELD,
    Job,
    Pipeline,
    View,
    Workflow,
    ending,
    has_failed,
    is_final,
    needs_jobs,
    unsettled,
    word_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Poller

CONFIRMATION = 1.0  # seconds between the look that sees the end and the one that confirms it

FAIL, RETURN, WAIT = ON_HOLD_CHOICES = ("fail", "return", "wait")


class Source(Protocol):
    """Where a pipeline is read, and its holds approved. Each method fails with CircleCIError."""

    def pipeline(self, client: Client) -> Pipeline:
        """Read the pipeline."""

    def workflows(self, client: Client) -> list[Workflow]:
        """List its workflows."""

    def jobs(self, client: Client, workflow: Workflow) -> list[Job]:
        """List the jobs of one of them."""

    def approve(self, client: Client, hold: dict[str, Any]) -> bool:
        """Approve a hold, and say whether it was open until now."""


@dataclass(frozen=True)
class Wanted:
    """What a task wants of a wait.

    :param workflows: names of those that are waited for; none for all
    :param approve: names of holds that are approved when they open
    :param on_hold: what any other open hold means, one of :data:`ON_HOLD_CHOICES`
    :param appear_timeout: seconds that a pipeline, its workflows or its continuation may take to show up
    :param approve_in: the name of the only workflow whose holds may be approved; None for all
    :param approved: the requests of holds that were approved just before, which show for some seconds more
    :param expected: the id of a workflow that was just made, without which nothing is judged
    """

    workflows: tuple[str, ...]
    approve: tuple[str, ...]
    on_hold: str
    appear_timeout: float
    approve_in: str | None = None
    approved: tuple[str, ...] = ()
    expected: str | None = None


class PipelineWatch:
    """Looks at one pipeline until it has ended or time is up.

    :param pipeline: as it is known; CircleCI may list it before it finds it (PF §4.1)
    :param named: how progress names the pipeline
    :param poller: counts the time, and asks
    """

    def __init__(
        self,
        client: Client,
        source: Source,
        wanted: Wanted,
        *,
        pipeline: Pipeline,
        named: str,
        poller: Poller,
    ) -> None:
        self.poller = poller
        self.client = client
        self.source = source
        self.wanted = wanted
        self.named = named
        self.pipeline = pipeline
        self.view = View("", names=wanted.workflows)
        self.approved: list[str] = []
        """names of the holds that this wait has approved"""
        self._requests = set(wanted.approved)
        self._jobs: dict[str, list[Job]] = {}
        self._statuses: dict[str, str] = {}
        self._since: dict[str, float] = {}

    def follow(self) -> str | None:
        """Wait for the end.

        :returns: what it came to, as :func:`ending` says; None when time was up first
        :raises CircleCIError: when CircleCI says that the pipeline cannot be read
        """
        seen: tuple[Any, ...] | None = None
        while True:
            # The pipeline itself is asked again before an end counts: only it tells of a continuation that failed.
            verdict = self._verdict(whole=seen is not None)
            if verdict is not None and self.view.picture == seen:
                return verdict
            seen = self.view.picture if verdict is not None else None
            if seen is not None:
                self.poller.clock.sleep(CONFIRMATION)
            elif self.poller.left <= 0:
                return None
            else:
                self.client.report(f"{self.named}: {self.view.status} ({self.poller.waited:.0f} s)", idle=True)
                self.poller.pause()

    def glance(self) -> str | None:
        """Look once, and judge as if nothing were to come: what is not there yet has not ended.

        :raises CircleCIError: when CircleCI says that the pipeline cannot be read
        """
        self._see(self.client, whole=True, act=False)
        return ending(self.view, {}, self.wanted.appear_timeout)

    def _verdict(self, *, whole: bool) -> str | None:
        """One poll and what it says; None for a missed one too."""
        if self.poller.look(lambda client: self._see(client, whole=whole, act=True)) is None:
            return None
        now = self.poller.clock.now()
        self._since = {what: self._since.get(what, now) for what in unsettled(self.view)}
        ages = {what: now - since for what, since in self._since.items()}
        verdict = ending(self.view, ages, self.wanted.appear_timeout)
        goes_on = self._is_awaited() or (verdict == HELD and self.wanted.on_hold == WAIT)
        return None if goes_on else verdict

    def _see(self, client: Client, *, whole: bool, act: bool) -> bool | None:
        """Read what is needed for a view.

        :param whole: also the pipeline itself where nothing new is expected of it
        :param act: approve what may be approved
        :returns: None where CircleCI does not know the pipeline yet, else true
        """
        if whole or self.view.state != CREATED:
            found = self._patiently(lambda: self.source.pipeline(client))
            if found is None:
                return None
            self.pipeline = found
        listed = self._patiently(lambda: self.source.workflows(client)) or []
        self.view = self._viewed(listed)
        for workflow in self.view.all:
            if self._is_news(workflow) or needs_jobs(workflow) or self._may_open(workflow):
                self._jobs[str(workflow.get("id"))] = self._read_jobs(client, workflow)
        self.view = self._viewed(listed)
        self._report()
        self._refuse_itself()
        if act:
            self._approve(client)
            self.view = self._viewed(listed)
        return True

    def _viewed(self, listed: list[Workflow]) -> View:
        return view_of(self.pipeline, listed, self._jobs, self.wanted.workflows, self._requests)

    def _patiently(self, read: Callable[[], Any]) -> Any:
        """Read what CircleCI may not know yet of a pipeline that was just made (PF §4.1).

        :returns: None while it may be to come
        """
        try:
            return read()
        except CircleCIError as error:
            if error.status != 404 or self.poller.waited >= self.wanted.appear_timeout:
                raise
            return None

    def _read_jobs(self, client: Client, workflow: Workflow) -> list[Job]:
        """The jobs of a workflow. One that has expired has none any more (PF §3.1)."""
        return self.source.jobs(client, workflow) if workflow.get("id") else []

    def _is_news(self, workflow: Workflow) -> bool:
        return self._statuses.get(str(workflow.get("id"))) != str(workflow.get("status"))

    def _is_awaited(self) -> bool:
        """Whether what was just made is not listed yet."""
        listed = [workflow.get("id") for workflow in self.view.listed]
        is_young = self.poller.waited < self.wanted.appear_timeout
        return is_young and self.wanted.expected is not None and self.wanted.expected not in listed

    def _may_open(self, workflow: Workflow) -> bool:
        """Whether a hold that this task approves may open while other jobs of its workflow run."""
        jobs = self._jobs.get(str(workflow.get("id")), [])
        return not is_final(workflow) and any(
            job.get("type") == APPROVAL and job.get("name") in self.wanted.approve and job.get("status") != "success"
            for job in jobs
        )

    def to_approve(self) -> list[dict[str, Any]]:
        """The open holds that are to be approved: none in a pipeline in which anything has failed."""
        wanted = self.wanted
        return [
            hold
            for hold in ([] if self.view.has_failed else self.view.holds)
            if hold["job"] in wanted.approve
            and wanted.approve_in in (None, hold["workflow"])
            and hold["approval_request_id"] not in self._requests
        ]

    def _approve(self, client: Client) -> None:
        for hold in self.to_approve():
            approved = self.source.approve(client, hold)
            self._requests.add(hold["approval_request_id"])
            if approved:
                self.approved.append(str(hold["job"]))
                self.client.report(f"{self.named} {hold['workflow']}: {hold['job']} is approved")

    def _report(self) -> None:
        """Tell each change of a state."""
        for workflow in self.view.all:
            for job in self.view.jobs_of(workflow):
                if job.get("status") != "blocked":
                    self._note(f"{workflow.get('name')} > {job.get('name')}", job, failed=has_failed(job))
            failed = word_of(workflow) in (FAILED, CANCELED)
            self._note(str(workflow.get("name")), workflow, failed=failed)

    def _note(self, name: str, thing: dict[str, Any], *, failed: bool) -> None:
        key, status = str(thing.get("id")), str(thing.get("status"))
        before = self._statuses.get(key)
        if before != status:
            self._statuses[key] = status
            change = f"{before} -> {status} ({self.poller.waited:.0f} s)" if before else status
            self.client.report(f"{self.named} {name}: {change}", failed=failed)

    def _refuse_itself(self) -> None:
        """Fail when this task is itself a job of what it waits for (PF §10.23)."""
        own = os.environ.get("CIRCLE_WORKFLOW_ID")
        for workflow in self.view.workflows:
            if own and workflow.get("id") == own and not is_final(workflow):
                raise CircleCIError(
                    f"This task runs in the workflow {plain(str(workflow.get('name')))!r} that it waits for, which "
                    "cannot end before it",
                    hint="Name the other workflows in the option workflows of community.circleci.circleci_pipeline.",
                )


def view_of(
    pipeline: Pipeline,
    listed: list[Workflow],
    jobs: Mapping[str, list[Job]] | None = None,
    names: tuple[str, ...] = (),
    approved: Collection[str] = (),
) -> View:
    """What was seen of a pipeline, which stays as it is when more is seen. See :class:`View`."""
    errors = pipeline.get("errors")
    messages = tuple(map(error_text, errors)) if isinstance(errors, list) else ()
    return View(str(pipeline.get("state")), messages, tuple(listed), dict(jobs or {}), names, frozenset(approved))


def error_text(error: Any) -> str:
    """An error of a pipeline, in words (PF §2.4)."""
    return plain(str(error.get("message") or error.get("type"))) if isinstance(error, dict) else plain(str(error))


def unmatched(approve: Collection[str], view: View) -> list[str]:
    """Which of the holds to approve are in no workflow that was seen."""
    known = {job.get("name") for jobs in view.jobs.values() for job in jobs if job.get("type") == APPROVAL}
    return [name for name in approve if name not in known]
