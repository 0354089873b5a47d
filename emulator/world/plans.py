# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pipelines are made of before they run: configurations, and scripts that say how one pipeline goes.

Scenarios are scripts with a name: api-v2-pipelines.md §9.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_type_hints

from .checks import check

Outcome = Literal[
    "success", "failed", "no_tests", "timedout", "infrastructure_fail", "canceled", "not_run", "retried", "stuck"
]
Parameter = str | bool | int
Json = dict[str, Any]


@dataclass(frozen=True)
class JobPlan:
    """A job of a workflow."""

    name: str
    type: Literal["build", "approval"] = "build"
    requires: list[str] = field(default_factory=list)
    """names of the jobs that must have succeeded before"""
    outcomes: list[Outcome] = field(default_factory=list)
    """how its build goes in the workflow's first run, its second and so on, the last one also in further ones; none:
    as the next script of a build says"""
    seconds: float | None = None
    """how long its build runs; null: as all do"""

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(JobPlan))


@dataclass(frozen=True)
class WorkflowPlan:
    """A workflow of a configuration."""

    name: str
    jobs: list[JobPlan]
    after: float = 0.0
    """seconds by which it starts later than its pipeline's other workflows"""
    end: Literal["unauthorized", "error", "not_run"] | None = None
    """it ends so at once and runs no job"""
    max_auto_reruns: int = 0

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(WorkflowPlan))
        names = [job.name for job in self.jobs]
        if len(set(names)) < len(names):
            raise ValueError(f"two jobs of {self.name} have the same name")
        for index, job in enumerate(self.jobs):
            # Requirements come first, so that there are no circles.
            if missing := set(job.requires) - set(names[:index]):
                raise ValueError(f"{job.name} requires what is not before it: {', '.join(sorted(missing))}")


@dataclass(frozen=True)
class Configuration:
    """What a configuration file says."""

    workflows: list[WorkflowPlan]
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """those that are declared, with their defaults"""
    setup: WorkflowPlan | None = None
    """the workflow that runs first and continues with the others"""

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(Configuration))

    def source(self, *, first: bool) -> str:
        """Return it as the text of a file.

        :param first: with a setup workflow, the file that has that workflow.
        """
        kinds = {bool: "boolean", int: "integer", str: "string"}
        lines = ["version: 2.1", *(["setup: true"] if first and self.setup else [])]
        if self.parameters:
            lines.append("parameters:")
        for name, default in self.parameters.items():
            lines += [
                f"  {json.dumps(name)}:",
                f"    type: {kinds[type(default)]}",
                f"    default: {json.dumps(default)}",
            ]
        lines.append("workflows:")
        for workflow in [self.setup] if first and self.setup else self.workflows:
            lines += [f"  {json.dumps(workflow.name)}:", "    jobs:"]
            for job in workflow.jobs:
                approval = ["          type: approval"] if job.type == "approval" else []
                requires = [f"          requires: {json.dumps(job.requires)}"] if job.requires else []
                colon = ":" if approval or requires else ""
                lines += [f"      - {json.dumps(job.name)}{colon}", *approval, *requires]
        return "\n".join([*lines, ""])


Continues = Literal["yes", "rejected", "conflict", "never"]


@dataclass(frozen=True)
class PipelineScript:
    """How one pipeline goes, where that is not as the project's configuration says."""

    configuration: Configuration | None = None
    """null: that of the project"""
    errors: list[dict[str, str]] = field(default_factory=list)
    """`type` and `message` of why it is errored, in place of being compiled"""
    continues: Continues = "yes"
    """whether its setup workflow continues: `rejected`, the new configuration is refused after the workflow has
    succeeded; `conflict`, the call is refused, so that the workflow fails; `never`, there is no call"""
    delays: dict[str, float] = field(default_factory=dict)
    """seconds of its own for `visible`, `compiled`, `listed`, `accepted` or `rerun`"""
    unlisted: Literal["empty", "missing"] = "empty"
    """what the list of its workflows is until they are listed: empty, or a 404"""
    vcs: bool = True
    """without, it has `trigger_parameters` in place of `vcs`, as pipelines of Apps have"""
    skipped: bool = False
    """the head commit says `[ci skip]`, so that there is no pipeline"""

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(PipelineScript))
        if unknown := self.delays.keys() - {"visible", "compiled", "listed", "accepted", "rerun"}:
            raise ValueError(f"no such delay: {', '.join(sorted(unknown))}")


def one_after_the_other(name: str, jobs: list[str]) -> WorkflowPlan:
    """Return a workflow of builds in a row."""
    plans = [JobPlan(job, requires=jobs[max(index - 1, 0) : index]) for index, job in enumerate(jobs)]
    return WorkflowPlan(name, plans)


def configuration_of(document: Json) -> Configuration:
    """Return a configuration from its JSON, whose names are those of the classes here.

    :raises ValueError: it is none.
    """
    fields = dict(document)
    fields["workflows"] = [_workflow_of(each) for each in _list(fields, "workflows")]
    if fields.get("setup") is not None:
        fields["setup"] = _workflow_of(fields["setup"])
    return Configuration(**fields)


