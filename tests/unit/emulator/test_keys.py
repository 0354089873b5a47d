# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checkout keys and additional SSH keys: api-v1.1.md §3.6 and §3.7."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once

Format = serialization.PrivateFormat
BAD_KEY = (400, {"message": "it looks like private key is invalid key.  Double check"})


def md5(public_key: str) -> str:
    digest = hashlib.md5(base64.b64decode(public_key.split()[1]), usedforsecurity=False).hexdigest()
    return ":".join(re.findall("..", digest))


def sha256(public_key: str) -> str:
    return base64.b64encode(hashlib.sha256(base64.b64decode(public_key.split()[1])).digest()).decode().rstrip("=")


def create(send: Send, type_: str = "deploy-key") -> dict[str, Any]:
    answer = send("POST", "checkout-key", json={"type": type_})
    assert answer.status_code == 201
    key: dict[str, Any] = answer.json()
    return key


def add_ssh_key(send: Send, private_key: str, hostname: str = "") -> None:
    answer = send("POST", "ssh-key", json={"hostname": hostname, "private_key": private_key})
    assert (answer.status_code, answer.content) == (200, b'""')


def ssh_keys(send: Send, query: str = "") -> list[dict[str, str]]:
    keys: list[dict[str, str]] = send("GET", f"settings{query}").json()["ssh_keys"]
    return keys


