# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs real playbooks against the emulator, and says what came of each task."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from emulator import Emulator

HERE = Path(__file__).resolve().parent
PROGRAMS = Path(sys.executable).parent
TARGET_PYTHONS = [path for path in os.environ.get("TARGET_PYTHONS", "").split(os.pathsep) if path]
FOREIGN = ("ANSIBLE_", "CIRCLE", "PYTEST_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "REQUESTS_", "CURL_")
WAITING = ("build", "pipeline", "workflow")

Task = dict[str, Any]
Json = dict[str, Any]


@dataclass
class Ran:
    """A task that ran.

    :param status: ok, failed, skipped or unreachable
    :param requests: what the emulator was asked meanwhile
    """

    task: str
    status: str
    result: Json
    requests: list[Json]

    @property
    def changed(self) -> bool:
        return bool(self.result.get("changed"))

    @property
    def writes(self) -> list[str]:
        """The requests that may change something, as method and path."""
        return [f"{item['method']} {item['path']}" for item in self.requests if item["method"] != "GET"]

    @property
    def connections(self) -> int:
        """On how many TCP connections the requests came."""
        return len({item["connection"] for item in self.requests})


@dataclass
class Played:
    """A playbook that ran."""

    status: int
    output: str
    """stdout, then stderr"""
    ran: list[Ran] = field(default_factory=list)
    stdout: str = ""
    stderr: str = ""

    def __getitem__(self, task: str) -> Ran:
        (ran,) = [ran for ran in self.ran if ran.task == task]
        return ran


class Player:
    """Runs playbooks in a folder of their own, where every temporary file lands too.

    :param folder: an empty folder
    """

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.emulator = emulator
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        # Not the playbook's folder: what is relative to that must not be found from here.
        self.working = folder / "working"
        self.working.mkdir()

    def environment(self) -> dict[str, str]:
        """The variables of ansible's programs: nothing of what the user has exported for them."""
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(FOREIGN)}
        return kept | {
            "ANSIBLE_ASYNC_DIR": str(self.folder / "jobs"),
            "ANSIBLE_BECOME_PLUGINS": str(HERE / "become_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "record",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ANSIBLE_COLLECTIONS_PATH"],
            "ANSIBLE_CONNECTION_PLUGINS": str(HERE / "connection_plugins"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "ANSIBLE_INVENTORY": str(self.folder / "inventory.yml"),
            "ANSIBLE_LOCAL_TEMP": str(self.temporary),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_REMOTE_TEMP": str(self.temporary),
            "HOME": str(self.folder),
            "NO_PROXY": "*",
            "RECORD_EMULATOR": self.emulator.url,
            "RECORD_FILE": str(self.folder / "record.jsonl"),
            "TMPDIR": str(self.temporary),
        }

    def play(
        self,
        tasks: list[Task],
        *arguments: str,
        keywords: Json | None = None,
        defaults: Json | None = None,
        host: Json | None = None,
        warnings: Sequence[str] = (),
        **variables: str,
    ) -> Played:
        """Run one play on localhost.

        :param arguments: of ansible-playbook
        :param keywords: of the play
        :param defaults: of all modules of the collection, besides address and token
        :param host: variables of the host
        :param warnings: words of each warning that is to be shown; any other one, and one that is missing, is an error
        :param variables: of the process
        """
        given: Json = {"api_url": self.emulator.url, "api_token": self.emulator.token} | (defaults or {})
        play = {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "module_defaults": {
                "group/community.circleci.circleci": {key: value for key, value in given.items() if value is not None},
                # What the emulator builds takes no time.
                **{f"community.circleci.circleci_{name}": {"wait_interval": 0.1} for name in WAITING},
            },
            "tasks": tasks,
        }
        book = self.folder / "play.yml"
        book.write_text(yaml.safe_dump([play | (keywords or {})], sort_keys=False), encoding="utf-8")
        return self.run(str(book), *arguments, host=host, warnings=warnings, **variables)

    def run(
        self, book: str, *arguments: str, host: Json | None = None, warnings: Sequence[str] = (), **variables: str
    ) -> Played:
        """Run a playbook: see :meth:`play`."""
        environment = self.environment() | variables
        inventory = {"all": {"hosts": {"localhost": {"ansible_python_interpreter": sys.executable} | (host or {})}}}
        Path(environment["ANSIBLE_INVENTORY"]).write_text(yaml.safe_dump(inventory), encoding="utf-8")
        record = Path(environment["RECORD_FILE"])
        record.write_text("", encoding="utf-8")
        finished = subprocess.run(
            [PROGRAMS / "ansible-playbook", book, *arguments],
            env=environment,
            cwd=self.working,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        lines = record.read_text(encoding="utf-8").splitlines()
        played = Played(
            finished.returncode,
            finished.stdout + finished.stderr,
            [Ran(**json.loads(line)) for line in lines],
            finished.stdout,
            finished.stderr,
        )
        shown = warnings_in(finished.stderr)
        # Whatever a test is about, no user is to see these.
        wrong = [
            words for words in ("Traceback (most recent call last)", "DEPRECATION WARNING") if words in played.output
        ]
        wrong += [f"task {ran.task} ended by an exception" for ran in played.ran if crashed(ran.result)]
        wrong += [f"not expected: {one}" for one in shown if not any(words in one for words in warnings)]
        wrong += [f"expected, but not shown: {words}" for words in warnings if not any(words in one for one in shown)]
        assert wrong == [], "\n".join([*wrong, played.output])
        return played


def crashed(result: Any) -> bool:
    """Whether a task, or an item of its loop, ended by an exception that nobody turned into a message.

    Until ansible-core 2.18 only such a task has an ``exception``. Later every failed one has, mostly without the
    traceback; but core writes the message of a task itself only when none was returned.
    """
    # A host that cannot be reached, and the time limit of a task, are told by an exception of core.
    if not isinstance(result, dict) or result.get("unreachable") or "timedout" in result:
        return False
    written_by_core = str(result.get("msg")).startswith("Task failed")
    exception = str(result.get("exception") or "")
    return (
        ("exception" in result and (written_by_core or not exception.startswith("(traceback unavailable)")))
        or "Traceback (most recent call last)" in str(result.get("module_stderr", ""))
        or any(crashed(item) for item in result.get("results") or ())
    )


def warnings_in(stderr: str) -> list[str]:
    """The warnings that a user saw, each on one line: older cores wrap them.

    What was shown on stderr after a warning, but for a line in brackets, may stand at its end.
    """
    blocks = re.split(r"^\[(?=[A-Z ]+\]: )", stderr, flags=re.MULTILINE)
    return [" ".join(block.removeprefix("WARNING]: ").split()) for block in blocks if block.startswith("WARNING]")]


Play = Callable[..., Played]


def task(title: str, module: str, /, *, keywords: Json | None = None, **options: Any) -> Task:
    """A task of a module of the collection.

    :param keywords: of the task
    """
    return {"name": title, f"community.circleci.{module}": options, **(keywords or {})}
