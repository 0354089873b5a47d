# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where options come from, and what a user reads who got one wrong."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Player, Task, task
from tests.unit.keys import private_key
from tests.unit.plugins.test_module_defaults import TASKS

IGNORE = {"ignore_errors": True}
NAMED = {"organization": "acme", "name": "deploy"}
FROM_ELSEWHERE = {"api_url": None, "api_token": None}


def both_ways(title: str, module: str, /, **options: object) -> list[Task]:
    """A task that runs in the controller's process, then as an ordinary module."""
    return [
        task(f"{title}, in process", module, keywords=IGNORE, **options),
        task(f"{title}, ordinary", module, keywords=IGNORE | {"connection": "elsewhere"}, **options),
    ]


TOKEN = "emulator-personal-token"
# Keywords with which a task runs on the controller, and what it is then.
ON_THE_CONTROLLER: dict[str, Json] = {
    "in process": {},
    "become": {"become": True, "become_method": "same_user"},
    "asynchronous": {"async": 60, "poll": 1},
    "other environment": {"environment": {"COLOUR": "green"}},
    "delegated": {"connection": "elsewhere", "delegate_to": "localhost", "vars": {"ansible_connection": "local"}},
}


def on_the_controller(**keywords: object) -> list[Task]:
    return [
        task(name, "circleci_project_follow", project=PROJECT, keywords=more | keywords)
        for name, more in ON_THE_CONTROLLER.items()
    ]


def tokens_sent(player: Player) -> set[str]:
    return {record.headers["Circle-Token"] for record in player.emulator.requests}


@pytest.mark.oldest
@pytest.mark.parametrize(
    "variables",
    [
        {"CIRCLE_TOKEN": TOKEN, "CIRCLECI_TOKEN": "wrong-token"},
        {"CIRCLE_TOKEN": "", "CIRCLECI_TOKEN": TOKEN},
    ],
    ids=["first", "second"],
)
def test_token_and_address_come_from_the_environment(player: Player, variables: Json) -> None:
    variables["CIRCLE_HOST"] = player.emulator.url
    played = player.play(on_the_controller(), defaults=FROM_ELSEWHERE, **variables)
    assert [ran.status for ran in played.ran] == ["ok"] * len(ON_THE_CONTROLLER), played.output
    assert tokens_sent(player) == {TOKEN}


def test_the_environment_of_a_task_goes_before_that_of_the_controller(player: Player) -> None:
    of_task = {"CIRCLE_TOKEN": "{{ ['', token] | first }}", "CIRCLECI_TOKEN": TOKEN, "CIRCLE_HOST": player.emulator.url}
    keywords: Json = {"environment": of_task, "vars": {"token": "not this one"}}
    tasks = [
        task("follow", "circleci_project_follow", project=PROJECT, keywords=keywords),
        task("there", "circleci_project_follow", project=PROJECT, keywords=keywords | {"connection": "elsewhere"}),
    ]
    of_controller: Json = {"CIRCLE_TOKEN": "wrong-token", "CIRCLE_HOST": "http://127.0.0.1:9"}
    played = player.play(tasks, defaults=FROM_ELSEWHERE, **of_controller)
    assert [ran.status for ran in played.ran] == ["ok", "ok"], played.output
    assert tokens_sent(player) == {TOKEN}


def test_an_option_goes_before_every_environment(player: Player) -> None:
    wrong: Json = {"CIRCLE_TOKEN": "wrong-token", "CIRCLE_HOST": "http://127.0.0.1:9"}
    tasks = both_ways("follow", "circleci_project_follow", project=PROJECT, token=TOKEN)
    tasks.append(tasks[0] | {"name": "with another environment", "environment": wrong})
    played = player.play(tasks, defaults={"api_token": None}, **wrong)
    assert [ran.status for ran in played.ran] == ["ok"] * 3, played.output
    assert tokens_sent(player) == {TOKEN}


