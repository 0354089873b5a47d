# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources import destination
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    Arrived,
    Attributes,
    Noted,
    Seen,
    Unfinished,
    look,
    missing_folders,
    note_text,
    put,
    remove,
    safe_name,
    write_aside,
)
from tests.unit.conftest import FullDisk


@pytest.mark.parametrize(
    ("path", "name"),
    [("a/b", "a/b"), ("/a", "a"), ("./a", "a"), ("a/./b//c/", "a/b/c"), ("...", "..."), ("..a", "..a")],
)
def test_a_path_becomes_a_name_below_the_folder(path: str, name: str) -> None:
    assert safe_name(path) == name


@given(st.text(alphabet=st.sampled_from("./a\0\\~ü")))
def test_no_path_leads_out_of_the_folder(path: str) -> None:
    try:
        name = safe_name(path)
    except CircleCIError:
        return
    folder = Path("/srv/dest")
    assert folder in (folder / name).parents
    assert ".." not in Path(name).parts
    assert "\0" not in name


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError):
        write_aside(tmp_path, chunks())
    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_already_hides_no_failure_and_is_none(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        for path in tmp_path.iterdir():
            path.unlink()
        yield b"first"
        raise RuntimeError("broken off")

    with pytest.raises(RuntimeError, match="broken off"):
        write_aside(tmp_path, chunks())
    with pytest.raises(CircleCIError, match=f"^{tmp_path}/a: No such file or directory.$"):
        put(Arrived(tmp_path / "gone", 0, ""), tmp_path / "a", Attributes())
    remove(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_what_was_begun_does_not_outlast_a_task_and_nothing_more_begins(tmp_path: Path) -> None:
    unfinished = Unfinished()
    number, path = unfinished.begin(tmp_path)
    os.close(number)
    done, named = unfinished.begin(tmp_path)
    os.close(done)
    named.rename(tmp_path / "a")
    assert path.exists()
    assert re.fullmatch(r"\.circleci-\w{8}", path.name)
    unfinished.remove()
    with pytest.raises(CircleCIError, match="interrupted"):
        unfinished.begin(tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


@pytest.mark.parametrize("size", [5000, 50000])
def test_a_full_disk_is_told_in_words_whenever_it_shows(tmp_path: Path, no_space: FullDisk, size: int) -> None:
    """A little text meets it only when the file is closed."""
    with no_space(after=4096), pytest.raises(CircleCIError, match=f"^{tmp_path}: File too large.$"):
        write_aside(tmp_path, [b"x" * size])
    assert list(tmp_path.iterdir()) == []


def test_folders_come_before_those_within_them(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    found = missing_folders(tmp_path / "dest", ["a/b/c", "a/d", "e"])
    assert found == [str(tmp_path / "dest"), str(tmp_path / "dest/a"), str(tmp_path / "dest/a/b")]
    assert missing_folders(tmp_path, ["there/x", "y"]) == []
    # A task that brings nothing changes nothing.
    assert missing_folders(tmp_path / "dest", []) == []


def test_a_note_has_a_line_for_each_thing_and_the_files_by_name() -> None:
    noted = [Noted("github/acme/api", "build", 7, f"dist/{name}", name, 5, "ab") for name in "ba"]
    assert note_text(noted).splitlines()[:6] == [
        "{",
        ' "files": [',
        "  {",
        '   "project": "github/acme/api",',
        '   "job": "build",',
        '   "build_num": 7,',
    ]
    assert note_text(noted).endswith("\n ]\n}\n")
    assert [entry["dest"] for entry in json.loads(note_text(noted))["files"]] == ["a", "b"]


def test_md5_is_no_matter_of_security(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in FIPS mode has it for other purposes."""

    def new(name: str, *, usedforsecurity: bool = True) -> Any:
        if usedforsecurity:
            raise ValueError("[digital envelope routines] unsupported")
        return hashlib.md5(usedforsecurity=False)

    monkeypatch.setattr(destination, "hashlib", SimpleNamespace(new=new, sha256=hashlib.sha256))
    (tmp_path / "a").write_text("first")
    md5 = hashlib.md5(b"first", usedforsecurity=False).hexdigest()
    assert look(tmp_path, ["a"], [], Attributes()) == {"a": Seen(5, hashlib.sha256(b"first").hexdigest(), md5, False)}


def test_a_file_that_may_not_be_given_away_keeps_its_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, _user: int, _group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", str(path))

    monkeypatch.setattr(os, "chown", refuse)
    (tmp_path / "a").touch(mode=0o640)
    with pytest.raises(CircleCIError, match="may not give files"):
        Attributes(mode="0600", owner="54321").give(tmp_path / "a")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
