# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a user sees while builds run, and when they have failed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Played, Player, task

LOCAL: Json = {}
ELSEWHERE: Json = {"ansible_connection": "elsewhere"}
RED = "\x1b[0;31m"


def run_pipeline(player: Player, jobs: int, host: Json, **variables: Any) -> Played:
    """Run a pipeline with so many jobs, the last of which fails."""
    emulator = player.emulator
    emulator.add_repository(PROJECT, has_config=False, jobs=[f"job-{number}" for number in range(1, jobs + 1)])
    emulator.follow(PROJECT)
    emulator.state.machine.set_seconds({"not_running": 0, "queued": 0, "running": 0.2, "between_jobs": 0.1})
    for _job in range(jobs - 1):
        emulator.script("success")
    emulator.script("failed", parallel=1)
    build = task("build", "circleci_build", project=PROJECT, trigger="pipeline", wait=True, log_lines=5)
    return player.play([build], host=host, **variables)


@pytest.mark.oldest
@pytest.mark.parametrize(
    "host",
    [pytest.param(LOCAL, id="in process"), pytest.param(ELSEWHERE, id="ordinary", marks=pytest.mark.rest)],
)
def test_the_output_of_a_failed_build_is_short_and_says_nothing_twice(player: Player, host: Json) -> None:
    """Counted is all that ansible-playbook writes, its own headlines too."""
    played = [run_pipeline(player, jobs, host, ANSIBLE_CALLBACK_RESULT_FORMAT="yaml") for jobs in (1, 2, 3)]
    lines = [len(one.stdout.splitlines()) for one in played]
    assert lines[0] < 60
    assert [lines[1] - lines[0] <= 12, lines[2] - lines[1] <= 12] == [True, True]
    shown = played[2].stdout
    for job in ("job-1", "job-2"):
        assert shown.count(f"job: {job}\n") == 1
    assert shown.count("job: job-3\n") == 2  # the build and its failed step
    assert played[2].output.count("FAILED tests/test_orders.py::test_order_3") == 1


def test_what_runs_is_shown_meanwhile_and_what_failed_in_red(player: Player) -> None:
    played = run_pipeline(player, 2, LOCAL, ANSIBLE_FORCE_COLOR="1", ANSIBLE_NOCOLOR="0")
    shown = played.stderr.splitlines()
    workflow = f"{PROJECT} pipeline #1 build-and-test"
    assert any(line.startswith(f"{workflow} > job-1: ") for line in shown)
    failed = [line for line in shown if f"{workflow} > job-2: " in line and "failed" in line]
    assert len(failed) == 1
    assert failed[0].startswith(RED)
    assert not any(line.startswith(RED) for line in shown if "-> success" in line)


def test_a_quick_task_that_changes_nothing_writes_nothing_on_stderr(player: Player) -> None:
    """Who runs it from cron gets no mail."""
    player.emulator.add_repository(PROJECT, has_config=False)
    player.emulator.follow(PROJECT)
    player.emulator.state.machine.set_seconds({"not_running": 0, "queued": 0, "running": 0.3})
    build: Json = {"project": PROJECT, "wait": True, "reuse": "successful"}
    first = player.play([task("build", "circleci_build", **build)])
    again = player.play([task("build", "circleci_build", **build)])
    assert (first["build"].changed, again["build"].changed) == (True, False)
    assert f"{PROJECT} pipeline #1 build-and-test: " in first.stderr
    assert again.stderr == ""
