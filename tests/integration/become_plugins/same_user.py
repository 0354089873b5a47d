# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Becomes the user that one is already: the tests cannot count on sudo."""

from __future__ import annotations

DOCUMENTATION = r"""
name: same_user
short_description: Become the same user
description: For the tests.
options:
  become_user:
    description: Is not looked at.
    default: root
"""

from typing import Any

from ansible.plugins.become import BecomeBase


class BecomeModule(BecomeBase):
    name = "same_user"

    def build_become_command(self, cmd: str, shell: Any) -> str:
        super().build_become_command(cmd, shell)
        return str(self._build_success_command(cmd, shell)) if cmd else cmd
