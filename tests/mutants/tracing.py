# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest that notes which lines of plugins/ each test carries out, and how long it takes.

Each worker writes a file of JSON into the folder TRACES: test to seconds, failure, and lines by file.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

monitoring: Any = vars(sys)["monitoring"]  # the checkers' Python may be older than 3.12
TOOL = monitoring.COVERAGE_ID
PLUGINS = "/ansible_collections/community/circleci/plugins/"


class Tracer:
    def __init__(self) -> None:
        self.lines: set[tuple[str, int]] = set()
        self.found: dict[str, dict[str, Any]] = {}
        self._files: dict[str, str | None] = {}
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
            self.lines.add((file, line))
        return monitoring.DISABLE

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.lines = set()
        monitoring.restart_events()
        yield
        by_file: dict[str, list[int]] = {}
        for file, line in sorted(self.lines):
            by_file.setdefault(file, []).append(line)
        self._of(item.nodeid)["lines"] = by_file

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        found = self._of(report.nodeid)
        found["seconds"] += report.duration
        found["failed"] |= report.failed

    def _of(self, test: str) -> dict[str, Any]:
        return self.found.setdefault(test, {"seconds": 0.0, "failed": False, "lines": {}})

    def pytest_sessionfinish(self) -> None:
        file = Path(os.environ["TRACES"]) / f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}.json"
        file.write_text(json.dumps(self.found), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    # The process that only hands tests out to workers carries none out.
    if not config.getoption("numprocesses", None):
        config.pluginmanager.register(Tracer())