@pytest.mark.parametrize("keywords", [{}, {"async": 60, "poll": 1}, {"become": True, "become_method": "same_user"}])
def test_the_controllers_token_goes_to_no_other_host_and_its_address_counts_there(
    player: Player, keywords: Json
) -> None:
    there = IGNORE | keywords | {"connection": "elsewhere"}
    tasks = [
        task("token", "circleci_project_follow", project=PROJECT, keywords=there),
        task("reading", "circleci_project_info", project=PROJECT, keywords=there),
        task("own token", "circleci_project_follow", project=PROJECT, api_token=TOKEN, keywords=there),
    ]
    played = player.play(
        tasks, defaults=FROM_ELSEWHERE, CIRCLE_TOKEN="secret-of-the-controller", CIRCLE_HOST=player.emulator.url
    )
    assert [ran.status for ran in played.ran] == ["failed", "failed", "ok"], played.output
    for ran in played.ran[:2]:
        assert "CIRCLE_TOKEN" in ran.result["msg"]
        assert "name api_token, or delegate_to localhost" in ran.result["msg"]
        assert ran.requests == []
    assert "secret-of-the-controller" not in played.output
    assert tokens_sent(player) == {TOKEN}


def test_an_error_names_the_variable_that_it_is_about(player: Player) -> None:
    token, host = {"CIRCLE_TOKEN": "wrong-token"}, {"CIRCLE_HOST": "ftp://circleci.example.com"}
    for of_task in ({}, {"environment": token | host}):
        of_controller: Json = {} if of_task else token | host
        tasks = [
            task("host", "circleci_user_info", api_token=TOKEN, keywords=IGNORE | of_task),
            task("token", "circleci_user_info", api_url=player.emulator.url, keywords=IGNORE | of_task),
            task("neither", "circleci_user_info", api_url="ftp://x", api_token=TOKEN, keywords=IGNORE | of_task),
        ]
        played = player.play(tasks, defaults=FROM_ELSEWHERE, **of_controller)
        assert "api_url comes from the environment variable CIRCLE_HOST." in played["host"].result["msg"]
        assert "CIRCLE_TOKEN" not in played["host"].result["msg"]
        assert played["token"].result["status"] == 401
        assert "api_token comes from the environment variable CIRCLE_TOKEN." in played["token"].result["msg"]
        assert "CIRCLE_HOST" not in played["token"].result["msg"]
        assert "environment variable" not in played["neither"].result["msg"]


def test_empty_variables_count_as_unset(player: Player) -> None:
    empty: Json = {"CIRCLE_TOKEN": "", "CIRCLECI_TOKEN": " ", "CIRCLE_HOST": ""}
    follow = task("follow", "circleci_project_follow", project=PROJECT, api_url=player.emulator.url, keywords=IGNORE)
    there = follow | {"name": "there", "connection": "elsewhere"}
    address = task("address", "circleci_user_info", api_token=TOKEN, ca_path="/no/such/file", keywords=IGNORE)
    played = player.play([follow, there, address], defaults=FROM_ELSEWHERE, **empty)
    for name in ("follow", "there"):
        assert played[name].status == "failed"
        assert "No API token was given" in played[name].result["msg"]
        assert "CIRCLE_TOKEN" in played[name].result["msg"]
    # The default address, of which nothing is said to be wrong
    assert "ca_path" in played["address"].result["msg"]
    assert player.emulator.requests == []


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


