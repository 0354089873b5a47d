#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_project_token
short_description: Manage the API tokens of a CircleCI project
version_added: 0.2.0
description:
  - Make sure that a project has an API token with a label, rotate it, or remove it. Such a token reads the state of
    this one project, for a badge in its README or a dashboard, or acts on it.
  - CircleCI shows a token once, in its answer to the request that makes it. This module returns it as RV(token) in that
    run and never again. Register the result, store the token, and give both tasks C(no_log=true).
  - A token that is there already is left alone. When the answer with a new token is lost, the token is removed again,
    and the task fails.
  - Project tokens work with API v1.1 only.
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
    details: With O(rotate=true) every run makes a new token. Use O(max_age) for a task that runs regularly.
options:
  label:
    description:
      - The name of the token. It tells the tokens of a project apart.
      - Two tokens with this label are an error, unless O(exclusive), O(rotate) or O(max_age) says what is to become of
        them. O(rotate) and O(max_age) do so where all of them have this O(scope).
      - "White space at its ends is kept, with a warning: it is rarely meant."
    type: str
    required: true
  scope:
    description:
      - What the token may do. V(status) reads the state of builds, as badges do, V(view-builds) reads builds whole,
        V(all) may also change the project.
      - A scope cannot be changed. When the token has another one, the task fails. With O(state=absent) it is ignored.
    type: str
    choices: [status, view-builds, all]
    default: status
  state:
    description:
      - V(present) makes sure that the project has one token with this label.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  rotate:
    description:
      - Make a new token, then remove all older ones with this label. At no time is the project without one.
      - It excludes O(max_age).
    type: bool
    default: false
  max_age:
    description:
      - Rotate only when the token is older than this many days. This is the way for a task that cron runs.
      - When there are two, a rotation was interrupted. It is done once more, because nobody may have learned the newer
        token.
      - Not every CircleCI says when tokens were made. Where it does not, the task fails and says so.
    type: int
  exclusive:
    description:
      - Remove all tokens with this label except the newest one with this scope. With O(state=absent), remove all of
        them.
      - When there are several with this scope and CircleCI does not say when they were made, the task fails instead.
    type: bool
    default: false
seealso:
  - module: community.circleci.circleci_project_info
  - module: community.circleci.circleci_checkout_key
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Make sure that the project has a token for the badge in its README
  community.circleci.circleci_project_token:
    project: github/acme/api
    label: badge
    api_token: "{{ vault_circleci_token }}"
  register: badge
  no_log: true

- name: Keep the token where the badge is made
  ansible.builtin.copy:
    content: "{{ badge.token }}"
    dest: "{{ playbook_dir }}/badge-token"
    mode: "0600"
  when: badge.token is not none
  no_log: true

- name: Rotate the dashboard's token when it is older than 90 days
  community.circleci.circleci_project_token:
    project: github/acme/api
    label: dashboard
    scope: view-builds
    max_age: 90
  register: rotation
  no_log: true

- name: Remove a token
  community.circleci.circleci_project_token:
    project: github/acme/api
    label: badge
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
token:
  description:
    - The text of the token when this run made it, else null. CircleCI never shows it again.
    - It is there too when the task fails after that. Null in check mode.
  type: str
  returned: success, and failures after the first write
  sample: 5f0c2b7d9a4e4f1f8c3d6b2a1e0f9d8c7b6a5f4e
project_token:
  description:
    - The token that O(state=present) made or found, without its text. Null with O(state=absent).
    - In check mode the id and the time of a token to be made are null.
  type: dict
  returned: success
  contains: &token
    id:
      description: The id by which CircleCI knows the token.
      type: str
      sample: 8c4f5a3e-6f2b-4c58-9d0a-2b1c7e6d5f40
    label:
      description: The name of the token.
      type: str
      sample: badge
    scope:
      description: What it may do.
      type: str
      sample: status
    time:
      description: When it was made. Null where CircleCI does not say.
      type: str
      sample: "2026-11-02T09:30:11.482Z"
created:
  description: Whether a token was made.
  type: bool
  returned: success, and failures after the first write
  sample: true
added:
  description: The token that was made.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: project_token
    id:
      description: The id by which CircleCI knows the token. Null in check mode for one to be made.
      type: str
      sample: 8c4f5a3e-6f2b-4c58-9d0a-2b1c7e6d5f40
    label:
      description: The name of the token.
      type: str
      sample: badge
    scope:
      description: What it may do.
      type: str
      sample: status
removed:
  description: The tokens that were removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: Always empty. Tokens are not replaced in their place.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.project_tokens import (
    SCOPES,
    WantedToken,
    plan_token,
    read_tokens,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    **STATE,
    "label": {"type": "str", "required": True},
    "scope": {"type": "str", "choices": list(SCOPES), "default": SCOPES[0]},
    "rotate": {"type": "bool", "default": False},
    "max_age": {"type": "int"},
    "exclusive": {"type": "bool", "default": False},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Make, rotate or remove the token with a label."""
    project = project_of(params)
    wanted = WantedToken.from_params(params)
    client.require_token()
    tokens: list[dict[str, Any]] = read_known(client, project, lambda: read_tokens(client, project), [])
    return result_with_changes(plan_token(client, project, tokens, wanted), client, project)


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
