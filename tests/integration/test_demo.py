# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo: which CircleCI it uses, and what it leaves behind."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from docs.pictures import books
from playbooks.demo.run import make_key
from tests.integration.playing import PROGRAMS, Player

pytestmark = pytest.mark.once
RUN = Path(__file__).resolve().parents[2] / "playbooks" / "demo" / "run.py"
PROJECT = "github/acme/api"
TRY = RUN.with_name("try_out.py")
SECONDS_TO_STOP = 20


def start(player: Player, **variables: str) -> subprocess.Popen[str]:
    """Start the demo for somebody who has exported a CircleCI, which is the emulator of the test."""
    exported = {"CIRCLE_HOST": player.emulator.url, "CIRCLE_TOKEN": player.emulator.token}
    kept = {name: value for name, value in player.environment().items() if not name.startswith(("ANSIBLE_", "RECORD_"))}
    collections = {"ANSIBLE_COLLECTIONS_PATH": player.environment()["ANSIBLE_COLLECTIONS_PATH"]}
    return subprocess.Popen(
        [sys.executable, RUN],
        env=kept | collections | exported | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for the demo and return what it printed."""
    output, _unused = process.communicate(timeout=120)
    return output


def of_the_demo(mark: str) -> list[str]:
    """The process ids of all that was started with this text in its environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # It ended meanwhile, or belongs to somebody else.
            if mark.encode() in environment.read_bytes():
                found.append(environment.parent.name)
    return found


@pytest.mark.rest
def test_an_exported_circleci_is_not_used(player: Player) -> None:
    process = start(player, CIRCLECI_TOKEN=player.emulator.token, DEMO_MARK=str(player.folder))
    output = finish(process)
    assert process.returncode == 0, output
    assert player.emulator.requests == []
    # Not even the web server of what was deployed.
    assert of_the_demo(f"DEMO_MARK={player.folder}") == []
    assert "All of it on an emulator on this machine: nothing was sent to CircleCI." in output
    assert "1. Say what would change" in output
    assert "+    following: true" in output
    assert "#3 success: " in output
    assert output.count("<title>Coverage</title>") == 2
    # The day is after the removal of API v1.1's triggers: all of this goes by API v2.
    assert "hold is approved" in output
    assert '"msg": "deploy: success"' in output or "msg: 'deploy: success'" in output
    # Older versions of ansible-core write long messages in YAML's single quotes, and fold them.
    assert "workflow 'lint' failed (jobs that failed: lint)" in " ".join(output.replace("''", "'").split())
    assert "FAILED tests/test_orders.py" in output
    assert list(player.temporary.iterdir()) == []


@pytest.mark.rest
def test_with_a_project_the_exported_circleci_is_used_and_not_changed(player: Player) -> None:
    process = start(player, DEMO_PROJECT=PROJECT)
    output = finish(process)
    assert process.returncode == 0, output
    assert player.emulator.requests != []
    assert player.emulator.writes == []
    assert "Nothing was changed. Set DEMO_APPLY=yes to let the demo do it." in output


@pytest.mark.rest
def test_when_told_to_the_demo_changes_the_project_and_takes_its_own_things_away(player: Player) -> None:
    process = start(player, DEMO_PROJECT=PROJECT, DEMO_APPLY="yes")
    output = finish(process)
    assert process.returncode == 0, output
    project = player.emulator.project(PROJECT)
    assert project.followers
    assert len(project.checkout_keys) == 1
    assert project.ssh_keys == []
    assert project.env_vars == {}
    assert player.emulator.token not in output


def test_a_project_without_a_token_is_told_so(player: Player) -> None:
    process = start(player, DEMO_PROJECT=PROJECT, CIRCLE_TOKEN="")
    output = finish(process)
    assert process.returncode == 1
    assert "DEMO_PROJECT is set: set CIRCLE_TOKEN too" in output
    assert player.emulator.requests == []


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (signal.SIGINT, "TASK ["),
        (signal.SIGHUP, "TASK ["),
        (signal.SIGTERM, " pipeline #"),
    ],
    ids=["ctrl-c", "closed-terminal", "terminated-while-waiting"],
)
def test_an_interrupted_demo_leaves_nothing_behind(player: Player, number: signal.Signals, line: str) -> None:
    mark = f"DEMO_MARK={player.folder}"
    process = start(player, DEMO_MARK=str(player.folder))
    assert process.stdout is not None
    assert any(line in printed for printed in process.stdout)
    assert len(of_the_demo(mark)) > 1
    process.send_signal(number)
    output, _unused = process.communicate(timeout=SECONDS_TO_STOP)
    assert process.returncode == 1
    assert f"The demo stopped: {number.name}" in output
    assert of_the_demo(mark) == []
    assert list(player.temporary.iterdir()) == []


def try_out(player: Player, *arguments: str) -> tuple[int, str]:
    """What `make try` does, for somebody who has exported another CircleCI."""
    exported = {
        "CIRCLE_HOST": player.emulator.url,
        "CIRCLE_TOKEN": "of-another-circleci",
        "REGISTRY_PASSWORD": "horse-battery",
    }
    own = ("RECORD_", "ANSIBLE_CALLBACK", "ANSIBLE_INVENTORY")
    kept = {name: value for name, value in player.environment().items() if not name.startswith(own)}
    kept["PATH"] = f"{PROGRAMS}:{kept['PATH']}"
    done = subprocess.run(
        [sys.executable, TRY, *arguments],
        env=kept | exported,
        cwd=player.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_playbooks_are_tried_out_on_one_emulator_which_is_new_for_each_call(player: Player) -> None:
    make_key(player.folder / "deploy_key")
    (player.folder / "onboard.yml").write_text(books()["onboard.yml"], encoding="utf-8")
    status, output = try_out(player, "onboard.yml", "onboard.yml")
    assert (status, output.count("changed=1 "), output.count("changed=0 ")) == (0, 1, 1), output
    status, output = try_out(player, "onboard.yml", "--check", "--diff")
    assert (status, output.count("would add"), output.count("+++ after: github/acme/api")) == (0, 4, 1), output
    assert player.emulator.requests == []


def test_trying_out_ends_with_the_first_playbook_that_fails(player: Player) -> None:
    assert try_out(player) == (2, "Name a playbook: make try BOOK=onboard.yml\n")
    status, output = try_out(player, "nowhere.yml", "onboard.yml")
    assert (status, "$ ansible-playbook onboard.yml" in output) == (1, False)
    assert "nowhere.yml could not be found" in output
