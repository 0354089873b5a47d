# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all measurements share: the emulator in another process, programs that are measured, and tables of figures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "emulator-personal-token"
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))


@contextmanager
def emulator(repositories: int = 0) -> Iterator[str]:
    """An emulator in a process of its own, with so many repositories; gives its address."""
    command = [sys.executable, "-m", "emulator", "--repositories", str(repositories)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def control(url: str, method: str, what: str, **fields: Any) -> Any:
    """Ask the emulator's control interface."""
    answer = requests.request(method, f"{url}/_emulator/{what}", json=fields, timeout=60)
    answer.raise_for_status()
    return answer.json()


@dataclass
class Run:
    """One process: what it took.

    :param memory: MiB that the largest of its processes held at its peak
    """

    seconds: float
    memory: float


def run_program(command: list[str], folder: Path) -> Run:
    """Run a program, which must succeed.

    :param folder: for the temporary files of ansible
    """
    environment = {
        **os.environ,
        "ANSIBLE_ACTION_PLUGINS": str(ROOT / "tests" / "benchmark" / "actions"),
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "0",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_REMOTE_TEMP": str(folder),
    }
    with tempfile.TemporaryFile("w+") as told:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=told, stderr=told, env=environment)
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            sys.exit(f"{command[:3]} failed:\n{told.read()[-5000:]}")
    return Run(seconds, usage.ru_maxrss / 1024)


def run_play(
    folder: Path, tasks: list[dict[str, Any]], *, environment: dict[str, str] | None = None, **variables: Any
) -> Run:
    """Run tasks on the controller with ansible-playbook.

    :param environment: the tasks' own
    :param variables: of the play
    """
    play: dict[str, Any] = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}
    play["vars"] = {"ansible_python_interpreter": sys.executable, **variables}
    if environment:
        play["environment"] = environment
    file = folder / "play.json"
    file.write_text(json.dumps([play]), encoding="utf-8")
    return run_program([PLAYBOOK, str(file)], folder)


@dataclass
class Figure:
    """One line of the table of bounds."""

    title: str
    bound: str
    measured: str
    held: bool


@dataclass
class Figures:
    """What is said of the measurements."""

    bounds: list[Figure] = field(default_factory=list)

    def at_most(self, title: str, value: float, bound: float, unit: str = " times", words: str = "") -> None:
        """Add a figure.

        :param words: what the bound is, where it is no number that was known before
        """
        told = f"{words} ({bound:g}{unit})" if words else f"at most {bound:g}{unit}"
        self.bounds.append(Figure(title, told, f"{value:.2f}{unit}", value <= bound))

    def at_least(self, title: str, value: float, bound: float) -> None:
        self.bounds.append(Figure(title, f"at least {bound:g} times", f"{value:.1f} times", value >= bound))

    def say(self) -> None:
        """Tell each of them."""
        for each in self.bounds:
            say(f"{'holds' if each.held else 'FAILS':<6} {each.title}: {each.measured} ({each.bound})")


def say(text: str) -> None:
    print(text, flush=True)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def seconds_of(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
