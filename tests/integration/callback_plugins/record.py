# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes each result to the file RECORD_FILE, with the requests meanwhile to the emulator at RECORD_EMULATOR."""

from __future__ import annotations

DOCUMENTATION = r"""
name: record
type: aggregate
short_description: Write each result as a line of JSON
description: For the tests.
"""

import json
import os
import urllib.request
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._file = os.environ["RECORD_FILE"]
        self._requests_url = f"{os.environ['RECORD_EMULATOR']}/_emulator/requests"
        self._seen = len(self._requests())

    def _requests(self) -> list[Any]:
        with urllib.request.urlopen(self._requests_url) as answer:
            return list(json.load(answer))

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record("failed", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._record("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record("unreachable", result)

    def _record(self, status: str, result: Any) -> None:
        requests = self._requests()
        line = {
            "task": result._task.get_name().removeprefix("community.circleci."),
            "status": status,
            "result": result._result,
            "requests": requests[self._seen :],
        }
        self._seen = len(requests)
        with open(self._file, "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
