# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CircleCI (APIs v1.1 and v2) that runs on this machine, for tests and demonstrations. See README.md."""

from __future__ import annotations

from .http.faults import Fault
from .http.server import Emulator
from .http.service import Record
from .world.model import Build, Project, Script
from .world.state import PERSONAL_TOKEN, PROJECT_TOKEN, State

__all__ = ["PERSONAL_TOKEN", "PROJECT_TOKEN", "Build", "Emulator", "Fault", "Project", "Record", "Script", "State"]
