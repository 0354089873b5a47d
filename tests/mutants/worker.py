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
    """A plugin of pytest: only these tests, in this order; and what came of them."""

    def __init__(self, tests: list[str]) -> None:
        self.places = {test: place for place, test in enumerate(tests)}
        self.failed: str | None = None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        chosen = (item for item in items if item.nodeid in self.places)
        items[:] = sorted(chosen, key=lambda item: self.places[item.nodeid])

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed = report.nodeid

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        BEGUN.write_text(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and self.failed is None:
            self.failed = report.nodeid


BEGUN = Path("begun.txt").absolute()
"""Names the test that runs, for one may hang or take the process with it."""
ENDED = Path("ended.json").absolute()


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job in a child: `tests` in `files`, and how many `seconds` each of the tests may take.

    :returns: `outcome`, which is passed, failed, timeout, or nothing when no test ran; the test that failed
    """
    BEGUN.unlink(missing_ok=True)
    ENDED.unlink(missing_ok=True)
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
            ENDED.write_text(json.dumps({"status": int(status), "failed": chosen.failed}))
        except BaseException:  # noqa: BLE001  it is the end of this process
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(0)
    in_time = _await(child, job["seconds"])
    begun = BEGUN.read_text() if BEGUN.exists() else None
    ended = json.loads(ENDED.read_text()) if ENDED.exists() else {"status": None, "failed": begun}
    if not in_time:
        return {"outcome": "timeout" if begun else "nothing", "test": begun}
    if begun and ended["status"] == pytest.ExitCode.OK:
        return {"outcome": "passed", "test": None}
    # A bug that lets nobody import a file of tests is noticed by that file.
    return {"outcome": "failed" if ended["failed"] else "nothing", "test": ended["failed"]}


def _await(child: int, seconds: dict[str, float]) -> bool:
    """Wait for a child, and end it when a test takes too long; finding the tests may take as long as the slowest."""
    begun, deadline = "", time.monotonic() + max(seconds.values())
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return True
        latest = BEGUN.read_text() if BEGUN.exists() else ""
        if begun != latest and latest in seconds:
            begun, deadline = latest, time.monotonic() + seconds[latest]
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)
