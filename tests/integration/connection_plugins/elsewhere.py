# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to this machine that does not say so, as one to another host."""

from __future__ import annotations

# With the options of core's local connection, of all versions.
DOCUMENTATION = r"""
name: elsewhere
short_description: Reach this machine as if it were another one
description: For the tests.
options:
  become_success_timeout:
    description: See ansible.builtin.local.
    type: int
    default: 10
  become_strip_preamble:
    description: See ansible.builtin.local.
    type: bool
    default: true
extends_documentation_fragment:
  - connection_pipelining
"""

from ansible.plugins.connection.local import Connection as LocalConnection


class Connection(LocalConnection):
    transport = "elsewhere"
