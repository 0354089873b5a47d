# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What only reads honours ``Cache-Control`` of CircleCI, if the library for it is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.session import session_for
from emulator import Emulator
from tests.unit.conftest import Query, ReadInventory

API = "github/acme/api"
READING: dict[str, dict[str, Any]] = {
    "circleci_build_info": {"project": API},
    "circleci_context_info": {"organization": "github/acme"},
    "circleci_pipeline_info": {"project": API},
    "circleci_project_info": {"project": API},
    "circleci_user_info": {"organizations": True},
}


@pytest.fixture
def world(emulator: Emulator) -> Iterator[Emulator]:
    """A project with a build, at a CircleCI whose answers hold for a minute, and no answer known yet."""
    emulator.follow(API)
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    emulator.state.switches.cache_control = "max-age=60"
    session_for.cache_clear()
    yield emulator
    session_for.cache_clear()


def asks_once(emulator: Emulator, read: Callable[[], object]) -> bool:
    """Whether a second look gives the same, and without a request."""
    emulator.clear()
    first = read()
    asked = len(emulator.requests)
    assert asked > 0
    assert read() == first
    return len(emulator.requests) == asked


@pytest.mark.parametrize("module", READING)
def test_modules_that_only_read_do(world: Emulator, run_module: Any, module: str) -> None:
    assert asks_once(world, lambda: run_module(module, **READING[module]))


def test_it_is_so_with_and_without_encryption_and_for_many_threads() -> None:
    session = session_for(0, "", None, True, 1.0, True)
    adapters: list[Any] = [session.get_adapter(f"{scheme}://circleci.example.com") for scheme in ("https", "http")]
    assert {type(adapter).__name__ for adapter in adapters} == {"CacheControlAdapter"}
    assert [adapter.poolmanager.connection_pool_kw["maxsize"] for adapter in adapters] == [32, 32]


def test_lookup_and_inventory_do(world: Emulator, query: Query, read_inventory: ReadInventory) -> None:
    assert asks_once(world, lambda: query(API))
    assert asks_once(world, lambda: list(read_inventory().hosts))
