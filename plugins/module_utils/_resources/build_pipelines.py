# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Pipelines for those who think in builds: started and awaited as ``circleci_pipeline`` does, shown as their builds."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources import pipeline_actions
from ansible_collections.community.circleci.plugins.module_utils._resources.build_ends import NOTHING
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    read_build,
    read_builds,
    summary,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import FAIL
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

_NOT_HERE = ("pipeline_id", "pipeline_number", "definition", "config_branch", "keep_revision", "workflows", "approve")
APPEAR_TIMEOUT = 60.0  # seconds


def run_pipeline(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Start or reuse a pipeline, wait for it if wanted, and return its builds.

    :param params: the options of ``circleci_build``
    :raises CircleCIError: also for a pipeline that did not succeed, with the return values in its ``partial``
    """
    project = project_of(params)
    here = {**params, **dict.fromkeys(_NOT_HERE), "on_hold": FAIL, "appear_timeout": APPEAR_TIMEOUT}
    try:
        result = pipeline_actions.carry_out(client, here)
    except CircleCIError as error:
        error.partial = _as_builds(client, project, error.partial)
        raise
    return {"changed": result["changed"], "diff": result["diff"], **_as_builds(client, project, result)}


def _as_builds(client: Client, project: Project, result: dict[str, Any]) -> dict[str, Any]:
    """What is known of a pipeline among the return values, with its builds."""
    numbers = sorted(
        {
            job["build_num"]
            for workflow in result.get("workflows", [])
            for job in workflow["jobs"]
            if isinstance(job["build_num"], int)
        }
    )
    builds = [summary(build) for build in _read(client, project, numbers)]
    kept = {name: result[name] for name in NOTHING if name in result}
    return {**kept, "build": builds[0] if builds else None, "builds": builds}


def _read(client: Client, project: Project, numbers: list[int]) -> list[Build]:
    """The builds of these numbers, without those that cannot be read, which is a warning."""
    if not numbers:
        return []
    found: list[Build] = []
    try:
        newest = {build["build_num"]: build for build in read_builds(client, project.path(), limit=PAGE_SIZE)}
    except CircleCIError as error:
        client.warn(f"The builds of the pipeline could not be read. {error.message}")
        return found
    for number in numbers:
        try:
            found.append(newest.get(number) or read_build(client, project, number))
        except CircleCIError as error:
            client.warn(f"Build {number} of the pipeline could not be read. {error.message}")
    return found
