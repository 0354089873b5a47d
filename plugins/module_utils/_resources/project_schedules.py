# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Which of the two ways a project's schedules are kept in (VF §3)."""

from __future__ import annotations

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources.classic_schedules import ClassicSchedules
from ansible_collections.community.circleci.plugins.module_utils._resources.schedule_triggers import ScheduleTriggers
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import Schedules
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project


def schedules_of(client: Client, project: Project, project_id: str = "") -> Schedules:
    """The schedules of a project.

    :param project_id: the project's uuid, if it is known already
    """
    return ScheduleTriggers(client, project, project_id) if project.is_app else ClassicSchedules(client, project)
