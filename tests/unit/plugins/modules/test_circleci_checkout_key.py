# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
import requests

from emulator import Emulator
from tests.unit.predicting import UNKNOWN, differences

API = "github/acme/api"
MODULE = "circleci_checkout_key"
TOKEN = "emulator-personal-token"

SERVER_MADE = ("public_key", "fingerprint", "fingerprint_sha256", "time")


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed and so has a deploy key."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def make(emulator: Emulator, kind: str = "deploy-key") -> None:
    """Add a key as somebody else would."""
    emulator.state.add_checkout_key(emulator.project(API), kind, None)


def listed(emulator: Emulator) -> list[str]:
    """The public keys that CircleCI holds, newest first."""
    return [key.public_key.strip() for key in emulator.project(API).checkout_keys]


def test_the_key_that_following_made_is_adopted(emulator: Emulator, run) -> None:
    result = run()
    assert (result["changed"], result["created"], result["removed"]) == (False, False, [])
    assert result["checkout_key"]["public_key"] == listed(emulator)[0]
    assert result["checkout_keys"] == [result["checkout_key"]]
    assert len(emulator.requests) == 1
    assert emulator.writes == []


def test_a_missing_key_is_made_once(emulator: Emulator, run) -> None:
    run(state="absent")
    emulator.clear()
    result = run()
    assert (result["changed"], result["created"]) == (True, True)
    assert result["checkout_key"]["preferred"] is True
    assert [record.body for record in emulator.writes] == [{"type": "deploy-key"}]
    emulator.clear()
    again = run()
    assert (again["changed"], again["checkout_key"]) == (False, result["checkout_key"])
    assert emulator.writes == []


@pytest.mark.parametrize(("vcs", "word"), [("github", "github-user-key"), ("bitbucket", "bitbucket-user-key")])
@pytest.mark.parametrize("kind", ["github-user-key", "bitbucket-user-key", "user-key"])
def test_the_words_for_user_keys_mean_the_same(emulator: Emulator, run_module, vcs: str, word: str, kind: str) -> None:
    slug = {"github": API, "bitbucket": "bitbucket/acme/tools"}[vcs]
    emulator.follow(slug)
    made = run_module(MODULE, project=slug, type=kind)
    assert (made["created"], made["checkout_key"]["type"]) == (True, word)
    assert [record.body for record in emulator.writes] == [{"type": word}]
    assert run_module(MODULE, project=slug, type="user-key")["changed"] is False
    assert run_module(MODULE, project=slug)["checkout_key"]["type"] == "deploy-key"


def test_rotation_makes_before_it_deletes(emulator: Emulator, run) -> None:
    old = listed(emulator)
    result = run(rotate=True)
    assert [record.method for record in emulator.writes] == ["POST", "DELETE"]
    assert [key["public_key"] for key in result["removed"]] == old
    assert listed(emulator) == [result["checkout_key"]["public_key"]]
    assert result["checkout_keys"] == [result["checkout_key"]]
    assert run(rotate=True)["changed"] is True


def test_nothing_is_deleted_when_the_new_key_is_not_listed(emulator: Emulator, run) -> None:
    old = listed(emulator)
    answer = {"type": "deploy-key", "public_key": run()["checkout_key"]["public_key"][:-8] + "AAAAAAAA",
              "fingerprint": "x", "login": None, "preferred": True, "time": "2026-01-01T00:00:00.000Z"}  # fmt: skip
    emulator.fault("body", method="POST", body=answer, status=201)
    result = run(rotate=True)
    assert (result["failed"], result["changed"], result["removed"]) == (True, True, [])
    assert "does not list it" in result["msg"]
    assert listed(emulator) == old


def test_max_age_rotates_only_what_is_older(emulator: Emulator, run) -> None:
    assert run(max_age=1)["changed"] is False
    emulator.project(API).checkout_keys[0].created -= 400 * 86400
    result = run(max_age=365)
    assert (result["created"], len(result["removed"])) == (True, 1)
    assert run(max_age=365)["changed"] is False
    assert run(max_age=10**12)["changed"] is False


