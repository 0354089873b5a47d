# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import functools
import warnings
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.keys import (
    normalize_fingerprint,
    parse_private_key,
    parse_public_key,
)

FORMATS = {
    "openssh": serialization.PrivateFormat.OpenSSH,
    "traditional": serialization.PrivateFormat.TraditionalOpenSSL,
    "pkcs8": serialization.PrivateFormat.PKCS8,
}


@functools.cache
def key(kind: str) -> Any:
    """A key of this kind, made once."""
    return {
        "rsa": lambda: rsa.generate_private_key(65537, 2048),
        "ecdsa": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "dsa": lambda: dsa.generate_private_key(1024),
        "ed448": ed448.Ed448PrivateKey.generate,
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
    }[kind]()


@functools.cache
def text(kind: str, form: str = "openssh", passphrase: str | None = None) -> str:
    """A key as a file holds it, made once: OpenSSH's format has a random number in it."""
    encryption = (
        serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # DSA is deprecated, which is why it is refused
        return str(key(kind).private_bytes(serialization.Encoding.PEM, FORMATS[form], encryption).decode())


GOOD = [
    ("rsa", "openssh"),
    ("rsa", "traditional"),
    ("rsa", "pkcs8"),
    ("ecdsa", "openssh"),
    ("ecdsa", "traditional"),
    ("ecdsa", "pkcs8"),
    ("ed25519", "openssh"),
    ("ed25519", "pkcs8"),
]


@pytest.mark.parametrize(("kind", "form"), GOOD)
def test_every_format_has_the_fingerprints_that_another_library_computes(kind: str, form: str) -> None:
    found = parse_private_key(text(kind, form))
    public = serialization.load_ssh_public_key(found.public.text.encode())
    assert serialization.ssh_key_fingerprint(public, hashes.MD5()).hex(":") == found.public.md5
    sha256 = base64.b64encode(serialization.ssh_key_fingerprint(public, hashes.SHA256())).decode()
    assert found.public.sha256 == f"SHA256:{sha256.rstrip('=')}"


@pytest.mark.parametrize(("kind", "form"), GOOD)
@pytest.mark.parametrize(
    "damage",
    [
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: pem.rstrip("\n"),
        lambda pem: f"\n\n  {pem}  \n\n",
        lambda pem: "\n".join(f"    {line}" for line in pem.splitlines()),
        lambda pem: "\n".join(f"{line}   " for line in pem.splitlines()),
    ],
    ids=["windows", "no newline", "surplus", "indented", "trailing"],
)
def test_damage_of_copying_is_repaired(kind: str, form: str, damage) -> None:
    assert parse_private_key(damage(text(kind, form))) == parse_private_key(text(kind, form))
    assert parse_private_key(damage(text(kind, form))).text == text(kind, form)


BLANKS = st.text(alphabet=" \t", max_size=4)


@given(st.sampled_from(GOOD), st.sampled_from(["\n", "\r\n", "\r"]), BLANKS, BLANKS, st.text(" \t\r\n", max_size=6))
def test_white_space_that_copying_adds_or_loses_makes_no_other_key(
    which: tuple[str, str], line_end: str, indent: str, trail: str, around: str
) -> None:
    whole = text(*which)
    damaged = line_end.join(f"{indent}{line}{trail}" for line in whole.splitlines())
    assert parse_private_key(around + damaged + around).text == whole


def test_parameters_before_an_ec_key_are_left_out() -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert parse_private_key(parameters + text("ecdsa", "traditional")).text == text("ecdsa", "traditional")


def cut(pem: str) -> str:
    """The key without its middle lines."""
    lines = pem.splitlines()
    return "\n".join([*lines[:2], *lines[-2:]])


def changed(pem: str) -> str:
    """The key with one other character."""
    place = len(pem) // 2
    return pem[:place] + ("A" if pem[place] != "A" else "B") + pem[place + 1 :]


BAD: dict[str, tuple[Any, str]] = {
    "empty": ("", "is empty"),
    "blank": (" \n ", "is empty"),
    "public": (lambda: parse_private_key(text("ed25519")).public.text, "is a public key"),
    "public with comment": (lambda: parse_private_key(text("rsa")).public.text + " me@example.org", "is a public key"),
    "public in PEM": (
        lambda: (
            key("rsa")
            .public_key()
            .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
            .decode()
        ),
        "is a public key",
    ),
    "words": ("my secret key", "not a private key in PEM form"),
    "without end": (lambda: text("rsa")[:400], "cut off"),
    "without start": (lambda: text("rsa")[400:], "not a private key in PEM form"),
    "cut in the middle": (lambda: cut(text("rsa")), "is mangled"),
    "one line": (lambda: text("rsa").replace("\n", " "), "is mangled"),
    "escaped newlines": (lambda: text("rsa").replace("\n", "\\n"), "is mangled"),
    "other letters": (lambda: text("rsa").replace("a", "ä"), "is mangled"),
    "two keys": (lambda: text("rsa") + text("ecdsa"), "holds 2 private keys"),
    "certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a private key in PEM form"),
    "passphrase openssh": (lambda: text("ed25519", "openssh", "secret"), "protected by a passphrase"),
    "passphrase openssh rsa": (lambda: text("rsa", "openssh", "secret"), "protected by a passphrase"),
    "passphrase traditional": (lambda: text("rsa", "traditional", "secret"), "protected by a passphrase"),
    "passphrase pkcs8": (lambda: text("ecdsa", "pkcs8", "secret"), "protected by a passphrase"),
    "dsa": (lambda: text("dsa", "traditional"), "is a DSA key"),
    "dsa openssh": (lambda: text("dsa", "openssh"), "is a DSA key"),
    "ed448": (lambda: text("ed448", "pkcs8"), "SSH servers do not take"),
    "secp256k1": (lambda: text("secp256k1", "pkcs8"), "secp256k1 key"),
}


