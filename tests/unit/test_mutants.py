# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trial of the tests: each operator makes its bug, none where nobody could notice it; what counts as noticed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.__main__ import drawn, files_of, judge
from tests.mutants.asking import Witnesses
from tests.mutants.copies import ROOT, Answer, Copy
from tests.mutants.operators import OPERATORS, mutants_of

pytestmark = pytest.mark.once
SAMPLE = b'''"""A file."""

from __future__ import annotations

DOCUMENTATION = "text: changed"
PARTS = ("one", "two")


def work(client: Client | None, limit: int = 5) -> list[str]:
    """Do it."""
    if client is None or limit > 10:
        raise invalid("no client", hint=f"give {limit}")
    display.vv("working")
    if client.parts is None:
        raise AssertionError("cannot be")
    if client.closed:
        raise invalid("closed")
    if plain(client.name, 199):
        raise invalid("named")
    if client.idle:
        return False
    client.write("POST", "path", repeatable=True)
    client.look_again()
    client.wrote = True
    for part in client.parts:
        if part.strip() == "last":
            break
        limit += 1
    return [part for part in client.parts if not part.empty and all(part)][: limit * 2]
'''
EXPECTED = {
    "condition negated": "if (not (client is None or limit > 10)):",
    "comparison changed": "limit >= 10",
    "guard dropped": "if False:",
    "part of a condition dropped": "if ((limit > 10)):",
    "and or swapped": "if ((client is None) and (limit > 10)):",
    "flag flipped": "repeatable=False",
    "number changed": "limit: int = 6",
    "word changed": "'pathx'",
    "arithmetic changed": "(limit / 2)",
    "function changed": "any(part)",
    "call removed": "    pass\n    client.wrote",
    "argument dropped": 'client.write("POST", "path")',
    "entry dropped": 'PARTS = ("two",)',
    "nothing returned": "return None",
    "exception swallowed": "        pass\n    display",
    "loop not left": "            pass\n        limit",
    "assignment dropped": "    pass\n    for part",
    "order swapped": 'client.look_again()\n    client.write("POST"',
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_each_operator_makes_its_bug(operator: str) -> None:
    made = [mutant.apply(SAMPLE).decode() for mutant in mutants_of("file.py", SAMPLE) if mutant.operator == operator]
    assert any(EXPECTED[operator] in text for text in made), made


def test_no_bug_is_put_where_nobody_could_notice_it() -> None:
    made = mutants_of("file.py", SAMPLE)
    for unnoticed in (
        b"A file.",
        b"text: changed",
        b"Do it.",
        b"no client",
        b"give {limit}",
        b"working",
        b"list[str]",
        b"parts is None",
        b"199",
    ):
        start = SAMPLE.index(unnoticed)
        inside = [each for each in made if start <= each.start < start + len(unnoticed) and each.replacement != b"pass"]
        assert inside == [], unnoticed
    assert all(mutant.apply(SAMPLE) != SAMPLE for mutant in made)


@pytest.mark.parametrize(
    "same", ["    if client.idle:\n        return None", 'raise invalid("named")\n    if client.closed']
)
def test_what_comes_to_the_same_is_no_bug(same: str) -> None:
    made = [mutant.apply(SAMPLE).decode() for mutant in mutants_of("file.py", SAMPLE)]
    assert not [text for text in made if same in text]


def test_a_seed_draws_the_same_places_again() -> None:
    few = functools.partial(drawn, ROOT, count=40, only="_values/timetables")
    assert few(1) == few(1) != few(2)
    assert len({(mutant.file, mutant.line) for mutant in few(1)}) == 40


def test_all_plugins_are_tried() -> None:
    kinds = {file.split("/")[1] for file in files_of(ROOT)}
    assert kinds == {"action", "inventory", "lookup", "module_utils", "modules", "plugin_utils", "doc_fragments"}


SUITE = """
import os
def test_passes(): pass
def test_fails(): assert 0
def test_ends_the_process(): os._exit(0)
"""
JOBS = {
    "test_passes": ("passed", None),
    "test_fails": ("failed", "test_suite.py::test_fails"),
    "test_ends_the_process": ("failed", "test_suite.py::test_ends_the_process"),
    "test_that_is_not_there": ("nothing", None),
}


def test_a_bug_is_only_noticed_by_a_test_that_ran(tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    wanted = [{"tests": [f"test_suite.py::{test}"], "files": ["test_suite.py"], "seconds": {"": 300}} for test in JOBS]
    given = "".join(json.dumps(job) + "\n" for job in wanted)
    command = [sys.executable, "-m", "tests.mutants.worker"]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, input=given, capture_output=True, text=True, check=True
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert {test: (each["outcome"], each["test"]) for test, each in zip(JOBS, told, strict=True)} == JOBS


class Stub(Copy):
    """A copy of one file. Instead of tests it has the names of tests, and which of them fail with and without a bug."""

    def __init__(self, with_bug: set[str], always: set[str]) -> None:
        self.file = SAMPLE
        self._fail = {True: with_bug | always, False: always}

    def source(self, file: str) -> bytes:
        return self.file

    def put(self, file: str, source: bytes) -> None:
        self.file = source

    def run(self, seconds: dict[str, float]) -> Answer:
        failed = next((test for test in seconds if test in self._fail[self.file != SAMPLE]), None)
        return Answer("failed" if failed else "passed", failed)


@pytest.mark.parametrize(
    ("with_bug", "always", "outcome", "by"),
    [
        ({"b"}, set(), "killed", "b"),
        ({"b"}, {"a"}, "killed", "b"),  # a fails in any case, but b does not
        (set(), {"a", "b"}, "survived", None),
        (set(), set(), "survived", None),
        ({"c"}, set(), "survived", None),  # c does not carry the line out, and is not asked
    ],
)
def test_a_test_that_fails_without_the_bug_does_not_count(
    with_bug: set[str], always: set[str], outcome: str, by: str | None
) -> None:
    bug = mutants_of("plugins/file.py", SAMPLE)[-1]
    seen = {"seconds": 1.0, "lines": {"plugins/file.py": [bug.line]}}
    tests = Witnesses({"a": seen, "b": seen, "c": {"seconds": 1.0, "lines": {}}})
    copy = Stub(with_bug, always)
    verdict = judge(copy, tests, bug)
    assert (verdict.outcome, verdict.by) == (outcome, by)
    assert copy.file == SAMPLE


def test_no_more_tests_are_asked_than_a_stage_allows() -> None:
    bug = mutants_of("plugins/file.py", SAMPLE)[-1]
    found = {test: {"seconds": 1.0, "lines": {"plugins/file.py": [bug.line]}} for test in ("a", "b", "test_file")}
    assert Witnesses(found, at_most=2).that_may_notice(bug) == ["test_file", "a"]
