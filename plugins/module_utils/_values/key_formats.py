# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What a text that should be a private key is, told by its frame and the outside of its content. No input or output."""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass

ED25519 = "Ed25519"
DSA = "DSA"
RSA_PSS = "RSA-PSS"
UNKNOWN = "unknown"
OPENSSH = "OPENSSH PRIVATE KEY"
_PKCS8 = "PRIVATE KEY"
_MAGIC = b"openssh-key-v1\0"
_KINDS = {
    b"ssh-ed25519": ED25519,
    b"\x2b\x65\x70": ED25519,
    b"ssh-dss": DSA,
    b"\x2a\x86\x48\xce\x38\x04\x01": DSA,
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a": RSA_PSS,
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01": "RSA",
    b"\x2a\x86\x48\xce\x3d\x02\x01": "ECDSA",
}
"""By the name in OpenSSH's format, and by the object identifier in PKCS#8."""
_FRAME = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(.*?)-----END [A-Z0-9 ]*PRIVATE KEY-----", re.DOTALL)
_PUBLIC = (
    r"(\S+ )*(ssh-(rsa|dss|ed25519)|ecdsa-sha2-\w+|sk-(ssh-ed25519|ecdsa-sha2-nistp256))[\w@.-]* |"
    r"-----BEGIN (RSA )?PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY"
)
_PATH = (
    r"(~[\w.-]*|\.\.?)?[/\\]\S[^\n]*$|[A-Za-z]:[/\\][^\n]*$|[\w.@+-]+([/\\][\w.@+-]+)+$|[\w.@-]+\.(pem|key|ppk|pub)$|"
    r"id_[\w.-]+$"
)
_OTHERS: tuple[tuple[str, str, str], ...] = (
    (
        r"\$ANSIBLE_VAULT;",
        "is encrypted by Ansible Vault and was not decrypted.",
        "Read a file with the file lookup and rstrip=false, which decrypts. Write !vault before a variable's value.",
    ),
    (
        r"PuTTY-User-Key-File-",
        "is a key in the format of PuTTY.",
        "Convert it: puttygen FILE -O private-openssh -o KEYFILE, or PuTTYgen's menu Conversions, Export OpenSSH key.",
    ),
    (
        r"---- BEGIN SSH2 (ENCRYPTED )?PRIVATE KEY",
        "is a key in the format of ssh.com.",
        "Convert it with: ssh-keygen -i -f FILE > KEYFILE.",
    ),
    (_PUBLIC, "is a public key.", "Give the private half: the file without .pub at its end."),
    (r"-----BEGIN PGP ", "is a PGP key, which SSH cannot use.", "Give an SSH key."),
    (
        r"-----BEGIN CERTIFICATE-----",
        "is a certificate, not a private key in PEM form.",
        "Give the key that belongs to it.",
    ),
    (
        r"LS0tLS1CRUdJTi[A-Za-z0-9+/=\s]+$",
        "is encoded in base64.",
        "Decode it with the filter b64decode.",
    ),
    (
        r"(b3BlbnNzaC1rZXktdjE|M[C-I])[A-Za-z0-9+/=\s]{60,}$",
        "has lost its first and last line.",
        "Copy the whole file, with the lines -----BEGIN … PRIVATE KEY----- and -----END … PRIVATE KEY-----.",
    ),
    (
        _PATH,
        "holds a path, not a key.",
        "Give the path as private_key_path, or the file's content with the file lookup and rstrip=false.",
    ),
    (r"[{\[<]", "is a document in JSON or XML, not a key.", "Take the key out of it: the filter from_json reads JSON."),
)


def framed(text: str) -> list[str]:
    """What stands in the frames of private keys in a text, which may say ``\\n`` in the place of line ends."""
    return [match[1] for match in _FRAME.finditer(re.sub(r"(\\r)?\\n|\\r", "\n", text))]


def unlike_a_key(text: str) -> tuple[str, str]:
    """What a text without a whole private key is instead, in words, and the remedy."""
    stripped = text.strip().lstrip("\ufeff")
    for pattern, words, remedy in _OTHERS:
        if re.match(pattern, stripped):
            return words, remedy
    begins, ends = re.search(r"-----BEGIN [A-Z0-9 ]*PRIVATE", text), re.search(r"-----END [A-Z0-9 ]*PRIVATE", text)
    if begins or ends:
        missing = "-----END … PRIVATE KEY-----" if begins else "-----BEGIN … PRIVATE KEY-----"
        return f"is not a private key in PEM form, or it is cut off: it has no line {missing}.", "Copy the whole file."
    remedy = "It starts with -----BEGIN … PRIVATE KEY----- and ends with -----END … PRIVATE KEY-----."
    return "is not a private key in PEM form.", f"{remedy} In YAML, use a block scalar (|)."


