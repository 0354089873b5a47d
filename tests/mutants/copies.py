# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of the repository in which one bug at a time stands, and the tests that are run there."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "mutants"
COPIED = [
    *("plugins", "meta", "playbooks", "emulator", "tests", "docs", "requirements", "changelogs", "galaxy.yml"),
    *("noxfile.py", "pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile"),
]


@dataclass(frozen=True)
class Answer:
    """What came of a run of tests.

    :param outcome: passed, failed, timeout; nothing when no test ran
    :param test: which failed or did not end
    """

    outcome: str
    test: str | None


class Copy:
    """A copy of the repository, and a process that runs its tests.

    :param source: what is copied; None for what stands in the folder
    """

    def __init__(self, name: str, source: Path | None) -> None:
        self.home = CACHE / name
        self.root = self.home / "ansible_collections" / "community" / "circleci"
        self._stamp = time.time() - 10_000_000
        self._worker: subprocess.Popen[str] | None = None
        if source is not None:
            shutil.rmtree(self.home, ignore_errors=True)
            self.root.mkdir(parents=True)
            for each in COPIED:
                if (source / each).is_dir():
                    ignored = shutil.ignore_patterns("__pycache__", "output")
                    shutil.copytree(source / each, self.root / each, symlinks=True, ignore=ignored)
                elif (source / each).exists():
                    shutil.copy2(source / each, self.root / each)

    def environment(self) -> dict[str, str]:
        home = str(self.home)
        own = {"ANSIBLE_COLLECTIONS_PATH": home, "ANSIBLE_HOME": f"{home}/ansible", "HOME": f"{home}/home"}
        path = os.pathsep.join((home, str(self.root)))
        return os.environ | own | {"PYTHONPATH": path, "HYPOTHESIS_STORAGE_DIRECTORY": f"{home}/hypothesis"}

    def source(self, file: str) -> bytes:
        return (self.root / file).read_bytes()

    def put(self, file: str, source: bytes) -> None:
        """Write a file with a time of its own: what Python compiled of another one must not be taken for it."""
        path = self.root / file
        path.write_bytes(source)
        self._stamp += 10
        os.utime(path, (self._stamp, self._stamp))

    def digest(self) -> str:
        """What tells this state of the repository from others."""
        digest = hashlib.sha256()
        for path in sorted(path for path in self.root.rglob("*") if path.suffix in (".py", ".yml", ".rst", ".md")):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def run(self, seconds: dict[str, float]) -> Answer:
        """Run tests, in this order, until one fails.

        :param seconds: how long each may take, by its name
        """
        if self._worker is None:
            self._worker = subprocess.Popen(
                [sys.executable, "-m", "tests.mutants.worker"],
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._worker.stdin is not None
        assert self._worker.stdout is not None
        files = sorted({test.partition("::")[0] for test in seconds})
        self._worker.stdin.write(json.dumps({"tests": list(seconds), "files": files, "seconds": seconds}) + "\n")
        self._worker.stdin.flush()
        told: dict[str, Any] = json.loads(self._worker.stdout.readline())
        return Answer(told["outcome"], told["test"])

    def close(self) -> None:
        if self._worker is not None:
            self._worker.communicate()
            self._worker = None
