# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines: api-v2-pipelines.md §2, §5 and §9."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.definitions import Definitions
from emulator.world.model import Pipeline, Project
from emulator.world.pipelines import CONTINUATION_SECONDS, wrong_parameters
from emulator.world.pipelines import RefusedError as NotDoneError
from emulator.world.plans import Parameter

from . import shapes
from .bodies import validated
from .paging import page
from .routing import PROJECT, SPLIT_PROJECT, Missing, V2Request, route

_MISSING: Final = Missing("Pipeline not found")
_SKIPPED: Final = {"message": "Ignoring pipeline due to CI skip in the commit"}
_REFERENCE: Final = {"branch": "string", "tag": "string"}
_RUN: Final = {
    "definition_id": "string",
    "config": {**_REFERENCE, "content": "string"},
    "checkout": _REFERENCE,
    "parameters": "object",
}
_LONGEST: Final = {"entries": 100, "key": 128, "value": 512}


@route("POST", f"{PROJECT}/pipeline")
def trigger(request: V2Request) -> Answer:
    """Start a pipeline on the head of a branch or of a tag. Projects of Apps are not known to this call."""
    if request.project.is_app:
        raise request.missing()
    fields = request.call.fields
    branch, tag = _reference(request.project, fields)
    return _start(request, branch, tag, _parameters(fields))


@route("POST", f"{SPLIT_PROJECT}/pipeline/run", server="4.8")
def run(request: V2Request) -> Answer:
    """Start a pipeline by a definition. Without one it is the project's first, which is a guess."""
    fields = validated(request.call, _RUN, optional=True)
    known = request.state.part(Definitions).of(request.project)
    wanted = fields.get("definition_id", known[0].id)
    if wanted not in [each.id for each in known]:
        raise RefusedError(404, "Pipeline definition not found")  # the text is a guess
    config = fields.get("config", {})
    if "content" in config:
        raise RefusedError(403, "User is not authorized to supply custom config.")
    for reference in (config, fields.get("checkout", {})):
        if {"branch", "tag"} <= reference.keys() or "" in reference.values():
            raise RefusedError(400, "Invalid input")
    branch, tag = _reference(request.project, fields.get("checkout", {}))
    return _start(request, branch, tag, _parameters(fields))


@route("GET", f"{PROJECT}/pipeline", public=True)
def list_pipelines(request: V2Request) -> Answer:
    """Return the pipelines of a project, newest first, of all branches or of one."""
    branch = request.call.query.get("branch")
    found = [each for each in _visible(request.project) if branch in (None, each.branch)]
    return page(request, found, shapes.pipeline)


@route("GET", f"{PROJECT}/pipeline/mine")
def list_own_pipelines(request: V2Request) -> Answer:
    own = [each for each in _visible(request.project) if each.user is request.user]
    return page(request, own, shapes.pipeline)


@route("GET", f"{PROJECT}/pipeline/:number", public=True, absent=Missing())
def get_pipeline_by_number(request: V2Request) -> Answer:
    number = int(request.params["number"])
    for found in _visible(request.project):
        if found.number == number:
            return Answer(shapes.pipeline(found))
    raise _MISSING.error()


@route("GET", "/pipeline/:id", absent=_MISSING, public=True)
def get_pipeline(request: V2Request) -> Answer:
    return Answer(shapes.pipeline(_found(request)))


@route("GET", "/pipeline/:id/workflow", absent=_MISSING, public=True)
def list_workflows(request: V2Request) -> Answer:
    """Return every run of every workflow. That the newest comes first is a guess."""
    found = _found(request)
    request.state.machine.look(found)
    if not found.is_listed and found.script.unlisted == "missing":
        raise request.missing()
    return page(request, found.workflows[::-1] if found.is_listed else [], shapes.workflow)


@route("GET", "/pipeline/:id/config", absent=_MISSING, public=True)
def get_config(request: V2Request) -> Answer:
    """Return the configuration, the first one too where there is a setup workflow; compiled, it looks the same here."""
    found = _found(request)
    source = found.configuration.source(first=False)
    answer = {"source": source, "compiled": source}
    if found.configuration.setup:
        first = found.configuration.source(first=True)
        hyphen = "_" if request.state.switches.underscored_config else "-"
        answer |= {f"setup{hyphen}config": first, f"compiled{hyphen}setup{hyphen}config": first}
    return Answer(answer)


