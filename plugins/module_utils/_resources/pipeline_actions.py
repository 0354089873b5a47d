# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Starting, awaiting and canceling pipelines: planning, applying and waiting (``api-v2-pipelines.md`` §2 to §4)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources import pipeline_failures as failures
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_following import Following
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_reuse import (
    NEVER,
    age_of,
    reusable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_seeking import Sought, unnamed
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_starting import (
    Start,
    Trigger,
    prepare,
    start_pipeline,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    CREATED,
    ERRORED,
    RERUN_GRACE,
    SUCCESS,
    Pipeline,
    View,
    Workflow,
    counting,
    expects_rerun,
    is_final,
    is_setup,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import (
    FAIL,
    Wanted,
    error_text,
    view_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    MOST_SOUGHT,
    NO_PIPELINE,
    ById,
    Reference,
    branch_of,
    described,
    iterate_pipelines,
    read_pipeline,
    revision_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import cancel, warn_of_end
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import result_without
from ansible_collections.community.circleci.plugins.module_utils._task.options import refuse_idle
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, result_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import checked_revision

T = TypeVar("T")
TRIGGERED, AWAITED, CANCELED = STATES = ("triggered", "succeeded", "canceled")
_IDLE = {
    TRIGGERED: ("pipeline_id", "pipeline_number", "keep_revision"),
    AWAITED: ("parameters", "definition", "config_branch", "reuse", "keep_revision"),
    CANCELED: ("parameters", "definition", "config_branch", "reuse", "workflows", "approve", "on_hold"),
}
_DEFAULTS = {"reuse": NEVER, "on_hold": FAIL}
NOTHING: dict[str, Any] = {
    "pipeline": dict(NO_PIPELINE),
    "workflows": [],
    "holds": [],
    "failed_steps": [],
    "canceled": [],
    "waited_seconds": 0.0,
    "reused": False,
}
"""What the module returns where nothing is known."""


def carry_out(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Do what a task of ``circleci_pipeline`` says, and wait for it if wanted. See the module's documentation.

    :raises CircleCIError: also for a pipeline that did not succeed, with the return values in its ``partial``
    """
    empty = unnamed(params) if params["state"] == CANCELED else []
    if (later := result_without(client, empty, NOTHING)) is not None:
        return later
    task = Task(client, params)
    try:
        if params["state"] == AWAITED:
            return task.succeeded()
        client.require_token()
        return task.canceled() if params["state"] == CANCELED else task.triggered()
    except CircleCIError as error:
        error.partial = {**NOTHING, **task.known}
        raise


class Task(Following):
    """A task of ``circleci_pipeline``.

    :raises CircleCIError: for options that cannot be, or would do nothing
    """

    def __init__(self, client: Client, params: dict[str, Any]) -> None:
        _refuse_idle_options(params)
        super().__init__(client, project_of(params), params, wanted_of(params))
        self.start = Start.from_params(params)
        self.sought = Sought.from_params(self.project, params, optional=params["state"] == TRIGGERED)
        self.keep_revision = checked_revision(params["keep_revision"], "keep_revision")

    # --- the three states -----------------------------------------------------------------------------------------

    def triggered(self) -> dict[str, Any]:
        """Start a pipeline, unless one is reused."""
        reference = self.start.reference
        shown = {"branch": reference.branch, "tag": reference.tag, "parameters": dict(self.start.parameters)}
        watch = self._known(lambda: reusable(self.client, self.project, self.start, self.params["reuse"], self.watch))
        if watch is not None:
            found = watch.pipeline
            told = {"pipeline": {"number": found["number"], **shown}}
            self.note(found, watch, reused=True)
            result = self._result(Plan(told, Outcome(told, {**NOTHING, **self.known})))
            return self._waited(result, found)
        started: list[Pipeline] = []
        trigger = self._known(lambda: prepare(self.client, self.project, self.start))

        def apply() -> Outcome:
            if trigger is None:
                raise AssertionError("only check mode goes on with an unknown project")
            pipeline = self._started(trigger)
            started.append(pipeline)
            return Outcome({"pipeline": {"number": pipeline["number"], **shown}}, {**NOTHING, **self.known})

        predicted = Outcome({"pipeline": {"number": UNKNOWN, **shown}}, dict(NOTHING))
        result = self._result(Plan({"pipeline": None}, predicted, apply))
        return self._waited(result, started[0]) if started else result

    def succeeded(self) -> dict[str, Any]:
        """Wait until the pipeline that is sought has succeeded, and for it to appear; never start one."""
        if self.wanted.approve:
            self.client.require_token()  # which only reading does without, of open-source projects
        found = self._known(lambda: self.sought.find(self.client))
        if found is None and not self.client.read_only:
            try:
                found = self.sought.wait(self.poller, self.wanted.appear_timeout)
            finally:
                self.known["waited_seconds"] = self.poller.waited_seconds
        result = {"changed": False, **NOTHING}
        if found is None:
            self.client.warn(
                f"{self.sought} is not there in {self.project}. The real run waits for it, "
                f"{self.wanted.appear_timeout:.0f} s at most."
            )
            return result
        self.note(found)
        return self.looked(result, found) if self.client.read_only else self.followed(result, found)

    def canceled(self) -> dict[str, Any]:
        """Cancel whatever is sought and has not ended. What is not there is not waited for."""
        seen = {pipeline["number"]: (pipeline, self._looked_over(pipeline)) for pipeline in self._to_cancel()}
        if seen:
            newest, view = next(iter(seen.values()))
            self.note(newest)
            self.known["pipeline"]["status"] = view.status
        running = [(pipeline, _running(view)) for pipeline, view in seen.values()]
        busy = [(pipeline, workflows) for pipeline, workflows in running if workflows]
        shown = [described(self.client, self.project, pipeline, None) for pipeline, _workflows in busy]

        def outcome(canceled: list[dict[str, Any]]) -> Outcome:
            told = {"canceled": [f"#{each['number']}" for each in canceled]}
            return Outcome(told, {**NOTHING, **self.known, "canceled": canceled})

        def apply() -> Outcome:
            for (pipeline, workflows), each in zip(busy, shown):
                self._cancel(pipeline, workflows, each)
            return outcome(self.known.get("canceled", []))

        done = self._result(Plan({"canceled": []}, outcome(shown), apply if busy else None))
        done["changed"] = bool(done["canceled"])  # All may have ended before.
        if self.params["wait"] and busy and not self.client.read_only:
            self.poller.start()
            try:
                for pipeline, workflows in busy:
                    self._await_end(pipeline, workflows)
            finally:
                self.known["waited_seconds"] = self.poller.waited_seconds
            done.update({name: self.known[name] for name in ("pipeline", "waited_seconds")})
        return done

    # --- their parts ----------------------------------------------------------------------------------------------

    def _waited(self, result: dict[str, Any], pipeline: Pipeline) -> dict[str, Any]:
        """The result, with the end of the pipeline if it is to be waited for."""
        if not self.params["wait"]:
            return result
        self.poller.start()
        return self.looked(result, pipeline) if self.client.read_only else self.followed(result, pipeline)

    def _started(self, trigger: Trigger) -> Pipeline:
        """Start a pipeline, and make sure that it is of the right commit."""
        pipeline = start_pipeline(self.client, self.project, trigger, self.watcher())
        self.note(pipeline)
        wanted = self.start.reference.revision
        if wanted is not None:
            try:
                pipeline = self._appeared(pipeline["id"])
            except CircleCIError as error:
                error.message = (
                    f"Pipeline #{pipeline['number']} of {self.project} was started, but whether it is of revision "
                    f"{wanted} cannot be told. {error.message}"
                )
                if error.method is None:
                    error.hint = "Look at it on CircleCI: it runs, unless somebody cancels it."
                raise
            self.note(pipeline)
            if revision_of(pipeline) != wanted:
                self._undo(pipeline, wanted)
            return pipeline
        try:
            pipeline = read_pipeline(self.client, pipeline["id"])
        except CircleCIError as error:
            # The answer to the trigger has what is needed; CircleCI may show the pipeline seconds later (PF §4.1).
            if error.status != 404:
                self.client.warn(f"The new pipeline could not be read. {error.message}")
        self.note(pipeline)
        return pipeline

    def _appeared(self, pipeline_id: str) -> Pipeline:
        """A pipeline that was just started, when CircleCI shows it with its commit, which it may not know at once."""
        poller = self.watcher()
        found = Sought(self.project, pipeline_id, None, Reference()).wait(poller, self.wanted.appear_timeout)
        while revision_of(found) is None and found["state"] not in (CREATED, ERRORED) and poller.left > 0:
            poller.pause()
            found = read_pipeline(self.client, pipeline_id)
        return found

    def _undo(self, pipeline: Pipeline, wanted: str) -> None:
        """Cancel the pipeline of a branch that has moved on, or that may be of any commit.

        :raises CircleCIError: always
        """
        reference, number = self.start.reference, pipeline["number"]
        where = plain(reference.branch or reference.tag or branch_of(pipeline) or "the branch")
        why = f"CircleCI does not say which commit pipeline #{number} is of: it"
        hint = "Look at the pipeline on CircleCI."
        if found := revision_of(pipeline):
            why = f"{where} has moved on to {plain(found)}: pipeline #{number}, which was started of it,"
            hint = (
                "API v2 starts the head of a branch or tag only: tag that commit and start the tag, or take the head."
            )
        if pipeline.get("errors"):
            hint = f"The pipeline has errors: {'; '.join(map(error_text, pipeline['errors']))}. {hint}"
        try:
            running = _running(self._looked_over(pipeline))
            self._cancel(pipeline, running, described(self.client, self.project, pipeline, None))
        except CircleCIError as error:
            error.message = f"{why} is to be canceled, for revision {wanted} was asked for, and is not. {error.message}"
            raise
        done = "is canceled" if self.known.get("canceled") else "runs nothing that can be canceled"
        raise CircleCIError(f"{why} {done}, for revision {wanted} was asked for", hint=hint)

    def _cancel(self, pipeline: Pipeline, workflows: list[Workflow], shown: dict[str, Any]) -> None:
        """Cancel workflows, and what comes of those that have ended meanwhile: a continuation, or an automatic rerun.

        :param shown: the pipeline as results show it
        """
        asked: set[str] = set()
        while workflows:
            for workflow in workflows:
                if cancel(self.client, workflow, self.named(pipeline)) is None:
                    others = [each for each in self.known.get("canceled", []) if each != shown]
                    self.known["canceled"] = [*others, shown]
                asked.add(str(workflow["id"]))
            workflows = [each for each in _running(self._looked_over(pipeline)) if each.get("id") not in asked]

    def _to_cancel(self) -> list[Pipeline]:
        """What is sought among the newest pipelines, newest first."""
        if self.sought.is_exact:
            return [self.sought.require(self.client)]
        reference = self.sought.reference
        listed = iterate_pipelines(self.client, self.project, reference.branch)
        seen = self._known(lambda: list(islice(listed, MOST_SOUGHT + 1))) or []
        if len(seen) > MOST_SOUGHT:
            self.client.warn(f"Only the newest {MOST_SOUGHT} pipelines of {self.project} were looked at.")
        kept = self.keep_revision
        found = [pipeline for pipeline in seen[:MOST_SOUGHT] if reference.fits(pipeline)]
        return [pipeline for pipeline in found if kept is None or revision_of(pipeline) != kept]

    def _looked_over(self, pipeline: Pipeline) -> View:
        """A pipeline when the workflows are there that are to come, or will not."""
        poller = self.watcher()
        while True:
            listed = ById(pipeline["id"]).listed(self.client)
            if self.client.read_only or not self._expects_more(pipeline, listed, poller.waited):
                return view_of(pipeline, listed)
            poller.pause()
            if listed:
                pipeline = read_pipeline(self.client, pipeline["id"])

    def _expects_more(self, pipeline: Pipeline, listed: list[Workflow], waited: float) -> bool:
        """Whether workflows are to come: of a young pipeline, of a continuation, or an automatic rerun (PF §3.5, §4.2).

        :param waited: seconds for which they did not
        """
        if pipeline.get("state") == ERRORED or pipeline.get("errors"):
            return False
        if not listed:
            return max(age_of(pipeline.get("created_at")), waited) < self.wanted.appear_timeout
        newest = counting(listed)
        age = max(age_of(*(workflow.get("stopped_at") for workflow in newest)), waited)
        if all(is_setup(workflow) and workflow.get("status") == SUCCESS for workflow in newest):
            return age < self.wanted.appear_timeout
        return any(map(expects_rerun, newest)) and age < RERUN_GRACE

    def _known(self, read: Callable[[], T | None]) -> T | None:
        """What is read of the project; None in check mode of one that is to be followed first."""
        return read_known(self.client, self.project, read, None)

    def _result(self, plan: Plan) -> dict[str, Any]:
        return result_of(plan, self.client, self.project)

    def _await_end(self, pipeline: Pipeline, canceled: list[Workflow]) -> None:
        """Wait until a pipeline that is being canceled has ended, however."""
        watch = self.watch(pipeline)
        # Until CircleCI does it, a hold stays open, and to the watch that is an end.
        while watch.follow() is None or not all(map(is_final, watch.view.listed)):
            if self.poller.left <= 0:
                who = failures.named(self.project, described(self.client, self.project, pipeline, None))
                raise failures.timed_out(who, watch.view, self.poller.timeout, canceling=True)
            self.poller.pause()
        if self.known["pipeline"]["id"] == pipeline["id"]:
            self.known["pipeline"]["status"] = watch.view.status
        ids = [workflow["id"] for workflow in canceled]
        for workflow in watch.view.listed:
            if workflow.get("id") in ids and workflow.get("status") == SUCCESS:
                warn_of_end(self.client, workflow, self.named(pipeline))


def _running(view: View) -> list[Workflow]:
    """The workflows of a pipeline that have not ended."""
    return [workflow for workflow in view.listed if not is_final(workflow)]


def _refuse_idle_options(params: dict[str, Any]) -> None:
    """Refuse options that would do nothing: whoever sets them expects something."""
    state = params["state"]
    idle = [name for name in _IDLE[state] if params[name] not in (_DEFAULTS.get(name), [], {})]
    refuse_idle(idle, state)
    if params["keep_revision"] is not None and params["branch"] is None:
        raise invalid("keep_revision goes with branch.", "Name the branch whose other pipelines are canceled.")
    if state == TRIGGERED and not params["wait"]:
        idle = [name for name in ("approve", "on_hold") if params[name] not in (_DEFAULTS.get(name), [])]
        if params["workflows"] and params["reuse"] == NEVER:
            idle.append("workflows")
        if idle:
            raise invalid(f"{', '.join(idle)} does nothing without wait.", "Set wait to true.")


def wanted_of(params: dict[str, Any]) -> Wanted:
    """What a task wants of a wait.

    :raises CircleCIError: for names that are empty
    """
    names = {name: tuple(params.get(name) or ()) for name in ("workflows", "approve")}
    for option, given in names.items():
        if not all(name.strip() for name in given):
            raise invalid(f"{option} has an empty name.", "Check the variable that it comes from.")
    return Wanted(names["workflows"], names["approve"], params["on_hold"], params["appear_timeout"])
