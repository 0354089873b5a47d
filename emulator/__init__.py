# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CircleCI (API v1.1) that runs on this machine, for tests and demonstrations. See README.md."""

from __future__ import annotations

from .builds import Build, Script
from .faults import Fault
from .server import Emulator, Record
from .state import PERSONAL_TOKEN, PROJECT_TOKEN, Project, State

__all__ = ["PERSONAL_TOKEN", "PROJECT_TOKEN", "Build", "Emulator", "Fault", "Project", "Record", "Script", "State"]
