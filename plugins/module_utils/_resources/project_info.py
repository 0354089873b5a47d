# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading all there is to know of projects (``api-v1.1.md`` §3.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import read_checkout_keys
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import (
    read_env_vars,
    shown_env_vars,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.named import as_results
from ansible_collections.community.circleci.plugins.module_utils._resources.project_lists import Listed
from ansible_collections.community.circleci.plugins.module_utils._resources.project_schedules import schedules_of
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import (
    read_project_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_tokens import read_tokens
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import (
    read_project_id,
    read_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import ssh_keys_of
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import read_webhooks
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side
from ansible_collections.community.circleci.plugins.module_utils._task.words import counted, each_once, reasons
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

INVALID_TOKEN = 401
PARTS = ("settings", "checkout_keys", "env_vars", "webhooks", "schedules", "tokens")
"""What is read of a project on request, by the options of the same names."""


def read_one(client: Client, project: Project, parts: Collection[str], listed: Listed | None) -> dict[str, Any]:
    """One project, as ``circleci_project_info`` returns it, with one request and those that the parts need.

    :param parts: some of :data:`PARTS`
    :param listed: what a list says of it. Whether a project is followed can be relied on there alone
    :raises CircleCIError: when CircleCI does not know it, among others. A repository that the user sees and does not
        follow need not be set up on CircleCI: then it has nothing
    """
    try:
        settings: dict[str, Any] | None = read_settings(client, project)
    except CircleCIError as error:
        if listed is None or listed.following or not error.project_not_found:
            raise
        settings = None
    found = settings or {}
    described = {
        "project": str(project),
        "vcs_url": found.get("vcs_url", listed and listed.vcs_url),
        "following": (listed is not None and listed.following) or found.get("following", False),
        "default_branch": found.get("default_branch", listed and listed.default_branch),
        "has_usable_key": found.get("has_usable_key") is True,
        "ssh_keys": ssh_keys_of(found),
    }
    return {**described, **_parts(client, project, parts, is_set_up=settings is not None)}


def _parts(client: Client, project: Project, parts: Collection[str], *, is_set_up: bool) -> dict[str, Any]:
    """What is read on request, in the order of :data:`PARTS`."""
    names = [name for name in PARTS if name in parts]
    if not is_set_up:
        return {name: None if name == "settings" else [] for name in names}
    project_id = ""
    if "webhooks" in parts:
        project_id = read_project_id(client, project)
    read: dict[str, Callable[[], Any]] = {
        "settings": lambda: read_project_settings(client, project),
        # Projects of the GitHub App have none, and asking for them is an error (§2).
        "checkout_keys": lambda: [] if project.is_app else read_checkout_keys(client, project),
        "env_vars": lambda: shown_env_vars(read_env_vars(client, project)),
        "webhooks": lambda: as_results(read_webhooks(client, project, project_id)),
        "schedules": lambda: as_results(schedules_of(client, project, project_id).read()),
        "tokens": lambda: read_tokens(client, project),
    }
    return {name: read[name]() for name in names}


def read_all(
    client: Client,
    projects: Mapping[Project, Listed | None],
    parts: Collection[str],
    concurrency: int,
    *,
    collect: bool,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Read projects side by side.

    :param projects: with what a list says of each
    :param parts: see :func:`read_one`
    :param concurrency: how many are read at a time
    :param collect: whether one that cannot be read is noted, and not the end
    :returns: the projects that were read, and those that could not be, both in the order given
    :raises CircleCIError: when one cannot be read, or the token is invalid, which concerns them all
    """

    def read(project: Project) -> tuple[dict[str, Any] | CircleCIError, list[str]]:
        own = client.copy()
        try:
            return read_one(own, project, parts, projects[project]), own.warnings
        except CircleCIError as error:
            if not collect or error.status == INVALID_TOKEN:
                raise  # so that nothing more is asked
            return error, own.warnings

    answers = list(zip(projects, side_by_side(client, read, projects, concurrency)))
    for warning in each_once((project, warning) for project, (_described, warned) in answers for warning in warned):
        client.warn(warning)
    found = [described for _project, (described, _warned) in answers if not isinstance(described, CircleCIError)]
    failures = [(project, error) for project, (error, _warned) in answers if isinstance(error, CircleCIError)]
    if failures:
        of_how_many = f"{len(failures)} of {counted(len(projects), 'project', 'projects')}"
        why = reasons((project, error.told) for project, error in failures)
        client.warn(f"{of_how_many} could not be read, see unreadable. {why}")
    return found, [{"project": str(project), "msg": error.told, "status": error.status} for project, error in failures]
