#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_context
short_description: Manage contexts of a CircleCI organization
version_added: 0.2.0
description:
  - Give an organization a context with environment variables and restrictions, or remove it. Jobs of many projects get
    their secrets from contexts.
  - The context is found by its name. One that is there already is taken over.
  - Restrictions are written before variables, and lifted after variables are removed. In a new context no variable is
    written before its restrictions stand.
  - CircleCI shows only the end of a value, at most four characters. O(env_vars[].update_value) says what to do about
    that.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._organization
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_organization
attributes:
  idempotent:
    support: partial
    details: >-
      With O(env_vars[].update_value=always) and O(env_vars[].update_value=if_present) every run writes that value.
options:
  state:
    description:
      - V(present) makes sure that the context is there, with what the other options say.
      - V(absent) removes it with everything in it. Jobs that name it fail from then on.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - The name of the context, with up to 200 characters and no white space at its ends. Case matters. CircleCI has no
        way to rename a context.
    type: str
    required: true
  env_vars:
    description:
      - Environment variables that the context has. Others are left alone, unless O(env_vars_exclusive) is set.
      - To write a dictionary or a file of lines like C(NAME=value), see the guide.
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the variable. Letters, digits and underscores; case matters.
        type: str
        required: true
      value:
        description:
          - The value, as text or a whole number. Write anything else in quotes, and also numbers that begin with zero
            or hold a colon, for YAML makes 83 of C(0123) and 750 of C(12:30).
          - "White space at its ends is kept, with a warning: it is rarely meant."
          - It is required, unless O(skip_missing) is set.
        type: raw
      update_value:
        description:
          - When a variable that is there gets the value.
          - V(when_mask_differs) sets it when the end of the value is not the one that CircleCI shows. That tells
            something of one word of 8 characters or more, such as most tokens and passwords. Of anything else, and
            where CircleCI shows no end, it tells nothing. Then the variable is left alone with a warning.
          - V(when_older) sets it when it was set before O(env_vars[].not_older_than). Nothing is set twice that way.
          - V(always) sets it on every run.
          - V(on_create) never replaces a value. Use this when others change it.
          - V(if_present) sets it on every run where it is, and never makes a new one. Use this to rotate a value in all
            contexts that have it.
        type: str
        choices: [when_mask_differs, always, on_create, if_present, when_older]
        default: when_mask_differs
      not_older_than:
        description:
          - The date of the value, as secret stores call the date of a version. Required with
            O(env_vars[].update_value=when_older), and only with that.
          - A time in ISO 8601 with its zone, as V(2026-11-25T10:00:00Z), a date, which means midnight in UTC, or
            seconds since 1970. It cannot be in the future.
        type: raw
  env_vars_exclusive:
    description:
      - Remove all variables that are not in O(env_vars), which must not be empty.
    type: bool
    default: false
  skip_missing:
    description:
      - Whether an entry of O(env_vars) may have no value, or null. The variable is left as it is then, and
        O(env_vars_exclusive) does not remove it. Use this with V(omit) for optional values.
    type: bool
    default: false
  restrictions:
    description:
      - What the context is restricted to. Each entry has one of O(restrictions[].project) and
        O(restrictions[].expression). Jobs get the variables if one of the projects, and all expressions, fit.
      - Groups of people cannot be given here, because CircleCI's API cannot write them. See O(all_members).
    type: list
    elements: dict
    suboptions:
      project:
        description:
          - A project that may use the context, by its slug as in V(github/acme/api), or by its uuid. A slug needs one
            request more.
        type: str
      expression:
        description:
          - A condition on the pipeline, as in C(pipeline.git.branch == "main"). It is compared letter by letter.
        type: str
  restrictions_exclusive:
    description:
      - Remove all restrictions to projects and expressions that are not in O(restrictions), which must not be empty.
        Groups of people are never touched by this.
    type: bool
    default: false
  all_members:
    description:
      - Whether all members of the organization may use the context, as far as the restrictions allow. Every new context
        begins so. When it is left out, this is not managed.
      - V(absent) leaves it to administrators and to groups that were added in the web interface. Scheduled pipelines
        and those of bots are shut out, too.
      - In organizations of the GitHub App, GitLab and standalone ones V(absent) is final, and V(present) fails when it
        has been removed, because there is no way back by API.
    type: str
    choices: [present, absent]
notes:
  - The token must be a personal one. Who may change restrictions must be an administrator of the organization.
  - CircleCI answers in the same way for a context that is gone and for one that the token may not see. The module
    never takes the one for the other. It fails.
  - CircleCI allows 100 variables in a context and 500 contexts in an organization. The task warns when there are going
    to be more, in check mode too.
  - When it runs as an ordinary module, core keeps the options, and so the values, in a temporary file on the target
    while the task runs. Enable pipelining to avoid that. Inside the controller's process there is no such file.
seealso:
  - module: community.circleci.circleci_context_info
  - module: community.circleci.circleci_env_var
  - name: Contexts
    description: What contexts and their restrictions are.
    link: https://circleci.com/docs/contexts/
