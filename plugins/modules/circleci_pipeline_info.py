#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_pipeline_info
short_description: Read pipelines of a CircleCI project with their workflows and jobs
version_added: 0.2.0
description:
  - Read one pipeline by its id or number, or the newest ones of a branch, tag or commit, by status if wanted.
  - Also their workflows, jobs, configurations and parameters.
  - Pipelines of open-source projects can be read without a token. Otherwise API v2 needs a personal one.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.reads
  - community.circleci._attributes.action_groups_project
attributes:
  check_mode:
    details: An id that is given and empty is known after the run. The task is ok then, says so, and asks nothing.
options:
  pipeline_id:
    description:
      - The id of the pipeline. Without it and O(pipeline_number) the newest ones that match are read.
    type: str
  pipeline_number:
    description:
      - The number of the pipeline in the project.
    type: int
  branch:
    description:
      - Read pipelines of this branch. It excludes O(tag).
    type: str
  tag:
    description:
      - Read pipelines of this tag.
    type: str
  revision:
    description:
      - Read pipelines of this commit, by its full hash. Write it in quotes.
    type: raw
  status:
    description:
      - Read pipelines with this status, which is the worst of the newest workflow of each name.
    type: str
    choices: [errored, failed, canceled, failing, running, on_hold, success, not_run, pending, no_workflow]
  limit:
    description:
      - How many pipelines to read at most, among the newest 200 of the project or of O(branch).
    type: int
    default: 1
  workflows:
    description:
      - Read the workflows, and by them the status of the pipeline. One request more for each pipeline.
    type: bool
    default: true
  jobs:
    description:
      - Read the jobs of the workflows, too. One request more for each workflow.
    type: bool
    default: false
  config:
    description:
      - Read the configuration that each pipeline ran with, too.
    type: bool
    default: false
  parameters:
    description:
      - Read the parameters that each pipeline ran with, too.
    type: bool
    default: false
notes:
  - The header C(Cache-Control) of CircleCI's answers is honoured when the Python library C(CacheControl) is installed.
seealso:
  - module: community.circleci.circleci_pipeline
    description: Wait for a pipeline.
  - module: community.circleci.circleci_workflow
  - module: community.circleci.circleci_build_info
"""

EXAMPLES = r"""
- name: Read the newest pipeline of main, with its jobs
  community.circleci.circleci_pipeline_info:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    branch: main
    jobs: true
  register: newest

- name: Show how it is
  ansible.builtin.debug:
    msg: "{{ newest.pipelines[0].status }}: {{ newest.pipelines[0].url }}"

- name: Read the last five that succeeded, and what they were started with
  community.circleci.circleci_pipeline_info:
    project: github/acme/api
    branch: main
    status: success
    limit: 5
    parameters: true
  register: good

- name: Show when that was, and with which parameters
  ansible.builtin.debug:
    msg: "{{ item.created_at }} {{ item.parameters }}"
  loop: "{{ good.pipelines }}"
  loop_control:
    label: "#{{ item.number }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
pipelines:
  description:
    - The pipelines that match, newest first. Empty when there are none. With an id or number that does not exist the
      task fails.
  type: list
  elements: dict
  returned: success
  contains:
    id:
      description: Its id.
      type: str
      sample: 5034460f-c7c4-4c43-9457-de07e2029e7b
    number:
      description: Its number in the project.
      type: int
      sample: 25
    state:
      description: What became of its configuration, such as V(pending), V(created) or V(errored).
      type: str
      sample: created
    status:
      description:
        - The worst of the newest workflow of each name, in the order V(errored), V(failed), V(canceled), V(failing),
          V(running), V(on_hold), V(success), V(not_run).
        - V(pending) before there are workflows, V(no_workflow) where none started.
        - Null with O(workflows=false), unless O(status) is given.
      type: str
      sample: success
    url:
      description: Its page.
      type: str
      sample: https://app.circleci.com/pipelines/gh/acme/api/25
    branch:
      description: Its branch; null for a tag.
      type: str
      sample: main
    tag:
      description: Its tag; null for a branch.
      type: str
      sample: null
    revision:
      description: Its commit.
      type: str
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    created_at:
      description: When it was made.
      type: str
      sample: "2026-11-25T12:31:16.264Z"
    errors:
      description: What is wrong with its configuration.
      type: list
      elements: dict
      contains:
        type:
          description: What kind of mistake it is.
          type: str
          sample: config
        message:
          description: What is wrong.
          type: str
          sample: Unknown variable(s)
    workflows:
      description: The newest workflow of each name. Empty with O(workflows=false). What CircleCI does not say is null.
      type: list
      elements: dict
      contains:
        id:
          description: Its id.
          type: str
          sample: fda08377-fe7e-46b1-8992-3a7aaecac9c3
        name:
          description: Its name in the configuration.
          type: str
          sample: build-and-deploy
        status:
          description: How it is, in CircleCI's words.
          type: str
          sample: success
        url:
          description: Its page.
          type: str
          sample: https://app.circleci.com/pipelines/gh/acme/api/25/workflows/fda08377-fe7e-46b1-8992-3a7aaecac9c3
        created_at:
          description: When it started.
          type: str
          sample: "2026-11-25T12:31:18Z"
        stopped_at:
          description: When it ended. Null while it has not.
          type: str
          sample: "2026-11-25T12:35:02Z"
        jobs:
          description: Its jobs, with O(jobs=true).
          type: list
          elements: dict
          contains:
            id:
              description: Its id.
              type: str
              sample: c65b68ef-e73b-4bf2-be9a-7a322a9df150
            name:
              description: Its name in the configuration.
              type: str
              sample: test
            type:
              description: V(build), or V(approval) for a hold.
              type: str
              sample: build
            status:
              description: How it is, in CircleCI's words.
              type: str
              sample: success
            build_num:
              description: The number of its build. Null where there is none, as for a hold.
              type: int
              sample: 12
    config:
      description: What O(config) has read. Null without O(config), and where CircleCI does not have it any more.
      type: dict
      contains:
        source:
          description: The file.
          type: str
          sample: "version: 2.1"
        compiled:
          description: What CircleCI made of it.
          type: str
          sample: "version: 2"
        setup_config:
          description: The first file, where there is a setup workflow.
          type: str
          sample: null
        compiled_setup_config:
          description: What CircleCI made of the first file.
          type: str
          sample: null
    parameters:
      description: The parameters, by name. Empty without O(parameters).
      type: dict
      sample:
        target: staging
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
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_info import read_pipelines
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import STATUSES
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    "pipeline_id": {"type": "str"},
    "pipeline_number": {"type": "int"},
    "branch": {"type": "str"},
    "tag": {"type": "str"},
    "revision": {"type": "raw"},
    "status": {"type": "str", "choices": list(STATUSES)},
    "limit": {"type": "int", "default": 1},
    "workflows": {"type": "bool", "default": True},
    "jobs": {"type": "bool", "default": False},
    "config": {"type": "bool", "default": False},
    "parameters": {"type": "bool", "default": False},
}
CONSTRAINTS = {"mutually_exclusive": [("branch", "tag"), ("pipeline_id", "pipeline_number")]}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read pipelines."""
    return {"changed": False, "pipelines": read_pipelines(client, params)}


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the id of the pipeline is known after the run."""
    return {"changed": False, "pipelines": []}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS, known_after_the_run)


if __name__ == "__main__":
    main()
