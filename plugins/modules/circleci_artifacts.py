#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_artifacts
short_description: Bring what a build has made to hosts
version_added: 0.2.0
description:
  - Download artifacts of a build into a folder, from a build of a given number or from the newest one of a job that
    succeeded.
  - The controller asks CircleCI and downloads, and core brings the files to the hosts. So the token never reaches a
    host, and a host need not reach CircleCI. The build is chosen and its files are downloaded once for all hosts of a
    task, batches of C(serial) included.
  - A second run that finds the files as they were brought downloads nothing. For that, what was brought is noted in
    C(.circleci-artifacts.json) in O(dest).
  - A file is whole or not there. Whatever an artifact's path says, nothing is written outside of O(dest).
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
      - Nothing is downloaded.
      - A number or id that is given and empty is known after the run. The task is changed then, says so, and asks
        nothing.
options:
  organization:
    description:
      - The user or organization that owns the repository. Needed where O(project) is only a name.
      - Its alias C(owner) of other modules is missing here. O(owner) is that of the files.
    type: str
    aliases: [username]
  build_num:
    description:
      - The number of the build. It must have ended, but need not have succeeded.
      - Without it the newest build is taken that succeeded, of O(job) and what else is given.
    type: int
  job:
    description:
      - The name of the job whose artifacts are wanted. It goes with one of O(branch), O(tag), O(revision),
        O(pipeline_id) and O(pipeline_number).
      - With workflows, each job of a pipeline is a build of its own, and the latest build of a branch is the job that
        ended last. So the job has to be named.
    type: raw
  workflow:
    description:
      - The name of the workflow that O(job) is in. Use this where several workflows have a job of that name.
    type: raw
  branch:
    description:
      - Take the newest build of this branch.
      - Write names in quotes that YAML takes for numbers or dates, such as C(1.10). They are refused without.
    type: raw
  tag:
    description:
      - Take the newest build of this tag. Write it in quotes, as with O(branch).
    type: raw
  revision:
    description:
      - Take the newest build of this commit, by its full hash of 40 hexadecimal digits. Write it in quotes.
      - This is what a deploy wants that has tested or approved one commit.
    type: raw
  pipeline_id:
    description:
      - Take the job of this pipeline, as RV(community.circleci.circleci_pipeline#module:pipeline.id) gives it. It needs
        a personal token.
    type: str
  pipeline_number:
    description:
      - Take the job of the pipeline with this number. It needs a personal token.
    type: int
  include:
    description:
      - Which artifacts are wanted, by patterns of their paths. C(*) and C(?) stand for what is within one folder,
        C(**) for whole folders too. Without it all are wanted.
    type: list
    elements: str
  exclude:
    description:
      - Which of them are not wanted after all.
    type: list
    elements: str
  strip_components:
    description:
      - How many folders at the start of each path to leave out, as C(tar) does. If two files would then have the same
        name, the task fails before anything is downloaded.
    type: int
    default: 0
  by_node:
    description:
      - Whether the files of each container of the job go below its number, V(0) and so on.
      - Without it the task fails when more than one container has files that match, for they may have the same names.
    type: bool
    default: false
  required:
    description:
      - Whether it is a failure when no artifact matches. A deploy that brings nothing is one that nobody notices.
    type: bool
    default: true
  dest:
    description:
      - The folder on the host that they are brought into. It is made if it is missing.
      - A path that is not absolute is taken from the playbook's folder, and works only where the task is local.
    type: path
    required: true
  mode:
    description:
      - The permissions of the files, as octal digits in quotes or as symbols. Without it, a file that is replaced keeps
        them, and a new one gets what the host's mask leaves.
    type: raw
  owner:
    description:
      - The name or the number of the user that the files are to belong to. One that the host does not know is an error
        before anything is downloaded.
    type: str
  group:
    description:
      - The name or the number of the group that the files are to belong to, as with O(owner).
    type: str
  exclusive:
    description:
      - Whether to remove what an earlier build of the same job left in O(dest). Only files go that this module has
        brought and noted.
      - What this very build left stays when none of its artifacts match, as when they are not kept any more.
    type: bool
    default: false
  concurrency:
    description:
      - How many files are downloaded at a time, from 1 to 32.
    type: int
    default: 4
  artifacts_hosts:
    description:
      - Hosts that get the token with a download besides the one of O(api_url), each as C(host), or as C(host:port)
        where the port is not the usual one. Use this for a CircleCI Server whose artifacts have a host name of their
        own.
      - The artifacts of circleci.com need no entry. Where a download is redirected to, the token never goes.
    type: list
    elements: str
  delivery:
    description:
      - Who downloads for a host that is not local, or with C(become).
      - With V(controller) the controller does, and the files are transferred with the connection that the host has. The
        host gets no token. C(async) is refused, and the controller needs the Python library C(requests).
      - With V(direct) the host itself does. It has to reach CircleCI, needs the libraries, and gets the token.
    type: str
    choices: [controller, direct]
    default: controller
notes:
  - Artifacts are kept for a limited time. After it their list is empty, which O(required) tells.
  - Hosts have to be POSIX systems.
seealso:
  - module: community.circleci.circleci_pipeline
  - module: community.circleci.circleci_build_info
  - module: community.circleci.circleci_artifacts_info
"""

EXAMPLES = r"""
- name: Bring the wheel of a commit to the hosts
  community.circleci.circleci_artifacts:
    project: github/acme/api
    job: build
    revision: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    include: ["dist/*.whl"]
    strip_components: 1
    dest: /opt/acme
    mode: "0644"
    api_token: "{{ vault_circleci_token }}"
  register: brought

- name: Say what was brought
  ansible.builtin.debug:
    msg: "#{{ brought.build.build_num }}: {{ brought.files | map(attribute='dest') | join(', ') }}"

- name: Have the site that the main branch built last, and nothing of an earlier one
  community.circleci.circleci_artifacts:
    project: github/acme/web
    job: build
    branch: main
    exclude: ["**/*.map"]
    dest: /opt/acme/site
    exclusive: true

- name: Fetch the reports of all containers of a build to the controller
  community.circleci.circleci_artifacts:
    project: github/acme/api
    build_num: 12
    by_node: true
    required: false
    dest: reports
  delegate_to: localhost
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
build:
  description: The build whose artifacts they are, in short. Null in check mode where only the run knows which one.
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
    job:
      description: The name of its job.
      type: str
      sample: build
    workflow:
      description: The name of its workflow. Null without workflows.
      type: str
      sample: build-and-test
    status:
      description: Its state.
      type: str
      sample: success
    outcome:
      description: How it ended. Null while it has not.
      type: str
      sample: success
    branch:
      description: The branch that it built. Null for a tag.
      type: str
      sample: main
    tag:
      description: The tag that it built. Null for a branch.
      type: str
      sample: null
    revision:
      description: The commit that it built.
      type: str
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    start_time:
      description: When it started.
      type: str
      sample: "2026-11-25T09:00:12.000Z"
    stop_time:
      description: When it ended. Null while it has not.
      type: str
      sample: "2026-11-25T09:02:40.000Z"
    why:
      description: Why it was started.
      type: str
      sample: github
files:
  description: The artifacts that match, each with the file that it is now.
  type: list
  elements: dict
  returned: success, and of those that were brought before a failure
  contains:
    path:
      description: The path of the artifact.
      type: str
      sample: dist/app-1.4.0-py3-none-any.whl
    dest:
      description: The path of the file on the host.
      type: str
      sample: /opt/acme/app-1.4.0-py3-none-any.whl
    size:
      description: Its size in bytes. In check mode null for what would be downloaded.
      type: int
      sample: 48213
    sha256:
      description: Its digest. In check mode null for what would be downloaded.
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    changed:
      description: Whether the file is new, has other contents, or got another mode, owner or group.
      type: bool
      sample: true
added:
  description: The files that are new.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: file
    path:
      description: The path of the artifact.
      type: str
      sample: dist/app-1.3.0-py3-none-any.whl
    dest:
      description: The path of the file on the host.
      type: str
      sample: /opt/acme/app-1.3.0-py3-none-any.whl
removed:
  description: The files of an earlier build that O(exclusive) has removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The files that have other contents, or another mode, owner or group.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.bringing import carry_out
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT,
    "organization": {"type": "str", "aliases": ["username"]},
    "build_num": {"type": "int"},
    **{name: {"type": "raw"} for name in ("job", "workflow", "branch", "tag", "revision")},
    "pipeline_id": {"type": "str"},
    "pipeline_number": {"type": "int"},
    "include": {"type": "list", "elements": "str"},
    "exclude": {"type": "list", "elements": "str"},
    "strip_components": {"type": "int", "default": 0},
    "by_node": {"type": "bool", "default": False},
    "required": {"type": "bool", "default": True},
    "dest": {"type": "path", "required": True},
    "mode": {"type": "raw"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "exclusive": {"type": "bool", "default": False},
    "concurrency": {"type": "int", "default": 4},
    "artifacts_hosts": {"type": "list", "elements": "str"},
    "delivery": {"type": "str", "choices": ["controller", "direct"], "default": "controller"},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Bring the artifacts into a folder of the machine where this runs."""
    return carry_out(client, params)


def known_after_the_run(params: dict[str, Any]) -> dict[str, Any]:
    """What check mode says when the id of the build or of its pipeline is known after the run."""
    return {"changed": True, "build": None, "files": [], "added": [], "removed": [], "updated": []}


def main() -> None:
    run_module(run, ARGUMENT_SPEC, unknown=known_after_the_run)


if __name__ == "__main__":
    main()
