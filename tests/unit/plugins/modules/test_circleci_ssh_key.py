# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from emulator import Emulator
from tests.unit.keys import private_key

API = "github/acme/api"
HOST = "deploy.acme.example"
MODULE = "circleci_ssh_key"


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, "hostname": HOST, **options})


def held(emulator: Emulator) -> list[tuple[str, str]]:
    """The keys that CircleCI holds, by host and public half."""
    return [(key.hostname, key.public_key.strip()) for key in emulator.project(API).ssh_keys]


def public(text: str) -> str:
    return parse_private_key(text).public.text


def without_secrets(result: object, *secrets: str) -> bool:
    """Whether no line is in it. Lines that hold nothing but a piece of the public half are none of a secret."""
    halves = [(secret.splitlines(), public(secret) if "END" in secret else "") for secret in secrets]
    lines = [line for text, half in halves for line in text if "--" not in line and line not in half]
    return not any(line in str(result) for line in lines)


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("rsa", "openssh"),
        ("rsa", "traditional"),
        ("rsa", "pkcs8"),
        ("ecdsa", "openssh"),
        ("ecdsa", "traditional"),
        ("ecdsa", "pkcs8"),
        ("ed25519", "openssh"),
        ("ed25519", "pkcs8"),
    ],
)
def test_every_format_is_added_once(emulator: Emulator, run, kind: str, form: str) -> None:
    key = private_key(kind, form)
    predicted = run(private_key=key, check_mode=True)
    assert emulator.writes == []
    real = run(private_key=key)
    assert predicted == real
    assert real["changed"] is True
    assert real["ssh_key"]["fingerprint_sha256"] == parse_private_key(key).public.sha256
    assert real["ssh_key"]["fingerprint"] == parse_private_key(key).public.md5
    assert real["ssh_key"]["public_key"] == public(key)
    assert held(emulator) == [(HOST, public(key))]
    emulator.clear()
    again = run(private_key=key)
    assert (again["changed"], again["ssh_key"], again["ssh_keys"]) == (False, real["ssh_key"], real["ssh_keys"])
    assert (emulator.writes, len(emulator.requests)) == ([], 1)
    assert without_secrets([predicted, real, again], key)


@pytest.mark.parametrize("damage", [lambda key: key.replace("\n", "\r\n"), lambda key: f"  {key.rstrip()}"])
def test_a_key_is_repaired_before_it_is_sent(emulator: Emulator, run, damage) -> None:
    emulator.state.switches.strict_private_keys = True
    assert run(private_key=damage(private_key("rsa", "traditional")))["changed"] is True
    assert emulator.writes[0].body["private_key"] == private_key("rsa", "traditional")


