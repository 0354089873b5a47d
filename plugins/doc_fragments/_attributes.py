# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.

from __future__ import annotations


class ModuleDocFragment:
    """What every module can do."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and say what would change, without changing anything.
    support: full
  action:
    description: Has an action plugin of the same name, which runs it in the controller's process.
    support: full
    details: Where that is not possible, the ordinary module runs, with the same result.
  async:
    description: Supports use with the C(async) keyword.
    support: full
    details: It then runs as an ordinary module.
  platform:
    description: Target systems that can run it.
    support: full
    platforms: all
"""

    # For modules that change something.
    CHANGES = r"""
options: {}
attributes:
  diff_mode:
    description: Says in diff mode what has changed, or would change in check mode.
    support: full
  idempotent:
    description: A second run changes nothing and sends no write request.
    support: full
"""

    # For modules that only read.
    READS = r"""
options: {}
attributes:
  diff_mode:
    description: Says in diff mode what has changed, or would change in check mode.
    support: N/A
    details: This module changes nothing.
  idempotent:
    description: A second run changes nothing and sends no write request.
    support: full
"""

    # For modules that have the table CONNECTION.
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: In C(module_defaults), C(group/community.circleci.circleci) sets the connection of all modules.
    support: full
    membership:
      - community.circleci.circleci
"""

    # For modules that also have organization and vcs_type.
    ACTION_GROUPS_ORGANIZATION = r"""
options: {}
attributes:
  action_group:
    description:
      - In C(module_defaults), C(group/community.circleci.circleci) sets the connection of all modules.
      - C(group/community.circleci.organization) sets O(organization) and O(vcs_type).
    support: full
    membership:
      - community.circleci.circleci
      - community.circleci.organization
"""

    # For modules that require a project.
    ACTION_GROUPS_PROJECT = r"""
options: {}
attributes:
  action_group:
    description:
      - In C(module_defaults), C(group/community.circleci.circleci) sets the connection of all modules.
      - C(group/community.circleci.organization) sets O(organization) and O(vcs_type).
      - C(group/community.circleci.project) sets O(project), too.
    support: full
    membership:
      - community.circleci.circleci
      - community.circleci.organization
      - community.circleci.project
"""