def test_exclusive_keeps_the_preferred_key(emulator: Emulator, run) -> None:
    with_two = run(rotate=True)
    make(emulator)
    make(emulator, "github-user-key")
    result = run(exclusive=True)
    kept = result["checkout_key"]["public_key"]
    assert with_two["checkout_key"]["public_key"] in [key["public_key"] for key in result["removed"]]
    deploy_keys = [key for key in result["checkout_keys"] if key["type"] == "deploy-key"]
    assert [key["public_key"] for key in deploy_keys] == [kept]
    assert len(result["checkout_keys"]) == 2
    assert run(exclusive=True)["changed"] is False


@pytest.mark.parametrize("digest", ["fingerprint", "fingerprint_sha256"])
def test_a_fingerprint_names_the_key_to_keep_or_to_remove(emulator: Emulator, run, digest: str) -> None:
    first = run()["checkout_key"]
    make(emulator)
    kept = run(fingerprint=first[digest], exclusive=True)
    assert (kept["changed"], kept["checkout_key"]["public_key"]) == (True, first["public_key"])
    assert kept["checkout_key"]["preferred"] is True
    assert run(fingerprint=first[digest], exclusive=True)["changed"] is False
    gone = run(fingerprint=first[digest].lower() if digest == "fingerprint" else first[digest], state="absent")
    assert (gone["changed"], listed(emulator), gone["checkout_key"]) == (True, [], None)
    assert run(fingerprint=first[digest], state="absent")["changed"] is False


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_unlisted_fingerprint_cannot_be_present(emulator: Emulator, run, check_mode: bool) -> None:
    result = run(fingerprint=":".join(["ab"] * 16), check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "has no checkout key" in result["msg"]
    assert "leave fingerprint out" in result["msg"]
    assert emulator.writes == []


def test_a_fingerprint_of_another_type_says_so(emulator: Emulator, run) -> None:
    result = run(fingerprint=run()["checkout_key"]["fingerprint"], type="user-key")
    assert "is a deploy-key, not a user-key. Set type to deploy-key." in result["msg"]


@pytest.mark.parametrize("empty", [{"null": ["fingerprint"]}, {"fingerprint": ""}])
@pytest.mark.parametrize("options", [{"state": "absent"}, {"exclusive": True}])
def test_no_key_is_removed_in_the_place_of_one_that_is_not_known(
    emulator: Emulator, run, options: dict[str, Any], empty: dict[str, Any]
) -> None:
    """Of what is null, ansible-core before 2.19 makes an empty text in templates."""
    make(emulator)
    made = run(check_mode=True, rotate=True)["checkout_key"]
    assert made["fingerprint"] is None
    emulator.clear()
    predicted = run(check_mode=True, **options, **empty)
    assert (predicted["changed"], predicted["removed"], predicted["project"]) == (True, [], API)
    assert predicted["created"] is False
    assert predicted.keys() >= run(check_mode=True).keys() - {"diff"}
    assert any("fingerprint is known after the run only" in warning for warning in predicted["warnings"])
    real = run(**options, **empty)
    assert (real["failed"], real["changed"], emulator.writes, len(listed(emulator))) == (True, False, [], 2)
    assert "fingerprint is given, but empty." in real["msg"]
    assert "Or leave the option out." in real["msg"]


def test_a_project_without_checkout_keys_has_none_that_is_not_known_yet(emulator: Emulator, run_module) -> None:
    slug = "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"
    result = run_module(MODULE, project=slug, state="absent", null=["fingerprint"], check_mode=True)
    assert (result["failed"], emulator.requests) == (True, [])
    assert "have no checkout keys" in result["msg"]


def test_where_nothing_is_removed_a_fingerprint_may_be_null(emulator: Emulator, run) -> None:
    assert run(null=["fingerprint"])["checkout_key"] == run()["checkout_key"]
    assert emulator.writes == []


def test_whose_a_user_key_is_makes_no_difference(emulator: Emulator, run) -> None:
    """What is rotated is a type. CircleCI checks out with the new key, and with none of the others."""
    emulator.state.add_token("another-token", login="octocat")
    emulator.state.add_checkout_key(emulator.project(API), "github-user-key", emulator.state.users["octocat"])
    result = run(type="user-key", rotate=True)
    assert [key["type"] for key in result["removed"]] == ["github-user-key"]


def test_absent_removes_every_key_of_the_type_only(emulator: Emulator, run) -> None:
    run(type="user-key")
    make(emulator)
    result = run(state="absent")
    assert (len(result["removed"]), [key["type"] for key in result["checkout_keys"]]) == (2, ["github-user-key"])
    assert run(state="absent")["changed"] is False


CASES: dict[str, dict[str, Any]] = {
    "adopt": {},
    "rotate": {"rotate": True},
    "exclusive": {"exclusive": True},
    "user": {"type": "user-key"},
    "age": {"max_age": 0},
    "absent": {"state": "absent"},
}


@pytest.mark.parametrize("start", [0, 1, 3])
@pytest.mark.parametrize("case", CASES)
def test_check_mode_says_what_the_run_does_and_writes_nothing(emulator: Emulator, run, case: str, start: int) -> None:
    run(state="absent")
    for _key in range(start):
        make(emulator)
    emulator.clear()
    predicted = run(check_mode=True, **CASES[case])
    assert emulator.writes == []
    real = run(**CASES[case])
    assert differences(predicted, real) == []
    if real["created"]:
        assert all(predicted["checkout_key"][name] is None for name in SERVER_MADE)
        assert all(predicted["diff"]["after"]["checkout_keys"][0][name] == UNKNOWN for name in SERVER_MADE)
    assert real["checkout_keys"] == run(check_mode=True)["checkout_keys"] or case in ("absent", "user")


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, check_mode=True)
    assert (result["changed"], result["created"]) == (True, True)
    assert any("does not know" in warning for warning in result["warnings"])
    assert emulator.writes == []
    assert run_module(MODULE, project=API, state="absent", check_mode=True)["changed"] is False


