# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the days on which CircleCI removes a part of API v1.1, everything works but what was removed (PF §0)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest

from emulator import Emulator
from tests.unit.plugins.test_faults import WRITES, Ladder
from tests.unit.plugins.test_read_faults import Read, read, told

__all__ = ["read"]
pytestmark = pytest.mark.once
NO_BRANCHES = date(2026, 12, 7)
NO_STARTS = date(2027, 2, 1)
DAYS = pytest.mark.parametrize("day", [NO_BRANCHES, NO_STARTS], ids=str)
STARTS = re.compile(r"/api/v1\.1/project/[^/]+/[^/]+/[^/]+(/tree/[^/]+|/build|/\d+/(retry|ssh))?")
"""The five calls that are removed."""


def run_once(emulator: Emulator, run_module, name: str, day: date | None) -> tuple[Ladder, dict[str, Any]]:
    """A write of the fault matrix on a day, from where it has something to do."""
    emulator.reset()
    ladder = Ladder(emulator, run_module, WRITES[name])
    ladder.prepare()
    if day is not None:
        emulator.state.date = day
    return ladder, ladder.task()


@DAYS
@pytest.mark.parametrize("name", [name for name, write in WRITES.items() if write.day is None])
def test_every_write_works_or_was_one_of_the_five(emulator: Emulator, run_module, name: str, day: date) -> None:
    _ladder, before = run_once(emulator, run_module, name, None)
    assert not before.get("failed")
    gone = day >= NO_STARTS and any(STARTS.fullmatch(record.path) for record in emulator.writes)

    ladder, result = run_once(emulator, run_module, name, day)
    if gone:
        assert (result["failed"], result["status"], result["changed"]) == (True, 410, False)
        assert "CircleCI has removed this call from API v1.1. " in result["msg"]
        assert "community.circleci.circleci_pipeline" in result["msg"]
        assert len(emulator.writes) == 1
        return
    assert not result.get("failed"), result
    assert result["changed"] is True
    assert ladder.write.done(emulator)
    emulator.clear()
    if ladder.write.converges:
        assert ladder.task()["changed"] is False
        assert emulator.writes == []


def test_the_five_are_what_is_removed(emulator: Emulator, run_module) -> None:
    """Else the test above would find nothing gone."""
    emulator.state.date = NO_STARTS
    emulator.follow("github/acme/api")
    result = run_module("circleci_build", project="github/acme/api", trigger="job")
    assert (result["failed"], result["status"]) == (True, 410)
    assert [bool(STARTS.fullmatch(record.path)) for record in emulator.writes] == [True]


@DAYS
def test_every_way_to_read_reads_the_same(emulator: Emulator, read: Read, day: date) -> None:
    before = read()
    assert not before.get("failed")
    emulator.state.date = day
    assert told(read()) == told(before)
