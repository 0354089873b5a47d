#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_workflow
short_description: Approve holds of a workflow on CircleCI, run it again, or cancel it
version_added: 0.2.0
description:
  - Approve holds by name, run a workflow again from what failed in it, or cancel one.
  - Nothing is approved in a pipeline in which anything has failed, nor in one that is older than another one of its
    branch.
  - The module looks before it acts. What is so already is unchanged.
  - It uses API v2 and needs a personal token.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project.optional
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_organization
attributes:
  check_mode:
    details:
      - Nothing is approved, started or canceled, and nothing is waited for. The module looks once.
      - An id that is given and empty is known after the run. The task is changed then, says so, and asks nothing.
  idempotent:
    support: partial
    details: With O(state=rerun), every run starts a workflow that has failed again, and with O(jobs) or
      O(from_failed=false) one that has succeeded, too.
options:
  state:
    description:
      - V(approved) approves the holds in O(approve). One that is approved already is left as it is.
      - V(rerun) runs the workflow again, as a new one. By itself it runs what failed and what depends on that, and
        leaves a workflow that has succeeded as it is. One that was canceled, or not run, needs O(jobs) or
        O(from_failed=false). One that was just canceled has five seconds to end before the task fails. One that
        CircleCI itself is about to run again is a failure.
      - V(canceled) cancels the workflow. One that has ended is left as it is, with a warning when CircleCI itself is
        about to run it again. One that ends before it can be canceled is a warning, and the task is unchanged.
    type: str
    choices: [approved, canceled, rerun]
    required: true
  workflow_id:
    description:
      - The id of the workflow. It excludes all other ways to name one. O(project) may be left out then.
    type: str
  workflow:
    description:
      - The name of the workflow, with O(project) and one of O(pipeline_id), O(pipeline_number), O(branch), O(tag) and
        O(revision). Of several runs it is the newest.
    type: str
  pipeline_id:
    description:
      - The id of its pipeline.
    type: str
  pipeline_number:
    description:
      - The number of its pipeline in the project.
    type: int
  branch:
    description:
      - The workflow of the newest pipeline of this branch. It excludes O(tag).
    type: str
  tag:
    description:
      - The workflow of the newest pipeline of this tag.
    type: str
  revision:
    description:
      - The workflow of the newest pipeline of this commit, by its full hash. Write it in quotes.
      - Given and empty, it is known after the run, as an id is. No workflow of another commit is taken instead.
    type: raw
  approve:
    description:
      - The names of the holds to approve. Required with O(state=approved), and not empty then. There is no way to
        approve all.
    type: list
    elements: str
  stale:
    description:
      - What it means that there is a newer pipeline of the same branch that CircleCI could run. V(fail) approves
        nothing and fails, V(allow) does not look. A pipeline of a tag is never stale.
    type: str
    choices: [fail, allow]
    default: fail
  from_failed:
    description:
      - With O(state=rerun), V(true) runs what failed and what depends on that, which is what happens anyway. V(false)
        runs all of the workflow, also one that has succeeded or was canceled. Its holds open again.
    type: bool
  jobs:
    description:
      - With O(state=rerun), the names of the jobs to run again, with what depends on them. It excludes O(from_failed).
    type: list
    elements: str
  ssh:
    description:
      - With O(jobs), let the token's user log in to their builds with SSH.
    type: bool
    default: false
    aliases: [enable_ssh]
  on_hold:
    description:
      - What it means that nothing but a hold is left that is not in O(approve).
      - V(fail) fails, and names the hold. V(return) ends the task well, with RV(holds). V(wait) waits on for somebody
        who approves it.
    type: str
    choices: [fail, return, wait]
    default: fail
  appear_timeout:
    description:
      - How long the workflow that was run again, or what a setup workflow continues with, may take to show up, in
        seconds.
    type: float
    default: 60.0
  wait:
    description:
      - Wait until all of the pipeline has ended, as M(community.circleci.circleci_pipeline) does. With
        O(state=approved) the task also waits for the holds to open. Not with O(state=canceled).
      - While waiting, failed requests do not end the task, with one warning for all of them. Only the answers 401 and
        403 do, 404 once O(appear_timeout) is over, and an approval that CircleCI refuses.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait at most, in seconds. Then the task fails. Nothing is canceled.
    type: float
    default: 1800.0
  wait_interval:
    description:
      - How long to pause between two looks, in seconds. After ten minutes the pause grows, up to 30 seconds.
    type: float
    default: 5.0
  log_lines:
    description:
      - How many lines from the end of a failed step's output are returned at most. V(0) reads no output.
    type: int
    default: 50
seealso:
  - module: community.circleci.circleci_pipeline
  - module: community.circleci.circleci_pipeline_info
  - name: CircleCI API v2
    description: The reference of the API.
    link: https://circleci.com/docs/api/v2/
