# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts bugs into copies of the plugins, one at a time, and says which of them no test notices.

    nox -s mutants -- --seed 1 --count 100

The places are drawn by the seed, from all lines of plugins/ in which one of the operators can make a bug. For each bug
the tests run that carry out its line, the nearest first, until one fails; then, if none did, the playbook tests. A bug
that survives is shown as a diff. The results are also in .cache/mutants.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import itertools
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.mutants.operators import OPERATORS, Mutant, mutants_of

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "mutants"
COPIED = (
    "plugins",
    "meta",
    "playbooks",
    "emulator",
    "tests",
    "docs",
    "galaxy.yml",
    "pyproject.toml",
    "README.md",
    "requirements",
)
WIDE = ("tests/unit/plugins/test_faults.py", "tests/unit/plugins/test_read_faults.py")
"""Thousands of cells that carry out nearly everything: asked last."""
LEAST_SECONDS = 60.0
"""What a run of tests may take at least, on a busy machine."""
SLOWER = 8
"""How many times longer than without a bug tests may take."""
PLAYBOOK_SECONDS = 1800.0


@dataclass
class Verdict:
    mutant: Mutant
    outcome: str
    """killed, timeout or survived"""
    by: str | None = None
    """the test that noticed it"""
    seconds: float = 0.0
    diff: list[str] = field(default_factory=list)


# --- the tests that may notice a bug ----------------------------------------------------------------------------------


