# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import hashlib
import json
import os
import signal
import socket
import tempfile
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources import bringing, build_search, destination
from ansible_collections.community.circleci.plugins.modules import circleci_artifacts
from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.unit.artifacts import NOTE, build, downloads, files_in
from tests.unit.loopback import Server
from tests.unit.predicting import UNKNOWN

API = "github/acme/api"
MODULE = "circleci_artifacts"
WHEEL = Artifact("dist/app-1.0.whl", text="first")
Run = Callable[..., dict[str, Any]]


@pytest.fixture
def project(emulator: Emulator) -> Emulator:
    """A project whose first build, of the job `build`, has ended well."""
    emulator.state.machine.set_progress("manual")
    emulator.artifacts(API, "build", WHEEL, Artifact("dist/app-1.0.txt", text="notes"), Artifact("log/a.txt", text="a"))
    emulator.follow(API)
    emulator.finish(API, 1)
    return emulator


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    return tmp_path / "opt" / "acme"


@pytest.fixture
def run(project: Emulator, run_module: Run, dest: Path) -> Run:
    def run(**options: Any) -> dict[str, Any]:
        return run_module(MODULE, **{"project": API, "job": "build", "branch": "main", "dest": str(dest), **options})

    return run


def params_of(**options: Any) -> dict[str, Any]:
    """The options of a task as they are handed on."""
    defaults = {name: option.get("default") for name, option in circleci_artifacts.ARGUMENT_SPEC.items()}
    return {**defaults, "project": API, "job": "build", "branch": "main", **options}


def test_files_are_brought_once(project: Emulator, run: Run, dest: Path) -> None:
    result = run()
    assert (result["changed"], result["build"]["build_num"], result["project"]) == (True, 1, API)
    assert files_in(dest) == {"dist/app-1.0.whl": "first", "dist/app-1.0.txt": "notes", "log/a.txt": "a"}
    digest = hashlib.sha256(b"first").hexdigest()
    assert result["files"][0] == {
        "path": "dist/app-1.0.whl",
        "dest": str(dest / "dist/app-1.0.whl"),
        "size": 5,
        "sha256": digest,
        "changed": True,
    }
    project.clear()
    again = run()
    assert (again["changed"], downloads(project), project.writes) == (False, [], [])
    assert [each["sha256"] for each in again["files"]] == [each["sha256"] for each in result["files"]]
    assert [each["changed"] for each in again["files"]] == [False] * 3


@pytest.mark.parametrize("etag", ["md5", "multipart", "none"])
def test_without_the_note_files_are_compared(project: Emulator, run: Run, dest: Path, etag: Any) -> None:
    build(project, API, Artifact("a", text="same", etag=etag))
    run()
    (dest / NOTE).unlink()
    predicted = run(check_mode=True)
    project.clear()
    result = run()
    assert result["changed"] is False
    assert len(downloads(project)) == 2
    assert predicted["changed"] is (etag != "md5")
    assert bool(predicted["warnings"]) is (etag != "md5")
    project.clear()
    assert run()["changed"] is False
    assert downloads(project) == []


@pytest.mark.usefixtures("no_md5")
@pytest.mark.parametrize("touched", [True, False])
def test_without_md5_files_are_compared_all_the_same(
    project: Emulator, run: Run, run_module: Run, dest: Path, touched: bool
) -> None:
    """On a host in FIPS mode no ETag tells anything."""
    number = build(project, API, Artifact("a", text="right"))
    run()
    (dest / NOTE).unlink()
    (dest / "a").write_text("wrong" if touched else "right")
    [seen] = run_module("circleci_artifacts_info", dest=str(dest), names=["a"])["files"]
    assert (seen["size"], seen["md5"]) == (5, None)
    predicted = run(check_mode=True)
    (warning,) = predicted["warnings"]
    assert warning.startswith(f"Whether 1 of the files in {dest} differ from the artifacts of {API} #{number} is known")
    assert predicted["changed"] is True
    assert run()["changed"] is touched
    assert files_in(dest) == {"a": "right"}
    assert run()["changed"] is False


@pytest.mark.parametrize("etag", ["md5", "none"])
def test_a_file_that_was_touched_is_brought_again(project: Emulator, run: Run, dest: Path, etag: Any) -> None:
    build(project, API, Artifact("a", text="right", etag=etag))
    run()
    (dest / "a").write_text("wrong")
    predicted = run(check_mode=True)
    result = run()
    assert predicted["changed"] is result["changed"] is True
    assert files_in(dest) == {"a": "right"}
    assert result["diff"]["before"] == {"files": {"a": hashlib.sha256(b"wrong").hexdigest()}}
    assert result["diff"]["after"] == {"files": {"a": hashlib.sha256(b"right").hexdigest()}}
    assert predicted["diff"]["after"] == {"files": {"a": "(known after the run)"}}


def test_a_newer_build_replaces_what_differs(project: Emulator, run: Run, dest: Path) -> None:
    run()
    (dest / "dist/app-1.0.whl").chmod(0o640)
    files = {"dist/app-1.0.whl": "second", "log/a.txt": "a", "empty": ""}
    number = build(project, API, *(Artifact(path, text=text) for path, text in files.items()))
    result = run()
    assert result["build"]["build_num"] == number
    assert [each["changed"] for each in result["files"]] == [True, False, True]
    assert (dest / "dist/app-1.0.whl").read_text() == "second"
    assert (dest / "dist/app-1.0.whl").stat().st_mode & 0o777 == 0o640
    project.clear()
    assert run()["changed"] is False
    assert downloads(project) == []


def test_check_mode_predicts_and_leaves_everything_as_it_is(project: Emulator, run: Run, dest: Path) -> None:
    predicted = run(check_mode=True)
    assert (dest.exists(), downloads(project)) == (False, [])
    real = run()
    assert predicted["changed"] is real["changed"] is True
    strip = [{**each, "size": None, "sha256": None} for each in real["files"]]
    assert predicted["files"] == strip
    assert predicted["diff"]["after"]["files"] == dict.fromkeys(real["diff"]["after"]["files"], UNKNOWN)
    project.clear()
    assert run(check_mode=True) == run()
    assert downloads(project) == []


# --- which build ------------------------------------------------------------------------------------------------------


def test_the_job_decides_and_not_what_ended_last(project: Emulator, run: Run, dest: Path) -> None:
    build(project, API, Artifact("deployed", text="x"), job="deploy")
    assert run()["build"]["build_num"] == 1
    assert "dist/app-1.0.whl" in files_in(dest)


