# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Artifacts on hosts: the controller asks and downloads, core transfers, and no host ever holds the token."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.integration.playing import Json, Played, Player, Ran, Task, task

# Each play runs many of core's modules, one after the other.
pytestmark = pytest.mark.once
API = "github/acme/api"
TOKEN = "token-nettle-7c1f04"
NOTE = ".circleci-artifacts.json"
HOSTS = ("one", "two", "three")
WHEEL = Artifact("dist/app-1.0.whl", text="first")
ODD = [
    Artifact("dist/vault.txt", text="$ANSIBLE_VAULT;1.1;AES256\n6162\n"),
    Artifact("dist/deep/er/binary", size=70_000),
]


@pytest.fixture
def player(player: Player) -> Player:
    """A project whose job `build` has stored three files, and three hosts that are not local."""
    emulator = player.emulator
    emulator.state.machine.set_progress("manual")
    emulator.state.add_token(TOKEN, login="emulator")
    emulator.artifacts(API, "build", WHEEL, *ODD)
    emulator.follow(API)
    emulator.finish(API, 1)
    return player


def build(emulator: Emulator, *artifacts: Artifact) -> int:
    """One more build that has ended well; its number."""
    with emulator.state.lock:
        emulator.artifacts(API, "build", *artifacts)
        found = emulator.state.machine.trigger(emulator.project(API), None, why="api", branch="main")
        emulator.finish(API, found.number)
    return found.number


def bring(name: str = "bring", *, keywords: Json | None = None, **options: Any) -> Task:
    given = {"project": API, "job": "build", "branch": "main", "dest": "{{ root }}/opt/app", **options}
    return task(name, "circleci_artifacts", keywords=keywords, **given)


def deploy(
    player: Player,
    tasks: list[Task],
    *arguments: str,
    hosts: Sequence[str] = ("one",),
    keywords: Json | None = None,
    token: str | None = TOKEN,
    **variables: Any,
) -> Played:
    """Run a play on hosts that are reached by another connection; each has a folder of its own.

    :param variables: of the process
    """
    defaults = {"api_url": player.emulator.url, **({"api_token": token} if token else {})}
    book = player.folder / "deploy.yml"
    add = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "tasks": [
                {
                    "name": "hosts",
                    "ansible.builtin.add_host": {
                        "name": "{{ item.name }}",
                        "groups": "servers",
                        "root": "{{ item.root }}",
                        "ansible_connection": "elsewhere",
                        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
                    },
                    "loop": [{"name": name, "root": str(player.folder / "hosts" / name)} for name in hosts],
                }
            ],
        }
    ]
    play = {
        "hosts": "servers",
        "gather_facts": False,
        "module_defaults": {"group/community.circleci.circleci": defaults},
        "tasks": tasks,
        **(keywords or {}),
    }
    book.write_text(yaml.safe_dump([*add, play], sort_keys=False), encoding="utf-8")
    return player.run(str(book), *arguments, **variables)


def root(player: Player, host: str) -> Path:
    return player.folder / "hosts" / host / "opt" / "app"


def files_in(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != NOTE]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def of(played: Played, name: str = "bring") -> list[Ran]:
    """The task on each host, in whatever order they ended."""
    return [ran for ran in played.ran if ran.task == name]


def on(played: Played, host: str) -> list[Json]:
    """What became of the files of one host."""
    listed = [ran.result["files"] for ran in of(played)]
    (files,) = [files for files in listed if f"/hosts/{host}/" in files[0]["dest"]]
    return list(files)


def downloads(player: Player) -> list[str]:
    return [record.path.partition("?")[0] for record in player.emulator.requests if record.path.startswith("/store/")]


def test_all_hosts_get_the_same_files_with_one_download_of_each(player: Player) -> None:
    predicted = deploy(player, [bring()], "--check", "--diff", hosts=HOSTS)
    assert downloads(player) == []
    assert not (player.folder / "hosts").exists()
    first = deploy(player, [bring(mode="0640")], "--diff", hosts=HOSTS)
    assert (predicted.status, first.status) == (0, 0), first.output
    expected = {artifact.path: b"".join(artifact.chunks(0, artifact.length)) for artifact in (WHEEL, *ODD)}
    for host in HOSTS:
        assert files_in(root(player, host)) == expected
        assert (root(player, host) / WHEEL.path).stat().st_mode & 0o777 == 0o640
        assert [each["path"] for each in on(predicted, host)] == [each["path"] for each in on(first, host)]
    assert len(downloads(player)) == 3
    assert [ran.result["changed"] for ran in (*of(predicted), *of(first))] == [True] * 6
    player.emulator.clear()
    second = deploy(player, [bring(mode="0640")], "--diff", hosts=HOSTS)
    assert [ran.result["changed"] for ran in of(second)] == [False] * 3
    assert (downloads(player), player.emulator.writes) == ([], [])


def test_no_contents_are_shown(player: Player) -> None:
    build(player.emulator, Artifact("secret.txt", text="words-that-nobody-is-to-see"))
    played = deploy(player, [bring()], "-vvvv", "--diff")
    assert played.status == 0, played.output
    assert "words-that-nobody" not in played.output
    assert TOKEN not in played.output