def test_defaults_of_all_three_groups_reach_every_module_and_break_none(player: Player) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.push(PROJECT, branch="main")
    player.emulator.pass_time(60)
    given = {"api_url": player.emulator.url, "api_token": player.emulator.token}
    groups = {"circleci": given, "organization": {"organization": "gh/acme"}, "project": {"project": "api"}}
    named = {"circleci_projects": {"projects": [{"project": "api"}]}, "circleci_project_info": {}}
    tasks = []
    for module, own in TASKS.items():
        if module == "circleci_workflow":
            own = {**own, "project": "api"}
        else:
            own = named.get(module, {name: own[name] for name in own if name not in ("project", "organization")})
        tasks.append(task(module, module, **own))
    defaults = {f"group/community.circleci.{group}": options for group, options in groups.items()}
    played = player.play(tasks, "--check", keywords={"module_defaults": defaults})
    assert [(ran.task, ran.status) for ran in played.ran] == [(module, "ok") for module in TASKS], played.output
    about = {ran.result["project"] for ran in played.ran if "project" in ran.result}
    assert about == {PROJECT}
    assert [ran.task for ran in played.ran if not ran.requests] == []


def test_mistakes_in_options_are_failures_that_name_the_module_and_send_nothing(player: Player) -> None:
    tasks = [
        *both_ways("unknown", "circleci_env_var", project=PROJECT, name="A", value="long-enough", updat="x"),
        *both_ways("missing", "circleci_env_var", name="A", value="long-enough"),
        *both_ways("typo", "circleci_env_var", projct=PROJECT, name="A", value="long-enough"),
        *both_ways("choice", "circleci_checkout_key", project=PROJECT, type="master-key"),
        *both_ways("exclusive", "circleci_ssh_key", project=PROJECT, private_key="no-key-at-all", private_key_path="y"),
        *both_ways("type", "circleci_checkout_key", project=PROJECT, max_age="soon"),
        *both_ways("list", "circleci_projects", projects=[PROJECT, {"project": "x", "env_vars": {"A": "long-enough"}}]),
        *both_ways(
            "pair", "circleci_projects", projects=["project=x web", {"project": "x", "env_vars": "A=long-enough b"}]
        ),
        *both_ways("slug", "circleci_checkout_key", project="acme/api"),
        *both_ways("token", "circleci_checkout_key", project=PROJECT, api_token=""),
    ]
    played = player.play(tasks)
    assert player.emulator.requests == []
    assert [ran.status for ran in played.ran] == ["failed"] * len(tasks)
    words = {
        "unknown": ["(community.circleci.circleci_env_var)", "updat", "update_value"],
        "missing": ["missing required arguments: project"],
        "typo": ["2 things are wrong:\nmissing required arguments: project\n", "circleci_env_var) module: projct."],
        "choice": ["value of type must be one of", "deploy-key", "master-key"],
        "exclusive": ["private_key", "mutually exclusive"],
        "type": ["max_age", "convert to int"],
        "list": [
            "2 things are wrong:\nprojects[0]: a dictionary is needed, not text. Write it as in {project: github/acme/",
            "\nprojects[1].env_vars is a dictionary, not a list of dictionaries.",
        ],
        "pair": [
            "2 things are wrong:\nprojects[0]: a dictionary is needed, not text.",
            "\nprojects[1].env_vars: a dictionary is needed, not text.",
        ],
        "slug": ["acme/api", "github/acme/api"],
        "token": ["No API token", "CIRCLE_TOKEN"],
    }
    for ran in played.ran:
        about = ran.task.split(",")[0]
        for word in words[about]:
            assert word in ran.result["msg"], ran.task
        assert "long-enough" not in ran.result["msg"]
        assert ran.result["changed"] is False
        if about not in ("slug", "token"):
            assert ran.result["problems"] == ran.result["msg"].splitlines()[-len(ran.result["problems"]) :]