def test_the_same_key_for_another_host_is_another_one(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    assert run(private_key=private_key(), hostname="")["changed"] is True
    assert sorted(host for host, _key in held(emulator)) == ["", HOST]
    assert run(private_key=private_key(), state="absent", hostname="")["changed"] is True
    assert held(emulator) == [(HOST, public(private_key()))]


def test_a_key_that_is_listed_several_times_is_left_alone(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    emulator.project(API).ssh_keys *= 4
    emulator.clear()
    result = run(private_key=private_key())
    assert (result["changed"], len(result["ssh_keys"]), emulator.writes) == (False, 4, [])


@pytest.mark.parametrize("delete_all", [True, False])
def test_absent_removes_every_duplicate(emulator: Emulator, run, delete_all: bool) -> None:
    emulator.state.switches.ssh_delete_all = delete_all
    run(private_key=private_key())
    run(private_key=private_key(number=2))
    emulator.project(API).ssh_keys += emulator.project(API).ssh_keys[:1] * 9
    predicted = run(private_key=private_key(), state="absent", check_mode=True)
    real = run(private_key=private_key(), state="absent")
    assert predicted == real
    assert (real["changed"], len(real["removed"]), real["ssh_key"]) == (True, 10, None)
    assert held(emulator) == [(HOST, public(private_key(number=2)))]
    assert run(private_key=private_key(), state="absent")["changed"] is False


def test_absent_gives_up_on_a_server_that_keeps_listing(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    emulator.fault("body", method="DELETE", body="", content_type="application/json", times=None)
    emulator.clear()
    result = run(private_key=private_key(), state="absent")
    assert (result["failed"], result["changed"]) == (True, True)
    assert "still listed after 100 deletions" in result["msg"]
    assert len(emulator.writes) == 100


@pytest.mark.parametrize("digest", ["fingerprint", "fingerprint_sha256"])
def test_absent_takes_a_fingerprint(emulator: Emulator, run, digest: str) -> None:
    key = run(private_key=private_key())["ssh_key"]
    assert run(fingerprint=key[digest], state="absent", hostname="")["changed"] is False
    assert run(fingerprint=key[digest], state="absent")["changed"] is True
    assert held(emulator) == []


def test_exclusive_adds_then_looks_then_removes(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    run(private_key=private_key(), hostname="other.example")
    predicted = run(private_key=private_key(number=2), exclusive=True, check_mode=True)
    emulator.clear()
    real = run(private_key=private_key(number=2), exclusive=True)
    assert predicted == real
    assert [record.method for record in emulator.requests] == ["GET", "POST", "GET", "DELETE", "GET"]
    assert sorted(held(emulator)) == sorted(
        [(HOST, public(private_key(number=2))), ("other.example", public(private_key()))]
    )
    assert [key["public_key"] for key in real["removed"]] == [public(private_key())]
    emulator.clear()
    assert run(private_key=private_key(number=2), exclusive=True)["changed"] is False
    assert emulator.writes == []


def test_exclusive_removes_nothing_when_the_new_key_is_not_listed(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    emulator.fault("body", method="POST", body="", content_type="application/json")
    result = run(private_key=private_key(number=2), exclusive=True)
    assert (result["failed"], result["changed"], result["removed"]) == (True, True, [])
    assert "does not list it" in result["msg"]
    assert held(emulator) == [(HOST, public(private_key()))]


def test_a_key_can_come_from_a_file(emulator: Emulator, run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(private_key().replace("\n", "\r\n"), newline="")
    assert run(private_key_path=str(tmp_path / "key"))["changed"] is True
    assert held(emulator) == [(HOST, public(private_key()))]
    assert run(private_key_path=str(tmp_path / "key"), state="absent")["changed"] is True


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00binary", b"not a key at all", b""])
def test_a_file_that_is_no_key_is_named_but_not_shown(emulator: Emulator, run, tmp_path: Path, content) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    result = run(private_key_path=str(path))
    assert (result["failed"], result["changed"], emulator.requests) == (True, False, [])
    assert str(path) in result["msg"]
    assert "not a key at all" not in str(result)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "any of the following are missing: private_key, private_key_path"),
        ({"state": "absent"}, "any of the following are missing: private_key, private_key_path, fingerprint"),
        ({"private_key": "x", "private_key_path": "y"}, "mutually exclusive"),
        ({"private_key": ""}, "private_key is empty"),
        ({"private_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me"}, "is a public key"),
        ({"private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow"}, "cut off"),
        ({"state": "absent", "fingerprint": "12:34"}, "is not a fingerprint"),
        ({"private_key": "GOOD", "hostname": "a b"}, "is not a host name"),
        ({"private_key": "GOOD", "exclusive": True, "state": "absent"}, "exclude each other"),
        ({"private_key": "GOOD", "api_token": None}, "No API token"),
        ({"private_key": "GOOD", "project": "acme/api"}, "Write github/acme/api"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_can_be_seen_before_never_reaches_the_api(
    emulator: Emulator, run, options: dict[str, object], words: str, check_mode: bool
) -> None:
    if options.get("private_key") == "GOOD":
        options = {**options, "private_key": private_key()}
    result = run(**options, check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert words in result["msg"]
    assert emulator.requests == []


def test_a_key_that_the_server_refuses_fails_with_advice(emulator: Emulator, run) -> None:
    emulator.state.switches.refuse_openssh_format = True
    result = run(private_key=private_key())
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 400)
    assert "PEM format" in result["hint"]
    assert without_secrets(result, private_key())


def test_a_server_that_repeats_the_key_in_its_refusal_gives_nothing_away(emulator: Emulator, run) -> None:
    for body in ({"message": f"bad key: {private_key()}"}, f"<html>{private_key()}</html>", private_key()):
        emulator.fault("status", method="POST", status=400, body=body)
        result = run(private_key=private_key())
        assert result["failed"] is True
        assert without_secrets(result, private_key())


def test_a_project_without_the_field_has_no_keys(emulator: Emulator, run) -> None:
    emulator.state.switches.omit_empty_ssh_keys = True
    assert run(private_key=private_key(), state="absent")["ssh_keys"] == []
    assert run(private_key=private_key())["changed"] is True


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, private_key=private_key(), check_mode=True)
    assert (result["changed"], len(result["ssh_keys"])) == (True, 1)
    assert any("does not know" in warning for warning in result["warnings"])
    assert run_module(MODULE, project=API, private_key=private_key())["error"] == "Project not found"


def test_projects_of_apps_have_ssh_keys_too(emulator: Emulator, run_module) -> None:
    slug = "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"
    emulator.add_repository(slug)
    emulator.follow(slug)
    assert run_module(MODULE, project=slug, private_key=private_key())["changed"] is True
    assert run_module(MODULE, project=slug, private_key=private_key())["changed"] is False
