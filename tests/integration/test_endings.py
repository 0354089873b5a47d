# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task with many requests on their way ends when its time is up, and with Ctrl-C: it waits for no answer.

The answers never come, and the task would wait an hour for each of them. So where it waits, these tests end by their
own time limit.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
import yaml

from tests.integration.playing import PROGRAMS, Json, Player, Task, task
from tests.unit.trouble import add_repositories

LONG: Json = {"timeout": 3600.0, "concurrency": 4}


@pytest.fixture
def tasks(player: Player) -> dict[str, Task]:
    """Tasks with threads, whose requests for the settings of a project are never answered."""
    emulator = player.emulator
    slugs = add_repositories(emulator, 8)
    for slug in slugs:
        emulator.follow(slug)
    emulator.fault("hang", path="/settings", times=None)
    described = [{"project": slug, "following": True} for slug in slugs]
    return {
        "projects": task("projects", "circleci_projects", projects=described, **LONG),
        "info": task("info", "circleci_project_info", **LONG),
    }


def hanging(player: Player) -> int:
    """How many requests wait for their answers."""
    return sum("/settings" in record.path for record in player.emulator.requests)


def test_the_time_limit_of_a_task_ends_it(player: Player, tasks: dict[str, Task]) -> None:
    for name, each in tasks.items():
        player.emulator.clear()
        played = player.play([each | {"timeout": 3}])
        assert played.status == 2, played.output
        assert (played[name].status, hanging(player)) == ("failed", 4)
        assert "3" in str(played[name].result["msg"])


@pytest.mark.parametrize("name", ["projects", "info"])
def test_ctrl_c_ends_the_run(player: Player, tasks: dict[str, Task], name: str) -> None:
    book = player.folder / "book.yml"
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": [tasks[name]]}
    book.write_text(yaml.safe_dump([play]), encoding="utf-8")
    player.emulator.clear()
    process = subprocess.Popen(
        [PROGRAMS / "ansible-playbook", str(book)],
        env=player.environment()
        | {"ANSIBLE_INVENTORY": "localhost,"}
        | {"CIRCLE_HOST": player.emulator.url, "CIRCLE_TOKEN": player.emulator.token},
        cwd=player.working,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a group of its own, as the foreground job of a terminal is
    )
    try:
        while hanging(player) < 4:
            assert process.poll() is None
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        output, _nothing = process.communicate()
    finally:
        process.kill()
    assert process.returncode == 99, output
    assert "Traceback" not in output
    assert hanging(player) == 4
