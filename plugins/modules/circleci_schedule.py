#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_schedule
short_description: Manage the schedules of a CircleCI project
version_added: 0.2.0
description:
  - Make sure that CircleCI starts pipelines of a project at certain times, or that it does not.
  - The same words describe schedules of projects of GitHub OAuth and Bitbucket, and of projects of Apps
    (V(circleci/…)), which CircleCI keeps as triggers with a cron expression.
  - All times are in UTC. CircleCI starts a pipeline up to ten minutes late.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._project
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_groups_project
options:
  name:
    description:
      - The name of the schedule. It tells the schedules of a project apart. Two with this name are an error.
      - "White space at its ends is kept, with a warning: it is rarely meant."
    type: str
    required: true
  state:
    description:
      - V(present) makes sure that the schedule is there as described.
      - V(absent) removes it.
    type: str
    choices: [present, absent]
    default: present
  branch:
    description:
      - The branch that is built, by its name alone, without C(refs/heads/). With O(state=present) one of O(branch) and
        O(tag) is required.
      - In a project of an App its configuration is read from the branch of this name, too.
    type: raw
  tag:
    description:
      - The tag that is built. Write a tag like V('1.10') in quotes.
    type: raw
  parameters:
    description:
      - The parameters of the pipelines, as text, whole numbers and booleans. Their types are kept.
      - They are compared as a whole. Left out, those that are there stay. V({}) removes them.
    type: dict
  hours_of_day:
    description:
      - The hours in which it runs, from 0 to 23. Required with O(state=present).
    type: list
    elements: int
  per_hour:
    description:
      - How often it runs in each of these hours, from 1 to 60, evenly spread.
      - In a project of an App it must divide 60, because a cron expression says nothing else.
    type: int
    default: 1
  days_of_week:
    description:
      - The days on which it runs, V(MON) to V(SUN), in any case. It excludes O(days_of_month). With neither it runs on
        every day.
    type: list
    elements: str
  days_of_month:
    description:
      - The days on which it runs, from 1 to 31.
    type: list
    elements: int
  months:
    description:
      - The months in which it runs, V(JAN) to V(DEC), in any case. Left out, all of them.
    type: list
    elements: str
  description:
    description:
      - What the schedule is for. Left out, what is there stays. Empty, it is taken away. Schedules of projects of Apps
        have none.
    type: str
  actor:
    description:
      - Whose rights the pipelines have, for contexts that are restricted. V(system) is CircleCI itself, V(current) the
        token's user.
      - With V(current) a schedule of any user is left alone. Nobody can hand it over to another user but by making it
        anew.
    type: str
    choices: [system, current]
    default: system
  definition:
    description:
      - The name or id of the pipeline definition that is run, in a project of an App. It may be left out when there is
        only one, or when the schedule is there already.
      - When the schedule belongs to another one, it is made anew in this one. Then the other one is removed.
    type: str
seealso:
  - module: community.circleci.circleci_projects
  - name: Schedule triggers
    description: What CircleCI says about schedules.
    link: https://circleci.com/docs/guides/orchestrate/schedule-triggers/
"""

EXAMPLES = r"""
- name: Build every night from Monday to Friday
  community.circleci.circleci_schedule:
    project: github/acme/api
    name: nightly
    branch: main
    hours_of_day: [2]
    days_of_week: [mon, tue, wed, thu, fri]
    parameters:
      full: true
    api_token: "{{ vault_circleci_token }}"

- name: Look for new versions of dependencies twice an hour in the first days of a quarter
  community.circleci.circleci_schedule:
    project: github/acme/api
    name: dependencies
    branch: main
    per_hour: 2
    hours_of_day: [8, 9, 10, 11]
    days_of_month: [1, 2, 3]
    months: [JAN, APR, JUL, OCT]

- name: Build no more at night
  community.circleci.circleci_schedule:
    project: github/acme/api
    name: nightly
    state: absent
"""

RETURN = r"""
project:
  description: The canonical slug of the project.
  type: str
  returned: always, unless the task fails before its first request
  sample: github/acme/api
schedule:
  description:
    - The schedule after the task. Null with O(state=absent).
    - In check mode the id and the times of a schedule to be made are null.
  type: dict
  returned: success
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
        - Null, as are the other words for times, where these words cannot say what RV(schedule.cron_expression) says.
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
added:
  description: The schedule that was made.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: schedule
    name:
      description: The name of the schedule.
      type: str
      sample: nightly
removed:
  description: The schedule that was removed.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The schedule that was changed.
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
from ansible_collections.community.circleci.plugins.module_utils._resources.project_schedules import schedules_of
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import (
    SCHEDULE,
    WantedSchedule,
    plan_schedules,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, PROJECT
from ansible_collections.community.circleci.plugins.module_utils._task.plan import result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import project_of

ARGUMENT_SPEC = {**CONNECTION, **PROJECT, **SCHEDULE}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Make, change or remove a schedule."""
    project = project_of(params)
    wanted = WantedSchedule.from_params(params)
    wanted.require_fitting(project)
    client.require_token()
    schedules = schedules_of(client, project)
    found: list[dict[str, Any]] = read_known(client, project, schedules.read, [])
    result = result_with_changes(plan_schedules(schedules, found, [wanted]), client, project)
    left = result.pop("schedules")
    # One of the name in another pipeline definition may be left, which this task is not about.
    return {**result, "schedule": left[0] if left and wanted.present else None}


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
