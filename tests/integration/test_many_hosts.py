# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play for many hosts whose tasks all speak of one project: what is made is made once."""

from __future__ import annotations

import sys

import pytest
import yaml

from tests.integration.ladders import CONTEXT, HOOK, PROJECT
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


KINDS: dict[str, tuple[str, Json]] = {
    "follow": ("circleci_project_follow", {"project": PROJECT}),
    "settings": ("circleci_project_settings", {"project": PROJECT, "autocancel_builds": True}),
    "checkout key": ("circleci_checkout_key", {"project": PROJECT, "type": "user-key"}),
    "ssh key": (
        "circleci_ssh_key",
        {"project": PROJECT, "hostname": "deploy.acme.example", "private_key": private_key()},
    ),
    "variable": ("circleci_env_var", {"project": PROJECT, "name": "A", "value": "lake-pebble-41"}),
    "token": ("circleci_project_token", {"project": PROJECT, "label": "badge"}),
    "webhook": ("circleci_webhook", {"project": PROJECT, **HOOK}),
    "schedule": ("circleci_schedule", {"project": PROJECT, "name": "nightly", "branch": "main", "hours_of_day": [2]}),
    "schedule of an App": (
        "circleci_schedule",
        {"project": "circleci/acme-apps/mobile-app", "name": "nightly", "branch": "main", "hours_of_day": [2]},
    ),
    "context": ("circleci_context", {"organization": "acme", "name": "deploy", "restrictions": [{"project": PROJECT}]}),
    "heroku key": ("circleci_heroku_key", {"api_key": "01234567-89ab-cdef-0123-456789abcdef"}),
}


@pytest.mark.rest
def test_one_of_every_kind_is_made(player: Player) -> None:
    """Each write is sent by one host, and seen by the others."""
    player.emulator.latency = 0.1
    player.emulator.add_repository("circleci/acme-apps/mobile-app")
    player.emulator.clear()
    tasks = [task(kind, module, **options) for kind, (module, options) in KINDS.items()]
    ran = for_all(player, tasks, "in process")
    for kind in KINDS:
        assert sorted(each.changed for each in ran if each.task == kind) == [False] * 5 + [True], kind
    # A context takes two requests: one for itself, one for what restricts it.
    assert len(player.emulator.writes) == len(KINDS) + 1


def test_every_host_gets_the_pipeline_that_it_starts(player: Player) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.clear()
    ran = for_all(player, [task("build", "circleci_build", project=PROJECT, trigger="pipeline")], "in process")
    assert [each.changed for each in ran] == [True] * 6
    assert [record.method for record in player.emulator.writes] == ["POST"] * 6
