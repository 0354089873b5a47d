#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_env_var
short_description: Manage environment variables of a CircleCI project
version_added: 0.1.0
description:
  - Give a project's builds an environment variable, or remove it.
  - CircleCI shows only a mask of a value, with at most four characters of its end. O(update_value) says what to do
    about that.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
attributes:
  idempotent:
    support: partial
    details: With O(update_value=always) and O(update_value=if_present) every run writes the value.
options:
  state:
    description:
      - V(present) makes sure that the variable is there.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name of the variable. Letters, digits and underscores; case matters.
    type: str
    required: true
  value:
    description:
      - The value, as text or a whole number. Required with O(state=present). It may be empty and may have many lines.
      - Numbers with a fraction, dates, booleans, lists and dictionaries are refused. Write them in quotes, or turn them
        into text.
      - Of whole numbers nobody can tell how they were written. Write them in quotes when they begin with zero or hold
        a colon, for YAML makes 83 of C(0123) and 750 of C(12:30).
      - "White space at its ends is kept, with a warning: it is rarely meant."
    type: raw
  update_value:
    description:
      - When a variable that is there gets the value.
      - V(when_mask_differs) sets it when the mask of O(value) is not the one that CircleCI shows. That tells something
        of one word of 8 characters or more, such as most tokens and passwords. Keys, JSON, YAML, URLs, connection
        strings and their base64 end alike whatever secret is in them. When the masks of such values are the same, the
        variable is left alone with a warning.
      - V(always) sets it on every run. Use this to rotate a value whose mask tells nothing.
      - V(on_create) never replaces a value. Use this when others change it.
      - V(if_present) sets it on every run where it is, and never makes a new one. Use this to rotate a value in all
        projects that have it. The choice was added in community.circleci 0.2.0.
    type: str
    choices: [when_mask_differs, always, on_create, if_present]
    default: when_mask_differs
notes:
  - Should CircleCI repeat a value in an answer, it is replaced in the result, except where it is a part of what the
    task itself names, the slug of the project for example. Values of up to five characters are not looked for.
  - When it runs as an ordinary module, core keeps the options, and so the value, in a temporary file on the target
    while the task runs. Enable pipelining to avoid that. Inside the controller's process there is no such file.
seealso:
  - module: community.circleci.circleci_ssh_key
  - module: community.circleci.circleci_project_info
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Let builds log in to the registry
  community.circleci.circleci_env_var:
    project: github/acme/api
    name: REGISTRY_PASSWORD
    value: "{{ vault_registry_password }}"
    api_token: "{{ vault_circleci_token }}"

- name: Set several variables
  community.circleci.circleci_env_var:
    project: github/acme/api
    name: "{{ item }}"
    value: "{{ variables[item] }}"
  # A loop over names: one over values would show them when an item fails.
  loop: "{{ variables.keys() }}"
  loop_control:
    label: "{{ item }}"
  vars:
    variables:
      AWS_REGION: eu-central-1
      AWS_SECRET_ACCESS_KEY: "{{ vault_aws_secret_access_key }}"

- name: Remove a variable
  community.circleci.circleci_env_var:
    project: github/acme/api
    name: OLD_PASSWORD
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
env_var:
  description:
    - The variable with the mask of its value, as CircleCI shows it. Null with O(state=absent), and when
      O(update_value=if_present) finds none.
  type: dict
  returned: success
  contains:
    name:
      description: The name of the variable.
      type: str
      sample: REGISTRY_PASSWORD
    masked_value:
      description: The mask of its value, C(xxxx) and up to four characters of its end.
      type: str
      sample: xxxx7Qfz
added:
  description: The variable that was added.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: env_var
    name:
      description: The name of the variable.
      type: str
      sample: REGISTRY_PASSWORD
removed:
  description: The variable that was removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The variable whose value was replaced.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
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
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import (
    IN_DOUBT,
    plan_env_vars,
    read_env_vars,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.masks import left_in_doubt
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of
from ansible_collections.community.circleci.plugins.module_utils._values.variables import (
    UPDATE_VALUE,
    WantedVariable,
    checked_name,
)

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    **STATE,
    "name": {"type": "str", "required": True},
    "value": {"type": "raw", "no_log": True},
    **UPDATE_VALUE,
}
CONSTRAINTS = {"required_if": [("state", "present", ("value",))]}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Set or remove the variable."""
    project = project_of(params)
    name = checked_name(params["name"])
    present = [WantedVariable.from_params(params)] if params["state"] == "present" else []
    client.require_token()
    masks: dict[str, str] = read_known(client, project, lambda: read_env_vars(client, project), {})
    plan = plan_env_vars(client, project, masks, present=present, absent=[] if present else [name])
    if plan.unsure:
        client.warn(left_in_doubt(plan.unsure, *IN_DOUBT))
    result = result_with_changes(plan, client, project)
    listed = {item["name"]: item for item in result.pop("env_vars")}
    return {**result, "env_var": listed.get(name)}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS)


if __name__ == "__main__":
    main()
