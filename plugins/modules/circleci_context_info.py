#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_context_info
short_description: Read contexts of a CircleCI organization
version_added: 0.2.0
description:
  - Read one context of an organization, or all of them, with their variables and restrictions on request. Use it to
    find variables that have not been changed for long.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._organization
  - community.circleci._attributes
  - community.circleci._attributes.reads
  - community.circleci._attributes.action_groups_organization
options:
  name:
    description:
      - The name of one context. Case matters. Without it all contexts are read.
    type: str
  env_vars:
    description:
      - Read the variables too, with the ends of their values. This and O(restrictions) together need one more request
        for each context.
    type: bool
    default: false
  restrictions:
    description:
      - Read the restrictions too.
    type: bool
    default: false
  concurrency:
    description:
      - How many contexts are read at the same time, from 1 to 32.
    type: int
    default: 8
notes:
  - The token must be a personal one.
seealso:
  - module: community.circleci.circleci_context
  - module: community.circleci.circleci_project_info
"""

EXAMPLES = r"""
- name: Read all contexts with their variables
  community.circleci.circleci_context_info:
    organization: github/acme
    env_vars: true
    api_token: "{{ vault_circleci_token }}"
  register: all

- name: Show which variables were set before this year
  ansible.builtin.debug:
    msg: "{{ item.env_vars | rejectattr('updated_at', 'ge', '2026-01-01') | map(attribute='name') }}"
  loop: "{{ all.contexts }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
contexts:
  description: The contexts, by name. Empty when there is none of O(name).
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The uuid of the context.
      type: str
      sample: 3f2b8c1d-5a64-4e0b-9d77-1c2e3f4a5b6c
    name:
      description: Its name.
      type: str
      sample: deploy-production
    organization:
      description: The slug or the uuid of its organization.
      type: str
      sample: github/acme
    created_at:
      description: When it was made.
      type: str
      sample: "2026-11-02T09:30:11.482Z"
    env_vars:
      description:
        - The variables, by name, as in RV(community.circleci.circleci_context#module:env_vars).
      type: list
      elements: dict
      returned: with O(env_vars=true)
      contains:
        name:
          description: The name of the variable.
          type: str
          sample: REGISTRY_PASSWORD
        masked_value:
          description: The end of its value. Null where CircleCI does not show it.
          type: str
          sample: 7Qfz
        created_at:
          description: When the variable was made.
          type: str
          sample: "2026-11-02T09:30:12.101Z"
        updated_at:
          description: When its value was set. Null where CircleCI does not say.
          type: str
          sample: "2026-11-20T16:04:55.730Z"
    restrictions:
      description:
        - The restrictions, as in RV(community.circleci.circleci_context#module:restrictions).
      type: list
      elements: dict
      returned: with O(restrictions=true)
      contains:
        id:
          description: The id of the restriction.
          type: str
          sample: 0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6
        type:
          description: V(project), V(expression) or V(group).
          type: str
          sample: project
        value:
          description: The uuid of the project or the group, or the expression.
          type: str
          sample: 7c6b5a49-3827-4160-9f5e-4d3c2b1a0f9e
        name:
          description: The name of the project or the group, or the expression. Null where it is not known.
          type: str
          sample: api
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
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.contexts import read_contexts
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_contexts import checked_name
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, ORGANIZATION
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_organization

ARGUMENT_SPEC = {
    **CONNECTION,
    **ORGANIZATION,
    "name": {"type": "str"},
    "env_vars": {"type": "bool", "default": False},
    "restrictions": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 8},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read one context, or all of an organization."""
    if not 1 <= params["concurrency"] <= 32:
        raise invalid("concurrency must be from 1 to 32.")
    name = None if params["name"] is None else checked_name(params["name"])
    organization = parse_organization(params["organization"], params["vcs_type"])
    client.require_token()
    client.caching = True
    wanted = {name: params[name] for name in ("env_vars", "restrictions")}
    contexts = read_contexts(client, organization, name, params["concurrency"], **wanted)
    return {"changed": False, "contexts": contexts}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
