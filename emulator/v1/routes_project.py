# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follow, settings and environment variables: api-v1.1.md §3.2 and §3.5."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import Request

from . import shapes
from .routes_user import RATE_LIMIT_HEADERS
from .routing import PROJECT, Access, branches_are_gone, route, vcs_not_found

_FOLLOW_ERRORS: Final[dict[int, dict[str, Any]]] = {
    403: {
        "message": "Resource protected by organization SAML enforcement.",
        "documentation_url": "https://docs.github.com/rest",
        "status": "403",
    },
    422: {
        "message": "Validation Failed",
        "errors": [{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}],
        "documentation_url": "https://docs.github.com/rest/repos/webhooks#create-a-repository-webhook",
        "status": "422",
    },
}


@route("POST", f"{PROJECT}/follow", Access.SETUP)
def follow(request: Request) -> Answer:
    state, project, user = request.state, request.project, request.personal
    switches = state.switches
    if switches.follow_error:
        error = _FOLLOW_ERRORS.get(switches.follow_error)
        text = json.dumps(error, separators=(",", ":")) if error else vcs_not_found()
        raise RefusedError(switches.follow_error, text)
    if switches.refollow_500 and user.login in project.followers:
        raise RefusedError(500, "An internal server error occurred.")
    if not project.set_up and not project.admin:
        raise RefusedError(403, "Permission denied")
    build = state.follow(project, user)
    answer: dict[str, Any] = (
        {"followed": True} if switches.followed_spelling else {"following": True, "workflow": False}
    )
    answer["first_build"] = build and shapes.build_summary(build, request.links)
    return Answer(answer, headers=dict(RATE_LIMIT_HEADERS))


@route("POST", f"{PROJECT}/unfollow", Access.PERSONAL)
def unfollow(request: Request) -> Answer:
    request.state.unfollow(request.project, request.personal)
    return Answer({"followed" if request.state.switches.followed_spelling else "following": False})


@route("POST", f"{PROJECT}/enable", Access.SETUP)
def enable(request: Request) -> Answer:
    if not request.project.admin:
        raise RefusedError(403, "Permission denied")
    request.state.set_up(request.project, request.personal)
    return get_settings(request)


@route("DELETE", f"{PROJECT}/enable", Access.PERSONAL, changes_settings=True)
def disable(request: Request) -> Answer:
    """Stop building: no followers, no webhook, no deploy key; what runs is canceled."""
    project = request.project
    project.followers.clear()
    project.checkout_keys.clear()
    project.webhook = False
    request.state.machine.stop(project, request.user)
    return get_settings(request)


@route("GET", f"{PROJECT}/settings", Access.PUBLIC)
def get_settings(request: Request) -> Answer:
    switches = request.state.switches
    digest = "md5" if switches.md5_only else request.call.query.get("ssh-key-digest", "md5")
    answer = shapes.settings(request.project, request.user, digest=digest)
    answer["scopes"] = _rights(request)
    if switches.omit_scopes:
        del answer["scopes"]
    if request.token is None:
        # What strangers see of an open-source project is not known; keys are none of their business.
        answer["ssh_keys"] = []
    if branches_are_gone(request, "skip-branches"):
        del answer["branches"]
    if switches.omit_empty_ssh_keys and not answer["ssh_keys"]:
        del answer["ssh_keys"]
    return Answer(answer)


@route("PUT", f"{PROJECT}/settings", Access.PROJECT, changes_settings=True)
def put_settings(request: Request) -> Answer:
    """Change some settings; unknown names are ignored, and feature flags written with underscores are unknown."""
    fields, project = request.call.fields, request.project
    flags = fields.get("feature_flags")
    if isinstance(flags, dict):
        project.feature_flags |= {name: value for name, value in flags.items() if "_" not in name}
        project.oss = bool(flags.get("oss", project.oss))
    project.settings |= {name: value for name, value in fields.items() if name in shapes.WRITABLE_SETTINGS}
    return Answer("")


@route("GET", f"{PROJECT}/envvar", Access.PROJECT)
def list_variables(request: Request) -> Answer:
    return Answer([_variable(request, name) for name in sorted(request.project.env_vars)])


@route("POST", f"{PROJECT}/envvar", Access.PROJECT, changes_settings=True)
def set_variable(request: Request) -> Answer:
    """Create or overwrite a variable."""
    name, value = request.call.fields.get("name"), request.call.fields.get("value")
    if not isinstance(name, str) or not name or value is None:
        # Neither code nor text of this answer is known.
        raise RefusedError(400, "Missing name or value")
    request.project.env_vars[name] = value if isinstance(value, str) else json.dumps(value)
    location = f"{request.links.project(request.project)}/envvar/{quote(name, safe='')}"
    return Answer(_variable(request, name), 201, {"Location": location})


@route("GET", f"{PROJECT}/envvar/:var-name", Access.PROJECT)
def get_variable(request: Request) -> Answer:
    return Answer(_variable(request, _known_variable(request)))


@route("DELETE", f"{PROJECT}/envvar/:var-name", Access.PROJECT, changes_settings=True)
def delete_variable(request: Request) -> Answer:
    del request.project.env_vars[_known_variable(request)]
    return Answer({"message": "ok"})


def _rights(request: Request) -> list[str]:
    """Return the rights as the settings show them. Those of strangers and of tokens below `all` are a guess."""
    scope = request.token.scope if request.token else "none"
    if scope == "all":
        return list(request.project.scopes)
    few = {"view-builds": ["view-builds", "read-settings", "status", "none"], "status": ["status", "none"]}
    return few.get(scope, ["none"])


def _known_variable(request: Request) -> str:
    name = request.params["var-name"]
    if name not in request.project.env_vars:
        raise RefusedError(404, "env var not found")
    return name


def _variable(request: Request, name: str) -> dict[str, str]:
    value = request.project.env_vars[name]
    return {"name": name, "value": shapes.mask(value, whole=request.state.switches.hide_whole_values)}
