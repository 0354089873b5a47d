# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.

from __future__ import annotations


class ModuleDocFragment:
    """The options of the table ORGANIZATION in ``module_utils/_task/options.py``."""

    DOCUMENTATION = r"""
options:
  organization:
    description:
      - The organization, by its slug as in V(github/acme) or V(circleci/4FcaSzPRd4iEYiWnGi3VBF), by its name with
        O(vcs_type), or by its uuid.
      - CircleCI Server takes the uuid only. The settings of the organization show it.
    type: str
    required: true
    aliases: [username, owner]
  vcs_type:
    description:
      - Where the organization is hosted, when O(organization) is only a name. V(gh) and V(bb) are short for V(github)
        and V(bitbucket). V(circleci) is for organizations of the GitHub App, GitLab and standalone ones.
      - If neither this option nor O(organization) says, V(github) is assumed.
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
"""
