# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to a host that cannot be reached."""

from __future__ import annotations

DOCUMENTATION = r"""
name: nowhere
short_description: Reach nothing
description: For the tests.
options: {}
extends_documentation_fragment:
  - connection_pipelining
"""

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    transport = "nowhere"

    def _connect(self) -> None:
        raise AnsibleConnectionFailure("No route to host")

    def exec_command(self, *_arguments: Any, **_keywords: Any) -> None:
        self._connect()

    def put_file(self, *_arguments: Any) -> None:
        self._connect()

    def fetch_file(self, *_arguments: Any) -> None:
        self._connect()

    def close(self) -> None:
        pass
