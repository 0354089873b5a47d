# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CircleCI shows of secrets, and that no change of one is missed in silence."""

from __future__ import annotations

import base64
import gzip
import json
import random
import string
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._values.masks import (
    left_in_doubt,
    mark_replaced,
    mask,
    must_set,
    tail,
    tells,
)

pytestmark = pytest.mark.once
LETTERS = string.ascii_letters + string.digits
Make = Callable[[random.Random], str]


def word(chance: random.Random, length: int, letters: str = LETTERS) -> str:
    return "".join(chance.choices(letters, k=length))


# --- kinds of values that people keep -------------------------------------------------------------------------------


def pem(chance: random.Random) -> str:
    lines = [word(chance, 64) for _time in range(chance.randint(2, 25))]
    return "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])


def service_account(chance: random.Random) -> dict[str, str]:
    return {"type": "service_account", "private_key": pem(chance), "client_email": "ci@acme.example", "zone": "eu"}


def kubeconfig(chance: random.Random) -> str:
    return (
        f"apiVersion: v1\nkind: Config\nusers:\n- name: ci\n  user:\n    token: {word(chance, 40)}\npreferences: {{}}\n"
    )


DOCUMENTS: dict[str, Make] = {
    "PEM": pem,
    "PEM in one line": lambda chance: pem(chance).replace("\n", "\\n"),
    "compact JSON": lambda chance: json.dumps(service_account(chance), separators=(",", ":")),
    "pretty JSON": lambda chance: json.dumps(service_account(chance), indent=2) + "\n",
    "YAML": kubeconfig,
    "netrc": lambda chance: f"machine github.com login ci password {word(chance, 20)}\n",
    "a line": lambda chance: f"{word(chance, 20)}\n",
    "words": lambda chance: f"{word(chance, 8)} horse battery staple",
    "a short word": lambda chance: f"{word(chance, 3)}1",
}
ADDRESSES: dict[str, str] = {
    "PostgreSQL": "postgres://app:%s@db.acme.example:5432/app",
    "libpq": "host=db.acme.example dbname=app user=app password=%s sslmode=require",
    "MySQL": "mysql://app:%s@db.acme.example/app?charset=utf8mb4",
    "MongoDB": "mongodb+srv://app:%s@cluster0.acme.example/app?retryWrites=true&w=majority",
    "Redis": "rediss://default:%s@cache.acme.example:6380/0",
    "RabbitMQ": "amqps://app:%s@mq.acme.example/vhost",
    "SQL Server": "Server=tcp:db.acme.example,1433;User ID=app;Password=%s;Encrypt=True",
    "Azure Storage": "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=%s;EndpointSuffix=core.windows.net",
    "Oracle": "jdbc:oracle:thin:app/%s@//db.acme.example:1521/ORCL",
    "Elasticsearch": "https://elastic:%s@search.acme.example:9243",
    "Sentry": "https://%s@o1.ingest.sentry.example/42",
    "SMTP": "smtps://ci:%s@mail.acme.example:465",
}


def address(pattern: str) -> Make:
    return lambda chance: pattern % word(chance, 24)


TEXTS: dict[str, Make] = {**DOCUMENTS, **{name: address(pattern) for name, pattern in ADDRESSES.items()}}
ENCODINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 of URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
}
TOKENS: dict[str, Make] = {
    "GitHub": lambda chance: f"ghp_{word(chance, 36)}",
    "GitLab": lambda chance: f"glpat-{word(chance, 20, LETTERS + '_-')}",
    "Slack": lambda chance: f"xoxb-{word(chance, 12, string.digits)}-{word(chance, 24)}",
    "Stripe": lambda chance: f"sk_live_{word(chance, 24)}",
    "npm": lambda chance: f"npm_{word(chance, 36)}",
    "PyPI": lambda chance: f"pypi-AgEIcHlwaS5vcmc{word(chance, 143, LETTERS + '_-')}",
    "Docker Hub": lambda chance: f"dckr_pat_{word(chance, 27, LETTERS + '_-')}",
    "AWS": lambda chance: word(chance, 40, LETTERS + "/+"),
    "DigitalOcean": lambda chance: f"dop_v1_{word(chance, 64, '0123456789abcdef')}",
    "Heroku": lambda chance: str(uuid.UUID(int=chance.getrandbits(128), version=4)),
    "SendGrid": lambda chance: f"SG.{word(chance, 22)}.{word(chance, 43, LETTERS + '_-')}",
    "CircleCI": lambda chance: f"CCIPAT_{word(chance, 22)}_{word(chance, 40, '0123456789abcdef')}",
    "OpenID Connect": lambda chance: f"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjaSJ9.{word(chance, 342, LETTERS + '_-')}",
}
chances = st.integers(0, 2**64 - 1).map(random.Random)


def verdict(old: str, new: str, shown: Callable[[str], str]) -> bool | None:
    """Whether a value is replaced when its mask differs; None: it is left alone with a warning."""
    return must_set(new, "when_mask_differs", masks_equal=shown(old) == shown(new))


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", TEXTS)
@given(chance=chances)
def test_no_other_text_is_taken_for_the_same_in_silence(kind: str, encoding: str, chance: random.Random) -> None:
    encode = ENCODINGS[encoding]
    old, new = (encode(TEXTS[kind](chance)) for _time in range(2))
    assume(old != new)
    for shown in (mask, tail):
        assert verdict(old, new, shown) is not False


