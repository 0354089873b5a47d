# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of many hosts share, and what is said of a host that takes no files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.artifacts import Artifact, Selection
from ansible_collections.community.circleci.plugins.module_utils._resources.bringing import Bringing, Tally
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import Sought
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    NOTE,
    Arrived,
    Attributes,
    Noted,
    Seen,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project
from ansible_collections.community.circleci.plugins.plugin_utils import _delivery
from ansible_collections.community.circleci.plugins.plugin_utils._delivery import Delivery, Depot
from tests.unit.conftest import FullDisk

SELECTION = Selection(parse_project("github/acme/api"), 1, Sought(), None, (), (), 0, by_node=False, required=True)
CLIENT = Client("http://127.0.0.1:9", "token")


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"msg": "No space left on device"}, "No space left on device"),
        ({"msg": "mkdir failed:\nNot a directory\n", "exception": "Traceback"}, "Not a directory"),
        ({"exception": "Traceback (most recent call last):\n  File\nOSError: no\n"}, "OSError: no"),
        ({"msg": ""}, "no reason given"),
    ],
)
def test_a_host_that_takes_no_files_says_why(result: dict[str, Any], words: str) -> None:
    with pytest.raises(CircleCIError) as caught:
        _delivery._good({"failed": True, **result})
    assert caught.value.message == f"The host does not take the files: {words}"


def depot(uuid: str = "task", url: str = "") -> Depot:
    return Depot.of_task(uuid, Client(url, "token") if url else CLIENT, SELECTION)


