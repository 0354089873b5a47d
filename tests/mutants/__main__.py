# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Puts bugs into copies of the plugins, one at a time, and says which of them no test notices.

    nox -s mutants -- --seed 1 --count 100

The places are drawn by the seed, from all lines of plugins/ in which one of the operators can make a bug. For each bug
the unit tests run that carry out its line, the nearest first, until one fails. What none of them notices is put to the
fault matrices, of which a third is drawn, and then to the nearest of the playbook tests. A test that failed must pass
again once the bug is out, or it does not count. A bug that survives all is shown as a diff. The results are also in
.cache/mutants.

What has been found is kept as long as no file of the repository changes. A trial that was broken off goes on with
--resume, also when files have changed meanwhile: it has a copy of its own.
"""

from __future__ import annotations

import argparse
import difflib
import itertools
import json
import queue
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.mutants.asking import STAGES, Stage, Witnesses, tests_of
from tests.mutants.copies import CACHE, ROOT, Answer, Copy
from tests.mutants.operators import OPERATORS, Mutant, mutants_of

OUTCOMES = {"failed": "killed", "timeout": "timeout", "passed": "survived", "nothing": "not tried"}


@dataclass
class Verdict:
    """What the tests of a stage say of a bug.

    :param outcome: killed, timeout, survived; not tried, when no test ran
    :param by: the test that noticed it
    :param asked: how many tests
    """

    outcome: str
    by: str | None
    asked: int
    seconds: float


class Log:
    """The verdicts on one state of the repository, in a file."""

    def __init__(self, digest: str) -> None:
        self._file = CACHE / f"verdicts-{digest}.jsonl"
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._known = {key: Verdict(**verdict) for key, verdict in map(json.loads, lines)}

    def of(self, mutant: Mutant, stage: Stage) -> Verdict | None:
        return self._known.get(self._key(mutant, stage))

    def add(self, mutant: Mutant, stage: Stage, verdict: Verdict) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([self._key(mutant, stage), asdict(verdict)]) + "\n")

    @staticmethod
    def _key(mutant: Mutant, stage: Stage) -> str:
        return f"{stage.title}: {mutant.file} {mutant.start}-{mutant.end} {mutant.replacement.decode()}"


def judge(copy: Copy, tests: Witnesses, mutant: Mutant) -> Verdict:
    """Put a bug into the copy, see whether a test notices, and take it out."""
    started = time.monotonic()
    source = copy.source(mutant.file)
    chosen = tests.that_may_notice(mutant)
    asked = len(chosen)
    answer = Answer("passed", None)
    while chosen:
        copy.put(mutant.file, mutant.apply(source))
        try:
            answer = copy.run(tests.seconds(chosen))
        finally:
            copy.put(mutant.file, source)
        if answer.test is None:
            break
        # The bug may also keep a whole file of tests from being imported.
        again = [test for test in chosen if test == answer.test or test.startswith(f"{answer.test}::")][:1]
        if copy.run(tests.seconds(again)).outcome == "passed":
            break
        print(f"Does not count, for it fails without the bug too: {answer.test}", flush=True)
        chosen = [test for test in chosen if test not in again]
        answer = Answer("passed", None)
    return Verdict(OUTCOMES[answer.outcome], answer.test, asked, round(time.monotonic() - started, 1))


def diff_of(mutant: Mutant, source: bytes) -> str:
    before, after = (text.decode("utf-8").splitlines(True) for text in (source, mutant.apply(source)))
    return "".join(difflib.unified_diff(before, after, mutant.file, mutant.file, n=2))


# --- the whole --------------------------------------------------------------------------------------------------------


def files_of(root: Path, only: str = "") -> list[str]:
    """The files that bugs are put into.

    :param only: what their paths contain
    """
    files = sorted(str(path.relative_to(root)) for path in (root / "plugins").rglob("*.py"))
    return [file for file in files if only in file]


def drawn(root: Path, seed: int, count: int, only: str = "") -> list[Mutant]:
    """Draw lines, and of each line one of its bugs."""
    sources = {file: (root / file).read_bytes() for file in files_of(root, only)}
    by_line: dict[tuple[str, int], list[Mutant]] = {}
    for file, source in sources.items():
        for mutant in mutants_of(file, source):
            by_line.setdefault((file, mutant.line), []).append(mutant)
    chance = random.Random(seed)
    chosen: list[Mutant] = []
    for line in chance.sample(sorted(by_line), len(by_line)):
        bugs = chance.sample(by_line[line], len(by_line[line]))
        chosen += itertools.islice((bug for bug in bugs if bug.is_python(sources[bug.file])), 1)
        if len(chosen) >= count:
            break
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(prog="nox -s mutants --", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="draws the places (default: 1)")
    parser.add_argument("--count", type=int, default=100, help="how many bugs (default: 100)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only in files whose path contains this")
    parser.add_argument("--jobs", type=int, default=2, help="how many at the same time (default: 2)")
    parser.add_argument("--quick", action="store_true", help="ask the unit tests only")
    parser.add_argument("--resume", action="store_true", help="go on with the trial that was broken off")
    parser.add_argument("--list", action="store_true", help="only list what would be put in")
    options = parser.parse_args()
    if options.list:
        for mutant in drawn(ROOT, options.seed, options.count, options.only):
            print(f"{mutant.file}:{mutant.line}: {mutant.operator}: {mutant.replacement.decode()}")
        return 0
    # What is edited meanwhile makes no difference, and no bug is ever put into this copy.
    whole = Copy("whole", None if options.resume else ROOT)
    copies = [Copy(f"copy-{number}", whole.root) for number in range(max(options.jobs, 1))]
    chosen = drawn(whole.root, options.seed, options.count, options.only)
    verdicts = carry_out(copies, chosen, STAGES[: 1 if options.quick else None], whole.digest())
    report(whole, verdicts, options.seed)
    return 0


def carry_out(copies: list[Copy], mutants: list[Mutant], stages: Sequence[Stage], digest: str) -> dict[Mutant, Verdict]:
    """Judge all bugs: each stage those that have survived the one before.

    :param digest: tells this state of the repository from others
    :raises SystemExit: when a copy does not pass a test without a bug
    """
    log = Log(digest)
    verdicts: dict[Mutant, Verdict] = {}
    left = mutants
    for stage in stages:
        tests = tests_of(stage, copies[0], digest, len(copies))
        for copy in copies:
            if copy.run(tests.seconds([tests.quickest])).outcome != "passed":
                raise SystemExit(f"The tests do not run in {copy.root}: see its log.txt.")
        print(f"{len(left)} bugs for the {stage.title}", flush=True)
        verdicts |= {mutant: known for mutant in left if (known := log.of(mutant, stage))}
        new = [mutant for mutant in left if log.of(mutant, stage) is None]
        for mutant, verdict in zip(new, side_by_side(copies, tests, new), strict=True):
            log.add(mutant, stage, verdict)
            verdicts[mutant] = verdict
            by = f" by {verdict.by}" if verdict.by else f" {verdict.asked} tests"
            place = f"{mutant.file}:{mutant.line}: {mutant.operator}"
            print(f"{verdict.outcome}{by}: {place} ({verdict.seconds} s)", flush=True)
        left = [mutant for mutant in left if verdicts[mutant].outcome == "survived"]
    for copy in copies:
        copy.close()
    return verdicts


def side_by_side(copies: list[Copy], tests: Witnesses, mutants: list[Mutant]) -> Iterator[Verdict]:
    """Judge bugs by the tests of one stage, so many at a time as there are copies."""
    idle: queue.SimpleQueue[Copy] = queue.SimpleQueue()
    for copy in copies:
        idle.put(copy)

    def work(mutant: Mutant) -> Verdict:
        copy = idle.get()
        try:
            return judge(copy, tests, mutant)
        finally:
            idle.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(work, mutants)


def report(whole: Copy, verdicts: dict[Mutant, Verdict], seed: int) -> None:
    """Say what came of it, and keep it in a file."""
    counts = Counter(verdict.outcome for verdict in verdicts.values())
    told = []
    for mutant, verdict in verdicts.items():
        diff = diff_of(mutant, whole.source(mutant.file))
        place: dict[str, Any] = {"file": mutant.file, "line": mutant.line, "operator": mutant.operator, "diff": diff}
        told.append(place | asdict(verdict))
        if verdict.outcome == "survived":
            print(f"\nSurvived: {mutant.file}:{mutant.line}: {mutant.operator}\n{diff}", end="")
    total = f"{counts['killed']} killed, {counts['timeout']} ended by the time limit, {counts['survived']} survived"
    if counts["not tried"]:
        total += f", {counts['not tried']} not tried, for no test ran"
    print(f"\nSeed {seed}, {len(verdicts)} bugs by {len(OPERATORS)} operators: {total}.")
    file = CACHE / f"result-seed-{seed}-count-{len(verdicts)}.json"
    file.write_text(json.dumps({"seed": seed, **counts, "verdicts": told}, indent=1), encoding="utf-8")
    print(f"The results are in {file.relative_to(ROOT)}.")


if __name__ == "__main__":
    sys.exit(main())
