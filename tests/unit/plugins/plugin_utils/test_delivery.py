# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How artifacts get to hosts, what the tasks of many hosts share, and what is said of a host that takes no files."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.playbook.task import Task
from ansible.plugins.action import ActionBase

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.artifacts import Artifact, Selection
from ansible_collections.community.circleci.plugins.module_utils._resources.bringing import Bringing, Tally
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import Sought
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    Arrived,
    Attributes,
    Noted,
    Seen,
)
from ansible_collections.community.circleci.plugins.module_utils._task import run
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project
from ansible_collections.community.circleci.plugins.modules import circleci_artifacts_info
from ansible_collections.community.circleci.plugins.plugin_utils import _delivery
from ansible_collections.community.circleci.plugins.plugin_utils._delivery import Delivery, Depot
from emulator import Emulator
from emulator.world.artifacts import Artifact as Stored
from tests.unit.artifacts import NOTE, build, downloads, files_in
from tests.unit.conftest import FullDisk
from tests.unit.plugins.plugin_utils.conftest import VARIABLES, Act, Json
from tests.unit.results import failed

SELECTION = Selection(parse_project("github/acme/api"), 1, Sought(), None, (), (), 0, by_node=False, required=True)
CLIENT = Client("http://127.0.0.1:9", "token")
INFO, FILE, COPY = "community.circleci.circleci_artifacts_info", "ansible.builtin.file", "ansible.builtin.copy"


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
        self.noted: list[Noted] = []
        self._refused = refused

    def _copy(self, source: Path, dest: str, attributes: dict[str, Any]) -> None:
        if Path(dest).name in self._refused:
            raise invalid(f"The host does not take the files: no {Path(dest).name}")
        self.got.append(Path(dest).name)
        self.asked.append(("copy", Path(dest).name, attributes))

    def _on_host(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if module == INFO:
            return {"noted": [asdict(entry) for entry in self.noted]}
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


ATTRIBUTES = {"mode": "0640", "owner": "deploy", "group": "builders"}
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
        SELECTION, build, [artifact], Path("/srv/dest"), Attributes("0640", "deploy", "builders"), False, [], seen
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
    noted = host.noted = [Noted("github/acme/api", "build", 1, name, name, 5, name * 64) for name in "ab"]
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


def test_the_hosts_choose_one_after_the_other(tmp_path: Path) -> None:
    """Two processes may be here at the same time."""
    free: list[bool] = []

    def look() -> None:
        (lock,) = tmp_path.glob("circleci-artifacts-*/choice.lock")
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free.append(True)
            except BlockingIOError:
                free.append(False)

    def choose() -> Any:
        look()
        return {"build_num": 1}, []

    depot().choice(choose)
    look()
    assert free == [False, True]


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


# --- whole tasks ------------------------------------------------------------------------------------------------------

API = "github/acme/api"
WHEEL = Stored("dist/app-1.0.whl", text="first")
ELSEWHERE = {"transport": "ssh"}


class Played:
    """A host that is a folder of this machine, and core's modules there as far as they are asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Json]] = []
        self.refuses: str | None = None
        """a module that fails"""
        self.meanwhile: Callable[[], object] | None = None
        """what happens once while a file is transferred"""

    def execute(self, module: str, arguments: Json, *, task_vars: Json) -> Json:
        assert task_vars == VARIABLES
        self.asked.append((module, arguments))
        if module == self.refuses:
            return {"failed": True, "msg": f"{module} fails"}
        if module == INFO:
            checked = ArgumentSpecValidator(circleci_artifacts_info.ARGUMENT_SPEC).validate(arguments)
            assert checked.error_messages == []
            return circleci_artifacts_info.run(CLIENT, checked.validated_parameters)
        path = Path(arguments["path"])
        make: dict[str, Callable[[], object]] = {"directory": path.mkdir, "absent": path.unlink, "file": path.stat}
        make[arguments["state"]]()
        if "mode" in arguments:
            path.chmod(int(arguments["mode"], 8))
        return {"changed": True}

    def get(
        self,
        name: str,
        *,
        task: Task,
        connection: Any,
        play_context: Any,
        loader: Any,
        templar: Any,
        shared_loader_obj: Any,
    ) -> Any:
        """Core's action for transfers."""
        assert shared_loader_obj.action_loader is self
        assert None not in (connection, play_context, loader, templar)

        def copy(*, task_vars: Json) -> Json:
            assert (task_vars, task.diff, task.args.pop("decrypt")) == (VARIABLES, False, False)
            self.asked.append((name, task.args))
            if self.refuses == name:
                return {"failed": True, "msg": f"{name} fails"}
            if self.meanwhile:
                meanwhile, self.meanwhile = self.meanwhile, None
                meanwhile()
            shutil.copy(task.args["src"], task.args["dest"])
            if "mode" in task.args:
                Path(task.args["dest"]).chmod(int(task.args["mode"], 8))
            return {"changed": True}

        return SimpleNamespace(run=copy)

    def took(self, module: str, option: str) -> list[Any]:
        """What a module was given for an option, each time."""
        return [arguments.get(option) for asked, arguments in self.asked if asked == module]


@pytest.fixture
def host(emulator: Emulator, act: Act, monkeypatch: pytest.MonkeyPatch) -> Played:
    """A host that the controller brings files to. A build has stored two of them."""
    played = Played()
    act.plugins = SimpleNamespace(action_loader=played)
    monkeypatch.setattr(ActionBase, "_execute_module", lambda _self, *args, **named: played.execute(*args, **named))
    emulator.state.machine.set_progress("manual")
    emulator.artifacts(API, "build", WHEEL, Stored("log/a.txt", text="a"))
    emulator.follow(API)
    emulator.finish(API, 1)
    return played


def bring(act: Act, dest: Path | str, /, connection: Json | None = None, **more: Any) -> Json:
    """Bring the artifacts to another host, or by such a connection."""
    given = {"project": API, "job": "build", "branch": "main", "dest": str(dest), **more}
    return act("circleci_artifacts", connection=connection or ELSEWHERE, **given)


@pytest.mark.parametrize("connection", [ELSEWHERE, {"become": object()}])
def test_a_host_gets_by_the_controller_what_it_has_not(
    emulator: Emulator, act: Act, host: Played, tmp_path: Path, connection: Json
) -> None:
    """Also a file of its own machine that only another user may write."""
    dest = tmp_path / "host" / "app"
    (tmp_path / "host").mkdir()
    predicted = bring(act, dest, connection, mode="0640", keywords={"check_mode": True, "diff": True})
    assert (downloads(emulator), [module for module, _options in host.asked], dest.exists()) == ([], [INFO], False)
    result = bring(act, dest, connection, mode="0640", keywords={"diff": True})
    assert files_in(dest) == {"dist/app-1.0.whl": "first", "log/a.txt": "a"}
    assert (dest / "log/a.txt").stat().st_mode & 0o777 == 0o640
    assert host.took(FILE, "path") == [str(dest), str(dest / "dist"), str(dest / "log")]
    assert host.took(COPY, "mode") == ["0640", "0640", None]
    assert not any("owner" in arguments for module, arguments in host.asked if module != INFO)
    for each in (predicted, result):
        assert (each["changed"], [one["path"] for one in each["added"]]) == (True, ["dist/app-1.0.whl", "log/a.txt"])
        assert each["diff"]["before"] == {"files": {}}
    assert [each["size"] for each in result["files"]] == [5, 1]
    assert act.screen.told == [(f"{API} #1: 2 of 2 files, 0.0 MB downloaded", None, True)]
    host.asked.clear()
    emulator.clear()
    again = bring(act, dest, connection, mode="0640")
    assert (again["changed"], downloads(emulator), len(host.asked)) == (False, [], 1)
    assert [each["sha256"] for each in again["files"]] == [each["sha256"] for each in result["files"]]
    assert bring(act, dest, connection, mode="0600")["changed"] is True
    assert (dest / "log/a.txt").stat().st_mode & 0o777 == 0o600
    assert act.ordinary == []


def test_what_an_earlier_build_left_on_a_host_goes(emulator: Emulator, act: Act, host: Played, tmp_path: Path) -> None:
    bring(act, tmp_path / "app")
    (tmp_path / "app" / "own").write_text("mine")
    build(emulator, API, Stored("dist/app-2.0.whl", text="second"))
    kept = bring(act, tmp_path / "app")
    assert ([each["path"] for each in kept["added"]], kept["removed"]) == (["dist/app-2.0.whl"], [])
    gone = bring(act, tmp_path / "app", exclusive=True)
    assert ([each["path"] for each in gone["removed"]], gone["changed"]) == (["dist/app-1.0.whl", "log/a.txt"], True)
    assert files_in(tmp_path / "app") == {"own": "mine", "dist/app-2.0.whl": "second"}
    assert bring(act, tmp_path / "app", exclusive=True)["changed"] is False
    # What is new is there before what is old goes, and the note says what is true in the end.
    build(emulator, API, Stored("dist/app-3.0.whl", text="third"))
    host.asked.clear()
    bring(act, tmp_path / "app", exclusive=True)
    steps = [Path(str(options.get("path") or options["dest"])).name for _module, options in host.asked[1:]]
    assert steps == ["app-3.0.whl", "app-2.0.whl", "app", NOTE]  # The note is read again before it is written.
    host.asked.clear()
    assert bring(act, tmp_path / "app", exclusive=True)["changed"] is False
    assert [module for module, _options in host.asked] == [INFO]


def test_the_notes_of_two_runs_at_once_stay(emulator: Emulator, act: Act, host: Played, tmp_path: Path) -> None:
    """Or what the first of them to end has brought would never go, and be downloaded again by every run."""
    build(emulator, API, Stored("index.html", text="docs"), job="docs")
    host.meanwhile = lambda: bring(act, tmp_path / "app", job="docs")
    bring(act, tmp_path / "app")
    emulator.clear()
    assert [bring(act, tmp_path / "app", job=job)["changed"] for job in ("build", "docs")] == [False, False]
    assert downloads(emulator) == []


def test_a_note_that_says_it_already_is_not_written_again(act: Act, host: Played, tmp_path: Path) -> None:
    host.meanwhile = lambda: bring(act, tmp_path / "app")
    bring(act, tmp_path / "app")
    assert [Path(dest).name for dest in host.took(COPY, "dest")].count(NOTE) == 1


def test_the_hosts_of_a_task_get_one_download(emulator: Emulator, act: Act, host: Played, tmp_path: Path) -> None:
    """And the same build, though a newer one has ended meanwhile."""
    same = {"_uuid": "one-task"}
    first = bring(act, tmp_path / "one", keywords=same)
    build(emulator, API, Stored("dist/app-2.0.whl", text="second"))
    emulator.clear()
    second = bring(act, tmp_path / "two", keywords=same)
    assert (first["build"], emulator.requests) == (second["build"], [])
    assert files_in(tmp_path / "one") == files_in(tmp_path / "two")
    # What another item of the same loop wants is something else.
    bring(act, tmp_path / "three", keywords=same, include=["dist/*"])
    assert files_in(tmp_path / "three") == {"dist/app-2.0.whl": "second"}
    assert bring(act, tmp_path / "two")["build"]["build_num"] == 2


def test_what_is_gone_from_a_host_is_forgotten(emulator: Emulator, act: Act, host: Played, tmp_path: Path) -> None:
    dest = tmp_path / "app"
    bring(act, dest)
    (dest / WHEEL.path).unlink()
    build(emulator, API, Stored("dist/app-2.0.whl", text="second"))
    result = bring(act, dest, exclusive=True)
    assert [each["path"] for each in result["removed"]] == ["log/a.txt"]
    assert [Path(noted["dest"]).name for noted in json.loads((dest / NOTE).read_text())["files"]] == ["app-2.0.whl"]


def test_what_a_digest_tells_to_be_there_is_not_downloaded(
    emulator: Emulator, act: Act, host: Played, tmp_path: Path
) -> None:
    """Though the note is lost."""
    build(emulator, API, WHEEL, Stored("dist/large", size=1_200_000))
    bring(act, tmp_path / "app")
    assert act.screen.told == [(f"{API} #2: 2 of 2 files, 1.2 MB downloaded", None, True)]
    act.screen.told.clear()
    (tmp_path / "app" / NOTE).unlink()
    (tmp_path / "app" / WHEEL.path).write_text("touched")
    result = bring(act, tmp_path / "app")
    assert [(each["path"], each["changed"]) for each in result["files"]] == [(WHEEL.path, True), ("dist/large", False)]
    assert act.screen.told == [(f"{API} #2: 2 of 2 files, 0.0 MB downloaded", None, True)]


@pytest.mark.parametrize("module", [INFO, FILE, COPY])
def test_a_host_that_fails_says_why(act: Act, host: Played, tmp_path: Path, module: str) -> None:
    host.refuses = module
    result = bring(act, tmp_path / "app")
    failed(result, f"The host does not take the files: {module} fails")
    assert result["changed"] is (module == COPY)


def test_a_folder_may_be_said_from_the_home_of_the_user_there(
    act: Act, host: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "there"))
    (tmp_path / "there").mkdir()
    assert bring(act, "~/app")["changed"] is True
    assert len(files_in(tmp_path / "there" / "app")) == 2


