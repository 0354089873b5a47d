# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Following, settings, environment variables and the user: api-v1.1.md §3.1, §3.2 and §3.5."""

from __future__ import annotations

import json

import pytest

from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once


def test_first_follow_sets_the_project_up(emulator: Emulator, send: Send) -> None:
    answer = send("POST", "follow")
    project = emulator.project("github/acme/api")

    assert answer.status_code == 200
    assert answer.json()["following"] is True
    assert answer.json()["workflow"] is False
    build = answer.json()["first_build"]
    assert (build["build_num"], build["why"], build["status"], build["branch"]) == (
        1, "first-build", "not_running", "main"
    )  # fmt: skip
    assert project.webhook
    assert [key.type for key in project.checkout_keys] == ["deploy-key"]
    settings = send("GET", "settings").json()
    assert (settings["following"], settings["has_usable_key"], settings["default_branch"]) == (True, True, "main")


def test_following_again_changes_nothing(emulator: Emulator, send: Send) -> None:
    send("POST", "follow")
    keys = list(emulator.project("github/acme/api").checkout_keys)

    answer = send("POST", "follow")

    assert answer.json() == {"following": True, "workflow": False, "first_build": None}
    assert emulator.project("github/acme/api").checkout_keys == keys
    assert len(emulator.project("github/acme/api").builds) == 1


def test_without_configuration_there_is_no_first_build(emulator: Emulator, send: Send) -> None:
    emulator.add_repository("github/acme/api", has_config=False)

    assert send("POST", "follow").json()["first_build"] is None


def test_unfollow_by_the_last_follower_drops_checkout_keys_but_no_ssh_keys(
    followed: Emulator, send: Send, private_key: str
) -> None:
    send("POST", "ssh-key", json={"hostname": "host.example", "private_key": private_key})

    answer = send("POST", "unfollow")

    assert (answer.status_code, answer.json()) == (200, {"following": False})
    settings = send("GET", "settings").json()
    assert (settings["following"], settings["has_usable_key"]) == (False, False)
    assert [key["hostname"] for key in settings["ssh_keys"]] == ["host.example"]
    assert send("GET", "checkout-key").json() == []
    assert send("GET", "/projects").json() == []
    assert send("POST", "unfollow").json() == {"following": False}


def test_builds_of_a_project_without_followers_are_not_run(followed: Emulator, send: Send) -> None:
    send("POST", "unfollow")

    answer = send("POST", "tree/main")

    build = answer.json()
    assert answer.status_code == 201
    assert (build["status"], build["lifecycle"], build["outcome"]) == ("not_run", "not_run", None)
    assert build["dont_build"] == build["messages"][0]["reason"] == "no-followers"


def test_following_after_everybody_left_makes_a_new_key_but_no_first_build(emulator: Emulator, send: Send) -> None:
    send("POST", "follow")
    send("POST", "unfollow")

    answer = send("POST", "follow").json()

    assert answer["first_build"] is None
    assert len(send("GET", "checkout-key").json()) == 1


def test_following_is_per_user(followed: Emulator, send: Send) -> None:
    followed.state.add_token("second-token", login="second")

    assert send("GET", "settings", token="second-token").json()["following"] is False
    send("POST", "follow", token="second-token")
    send("POST", "unfollow")

    assert send("GET", "settings", token="second-token").json()["following"] is True
    assert send("GET", "settings").json()["following"] is False
    assert len(send("GET", "checkout-key").json()) == 1


def test_follow_in_the_old_spelling(emulator: Emulator, send: Send) -> None:
    emulator.add_repository("github/acme/api", has_config=False)
    emulator.state.switches.followed_spelling = True

    assert send("POST", "follow").json() == {"followed": True, "first_build": None}
    assert send("POST", "unfollow").json() == {"followed": False}


def test_refollow_500_is_a_switch(emulator: Emulator, send: Send) -> None:
    emulator.state.switches.refollow_500 = True

    assert [send("POST", "follow").status_code for _unused in range(2)] == [200, 500]


