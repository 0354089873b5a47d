# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What API v2 answers, as JSON."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.world.model import User, Workflow, timestamp

Json = dict[str, Any]


def workflow(found: Workflow) -> Json:
    """Return a workflow as API v2 shows it (api-v2-pipelines.md §3.1)."""
    first, last = found.builds[0], found.builds[-1]
    answer: Json = {
        "id": found.id,
        "name": found.name,
        "status": found.status,
        "created_at": timestamp(found.created, whole=True),
        "stopped_at": timestamp(found.stopped, whole=True),
        "pipeline_id": found.pipeline_id,
        "pipeline_number": found.number,
        "project_slug": f"{first.project.short_vcs}/{first.project.org}/{first.project.name}",
        "started_by": user_id(first.user) if first.user else str(uuid.UUID(int=0)),
    }
    if found.status == "canceled" and last.canceler:
        answer["canceled_by"] = user_id(last.canceler)
    return answer


def user_id(user: User) -> str:
    """Return the id by which API v2 names a user."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"user/{user.login}"))
