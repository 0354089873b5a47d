# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every request of bringing artifacts under every fault: a file is the old one or the new one, and whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.unit.plugins.test_faults import UNUSABLE, patience_with
from tests.unit.plugins.test_read_faults import FINAL, PASSING

pytestmark = [pytest.mark.once, pytest.mark.drawn(3)]
API = "github/acme/api"
NOTE = ".circleci-artifacts.json"
OLD, NEW = "old " * 1000, "new " * 2000
FILE = "dist/app.whl"
Run = Callable[..., dict[str, Any]]
# Of each request its task and its path. All that reads the API meets its faults: here a sample of them is enough.
REQUESTS: dict[str, tuple[dict[str, Any], str]] = {
    "builds of the branch": ({"job": "build", "branch": "main"}, "/tree/main"),
    "jobs of the pipeline": ({"job": "build", "pipeline_number": 2}, "/job$"),
    "list of artifacts": ({"build_num": 2}, "/2/artifacts$"),
    "address of the artifact": ({"build_num": 2}, "^/artifacts/"),
    "artifact itself": ({"build_num": 2}, "^/store/"),
}
FILES = ("address of the artifact", "artifact itself")
"""What is no answer of the API: whatever it says with a 200 is the artifact."""
SAMPLE = ("429 in words", "503 with HTML", "dropped", "truncated", "a refusal")
# A page instead of an answer; as the artifact it would be as good as any other text.
FAULTS = {**{name: fault for name, fault in FINAL.items() if name not in UNUSABLE}, **PASSING}
CELLS = [(name, fault) for name in REQUESTS for fault in FAULTS if name in FILES or fault in SAMPLE]
# A redirect has no body that could be cut.
CELLS.remove(("address of the artifact", "truncated"))


@pytest.fixture
def dest(emulator: Emulator, run_module: Run, tmp_path: Path) -> Path:
    """A folder with what an earlier build made, while a newer one is there."""
    emulator.state.machine.set_progress("manual")
    emulator.artifacts(API, "build", Artifact(FILE, text=OLD))
    emulator.follow(API)
    emulator.finish(API, 1)
    folder = tmp_path / "dest"
    assert run_module("circleci_artifacts", project=API, build_num=1, dest=str(folder))["changed"] is True
    emulator.artifacts(API, "build", Artifact(FILE, text=NEW))
    emulator.push(API, branch="main")
    emulator.finish_pipeline(API, 2)
    emulator.clear()
    return folder