def test_a_project_that_is_not_set_up_fails_with_what_to_do(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API)
    assert (result["failed"], result["status"], result["error"]) == (True, 404, "Project not found")
    assert "follow it first, with circleci_project_follow or following: true" in result["msg"]
    assert emulator.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_invalid_token_is_told_from_an_unknown_project(emulator: Emulator, run_module, check_mode: bool) -> None:
    result = run_module(MODULE, project=API, api_token="not-a-token", check_mode=check_mode)
    assert (result["failed"], result["status"]) == (True, 401)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_project_token_cannot_make_keys(emulator: Emulator, run, check_mode: bool) -> None:
    run(state="absent")
    emulator.clear()
    result = run(api_token="emulator-project-token", check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "personal" in result["msg"]
    assert emulator.writes == []


def test_a_user_key_without_the_grant_says_which(emulator: Emulator, run) -> None:
    emulator.state.switches.user_key_grant = False
    result = run(type="user-key")
    assert result["failed"] is True
    assert "admin:public_key" in result["hint"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rotate": True, "fingerprint": "ab" * 16}, "rotate and fingerprint exclude each other"),
        ({"max_age": 3, "fingerprint": "ab" * 16}, "max_age and fingerprint exclude each other"),
        ({"rotate": True, "state": "absent"}, "rotate and state absent exclude each other"),
        ({"max_age": 3, "state": "absent"}, "max_age and state absent exclude each other"),
        ({"exclusive": True, "state": "absent"}, "exclusive and state absent exclude each other"),
        ({"max_age": -1}, "0 or more"),
        ({"rotate": True, "max_age": 90}, "rotate and max_age exclude each other. rotate makes a new key in every run"),
        ({"fingerprint": "aa:bb"}, "is not a fingerprint"),
        ({"type": "rsa"}, "value of type must be one of"),
        ({"project": "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"}, "have no checkout keys"),
        ({"api_token": None}, "No API token"),
    ],
)
def test_what_can_be_seen_before_never_reaches_the_api(emulator: Emulator, run, options, words: str) -> None:
    result = run(**options)
    assert result["failed"] is True
    assert words in result["msg"]
    assert emulator.requests == []


