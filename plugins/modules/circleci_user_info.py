#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_user_info
short_description: Read who the CircleCI token belongs to
version_added: 0.1.0
description:
  - Read what CircleCI knows of the user that the token belongs to. Use it to check a token before a long run.
  - It needs a personal token. The token of a project belongs to nobody.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._attributes
  - community.circleci._attributes.reads
  - community.circleci._attributes.action_group
notes:
  - The header C(Cache-Control) of CircleCI's answers is honoured when the Python library C(CacheControl) is installed.
seealso:
  - module: community.circleci.circleci_project_info
  - module: community.circleci.circleci_heroku_key
"""

EXAMPLES = r"""
- name: Read who the token belongs to
  community.circleci.circleci_user_info:
    api_token: "{{ vault_circleci_token }}"
  register: me

- name: Show it
  ansible.builtin.debug:
    msg: "{{ me.user.login }} follows {{ me.user.num_projects_followed }} projects"
"""

RETURN = r"""
user:
  description: The user, as CircleCI describes it.
  type: dict
  returned: success
  sample:
    login: octocat
    name: Mona Lisa
    selected_email: octocat@example.com
    created_at: "2021-02-01T08:30:00.000Z"
    num_projects_followed: 12
    heroku_api_key: null
"""

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {**CONNECTION}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read the user (``api-v1.1.md`` §3.1)."""
    client.caching = True
    return {"changed": False, "user": client.get_object("v1.1/me")}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
