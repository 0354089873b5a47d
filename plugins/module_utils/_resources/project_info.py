# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading all there is to know of projects (``api-v1.1.md`` §3.2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import read_checkout_keys
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import (
    read_env_vars,
    shown_env_vars,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_lists import list_projects
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import ssh_keys_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project


def describe(
    client: Client, project: Project, *, checkout_keys: bool, env_vars: bool, listed: bool = False
) -> dict[str, Any]:
    """One project, as ``circleci_project_info`` returns it.

    :param listed: whether it is among the followed projects: that list holds no others, and there alone ``following``
        cannot be relied on
    :raises CircleCIError: when CircleCI does not know it, among others
    """
    settings = read_settings(client, project)
    described = {
        "project": str(project),
        "vcs_url": settings.get("vcs_url"),
        "following": listed or settings["following"],
        "default_branch": settings.get("default_branch"),
        "has_usable_key": settings.get("has_usable_key") is True,
        "ssh_keys": ssh_keys_of(settings),
    }
    if checkout_keys:
        # Projects of the GitHub App have none, and asking for them is an error (§2).
        described["checkout_keys"] = [] if project.is_app else read_checkout_keys(client, project)
    if env_vars:
        described["env_vars"] = shown_env_vars(read_env_vars(client, project))
    return described


def read_followed(
    client: Client,
    organization: str | None,
    vcs_type: str | None,
    concurrency: int,
    *,
    checkout_keys: bool,
    env_vars: bool,
) -> list[dict[str, Any]]:
    """The projects that the token's user follows, in the order in which CircleCI lists them.

    :param organization: leave out those of others
    :param vcs_type: leave out others; canonical
    :param concurrency: how many are read at a time
    :param checkout_keys: see :func:`describe`
    :param env_vars: likewise
    :raises CircleCIError: when one of them cannot be read
    """
    projects = [listed.project for listed in list_projects(client, organization, vcs_type)]

    def read(project: Project) -> tuple[dict[str, Any], list[str]]:
        own = client.copy()
        return describe(own, project, checkout_keys=checkout_keys, env_vars=env_vars, listed=True), own.warnings

    found = []
    executor = ThreadPoolExecutor(max_workers=concurrency)
    try:
        for described, warnings in executor.map(read, projects):
            found.append(described)
            for warning in warnings:
                client.warn(warning)
    finally:
        # After a failure nothing more is asked.
        executor.shutdown(cancel_futures=True)
    return found