def test_legacy_keys_compare_without_their_odd_ending(emulator: Emulator, run) -> None:
    emulator.state.switches.legacy_rsa_keys = True
    made = run(rotate=True)["checkout_key"]
    assert made["public_key"].startswith("ssh-rsa ")
    assert made["public_key"] == made["public_key"].strip()
    assert run(fingerprint=made["fingerprint_sha256"])["changed"] is False


def test_a_server_that_knows_md5_only_works_too(emulator: Emulator, run) -> None:
    emulator.state.switches.md5_only = True
    first = run()["checkout_key"]
    assert run(fingerprint=first["fingerprint_sha256"], state="absent")["changed"] is True
    assert listed(emulator) == []


def answered(emulator: Emulator) -> list[dict[str, Any]]:
    """The list that CircleCI would answer."""
    url = f"{emulator.url}/api/v1.1/project/{API}/checkout-key"
    headers = {"Circle-Token": TOKEN, "Accept": "application/json"}
    keys: list[dict[str, Any]] = requests.get(url, headers=headers, timeout=10).json()
    emulator.clear()
    return keys


def lag(emulator: Emulator, looks: int = 3) -> None:
    """Let the list stay as it is for so many looks after the first one."""
    emulator.fault("body", method="GET", path="/checkout-key", body=answered(emulator), after=1, times=looks)


def test_a_new_key_that_is_listed_late_is_waited_for(emulator: Emulator, run) -> None:
    """Rotation repeated after a failure would make one more key each time."""
    old = listed(emulator)
    lag(emulator)
    result = run(rotate=True)
    assert [record.method for record in emulator.requests if "/me" not in record.path] == [
        "GET", "POST", "GET", "GET", "GET", "GET", "DELETE"
    ]  # fmt: skip
    assert ([key["public_key"] for key in result["removed"]], len(listed(emulator))) == (old, 1)


def test_the_task_ends_when_the_list_shows_what_it_made(emulator: Emulator, run) -> None:
    """Else the task of the next host would make one too."""
    lag(emulator)
    assert run(type="user-key")["warnings"] == []
    methods = [record.method for record in emulator.requests if "/me" not in record.path]
    assert methods == ["GET", "POST", "GET", "GET", "GET", "GET"]


@pytest.mark.parametrize("fault", ["lag", "error"])
def test_a_key_that_cannot_be_seen_after_it_was_made_is_warned_of(emulator: Emulator, run, fault: str) -> None:
    if fault == "lag":
        lag(emulator, looks=100)
        words = "later it does not list it. The next task may make it once more."
    else:
        emulator.fault("status", method="GET", path="/checkout-key", status=403, after=1, times=9)
        words = "whether it lists it cannot be seen: CircleCI answered 403"
    result = run(type="user-key", retries=0)
    assert (result["changed"], result["created"]) == (True, True)
    (warning,) = result["warnings"]
    assert f"CircleCI made checkout key {result['checkout_key']['fingerprint_sha256']} of {API}, but " in warning
    assert words in warning


@pytest.mark.parametrize(
    ("others", "options"),
    [
        (["github-user-key"], {"rotate": True}),
        (["deploy-key", "github-user-key"], {"type": "user-key", "state": "absent"}),
        (["github-user-key", "deploy-key"], {"type": "user-key", "state": "absent"}),
        (["github-user-key", "github-user-key"], {"state": "absent"}),
        (["github-user-key", "deploy-key"], {"state": "absent"}),
    ],
    ids=["new", "the preferred one", "another one", "the oldest one", "the preferred one and another one"],
)
def test_which_key_is_preferred_afterwards_is_told_as_it_is(
    emulator: Emulator, run, run_module, others: list[str], options: dict[str, Any]
) -> None:
    for kind in others:
        make(emulator, kind)
    result = run(**options)
    (project,) = run_module("circleci_project_info", project=API, checkout_keys=True)["projects"]
    assert result["changed"] is True
    assert result["checkout_keys"] == project["checkout_keys"]


