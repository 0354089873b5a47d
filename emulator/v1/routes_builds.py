# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds: api-v1.1.md §3.3 and §3.4."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import Request
from emulator.world import steps
from emulator.world.artifacts import Artifacts
from emulator.world.model import DEFAULT_JOB, FAILED_OUTCOMES, Build

from . import shapes
from .routing import PROJECT, USER, Access, not_found, route


@route("GET", f"{USER}/recent-builds", Access.USER)
def list_recent_builds(request: Request) -> Answer:
    """Return the builds of all projects that the user follows, newest first; this list takes no filter."""
    login = request.personal.login
    followed = [project for project in request.state.projects.values() if login in project.followers]
    builds = sorted((build for project in followed for build in project.builds), key=lambda build: -build.created)
    return _list(request, builds)


@route("GET", f"{PROJECT}/", Access.PUBLIC)
def list_builds(request: Request) -> Answer:
    return _list(request, _filtered(request, reversed(request.project.builds)))


@route("GET", f"{PROJECT}/tree/:branch", Access.PUBLIC)
def list_branch_builds(request: Request) -> Answer:
    """Return the builds of a branch; that an unknown branch has none, rather than being an error, is a guess."""
    builds = request.project.branch_builds.get(request.params["branch"], [])
    return _list(request, _filtered(request, reversed(builds)))


@route("GET", f"{PROJECT}/:build_num/", Access.PUBLIC)
def get_build(request: Request) -> Answer:
    build = _build(request)
    request.state.machine.poll(build)
    drop = request.state.switches.drop_has_artifacts
    return Answer(shapes.build_alone(build, request.links, drop_has_artifacts=drop))


@route("GET", f"{PROJECT}/:build_num/artifacts", Access.PUBLIC)
def list_artifacts(request: Request) -> Answer:
    return _artifacts(request, _build(request))


@route("GET", f"{PROJECT}/latest/artifacts", Access.PUBLIC)
def list_latest_artifacts(request: Request) -> Answer:
    """Return the artifacts of the newest build that matches, even if it has none."""
    branch = request.call.query.get("branch")
    for build in reversed(request.project.builds):
        if branch in (None, build.branch) and _matches(build, request.call.query.get("filter")):
            return _artifacts(request, build)
    raise RefusedError(404, "Build not found")


@route("GET", f"{PROJECT}/:build_num/tests", Access.PUBLIC)
def list_tests(request: Request) -> Answer:
    return Answer(steps.tests(_build(request)))


@route("GET", f"{PROJECT}/:build_num/output/:step/:index", Access.PUBLIC)
def get_output(request: Request) -> Answer:
    """Return what a step wrote, as JSON or with `?file=true` as text."""
    build, step, index = _build(request), int(request.params["step"]), int(request.params["index"])
    messages = steps.output(build, step, index) if steps.exists(build, step, index) else []
    if request.call.query.get("file") == "true":
        return Answer("".join(item["message"] for item in messages), content_type="text/plain; charset=utf-8")
    return Answer(messages)


@route("POST", f"{PROJECT}/", Access.PROJECT, retires=True)
def trigger(request: Request) -> Answer:
    """Start a job on the default branch or, with `tag`, on a tag."""
    return _trigger(request, request.project.default_branch)


@route("POST", f"{PROJECT}/tree/:branch", Access.PROJECT, retires=True)
def trigger_branch(request: Request) -> Answer:
    return _trigger(request, request.params["branch"])


@route("POST", f"{PROJECT}/build", Access.PERSONAL, retires=True)
def trigger_pipeline(request: Request) -> Answer:
    """Start the whole workflow. The answer does not say which builds that makes; its HTTP code is a guess."""
    _refuse_apps(request)
    fields = request.call.fields
    branch, tag = _reference(request, fields.get("branch") or request.project.default_branch)
    request.state.machine.pipeline(request.project, request.user, branch=branch, tag=tag, revision=_revision(request))
    return Answer({"status": 200, "body": "Build created"})


@route("POST", f"{PROJECT}/:build_num/retry", Access.PROJECT, retires=True)
def retry(request: Request) -> Answer:
    no_cache = request.call.fields.get("no-cache") is True
    build = request.state.machine.retry(_build(request), request.user, why="retry", no_cache=no_cache)
    return Answer(shapes.build_summary(build, request.links))