@pytest.mark.parametrize(
    ("connection", "options", "words"),
    [
        (ELSEWHERE, {"dest": "relative"}, "dest 'relative' is not absolute"),
        (ELSEWHERE, {"dest": "./~"}, "dest './~' is not absolute"),
        (ELSEWHERE, {"api_token": None}, "No API token"),
        (ELSEWHERE, {"concurrency": 0}, "concurrency must be a number from 1 to"),
        (ELSEWHERE, {"concurrency": 33}, "concurrency must be a number from 1 to"),
        (ELSEWHERE, {"artifacts_hosts": ["https://store.example"]}, "which is not a host name"),
        (ELSEWHERE, {"mode": 644}, "mode is a number for YAML"),
        (ELSEWHERE, {"keywords": {"async_val": 60}}, "with async. Leave async out. Or set delivery: direct."),
        ({**ELSEWHERE, "_IS_WINDOWS": True}, {}, "Artifacts cannot be brought to hosts with Windows"),
    ],
)
def test_what_cannot_be_brought_there_is_said_before_anything_is_asked(
    emulator: Emulator, act: Act, host: Played, tmp_path: Path, connection: Json, options: Json, words: str
) -> None:
    emulator.clear()
    result = bring(act, tmp_path / "app", connection, **options)
    failed(result, words)
    assert (result["changed"], host.asked, act.ordinary, emulator.requests) == (False, [], [], [])


