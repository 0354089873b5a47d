# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""How a task describes many projects: the options of each, and what they all have unless one says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import DEPLOY_KEY, TYPES
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import SETTINGS
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import SCHEDULE
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import WEBHOOK
from ansible_collections.community.circleci.plugins.module_utils._task.options import PROJECT, as_given
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import without_user
from ansible_collections.community.circleci.plugins.module_utils._values.variables import UPDATE_VALUE

CHECKOUT_KEY: dict[str, dict[str, Any]] = {
    "type": {"type": "str", "choices": list(TYPES), "default": DEPLOY_KEY},
    "max_age": {"type": "int"},
    "exclusive": {"type": "bool", "default": False},
}
SSH_KEY: dict[str, dict[str, Any]] = {
    "hostname": {"type": "str", "default": ""},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path"},
    "fingerprint": {"type": "str"},
}
ENV_VAR: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "value": {"type": "raw", "no_log": True},
    **UPDATE_VALUE,
}
MANAGED: dict[str, dict[str, Any]] = {
    "following": {"type": "bool"},
    "settings": {"type": "dict", "options": SETTINGS},
    "checkout_keys": {"type": "list", "elements": "dict", "no_log": False, "options": CHECKOUT_KEY},
    "ssh_keys": {"type": "list", "elements": "dict", "no_log": False, "options": SSH_KEY},
    "ssh_keys_exclusive": {"type": "bool", "no_log": False},
    "env_vars": {"type": "list", "elements": "dict", "options": ENV_VAR},
    "env_vars_exclusive": {"type": "bool"},
    "skip_missing": {"type": "bool"},
    "webhooks": {"type": "list", "elements": "dict", "options": WEBHOOK},
    "schedules": {"type": "list", "elements": "dict", "options": SCHEDULE},
}
"""What a project is to have. The table of the entries of a list and of ``defaults`` alike; so there are no defaults in
it, which would hide that something was left out."""

ITEM: dict[str, dict[str, Any]] = {**PROJECT, **MANAGED}
EXCLUSIVE = {"ssh_keys_exclusive": "ssh_keys", "env_vars_exclusive": "env_vars"}
"""Which list an option keeps clean."""


@dataclass(frozen=True)
class Item:
    """One project as a task describes it, with what it has from ``defaults``.

    :param where: where it stands, for what is wrong with it
    :param values: the options of :data:`ITEM`; None where something is not managed
    """

    where: str
    values: dict[str, Any]


def items_of(params: dict[str, Any]) -> list[Item]:
    """The projects that a task describes, in ``projects`` and then in ``slugs``.

    :raises CircleCIError: when it describes none, or says nothing about those in ``slugs``
    """
    slugs, entries = params.get("slugs"), params.get("projects")
    if slugs is None and entries is None:
        raise invalid("There are no projects.", "Describe some in projects, or name them in slugs.")
    defaults = defaults_of(params)
    if slugs and not any(value is not None for value in defaults.values()):
        raise invalid(
            "slugs names projects, but defaults does not say what they are to have.",
            "Say it in defaults, or describe each project in projects.",
        )
    given = as_given(params, "projects")
    items = []
    for index, entry in enumerate(entries or ()):
        raw = given[index] if index < len(given) and isinstance(given[index], dict) else {}
        items.append(Item(_where("projects", index, entry["project"]), _filled(entry, raw, defaults)))
    for index, slug in enumerate(slugs or ()):
        entry = {**dict.fromkeys(ITEM), "project": slug}
        items.append(Item(_where("slugs", index, slug), _filled(entry, {}, defaults)))
    return items


def defaults_of(params: dict[str, Any]) -> dict[str, Any]:
    """The options of :data:`MANAGED` that ``defaults`` gives; None where it says nothing."""
    given = params.get("defaults") or {}
    return {name: given.get(name) for name in MANAGED}


def _where(option: str, index: int, project: str) -> str:
    return f"{option}[{index}] ({plain(without_user(project), 200)})"


def _filled(entry: dict[str, Any], raw: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """An entry with what it has from ``defaults``.

    Lists take the place of those in ``defaults``, settings are looked up one by one. Null says that something is not
    managed here, whatever ``defaults`` says; so it is not the same as nothing.

    :param raw: the entry as the task wrote it
    """
    values = {
        name: defaults[name] if name in MANAGED and entry[name] is None and name not in raw else entry[name]
        for name in ITEM
    }
    if entry["settings"] is not None and defaults["settings"] is not None:
        raw_settings = raw.get("settings")
        unmanaged = raw_settings if isinstance(raw_settings, dict) else {}
        values["settings"] = {
            name: defaults["settings"][name] if value is None and name not in unmanaged else value
            for name, value in entry["settings"].items()
        }
    for option, name in EXCLUSIVE.items():
        # What nobody said of this project's own list must not empty it.
        if entry[option] is None and not values[name]:
            values[option] = None
    return values