def test_the_preferred_key_stays_it_when_another_one_is_removed(emulator: Emulator, run) -> None:
    for _key in range(2):
        make(emulator)
    preferred, _newer, doomed = emulator.project(API).checkout_keys
    preferred.created -= 86400
    result = run(state="absent", fingerprint=run(check_mode=True, exclusive=True)["removed"][-1]["fingerprint_sha256"])
    assert doomed.public_key.strip() not in listed(emulator)
    told = {key["public_key"]: key["preferred"] for key in result["checkout_keys"]}
    assert told == {key: key == preferred.public_key.strip() for key in listed(emulator)}


@pytest.mark.parametrize(
    ("before", "after"),
    [((False, False, True), [True, False]), ((False, True, True), [False, True]), ((False, False, False), [False] * 2)],
    ids=["one", "two", "none"],
)
def test_the_newest_one_becomes_the_preferred_one_only_where_none_is_left(
    emulator: Emulator, run, before: tuple[bool, ...], after: list[bool]
) -> None:
    for _key in range(2):
        make(emulator)
    keys = answered(emulator)
    body = [{**key, "preferred": preferred} for key, preferred in zip(keys, before, strict=True)]
    emulator.fault("body", method="GET", path="/checkout-key", body=body)
    result = run(state="absent", fingerprint=keys[-1]["fingerprint"], check_mode=True)
    assert [key["preferred"] for key in result["checkout_keys"]] == after


def test_a_key_of_another_type_that_somebody_adds_meanwhile_is_not_taken_for_ours(emulator: Emulator, run) -> None:
    before = answered(emulator)
    make(emulator, "github-user-key")
    now = answered(emulator)
    emulator.fault("body", method="GET", path="/checkout-key", body=before)
    emulator.fault("body", method="GET", path="/checkout-key", body=now, times=None)
    emulator.fault("drop", method="POST", times=None)
    result = run(rotate=True, retries=0)
    assert (result["failed"], result["changed"], result["removed"]) == (True, False, [])
    assert "nothing of it is to be seen" in result["msg"]


