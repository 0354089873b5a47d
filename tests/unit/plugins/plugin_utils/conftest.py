# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions of modules, called as core calls them for one host."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.action.normal import ActionModule as OrdinaryModule
from ansible.plugins.loader import connection_loader
from ansible.template import Templar

from ansible_collections.community.circleci.plugins import action
from ansible_collections.community.circleci.plugins.plugin_utils import _in_process
from emulator import Emulator
from tests.unit.conftest import as_given

Json = dict[str, Any]
VARIABLES = {"inventory_hostname": "one"}
"""of the host"""


class Screen:
    """What takes the place of core's display."""

    def __init__(self) -> None:
        self.verbosity = 0
        self.lines: list[str] = []
        """what is for those who ask for it"""
        self.told: list[tuple[str, str | None, bool]] = []
        """what is told to everybody, in which color, and whether on stderr"""

    def vv(self, text: str) -> None:
        self.lines.append(text)

    def vvv(self, text: str) -> None:
        self.lines.append(text)

    def display(self, text: str, color: str | None = None, stderr: bool = False) -> None:
        self.told.append((text, color, stderr))


class Act:
    """Runs the action of a module.

    :param emulator: the default of ``api_url``, with its token
    :param folder: where the playbook is
    """

    def __init__(self, emulator: Emulator, screen: Screen, folder: Path) -> None:
        self._emulator = emulator
        self.folder = folder
        self.screen = screen
        self.ordinary: list[Json] = []
        """the arguments of the tasks that ran as ordinary modules"""
        self.answer: Json = {"changed": True}
        """what such a task returns"""
        self.kept: Json = {}
        """the arguments of the last task after it has run"""
        self.plugins: Any = None
        """where the action finds others"""

    def __call__(
        self,
        module: str,
        /,
        *,
        connection: Json | None = None,
        keywords: Json | None = None,
        null: Sequence[str] = (),
        **options: Any,
    ) -> Json:
        """Run it, and return its result. Options that are None are left out, but for those of ``null``.

        :param connection: attributes of the connection and its shell, which are local ones
        :param keywords: attributes of the task
        """
        given = {"api_url": self._emulator.url, "api_token": self._emulator.token, **options}
        task = Task()
        task.action = module
        # Core has found out what the short name means.
        found_out = "_resolved_action" if hasattr(task, "_resolved_action") else "resolved_action"
        setattr(task, found_out, f"community.circleci.{module}")
        task.args = as_given(given, null)
        for name, value in {"check_mode": False, "diff": False, "no_log": False, **(keywords or {})}.items():
            setattr(task, name, value)
        context, loader = PlayContext(), DataLoader()
        loader.set_basedir(str(self.folder))
        local = connection_loader.get("local", context)
        local._shell = copy(local._shell)
        for name, value in (connection or {}).items():
            setattr(local._shell if name == "_IS_WINDOWS" else local, name, value)
        plugin = importlib.import_module(f"{action.__name__}.{module}").ActionModule
        acting = plugin(task, local, context, loader, Templar(loader=loader), None)
        acting._shared_loader_obj = self.plugins
        acting._load_name = module  # as core's loader does
        try:
            result: Json = acting.run(task_vars=VARIABLES)
        finally:
            self.kept = task.args
        return result


@pytest.fixture
def act(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Act:
    screen = Screen()
    found = Act(emulator, screen, tmp_path)

    def run(self: Any, _tmp: str | None = None, _task_vars: Json | None = None) -> Json:
        found.ordinary.append(dict(self._task.args))
        return dict(found.answer)

    monkeypatch.setattr(OrdinaryModule, "run", run)
    monkeypatch.setattr(_in_process, "display", screen)
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    return found
