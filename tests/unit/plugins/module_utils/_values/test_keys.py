# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import functools
import hashlib
import struct
import traceback
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.key_formats import content_of, framed
from ansible_collections.community.circleci.plugins.module_utils._values.keys import (
    PrivateKey,
    normalize_fingerprint,
    parse_private_key,
    parse_public_key,
    sent_fingerprint,
    shown_key,
)

pytestmark = pytest.mark.once

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
        "x25519": x25519.X25519PrivateKey.generate,
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


def content(kind: str, form: str, *passphrase: str) -> bytes:
    """What stands in the frame."""
    return base64.b64decode("".join(text(kind, form, *passphrase).splitlines()[1:-1]))


def frame(label: str, inside: bytes) -> str:
    """A key of this content, whatever the label says."""
    return f"-----BEGIN {label}-----\n{base64.encodebytes(inside).decode()}-----END {label}-----\n"


def der(tag: int, *inside: bytes) -> bytes:
    """An element of DER."""
    whole = b"".join(inside)
    size = bytes([0x82]) + struct.pack(">H", len(whole)) if len(whole) > 127 else bytes([len(whole)])
    return bytes([tag]) + size + whole


def number(value: int) -> bytes:
    """A whole number in DER."""
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def strings(*parts: bytes) -> bytes:
    """Texts as OpenSSH's format holds them."""
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


RSA = bytes.fromhex("06092a864886f70d0101010500")
RSA_PSS = bytes.fromhex("06092a864886f70d01010a")
UNHEARD_OF = bytes.fromhex("06032a0304")
_P = (
    36765461318373254020204764047737170526169423530278019264500342640837799842095660013339147202906830657997411397935437
)
_Q = (
    31365795041368062677524821359936759379820427145556861957569413857129750685570825385280678726090754616824048253992777
)
_D = pow(65537, -1, (_P - 1) * (_Q - 1))
SHORT_RSA = der(
    0x30, *map(number, (0, _P * _Q, 65537, _D, _P, _Q, _D % (_P - 1), _D % (_Q - 1), pow(_Q, -1, _P)))
)  # fmt: skip
"""A key that libraries do not make any more."""


def pkcs8(algorithm: bytes, private: bytes, *more: bytes, version: int = 0) -> bytes:
    """A key in PKCS#8, in its second version with the public half."""
    return der(0x30, number(version), der(0x30, algorithm), der(0x04, private), *more)


def second_version(kind: str) -> bytes:
    """A key in PKCS#8 with its public half, as RFC 5958 has it."""
    private = content(kind, "pkcs8")
    form = serialization.PublicFormat.Raw if kind == "ed25519" else serialization.PublicFormat.UncompressedPoint
    encoding = serialization.Encoding.Raw if kind == "ed25519" else serialization.Encoding.X962
    public = b"" if kind == "rsa" else key(kind).public_key().public_bytes(encoding, form)
    inside = private[4 if private[1] == 0x82 else 3 if private[1] == 0x81 else 2 :]
    return der(0x30, number(1), inside[3:], der(0x81, b"\0", public))


def security_key(kind: bytes, cipher: bytes = b"none") -> str:
    """What ssh-keygen writes for a key that is in a device, as far as its private part, which is of no use."""
    public = strings(kind, b"p" * 32, b"ssh:")
    inside = b"openssh-key-v1\0" + strings(cipher, b"none", b"") + b"\0\0\0\1" + strings(public, b"s" * 64)
    return frame("OPENSSH PRIVATE KEY", inside)


def same(found: PrivateKey, kind: str, form: str) -> bool:
    """Whether a key was read as it is, and is sent as it is, or in OpenSSH's format if ssh cannot read the other.

    Lines may be longer or shorter, as programs write them.
    """
    first, *lines, last = found.text.splitlines()
    assert {len(line) for line in lines[:-1]} <= {64, 76}
    assert (first.replace("BEGIN", "END"), found.text[-6:]) == (last, "-----\n")
    if (kind, form) == ("ed25519", "pkcs8"):
        openssh = serialization.load_ssh_private_key(found.text.encode(), None)
        return found.text.startswith("-----BEGIN OPENSSH") and numbers(openssh) == numbers(key(kind))
    return found.text.replace("\n", "") == text(kind, form).replace("\n", "")


