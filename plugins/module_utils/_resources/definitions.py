# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Pipeline definitions of a project (VF §3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

Definition = dict[str, Any]
"""As CircleCI gives it: ``id``, ``name``, ``config_source`` and ``checkout_source`` among others."""


def definitions_path(project_id: str) -> str:
    """The path of the pipeline definitions of a project.

    :param project_id: what :func:`.projects.read_project_id` gave
    """
    return f"v2/projects/{segment(project_id)}/pipeline-definitions"


def read_definitions(client: Client, project: Project, project_id: str) -> list[Definition]:
    """The pipeline definitions of a project.

    :param project_id: what :func:`.projects.read_project_id` gave
    :raises CircleCIError: when they cannot be read, or an entry is none
    """
    path = definitions_path(project_id)
    try:
        return [with_fields(id=str, name=str)(item) for item in client.get_items(path)]
    except ValueError as exc:
        raise unusable(
            f"CircleCI's list of pipeline definitions of {project} has an entry that is none: {exc}", path
        ) from exc


def the_definition(project: Project, definitions: Sequence[Definition], wanted: str | None) -> Definition:
    """The pipeline definition that is meant.

    :param wanted: its name or id; None for the only one
    :raises CircleCIError: when there is none, or more than one
    """
    named = [
        each for each in definitions if wanted is None or each["name"] == wanted or each["id"].lower() == wanted.lower()
    ]
    if len(named) == 1:
        return named[0]
    listed = ", ".join(f"{plain(each['name'])} ({plain(each['id'])})" for each in definitions) or "none"
    what = "no pipeline definition" + (f" {plain(wanted)}" if wanted is not None else "")
    if named:
        what = "several pipeline definitions" + (f" of the name {plain(wanted)}" if wanted is not None else "")
    raise invalid(
        f"{project} has {what}. There are: {listed}.",
        "Name one of them as definition, by name or id." if definitions else "Make one in its settings on CircleCI.",
    )
