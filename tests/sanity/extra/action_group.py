# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that each module has its action file and is in all groups whose options it takes, and nothing else is."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.community.circleci.plugins.doc_fragments._attributes import ModuleDocFragment
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT

ROOT = Path(__file__).resolve().parents[3]
COLLECTION = "ansible_collections.community.circleci.plugins"
GROUPS: dict[str, Mapping[str, Mapping[str, Any]]] = {
    "circleci": CONNECTION,
    "organization": {name: PROJECT[name] for name in ("organization", "vcs_type")},
    "project": PROJECT,
}
"""What each action group sets: its members are all modules that take, and where said require, every one of these."""


def public_files(folder: str) -> set[str]:
    """Give the names of the Python files in a folder of plugins/, without those that are private."""
    return {path.stem for path in (ROOT / "plugins" / folder).glob("*.py") if not path.stem.startswith("_")}


def takes(options: Mapping[str, Mapping[str, Any]], group: str) -> bool:
    """Whether a module with these options is to be in a group."""
    return all(
        name in options and options[name].get("required", False) >= option.get("required", False)
        for name, option in GROUPS[group].items()
    )


def documented(module: Any) -> list[str]:
    """Give the groups that the documentation of a module names, by its fragment."""
    fragments = yaml.safe_load(module.DOCUMENTATION)["extends_documentation_fragment"]
    names = [name.rpartition(".")[2].upper() for name in fragments if "_attributes." in name]
    attributes: dict[str, Any] = {}
    for name in names:
        attributes |= yaml.safe_load(getattr(ModuleDocFragment, name))["attributes"]
    membership = attributes.get("action_group", {}).get("membership", [])
    return [name.removeprefix("community.circleci.") for name in membership]


def complaints() -> list[str]:
    """Compare plugins/modules, plugins/action and the groups in meta/runtime.yml; give what is wrong, in words."""
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules, actions = public_files("modules"), public_files("action")
    found = [f"plugins/modules/{name}.py has no plugins/action/{name}.py." for name in sorted(modules - actions)]
    found += [f"plugins/action/{name}.py has no plugins/modules/{name}.py." for name in sorted(actions - modules)]
    if groups.keys() != GROUPS.keys():
        found.append(f"The action groups of meta/runtime.yml are {', '.join(groups)}, and not {', '.join(GROUPS)}.")
    expected: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in sorted(modules):
        module = importlib.import_module(f"{COLLECTION}.modules.{name}")
        own = [group for group in GROUPS if takes(module.ARGUMENT_SPEC, group)]
        for group in own:
            expected[group].append(name)
        if documented(module) != own:
            found.append(f"The documentation of {name} does not say that its action groups are {', '.join(own)}.")
    for group, listed in groups.items():
        missing, wrong = set(expected.get(group, ())) - set(listed), set(listed) - set(expected.get(group, ()))
        found += [f"{name} is missing in the action group {group} of meta/runtime.yml." for name in sorted(missing)]
        found += [f"{name} is in the action group {group}, whose options it does not have." for name in sorted(wrong)]
        if listed != sorted(set(listed)):
            found.append(f"The action group {group} is not in alphabetical order, or names a module twice.")
    return found


if __name__ == "__main__":
    # An empty text would be a failure without words.
    sys.exit("\n".join(complaints()) or None)
