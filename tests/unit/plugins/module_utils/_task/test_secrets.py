# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.answers import Answer, parsed_json
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import (
    HIDDEN,
    MASK,
    Scrubber,
    public_options,
    scrubber_of,
)
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
        (["-----BEGIN X----- \nAAAABBBB"], "-----BEGIN X----- AAAABBBB", f"-----BEGIN X----- {MASK}"),
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


# Each spelling of a secret where no other one is: whatever is left out here is not hidden by the rest.
SPELLINGS = {
    "as it is": ('pass "wörd" / \t', 'pass "wörd" / \t'),
    "stripped": (" padded-word ", "padded-word"),
    "a line": ("one-line-heron\nanother-line", "one-line-heron"),
    "a stripped line": ("  one-line-heron  \nanother-line", "one-line-heron"),
    "JSON": ('pass "wörd"', r"pass \"w\u00f6rd\""),
    "JSON with letters of all alphabets": ('pass "wörd"', r"pass \"wörd\""),
    "a line in JSON": ('pass "wörd"\nanother-line', r"pass \"wörd\""),
    "an error message": ("pass \\ \x1b[31m", r"pass \\ \x1b[31m"),
    "HTML": ('pass<"wörd"', "pass&lt;&quot;wörd&quot;"),
    "HTML between tags": ('pass<"wörd"', 'pass&lt;"wörd"'),
    "a path of a URL": ("pass/wörd?", "pass/w%C3%B6rd%3F"),
    "a segment of a URL": ("pass/wörd?", "pass%2Fw%C3%B6rd%3F"),
}


@pytest.mark.parametrize("case", SPELLINGS)
def test_each_spelling_of_a_secret_is_found_by_itself(case: str) -> None:
    secret, spelling = SPELLINGS[case]
    assert Scrubber([secret]).text(f"<{spelling}>") == f"<{MASK}>"


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
    result = {"a": ["hunter22", {"a": ("hunter22", 1, None)}], "b": True}
    assert Scrubber(["hunter22"]).value(result) == {"a": [MASK, {"a": [MASK, 1, None]}], "b": True}


@pytest.mark.parametrize("secret", ["failed", "changed", "warnings", "checkout", "project", "warning", "e_keys"])
def test_keys_of_the_collection_stay_and_keys_of_the_server_are_searched(secret: str) -> None:
    body = json.dumps({f"my-{secret}": [{secret: secret}]}).encode()
    theirs = parsed_json(Answer(200, {}, body))
    result = {"failed": True, "changed": False, "warnings": [], "checkout_keys": [], "project": secret, "user": theirs}
    told = Scrubber([secret]).value(result)
    assert told == {**result, "project": MASK, "user": {f"my-{MASK}": [{MASK: MASK}]}}
    assert {type(key) for key in told["user"]} == {str}


@pytest.mark.parametrize("secret", ["following", "env_var", "DELETE", "checkout_key"])
def test_words_of_the_collection_stay_where_they_say_what_a_thing_is(secret: str) -> None:
    thing = {"kind": secret, "method": secret, "name": secret}
    assert Scrubber([], words=[secret]).value(thing) == {**thing, "name": MASK}


def test_words_of_the_server_are_searched_where_they_have_the_same_name() -> None:
    theirs = parsed_json(Answer(200, {}, b'{"kind": "hunter22", "method": "hunter22"}'))
    assert Scrubber(["hunter22"]).value(theirs) == {"kind": MASK, "method": MASK}


ACME = {"named": ["github/acme-corp/api", "feature/acme-corp", "MY_VARIABLE", "deploy"]}


