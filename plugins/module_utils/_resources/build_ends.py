# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""How builds have ended: waiting for it, and what a task says of it (``api-v1.1.md`` §4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    NOT_RUN,
    Build,
    brief,
    failed_steps,
    is_final,
    is_replaced,
    named,
    read_build,
    succeeded,
    summary,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.waiting import Watch
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import ON_HOLD, SUCCESS, ending
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

NOTHING: dict[str, Any] = {"build": None, "builds": [], "failed_steps": [], "waited_seconds": 0.0, "reused": False}
"""What every result has, when there is no build."""
_ENDINGS = {
    "canceled": "was canceled",
    "timedout": "ran too long and was stopped",
    "infrastructure_fail": "failed for want of infrastructure",
    "no_tests": "ran no tests",
    NOT_RUN: "was not run",
}


def result_with(builds: list[Build], *, reused: bool = False) -> dict[str, Any]:
    """The return values for builds.

    :param reused: whether they were there already
    """
    shown = [summary(build) for build in builds]
    return {**NOTHING, "build": shown[0], "builds": shown, "reused": reused}


def shortened(result: dict[str, Any], *, pipeline: bool) -> dict[str, Any]:
    """The return values of a task that fails. People look at them for what has failed: each build is there once.

    :param pipeline: whether the builds are those of a pipeline
    """
    builds = [brief(build) for build in result["builds"]]
    if pipeline:
        return {**result, "build": None, "builds": builds}
    return {**result, "build": builds[0] if builds else None, "builds": []}


def wait_for(
    client: Client,
    project: Project,
    watch: Watch,
    result: dict[str, Any],
    is_ours: Callable[[Client, Build], bool] | None,
    log_lines: int,
    *,
    any_end: bool,
) -> dict[str, Any]:
    """Wait for the builds of a result, and fail when one did not succeed.

    :param is_ours: for pipelines: finds the first build
    :param any_end: whether every end will do
    """
    builds: list[Build] = result["builds"]
    workflow: str | None = None
    try:
        if is_ours is None:
            build, ended = watch.build(builds[0])
            builds = [build]
        else:
            builds, ended, workflow = watch.pipeline(is_ours, builds)
    except CircleCIError as error:
        # What was seen until then is not lost.
        _put(result, watch, watch.seen if is_ours else watch.seen[-1:])
        error.partial = _returned(result)
        raise
    _put(result, watch, builds)
    if not ended:
        failure = _timed_out(project, watch, builds, workflow)
    else:
        bad = [build for build in builds if not succeeded(build) and not is_replaced(build, builds)]
        if any_end or not (bad or workflow not in (None, SUCCESS)):
            return result
        result["failed_steps"] = _all_failed_steps(client, project, bad, log_lines)
        if bad:
            failure = _failed(project, bad, result["failed_steps"])
        else:
            failure = CircleCIError(f"The workflow of {named(project, builds[-1])} {ending(str(workflow))}")
    failure.partial = _returned(result)
    raise failure


def _put(result: dict[str, Any], watch: Watch, builds: list[Build]) -> None:
    """Put the builds as they are now into a result, and how long they were waited for."""
    shown = [summary(build) for build in builds]
    result.update(build=shown[0] if shown else None, builds=shown, waited_seconds=round(watch.poller.waited, 1))


def _returned(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in NOTHING}


def _timed_out(project: Project, watch: Watch, builds: list[Build], workflow: str | None) -> CircleCIError:
    waiting = f"after waiting for {watch.poller.timeout:.0f} s"
    if not builds:
        return CircleCIError(
            f"CircleCI took the request for a pipeline of {project}, but no build of it is to be seen {waiting}",
            hint="The configuration may start no job there, or have errors: look at the pipeline on CircleCI.",
        )
    running = [build for build in builds if not is_final(build)] or builds[-1:]
    told = ", ".join(f"{named(project, build)} is {plain(str(build.get('status')))}" for build in running)
    if all(map(is_final, builds)) and running[-1].get("status") != "retried":
        told = f"{told}, but its workflow {_unfinished(workflow)}"
    more = "Approve it on CircleCI, or set" if workflow == ON_HOLD else "Set"
    return CircleCIError(f"{told} {waiting}", hint=f"Nothing was canceled. {more} wait_timeout higher to wait longer.")


def _unfinished(workflow: str | None) -> str:
    if workflow is None:
        return "is not to be seen"
    return "waits for an approval" if workflow == ON_HOLD else f"is {plain(workflow)}"


def _failed(project: Project, builds: list[Build], steps: list[dict[str, Any]]) -> CircleCIError:
    """The error for builds that have ended badly."""
    told = []
    for build in builds:
        told.append(f"{named(project, build)} {_ending(build)}")
        for step in steps:
            if step["build_num"] == build["build_num"]:
                code = "" if step["exit_code"] is None else f" with exit code {step['exit_code']}"
                told.append(f"step {plain(step['name'])!r}: {plain(str(step['status']))}{code}")
    return CircleCIError("; ".join(dict.fromkeys(told)))


def _ending(build: Build) -> str:
    status = str(build.get("status"))
    canceler = build.get("canceler")
    by = f" by {plain(str(canceler.get('login')))}" if status == "canceled" and isinstance(canceler, dict) else ""
    reason = build.get("fail_reason") or build.get("dont_build")
    return f"{_ENDINGS.get(status, 'failed')}{by}{f' ({plain(str(reason))})' if reason else ''}"


def _all_failed_steps(client: Client, project: Project, builds: list[Build], log_lines: int) -> list[dict[str, Any]]:
    """The failed steps of all builds. What cannot be read is a warning."""
    found: list[dict[str, Any]] = []
    for build in builds:
        try:
            whole = build if "steps" in build else read_build(client, project, build["build_num"])
        except CircleCIError as error:
            client.warn(f"The failed steps of {named(project, build)} could not be read. {error.message}")
            continue
        found += failed_steps(client, project, whole, log_lines)
    return found
