# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""An action that sends one request and does nothing else: what core takes for an item of a loop, whatever it does."""

from __future__ import annotations

import functools
import os
from typing import Any

import requests
from ansible.plugins.action import ActionBase


@functools.lru_cache
def session_of(_pid: int) -> requests.Session:
    """One session for a loop. Its connections must not cross a fork."""
    return requests.Session()


class ActionModule(ActionBase):
    """Takes the arguments ``url`` and ``headers``."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        url, headers = str(self._task.args["url"]), self._task.args["headers"]
        answer = session_of(os.getpid()).get(url, headers=dict(headers), timeout=60)
        answer.raise_for_status()
        return {"changed": False, "found": len(answer.json())}
