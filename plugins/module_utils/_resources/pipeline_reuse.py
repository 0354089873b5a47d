# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Whether a pipeline that is there already will do (``api-v2-pipelines.md`` §2.2, §2.6)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from itertools import islice
from typing import Any

with contextlib.suppress(ImportError):  # on other hosts than the controller it may be missing
    import yaml

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.definitions import (
    read_definitions,
    the_definition,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_starting import (
    Start,
    default_branch,
    is_same,
    read_values,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    HELD,
    SUCCEEDED,
    Pipeline,
    View,
    unsettled,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import PipelineWatch
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    iterate_pipelines,
    tag_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_project_id
from ansible_collections.community.circleci.plugins.module_utils._values.moments import moment_of
from ansible_collections.community.circleci.plugins.module_utils._values.parameters import Parameter
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

WatchOf = Callable[[Pipeline], PipelineWatch]
NEVER, ACTIVE, SUCCESSFUL = REUSE = ("never", "active", "successful")
MOST_REUSED = 20
"""So many of the newest pipelines are looked at."""


def reusable(client: Client, project: Project, start: Start, reuse: str, watch_of: WatchOf) -> PipelineWatch | None:
    """The newest pipeline of the same commit, branch or tag, with the same parameters, that runs or has succeeded.

    :param reuse: one of :data:`REUSE`
    :param watch_of: gives what looks at a pipeline
    :returns: what has looked at it; None when there is none
    """
    if reuse == NEVER:
        return None
    sought = start.reference
    if sought.revision is not None:
        # The same commit on another branch runs the same jobs; a tag has filters of its own.
        sought = replace(sought, branch=None)
    elif sought.is_default:
        sought = replace(sought, branch=default_branch(client, project))
    for found in islice(iterate_pipelines(client, project, sought.branch), MOST_REUSED):
        if not sought.fits(found) or tag_of(found) != sought.tag:
            continue
        watch = watch_of(found)
        if _has_same_parameters(client, project, found, start.parameters) and _is_usable(watch, reuse):
            if start.definition is not None:
                _check_definition(client, project, found, start.definition)
            return watch
    return None


def _check_definition(client: Client, project: Project, pipeline: Pipeline, wanted: str) -> None:
    """Warn that a pipeline may be of another definition, where there are several: it does not tell (PF §2.4).

    :raises CircleCIError: when there is none of this name
    """
    listed = []
    with contextlib.suppress(CircleCIError):  # CircleCI Server does not list them (PF §1.6)
        listed = read_definitions(client, project, read_project_id(client, project))
    if listed:
        the_definition(project, listed, wanted)
    if len(listed) == 1:
        return
    client.warn(
        f"Pipeline #{pipeline['number']} of {project} is reused, but CircleCI does not tell of which definition it is. "
        f"It may be another one than {plain(wanted)}."
    )


def _is_usable(watch: PipelineWatch, reuse: str) -> bool:
    verdict = watch.glance()
    if verdict is None:
        # What has not come for long is not going to come.
        return not unsettled(watch.view) or _is_young(watch.pipeline, watch.view, watch.wanted.appear_timeout)
    return verdict == HELD or (verdict == SUCCEEDED and reuse == SUCCESSFUL)


def _is_young(pipeline: Pipeline, view: View, seconds: float) -> bool:
    """Whether the last that happened to a pipeline was less than so many seconds ago."""
    moments = [pipeline.get("created_at"), *(workflow.get("stopped_at") for workflow in view.all)]
    return age_of(*moments) < seconds


def age_of(*moments: Any) -> float:
    """Seconds since the latest of some moments, as this machine's clock has it; without end, if none can be read."""
    known = [moment for moment in map(moment_of, moments) if moment is not None]
    return (datetime.now(timezone.utc) - max(known)).total_seconds() if known else float("inf")


def _has_same_parameters(client: Client, project: Project, pipeline: Pipeline, given: Mapping[str, Parameter]) -> bool:
    """Whether every given parameter is equal, and every other one at its default.

    A default is what the pipeline's own configuration declares. Where that, or what the pipeline ran with, is not to be
    read, that is a warning.
    """
    values, why = _values(client, pipeline), "its parameters cannot be read"
    if values is not None:
        if not all(name in values and is_same(values[name], value) for name, value in given.items()):
            return False
        others = {name: value for name, value in values.items() if name not in given}
        if not others:
            return True
        defaults, why = _defaults(client, pipeline)
        if defaults is not None:
            return all(name in defaults and is_same(defaults[name], value) for name, value in others.items())
    client.warn(
        f"Whether pipeline #{pipeline['number']} of {project} had the same parameters cannot be told: {why}. It is "
        "not reused."
    )
    return False


def _values(client: Client, pipeline: Pipeline) -> dict[str, Any] | None:
    """The parameters that a pipeline ran with; None where CircleCI has them no more."""
    try:
        return read_values(client, pipeline)
    except CircleCIError as error:
        if error.status != 404:
            raise
        return None


def _defaults(client: Client, pipeline: Pipeline) -> tuple[dict[str, Any] | None, str]:
    """The parameters that the first configuration of a pipeline declares, with their defaults; else None, and why."""
    unreadable = "its configuration cannot be read"
    try:
        config = client.get_object(f"v2/pipeline/{segment(pipeline['id'])}/config")
    except CircleCIError as error:
        if error.status != 404:
            raise
        return None, unreadable
    source = str(config.get("setup-config") or config.get("setup_config") or config.get("source"))
    try:
        declared = yaml.safe_load(source)["parameters"]
        return {name: parameter.get("default") for name, parameter in declared.items()}, ""
    except NameError:
        return None, f"{sys.executable} lacks the Python library PyYAML, which reads its configuration"
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return None, unreadable
