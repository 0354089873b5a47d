# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the guide, run as they are printed."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ansible_collections.community.circleci.plugins.modules import circleci_projects
from docs.pictures import books
from emulator import Emulator
from emulator.world.advanced import advanced, change
from emulator.world.artifacts import Artifact
from emulator.world.contexts import Contexts
from emulator.world.model import SSHKey
from emulator.world.schedules import Schedules
from emulator.world.webhooks import Webhooks
from tests.integration.playing import PROGRAMS, Played, Player

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"
PAGES = [page.stem for page in sorted(GUIDE.glob("*.rst"))]
PROJECT = "github/acme/api"
FORKS = "forks_receive_secret_env_vars"
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF2tcB8cVjfSpXEcIVQGzvUtVIFZGbUsBYgjnkwYz4dZ"
BLOCK = re.compile(r"^\.\. code-block:: (\S+)\n((?: +:.*\n)*)\n((?:(?: {3}.*)?\n)+)", re.MULTILINE)


def blocks(page: str, language: str) -> Iterator[tuple[str | None, str]]:
    """The code blocks of a page, each with the name of the file that the reader saves it as, if there is one."""
    text = (GUIDE / f"{page}.rst").read_text(encoding="utf-8") + "\n"
    for found in BLOCK.finditer(text):
        name = re.search(r":caption: (\S+)", found[2])
        if found[1].startswith(language):
            yield name[1] if name else None, textwrap.dedent(found[3])


