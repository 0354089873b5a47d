# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tasks of many hosts share, and what is said of a host that takes no files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible import constants

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.artifacts import Artifact, Selection
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import Sought
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project
from ansible_collections.community.circleci.plugins.plugin_utils import _delivery
from ansible_collections.community.circleci.plugins.plugin_utils._delivery import Depot

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


def test_a_note_is_kept_as_long_as_it_is_transferred(tmp_path: Path) -> None:
    with depot().kept("a text \udcff") as path:
        assert path.read_bytes() == b"a text \xff"
        assert path.stat().st_mode & 0o077 == 0
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.exists()