@dataclass(frozen=True)
class Content:
    """What stands in the frame of a private key.

    :param label: that belongs in the frame, whatever was there
    :param kind: as far as the outside tells
    :param encrypted: whether it needs a passphrase
    :param text: the key, with the right frame and even lines
    """

    label: str
    kind: str
    encrypted: bool
    text: str


def content_of(body: str) -> Content:
    """What stands in the frame of a private key. The frame's label is not asked: people change it.

    :raises ValueError: when it is damaged
    """
    if re.search(r"\b(Proc-Type|DEK-Info):", body):
        return Content("", UNKNOWN, True, "")
    lines = body.split()
    encoded = "".join(lines)
    data = base64.b64decode(encoded, validate=True)
    kind = UNKNOWN
    encrypted = False
    if data.startswith(_MAGIC):
        label = OPENSSH
        cipher, kind = _openssh_header(data)
        encrypted = cipher != "none"
    else:
        elements = _sequence(data)
        tags = [tag for tag, _whole, _inner in elements]
        if tags[:3] == [0x02, 0x30, 0x04]:
            label = _PKCS8
            kind = _KINDS.get(_sequence(elements[1][1])[0][2], UNKNOWN)
            # The second version of PKCS#8 adds the public half, which not every library can read over.
            data = _sequence_of(b"\x02\x01\x00" + elements[1][1] + elements[2][1])
        elif tags == [0x30, 0x04]:
            label, encrypted = "ENCRYPTED PRIVATE KEY", True
        elif tags[:2] == [0x02, 0x04]:
            label, kind = "EC PRIVATE KEY", "ECDSA"
        elif tags == [0x02] * 6:
            label, kind = "DSA PRIVATE KEY", DSA
        elif tags[:9] == [0x02] * 9:
            label, kind = "RSA PRIVATE KEY", "RSA"
        else:
            raise ValueError("no known structure")
    encoded = base64.b64encode(data).decode("ascii")
    width = len(lines[0]) if len(lines[0]) in (70, 76) else 64
    even = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    return Content(label, kind, encrypted, "\n".join([f"-----BEGIN {label}-----", *even, f"-----END {label}-----", ""]))


def _openssh_header(data: bytes) -> tuple[str, str]:
    """The cipher and the kind of a key in OpenSSH's format: the only parts that are readable with a passphrase too.

    :raises ValueError: when it is damaged
    """
    cipher, rest = _string(data[len(_MAGIC) :])
    for _field in ("function of the passphrase", "its options"):
        _skipped, rest = _string(rest)
    public, _rest = _string(rest[4:])  # after the number of keys
    name, _rest = _string(public)
    return cipher.decode("ascii", "replace"), _KINDS.get(name, name.decode("ascii", "replace"))


def _string(data: bytes) -> tuple[bytes, bytes]:
    """A length and so many bytes, and what comes after them. :raises ValueError: when there are fewer."""
    if len(data) < 4:
        raise ValueError("cut short")
    (length,) = struct.unpack(">I", data[:4])
    if len(data) < 4 + length:
        raise ValueError("cut short")
    return data[4 : 4 + length], data[4 + length :]


def _element(data: bytes) -> tuple[bytes, bytes]:
    """The inside of the DER element that comes first, and what comes after it. :raises ValueError: when it is cut."""
    if len(data) < 2:
        raise ValueError("cut short")
    length, start = data[1], 2
    if length >= 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start], "big")
    if len(data) < start + length:
        raise ValueError("cut short")
    return data[start : start + length], data[start + length :]


def _sequence(data: bytes) -> list[tuple[int, bytes, bytes]]:
    """The elements of a DER sequence: the tag of each, the whole of it, and its inside.

    :raises ValueError: when it is none, or damaged
    """
    rest, after = _element(data)
    if data[0] != 0x30 or after:
        raise ValueError("not a sequence")
    elements = []
    while rest:
        inner, left = _element(rest)
        elements.append((rest[0], rest[: len(rest) - len(left)], inner))
        rest = left
    return elements


def _sequence_of(inner: bytes) -> bytes:
    """A DER sequence with this inside."""
    length = len(inner)
    if length < 0x80:
        return bytes([0x30, length]) + inner
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x30, 0x80 + len(size)]) + size + inner