@pytest.mark.parametrize("ending", [b"", b"\0\0\0", b"\x02\x02\x08\0"])
@pytest.mark.parametrize("beginning", [b"", b"0\x82\x09\xd1", gzip.compress(b"", mtime=0)[:10], b"PK\x03\x04"])
@given(chance=chances, length=st.integers(16, 80))
def test_no_other_bytes_are_taken_for_the_same_in_silence(
    beginning: bytes, ending: bytes, chance: random.Random, length: int
) -> None:
    """Apart from those that have no format and no padding: of these the mask shows the last three bytes."""
    contents = [beginning + chance.randbytes(length) + ending for _time in range(2)]
    old, new = (base64.b64encode(content).decode() for content in contents)
    if not beginning and "=" not in old and not old.endswith("AAA"):
        assume(contents[0][-3:] != contents[1][-3:])
    for shown in (mask, tail):
        assert verdict(old, new, shown) is not False


@pytest.mark.parametrize("service", TOKENS)
@given(chance=chances)
def test_of_tokens_the_masks_tell_all_there_is_to_tell(service: str, chance: random.Random) -> None:
    old, new = (TOKENS[service](chance) for _time in range(2))
    for shown in (mask, tail):
        assert verdict(old, old, shown) is False
        assert verdict(old, new, shown) is (shown(old) != shown(new))


@pytest.mark.parametrize(
    ("value", "telling"),
    [
        ("sesame42", True),
        ("sesame4", False),
        ("Grüße-Welt", True),
        ("open_sesame.~+/=-", True),
        ("open sesame", False),
        ("opensesame\n", False),
        ("user:sesame42", False),
        ("db://sesame42", False),
        ("sesame,42", False),
        (base64.b64encode(b"open-sesame").decode(), True),
        (base64.b64encode(b"open sesame").decode(), False),
        (base64.b64encode(b"sesame4").decode(), False),
        (base64.b64encode(bytes(range(200, 224))).decode(), True),
        (base64.b64encode(bytes(range(200, 225))).decode(), False),
        (base64.b64encode(bytes(range(200, 226))).decode(), False),
        (base64.b64encode(bytes(range(200, 224)) + bytes(3)).decode(), False),
        ("", False),
    ],
)
def test_a_mask_tells_only_of_one_word(value: str, telling: bool) -> None:
    assert tells(value) is telling


@given(st.text(alphabet="Aa9+/-_=", max_size=30))
def test_every_value_that_looks_like_base64_is_judged(value: str) -> None:
    assert tells(value) in (True, False)


@given(st.text(max_size=30))
def test_a_mask_shows_at_most_half_and_at_most_four_characters(value: str) -> None:
    shown = mask(value)
    assert shown == f"xxxx{tail(value)}"
    assert value.endswith(tail(value))
    assert len(tail(value)) == min(4, len(value) // 2)


@pytest.mark.parametrize(
    ("value", "shown"), [("bar", "xxxxr"), ("abcd", "xxxxcd"), ("testvalue", "xxxxalue"), ("", "xxxx"), ("a", "xxxx")]
)
def test_masks_are_those_of_the_recordings(value: str, shown: str) -> None:
    assert mask(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("ABCDEFGHIJKL", "IJKL"), ("FOOBAR", "BAR"), ("WXYZ", "YZ"), ("FOO", "O"), ("", "")]
)
def test_tails_are_those_of_the_recordings(value: str, shown: str) -> None:
    assert tail(value) == shown


@pytest.mark.parametrize("masks_equal", [True, False, None])
def test_where_there_is_no_mask_only_the_words_decide(masks_equal: bool | None) -> None:
    decided = {
        word: must_set("sesame42", word, masks_equal=masks_equal)
        for word in ("when_mask_differs", "always", "on_create", "if_present")
    }
    differs = None if masks_equal is None else not masks_equal
    assert decided == {"when_mask_differs": differs, "always": True, "on_create": False, "if_present": True}


@pytest.mark.parametrize(
    ("seconds", "must"), [(-1, True), (0, False), (1, False), (None, None)], ids=["older", "equal", "newer", "unknown"]
)
@pytest.mark.parametrize("masks_equal", [True, False, None])
def test_what_is_older_is_set_again_whatever_its_mask_is(
    masks_equal: bool | None, seconds: int | None, must: bool | None
) -> None:
    moment = datetime(2026, 3, 1, tzinfo=timezone.utc)
    updated = None if seconds is None else moment + timedelta(seconds=seconds)
    words: dict[str, Any] = {"masks_equal": masks_equal, "updated": updated}
    assert must_set("sesame42", "when_older", not_older_than=moment, **words) is must
    assert must_set("sesame42", "when_older", not_older_than=None, **words) is None


def test_the_warning_counts_and_names_the_first_ones() -> None:
    one = left_in_doubt(["A"], "variable", "variables", "always")
    assert "whether variable A has changed, so nothing was written. " in one
    for names, listed in (("AB", "A, B"), ("ABCDE", "A, B, C, D, E"), ("ABCDEFG", "A, B, C, D, E and 2 more")):
        many = left_in_doubt(list(names), "variable", "variables", "always")
        assert f"whether {len(names)} variables have changed, so nothing was written: {listed}. " in many
        assert "update_value: always to replace" in many


def test_only_what_is_still_there_and_looks_as_before_is_marked() -> None:
    after = {"A": "xxxx1", "B": "xxxx2", "C": "", "D": "xxxx4"}
    mark_replaced(after, {"A": "xxxx1", "B": "xxxx0", "C": "", "D": "xxxx4", "E": "xxxx5"}, "ABCEF")
    assert after == {"A": "xxxx1 (replaced)", "B": "xxxx2", "C": "(replaced)", "D": "xxxx4"}
