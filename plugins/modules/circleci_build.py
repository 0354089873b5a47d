#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_build
short_description: Start, retry or cancel builds on CircleCI and wait for them
version_added: 0.1.0
description:
  - Start a whole pipeline or a single job, run a build again, or cancel one.
  - CircleCI removes the calls of API v1.1 that start single jobs on 2027-02-01. Pipelines, and the builds of workflows
    that are run again, go by API v2, which needs a personal token.
  - For pipelines it starts, reuses and waits. To approve holds, to wait for what a push has started, or to cancel what
    runs for a branch, use M(community.circleci.circleci_pipeline).
  - With O(wait=true) the task goes on when the build has ended. When the build did not succeed the task fails, and
    RV(failed_steps) has the end of what the failed steps wrote.
  - At most one build comes of one task. When the answer to a request is lost, the module looks for the build that may
    have come of it. It never sends the request again. If it cannot tell, it fails and says so.
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
      - Nothing is started or canceled, and nothing is waited for. RV(build) is null where a build would be started or
        canceled.
      - A number that is given and empty is known after the run. The task is changed then, says so, and asks nothing.
  idempotent:
    support: partial
    details: With O(reuse=never) and with O(state=retried) every run starts a build. Use O(reuse) for a task that may
      run twice.
options:
  state:
    description:
      - V(triggered) starts a build.
      - V(retried) runs the build with O(build_num) again, as a new build. A build of a workflow runs again in a new run
        of that, with the jobs that depend on it, and not before the workflow has ended. That needs a personal token.
      - V(canceled) cancels the build with O(build_num). A build that has ended is left as it is. One that ends before
        it can be canceled is a warning, and the task is unchanged.
    type: str
    choices: [triggered, retried, canceled]
    default: triggered
  trigger:
    description:
      - V(pipeline) starts all workflows of the configuration, as a push does, with O(parameters) if wanted. Without
        O(wait=true) there are no builds yet, and RV(pipeline) is filled. A hold that is open when nothing else is left
        is a failure.
      - V(job) starts one job, by API v1.1, until CircleCI removes that. It does so for configurations up to version
        2.0. Contexts are not applied.
      - If not set, it is V(job) where O(job) or O(build_parameters) is given, and V(pipeline) otherwise.
    type: str
    choices: [job, pipeline]
  branch:
    description:
      - The branch to build. Without O(branch), O(tag) and O(revision) it is the project's default branch.
    type: str
  tag:
    description:
      - The tag to build, instead of a branch. Write it in quotes where it looks like a number, as in V("1.10").
    type: str
  revision:
    description:
      - The commit to build, by its full hash of 40 hexadecimal digits. Set it to build exactly what is being deployed.
      - Pipelines start from the head of a branch or tag only. One of another commit, or of a commit that CircleCI does
        not tell, is canceled at once, and the task fails.
      - Write it in quotes, because YAML takes hashes without letters for numbers. Those are refused.
    type: raw
  job:
    description:
      - The job to start, by its name in the configuration. CircleCI starts the one named C(build) when it is not set.
      - It excludes O(trigger=pipeline).
    type: str
  parameters:
    description:
      - Parameters of a pipeline, which its configuration must declare. Text, whole numbers and booleans, whose types
        are kept. See O(community.circleci.circleci_pipeline#module:parameters).
      - It excludes O(trigger=job).
    type: dict
    version_added: 0.2.0
  build_parameters:
    description:
      - Parameters of the build. The job sees them as environment variables.
      - Text is sent as it is. Whole numbers, booleans, lists and dictionaries are sent as JSON text, for example
        V(true) or V([1,2]).
      - Write in quotes what has to arrive as it is written. YAML makes C(1.1) of C(1.10), and other numbers of C(0123)
        and C(12:30). Numbers with a fraction, dates and times are refused for that, also inside lists and dictionaries.
      - Everybody who can see the build can see them. For secrets use M(community.circleci.circleci_env_var).
      - It excludes O(trigger=pipeline), which takes O(parameters).
    type: dict
  build_num:
    description:
      - The number of the build to retry or cancel. Required for these, and refused with O(state=triggered).
    type: int
  ssh:
    description:
      - Retry with SSH, so that the token's user can log in to the build and look around. Only with O(state=retried).
    type: bool
    default: false
  reuse:
    description:
      - Whether a build that is there already will do. Looked for are builds of the same O(job) and
        O(build_parameters), and of the same O(revision), or the same O(tag), or else the same branch, among the newest
        100 of the project. With O(trigger=pipeline) it is a pipeline with the same O(parameters), one of the newest 20.
      - V(never) always starts one.
      - V(active) takes one that is running or waiting.
      - V(successful) also takes one that has succeeded. Set it together with O(revision) to build each commit once.
    type: str
    choices: [never, active, successful]
    default: never
  wait:
    description:
      - Wait until the build has ended. A build that is reused is waited for too.
      - A build that CircleCI itself retries after a failure of its infrastructure is followed to the one that replaces
        it.
      - For a pipeline it is all of its workflows, as with M(community.circleci.circleci_pipeline).
      - With O(state=canceled) every end will do.
      - While waiting, failed requests do not end the task, with one warning for all of them. Only the answers 401 and
        403 do, and 404 when it lasts, because CircleCI may not find at once what it has just named. A build may be
        missing for five seconds, a new pipeline for a minute.
    type: bool
    default: false
  wait_timeout:
    description:
      - How long to wait at most, in seconds. Then the task fails. That cancels nothing.
    type: float
    default: 1800.0
  wait_interval:
    description:
      - How long to pause between two looks at the build, in seconds.
      - After ten minutes the pause grows by a second in each further minute, up to 30 seconds.
    type: float
    default: 5.0
  log_lines:
    description:
      - How many lines from the end of a failed step's output are returned at most. V(0) reads no output.
    type: int
    default: 50
seealso:
  - module: community.circleci.circleci_pipeline
  - module: community.circleci.circleci_workflow
  - module: community.circleci.circleci_build_info
  - module: community.circleci.circleci_build_ssh_user
  - plugin: community.circleci.circleci_builds
    plugin_type: lookup
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Run the pipeline of the default branch and wait for it
  community.circleci.circleci_build:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    wait: true

- name: Run one job with parameters, while CircleCI still does that
  community.circleci.circleci_build:
    project: github/acme/api
    branch: feature/login
    job: test
    build_parameters:
      TARGET: staging
      DRY_RUN: true
  register: started

- name: Cancel it
  community.circleci.circleci_build:
    project: github/acme/api
    state: canceled
    build_num: "{{ started.build.build_num }}"

- name: Run it again and let me log in
  community.circleci.circleci_build:
    project: github/acme/api
    state: retried
    build_num: "{{ started.build.build_num }}"
    ssh: true

- name: Build a commit, unless that was done already
  community.circleci.circleci_build:
    project: github/acme/api
    branch: release
    revision: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    reuse: successful
    wait: true

- name: Run the whole pipeline of a branch and show what failed in it
  block:
    - name: Run the pipeline
      community.circleci.circleci_build:
        project: github/acme/api
        branch: main
        wait: true
        wait_timeout: 3600
      register: pipeline
  rescue:
    - name: Show the end of what the failed steps wrote
      ansible.builtin.debug:
        msg: "{{ item.log_tail.splitlines() }}"
      loop: "{{ pipeline.failed_steps }}"
      loop_control:
        label: "{{ item.job }}: {{ item.name }}"
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
build:
  description:
    - The build that was started, reused, retried or canceled, as CircleCI describes it, without its steps. With
      O(wait=true) it is as it was at the end, and the one that replaced it if CircleCI retried it.
    - With O(trigger=pipeline) it is the first build of the pipeline, and null without O(wait).
    - Null in check mode where a build would be started or canceled. With O(state=retried) also when the new build has
      no number within a minute, which is a warning. RV(workflows) has its workflow then.
    - When the task fails, each build is there once. A single one is in RV(build) only, the builds of a pipeline are in
      RV(builds) only. They have only C(build_num), C(build_url), C(job), C(workflow), C(status), C(outcome),
      C(branch), C(tag), C(revision), C(start_time), C(stop_time) and C(why).
      M(community.circleci.circleci_build_info) reads all of one.
  type: dict
  returned: always, unless the task fails before its first request
  contains: &build
    build_num:
      description: The number of the build.
      type: int
      sample: 12
    build_url:
      description: Its page on CircleCI.
      type: str
      sample: https://circleci.com/gh/acme/api/12
    branch:
      description: The branch that it builds. Null for a tag.
      type: str
      sample: main
    vcs_revision:
      description: The commit that it builds.
      type: str
      returned: when the task succeeds
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    status:
      description: Its state in detail.
      type: str
      sample: success
    outcome:
      description: How it ended. Null while it has not.
      type: str
      sample: success
    lifecycle:
      description: Its state in short.
      type: str
      returned: when the task succeeds
      sample: finished
    why:
      description: Why it was started.
      type: str
      sample: api
    job:
      description: The name of its job.
      type: str
      returned: when the task fails
      sample: test
    workflow:
      description: The name of its workflow. Null without workflows.
      type: str
      returned: when the task fails
      sample: build-and-test
    tag:
      description: The tag that it builds. Null for a branch.
      type: str
      returned: when the task fails
      sample: null
    revision:
      description: The commit that it builds.
      type: str
      returned: when the task fails
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    start_time:
      description: When it started. Null while it has not.
      type: str
      returned: when the task fails
      sample: "2026-11-25T09:00:12.000Z"
    stop_time:
      description: When it ended. Null while it has not.
      type: str
      returned: when the task fails
      sample: "2026-11-25T09:02:40.000Z"
builds:
  description:
    - The builds of the pipeline, oldest first. With O(trigger=job) a list with RV(build) only, and empty when the task
      fails.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains: *build
pipeline:
  description:
    - With O(trigger=pipeline) the pipeline, as M(community.circleci.circleci_pipeline) returns it. Otherwise null.
    - When the task fails and there are builds, it has only C(id), C(number), C(status), C(url) and, where there are
      any, C(errors). RV(builds) says the rest.
  type: dict
  returned: always, unless the task fails before its first request
  version_added: 0.2.0
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
      returned: when the task succeeds, or there is no build
      sample: created
    status:
      description:
        - The worst of the newest workflow of each name, in the order V(errored), V(failed), V(canceled), V(failing),
          V(running), V(on_hold), V(success), V(not_run).
        - V(pending) before there are workflows, V(no_workflow) where none started.
      type: str
      sample: success
    url:
      description: Its page.
      type: str
      sample: https://app.circleci.com/pipelines/gh/acme/api/25
    branch:
      description: Its branch; null for a tag.
      type: str
      returned: when the task succeeds, or there is no build
      sample: main
    tag:
      description: Its tag; null for a branch.
      type: str
      returned: when the task succeeds, or there is no build
      sample: null
    revision:
      description: Its commit.
      type: str
      returned: when the task succeeds, or there is no build
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    created_at:
      description: When it was made.
      type: str
      returned: when the task succeeds, or there is no build
      sample: "2026-11-25T12:31:16.264Z"
    errors:
      description: What is wrong with its configuration.
      type: list
      elements: dict
      returned: when the task succeeds, there is no build, or there are some
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
    - With O(trigger=pipeline) the newest workflow of each name, with O(state=retried) the new workflow, as
      M(community.circleci.circleci_pipeline) returns them.
    - What CircleCI does not say, or cannot be read after a rerun, is null.
    - When the task fails, only what RV(build) and RV(builds) do not say is there. With O(trigger=pipeline) these are
      the workflows with other jobs, holds for example, and of their jobs only those. C(created_at) and C(stopped_at)
      are not there, and with O(state=retried) C(jobs) is empty.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  version_added: 0.2.0
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
      returned: when the task succeeds
      sample: "2026-11-25T12:31:18Z"
    stopped_at:
      description: When it ended. Null while it has not.
      type: str
      returned: when the task succeeds
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
failed_steps:
  description: What failed, in every container, when the task waited for a build that did not succeed.
  type: list
  elements: dict
  returned: always, unless the task fails before its first request
  contains:
    workflow:
      description: The name of the workflow that its build belongs to. Null without workflows.
      type: str
      sample: build-and-test
    job:
      description: The name of the job of its build.
      type: str
      sample: test
    build_num:
      description: The number of its build.
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
  description: How long the task waited for the build, in seconds.
  type: float
  returned: always, unless the task fails before its first request
  sample: 94.2
reused:
  description: Whether a build that was there already was taken.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.build_actions import (
    STATES,
    TRIGGERED,
    carry_out,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.build_ends import NOTHING
from ansible_collections.community.circleci.plugins.module_utils._resources.build_targets import TRIGGERS
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_reuse import NEVER, REUSE
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    "state": {"type": "str", "choices": list(STATES), "default": TRIGGERED},
    "trigger": {"type": "str", "choices": list(TRIGGERS)},
    "branch": {"type": "str"},
    "tag": {"type": "str"},
    "revision": {"type": "raw"},
    "job": {"type": "str"},
    "parameters": {"type": "dict"},
    "build_parameters": {"type": "dict"},
    "build_num": {"type": "int"},
    "ssh": {"type": "bool", "default": False},
    "reuse": {"type": "str", "choices": list(REUSE), "default": NEVER},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "float", "default": 1800.0},
    "wait_interval": {"type": "float", "default": 5.0},
    "log_lines": {"type": "int", "default": 50},
}
CONSTRAINTS = {
    "required_if": [("state", "retried", ("build_num",)), ("state", "canceled", ("build_num",))],
    "mutually_exclusive": [("branch", "tag")],
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Start, retry or cancel a build, and wait for it."""
    return carry_out(client, params)


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the number of the build is known after the run."""
    return {"changed": True, **NOTHING}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS, known_after_the_run)


if __name__ == "__main__":
    main()