class Reader:
    """Somebody who does what a page says, in one folder."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.folder = player.folder
        self.played: Played
        """what ran last"""
        # The files that the pages make with ssh-keygen
        for name in ("deploy_key", "new_deploy_key"):
            key = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            )
            (self.folder / name).write_bytes(key)
        machine = player.emulator.state.machine
        machine.set_seconds(dict.fromkeys(machine.seconds, 0.0))

    def run(self, book: str, *arguments: str, warnings: Sequence[str] = ()) -> Played:
        """Run a playbook, which must succeed. See :meth:`Player.run`."""
        self.player.emulator.clear()
        played = self.player.run(
            book,
            *arguments,
            host={"ansible_connection": "local"},
            warnings=warnings,
            CIRCLE_HOST=self.player.emulator.url,
            CIRCLE_TOKEN=self.player.emulator.token,
            REGISTRY_PASSWORD="correct-horse-battery",
        )
        assert played.status == 0, f"{book}\n{played.output}"
        assert "DEPRECATION" not in played.output
        self.played = played
        return played

    def obey(self, page: str, words: str) -> None:
        """Type the one console block of a page that has these words: what is said to the emulator, and playbooks."""
        (block,) = [text for _name, text in blocks(page, "console") if words in text]
        for line in block.strip().splitlines():
            program, *arguments = shlex.split(line.removeprefix("$ "))
            if program == "curl":
                url, body = (argument for argument in arguments if argument.startswith(("$CIRCLE_HOST", "{")))
                method = "PUT" if arguments[:2] == ["-X", "PUT"] else "POST"
                address = url.replace("$CIRCLE_HOST", self.player.emulator.url)
                assert requests.request(method, address, data=body, timeout=10).status_code == 200, line
            else:
                assert program == "ansible-playbook"
                self.run(str(self.folder / arguments[0]), *arguments[1:])

    def follow_page(self, page: str) -> list[str]:
        """Save its files and run its playbooks in order. Returns the names of these.

        Playbooks for other hosts than localhost have these from the page's inventory.
        """
        books = []
        inventory: list[str] = []
        for name, text in blocks(page, "yaml"):
            if name is not None:
                # Apart from the pauses: what the emulator builds here takes no time.
                quick = re.sub(
                    r"^( +)(wait: true|state: succeeded)$", r"\g<0>\n\1wait_interval: 0.1", text, flags=re.MULTILINE
                )
                (self.folder / name).write_text(quick, encoding="utf-8")
                if name.endswith("circleci.yml"):
                    inventory = ["--inventory", str(self.folder / name)]
                if text.startswith("- name:") and "hosts: " in text:
                    self.run(str(self.folder / name), *([] if "hosts: localhost" in text else inventory))
                    books.append(name)
        return books


@pytest.fixture
def reader(player: Player) -> Reader:
    return Reader(player)


def test_the_first_project(reader: Reader) -> None:
    assert reader.follow_page("first_project") == ["follow.yml", "onboard.yml", "build.yml"]
    project = reader.player.emulator.project(PROJECT)
    assert len(project.checkout_keys) == 1
    assert [key.hostname for key in project.ssh_keys] == ["deploy.acme.example"]
    assert project.env_vars == {"REGISTRY_PASSWORD": "correct-horse-battery"}
    assert [build.why for build in project.builds] == ["first-build", "api", "api"]
    reader.run(str(reader.folder / "onboard.yml"))
    assert reader.player.emulator.writes == []


@pytest.mark.rest
def test_keys_and_rotation(reader: Reader) -> None:
    reader.follow_page("first_project")
    project = reader.player.emulator.project(PROJECT)
    (checkout_key,), (ssh_key,) = project.checkout_keys, project.ssh_keys
    books = reader.follow_page("keys_and_rotation")
    assert books == ["rotate_checkout_keys.yml", "rotate_now.yml", "replace_ssh_key.yml", "audit.yml"]
    (new_checkout_key,), (new_ssh_key,) = project.checkout_keys, project.ssh_keys
    assert new_checkout_key != checkout_key
    assert new_ssh_key != ssh_key
    assert new_ssh_key.hostname == ssh_key.hostname


@pytest.mark.rest
def test_an_old_key_is_replaced_on_the_emulator_too(reader: Reader) -> None:
    reader.follow_page("first_project")
    for name, text in blocks("keys_and_rotation", "yaml"):
        if name in ("rotate_now.yml", "rotate_checkout_keys.yml"):
            (reader.folder / name).write_text(text, encoding="utf-8")
    (key,) = reader.player.emulator.project(PROJECT).checkout_keys
    reader.obey("keys_and_rotation", "clock_offset")
    (task, shown) = reader.played.ran
    assert (task.changed, len(task.result["removed"])) == (True, 1)
    assert task.result["removed"][0]["public_key"] != key.public_key
    assert shown.result["msg"] == [task.result["removed"][0]["public_key"]]
    (new,) = reader.player.emulator.project(PROJECT).checkout_keys
    assert abs(new.created - time.time()) < 3600


@pytest.mark.rest
def test_a_regular_rotation_finishes_one_that_was_interrupted(reader: Reader) -> None:
    emulator = reader.player.emulator
    emulator.follow(PROJECT)
    project = emulator.project(PROJECT)
    # What an interrupted rotation leaves: the new key beside the old one.
    new = emulator.state.add_checkout_key(project, "deploy-key", None)
    assert len(project.checkout_keys) == 2
    (text,) = [text for name, text in blocks("keys_and_rotation", "yaml") if name == "rotate_checkout_keys.yml"]
    (reader.folder / "rotate_checkout_keys.yml").write_text(text, encoding="utf-8")
    reader.run(str(reader.folder / "rotate_checkout_keys.yml"))
    assert [write.method for write in emulator.writes] == ["DELETE"]
    assert project.checkout_keys == [new]


@pytest.fixture
def releaser(reader: Reader) -> Reader:
    """A reader of the page on deploy runs, after the day on which CircleCI removes the triggers of API v1.1."""
    emulator = reader.player.emulator
    emulator.state.date = date(2027, 2, 2)
    configuration = {
        "parameters": {"target": "none", "dry_run": True, "replicas": 1},
        "workflows": [
            {"name": "build-and-test", "jobs": ["build", {"name": "test", "requires": ["build"]}]},
            {
                "name": "deploy",
                "jobs": ["check", {"name": "hold", "type": "approval"}, {"name": "live", "requires": ["hold"]}],
            },
        ],
    }
    for slug in (PROJECT, "github/acme/web"):
        emulator.add_repository(slug, has_config=False, configuration=configuration)
        emulator.follow(slug)
    return reader


@pytest.mark.rest
def test_deploy_runs(releaser: Reader) -> None:
    emulator = releaser.player.emulator
    books = releaser.follow_page("deploy_runs")
    assert books == [
        "deploy.yml", "deploy_or_tell.yml", "release.yml", "fleet.yml", "cancel_and_rerun.yml", "report.yml",
    ]  # fmt: skip
    first = emulator.project(PROJECT).pipelines[0]
    assert first.parameters == {"target": "staging", "dry_run": False, "replicas": 3}
    assert [type(value) for value in first.parameters.values()] == [str, bool, int]
    pipelines = len(emulator.project(PROJECT).pipelines)
    again = releaser.run(str(releaser.folder / "release.yml"))
    assert again["Start its pipeline, unless that was done already"].result["reused"] is True
    assert not any(ran.changed for ran in again.ran)
    assert (len(emulator.project(PROJECT).pipelines), emulator.writes) == (pipelines, [])


@pytest.mark.rest
def test_a_release_passes_check_mode_before_and_after_its_pipeline_exists(releaser: Reader) -> None:
    (text,) = [text for name, text in blocks("deploy_runs", "yaml") if name == "release.yml"]
    book = releaser.folder / "release.yml"
    book.write_text(text, encoding="utf-8")
    before = releaser.run(str(book), "--check", "--diff", warnings=["pipeline_id is known after the run"])
    assert [ran.changed for ran in before.ran] == [True, False, False]
    assert releaser.player.emulator.writes == []
    releaser.run(str(book))
    assert len([record for record in releaser.player.emulator.writes if "/approve/" in record.path]) == 1
    after = releaser.run(str(book), "--check", "--diff")
    assert not any(ran.changed for ran in after.ran)
    assert releaser.player.emulator.writes == []


@pytest.mark.rest
def test_the_removed_triggers(reader: Reader) -> None:
    emulator = reader.player.emulator
    emulator.state.date = date(2027, 2, 2)
    emulator.add_repository(PROJECT, has_config=False, parameters={"target": "none"})
    emulator.follow(PROJECT)
    assert reader.follow_page("removed_triggers") == ["after_the_removal.yml"]
    assert emulator.project(PROJECT).pipelines[0].parameters == {"target": "staging"}


@pytest.mark.rest
def test_a_failing_build_reaches_the_rescue(reader: Reader) -> None:
    reader.player.emulator.follow(PROJECT)
    (text,) = [text for name, text in blocks("deploy_runs", "yaml") if name == "deploy_or_tell.yml"]
    (reader.folder / "deploy_or_tell.yml").write_text(text, encoding="utf-8")
    reader.obey("deploy_runs", "/_emulator/builds")
    played = reader.player.run(
        str(reader.folder / "deploy_or_tell.yml"),
        host={"ansible_connection": "local"},
        CIRCLE_HOST=reader.player.emulator.url,
        CIRCLE_TOKEN=reader.player.emulator.token,
    )
    assert played.status == 2
    assert "Run tests, exit code 1" in played.output
    assert "Run tests" in played["End the run"].result["msg"]


REMOVED = [
    {"kind": "checkout_key", "type": "deploy-key", "public_key": "ssh-ed25519 old"},
    {"kind": "ssh_key", "hostname": "deploy.acme.example", "public_key": "ssh-ed25519 host"},
    {"kind": "env_var", "name": "LEFTOVER"},
]


def test_of_all_that_was_removed_only_checkout_keys_are_to_be_deleted_at_github(player: Player) -> None:
    """In the README, the guide and the module's examples: other things have no public half, or none at GitHub."""
    (book,) = [text for name, text in blocks("many_projects", "yaml") if name == "rotate_all.yml"]
    shown = [task for text in (book, books()["rotate.yml"]) for task in yaml.safe_load(text)[0]["tasks"]]
    shown += yaml.safe_load(circleci_projects.EXAMPLES)
    tasks = [task for task in shown if "attribute='removed'" in str(task)]
    assert len(tasks) == 3
    rotation = {"projects": [{"removed": REMOVED}, {"removed": []}]}
    played = player.play(tasks, keywords={"vars": {"rotation": rotation}})
    assert [ran.result.get("msg") for ran in played.ran] == [["ssh-ed25519 old"]] * 3