def numbers(private: Any) -> bytes:
    """What makes a key of Ed25519 another one."""
    raw = serialization.Encoding.Raw
    return bytes(private.private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()))


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
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("\n", ""),
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\\r\\n"),
        lambda pem: pem.rstrip("\n") + "\\n",
        lambda pem: f'"{pem}"',
        lambda pem: f"\ufeff{pem}",
        lambda pem: f"Bag Attributes\n    friendlyName: deploy\n{pem}",
    ],
    ids=[
        "windows",
        "no newline",
        "surplus",
        "indented",
        "trailing",
        "folded",
        "one line",
        "escaped",
        "escaped windows",
        "escaped end",
        "quoted",
        "byte order mark",
        "words before",
    ],
)
def test_damage_of_copying_is_repaired(kind: str, form: str, damage) -> None:
    assert same(parse_private_key(damage(text(kind, form))), kind, form)


BLANKS = st.text(alphabet=" \t", max_size=4)


@settings(deadline=None)  # Making a key takes its time.
@given(st.sampled_from(GOOD), st.sampled_from(["\n", "\r\n", "\r"]), BLANKS, BLANKS, st.text(" \t\r\n", max_size=6))
def test_white_space_that_copying_adds_or_loses_makes_no_other_key(
    which: tuple[str, str], line_end: str, indent: str, trail: str, around: str
) -> None:
    whole = text(*which)
    damaged = line_end.join(f"{indent}{line}{trail}" for line in whole.splitlines())
    assert same(parse_private_key(around + damaged + around), *which)


LABELS = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]


@pytest.mark.parametrize("label", [*LABELS, "DSA PRIVATE KEY", "ANY PRIVATE KEY"])
@pytest.mark.parametrize(("kind", "form"), GOOD)
def test_a_key_under_another_label_is_sent_under_its_own(kind: str, form: str, label: str) -> None:
    assert same(parse_private_key(frame(label, content(kind, form))), kind, form)


@pytest.mark.parametrize(("kind", "form"), GOOD)
def test_lines_of_any_length_are_made_even(kind: str, form: str) -> None:
    first, *lines, last = text(kind, form).splitlines()
    encoded = "".join(lines)
    pieces = [encoded[start : start + 7] for start in range(0, len(encoded), 7)]
    assert same(parse_private_key("\n".join([first, *pieces, last])), kind, form)


@pytest.mark.parametrize(("width", "kept"), [(64, 64), (70, 70), (76, 76), (65, 64), (80, 64)])
def test_lines_of_the_lengths_that_programs_write_stay(width: int, kept: int) -> None:
    encoded = base64.b64encode(content("rsa", "pkcs8")).decode()
    pieces = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    whole = "\n".join(["-----BEGIN PRIVATE KEY-----", *pieces, "-----END PRIVATE KEY-----"])
    sent = parse_private_key(whole).text.splitlines()[1:-1]
    assert ({len(line) for line in sent[:-1]}, "".join(sent)) == ({kept}, encoded)


@pytest.mark.parametrize("kind", ["rsa", "ecdsa", "ed25519"])
def test_pkcs8_with_the_public_half_is_read_and_sent_without(kind: str) -> None:
    assert same(parse_private_key(frame("PRIVATE KEY", second_version(kind))), kind, "pkcs8")


def refusing(error: type[Exception]) -> Callable[..., None]:
    def refuse(*_args: object, **_more: object) -> None:
        raise error("It is not supported by this version of OpenSSL.")

    return refuse


