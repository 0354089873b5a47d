# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module predicts, does, and does nothing the second time: in the controller's process and on target Pythons."""

from __future__ import annotations

import sys

import pytest

from tests.integration.ladders import climbed, comparable, ladders, other_tasks, prepare
from tests.integration.playing import HERE, TARGET_PYTHONS, Player, Task, task

ORDINARY = "runs as an ordinary module"


def everything() -> list[Task]:
    return [rung for ladder in ladders() for rung in ladder.tasks()] + other_tasks()


def test_every_module_that_changes_something_has_a_ladder() -> None:
    modules = {path.stem for path in (HERE.parents[1] / "plugins" / "modules").glob("*.py")}
    # The info modules change nothing; what a build or pipeline does the second time is another one. Artifacts have
    # tests of their own, on hosts.
    others = {module for module in modules if module.endswith("_info")} | {
        *("circleci_build", "circleci_build_ssh_user", "circleci_pipeline", "circleci_workflow"),
        "circleci_artifacts",
    }
    assert {ladder.module for ladder in ladders()} == modules - others


@pytest.fixture
def player(player: Player) -> Player:
    prepare(player.emulator)
    return player


@pytest.mark.oldest
def test_in_process_every_module_changes_what_it_predicts_and_only_once(player: Player) -> None:
    played = player.play(everything(), "--diff", "-vv")
    assert played.status == 0, played.output
    assert ORDINARY not in played.output
    assert [line for ladder in ladders() for line in climbed(played, ladder)] == []
    assert [step["name"] for step in played["build"].result["failed_steps"]] != []
    # The output of a failed step is read without the token, so on a connection of its own.
    assert {ran.task for ran in played.ran if ran.connections > 1} <= {"build", "read build"}


@pytest.mark.rest
@pytest.mark.parametrize("python", TARGET_PYTHONS or [sys.executable])
def test_ordinary_modules_give_the_same_results(player: Player, python: str) -> None:
    # As processes these take seconds, so the tasks that say least about the way they run are left out.
    tasks = [
        each for each in everything() if not each["name"].endswith(("absent, predicted", "absent, again", "token"))
    ]
    here = player.play(tasks, "--diff")
    prepare(player.emulator)
    host = {"ansible_connection": "elsewhere", "ansible_python_interpreter": python}
    there = player.play(tasks, "--diff", "-vv", host=host, ANSIBLE_PIPELINING="1")
    assert there.output.count(ORDINARY) == len(tasks)
    for one, other in zip(here.ran, there.ran, strict=True):
        assert comparable(other) == comparable(one), one.task


def test_a_loop_over_forty_projects_uses_one_connection(player: Player) -> None:
    names = [f"service-{number:02}" for number in range(40)]
    for name in names:
        player.emulator.add_repository(f"github/acme/{name}")
    loop = {"loop": names}
    options = {"organization": "acme", "project": "{{ item }}"}
    played = player.play(
        [
            task("follow", "circleci_project_follow", keywords=loop, **options),
            task("keys", "circleci_checkout_key", keywords=loop, **options),
            task("follow again", "circleci_project_follow", keywords=loop, **options),
        ]
    )
    assert [ran.connections for ran in played.ran] == [1, 1, 1]
    assert [ran.changed for ran in played.ran] == [True, False, False]
    assert all(len(ran.result["results"]) == 40 for ran in played.ran)
    assert played["follow again"].writes == []


@pytest.mark.oldest
def test_check_mode_of_a_whole_play_predicts_from_an_empty_project(player: Player) -> None:
    tasks = [
        task(ladder.module, ladder.module, **ladder.present | {"project": "github/acme/web"})
        for ladder in ladders()
        if "project" in ladder.present
    ]
    predicted = player.play(tasks, "--check", "--diff", warnings=["does not know github/acme/web yet"])
    assert predicted.status == 0, predicted.output
    assert all(ran.changed and not ran.writes for ran in predicted.ran)
    real = player.play(tasks, "--diff")
    assert [ran.changed for ran in real.ran] == [True] * len(tasks)
