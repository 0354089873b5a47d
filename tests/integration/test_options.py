# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where options come from, and what a user reads who got one wrong."""

from __future__ import annotations

from datetime import date

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Player, Task, task

IGNORE = {"ignore_errors": True}
FROM_ELSEWHERE = {"api_url": None, "api_token": None}


def both_ways(title: str, module: str, /, **options: object) -> list[Task]:
    """A task that runs in the controller's process, then as an ordinary module."""
    return [
        task(f"{title}, in process", module, keywords=IGNORE, **options),
        task(f"{title}, ordinary", module, keywords=IGNORE | {"connection": "elsewhere"}, **options),
    ]


@pytest.mark.parametrize(
    "variables",
    [
        {"CIRCLE_TOKEN": "emulator-personal-token", "CIRCLECI_TOKEN": "wrong-token"},
        {"CIRCLECI_TOKEN": "emulator-personal-token"},
    ],
    ids=["first", "second"],
)
def test_token_and_address_come_from_the_environment(player: Player, variables: Json) -> None:
    tasks = both_ways("follow", "circleci_project_follow", project=PROJECT)
    played = player.play(tasks, defaults=FROM_ELSEWHERE, CIRCLE_HOST=player.emulator.url, **variables)
    assert [ran.status for ran in played.ran] == ["ok", "ok"], played.output
    assert {request["headers"]["Circle-Token"] for ran in played.ran for request in ran.requests} == {
        "emulator-personal-token"
    }


def test_the_environment_of_a_task_is_honoured(player: Player) -> None:
    variables = {"CIRCLE_TOKEN": "emulator-personal-token", "CIRCLE_HOST": player.emulator.url}
    follow = task("follow", "circleci_project_follow", project=PROJECT, keywords={"environment": variables})
    played = player.play([follow], defaults=FROM_ELSEWHERE)
    assert played.status == 0, played.output
    assert player.emulator.project(PROJECT).followers == {"emulator"}


def test_options_have_aliases_and_defaults_for_the_whole_group(player: Player) -> None:
    tasks = [
        task("username", "circleci_project_follow", project="api", username="acme"),
        task("owner", "circleci_checkout_key", project="api", owner="acme", vcs_type="gh"),
        task("from the group", "circleci_checkout_key", project="api"),
    ]
    given = {"api_token": None, "token": player.emulator.token, "organization": "acme"}
    played = player.play(tasks[:2], defaults={**given, "organization": None})
    played.ran += player.play(tasks[2:], defaults=given).ran
    assert [ran.status for ran in played.ran] == ["ok"] * 3, played.output
    assert {ran.result["project"] for ran in played.ran} == {PROJECT}


def test_mistakes_in_options_are_failures_that_name_the_module_and_send_nothing(player: Player) -> None:
    tasks = [
        *both_ways("unknown", "circleci_env_var", project=PROJECT, name="A", value="long-enough", updat="x"),
        *both_ways("missing", "circleci_env_var", name="A", value="long-enough"),
        *both_ways("choice", "circleci_checkout_key", project=PROJECT, type="master-key"),
        *both_ways("exclusive", "circleci_ssh_key", project=PROJECT, private_key="no-key-at-all", private_key_path="y"),
        *both_ways("type", "circleci_checkout_key", project=PROJECT, max_age="soon"),
        *both_ways("slug", "circleci_checkout_key", project="acme/api"),
        *both_ways("token", "circleci_checkout_key", project=PROJECT, api_token=""),
    ]
    played = player.play(tasks)
    assert player.emulator.requests == []
    assert [ran.status for ran in played.ran] == ["failed"] * len(tasks)
    words = {
        "unknown": ["(community.circleci.circleci_env_var)", "updat", "update_value"],
        "missing": ["missing required arguments: project"],
        "choice": ["value of type must be one of", "deploy-key", "master-key"],
        "exclusive": ["private_key", "mutually exclusive"],
        "type": ["max_age", "convert to int"],
        "slug": ["acme/api", "github/acme/api"],
        "token": ["No API token", "CIRCLE_TOKEN"],
    }
    for ran in played.ran:
        for word in words[ran.task.split(",")[0]]:
            assert word in ran.result["msg"], ran.task
        assert ran.result["changed"] is False


class Encrypted(str):
    """A secret as ansible-vault writes it into a playbook."""


def _written(dumper: yaml.SafeDumper, secret: Encrypted) -> yaml.Node:
    vault = VaultLib([("default", VaultSecret(b"of the vault"))])
    return dumper.represent_scalar("!vault", vault.encrypt(str(secret)).decode(), style="|")


yaml.SafeDumper.add_representer(Encrypted, _written)


def test_secrets_may_be_encrypted_in_their_places(player: Player) -> None:
    password = player.folder / "password"
    password.write_text("of the vault", encoding="utf-8")
    given = {"api_token": Encrypted(player.emulator.token), "project": PROJECT}
    value = Encrypted("an encrypted value")
    project = player.emulator.follow(PROJECT)
    for module, options in (
        ("circleci_env_var", {**given, "name": "ONE", "value": value}),
        ("circleci_projects", {"projects": [{"project": PROJECT, "env_vars": [{"name": "MANY", "value": value}]}]}),
    ):
        played = player.play(both_ways("secret", module, **options), "--vault-password-file", str(password))
        assert [(ran.status, ran.changed) for ran in played.ran] == [("ok", True), ("ok", False)], played.output
    assert project.env_vars == {"ONE": "an encrypted value", "MANY": "an encrypted value"}


def test_dates_and_empty_paths_are_the_same_in_process(player: Player) -> None:
    project = player.emulator.follow(PROJECT)
    tasks = [
        *both_ways("DATE", "circleci_env_var", project=PROJECT, name="DATE", value=date(2026, 1, 31)),
        *both_ways("path", "circleci_ssh_key", project=PROJECT, private_key_path=""),
        *both_ways("ca", "circleci_user_info", ca_path=""),
    ]
    here_date, there_date, here_path, there_path, *ca = player.play(tasks).ran
    assert project.env_vars == {"DATE": "2026-01-31"}
    assert [(ran.status, ran.changed) for ran in (here_date, there_date)] == [("ok", True), ("ok", False)]
    assert here_path.result["msg"] == there_path.result["msg"]
    assert "No such file" in here_path.result["msg"]
    assert [ran.status for ran in ca] == ["ok", "ok"]