def bring(run_module: Run, dest: Path, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return run_module("circleci_artifacts", project=API, dest=str(dest), **options, **more)


def expect(dest: Path, text: str) -> None:
    """The folder holds one whole file, and nothing that was left behind."""
    assert (dest / FILE).read_text() == text
    assert {path.name for path in dest.rglob("*") if path.is_file()} == {"app.whl", NOTE}


@pytest.mark.parametrize(("name", "fault"), [cell for cell in CELLS if cell[1] in PASSING])
def test_what_passes_does_not_show(emulator: Emulator, run_module: Run, dest: Path, name: str, fault: str) -> None:
    options, path = REQUESTS[name]
    emulator.fault(path=path, **PASSING[fault])
    result = bring(run_module, dest, options, timeout=patience_with(fault))
    assert (result.get("failed"), result["changed"], emulator.faults.pending) == (None, True, [])
    expect(dest, NEW)
    assert emulator.writes == []


@pytest.mark.parametrize(("name", "fault"), CELLS)
def test_what_does_not_pass_leaves_the_old_file(
    emulator: Emulator, run_module: Run, dest: Path, name: str, fault: str
) -> None:
    options, path = REQUESTS[name]
    emulator.fault(path=path, times=None, **FAULTS[fault])
    result = bring(run_module, dest, options, timeout=patience_with(fault), retries=1)
    assert (result["failed"], result["changed"]) == (True, False)
    assert API in result["msg"]
    assert result["hint"]
    assert result["msg"].isprintable()
    assert (FILE in result["msg"]) is (name in FILES)
    expect(dest, OLD)
    emulator.faults.clear()
    assert bring(run_module, dest, options)["changed"] is True
    expect(dest, NEW)
    assert bring(run_module, dest, options)["changed"] is False


@pytest.mark.parametrize("name", [name for name in REQUESTS if name not in FILES])
@pytest.mark.parametrize("fault", UNUSABLE)
def test_what_is_no_answer_leaves_the_old_file(
    emulator: Emulator, run_module: Run, dest: Path, name: str, fault: str
) -> None:
    options, path = REQUESTS[name]
    emulator.fault("body", path=path, **UNUSABLE[fault])
    result = bring(run_module, dest, options)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert "cannot be used" in result["msg"]
    expect(dest, OLD)


@pytest.mark.parametrize("location", ["https://[::1/a", "http://127.0.0.1:port/", "ftp://127.0.0.1/a", "//", "\\"])
def test_a_redirect_to_nowhere_leaves_the_old_file(
    emulator: Emulator, run_module: Run, dest: Path, location: str
) -> None:
    emulator.fault("redirect", path="^/artifacts/", location=location, times=None)
    result = bring(run_module, dest, {"build_num": 2}, retries=0)
    assert (result["failed"], result["changed"]) == (True, False)
    assert FILE in result["msg"]
    assert result["hint"]
    expect(dest, OLD)


@pytest.mark.parametrize(
    "url", ["", "a", "/artifacts/a", "https://[::1/a", "http://127.0.0.1:port/", "file:///etc/passwd"]
)
def test_an_address_that_is_none_leaves_the_old_file(emulator: Emulator, run_module: Run, dest: Path, url: str) -> None:
    listed = [{"path": FILE, "pretty_path": FILE, "node_index": 0, "url": url}]
    emulator.fault("body", path="/2/artifacts", body=listed)
    result = bring(run_module, dest, {"build_num": 2}, retries=0)
    assert (result["failed"], result["changed"]) == (True, False)
    assert FILE in result["msg"]
    assert result["hint"]
    expect(dest, OLD)


def test_a_slow_file_arrives(emulator: Emulator, run_module: Run, dest: Path) -> None:
    """Each piece may take as long as timeout says, all of them longer."""
    emulator.state.set_switches(store_rate=8 * len(NEW) / 5)
    assert bring(run_module, dest, {"build_num": 2}, timeout=0.5)["changed"] is True
    expect(dest, NEW)


def test_two_runs_at_once_leave_whole_files(emulator: Emulator, run_module: Run, dest: Path) -> None:
    """One run is in the middle of a file while another one brings that of another build."""
    emulator.state.set_switches(store_rate=8000.0)
    results: list[dict[str, Any]] = []
    slow = threading.Thread(target=lambda: results.append(bring(run_module, dest, {"build_num": 2})))
    slow.start()
    while slow.is_alive() and not any(record.path.startswith("/store/") for record in emulator.requests):
        time.sleep(0.01)
    expect_whole(dest)
    emulator.state.set_switches(store_rate=None)
    (dest / FILE).write_text("touched")
    results.append(bring(run_module, dest, {"build_num": 1}))
    expect_whole(dest)
    slow.join()
    assert [(result.get("failed"), result["changed"]) for result in results] == [(None, True)] * 2
    expect_whole(dest)
    bring(run_module, dest, {"build_num": 2})
    expect(dest, NEW)
    assert bring(run_module, dest, {"build_num": 2})["changed"] is False


def test_two_jobs_at_once_are_both_noted(emulator: Emulator, run_module: Run, dest: Path) -> None:
    """Else what one of them leaves would never be removed."""
    emulator.state.set_switches(store_rate=8000.0)
    slow = threading.Thread(target=lambda: bring(run_module, dest, {"build_num": 2}))
    slow.start()
    while slow.is_alive() and not any(record.path.startswith("/store/") for record in emulator.requests):
        time.sleep(0.01)
    emulator.state.set_switches(store_rate=None)
    assert bring(run_module, dest, {"build_num": 3, "include": ["results/junit.xml"]})["build"]["job"] == "test"
    slow.join()
    noted = run_module("circleci_artifacts_info", dest=str(dest))["noted"]
    assert [(entry["job"], entry["dest"]) for entry in noted] == [("build", FILE), ("test", "results/junit.xml")]


def expect_whole(dest: Path) -> None:
    assert (dest / FILE).read_text() in (OLD, NEW)
