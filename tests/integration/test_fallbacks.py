# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keywords that only core can honour, and missing libraries: the ordinary module runs, with the same result."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.ladders import PROJECT, comparable
from tests.integration.playing import Json, Player, Task, task

REASONS: dict[str, tuple[Json, str]] = {
    "asynchronous": ({"async": 60, "poll": 1}, "the task is asynchronous"),
    "become": ({"become": True, "become_method": "same_user"}, "the task uses become"),
    "environment": ({"environment": {"COLOUR": "green"}}, "the task sets its environment"),
    "not local": ({"connection": "elsewhere"}, "the connection is not local"),
}
# What core adds to the result of a task that it polled.
POLLED = {
    *("ansible_job_id", "started", "finished", "results_file"),
    *("stdout", "stdout_lines", "stderr", "stderr_lines"),
}
IGNORE = {"ignore_errors": True}


@pytest.fixture
def player(player: Player) -> Player:
    player.emulator.follow(PROJECT)
    player.emulator.project(PROJECT).env_vars["COLOUR"] = "green-as-a-meadow"
    return player


def write(name: str, **keywords: Any) -> Task:
    """A task that gives the same result each time."""
    options = {"project": PROJECT, "name": "COLOUR", "value": "green-as-a-meadow", "update_value": "always"}
    return task(name, "circleci_env_var", keywords=keywords, **options)


def fail(name: str, **keywords: Any) -> Task:
    options = {"project": "github/acme/nowhere", "name": "COLOUR", "state": "absent"}
    return task(name, "circleci_env_var", keywords=keywords | IGNORE, **options)


@pytest.mark.oldest
def test_keywords_that_need_core_change_no_result_and_vv_says_why(player: Player) -> None:
    tasks = [write("write in process"), fail("fail in process")]
    for name, (keywords, _reason) in REASONS.items():
        tasks += [write(f"write {name}", **keywords), fail(f"fail {name}", **keywords)]
    played = player.play(tasks, "--diff", "-vv")
    assert played.status == 0, played.output
    for name, (_keywords, reason) in REASONS.items():
        line = f"community.circleci.circleci_env_var: runs as an ordinary module, because {reason}."
        assert played.output.count(line) == 2
        for verb in ("write", "fail"):
            result = {key: value for key, value in comparable(played[f"{verb} {name}"]).items() if key not in POLLED}
            assert result == comparable(played[f"{verb} in process"]), name
    assert played["write in process"].writes == [f"POST /api/v1.1/project/{PROJECT}/envvar"]
    assert "404" in played["fail in process"].result["msg"]


def test_a_task_in_the_background_is_collected_with_async_status(player: Player) -> None:
    start = write("start", **{"async": 60, "poll": 0}, register="job")
    collect = {
        "name": "collect",
        "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
        "register": "collected",
        "until": "collected is finished",
        "delay": 1,
        "retries": 30,
    }
    played = player.play([start, collect])
    assert played.status == 0, played.output
    assert played["collect"].changed
    assert played["collect"].result["env_var"] == {"name": "COLOUR", "masked_value": "xxxxadow"}
    assert [record.method for record in player.emulator.writes] == ["POST"]


@pytest.mark.parametrize("libraries", [["requests"], ["cryptography"], ["requests", "cryptography"]])
def test_without_a_library_on_the_controller_the_ordinary_module_decides(player: Player, libraries: list[str]) -> None:
    stub = player.folder / "stub"
    stub.mkdir()
    for library in libraries:
        line = f"raise ModuleNotFoundError(\"No module named '{library}'\", name='{library}')\n"
        (stub / f"{library}.py").write_text(line, encoding="utf-8")
    # The interpreter of the task has the library, or lacks it too.
    with_library = program(player.folder / "python", 'unset PYTHONPATH; exec "$REAL_PYTHON" "$@"')
    away = {"connection": "elsewhere", "ignore_errors": True}
    tasks = [
        write("has it", vars={"ansible_python_interpreter": str(with_library)}),
        fail("has it, fails", vars={"ansible_python_interpreter": str(with_library)}),
        write("lacks it", ignore_errors=True),
        write("elsewhere", **away),
        task("deliver", "circleci_artifacts", project=PROJECT, build_num=1, dest="/srv/app", keywords=away),
    ]
    played = player.play(tasks, "-vv", PYTHONPATH=str(stub), REAL_PYTHON=sys.executable)
    assert played.status == 0, played.output
    assert played.output.count(f"because the controller's Python lacks {' and '.join(libraries)}.") == 3
    assert played["has it"].changed
    assert played["has it"].result["env_var"]["masked_value"] == "xxxxadow"
    assert played["has it, fails"].result["status"] == 404
    what, it = ("libraries", "them") if len(libraries) > 1 else ("library", "it")
    told = (
        f"{sys.executable} lacks the Python {what} {' and '.join(libraries)}: "
        f"install {it} with {sys.executable} -m pip install {' '.join(libraries)}."
    )
    assert played["lacks it"].result["msg"] == told
    assert played["elsewhere"].result["msg"] == (
        f"{told} The task need not run on this host: delegate_to: localhost leaves it to the controller."
    )
    assert played["deliver"].result["msg"] == (
        f"community.circleci.circleci_artifacts cannot bring files by way of the controller: {told} "
        "Or set delivery: direct."
    )
    for name in ("lacks it", "elsewhere", "deliver"):
        assert (played[name].status, played[name].requests) == ("failed", [])
        assert "missing_libraries" not in played[name].result


def program(path: Path, line: str) -> Path:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
