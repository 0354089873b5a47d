#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_projects
short_description: Manage many projects of CircleCI at once
version_added: 0.1.0
description:
  - Describe any number of projects in one task. Each is followed, and gets its settings, checkout keys, additional SSH
    keys, environment variables, webhooks and schedules, as the modules for a single project do it.
  - Several projects are worked on at a time. One that fails does not stop the others. The task fails at the end and
    names those that failed. Run it again to repair just the rest.
  - Everything that can be checked without CircleCI is checked for all projects before the first request.
  - What is left out of a project's description is left as it is on CircleCI, and costs no request. A project that is
    as described takes one request each for following and SSH keys together, checkout keys, variables, settings and
    schedules, and two for webhooks.
  - When CircleCI throttles one request, all others wait too.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_organization
attributes:
  diff_mode:
    support: full
    details: The diff has a section for each project that changes. Core shows no diff of a task that fails.
  idempotent:
    support: partial
    details: >-
      With O(projects[].env_vars[].update_value=always) and O(projects[].env_vars[].update_value=if_present) every run
      writes that value, and with O(projects[].webhooks[].update_secret=always) that secret.
options:
  defaults:
    description:
      - What every project has, those in O(projects) unless their entry says otherwise, and those in O(slugs).
      - A list in an entry takes the place of the one here. Settings are looked up one by one. Null in an entry says
        that something is not managed in that project.
    type: dict
    version_added: 0.2.0
    suboptions: &managed
      following:
        description:
          - Whether the token's user follows the project. The first follower sets it up, and CircleCI then makes a
            deploy key. A project that is not set up yet fails without V(true), in check mode too, unless all that it
            has is V(false).
          - V(false) comes last and excludes O(projects[].checkout_keys), because CircleCI drops the checkout keys of a
            project when its last follower leaves.
        type: bool
      settings:
        description:
          - Settings of the project. Those that are left out are left as they are. See
            M(community.circleci.circleci_project_settings) for what they mean.
          - They are set right after following, before keys and variables. So what builds of forks are not to see is
            never within their reach.
        type: dict
        version_added: 0.2.0
        suboptions:
          autocancel_builds:
            description:
              - Cancel the older pipelines of a branch when a newer one starts.
            type: bool
          build_fork_prs:
            description:
              - Run pipelines for pull requests from forks.
            type: bool
          build_prs_only:
            description:
              - Run pipelines only for branches with an open pull request.
            type: bool
          disable_ssh:
            description:
              - Let nobody rerun a job with SSH.
            type: bool
          forks_receive_secret_env_vars:
            description:
              - Give variables and keys to builds of forked pull requests.
            type: bool
          pr_only_branch_overrides:
            description:
              - The branches that O(projects[].settings.build_prs_only) does not hold for.
            type: list
            elements: str
          set_github_status:
            description:
              - Report the state of workflows to the commit.
            type: bool
          setup_workflows:
            description:
              - Allow setup workflows.
            type: bool
          write_settings_requires_admin:
            description:
              - Let only administrators change the settings.
            type: bool
      checkout_keys:
        description:
          - The kinds of checkout keys that the project has. A key that is there already is adopted. Keys of a kind
            that is not listed are left alone.
          - Projects of the GitHub App, GitLab and standalone organizations have no checkout keys.
        type: list
        elements: dict
        suboptions:
          type:
            description:
              - The kind of key. The three words for user keys mean the same.
              - Whose a user key is makes no difference. Those that go may have been added by other users.
            type: str
            choices: [deploy-key, github-user-key, bitbucket-user-key, user-key]
            default: deploy-key
          max_age:
            description:
              - Rotate the key when the newest of its kind is older than this many days.
            type: int
          exclusive:
            description:
              - Remove all keys of this kind except the preferred one.
            type: bool
            default: false
      ssh_keys:
        description:
          - Additional SSH keys that the project has. Each entry needs one of O(projects[].ssh_keys[].private_key),
            O(projects[].ssh_keys[].private_key_path) and O(projects[].ssh_keys[].fingerprint).
        type: list
        elements: dict
        suboptions:
          hostname:
            description:
              - The host that builds use the key for. The default is any host.
            type: str
            default: ""
          private_key:
            description:
              - The private key, as text.
            type: str
          private_key_path:
            description:
              - The path of a file with the private key, on the host where the task runs.
            type: path
          fingerprint:
            description:
              - The fingerprint of a key that must be there already, as MD5 or SHA-256, in any usual spelling. With
                O(projects[].ssh_keys_exclusive) it is kept.
            type: str
      ssh_keys_exclusive:
        description:
          - Remove all additional SSH keys that are not in O(projects[].ssh_keys), which must not be empty. New keys are
            added and seen in the list before anything is removed.
          - Surplus entries of a key that is listed more than once go too, unless only its fingerprint is given.
        type: bool
      env_vars:
        description:
          - Environment variables that the project has.
        type: list
        elements: dict
        suboptions:
          name:
            description:
              - The name of the variable. Letters, digits and underscores; case matters.
            type: str
            required: true
          value:
            description:
              - The value, as text or a whole number. Write anything else in quotes, and also numbers that begin with
                zero or hold a colon, for YAML makes 83 of C(0123) and 750 of C(12:30).
              - "White space at its ends is kept, with a warning: it is rarely meant."
              - It is required, unless O(projects[].skip_missing) is set.
            type: raw
          update_value:
            description:
              - When a variable that is there gets the value. See
                O(community.circleci.circleci_env_var#module:update_value).
            type: str
            choices: [when_mask_differs, always, on_create, if_present]
            default: when_mask_differs
      env_vars_exclusive:
        description:
          - Remove all variables that are not in O(projects[].env_vars), which must not be empty.
          - In O(defaults) it acts on the list of the project's entry or of O(defaults), never on a project without one.
        type: bool
      skip_missing:
        description:
          - Whether an entry of O(projects[].env_vars) may have no value, or null. The variable is left as it is then,
            and O(projects[].env_vars_exclusive) does not remove it. Use this with V(omit) for optional values.
        type: bool
        version_added: 0.2.0
      webhooks:
        description:
          - Outbound webhooks that the project has, or has not. Those of other names are left alone. See
            M(community.circleci.circleci_webhook).
        type: list
        elements: dict
        version_added: 0.2.0
        suboptions:
          name:
            description:
              - The name of the webhook, which tells it from others.
            type: str
            required: true
          state:
            description:
              - Whether it is to be there.
            type: str
            choices: [present, absent]
            default: present
          url:
            description:
              - The address that CircleCI delivers to. Required unless it is to be absent.
            type: str
          events:
            description:
              - What CircleCI tells. Required unless it is to be absent.
            type: list
            elements: str
            choices: [workflow-completed, job-completed]
          verify_tls:
            description:
              - Whether CircleCI verifies the certificate of the address.
            type: bool
            default: true
          signing_secret:
            description:
              - The secret that CircleCI signs deliveries with. White space at its ends is kept, with a warning.
            type: str
          update_secret:
            description:
              - When a webhook that has a secret gets this one. See
                O(community.circleci.circleci_webhook#module:update_secret).
            type: str
            choices: [on_create, always]
            default: on_create
      schedules:
        description:
          - Schedules that the project has, or has not. Those of other names are left alone. See
            M(community.circleci.circleci_schedule).
        type: list
        elements: dict
        version_added: 0.2.0
        suboptions:
          name:
            description:
              - The name of the schedule, which tells it from others.
            type: str
            required: true
          state:
            description:
              - Whether it is to be there.
            type: str
            choices: [present, absent]
            default: present
          branch:
            description:
              - The branch that is built. One of this and a tag is required unless it is to be absent.
            type: raw
          tag:
            description:
              - The tag that is built.
            type: raw
          parameters:
            description:
              - The parameters of the pipelines. Left out, those that are there stay.
            type: dict
          hours_of_day:
            description:
              - The hours in UTC in which it runs. Required unless it is to be absent.
            type: list
            elements: int
          per_hour:
            description:
              - How often it runs in each of these hours.
            type: int
            default: 1
          days_of_week:
            description:
              - The days on which it runs, V(MON) to V(SUN).
            type: list
            elements: str
          days_of_month:
            description:
              - The days on which it runs, from 1 to 31. With no days at all it runs on every day.
            type: list
            elements: int
          months:
            description:
              - The months in which it runs, V(JAN) to V(DEC). Left out, all of them.
            type: list
            elements: str
          description:
            description:
              - What it is for.
            type: str
          actor:
            description:
              - Whose rights the pipelines have.
            type: str
            choices: [system, current]
            default: system
          definition:
            description:
              - The name or id of the pipeline definition that is run, in a project of an App.
            type: str
  projects:
    description:
      - The projects. Each may be described once, here or in O(slugs). One of the two is required.
    type: list
    elements: dict
    suboptions:
      <<: *managed
      project:
        description:
          - The project, by its whole slug as in V(github/acme/api).
          - Or only the name of the repository, with an organization and, if it is not at GitHub, a VCS type, from here
            or from the task.
        type: str
        required: true
      organization:
        description:
          - The user or organization that owns the repository, instead of the task's O(organization).
        type: str
        aliases: [username, owner]
      vcs_type:
        description:
          - Where the repository is hosted, instead of the task's O(vcs_type).
        type: str
        choices: [github, gh, bitbucket, bb, circleci]
  slugs:
    description:
      - More projects, by their whole slugs, or by their names with O(organization). They have what O(defaults) says,
        which is required then.
    type: list
    elements: str
    version_added: 0.2.0
  wait_for_repository:
    description:
      - For how many seconds a repository may be unknown to CircleCI, because it was made just now. It is looked for
        every two seconds.
      - In check mode a repository that is not there is predicted to be new.
    type: int
    default: 0
    version_added: 0.2.0
  organization:
    description:
      - The user or organization that owns the repositories of which O(projects[].project) is only a name.
    type: str
    aliases: [username, owner]
  vcs_type:
    description:
      - Where the repositories are hosted of which O(projects[].project) is only a name. If nothing says, V(github) is
        assumed.
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
  concurrency:
    description:
      - How many projects are worked on at a time, from 1 to 32. It is also the number of requests in flight at most.
    type: int
    default: 8
notes:
  - While it runs inside the controller's process, it shows each change as it happens, and every few seconds how far it
    is. With C(no_log) it does not.
  - When it runs as an ordinary module, core keeps the options, and so keys and values, in a temporary file on the
    target while the task runs. Enable pipelining to avoid that. Inside the controller's process there is no such file.
seealso:
  - module: community.circleci.circleci_project_follow
  - module: community.circleci.circleci_checkout_key
  - module: community.circleci.circleci_ssh_key
  - module: community.circleci.circleci_env_var
  - module: community.circleci.circleci_project_settings
  - module: community.circleci.circleci_webhook
  - module: community.circleci.circleci_schedule
  - name: CircleCI API v1.1
    description: The reference of the API.
    link: https://circleci.com/docs/api/v1/
"""

EXAMPLES = r"""
- name: Onboard the team's repositories
  community.circleci.circleci_projects:
    api_token: "{{ vault_circleci_token }}"
    organization: acme
    projects:
      - project: api
        following: true
        checkout_keys:
          - exclusive: true
        ssh_keys:
          - hostname: deploy.acme.example
            private_key: "{{ vault_deploy_key }}"
        env_vars:
          - name: REGISTRY_PASSWORD
            value: "{{ vault_registry_password }}"
      - project: web
        following: true
      - project: bitbucket/acme/tools
        following: true

- name: Have the same settings and webhook everywhere, and a schedule in one project
  community.circleci.circleci_projects:
    organization: acme
    slugs: [web]
    projects:
      - project: api
        settings:
          build_prs_only: false
        schedules:
          - name: nightly
            branch: main
            hours_of_day: [2]
    defaults:
      following: true
      settings:
        build_prs_only: true
        forks_receive_secret_env_vars: false
      webhooks:
        - name: deploy service
          url: https://deploy.acme.example/circleci
          events: [workflow-completed]
          signing_secret: "{{ vault_webhook_secret }}"

- name: Rotate the deploy keys of all projects that are older than 90 days
  community.circleci.circleci_projects:
    concurrency: 16
    slugs: [github/acme/api, github/acme/web]
    defaults:
      checkout_keys:
        - max_age: 90
          exclusive: true
  register: rotation

- name: Show which keys are to be deleted at GitHub, where their public halves stay
  ansible.builtin.debug:
    msg: "{{ removed | selectattr('kind', 'equalto', 'checkout_key') | map(attribute='public_key') }}"
  vars:
    removed: "{{ rotation.projects | map(attribute='removed') | flatten }}"

- name: Replace a password in all projects that have it
  community.circleci.circleci_projects:
    concurrency: 16
    projects: "{{ dict(slugs | product([env_vars])) | dict2items(key_name='project', value_name='env_vars') }}"
  vars:
    slugs: [github/acme/api, github/acme/web]
    env_vars:
      - name: REGISTRY_PASSWORD
        value: "{{ vault_registry_password }}"
        update_value: if_present
"""

RETURN = r"""
projects:
  description: What became of each project, in the order given, those in O(projects) before those in O(slugs).
  type: list
  elements: dict
  returned: always, unless the task fails before its first project
  contains:
    project:
      description: The canonical slug of the project.
      type: str
      returned: always
      sample: github/acme/api
    changed:
      description: Whether something was changed, also when the project failed after that.
      type: bool
      returned: always
      sample: true
    failed:
      description: Whether the project failed.
      type: bool
      returned: always
      sample: false
    msg:
      description: Why it failed, and what to do about it. Null when it did not.
      type: str
      returned: always
      sample: null
    added:
      description:
        - What was added. RV(projects[].added[].kind) is V(following), V(checkout_key), V(ssh_key), V(env_var),
          V(webhook) or V(schedule).
        - A deploy key that CircleCI made because the project was followed is among them.
        - In check mode the public half and the fingerprints of a checkout key to be made are null.
      type: list
      elements: dict
      returned: always
      contains: &thing
        kind:
          description: What it is.
          type: str
          returned: always
          sample: checkout_key
        type:
          description: The kind of a checkout key.
          type: str
          returned: for checkout keys
          sample: deploy-key
        hostname:
          description: The host of an additional SSH key.
          type: str
          returned: for SSH keys
          sample: deploy.acme.example
        name:
          description: The name of a variable, setting, webhook or schedule.
          type: str
          returned: for those
          sample: REGISTRY_PASSWORD
        public_key:
          description: The public half of a key.
          type: str
          returned: for keys
          sample: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ
        fingerprint:
          description: The MD5 fingerprint of a key. Null on a host without MD5 (FIPS).
          type: str
          returned: for keys
          sample: 2c:53:1f:bc:62:09:0b:57:5b:5e:2d:93:79:a8:1e:c2
        fingerprint_sha256:
          description: The SHA-256 fingerprint of a key.
          type: str
          returned: for keys
          sample: SHA256:8p9ePR0n0LVgrcBVHYUqf7Dk6YNpnJpOIwPPQzXgJYs
    removed:
      description: What was removed. The public halves of checkout keys are still at GitHub or Bitbucket.
      type: list
      elements: dict
      returned: always
      contains: *thing
    updated:
      description: What was replaced in its place. RV(projects[].updated[].kind) may be V(setting), too.
      type: list
      elements: dict
      returned: always
      contains: *thing
    first_build:
      description: The build that following has started, in short, where the project is new and has a configuration.
        Else null.
      type: dict
      returned: always
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
  sample:
    - project: github/acme/api
      changed: true
      failed: false
      msg: null
      added:
        - kind: following
        - kind: env_var
          name: REGISTRY_PASSWORD
      removed: []
      updated: []
      first_build: null
summary:
  description: How many projects there are, and what became of them.
  type: dict
  returned: always, unless the task fails before its first project
  contains:
    total:
      description: How many projects the task has.
      type: int
      sample: 2000
    ok:
      description: How many did not fail.
      type: int
      sample: 1999
    changed:
      description: How many were changed.
      type: int
      sample: 14
    failed:
      description: How many failed.
      type: int
      sample: 1
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
from ansible_collections.community.circleci.plugins.module_utils._resources.many_projects import bring_all_about
from ansible_collections.community.circleci.plugins.module_utils._resources.project_items import ITEM, MANAGED
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_projects import wanted_projects
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

MOST_AT_A_TIME = 32

ARGUMENT_SPEC = {
    **CONNECTION,
    "projects": {"type": "list", "elements": "dict", "options": ITEM},
    "slugs": {"type": "list", "elements": "str"},
    "defaults": {"type": "dict", "options": MANAGED},
    "organization": PROJECT["organization"],
    "vcs_type": PROJECT["vcs_type"],
    "wait_for_repository": {"type": "int", "default": 0},
    "concurrency": {"type": "int", "default": 8},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Bring all projects to what they are to be."""
    if not 1 <= params["concurrency"] <= MOST_AT_A_TIME:
        raise invalid(f"concurrency must be a number from 1 to {MOST_AT_A_TIME}.")
    wanted = wanted_projects(params)
    client.require_personal_token()
    client.patience.restarts = True
    return bring_all_about(client, wanted, params["concurrency"])


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
