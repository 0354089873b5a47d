# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control interface under `/_emulator/`, for tests whose emulator is another process. It asks for no token."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable
from typing import Any, Final, Literal

from emulator.world import keys
from emulator.world.artifacts import Artifact, Artifacts
from emulator.world.builds import Progress
from emulator.world.checks import check
from emulator.world.model import Build, Pipeline, Project, Scope, Script
from emulator.world.plans import script_of
from emulator.world.state import USER, State

from .exchange import Answer, Call, read_json
from .faults import Fault
from .service import Service

PREFIX: Final = "/_emulator/"
Json = dict[str, Any]
_BUILDS: Final = {
    "scripts": list[dict[str, Any]],
    "seconds": dict[str, float],
    "progress": Progress,
    "project": str,
    "build_num": int,
    "to": Literal["end", "next"],
}
_PIPELINES: Final = {
    "scripts": list[dict[str, Any]],
    "project": str,
    "number": int,
    "push": dict[str, Any],
    "to": Literal["end", "next"],
}
_PUSH: Final = {"branch": str, "tag": str, "revision": str, "after": float, "script": dict[str, Any]}
# Far enough for every test, and near enough for the clock's times to be dates.
_MAX_OFFSET: Final = 10**9


Handler = Callable[[Service, Call, Json], Any]
_HANDLERS: Final[dict[tuple[str, str], Handler]] = {}


def control(method: str, name: str) -> Callable[[Handler], Handler]:
    """Register a function for a control call; it is given the JSON object that was sent."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[method, name] = handler
        return handler

    return register


def answer(service: Service, call: Call) -> Answer:
    """Carry out a control call; a mistake in it answers 400 with the reason. The caller holds the state's lock."""
    handler = _HANDLERS.get((call.method, call.path.removeprefix(PREFIX)))
    if handler is None:
        known = ", ".join(f"{method} {PREFIX}{name}" for method, name in _HANDLERS)
        return _text({"error": f"no such control call; there are: {known}"}, 404)
    try:
        fields = read_json(call.body or b"{}")
        result = handler(service, call, fields)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return _text({"error": f"{type(error).__name__}: {error}"}, 400)
    return _text(result, 200)


def _text(document: object, status: int) -> Answer:
    return Answer(json.dumps(document), status, content_type="application/json")


@control("GET", "requests")
def _get_requests(service: Service, call: Call, fields: Json) -> list[Json]:
    return [
        {**dataclasses.asdict(dataclasses.replace(record, headers={})), "headers": dict(record.headers)}
        for record in service.requests
    ]


@control("DELETE", "requests")
def _clear_requests(service: Service, call: Call, fields: Json) -> Json:
    service.clear()
    return {}


@control("GET", "connections")
def _get_connections(service: Service, call: Call, fields: Json) -> Json:
    return {"connections": service.connections}


@control("GET", "state")
def _get_state(service: Service, call: Call, fields: Json) -> Json:
    state = service.state
    state.machine.settle()
    wanted = call.query.get("project")
    projects = state.projects.values() if wanted is None else [state.project(wanted)]
    return {
        "switches": state.all_switches(),
        "latency": service.latency,
        "clock_offset": state.clock_offset,
        "date": state.date.isoformat(),
        "users": {user.login: {"heroku_key": user.heroku_key} for user in state.users.values()},
        "organizations": {each.slug: {"id": each.id, "name": each.name} for each in state.organizations.values()},
        **{name: item for part in state.parts() for name, item in part.view().items()},
        "projects": {project.slug: _whole_view(state, project) for project in projects},
    }


@control("PUT", "state")
def _put_state(service: Service, call: Call, fields: Json) -> Json:
    check(fields, {"switches": dict[str, Any], "latency": float, "clock_offset": float, "date": str})
    offset = float(fields.get("clock_offset", service.state.clock_offset))
    if abs(offset) > _MAX_OFFSET:
        raise ValueError(f"clock_offset must not be beyond {_MAX_OFFSET} seconds")
    date = datetime.date.fromisoformat(fields.get("date", service.state.date.isoformat()))
    service.state.set_switches(**fields.get("switches", {}))
    service.state.date = date
    service.latency = float(fields.get("latency", service.latency))
    service.state.clock_offset = offset
    return {}


@control("POST", "repositories")
def _add_repository(service: Service, call: Call, fields: Json) -> Json:
    project = service.state.add_repository(fields.pop("slug"), **fields)
    return {"slug": project.slug, "id": project.id}


@control("POST", "organizations")
def _add_organization(service: Service, call: Call, fields: Json) -> Json:
    check(fields, {"slug": str, "name": str})
    organization = service.state.add_organization(fields.pop("slug"), **fields)
    return {"id": organization.id}


@control("POST", "artifacts")
def _set_artifacts(service: Service, call: Call, fields: Json) -> Json:
    """Say what the builds of a job store from now on, or what one build has stored."""
    check(fields, {"project": str, "job": str, "build_num": int, "files": list[dict[str, Any]]})
    if ("job" in fields) == ("build_num" in fields):
        raise ValueError("give either job or build_num")
    artifacts = tuple(Artifact(**each) for each in fields["files"])
    project, part = service.state.project(fields["project"]), service.state.part(Artifacts)
    if "job" in fields:
        part.set_for_job(project, fields["job"], artifacts)
        return {}
    build = project.build(fields["build_num"])
    if build is None:
        raise ValueError(f"{project.slug} has no build {fields['build_num']}")
    part.set_for_build(build, artifacts)
    return {}


