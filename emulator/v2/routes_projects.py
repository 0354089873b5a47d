# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organizations and projects: api-v2-provisioning.md §4 and §5."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer
from emulator.world.model import Project

from .routing import ORGANIZATION, PROJECT, Missing, V2Request, route

_PROVIDERS: Final = {"github": "GitHub", "bitbucket": "Bitbucket", "circleci": "CircleCI"}


@route("GET", ORGANIZATION, absent=Missing("Org not found."))
def get_organization(request: V2Request) -> Answer:
    """Return an organization by slug or uuid. Its slash may be encoded, unlike that of a project's slug."""
    found = request.state.find_organization(request.params["org-slug-or-id"])
    if found is None:
        raise request.missing()
    return Answer({"slug": found.short_slug, "name": found.name, "vcs_type": found.vcs, "id": found.id})


@route("GET", PROJECT, public=True)
def get_project(request: V2Request) -> Answer:
    return Answer(_shape(request.project))


def _shape(project: Project) -> dict[str, Any]:
    organization = project.organization
    url = f"//circleci.com/{organization.id}/{project.id}" if project.is_app else project.vcs_url
    return {
        "slug": project.short_slug,
        "name": project.title,
        "id": project.id,
        "organization_name": organization.name,
        "organization_slug": organization.short_slug,
        "organization_id": organization.id,
        "vcs_info": {
            "vcs_url": url,
            "provider": _PROVIDERS[project.vcs],
            "default_branch": project.default_branch,
        },
    }