@pytest.mark.rest
def test_many_projects(reader: Reader) -> None:
    emulator = reader.player.emulator
    emulator.add_repository("github/acme/service-mail")
    emulator.follow("github/acme/service-mail")
    books = ["team.yml", "same_everywhere.yml", "rotate_all.yml", "each.yml"]
    assert reader.follow_page("many_projects") == books
    assert emulator.project("github/acme/service-mail").env_vars == {"REGISTRY": "registry.acme.example"}
    assert "REGISTRY" not in emulator.project("github/acme/web").env_vars
    emulator.clear()
    reader.run("community.circleci.onboard", "-e", f"@{reader.folder / 'projects.yml'}")
    assert reader.player.emulator.writes == []
    assert reader.player.emulator.project("bitbucket/acme/tools").followers


@pytest.mark.rest
def test_an_audit(reader: Reader) -> None:
    emulator = reader.player.emulator
    for slug in (PROJECT, "github/acme/old"):
        emulator.add_repository(slug)
        emulator.follow(slug)
    project = emulator.project(PROJECT)
    change(project, {"build_fork_prs": True})
    project.checkout_keys[0].created -= 400 * 86400
    for name in ("deploy service", "who is this"):
        emulator.state.part(Webhooks).add(project, name, "https://x.acme.example/", ["job-completed"])
    emulator.state.add_token("a" * 40, project=PROJECT, label="dashboard")
    emulator.fault("status", path="github/acme/old/settings", status=404, body={"message": "Not Found"})
    (audit, *_others) = [text for name, text in blocks("audit", "yaml") if name == "audit_organization.yml"]
    (reader.folder / "audit_organization.yml").write_text(audit, encoding="utf-8")
    played = reader.player.run(
        str(reader.folder / "audit_organization.yml"),
        host={"ansible_connection": "local"},
        warnings=["1 of 3 projects could not be read"],
        CIRCLE_HOST=emulator.url,
        CIRCLE_TOKEN=emulator.token,
    )
    assert played.status == 0, played.output
    assert emulator.writes == []
    assert "github/acme/old" in str(played["Show what cannot be read"].result["msg"])
    table = [" ".join(line.split()) for line in played["Show what is to be looked at"].result["msg"]]
    assert table == [
        "project followed forks old keys webhooks tokens",
        f"{PROJECT} yes LEAK deploy-key who is this dashboard emulator",
        "github/acme/web no - - - -",
    ]
    assert (reader.folder / "audit.csv").read_text(encoding="utf-8").splitlines() == [
        "project,followed,secrets for forks,old keys,surplus webhooks,tokens",
        f'"{PROJECT}","True","True","deploy-key","who is this","dashboard emulator"',
        '"github/acme/web","False","False","","",""',
    ]


