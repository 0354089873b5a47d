# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.secrets import MASK, Scrubber, secrets_of
from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from tests.unit.keys import private_key


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
        (["-----BEGIN X-----\\nAAAABBBB\\n-----END X-----"], "-----BEGIN X-----\\nAAAABBBB\\n-----END X-----", MASK),
        (["-----dashes"], "-----dashes", MASK),
        (["hunter\udcff"], "the password is hunter\udcff", f"the password is {MASK}"),
        (["hunter22"], "the password is hunter…", f"the password is {MASK}…"),
        (["hunter22"], "the hunter… had hunter2 and hunter22", f"the {MASK}… had hunter2 and {MASK}"),
        ([], "anything", "anything"),
        (["hunter22"], "", ""),
    ],
)
def test_secrets_are_replaced_in_texts(secrets: list[str], text: str, told: str) -> None:
    assert Scrubber(secrets).text(text) == told


@pytest.mark.parametrize("form", ["openssh", "traditional", "pkcs8"])
@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_the_public_half_of_a_private_key_is_shown_and_nothing_else_of_it(kind: str, form: str) -> None:
    key = private_key(kind, form)
    public = parse_private_key(key).public.text
    assert Scrubber([key]).value({"public_key": public}) == {"public_key": public}
    private = [line for line in key.splitlines()[1:-1] if line not in public]
    assert Scrubber([key]).text(" ".join(private)) == " ".join([MASK] * len(private))


def test_secrets_can_be_added_later() -> None:
    scrubber = Scrubber(["hunter2"])
    scrubber.add("hunter22")
    assert scrubber.text("hunter22 hunter2") == f"{MASK} {MASK}"


def test_results_are_searched_to_their_ends() -> None:
    result = {"hunter22": ["hunter22", {"a": ("hunter22", 1, None)}], "b": True}
    assert Scrubber(["hunter22"]).value(result) == {MASK: [MASK, {"a": [MASK, 1, None]}], "b": True}


def test_secrets_inside_lists_of_options_are_found() -> None:
    options = {"items": {"options": {"keys": {"options": {"key": {"no_log": True}}}, "value": {"no_log": True}}}}
    given = {"items": [{"keys": [{"key": "one"}, {"key": None}], "value": 2}, {"keys": None, "value": "three"}]}
    assert secrets_of(options, given) == ["one", "2", "three"]
