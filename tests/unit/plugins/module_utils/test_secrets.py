# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.community.circleci.plugins.module_utils._secrets import MASK, Scrubber, secrets_of


@pytest.mark.parametrize(
    ("secrets", "text", "told"),
    [
        (["hunter22"], "the password is hunter22.", f"the password is {MASK}."),
        (["hunter22"], "hunter22hunter22", MASK * 2),
        (["hunter22", "hunter22and33"], "hunter22and33, hunter22", f"{MASK}, {MASK}"),
        (["abcdefgh", "efghijklmn"], "-abcdefghijklmn-", f"-{MASK}-"),
        (["abcdefghijkl", "cdefgh"], "-abcdefghijkl-", f"-{MASK}-"),
        (['say "hi" now'], r"body: {\"value\": \"say \"hi\" now\"}", r"body: {\"value\": \"" + MASK + r"\"}"),
        (["a/b c+d/e"], "a%2Fb%20c%2Bd%2Fe", MASK),
        (["first line\nsecond line"], "it is the second line that", f"it is the {MASK} that"),
        (["short"], "this is short", "this is short"),
        (["-----BEGIN X-----\nAAAABBBB\n-----END X-----"], "-----BEGIN X----- AAAABBBB", f"-----BEGIN X----- {MASK}"),
        ([], "anything", "anything"),
        (["hunter22"], "", ""),
    ],
)
def test_secrets_are_replaced_in_texts(secrets: list[str], text: str, told: str) -> None:
    assert Scrubber(secrets).text(text) == told


def test_results_are_searched_to_their_ends() -> None:
    result = {"hunter22": ["hunter22", {"a": ("hunter22", 1, None)}], "b": True}
    assert Scrubber(["hunter22"]).value(result) == {MASK: [MASK, {"a": [MASK, 1, None]}], "b": True}


def test_secrets_inside_lists_of_options_are_found() -> None:
    options = {"items": {"options": {"keys": {"options": {"key": {"no_log": True}}}, "value": {"no_log": True}}}}
    given = {"items": [{"keys": [{"key": "one"}, {"key": None}], "value": 2}, {"keys": None, "value": "three"}]}
    assert secrets_of(options, given) == ["one", "2", "three"]
