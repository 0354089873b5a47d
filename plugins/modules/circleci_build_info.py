#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_build_info
short_description: Read a build of a CircleCI project
version_added: 0.1.0
description:
  - Read one build by its number, or the latest one, by branch, tag, commit, job, workflow and result if wanted.
  - Also its steps, artifacts and test results, and what failed in it.
  - Builds of open-source projects can be read without a token.
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
    details: A number that is given and empty is known after the run. The task is ok then, says so, and asks nothing.
options:
  build_num:
    description:
      - The number of the build. Without it the latest build is read.
      - It excludes all options that choose a build otherwise.
    type: int
  branch:
    description:
      - Read the latest build of this branch. Without it all branches count.
    type: str
  tag:
    description:
      - Read the latest build of this tag. Write it in quotes where it looks like a number, as in V("1.10").
    type: str
    version_added: 0.2.0
  revision:
    description:
      - Read the latest build of this commit, by its full hash of 40 hexadecimal digits, of whatever branch or tag.
      - Write it in quotes, because YAML takes hashes without letters for numbers. Those are refused.
    type: raw
    version_added: 0.2.0
  job:
    description:
      - Read the latest build of this job. Set it where a configuration has several, whose latest build is otherwise of
        any of them.
    type: str
    version_added: 0.2.0
  workflow:
    description:
      - Read the latest build of this workflow.
      - CircleCI lists builds by branch only. With O(tag), O(revision), O(job) or O(workflow) the newest 500 builds are
        searched, those of O(branch) if that is set. When there may be more, that is a warning.
    type: str
    version_added: 0.2.0
  filter:
    description:
      - Read the latest build that has ended (V(completed)), has succeeded (V(successful)), has failed (V(failed)) or
        is running (V(running)). Without it every build counts.
    type: str
    choices: [completed, successful, failed, running]
  required:
    description:
      - Fail when no build matches. Without it RV(build) is null then.
    type: bool
    default: false
    version_added: 0.2.0
  artifacts:
    description:
      - Read the list of artifacts too.
    type: bool
    default: false
  tests:
    description:
      - Read the results of the tests too, which the build must have stored with C(store_test_results).
    type: bool
    default: false
  steps:
    description:
      - Return the steps in RV(build), with what ran in each container.
    type: bool
    default: false
  log_lines:
    description:
      - How many lines from the end of a failed step's output are returned at most. V(0) reads no output.
    type: int
    default: 50
