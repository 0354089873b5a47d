# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest that notes which lines of plugins/ each test carries out, and how long it takes.

Also the lines of the processes that a test starts: those write them into a file, which everywhere/sitecustomize.py
explains. Each process of pytest writes a file into the folder TRACES: of each test its seconds, whether it failed, and
lines by file.
"""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Generator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

monitoring: Any = vars(sys)["monitoring"]  # the checkers' Python may be older than 3.12
TOOL = monitoring.COVERAGE_ID
PLUGINS = "/ansible_collections/community/circleci/plugins/"


class Tracer:
    """Notes lines, and writes what is known of a test when it has ended: a later one may take the process with it."""

    def __init__(self, folder: Path, process: str) -> None:
        self._folder = folder
        self._record = folder / f"{process}.jsonl"
        self._of_processes = folder / f"{process}.lines"
        self._lines: set[tuple[str, int]] = set()
        self._files: dict[str, str | None] = {}
        self._seconds = 0.0
        self._failed = False
        monitoring.use_tool_id(TOOL, "mutants")
        monitoring.register_callback(TOOL, monitoring.events.LINE, self._note)
        monitoring.set_events(TOOL, monitoring.events.LINE)

    def _note(self, code: CodeType, line: int) -> object:
        """Note a line, once in each test: asking for no more events of it costs nothing afterwards."""
        name = code.co_filename
        if name not in self._files:
            self._files[name] = f"plugins/{name.rpartition(PLUGINS)[2]}" if PLUGINS in name else None
        file = self._files[name]
        if file is not None:
            self._lines.add((file, line))
        return monitoring.DISABLE

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Draw some of the tests, the same ones in each process, without those that have run before."""
        drawn = random.Random(0).sample(range(len(items)), len(items) // int(os.environ["TRACE_ONE_IN"]))
        known = set((self._folder / "known").read_text(encoding="utf-8").splitlines())
        items[:] = [items[place] for place in sorted(drawn) if items[place].nodeid not in known]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._lines, self._seconds, self._failed = set(), 0.0, False
        monitoring.restart_events()
        os.environ["TRACED_LINES"] = str(self._of_processes)
        self._write({"test": item.nodeid, "failed": True, "seconds": 0.0, "lines": {}})  # unless it ends
        result = yield
        if self._of_processes.exists():
            places = {line.rpartition(":") for line in self._of_processes.read_text(encoding="utf-8").splitlines()}
            self._lines |= {(file, int(line)) for file, _colon, line in places}
            self._of_processes.unlink()
        by_file: dict[str, list[int]] = {}
        for file, line in sorted(self._lines):
            by_file.setdefault(file, []).append(line)
        self._write({"test": item.nodeid, "failed": self._failed, "seconds": self._seconds, "lines": by_file})
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds += report.duration
        self._failed |= report.failed

    def pytest_sessionfinish(self) -> None:
        monitoring.set_events(TOOL, 0)  # What is carried out while Python ends finds no names of modules any more.

    def _write(self, record: dict[str, Any]) -> None:
        with self._record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    # The process that only hands tests out to workers carries none out.
    if not config.getoption("numprocesses", None):
        process = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}"
        config.pluginmanager.register(Tracer(Path(os.environ["TRACES"]), process))
