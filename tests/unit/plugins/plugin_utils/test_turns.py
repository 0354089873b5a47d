# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ansible_collections.community.circleci.plugins.plugin_utils import _turns
from ansible_collections.community.circleci.plugins.plugin_utils._turns import Turns

URL = "https://circleci.example.com"
API, WEB = "github/acme/api", "github/acme/web"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "turns"


def is_free(folder: Path, *slugs: str, url: str = URL) -> bool:
    """Whether somebody who does not wait gets a turn."""
    with Turns(folder, url, 0.0).take(*slugs) as warnings:
        return not warnings


def test_a_project_is_for_one_at_a_time(folder: Path) -> None:
    with Turns(folder, URL, 9.0).take(API) as warnings:
        assert warnings == []
        assert not is_free(folder, API)
        assert is_free(folder, WEB)
        assert is_free(folder, API, url="https://circleci.com")
    assert is_free(folder, API)


def test_slugs_are_compared_as_circleci_does(folder: Path) -> None:
    with Turns(folder, URL, 9.0).take("github/Acme/api", "circleci/aB/cD"):
        assert not is_free(folder, "github/acme/API")
        assert is_free(folder, "circleci/ab/cd")


def test_who_comes_later_goes_on_when_the_turn_ends(folder: Path) -> None:
    first = Turns(folder, URL, 9.0).take(API)
    first.__enter__()
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            first.__exit__(None, None, None)

    with Turns(folder, URL, math.inf).take(API, pause=pause) as warnings:
        assert (warnings, pauses) == ([], [_turns.LOOK_EVERY] * 3)
        assert not is_free(folder, API)


@pytest.mark.parametrize("patience", [0.0, -1.0, math.nan])
def test_who_waits_too_long_goes_on_with_a_warning(folder: Path, patience: float) -> None:
    with Turns(folder, URL, 9.0).take(API):
        with Turns(folder, URL, patience).take(WEB, API) as warnings:
            (warning,) = warnings
            assert warning.startswith(f"Another task is at work on {API}")
            assert "retry_budget" in warning
            assert not is_free(folder, WEB)
        # The turn of the other one is not over because of that.
        assert not is_free(folder, API)


@pytest.mark.parametrize("slugs", [(API, WEB), (WEB, API), (WEB, API, WEB)])
def test_turns_are_taken_in_one_order(folder: Path, slugs: tuple[str, ...]) -> None:
    first = Turns(folder, URL, 9.0).take(WEB)
    first.__enter__()
    free: list[bool] = []

    def pause(_seconds: float) -> None:
        free.append(is_free(folder, API))
        first.__exit__(None, None, None)

    with Turns(folder, URL, 60.0).take(*slugs, pause=pause) as warnings:
        assert (warnings, free) == ([], [False])


