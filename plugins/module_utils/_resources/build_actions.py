# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Starting, repeating and cancelling builds: planning and applying (``api-v1.1.md`` §3.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.build_ends import (
    NOTHING,
    note_end,
    require_run,
    result_with,
    shortened,
    wait_for,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.build_pipelines import run_pipeline
from ansible_collections.community.circleci.plugins.module_utils._resources.build_reruns import plan_rerun
from ansible_collections.community.circleci.plugins.module_utils._resources.build_targets import (
    JOB,
    PIPELINE,
    Target,
    trigger_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    build_shape,
    checked_number,
    described,
    is_final,
    read_build,
    read_builds,
    succeeded,
    workflow_id,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_reuse import NEVER, SUCCESSFUL
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._resources.waiting import Watch
from ansible_collections.community.circleci.plugins.module_utils._task.options import refuse_idle
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, result_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

TRIGGERED, RETRIED, CANCELED = STATES = ("triggered", "retried", "canceled")


def carry_out(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Do what a task of ``circleci_build`` says, and wait for it if wanted. See the module's documentation.

    :raises CircleCIError: also for a build that did not succeed, with the return values in its ``partial``
    """
    try:
        trigger = trigger_of(params)
        _refuse_idle_options(params, trigger)
        run = run_pipeline if params["state"] == TRIGGERED and trigger == PIPELINE else _carried_out
        return run(client, params)
    except CircleCIError as error:
        result = {**NOTHING, **error.partial}
        error.partial = shortened(result, pipeline=result["pipeline"] is not None)
        raise


def _carried_out(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    project, state = project_of(params), params["state"]
    target = Target.from_params(params)
    if params["log_lines"] < 0:
        raise invalid("log_lines must be 0 or more.")
    watch = Watch(client, project, interval=params["wait_interval"], timeout=params["wait_timeout"])
    client.require_token()
    if state == CANCELED:
        plan = plan_cancel(client, project, params["build_num"])
    elif state == RETRIED:
        plan = plan_retry(client, project, params["build_num"], ssh=params["ssh"])
    else:
        plan = plan_job(client, project, target, params["reuse"])
    result = result_of(plan, client, project)
    if state == CANCELED:
        note_end(client, project, result)
    if not params["wait"] or client.read_only:
        return result
    if not result["builds"]:
        raise _without_number(project, result)
    return wait_for(client, project, watch, result, params["log_lines"], any_end=state == CANCELED)


def _refuse_idle_options(params: dict[str, Any], trigger: str) -> None:
    """Refuse options that would do nothing: whoever sets them expects something."""
    state = params["state"]
    if state == TRIGGERED:
        idle = ["build_num"] if params["build_num"] is not None else []
        if trigger == JOB and params["parameters"]:
            raise invalid(
                "parameters are those of a pipeline; a single job has build_parameters.",
                "Use trigger: pipeline without job and build_parameters, or call them build_parameters.",
            )
    else:
        checked_number(params["build_num"])
        given = ("trigger", "branch", "tag", "revision", "job", "build_parameters", "parameters")
        idle = [name for name in given if params[name] is not None]
        idle += ["reuse"] if params["reuse"] != NEVER else []
    if params["ssh"] and state != RETRIED:
        idle.append("ssh")
    refuse_idle(idle, state)


# --- planning ---------------------------------------------------------------------------------------------------------


def plan_job(client: Client, project: Project, target: Target, reuse: str) -> Plan:
    """Start one job, unless a build of the same may be reused.

    :param reuse: one of :data:`REUSE`
    """
    _require_triggers(project)
    newest = _read_newest(client, project, reuse)
    sought = replace(target, branch=None) if target.revision else target
    if reuse != NEVER and newest:
        sought = sought.resolved(client, project)
        for build in newest:
            if sought.is_same(build) and (not is_final(build) or (reuse == SUCCESSFUL and succeeded(build))):
                shown = {"build": described(build)}
                return Plan(shown, Outcome(shown, result_with([build], reused=True)))
    last = _last_number(newest)

    def apply() -> Outcome:
        build = _trigger(client, project, target, last)
        return Outcome({"build": described(build)}, require_run(project, result_with([build])))

    return Plan({"build": None}, Outcome({"build": target.predicted()}, dict(NOTHING)), apply)


def plan_retry(client: Client, project: Project, number: int, *, ssh: bool) -> Plan:
    """Run a build again: by API v2 in its workflow, else by API v1.1 while that lasts.

    :param ssh: whether the token's user can log in to the new build
    """
    source = _require_build(client, project, number)
    workflow = workflow_id(source)
    if workflow is not None:
        return plan_rerun(client, project, source, workflow, ssh=ssh)
    last = _last_number(read_builds(client, project.path(), limit=1))
    predicted = {**described(source), "build_num": UNKNOWN, "retry_of": number}

    def apply() -> Outcome:
        build: Build = client.write(
            "POST",
            project.path(number, "ssh" if ssh else "retry"),
            repeatable=False,
            seen=lambda: _only_one(client, project, last, lambda build: build.get("retry_of") == number),
            shape=build_shape,
        )
        return Outcome({"build": described(build)}, require_run(project, result_with([build])))

    return Plan({"build": None}, Outcome({"build": predicted}, dict(NOTHING)), apply)


def plan_cancel(client: Client, project: Project, number: int) -> Plan:
    """Cancel a build that has not ended."""
    build = _require_build(client, project, number)
    before = {"build": {**described(build), "status": build["status"]}}
    if is_final(build):
        return Plan(before, Outcome(before, result_with([build])))
    predicted = {"build": {**before["build"], "status": "canceled"}}

    def ended() -> Build | None:
        now = read_build(client, project, number)
        return now if is_final(now) else None

    def apply() -> Outcome:
        now: Build = client.write(
            "POST", project.path(number, "cancel"), repeatable=True, seen=ended, shape=build_shape
        )
        return Outcome({"build": {**described(now), "status": now["status"]}}, result_with([now]))

    return Plan(before, Outcome(predicted, dict(NOTHING)), apply)


def _without_number(project: Project, result: dict[str, Any]) -> CircleCIError:
    """The error for a build that is to be waited for, and cannot be found."""
    (workflow,) = result["workflows"]
    error = CircleCIError(
        f"{project} runs again, but how it ends cannot be told: the new build of workflow "
        f"{plain(str(workflow['id']))} is not to be seen",
        hint=f"Look at {plain(str(workflow['url']))}, or wait with community.circleci.circleci_pipeline.",
    )
    error.partial = result
    return error


def _require_triggers(project: Project) -> None:
    if project.is_app:
        raise invalid(
            f"API v1.1 cannot start builds of {project}: it belongs to the GitHub App, GitLab or a standalone "
            "organization.",
            "Use trigger: pipeline, with parameters.",
        )


def _require_build(client: Client, project: Project, number: int) -> Build:
    build: Build | None = read_known(client, project, lambda: read_build(client, project, number), None)
    if build is None:
        raise invalid(f"{project} has no build {number}.", "Check build_num.")
    return build


def _read_newest(client: Client, project: Project, reuse: str) -> list[Build]:
    """The newest builds. At least one: after a doubtful trigger only what is newer can be its build."""
    limit = 1 if reuse == NEVER else PAGE_SIZE
    found: list[Build] = read_known(client, project, lambda: read_builds(client, project.path(), limit=limit), [])
    return found


def _last_number(newest: list[Build]) -> int:
    return max((build["build_num"] for build in newest), default=0)


# --- applying ---------------------------------------------------------------------------------------------------------


def _trigger(client: Client, project: Project, target: Target, last: int) -> Build:
    """Start a job. When the answer is lost, the only new build of the same is it."""

    def seen() -> Build | None:
        resolved = target.resolved(client, project)
        return _only_one(client, project, last, lambda build: build.get("why") == "api" and resolved.is_same(build))

    path = project.path("tree", target.branch) if target.branch else project.path()
    try:
        build: Build = client.write("POST", path, target.body(), repeatable=False, seen=seen, shape=build_shape)
    except CircleCIError as error:
        words = (error.error or "").lower()
        if "schema violation" in words or "version 2.1" in words:
            error.hint = (
                "Single jobs of a configuration of version 2.1 cannot be started. Use trigger: pipeline with "
                "parameters, by which the configuration chooses what runs."
            )
        raise
    return build


def _newer(client: Client, project: Project, last: int, is_it: Callable[[Build], bool]) -> list[Build]:
    listed = read_builds(client, project.path(), limit=PAGE_SIZE)
    return [build for build in reversed(listed) if build["build_num"] > last and is_it(build)]


def _only_one(client: Client, project: Project, last: int, is_it: Callable[[Build], bool]) -> Build | None:
    """The one newer build that may have come of a doubtful request.

    :raises CircleCIError: when it may be one of several
    """
    newer = _newer(client, project, last, is_it)
    if len(newer) > 1:
        raise _several(newer)
    return newer[0] if newer else None


def _several(builds: list[Build]) -> CircleCIError:
    numbers = ", ".join(f"#{build['build_num']}" for build in builds)
    return invalid(f"Any of the builds {numbers} may have come of it.")
