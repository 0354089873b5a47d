# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What API v2 answers, as JSON."""

from __future__ import annotations

import uuid
from typing import Any

from emulator.world.model import Workflow, timestamp

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
        "project_slug": first.project.short_slug,
        "started_by": first.user.id if first.user else str(uuid.UUID(int=0)),
    }
    if found.status == "canceled" and last.canceler:
        answer["canceled_by"] = last.canceler.id
    return answer
