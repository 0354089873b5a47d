#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_checkout_key
short_description: Manage the checkout keys of a CircleCI project
version_added: 0.1.0
description:
  - Make sure that a project has a checkout key, rotate it, or remove it. CircleCI checks the repository out with it.
  - A key that is there already is adopted. A second one is never made because a first one exists.
  - CircleCI makes the key pair and registers the public half at GitHub or Bitbucket. When a key is removed, its
    public half stays there. It is returned in RV(removed), so that a later task can delete it.
  - Projects of the GitHub App, GitLab and standalone organizations (V(circleci/…)) have no checkout keys.
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
    details: With O(rotate=true) every run makes a new key. Use O(max_age) for a task that runs regularly.
options:
  state:
    description:
      - V(present) makes sure that the project has a key of O(type).
      - V(absent) removes the key with O(fingerprint), or every key of O(type) when no fingerprint is given.
    type: str
    choices: [present, absent]
    default: present
  type:
    description:
      - The kind of key. A V(deploy-key) reads this one repository. A user key acts as the token's user, and reads
        whatever that user can, submodules for example.
      - The three words for user keys mean the same. CircleCI's user must have authorized it to add user keys once, in
        the project's settings under I(SSH Keys).
      - Whose a user key is makes no difference. What O(rotate), O(max_age), O(exclusive) and O(state=absent) remove
        may have been added by other users. The new key is the one that CircleCI checks out with.
    type: str
    choices: [deploy-key, github-user-key, bitbucket-user-key, user-key]
    default: deploy-key
  fingerprint:
    description:
      - The fingerprint of one key, as MD5 or SHA-256, in any usual spelling.
      - With O(state=present) this key must be there, and is the one that O(exclusive) keeps. With O(state=absent) it is
        the only one removed.
      - It excludes O(rotate) and O(max_age).
      - Given and empty, it is known after the run. With O(state=absent) or O(exclusive=true) a real run fails then, and
        removes no other key. In check mode the task is ok, and says so.
    type: str
  rotate:
    description:
      - Make a new key, then remove the older ones of O(type). At no time is the project without one.
      - It excludes O(max_age).
    type: bool
    default: false
  max_age:
    description:
      - Rotate only when the newest key of O(type) is older than this many days. This is the way
        for a task that cron runs.
    type: int
  exclusive:
    description:
      - Remove all keys of O(type) except the one with O(fingerprint), or else the preferred one.
    type: bool
    default: false
seealso:
  - module: community.circleci.circleci_project_follow
  - module: community.circleci.circleci_ssh_key
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Make sure that the project can be checked out
  community.circleci.circleci_checkout_key:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"

- name: Rotate deploy keys that are older than 90 days
  community.circleci.circleci_checkout_key:
    project: github/acme/api
    max_age: 90
  register: rotation

- name: Show which keys are to be deleted at GitHub, where their public halves stay
  ansible.builtin.debug:
    msg: "{{ rotation.removed | map(attribute='public_key') }}"

- name: Remove a key that leaked
  community.circleci.circleci_checkout_key:
    project: github/acme/api
    state: absent
    fingerprint: SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
checkout_key:
  description:
    - The key that O(state=present) made or adopted. Null with O(state=absent).
    - In check mode the public half, the fingerprints and the time of a key to be made are null.
  type: dict
  returned: success
  contains: &key
    type:
      description: The kind of key. Null where CircleCI does not say.
      type: str
      sample: deploy-key
    public_key:
      description: The public half. Null where CircleCI does not show one.
      type: str
      sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
    fingerprint:
      description:
        - The MD5 fingerprint. Null on a host without MD5 (FIPS). Of a key without a readable public half it is
          what CircleCI says of it.
      type: str
      sample: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
    fingerprint_sha256:
      description: The SHA-256 fingerprint. Null where the public half cannot be read.
      type: str
      sample: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
    time:
      description: When it was made. Null where CircleCI does not say.
      type: str
      sample: "2026-11-02T09:30:11.482Z"
    login:
      description: Whose key a user key is. Null for deploy keys.
      type: str
      sample: octocat
    preferred:
      description: Whether CircleCI checks out with it.
      type: bool
      sample: true
checkout_keys:
  description: All checkout keys of the project after the task, newest first.
  type: list
  elements: dict
  returned: success
  contains: *key
created:
  description: Whether a key was made.
  type: bool
  returned: success, and failures after the first write
  sample: true
added:
  description: The key that was made. In check mode its public half and its fingerprints are null.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: checkout_key
    type:
      description: The kind of key. Null where CircleCI does not say.
      type: str
      sample: deploy-key
    public_key:
      description: The public half. Null where CircleCI does not show one.
      type: str
      sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
    fingerprint:
      description:
        - The MD5 fingerprint. Null on a host without MD5 (FIPS). Of a key without a readable public half it is
          what CircleCI says of it.
      type: str
      sample: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
    fingerprint_sha256:
      description: The SHA-256 fingerprint. Null where the public half cannot be read.
      type: str
      sample: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
removed:
  description: The keys that were removed. Their public halves are still at GitHub or Bitbucket.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: Always empty. Keys are not replaced in their place.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import (
    DEPLOY_KEY,
    NOTHING,
    TYPES,
    WantedKeys,
    plan_checkout_keys,
    read_checkout_keys,
    require_checkout_keys,
    unnamed,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import result_without
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    **STATE,
    "type": {"type": "str", "choices": list(TYPES), "default": DEPLOY_KEY},
    "fingerprint": {"type": "str"},
    "rotate": {"type": "bool", "default": False},
    "max_age": {"type": "int"},
    "exclusive": {"type": "bool", "default": False},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Make, adopt, rotate or remove checkout keys."""
    project = project_of(params)
    require_checkout_keys(project)
    if (later := result_without(client, unnamed(params), NOTHING)) is not None:
        return later
    wanted = WantedKeys.from_params(params)
    client.require_token()
    keys: list[dict[str, Any]] = read_known(client, project, lambda: read_checkout_keys(client, project), [])
    return result_with_changes(plan_checkout_keys(client, project, keys, wanted), client, project)


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
