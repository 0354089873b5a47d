# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""How builds have ended: waiting for it, and what a task says of it (``api-v1.1.md`` §4)."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    NOT_RUN,
    Build,
    brief,
    failed_steps,
    is_final,
    named,
    read_build,
    succeeded,
    summary,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import longer
from ansible_collections.community.circleci.plugins.module_utils._resources.waiting import Watch
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

NOTHING: dict[str, Any] = {
    "build": None,
    "builds": [],
    "pipeline": None,
    "workflows": [],
    "failed_steps": [],
    "waited_seconds": 0.0,
    "reused": False,
}
"""What every result has, when there is no build."""
_ENDINGS = {
    "canceled": "was canceled",
    "timedout": "ran too long and was stopped",
    "infrastructure_fail": "failed for want of infrastructure",
    "no_tests": "ran no tests",
    NOT_RUN: "was not run",
}
_NOT_RUN_HINTS = {
    "no-followers": "Nobody follows the project: follow it with community.circleci.circleci_project_follow.",
    "ci-skip": "The commit's message asks CircleCI to skip it.",
    "branch-blacklisted": "The project's configuration leaves this branch out.",
    "branch-not-whitelisted": "The project's configuration leaves this branch out.",
    "org-not-paid": "The organization's plan does not cover this build.",
    "user-not-paid": "The user's plan does not cover this build.",
    "prs-only": "The project's settings allow builds of pull requests only.",
    "1.0-not-available": "CircleCI does not run configurations of version 1.0 any more: start a new build instead.",
}


def result_with(builds: list[Build], *, reused: bool = False) -> dict[str, Any]:
    """The return values for builds.

    :param reused: whether they were there already
    """
    shown = [summary(build) for build in builds]
    return {**NOTHING, "build": shown[0], "builds": shown, "reused": reused}


def require_run(project: Project, result: dict[str, Any]) -> dict[str, Any]:
    """Fail for a new build that CircleCI refuses to run.

    :param result: what :func:`result_with` gave
    :raises CircleCIError: then
    """
    build = result["build"]
    if build["status"] == NOT_RUN:
        reason = plain(str(build.get("dont_build") or "no reason given"))
        error = CircleCIError(
            f"CircleCI did not run {named(project, build)}: {reason}",
            hint=_NOT_RUN_HINTS.get(reason, "See the messages of the build."),
        )
        error.partial = result
        raise error
    return result


def shortened(result: dict[str, Any], *, pipeline: bool) -> dict[str, Any]:
    """The return values of a task that fails. People look at them for what has failed: nothing is there twice.

    :param pipeline: whether the builds are those of a pipeline
    """
    builds = [brief(build) for build in result["builds"]]
    if not pipeline:
        workflows = [{**_short_workflow(each), "jobs": []} for each in result["workflows"]]
        return {**result, "build": builds[0] if builds else None, "builds": [], "workflows": workflows}
    numbers = {build["build_num"] for build in builds}
    left = [
        {**_short_workflow(each), "jobs": [job for job in each["jobs"] if job["build_num"] not in numbers]}
        for each in result["workflows"]
    ]
    return {
        **result,
        "build": None,
        "builds": builds,
        "pipeline": _short_pipeline(result["pipeline"]) if builds else result["pipeline"],
        "workflows": [short for short, each in zip(left, result["workflows"]) if short["jobs"] or not each["jobs"]],
    }


def _short_workflow(workflow: dict[str, Any]) -> dict[str, Any]:
    return {name: workflow[name] for name in ("id", "name", "status", "url")}


def _short_pipeline(pipeline: dict[str, Any]) -> dict[str, Any]:
    """A pipeline without what its builds say of it."""
    short = {name: pipeline[name] for name in ("id", "number", "status", "url")}
    return {**short, "errors": pipeline["errors"]} if pipeline["errors"] else short


def wait_for(
    client: Client,
    project: Project,
    watch: Watch,
    result: dict[str, Any],
    log_lines: int,
    *,
    any_end: bool,
) -> dict[str, Any]:
    """Wait for the builds of a result, and fail when one did not succeed.

    :param any_end: whether every end will do, of a build that is being canceled
    """
    try:
        build, ended = watch.build(result["builds"][0])
    except CircleCIError as error:
        _put(result, watch, watch.latest)  # what was seen until then is not lost
        error.partial = _returned(result)
        raise
    _put(result, watch, build)
    if not ended:
        failure = _timed_out(project, watch, build, canceling=any_end)
    elif any_end:
        note_end(client, project, result)
        return result
    elif succeeded(build):
        return result
    else:
        result["failed_steps"] = _failed_steps(client, project, build, log_lines)
        failure = _failed(project, build, result["failed_steps"])
    failure.partial = _returned(result)
    raise failure


def note_end(client: Client, project: Project, result: dict[str, Any]) -> None:
    """Say of a build that was to be canceled and had ended before, that this is so: nothing was changed then."""
    build = result["build"]
    if result["changed"] and build is not None and is_final(build) and build["status"] != "canceled":
        client.warn(f"{named(project, build)} ended before it could be canceled: {plain(str(build['status']))}.")
        result["changed"] = False


def _put(result: dict[str, Any], watch: Watch, build: Build) -> None:
    """Put a build as it is now into a result, and how long it was waited for."""
    shown = summary(build)
    result.update(build=shown, builds=[shown], waited_seconds=watch.poller.waited_seconds)


def _returned(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in NOTHING}


def _timed_out(project: Project, watch: Watch, build: Build, *, canceling: bool) -> CircleCIError:
    return CircleCIError(
        f"{named(project, build)} is {plain(str(build.get('status')))} after waiting for {watch.poller.timeout:.0f} s",
        hint=longer(canceling=canceling),
    )


def _failed(project: Project, build: Build, steps: list[dict[str, Any]]) -> CircleCIError:
    """The error for a build that has ended badly."""
    told = [f"{named(project, build)} {_ending(build)}"]
    for step in steps:
        code = "" if step["exit_code"] is None else f" with exit code {step['exit_code']}"
        told.append(f"step {plain(step['name'])!r}: {plain(str(step['status']))}{code}")
    return CircleCIError("; ".join(dict.fromkeys(told)))


def _ending(build: Build) -> str:
    status = str(build.get("status"))
    canceler = build.get("canceler")
    by = f" by {plain(str(canceler.get('login')))}" if status == "canceled" and isinstance(canceler, dict) else ""
    reason = build.get("fail_reason") or build.get("dont_build")
    return f"{_ENDINGS.get(status, 'failed')}{by}{f' ({plain(str(reason))})' if reason else ''}"


def _failed_steps(client: Client, project: Project, build: Build, log_lines: int) -> list[dict[str, Any]]:
    """The failed steps of a build. What cannot be read is a warning."""
    try:
        whole = build if "steps" in build else read_build(client, project, build["build_num"])
    except CircleCIError as error:
        client.warn(f"The failed steps of {named(project, build)} could not be read. {error.message}")
        return []
    return failed_steps(client, project, whole, log_lines)
