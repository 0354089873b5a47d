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
from tests.integration.playing import HERE, PROGRAMS, Json, Played, Player
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
    authorized.chmod(0o644)
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
    assert (key.stat().st_mode & 0o077, authorized.stat().st_mode & 0o777) == (0, 0o644)

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


def deploy_hosts(player: Player, **hosts: Json) -> list[str]:
    """Write an inventory with a group deploy; the arguments for it."""
    inventory = player.folder / "hosts.yml"
    here = {"ansible_connection": "elsewhere", "ansible_python_interpreter": sys.executable}
    deploy = {f"{name}.acme.example": here | variables for name, variables in hosts.items()}
    inventory.write_text(yaml.safe_dump({"deploy": {"hosts": deploy}}), encoding="utf-8")
    return ["community.circleci.deploy_key", "--inventory", str(inventory)]


def failure(played: Played) -> str:
    """What the task says with which a playbook ends."""
    assert played.status == 2, played.output
    assert played.ran[-1].status == "failed"
    return str(played.ran[-1].result["msg"])


BROKEN: dict[str, Json] = {
    "a host that fails": {"failing": {"circleci_authorized_keys": "/"}},
    "a host that cannot be reached": {"away": {"ansible_connection": "nowhere"}},
    "both": {"failing": {"circleci_authorized_keys": "/"}, "away": {"ansible_connection": "nowhere"}},
}


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(*given, id=name, marks=() if name == "both" else pytest.mark.rest)
        for name, *given in BROKEN.items()
    ],
)
def test_deploy_key_stops_while_a_host_does_not_let_the_key_in(player: Player, connection: Json, broken: Json) -> None:
    project = player.emulator.follow(PROJECT)
    variables = {"circleci_project": PROJECT, "circleci_key_file": str(player.folder / "id")}
    keys: dict[str, Json] = {
        name: {"circleci_authorized_keys": str(player.folder / name)} for name in ("good", *broken)
    }
    extra = ["--extra-vars", json.dumps(variables)]
    first = player.run(*deploy_hosts(player, **keys), *extra, **connection)
    assert first.status == 0, first.output
    old = [(key.hostname, key.public_key) for key in project.ssh_keys]
    assert len(old) == len(keys)

    for half in ("id", "id.pub"):
        (player.folder / half).unlink()
    stopped = player.run(*deploy_hosts(player, **keys | broken), *extra, **connection)
    named, told, _rest = failure(stopped).partition(" did not let the new key in")
    # They fail side by side, so in any order.
    assert (sorted(named.split(", ")), bool(told)) == (sorted(f"{name}.acme.example" for name in broken), True)
    assert [(key.hostname, key.public_key) for key in project.ssh_keys] == old
    # Builds can still log in everywhere, and the host that works is not kept out later either.
    for name in keys:
        assert old[0][1] in (player.folder / name).read_text(encoding="utf-8")

    repaired = player.run(*deploy_hosts(player, **keys), *extra, **connection)
    assert repaired.status == 0, repaired.output
    new = (player.folder / "id.pub").read_text(encoding="utf-8").rsplit(" ", 2)[0]
    assert {key.public_key for key in project.ssh_keys} == {new}
    for name in keys:
        assert (player.folder / name).read_text(encoding="utf-8").startswith(f"{new} ")


@pytest.mark.rest
def test_deploy_key_changes_nothing_for_a_wrong_project_or_without_a_token(player: Player, connection: Json) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.add_repository("github/acme/open", oss=True)
    player.emulator.follow("github/acme/open")
    key, authorized = player.folder / "id", player.folder / "authorized"
    command = deploy_hosts(player, good={"circleci_authorized_keys": str(authorized)})
    wrong = {
        "github/acme/nowhere": "CircleCI answered 404",
        "acme/api": "Write github/acme/api.",
        "": "No project is named. Give its slug, as in -e circleci_project=github/acme/api.",
    }
    for slug, words in wrong.items():
        variables = {"circleci_project": slug, "circleci_key_file": str(key)}
        assert words in failure(player.run(*command, "--extra-vars", json.dumps(variables), **connection))
        assert (key.exists(), authorized.exists()) == (False, False)
    no_token = connection | {"CIRCLE_TOKEN": ""}
    variables = {"circleci_project": "github/acme/open", "circleci_key_file": str(key)}
    assert "No API token" in failure(player.run(*command, "--extra-vars", json.dumps(variables), **no_token))
    assert not authorized.exists()
    assert player.emulator.writes == []


