# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import requests

from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from emulator import Emulator
from tests.unit.keys import private_key

API = "github/acme/api"
HOST = "deploy.acme.example"
MODULE = "circleci_ssh_key"
TOKEN = {"Circle-Token": "emulator-personal-token", "Accept": "application/json"}


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


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("state", "null"),
    [("present", "private_key"), ("absent", "private_key"), ("absent", "private_key_path"), ("absent", "fingerprint")],
)
def test_a_key_that_is_null_is_missing(emulator: Emulator, run, state: str, null: str, check_mode: bool) -> None:
    """Core takes it for given."""
    result = run(state=state, null=[null], check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.requests) == (True, False, [])
    assert "a key is missing. Give private_key, private_key_path or fingerprint." in result["msg"]


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
    assert "CircleCI accepted the deletion" in result["msg"]
    assert "it still lists it" in result["msg"]
    assert len(emulator.writes) == 1


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
        ({"private_key": "x", "fingerprint": "y"}, "mutually exclusive"),
        ({"private_key": ""}, "private_key is empty"),
        ({"private_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me"}, "is a public key"),
        ({"private_key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow"}, "cut off"),
        ({"state": "absent", "fingerprint": "12:34"}, "is not a fingerprint"),
        ({"private_key": "GOOD", "hostname": "a b"}, "is not a host name"),
        ({"private_key": "GOOD", "exclusive": True, "state": "absent", "api_token": None}, "exclude each other"),
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


@pytest.mark.parametrize("source", ["private_key", "private_key_path"])
def test_a_server_that_repeats_the_key_in_its_refusal_gives_nothing_away(
    emulator: Emulator, run, tmp_path: Path, source: str
) -> None:
    (tmp_path / "key").write_text(private_key(), encoding="utf-8")
    given = {source: private_key() if source == "private_key" else str(tmp_path / "key")}
    for body in ({"message": f"bad key: {private_key()}"}, f"<html>{private_key()}</html>", private_key()):
        emulator.fault("status", method="POST", status=400, body=body)
        result = run(**given)
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


def settings_now(emulator: Emulator) -> dict[str, object]:
    """The settings that CircleCI would answer."""
    answer: dict[str, object] = requests.get(
        f"{emulator.url}/api/v1.1/project/{API}/settings", headers=TOKEN, timeout=10
    ).json()
    emulator.clear()
    return answer


def lag(emulator: Emulator, looks: int = 3) -> None:
    """Let the settings stay as they are for so many looks after the first one."""
    emulator.fault("body", method="GET", path="/settings", body=settings_now(emulator), after=1, times=looks)


def methods(emulator: Emulator) -> str:
    return " ".join(record.method for record in emulator.requests)


def test_a_list_that_lags_behind_is_read_again(emulator: Emulator, run) -> None:
    lag(emulator)
    result = run(private_key=private_key())
    assert (result["changed"], result["ssh_key"]["public_key"]) == (True, public(private_key()))
    assert methods(emulator) == "GET POST GET GET GET GET"


def test_a_key_that_is_lost_on_the_way_is_not_sent_again(emulator: Emulator, run) -> None:
    """It would be there twice if it had arrived. Its removal is sent again."""
    emulator.fault("drop", method="POST", when="before")
    result = run(private_key=private_key())
    assert (result["failed"], result["changed"], len(emulator.writes), held(emulator)) == (True, False, 1, [])
    run(private_key=private_key())
    emulator.clear()
    emulator.fault("drop", method="DELETE", when="before")
    result = run(private_key=private_key(), state="absent")
    assert (result["changed"], len(emulator.writes), held(emulator)) == (True, 2, [])


