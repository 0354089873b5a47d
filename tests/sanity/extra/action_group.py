# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that every module has its action file and, if it asks CircleCI, is in the action group; and nothing else is."""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
MODULES = ROOT / "plugins" / "modules"


def public_files(folder: str) -> set[str]:
    """Give the names of the Python files in a folder of plugins/, without those that are private."""
    return {path.stem for path in (ROOT / "plugins" / folder).glob("*.py") if not path.stem.startswith("_")}


def complaints() -> list[str]:
    """Compare plugins/modules, plugins/action and the group in meta/runtime.yml; give what is wrong, in words."""
    runtime = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    listed = runtime["action_groups"]["circleci"]
    modules, actions, group = public_files("modules"), public_files("action"), set(listed)
    asking = {name for name in modules if "_attributes.action_group" in (MODULES / f"{name}.py").read_text("utf-8")}
    found = [f"plugins/modules/{name}.py has no plugins/action/{name}.py." for name in sorted(modules - actions)]
    found += [f"plugins/action/{name}.py has no plugins/modules/{name}.py." for name in sorted(actions - modules)]
    found += [f"{name} is missing in the action group of meta/runtime.yml." for name in sorted(asking - group)]
    found += [f"The action group of meta/runtime.yml names {name}: no such module." for name in sorted(group - asking)]
    if listed != sorted(group):
        found.append("The action group of meta/runtime.yml is not in alphabetical order, or names a module twice.")
    return found


if __name__ == "__main__":
    # An empty text would be a failure without words.
    sys.exit("\n".join(complaints()) or None)