@pytest.mark.parametrize("options", [{"rotate": True}, {"max_age": 0}, {"state": "absent"}])
@pytest.mark.parametrize("kind", ["drop", "reset", "truncate"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_rotation_after_a_doubtful_answer_makes_one_key(
    emulator: Emulator, run, options: dict[str, Any], kind: str, when: str
) -> None:
    old = listed(emulator)
    method = "DELETE" if "state" in options else "POST"
    emulator.fault(kind, method=method, when=when)
    result = run(**options)
    made = [record for record in emulator.writes if record.method == "POST"]
    assert len(made) == (method == "POST")
    if method == "POST" and when == "before" and kind != "truncate":
        assert (result["failed"], result["changed"], listed(emulator)) == (True, False, old)
        assert "It was not sent again" in result["msg"]
        return
    assert (result["changed"], [key["public_key"] for key in result["removed"]]) == (True, old)
    assert listed(emulator) == ([result["checkout_key"]["public_key"]] if method == "POST" else [])


@pytest.mark.parametrize("digest", ["fingerprint", "fingerprint_sha256"])
@pytest.mark.parametrize("kind", ["github-user-key", "deploy-key"])
@pytest.mark.parametrize("asked", ["deploy-key", "user-key"])
def test_a_fingerprint_is_revoked_whatever_the_type(
    emulator: Emulator, run, digest: str, kind: str, asked: str
) -> None:
    make(emulator, "github-user-key")
    doomed = next(key for key in run()["checkout_keys"] if key["type"] == kind)
    result = run(fingerprint=doomed[digest], state="absent", type=asked)
    assert result["changed"] is True
    assert [(key["type"], key["fingerprint_sha256"]) for key in result["removed"]] == [
        (kind, doomed["fingerprint_sha256"])
    ]
    assert doomed["public_key"] not in listed(emulator)
    assert len(listed(emulator)) == 1


def test_exclusive_keeps_the_preferred_key_though_it_is_not_the_newest(emulator: Emulator, run) -> None:
    make(emulator)
    preferred, other = emulator.project(API).checkout_keys
    preferred.created, other.created = other.created - 86400, preferred.created
    result = run(exclusive=True)
    assert result["checkout_key"]["preferred"] is True
    assert listed(emulator) == [preferred.public_key.strip()] == [result["checkout_key"]["public_key"]]
    assert [key["public_key"] for key in result["removed"]] == [other.public_key.strip()]


def test_where_none_is_preferred_the_newest_key_is_kept(emulator: Emulator, run) -> None:
    make(emulator)
    dates = ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")
    old, new = ({**key, "preferred": False, "time": date} for key, date in zip(answered(emulator), dates, strict=True))
    emulator.fault("body", method="GET", path="/checkout-key", body=[old, new])
    result = run(exclusive=True)
    assert result["checkout_key"]["public_key"] == new["public_key"].strip()
    assert [key["public_key"] for key in result["removed"]] == [old["public_key"].strip()]
    assert listed(emulator) == [new["public_key"].strip()]


@pytest.mark.parametrize("date", [None, "", "long ago", 7])
def test_a_key_without_a_date_counts_as_old(emulator: Emulator, run, date: object) -> None:
    old = answered(emulator)
    emulator.fault("body", method="GET", path="/checkout-key", body=[{**key, "time": date} for key in old])
    result = run(max_age=365)
    assert (result["created"], [key["fingerprint"] for key in result["removed"]]) == (True, [old[0]["fingerprint"]])
    assert listed(emulator) == [result["checkout_key"]["public_key"]]


def unreadable(emulator: Emulator, **change: object) -> dict[str, Any]:
    """Let the key that is there be listed otherwise once, and return it."""
    [key] = answered(emulator)
    entry = {name: value for name, value in {**key, **change}.items() if value is not None}
    emulator.fault("body", method="GET", path="/checkout-key", body=[entry])
    return key


@pytest.mark.parametrize("line", [None, "ssh-ed25519 ???", 7])
def test_a_key_that_cannot_be_read_is_shown_as_circleci_says_and_adopted(emulator: Emulator, run, line: object) -> None:
    said = unreadable(emulator, public_key=line)
    result = run()
    assert (result["changed"], result["checkout_keys"]) == (False, [result["checkout_key"]])
    assert result["checkout_key"] == {
        "type": "deploy-key",
        "public_key": line if isinstance(line, str) else None,
        "fingerprint": said["fingerprint"],
        "fingerprint_sha256": None,
        "time": said["time"],
        "login": None,
        "preferred": True,
    }


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("options", [{}, {"rotate": True}, {"state": "absent"}])
@pytest.mark.parametrize("entry", [{}, {"type": "deploy-key"}, {"public_key": "", "fingerprint": 7}])
def test_an_entry_that_is_no_key_is_an_error(
    emulator: Emulator, run, entry: dict[str, Any], options: dict[str, Any], check_mode: bool
) -> None:
    old = answered(emulator)
    emulator.fault("body", method="GET", path="/checkout-key", body=[*old, entry])
    result = run(**options, check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert f"CircleCI's list of checkout keys of {API} has an entry that is none: " in result["msg"]
    assert "neither a public half nor a fingerprint. Check api_url" in result["msg"]
    assert result["path"] == f"/api/v1.1/project/{API}/checkout-key"


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"type": "deploy-key"}, "neither a public half nor a fingerprint."),
        ({"type": "deploy-key", "fingerprint": ":".join(["ab"] * 16)}, "it has no usable 'public_key'."),
        ({"type": "deploy-key", "public_key": "ssh-rsa ???"}, "it has no usable 'public_key'."),
        (None, "an object was expected."),
    ],
)
def test_an_answer_that_does_not_tell_the_new_key_is_looked_into(
    emulator: Emulator, run, body: Any, words: str, when: str
) -> None:
    """The old one goes only when the new one is known."""
    old = listed(emulator)
    emulator.fault("body", method="POST", path="/checkout-key", body=body, when=when)
    result = run(rotate=True)
    assert result["changed"] is (when == "after")
    if when == "after":
        assert ("failed" in result, result["created"]) == (False, True)
        assert listed(emulator) == [result["checkout_key"]["public_key"]] != old
        return
    assert (result["failed"], listed(emulator), len(emulator.writes)) == (True, old, 1)
    assert f"CircleCI's answer to POST project/{API}/checkout-key cannot be used: " in result["msg"]
    assert words.rstrip(".") in result["msg"]
    assert "nothing of it is to be seen" in result["msg"]


