# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module takes the options that its documentation describes: names, types, defaults and choices."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = pytest.mark.once
PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
MODULES = sorted(path.stem for path in PLUGINS.glob("modules/*.py"))
COLLECTION = "ansible_collections.community.circleci.plugins"
TOLD = {"type": "str", "required": False, "default": None, "choices": None, "elements": None, "aliases": []}
"""What the documentation says of an option and the module has to know, with what holds when nothing is said."""


def module_of(name: str) -> Any:
    return importlib.import_module(f"{COLLECTION}.modules.{name}")


def described(documentation: str) -> dict[str, Any]:
    """The options that a text describes, and those of the fragments that it extends."""
    read: dict[str, Any] = yaml.safe_load(documentation)
    options: dict[str, Any] = {}
    for fragment in read.get("extends_documentation_fragment", []):
        name, _dot, part = fragment.removeprefix("community.circleci.").partition(".")
        found = importlib.import_module(f"{COLLECTION}.doc_fragments.{name}").ModuleDocFragment
        options |= described(getattr(found, (part or "documentation").upper()))
    options |= read.get("options", {})
    return options


def told(options: dict[str, Any], inside: str, place: str = "") -> Iterator[tuple[str, Any]]:
    """What is said of each option, and of those inside.

    :param inside: what options inside an option are called
    """
    for name, option in options.items():
        for aspect, usual in TOLD.items():
            yield f"{place}{name}: {aspect}", option.get(aspect, usual)
        yield from told(option.get(inside) or {}, inside, f"{place}{name}.")


@pytest.mark.parametrize("name", MODULES)
def test_a_module_takes_what_is_described(name: str) -> None:
    module = module_of(name)
    assert dict(told(module.ARGUMENT_SPEC, "options")) == dict(told(described(module.DOCUMENTATION), "suboptions"))


def named(constraint: str, rule: Any) -> Iterator[str]:
    """The options that a rule about several of them names."""
    if constraint == "required_if":
        yield from (rule[0], *rule[2])
    elif constraint == "required_by":
        option, others = rule
        yield from (option, *others)
    else:
        yield from rule


@pytest.mark.parametrize("name", MODULES)
def test_rules_about_options_name_options(name: str) -> None:
    module = module_of(name)
    for constraint, rules in getattr(module, "CONSTRAINTS", {}).items():
        for rule in rules.items() if isinstance(rules, dict) else rules:
            assert set(named(constraint, rule)) <= module.ARGUMENT_SPEC.keys()
