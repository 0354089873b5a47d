# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The comparison of a prediction with the run takes nothing for right that could have been known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.predicting import UNKNOWN, differences

NEW_KEY = {"type": "deploy-key", "public_key": None, "fingerprint": None, "login": None, "preferred": True}
KEY = {"type": "deploy-key", "public_key": "ssh-ed25519 AAAA", "fingerprint": "aa", "login": None, "preferred": True}
SHOWN_KEY = {**NEW_KEY, "public_key": UNKNOWN, "fingerprint": UNKNOWN}
BUILD = {"build_num": 1, "branch": "main"}


@pytest.mark.parametrize(
    ("predicted", "real"),
    [
        ({"changed": True, "keys": [NEW_KEY]}, {"changed": True, "keys": [KEY]}),
        ({"diff": {"after": [SHOWN_KEY]}}, {"diff": {"after": [KEY]}}),
        ({"build": None, "builds": []}, {"build": BUILD, "builds": [BUILD]}),
        ({"token": None, "made": {"id": None, "time": None}}, {"token": "abc", "made": {"id": "1", "time": "2026"}}),
    ],
)
def test_what_only_the_server_knows_may_be_open(predicted: dict[str, Any], real: dict[str, Any]) -> None:
    assert differences(predicted, real) == []


@pytest.mark.parametrize(
    ("predicted", "real", "place"),
    [
        ({"changed": None}, {"changed": True}, "changed"),
        ({"changed": 1}, {"changed": True}, "changed"),
        ({"following": None}, {"following": True}, "following"),
        ({"keys": None}, {"keys": []}, "keys"),
        ({"keys": [NEW_KEY]}, {"keys": []}, "keys"),
        ({"keys": [{**KEY, "fingerprint": None}]}, {"keys": [KEY]}, "keys[0].fingerprint"),
        ({"keys": [{**NEW_KEY, "type": None}]}, {"keys": [KEY]}, "keys[0].type"),
        ({"keys": [NEW_KEY]}, {"keys": [NEW_KEY]}, "keys[0].public_key"),
        ({"keys": [SHOWN_KEY]}, {"keys": [KEY]}, "keys[0].fingerprint"),
        ({"diff": {"after": [NEW_KEY]}}, {"diff": {"after": [KEY]}}, "diff.after[0].fingerprint"),
        ({"diff": {"after": UNKNOWN}}, {"diff": {"after": UNKNOWN}}, "diff.after"),
        ({"diff": None}, {"diff": {"after": {}}}, "diff"),
        ({"build": None}, {"build": {"status": "queued"}}, "build"),
        ({"token": None}, {"token": 7}, "token"),
        ({"warnings": []}, {}, "warnings is in one of them only"),
    ],
)
def test_everything_else_has_to_be_equal(predicted: dict[str, Any], real: dict[str, Any], place: str) -> None:
    assert [line for line in differences(predicted, real) if line.startswith(place)]