def script_of(document: Json) -> PipelineScript:
    """Return a script from its JSON: a scenario's, with what else the document says.

    :raises ValueError: it is none, or there is no such scenario.
    """
    fields = dict(document)
    scenario = fields.pop("scenario", None)
    if scenario is not None and scenario not in SCENARIOS:
        raise ValueError(f"there is no scenario {scenario}; there are: {', '.join(SCENARIOS)}")
    if fields.get("configuration") is not None:
        fields["configuration"] = configuration_of(fields["configuration"])
    return PipelineScript(**{**(vars(SCENARIOS[scenario]) if scenario else {}), **fields})


def _workflow_of(document: Json) -> WorkflowPlan:
    fields = dict(document)
    fields["jobs"] = [JobPlan(**({"name": each} if isinstance(each, str) else each)) for each in _list(fields, "jobs")]
    return WorkflowPlan(**fields)


def _list(fields: Mapping[str, Any], name: str) -> list[Any]:
    found = fields.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name} must be a list")
    return found


def _builds(name: str, *jobs: JobPlan | str, **options: Any) -> WorkflowPlan:
    return WorkflowPlan(name, [JobPlan(job) if isinstance(job, str) else job for job in jobs], **options)


_TEST: Final = JobPlan("test")
_FAILING_TEST: Final = JobPlan("test", outcomes=["failed"])
_BUILD: Final = _builds("build-and-test", _TEST)
_DEPLOY: Final = (JobPlan("hold", "approval", ["test"]), JobPlan("deploy", requires=["hold"]))
_SETUP: Final = _builds("setup", JobPlan("generate-config", outcomes=["success"]))


def _scripted(*workflows: WorkflowPlan, setup: WorkflowPlan | None = None, **options: Any) -> PipelineScript:
    return PipelineScript(Configuration(list(workflows), setup=setup), **options)


def _errored(type_: str, message: str) -> PipelineScript:
    return PipelineScript(errors=[{"type": type_, "message": message}])


SCENARIOS: Final[dict[str, PipelineScript]] = {
    "errored-config": _errored("config", "Unexpected argument(s): target"),
    "errored-config-fetch": _errored("config-fetch", "Failed to fetch config.yml file."),
    "errored-plan": _errored("plan", "The organization's plan does not cover this pipeline."),
    "skipped": PipelineScript(skipped=True),
    "no-workflow": _scripted(),
    "two-workflows": _scripted(_BUILD, _builds("lint", "lint")),
    "second-workflow-fails": _scripted(_BUILD, _builds("lint", JobPlan("lint", outcomes=["failed"]))),
    "late-workflow": _scripted(
        _builds("build-and-test", JobPlan("test", seconds=20)),
        _builds("nightly", JobPlan("nightly", outcomes=["failed"]), after=15),
    ),
    "late": PipelineScript(delays={"visible": 10, "compiled": 10, "listed": 10}, unlisted="missing"),
    "hold": _scripted(_builds("build-and-deploy", _TEST, *_DEPLOY)),
    "two-holds": _scripted(
        _builds(
            "build-and-deploy",
            _TEST,
            JobPlan("hold-staging", "approval", ["test"]),
            JobPlan("deploy-staging", requires=["hold-staging"]),
            JobPlan("hold-production", "approval", ["deploy-staging"]),
            JobPlan("deploy-production", requires=["hold-production"]),
        )
    ),
    "fail-and-hold": _scripted(_builds("build-and-deploy", _FAILING_TEST, JobPlan("hold", "approval"))),
    "hold-beside-a-failure": _scripted(
        _builds("build-and-deploy", JobPlan("build"), JobPlan("hold", "approval", ["build"])),
        _builds("tests", _FAILING_TEST),
    ),
    "auto-rerun": _scripted(
        _builds("build-and-test", JobPlan("test", outcomes=["failed", "success"]), max_auto_reruns=2)
    ),
    "unauthorized": _scripted(_BUILD, _builds("deploy", "deploy", end="unauthorized")),
    "error": _scripted(_builds("build-and-test", _TEST, end="error")),
    "not-run": _scripted(_builds("build-and-test", _TEST, end="not_run")),
    "not-run-beside-success": _scripted(_BUILD, _builds("lint", "lint", end="not_run")),
    "infrastructure-fail": _scripted(_builds("build-and-test", JobPlan("test", outcomes=["infrastructure_fail"]))),
    "setup-continue": _scripted(_BUILD, setup=_SETUP),
    "setup-rejected": _scripted(_BUILD, setup=_SETUP, continues="rejected"),
    "setup-conflict": _scripted(_BUILD, setup=_SETUP, continues="conflict"),
    "setup-only": _scripted(_BUILD, setup=_SETUP, continues="never"),
    "app": PipelineScript(vcs=False),
}
"""By the names by which tests and `curl` ask for them."""
