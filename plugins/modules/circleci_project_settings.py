#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_project_settings
short_description: Manage the settings of a CircleCI project
version_added: 0.2.0
description:
  - Set the advanced settings of a project. A setting that is left out is left as it is.
  - Only what differs is sent. A request that CircleCI refuses may have been carried out in part. The failure says so.
  - By default CircleCI gives the secrets of a project to builds of forked pull requests, as soon as such builds are
    switched on. This module switches the secrets off first, reads that back, and only then switches the builds on. So
    there is no moment in which whoever opens a pull request can read them.
  - CircleCI Server has these settings in its API from version 4.8.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
options:
  autocancel_builds:
    description:
      - Cancel the older pipelines of a branch when a newer one starts. The default branch is spared.
    type: bool
  build_fork_prs:
    description:
      - Run pipelines for pull requests from forks. Use it for open-source projects, with
        O(forks_receive_secret_env_vars=false). When that is not managed and secrets go to forks, there is a warning.
    type: bool
  build_prs_only:
    description:
      - Run pipelines only for branches with an open pull request, and for those in O(pr_only_branch_overrides).
    type: bool
  disable_ssh:
    description:
      - Let nobody rerun a job with SSH.
    type: bool
  forks_receive_secret_env_vars:
    description:
      - Give the project's variables and keys to builds of forked pull requests. CircleCI's default for private projects
        is V(true).
      - V(false) is sent alone and first, V(true) alone and last. In projects of Apps (V(circleci/…)) V(false) is
        final.
    type: bool
  pr_only_branch_overrides:
    description:
      - The branches that O(build_prs_only) does not hold for, up to 100. Their order means nothing. Branches that are
        not listed are removed. CircleCI ignores an empty list, so it is refused.
    type: list
    elements: str
  set_github_status:
    description:
      - Report the state of workflows to the commit at GitHub, or wherever the repository is hosted.
    type: bool
  setup_workflows:
    description:
      - Allow setup workflows, which dynamic configuration needs.
    type: bool
  write_settings_requires_admin:
    description:
      - Let only administrators of the organization change the project's settings. This can lock out the token's user.
    type: bool
seealso:
  - module: community.circleci.circleci_projects
  - module: community.circleci.circleci_project_info
  - name: CircleCI API v2
    description: The reference of the API.
    link: https://circleci.com/docs/api/v2/
"""

EXAMPLES = r"""
- name: Build pull requests only, and cancel what is out of date
  community.circleci.circleci_project_settings:
    project: github/acme/api
    build_prs_only: true
    pr_only_branch_overrides: [main, release]
    autocancel_builds: true
    api_token: "{{ vault_circleci_token }}"

- name: Test pull requests from forks, without handing them secrets
  community.circleci.circleci_project_settings:
    project: github/acme/web
    build_fork_prs: true
    forks_receive_secret_env_vars: false
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
settings:
  description:
    - All settings of the project after the task, by the names of the options. A setting that this CircleCI does not
      know is missing.
    - In check mode, branches of a project that CircleCI does not know yet are null.
  type: dict
  returned: success, and failures after the first write
  contains:
    autocancel_builds:
      description: Whether a newer pipeline of a branch cancels older ones.
      type: bool
      returned: where this CircleCI knows it
      sample: true
    build_fork_prs:
      description: Whether pull requests from forks are built.
      type: bool
      returned: where this CircleCI knows it
      sample: false
    build_prs_only:
      description: Whether only branches with a pull request are built.
      type: bool
      returned: where this CircleCI knows it
      sample: true
    disable_ssh:
      description: Whether nobody may log in to builds.
      type: bool
      returned: where this CircleCI knows it
      sample: false
    forks_receive_secret_env_vars:
      description: Whether builds of forks get the secrets.
      type: bool
      returned: where this CircleCI knows it
      sample: false
    oss:
      description: Whether the project is open source. It cannot be set here.
      type: bool
      returned: where this CircleCI knows it
      sample: false
    pr_only_branch_overrides:
      description: The branches that are built without a pull request.
      type: list
      elements: str
      returned: where this CircleCI knows it
      sample: [main, release]
    set_github_status:
      description: Whether GitHub is told how pipelines end.
      type: bool
      returned: where this CircleCI knows it
      sample: true
    setup_workflows:
      description: Whether configurations may be made by a setup workflow.
      type: bool
      returned: where this CircleCI knows it
      sample: true
    write_settings_requires_admin:
      description: Whether only admins may change settings.
      type: bool
      returned: where this CircleCI knows it
      sample: false
added:
  description: Always empty.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: setting
    name:
      description: The name of the setting.
      type: str
      sample: build_prs_only
removed:
  description: Always empty.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The settings that were changed.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import (
    FRESH,
    SETTINGS,
    plan_project_settings,
    read_project_settings,
    wanted_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {**CONNECTION, **PROJECT, **SETTINGS}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Change the settings that are not as they are to be."""
    project = project_of(params)
    wanted = wanted_settings(params)
    client.require_token()
    settings: dict[str, Any] = read_known(client, project, lambda: read_project_settings(client, project), FRESH)
    return result_with_changes(plan_project_settings(client, project, settings, wanted), client, project)


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
