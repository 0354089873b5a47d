# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks that the collection ships do what they say, under the names by which users run them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ansible_runner
import pytest
import yaml

from tests.integration.ladders import PROJECT
from tests.integration.playing import HERE, PROGRAMS, Json, Player
from tests.unit.keys import private_key

HOST = "deploy.acme.example"


@pytest.fixture
def connection(player: Player) -> Json:
    """The variables of a process that runs as a user's does."""
    return {"CIRCLE_HOST": player.emulator.url, "CIRCLE_TOKEN": player.emulator.token}


def test_deploy_key_gives_one_half_to_a_host_and_the_other_to_circleci(player: Player, connection: Json) -> None:
    project = player.emulator.follow(PROJECT)
    key, authorized = player.folder / "keys" / "id", player.folder / "authorized_keys"
    authorized.write_text("ssh-ed25519 AAAAsomebody else\n", encoding="utf-8")
    deploy: Json = {"hosts": {"production": {"ansible_host": HOST, "ansible_connection": "elsewhere"}}}
    deploy["vars"] = {"ansible_python_interpreter": sys.executable}
    inventory = player.folder / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"deploy": deploy}), encoding="utf-8")
    variables = {
        "circleci_project": PROJECT,
        "circleci_key_file": str(key),
        "circleci_authorized_keys": str(authorized),
    }
    command = ["community.circleci.deploy_key", "--inventory", str(inventory), "--extra-vars", json.dumps(variables)]

    predicted = player.run(*command, "--check", **connection)
    assert (predicted.status, project.ssh_keys, key.exists()) == (0, [], False), predicted.output
    first = player.run(*command, **connection)
    assert first.status == 0, first.output
    public = key.with_suffix(".pub").read_text(encoding="utf-8")
    assert authorized.read_text(encoding="utf-8").splitlines() == ["ssh-ed25519 AAAAsomebody else", public.strip()]
    assert [(key.hostname, key.public_key) for key in project.ssh_keys] == [(HOST, public.rsplit(" ", 2)[0])]
    assert key.stat().st_mode & 0o077 == 0

    again = player.run(*command, **connection)
    assert (again.status, [ran.task for ran in again.ran if ran.changed]) == (0, []), again.output

    for half in key.parent.iterdir():
        half.unlink()
    player.emulator.fault("status", method="POST", path="/ssh-key", status=403, body={"message": "Permission denied"})
    refused = player.run(*command, **connection)
    assert refused.status == 2
    new = key.with_suffix(".pub").read_text(encoding="utf-8")
    # The host lets both in, for CircleCI still has the old one.
    assert authorized.read_text(encoding="utf-8").splitlines()[1:] == [public.strip(), new.strip()]
    assert [key.public_key for key in project.ssh_keys] == [public.rsplit(" ", 2)[0]]

    replaced = player.run(*command, **connection)
    assert replaced.status == 0, replaced.output
    assert new != public
    assert authorized.read_text(encoding="utf-8").splitlines() == ["ssh-ed25519 AAAAsomebody else", new.strip()]
    assert [(key.hostname, key.public_key) for key in project.ssh_keys] == [(HOST, new.rsplit(" ", 2)[0])]


def test_deploy_key_gives_nothing_to_circleci_while_a_host_does_not_let_it_in(player: Player, connection: Json) -> None:
    project = player.emulator.follow(PROJECT)
    here = {"ansible_connection": "elsewhere", "ansible_python_interpreter": sys.executable}
    hosts = {
        "good.acme.example": here | {"circleci_authorized_keys": str(player.folder / "authorized_keys")},
        "bad.acme.example": here | {"circleci_authorized_keys": str(player.folder)},
    }
    inventory = player.folder / "hosts.yml"
    inventory.write_text(yaml.safe_dump({"deploy": {"hosts": hosts}}), encoding="utf-8")
    variables = {"circleci_project": PROJECT, "circleci_key_file": str(player.folder / "id")}
    command = ["community.circleci.deploy_key", "--inventory", str(inventory), "--extra-vars", json.dumps(variables)]
    played = player.run(*command, **connection)
    assert played.status == 2, played.output
    assert "bad.acme.example" in played.output
    assert project.ssh_keys == []


def test_deploy_key_needs_hosts(player: Player, connection: Json) -> None:
    key = player.folder / "id"
    variables = {"circleci_project": PROJECT, "circleci_key_file": str(key)}
    played = player.run("community.circleci.deploy_key", "--extra-vars", json.dumps(variables), **connection)
    assert played.status == 2
    assert "The inventory needs a group deploy" in played.output
    assert not key.exists()


def test_onboard_takes_its_example_file(player: Player, connection: Json) -> None:
    example = HERE.parents[1] / "playbooks" / "vars" / "onboard.example.yml"
    command = ["community.circleci.onboard", f"--extra-vars=@{example}", f"--extra-vars=@{vault(player)}", "--diff"]
    first = player.run(*command, **connection)
    assert first.status == 0, first.output
    assert "3 of 3 repositories changed." in first.output
    assert player.emulator.project("bitbucket/acme/tools").followers
    again = player.run(*command, **connection)
    assert "0 of 3 repositories changed." in again.output
    assert [write for ran in again.ran for write in ran.writes] == []


def test_ansible_runner_runs_it_as_awx_does(player: Player, connection: Json) -> None:
    folder = player.folder / "job"
    variables = {
        "circleci_organization": "acme",
        "circleci_projects": [
            {"project": name, "following": True, "env_vars": [{"name": "A", "value": "{{ vault_registry_password }}"}]}
            for name in ("api", "web")
        ],
    }
    (folder / "project").mkdir(parents=True)
    environment = player.environment() | connection
    del environment["ANSIBLE_CALLBACKS_ENABLED"]
    environment["PATH"] = f"{PROGRAMS}:{environment['PATH']}"

    def job(name: str) -> ansible_runner.Runner:
        return ansible_runner.run(
            private_data_dir=str(folder),
            ident=name,
            playbook="community.circleci.onboard",
            inventory="localhost ansible_connection=local",
            extravars=variables | yaml.safe_load(vault(player).read_text(encoding="utf-8")),
            envvars=environment,
            quiet=True,
        )

    first = job("first")
    assert (first.status, first.rc) == ("successful", 0), first.stdout.read()
    assert first.stats["changed"] == {"localhost": 1}
    results = [event["event_data"]["res"] for event in first.events if event["event"] == "runner_on_ok"]
    (summary,) = [result["summary"] for result in results if "summary" in result]
    assert (summary["total"], summary["changed"], summary["failed"]) == (2, 2, 0)
    again = job("again")
    assert (again.status, again.stats["changed"]) == ("successful", {})
    # What AWX keeps of a job has no secret. The folder env is its input.
    kept = [path for path in (folder / "artifacts").rglob("*") if path.is_file() and path.name != "command"]
    assert len(kept) > 10
    assert [path for path in kept if "vault-secret" in path.read_text(encoding="utf-8")] == []


def vault(player: Player) -> Path:
    """A file with the secrets that the example takes from a vault."""
    secrets = {
        "vault_circleci_token": player.emulator.token,
        "vault_deploy_key": private_key(),
        "vault_registry_password": "vault-secret-of-the-registry",
    }
    file = player.folder / "vault.yml"
    file.write_text(yaml.safe_dump(secrets), encoding="utf-8")
    return file