@pytest.mark.parametrize("case", BAD)
def test_everything_else_is_refused_in_its_own_words(case: str) -> None:
    given, words = BAD[case]
    private = given if isinstance(given, str) else given()
    with pytest.raises(CircleCIError, match=words) as caught:
        parse_private_key(private)
    assert caught.value.hint
    told = str(caught.value.result())
    assert not [line for line in private.split() if len(line) > 20 and line in told]
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_one_wrong_character_never_passes_as_the_same_key(kind: str) -> None:
    right = parse_private_key(text(kind, "pkcs8"))
    try:
        wrong = parse_private_key(changed(text(kind, "pkcs8")))
    except CircleCIError as error:
        assert "mangled" in str(error)  # noqa: PT017  both outcomes are right
    else:
        assert wrong.public != right.public


def test_a_private_key_does_not_show_itself() -> None:
    private = parse_private_key(text("ed25519"))
    assert private.text.splitlines()[1] not in repr(private)


@pytest.mark.parametrize("line", ["", "ssh-rsa", "ssh-rsa ???", "ssh-rsa AAAA", "ssh-ed25519 AAAAB3NzaC1yc2E="])
def test_what_is_not_a_public_key_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        parse_public_key(line)


def test_a_public_key_is_known_by_its_bytes_only() -> None:
    line = parse_private_key(text("rsa")).public.text
    assert parse_public_key(f"{line} \n") == parse_public_key(f" {line} somebody@example.org")


@given(st.binary(min_size=16, max_size=16), st.sampled_from(["", "MD5:", "md5:"]), st.booleans(), st.booleans())
def test_md5_fingerprints_of_any_spelling_are_one(digest: bytes, prefix: str, colons: bool, upper: bool) -> None:
    spelled = digest.hex(":") if colons else digest.hex()
    assert normalize_fingerprint(prefix + (spelled.upper() if upper else spelled)) == digest.hex(":")


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["", "SHA256:", "sha256:"]), st.booleans())
def test_sha256_fingerprints_of_any_spelling_are_one(digest: bytes, prefix: str, padded: bool) -> None:
    spelled = base64.b64encode(digest).decode()
    wanted = f"SHA256:{spelled.rstrip('=')}"
    assert normalize_fingerprint(prefix + (spelled if padded else spelled.rstrip("="))) == wanted
    assert normalize_fingerprint(f"256 {wanted} me@example.org (ED25519)") == wanted


@given(st.text(max_size=60))
def test_other_texts_are_refused_or_normal_already(words: str) -> None:
    try:
        normal = normalize_fingerprint(words)
    except CircleCIError as error:
        assert "is not a fingerprint" in str(error)  # noqa: PT017  both outcomes are right
    else:
        assert normalize_fingerprint(normal) == normal


@pytest.mark.parametrize(
    "bad",
    ["", "aa:bb", "zz" * 16, "aa:" * 16, "aabb:" * 8, "../../me", "SHA256:short", "MD5:" + "A" * 43, "A" * 42 + "B"],
)
def test_malformed_fingerprints_are_refused_with_advice(bad: str) -> None:
    with pytest.raises(CircleCIError, match="is not a fingerprint") as caught:
        normalize_fingerprint(bad)
    assert "ssh-keygen -l" in (caught.value.hint or "")
