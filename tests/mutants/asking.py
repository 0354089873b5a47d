# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tests are asked about a bug: those that carry out its line, as a run without any bug has shown."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.mutants.copies import CACHE, Copy
from tests.mutants.operators import Mutant

LEAST_SECONDS = 30.0
"""What a test may take at least, on a busy machine."""
SLOWER = 8
"""How many times longer than without a bug a test may take."""


@dataclass(frozen=True)
class Stage:
    """Tests that are asked about the bugs that those before them have not noticed.

    :param one_in: of so many tests one is drawn, and the others are not asked
    :param at_most: so many tests are asked about one bug
    """

    title: str
    files: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    one_in: int = 1
    at_most: int | None = None


MATRICES = ("tests/unit/plugins/test_faults.py", "tests/unit/plugins/test_read_faults.py")
STAGES = (
    Stage("unit tests", ("tests/unit/plugins",), MATRICES),
    Stage("fault matrices", MATRICES, one_in=3),  # thousands of cells that are much alike
    # A bug that passes all others is not noticed by many of these, each of which takes seconds.
    Stage("playbook tests", ("tests/integration",), at_most=25),
)


class Witnesses:
    """The tests of a stage, and which lines they carry out.

    :param found: test to seconds and to lines by file
    :param at_most: so many of them are asked about one bug
    """

    def __init__(self, found: dict[str, dict[str, Any]], at_most: int | None = None) -> None:
        self._at_most = at_most
        self._seconds: dict[str, float] = {test: seen["seconds"] for test, seen in found.items()}
        self._lookers = {test for test, seen in found.items() if not seen["lines"]}
        self._lines: dict[str, dict[int, list[str]]] = {}
        for test, seen in found.items():
            for file, lines in seen["lines"].items():
                of_file = self._lines.setdefault(file, {})
                for line in lines:
                    of_file.setdefault(line, []).append(test)

    @property
    def quickest(self) -> str:
        """One test."""
        return min(self._seconds, key=self._seconds.__getitem__)

    def that_may_notice(self, mutant: Mutant) -> list[str]:
        """The tests that carry out the line of a bug: those with its file's name first, then the quickest."""
        by_line = self._lines.get(mutant.file, {})
        name = Path(mutant.file).stem.strip("_")
        lines = range(mutant.line, mutant.last_line + 1) if mutant.inside else by_line
        asked = {test for line in lines for test in by_line.get(line, ())}
        if not mutant.inside:
            # What is carried out by importing the file may be noticed by whatever uses the file, and by those that look
            # at it without carrying anything out.
            asked |= {test for test in self._seconds if name in test} | self._lookers
        return sorted(asked, key=lambda test: (name not in test, self._seconds[test], test))[: self._at_most]

    def seconds(self, tests: list[str]) -> dict[str, float]:
        """How long each of them may take."""
        return {test: LEAST_SECONDS + SLOWER * self._seconds[test] for test in tests}


def tests_of(stage: Stage, copy: Copy, digest: str, jobs: int) -> Witnesses:
    """Run the tests of a stage without a bug, unless that was done for the same files.

    A test that fails then would notice every bug: it is left out, by name.

    :param digest: tells this state of the repository from others
    :param jobs: how many tests run at the same time
    :raises SystemExit: when they cannot be run
    """
    traces = CACHE / f"traces-{digest}" / stage.title.replace(" ", "-")
    traces.mkdir(parents=True, exist_ok=True)
    whole = traces / "whole"
    if not whole.exists():
        print(f"Running the {stage.title} without a bug, to see what they carry out …", flush=True)
        # What was broken off goes on.
        (traces / "known").write_text("\n".join(_records(traces)), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.tracing", f"-n{jobs}", *stage.files]
        command += [f"--ignore={file}" for file in stage.left_out]
        env = copy.environment()
        # The processes that the tests start note their lines by a sitecustomize.
        path = f"{env['PYTHONPATH']}:{copy.root / 'tests' / 'mutants' / 'everywhere'}"
        env |= {"TRACES": str(traces), "TRACE_ONE_IN": str(stage.one_in), "PYTHONPATH": path}
        done = subprocess.run(command, cwd=copy.root, env=env, capture_output=True, text=True, check=False)
        if done.returncode not in (
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            raise SystemExit(f"The tests cannot be run:\n{done.stdout[-5000:]}{done.stderr[-5000:]}")
        whole.touch()
    found = _records(traces)
    for test in [test for test, seen in found.items() if seen["failed"]]:
        print(f"Left out, because it fails without a bug: {test}", flush=True)
        del found[test]
    if not found:
        raise SystemExit(f"No test of the {stage.title} passes without a bug.")
    return Witnesses(found, stage.at_most)


def _records(traces: Path) -> dict[str, dict[str, Any]]:
    """What is known of tests: see tracing.py."""
    records = {}
    for file in sorted(traces.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            records[record.pop("test")] = record
    return records
