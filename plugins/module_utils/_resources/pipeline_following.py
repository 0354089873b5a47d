# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What comes of a pipeline that a task follows: a result, or why it is a failure (``api-v2-pipelines.md`` §4)."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources import pipeline_failures as failures
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    BROKEN,
    ERRORED,
    HELD,
    NOT_RUN,
    PENDING,
    SUCCEEDED,
    SUCCESS,
    Pipeline,
    counting,
    is_setup,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import (
    FAIL,
    RETURN,
    PipelineWatch,
    Wanted,
    unmatched,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    ById,
    described,
    described_workflows,
    failed_steps_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Poller, checked_seconds
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

LOOK_EVERY = 1.0  # seconds between two looks for what was just made
_WAITS = "The real run waits for it."
_AT_A_HOLD = {
    FAIL: "The real run fails, unless somebody approves before what it waits for.",
    RETURN: "The real run ends well all the same.",
}
"""What check mode says of a pipeline in which nothing is left but holds."""


class Following:
    """A task that may follow a pipeline.

    :param wanted: what it wants of the wait
    :raises CircleCIError: for options that cannot be
    """

    def __init__(self, client: Client, project: Project, params: dict[str, Any], wanted: Wanted) -> None:
        checked_seconds(**{name: params[name] for name in ("wait_interval", "wait_timeout", "appear_timeout")})
        if params["log_lines"] < 0:
            raise invalid("log_lines must be 0 or more.")
        self.client = client
        self.project = project
        self.params = params
        self.wanted = wanted
        self.known: dict[str, Any] = {}
        """results of what was done so far"""
        self.approved: list[str] = []
        """the names of the holds that this task has approved"""
        self.poller = Poller(client, interval=params["wait_interval"], timeout=params["wait_timeout"])

    def watch(self, pipeline: Pipeline) -> PipelineWatch:
        """What looks at a pipeline."""
        return PipelineWatch(
            self.client,
            self.source(pipeline),
            self.wanted,
            pipeline=pipeline,
            named=self.named(pipeline),
            poller=self.poller,
        )

    def source(self, pipeline: Pipeline) -> ById:
        """Where it is read, and its holds are approved."""
        return ById(pipeline["id"])

    def named(self, pipeline: Pipeline) -> str:
        """A pipeline in a line of progress."""
        return f"{self.project} pipeline #{pipeline['number']}"

    def watcher(self) -> Poller:
        """What counts the time that something may take to appear."""
        return Poller(self.client, interval=LOOK_EVERY, timeout=self.wanted.appear_timeout)

    def note(self, pipeline: Pipeline, watch: PipelineWatch | None = None, *, reused: bool = False) -> None:
        """Keep what is known of the pipeline of this task, for its result."""
        client, project = self.client, self.project
        # Nobody has looked at the workflows of one that was just made.
        status = watch.view.status if watch else ERRORED if pipeline.get("state") == ERRORED else PENDING
        self.known["pipeline"] = described(client, project, pipeline, status)
        if reused:
            self.known["reused"] = True
        if watch:
            self.known["workflows"] = described_workflows(client, project, pipeline, watch.view)
            self.known["holds"] = watch.view.holds

    def followed(self, result: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
        """The result, with the end of the pipeline. See :meth:`follow`."""
        self.follow(pipeline)
        return {**result, **self.known, "changed": result["changed"] or bool(self.approved)}

    def follow(self, pipeline: Pipeline) -> None:
        """Wait for the end of the pipeline, and note what is known of it then.

        :raises CircleCIError: when that is not what is wanted
        """
        watch = self.watch(pipeline)
        try:
            verdict = watch.follow()
        finally:
            if watch.view.state:
                self.note(watch.pipeline, watch)
            self.known["waited_seconds"] = self.poller.waited_seconds
            self.approved += watch.approved
        if verdict == SUCCEEDED:
            if watch.view.status == PENDING:
                self.known["pipeline"]["status"] = SUCCESS  # of a setup workflow that continued nothing
            self._warn_of(watch)
        elif not (verdict == HELD and self.wanted.on_hold == RETURN):
            raise self.failure(watch, verdict)

    def looked(self, result: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
        """The result of check mode, which looks once and never waits.

        :raises CircleCIError: when the pipeline has ended badly, as in the real run
        """
        watch = self.watch(pipeline)
        verdict = watch.glance()
        self.note(watch.pipeline, watch)
        result.update(self.known)
        who = failures.named(self.project, self.known["pipeline"])
        if verdict == BROKEN:
            raise self.failure(watch, verdict)
        to_approve = [str(hold["job"]) for hold in watch.to_approve()]
        if to_approve:
            result["changed"] = True
            self.client.warn(f"{who} waits for approvals that the real run gives: {', '.join(to_approve)}.")
        elif verdict != SUCCEEDED:
            outlook = _AT_A_HOLD.get(self.wanted.on_hold, _WAITS) if verdict == HELD else _WAITS
            self.client.warn(f"{who} is {watch.view.status}: it has not ended. {outlook}")
        return result

    def _warn_of(self, watch: PipelineWatch) -> None:
        """Warn of what a success leaves open."""
        view, who = watch.view, failures.named(self.project, self.known["pipeline"])
        skipped = [str(each.get("name")) for each in view.workflows if each.get("status") == NOT_RUN]
        if skipped:
            self.client.warn(f"{who} has succeeded, but of its workflows these were not run: {', '.join(skipped)}.")
        if view.only_set_up:
            self.client.warn(f"{who} ran its setup workflow only: nothing followed.")
        lost = [each for each in counting(filter(is_setup, view.listed)) if each not in view.all]
        if any(each.get("status") not in (SUCCESS, "running") for each in lost):
            self.client.warn(f"{who} has succeeded, but for its setup workflow.")
        if missing := unmatched(self.wanted.approve, view):
            self.client.warn(f"{who} has no holds of these names, which were to be approved: {', '.join(missing)}.")

    def failure(self, watch: PipelineWatch, verdict: str | None) -> CircleCIError:
        """Why the end of a pipeline, or that there is none, is a failure."""
        view, who = watch.view, failures.named(self.project, self.known["pipeline"])
        if verdict is None:
            return failures.timed_out(who, view, self.poller.timeout, approved=watch.approved)
        if verdict == HELD:
            return failures.held(who, view)
        steps = failed_steps_of(self.client, self.project, view, self.params["log_lines"])
        self.known["failed_steps"] = steps
        return failures.broken(self.client, self.project, watch.pipeline, who, view, steps)
