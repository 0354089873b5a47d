# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""SSH keys as the emulator makes and reads them.

A public key is its OpenSSH line without comment: ``ssh-ed25519 AAAA...``.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

_OPENSSH_HEADER = "-----BEGIN OPENSSH PRIVATE KEY-----"
_Public = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


def generate(*, legacy: bool = False) -> str:
    """Make a key pair and return its public half; the private half is forgotten.

    :param legacy: an RSA key of 2048 bits, as the service made before 2022, in place of an Ed25519 key.
    """
    public: _Public
    if legacy:
        public = rsa.generate_private_key(65537, 2048).public_key()
    else:
        public = ed25519.Ed25519PrivateKey.generate().public_key()
    return _line(public)


def md5(public_key: str) -> str:
    """Return the MD5 fingerprint, 16 hex pairs joined by colons, without prefix."""
    digest = hashlib.md5(_blob(public_key), usedforsecurity=False).hexdigest()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))


def sha256(public_key: str) -> str:
    """Return the SHA-256 fingerprint in base64, without padding and without prefix."""
    return base64.b64encode(hashlib.sha256(_blob(public_key)).digest()).decode().rstrip("=")


def public_half(private_key: str, *, strict: bool = False, openssh: bool = True) -> str:
    """Return the public half of an unencrypted RSA, ECDSA or Ed25519 private key.

    :param strict: refuse a key without a final newline or with carriage returns.
    :param openssh: accept the OpenSSH format beside the PEM ones.
    :raises ValueError: the text is no such key.
    """
    is_openssh = private_key.strip().startswith(_OPENSSH_HEADER)
    if (is_openssh and not openssh) or (strict and ("\r" in private_key or not private_key.endswith("\n"))):
        raise ValueError("format not accepted")
    load = load_ssh_private_key if is_openssh else load_pem_private_key
    try:
        public = load(private_key.encode(), password=None).public_key()
    except (TypeError, UnsupportedAlgorithm, NotImplementedError) as error:
        raise ValueError("encrypted or of an unknown kind") from error
    if not isinstance(public, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey, ed25519.Ed25519PublicKey)):
        raise ValueError("not a kind of key that SSH uses")
    return _line(public)


def _line(public: _Public) -> str:
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _blob(public_key: str) -> bytes:
    return base64.b64decode(public_key.split()[1])
