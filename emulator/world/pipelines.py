# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines, their workflows and jobs, and the machine that moves them: api-v2-pipelines.md §2 to §5.

A pipeline is compiled, its workflows are listed, and their jobs become builds when what they require has succeeded.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import Final

from .builds import Builds
from .model import DEFAULT_JOB, FINAL_WORKFLOWS, Build, Job, Pipeline, Project, Script, User, Workflow
from .plans import Configuration, Parameter, PipelineScript, WorkflowPlan, one_after_the_other

MOST_RERUNS: Final = 100
CONTINUATION_SECONDS: Final = 6 * 3600.0
UNEXPECTED: Final = "Unexpected argument(s): "
FIRST_APPROVAL: Final = 100_000
"""Approvals have numbers like builds, but there is nothing of that number (api-v2-pipelines.md §10.15)."""
BROKEN: Final = frozenset({"failed", "timedout", "infrastructure_fail", "unauthorized"})


class RefusedError(Exception):
    """What the service does not do, in its words."""


class Machine(Builds):
    """Starts pipelines, and moves them and their builds."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.pipeline_scripts: deque[PipelineScript] = deque()
        """for the next pipelines, of whatever project; after the last one they go as their configuration says"""
        self.pipelines: dict[str, Pipeline] = {}
        self.workflows: dict[str, Workflow] = {}
        self._approvals = 0

    # Starting.

    def next_script(self) -> PipelineScript:
        """Return the script of the next pipeline, which is used up."""
        return self.pipeline_scripts.popleft() if self.pipeline_scripts else PipelineScript()

    def pipeline(
        self,
        project: Project,
        user: User | None,
        *,
        branch: str | None = None,
        tag: str | None = None,
        revision: str | None = None,
        parameters: Mapping[str, Parameter] | None = None,
        trigger: str = "api",
        why: str = "api",
        script: PipelineScript | None = None,
    ) -> Pipeline:
        """Start a pipeline on a branch or a tag that exists; neither is the default branch."""
        script = self.next_script() if script is None else script
        found = self._new(project, user, branch, tag, revision, trigger, why, script)
        found.parameters = dict(parameters or {})
        self._cancel_older(found)
        visible = self._delay(found, "visible")
        self.later(visible, lambda: setattr(found, "is_visible", True))
        self.later(visible + self._delay(found, "compiled"), lambda: self._compile(found))
        return found

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
        """Start one job alone, at once. Each call is a new build."""
        found = self._new(project, user, branch, tag, revision, "api", why, PipelineScript())
        found.state, found.is_visible, found.is_listed = "created", True, True
        workflow = self._add(found, one_after_the_other(job, [job]), user)
        return self._build(workflow, workflow.jobs[0], user, why, parameters, no_cache=no_cache)

    def retry(self, source: Build, user: User | None, *, why: str, no_cache: bool = False) -> Build:
        """Run the job of a build again, as a new build in a workflow of its own."""
        if source.workflow is None:
            found = self._new(
                source.project, user, source.branch, source.tag, source.revision, "api", why, PipelineScript()
            )
            found.state, found.is_visible, found.is_listed = "created", True, True
            name = source.job
        else:
            found, name = source.workflow.pipeline, source.workflow.name
        workflow = self._add(found, one_after_the_other(name, [source.job]), user, is_manual=True)
        build = self._build(
            workflow, workflow.jobs[0], user, why, source.parameters, no_cache=no_cache, retry_of=source
        )
        build.ssh = why == "ssh"
        return build

    # What can be done to workflows.

    def approve(self, workflow: Workflow, job: Job | None = None, user: User | None = None) -> None:
        """Approve a hold, soon.

        :param job: None for all that are open, and for a workflow that the script of a build holds.
        :raises RefusedError: it is not open.
        """
        if job is None:
            self._let_go(workflow)
            for each in workflow.jobs:
                if each.status == "on_hold":
                    self._approve(workflow, each, user)
        elif job.plan.type != "approval" or job.status != "on_hold":
            raise RefusedError("Bad request.")
        else:
            self.later(self._delay(workflow.pipeline, "accepted"), lambda: self._approve(workflow, job, user))

    def cancel_workflow(self, workflow: Workflow, user: User | None) -> None:
        """Cancel a workflow, soon; one that has ended stays as it is."""
        self.later(self._delay(workflow.pipeline, "accepted"), lambda: self._cancel(workflow, user))

    def rerun(
        self,
        workflow: Workflow,
        user: User | None,
        *,
        from_failed: bool = False,
        jobs: Collection[Job] = (),
        ssh: bool = False,
    ) -> Workflow:
        """Run a workflow again, as a new one: all of it, from what failed, or some jobs and what requires them.

        :raises RefusedError: it has not ended, or was run too often.
        """
        if workflow.stopped is None:
            raise RefusedError("Workflow must be in a terminal state to be rerun")
        runs = [each for each in workflow.pipeline.workflows if each.name == workflow.name]
        if len(runs) > MOST_RERUNS:
            raise RefusedError("Bad request.")
        if from_failed and workflow.status == "success":
            raise RefusedError("Bad request.")
        again = {job.plan.name for job in jobs or workflow.jobs if jobs or not from_failed or job.status != "success"}
        return self._again(workflow, user, again, with_ssh={job.plan.name for job in jobs} if ssh else set())

    def proceed(self, pipeline: Pipeline, parameters: Mapping[str, Parameter] | None = None) -> None:
        """Continue a pipeline whose setup workflow runs, with the workflows of its configuration.

        :raises RefusedError: it cannot be continued.
        """
        if pipeline.state != "setup":
            raise RefusedError("Pipeline is not in setup state.")
        given = parameters or {}
        if any(pipeline.parameters.get(name, value) != value for name, value in given.items()):
            raise RefusedError("Conflicting pipeline parameters.")
        pipeline.state = "pending"
        self.later(self._delay(pipeline, "compiled"), lambda: self._hand_over(pipeline))

    def stop(self, project: Project, user: User | None) -> None:
        """Cancel all that runs in a project."""
        for build in project.builds:
            self.cancel(build, user)
        for workflow in [each for pipeline in project.pipelines for each in pipeline.workflows]:
            self._cancel(workflow, user)

    # What tests and polls move.

    def look(self, pipeline: Pipeline) -> None:
        """Tell the machine that a client looks at how this pipeline goes."""
        if self.progress == "poll":
            self.step_all(pipeline)

    def step_all(self, pipeline: Pipeline) -> None:
        """Move every build of a pipeline to its next state now."""
        for build in [build for workflow in pipeline.workflows for build in workflow.builds]:
            self.step(build)

    def finish_all(self, pipeline: Pipeline) -> None:
        """Move a pipeline on until it has ended, or only people move it."""
        while active := [build for each in pipeline.workflows for build in each.builds if self._goes_on(build)]:
            for build in active:
                self.finish(build)

    # Inside: pipelines.

    def _delay(self, pipeline: Pipeline, name: str) -> float:
        return pipeline.script.delays.get(name, self.seconds[name])

    def _new(
        self,
        project: Project,
        user: User | None,
        branch: str | None,
        tag: str | None,
        revision: str | None,
        trigger: str,
        why: str,
        script: PipelineScript,
    ) -> Pipeline:
        if tag is None and branch is None and revision is None:
            branch = project.default_branch
        if revision is None:
            revision = project.tags[tag] if tag else project.branches[branch or project.default_branch]
        found = Pipeline(
            project,
            len(project.pipelines) + 1,
            self.now(),
            branch,
            tag,
            revision,
            user,
            trigger,
            why,
            script,
            script.configuration or project.configured,
        )
        project.pipelines.append(found)
        self.pipelines[found.id] = found
        return found

    def _cancel_older(self, pipeline: Pipeline) -> None:
        """Cancel what runs for the same branch, if the project wants that; the default branch is spared."""
        project = pipeline.project
        if not project.feature_flags["autocancel-builds"] or pipeline.branch in (None, project.default_branch):
            return
        for other in project.pipelines:
            if other is not pipeline and other.branch == pipeline.branch and other.trigger != "scheduled_pipeline":
                for workflow in other.workflows:
                    if not workflow.is_manual:
                        self._cancel(workflow, None)

    def _compile(self, pipeline: Pipeline) -> None:
        """Compile the configuration, the first one where there is a setup workflow."""
        errors = [*pipeline.script.errors, *wrong_parameters(pipeline.configuration, pipeline.parameters)]
        if errors:
            pipeline.state, pipeline.errors = "errored", errors
            return
        setup = pipeline.configuration.setup
        if setup is None:
            self._hand_over(pipeline)
            return
        pipeline.state = "setup-pending"

        def begin() -> None:
            pipeline.state = "setup"
            self._list(pipeline)
            self._begin(pipeline, setup, is_setup=True)

        self.later(self._delay(pipeline, "compiled"), begin)

    def _hand_over(self, pipeline: Pipeline) -> None:
        """Start the workflows of the configuration that is compiled now."""
        if pipeline.configuration.setup and pipeline.script.continues == "rejected":
            pipeline.state = "errored"
            pipeline.errors = [{"type": "config", "message": f"{UNEXPECTED}target"}]
            return
        pipeline.state = "created"
        self._list(pipeline)
        for plan in pipeline.configuration.workflows:
            self.later(plan.after, functools.partial(self._begin, pipeline, plan))

    def _list(self, pipeline: Pipeline) -> None:
        if not pipeline.is_listed:
            self.later(self._delay(pipeline, "listed"), lambda: setattr(pipeline, "is_listed", True))

    # Inside: workflows and jobs.

    def _add(
        self,
        pipeline: Pipeline,
        plan: WorkflowPlan,
        user: User | None,
        *,
        jobs: list[Job] | None = None,
        is_setup: bool = False,
        is_manual: bool = False,
        auto_rerun: int = 0,
    ) -> Workflow:
        """Add a run of a workflow, without starting anything of it."""
        found = Workflow(
            pipeline,
            plan,
            self.now(),
            [Job(each) for each in plan.jobs] if jobs is None else jobs,
            starter=user,
            is_setup=is_setup,
            is_manual=is_manual,
            auto_rerun=auto_rerun,
        )
        pipeline.workflows.append(found)
        self.workflows[found.id] = found
        return found

    def _begin(self, pipeline: Pipeline, plan: WorkflowPlan, *, is_setup: bool = False) -> None:
        workflow = self._add(pipeline, plan, pipeline.user, is_setup=is_setup)
        if plan.end:
            for job in workflow.jobs:
                job.state = "unauthorized" if plan.end == "unauthorized" else "not_run"
            self._close(workflow, plan.end)
        else:
            self._advance(workflow)

    def _again(
        self,
        workflow: Workflow,
        user: User | None,
        names: Collection[str],
        *,
        with_ssh: Collection[str] = (),
        auto_rerun: int = 0,
    ) -> Workflow:
        """Run some jobs, and what requires them, again in a new run; all others stay as they are."""
        old = {job.plan.name: job for job in workflow.jobs}
        fresh = set(names)
        jobs: list[Job] = []
        for plan in workflow.plan.jobs:
            if fresh.intersection([plan.name, *plan.requires]):
                fresh.add(plan.name)
                jobs.append(Job(plan))
            else:
                jobs.append(old[plan.name])
        found = self._add(
            workflow.pipeline,
            workflow.plan,
            user,
            jobs=jobs,
            is_setup=workflow.is_setup,
            is_manual=not auto_rerun,
            auto_rerun=auto_rerun,
        )
        found.with_ssh = set(with_ssh)
        self._advance(found)
        return found

    def _advance(self, workflow: Workflow) -> None:
        """Start and open what can be, and say how the workflow is now."""
        if workflow.stopped is not None or workflow.held:
            return
        for job in workflow.jobs:
            if job.status in ("blocked", "on_hold") and workflow.is_canceled:
                job.state, job.stopped = "not_run" if job.status == "blocked" else "canceled", self.now()
            elif job.status == "blocked" and not job.is_planned:
                self._unblock(workflow, job)
        self._judge(workflow)

    def _judge(self, workflow: Workflow) -> None:
        """Say how a workflow is now. It may have ended meanwhile, when one of its builds was refused at once."""
        if workflow.stopped is not None:
            return
        states = [job.status for job in workflow.jobs]
        failed = any(job.is_final and job.status not in ("success", "not_run") for job in workflow.jobs)
        if any(job.is_active for job in workflow.jobs):
            workflow.status = "failing" if failed else "running"
        elif "on_hold" in states:
            workflow.status = "failing" if failed else "on_hold"
        elif workflow.is_canceled or (failed and not set(states) & BROKEN):
            cancelers = [job.build.canceler for job in workflow.jobs if job.build and job.build.canceler]
            workflow.canceler = next(iter(cancelers), workflow.canceler)
            self._close(workflow, "canceled")
        elif failed:
            self._close(workflow, "failed")
        elif any(job.build and job.status == "not_run" for job in workflow.jobs):
            self._close(workflow, "failed" if "success" in states else "not_run")
        else:
            self._close(workflow, "success")

    def _unblock(self, workflow: Workflow, job: Job) -> None:
        """Do with a job what those that it requires let it."""
        required = [each for each in workflow.jobs if each.plan.name in job.plan.requires]
        if any(each.is_final and each.status != "success" for each in required):
            job.state = "not_run"
        elif any(each.status != "success" for each in required):
            return
        elif job.plan.type == "approval":
            self._approvals += 1
            job.state, job.started, job.number = "on_hold", self.now(), FIRST_APPROVAL + self._approvals
        else:
            # The pause lets clients meet a workflow that runs although all its builds have ended.
            job.is_planned = True
            self.later(self.seconds["between_jobs"] if required else 0, lambda: self._start_job(workflow, job))

    def _start_job(self, workflow: Workflow, job: Job) -> None:
        if not job.is_planned:
            return  # It was canceled meanwhile.
        job.is_planned = False
        pipeline, plan = workflow.pipeline, job.plan
        runs = sum(each.name == workflow.name for each in pipeline.workflows)
        script = None
        if workflow.is_setup and (pipeline.state != "setup" or pipeline.script.continues == "conflict"):
            script = Script("failed")  # The call that continues is refused.
        elif plan.outcomes:
            script = Script(plan.outcomes[min(runs, len(plan.outcomes)) - 1])
        parameters = {"CIRCLE_JOB": plan.name}
        upstream = [each.id for each in workflow.jobs if each.plan.name in plan.requires]
        self._build(workflow, job, workflow.starter, pipeline.why, parameters, script=script, upstream=upstream)

    def _build(
        self,
        workflow: Workflow,
        job: Job,
        user: User | None,
        why: str,
        parameters: dict[str, str] | None,
        *,
        script: Script | None = None,
        upstream: list[str] | None = None,
        no_cache: bool = False,
        retry_of: Build | None = None,
    ) -> Build:
        """Start the build of a job."""
        build = job.build = self.start(
            workflow,
            job.plan.name,
            script,
            seconds=job.plan.seconds,
            user=user,
            why=why,
            parameters=parameters,
            upstream=upstream,
            no_cache=no_cache,
            retry_of=retry_of,
        )
        job.id = build.job_id
        if retry_of:
            retry_of.retries.append(build.number)
        self._advance(workflow)
        return build

    def ended(self, build: Build) -> None:
        workflow = build.workflow
        job = next((job for job in workflow.jobs if job.build is build), None) if workflow else None
        if workflow is None or job is None:
            return
        if build.status == "retried":
            script = Script() if job.plan.outcomes else None
            self._build(workflow, job, build.user, "auto-retry", build.parameters, script=script, retry_of=build)
            return
        then = build.script.then if build.outcome == "success" else None
        if then in FINAL_WORKFLOWS:
            self._close(workflow, then)
        elif then:
            workflow.status, workflow.held = then, True
        has_succeeded = all(each.status == "success" for each in workflow.jobs)
        if workflow.is_setup and has_succeeded and workflow.pipeline.script.continues != "never":
            self.proceed(workflow.pipeline)
        self._advance(workflow)

    def _let_go(self, workflow: Workflow) -> None:
        """Let a workflow go on that the script of a build has held."""
        if workflow.held:
            workflow.held = False
            self._advance(workflow)

    def _approve(self, workflow: Workflow, job: Job, user: User | None) -> None:
        if job.status == "on_hold" and workflow.stopped is None:
            job.state, job.stopped, job.approver = "success", self.now(), user
            self._advance(workflow)

    def _cancel(self, workflow: Workflow, user: User | None) -> None:
        if workflow.stopped is not None:
            return
        workflow.is_canceled, workflow.canceler, workflow.held = True, user, False
        for job in workflow.jobs:
            job.is_planned = False
            if job.build:
                self.cancel(job.build, user)
        self._advance(workflow)

    def _close(self, workflow: Workflow, status: str) -> None:
        workflow.status, workflow.stopped = status, self.now()
        for job in workflow.jobs:
            if job.status in ("blocked", "on_hold"):
                job.state = "not_run"
        if status == "failed" and not workflow.is_manual and workflow.auto_rerun < workflow.plan.max_auto_reruns:
            self.later(self._delay(workflow.pipeline, "rerun"), lambda: self._rerun_by_itself(workflow))

    def _rerun_by_itself(self, workflow: Workflow) -> None:
        names = [job.plan.name for job in workflow.jobs if job.status != "success"]
        self._again(workflow, workflow.starter, names, auto_rerun=workflow.auto_rerun + 1)

    def _goes_on(self, build: Build) -> bool:
        return not build.is_final and not self._is_stuck(build)


def wrong_parameters(configuration: Configuration, given: Mapping[str, Parameter]) -> list[dict[str, str]]:
    """Return what a configuration says of parameters that it does not declare, or not so."""
    declared = configuration.parameters
    unknown = sorted(given.keys() - declared.keys())
    wrong = [name for name in sorted(given.keys() & declared.keys()) if type(given[name]) is not type(declared[name])]
    messages = [f"{UNEXPECTED}{', '.join(unknown)}"] if unknown else []
    messages += [f"Type error for argument {name}: expected type: {type(declared[name]).__name__}" for name in wrong]
    return [{"type": "config", "message": message} for message in messages]
