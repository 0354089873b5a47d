#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_user_info
short_description: Read who the CircleCI token belongs to, and the organizations of that user
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
options:
  organizations:
    description:
      - Whether to read the organizations that the user belongs to as well, for a list of all that a token can reach, or
        to learn the id of one by its name.
      - It costs one more request.
    type: bool
    default: false
    version_added: 0.2.0
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

- name: Read the organizations of the user too
  community.circleci.circleci_user_info:
    organizations: true
  register: me

- name: Make sure that the token sees the organization that is going to be managed
  ansible.builtin.assert:
    that: "'github/acme' in me.organizations | map(attribute='slug')"
    quiet: true
"""

RETURN = r"""
user:
  description: The user, as CircleCI describes it.
  type: dict
  returned: success
  contains:
    login:
      description: The name of the account.
      type: str
      sample: octocat
    name:
      description: The name of the person.
      type: str
      sample: Mona Lisa
    selected_email:
      description: The address that CircleCI writes to.
      type: str
      sample: octocat@example.com
    created_at:
      description: When the user came to CircleCI.
      type: str
      sample: "2021-02-01T08:30:00.000Z"
    num_projects_followed:
      description: How many projects the user follows.
      type: int
      sample: 12
    heroku_api_key:
      description: The mask of the Heroku API key. Null when there is none.
      type: str
      sample: xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx4f2a
organizations:
  description: The organizations that the user belongs to, and the user's own account, in the order of CircleCI.
  type: list
  elements: dict
  returned: with O(organizations=true)
  contains:
    id:
      description: The uuid of the organization. Null where CircleCI does not say, as for accounts of people.
      type: str
      sample: 6d1f0a52-3c8b-4e47-9a15-7f2b8c4d9e03
    slug:
      description:
        - Its canonical slug. The second segment is its name at GitHub and Bitbucket, and an id for organizations of the
          GitHub App, GitLab and standalone ones.
        - Null where CircleCI does not say.
      type: str
      sample: github/acme
    name:
      description: Its name.
      type: str
      sample: acme
    vcs_type:
      description: Where it is hosted, V(github), V(bitbucket) or V(circleci).
      type: str
      sample: github
status:
  description: The HTTP status of CircleCI's answer.
  type: int
  returned: failure, when an answer of CircleCI is the cause
  sample: 404
error:
  description: What CircleCI said in that answer.
  type: str
  returned: failure, when an answer of CircleCI is the cause
  sample: Project not found
method:
  description: The HTTP method of the request that failed.
  type: str
  returned: failure, when a request is the cause
  sample: GET
path:
  description: The path of that request, without its query. Null where the address is none.
  type: str
  returned: failure, when a request is the cause
  sample: /api/v1.1/project/github/acme/api/settings
hint:
  description: What to do about it. The message ends with it. Null, or not there, where nothing is known.
  type: str
  returned: failure
  sample: The token is invalid or expired, or it is a project token; give a personal API token.
problems:
  description: What is wrong with the options, one text each. The message has them too, as far as there is room.
  type: list
  elements: str
  returned: failure, when the options were looked through for all mistakes
  sample: ["missing required arguments: project"]
"""

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources.organizations import read_organizations
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {**CONNECTION, "organizations": {"type": "bool", "default": False}}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read the user (``api-v1.1.md`` §3.1), and the user's organizations (PF §8)."""
    client.caching = True
    found: dict[str, Any] = {"changed": False, "user": client.get_user()}
    if params["organizations"]:
        found["organizations"] = read_organizations(client)
    return found


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
