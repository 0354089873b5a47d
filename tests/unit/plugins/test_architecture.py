# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The four wings of module_utils: imports run one way, in no circle, and no file grows without bounds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
PACKAGE = "ansible_collections.community.circleci.plugins."
WINGS = ["_http", "_values", "_task", "_resources"]
"""Each imports itself and those before it only."""
LONGEST = 500  # lines
FILES = sorted(PLUGINS.rglob("*.py"))
UTILITIES = sorted((PLUGINS / "module_utils").rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts)


NAMES = {name_of(path) for path in FILES}


def imported(path: Path) -> set[str]:
    """The files of plugins/ that a file imports, wherever in it, by their names below ``plugins``."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name.removeprefix(PACKAGE) for name in found if name.startswith(PACKAGE)} & NAMES


def wing(name: str) -> str:
    """The wing of a file of module_utils, else its folder."""
    folder, *rest = name.split(".")
    return rest[0] if folder == "module_utils" else folder


GRAPH = {name_of(path): imported(path) for path in FILES}


def test_the_graph_is_not_empty() -> None:
    assert "module_utils._http.errors" in GRAPH["module_utils._http.client"]
    assert {wing(name) for name in GRAPH if name.startswith("module_utils.")} == set(WINGS)


@pytest.mark.parametrize("name", sorted(name for name in GRAPH if name.startswith("module_utils.")))
def test_arrows_run_from_resources_to_http(name: str) -> None:
    allowed = set(WINGS[: WINGS.index(wing(name)) + 1])
    assert {wing(other) for other in GRAPH[name]} <= allowed


@pytest.mark.parametrize("name", sorted(name for name in GRAPH if name.startswith("module_utils._http.")))
def test_the_wire_knows_no_ansible(name: str) -> None:
    path = PLUGINS / f"{name.replace('.', '/')}.py"
    modules = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    assert not [module for module in modules if module == "ansible" or module.startswith("ansible.")]


def test_no_circles() -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in sorted(GRAPH[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in sorted(GRAPH):
        visit(name, ())


@pytest.mark.parametrize("path", UTILITIES, ids=name_of)
def test_no_file_has_too_many_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
