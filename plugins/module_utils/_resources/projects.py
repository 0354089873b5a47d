# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What CircleCI knows of a project (``api-v1.1.md`` §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, unusable
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

T = TypeVar("T")


def read_known(client: Client, project: Project, read: Callable[[], T], empty: T) -> T:
    """Read something of a project that CircleCI may not know yet.

    In check mode such a project counts as empty, with a warning: an earlier task of the play may be about to follow it.

    :param read: the reading; may fail with ``Project not found``
    :param empty: what an unknown project has
    :raises CircleCIError: outside check mode, and when the token is invalid or cannot tell
    """
    try:
        return read()
    except CircleCIError as error:
        if not error.project_not_found or not client.token:
            raise
        client.require_personal_token()
        if not client.read_only:
            raise
        client.warn(
            f"CircleCI does not know {project} yet. This prediction is for a project without anything: an earlier "
            "task must follow it, with circleci_project_follow."
        )
        return empty


def read_settings(client: Client, project: Project) -> dict[str, Any]:
    """The settings of a project: whether it is followed, and its SSH keys, among others (§3.2).

    Without the builds of its branches, which CircleCI sends no more from December 2026 on (PF §0).

    :raises CircleCIError: when CircleCI does not know it, and for an answer without the fields that matter
    """
    settings = client.get_object(project.path("settings"), **{"skip-branches": True})
    following = settings.get("following", settings.get("followed"))
    if not isinstance(following, bool):
        raise unusable(f"CircleCI's settings of {project} do not say whether it is followed.", project.path("settings"))
    return {**settings, "following": following}


def read_project_id(client: Client, project: Project) -> str:
    """The uuid of a project, by which API v2 knows what belongs to it (VF §4).

    :raises CircleCIError: when CircleCI does not know it, and for an answer without one
    """
    return id_in(client.get_object(project.v2_path()), project)


def id_in(details: Mapping[str, Any], project: Project) -> str:
    """The uuid in what API v2 tells of a project.

    :raises CircleCIError: when there is none
    """
    found = details.get("id")
    if not isinstance(found, str) or not found:
        raise unusable(f"CircleCI's answer about {project} has no id.", project.v2_path())
    return found
