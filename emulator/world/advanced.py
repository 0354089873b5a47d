# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The advanced settings of a project, which API v1.1 calls feature flags: api-v2-provisioning.md §4.1."""

from __future__ import annotations

from typing import Any, Final

from .model import Project

BRANCHES: Final = "pr_only_branch_overrides"
FORK_SECRETS: Final = "forks_receive_secret_env_vars"
# What a fresh private project has.
FLAGS: Final[dict[str, bool]] = {
    "autocancel_builds": False,
    "build_fork_prs": False,
    "build_prs_only": False,
    "disable_ssh": False,
    FORK_SECRETS: True,
    "set_github_status": True,
    "setup_workflows": True,
    "write_settings_requires_admin": False,
}


def advanced(project: Project) -> dict[str, Any]:
    """Return all settings, with the read-only `oss` among them."""
    flags: dict[str, Any] = {
        name: bool(project.feature_flags.get(_hyphened(name), default)) for name, default in FLAGS.items()
    }
    branches = project.feature_flags.get(_hyphened(BRANCHES))
    flags |= {"oss": project.oss, BRANCHES: branches if isinstance(branches, list) else [project.default_branch]}
    return flags


def change(project: Project, changes: dict[str, Any]) -> bool:
    """Store what may be stored, and return whether that was all.

    A project of an App never gives its secrets to forks again; the rest of such a request is stored all the same. An
    empty list of branches is ignored. The list has an order of its own: the default branch ends it.
    """
    refused = project.is_app and changes.get(FORK_SECRETS) is True
    for name, value in changes.items():
        if name == BRANCHES:
            others = sorted(set(value) - {project.default_branch}, reverse=True)
            value = [*others, project.default_branch] if project.default_branch in value else others
        if value != [] and not (refused and name == FORK_SECRETS):
            project.feature_flags[_hyphened(name)] = value
    return not refused


def _hyphened(name: str) -> str:
    return name.replace("_", "-")
