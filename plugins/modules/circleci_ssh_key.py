#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_ssh_key
short_description: Manage the additional SSH keys of a CircleCI project
version_added: 0.1.0
description:
  - Give a project's builds an SSH key for a host, replace it, or remove it.
  - A key is known by its host name and its fingerprint, which is computed from the private key before any request.
  - Keys of RSA, ECDSA and Ed25519 without a passphrase are understood, in the formats of OpenSSH, PKCS#1, SEC1 and
    PKCS#8. An Ed25519 key in PKCS#8 is sent in the format of OpenSSH, which reads no other before 9.6. It is the same
    key, with the same fingerprint.
  - What copying does to a key is repaired. That is white space of all kinds, lines that were folded into one, the two
    characters C(\n) in the place of a line end, and a wrong label in the first and last line.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
options:
  state:
    description:
      - V(present) makes sure that the project has the key for O(hostname). It is not added when it is there already.
      - V(absent) removes the key of O(private_key), O(private_key_path) or O(fingerprint) for exactly O(hostname).
    type: str
    choices: [present, absent]
    default: present
  hostname:
    description:
      - The host that builds use the key for. The default is any host.
    type: str
    default: ""
  private_key:
    description:
      - The private key, as text. Use it when the key comes from a vault.
      - This and O(private_key_path) exclude each other. One of them is required with O(state=present).
    type: str
  private_key_path:
    description:
      - The path of a file with the private key, on the host where the task runs.
    type: path
  fingerprint:
    description:
      - With O(state=absent), the fingerprint of the key to remove, as MD5 or SHA-256, in any usual spelling. Use it
        when the private key is no longer at hand.
    type: str
  exclusive:
    description:
      - Remove all other keys for O(hostname). The given key is added and seen in the list before anything is removed,
        so this is the way to rotate a key.
      - Surplus entries of the given key for O(hostname) go too, if it is listed more than once.
    type: bool
    default: false
notes:
  - When it runs as an ordinary module, core keeps the options, and so the key, in a temporary file on the target while
    the task runs. Enable pipelining to avoid that. Inside the controller's process there is no such file.
seealso:
  - module: community.circleci.circleci_checkout_key
  - module: community.circleci.circleci_env_var
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Let builds reach the production host
  community.circleci.circleci_ssh_key:
    project: github/acme/api
    hostname: deploy.acme.example
    private_key: "{{ vault_deploy_key }}"
    api_token: "{{ vault_circleci_token }}"

- name: Replace whatever key there is for this host
  community.circleci.circleci_ssh_key:
    project: github/acme/api
    hostname: deploy.acme.example
    private_key_path: files/deploy_key
    exclusive: true

- name: Remove a key of which only the fingerprint is known
  community.circleci.circleci_ssh_key:
    project: github/acme/api
    hostname: deploy.acme.example
    fingerprint: SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
ssh_key:
  description: The key that O(state=present) made sure of. Null with O(state=absent).
  type: dict
  returned: success
  contains: &key
    hostname:
      description: The host that builds use the key for. Empty for any host.
      type: str
      sample: deploy.acme.example
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
ssh_keys:
  description: All additional SSH keys of the project after the task. A key that CircleCI holds twice is listed twice.
  type: list
  elements: dict
  returned: success
  contains: *key
added:
  description: What was added.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: ssh_key
    hostname:
      description: The host that builds use the key for. Empty for any host.
      type: str
      sample: deploy.acme.example
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
  description: The keys that were removed. One that CircleCI held twice is there twice.
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
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import (
    WantedKey,
    plan_ssh_keys,
    read_ssh_keys,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    **STATE,
    "hostname": {"type": "str", "default": ""},
    "private_key": {"type": "str", "no_log": True},
    "private_key_path": {"type": "path"},
    "fingerprint": {"type": "str"},
    "exclusive": {"type": "bool", "default": False},
}
CONSTRAINTS = {
    "mutually_exclusive": [("private_key", "private_key_path", "fingerprint")],
    "required_if": [
        ("state", "present", ("private_key", "private_key_path"), True),
        ("state", "absent", ("private_key", "private_key_path", "fingerprint"), True),
    ],
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Add, replace or remove the key."""
    project = project_of(params)
    wanted = WantedKey.from_params(params)
    present = params["state"] == "present"
    if params["exclusive"] and not present:
        raise invalid("exclusive and state absent exclude each other.", "absent removes exactly one key.")
    client.require_token()
    keys: list[dict[str, Any]] = read_known(client, project, lambda: read_ssh_keys(client, project), [])
    plan = plan_ssh_keys(
        client,
        project,
        keys,
        present=[wanted] if present else [],
        absent=[] if present else [wanted],
        exclusive_hosts=[wanted.hostname] if params["exclusive"] else [],
    )
    return result_with_changes(plan, client, project)


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS)


if __name__ == "__main__":
    main()
