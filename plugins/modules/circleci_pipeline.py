#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_pipeline
short_description: Start pipelines on CircleCI with parameters, wait for all of them, approve holds, cancel
version_added: 0.2.0
description:
  - Start a pipeline, wait for one that a push has started or is going to start, or cancel what runs.
  - A wait is for all workflows of the pipeline, with what a setup workflow continues with, and with CircleCI's own
    reruns. The task says that a pipeline has succeeded only when all of it has ended well.
  - When something failed the task fails, and RV(failed_steps) has the end of what the failed steps of all workflows
    wrote. A failure goes before a hold. Nothing is approved in a pipeline in which anything has failed.
  - At most one pipeline comes of one task. When the answer to the request is lost, the module looks for the pipeline
    that may have come of it. It never sends the request again. If it cannot tell, it fails and says so.
  - It uses API v2 and needs a personal token, but for O(state=succeeded) without O(approve) of an open-source project.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
attributes:
  check_mode:
    details:
      - Nothing is started, approved or canceled, and nothing is waited for. The module looks once.
      - With O(state=succeeded), a pipeline that has not ended or is not there yet is a warning. One that has failed is
        a failure.
      - An id that is given and empty is known after the run. The task says so then, and asks nothing. With
        O(state=succeeded) it is ok, otherwise changed.
  idempotent:
    support: partial
    details: With O(state=triggered) and O(reuse=never) every run starts a pipeline. Use O(reuse) for a task that may
      run twice.
options:
  state:
    description:
      - V(triggered) starts a pipeline, unless O(reuse) finds one.
      - V(succeeded) waits until the pipeline that is sought has succeeded. It waits for one that is not there yet, and
        starts none. Use it to deploy what a push has built. Without an id or number it is the newest one that matches,
        among the newest 200 of the project or of O(branch).
      - V(canceled) cancels the workflows that have not ended, of whatever is sought among the newest 200 pipelines. It
        waits for no pipeline to appear, but for the workflows that a pipeline is about to start. A workflow that ends
        before it can be canceled is a warning.
    type: str
    choices: [triggered, succeeded, canceled]
    default: triggered
  branch:
    description:
      - The branch. It excludes O(tag). Without both, V(triggered) starts the project's default branch.
      - The head of a pull request is V(pull/NUMBER/head).
    type: str
  tag:
    description:
      - The tag, instead of a branch.
    type: str
  revision:
    description:
      - The commit, by its full hash. With or without O(branch) or O(tag). Write it in quotes.
      - API v2 starts heads only. With O(state=triggered), a pipeline of another commit is canceled at once and the task
        fails, for the branch has moved on. So is one whose commit CircleCI does not tell within O(appear_timeout).
      - With O(state=canceled), given and empty, it is known after the run, as an id is. Nothing is canceled then.
    type: raw
  pipeline_id:
    description:
      - The id of the pipeline that is sought.
    type: str
  pipeline_number:
    description:
      - The number of the pipeline that is sought, in its project.
    type: int
  parameters:
    description:
      - The parameters of the pipeline, which its configuration must declare. Text, whole numbers and booleans, whose
        types are kept. CircleCI takes up to 100, with names of up to 128 and text of up to 512 characters.
      - Everybody who can see the pipeline can see them. For secrets use M(community.circleci.circleci_env_var) or
        M(community.circleci.circleci_context).
      - On ansible-core before 2.19, V("{{ n | int }}") is text. Give the whole dictionary as one template there.
    type: dict
  definition:
    description:
      - The pipeline definition to start, by its name or id. Projects of the GitHub App take their only one by
        themselves. CircleCI Server does not list them, so give an id there.
    type: str
    aliases: [definition_id]
  config_branch:
    description:
      - The branch of the repository with the configuration, where the O(definition) takes that from another repository
        than the code. If not set, it is the default branch of that repository.
    type: str
  keep_revision:
    description:
      - With O(state=canceled) and O(branch), the pipelines of this commit go on.
      - Given and empty, it is known after the run, as an id is. Nothing is canceled then.
    type: raw
  workflows:
    description:
      - Wait for the workflows of these names only, and judge by them. One that never starts is a failure, and goes
        before an open hold.
    type: list
    elements: str
  reuse:
    description:
      - Whether a pipeline that is there already will do. Looked for is one of the same O(revision), or else the same
        O(tag) or branch, with the same parameters, among the newest 20. A parameter that is not given must have been at
        the default that the pipeline's own configuration declares. One of which that cannot be read is not reused,
        with a warning.
      - CircleCI does not tell of which O(definition) a pipeline is. Where one is named, and CircleCI does not list it
        as the only one, that is a warning.
      - V(never) always starts one.
      - V(active) takes one that is running, or waits for an approval.
      - V(successful) also takes one that has succeeded. Set it together with O(revision) to run each commit once.
    type: str
    choices: [never, active, successful]
    default: never
  approve:
    description:
      - The names of holds that are approved when they open. No other one is. It needs O(wait=true) or
        O(state=succeeded).
    type: list
    elements: str
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
      - How long a pipeline that is sought, its workflows, or what a setup workflow continues with may take to show up,
        in seconds. Also how long a pipeline is looked for when the answer to its start is lost.
    type: float
    default: 60.0
  wait:
    description:
      - Wait until the pipeline has ended, a reused one too. O(state=succeeded) waits always. With O(state=canceled)
        every end will do.
      - While waiting, failed requests do not end the task, with one warning for all of them. Only the answers 401 and
        403 do, 404 once O(appear_timeout) is over, and an approval that CircleCI refuses.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait at most, in seconds. Then the task fails. That cancels nothing.
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
  - module: community.circleci.circleci_workflow
  - module: community.circleci.circleci_pipeline_info
  - module: community.circleci.circleci_build
  - name: CircleCI API v2
    description: The reference of the API.
    link: https://circleci.com/docs/api/v2/