@pytest.mark.parametrize(
    ("status", "text"), [(403, "organization SAML"), (404, "Not Found"), (422, "Hook already exists")]
)
def test_follow_errors_of_the_vcs_are_text_inside_the_message(
    emulator: Emulator, send: Send, status: int, text: str
) -> None:
    emulator.state.switches.follow_error = status

    answer = send("POST", "follow")

    nested = answer.json()["message"]
    assert answer.status_code == status
    assert text in nested
    assert json.loads(nested)["status"] == str(status)
    assert not emulator.project("github/acme/api").set_up


def test_first_follow_needs_an_administrator(emulator: Emulator, send: Send) -> None:
    emulator.add_repository("github/acme/api", admin=False)

    answer = send("POST", "follow")

    assert (answer.status_code, answer.json()) == (403, {"message": "Permission denied"})


def test_enable_sets_up_without_following_and_disable_cleans_up(emulator: Emulator, send: Send) -> None:
    enabled = send("POST", "enable").json()
    send("POST", "follow")
    send("POST", "tree/main")
    disabled = send("DELETE", "enable").json()

    assert (enabled["following"], enabled["has_usable_key"]) == (False, True)
    assert (disabled["following"], disabled["has_usable_key"]) == (False, False)
    assert {build.status for build in emulator.project("github/acme/api").builds} == {"canceled"}
    assert not emulator.project("github/acme/api").webhook


def test_disable_stops_a_workflow_that_pauses_between_two_jobs(followed: Emulator, send: Send) -> None:
    machine = followed.state.machine
    machine.set_progress("clock")
    machine.set_seconds({"not_running": 1, "queued": 1, "running": 1, "between_jobs": 1000})
    for _unused in range(2):
        send("POST", "build")
    followed.pass_time(500)
    before = [build["status"] for build in send("GET").json()]
    disabled = send("DELETE", "enable").json()
    followed.pass_time(5000)

    builds = send("GET").json()
    branch = send("GET", "settings").json()["branches"]["main"]
    assert before == ["success", "success"]
    assert disabled["branches"]["main"]["latest_workflows"]["build-and-test"]["status"] == "canceled"
    assert [build["status"] for build in builds] == before
    assert branch["latest_completed_workflows"]["build-and-test"]["status"] == "canceled"


def test_put_settings_changes_what_it_knows(followed: Emulator, send: Send) -> None:
    flags = {"build-prs-only": True, "autocancel_builds": True, "pr-only-branch-overrides": "main"}

    answer = send("PUT", "settings", json={"feature_flags": flags, "parallel": 3, "reponame": "other"})

    settings = send("GET", "settings").json()
    assert (answer.status_code, answer.content) == (200, b'""')
    assert (settings["parallel"], settings["reponame"]) == (3, "api")
    assert settings["feature_flags"]["build-prs-only"] is True
    assert settings["feature_flags"]["pr-only-branch-overrides"] == "main"
    assert "autocancel_builds" not in settings["feature_flags"]


def test_put_settings_opens_the_source(followed: Emulator, send: Send) -> None:
    send("PUT", "settings", json={"feature_flags": {"oss": True}})

    settings = send("GET", "settings").json()
    assert (settings["oss"], settings["feature_flags"]["oss"]) == (True, True)


def test_projects_lists_the_followed_ones(emulator: Emulator, send: Send) -> None:
    send("POST", "/project/bb/acme/tools/follow")
    send("POST", "follow")

    items = send("GET", "/projects").json()

    assert {(item["vcs_type"], item["reponame"], item["following"]) for item in items} == {
        ("github", "api", True),
        ("bitbucket", "tools", True),
    }
    me = send("GET", "/me").json()
    assert me["num_projects_followed"] == 2
    assert sorted(me["projects"]) == ["https://bitbucket.org/acme/tools", "https://github.com/acme/api"]


