#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_build_ssh_user
short_description: Let the token's user log in to a running CircleCI build
version_added: 0.1.0
description:
  - Add the user that the token belongs to, with the keys that the user has at GitHub or Bitbucket, to the people who
    may log in to a build by SSH.
  - CircleCI Server and older builds support this. CircleCI's cloud has dropped it for new builds. When the user is not
    added, the task fails and says so. M(community.circleci.circleci_build) can then retry the build with SSH.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
options:
  build_num:
    description:
      - The number of the build.
    type: int
    required: true
seealso:
  - module: community.circleci.circleci_build
  - module: community.circleci.circleci_user_info
"""

EXAMPLES = r"""
- name: Find the latest build of the main branch
  community.circleci.circleci_build_info:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    branch: main
    required: true
  register: latest

- name: Let me log in to it
  community.circleci.circleci_build_ssh_user:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    build_num: "{{ latest.build.build_num }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
ssh_users:
  description: The people who may log in to the build.
  type: list
  elements: dict
  returned: success
  contains:
    login:
      description: The name of the user's account.
      type: str
      sample: octocat
    type:
      description: Where the account is. Null in check mode for a user that would be added.
      type: str
      sample: github
added:
  description: The user who was added.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: ssh_user
    login:
      description: The name of the user's account.
      type: str
      sample: octocat
removed:
  description: Always empty.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: Always empty.
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
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    build_shape,
    checked_number,
    read_build,
    ssh_users_of,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.plan import (
    UNKNOWN,
    Outcome,
    Plan,
    result_with_changes,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

ARGUMENT_SPEC = {**CONNECTION, **PROJECT, "build_num": {"type": "int", "required": True}}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Add the token's user to a build (``api-v1.1.md`` §3.4)."""
    project, number = project_of(params), checked_number(params["build_num"])
    client.require_token()
    build = read_build(client, project, number)
    login = client.get_user()["login"]
    users = ssh_users_of(build)
    before = _outcome(users)
    if _is_among(login, build):
        plan = Plan(before.after, before)
    else:
        predicted = _outcome([*users, {"login": login, "type": UNKNOWN}], login)
        plan = Plan(before.after, predicted, lambda: _add(client, project, number, login))
    return result_with_changes(plan, client, project)


def _add(client: Client, project: Project, number: int, login: str) -> Outcome:
    def seen() -> Build | None:
        now = read_build(client, project, number)
        return now if _is_among(login, now) else None

    answer = client.write("POST", project.path(number, "ssh-users"), repeatable=False, seen=seen, shape=build_shape)
    if not _is_among(login, answer):
        raise CircleCIError(
            f"CircleCI took the request, but does not list {login} among those who may log in to {project} #{number}.",
            hint="Retry the build with SSH: community.circleci.circleci_build with state retried and ssh.",
        )
    return _outcome(ssh_users_of(answer), login)


def _is_among(login: str, build: Build) -> bool:
    return login in [user["login"] for user in ssh_users_of(build)]


def _outcome(users: list[dict[str, Any]], added: str | None = None) -> Outcome:
    outcome = Outcome({"ssh_users": [user["login"] for user in users]}, {"ssh_users": users})
    if added is not None:
        outcome.added.append({"kind": "ssh_user", "login": added})
    return outcome


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the number of the build is known after the run."""
    return {"changed": True, "ssh_users": [], "added": [], "removed": [], "updated": []}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, unknown=known_after_the_run)


if __name__ == "__main__":
    main()