@pytest.mark.oldest
def test_what_yaml_has_changed_is_refused_and_whole_numbers_are_taken(player: Player) -> None:
    emulator = player.emulator
    emulator.add_repository("github/acme/12")
    project = emulator.follow("github/acme/12")
    given: Json = {"project": PROJECT, "name": "A", "value": "x"}
    moment = datetime(2024, 1, 1, 10, tzinfo=timezone.utc)
    key = {"hostname": 1.10, "private_key_path": date(2024, 1, 1)}
    lost: dict[str, tuple[str, Json]] = {
        "value is a number with a fraction": ("circleci_env_var", given | {"value": 20.10}),
        "value is a date or time": ("circleci_env_var", given | {"value": moment}),
        "value is a date": ("circleci_env_var", given | {"value": date(2026, 1, 31)}),
        "name is a number with a fraction": ("circleci_env_var", given | {"name": 1.10}),
        "project is a date": ("circleci_project_follow", {"project": date(2024, 1, 1), "organization": "acme"}),
        "organization is a boolean": ("circleci_project_info", {"organization": True}),
        "owner is a number with a fraction": ("circleci_checkout_key", {"project": "api", "owner": 1.10}),
        "hostname is a number with a fraction": ("circleci_ssh_key", {"project": PROJECT, "hostname": 1.10}),
        "api_key is a number with a fraction": ("circleci_heroku_key", {"api_key": 1e9}),
        "api_token is a boolean": ("circleci_user_info", {"api_token": True}),
        "branch is a date": ("circleci_build", {"project": PROJECT, "branch": date(2024, 1, 1)}),
        "revision is a date": ("circleci_build", {"project": PROJECT, "revision": date(2024, 1, 1)}),
        "tag is a number with a fraction": ("circleci_build", {"project": PROJECT, "tag": 1.10}),
        "job is a boolean": ("circleci_build", {"project": PROJECT, "job": True}),
        "branch is a number with a fraction": ("circleci_build_info", {"project": PROJECT, "branch": 1.10}),
        "build_parameters.VERSION is a number with a fraction": (
            "circleci_build",
            {"project": PROJECT, "build_parameters": {"VERSION": 1.10}},
        ),
        "build_parameters.A[1].B is a date": (
            "circleci_build",
            {"project": PROJECT, "build_parameters": {"A": [1, {"B": moment}]}},
        ),
        "projects[0].ssh_keys[0].hostname is a number": (
            "circleci_projects",
            {"projects": [{"project": PROJECT, "ssh_keys": [key]}]},
        ),
    }
    tasks = [each for words, (module, options) in lost.items() for each in both_ways(words, module, **options)]
    whole: Json = {"project": 12, "organization": "acme", "name": "A", "value": 12345678}
    tasks += both_ways("whole", "circleci_env_var", **whole)
    played = player.play(tasks)
    for ran in played.ran[:-2]:
        assert ran.status == "failed", ran.task
        assert (
            ran.result["msg"]
            .splitlines()[-1 if len(ran.result["problems"]) == 1 else 1]
            .startswith(ran.task.rsplit(",", 1)[0])
        )
        assert "Write it in quotes" in ran.result["msg"]
        assert ran.requests == []
    assert [(ran.status, ran.changed) for ran in played.ran[-2:]] == [("ok", True), ("ok", False)]
    assert project.env_vars == {"A": "12345678"}


def test_a_hash_that_yaml_takes_for_a_number_is_refused(player: Player) -> None:
    """As text, 0123456 would become 42798."""
    player.emulator.follow(PROJECT)
    player.emulator.clear()
    tasks = both_ways("build", "circleci_build", project=PROJECT, revision=42798, trigger="pipeline")
    played = player.play(tasks)
    assert [ran.status for ran in played.ran] == ["failed", "failed"]
    for ran in played.ran:
        assert ran.result["msg"].startswith("revision is a number for YAML")
        assert "Write it in quotes" in ran.result["msg"]
    assert player.emulator.requests == []


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
    value = Encrypted("an-encrypted-value")
    project = player.emulator.follow(PROJECT)
    for module, options in (
        ("circleci_env_var", {**given, "name": "ONE", "value": value}),
        ("circleci_projects", {"projects": [{"project": PROJECT, "env_vars": [{"name": "MANY", "value": value}]}]}),
    ):
        played = player.play(both_ways("secret", module, **options), "--vault-password-file", str(password))
        assert [(ran.status, ran.changed) for ran in played.ran] == [("ok", True), ("ok", False)], played.output
    assert project.env_vars == {"ONE": "an-encrypted-value", "MANY": "an-encrypted-value"}


