# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users, and the organizations that they see: api-v2-pipelines.md §8."""

from __future__ import annotations

from typing import Any, Final

from emulator.http.exchange import Answer
from emulator.world.model import Organization, User

from .routing import Missing, V2Request, route

# The status is on record, the text is that of API v1.1 (api-v2-provisioning.md §0.1).
_NO_USER: Final = Missing("Permission denied", 403)


@route("GET", "/me", absent=_NO_USER)
def get_me(request: V2Request) -> Answer:
    return Answer(_shape(request.personal) | {"avatar_url": _avatar(request.personal.login)})


@route("GET", "/me/collaborations", absent=_NO_USER)
def list_collaborations(request: V2Request) -> Answer:
    """Return all organizations, and the user's own account, as a bare list. Accounts of people may have no id."""
    own = request.personal.login
    key = "vcs-type" if request.state.switches.hyphened_vcs_type else "vcs_type"
    return Answer(
        [
            {key: "github", "slug": f"gh/{own}", "name": own, "id": None, "avatar_url": _avatar(own)},
            *(_collaboration(each, key) for each in request.state.organizations.values()),
        ]
    )


# The text is a guess.
@route("GET", "/user/:id", absent=Missing("User not found"))
def get_user(request: V2Request) -> Answer:
    for user in request.state.users.values():
        if user.id == request.params["id"]:
            return Answer(_shape(user))
    raise request.missing()


def _shape(user: User) -> dict[str, str]:
    return {"name": user.name, "login": user.login, "id": user.id}


def _collaboration(organization: Organization, key: str) -> dict[str, Any]:
    return {
        key: organization.vcs,
        "slug": organization.short_slug,
        "name": organization.name,
        "id": organization.id,
        "avatar_url": _avatar(organization.key),
    }


def _avatar(name: str) -> str:
    return f"https://avatars.example.com/{name}?v=4"