@pytest.mark.rest
def test_what_an_audit_finds_is_closed(reader: Reader) -> None:
    emulator = reader.player.emulator
    for slug in (PROJECT, "github/acme/web"):
        emulator.follow(slug)
    assert reader.follow_page("audit") == ["audit_organization.yml", "close_leaks.yml"]
    assert [advanced(emulator.project(slug))[FORKS] for slug in (PROJECT, "github/acme/web")] == [False, False]


@pytest.fixture
def grown(reader: Reader) -> Emulator:
    """An organization in which people have clicked for years."""
    emulator = reader.player.emulator
    project = emulator.follow(PROJECT)
    emulator.add_repository("github/acme/new")
    change(project, {"build_fork_prs": True})
    project.env_vars |= {"REGISTRY_PASSWORD": "an-old-password", "MODE": "x"}
    project.ssh_keys.append(SSHKey("deploy.acme.example", PUBLIC))
    emulator.state.part(Webhooks).add(project, "deploy service", "https://x.acme.example/", ["job-completed"])
    timetable = {"per-hour": 1, "hours-of-day": [3], "days-of-week": ["MON"]}
    emulator.state.part(Schedules).add(project, "nightly", timetable)
    contexts = emulator.state.part(Contexts)
    organization = emulator.state.add_organization("github/acme")
    deploy = contexts.add(organization, "deploy: production")
    contexts.put(deploy, "AWS_REGION", "eu-central-1")
    contexts.restrict(deploy, "project", project.id)
    contexts.restrict(deploy, "expression", 'pipeline.git.branch == "main"')
    contexts.add(organization, "empty")
    return emulator