@route("POST", f"{PROJECT}/:build_num/ssh", Access.PROJECT, retires=True)
def retry_with_ssh(request: Request) -> Answer:
    build = request.state.machine.retry(_build(request), request.user, why="ssh")
    if request.user:
        build.ssh_users.append(request.user)
    return Answer(shapes.build_summary(build, request.links))


@route("POST", f"{PROJECT}/:build_num/cancel", Access.PROJECT)
def cancel(request: Request) -> Answer:
    build = _build(request)
    request.state.machine.cancel(build, request.user)
    return Answer(shapes.build_summary(build, request.links))


@route("POST", f"{PROJECT}/:build_num/ssh-users", Access.PERSONAL)
def add_ssh_user(request: Request) -> Answer:
    build = _build(request)
    if request.personal not in build.ssh_users:
        build.ssh_users.append(request.personal)
    return Answer(shapes.build_summary(build, request.links))


def _trigger(request: Request, default_branch: str) -> Answer:
    _refuse_apps(request)
    project, fields = request.project, request.call.fields
    if project.config21:
        # The words "schema violations" are on record, the rest of this answer is not.
        raise RefusedError(400, "Build failed with schema violations: version 2.1 configuration is not supported here")
    branch, tag = _reference(request, default_branch)
    given = fields.get("build_parameters")
    parameters = {name: _as_text(value) for name, value in given.items()} if isinstance(given, dict) else {}
    job = fields.get("job")
    parameters.setdefault("CIRCLE_JOB", job if isinstance(job, str) and job else DEFAULT_JOB)
    build = request.state.machine.trigger(
        project,
        request.user,
        why="api",
        branch=branch,
        tag=tag,
        revision=_revision(request),
        job=parameters["CIRCLE_JOB"],
        parameters=parameters,
    )
    location = f"{request.links.project(project)}/{build.number}"
    return Answer(shapes.build_summary(build, request.links), 201, {"Location": location})


def _refuse_apps(request: Request) -> None:
    """Refuse triggers for Apps' projects, which only API v2 can start. What the service answers is not known."""
    if request.project.is_app:
        raise not_found()


def _reference(request: Request, branch: object) -> tuple[str | None, str | None]:
    """Return the branch and the tag to build, one of them None. Only the text for branches is on record."""
    tag = request.call.fields.get("tag")
    if isinstance(tag, str) and tag in request.project.tags:
        return None, tag
    if not tag and isinstance(branch, str) and branch in request.project.branches:
        return branch, None
    raise RefusedError(400, "Branch not found")


def _revision(request: Request) -> str | None:
    """Return the wanted revision. It is not looked up: what the service says of an unknown one is not known."""
    revision = request.call.fields.get("revision")
    return revision if isinstance(revision, str) and revision else None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _build(request: Request) -> Build:
    build = request.project.build(int(request.params["build_num"]))
    if build is None:
        # The text is likely, not recorded.
        raise RefusedError(404, "Build not found")
    return build


def _filtered(request: Request, builds: Iterable[Build]) -> Iterable[Build]:
    return (build for build in builds if _matches(build, request.call.query.get("filter")))


def _list(request: Request, builds: Iterable[Build]) -> Answer:
    call = request.call
    limit, offset = min(call.number("limit", 30), 100), call.number("offset", 0)
    shallow = call.query.get("shallow", "").lower() == "true"
    page = islice(builds, offset, offset + limit)
    return Answer([shapes.build_in_list(build, request.links, shallow=shallow) for build in page])


def _matches(build: Build, word: str | None) -> bool:
    """Whether a build is found by a filter word; that an unknown word finds everything is a guess."""
    match word:
        case "completed":
            return build.outcome is not None
        case "successful":
            return build.outcome == "success"
        case "failed":
            return build.outcome in FAILED_OUTCOMES
        case "running":
            return build.lifecycle == "running"
    return True


def _artifacts(request: Request, build: Build) -> Answer:
    items = [
        {
            "path": artifact.path,
            "pretty_path": artifact.path,
            "node_index": artifact.node,
            "url": request.links.artifact(build, artifact.node, artifact.path),
        }
        for artifact in request.state.part(Artifacts).of(build)
    ]
    return Answer(items)
