# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The options that modules share. Each table has a documentation fragment of the same name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.community.circleci.plugins.module_utils._http.urls import DEFAULT_URL
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES

TOKEN_VARIABLES = ["CIRCLE_TOKEN", "CIRCLECI_TOKEN"]

CONNECTION: dict[str, dict[str, Any]] = {
    "api_token": {"type": "str", "no_log": True, "aliases": ["token"], "fallback": (env_fallback, TOKEN_VARIABLES)},
    "api_url": {"type": "str", "default": DEFAULT_URL, "fallback": (env_fallback, ["CIRCLE_HOST"])},
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


def wrong_entry(options: dict[str, dict[str, Any]], given: dict[str, Any], module: str, where: str = "") -> str | None:
    """Which entry of a list of dictionaries has wrong arguments, and why: core's messages do not say which one.

    :param options: the argument spec
    :param given: what a task gave for it
    :param module: the name to give the module
    :returns: None when there is none
    """
    for name, option in options.items():
        entries = given.get(name)
        if isinstance(entries, dict) and option.get("elements") == "dict":
            return f"{where}{name} is a dictionary, not a list of dictionaries. {_as_list(option['options'])}"
        if "options" not in option or not isinstance(entries, list):
            continue
        for index, entry in enumerate(entries):
            place = f"{where}{name}[{index}]"
            try:
                # What was left out may have been set to None already.
                entry = {key: value for key, value in check_type_dict(entry).items() if value is not None}
            except TypeError as error:
                return f"{place}: {error}"
            inside = wrong_entry(option["options"], entry, module, f"{place}.")
            if inside:
                return inside
            errors = ArgumentSpecValidator(option["options"]).validate(entry).errors.errors
            unsupported = f"Unsupported parameters for ({module}) module: "
            words = [f"{unsupported if isinstance(error, UnsupportedError) else ''}{error.msg}" for error in errors]
            if words:
                return f"{place}: {'; '.join(words)}"
    return None


def _as_list(options: dict[str, dict[str, Any]]) -> str:
    """How to make a list of what was given as a dictionary.

    :param options: of the list's entries
    """
    if {"name", "value"} <= options.keys():
        return "Pass names with their values through the filter dict2items(key_name='name', value_name='value')."
    return "Put a dash before each entry."