"""

EXAMPLES = r"""
- name: Start a pipeline with parameters and show where to look at it
  community.circleci.circleci_pipeline:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    branch: main
    parameters:
      target: staging
      dry_run: false
      replicas: 3
  register: started

- name: Show its page
  ansible.builtin.debug:
    msg: "{{ started.pipeline.url }}"

- name: Wait for it, and approve the deployment to staging on the way
  community.circleci.circleci_pipeline:
    project: github/acme/api
    state: succeeded
    pipeline_id: "{{ started.pipeline.id }}"
    approve: [hold]

- name: Deploy a commit only when all of its pipeline is green, which a push has started
  community.circleci.circleci_pipeline:
    project: github/acme/api
    state: succeeded
    revision: "{{ commit }}"
    wait_timeout: 3600

- name: Run a commit once, however often this play runs
  community.circleci.circleci_pipeline:
    project: github/acme/api
    branch: main
    revision: "{{ commit }}"
    parameters:
      target: staging
      dry_run: false
      replicas: 3
    reuse: successful
    wait: true
    approve: [hold]

- name: Cancel what older commits of a branch still run
  community.circleci.circleci_pipeline:
    project: github/acme/api
    state: canceled
    branch: feature/login
    keep_revision: "{{ commit }}"

- name: Wait for one workflow, and show what failed in it
  block:
    - name: Wait for the newest pipeline of main
      community.circleci.circleci_pipeline:
        project: github/acme/api
        state: succeeded
        branch: main
        workflows: [build-and-deploy]
      register: pipeline
  rescue:
    - name: Show the end of what the failed steps wrote
      ansible.builtin.debug:
        msg: "{{ item.log_tail.splitlines() }}"
      loop: "{{ pipeline.failed_steps }}"
      loop_control:
        label: "{{ item.workflow }} {{ item.job }} #{{ item.build_num }}: {{ item.name }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
pipeline:
  description:
    - The pipeline that was started, reused, or sought. Where there is none, as in check mode where one would be
      started, every value is null, and RV(pipeline.errors) is empty.
    - With O(state=canceled) it is the newest one that matches. Its status is that from before, or with O(wait) the one
      at the end.
  type: dict
  returned: always, unless the task fails before its first request
  contains: &pipeline
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
        - Null for the entries of RV(canceled).
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
  description:
    - The newest workflow of each name. Empty when nobody looked, as without O(wait) where a pipeline was started, and
      with O(state=canceled). What CircleCI does not say of it is null.
  type: list
  elements: dict
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
holds:
  description: The approvals that are open in the workflows that are waited for.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains: &hold
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
  description: What failed in all workflows that are waited for, in every container.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains: &failed_step
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
canceled:
  description: The pipelines of which something was canceled, newest first. In check mode those that have something.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains: *pipeline
waited_seconds:
  description: How long the task waited, in seconds.
  type: float
  returned: always, unless the task fails before its first request
  sample: 94.2
reused:
  description: Whether a pipeline that was there already was taken.
  type: bool
  returned: always, unless the task fails before its first request
  sample: false
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
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_actions import (
    AWAITED,
    NOTHING,
    STATES,
    TRIGGERED,
    carry_out,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_reuse import NEVER, REUSE
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_waiting import ON_HOLD_CHOICES
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    "state": {"type": "str", "choices": list(STATES), "default": TRIGGERED},
    "branch": {"type": "str"},
    "tag": {"type": "str"},
    "revision": {"type": "raw"},
    "pipeline_id": {"type": "str"},
    "pipeline_number": {"type": "int"},
    "parameters": {"type": "dict"},
    "definition": {"type": "str", "aliases": ["definition_id"]},
    "config_branch": {"type": "str"},
    "keep_revision": {"type": "raw"},
    "workflows": {"type": "list", "elements": "str"},
    "reuse": {"type": "str", "choices": list(REUSE), "default": NEVER},
    "approve": {"type": "list", "elements": "str"},
    "on_hold": {"type": "str", "choices": list(ON_HOLD_CHOICES), "default": ON_HOLD_CHOICES[0]},
    "appear_timeout": {"type": "float", "default": 60.0},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1800.0},
    "wait_interval": {"type": "float", "default": 5.0},
    "log_lines": {"type": "int", "default": 50},
}
CONSTRAINTS = {"mutually_exclusive": [("branch", "tag"), ("pipeline_id", "pipeline_number")]}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Start a pipeline, wait for one, or cancel some."""
    return carry_out(client, params)


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the id of the pipeline is known after the run."""
    return {"changed": params["state"] != AWAITED, **NOTHING}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS, known_after_the_run)


if __name__ == "__main__":
    main()