def test_deploy_key_says_what_is_missing(player: Player, connection: Json) -> None:
    player.emulator.follow(PROJECT)
    key = player.folder / "id"
    variables = json.dumps({"circleci_project": PROJECT, "circleci_key_file": str(key)})
    lonely = player.run("community.circleci.deploy_key", "--extra-vars", variables, **connection)
    assert "The inventory needs a group deploy" in failure(lonely)
    command = [*deploy_hosts(player, good={"circleci_authorized_keys": str(player.folder / "authorized")})]
    programs = player.folder / "programs"
    programs.mkdir()
    for program in Path("/usr/bin").iterdir():
        if program.name != "ssh-keygen":
            (programs / program.name).symlink_to(program)
    without = player.run(*command, "--extra-vars", variables, **connection, PATH=str(programs))
    assert "ssh-keygen, which comes with OpenSSH, is needed on the controller" in failure(without)
    assert not key.exists()
    key.write_text("the private half", encoding="utf-8")
    half = player.run(*command, "--extra-vars", variables, **connection)
    assert f"{key}.pub, its public half, is not" in failure(half)
    assert player.emulator.writes == []


@pytest.mark.rest
def test_deploy_key_takes_the_canonical_slug_for_its_paths(player: Player, connection: Json) -> None:
    player.emulator.follow(PROJECT)
    authorized = player.folder / "authorized"
    command = deploy_hosts(player, good={"circleci_authorized_keys": str(authorized)})
    for slug in ("gh/acme/api", PROJECT):
        played = player.run(*command, "--extra-vars", f"circleci_project={slug}", **connection)
        assert played.status == 0, played.output
    key = player.folder / ".circleci" / PROJECT / "id_ed25519.pub"
    assert key.read_text(encoding="utf-8").endswith(f" circleci {PROJECT}\n")
    assert authorized.read_text(encoding="utf-8") == key.read_text(encoding="utf-8")
    assert not (player.folder / ".circleci" / "gh").exists()


@pytest.mark.parametrize(
    "named", ["id", pytest.param("keys/id", marks=pytest.mark.rest), pytest.param("shared", marks=pytest.mark.rest)]
)
def test_deploy_key_keeps_the_pair_where_the_user_says(player: Player, connection: Json, named: str) -> None:
    """A path that is not whole starts where the user is. A folder that is there may be for others, too."""
    project = player.emulator.follow(PROJECT)
    authorized = player.folder / "authorized"
    (player.working / "shared").mkdir(mode=0o755)
    before = [path.stat().st_mode for path in (player.working, player.working / "shared")]
    command = deploy_hosts(player, good={"circleci_authorized_keys": str(authorized)})
    played = player.run(*command, "--extra-vars", f"circleci_project={PROJECT} circleci_key_file={named}", **connection)
    assert [path.stat().st_mode for path in (player.working, player.working / "shared")] == before
    if named == "shared":
        assert f"{player.working / named} is a folder. Name the file for the key in it" in failure(played)
        assert project.ssh_keys == []
        return
    assert played.status == 0, played.output
    public = (player.working / f"{named}.pub").read_text(encoding="utf-8")
    assert (authorized.read_text(encoding="utf-8"), authorized.stat().st_mode & 0o022) == (public, 0)
    assert [key.public_key for key in project.ssh_keys] == [public.rsplit(" ", 2)[0]]


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