@control("POST", "tokens")
def _add_token(service: Service, call: Call, fields: Json) -> Json:
    check(fields, {"token": str, "login": str | None, "project": str | None, "label": str, "scope": Scope})
    service.state.add_token(fields.pop("token"), **fields)
    return {}


@control("POST", "faults")
def _add_fault(service: Service, call: Call, fields: Json) -> Json:
    service.faults.add(Fault(**fields))
    return {}


@control("DELETE", "faults")
def _clear_faults(service: Service, call: Call, fields: Json) -> Json:
    service.faults.clear()
    return {}


@control("POST", "reset")
def _reset(service: Service, call: Call, fields: Json) -> Json:
    service.reset()
    return {}


@control("POST", "builds")
def _builds(service: Service, call: Call, fields: Json) -> Json:
    """Script the next builds, choose what moves them, and move one."""
    check(fields, _BUILDS)
    machine = service.state.machine
    machine.scripts.extend([Script(**script) for script in fields.get("scripts", [])])
    machine.set_seconds(fields.get("seconds", {}))
    if progress := fields.get("progress"):
        machine.set_progress(progress)
    project, number = fields.get("project"), fields.get("build_num", 0)
    if project is None:
        return {}
    build = service.state.project(project).build(number)
    if build is None:
        raise ValueError(f"{project} has no build {number}")
    (machine.step if fields.get("to") == "next" else machine.finish)(build)
    return build_view(build)


@control("POST", "pipelines")
def _pipelines(service: Service, call: Call, fields: Json) -> Json:
    """Script the next pipelines, start one as a push does, or move one."""
    check(fields, _PIPELINES)
    service.state.machine.pipeline_scripts.extend([script_of(script) for script in fields.get("scripts", [])])
    if "project" not in fields:
        return {}
    project = service.state.project(fields["project"])
    if (push := fields.get("push")) is not None:
        check(push, _PUSH)
        service.push(project.slug, **push)
    if "number" not in fields:
        return {"pipelines": [pipeline_view(pipeline) for pipeline in project.pipelines]}
    found = service.pipeline(project.slug, fields["number"])
    if "to" in fields:
        machine = service.state.machine
        (machine.step_all if fields["to"] == "next" else machine.finish_all)(found)
    return pipeline_view(found)


def _whole_view(state: State, project: Project) -> Json:
    parts = (part.project_view(project) for part in state.parts())
    return dict(item for view in (project_view(project), *parts) for item in view.items())


def project_view(project: Project) -> Json:
    """Return what the emulator knows of a project, secrets included."""
    return {
        "id": project.id,
        "title": project.title,
        "set_up": project.set_up,
        "webhook": project.webhook,
        "following": USER in project.followers,
        "followers": sorted(project.followers),
        "default_branch": project.default_branch,
        "branches": project.branches,
        "tags": project.tags,
        "oss": project.oss,
        "checkout_keys": [
            {"type": key.type, "login": key.login, **_key_view(key.public_key)} for key in project.checkout_keys
        ],
        "ssh_keys": [{"hostname": key.hostname, **_key_view(key.public_key)} for key in project.ssh_keys],
        "env_vars": project.env_vars,
        "feature_flags": project.feature_flags,
        "builds": [build_view(build) for build in project.builds],
        "pipelines": [pipeline_view(pipeline) for pipeline in project.pipelines],
    }


def build_view(build: Build) -> Json:
    """Return the essentials of a build."""
    return {
        "build_num": build.number,
        "status": build.status,
        "lifecycle": build.lifecycle,
        "outcome": build.outcome,
        "branch": build.branch,
        "tag": build.tag,
        "revision": build.revision,
        "why": build.why,
        "job": build.job,
        "parameters": build.parameters,
        "retry_of": build.retry_of,
        "retries": build.retries,
        "workflow_id": build.workflow and build.workflow.id,
    }


def pipeline_view(pipeline: Pipeline) -> Json:
    """Return the essentials of a pipeline, its continuation key included."""
    return {
        "id": pipeline.id,
        "number": pipeline.number,
        "state": pipeline.state,
        "errors": pipeline.errors,
        "branch": pipeline.branch,
        "tag": pipeline.tag,
        "revision": pipeline.revision,
        "parameters": pipeline.parameters,
        "trigger": pipeline.trigger,
        "continuation_key": pipeline.continuation_key,
        "workflows": [
            {
                "id": workflow.id,
                "name": workflow.name,
                "status": workflow.status,
                "jobs": [
                    {"id": job.id, "name": job.plan.name, "type": job.plan.type, "status": job.status}
                    for job in workflow.jobs
                ],
            }
            for workflow in pipeline.workflows
        ],
    }


def _key_view(public_key: str) -> Json:
    return {
        "public_key": public_key,
        "fingerprint": keys.md5(public_key),
        "fingerprint_sha256": keys.sha256(public_key),
    }