def test_two_who_want_the_same_projects_do_not_wait_for_each_other(folder: Path) -> None:
    ended = []

    def work(*slugs: str) -> None:
        for _time in range(50):
            with Turns(folder, URL, 60.0).take(*slugs, pause=lambda _seconds: None) as warnings:
                ended.append(warnings)

    threads = [threading.Thread(target=work, args=slugs) for slugs in ((API, WEB), (WEB, API, WEB))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ended == [[]] * 100


def test_a_turn_ends_with_its_process_however_that_ends(folder: Path) -> None:
    program = (
        "import sys, pathlib, time\n"
        f"from {_turns.__name__} import Turns\n"
        f"with Turns(pathlib.Path(sys.argv[1]), {URL!r}, 9.0).take({API!r}):\n"
        "    print('mine', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "mine\n"
        assert not is_free(folder, API)
        process.kill()
    assert is_free(folder, API)


MANY = f"""
import pathlib, resource, subprocess, sys
from {_turns.__name__} import Turns

def refuse(*_arguments):
    raise ValueError("not allowed to raise maximum limit")

resource.setrlimit(resource.RLIMIT_NOFILE, (300, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
if sys.argv[2] == "False":
    resource.setrlimit = refuse
slugs = [f"github/acme/{{number:03}}" for number in range(400)]
with Turns(pathlib.Path(sys.argv[1]), {URL!r}, 9.0).take(*slugs) as told:
    subprocess.run([sys.executable, "-c", ""], capture_output=True, check=True)
    print(len(list(pathlib.Path(sys.argv[1]).iterdir())), *told)
"""


@pytest.mark.parametrize(
    ("can_be_raised", "said"),
    [
        (True, "400"),
        (False, "100 Nothing keeps other tasks from working on 300 of these 400 projects at the same time: that takes"),
    ],
)
def test_a_thousand_projects_leave_files_for_the_task_itself(folder: Path, can_be_raised: bool, said: str) -> None:
    """Most systems let a process have 1024 files open unless it asks for more, and some let it have no more."""
    command = [sys.executable, "-c", MANY, str(folder), str(can_be_raised)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith(said)


class Limits:
    """How many files a process may have open, and may ask for.

    :param refusal: what it gets who asks for more
    """

    RLIM_INFINITY = -1
    RLIMIT_NOFILE = 7

    def __init__(self, now: int, most: int, refusal: type[Exception] | None) -> None:
        self._now, self._most, self._refusal = now, most, refusal
        self.asked: list[tuple[int, int]] = []

    def getrlimit(self, kind: int) -> tuple[int, int]:
        assert kind == self.RLIMIT_NOFILE
        return self._now, self._most

    def setrlimit(self, kind: int, limits: tuple[int, int]) -> None:
        assert kind == self.RLIMIT_NOFILE
        self.asked.append(limits)
        if self._refusal:
            raise self._refusal("not allowed to raise maximum limit")
        self._now, self._most = limits


@pytest.mark.parametrize(
    ("now", "most", "refusal", "room", "asked"),
    [
        (1024, 4096, None, 100, []),
        (300, 4096, None, 100, []),
        (299, 4096, None, 100, [(300, 4096)]),
        (299, Limits.RLIM_INFINITY, None, 100, [(300, Limits.RLIM_INFINITY)]),
        (Limits.RLIM_INFINITY, Limits.RLIM_INFINITY, None, 100, []),
        (210, 280, None, 80, [(280, 280)]),
        (299, 4096, ValueError, 99, [(300, 4096)]),
        (201, 4096, OSError, 1, [(300, 4096)]),
        (200, 4096, OSError, 0, [(300, 4096)]),
        (64, 4096, ValueError, 0, [(300, 4096)]),
    ],
)
def test_as_many_locks_are_held_as_the_system_lets_a_process_have_files(
    monkeypatch: pytest.MonkeyPatch,
    now: int,
    most: int,
    refusal: type[Exception] | None,
    room: int,
    asked: list[tuple[int, int]],
) -> None:
    limits = Limits(now, most, refusal)
    monkeypatch.setattr(_turns, "resource", limits)
    assert (_turns._room_for(100), limits.asked) == (room, asked)


def test_nobody_else_can_look_into_the_folder(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o777)
    folder.chmod(0o777)
    with Turns(folder, URL, 9.0).take(API):
        (file,) = folder.iterdir()
        assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
        assert "acme" not in file.name


def test_nobody_else_can_put_a_link_into_the_folder_just_after_it_was_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    monkeypatch.setattr(Path, "chmod", lambda path, _mode: made.append(path.stat().st_mode & 0o777))
    with Turns(folder, URL, 9.0).take(API):
        assert made == [0o700]


def test_where_there_can_be_no_folder_a_warning_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with Turns(tmp_path / "file" / "turns", URL, 9.0).take(API) as warnings:
        (warning,) = warnings
    assert warning.startswith(f"Nothing keeps other tasks from working on {API} at the same time: ")


def test_what_fails_meanwhile_is_not_taken_for_a_failure_of_the_folder(folder: Path) -> None:
    with pytest.raises(OSError, match="of the body"), Turns(folder, URL, 9.0).take(API):
        raise OSError("of the body")
    assert is_free(folder, API)
