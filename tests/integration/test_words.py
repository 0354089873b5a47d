# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that are ordinary words: they change no outcome, and what the task itself names stays readable."""

from __future__ import annotations

import pytest

from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Player, Task, task
from tests.unit.keys import private_key

ORDINARY = pytest.param({"ansible_connection": "elsewhere"}, id="ordinary", marks=pytest.mark.rest)
WAYS = pytest.mark.parametrize("host", [pytest.param({}, id="in process"), ORDINARY])
REFUSED = {"message": "Permission denied"}
KEPT = {"register": "result", "ignore_errors": True}


def variable(title: str, value: object, /, **options: object) -> Task:
    given = {"project": PROJECT, "name": "ON_ERROR", "value": value} | options
    return task(title, "circleci_env_var", **given, keywords=KEPT)


def check(*conditions: str) -> Task:
    """A later task that looks at the result."""
    return {"name": "check", "ansible.builtin.assert": {"that": list(conditions)}}


@pytest.mark.oldest
@WAYS
def test_a_refused_task_is_failed_whatever_the_secret(player: Player, host: Json) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.fault("status", method="POST", status=403, body=REFUSED, times=None)
    tasks = []
    for word in ("failed", "changed", "status", "False", "403"):
        facts = check("result is failed", "result is not changed", "result.status == 403", "result.method == 'POST'")
        tasks += [variable(f"set {word}", word), facts]
    # A secret of another kind
    tasks += [task("heroku", "circleci_heroku_key", api_key="failed", keywords=KEPT), facts]
    played = player.play(tasks, host=host)
    assert [ran.status for ran in played.ran] == ["failed", "ok"] * (len(tasks) // 2), played.output


def test_the_play_ends_where_a_task_with_such_a_secret_fails(player: Player) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.fault("status", method="POST", status=403, body=REFUSED, times=2)
    for host in ({}, {"ansible_connection": "elsewhere"}):
        tasks = [variable("set", "failed"), variable("next", "something-else")]
        del tasks[0]["ignore_errors"]
        played = player.play(tasks, host=host)
        assert (played.status, [ran.task for ran in played.ran]) == (2, ["set"]), played.output
    assert player.emulator.project(PROJECT).env_vars == {}


@pytest.mark.oldest
@WAYS
def test_a_result_is_whole_whatever_the_secret(player: Player, host: Json) -> None:
    project = player.emulator.follow(PROJECT)
    words = ["warning", "project", "env_var", "False"]
    tasks = []
    for number, word in enumerate(words):
        one, many = f"ONE_{number}", f"MANY_{number}"
        item: Json = {"project": PROJECT, "env_vars": [{"name": many, "value": word, "update_value": "on_create"}]}
        tasks += [
            variable(f"one {word}", word, name=one),
            check("result is changed", f"result.project == '{PROJECT}'", f"result.env_var.name == '{one}'"),
            task(f"many {word}", "circleci_projects", projects=[item], keywords={"register": "result"}),
            check(
                "result is changed",
                "result.projects[0].failed is sameas false",
                f"result.projects[0].added == [{{'kind': 'env_var', 'name': '{many}'}}]",
                "result.summary.total == 1",
            ),
        ]
    played = player.play(tasks, "--diff", host=host)
    assert played.status == 0, played.output
    assert project.env_vars == {
        f"{name}_{number}": word for number, word in enumerate(words) for name in ("ONE", "MANY")
    }


@WAYS
def test_what_a_task_names_can_be_used_by_the_next_one(player: Player, host: Json) -> None:
    emulator = player.emulator
    slug, hostname = "github/acme-corp/api", "deploy.acme-corp.example"
    emulator.add_repository(slug)
    project = emulator.follow(slug)
    variables: list[Json] = [
        {"name": "ORG", "value": "acme-corp", "update_value": "always"},
        {"name": "SLUG", "value": slug, "update_value": "always"},
        {"name": "MY_NAME", "value": "MY_NAME", "update_value": "always"},
        {"name": "DEPLOY_TO", "value": hostname, "update_value": "always"},
    ]
    key: Json = {"hostname": hostname, "private_key": "{{ lookup('ansible.builtin.file', playbook_dir ~ '/key') }}"}
    (player.folder / "key").write_text(private_key(), encoding="utf-8")
    given: Json = {"project": "gh/acme-corp/api", "env_vars": variables, "ssh_keys": [key]}
    tasks = [
        task("variable", "circleci_env_var", project="api", organization="acme-corp", **variables[0]),
        task("slug", "circleci_env_var", project="api", organization="acme-corp", **variables[1]),
        task("projects", "circleci_projects", projects=[given]),
    ]
    for number, each in enumerate(tasks):
        each["register"] = f"result_{number}"
    then = [
        *(
            task(f"read {number}", "circleci_project_info", project=f"{{{{ result_{number}.project }}}}")
            for number in (0, 1)
        ),
        task("read 2", "circleci_project_info", project="{{ result_2.projects[0].project }}"),
        check(
            "result_0.env_var.name == 'ORG'",
            f"result_2.projects[0].added[0].hostname == '{hostname}'",
            "result_2.projects[0].added[-1].name == 'DEPLOY_TO'",
        ),
    ]
    played = player.play([*tasks, *then], "--diff", host=host)
    assert played.status == 0, played.output
    assert project.env_vars == {each["name"]: each["value"] for each in variables}