@pytest.mark.parametrize(
    ("word", "text", "told"),
    [
        ("acme-corp", "github/acme-corp/api", "github/acme-corp/api"),
        ("acme-corp", "acme-corp", MASK),
        ("deploy", "deploy", "deploy"),
        ("acme-corp", "the acme-corp of github/acme-corp/api", f"the {MASK} of github/acme-corp/api"),
        ("acme-corp/api", "at github/acme-corp/api.", "at github/acme-corp/api."),
        ("acme-corp", "tree/feature%2Facme-corp?limit=1", "tree/feature%2Facme-corp?limit=1"),
        ("feature/acme-corp", "tree/feature%2Facme-corp", "tree/feature%2Facme-corp"),
        ("VARIABLE", "MY_VARIABLE, VARIABLE", f"MY_VARIABLE, {MASK}"),
        ("corp/api and more", "github/acme-corp/api and more", f"github/acme-{MASK}"),
        ("api of mine", "github/acme-corp/api of mine", f"github/acme-corp/{MASK}"),
        ("/deploy", "to /deploy", f"to {MASK}"),
        ("acme-corp/api\nsecond-line", "github/acme-corp/api second-line", f"github/acme-corp/api {MASK}"),
    ],
)
def test_what_the_task_itself_names_is_no_secret(word: str, text: str, told: str) -> None:
    assert Scrubber([], words=[word], **ACME).text(text) == told


def test_tokens_and_keys_go_also_where_the_task_names_them() -> None:
    assert Scrubber(["acme-corp"], **ACME).text("github/acme-corp/api") == f"github/{MASK}/api"
    # A variable with the same value makes no difference.
    assert Scrubber(["acme-corp"], words=["acme-corp"], **ACME).text("github/acme-corp/api") == f"github/{MASK}/api"
    later = Scrubber([], words=["acme-corp"], **ACME)
    later.add("acme-corp")
    assert later.text("github/acme-corp/api") == f"github/{MASK}/api"


SPEC: dict[str, dict[str, Any]] = {
    "api_token": {"no_log": True},
    "value": {"no_log": True},
    "branch": {},
    "type": {"choices": ["deploy-key", "user-key"]},
    "parameters": {},
    "items": {"options": {"keys": {"options": {"key": {"no_log": True}}}, "value": {"no_log": True}, "name": {}}},
}


def test_what_is_secret_and_what_is_named_is_found_in_all_options() -> None:
    given = {
        "api_token": "the-token",
        "value": ["listed-value"],
        "branch": "branch-of-listed-value-two",
        "type": "user-key",
        "parameters": {"listed-value-one": [1234567]},
        "items": [
            {"keys": [{"key": "the-key"}, {"key": None}], "value": 1234567, "name": "NAME-the-key"},
            {"keys": None, "value": "deploy-key", "name": None},
        ],
    }
    scrubber = scrubber_of(SPEC, given)
    text = "the-token the-key listed-value branch-of-listed-value-two listed-value-one 1234567 NAME-the-key deploy-key"
    told = f"{MASK} {MASK} {MASK} branch-of-listed-value-two listed-value-one 1234567 NAME-{MASK} deploy-key"
    assert scrubber.text(text) == told
    assert scrubber_of(SPEC, {"value": 1234567}).text("1234567") == MASK


def test_the_options_of_a_task_are_shown_without_its_secrets() -> None:
    given = {"api_token": "", "value": 0, "branch": "b", "token": "x", "items": [{"keys": [{"key": "k"}], "name": "n"}]}
    assert public_options(SPEC, given) == {
        "api_token": HIDDEN,
        "value": HIDDEN,
        "branch": "b",
        "type": None,
        "parameters": None,
        "items": [{"keys": [{"key": HIDDEN}], "value": None, "name": "n"}],
    }


def test_options_that_were_left_out_are_shown_as_null() -> None:
    spec = {"defaults": {"options": SPEC["items"]["options"]}, **SPEC}
    assert public_options(spec, {"items": [{"name": "n"}]}) == {
        **dict.fromkeys(spec),
        "items": [{"keys": None, "value": None, "name": "n"}],
    }


def test_secrets_of_options_within_a_dictionary_are_not_shown() -> None:
    spec = {"defaults": {"options": SPEC["items"]["options"]}}
    given = {"defaults": {"keys": [{"key": "the-key"}], "value": 1234567, "name": "n"}}
    shown = {"keys": [{"key": HIDDEN}], "value": HIDDEN, "name": "n"}
    assert public_options(spec, given) == {"defaults": shown}
    assert scrubber_of(spec, given).text("the-key and n") == f"{MASK} and n"