@route("GET", "/pipeline/:id/values", absent=_MISSING, public=True)
def get_values(request: V2Request) -> Answer:
    found = _found(request)
    values: dict[str, Any] = {
        "pipeline.id": found.id,
        "pipeline.number": found.number,
        "pipeline.project.git_url": found.project.vcs_url,
        "pipeline.project.type": found.project.vcs,
        "pipeline.git.branch": found.branch or "",
        "pipeline.git.tag": found.tag or "",
        "pipeline.git.revision": found.revision,
        "pipeline.trigger_source": found.trigger,
    }
    given = {**found.configuration.parameters, **found.parameters}
    return Answer(values | {f"pipeline.parameters.{name}": value for name, value in given.items()})


@route("POST", "/pipeline/continue", absent=_MISSING)
def proceed(request: V2Request) -> Answer:
    """Continue a pipeline, as a job of its setup workflow does. What it goes on with is what its script says."""
    fields = request.call.fields
    key = fields.get("continuation-key")
    machine = request.state.machine
    found = next((each for each in machine.pipelines.values() if each.continuation_key == key), None)
    if found is None or not isinstance(fields.get("configuration"), str):
        raise RefusedError(400, "Invalid input")
    if machine.now() - found.created > CONTINUATION_SECONDS:
        raise RefusedError(409, "Continuation key has expired. Please run a new pipeline.")
    try:
        machine.proceed(found, _parameters(fields))
    except NotDoneError as refusal:
        raise RefusedError(400, str(refusal)) from refusal
    return Answer({"message": "OK"})


def _found(request: V2Request) -> Pipeline:
    found = request.state.machine.pipelines.get(request.params["id"])
    return request.seen(found if found and found.is_visible else None, lambda pipeline: pipeline.project)


def _visible(project: Project) -> list[Pipeline]:
    return [each for each in reversed(project.pipelines) if each.is_visible]


def _start(request: V2Request, branch: str | None, tag: str | None, parameters: dict[str, Parameter]) -> Answer:
    machine = request.state.machine
    script = machine.next_script()
    if script.skipped:
        # What the older call says then is not known.
        return Answer(_SKIPPED)
    if request.state.switches.refuse_parameters:
        configuration = script.configuration or request.project.configured
        if wrong := wrong_parameters(configuration, parameters):
            raise RefusedError(400, wrong[0]["message"])
    found = machine.pipeline(
        request.project, request.user, branch=branch, tag=tag, parameters=parameters, script=script
    )
    return Answer(shapes.started(found), 201)


def _reference(project: Project, fields: dict[str, Any]) -> tuple[str | None, str | None]:
    """Return the branch and the tag to run, one of them None; none given is the default branch."""
    branch, tag = fields.get("branch"), fields.get("tag")
    if {"branch", "tag"} <= fields.keys() or not all(isinstance(each, str) and each for each in _given(branch, tag)):
        raise RefusedError(400, "Invalid input")
    if tag is not None:
        if tag not in project.tags:
            raise RefusedError(400, "Tag not found")  # the text is a guess
        return None, tag
    branch = project.default_branch if branch is None else branch
    if branch not in project.branches:
        raise RefusedError(400, "Branch not found")
    return branch, None


def _given(*values: object) -> list[object]:
    return [value for value in values if value is not None]


def _parameters(fields: dict[str, Any]) -> dict[str, Parameter]:
    """Return the parameters of a trigger: text, booleans and whole numbers, not too many and not too long."""
    given = fields.get("parameters", {})
    if not isinstance(given, dict) or len(given) > _LONGEST["entries"]:
        raise RefusedError(400, "Invalid input")
    for name, value in given.items():
        if (
            not isinstance(value, (str, bool, int))
            or len(name) > _LONGEST["key"]
            or len(str(value)) > _LONGEST["value"]
        ):
            raise RefusedError(400, "Invalid input")
    return given
