#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_project_follow
short_description: Follow a project on CircleCI
version_added: 0.1.0
description:
  - Follow a project as the token's user, or stop following it.
  - The first follower sets the project up. CircleCI then adds a webhook and a deploy key to the repository, and may
    run a first build. For that the user needs to be an admin of the repository.
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
      - V(present) follows the project.
      - V(absent) stops following it. When the last follower leaves, CircleCI drops the project's checkout keys and no
        longer runs builds for it.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: community.circleci.circleci_checkout_key
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Follow a project
  community.circleci.circleci_project_follow:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"

- name: Follow all projects of the team, with the token from CIRCLE_TOKEN
  community.circleci.circleci_project_follow:
    organization: acme
    project: "{{ item }}"
  loop: [api, web]

- name: Stop following a project
  community.circleci.circleci_project_follow:
    project: github/acme/web
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
following:
  description: Whether the token's user follows the project after the task.
  type: bool
  returned: success
  sample: true
first_build:
  description:
    - The build that CircleCI started because the project was set up, in short. Null when there is none, and in check
      mode.
  type: dict
  returned: success
  contains:
    build_num:
      description: The number of the build.
      type: int
      sample: 1
    build_url:
      description: Its page on CircleCI.
      type: str
      sample: https://circleci.com/gh/acme/api/1
    job:
      description: The name of its job.
      type: str
      sample: build
    workflow:
      description: The name of its workflow. Null without workflows.
      type: str
      sample: build-and-test
    status:
      description: Its state when it was started.
      type: str
      sample: not_running
    outcome:
      description: How it ended. Null, for it has not.
      type: str
      sample: null
    branch:
      description: The branch that it builds.
      type: str
      sample: main
    tag:
      description: The tag that it builds. Null for a branch.
      type: str
      sample: null
    revision:
      description: The commit that it builds.
      type: str
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    start_time:
      description: When it started. Null while it has not.
      type: str
      sample: null
    stop_time:
      description: When it ended. Null, for it has not.
      type: str
      sample: null
    why:
      description: Why it was started.
      type: str
      sample: first-build
added:
  description: The follower, when the project was not followed before.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: following
removed:
  description: The follower, when the project is not followed any more.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.following import (
    plan_following,
    read_following,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT, STATE
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {**CONNECTION, **PROJECT, **STATE}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Follow or unfollow the project."""
    project = project_of(params)
    client.require_token()
    settings = read_following(client, project)
    return result_with_changes(plan_following(client, project, settings, params["state"] == "present"), client, project)


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