@pytest.mark.parametrize("options", [{"rotate": True}, {"state": "absent"}])
def test_a_key_that_cannot_be_read_is_removed_by_what_circleci_says_of_it(
    emulator: Emulator, run, options: dict[str, Any]
) -> None:
    old = listed(emulator)
    unreadable(emulator, public_key="")
    result = run(**options)
    assert (result["changed"], len(result["removed"])) == (True, 1)
    assert not set(old) & set(listed(emulator))


def test_a_key_that_cannot_be_read_is_removed_by_its_fingerprint(emulator: Emulator, run) -> None:
    said = unreadable(emulator, public_key="", type=None)
    assert run(fingerprint=said["fingerprint"], state="absent")["changed"] is True
    assert listed(emulator) == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_key_of_which_nothing_is_known_cannot_be_removed_and_that_is_said(
    emulator: Emulator, run, check_mode: bool
) -> None:
    unreadable(emulator, public_key="odd", fingerprint="")
    result = run(rotate=True, check_mode=check_mode)
    assert (result["failed"], result["changed"], emulator.writes) == (True, False, [])
    assert "a deploy-key of which CircleCI tells neither the public half nor a fingerprint" in result["msg"]


def test_a_key_of_no_type_is_of_no_wanted_one(emulator: Emulator, run) -> None:
    said = unreadable(emulator, type=None)
    result = run(fingerprint=said["fingerprint"])
    assert "is a checkout key of an unknown type, not a deploy-key" in result["msg"]
    unreadable(emulator, type=None)
    assert run(type="user-key")["created"] is True


def test_keys_that_cannot_be_read_are_told_apart(emulator: Emulator, run) -> None:
    make(emulator)
    body = [{**key, "public_key": "", "preferred": bool(place)} for place, key in enumerate(answered(emulator))]
    emulator.fault("body", method="GET", path="/checkout-key", body=body)
    result = run()
    assert (result["changed"], result["checkout_key"]["fingerprint"]) == (False, body[1]["fingerprint"])


@pytest.mark.usefixtures("no_md5")
class TestWithoutMD5:
    """On a host in FIPS mode a key is known by SHA-256."""

    def test_keys_are_rotated_and_revoked(self, emulator: Emulator, run) -> None:
        old = listed(emulator)
        first = run(rotate=True)
        assert first["checkout_key"]["fingerprint"] is None
        assert first["checkout_key"]["fingerprint_sha256"].startswith("SHA256:")
        assert [key["public_key"] for key in first["removed"]] == old
        assert run()["checkout_key"] == first["checkout_key"]
        assert run(fingerprint=first["checkout_key"]["fingerprint_sha256"], state="absent")["changed"] is True
        assert listed(emulator) == []

    @pytest.mark.parametrize("kind", ["drop", "status"])
    def test_a_doubtful_answer_makes_one_key(self, emulator: Emulator, run, kind: str) -> None:
        emulator.fault(kind, method="POST", when="after")
        assert run(rotate=True)["changed"] is True
        assert len(listed(emulator)) == 1

    def test_a_server_that_knows_md5_only_is_no_success(self, emulator: Emulator, run) -> None:
        emulator.state.switches.md5_only = True
        old = listed(emulator)
        result = run(state="absent")
        assert (result["failed"], listed(emulator), result["removed"]) == (True, old, [])
        assert "this host has no MD5 (FIPS)" in result["msg"]
        assert "delegate_to: localhost" in result["hint"]

    @pytest.mark.parametrize("looks", [0, 2])
    def test_it_is_looked_until_what_was_deleted_is_gone(self, emulator: Emulator, run, looks: int) -> None:
        if looks:
            lag(emulator, looks)
        assert run(state="absent")["changed"] is True
        assert listed(emulator) == []
        assert [record.method for record in emulator.requests][-looks - 2 :] == ["DELETE", *["GET"] * looks, "GET"]