def test_a_controller_without_the_libraries_brings_nothing(
    act: Act, host: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(run._IMPORTS, "requests", ModuleNotFoundError("requests"))
    result = bring(act, tmp_path / "app")
    failed(result, "circleci_artifacts cannot bring files by way of the controller: ")
    failed(result, "-m pip install requests. Or set delivery: direct.")
    assert (result["changed"], host.asked) == (False, [])


def test_a_path_that_core_would_read_otherwise_is_refused(
    emulator: Emulator, act: Act, host: Played, tmp_path: Path
) -> None:
    build(emulator, API, Stored("$HOME/a", text="x"), Stored("b", text="x"))
    failed(bring(act, tmp_path / "app"), "'$HOME/a' holds the name of a variable of the host")
    assert [module for module, _arguments in host.asked] == [INFO]
    assert bring(act, tmp_path / "app", exclude=["$HOME/*"])["changed"] is True


@pytest.mark.parametrize("keywords", [{}, {"async_val": 60}, {"become": True}])
def test_a_host_may_get_the_files_itself(act: Act, host: Played, keywords: Json) -> None:
    assert bring(act, "relative", delivery="direct", keywords=keywords) == act.answer
    assert (len(act.ordinary), host.asked) == (1, [])
    assert "not local" in act.screen.lines[0]


def test_the_controller_gets_its_own_files_itself(act: Act, host: Played, tmp_path: Path) -> None:
    """Whatever ``delivery`` says, and from where the playbook is."""
    for delivery in ("controller", "direct"):
        dest = tmp_path / delivery
        assert bring(act, dest, {"transport": "local"}, delivery=delivery)["changed"] is True
        assert files_in(dest) == {"dist/app-1.0.whl": "first", "log/a.txt": "a"}
    assert (host.asked, act.ordinary) == ([], [])


def test_the_token_of_the_controllers_environment_is_used_there_alone(
    emulator: Emulator, act: Act, host: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIRCLE_TOKEN", emulator.token)
    assert bring(act, tmp_path / "app", api_token=None)["changed"] is True
    assert emulator.token not in str(host.asked)
    failed(bring(act, tmp_path / "app", api_token=None, delivery="direct"), "is not sent there")
    assert act.ordinary == []
