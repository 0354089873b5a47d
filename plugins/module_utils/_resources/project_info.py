# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading all there is to know of projects (``api-v1.1.md`` §3.2)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CHECK_ADDRESS, CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import read_checkout_keys
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import (
    read_env_vars,
    shown_env_vars,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import ssh_keys_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, parse_project

_VCS_HOSTS = {"github.com": "github", "bitbucket.org": "bitbucket"}


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
    projects = [
        project
        for project in dict.fromkeys(map(_project_of, client.get_list("v1.1/projects", shallow=True)))
        if organization in (None, project.organization) and vcs_type in (None, project.vcs_type)
    ]

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


def _project_of(item: dict[str, Any]) -> Project:
    """The project of an item of the list. Some lack the parts of the slug, but have the repository's address."""
    names = [item.get("vcs_type"), item.get("username"), item.get("reponame")]
    try:
        if not all(isinstance(name, str) for name in names):
            address = urlsplit(str(item.get("vcs_url")))
            names = [_VCS_HOSTS.get(address.hostname or ""), *address.path.strip("/").split("/")]
        return parse_project("/".join(map(str, names)))
    except (CircleCIError, ValueError) as exc:
        raise CircleCIError(
            f"CircleCI's list of projects has an entry that is none: {plain(str(item.get('vcs_url')))}",
            method="GET",
            path="/api/v1.1/projects",
            hint=f"{CHECK_ADDRESS} Or name one project.",
        ) from exc
