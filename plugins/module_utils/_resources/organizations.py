# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The organizations that the token's user sees (PF §8, VF §5)."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import unusable
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES

LIST = "v2/me/collaborations"


def read_organizations(client: Client) -> list[dict[str, Any]]:
    """The organizations that the token's user belongs to, and the user's own account, in the order of CircleCI.

    :returns: ``id`` (None for accounts of people, among others), ``slug``, ``name`` and ``vcs_type`` of each
    :raises CircleCIError: when CircleCI does not say, as to project tokens
    """
    return [_organization(item) for item in client.get_list(LIST)]


def _organization(item: dict[str, Any]) -> dict[str, Any]:
    """One of the list. Its key for the VCS type is spelled in two ways, and old answers have neither slug nor id."""
    identity, name, slug = item.get("id"), item.get("name"), item.get("slug")
    vcs_type = item.get("vcs_type", item.get("vcs-type"))
    if not isinstance(name, str) or not isinstance(vcs_type, str):
        raise unusable("CircleCI's list of organizations has an entry without a name or a VCS type.", LIST)
    identity = identity if identity and isinstance(identity, str) else None
    if not isinstance(slug, str) or "/" not in slug:
        # Only at GitHub and Bitbucket is the name of an organization a part of slugs.
        own = identity if vcs_type == "circleci" else name
        slug = own and f"{vcs_type}/{own}"
    if slug:
        given, _slash, rest = slug.partition("/")
        slug = f"{VCS_TYPES.get(given, given)}/{rest}"
    return {
        "id": identity,
        "slug": slug,
        "name": name,
        "vcs_type": VCS_TYPES.get(vcs_type, vcs_type),
    }