def test_every_post_makes_one_more_key_which_is_preferred(followed: Emulator, send: Send) -> None:
    first, second = create(send), create(send)

    keys = send("GET", "checkout-key").json()
    assert [key["fingerprint"] for key in keys][:2] == [second["fingerprint"], first["fingerprint"]]
    assert [key["preferred"] for key in keys] == [True, False, False]
    assert second["preferred"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", second["time"])


def test_location_names_the_key(followed: Emulator, send: Send) -> None:
    answer = send("POST", "checkout-key", json={"type": "deploy-key"})

    fingerprint = answer.json()["fingerprint"]
    assert answer.headers["Location"] == f"{followed.url}/api/v1.1/project/github/acme/api/checkout-key/{fingerprint}"


def test_new_keys_are_ed25519_with_true_fingerprints(followed: Emulator, send: Send) -> None:
    key = create(send)
    (listed, _unused) = send("GET", "checkout-key?digest=sha256").json()

    assert re.fullmatch(r"ssh-ed25519 [A-Za-z0-9+/=]+", key["public_key"])
    assert key["fingerprint"] == md5(key["public_key"])
    assert listed["fingerprint"] == sha256(key["public_key"])


def test_legacy_keys_are_rsa_and_end_in_a_blank_and_a_newline(followed: Emulator, send: Send) -> None:
    followed.state.switches.legacy_rsa_keys = True

    key = create(send)

    assert re.fullmatch(r"ssh-rsa [A-Za-z0-9+/=]+ \n", key["public_key"])
    assert key["fingerprint"] == md5(key["public_key"])


@pytest.mark.parametrize(
    ("project", "type_", "login"),
    [
        ("github/acme/api", "deploy-key", None),
        ("github/acme/api", "github-user-key", "emulator"),
        ("bitbucket/acme/tools", "bitbucket-user-key", "emulator"),
    ],
)
def test_types_of_checkout_keys(emulator: Emulator, send: Send, project: str, type_: str, login: str | None) -> None:
    emulator.follow(project)

    key = send("POST", f"/project/{project}/checkout-key", json={"type": type_}).json()

    assert (key["type"], key["login"]) == (type_, login)


@pytest.mark.parametrize("type_", ["user-key", "bitbucket-user-key", "deploy", None, 1])
def test_bad_type_of_checkout_key(followed: Emulator, send: Send, type_: object) -> None:
    answer = send("POST", "checkout-key", json={"type": type_})

    message = "Invalid checkout key type (valid types are deploy-key and github-user-key)"
    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert len(followed.project("github/acme/api").checkout_keys) == 1


def test_user_key_needs_the_users_grant_and_every_key_an_administrator(followed: Emulator, send: Send) -> None:
    followed.state.switches.user_key_grant = False
    no_grant = send("POST", "checkout-key", json={"type": "github-user-key"})
    followed.add_repository("github/acme/api", admin=False)
    no_admin = send("POST", "checkout-key", json={"type": "deploy-key"})

    assert (no_grant.status_code, "Not Found" in no_grant.json()["message"]) == (404, True)
    assert (no_admin.status_code, no_admin.json()) == (403, {"message": "Permission denied"})


@pytest.mark.parametrize("spelling", ["md5", "encoded md5", "sha256"])
def test_checkout_key_is_found_by_fingerprint(followed: Emulator, send: Send, spelling: str) -> None:
    key = create(send)
    name = {
        "md5": key["fingerprint"],
        "encoded md5": quote(key["fingerprint"], safe=""),
        "sha256": quote(sha256(key["public_key"]), safe=""),
    }[spelling]

    assert send("GET", f"checkout-key/{name}").json() == key
    assert send("GET", f"checkout-key/{name}?digest=sha256").json()["fingerprint"] == sha256(key["public_key"])
    assert send("DELETE", f"checkout-key/{name}").json() == {"message": "ok"}
    for method in ("GET", "DELETE"):
        missing = send(method, f"checkout-key/{name}")
        assert (missing.status_code, missing.json()) == (404, {"message": "checkout key not found"})


@pytest.mark.parametrize("prefix", ["MD5:", "SHA256:"])
def test_fingerprints_have_no_prefix(followed: Emulator, send: Send, prefix: str) -> None:
    key = create(send)
    fingerprint = key["fingerprint"] if prefix == "MD5:" else sha256(key["public_key"])

    assert send("GET", f"checkout-key/{quote(prefix + fingerprint, safe='')}").status_code == 404


def test_deleting_the_preferred_key_promotes_the_next_newest(followed: Emulator, send: Send) -> None:
    (oldest,) = send("GET", "checkout-key").json()
    middle, newest = create(send), create(send)

    send("DELETE", f"checkout-key/{newest['fingerprint']}")

    keys = send("GET", "checkout-key").json()
    assert [(key["fingerprint"], key["preferred"]) for key in keys] == [
        (middle["fingerprint"], True),
        (oldest["fingerprint"], False),
    ]


def test_server_knows_md5_only(followed: Emulator, send: Send, private_key: str) -> None:
    followed.state.switches.md5_only = True
    add_ssh_key(send, private_key)
    key = create(send)

    assert send("GET", "checkout-key?digest=sha256").json()[0]["fingerprint"] == md5(key["public_key"])
    assert ":" in ssh_keys(send, "?ssh-key-digest=sha256")[0]["fingerprint"]
    assert send("GET", f"checkout-key/{quote(sha256(key['public_key']), safe='')}").status_code == 404


@pytest.mark.parametrize(
    ("key", "format_"),
    [
        (rsa.generate_private_key(65537, 2048), Format.TraditionalOpenSSL),
        (rsa.generate_private_key(65537, 2048), Format.PKCS8),
        (rsa.generate_private_key(65537, 2048), Format.OpenSSH),
        (ec.generate_private_key(ec.SECP256R1()), Format.TraditionalOpenSSL),
        (ec.generate_private_key(ec.SECP384R1()), Format.OpenSSH),
        (ed25519.Ed25519PrivateKey.generate(), Format.PKCS8),
        (ed25519.Ed25519PrivateKey.generate(), Format.OpenSSH),
    ],
)
def test_formats_of_ssh_keys(
    followed: Emulator,
    send: Send,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    format_: Format,
) -> None:
    text = key.private_bytes(serialization.Encoding.PEM, format_, serialization.NoEncryption()).decode()
    line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH).decode()

    add_ssh_key(send, text, "host.example")

    assert ssh_keys(send) == [{"hostname": "host.example", "public_key": line, "fingerprint": md5(line)}]
    assert [key["fingerprint"] for key in ssh_keys(send, "?ssh-key-digest=sha256")] == [sha256(line)]


def test_bad_private_keys_are_refused_with_two_spaces(followed: Emulator, send: Send, private_key: str) -> None:
    encrypted = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, Format.PKCS8, serialization.BestAvailableEncryption(b"made-up")
    )
    for text in ("", "no key", private_key[:60], encrypted.decode(), None, 1):
        answer = send("POST", "ssh-key", json={"hostname": "", "private_key": text})
        assert (answer.status_code, answer.json()) == BAD_KEY
    assert send("POST", "ssh-key").status_code == 400
    assert ssh_keys(send) == []


