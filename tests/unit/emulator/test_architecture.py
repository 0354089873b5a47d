# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who imports whom in the emulator: its world knows neither HTTP nor an API, and no imports go in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import emulator

pytestmark = pytest.mark.once

ROOT = Path(emulator.__file__).parent.parent


def sources() -> dict[str, str]:
    """Return the text of each of the emulator's modules."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path.read_text("utf-8")
        for path in (ROOT / "emulator").rglob("*.py")
    }


def graph(texts: Mapping[str, str]) -> dict[str, set[str]]:
    """Return for each module the modules of these texts that it names in an import, wherever in its text."""
    packages = {name.rpartition(".")[0] for name in texts}
    return {
        name: {found for wanted in _imports(text, name, name in packages) if (found := _module(wanted, texts))}
        for name, text in texts.items()
    }


def _imports(text: str, name: str, is_package: bool) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = name.split(".")
            start = parents[: len(parents) + is_package - node.level] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _module(wanted: str, texts: Mapping[str, str]) -> str | None:
    """Return the module that is imported: the name itself, or where the imported thing is defined."""
    return next((name for name in (wanted, wanted.rpartition(".")[0]) if name in texts), None)


def test_the_world_knows_neither_http_nor_an_api() -> None:
    imports = {
        (name, imported)
        for name, all_imported in graph(sources()).items()
        for imported in all_imported
        if name.startswith("emulator.world.")
    }

    assert imports
    assert [pair for pair in imports if not pair[1].startswith("emulator.world.")] == []


def test_the_apis_do_not_know_each_other() -> None:
    for name, imported in graph(sources()).items():
        for one, other in (("emulator.v1", "emulator.v2"), ("emulator.v2", "emulator.v1")):
            assert not name.startswith(one) or [module for module in imported if module.startswith(other)] == [], name


def test_no_imports_go_in_a_circle() -> None:
    TopologicalSorter(graph(sources())).prepare()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("from .b import x", "from .a import y"),
        ("from . import b", "from emulator import a"),
        ("import emulator.b", "import emulator.a"),
        ("def f():\n    from .b import x", "if TYPE_CHECKING:\n    from .a import Y"),
    ],
)
def test_the_search_finds_every_kind_of_import(one: str, other: str) -> None:
    texts = {"emulator": "", "emulator.a": one, "emulator.b": other}

    with pytest.raises(CycleError):
        TopologicalSorter(graph(texts)).prepare()


def test_the_search_goes_from_one_package_to_another() -> None:
    texts = {"emulator": "", "emulator.world": "", "emulator.world.a": "from ..http import b", "emulator.http.b": ""}

    assert graph(texts)["emulator.world.a"] == {"emulator.http.b"}
