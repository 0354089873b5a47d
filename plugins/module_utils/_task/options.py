# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The options that modules share. Each table has a documentation fragment of the same name."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._http.urls import DEFAULT_URL
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES

ENVIRONMENT = {"api_token": ("CIRCLE_TOKEN", "CIRCLECI_TOKEN"), "api_url": ("CIRCLE_HOST",)}
"""The environment variables that stand in for options, the first ones first. Modules never read them themselves: who
runs one on the controller does, for on another host they may be somebody else's."""

CONNECTION: dict[str, dict[str, Any]] = {
    "api_token": {"type": "str", "no_log": True, "aliases": ["token"]},
    "api_url": {"type": "str", "default": DEFAULT_URL},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30.0},
    "retries": {"type": "int", "default": 5},
    "retry_budget": {"type": "float", "default": 120.0},
}

_ORGANIZATION: dict[str, dict[str, Any]] = {
    "organization": {"type": "str", "aliases": ["username", "owner"]},
    "vcs_type": {"type": "str", "choices": list(VCS_TYPES)},
}

ORGANIZATION: dict[str, dict[str, Any]] = {
    **_ORGANIZATION,
    "organization": {**_ORGANIZATION["organization"], "required": True},
}

PROJECT: dict[str, dict[str, Any]] = {"project": {"type": "str", "required": True}, **_ORGANIZATION}

PROJECT_OR_ALL: dict[str, dict[str, Any]] = {"project": {"type": "str"}, **_ORGANIZATION}

STATE: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def refuse_idle(idle: list[str], state: str) -> None:
    """Refuse options that would do nothing in a state: whoever sets them expects something.

    :raises CircleCIError: if there are any
    """
    if idle:
        raise invalid(f"{', '.join(idle)} cannot be used with state {state}.", "Leave it out, or change state.")


def require_filled(params: dict[str, Any], *names: str) -> None:
    """Fail for options that were given, and are empty.

    :raises CircleCIError: then
    """
    for name in names:
        if isinstance(params[name], str) and not params[name].strip():
            raise invalid(f"{name} is empty.", "Leave it out, with the filter default(omit) for example.")


def require_positive(params: dict[str, Any], *names: str) -> None:
    """Fail for numbers that count from one, and are less.

    :raises CircleCIError: then
    """
    for name in names:
        if params[name] is not None and params[name] < 1:
            raise invalid(f"{name} must be 1 or more.")


def check_rotation(rotate: bool, max_age: int | None, kind: str) -> None:
    """Check when something is to be replaced by a new one.

    :param max_age: days
    :param kind: what to call it
    :raises CircleCIError: when that makes no sense
    """
    if max_age is not None and max_age < 0:
        raise invalid("max_age must be a number of days, 0 or more.")
    if rotate and max_age is not None:
        raise invalid(
            "rotate and max_age exclude each other.",
            f"rotate makes a new {kind} in every run: leave it out to rotate only what is older.",
        )


def from_environment(option: str, variables: Mapping[str, str]) -> tuple[str, str] | None:
    """What an environment has for an option. An empty variable counts as unset.

    :returns: the value and the name of its variable
    """
    for name in ENVIRONMENT[option]:
        value = str(variables.get(name) or "")
        if value.strip():
            return value, name
    return None


def defaults_from_environment(
    definitions: Mapping[str, Mapping[str, Any]], given: Collection[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """The options of a plugin that variables of the environment stand in for, where nobody gave them.

    Core would look into the environment itself, but counts an empty variable as set.

    :param definitions: of all options of the plugin
    :param given: the options that were given
    :returns: their values, and the variables that some of them came from
    """
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for option in ENVIRONMENT:
        if option not in given:
            values[option] = definitions[option].get("default")
            if found := from_environment(option, os.environ):
                values[option], origins[option] = found
    return values, origins


def with_origins(failure: str, origins: Mapping[str, str]) -> str:
    """The message of a failure, with the variables that the options came from that it may be about.

    :param origins: the names of variables, by option
    """
    words = {"api_token": "token", "api_url": "api_url"}
    told = [
        f"{option} comes from the environment variable {variable}."
        for option, variable in origins.items()
        if words[option] in failure
    ]
    return " ".join([failure, *told])


class Params(dict[str, Any]):
    """The options of a task as core has checked them, where null and left out are the same.

    :param given: as the task wrote them, as far as that is known
    """

    def __init__(self, params: dict[str, Any], given: dict[str, Any]) -> None:
        super().__init__(params)
        self.given = given


def as_given(params: dict[str, Any], name: str) -> list[Any]:
    """An option that is a list, as the task wrote it.

    :returns: an empty list when the task wrote it in another form
    """
    value = (params.given if isinstance(params, Params) else params).get(name)
    return value if isinstance(value, list) else []