class Host(Delivery):
    """The action on a host that takes some files.

    :param refused: the names of those that it does not take
    """

    def __init__(self, *refused: str) -> None:
        self.got: list[str] = []
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        """what core was asked to do with which file, and how"""
        self._refused = refused

    def _copy(self, source: Path, dest: str, attributes: dict[str, Any]) -> None:
        if Path(dest).name in self._refused:
            raise invalid(f"The host does not take the files: no {Path(dest).name}")
        self.got.append(Path(dest).name)
        self.asked.append(("copy", Path(dest).name, attributes))

    def _on_host(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if Path(arguments["path"]).name in self._refused:
            raise invalid(f"The host does not take the files: no {Path(arguments['path']).name}")
        self.asked.append((module, Path(arguments["path"]).name, arguments))
        return {}


def transfer(host: Host, client: Client, tmp_path: Path, *missing_folders: str) -> dict[str, Any]:
    """Bring three new files to a host."""
    artifacts = [Artifact(name, 0, f"https://output.example.com/{name}", name) for name in "abc"]
    build = {"build_num": 1, "workflows": {"job_name": "build"}}
    bringing = Bringing(SELECTION, build, artifacts, Path("/srv/dest"), Attributes(), False, [], {})
    sources = {artifact.name: Arrived(tmp_path / artifact.name, 5, artifact.name * 64) for artifact in artifacts}
    return host._transfer(client, bringing, depot(), sources, list(missing_folders))


def test_what_a_host_takes_is_noted_there(tmp_path: Path) -> None:
    host, client = Host(), CLIENT.copy()
    result = transfer(host, client, tmp_path)
    assert [entry["path"] for entry in result["added"]] == ["a", "b", "c"]
    assert (result["changed"], client.wrote, host.got) == (True, True, ["a", "b", "c", NOTE])


ATTRIBUTES = {"mode": "0640", "group": "builders"}
SET = {"path": "/srv/dest/a", "state": "file", **ATTRIBUTES}


@pytest.mark.parametrize(
    ("arrived", "there", "differs", "asked"),
    [
        ("new", None, False, [("copy", "a", ATTRIBUTES)]),
        ("new", "old", False, [("copy", "a", ATTRIBUTES)]),
        ("new", "old", True, [("copy", "a", ATTRIBUTES)]),
        ("old", "old", False, []),
        ("old", "old", True, [("ansible.builtin.file", "a", SET)]),
        (None, "old", False, []),
        (None, "old", True, [("ansible.builtin.file", "a", SET)]),
    ],
)
def test_core_is_asked_for_what_a_file_needs(
    tmp_path: Path, arrived: str | None, there: str | None, differs: bool, asked: list[Any]
) -> None:
    """A file that is there is not transferred again, and one that is right is not touched."""
    host, client = Host(), CLIENT.copy()
    artifact = Artifact("a", 0, "https://output.example.com/a", "a")
    build = {"build_num": 2, "workflows": {"job_name": "build"}}
    seen = {} if there is None else {"a": Seen(5, there, None, differs)}
    bringing = Bringing(
        SELECTION, build, [artifact], Path("/srv/dest"), Attributes("0640", group="builders"), False, [], seen
    )
    sources = {} if arrived is None else {"a": Arrived(tmp_path / "a", 5, arrived)}
    result = host._transfer(client, bringing, depot(), sources, [])
    assert host.asked == [*asked, ("copy", NOTE, {})]
    assert (result["changed"], client.wrote) == (bool(asked), bool(asked))
    assert result["files"][0]["sha256"] == (arrived or there)


@pytest.mark.parametrize(
    ("refused", "got"),
    [
        (["b"], ["a", NOTE]),
        (["b", NOTE], ["a"]),
        ([NOTE], ["a", "b", "c"]),
        (["a"], []),
    ],
)
def test_what_a_host_takes_before_one_file_fails_is_told_and_noted(
    tmp_path: Path, refused: list[str], got: list[str]
) -> None:
    """What failed first is told, though the note may fail too, as on a full disk."""
    host, client = Host(*refused), CLIENT.copy()
    with pytest.raises(CircleCIError, match=f"^The host does not take the files: no {refused[0]}$") as caught:
        transfer(host, client, tmp_path)
    failed = caught.value.result()
    assert [entry["path"] for entry in failed["added"]] == [name for name in got if name != NOTE]
    assert (client.wrote, host.got) == (bool(got), got)


def test_what_a_host_has_removed_before_one_file_stays_is_told_and_forgotten(tmp_path: Path) -> None:
    host, client = Host("b"), CLIENT.copy()
    noted = [Noted("github/acme/api", "build", 1, name, name, 5, name * 64) for name in "ab"]
    seen = {entry.dest: Seen(entry.size, entry.sha256, None, False) for entry in noted}
    build = {"build_num": 2, "workflows": {"job_name": "build"}}
    bringing = Bringing(SELECTION, build, [], Path("/srv/dest"), Attributes(), True, noted, seen)
    with pytest.raises(CircleCIError, match=r"^The host does not take the files: no b$") as caught:
        host._transfer(client, bringing, depot(), {}, [])
    assert [entry["path"] for entry in caught.value.result()["removed"]] == ["a"]
    assert (client.wrote, host.got) == (True, [NOTE])


@pytest.mark.parametrize(("refused", "wrote"), [("a", True), ("dest", False)])
def test_a_folder_that_was_made_is_a_change_though_no_file_follows(tmp_path: Path, refused: str, wrote: bool) -> None:
    client = CLIENT.copy()
    with pytest.raises(CircleCIError, match=f"no {refused}$"):
        transfer(Host(refused), client, tmp_path, "/srv/dest")
    assert client.wrote is wrote


def test_the_first_host_chooses_the_build_for_all() -> None:
    artifact = Artifact("a", 0, "https://output.example.com/a", "a")
    choices = iter([({"build_num": 1}, [artifact]), ({"build_num": 2}, []), ({"build_num": 3}, [])])
    first, second, other_task, elsewhere = (
        each.choice(lambda: next(choices))
        for each in (depot(), depot(), depot("other"), depot(url="http://127.0.0.1:10"))
    )
    assert first == second
    assert (first[0]["build_num"], first[1]) == (1, [artifact])
    assert [chosen[0]["build_num"] for chosen in (other_task, elsewhere)] == [2, 3]


def test_a_choice_that_fails_is_made_again() -> None:
    def refuse() -> Any:
        raise invalid("There is no such build.")

    with pytest.raises(CircleCIError):
        depot().choice(refuse)
    assert depot().choice(lambda: ({"build_num": 1}, []))[0]["build_num"] == 1


def test_what_a_full_disk_has_cut_is_no_riddle_to_the_next_host(
    monkeypatch: pytest.MonkeyPatch, no_space: FullDisk
) -> None:
    def fetch(_client: Client, _bringing: Bringing, _artifact: Artifact, receive: Any, _hosts: Any) -> Any:
        return receive(Download({}, iter([b"abc"])))

    monkeypatch.setattr(_delivery, "fetch", fetch)
    artifact = Artifact("a", 0, "https://output.example.com/a", "a")
    bringing = Bringing(SELECTION, {"build_num": 1}, [artifact], Path("/srv/dest"), Attributes(), False, [], {})

    def fetched() -> dict[str, Arrived]:
        return depot().fetch_all(CLIENT, bringing, (), 1, Tally(CLIENT, bringing))

    with no_space(after=10), pytest.raises(CircleCIError, match=r": File too large\.$"):
        fetched()
    first = fetched()["a"]
    assert (first.path.read_bytes(), first.size) == (b"abc", 3)
    assert fetched()["a"] == first


def test_a_folder_that_is_gone_is_told_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "there"))
    with pytest.raises(CircleCIError, match=r": No such file or directory\.$"):
        depot()
    (tmp_path / "there").mkdir()
    shared = depot()
    shutil.rmtree(tmp_path / "there")
    with pytest.raises(CircleCIError, match=r": No such file or directory\.$"):
        shared.choice(lambda: ({"build_num": 1}, []))


def test_a_note_is_kept_as_long_as_it_is_transferred(tmp_path: Path) -> None:
    with depot().kept("a text") as path:
        assert path.read_bytes() == b"a text"
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()