class Tests:
    """Which tests carry out which lines.

    :param traced: test to seconds and to lines by file
    """

    def __init__(self, traced: dict[str, dict[str, Any]]) -> None:
        self._seconds = {test: found["seconds"] for test, found in traced.items()}
        self._lines: dict[str, dict[int, list[str]]] = {}
        for test, found in traced.items():
            for file, lines in found["lines"].items():
                of_file = self._lines.setdefault(file, {})
                for line in lines:
                    of_file.setdefault(line, []).append(test)

    @property
    def quickest(self) -> str:
        """One test."""
        return min(self._seconds, key=self._seconds.__getitem__)

    def near_and_far(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        """The tests that may notice a bug, the nearest and quickest first; then those of the wide matrices."""
        by_line = self._lines.get(mutant.file, {})
        lines = range(mutant.line, mutant.last_line + 1) if mutant.inside else by_line
        found = {test for line in lines for test in by_line.get(line, ())}
        name = Path(mutant.file).stem.strip("_")

        def nearness(test: str) -> tuple[bool, float]:
            return name not in test, self._seconds[test]

        near = sorted((test for test in found if not test.startswith(WIDE)), key=nearness)
        return near, sorted((test for test in found if test.startswith(WIDE)), key=nearness)

    def seconds(self, tests: list[str]) -> float:
        """How long they may take."""
        usual: float = sum(self._seconds[test] for test in tests)
        return LEAST_SECONDS + SLOWER * usual


def trace(copy: Copy) -> Tests:
    """Run the plugins' unit tests without a bug, unless that was done for the same files.

    A test that fails then would notice every bug: it is left out, by name.
    """
    digest = hashlib.sha256()
    folders = [copy.root / name for name in ("plugins", "emulator", "tests/unit")]
    for path in sorted(path for folder in folders for path in folder.rglob("*.py")):
        digest.update(path.read_bytes())
    kept = CACHE / f"traces-{digest.hexdigest()[:16]}.json"
    if not kept.exists():
        print("Running the unit tests without a bug, to see which of them carry out which lines …", flush=True)
        traces = copy.home / "traces"
        traces.mkdir()
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.mutants.tracing", "-n2", "tests/unit/plugins"]
        env = copy.environment() | {"TRACES": str(traces)}
        done = subprocess.run(command, cwd=copy.root, env=env, capture_output=True, text=True, check=False)
        found: dict[str, Any] = {}
        for file in traces.glob("*.json"):
            found |= json.loads(file.read_text(encoding="utf-8"))
        for test in [test for test, seen in found.items() if seen["failed"]]:
            print(f"Left out, because it fails without a bug: {test}", flush=True)
            del found[test]
        if done.returncode not in (0, 1) or not found:
            raise SystemExit(f"The tests cannot be run:\n{done.stdout[-5000:]}")
        kept.write_text(json.dumps(found), encoding="utf-8")
    return Tests(json.loads(kept.read_text(encoding="utf-8")))


# --- a copy -----------------------------------------------------------------------------------------------------------


class Copy:
    """A copy of the repository in which one bug at a time stands, and a process that runs its tests."""

    def __init__(self, name: str) -> None:
        self.home = CACHE / name
        self.root = self.home / "ansible_collections" / "community" / "circleci"
        shutil.rmtree(self.home, ignore_errors=True)
        self.root.mkdir(parents=True)
        for each in COPIED:
            source, target = ROOT / each, self.root / each
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            elif source.exists():
                shutil.copy2(source, target)
        self._stamp = time.time() - 10_000_000
        self._worker: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        home = str(self.home)
        own = {"ANSIBLE_COLLECTIONS_PATH": home, "ANSIBLE_HOME": f"{home}/ansible", "HOME": f"{home}/home"}
        path = os.pathsep.join((home, str(self.root)))
        return os.environ | own | {"PYTHONPATH": path, "HYPOTHESIS_STORAGE_DIRECTORY": f"{home}/hypothesis"}

    def source(self, file: str) -> bytes:
        """A file without a bug."""
        return (self.root / file).read_bytes()

    def put(self, file: str, source: bytes) -> None:
        """Write a file with a time of its own: what Python compiled of another one must not be taken for it."""
        path = self.root / file
        path.write_bytes(source)
        self._stamp += 10
        os.utime(path, (self._stamp, self._stamp))

    def run(self, tests: list[str] | None, files: list[str], seconds: float) -> dict[str, Any]:
        """Run tests.

        :param tests: None for all in the files
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
        self._worker.stdin.write(json.dumps({"tests": tests, "files": files, "seconds": seconds}) + "\n")
        self._worker.stdin.flush()
        answer: dict[str, Any] = json.loads(self._worker.stdout.readline())
        return answer

    def close(self) -> None:
        if self._worker is not None:
            self._worker.communicate()


def judge(copy: Copy, tests: Tests, mutant: Mutant, *, playbooks: bool) -> Verdict:
    """Put a bug into the copy, see whether a test notices, and take it out."""
    started = time.monotonic()
    source = copy.source(mutant.file)
    verdict = Verdict(mutant, "survived")
    copy.put(mutant.file, mutant.apply(source))
    try:
        for chosen in tests.near_and_far(mutant):
            if chosen and verdict.outcome == "survived":
                files = sorted({test.partition("::")[0] for test in chosen})
                _note(verdict, copy.run(chosen, files, tests.seconds(chosen)))
        if playbooks and verdict.outcome == "survived":
            _note(verdict, copy.run(None, ["tests/integration"], PLAYBOOK_SECONDS))
    finally:
        copy.put(mutant.file, source)
    verdict.seconds = round(time.monotonic() - started, 1)
    changed = mutant.apply(source).decode("utf-8").splitlines(keepends=True)
    before = source.decode("utf-8").splitlines(keepends=True)
    verdict.diff = list(difflib.unified_diff(before, changed, mutant.file, mutant.file, n=2))
    return verdict


def _note(verdict: Verdict, answer: dict[str, Any]) -> None:
    verdict.outcome = {"failed": "killed", "timeout": "timeout"}.get(answer["outcome"], "survived")
    verdict.by = answer["test"]


# --- the whole --------------------------------------------------------------------------------------------------------


def all_mutants(root: Path) -> list[Mutant]:
    files = sorted(path.relative_to(root) for path in (root / "plugins").rglob("*.py"))
    return [mutant for file in files for mutant in mutants_of(str(file), (root / file).read_bytes())]


def drawn(root: Path, seed: int, count: int, only: str = "") -> list[Mutant]:
    """Draw lines, and of each line one of its bugs.

    :param only: what the paths of their files contain
    """
    mutants = [mutant for mutant in all_mutants(root) if only in mutant.file]
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for mutant in mutants:
        by_line.setdefault((mutant.file, mutant.line), []).append(mutant)
    chance = random.Random(seed)
    chosen: list[Mutant] = []
    for line in chance.sample(sorted(by_line), len(by_line)):
        bugs = chance.sample(by_line[line], len(by_line[line]))
        source = (root / bugs[0].file).read_bytes()
        chosen += itertools.islice((bug for bug in bugs if bug.is_python(source)), 1)
        if len(chosen) >= count:
            break
    return chosen[:count]


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s mutants --", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="draws the places (default: 1)")
    parser.add_argument("--count", type=int, default=100, help="how many bugs (default: 100)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only in files whose path contains this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time (default: 2)")
    parser.add_argument("--quick", action="store_true", help="do not ask the playbook tests about those that survive")
    parser.add_argument("--list", action="store_true", help="only list what would be put in")
    options = parser.parse_args()
    if options.list:
        for mutant in drawn(ROOT, options.seed, options.count, options.only):
            print(f"{mutant.file}:{mutant.line}: {mutant.operator}: {mutant.replacement.decode()}")
        return 0
    # What is edited meanwhile makes no difference.
    copies = [Copy(f"copy-{number}") for number in range(max(options.jobs, 1))]
    chosen = drawn(copies[0].root, options.seed, options.count, options.only)
    report(carry_out(copies, chosen, playbooks=not options.quick), options.seed)
    return 0


def carry_out(copies: list[Copy], mutants: list[Mutant], *, playbooks: bool) -> list[Verdict]:
    """Judge all bugs, so many at a time as there are copies.

    :raises SystemExit: when a copy does not pass a test without a bug
    """
    tests = trace(copies[0])
    for copy in copies:
        if copy.run([tests.quickest], [tests.quickest.partition("::")[0]], LEAST_SECONDS)["outcome"] != "passed":
            raise SystemExit(f"The tests do not run in {copy.root}: see its log.txt.")
    todo: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        todo.put(mutant)
    verdicts: list[Verdict] = []
    lock = threading.Lock()

    def work(copy: Copy) -> None:
        while not todo.empty():
            try:
                mutant = todo.get_nowait()
            except queue.Empty:
                break
            verdict = judge(copy, tests, mutant, playbooks=playbooks)
            with lock:
                verdicts.append(verdict)
                place = f"{mutant.file}:{mutant.line}: {mutant.operator}"
                by = f" by {verdict.by}" if verdict.by else ""
                print(
                    f"{len(verdicts)} of {len(mutants)}: {verdict.outcome}{by}: {place} ({verdict.seconds} s)",
                    flush=True,
                )
        copy.close()

    threads = [threading.Thread(target=work, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return verdicts


def report(verdicts: list[Verdict], seed: int) -> None:
    """Say what came of it, and keep it in a file."""
    counts = Counter(verdict.outcome for verdict in verdicts)
    for verdict in verdicts:
        if verdict.outcome == "survived":
            print(f"\nSurvived: {verdict.mutant.file}:{verdict.mutant.line}: {verdict.mutant.operator}")
            print("".join(verdict.diff), end="")
    total = f"{counts['killed']} killed, {counts['timeout']} ended by the time limit, {counts['survived']} survived"
    print(f"\nSeed {seed}, {len(verdicts)} bugs by {len(OPERATORS)} operators: {total}.")
    file = CACHE / f"result-seed-{seed}-count-{len(verdicts)}.json"
    told = [asdict(verdict) | {"mutant": _as_json(verdict.mutant)} for verdict in verdicts]
    file.write_text(json.dumps({"seed": seed, **counts, "verdicts": told}, indent=1), encoding="utf-8")
    print(f"The results are in {file.relative_to(ROOT)}.")


def _as_json(mutant: Mutant) -> dict[str, Any]:
    return asdict(mutant) | {"replacement": mutant.replacement.decode("utf-8")}


if __name__ == "__main__":
    sys.exit(main())