@pytest.mark.rest
def test_adopting_an_organization(reader: Reader, grown: Emulator) -> None:
    assert reader.follow_page("adopting") == ["describe.yml", "acme.yml"]
    assert ([ran.changed for ran in reader.played.ran], grown.writes) == ([False, False], [])
    projects, contexts = (
        yaml.safe_load((reader.folder / f"acme_{name}.yml").read_text(encoding="utf-8"))[name]
        for name in ("projects", "contexts")
    )
    described = {each["project"]: each for each in projects}
    assert described.keys() == {PROJECT, "github/acme/new", "github/acme/web"}
    kinds = {"project", "following", "settings", "checkout_keys", "ssh_keys", "webhooks", "schedules", "env_vars"}
    assert described[PROJECT].keys() == kinds | {"env_vars_exclusive", "skip_missing"}
    assert described[PROJECT]["env_vars"] == [{"name": "MODE"}, {"name": "REGISTRY_PASSWORD"}]
    assert described["github/acme/new"] == {"project": "github/acme/new", "following": False}
    assert contexts == [
        {
            "name": "deploy: production",
            "env_vars": [{"name": "AWS_REGION"}],
            "restrictions": [
                {"project": grown.project(PROJECT).id},
                {"expression": 'pipeline.git.branch == "main"'},
            ],
        },
        {"name": "empty"},
    ]


@pytest.mark.rest
def test_what_was_adopted_is_restored_when_somebody_changes_it(reader: Reader, grown: Emulator) -> None:
    reader.follow_page("adopting")
    grown.project(PROJECT).env_vars["BY_HAND"] = "a-value-of-nobody"
    grown.state.part(Contexts).named("github/acme", "deploy: production").restrictions.pop()
    change(grown.project(PROJECT), {"build_fork_prs": False, FORKS: False})
    foreseen = reader.run(str(reader.folder / "acme.yml"), "--check", "--diff")
    assert ([ran.changed for ran in foreseen.ran], grown.writes) == ([True, True], [])
    assert "BY_HAND" in foreseen.output
    reader.run(str(reader.folder / "acme.yml"))
    assert grown.project(PROJECT).env_vars == {"REGISTRY_PASSWORD": "an-old-password", "MODE": "x"}
    reader.run(str(reader.folder / "acme.yml"), "--check")
    assert not any(ran.changed for ran in reader.played.ran)


@pytest.mark.rest
def test_rotating_a_secret(reader: Reader) -> None:
    emulator = reader.player.emulator
    emulator.switch(page_size=2)
    reader.follow_page("first_project")
    emulator.follow("github/acme/web")
    emulator.project(PROJECT).env_vars["REGISTRY_PASSWORD"] = "an-old-password"
    for name, text in blocks("secrets", "ini"):
        (reader.folder / str(name)).write_text(text, encoding="utf-8")
    books = reader.follow_page("secrets")
    assert books == ["contexts.yml", "rotate_in_projects.yml", "rotate_in_contexts.yml", "audit_secrets.yml"]
    assert emulator.project(PROJECT).env_vars == {"REGISTRY_PASSWORD": "correct-horse-battery"}
    assert emulator.project("github/acme/web").env_vars == {}
    contexts = emulator.state.part(Contexts)
    packages, deploy = (contexts.named("github/acme", name) for name in ("packages", "deploy-production"))
    assert {name: each.value for name, each in deploy.variables.items()} == {
        "AWS_REGION": "eu-central-1",
        "LOG_LEVEL": "info",
    }
    assert {each.kind for each in deploy.restrictions} == {"group", "project", "expression"}
    assert packages.variables.keys() == {"NPM_TOKEN", "LOG_LEVEL"}
    # A value that is older than its version in the store is replaced, once.
    packages.variables["NPM_TOKEN"].updated = packages.variables["LOG_LEVEL"].updated = 1_700_000_000.0
    reader.run(str(reader.folder / "rotate_in_contexts.yml"))
    assert [record.path.rpartition("/")[2] for record in emulator.writes] == ["NPM_TOKEN"]
    reader.run(str(reader.folder / "rotate_in_contexts.yml"))
    assert emulator.writes == []
    audit = reader.run(str(reader.folder / "audit_secrets.yml"))
    (old,) = [ran for ran in audit.ran if ran.task.startswith("Show variables")]
    assert [item["msg"] for item in old.result["results"]] == [[], ["LOG_LEVEL"]]
    assert audit["Show contexts that every job of the organization can use"].result["msg"] == ["packages"]


