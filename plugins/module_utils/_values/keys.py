# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""SSH keys as text: fingerprints of public keys, and what a private key is before it is sent. No input or output."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import struct
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._values.key_formats import (
    DSA,
    ED25519,
    OPENSSH,
    RSA_PSS,
    UNKNOWN,
    Content,
    content_of,
    framed,
    unlike_a_key,
)

try:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
except ImportError as exc:
    CRYPTOGRAPHY_IMPORT_ERROR: ImportError | None = exc
else:
    CRYPTOGRAPHY_IMPORT_ERROR = None

SHORTEST_RSA_KEY = 1024  # bits
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
    def md5(self) -> str | None:
        """The fingerprint as CircleCI Server and v1.1 print it: ``aa:bb:…``. None on a host without MD5 (FIPS)."""
        return _md5(self.blob)

    @property
    def sha256(self) -> str:
        """The fingerprint as OpenSSH prints it: ``SHA256:…``."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode("ascii").rstrip("=")


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


def _md5(data: bytes) -> str | None:
    try:
        return hashlib.md5(data, usedforsecurity=False).digest().hex(":")
    except ValueError:
        return None


def parse_public_key(line: str) -> PublicKey:
    """A line in OpenSSH's form, as CircleCI gives it (§3.6: some end in an empty comment and a newline).

    :raises ValueError: when it is not one
    """
    words = line.split()
    if len(words) < 2:
        raise ValueError("not a public key")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except ValueError as exc:
        raise ValueError("not a public key") from exc
    kind = words[0].encode("utf-8", "replace")
    if not blob.startswith(struct.pack(">I", len(kind)) + kind):
        raise ValueError("not a public key")
    return PublicKey(words[0], blob)


def shown_key(item: dict[str, Any]) -> dict[str, str | None]:
    """What results show of a key in a list of CircleCI: its public half and the fingerprints that it has.

    Of a key without a public half, or with one that cannot be read, the fingerprint is what CircleCI says of it.

    :raises ValueError: when it says nothing of it
    """
    line, said = (item.get(name) if isinstance(item.get(name), str) else None for name in ("public_key", "fingerprint"))
    if not (line or said):
        raise ValueError("one has neither a public half nor a fingerprint.")
    try:
        public = parse_public_key(line or "")
    except ValueError:
        named = _spelled(said or "")
        sha256 = named if named and named.startswith("SHA256:") else None
        other = None if sha256 else named or said or None
        return {"public_key": line, "fingerprint": other, "fingerprint_sha256": sha256}
    return {"public_key": (line or "").strip(), "fingerprint": public.md5, "fingerprint_sha256": public.sha256}


def sent_fingerprint(key: dict[str, Any]) -> str | None:
    """How requests name a key that :func:`shown_key` gave: SHA-256 goes without its prefix (§3.6).

    None when nothing is known of it.
    """
    name: str | None = key["fingerprint"] or key["fingerprint_sha256"]
    return name and name.replace("SHA256:", "", 1)


def normalize_fingerprint(text: str) -> str:
    """A fingerprint in any usual spelling, as ``aa:bb:…`` (MD5) or ``SHA256:…``.

    MD5 with or without prefix and colons, in any case; SHA-256 in base64 with or without prefix and padding;
    a whole line of ``ssh-keygen -l``.

    :raises CircleCIError: when it is none, or one of MD5 on a host that has no MD5
    """
    spelled = _spelled(text)
    if spelled is None:
        raise invalid(
            f"fingerprint {plain(text, 100)!r} is not a fingerprint.",
            "Give the MD5 one (aa:bb:…, 16 pairs) or the SHA-256 one (SHA256:…, 43 characters), "
            "as ssh-keygen -l and CircleCI show them.",
        )
    if not spelled.startswith("SHA256:") and _md5(b"") is None:
        raise invalid(
            f"fingerprint {plain(text, 100)!r} is an MD5 one, and this host has no MD5 (FIPS).",
            "Give the SHA-256 fingerprint (SHA256:…), as ssh-keygen -l shows it.",
        )
    return spelled


def _spelled(text: str) -> str | None:
    """A fingerprint in its one spelling; None when it is none."""
    words = text.split()
    word = words[1] if len(words) > 1 and words[0].isdigit() else text.strip()
    bare = re.sub(r"^(md5|sha256):", "", word, flags=re.IGNORECASE)
    pairs = bare.replace(":", "").lower()
    if re.fullmatch(r"[0-9a-f]{32}", pairs) and re.fullmatch(r"([0-9a-fA-F]{2}:){15}[0-9a-fA-F]{2}|\w{32}", bare):
        return bytes.fromhex(pairs).hex(":")
    if re.fullmatch(r"[A-Za-z0-9+/]{43}=?", bare) and not word.lower().startswith("md5:"):
        # 43 characters hold 258 bits: the last one's two spare bits must be 0, or no key can ever match.
        digest = bare.rstrip("=")
        if base64.b64encode(base64.b64decode(f"{digest}=")).decode("ascii").rstrip("=") == digest:
            return f"SHA256:{digest}"
    return None


@functools.lru_cache(maxsize=4096)  # Checking an RSA key takes tens of milliseconds.
def parse_private_key(text: str, name: str = "private_key") -> PrivateKey:
    """A private key as CircleCI needs it: without passphrase, in a form that every ssh reads (§3.7).

    OpenSSH, PKCS#1, SEC1 and PKCS#8 of RSA, ECDSA and Ed25519 are understood. Repaired are white space of all kinds
    that copying adds or loses, ``\\n`` in the place of line ends, and a wrong label in the frame. An Ed25519 key in
    PKCS#8 becomes one in OpenSSH's format, because OpenSSH before 9.6 reads no other.

    :param name: what the option is called in messages
    :raises CircleCIError: for everything else. The message holds nothing of the key.
    """
    if not text.strip():
        raise invalid(f"{name} is empty.", "Check the variable or the file that it comes from.")
    bodies = framed(text)
    if len(bodies) > 1:
        raise invalid(f"{name} holds {len(bodies)} private keys.", "Give them one by one.")
    if not bodies:
        words, remedy = unlike_a_key(text)
        raise invalid(f"{name} {words}", remedy)
    mangled = invalid(
        f"{name} is mangled: it has the frame of a private key, but its content cannot be read.",
        f"Copy it again, whole and unchanged. {_GENERATE}",
    )
    try:
        content = content_of(bodies[0])
    except (ValueError, IndexError):
        raise mangled from None
    if content.kind.startswith("sk-"):
        raise invalid(
            f"{name} belongs to a security key (FIDO): without the device it opens nothing, and builds have none.",
            _GENERATE,
        )
    if content.kind == DSA:
        raise invalid(f"{name} is a DSA key, which SSH servers refuse.", _GENERATE)
    if content.encrypted:
        raise invalid(
            f"{name} is protected by a passphrase, which CircleCI cannot use.",
            f"Remove it from a copy with ssh-keygen -p, or make a key without one. {_GENERATE}",
        )
    if content.kind == RSA_PSS:
        raise invalid(f"{name} is an RSA-PSS key, which ssh cannot read.", _GENERATE)
    key: Any
    try:
        key = _loaded(content.text)
    except (ValueError, TypeError, IndexError, UnsupportedAlgorithm, NotImplementedError) as exc:
        unsupported = isinstance(exc, (UnsupportedAlgorithm, NotImplementedError))
        error = mangled
        if content.kind == ED25519 and (unsupported or not _has_ed25519()):
            error = _unknown_here(name)
        elif content.kind == UNKNOWN or unsupported:
            error = _unusable(name, content.kind)
        raise error from None  # The library's words may quote the key.
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey, ed25519.Ed25519PrivateKey)):
        raise _unusable(name, type(key).__name__)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < SHORTEST_RSA_KEY:
        raise invalid(
            f"{name} is an RSA key of {key.key_size} bits. ssh reads none under {SHORTEST_RSA_KEY}.", _GENERATE
        )
    try:
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(name, f"{getattr(getattr(key, 'curve', None), 'name', 'unknown')} key") from None
    return PrivateKey(_sent(key, content), parse_public_key(line.decode("ascii")))


def _loaded(text: str) -> Any:
    data = text.encode("ascii")
    if "OPENSSH" in text:
        return serialization.load_ssh_private_key(data, password=None)
    return serialization.load_pem_private_key(data, password=None)


def _sent(key: Any, content: Content) -> str:
    """The form in which a key is sent."""
    if content.kind != ED25519 or content.label == OPENSSH:
        return content.text
    form = serialization.PrivateFormat.OpenSSH
    return str(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode("ascii"))


def _has_ed25519() -> bool:
    """Whether the library of this host reads Ed25519 keys: that depends on its OpenSSL."""
    try:
        ed25519.Ed25519PrivateKey.generate()
    except (UnsupportedAlgorithm, ValueError):
        return False
    return True


def _unknown_here(name: str) -> CircleCIError:
    return invalid(
        f"{name} is an Ed25519 key, which the Python library cryptography of this host cannot read: its OpenSSL has "
        "none.",
        "Run the task elsewhere, with delegate_to: localhost for example, or give an RSA or ECDSA key.",
    )


def _unusable(name: str, kind: str) -> CircleCIError:
    return invalid(f"{name} is of a kind ({kind}) that SSH servers do not take.", _GENERATE)