"""

EXAMPLES = r"""
- name: Approve the deployment of the newest pipeline of main
  community.circleci.circleci_workflow:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    state: approved
    workflow: build-and-deploy
    branch: main
    approve: [hold]
    wait: true

- name: Run the workflow of a commit again from what failed in it
  community.circleci.circleci_workflow:
    project: github/acme/api
    state: rerun
    workflow: build-and-deploy
    revision: "{{ commit }}"

- name: Run one job again and let me log in to it
  community.circleci.circleci_workflow:
    project: github/acme/api
    state: rerun
    workflow: build-and-deploy
    branch: main
    jobs: [test]
    ssh: true
  register: again

- name: Cancel it when I have seen enough
  community.circleci.circleci_workflow:
    state: canceled
    workflow_id: "{{ again.workflow.id }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless nothing was found that tells it
  sample: github/acme/api
workflow:
  description:
    - The workflow, and with O(state=rerun) the new one. With O(wait=true) it is as it was at the end.
    - Where there is none, every value is null, and there are no jobs. In check mode where it would be started, only its
      name is there.
  type: dict
  returned: always, unless the task fails before its first request
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
      description: Its jobs.
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
approved:
  description: The names of the holds that this task has approved, or in check mode would approve.
  type: list
  elements: str
  returned: always, unless the task fails before its first request
  sample: [hold]
holds:
  description: The approvals that are open in the workflow, and with O(wait=true) in its pipeline at the end.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains:
    workflow_id:
      description: The id of its workflow.
      type: str
      sample: fda08377-fe7e-46b1-8992-3a7aaecac9c3
    workflow:
      description: The name of its workflow.
      type: str
      sample: build-and-deploy
    job:
      description: Its name.
      type: str
      sample: hold
    approval_request_id:
      description: The id by which it is approved.
      type: str
      sample: 0e5fd2bb-4a9b-4a7e-9b8c-3c9a6e6b3a11
failed_steps:
  description: What failed in all workflows of the pipeline, in every container, when the task waited for it.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains:
    workflow:
      description: The name of the workflow.
      type: str
      sample: build-and-deploy
    job:
      description: The name of the job.
      type: str
      sample: test
    build_num:
      description: The number of the job's build.
      type: int
      sample: 12
    name:
      description: The name of the step.
      type: str
      sample: Run tests
    exit_code:
      description: The exit code of its command; null when there was none.
      type: int
      sample: 1
    status:
      description: What became of it, such as V(failed), V(timedout), V(canceled) or V(infrastructure_fail).
      type: str
      sample: failed
    log_tail:
      description:
        - The last lines that it wrote, without colours and control characters. Long lines are cut at 1000 characters.
      type: str
      sample: "FAILED tests/test_orders.py::test_order_3"
waited_seconds:
  description: How long the task waited, in seconds.
  type: float
  returned: always, unless the task fails before its first request
  sample: 94.2
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
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import ON_HOLD_CHOICES
from ansible_collections.community.circleci.plugins.module_utils._resources.workflow_actions import (
    APPROVED,
    NOTHING,
    STALE,
    STATES,
    carry_out,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT_OR_ALL
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT_OR_ALL,
    "state": {"type": "str", "choices": list(STATES), "required": True},
    "workflow_id": {"type": "str"},
    "workflow": {"type": "str"},
    "pipeline_id": {"type": "str"},
    "pipeline_number": {"type": "int"},
    "branch": {"type": "str"},
    "tag": {"type": "str"},
    "revision": {"type": "raw"},
    "approve": {"type": "list", "elements": "str"},
    "stale": {"type": "str", "choices": list(STALE), "default": STALE[0]},
    "from_failed": {"type": "bool"},
    "jobs": {"type": "list", "elements": "str"},
    "ssh": {"type": "bool", "default": False, "aliases": ["enable_ssh"]},
    "on_hold": {"type": "str", "choices": list(ON_HOLD_CHOICES), "default": ON_HOLD_CHOICES[0]},
    "appear_timeout": {"type": "float", "default": 60.0},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1800.0},
    "wait_interval": {"type": "float", "default": 5.0},
    "log_lines": {"type": "int", "default": 50},
}
CONSTRAINTS = {
    "required_if": [("state", APPROVED, ("approve",))],
    "required_one_of": [("workflow_id", "workflow")],
    "required_by": {"workflow": ("project",)},
    "mutually_exclusive": [("branch", "tag"), ("pipeline_id", "pipeline_number"), ("jobs", "from_failed")],
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Approve holds of a workflow, run it again, or cancel it."""
    return carry_out(client, params)


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the id of the workflow or of its pipeline is known after the run."""
    return {"changed": True, **NOTHING}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS, known_after_the_run)


if __name__ == "__main__":
    main()