@pytest.mark.rest
@pytest.mark.parametrize("page", ["where_tasks_run", "when_circleci_misbehaves", "coming_from"])
def test_single_playbooks(reader: Reader, page: str) -> None:
    assert len(reader.follow_page(page)) == 1


def test_the_graph_of_a_fleet_is_as_it_is_printed(reader: Reader) -> None:
    for slug in (PROJECT, "github/acme/web", "bitbucket/acme/tools", "github/acme/service-mail"):
        reader.player.emulator.add_repository(slug)
        reader.player.emulator.follow(slug)
    (text,) = [text for name, text in blocks("many_projects", "yaml") if name == "acme.circleci.yml"]
    (reader.folder / "acme.circleci.yml").write_text(text, encoding="utf-8")
    (printed,) = [text for _name, text in blocks("many_projects", "console") if "ansible-inventory" in text]
    command, *graph = printed.splitlines()
    variables = {"CIRCLE_HOST": reader.player.emulator.url, "CIRCLE_TOKEN": reader.player.emulator.token}
    done = subprocess.run(
        [PROGRAMS / "ansible-inventory", *command.split()[2:]],
        env=reader.player.environment() | variables,
        cwd=reader.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.split() == " ".join(graph).split()


@pytest.mark.rest
def test_awx(reader: Reader) -> None:
    emulator = reader.player.emulator
    emulator.follow(PROJECT)
    for key in emulator.project(PROJECT).checkout_keys:
        key.created -= 100 * 86400
    assert reader.follow_page("awx") == ["self_service.yml", "fleet.yml"]
    # The task of the fleet, once for all hosts, has found what the survey's has made too.
    (task,) = [ran for ran in reader.played.ran if ran.task.startswith("Rotate the deploy keys")]
    assert [(each["project"], each["changed"]) for each in task.result["projects"]] == [
        (PROJECT, True),
        ("github/acme/web", False),
    ]
    slices = [
        reader.run(str(reader.folder / "fleet.yml"), "--inventory", str(reader.folder / "fleet.circleci.yml"), *limit)
        for limit in (["--limit", "github-acme-api"], ["--limit", "github-acme-web"])
    ]
    assert [len(played.ran[0].result["projects"]) for played in slices] == [1, 1]
    (reader.folder / "projects.yml").write_text(yaml.safe_dump({"circleci_projects": [{"project": PROJECT}]}))
    reader.run(str(reader.folder / "site.yml"), "-e", f"@{reader.folder / 'projects.yml'}")
    assert reader.player.emulator.project("github/acme/web").followers


SERVERS = ("one", "two", "three")


@pytest.fixture
def deployer(reader: Reader) -> Reader:
    """A reader of the page on artifacts, with servers that are reached by a connection which is not local."""
    emulator = reader.player.emulator
    emulator.state.machine.set_seconds({"running": 0.1})
    wheel = Artifact("dist/app-1.0-py3-none-any.whl", text="first")
    emulator.artifacts(PROJECT, "build", wheel, Artifact("dist/notes.txt", text="notes"))
    reports = [Artifact("results/junit.xml", node, str(node)) for node in (0, 1)]
    site = [Artifact("site/index.html", text="<p>"), Artifact("site/app.js.map", text="{}")]
    emulator.artifacts("github/acme/web", "build", *site, *reports)
    for slug in (PROJECT, "github/acme/web"):
        emulator.follow(slug)
    for name, text in blocks("deploy_artifacts", "yaml"):
        assert name
        (reader.folder / name).write_text(text, encoding="utf-8")
    variables = {
        "ansible_connection": "elsewhere",
        "ansible_python_interpreter": sys.executable,
        "folder": f"{reader.folder}/{{{{ inventory_hostname }}}}/app",
        "restart": f'{sys.executable} -c \'open("{reader.folder}/restarts", "a").write("x")\'',
    }
    servers = {"servers": {"hosts": {server: {} for server in SERVERS}, "vars": variables}}
    (reader.folder / "servers.yml").write_text(yaml.safe_dump(servers), encoding="utf-8")
    return reader


def deploy(reader: Reader, book: str, *arguments: str, warnings: Sequence[str] = (), **variables: str) -> Played:
    """Run a playbook of the page on artifacts."""
    servers = str(reader.folder / "servers.yml")
    given = [part for name, value in variables.items() for part in ("-e", f"{name}={value}")]
    # What the play sets, the test has to set otherwise.
    keys = yaml.safe_load((reader.folder / "servers.yml").read_text(encoding="utf-8"))["servers"]["vars"]
    own = json.dumps({name: keys[name] for name in ("folder", "restart")})
    return reader.run(str(reader.folder / book), "-i", servers, "-e", own, *given, *arguments, warnings=warnings)


def brought(reader: Reader, server: str) -> dict[str, str]:
    folder = reader.folder / server / "app"
    paths = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}