"""

EXAMPLES = r"""
- name: Give the deploy jobs of two projects their secrets, on the main branch only
  community.circleci.circleci_context:
    organization: github/acme
    name: deploy-production
    api_token: "{{ vault_circleci_token }}"
    restrictions:
      - project: github/acme/api
      - project: github/acme/web
      - expression: pipeline.git.branch == "main"
    restrictions_exclusive: true
    env_vars:
      - name: REGISTRY_PASSWORD
        value: "{{ vault_registry_password }}"
      - name: AWS_REGION
        value: eu-central-1
    env_vars_exclusive: true

- name: Replace a key file if it was set before its version in the secret store was made
  community.circleci.circleci_context:
    organization: github/acme
    name: deploy-production
    env_vars:
      - name: GOOGLE_CREDENTIALS
        value: "{{ key.content | b64encode }}"
        update_value: when_older
        not_older_than: "{{ key.created_at }}"
  vars:
    key:
      content: "{{ vault_google_credentials }}"
      created_at: "2026-10-01T08:00:00Z"

- name: Write all variables of a dictionary
  community.circleci.circleci_context:
    organization: acme
    name: shared
    env_vars: "{{ variables | dict2items(key_name='name', value_name='value') }}"
  vars:
    variables:
      NPM_TOKEN: "{{ vault_npm_token }}"
      LOG_LEVEL: info

- name: Remove a context
  community.circleci.circleci_context:
    organization: github/acme
    name: deploy-staging
    state: absent
"""

RETURN = r"""
context:
  description:
    - The context. Null with O(state=absent).
    - In check mode the id and the date of a context to be made are null.
  type: dict
  returned: success
  contains: &context
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
  description: All variables of the context, by name. In check mode the dates of what is going to be set are null.
  type: list
  elements: dict
  returned: success
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
  description: All restrictions of the context, groups of people included.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: The id of the restriction. Null in check mode when it is going to be added.
      type: str
      sample: 0d1e2f3a-4b5c-4d6e-8f70-8192a3b4c5d6
    type:
      description: V(project), V(expression) or V(group).
      type: str
      sample: project
    value:
      description: The uuid of the project or the group, or the expression. Null in check mode for the group of a new
        context.
      type: str
      sample: 7c6b5a49-3827-4160-9f5e-4d3c2b1a0f9e
    name:
      description: The name of the project or the group, or the expression. Null where it is not known.
      type: str
      sample: api
added:
  description: What was added.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is, V(context), V(env_var) or V(restriction).
      type: str
      sample: env_var
    name:
      description: The name of the context or the variable, and of a restriction the name of what it names. Null where
        that is not known, as of a project that is given by its id.
      type: str
      sample: REGISTRY_PASSWORD
    type:
      description: The type of a restriction.
      type: str
      returned: for restrictions
      sample: project
    value:
      description: The value of a restriction. Null for groups, and in check mode for a project that is not there yet.
      type: str
      returned: for restrictions
      sample: 7c6b5a49-3827-4160-9f5e-4d3c2b1a0f9e
removed:
  description: What was removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The variables whose value was replaced.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.context_plans import plan_context
from ansible_collections.community.circleci.plugins.module_utils._resources.contexts import naming
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_contexts import WantedContext
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, ORGANIZATION, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.masks import WHEN_MASK_DIFFERS, WHEN_OLDER
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_organization
from ansible_collections.community.circleci.plugins.module_utils._values.variables import UPDATE_WORDS

ENV_VAR = {
    "name": {"type": "str", "required": True},
    "value": {"type": "raw", "no_log": True},
    "update_value": {"type": "str", "choices": [*UPDATE_WORDS, WHEN_OLDER], "default": WHEN_MASK_DIFFERS},
    "not_older_than": {"type": "raw"},
}
RESTRICTION = {"project": {"type": "str"}, "expression": {"type": "str"}}
ARGUMENT_SPEC = {
    **CONNECTION,
    **ORGANIZATION,
    **STATE,
    "name": {"type": "str", "required": True},
    "env_vars": {"type": "list", "elements": "dict", "options": ENV_VAR},
    "env_vars_exclusive": {"type": "bool", "default": False},
    "skip_missing": {"type": "bool", "default": False},
    "restrictions": {"type": "list", "elements": "dict", "options": RESTRICTION},
    "restrictions_exclusive": {"type": "bool", "default": False},
    "all_members": {"type": "str", "choices": ["present", "absent"]},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Bring the context to what it is to be."""
    organization = parse_organization(params["organization"], params["vcs_type"])
    wanted = WantedContext.from_params(params)
    client.require_token()
    with naming(f"Context {wanted.name} of {organization}"):
        plan = plan_context(client, organization, wanted)
        result = result_with_changes(plan, client, f"{organization}: context {wanted.name}")
    # What somebody else has done at the same time is no change of this task.
    return result if client.read_only else {**result, "changed": client.wrote}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