@pytest.mark.parametrize("form", ["openssh", "pkcs8"])
@pytest.mark.parametrize("reading", [UnsupportedAlgorithm, ValueError])
@pytest.mark.parametrize("making", [UnsupportedAlgorithm, ValueError])
def test_a_host_without_ed25519_says_so_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, form: str, reading: type[Exception], making: type[Exception]
) -> None:
    given = text("ed25519", form)
    monkeypatch.setattr(serialization, "load_pem_private_key", refusing(reading))
    monkeypatch.setattr(serialization, "load_ssh_private_key", refusing(reading))
    monkeypatch.setattr(ed25519, "Ed25519PrivateKey", SimpleNamespace(generate=refusing(making)))
    parse_private_key.cache_clear()
    with pytest.raises(
        CircleCIError, match="Ed25519 key, which the Python library cryptography of this host"
    ) as caught:
        parse_private_key(given)
    assert "delegate_to: localhost" in (caught.value.hint or "")


def test_a_curve_without_a_name_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Older libraries say so with another exception."""

    def refuse(*_args: object, **_more: object) -> None:
        raise NotImplementedError("ECDSA keys with unnamed curves are unsupported at this time")

    monkeypatch.setattr(serialization, "load_pem_private_key", refuse)
    parse_private_key.cache_clear()
    with pytest.raises(CircleCIError, match="SSH servers do not take"):
        parse_private_key(text("ecdsa", "pkcs8"))


def test_a_kind_that_nobody_knows_is_none_that_is_mangled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the library says of it."""
    monkeypatch.setattr(serialization, "load_pem_private_key", refusing(ValueError))
    with pytest.raises(CircleCIError, match=r"of a kind \(unknown\) that SSH servers do not take"):
        parse_private_key(frame("PRIVATE KEY", pkcs8(UNHEARD_OF, b"\x04\x01b")))


@pytest.mark.parametrize("error", [ValueError, TypeError, IndexError])
@pytest.mark.parametrize("form", ["openssh", "pkcs8"])
def test_whatever_the_library_says_of_a_key_it_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, form: str, error: type[Exception]
) -> None:
    """Its versions differ in that, and the words may quote the key."""

    def refuse(*_args: object, **_more: object) -> None:
        raise error("the key is MIIE")

    monkeypatch.setattr(serialization, "load_pem_private_key", refuse)
    monkeypatch.setattr(serialization, "load_ssh_private_key", refuse)
    parse_private_key.cache_clear()
    with pytest.raises(CircleCIError, match="mangled") as caught:
        parse_private_key(text("rsa", form))
    assert "MIIE" not in "".join(traceback.format_exception(caught.value))