@pytest.mark.rest
def test_a_mode_alone_a_lost_note_and_a_touched_file(player: Player) -> None:
    deploy(player, [bring()], hosts=HOSTS)
    (root(player, "one") / NOTE).unlink()
    (root(player, "two") / WHEEL.path).write_text("touched")
    (root(player, "three") / WHEEL.path).chmod(0o600)
    predicted = deploy(player, [bring(mode="0644")], "--check", hosts=HOSTS)
    real = deploy(player, [bring(mode="0644")], hosts=HOSTS)
    expected = {"one": [False] * 3, "two": [True, False, False], "three": [True, False, False]}
    for host, changed in expected.items():
        assert [each["changed"] for each in on(real, host)] == changed
        assert [each["changed"] for each in on(predicted, host)] == changed
    assert (root(player, "two") / WHEEL.path).read_text() == "first"
    assert (root(player, "three") / WHEEL.path).stat().st_mode & 0o777 == 0o644


@pytest.mark.rest
def test_what_an_earlier_build_left_goes(player: Player) -> None:
    deploy(player, [bring()])
    (root(player, "one") / "own").write_text("mine")
    build(player.emulator, Artifact("dist/app-2.0.whl", text="second"))
    predicted = deploy(player, [bring(exclusive=True)], "--check")
    real = deploy(player, [bring(exclusive=True)])
    for word, number in (("added", 1), ("removed", 3), ("updated", 0)):
        assert predicted["bring"].result[word] == real["bring"].result[word]
        assert [entry["kind"] for entry in real["bring"].result[word]] == ["file"] * number
    assert files_in(root(player, "one")) == {"own": b"mine", "dist/app-2.0.whl": b"second"}


@pytest.mark.rest
@pytest.mark.parametrize("keywords", [{}, {"serial": 1}])
def test_a_build_that_appears_meanwhile_is_for_the_next_run(player: Player, keywords: Json) -> None:
    """All hosts of a task get the same build, in batches too."""
    pause: Task = {"name": "newer", "ansible.builtin.uri": {
        "url": f"{player.emulator.url}/api/v1.1/project/github/acme/api/tree/main",
        "method": "POST", "body_format": "json", "body": {}, "status_code": 201,
        "headers": {"Circle-Token": player.emulator.token, "Accept": "application/json"}}}  # fmt: skip
    player.emulator.state.machine.set_progress("clock")
    player.emulator.state.machine.set_seconds({"not_running": 0.0, "queued": 0.0, "running": 0.0})
    tasks = [bring(), pause] if keywords else [bring()]
    played = deploy(player, tasks, hosts=HOSTS, keywords=keywords)
    assert played.status == 0, played.output
    assert {ran.result["build"]["build_num"] for ran in of(played)} == {1}
    if keywords:
        assert len(player.emulator.project(API).builds) > 1
    assert len(downloads(player)) == 3


@pytest.mark.rest
def test_the_failure_of_a_host_does_not_keep_the_others(player: Player) -> None:
    (player.folder / "hosts" / "two").mkdir(parents=True)
    (player.folder / "hosts" / "two" / "opt").write_text("a file")
    played = deploy(player, [bring()], hosts=HOSTS)
    assert played.status == 2
    (failed,) = [ran for ran in of(played) if ran.status == "failed"]
    assert str(player.folder / "hosts" / "two" / "opt") in failed.result["msg"]
    assert failed.result["changed"] is False
    assert WHEEL.path in files_in(root(player, "one"))
    assert WHEEL.path in files_in(root(player, "three"))


@pytest.mark.parametrize(
    ("options", "keywords", "said"),
    [
        ({}, {"async": 60, "poll": 1}, "with async. Leave async out. Or set delivery: direct."),
        ({"dest": "relative"}, {}, "dest 'relative' is not absolute"),
        ({"include": ["*.deb"]}, {}, "no artifact that matches"),
    ],
)
def test_what_cannot_be_is_said_in_words(player: Player, options: Json, keywords: Json, said: str) -> None:
    played = deploy(player, [bring(keywords=keywords, **options)])
    assert played.status == 2
    assert said in played["bring"].result["msg"]
    assert not (player.folder / "hosts" / "one").exists()


@pytest.mark.rest
def test_where_nothing_matches_nothing_is_made(player: Player) -> None:
    for arguments in (["--check"], []):
        played = deploy(player, [bring(include=["*.deb"], required=False, exclusive=True)], *arguments)
        assert (played.status, played["bring"].changed, played["bring"].result["files"]) == (0, False, [])
    assert not (player.folder / "hosts" / "one").exists()


HOSTILE = {
    "up": ([Artifact("../escaped", text="x")], "would lead out of dest"),
    "NUL": ([Artifact("a\0b", text="x")], "has a path that no file can have"),
    "too long": ([Artifact("x" * 300, text="x")], "more than 255 bytes"),
    "two nodes": ([Artifact("report", node, str(node)) for node in (0, 1)], "Set by_node: true"),
    "a link": ([Artifact("link/a", text="x")], "is no folder of its own"),
    "a link to a folder": ([Artifact("link", text="x")], "is no file, so no artifact is put in its place"),
    "a variable": ([Artifact("$HOME/a", text="x")], "'$HOME/a' holds the name of a variable of the host"),
}
ODD_PATHS = ("/etc/passwd", "a b/{{ 7 * 7 }}/$None;'\"", "-rf", "~/f", "precious")


