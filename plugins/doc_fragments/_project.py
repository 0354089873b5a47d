# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.

from __future__ import annotations


class ModuleDocFragment:
    """The options of the table PROJECT in ``module_utils/_task/options.py``."""

    DOCUMENTATION = r"""
options:
  project:
    description:
      - The project, by its whole slug as in V(github/acme/api).
      - Or only the name of the repository, with O(organization) and, if it is not at GitHub, O(vcs_type).
    type: str
    required: true
  organization:
    description:
      - The user or organization that owns the repository, by its name or by its slug as in V(github/acme). Needed when
        O(project) is only a name. It must not contradict a whole slug.
      - Set it once for many tasks with C(group/community.circleci.organization) in C(module_defaults).
    type: str
    aliases: [username, owner]
  vcs_type:
    description:
      - Where the repository is hosted, when O(project) is only a name. V(gh) and V(bb) are short for V(github) and
        V(bitbucket). V(circleci) is for projects of the GitHub App, GitLab and standalone organizations.
      - If neither this option nor O(project) says, V(github) is assumed.
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
"""

    # For the table PROJECT_OR_ALL.
    OPTIONAL = r"""
options:
  project:
    description:
      - The project, by its whole slug as in V(github/acme/api).
      - Or only the name of the repository, with O(organization) and, if it is not at GitHub, O(vcs_type).
    type: str
  organization:
    description:
      - The user or organization that owns the repository, by its name or by its slug as in V(github/acme). Needed when
        O(project) is only a name. It must not contradict a whole slug.
      - Set it once for many tasks with C(group/community.circleci.organization) in C(module_defaults).
    type: str
    aliases: [username, owner]
  vcs_type:
    description:
      - Where the repository is hosted, when O(project) is only a name. V(gh) and V(bb) are short for V(github) and
        V(bitbucket). V(circleci) is for projects of the GitHub App, GitLab and standalone organizations.
      - If neither this option nor O(project) says, V(github) is assumed.
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
"""
