# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is looked at wherever a test runs a module would be seen."""

from __future__ import annotations

from typing import Any

import pytest

from emulator import Record
from tests.unit.promises import broken

pytestmark = pytest.mark.once
Json = dict[str, Any]
MODULE = "circleci_project_follow"
GOOD: Json = {
    "changed": True,
    "project": "github/acme/api",
    "following": True,
    "first_build": None,
    "added": [{"kind": "following"}],
    "removed": [],
    "updated": [],
    "warnings": [],
    "diff": {"before": {"following": False}, "after": {"following": True}},
}
FAILED: Json = {
    "changed": False,
    "failed": True,
    "msg": "github/acme/api: CircleCI answered 403 to POST follow. Ask for access.",
    "project": "github/acme/api",
    "status": 403,
    "error": "Permission denied",
    "method": "POST",
    "path": "/api/v1.1/project/github/acme/api/follow",
    "hint": "Ask for access.",
    "warnings": [],
}


def sent(method: str, status: int = 200) -> Record:
    return Record(method, "/api/v1.1/project/github/acme/api/follow", {}, None, 1, status)


@pytest.mark.parametrize("result", [GOOD, FAILED])
def test_a_good_result_breaks_nothing(result: Json) -> None:
    requests = [sent("GET"), sent("POST", status=result.get("status", 200))]
    assert broken(MODULE, result, requests, check_mode=False) == []


@pytest.mark.parametrize(
    ("result", "methods", "check_mode", "expected"),
    [
        (GOOD, ["GET", "POST"], True, "check mode sent POST"),
        (GOOD, ["GET"], False, "changed, and nothing was written"),
        ({**GOOD, "changed": False}, ["POST"], False, "unchanged, and POST /api/v1.1"),
        ({**GOOD, "changed": False}, ["GET"], False, "the diff shows a change that is none"),
        ({**GOOD, "diff": {"before": 1, "after": 1}}, ["POST"], False, "the diff of a change shows none"),
        ({**GOOD, "followed": 1}, ["POST"], False, "followed is not documented"),
        ({**GOOD, "project": None}, ["POST"], False, "project is null"),
        ({**GOOD, "following": 1}, ["POST"], False, "following is 1, and documented as bool"),
        ({**GOOD, "added": ["following"]}, ["POST"], False, "added has the element 'following'"),
        ({**GOOD, "added": [{"kind": "following", "name": "x"}]}, ["POST"], False, "added.name is not documented"),
        ({key: value for key, value in GOOD.items() if key != "project"}, ["POST"], False, "project is missing"),
        ({**FAILED, "method": "GETx"}, ["GET"], False, "method is GETx"),
        ({**FAILED, "path": "v2/me"}, ["GET"], False, "path is v2/me"),
        ({**FAILED, "hint": "Try again."}, ["GET"], False, "the message does not end with the hint"),
    ],
)  # fmt: skip
def test_what_is_broken_is_told(result: Json, methods: list[str], check_mode: bool, expected: str) -> None:
    told = broken(MODULE, result, [sent(method) for method in methods], check_mode=check_mode)
    assert [each for each in told if each.startswith(expected)], told
