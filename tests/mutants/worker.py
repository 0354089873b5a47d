# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs tests in a copy of the repository, again and again: the libraries are imported once, the copy's own code anew.

Reads one job a line from stdin, as JSON, and answers each with a line on stdout.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import aiohttp.web
import ansible.executor.task_executor
import ansible.parsing.dataloader
import ansible.template
import cachecontrol
import cryptography.hazmat.primitives.serialization
import hypothesis
import pytest
import requests
import xdist  # type: ignore[import-untyped]

LIBRARIES = (aiohttp, ansible, cachecontrol, cryptography, hypothesis, requests, xdist)
"""They cost most of a start. Each job is a child of this process, and has them."""


class Chosen:
    """A plugin of pytest: only these tests, in this order; and what came of them.

    :param tests: None for all
    """

    def __init__(self, tests: list[str] | None) -> None:
        self.tests = tests
        self.failed: str | None = None
        self.ran = 0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self.tests is not None:
            places = {test: place for place, test in enumerate(self.tests)}
            items[:] = sorted((item for item in items if item.nodeid in places), key=lambda item: places[item.nodeid])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.ran += report.when == "call"
        if report.failed and self.failed is None:
            self.failed = report.nodeid


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job in a child.

    :returns: `outcome`, which is passed, failed or timeout; the test that failed, if one ran
    """
    answer = Path("answer.json").absolute()
    answer.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        os.setsid()
        log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(log, 1)
        os.dup2(log, 2)
        chosen = Chosen(job["tests"])
        # This process has time limits of its own, and has imported plugins of pytest before.
        options = ["-x", "-q", "--tb=short", "-o", "faulthandler_timeout=0", "--hypothesis-seed=0"]
        options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *job["files"]]
        try:
            status = pytest.main(options, plugins=[chosen])
            answer.write_text(json.dumps({"status": int(status), "test": chosen.failed, "ran": chosen.ran}))
        except BaseException:  # noqa: BLE001  it is the end of this process
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    return _await(child, time.monotonic() + job["seconds"], answer)


def _await(child: int, deadline: float, answer: Path) -> dict[str, Any]:
    outcome = {"outcome": "timeout", "test": None}
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            child = 0
            break
        time.sleep(0.02)
    if child:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return outcome
    told = json.loads(answer.read_text()) if answer.exists() else {"status": None, "test": None, "ran": 0}
    # Without a test there is an answer when the bug lets nobody import the tests, and none when it ended the process.
    return {"outcome": "passed" if told["status"] == 0 and told["ran"] else "failed", "test": told["test"]}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
