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
  - Read one project, all that the token's user follows, or all repositories that the user can see, with their SSH keys.
    Use it to audit an organization.
  - An open-source project can be read without a token. CircleCI may show less of it then.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project.optional
  - community.circleci._attributes
  - community.circleci._attributes.reads
  - community.circleci._attributes.action_groups_organization
options:
  project:
    description:
      - The project, by its whole slug as in V(github/acme/api). Or only the name of the repository, with
        O(organization) and, if it is not at GitHub, O(vcs_type).
      - Without it every project that the token's user follows is read. O(organization) and O(vcs_type) then say which
        of them, if given. At GitHub and Bitbucket the name of an organization may be written in any case.
  following:
    description:
      - Which projects are read without O(project).
      - V(true) reads those that the token's user follows.
      - V(any) reads the other repositories too that the user can see at GitHub and Bitbucket, followed or not. Use it
        to find what is missing. It excludes O(project).
    type: raw
    default: true
    version_added: 0.2.0
  settings:
    description:
      - Read the advanced settings too. This needs one more request for each project.
    type: bool
    default: false
    version_added: 0.2.0
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
  webhooks:
    description:
      - Read the outbound webhooks too. This needs two more requests for each project.
    type: bool
    default: false
    version_added: 0.2.0
  schedules:
    description:
      - Read the schedules too. This needs one more request for each project. A project of an App needs one for its
        pipeline definitions and one for each of them, and one for its id unless O(webhooks) needs that, too.
    type: bool
    default: false
    version_added: 0.2.0
  tokens:
    description:
      - Read the API tokens of the projects too, without their texts. This needs one more request for each project.
    type: bool
    default: false
    version_added: 0.2.0
  describe:
    description:
      - Return RV(described), the projects in the words of M(community.circleci.circleci_projects). Use it to begin with
        what there is. Given to that module, it changes nothing.
      - Settings, checkout keys, webhooks and schedules are read for it. What these words cannot say is left out, with a
        warning. So are variables and secrets, whose values nobody can read.
    type: bool
    default: false
    version_added: 0.2.0
  on_error:
    description:
      - What a project means that cannot be read, because it was renamed or deleted for example.
      - V(fail) ends the task. This is the default with O(project).
      - V(collect) reads the others, warns, and names it in RV(unreadable). This is the default without O(project).
        An invalid token ends the task all the same.
    type: str
    choices: [fail, collect]
    version_added: 0.2.0
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

- name: Read all repositories of an organization, followed or not
  community.circleci.circleci_project_info:
    organization: acme
    vcs_type: github
    following: any
    settings: true
    tokens: true
  register: audit

- name: Show which of them are not followed, and which give secrets to builds of forks
  ansible.builtin.debug:
    msg:
      - "{{ audit.projects | rejectattr('following') | map(attribute='project') }}"
      - "{{ audit.projects | selectattr('settings') | selectattr('settings.build_fork_prs')
            | selectattr('settings.forks_receive_secret_env_vars') | map(attribute='project') }}"

- name: Describe what there is, to manage it from now on
  community.circleci.circleci_project_info:
    organization: acme
    describe: true
  register: present

- name: Change nothing
  community.circleci.circleci_projects:
    projects: "{{ present.described.projects }}"

