# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Whether a project is followed: reading, planning and applying."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import an_object, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import brief
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import LATER, settled
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project


def read_following(client: Client, project: Project) -> dict[str, Any] | None:
    """The settings of a project.

    :returns: None when the project is not set up on CircleCI yet
    :raises CircleCIError: when the repository is not visible, or the token is none of a person
    """
    try:
        return read_settings(client, project)
    except CircleCIError as error:
        if not error.project_not_found:
            raise
        client.require_personal_token()
        return None


def plan_following(client: Client, project: Project, settings: dict[str, Any] | None, wanted: bool) -> Plan:
    """Follow a project, or stop following it.

    :param settings: what :func:`read_following` gave
    :param wanted: whether it is to be followed
    """
    following = bool(settings and settings["following"])
    before, after = {"following": following}, {"following": wanted}
    if following == wanted:
        return Plan(before, Outcome(after, {**after, "first_build": None}))
    client.require_personal_token()
    change: list[dict[str, Any]] = [{"kind": "following"}]
    added = change if wanted else []
    removed = [] if wanted else change

    def apply() -> Outcome:
        answer = client.write(
            "POST",
            project.path("follow" if wanted else "unfollow"),
            repeatable=True,
            seen=lambda: {} if _is_followed(client, project) == wanted else None,
            shape=_whether_followed,
        )
        _verify(client, project, wanted)
        first_build = answer.get("first_build")
        shown = brief(first_build) if isinstance(first_build, dict) else None
        return Outcome(after, {**after, "first_build": shown}, added, removed)

    return Plan(before, Outcome(after, {**after, "first_build": None}, added, removed), apply)


def _whether_followed(answer: Any) -> dict[str, Any]:
    """What follow and unfollow answer; until 2018 the field had another name (§3.2).

    :raises ValueError: for everything else
    """
    return with_fields(**{"followed" if "followed" in an_object(answer) else "following": bool})(answer)


def _is_followed(client: Client, project: Project) -> bool:
    settings = read_following(client, project)
    return bool(settings and settings["following"])


def _verify(client: Client, project: Project, wanted: bool) -> None:
    """Read the settings until they say what was asked for: some answers say yes and nothing happens (§3.2)."""
    if settled(client, lambda: _is_followed(client, project), lambda now: now == wanted) != wanted:
        word, action = ("not followed", "following") if wanted else ("still followed", "unfollowing")
        raise CircleCIError(
            f"CircleCI accepted {action} {project}, but {LATER} its settings still say that it is {word}.",
            hint="The token's user needs write access to the repository, and a personal API token.",
        )