def test_a_replacement_that_is_listed_late_is_waited_for(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    lag(emulator)
    result = run(private_key=private_key(number=2), exclusive=True)
    assert (result["changed"], held(emulator)) == (True, [(HOST, public(private_key(number=2)))])
    assert methods(emulator) == "GET POST GET GET GET GET DELETE GET"


def test_a_removed_key_that_is_still_listed_is_not_deleted_again(emulator: Emulator, run) -> None:
    run(private_key=private_key())
    lag(emulator)
    assert run(private_key=private_key(), state="absent")["changed"] is True
    assert (methods(emulator), held(emulator)) == ("GET DELETE GET GET GET GET", [])


def add_again(emulator: Emulator, text: str, times: int, hostname: str = HOST) -> None:
    """Let CircleCI hold a key more than once, as when many hosts added it at the same time."""
    keys = emulator.project(API).ssh_keys
    (there,) = [key for key in keys if (key.hostname, key.public_key.strip()) == (hostname, public(text))]
    keys += [there] * times


@pytest.mark.parametrize("delete_all", [True, False])
@pytest.mark.parametrize("also_another", [True, False])
def test_exclusive_removes_surplus_equals(emulator: Emulator, run, delete_all: bool, also_another: bool) -> None:
    emulator.state.switches.ssh_delete_all = delete_all
    key = private_key()
    run(private_key=key, hostname="other.acme.example")
    if also_another:
        run(private_key=private_key(number=2))
    run(private_key=key)
    add_again(emulator, key, 2)
    add_again(emulator, key, 1, "other.acme.example")
    others = [("other.acme.example", public(key))] * 2
    emulator.clear()
    assert run(private_key=key)["changed"] is False
    predicted = run(private_key=key, exclusive=True, check_mode=True)
    assert emulator.writes == []
    real = run(private_key=key, exclusive=True)
    assert predicted == real
    assert sorted(held(emulator)) == [(HOST, public(key)), *others]
    # Only where all went at once is one of them added again.
    assert [record.method for record in emulator.writes].count("POST") == int(delete_all)
    removed = [public(private_key(number=2))] * also_another + [public(key)] * 2
    assert [each["public_key"] for each in real["removed"]] == removed
    assert [(each["hostname"], each["public_key"]) for each in real["ssh_keys"]] == [
        *others[:1],
        (HOST, public(key)),
        *others[1:],
    ]
    emulator.clear()
    assert run(private_key=key, exclusive=True)["changed"] is False
    assert emulator.writes == []


def test_a_key_that_went_with_its_equals_and_is_refused_then_is_told(emulator: Emulator, run) -> None:
    emulator.state.switches.ssh_delete_all = True
    run(private_key=private_key())
    add_again(emulator, private_key(), 1)
    emulator.fault("status", method="POST", status=403, body={"message": "Permission denied"})
    result = run(private_key=private_key(), exclusive=True)
    assert (result["failed"], result["changed"], held(emulator)) == (True, True, [])
    assert f"removed all entries of SSH key {parse_private_key(private_key()).public.sha256} of {API}" in result["msg"]
    assert "could not be added again: CircleCI answered 403" in result["msg"]
    assert [each["public_key"] for each in result["removed"]] == [public(private_key())] * 2
    assert run(private_key=private_key(), exclusive=True)["changed"] is True
    assert held(emulator) == [(HOST, public(private_key()))]


@pytest.mark.parametrize(("options", "left"), [({"state": "absent"}, 0), ({"exclusive": True}, 1)])
def test_a_removal_of_equal_keys_that_fails_in_between_tells_those_that_are_gone(
    emulator: Emulator, run, options: dict[str, object], left: int
) -> None:
    key = private_key()
    run(private_key=key)
    add_again(emulator, key, 2 + left)
    emulator.fault("status", method="DELETE", after=1, status=403, body={"message": "Permission denied"})
    result = run(private_key=key, **options)
    assert (result["failed"], result["changed"], len(held(emulator))) == (True, True, 2 + left)
    assert [each["public_key"] for each in result["removed"]] == [public(key)]
    assert len(run(private_key=key, **options)["removed"]) == 2
    assert len(held(emulator)) == left


def unreadable(emulator: Emulator, *entries: dict[str, object], times: int | None = 1) -> None:
    """Let the settings have these SSH keys."""
    emulator.fault(
        "body", method="GET", path="/settings", body={**settings_now(emulator), "ssh_keys": entries}, times=times
    )


SAID = ":".join(["ab"] * 16)


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ({"fingerprint": SAID}, {"public_key": None, "fingerprint": SAID, "fingerprint_sha256": None}),
        ({"public_key": None, "fingerprint": SAID.upper()}, {"fingerprint": SAID}),
        ({"public_key": "ssh-rsa ???", "fingerprint": SAID}, {"public_key": "ssh-rsa ???", "fingerprint": SAID}),
        ({"public_key": 7, "fingerprint": "odd"}, {"public_key": None, "fingerprint": "odd"}),
        ({"fingerprint": "A" * 43}, {"fingerprint": None, "fingerprint_sha256": f"SHA256:{'A' * 43}"}),
        ({"public_key": "odd", "fingerprint": ""}, {"fingerprint": None, "fingerprint_sha256": None}),
    ],
)
def test_a_listed_key_that_cannot_be_read_is_shown_as_circleci_says(
    emulator: Emulator, run, entry: dict[str, object], shown: dict[str, object]
) -> None:
    unreadable(emulator, {"hostname": "old.example", **entry})
    result = run(private_key=private_key())
    assert result["changed"] is True
    assert {**result["ssh_keys"][0], **shown, "hostname": "old.example"} == result["ssh_keys"][0]