def test_repositories_are_listed_page_by_page(emulator: Emulator, send: Send) -> None:
    emulator.follow("github/acme/web")
    emulator.state.add_token("second-token", login="second")

    def names(path: str) -> list[str]:
        return [f"{item['username']}/{item['name']}" for item in send("GET", path).json()]

    items = send("GET", "/user/repos/gh?page=1&per-page=100").json()
    seconds = send("GET", "/user/repos/gh", token="second-token").json()
    assert [(item["name"], item["following"], item["has_followers"]) for item in items] == [
        ("api", False, False),
        ("web", True, True),
    ]
    assert [(item["following"], item["has_followers"]) for item in seconds] == [(False, False), (False, True)]
    assert names("/user/repos/bitbucket") == ["acme/tools"]
    assert [names(f"/user/repos/github?per-page=1&page={page}") for page in (1, 2, 3, "9" * 5000)] == [
        ["acme/api"], ["acme/web"], [], []
    ]  # fmt: skip


def test_a_page_has_thirty_repositories_unless_said(emulator: Emulator, send: Send) -> None:
    for number in range(110):
        emulator.add_repository(f"github/acme/more-{number}")

    queries = ("", "?page=4", "?per-page=100", "?per-page=500", "?page=2&per-page=100")
    assert [len(send("GET", f"/user/repos/github{query}").json()) for query in queries] == [30, 22, 100, 100, 12]


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ("", "xxxx"),
        ("a", "xxxx"),
        ("ab", "xxxxb"),
        ("abc", "xxxxc"),
        ("abcd", "xxxxcd"),
        ("abcdefg", "xxxxefg"),
        ("abcdefgh", "xxxxefgh"),
        ("abcdefghi", "xxxxfghi"),
        ("ünïcödé", "xxxxödé"),
        (1234, "xxxx34"),
        (True, "xxxxue"),
    ],
)
def test_variables_are_masked(followed: Emulator, send: Send, value: object, masked: str) -> None:
    answer = send("POST", "envvar", json={"name": "NAME", "value": value})

    assert answer.json() == {"name": "NAME", "value": masked}
    assert send("GET", "envvar/NAME").json() == {"name": "NAME", "value": masked}


def test_variables_are_overwritten_sorted_and_deleted(followed: Emulator, send: Send) -> None:
    for name, value in (("foo", "one"), ("FOO", "two"), ("BAR", "three"), ("FOO", "other")):
        answer = send("POST", "envvar", json={"name": name, "value": value})

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{followed.url}/api/v1.1/project/github/acme/api/envvar/FOO"
    assert [item["name"] for item in send("GET", "envvar").json()] == ["BAR", "FOO", "foo"]
    assert followed.project("github/acme/api").env_vars["FOO"] == "other"
    assert send("DELETE", "envvar/FOO").json() == {"message": "ok"}
    missing = send("DELETE", "envvar/FOO")
    assert (missing.status_code, missing.json()) == (404, {"message": "env var not found"})


@pytest.mark.parametrize("body", [{}, {"name": "A"}, {"name": "", "value": "b"}, {"name": 1, "value": "b"}])
def test_variable_needs_name_and_value(followed: Emulator, send: Send, body: dict[str, object]) -> None:
    assert send("POST", "envvar", json=body).status_code == 400
    assert followed.project("github/acme/api").env_vars == {}


def test_mask_without_letters_is_a_switch(followed: Emulator, send: Send) -> None:
    followed.state.switches.hide_whole_values = True

    assert send("POST", "envvar", json={"name": "A", "value": "abcdefgh"}).json()["value"] == "xxxx"


def test_heroku_key_is_taken_as_json_and_as_a_form(emulator: Emulator, send: Send) -> None:
    before = send("GET", "/me").json()["heroku_api_key"]
    masks = []
    for options in ({"json": {"apikey": "made-up-key-1111"}}, {"data": {"apikey": "made-up-key-2222"}}):
        answer = send("POST", "/user/heroku-key", **options)
        assert (answer.status_code, answer.content) == (200, b'""')
        masks.append(send("GET", "/me").json()["heroku_api_key"])

    assert before is None
    assert masks == [f"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx{tail}" for tail in ("1111", "2222")]
    assert send("POST", "/user/heroku-key", data="apikey=a").status_code == 400