- name: Stop when a project was renamed or deleted meanwhile
  ansible.builtin.assert:
    that: all.unreadable | length == 0
    fail_msg: "{{ all.unreadable | map(attribute='msg') | join(' ') }}"

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
      description: The default branch of the repository. Null where CircleCI does not say.
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
      contains:
        hostname:
          description: The host that builds use the key for. Empty for any host.
          type: str
          sample: deploy.acme.example
        public_key:
          description: The public half. Null where CircleCI does not show one.
          type: str
          sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
        fingerprint:
          description:
            - The MD5 fingerprint. Null on a host without MD5 (FIPS). Of a key without a readable public half it is
              what CircleCI says of it.
          type: str
          sample: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
        fingerprint_sha256:
          description: The SHA-256 fingerprint. Null where the public half cannot be read.
          type: str
          sample: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
    checkout_keys:
      description: The checkout keys, newest first.
      type: list
      elements: dict
      returned: with O(checkout_keys=true)
      contains:
        type:
          description: The kind of key. Null where CircleCI does not say.
          type: str
          sample: deploy-key
        public_key:
          description: The public half. Null where CircleCI does not show one.
          type: str
          sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
        fingerprint:
          description:
            - The MD5 fingerprint. Null on a host without MD5 (FIPS). Of a key without a readable public half it is
              what CircleCI says of it.
          type: str
          sample: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
        fingerprint_sha256:
          description: The SHA-256 fingerprint. Null where the public half cannot be read.
          type: str
          sample: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
        time:
          description: When it was made. Null where CircleCI does not say.
          type: str
          sample: "2026-11-02T09:30:11.482Z"
        login:
          description: Whose key a user key is. Null for deploy keys.
          type: str
          sample: octocat
        preferred:
          description: Whether CircleCI checks out with it.
          type: bool
          sample: true
    settings:
      description:
        - The advanced settings, by the names of the options of M(community.circleci.circleci_project_settings), and
          C(oss). Null where the project is not set up.
      type: dict
      returned: with O(settings=true)
      contains:
        autocancel_builds:
          description: Whether a newer pipeline of a branch cancels older ones.
          type: bool
          sample: true
        build_fork_prs:
          description: Whether pull requests from forks are built.
          type: bool
          sample: false
        build_prs_only:
          description: Whether only branches with a pull request are built.
          type: bool
          sample: true
        disable_ssh:
          description: Whether nobody may log in to builds.
          type: bool
          sample: false
        forks_receive_secret_env_vars:
          description: Whether builds of forks get the secrets.
          type: bool
          sample: false
        oss:
          description: Whether the project is open source. It cannot be set here.
          type: bool
          sample: false
        pr_only_branch_overrides:
          description: The branches that are built without a pull request.
          type: list
          elements: str
          sample: [main, release]
        set_github_status:
          description: Whether GitHub is told how pipelines end.
          type: bool
          sample: true
        setup_workflows:
          description: Whether configurations may be made by a setup workflow.
          type: bool
          sample: true
        write_settings_requires_admin:
          description: Whether only admins may change settings.
          type: bool
          sample: false
      version_added: 0.2.0
    webhooks:
      description: The outbound webhooks, by name. See RV(community.circleci.circleci_webhook#module:webhook).
      type: list
      elements: dict
      returned: with O(webhooks=true)
      contains:
        id:
          description: The id by which CircleCI knows the webhook.
          type: str
          sample: 0b6f2d3a-9c41-4e57-8f60-5a1de7c2b984
        name:
          description: Its name.
          type: str
          sample: deploy service
        url:
          description: The address that CircleCI delivers to.
          type: str
          sample: https://deploy.acme.example/circleci
        events:
          description: What CircleCI tells.
          type: list
          elements: str
          sample: [workflow-completed]
        verify_tls:
          description: Whether CircleCI verifies the certificate of the address.
          type: bool
          sample: true
        has_signing_secret:
          description: Whether CircleCI signs deliveries. The secret itself is never shown.
          type: bool
          sample: true
        created_at:
          description: When it was made.
          type: str
          sample: "2026-11-02T09:30:11.482Z"
      version_added: 0.2.0
    schedules:
      description: The schedules, by name. See RV(community.circleci.circleci_schedule#module:schedule).
      type: list
      elements: dict
      returned: with O(schedules=true)
      contains:
        name:
          description: Its name.
          type: str
          sample: nightly
        branch:
          description: The branch that is built. Null where it is a tag.
          type: str
          sample: main
        tag:
          description: The tag that is built. Null where it is a branch.
          type: str
          sample: null
        parameters:
          description: The parameters of the pipelines.
          type: dict
          sample:
            full: true
        hours_of_day:
          description:
            - The hours in which it runs, in UTC.
            - Null, as are the other words for times, where they cannot say what the cron expression says.
          type: list
          elements: int
          sample: [2]
        per_hour:
          description: How often it runs in each of these hours.
          type: int
          sample: 1
        days_of_week:
          description: The days of the week on which it runs. Null for all of them.
          type: list
          elements: str
          sample: [MON, TUE, WED, THU, FRI]
        days_of_month:
          description: The days of the month on which it runs. Null for all of them.
          type: list
          elements: int
          sample: null
        months:
          description: The months in which it runs. Null for all of them.
          type: list
          elements: str
          sample: null
        description:
          description: What it is for. Null where nobody said, and in a project of an App.
          type: str
          sample: null
        actor:
          description: Whose rights the pipelines have. V(system) is CircleCI itself, V(current) some user.
          type: str
          sample: system
        definition:
          description: The name of its pipeline definition, in a project of an App. Null elsewhere.
          type: str
          sample: null
        definition_id:
          description: The id of its pipeline definition, in a project of an App. Null elsewhere.
          type: str
          sample: null
        cron_expression:
          description: Its times as a cron expression, in a project of an App. Null elsewhere.
          type: str
          sample: null
        disabled:
          description: Whether it was switched off on CircleCI. There is a warning then.
          type: bool
          sample: false
        id:
          description: The id by which CircleCI knows the schedule.
          type: str
          sample: 6d1f8e52-0c3b-4a79-b5e4-91c7a2f30d68
        created_at:
          description: When it was made. In a project of an App, null in the run that makes it.
          type: str
          sample: "2026-11-02T09:30:11.482Z"
      version_added: 0.2.0
    tokens:
      description: The API tokens of the project, newest first, without their texts.
      type: list
      elements: dict
      returned: with O(tokens=true)
      contains:
        id:
          description: The id by which CircleCI knows the token.
          type: str
          sample: 8c4f5a3e-6f2b-4c58-9d0a-2b1c7e6d5f40
        label:
          description: The name of the token.
          type: str
          sample: badge
        scope:
          description: What it may do.
          type: str
          sample: status
        time:
          description: When it was made. Null where CircleCI does not say.
          type: str
          sample: "2026-11-02T09:30:11.482Z"
      version_added: 0.2.0
    env_vars:
      description: The environment variables, with masked values.
      type: list
      elements: dict
      returned: with O(env_vars=true)
      contains:
        name:
          description: The name of the variable.
          type: str
          sample: REGISTRY_PASSWORD
        masked_value:
          description: The mask of its value.
          type: str
          sample: xxxx7Qfz
described:
  description:
    - The projects that could be read, in the words of M(community.circleci.circleci_projects), without variables.
  type: dict
  returned: with O(describe=true)
  version_added: 0.2.0
  contains:
    projects:
      description: What to give as O(community.circleci.circleci_projects#module:projects).
      type: list
      elements: dict
      sample:
        - project: github/acme/api
          following: true
          settings:
            build_fork_prs: false
            build_prs_only: true
          checkout_keys:
            - type: deploy-key
unreadable:
  description: The projects that could not be read. Empty without O(on_error=collect).
  type: list
  elements: dict
  returned: success
  version_added: 0.2.0
  contains:
    project:
      description: The canonical slug.
      type: str
      sample: github/acme/old-name
    msg:
      description: Why it could not be read, and what to do about it.
      type: str
      sample: >-
        CircleCI answered 404 to GET project/github/acme/old-name/settings: Not Found. The repository does not exist, or
        is not visible to the token's user: check the slug.
    status:
      description: The HTTP status of CircleCI's answer. Null when there was none.
      type: int
      sample: 404
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
from ansible_collections.community.circleci.plugins.module_utils._resources.described_projects import (
    DESCRIBED,
    described,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_info import PARTS, read_all
from ansible_collections.community.circleci.plugins.module_utils._resources.project_lists import (
    Listed,
    list_projects,
    wants_any,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT_OR_ALL
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

ARGUMENT_SPEC = {
    **CONNECTION,
    **PROJECT_OR_ALL,
    "following": {"type": "raw", "default": True},
    **{name: {"type": "bool", "default": False, "no_log": False} for name in PARTS},
    "describe": {"type": "bool", "default": False},
    "on_error": {"type": "str", "choices": ["fail", "collect"]},
    "concurrency": {"type": "int", "default": 8},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Read one project, or all of a list."""
    concurrency, one = params["concurrency"], params["project"] is not None
    if not 1 <= concurrency <= 32:
        raise invalid("concurrency must be from 1 to 32.")
    unfollowed = wants_any(params["following"])
    if one and unfollowed:
        raise invalid("project and following: any exclude each other.", "Leave one of them out.")
    client.caching = True
    asked = {name for name in PARTS if params[name]}
    projects: dict[Project, Listed | None] = {}
    if one:
        projects = {project_of(params): None}
    else:
        listed = list_projects(client, params["organization"], params["vcs_type"], unfollowed=unfollowed)
        projects = {each.project: each for each in listed}
    found, unreadable = read_all(
        client,
        projects,
        asked | set(DESCRIBED if params["describe"] else ()),
        concurrency,
        collect=(params["on_error"] or ("fail" if one else "collect")) == "collect",
    )
    result: dict[str, Any] = {"changed": False, "unreadable": unreadable}
    if params["describe"]:
        result["described"] = described(client, found)
    unasked = set(PARTS) - asked
    result["projects"] = [{name: value for name, value in each.items() if name not in unasked} for each in found]
    return result


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
