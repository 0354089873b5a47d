# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bugs that the trial of the tests puts in: each operator makes its own, and none where nobody could notice it."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import ROOT, all_mutants, drawn
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
    for unnoticed in (b"A file.", b"text: changed", b"Do it.", b"no client", b"give {limit}", b"working", b"list[str]"):
        start = SAMPLE.index(unnoticed)
        inside = [each for each in made if start <= each.start < start + len(unnoticed) and each.replacement != b"pass"]
        assert inside == [], unnoticed
    assert all(mutant.apply(SAMPLE) != SAMPLE for mutant in made)


def test_a_seed_draws_the_same_places_of_all_plugins_again() -> None:
    mutants = all_mutants(ROOT)
    chosen = drawn(ROOT, 1, 40)
    assert chosen == drawn(ROOT, 1, 40) != drawn(ROOT, 2, 40)
    assert len({(mutant.file, mutant.line) for mutant in chosen}) == 40
    assert {mutant.file.split("/")[1] for mutant in mutants} >= {"lookup", "module_utils", "modules", "plugin_utils"}
