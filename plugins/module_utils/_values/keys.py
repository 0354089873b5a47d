# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""SSH keys as text: fingerprints of public keys, and what a private key is before it is sent. No input or output."""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError as exc:
    CRYPTOGRAPHY_IMPORT_ERROR: ImportError | None = exc
else:
    CRYPTOGRAPHY_IMPORT_ERROR = None

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_PUBLIC = re.compile(r"(ssh-|ecdsa-|sk-|-----BEGIN (SSH2 |RSA )?PUBLIC KEY-----|---- BEGIN SSH2 PUBLIC KEY)")
_GENERATE = "Make one with: ssh-keygen -t ed25519 -N '' -f KEYFILE."


@dataclass(frozen=True)
class PublicKey:
    """A public key in OpenSSH's form, by its type and its bytes."""

    kind: str
    blob: bytes

    @property
    def text(self) -> str:
        """The line without a comment."""
        return f"{self.kind} {base64.b64encode(self.blob).decode('ascii')}"

    @property
    def md5(self) -> str:
        """The fingerprint as CircleCI Server and v1.1 print it: ``aa:bb:…``."""
        digest = hashlib.md5(self.blob, usedforsecurity=False).hexdigest()
        return ":".join(digest[i : i + 2] for i in range(0, 32, 2))

    @property
    def sha256(self) -> str:
        """The fingerprint as OpenSSH prints it: ``SHA256:…``."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii").rstrip("=")

    def matches(self, fingerprint: str) -> bool:
        """Whether a fingerprint, normalized by :func:`normalize_fingerprint`, is one of this key."""
        return fingerprint in (self.md5, self.sha256)


@dataclass(frozen=True)
class PrivateKey:
    """A private key that CircleCI can use.

    :param text: the key, repaired, ending in a newline
    :param public: its public half
    """

    text: str
    public: PublicKey

    def __repr__(self) -> str:
        return f"PrivateKey({self.public.sha256})"


def parse_public_key(line: str) -> PublicKey:
    """A line in OpenSSH's form, as CircleCI gives it (§3.6: some end in an empty comment and a newline).

    :raises ValueError: when it is not one
    """
    words = line.split()
    if len(words) < 2:
        raise ValueError("not a public key")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("not a public key") from exc
    kind = words[0].encode("utf-8", "replace")
    if not blob.startswith(struct.pack(">I", len(kind)) + kind):
        raise ValueError("not a public key")
    return PublicKey(words[0], blob)


def normalize_fingerprint(text: str) -> str:
    """A fingerprint in any usual spelling, as ``aa:bb:…`` (MD5) or ``SHA256:…``.

    MD5 with or without prefix and colons, in any case; SHA-256 in base64 with or without prefix and padding;
    a whole line of ``ssh-keygen -l``.

    :raises CircleCIError: when it is none
    """
    words = text.split()
    word = words[1] if len(words) > 1 and words[0].isdigit() else text.strip()
    bare = re.sub(r"^(md5|sha256):", "", word, flags=re.IGNORECASE)
    pairs = bare.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]{32}", pairs) and re.fullmatch(r"([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}|\w{32}", bare):
        return ":".join(pairs[i : i + 2] for i in range(0, 32, 2))
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=?", bare) and not word.lower().startswith("md5:"):
        # 43 characters hold 258 bits: the last one's two spare bits must be 0, or no key can ever match.
        digest = bare.rstrip("=")
        if base64.b64encode(base64.b64decode(f"{digest}=")).decode("ascii").rstrip("=") == digest:
            return f"SHA256:{digest}"
    raise invalid(
        f"fingerprint {plain(text, 100)!r} is not a fingerprint.",
        "Give the MD5 one (aa:bb:…, 16 pairs) or the SHA-256 one (SHA256:…, 43 characters), "
        "as ssh-keygen -l and CircleCI show them.",
    )


@functools.lru_cache(maxsize=4096)  # Checking an RSA key takes tens of milliseconds.
def parse_private_key(text: str, name: str = "private_key") -> PrivateKey:
    """A private key as CircleCI needs it: without passphrase, with Unix line ends and a newline at the end (§3.7).

    OpenSSH, PKCS#1, SEC1 and PKCS#8 of RSA, ECDSA and Ed25519 are understood. Windows line ends, lost or surplus
    surrounding white space and a missing newline at the end are repaired.

    :param name: what the option is called in messages
    :raises CircleCIError: for everything else. The message holds nothing of the key.
    """
    if not text.strip():
        raise invalid(f"{name} is empty.", "Check the variable or the file that it comes from.")
    if _PUBLIC.match(text.strip()):
        raise invalid(f"{name} is a public key.", "Give the private half: the file without .pub at its end.")
    blocks = [block for block in _PEM.finditer(text) if block[1].endswith("PRIVATE KEY")]
    if len(blocks) > 1:
        raise invalid(f"{name} holds {len(blocks)} private keys.", "Give them one by one.")
    if not blocks:
        raise invalid(
            f"{name} is not a private key in PEM form, or it is cut off.",
            "It starts with -----BEGIN … PRIVATE KEY----- and ends with -----END … PRIVATE KEY-----, on lines of "
            "their own. In YAML, use a block scalar (|) or the file lookup with rstrip=false.",
        )
    label, body = blocks[0][1], [line.strip() for line in blocks[0][2].strip().splitlines()]
    if label == "ENCRYPTED PRIVATE KEY" or any("ENCRYPTED" in line for line in body if ":" in line):
        raise _passphrase(name)
    repaired = "\n".join([f"-----BEGIN {label}-----", *body, f"-----END {label}-----", ""])
    if label == "OPENSSH PRIVATE KEY" and _is_encrypted_openssh("".join(body)):
        raise _passphrase(name)
    if label == "DSA PRIVATE KEY" or b"ssh-dss" in _decoded(body):
        raise invalid(f"{name} is a DSA key, which SSH servers refuse.", _GENERATE)
    mangled = invalid(
        f"{name} is mangled: it has the frame of a private key, but its content cannot be read.",
        f"Copy it again, whole and unchanged. {_GENERATE}",
    )
    if not all(re.fullmatch(r"[A-Za-z0-9+/=]+", line) for line in body):
        raise mangled
    data = repaired.encode("ascii")
    key: Any
    try:
        if label == "OPENSSH PRIVATE KEY":
            key = serialization.load_ssh_private_key(data, password=None)
        else:
            key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm, IndexError):
        raise mangled from None  # The library's words may quote the key.
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise _unusable(name, type(key).__name__)
    try:
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(name, f"{getattr(getattr(key, 'curve', None), 'name', 'unknown')} key") from None
    return PrivateKey(repaired, parse_public_key(line.decode("ascii")))


def _passphrase(name: str) -> CircleCIError:
    return invalid(
        f"{name} is protected by a passphrase, which CircleCI cannot use.",
        f"Remove it from a copy with ssh-keygen -p, or make a key without one. {_GENERATE}",
    )


def _unusable(name: str, kind: str) -> CircleCIError:
    return invalid(f"{name} is of a kind ({kind}) that SSH servers do not take.", _GENERATE)


def _decoded(body: list[str]) -> bytes:
    try:
        return base64.b64decode("".join(body))
    except (binascii.Error, ValueError):
        return b""


def _is_encrypted_openssh(body: str) -> bool:
    """Whether the header of an OpenSSH key names a cipher. Without the bcrypt library nothing else would tell."""
    magic = b"openssh-key-v1\0"
    try:
        header = base64.b64decode(body[:80] + "=" * (-len(body[:80]) % 4))
    except (binascii.Error, ValueError):
        return False
    rest = header[len(magic) :]
    if not header.startswith(magic) or len(rest) < 4:
        return False
    (length,) = struct.unpack(">I", rest[:4])
    return rest[4 : 4 + length] != b"none"
