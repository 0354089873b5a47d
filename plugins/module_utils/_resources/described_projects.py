# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Projects as they are, in the words of ``circleci_projects``: given to it, they change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import TYPES, WantedKeys
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import (
    SETTINGS,
    wanted_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import SCHEDULE, WantedSchedule
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import WantedKey
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import WEBHOOK, WantedWebhook
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, parse_project

NO_KEY = {"private_key": None, "private_key_path": None}
DESCRIBED = ("settings", "checkout_keys", "webhooks", "schedules")
"""What has to be read of a project to describe it."""

Json = dict[str, Any]


def described(client: Client, projects: Sequence[Json]) -> Json:
    """Projects in the words of ``circleci_projects``, but for their variables, whose values nobody can read.

    What these words cannot say, or not say of one thing alone, is left out, with a warning.

    :param projects: what :func:`.project_info.read_one` gave, with all of :data:`DESCRIBED`
    """
    return {"projects": [_described(client, project) for project in projects]}


def _described(client: Client, found: Json) -> Json:
    project = parse_project(found["project"])
    entry: Json = {"project": found["project"], "following": found["following"]}
    settings = {name: value for name, value in (found["settings"] or {}).items() if name in SETTINGS and value != []}
    if _can_be(client, project, "settings", lambda: wanted_settings({**dict.fromkeys(SETTINGS), **settings})):
        entry["settings"] = settings
    # Who stops following may lose these keys, so nobody can want both.
    if found["following"]:
        entry["checkout_keys"] = _checkout_keys(client, project, found["checkout_keys"])
    entry["ssh_keys"] = [
        key
        for key in _ssh_keys(client, project, found["ssh_keys"])
        if _can_be(client, project, f"SSH key {key['fingerprint']}", partial(WantedKey.from_params, {**NO_KEY, **key}))
    ]
    entry["webhooks"] = _named(client, project, "webhook", WEBHOOK, found["webhooks"], WantedWebhook.from_params)
    entry["schedules"] = _named(client, project, "schedule", SCHEDULE, found["schedules"], WantedSchedule.from_params)
    return {name: value for name, value in entry.items() if value not in ([], {})}


def _checkout_keys(client: Client, project: Project, keys: Sequence[Json]) -> list[Json]:
    """The kinds of checkout keys. The words for user keys mean the same kind."""
    kinds: list[str] = []
    for key in keys:
        if key["type"] not in TYPES:
            kind = f"the type {plain(key['type'])}" if key["type"] else "an unknown type"
            client.warn(f"{project} has a checkout key of {kind}, which cannot be described, and is left out.")
        elif not any(WantedKeys.from_params({"type": kind}).covers(key["type"]) for kind in kinds):
            kinds.append(key["type"])
    return [{"type": kind} for kind in kinds]


def _ssh_keys(client: Client, project: Project, keys: Sequence[Json]) -> list[Json]:
    """The SSH keys by their fingerprints, each once: nobody can read a private key."""
    known: set[tuple[str, str]] = set()
    for key in keys:
        fingerprint = key["fingerprint_sha256"] or key["fingerprint"]
        if fingerprint:
            known.add((key["hostname"], fingerprint))
        else:
            client.warn(
                f"{project} has an SSH key of which CircleCI tells no fingerprint, so it cannot be described, and is "
                "left out."
            )
    return [{"hostname": hostname, "fingerprint": fingerprint} for hostname, fingerprint in sorted(known)]


def _named(
    client: Client,
    project: Project,
    kind: str,
    options: Json,
    things: Sequence[Json],
    parse: Callable[[Json], object],
) -> list[Json]:
    """Webhooks or schedules, as far as their names tell them apart."""
    count = Counter(thing["name"] for thing in things)
    entries = []
    for thing in things:
        named = f"{kind} {plain(thing['name'])}"
        if count[thing["name"]] > 1:
            client.warn(f"{project} has more than one {named}, so none of them is described.")
            continue
        entry = {key: thing[key] for key in options if thing.get(key) is not None}
        if thing.get("definition_id") is not None:
            entry["definition"] = thing["definition_id"]
        blank = {key: option.get("default") for key, option in options.items()}
        if _can_be(client, project, named, partial(parse, {**blank, **entry})):
            entries.append(entry)
    return entries


def _can_be(client: Client, project: Project, kind: str, parse: Callable[[], object]) -> bool:
    """Whether a task may say this."""
    try:
        parse()
    except CircleCIError as error:
        client.warn(f"The description lacks the {kind} of {project}: {error.message}")
        return False
    return True