def test_ecdsa_key_with_a_compressed_point_is_refused(followed: Emulator, send: Send) -> None:
    text = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, Format.OpenSSH, serialization.NoEncryption()
    )
    begin, *lines, end = text.decode().splitlines()
    # The first byte of a point, after its length, says its form.
    compressed = base64.b64decode("".join(lines)).replace(b"\0\0\0\x41\x04", b"\0\0\0\x41\x02")
    key = f"{begin}\n{base64.encodebytes(compressed).decode()}{end}\n"

    answer = send("POST", "ssh-key", json={"hostname": "", "private_key": key})

    assert (answer.status_code, answer.json()) == BAD_KEY


def test_strict_readers_of_private_keys_are_switches(followed: Emulator, send: Send, private_key: str) -> None:
    followed.state.switches.strict_private_keys = True
    for text in (private_key.rstrip("\n"), private_key.replace("\n", "\r\n")):
        answer = send("POST", "ssh-key", json={"hostname": "", "private_key": text})
        assert (answer.status_code, answer.json()) == BAD_KEY
    add_ssh_key(send, private_key)

    followed.state.switches.refuse_openssh_format = True
    assert "BEGIN OPENSSH" in private_key
    assert send("POST", "ssh-key", json={"private_key": private_key}).status_code == 400


def test_ssh_keys_are_duplicated_by_repeated_posts(followed: Emulator, send: Send, private_key: str) -> None:
    for hostname in ("a.example", "a.example", "b.example"):
        add_ssh_key(send, private_key, hostname)
    send("POST", "ssh-key", json={"private_key": private_key})
    send("POST", "ssh-key", json={"private_key": private_key, "hostname": None})

    assert [key["hostname"] for key in ssh_keys(send)] == ["a.example", "a.example", "b.example", "", ""]


@pytest.mark.parametrize("delete_all", [False, True])
@pytest.mark.parametrize("digest", ["md5", "sha256"])
def test_deleting_ssh_keys(
    followed: Emulator, send: Send, private_key: str, delete_all: bool, digest: str
) -> None:  # fmt: skip
    followed.state.switches.ssh_delete_all = delete_all
    for hostname in ("a.example", "a.example", "b.example"):
        add_ssh_key(send, private_key, hostname)
    fingerprint = ssh_keys(send, f"?ssh-key-digest={digest}")[0]["fingerprint"]
    left = []
    for _unused in range(3):
        answer = send("DELETE", "ssh-key", json={"fingerprint": fingerprint, "hostname": "a.example"})
        assert (answer.status_code, answer.content) == (200, b'""')
        left.append([key["hostname"] for key in ssh_keys(send)])

    assert left == [["b.example"] if delete_all else ["a.example", "b.example"], ["b.example"], ["b.example"]]


def test_deleting_an_ssh_key_needs_a_json_body(followed: Emulator, send: Send, private_key: str) -> None:
    add_ssh_key(send, private_key)
    fingerprint = ssh_keys(send)[0]["fingerprint"]

    statuses = [
        send("DELETE", "ssh-key").status_code,
        send("DELETE", "ssh-key", json={"hostname": ""}).status_code,
        send("DELETE", "ssh-key", data={"fingerprint": fingerprint, "hostname": ""}).status_code,
    ]

    assert statuses == [400, 400, 400]
    assert len(ssh_keys(send)) == 1


def test_ssh_keys_field_may_be_left_out(followed: Emulator, send: Send, private_key: str) -> None:
    followed.state.switches.omit_empty_ssh_keys = True
    before = send("GET", "settings").json()
    add_ssh_key(send, private_key)

    assert "ssh_keys" not in before
    assert len(ssh_keys(send)) == 1


def test_ssh_keys_of_open_source_projects_are_not_shown_to_strangers(
    followed: Emulator, send: Send, private_key: str
) -> None:
    followed.add_repository("github/acme/api", oss=True)
    add_ssh_key(send, private_key)

    settings = send("GET", "settings", token="nobody").json()

    assert (settings["ssh_keys"], settings["following"]) == ([], False)