def downloads(reader: Reader) -> list[str]:
    return [record.path for record in reader.player.emulator.requests if record.path.startswith("/store/")]


@pytest.mark.rest
def test_a_commit_is_deployed_when_it_is_green(deployer: Reader) -> None:
    """Its pipeline is not there yet when the play begins. A second run has nothing to do."""
    emulator = deployer.player.emulator
    commit = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83"
    later = ["is not there in github/acme/api", "pipeline_id is known after the run"]
    predicted = deploy(deployer, "deploy_wheel.yml", "--check", warnings=later, commit=commit)
    assert [ran.changed for ran in predicted.ran if ran.task.startswith("Bring the wheel")] == [True] * 3
    emulator.push(PROJECT, branch="main", revision=commit, after=4.0)
    played = deploy(deployer, "deploy_wheel.yml", commit=commit)
    builds = {ran.result["build"]["revision"] for ran in played.ran if ran.task.startswith("Bring the wheel")}
    assert builds == {commit}
    for server in SERVERS:
        assert brought(deployer, server) == {"app-1.0-py3-none-any.whl": "first"}
    assert len(downloads(deployer)) == 1
    assert len((deployer.folder / "restarts").read_text(encoding="utf-8")) == len(SERVERS)
    again = deploy(deployer, "deploy_wheel.yml", commit=commit)
    assert not any(ran.changed for ran in again.ran)
    assert (downloads(deployer), emulator.writes) == ([], [])
    assert len((deployer.folder / "restarts").read_text(encoding="utf-8")) == len(SERVERS)


@pytest.mark.rest
def test_a_site_reports_and_other_deliveries(deployer: Reader) -> None:
    token = deployer.player.emulator.token
    deploy(deployer, "deploy_direct.yml", "--limit", "one", token_of_the_servers=token)
    assert brought(deployer, "one") == {"dist/app-1.0-py3-none-any.whl": "first"}
    deploy(deployer, "deploy_server.yml", "--limit", "two")
    assert brought(deployer, "two") == brought(deployer, "one")
    (text,) = [text for name, text in blocks("deploy_artifacts", "yaml") if name == "reports.yml"]
    (deployer.folder / "reports.yml").write_text(text.replace(PROJECT, "github/acme/web"), encoding="utf-8")
    deploy(deployer, "reports.yml", number="1")
    found = sorted(str(path.relative_to(deployer.folder)) for path in deployer.folder.rglob("junit.xml"))
    assert found == ["reports/0/results/junit.xml", "reports/1/results/junit.xml"]
    deploy(deployer, "deploy_site.yml", "--limit", "three")
    assert brought(deployer, "three") == {"index.html": "<p>"}


def _tasks(found: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a document: tasks are among them."""
    if isinstance(found, dict):
        yield found
    for inner in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _tasks(inner)


@pytest.mark.parametrize("page", PAGES)
def test_every_loop_has_a_label(page: str) -> None:
    for _name, text in blocks(page, "yaml"):
        for task in _tasks(yaml.safe_load(text)):
            assert "loop" not in task or "label" in task.get("loop_control", {}), task


@pytest.mark.parametrize("page", PAGES)
def test_commands_name_files_of_the_page(page: str) -> None:
    names = {name for name, _text in blocks(page, "yaml")}
    for _name, text in blocks(page, "console"):
        for mentioned in re.findall(r"[ @]([\w-]+\.yml)", text):
            assert mentioned in names or page == "where_tasks_run", mentioned