def test_the_search_ends_with_the_page_that_has_the_newest_build(
    project: Emulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    number = build(project, API, WHEEL)
    build(project, API, job="deploy")
    project.clear()
    assert run()["build"]["build_num"] == number
    assert len([record for record in project.requests if "limit=" in record.path]) == 1


def test_only_a_build_that_succeeded_is_found(project: Emulator, run: Run) -> None:
    project.script("failed")
    build(project, API, Artifact("broken", text="x"))
    assert run()["build"]["build_num"] == 1


def test_a_commit_a_tag_and_another_branch(project: Emulator, run: Run) -> None:
    state = project.project(API)
    of_branch = build(project, API, WHEEL, branch="feature/login")
    of_tag = build(project, API, WHEEL, branch=None, tag="v1.0.0")
    build(project, API, WHEEL)
    revision = state.branches["feature/login"]
    assert run(branch=None, revision=revision.upper())["build"]["build_num"] == of_branch
    assert run(branch=None, tag="v1.0.0")["build"]["build_num"] == of_tag
    assert run(branch="feature/login")["build"]["build_num"] == of_branch
    missing = run(branch=None, revision="0" * 40)
    assert missing["failed"]
    assert "has no build that succeeded of job build, revision 000" in missing["msg"]
    assert "circleci_pipeline" in missing["msg"]


def test_a_build_by_its_number_need_not_have_succeeded_but_ended(project: Emulator, run: Run, dest: Path) -> None:
    project.script("failed")
    failed = build(project, API, Artifact("screenshot.png", text="x"))
    running = project.state.machine.trigger(project.project(API), None, why="api", branch="main").number
    given = {"job": None, "branch": None}
    assert run(build_num=failed, **given)["changed"] is True
    unfinished = run(build_num=running, **given)
    assert "has not ended" in unfinished["msg"]
    absent = run(build_num=99, **given)
    assert (absent["failed"], absent["status"]) == (True, 404)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"job": None}, "build_num, or job together with one of"),
        ({"branch": None}, "build_num, or job together with one of"),
        ({"tag": "v1"}, "build_num, or job together with one of"),
        ({"build_num": 1}, "build_num excludes job, branch"),
        ({"build_num": 1, "job": None, "branch": None, "workflow": "w"}, "build_num excludes workflow."),
        ({"build_num": 1, "job": None, "branch": None, "tag": "v1"}, "build_num excludes tag."),
        ({"build_num": 1, "job": None, "branch": None, "revision": "4e" * 20}, "build_num excludes revision."),
        ({"build_num": 1, "job": None, "branch": None, "pipeline_id": "x"}, "build_num excludes pipeline_id."),
        ({"build_num": 1, "job": None, "branch": None, "pipeline_number": 1}, "build_num excludes pipeline_number."),
        ({"build_num": 0, "job": None, "branch": None}, "build_num must be 1 or more"),
        ({"branch": 1.1}, "branch is a number with a fraction"),
        ({"branch": None, "revision": "4e1243b"}, "not the full hash"),
        ({"branch": " "}, "branch is empty"),
        ({"strip_components": -1}, "strip_components must be 0 or more"),
        ({"concurrency": 0}, "concurrency must be a number from 1 to 32"),
        ({"concurrency": 33}, "concurrency must be a number from 1 to 32"),
        ({"mode": 420}, "mode is a number for YAML"),
        ({"mode": "rwx"}, "mode 'rwx' is none"),
        ({"branch": None, "pipeline_number": 0}, "pipeline_number must be 1 or more"),
        ({"artifacts_hosts": ["files.acme.example", ""]}, "artifacts_hosts has '', which is not a host name"),
        ({"artifacts_hosts": ["https://files.acme.example"]}, "Give the name alone or with its port"),
        ({"artifacts_hosts": ["me:secret@files.acme.example"]}, "artifacts_hosts has '…@files.acme.example'"),
        ({"artifacts_hosts": ["*.acme.example"]}, "artifacts_hosts has '*.acme.example'"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    project: Emulator, run: Run, options: dict[str, Any], said: str
) -> None:
    project.clear()
    result = run(**options)
    assert (result["failed"], project.requests) == (True, [])
    assert said in result["msg"]


# --- which files, and where -------------------------------------------------------------------------------------------


def test_patterns_and_stripped_folders(project: Emulator, run: Run, dest: Path) -> None:
    result = run(include=["dist/**"], exclude=["**/*.txt"], strip_components=1)
    assert files_in(dest) == {"app-1.0.whl": "first"}
    assert [each["path"] for each in result["files"]] == ["dist/app-1.0.whl"]


def test_nothing_that_matches_is_a_failure_unless_it_is_fine(project: Emulator, run: Run, dest: Path) -> None:
    for check_mode in (True, False):
        result = run(include=["*.deb"], check_mode=check_mode)
        assert result["failed"]
        assert "no artifact that matches; it has 3: dist/app-1.0.whl, " in result["msg"]
        assert "required: false" in result["msg"]
    fine = run(include=["*.deb"], required=False)
    assert (fine["changed"], fine["files"], files_in(dest)) == (False, [], {})


def test_containers_have_folders_of_their_own_or_a_failure(project: Emulator, run: Run, dest: Path) -> None:
    both = [Artifact("report.xml", node, str(node)) for node in (0, 1)]
    build(project, API, *both, Artifact("only.txt", 1, "x"))
    result = run()
    assert "Containers 0, 1 of github/acme/api #2 have artifacts that match" in result["msg"]
    assert not dest.exists()
    assert run(include=["only.txt"])["changed"] is True
    assert run(by_node=True)["changed"] is True
    assert files_in(dest) == {"only.txt": "x", "0/report.xml": "0", "1/report.xml": "1", "1/only.txt": "x"}


@pytest.mark.parametrize(
    ("paths", "options", "said"),
    [
        (["a/x", "b/x"], {"strip_components": 1}, "'a/x' and 'b/x' would be in each other's place"),
        (["a", "a/b"], {}, "in each other's place"),
        (["a", "a/b/c/d"], {}, "in each other's place"),
        (["x/a/b", "y/a"], {"strip_components": 1}, "in each other's place"),
        (["a", "/a"], {}, "in each other's place"),
        (["a/b", "c"], {"strip_components": 1}, "leaves nothing of the artifact 'c'"),
        (["../a"], {}, "would lead out of dest"),
        (["a/../../b"], {}, "would lead out of dest"),
        (["a/.."], {}, "would lead out of dest"),
        (["a\0b"], {}, "has a path that no file can have"),
        (["/"], {}, "has a path that no file can have"),
        (["x" * 256], {}, "more than 255 bytes"),
        (["a/" + "x" * 256 + "/b"], {}, "more than 255 bytes"),
        (["ü" * 150], {}, "more than 255 bytes"),
        ([NOTE], {}, "would replace the note"),
        (["dist/" + NOTE], {"strip_components": 1}, "would replace the note"),
    ],
)
def test_names_that_cannot_be_end_before_a_byte_is_brought(
    project: Emulator, run: Run, dest: Path, paths: list[str], options: dict[str, Any], said: str
) -> None:
    build(project, API, *(Artifact(path, text="x") for path in paths))
    for check_mode in (True, False):
        result = run(check_mode=check_mode, **options)
        assert said in result["msg"]
    assert (dest.exists(), downloads(project)) == (False, [])


