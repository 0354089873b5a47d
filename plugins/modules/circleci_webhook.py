#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_webhook
short_description: Manage the outbound webhooks of a CircleCI project
version_added: 0.2.0
description:
  - Make sure that CircleCI tells an address when workflows or jobs of a project end, or that it does not.
  - CircleCI takes a webhook with a wrong request, too, and then delivers unsigned, or to whoever answers. So its answer
    is read. When TLS is not verified as asked for, or the secret is missing, the task fails.
  - A project can have five webhooks. To manage them, the token's user must be an administrator of the organization.
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
    details: With O(update_secret=always) every run sends the secret.
options:
  name:
    description:
      - The name of the webhook. It tells the webhooks of a project apart. Two with this name are an error.
      - "White space at its ends is kept, with a warning: it is rarely meant."
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the webhook is there as described.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  url:
    description:
      - The address that CircleCI delivers to. It begins with C(https://). Required with O(state=present).
    type: str
  events:
    description:
      - What CircleCI tells. The order means nothing. Required with O(state=present).
    type: list
    elements: str
    choices: [workflow-completed, job-completed]
  verify_tls:
    description:
      - Whether CircleCI verifies the certificate of O(url).
    type: bool
    default: true
  signing_secret:
    description:
      - The secret that CircleCI signs deliveries with, so that the receiver can tell them from forged ones.
      - CircleCI does not show it. When the webhook has none yet, it is set. See O(update_secret) for the rest.
      - "White space at its ends is kept, with a warning: it is rarely meant."
      - When it is left out, a secret that is there stays. To take it away, remove the webhook and make it anew.
    type: str
  update_secret:
    description:
      - V(on_create) sets O(signing_secret) where there is none. V(always) sets it in every run, which is the way to
        replace it.
    type: str
    choices: [on_create, always]
    default: on_create
seealso:
  - module: community.circleci.circleci_projects
  - name: CircleCI's webhooks
    description: What deliveries look like, and how to check their signature.
    link: https://circleci.com/docs/guides/integration/outbound-webhooks/
"""

EXAMPLES = r"""
- name: Tell the deploy service when a workflow ends
  community.circleci.circleci_webhook:
    project: github/acme/api
    name: deploy service
    url: https://deploy.acme.example/circleci
    events: [workflow-completed]
    signing_secret: "{{ vault_webhook_secret }}"
    api_token: "{{ vault_circleci_token }}"

- name: Replace the secret
  community.circleci.circleci_webhook:
    project: github/acme/api
    name: deploy service
    url: https://deploy.acme.example/circleci
    events: [workflow-completed]
    signing_secret: "{{ vault_webhook_secret }}"
    update_secret: always

- name: Stop telling it
  community.circleci.circleci_webhook:
    project: github/acme/api
    name: deploy service
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
webhook:
  description:
    - The webhook after the task. Null with O(state=absent).
    - In check mode the id and the times of a webhook to be made are null.
  type: dict
  returned: success
  contains:
    id:
      description: The id by which CircleCI knows the webhook.
      type: str
      sample: 0b6f2d3a-9c41-4e57-8f60-5a1de7c2b984
    name:
      description: Its name.
      type: str
      sample: deploy service
    url:
      description: The address that CircleCI delivers to.
      type: str
      sample: https://deploy.acme.example/circleci
    events:
      description: What CircleCI tells.
      type: list
      elements: str
      sample: [workflow-completed]
    verify_tls:
      description: Whether CircleCI verifies the certificate of the address.
      type: bool
      sample: true
    has_signing_secret:
      description: Whether CircleCI signs deliveries. The secret itself is never shown.
      type: bool
      sample: true
    created_at:
      description: When it was made.
      type: str
      sample: "2026-11-02T09:30:11.482Z"
added:
  description: The webhook that was made.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: webhook
    name:
      description: The name of the webhook.
      type: str
      sample: deploy service
removed:
  description: The webhook that was removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The webhook that was changed.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known, read_project_id
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import (
    WEBHOOK,
    WantedWebhook,
    plan_webhooks,
    read_webhooks,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {**CONNECTION, **PROJECT, **WEBHOOK}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Make, change or remove a webhook."""
    project = project_of(params)
    wanted = WantedWebhook.from_params(params)
    client.require_token()
    project_id = read_known(client, project, lambda: read_project_id(client, project), "")
    webhooks = read_webhooks(client, project, project_id) if project_id else []
    result = result_with_changes(plan_webhooks(client, project, project_id, webhooks, [wanted]), client, project)
    found = result.pop("webhooks")
    return {**result, "webhook": found[0] if found else None}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
