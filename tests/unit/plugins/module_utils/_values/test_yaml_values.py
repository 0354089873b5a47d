# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import (
    checked_revision,
    require_spelling,
    written_text,
)

pytestmark = pytest.mark.once

HASH = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83"


@pytest.mark.parametrize("written", ["main", "'1.10'", "release/1.10", "1.10.2", "'2024-01-01'", '""', "2024", "~"])
def test_text_stays_as_it_was_written(written: str) -> None:
    text = written_text(yaml.safe_load(written), "branch")
    assert text == (None if written == "~" else written.strip("'\""))


@pytest.mark.parametrize(
    "written",
    ["1.10", "1.0e+3", "-0.5", "1.", ".inf", "2024-01-01", "2024-01-01 10:00:00", "yes", "[a]", "{a: b}", "1:30.5"],
)
def test_what_lost_its_spelling_is_refused_with_the_remedy(written: str) -> None:
    with pytest.raises(CircleCIError) as caught:
        written_text(yaml.safe_load(written), "branch")
    assert caught.value.message.startswith("branch is ")
    assert caught.value.hint == "Write it in quotes."


def test_a_full_hash_is_lower_cased() -> None:
    assert (checked_revision(HASH), checked_revision(HASH.upper()), checked_revision(None)) == (HASH, HASH, None)


@pytest.mark.parametrize(
    "text",
    [
        "4e1243b",
        HASH[:-1],
        f"{HASH}0",
        "main",
        "v1.0.0",
        "HEAD",
        f"{HASH[:-1]}g",
        f" {HASH}",
        f"{HASH}\n",
        "\u0660" * 40,
    ],
)
def test_everything_but_a_full_hash_is_refused(text: str) -> None:
    with pytest.raises(CircleCIError, match="40 hexadecimal digits") as caught:
        checked_revision(text)
    assert "git rev-parse" in str(caught.value.hint)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("written", ["0123456", "1234567", "1" * 40, "12.5", "0x1F", "190:20:30"])
def test_a_hash_that_yaml_takes_for_a_number_is_refused(written: str) -> None:
    with pytest.raises(CircleCIError, match="revision is a number") as caught:
        checked_revision(yaml.safe_load(written))
    assert caught.value.hint == "Write it in quotes."


def test_a_hash_that_yaml_takes_for_a_boolean_is_no_number() -> None:
    with pytest.raises(CircleCIError, match="revision is a boolean for YAML"):
        checked_revision(yaml.safe_load("yes"))


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (1.1, "p is a number with a fraction"),
        ({"VERSION": 1.1}, r"p\.VERSION is a number with a fraction"),
        ({"A": [1, {"B": date(2024, 1, 1)}]}, r"p\.A\[1\]\.B is a date or time"),
        ({"A": {1.1: 2}}, r"a key of p\.A is a number with a fraction"),
    ],
)
def test_the_place_of_what_lost_its_spelling_is_named(value: Any, place: str) -> None:
    with pytest.raises(CircleCIError, match=place):
        require_spelling(value, "p")


@pytest.mark.parametrize("value", [None, True, 3, "1.10", {"A": ["1.10", {"B": None}]}])
def test_what_has_one_spelling_is_let_through(value: Any) -> None:
    require_spelling(value, "p")