def test_odd_paths_stay_below_the_folder(project: Emulator, run: Run, dest: Path, tmp_path: Path) -> None:
    build(
        project,
        API,
        *(Artifact(path, text=path) for path in ("/etc/passwd", "a//b", "d e/#?%41", "ü\n", "~/f", "C:\\g", "x" * 255)),
    )
    run()
    assert set(files_in(dest)) == {"etc/passwd", "a/b", "d e/#?%41", "ü\n", "~/f", "C:\\g", "x" * 255}
    assert files_in(tmp_path) == {f"opt/acme/{name}": text for name, text in files_in(dest).items()}


def test_no_link_leads_out_of_the_folder(project: Emulator, run: Run, dest: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    dest.mkdir(parents=True)
    (dest / "dist").symlink_to(outside)
    for check_mode in (True, False):
        result = run(check_mode=check_mode)
        assert f"{dest / 'dist'} is no folder of its own" in result["msg"]
    assert files_in(outside) == {}
    assert downloads(project) == []


@pytest.mark.parametrize("text", ["precious", "first"], ids=["other", "equal"])
def test_a_link_with_the_name_of_a_file_is_replaced_itself(
    project: Emulator, run: Run, dest: Path, tmp_path: Path, text: str
) -> None:
    precious = tmp_path / "precious"
    precious.write_text(text)
    (dest / "dist").mkdir(parents=True)
    (dest / "dist/app-1.0.whl").symlink_to(precious)
    assert run()["changed"] is True
    assert (precious.read_text(), (dest / "dist/app-1.0.whl").is_symlink()) == (text, False)
    assert (dest / "dist/app-1.0.whl").stat().st_mode == (dest / "dist/app-1.0.txt").stat().st_mode


def test_a_link_to_a_folder_stays(project: Emulator, run: Run, dest: Path, tmp_path: Path) -> None:
    """Core's ``copy`` would put the file into that folder, on hosts that are not local."""
    (dest / "dist").mkdir(parents=True)
    (dest / "dist/app-1.0.whl").symlink_to(tmp_path)
    for check_mode in (True, False):
        result = run(check_mode=check_mode)
        assert f"{dest / 'dist/app-1.0.whl'} is no file, so no artifact is put in its place" in result["msg"]
    assert downloads(project) == []


@pytest.mark.parametrize("where", ["", " ", "reports"])
def test_a_folder_that_is_not_said_is_no_folder(
    project: Emulator, run: Run, run_module: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """The action completes what is relative, where it can: the rest is not the folder where a process happens to be."""
    monkeypatch.chdir(tmp_path)
    project.clear()
    for check_mode in (True, False):
        assert f"dest {where!r} is not absolute" in run(dest=where, check_mode=check_mode)["msg"]
    assert (list(tmp_path.iterdir()), project.requests) == ([], [])
    if not where.strip():
        looked = run_module("circleci_artifacts_info", dest=where)
        assert looked["msg"] == "dest is empty. Check the variable that it comes from."


@pytest.mark.parametrize("name", ["dist", "dist/app-1.0.whl"])
def test_what_is_no_folder_or_no_file_stays(project: Emulator, run: Run, dest: Path, name: str) -> None:
    if name == "dist":
        dest.mkdir(parents=True)
        (dest / name).write_text("a file")
    else:
        (dest / name).mkdir(parents=True)
    for check_mode in (True, False):
        result = run(check_mode=check_mode)
        assert (result["failed"], result["changed"], downloads(project)) == (True, False, [])
        assert result["msg"].startswith(f"{dest / name} is no f")


def test_a_destination_that_is_a_file_is_refused(project: Emulator, run: Run, dest: Path) -> None:
    dest.parent.mkdir()
    dest.write_text("a file")
    assert f"{dest} is no folder" in run()["msg"]


# --- attributes and leftovers -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "bits"), [("0600", 0o600), ("755", 0o755), ("u=rw,g=r,o=", 0o640), ("u+x", None)])
def test_a_mode_is_given_once(project: Emulator, run: Run, dest: Path, mode: str, bits: int | None) -> None:
    run()
    before = (dest / "log/a.txt").stat().st_mode & 0o777
    predicted = run(mode=mode, check_mode=True)
    result = run(mode=mode)
    assert predicted == result
    assert (dest / "log/a.txt").stat().st_mode & 0o777 == (before | 0o100 if bits is None else bits)
    assert [each["changed"] for each in result["files"]] == [True] * 3
    digest = hashlib.sha256(b"a").hexdigest()
    before, after = (result["diff"][side]["files"]["log/a.txt"] for side in ("before", "after"))
    assert (before, after) == (digest, {"sha256": digest, "mode": mode})
    headers = [result["diff"][side] for side in ("before_header", "after_header")]
    assert headers == [str(dest), f"{dest} ({API} #1)"]
    project.clear()
    assert run(mode=mode)["changed"] is False
    assert downloads(project) == []


def test_a_symbolic_mode_starts_from_that_of_the_file_that_is_replaced(project: Emulator, run: Run, dest: Path) -> None:
    run()
    (dest / "log/a.txt").chmod(0o640)
    build(project, API, Artifact("log/a.txt", text="second"))
    assert run(mode="u+x")["changed"] is True
    assert ((dest / "log/a.txt").read_text(), (dest / "log/a.txt").stat().st_mode & 0o7777) == ("second", 0o740)


def test_a_file_that_cannot_be_replaced_keeps_its_mode_too(project: Emulator, run: Run, dest: Path) -> None:
    run()
    (dest / "log/a.txt").chmod(0o640)
    build(project, API, Artifact("log/a.txt", text="second"))
    project.fault("status", path="a.txt", status=403, times=None)
    failed = run(mode="0600")
    assert (failed["failed"], failed["changed"], failed["updated"]) == (True, False, [])
    assert ((dest / "log/a.txt").read_text(), (dest / "log/a.txt").stat().st_mode & 0o777) == ("a", 0o640)


def test_what_is_downloaded_does_not_run_as_somebody_else_though_the_file_before_did(
    project: Emulator, run: Run, dest: Path
) -> None:
    run()
    (dest / "log/a.txt").chmod(0o4751)
    build(project, API, Artifact("log/a.txt", text="second"))
    assert run()["changed"] is True
    assert ((dest / "log/a.txt").read_text(), (dest / "log/a.txt").stat().st_mode & 0o7777) == ("second", 0o751)


def test_a_file_that_is_to_run_as_its_owner_does_so_when_it_was_replaced_too(
    project: Emulator, run: Run, dest: Path
) -> None:
    run(mode="4755")
    build(project, API, Artifact("log/a.txt", text="second"))
    assert run(mode="4755")["changed"] is True
    assert ((dest / "log/a.txt").read_text(), (dest / "log/a.txt").stat().st_mode & 0o7777) == ("second", 0o4755)


def test_new_files_have_what_the_mask_leaves(project: Emulator, run: Run, dest: Path) -> None:
    mask = os.umask(0o027)
    try:
        run()
    finally:
        os.umask(mask)
    assert (dest / "log/a.txt").stat().st_mode & 0o777 == 0o640
    assert (dest / "log").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(("option", "kind"), [("owner", "user"), ("group", "group")])
@pytest.mark.parametrize("name", ["nobody-here", "", "99999999999999", "4294967295", "-1", "a\0b"])
def test_owners_that_do_not_exist_are_told(
    project: Emulator, run: Run, dest: Path, option: str, kind: str, name: str
) -> None:
    for check_mode in (True, False):
        result = run(check_mode=check_mode, **{option: name})
        assert f"There is no {kind} {name.replace(chr(0), chr(92) + 'x00')} here. Check {option}." in result["msg"]
        assert not result["changed"]
    assert (downloads(project), dest.exists()) == ([], False)


def test_the_own_user_and_group_are_no_change(project: Emulator, run: Run) -> None:
    run()
    assert run(owner=str(os.getuid()), group=str(os.getgid()))["changed"] is False


@pytest.mark.parametrize(("owner", "group"), [(54321, 12345), (0, 2**32 - 2), (2**32 - 2, 0)])
def test_an_owner_and_a_group_are_given_before_a_file_has_its_name(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch, owner: int, group: int
) -> None:
    """Only root may give files away, and not everybody who runs this is root: so it is only seen who shall get them."""
    given: list[tuple[Path, int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((Path(path), user, group)))
    predicted = run(owner=str(owner), group=str(group), check_mode=True)
    shown = {"sha256": UNKNOWN, "owner": str(owner), "group": str(group)}
    assert (predicted["changed"], predicted["diff"]["after"]["files"]["log/a.txt"], given) == (True, shown, [])
    assert run(owner=str(owner), group=str(group))["changed"] is True
    assert [numbers for _path, *numbers in given] == [[owner, group]] * 3
    assert not {path for path, _user, _group in given} & set(dest.rglob("*"))
    given.clear()
    project.clear()
    result = run(group="12345")
    assert ([each["changed"] for each in result["files"]], downloads(project)) == ([True] * 3, [])
    assert set(given) == {(dest / name, -1, 12345) for name in files_in(dest)}


def test_a_file_that_is_replaced_belongs_to_whom_the_old_one_belonged_to(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    build(project, API, Artifact("log/a.txt", text="second"), Artifact("new", text="x"))
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda _path, user, group: given.append((user, group)))
    old = (dest / "log/a.txt").stat()
    assert run()["changed"] is True
    assert given == [(old.st_uid, old.st_gid)] * 2  # of the artifact, and of the note


@pytest.mark.parametrize("text", ["a", "second"], ids=["known", "new"])
@pytest.mark.parametrize(
    ("options", "whom"),
    [
        ({"owner": "54321"}, "owner 54321"),
        ({"group": "12345"}, "group 12345"),
        ({"owner": "54321", "group": "12345"}, "owner 54321 and group 12345"),
    ],
)
def test_who_may_not_give_files_away_is_told_and_nothing_is_left(
    project: Emulator,
    run: Run,
    dest: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, str],
    whom: str,
    text: str,
) -> None:
    def refuse(path: Path, _user: int, _group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chown", refuse)
    run()
    build(project, API, Artifact("log/a.txt", text=text))
    failed = run(**options)
    assert (failed["failed"], failed["changed"], failed["files"]) == (True, False, [])
    assert failed["msg"].startswith(f"This user may not give files in {dest / 'log'} to {whom}. ")
    assert "become: true" in failed["hint"]
    assert (dest / "log/a.txt").read_text() == "a"
    assert not [path for path in dest.rglob(".circleci-*") if path.name != NOTE]
    # A file that is replaced belongs to this user then, if it may not be given to whom the old one belongs to.
    assert run()["changed"] is (text == "second")
    assert (dest / "log/a.txt").read_text() == text


def test_exclusive_removes_what_an_earlier_build_left_and_nothing_else(project: Emulator, run: Run, dest: Path) -> None:
    run()
    (dest / "own.txt").write_text("mine")
    build(project, API, Artifact("docs/index.html", text="docs"), job="docs")
    run(job="docs")
    build(project, API, Artifact("dist/app-2.0.whl", text="second"))
    run()
    assert "dist/app-1.0.whl" in files_in(dest)
    predicted = run(exclusive=True, check_mode=True)
    result = run(exclusive=True)
    assert predicted == result
    assert {each["path"] for each in result["removed"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt", "log/a.txt"}
    assert result["changed"] is True
    assert files_in(dest) == {"own.txt": "mine", "docs/index.html": "docs", "dist/app-2.0.whl": "second"}
    project.clear()
    assert run(exclusive=True)["changed"] is False
    assert downloads(project) == []


@pytest.mark.parametrize("other", [{"project": "github/acme/web"}, {"job": "docs"}], ids=["project", "job"])
def test_exclusive_leaves_what_is_noted_of_others(
    project: Emulator, run: Run, dest: Path, other: dict[str, Any]
) -> None:
    run()
    note = json.loads((dest / NOTE).read_text())
    (dest / NOTE).write_text(json.dumps({"files": [{**entry, **other} for entry in note["files"]]}))
    build(project, API, Artifact("new", text="x"))
    assert run(exclusive=True)["removed"] == []
    assert len(files_in(dest)) == 4


def test_exclusive_removes_what_is_not_wanted_of_the_same_build_any_more(
    project: Emulator, run: Run, dest: Path
) -> None:
    run()
    for check_mode in (True, False):
        result = run(exclusive=True, include=["log/*"], check_mode=check_mode)
        assert {each["path"] for each in result["removed"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt"}
    assert set(files_in(dest)) == {"log/a.txt"}


def test_what_was_replaced_in_between_is_removed_once(project: Emulator, run: Run, dest: Path) -> None:
    run()
    build(project, API, Artifact("log/a.txt", text="other"))
    run()
    build(project, API, Artifact("new", text="x"))
    assert sorted(each["path"] for each in run(exclusive=True)["removed"]) == [
        "dist/app-1.0.txt",
        "dist/app-1.0.whl",
        "log/a.txt",
    ]


def test_files_that_changed_are_told_in_the_words_of_other_modules(project: Emulator, run: Run, dest: Path) -> None:
    def told(result: dict[str, Any]) -> dict[str, list[str]]:
        lists = {word: result[word] for word in ("added", "removed", "updated")}
        for entry in (entry for entries in lists.values() for entry in entries):
            assert entry == {"kind": "file", "path": entry["path"], "dest": str(dest / entry["path"])}
        return {word: [entry["path"] for entry in entries] for word, entries in lists.items()}

    nothing: dict[str, list[str]] = {"added": [], "removed": [], "updated": []}
    first = ["dist/app-1.0.whl", "dist/app-1.0.txt", "log/a.txt"]
    assert {word: sorted(paths) for word, paths in told(run(check_mode=True)).items()} == {
        **nothing,
        "added": sorted(first),
    }
    assert sorted(told(run())["added"]) == sorted(first)
    assert told(run()) == nothing
    build(project, API, Artifact("dist/app-1.0.whl", text="other"), Artifact("dist/app-2.0.whl", text="second"))
    expected = {"added": ["dist/app-2.0.whl"], "removed": first[1:], "updated": first[:1]}
    for check_mode in (True, False):
        assert told(run(exclusive=True, check_mode=check_mode)) == expected
    assert told(run(exclusive=True)) == nothing


def test_a_failure_tells_which_files_are_new(project: Emulator, run: Run, dest: Path) -> None:
    project.fault("status", path="a.txt", status=403, times=None)
    failed = run(concurrency=1)
    assert failed["failed"]
    assert [entry["path"] for entry in failed["added"]] == [each["path"] for each in failed["files"]]
    assert (len(failed["added"]), failed["build"]["build_num"]) == (2, 1)
    assert (failed["removed"], failed["updated"]) == ([], [])


def test_a_failure_before_anything_is_removed_leaves_it_noted(project: Emulator, run: Run, dest: Path) -> None:
    run()
    number = build(project, API, Artifact("dist/app-2.0.whl", text="second"), Artifact("dist/broken.txt", text="b"))
    project.fault("status", path=f"/{number}/.*broken", status=403)
    failed = run(exclusive=True, concurrency=1)
    assert (failed["failed"], failed["removed"]) == (True, [])
    project.faults.clear()
    result = run(exclusive=True)
    assert {each["path"] for each in result["removed"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt", "log/a.txt"}
    assert set(files_in(dest)) == {"dist/app-2.0.whl", "dist/broken.txt"}


@pytest.mark.parametrize("brought", [[Artifact("dist/app-2.0.whl", text="second")], []], ids=["new", "nothing"])
def test_a_failure_while_files_are_removed_names_those_that_are_gone(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch, brought: list[Artifact]
) -> None:
    run()
    build(project, API, *brought)

    def too_late(path: Path) -> None:
        if path == dest / "log/a.txt":  # Somebody else has made a folder of it meanwhile.
            path.unlink()
            path.mkdir()
        destination.remove(path)

    monkeypatch.setattr(bringing, "remove", too_late)
    failed = run(exclusive=True, required=False)
    (dest / "log/a.txt").rmdir()
    assert (failed["failed"], failed["changed"]) == (True, True)
    assert {each["path"] for each in failed["removed"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt"}
    (dest / "log/a.txt").write_text("a")
    (dest / "dist/app-1.0.txt").write_text("mine")  # What is gone is forgotten: this is nothing that was brought.
    monkeypatch.undo()
    assert {each["path"] for each in run(exclusive=True, required=False)["removed"]} == {"log/a.txt"}
    assert set(files_in(dest)) == {"dist/app-1.0.txt", *(each.path for each in brought)}


def test_a_failure_after_a_mode_was_given_tells_that_something_has_changed(project: Emulator, run: Run) -> None:
    run()
    build(project, API, Artifact("log/a.txt", text="a"), Artifact("broken", text="b"))
    project.fault("status", path="broken", status=403, times=None)
    failed = run(mode="0600", concurrency=1)
    assert (failed["failed"], failed["changed"]) == (True, True)
    assert [each["path"] for each in failed["updated"]] == ["log/a.txt"]


def test_what_was_brought_stays_when_circleci_does_not_keep_it_any_more(
    project: Emulator, run: Run, dest: Path
) -> None:
    run()
    before = files_in(dest)
    project.fault("body", path="/artifacts", body=[], times=None)
    for check_mode in (True, False):
        result = run(exclusive=True, required=False, check_mode=check_mode)
        assert (result["changed"], result["files"], result["removed"]) == (False, [], [])
    assert files_in(dest) == before
    # Of another build it is said that it has none.
    build(project, API)
    assert len(run(exclusive=True, required=False)["removed"]) == 3
    assert files_in(dest) == {}


@pytest.mark.parametrize("is_link", [True, False])
def test_nothing_is_removed_that_stands_in_the_place_of_what_was_brought(
    project: Emulator, run: Run, run_module: Run, dest: Path, tmp_path: Path, is_link: bool
) -> None:
    run()
    build(project, API, Artifact("dist/app-2.0.whl", text="second"))
    if is_link:
        outside = (dest / "log").rename(tmp_path / "outside")
        (dest / "log").symlink_to(outside)
    else:
        (dest / "log/a.txt").unlink()
        (dest / "log/a.txt").mkdir()
    looked = run_module("circleci_artifacts_info", dest=str(dest))
    assert {each["name"] for each in looked["files"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt"}
    predicted, result = run(exclusive=True, check_mode=True), run(exclusive=True)
    for each in (predicted, result):
        assert {entry["path"] for entry in each["removed"]} == {"dist/app-1.0.whl", "dist/app-1.0.txt"}
    assert set(files_in(dest)) | {"log/a.txt"} == {"dist/app-2.0.whl", "log/a.txt"}
    assert (tmp_path / "outside" / "a.txt").exists() if is_link else (dest / "log/a.txt").is_dir()
    assert run(exclusive=True)["changed"] is False


def test_what_somebody_has_removed_already_is_no_change_and_forgotten(
    project: Emulator, run: Run, dest: Path, tmp_path: Path
) -> None:
    run()
    build(project, API, Artifact("dist/app-2.0.whl", text="second"))
    run()
    precious = tmp_path / "precious"
    precious.write_text("precious")
    for path in ("dist/app-1.0.whl", "dist/app-1.0.txt", "log/a.txt"):
        (dest / path).unlink()
    (dest / "log/a.txt").symlink_to(precious)
    predicted, result = run(exclusive=True, check_mode=True), run(exclusive=True)
    assert predicted == result
    assert (result["changed"], result["removed"], result["diff"]["before"]) == (False, [], {"files": {}})
    (dest / "dist/app-1.0.whl").write_text("mine")
    assert run(exclusive=True)["changed"] is False
    assert (files_in(dest)["dist/app-1.0.whl"], files_in(dest)["log/a.txt"]) == ("mine", "precious")


@pytest.mark.parametrize(
    "note",
    [
        *("", "[]", "null", "{}", '{"files": 1}', '{"files": [{"dest": "a"}]}', '{"files": ["x"]}'),
        *('{"files": [{"dest": 7}]}', '{"files": [{"dest": ".."}]}', "\udcff", "[" * 100_000),
    ],
)
def test_an_odd_note_is_none(project: Emulator, run: Run, dest: Path, note: str) -> None:
    run()
    (dest / NOTE).write_bytes(note.encode("utf-8", "surrogateescape"))
    result = run(exclusive=True)
    assert ("failed" in result, result["changed"]) == (False, False)


@pytest.mark.parametrize(
    "odd",
    [
        {"project": 7},
        {"job": None},
        {"build_num": "1"},
        {"path": ["a"]},
        {"dest": 7},
        {"dest": "../a"},
        {"size": "5"},
        {"sha256": 1},
        {"more": 1},
    ],
)
def test_a_note_with_an_odd_entry_is_none(project: Emulator, run: Run, dest: Path, odd: dict[str, Any]) -> None:
    run()
    note = json.loads((dest / NOTE).read_text())
    note["files"].append({**note["files"][0], **odd})
    (dest / NOTE).write_text(json.dumps(note))
    build(project, API, Artifact("new", text="x"))
    result = run(exclusive=True)
    assert ([each["path"] for each in result["added"]], result["removed"]) == (["new"], [])
    assert run(exclusive=True)["changed"] is False
    assert len(files_in(dest)) == 4


def test_what_cannot_be_printed_in_a_note_is_no_traceback(project: Emulator, run: Run, dest: Path) -> None:
    run()
    note = json.loads((dest / NOTE).read_text())
    note["files"].append({**note["files"][0], "project": "\ud800", "dest": "other"})
    (dest / NOTE).write_text(json.dumps(note))
    build(project, API, Artifact("new", text="x"))
    assert (run(exclusive=True)["changed"], run(exclusive=True)["changed"]) == (True, False)
    assert set(files_in(dest)) == {"new"}


def test_a_note_that_names_what_lies_elsewhere_removes_nothing_there(
    project: Emulator, run: Run, dest: Path, tmp_path: Path
) -> None:
    run()
    precious = tmp_path / "precious"
    precious.write_text("precious")
    note = json.loads((dest / NOTE).read_text())
    note["files"].append({**note["files"][0], "dest": "../../precious"})
    (dest / NOTE).write_text(json.dumps(note))
    build(project, API, Artifact("new", text="x"))
    run(exclusive=True)
    assert precious.exists()


# --- trouble ----------------------------------------------------------------------------------------------------------


def test_a_download_that_is_cut_is_tried_again_and_never_seen(project: Emulator, run: Run, dest: Path) -> None:
    run()
    build(project, API, Artifact("dist/app-1.0.whl", size=300_000))
    project.fault("truncate", path="/store/")
    assert run()["changed"] is True
    assert (dest / "dist/app-1.0.whl").stat().st_size == 300_000


def test_a_download_that_fails_leaves_the_old_file_and_nothing_of_the_new_one(
    project: Emulator, run: Run, dest: Path
) -> None:
    run()
    build(project, API, Artifact("a", text="arrives"), Artifact("dist/app-1.0.whl", size=300_000))
    project.fault("truncate", path="app-1.0.whl", times=None)
    result = run(retries=1, concurrency=1)
    assert (result["failed"], result["changed"]) == (True, True)
    assert "The artifact 'dist/app-1.0.whl' of github/acme/api #2 was not downloaded" in result["msg"]
    assert [each["path"] for each in result["files"]] == ["a"]
    assert (dest / "dist/app-1.0.whl").read_text() == "first"
    assert not [path for path in dest.rglob(".circleci-*") if path.name != NOTE]
    project.faults.clear()
    project.clear()
    assert run()["changed"] is True
    # What had arrived is not brought again.
    assert all("app-1.0.whl" in path for path in downloads(project))


class Slow(Server):
    """A store that answers when it is told to, with an empty file."""

    def __init__(self) -> None:
        self.asked, self.may_answer = threading.Event(), threading.Event()
        super().__init__(None)

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            self.asked.set()
            self.may_answer.wait(60)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


def test_what_was_on_its_way_at_an_interrupt_becomes_no_file(project: Emulator, dest: Path) -> None:
    """Its answer comes when the task is over: in a loop, its process goes on."""
    store = Slow()
    listed = [{"path": "a", "pretty_path": "a", "node_index": 0, "url": f"http://127.0.0.1:{store.port}/a"}]
    project.fault("body", path="/artifacts", body=listed)

    def interrupt() -> None:
        store.asked.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        circleci_artifacts.run(Client(project.url, project.token), params_of(dest=str(dest)))
    left = [thread for thread in threading.enumerate() if thread.name == "circleci"]
    assert left
    store.may_answer.set()
    for thread in left:
        thread.join(60)
    store.close()
    assert [path for path in dest.rglob("*") if path.is_file()] == []


def test_how_far_it_is_is_told_every_five_seconds(
    project: Emulator, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file is two requests, each of which takes two and a half seconds."""
    clock = types.SimpleNamespace(monotonic=lambda: 1000.0 + 2.5 * len(project.requests))
    monkeypatch.setattr(bringing, "time", clock)
    sizes = {"a": 200_000, "b": 200_000, "c": 250_000}
    number = build(project, API, *(Artifact(name, size=size) for name, size in sizes.items()))
    told: list[str] = []
    client = Client(project.url, project.token, report=lambda text, **_how: told.append(text))
    circleci_artifacts.run(client, params_of(dest=str(dest), concurrency=1))
    assert told == [
        f"{API} #{number}: 0 of 3 files, 0.2 MB downloaded",
        f"{API} #{number}: 1 of 3 files, 0.4 MB downloaded",
        f"{API} #{number}: 2 of 3 files, 0.7 MB downloaded",
        f"{API} #{number}: 3 of 3 files, 0.7 MB downloaded",
    ]
    told.clear()
    circleci_artifacts.run(client, params_of(dest=str(dest), concurrency=1))
    assert told == []
    # Of a file that is what the store says it is nothing is downloaded.
    (dest / NOTE).unlink()
    circleci_artifacts.run(client, params_of(dest=str(dest), concurrency=1))
    assert told == [f"{API} #{number}: {files} of 3 files, 0.0 MB downloaded" for files in (1, 2, 3)]


def test_a_note_that_cannot_be_written_is_told_and_nothing_is_left_of_it(
    project: Emulator, run: Run, dest: Path
) -> None:
    (dest / NOTE).mkdir(parents=True)
    failed = run()
    assert (failed["failed"], failed["changed"]) == (True, True)
    assert failed["msg"].startswith(f"{dest / NOTE}: Is a directory. Check the folder, ")
    assert {each["path"] for each in failed["added"]} == set(files_in(dest))
    assert set(files_in(dest)) == {"dist/app-1.0.whl", "dist/app-1.0.txt", "log/a.txt"}
    assert [path for path in dest.rglob(".circleci-*") if path.name != NOTE] == []
    (dest / NOTE).rmdir()
    assert run()["changed"] is False


def test_a_note_that_cannot_be_written_either_does_not_hide_what_failed_first(
    project: Emulator, run: Run, dest: Path
) -> None:
    """As on a full disk."""
    (dest / NOTE).mkdir(parents=True)
    project.fault("status", path="a.txt", status=403, times=None)
    failed = run(concurrency=1)
    assert failed["msg"].startswith(f"The artifact 'log/a.txt' of {API} #1 was not downloaded. ")
    assert (failed["changed"], failed["status"], len(failed["added"])) == (True, 403, 2)


def test_what_another_task_has_noted_meanwhile_stays_noted(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(project, API, Artifact("docs/index.html", text="docs"), job="docs")
    run(job="docs")
    first = [list[destination.Noted]()]
    monkeypatch.setattr(bringing, "read_note", lambda dest: first.pop() if first else destination.read_note(dest))
    assert run()["changed"] is True
    monkeypatch.undo()
    project.clear()
    assert (run(job="docs")["changed"], run()["changed"], downloads(project)) == (False, False, [])


def test_a_folder_that_cannot_be_written_is_told(project: Emulator, run: Run, dest: Path, tmp_path: Path) -> None:
    (tmp_path / "opt").write_text("a file")
    for check_mode in (True, False):
        result = run(check_mode=check_mode)
        assert f"dest {dest} cannot be: {tmp_path / 'opt'} is no folder" in result["msg"]


def test_a_folder_into_which_no_file_may_go_is_told_by_its_own_name(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*, prefix: str, dir: Path) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", f"{dir}/{prefix}abcdefgh")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)  # root may write everywhere
    failed = run(include=["log/*"])
    assert (failed["failed"], failed["changed"]) == (True, False)
    assert failed["msg"].startswith(f"{dest / 'log'}: Permission denied. Check the folder, its permissions")


def test_a_file_that_cannot_be_read_is_told_by_its_own_name(
    project: Emulator, run: Run, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()

    def refuse(path: Path, _mode: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    failed = run(include=["log/*"])
    assert (failed["failed"], failed["changed"]) == (True, False)
    assert failed["msg"].startswith(f"{dest / 'log/a.txt'}: Permission denied. Check the folder, its permissions")


@pytest.mark.parametrize("number", [5, 6])
def test_of_many_artifacts_the_first_ones_are_named(project: Emulator, run: Run, number: int) -> None:
    names = [f"report-{index}.xml" for index in range(number)]
    build(project, API, *(Artifact(name, text=name) for name in names))
    told = ", ".join([*names[:5], "…"][:number])
    assert f"no artifact that matches; it has {number}: {told}." in run(include=["nothing"])["msg"]


@pytest.mark.parametrize("odd", [{"path": 1}, {"path": None}, {"url": None}, {"node_index": None}, {"node_index": "0"}])
def test_a_list_that_is_none_is_told(project: Emulator, run: Run, odd: dict[str, Any]) -> None:
    body = [{"path": "a", "url": f"{project.url}/artifacts/a", "node_index": 0, **odd}]
    project.fault("body", path="/artifacts", body=body)
    failed = run()
    assert (failed["failed"], downloads(project)) == (True, [])
    assert f"CircleCI's list of artifacts of {API} #1 has an entry that is none" in failed["msg"]


def test_the_token_is_shown_to_circleci_only(project: Emulator, run: Run) -> None:
    run()
    for record in project.requests:
        assert ("Circle-Token" in record.headers) is not record.path.startswith("/store/")


def test_no_signature_is_told(project: Emulator, run: Run) -> None:
    project.fault("status", path="/store/", status=403, times=None)
    result = run(retries=0)
    assert result["failed"]
    assert "X-Amz-Signature" not in str(result)


def test_a_host_that_is_not_named_gets_no_token(project: Emulator, run_module: Run, dest: Path) -> None:
    with Emulator() as other:
        other.state.machine.set_progress("manual")
        url = f"{other.url}/artifacts/github/acme/api/1/0/coverage/index.html"
        other.follow(API)
        other.finish(API, 1)
        listed = [{"path": "index.html", "pretty_path": "index.html", "node_index": 0, "url": url}]
        options = {"project": API, "build_num": 1, "dest": str(dest)}
        project.fault("body", path="/1/artifacts", body=listed, times=None)
        refused = run_module(MODULE, **options)
        assert (refused["status"], "Circle-Token" in other.requests[0].headers) == (401, False)
        named = other.url.removeprefix("http://")
        assert run_module(MODULE, **options, artifacts_hosts=[f" {named} "])["changed"] is True


def test_a_token_is_needed(project: Emulator, run: Run) -> None:
    project.clear()
    assert "No API token was given" in run(api_token=None)["msg"]
    assert project.requests == []


# --- looking ----------------------------------------------------------------------------------------------------------


def test_a_host_can_be_looked_at_without_a_token(project: Emulator, run: Run, run_module: Run, dest: Path) -> None:
    look = {"dest": str(dest), "names": ["other/file"]}
    before = run_module("circleci_artifacts_info", **look)
    assert (before["noted"], before["files"]) == ([], [])
    assert before["missing_folders"] == [str(dest), str(dest / "other")]
    run(include=["dist/*.whl"])
    (dest / "dist/app-1.0.whl").chmod(0o600)
    project.clear()
    after = run_module("circleci_artifacts_info", **look, mode="0644")
    digest = hashlib.sha256(b"first").hexdigest()
    seen = {"size": 5, "sha256": digest}
    noted = {"project": API, "job": "build", "build_num": 1, "path": "dist/app-1.0.whl", "dest": "dist/app-1.0.whl"}
    assert after["noted"] == [{**noted, **seen}]
    md5 = hashlib.md5(b"first", usedforsecurity=False).hexdigest()
    assert after["files"] == [{"name": "dist/app-1.0.whl", **seen, "md5": md5, "differs": True}]
    assert (after["changed"], project.requests) == (False, [])
    assert "would lead out of dest" in run_module("circleci_artifacts_info", **{**look, "names": ["../x"]})["msg"]


def test_names_that_core_would_take_for_others_are_told(
    run_module: Run, dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("Inner", "x")
    names = ["Outer$Inner.class", "Outer$Other.class", "a/${Inner}/b", "$", "a"]
    look = run_module("circleci_artifacts_info", dest=str(dest), names=names)
    assert look["misread"] == ["Outer$Inner.class", "a/${Inner}/b"]


# --- of a pipeline ----------------------------------------------------------------------------------------------------


def start_pipeline(emulator: Emulator, scenario: str | None = None) -> Any:
    """A pipeline of the main branch that has ended, or waits for a person."""
    if scenario:
        emulator.scenario(scenario)
    with emulator.state.lock:
        emulator.state.machine.pipeline(emulator.project(API), None, branch="main", tag=None, revision=None)
    return emulator.finish_pipeline(API, len(emulator.project(API).pipelines))


def test_the_job_of_a_pipeline(project: Emulator, run: Run) -> None:
    pipeline = start_pipeline(project)
    build(project, API, Artifact("newer", text="x"))
    given = {"branch": None}
    by_id = run(**given, pipeline_id=pipeline.id)
    by_number = run(**given, pipeline_number=pipeline.number)
    assert by_id["build"]["job"] == by_number["build"]["job"] == "build"
    assert by_id["build"]["build_num"] == by_number["build"]["build_num"] < len(project.project(API).builds)
    assert (by_id["changed"], by_number["changed"]) == (True, False)


@pytest.mark.parametrize(
    ("workflow", "number"),
    [(None, 3), ("checks", 1), ("release", 3), ("setup", 2)],
)
def test_of_jobs_with_one_name_the_newest_workflow_has_the_right_one(
    project: Emulator, run: Run, workflow: str | None, number: int
) -> None:
    build(project, API)
    build(project, API)
    pipeline = start_pipeline(project)
    known: list[dict[str, Any]] = [
        {"id": name, "name": name, "status": "success", "created_at": f"2026-01-01T00:00:0{place}Z"}
        for place, name in enumerate(("checks", "setup", "release"))
    ]
    known[1]["tag"] = "setup"
    project.fault("body", path=f"/{pipeline.id}/workflow", body={"items": known})
    for place, each in enumerate(known, 1):
        job = {"id": "x", "name": "build", "type": "build", "status": "success", "job_number": place}
        project.fault("body", path=f"/{each['id']}/job", body={"items": [job]})
    result = run(branch=None, pipeline_id=pipeline.id, workflow=workflow, required=False)
    assert result["build"]["build_num"] == number


def test_a_job_without_a_number_has_no_artifacts(project: Emulator, run: Run) -> None:
    pipeline = start_pipeline(project)
    job = {"id": "x", "name": "build", "type": "no-op", "status": "success"}
    project.fault("body", path=f"/{pipeline.workflows[0].id}/job", body={"items": [job]})
    result = run(branch=None, pipeline_id=pipeline.id)
    assert f"The job build of Pipeline {pipeline.number} of {API} has no number, and so no artifacts" in result["msg"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"job": "package"}, "has no job package; it has build, test"),
        ({"workflow": "nightly"}, "has no workflow nightly; it has build-and-test"),
        ({"pipeline_number": 99}, "Pipeline not found"),
    ],
)
def test_a_job_that_the_pipeline_has_not_is_told(
    project: Emulator, run: Run, options: dict[str, Any], said: str
) -> None:
    number = start_pipeline(project).number
    result = run(**{"branch": None, "pipeline_number": number, **options})
    assert result["failed"]
    assert said in result["msg"]


def test_a_workflow_that_is_not_there_yet_is_told(project: Emulator, run: Run) -> None:
    number = start_pipeline(project, "no-workflow").number
    for options, kind in (({}, "job build"), ({"workflow": "nightly"}, "workflow nightly")):
        result = run(branch=None, pipeline_number=number, **options)
        assert result["msg"].startswith(f"Pipeline {number} of {API} has no {kind}; it has none yet. Check job and ")


def test_an_approval_is_no_job_that_has_artifacts(project: Emulator, run: Run) -> None:
    pipeline = start_pipeline(project, "hold")
    with project.state.lock:
        project.state.machine.approve(pipeline.workflows[0])
    project.finish_pipeline(API, pipeline.number)
    result = run(branch=None, pipeline_number=pipeline.number, job="hold")
    assert f"Pipeline {pipeline.number} of {API} has no job hold; it has deploy, test." in result["msg"]


def test_a_job_that_has_not_succeeded_is_told(project: Emulator, run: Run, dest: Path) -> None:
    project.script("failed")
    number = start_pipeline(project).number
    result = run(branch=None, pipeline_number=number)
    assert f"The job build of Pipeline {number} of github/acme/api has not succeeded: failed" in result["msg"]
    assert not dest.exists()


def test_a_pipeline_of_another_project_is_refused(project: Emulator, run: Run) -> None:
    project.follow("github/acme/web")
    pipeline = start_pipeline(project)
    foreign = run(project="github/acme/web", branch=None, pipeline_id=pipeline.id)["msg"]
    assert f"The pipeline {pipeline.id} belongs to github/acme/api, not to github/acme/web" in foreign
    assert "Check project and pipeline_id." in foreign
