# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""All that is wrong with the arguments of a task, with the places: core names one mistake, and no place in a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_type_dict
from ansible.module_utils.errors import UnsupportedError

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import (
    require_spelling,
    written_text,
)

MOMENTS = ("not_older_than",)
"""Options that take a date as YAML reads it."""
SAMPLES = {"project": "github/acme/api", "hostname": "deploy.example.com", "name": "A_NAME"}

Options = dict[str, dict[str, Any]]
Json = dict[str, Any]


def lost_spellings(options: Options, given: Json, where: str = "") -> list[str]:
    """The arguments of which YAML has made something else than text, although text is due.

    Only before core has validated them can that be seen: it makes text of everything.

    :param options: the argument spec
    :param given: what a task gave for it
    """
    problems = []
    for name, option in options.items():
        for key in (name, *option.get("aliases", ())):
            value, place = given.get(key), f"{where}{key}"
            if name in MOMENTS or option.get("choices"):
                continue
            if option.get("options"):
                for entry, inside in _entries(value, place):
                    if isinstance(entry, dict):
                        problems += lost_spellings(option["options"], entry, f"{inside}.")
                continue
            kind = option.get("type", "str")
            in_list = kind == "list" and option.get("elements", "str") == "str"
            for text, inside in _entries(value, place) if in_list else [(value, place)]:
                try:
                    if in_list or kind in ("str", "path"):
                        written_text(text, inside)
                    elif kind in ("raw", "dict"):
                        require_spelling(text, inside)
                except CircleCIError as error:
                    problems.append(error.told)
    return problems


def _entries(value: Any, place: str) -> Iterator[tuple[Any, str]]:
    """The entries of a list with their places; what is no list counts as the only entry."""
    if isinstance(value, (list, tuple)):
        yield from ((entry, f"{place}[{index}]") for index, entry in enumerate(value))
    else:
        yield value, place


def argument_problems(
    options: Options, given: Json, module: str, constraints: Json | None = None, where: str = ""
) -> list[str]:
    """What core would refuse, by its place.

    :param options: the argument spec
    :param given: what a task gave for it
    :param module: the name to give the module
    :param constraints: ``required_if`` and its like
    """
    # What was left out may have been set to None already.
    given = {key: value for key, value in given.items() if value is not None}
    # Of what is inside only that it is there: it is looked at below.
    flat = {
        name: {"type": "raw", "required": option.get("required", False)} if option.get("options") else option
        for name, option in options.items()
    }
    prefix = f"{where.rstrip('.')}: " if where else ""
    unsupported = f"Unsupported parameters for ({module}) module: "
    problems = [
        f"{prefix}{unsupported if isinstance(error, UnsupportedError) else ''}{error.msg}"
        for error in ArgumentSpecValidator(flat, **(constraints or {})).validate(given).errors.errors
    ]
    for name, option in options.items():
        if name in given and option.get("options"):
            problems += _problems_inside(option, given[name], module, f"{where}{name}")
    return problems


def _problems_inside(option: Json, value: Any, module: str, place: str) -> list[str]:
    """The problems of an option with options inside, be it a dictionary or a list of them."""
    inside = option["options"]
    is_list = option.get("type") == "list"
    if isinstance(value, dict) and is_list:
        return [f"{place} is a dictionary, not a list of dictionaries. {_as_list(inside)}"]
    if isinstance(value, str) and is_list:
        value = value.split(",")
        if len(value) == 1:
            return _problems_of_entry(inside, value[0], module, place)
    problems = []
    for entry, where in _entries(value, place):
        problems += _problems_of_entry(inside, entry, module, where)
    return problems


def _problems_of_entry(options: Options, entry: Any, module: str, place: str) -> list[str]:
    try:
        return argument_problems(options, check_type_dict(entry), module, where=f"{place}.")
    except (TypeError, ValueError):  # the latter until ansible-core 2.18, for text with a = in it
        kind = "text" if isinstance(entry, str) else "a list" if isinstance(entry, list) else "a single value"
        names = [name for name, option in options.items() if option.get("required")] or list(options)[:1]
        sample = ", ".join(f"{name}: {SAMPLES.get(name, '...')}" for name in names)
        return [f"{place}: a dictionary is needed, not {kind}. Write it as in {{{sample}}}."]


def _as_list(options: Options) -> str:
    """How to make a list of what was given as a dictionary.

    :param options: of the list's entries
    """
    if "value" in options:
        return "Pass names with their values through the filter dict2items(key_name='name', value_name='value')."
    return "Put a dash before each entry."
