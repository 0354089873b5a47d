# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Notes which lines of plugins/ a process carries out, and those that it forks: see tests/mutants/tracing.py.

Python imports this at its start. Each line goes into the file TRACED_LINES at once, for a worker of ansible-core ends
without a word.
"""

from __future__ import annotations

import os
import sys
from types import CodeType
from typing import Any

PLUGINS = "/ansible_collections/community/circleci/plugins/"


def note_lines(file: int, monitoring: Any) -> None:
    tool, disable, write, plugins = monitoring.COVERAGE_ID, monitoring.DISABLE, os.write, PLUGINS

    def note(code: CodeType, line: int) -> object:
        # It is also called while Python ends, when the names of modules are gone.
        _folder, found, name = code.co_filename.rpartition(plugins)
        if found:
            write(file, f"plugins/{name}:{line}\n".encode())
        return disable

    monitoring.use_tool_id(tool, "mutants")
    monitoring.register_callback(tool, monitoring.events.LINE, note)
    monitoring.set_events(tool, monitoring.events.LINE)


# The oldest Pythons of hosts cannot tell their lines.
if "TRACED_LINES" in os.environ and hasattr(sys, "monitoring"):
    note_lines(
        os.open(os.environ["TRACED_LINES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), vars(sys)["monitoring"]
    )