notes:
  - Do not wait for a build with C(until) and this module. C(until) with C(lifecycle == 'finished') ends as well when
    the build has failed, and when the first of several jobs has ended. Wait with
    M(community.circleci.circleci_pipeline) and O(community.circleci.circleci_pipeline#module:state=succeeded), which
    starts nothing and fails when the pipeline has.
  - The header C(Cache-Control) of CircleCI's answers is honoured when the Python library C(CacheControl) is installed.
seealso:
  - module: community.circleci.circleci_pipeline
  - module: community.circleci.circleci_build
  - plugin: community.circleci.circleci_builds
    plugin_type: lookup
    description: Read many builds at once.
"""

EXAMPLES = r"""
- name: Read the latest build of the main branch
  community.circleci.circleci_build_info:
    project: github/acme/api
    api_token: "{{ vault_circleci_token }}"
    branch: main
  register: latest

- name: Show how it went
  ansible.builtin.debug:
    msg: "{{ latest.build.status | default('never built') }}"

- name: Read what the latest successful build made
  community.circleci.circleci_build_info:
    project: github/acme/api
    filter: successful
    artifacts: true
    tests: true
  register: good

- name: Show where it can be downloaded
  ansible.builtin.debug:
    msg: "{{ good.artifacts | map(attribute='url') }}"

- name: Read how the job "build" of a commit went, which must have run
  community.circleci.circleci_build_info:
    project: github/acme/api
    revision: "{{ commit }}"
    job: build
    required: true

- name: Read the latest failed build and the last 20 lines of its failed steps
  community.circleci.circleci_build_info:
    project: github/acme/api
    filter: failed
    log_lines: 20
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
build:
  description:
    - The build, as CircleCI describes it. Null when no build matches, unless O(required=true). When there is none with
      O(build_num) the task fails.
    - Its steps are there only with O(steps=true). The signed URLs of their outputs are left out.
  type: dict
  returned: success
  contains:
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
      sample: finished
    why:
      description: Why it was started.
      type: str
      sample: api
artifacts:
  description: The artifacts of the build. Empty without O(artifacts). Their URLs need the token.
  type: list
  elements: dict
  returned: success
  contains:
    path:
      description: Where it lies.
      type: str
      sample: coverage/index.html
    pretty_path:
      description: The same, as CircleCI shows it.
      type: str
      sample: coverage/index.html
    node_index:
      description: The container that it comes from, from 0.
      type: int
      sample: 0
    url:
      description: Where it can be had, with the token.
      type: str
      sample: https://12-1234-gh.circle-artifacts.com/0/coverage/index.html
tests:
  description: The results of the tests. Empty without O(tests).
  type: list
  elements: dict
  returned: success
  contains:
    classname:
      description: The class or the module of the test.
      type: str
      sample: tests.test_orders
    file:
      description: The file of the test.
      type: str
      sample: tests/test_orders.py
    name:
      description: The name of the test.
      type: str
      sample: test_order_1
    result:
      description: What came of it, such as V(success), V(failure) or V(skipped).
      type: str
      sample: success
    run_time:
      description: How long it took, in seconds.
      type: float
      sample: 0.25
    message:
      description: What it said when it failed. Null when it did not.
      type: str
      sample: assert 2 == 3
    source:
      description: What wrote the results.
      type: str
      sample: pytest
failed_steps:
  description: What failed in the build, in every container. Empty when nothing did, or there is no build.
  type: list
  elements: dict
  returned: when the build could be read, whatever became of it
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
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import (
    SOUGHT,
    Sought,
    find_build,
    missing,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    FILTERS,
    checked_number,
    clean,
    failed_steps,
    read_build,
    read_tests,
    summary,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    "build_num": {"type": "int"},
    "branch": {"type": "str"},
    "tag": {"type": "str"},
    "revision": {"type": "raw"},
    "job": {"type": "str"},
    "workflow": {"type": "str"},
    "filter": {"type": "str", "choices": list(FILTERS)},
    "required": {"type": "bool", "default": False},
    "artifacts": {"type": "bool", "default": False},
    "tests": {"type": "bool", "default": False},
    "steps": {"type": "bool", "default": False},
    "log_lines": {"type": "int", "default": 50},
}
CONSTRAINTS = {"mutually_exclusive": [*(("build_num", name) for name in (*SOUGHT, "filter")), ("branch", "tag")]}

NOTHING: dict[str, Any] = {"build": None, "artifacts": [], "tests": [], "failed_steps": []}
"""What the module returns where there is no build."""


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read a build."""
    project = project_of(params)
    log_lines = params["log_lines"]
    if log_lines < 0:
        raise invalid("log_lines must be 0 or more.")
    number, sought = params["build_num"], Sought.from_params(params)
    client.caching = True
    build = find_build(client, project, sought, params["filter"]) if number is None else None
    if number is not None:
        build = read_build(client, project, checked_number(number))
    result: dict[str, Any] = {"changed": False, **NOTHING}
    if build is None:
        if params["required"]:
            raise missing(project, sought, params["filter"])
        return result
    result["build"] = clean(build) if params["steps"] else summary(build)
    if params["artifacts"]:
        result["artifacts"] = client.get_list(project.path(build["build_num"], "artifacts"))
    if params["tests"]:
        result["tests"] = read_tests(client, project, build)
    result["failed_steps"] = failed_steps(client, project, build, log_lines)
    return result


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the number of the build is known after the run."""
    return {"changed": False, **NOTHING}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, CONSTRAINTS, known_after_the_run)


if __name__ == "__main__":
    main()