def test_md5_is_no_matter_of_security(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host in FIPS mode has it for other purposes."""
    known = parse_private_key(text("ed25519")).public.md5
    md5 = hashlib.md5

    def for_other_purposes(data: bytes, *, usedforsecurity: bool = True) -> Any:
        if usedforsecurity:
            raise ValueError("[digital envelope routines] unsupported")
        return md5(data, usedforsecurity=False)

    monkeypatch.setattr(hashlib, "md5", for_other_purposes)
    parse_private_key.cache_clear()
    assert known is not None
    assert parse_private_key(text("ed25519")).public.md5 == known


def test_without_md5_a_key_has_its_other_fingerprint(no_md5: None) -> None:
    public = parse_private_key(text("ed25519")).public
    assert (public.md5, public.sha256[:7]) == (None, "SHA256:")


def test_without_md5_a_fingerprint_of_it_is_refused_with_the_remedy(no_md5: None) -> None:
    with pytest.raises(CircleCIError, match="this host has no MD5") as caught:
        normalize_fingerprint("ab" * 16)
    assert "SHA-256" in (caught.value.hint or "")
    assert normalize_fingerprint(f"SHA256:{'A' * 43}") == f"SHA256:{'A' * 43}"


def test_parameters_before_an_ec_key_are_left_out() -> None:
    parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert parse_private_key(parameters + text("ecdsa", "traditional")).text == text("ecdsa", "traditional")


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (127, b"\x30\x7f"),
        (128, b"\x30\x81\x80"),
        (129, b"\x30\x81\x81"),
        (255, b"\x30\x81\xff"),
        (256, b"\x30\x82\x01\x00"),
        (257, b"\x30\x82\x01\x01"),
    ],
)
def test_pkcs8_of_any_length_is_written_as_der_has_it(size: int, head: bytes) -> None:
    inside = number(0) + der(0x30, UNHEARD_OF)
    private = der(0x04, bytes(size - len(inside) - (2 if size < 140 else 4)))
    for more in (b"", der(0x81, bytes(32))):
        read = content_of(base64.b64encode(der(0x30, inside, private, more)).decode())
        (body,) = framed(read.text)
        assert base64.b64decode(body) == head + inside + private


@pytest.mark.parametrize("algorithm", [b"", b"\x06", der(0x06), der(0x06, b"\x2a")])
def test_a_key_without_an_algorithm_that_is_known_is_no_traceback(algorithm: bytes) -> None:
    with pytest.raises(CircleCIError) as caught:
        parse_private_key(frame("PRIVATE KEY", pkcs8(algorithm, bytes(32))))
    words = "is mangled" if len(algorithm) < 2 else "is of a kind (unknown) that SSH servers do not take"
    assert words in caught.value.message


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
    "cut in base64": (lambda: frame("RSA PRIVATE KEY", content("rsa", "traditional")[:-8]), "is mangled"),
    "cut header": (lambda: frame("OPENSSH PRIVATE KEY", content("rsa", "openssh")[:30]), "is mangled"),
    "cut fields": (lambda: frame("OPENSSH PRIVATE KEY", content("rsa", "openssh")[:80]), "is mangled"),
    "more than a key": (lambda: frame("PRIVATE KEY", content("rsa", "pkcs8") + b"\x05\x00"), "is mangled"),
    "no key at all": (lambda: frame("PRIVATE KEY", b"\x30\x03\x0c\x01a"), "is mangled"),
    "one byte": (lambda: frame("PRIVATE KEY", b"0"), "is mangled"),
    "nothing between": ("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----", "is mangled"),
    "other letters": (lambda: text("rsa").replace("a", "ä"), "is mangled"),
    "two keys": (lambda: text("rsa") + text("ecdsa"), "holds 2 private keys"),
    "damaged first line": (lambda: text("rsa").replace("-----BEGIN", "--BEGIN"), "no line -----BEGIN"),
    "damaged last line": (lambda: text("rsa").replace("-----END", "—END"), "no line -----END"),
    "vault": ("$ANSIBLE_VAULT;1.1;AES256\n39306135\n", "encrypted by Ansible Vault and was not decrypted"),
    "putty 2": ("PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n", "is a key in the format of PuTTY"),
    "putty 3": ("PuTTY-User-Key-File-3: ssh-rsa\r\nEncryption: none\r\n", "is a key in the format of PuTTY"),
    "ssh.com": ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAA", "is a key in the format of ssh.com"),
    "pgp": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n-----END PGP PRIVATE KEY BLOCK-----", "is a PGP key"),
    "base64": (lambda: base64.b64encode(text("rsa").encode()).decode(), "is encoded in base64"),
    "base64 in lines": (lambda: base64.encodebytes(text("ed25519").encode()).decode(), "is encoded in base64"),
    "inside only": (lambda: "".join(text("rsa").splitlines()[1:-1]), "has lost its first and last line"),
    "inside in lines": (lambda: "\n".join(text("ecdsa", "pkcs8").splitlines()[1:-1]), "has lost its first and last"),
    "inside traditional": (lambda: "".join(text("rsa", "traditional").splitlines()[1:-1]), "has lost its first and"),
    "json": ('{"private_key": "..."}', "is a document in JSON or XML"),
    "xml": ("<RSAKeyValue><Modulus>AQAB</Modulus></RSAKeyValue>", "is a document in JSON or XML"),
    "path": ("/home/me/.ssh/id_ed25519", "holds a path, not a key"),
    "path from home": ("~/.ssh/id_ed25519", "holds a path, not a key"),
    "path from here": ("./deploy_key\n", "holds a path, not a key"),
    "path in a folder": ("files/deploy_key", "holds a path, not a key"),
    "path on Windows": ("C:\\keys\\deploy key", "holds a path, not a key"),
    "file": ("deploy.pem", "holds a path, not a key"),
    "file of ssh-keygen": ("id_rsa", "holds a path, not a key"),
    "public of a token": ("sk-ssh-ed25519@openssh.com AAAAGnNrLXNz me", "is a public key"),
    "public with options": ('command="ls -l" ssh-rsa AAAAB3NzaC1yc2E= me', "is a public key"),
    "public after a blank line": ("\n  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me", "is a public key"),
    "certificate of OpenSSH": ("ssh-ed25519-cert-v01@openssh.com AAAAIHNz me", "is a public key"),
    "public of ssh.com": ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA", "is a public key"),
    "certificate": ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "not a private key in PEM form"),
    "passphrase openssh": (lambda: text("ed25519", "openssh", "secret"), "protected by a passphrase"),
    "passphrase openssh rsa": (lambda: text("rsa", "openssh", "secret"), "protected by a passphrase"),
    "passphrase traditional": (lambda: text("rsa", "traditional", "secret"), "protected by a passphrase"),
    "passphrase pkcs8": (lambda: text("ecdsa", "pkcs8", "secret"), "protected by a passphrase"),
    "passphrase under a plain label": (
        lambda: frame("PRIVATE KEY", content("rsa", "pkcs8", "secret")),
        "protected by a passphrase",
    ),
    "passphrase under an RSA label": (
        lambda: frame("RSA PRIVATE KEY", content("rsa", "pkcs8", "secret")),
        "protected by a passphrase",
    ),
    "passphrase folded": (
        lambda: text("rsa", "traditional", "secret").replace("\n", " "),
        "protected by a passphrase",
    ),
    "security key": (lambda: security_key(b"sk-ssh-ed25519@openssh.com"), "belongs to a security key"),
    "security key of ECDSA": (lambda: security_key(b"sk-ecdsa-sha2-nistp256@openssh.com"), "belongs to a security key"),
    "security key with passphrase": (
        lambda: security_key(b"sk-ssh-ed25519@openssh.com", cipher=b"aes256-ctr"),
        "belongs to a security key",
    ),
    "security key with a cipher of other letters": (
        lambda: security_key(b"sk-ssh-ed25519@openssh.com", cipher=b"\xff"),
        "belongs to a security key",
    ),
    "kind of other letters": (lambda: security_key(b"\xff"), "is mangled|SSH servers do not take"),
    "rsa of 768 bits": (lambda: frame("RSA PRIVATE KEY", SHORT_RSA), "RSA key of 768 bits. ssh reads none under 1024"),
    "rsa of 768 bits in PKCS#8": (lambda: frame("PRIVATE KEY", pkcs8(RSA, SHORT_RSA)), "RSA key of 768 bits"),
    "rsa-pss": (lambda: frame("PRIVATE KEY", pkcs8(RSA_PSS, content("rsa", "traditional"))), "is an RSA-PSS key"),
    "x25519": (lambda: text("x25519", "pkcs8"), "SSH servers do not take"),
    "kind that nobody knows": (
        lambda: frame("PRIVATE KEY", pkcs8(UNHEARD_OF, b"\x04\x01a")),
        "SSH servers do not take",
    ),
    "dsa": (lambda: text("dsa", "traditional"), "is a DSA key"),
    "dsa openssh": (lambda: text("dsa", "openssh"), "is a DSA key"),
    "ed448": (lambda: text("ed448", "pkcs8"), r"of a kind \(_?Ed448PrivateKey\) that SSH servers do not take"),
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
    # The words of the library, which may quote the key, are in no traceback either.
    shown = "".join(traceback.format_exception(caught.value))
    assert shown.count("Traceback") == 1
    assert not [line for line in private.split() if len(line) > 20 and line in shown]


@pytest.mark.parametrize(("kind", "form"), [("ed25519", "openssh"), ("ed25519", "pkcs8"), ("ecdsa", "openssh")])
def test_a_key_is_mangled_wherever_it_is_cut(kind: str, form: str) -> None:
    whole = content(kind, form)
    for length in range(len(whole)):
        with pytest.raises(CircleCIError, match="is mangled: it has the frame of a private key"):
            parse_private_key(frame("PRIVATE KEY", whole[:length]))


@pytest.mark.parametrize(("kind", "form"), [("ed25519", "openssh"), ("ecdsa", "pkcs8")])
def test_a_key_with_a_passphrase_is_mangled_too(kind: str, form: str) -> None:
    """Removing the passphrase, as is said of whole ones, would fail. What is encrypted itself tells nothing."""
    whole = content(kind, form, "secret")
    for length in range(whole.index(b"ssh-ed25519") + 11 + 4 + 32 if form == "openssh" else len(whole)):
        with pytest.raises(CircleCIError, match="is mangled: it has the frame of a private key"):
            parse_private_key(frame("PRIVATE KEY", whole[:length]))


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


@pytest.mark.parametrize(
    "line", ["", "ssh-rsa", "ssh-rsa ???", "ssh-rsa AAAA", "ssh-rsa AAAAB3*NzaC1yc2E=", "ssh-ed25519 AAAAB3NzaC1yc2E="]
)
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
    [
        "",
        "aa:bb",
        "zz" * 16,
        "aa:" * 16,
        "aabb:" * 8,
        "../../me",
        "SHA256:short",
        "MD5:" + "A" * 43,
        "A" * 42 + "B",
        "key " + "ab" * 16,
    ],
)
def test_malformed_fingerprints_are_refused_with_advice(bad: str) -> None:
    with pytest.raises(CircleCIError, match="is not a fingerprint") as caught:
        normalize_fingerprint(bad)
    assert "ssh-keygen -l" in (caught.value.hint or "")


MD5, PAIRS = "0123456789ABCDEF" * 2, "01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef"
SHA256 = "A" * 43


@pytest.mark.parametrize("line", [None, "", "ssh-what ???", 5])
@pytest.mark.parametrize(
    ("said", "md5", "sha256", "sent"),
    [
        (MD5, PAIRS, None, PAIRS),
        (PAIRS, PAIRS, None, PAIRS),
        (SHA256, None, f"SHA256:{SHA256}", SHA256),
        (f"SHA256:{SHA256}=", None, f"SHA256:{SHA256}", SHA256),
        ("no fingerprint", "no fingerprint", None, "no fingerprint"),
        ("", None, None, None),
        (None, None, None, None),
        (7, None, None, None),
    ],
)
def test_of_a_key_that_cannot_be_read_is_shown_what_circleci_says(
    line: object, said: object, md5: str | None, sha256: str | None, sent: str | None
) -> None:
    item = {"public_key": line, "fingerprint": said}
    if line != "ssh-what ???" and sent is None:
        with pytest.raises(ValueError, match="neither a public half nor a fingerprint"):
            shown_key(item)
        return
    shown = shown_key(item)
    public = line if isinstance(line, str) else None
    assert shown == {"public_key": public, "fingerprint": md5, "fingerprint_sha256": sha256}
    assert sent_fingerprint(shown) == sent


@pytest.mark.parametrize("said", [MD5, "no fingerprint", "", None])
def test_of_a_key_that_can_be_read_nothing_else_is_believed(said: object) -> None:
    public = parse_private_key(text("ed25519")).public
    shown = shown_key({"public_key": f" {public.text} \n", "fingerprint": said})
    assert shown == {"public_key": public.text, "fingerprint": public.md5, "fingerprint_sha256": public.sha256}
    assert sent_fingerprint(shown) == public.md5
    assert sent_fingerprint({**shown, "fingerprint": None}) == public.sha256[7:]


@pytest.mark.parametrize("prefix", ["", "MD5:", "256 ", "256 MD5:"])
def test_a_fingerprint_may_consist_of_digits_alone(prefix: str) -> None:
    assert normalize_fingerprint(prefix + "1234567890" * 3 + "12") == "12:34:56:78:90:" * 3 + "12"


def test_the_shortest_rsa_keys_that_ssh_reads_are_taken() -> None:
    shortest = rsa.generate_private_key(65537, 1024)
    whole = shortest.private_bytes(
        serialization.Encoding.PEM, FORMATS["traditional"], serialization.NoEncryption()
    ).decode()
    assert parse_private_key(whole).text == whole
