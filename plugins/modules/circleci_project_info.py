#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_project_info
short_description: Read projects of CircleCI with their keys
version_added: 0.1.0
description:
  - Read one project, or all that the token's user follows, with their SSH keys. Use it to audit keys and variables.
  - An open-source project can be read without a token. CircleCI may show less of it then.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project.optional
  - community.circleci._attributes
  - community.circleci._attributes.reads
  - community.circleci._attributes.action_group
options:
  project:
    description:
      - The project, by its whole slug as in V(github/acme/api). Or only the name of the repository, with
        O(organization) and, if it is not at GitHub, O(vcs_type).
      - Without it every project that the token's user follows is read. O(organization) and O(vcs_type) then say which
        of them, if given.
  checkout_keys:
    description:
      - Read the checkout keys too. This needs one more request for each project.
    type: bool
    default: false
  env_vars:
    description:
      - Read the names and masked values of the environment variables too. This needs one more request for each project.
    type: bool
    default: false
  concurrency:
    description:
      - How many projects are read at the same time, from 1 to 32.
    type: int
    default: 8
notes:
  - The header C(Cache-Control) of CircleCI's answers is honoured when the Python library C(CacheControl) is installed.
  - CircleCI does not list followed projects of the GitHub App, GitLab and standalone organizations. Read them one by
    one, with O(project).
seealso:
  - module: community.circleci.circleci_project_follow
  - module: community.circleci.circleci_checkout_key
  - module: community.circleci.circleci_ssh_key
  - module: community.circleci.circleci_env_var
"""

EXAMPLES = r"""
- name: Read one project
  community.circleci.circleci_project_info:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    checkout_keys: true
    env_vars: true
  register: one

- name: Show its variables, by name
  ansible.builtin.debug:
    msg: "{{ one.projects[0].env_vars | map(attribute='name') }}"

- name: Read all followed projects of an organization
  community.circleci.circleci_project_info:
    organization: acme
    checkout_keys: true
  register: all

- name: Show which projects have no usable checkout key
  ansible.builtin.debug:
    msg: "{{ all.projects | rejectattr('has_usable_key') | map(attribute='project') }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: when one project is asked for
  sample: github/acme/api
projects:
  description: The project, or the followed projects in the order in which CircleCI lists them.
  type: list
  elements: dict
  returned: success
  contains:
    project:
      description: The canonical slug.
      type: str
      sample: github/acme/api
    vcs_url:
      description: The address of the repository.
      type: str
      sample: https://github.com/acme/api
    following:
      description: Whether the token's user follows it.
      type: bool
      sample: true
    default_branch:
      description: The default branch of the repository.
      type: str
      sample: main
    has_usable_key:
      description: Whether CircleCI has a key to check the repository out with.
      type: bool
      sample: true
    ssh_keys:
      description: The additional SSH keys.
      type: list
      elements: dict
      sample:
        - hostname: deploy.acme.io
          public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
          fingerprint: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
          fingerprint_sha256: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
    checkout_keys:
      description: The checkout keys, newest first.
      type: list
      elements: dict
      returned: with O(checkout_keys=true)
      sample:
        - type: deploy-key
          public_key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
          fingerprint: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
          fingerprint_sha256: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
          time: "2026-11-02T09:30:11.482Z"
          login: null
          preferred: true
    env_vars:
      description: The environment variables, with masked values.
      type: list
      elements: dict
      returned: with O(env_vars=true)
      sample:
        - name: REGISTRY_PASSWORD
          masked_value: xxxx7Qfz
"""

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.project_info import describe, read_followed
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT_OR_ALL
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES, project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT_OR_ALL,
    "checkout_keys": {"type": "bool", "default": False},
    "env_vars": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 8},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read one project, or all that are followed."""
    concurrency = params["concurrency"]
    if not 1 <= concurrency <= 32:
        raise invalid("concurrency must be from 1 to 32.")
    client.caching = True
    wanted = {name: params[name] for name in ("checkout_keys", "env_vars")}
    if params["project"] is not None:
        projects = [describe(client, project_of(params), **wanted)]
    else:
        vcs_type = VCS_TYPES.get(params["vcs_type"])
        projects = read_followed(client, params["organization"], vcs_type, concurrency, **wanted)
    return {"changed": False, "projects": projects}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
