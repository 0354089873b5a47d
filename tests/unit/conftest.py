# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What unit tests share: an emulator in a thread, and modules called as the controller's process calls them."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import resource
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import urllib3
import yaml
from ansible import constants
from ansible.inventory.data import InventoryData
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible.template import Templar
from hypothesis import settings

from ansible_collections.community.circleci.plugins.doc_fragments._connection import (
    ModuleDocFragment as ConnectionFragment,
)
from ansible_collections.community.circleci.plugins.inventory import circleci_projects
from ansible_collections.community.circleci.plugins.lookup import circleci_builds
from ansible_collections.community.circleci.plugins.module_utils._http import client, retrying
from ansible_collections.community.circleci.plugins.module_utils._resources import destination, polling, settling
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import take_empty_ids, without
from ansible_collections.community.circleci.plugins.module_utils._task.run import perform
from ansible_collections.community.circleci.plugins.module_utils._values import keys
from emulator import Emulator
from tests.unit.promises import broken

MODULES = "ansible_collections.community.circleci.plugins.modules"
TOKEN = "emulator-personal-token"
LOOKUP = "community.circleci.circleci_builds"
INVENTORY = "community.circleci.circleci_projects"
# A slow machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

RunModule = Callable[..., dict[str, Any]]
Query = Callable[..., list[dict[str, Any]]]
FullDisk = Callable[..., contextlib.AbstractContextManager[None]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave most cells of a matrix to make test-all: of each row every n-th stays, one further on each time."""
    for item in items:
        drawn, cell = item.get_closest_marker("drawn"), getattr(item, "callspec", None)
        if drawn and cell and sum(cell.indices.values()) % drawn.args[0]:
            item.add_marker("rest")


@pytest.fixture(scope="session")
def _emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(_emulator: Emulator) -> Emulator:
    """The emulator, as it is out of the box."""
    _emulator.reset()
    return _emulator


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token or proxy of the person who runs the tests gets in."""
    for name in ("CIRCLE_TOKEN", "CIRCLECI_TOKEN", "CIRCLE_HOST", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses that are there for a real server, made short. What they are for is tested all the same."""
    monkeypatch.setattr(client, "SETTLING_PAUSE", 0.02)
    monkeypatch.setattr(retrying.RetryPolicy, "BASE", 0.01)
    monkeypatch.setattr(settling, "SETTLES_WITHIN", 0.3)
    monkeypatch.setattr(settling, "LOOK_EVERY", 0.02)


@pytest.fixture(params=["urllib3 2", "urllib3 1.26"])
def any_urllib3(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both generations of a library: the older one gives a body that was cut short as if it were whole."""
    if request.param == "urllib3 1.26":
        make = urllib3.HTTPResponse.__init__

        def make_lenient(self: urllib3.HTTPResponse, *arguments: Any, **options: Any) -> None:
            make(self, *arguments, **{**options, "enforce_content_length": False})

        monkeypatch.setattr(urllib3.HTTPResponse, "__init__", make_lenient)


@pytest.fixture
def no_md5(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in FIPS mode, for the collection. The emulator runs on another one."""

    def refuse(*_args: object, **_more: object) -> None:
        raise ValueError("[digital envelope routines] unsupported")

    fips = types.SimpleNamespace(md5=refuse, new=refuse, sha256=hashlib.sha256)
    for module in (keys, destination):
        monkeypatch.setattr(module, "hashlib", fips)


@contextlib.contextmanager
def _no_space(*, after: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (after, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def no_space() -> FullDisk:
    """As a full disk: no file grows beyond so many bytes meanwhile."""
    return _no_space


class EmulatedClock(polling.Clock):
    """Pauses take no time, but for the emulator's clock."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._paused = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return super().now() + self._paused

    def sleep(self, seconds: float) -> None:
        self._paused += seconds
        self.pauses.append(seconds)
        self._emulator.pass_time(seconds)


@pytest.fixture
def clock(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> EmulatedClock:
    """What waits pause by: the time that they wait passes in the emulator at once."""
    found = EmulatedClock(emulator)
    monkeypatch.setattr(polling, "CLOCK", found)
    return found


def _tell_core(kind: str, name: str, *documents: str) -> None:
    """Tell core a plugin's options, as its plugin loader does from the documentation."""
    options: dict[str, dict[str, Any]] = {}
    for document in documents:
        for option, definition in yaml.safe_load(document)["options"].items():
            options.setdefault(option, {}).update(definition)
    constants.config.initialize_plugin_configuration_definitions(kind, name, options)


@pytest.fixture(scope="session")
def _options() -> None:
    connection = ConnectionFragment.DOCUMENTATION, ConnectionFragment.PLUGINS
    _tell_core("lookup", LOOKUP, *connection, circleci_builds.DOCUMENTATION)
    core = constructed.ModuleDocFragment.DOCUMENTATION, inventory_cache.ModuleDocFragment.DOCUMENTATION
    _tell_core("inventory", INVENTORY, *connection, *core, circleci_projects.DOCUMENTATION)


@pytest.fixture
def query(emulator: Emulator, _options: None) -> Query:
    """The lookup as a template calls it. Variables are given as ``variables``."""

    def query(*terms: str, variables: dict[str, Any] | None = None, **keywords: Any) -> list[dict[str, Any]]:
        loader = DataLoader()
        given: dict[str, Any] = {"ansible_circleci_api_url": emulator.url, "ansible_circleci_api_token": emulator.token}
        given.update(variables or {})
        given = {name: value for name, value in given.items() if value is not None}
        lookup = circleci_builds.LookupModule(loader=loader, templar=Templar(loader=loader, variables=given))
        lookup._load_name = lookup.ansible_name = LOOKUP
        return lookup.run(list(terms), variables=given, **keywords)

    return query


def as_given(options: dict[str, Any], null: Sequence[str]) -> dict[str, Any]:
    """Options as somebody writes them: those that are None are left out, but for those that are there as null."""
    return {name: value for name, value in options.items() if value is not None} | dict.fromkeys(null)


class ReadInventory:
    """Reads an inventory as ansible's programs do."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._path = folder / "circleci.yml"
        self._emulator = emulator
        self.warned: list[str] = []
        self.extra: dict[str, Any] = {}
        """variables of the command line"""
        self.plugin: circleci_projects.InventoryModule
        """the one that read last"""

    def __call__(self, *, use: bool = True, null: Sequence[str] = (), **options: Any) -> InventoryData:
        """Read it. Options that are None are left out.

        :param use: whether what a cache has kept may be used
        :param null: options that the file has, and as null
        """
        connection = {"api_url": self._emulator.url, "api_token": self._emulator.token}
        given = as_given({"plugin": INVENTORY, **connection, **options}, null)
        self._path.write_text(yaml.safe_dump(given), encoding="utf-8")
        self.plugin = plugin = circleci_projects.InventoryModule()
        plugin._load_name = plugin.ansible_name = INVENTORY
        plugin._redirected_names = [INVENTORY]
        inventory = InventoryData()
        assert plugin.verify_file(str(self._path))
        plugin.parse(inventory, DataLoader(), str(self._path), cache=use)
        if plugin.get_option("cache"):
            plugin.update_cache_if_changed()
        return inventory


@pytest.fixture
def read_inventory(
    emulator: Emulator, tmp_path: Path, _options: None, monkeypatch: pytest.MonkeyPatch
) -> ReadInventory:
    reader = ReadInventory(emulator, tmp_path)
    monkeypatch.setattr(circleci_projects.display, "warning", reader.warned.append)
    monkeypatch.setattr("ansible.plugins.inventory.load_extra_vars", lambda _loader: reader.extra)
    return reader


@pytest.fixture
def run_module(emulator: Emulator) -> RunModule:
    """Run a module against the emulator and return the result of the task."""

    def run(
        module_name: str,
        /,
        *,
        check_mode: bool = False,
        diff: bool = True,
        turn: Any = None,
        null: Sequence[str] = (),
        **options: Any,
    ) -> dict[str, Any]:
        """Options that are None are left out, but for those of which ``null`` says that the task gives them so."""
        module = importlib.import_module(f"{MODULES}.{module_name}")
        connection = {"api_url": emulator.url, "api_token": TOKEN} if "api_url" in module.ARGUMENT_SPEC else {}
        given = as_given({**connection, **options}, null)
        empty_ids = take_empty_ids(module.ARGUMENT_SPEC, given)
        constraints = {} if empty_ids else getattr(module, "CONSTRAINTS", {})
        validator = ArgumentSpecValidator(without(module.ARGUMENT_SPEC, empty_ids), **constraints)
        validated = validator.validate(given)
        if validated.error_messages:
            return {"failed": True, "changed": False, "msg": "; ".join(validated.error_messages)}
        params = {key: validated.validated_parameters.get(key) for key in module.ARGUMENT_SPEC}
        before = len(emulator.requests)
        result = perform(
            module.run,
            module.ARGUMENT_SPEC,
            params,
            check_mode=check_mode,
            diff=diff,
            empty_ids=empty_ids,
            unknown=getattr(module, "known_after_the_run", None),
            given=given,
            turn=turn,
        )
        assert broken(module_name, result, emulator.requests[before:], check_mode=check_mode) == [], result
        return result

    return run
