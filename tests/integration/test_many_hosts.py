# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play for many hosts whose tasks all speak of one project: what is made is made once."""

from __future__ import annotations

import sys

import pytest
import yaml

from tests.integration.ladders import CONTEXT, PROJECT
from tests.integration.playing import Json, Player, Ran, Task, task
from tests.unit.keys import private_key

HOSTS = [f"host{number}.acme.example" for number in range(6)]
WAYS: dict[str, Json] = {
    "in process": {"delegate_to": "localhost"},
    "ordinary": {"connection": "elsewhere"},
    "become": {"delegate_to": "localhost", "become": True, "become_method": "same_user"},
}


def for_all(player: Player, tasks: list[Task], way: str) -> list[Ran]:
    """Run tasks for all hosts."""
    inventory = player.folder / "hosts.yml"
    hosts = {name: {"ansible_python_interpreter": sys.executable} for name in HOSTS}
    inventory.write_text(yaml.safe_dump({"builders": {"hosts": hosts}}), encoding="utf-8")
    keywords: Json = {"hosts": "builders", "connection": "local"}
    tasks = [each | WAYS[way] for each in tasks]
    played = player.play(tasks, "--forks=6", f"--inventory={inventory}", keywords=keywords)
    assert played.status == 0, played.output
    return played.ran


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=() if way == "in process" else pytest.mark.rest) for way in WAYS]
)
def test_what_all_hosts_want_is_made_once(player: Player, way: str) -> None:
    emulator = player.emulator
    emulator.latency = 0.05
    project = emulator.follow(PROJECT)
    given: Json = {"project": PROJECT, "hostname": "deploy.acme.example", "private_key": private_key()}
    many: Json = {"project": PROJECT, "ssh_keys": [{"hostname": "second.acme.example", "private_key": private_key()}]}
    tasks = [
        task("ssh key", "circleci_ssh_key", **given),
        task("user key", "circleci_checkout_key", project="gh/acme/api", type="user-key"),
        task("projects", "circleci_projects", projects=[many]),
        task("context", "circleci_context", **CONTEXT),
    ]
    ran = for_all(player, tasks, way)
    for name in ("ssh key", "user key", "projects", "context"):
        assert sorted(each.changed for each in ran if each.task == name) == [False] * 5 + [True]
    assert sorted(key.hostname for key in project.ssh_keys) == ["deploy.acme.example", "second.acme.example"]
    assert [key.type for key in project.checkout_keys].count("github-user-key") == 1
    context_writes = [record.method for record in emulator.writes if "/context" in record.path]
    assert context_writes == ["POST", "POST", "POST", "DELETE", "PUT"]
    folder = player.folder / "ansible" / "circleci_turns"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_every_host_gets_the_pipeline_that_it_starts(player: Player) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.clear()
    ran = for_all(player, [task("build", "circleci_build", project=PROJECT, trigger="pipeline")], "in process")
    assert [each.changed for each in ran] == [True] * 6
    assert [record.method for record in player.emulator.writes] == ["POST"] * 6