@pytest.mark.rest
def test_no_path_leads_out_of_the_folder_of_a_host(player: Player) -> None:
    """Whatever paths artifacts have, nothing is written elsewhere."""
    builds = {name: build(player.emulator, *artifacts) for name, (artifacts, _said) in HOSTILE.items()}
    builds["odd"] = build(player.emulator, *(Artifact(path, text="x") for path in ODD_PATHS))
    outside, app = player.folder / "outside", root(player, "one")
    outside.mkdir()
    (outside / "kept").write_text("precious")
    app.mkdir(parents=True)
    (app / "link").symlink_to(outside)
    (app / "precious").symlink_to(outside / "kept")
    tasks = [
        task(name, "circleci_artifacts", keywords={"ignore_errors": True}, project=API, build_num=number, dest=str(app))
        for name, number in builds.items()
    ]
    played = deploy(player, tasks)
    for name, (_artifacts, said) in HOSTILE.items():
        assert (played[name].status, played[name].result["changed"]) == ("failed", False), name
        assert said in played[name].result["msg"]
    assert played["odd"].status == "ok", played["odd"].result
    assert files_in(app) == {path.lstrip("/"): b"x" for path in ODD_PATHS}
    assert files_in(outside) == {"kept": b"precious"}
    assert set((player.folder / "hosts").rglob("*")) - set(app.rglob("*")) == {app, *app.parents[:2]}


@pytest.mark.rest
def test_become_is_for_the_transfer(player: Player) -> None:
    dest = player.folder / "become"
    keywords = {"become": True, "become_method": "same_user"}
    tasks = [bring(dest=str(dest), keywords=keywords), bring("again", dest=str(dest), keywords=keywords)]
    played = player.play(tasks)
    assert played.status == 0, played.output
    assert WHEEL.path in files_in(dest)
    assert (played["bring"].changed, played["again"].changed) == (True, False)


def test_locally_the_files_come_straight_into_their_folder(player: Player) -> None:
    (player.folder / "working" / "reports").mkdir()
    played = player.play([bring(dest="reports"), bring("again", dest="reports")])
    assert played.status == 0, played.output
    assert WHEEL.path in files_in(player.folder / "reports")
    assert files_in(player.folder / "working" / "reports") == {}
    assert (played["bring"].changed, played["again"].changed) == (True, False)


# --- the token --------------------------------------------------------------------------------------------------------


def test_no_host_holds_the_token_while_a_download_is_open(player: Player) -> None:
    """The same look finds the token where the host downloads itself."""
    direct = watched(player, bring(delivery="direct"))
    assert direct.found, "The look must be able to find a token."
    found = watched(player, bring("controlled", dest="{{ root }}/opt/other"))
    assert found.looks > 0
    assert found.found == []


class Look:
    """What was found while a download was open."""

    def __init__(self) -> None:
        self.looks = 0
        self.found: list[str] = []


def watched(player: Player, one: Task) -> Look:
    """Run a task while the store sends slowly, and look for the token in files and in what processes were told."""
    look, end = Look(), threading.Event()

    def watch() -> None:
        while not end.is_set():
            if any(record.path.startswith("/store/") for record in player.emulator.requests):
                look.looks += 1
                look.found += traces(player)
                player.emulator.state.set_switches(store_rate=None)
            time.sleep(0.05)

    player.emulator.clear()
    player.emulator.state.set_switches(store_rate=20_000.0)
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        played = deploy(player, [one])
    finally:
        end.set()
        thread.join()
    assert played.status == 0, played.output
    return look


def traces(player: Player) -> list[str]:
    """Files of the hosts with the token, and processes that were given it by argument or variable."""
    own = {player.folder / "deploy.yml", player.folder / "record.jsonl"}
    files = [path for path in player.folder.rglob("*") if path.is_file() and path not in own]
    found = [str(path) for path in files if TOKEN.encode() in readable(path.read_bytes)]
    processes = [path for path in Path("/proc").iterdir() if path.name.isdigit()]
    for process in processes:
        told = [process / name for name in ("cmdline", "environ")]
        found += [str(path) for path in told if TOKEN.encode() in readable(path.read_bytes)]
    return found


def readable(read: Callable[[], bytes]) -> bytes:
    """What is read; nothing where that is gone meanwhile or somebody else's."""
    try:
        return read()
    except OSError:
        return b""


@pytest.mark.rest
def test_the_token_of_the_controllers_environment_is_used_there(player: Player) -> None:
    """It goes to no other host, so it may be used for one; where the host downloads itself it may not."""
    played = deploy(player, [bring(), bring("direct", delivery="direct")], token=None, CIRCLE_TOKEN=TOKEN)
    assert played["bring"].changed, played.output
    assert "name api_token, or delegate_to localhost" in played["direct"].result["msg"]
