# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The advanced settings of a project: api-v2-provisioning.md §4.1."""

from __future__ import annotations

from typing import Final

from emulator.http.exchange import Answer, RefusedError
from emulator.world.advanced import BRANCHES, FLAGS, advanced, change

from .bodies import validated
from .routing import SPLIT_PROJECT, V2Request, route

MOST_BRANCHES: Final = 100
_FIELDS: Final = {"advanced": {**dict.fromkeys(FLAGS, "boolean"), BRANCHES: "array"}}


@route("GET", f"{SPLIT_PROJECT}/settings", server="4.8")
def get_settings(request: V2Request) -> Answer:
    return Answer({"advanced": advanced(request.project)})


@route("PATCH", f"{SPLIT_PROJECT}/settings", server="4.8")
def change_settings(request: V2Request) -> Answer:
    """Change some settings and return all. What is refused of an App's project is refused after the rest is stored."""
    changes = validated(request.call, _FIELDS).get("advanced", {})
    if "write-settings" not in request.project.scopes:
        raise RefusedError(403, "Permission denied")
    if len(changes.get(BRANCHES, [])) > MOST_BRANCHES:
        raise RefusedError(400, f"Field '{BRANCHES}' only supports up to {MOST_BRANCHES} branches.")
    if not all(isinstance(branch, str) for branch in changes.get(BRANCHES, [])):
        # The text is a guess.
        raise RefusedError(400, f"Field 'advanced.{BRANCHES}' should be a list of 'string'.")
    if not change(request.project, changes):
        raise RefusedError(403, "Permission denied")
    return get_settings(request)