def test_empty_paths_are_the_same_in_process(player: Player) -> None:
    player.emulator.follow(PROJECT)
    tasks = [
        *both_ways("path", "circleci_ssh_key", project=PROJECT, private_key_path=""),
        *both_ways("ca", "circleci_user_info", ca_path=""),
    ]
    here_path, there_path, *ca = player.play(tasks).ran
    assert here_path.result["msg"] == there_path.result["msg"]
    assert "No such file" in here_path.result["msg"]
    assert [ran.status for ran in ca] == ["ok", "ok"]


def test_dates_of_values_are_read_in_all_forms(player: Player) -> None:
    """A date of YAML is an object here, and text there."""
    dates = [date(2026, 1, 31), datetime(2026, 1, 31, 10, tzinfo=timezone.utc), "2026-01-31T10:00:00+02:00", 1769850000]
    tasks = []
    for number, moment in enumerate(dates):
        entry = {"name": "A", "value": "one-long-word", "update_value": "when_older", "not_older_than": moment}
        tasks += both_ways(f"date {number}", "circleci_context", env_vars=[entry], **NAMED)
    played = player.play(tasks)
    assert [ran.status for ran in played.ran] == ["ok"] * len(tasks), played.output
    assert [ran.changed for ran in played.ran] == [True, *[False] * (len(tasks) - 1)]


@pytest.mark.parametrize("module", ["circleci_projects", "circleci_context"])
def test_a_dictionary_of_variables_is_refused_with_the_filter_that_makes_a_list(player: Player, module: str) -> None:
    given: Json = {"env_vars": {"PASSWORD": "one-long-word"}}
    options = {"projects": [{"project": PROJECT, **given}]} if module == "circleci_projects" else {**given, **NAMED}
    for ran in player.play(both_ways("dictionary", module, **options)).ran:
        assert ran.status == "failed"
        assert "env_vars is a dictionary, not a list of dictionaries" in ran.result["msg"]
        assert "dict2items(key_name='name', value_name='value')" in ran.result["msg"]
        assert "one-long-word" not in str(ran.result)
    assert player.emulator.requests == []


def test_relative_paths_start_in_the_folder_of_the_playbook(player: Player) -> None:
    project = player.emulator.follow(PROJECT)
    (player.folder / "keys").mkdir()
    keys = [private_key(number=number) for number in (1, 2)]
    for number, key in enumerate(keys):
        (player.folder / "keys" / f"id_{number}").write_text(key, encoding="utf-8")
    described = {"project": PROJECT, "ssh_keys": [{"private_key_path": "keys/id_1"}]}
    tasks = [
        task("one", "circleci_ssh_key", project=PROJECT, private_key_path="keys/id_0"),
        task("many", "circleci_projects", projects=[described]),
    ]
    played = player.play(tasks)
    assert [(ran.status, ran.changed) for ran in played.ran] == [("ok", True)] * 2, played.output
    assert [key.public_key for key in project.ssh_keys] == [parse_private_key(key).public.text for key in keys]


def test_warnings_reach_the_user_both_ways(player: Player) -> None:
    project = player.emulator.follow(PROJECT)
    words = "The value of variable {} is empty."
    for way, one in enumerate(both_ways("empty", "circleci_env_var", project=PROJECT, name="WAY", value="")):
        one["community.circleci.circleci_env_var"]["name"] = f"WAY_{way}"
        played = player.play([one], warnings=[words.format(f"WAY_{way}")])
        assert [words.format(f"WAY_{way}") in warning for warning in played.ran[0].result["warnings"]] == [True]
    assert project.env_vars == {"WAY_0": "", "WAY_1": ""}
