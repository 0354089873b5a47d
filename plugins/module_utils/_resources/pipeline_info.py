# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading pipelines with what belongs to them (``api-v2-pipelines.md`` §2.4, §2.6)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_seeking import Sought
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_starting import read_values
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import Pipeline, View
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import view_of
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    MOST_SOUGHT,
    ById,
    described,
    described_workflows,
    iterate_pipelines,
    read_jobs,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_positive
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

_SPELLINGS = {"setup_config": "setup-config", "compiled_setup_config": "compiled-setup-config"}


def read_pipelines(client: Client, params: dict[str, Any]) -> list[dict[str, Any]]:
    """The pipelines that a task of ``circleci_pipeline_info`` asks for, newest first.

    :raises CircleCIError: also for an id or number that does not exist
    """
    project = project_of(params)
    sought = Sought.from_params(project, params, optional=True)
    require_positive(params, "limit")
    if params["jobs"] and not params["workflows"]:
        raise invalid("jobs needs workflows, whose jobs they are.", "Leave workflows out.")
    client.caching = True
    found = (pair for pair in _looked_at(client, project, sought, params) if _is_wanted(pair, params["status"]))
    return [_told(client, project, *pair, params) for pair in islice(found, params["limit"])]


def _looked_at(
    client: Client, project: Project, sought: Sought, params: dict[str, Any]
) -> Iterator[tuple[Pipeline, View | None]]:
    """What may be wanted, with what its workflows say if that is asked for."""
    if sought.is_exact:
        candidates = iter([sought.require(client)])
    else:
        candidates = islice(iterate_pipelines(client, project, sought.reference.branch), MOST_SOUGHT)
    for pipeline in filter(sought.reference.fits, candidates):
        view = None
        if params["workflows"] or params["status"]:
            listed = ById(pipeline["id"]).listed(client)
            view = view_of(pipeline, listed)
        yield pipeline, view


def _is_wanted(pair: tuple[Pipeline, View | None], status: str | None) -> bool:
    _pipeline, view = pair
    return status in (None, view and view.status)


def _told(
    client: Client, project: Project, pipeline: Pipeline, view: View | None, params: dict[str, Any]
) -> dict[str, Any]:
    workflows = []
    if view is not None and params["workflows"]:
        if params["jobs"]:
            jobs = {str(workflow.get("id")): read_jobs(client, workflow) for workflow in view.all}
            view = view_of(pipeline, list(view.listed), jobs)
        workflows = described_workflows(client, project, pipeline, view)
    return {
        **described(client, project, pipeline, view.status if view is not None else None),
        "workflows": workflows,
        "config": _config(client, pipeline) if params["config"] else None,
        "parameters": read_values(client, pipeline) if params["parameters"] else {},
    }


def _config(client: Client, pipeline: Pipeline) -> dict[str, Any] | None:
    try:
        found = client.get_object(f"v2/pipeline/{segment(pipeline['id'])}/config")
    except CircleCIError as error:
        if error.status != 404:
            raise
        return None
    names = ("source", "compiled", *_SPELLINGS)
    return {name: found.get(name, found.get(_SPELLINGS.get(name, name))) for name in names}
