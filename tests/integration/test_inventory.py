# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory plugin, as people use it: by ansible-inventory and by playbooks."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.playing import HERE, PROGRAMS, Json, Played, Player, task
from tests.integration.test_examples import examples

PLUGIN = "community.circleci.circleci_projects"
CACHED: Json = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_timeout": 600}


class Keeper:
    """Somebody who keeps an inventory file."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.folder = player.folder
        self.cache = player.folder / "cache"
        for slug in ("github/acme/api", "github/acme/web", "bitbucket/acme/tools"):
            player.emulator.follow(slug)
        player.emulator.clear()

    def write(self, name: str = "circleci.yml", **options: Any) -> Path:
        """Write the file."""
        path = self.folder / name
        path.write_text(yaml.safe_dump({"plugin": PLUGIN, **options}), encoding="utf-8")
        return path

    def ask(self, path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run ansible-inventory."""
        emulator = self.player.emulator
        environment = self.player.environment() | {"CIRCLE_HOST": emulator.url, "CIRCLE_TOKEN": emulator.token}
        return subprocess.run(
            [PROGRAMS / "ansible-inventory", "--inventory", path, *arguments],
            env=environment | {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", "COLUMNS": "400"} | variables,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def listed(self, path: Path, *arguments: str, **variables: str) -> Json:
        """What ansible-inventory lists."""
        done = self.ask(path, "--list", *arguments, **variables)
        assert (done.returncode, done.stderr.strip()) == (0, ""), done.stderr
        found: Json = json.loads(done.stdout)
        return found

    def play(self, path: Path, play: Json) -> Played:
        """Run a play over the inventory."""
        book = self.folder / "fleet.yml"
        book.write_text(yaml.safe_dump([{"gather_facts": False, **play}], sort_keys=False), encoding="utf-8")
        emulator = self.player.emulator
        arguments = ["--inventory", str(path)]
        return self.player.run(str(book), *arguments, CIRCLE_HOST=emulator.url, CIRCLE_TOKEN=emulator.token)


@pytest.fixture
def keeper(player: Player) -> Keeper:
    return Keeper(player)


@pytest.mark.oldest
def test_the_list_holds_projects_with_their_variables(keeper: Keeper) -> None:
    listed = keeper.listed(keeper.write())
    assert listed["_meta"]["hostvars"]["github-acme-api"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "circleci_default_branch": "main",
        "circleci_following": True,
        "circleci_project": "github/acme/api",
        "circleci_vcs_url": "https://github.com/acme/api",
    }
    assert sorted(listed["github_acme"]["hosts"]) == ["github-acme-api", "github-acme-web"]
    assert listed["bitbucket"]["children"] == ["bitbucket_acme"]


def test_the_graph_shows_groups_by_vcs_type_and_organization(keeper: Keeper) -> None:
    done = keeper.ask(keeper.write(), "--graph")
    assert (done.returncode, done.stderr.strip()) == (0, "")
    assert done.stdout.splitlines() == [
        "@all:",
        "  |--@ungrouped:",
        "  |--@github:",
        "  |  |--@github_acme:",
        "  |  |  |--github-acme-api",
        "  |  |  |--github-acme-web",
        "  |--@bitbucket:",
        "  |  |--@bitbucket_acme:",
        "  |  |  |--bitbucket-acme-tools",
    ]


def test_a_play_runs_for_each_project_in_the_controllers_process(keeper: Keeper) -> None:
    emulator = keeper.player.emulator
    variable = task(
        "set", "circleci_env_var", project="{{ circleci_project }}", name="TEAM", value="platform-engineering"
    )
    # What runs with the interpreter that the inventory names
    fact = {"name": "look", "ansible.builtin.ping": {}}
    play = {"hosts": "github_acme", "tasks": [fact, variable]}
    first = keeper.play(keeper.write(), play)
    assert first.status == 0, first.output
    # Hosts end in any order.
    assert {ran.result["project"] for ran in first.ran if ran.task == "set"} == {"github/acme/api", "github/acme/web"}
    assert emulator.project("github/acme/web").env_vars == {"TEAM": "platform-engineering"}
    assert emulator.project("bitbucket/acme/tools").env_vars == {}
    assert all("invocation" not in ran.result for ran in first.ran if ran.task == "set")
    assert all("discovered_interpreter_python" not in str(ran.result) for ran in first.ran)
    second = keeper.play(keeper.write(), play)
    assert [ran.changed for ran in second.ran if ran.task == "set"] == [False, False]
    assert [ran.writes for ran in second.ran] == [[]] * 4


def test_batches_spread_the_fleet(keeper: Keeper) -> None:
    read = task("read", "circleci_project_info", project="{{ circleci_project }}")
    played = keeper.play(keeper.write(), {"hosts": "all", "serial": 2, "tasks": [read]})
    assert played.status == 0, played.output
    assert played.stdout.count("PLAY [all]") == 2
    assert len(played.ran) == 3


def test_examples_are_inventories(keeper: Keeper) -> None:
    emulator = keeper.player.emulator
    emulator.add_repository("github/acme/service-mail")
    emulator.follow("github/acme/service-mail")
    emulator.add_repository("github/acme/idea")
    text = examples(HERE.parents[1] / "plugins" / "inventory" / "circleci_projects.py")
    found = {}
    # A file has one document, so all but the first are written as comments.
    named = re.split(r"^# (\S+\.yml): .*\n", text, flags=re.MULTILINE)[1:]
    for name, lines in zip(named[::2], named[1::2], strict=True):
        path = keeper.folder / name
        path.write_text(re.sub(r"^# ?", "", lines, flags=re.MULTILINE), encoding="utf-8")
        found[name] = keeper.listed(path)
    assert list(found) == ["acme.circleci.yml", "circleci.yml", "new.circleci.yml"]
    assert len(found["circleci.yml"]["_meta"]["hostvars"]) == 4
    assert found["acme.circleci.yml"]["services"]["hosts"] == ["github-acme-service-mail"]
    assert len(found["acme.circleci.yml"]["branch_main"]["hosts"]) == 3
    made = found["acme.circleci.yml"]["_meta"]["hostvars"]["github-acme-web"]["repository"]
    assert made in ("web", {"__ansible_unsafe": "web"})  # as newer cores list what is no template
    assert found["new.circleci.yml"]["unfollowed"]["hosts"] == ["github-acme-idea"]


def test_a_cache_spares_the_requests_and_holds_no_token(keeper: Keeper) -> None:
    emulator = keeper.player.emulator
    emulator.project("github/acme/api").default_branch = "{{ 7 * 7 }}".replace(" ", "")
    path = keeper.write(**CACHED, cache_connection=str(keeper.cache))
    first = keeper.listed(path)
    assert len(emulator.requests) == 1
    emulator.clear()
    assert keeper.listed(path) == first
    assert emulator.requests == []
    files = [file for file in keeper.cache.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert emulator.token not in file.read_text(encoding="utf-8") + str(file)
    show = {"hosts": "github-acme-api", "tasks": [{"name": "show", "ansible.builtin.debug": {"var": "both"}}]}
    both = {"both": "{{ circleci_default_branch }} {{ circleci_project }}"}
    assert keeper.play(path, show | {"vars": both})["show"].result["both"] == "{{7*7}} github/acme/api"
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"api_token": "wrong-token-heron"}, "The token is invalid or expired"),
        ({"api_url": "http://127.0.0.1:1", "retries": 0}, "got no answer"),
        ({"organisation": "acme"}, "there is no option organisation"),
        ({"following": "none"}, "following must be true or any"),
        ({"api_token": "{{ heron }}"}, "api_token cannot be made of its template"),
        ({"strict": True, "compose": {"a": "no_such_variable"}}, "no_such_variable"),
    ],
)
def test_what_fails_is_told_in_words(keeper: Keeper, options: Json, words: str) -> None:
    done = keeper.ask(keeper.write(**options), "--list")
    shown = " ".join(done.stderr.split())
    assert done.returncode != 0
    assert words in shown
    assert "Traceback" not in done.stderr
    assert "wrong-token-heron" not in done.stdout + done.stderr


def test_the_token_is_in_no_output(keeper: Keeper) -> None:
    emulator = keeper.player.emulator
    (keeper.folder / "mine.json").write_text(json.dumps({"mine": emulator.token}), encoding="utf-8")
    path = keeper.write(api_token="{{ mine }}", api_url=emulator.url)
    good = keeper.ask(path, "--graph", "-vvvv", "--extra-vars", "@mine.json", CIRCLE_TOKEN="none")
    assert (good.returncode, "github-acme-api" in good.stdout) == (0, True), good.stderr
    emulator.fault("status", status=403, body={"message": f"You are {emulator.token}."})
    bad = keeper.ask(path, "--graph", "-vvvv", "--extra-vars", "@mine.json", CIRCLE_TOKEN="none")
    assert "answered 403" in " ".join(bad.stderr.split())
    for done in (good, bad):
        assert emulator.token not in done.stdout + done.stderr


def test_the_documentation_is_shown(keeper: Keeper) -> None:
    done = subprocess.run(
        [PROGRAMS / "ansible-doc", "--type", "inventory", PLUGIN],
        env=keeper.player.environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "following" in done.stdout