def test_a_key_that_cannot_be_read_is_removed_by_what_circleci_says_of_it(emulator: Emulator, run) -> None:
    key = run(private_key=private_key())["ssh_key"]
    unreadable(emulator, {"hostname": HOST, "fingerprint": key["fingerprint"]})
    result = run(fingerprint=key["fingerprint"], state="absent")
    assert (result["changed"], held(emulator)) == (True, [])


def test_keys_that_cannot_be_read_are_told_apart_by_what_circleci_says_of_them(emulator: Emulator, run) -> None:
    names = [run(private_key=private_key(number=number))["ssh_key"]["fingerprint"] for number in (1, 2)]
    unreadable(emulator, *({"hostname": HOST, "fingerprint": name} for name in names))
    result = run(private_key=private_key(number=3), exclusive=True)
    assert [each["fingerprint"] for each in result["removed"]] == names
    assert held(emulator) == [(HOST, public(private_key(number=3)))]


def test_a_key_that_cannot_be_read_is_not_added_again(emulator: Emulator, run) -> None:
    key = run(private_key=private_key())["ssh_key"]
    unreadable(emulator, {"hostname": HOST, "fingerprint": key["fingerprint"]})
    assert run(private_key=private_key())["changed"] is False


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_key_of_which_nothing_is_known_cannot_be_removed_and_that_is_said(
    emulator: Emulator, run, check_mode: bool
) -> None:
    unreadable(emulator, {"hostname": HOST, "public_key": "odd"})
    result = run(private_key=private_key(), exclusive=True, check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert "neither the public half nor a fingerprint" in result["msg"]
    assert "project's settings on CircleCI" in result["msg"]


@pytest.mark.parametrize(
    "entries", [[None], ["ssh-rsa"], {"a": 1}, "none", [{}], [{"hostname": "a"}], [{"fingerprint": ""}]]
)
def test_settings_whose_keys_are_none_fail(emulator: Emulator, run, entries: object) -> None:
    emulator.fault("body", method="GET", path="/settings", body={**settings_now(emulator), "ssh_keys": entries})
    result = run(private_key=private_key())
    assert (result["failed"], emulator.writes) == (True, [])
    assert "SSH keys that are none" in result["msg"]


@pytest.mark.usefixtures("no_md5")
class TestWithoutMD5:
    """On a host in FIPS mode a key is known by SHA-256."""

    def test_a_key_is_added_once_and_replaced(self, emulator: Emulator, run) -> None:
        first = run(private_key=private_key())
        assert (first["changed"], first["ssh_key"]["fingerprint"]) == (True, None)
        assert first["ssh_key"]["fingerprint_sha256"] == parse_private_key(private_key()).public.sha256
        assert run(private_key=private_key())["changed"] is False
        assert run(private_key=private_key(number=2), exclusive=True)["removed"] == [
            {"kind": "ssh_key", **first["ssh_key"]}
        ]
        assert held(emulator) == [(HOST, public(private_key(number=2)))]

    def test_a_key_is_removed_by_its_sha256(self, emulator: Emulator, run) -> None:
        key = run(private_key=private_key())["ssh_key"]
        assert run(fingerprint=key["fingerprint_sha256"], state="absent")["changed"] is True
        assert held(emulator) == []

    def test_a_key_of_which_nothing_is_known_is_not_the_one_that_is_wanted(self, emulator: Emulator, run) -> None:
        """Here no key has an MD5 fingerprint, as one of which CircleCI says nothing."""
        unreadable(emulator, {"hostname": HOST, "public_key": "odd"})
        assert run(private_key=private_key())["changed"] is True
        assert held(emulator) == [(HOST, public(private_key()))]

    def test_a_key_that_is_null_stands_for_no_other_one(self, emulator: Emulator, run) -> None:
        """Here no key has an MD5 fingerprint: that is null, too."""
        run(private_key=private_key())
        assert run(state="absent", null=["private_key"])["failed"] is True
        assert held(emulator) == [(HOST, public(private_key()))]

    def test_an_md5_fingerprint_is_refused_and_not_taken_for_unlisted(self, emulator: Emulator, run) -> None:
        result = run(fingerprint=SAID, state="absent")
        assert (result["failed"], emulator.requests) == (True, [])
        assert "Give the SHA-256 fingerprint" in result["msg"]

    def test_a_server_that_knows_md5_only_is_no_success(self, emulator: Emulator, run) -> None:
        emulator.state.switches.md5_only = True
        run(private_key=private_key())
        result = run(private_key=private_key(), state="absent")
        assert (result["failed"], held(emulator)) == (True, [(HOST, public(private_key()))])
        assert "it still lists it" in result["msg"]


def test_ed25519_in_pkcs8_is_sent_as_openssh_has_it(emulator: Emulator, run) -> None:
    key = run(private_key=private_key("ed25519", "pkcs8"))["ssh_key"]
    assert emulator.writes[0].body["private_key"].startswith("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert key["fingerprint_sha256"] == parse_private_key(private_key("ed25519", "pkcs8")).public.sha256
    assert run(private_key=private_key("ed25519", "pkcs8"))["changed"] is False


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_files_of_windows_programs_are_read(emulator: Emulator, run, tmp_path: Path, encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    (tmp_path / "key").write_bytes((mark + private_key().replace("\n", "\r\n")).encode(encoding))
    assert run(private_key_path=str(tmp_path / "key"))["changed"] is True
    assert held(emulator) == [(HOST, public(private_key()))]


def test_a_file_in_der_form_says_how_to_convert_it(emulator: Emulator, run, tmp_path: Path) -> None:
    lines = private_key("rsa", "pkcs8").splitlines()[1:-1]
    (tmp_path / "key").write_bytes(base64.b64decode("".join(lines)))
    result = run(private_key_path=str(tmp_path / "key"))
    assert (result["failed"], emulator.requests) == (True, [])
    assert "openssl pkey -inform DER" in result["msg"]


@pytest.mark.parametrize(
    "change", [lambda key: key, lambda key: key.replace("\n", " "), lambda key: "\n".join(key.splitlines()[1:-1])]
)
def test_a_key_in_the_place_of_its_path_is_not_shown(emulator: Emulator, run, change) -> None:
    result = run(private_key_path=change(private_key()))
    assert (result["failed"], emulator.requests) == (True, [])
    assert "private_key_path holds a key, not a path. Give the key as private_key." in result["msg"]
    assert without_secrets(result, private_key())


@pytest.mark.parametrize(
    "hostname",
    ["https://deploy.acme.example", "git@deploy.acme.example", "deploy.acme.example:22", "deploy.acme.example/x",
     "a b", "a\tb", "ssh://git@deploy.acme.example:22/x", "[2001:db8::1]", "a\\b"],
)  # fmt: skip
@pytest.mark.parametrize("check_mode", [True, False])
def test_a_host_name_is_nothing_but_that(emulator: Emulator, run, hostname: str, check_mode: bool) -> None:
    result = run(private_key=private_key(), hostname=hostname, check_mode=check_mode)
    assert (result["failed"], emulator.requests) == (True, [])
    assert "is not a host name" in result["msg"]
    assert "deploy.acme.example" in result["hint"]


@pytest.mark.parametrize("hostname", ["", "deploy", "Deploy.Acme.Example", "10.0.0.1", "2001:db8::1", "_a-b.example"])
def test_names_and_addresses_of_hosts_are_taken(emulator: Emulator, run, hostname: str) -> None:
    assert run(private_key=private_key(), hostname=hostname)["changed"] is True
    assert held(emulator) == [(hostname, public(private_key()))]


@pytest.mark.parametrize("hostname", ["https://me:s3cr3tword@a.example/", "me:s3cr3tword@a.example", "s3cr3tword@a"])
def test_a_password_in_a_host_name_is_not_shown(run, hostname: str) -> None:
    result = run(private_key=private_key(), hostname=hostname)
    assert "@a" in result["msg"]
    assert "s3cr3tword" not in str(result)


def test_equal_keys_that_go_are_told_in_the_order_of_their_deletion(emulator: Emulator, run) -> None:
    """Whatever stands between them in the list: the prediction says what the run says."""
    run(private_key=private_key(number=1))
    run(private_key=private_key(number=2))
    project = emulator.project(API)
    project.ssh_keys += project.ssh_keys[:1]
    predicted = run(private_key=private_key(number=3), exclusive=True, check_mode=True)
    real = run(private_key=private_key(number=3), exclusive=True)
    assert predicted["removed"] == real["removed"]
    assert len(real["removed"]) == 3
