# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import types
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience
from ansible_collections.community.circleci.plugins.module_utils._resources import many_projects, project_items
from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_public_key
from ansible_collections.community.circleci.plugins.modules import circleci_projects
from ansible_collections.community.circleci.plugins.plugin_utils._turns import Turns
from emulator import Emulator
from tests.unit.keys import private_key
from tests.unit.predicting import differences
from tests.unit.trouble import add_repositories, make_trouble

MODULE = "circleci_projects"
API, WEB, TOOLS = "github/acme/api", "github/acme/web", "bitbucket/acme/tools"
APP = "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"
SETTINGS = "settings?skip-branches=true"
HOST = "deploy.acme.example"


def ssh_key(number: int = 0, **options: Any) -> dict[str, Any]:
    return {"hostname": HOST, "private_key": private_key(number=number), **options}


def variable(name: str = "PASSWORD", value: Any = "correct horse", **options: Any) -> dict[str, Any]:
    return {"name": name, "value": value, **options}


def whole(slug: str, **options: Any) -> dict[str, Any]:
    """A project with something of everything."""
    everything = {"following": True, "checkout_keys": [{}], "ssh_keys": [ssh_key()], "env_vars": [variable()]}
    return {"project": slug, **everything, **options}


@pytest.fixture
def run(run_module):
    """The module on some projects."""
    return lambda *projects, **options: run_module(MODULE, projects=list(projects), **options)


def kinds(things: list[dict[str, Any]]) -> list[str]:
    return [thing["kind"] for thing in things]


def state_of(emulator: Emulator, slug: str) -> tuple[bool, list[str], list[str], dict[str, str]]:
    project = emulator.project(slug)
    keys = [key.type for key in project.checkout_keys]
    return bool(project.followers), keys, [key.hostname for key in project.ssh_keys], dict(project.env_vars)


EVERYTHING = (True, ["deploy-key"], [HOST], {"PASSWORD": "correct horse"})


def test_projects_are_onboarded_once(emulator: Emulator, run) -> None:
    result = run(whole(API), whole(TOOLS), {"project": WEB, "following": True})
    assert "failed" not in result
    assert result["changed"] is True
    assert [item["project"] for item in result["projects"]] == [API, TOOLS, WEB]
    assert [kinds(item["added"]) for item in result["projects"]] == [
        ["following", "checkout_key", "ssh_key", "env_var"],
        ["following", "checkout_key", "ssh_key", "env_var"],
        ["following"],
    ]
    assert [section["before_header"] for section in result["diff"]] == [API, TOOLS, WEB]
    assert result["diff"][2]["after"] == {"following": True}
    assert result["summary"] == {"total": 3, "ok": 3, "changed": 3, "failed": 0}
    assert state_of(emulator, API) == state_of(emulator, TOOLS) == EVERYTHING
    emulator.clear()
    again = run(whole(API), whole(TOOLS), {"project": WEB, "following": True})
    assert (again["changed"], again["diff"]) == (False, [])
    assert [item["changed"] for item in again["projects"]] == [False] * 3
    assert again["summary"] == {"total": 3, "ok": 3, "changed": 0, "failed": 0}
    assert emulator.writes == []


def test_a_diff_names_what_changes_and_nothing_else(emulator: Emulator, run) -> None:
    run(whole(API))
    result = run(whole(API, env_vars=[variable(), variable("NEW", "another word")]))
    (section,) = result["diff"]
    assert (list(section["before"]), list(section["after"])) == (["env_vars"], ["env_vars"])


def test_a_converged_project_costs_two_requests(emulator: Emulator, run) -> None:
    items = [
        {"project": slug, "following": True, "checkout_keys": [{}], "ssh_keys": [ssh_key()]} for slug in (API, WEB)
    ]
    run(*items)
    emulator.clear()
    run(*items)
    asked = [record.path.removeprefix("/api/v1.1/") for record in emulator.requests]
    assert asked[0] == "me"
    assert sorted(asked[1:]) == sorted(
        f"project/{slug}/{what}" for slug in (API, WEB) for what in (SETTINGS, "checkout-key")
    )


@pytest.mark.parametrize(
    ("described", "requests"),
    [
        ({}, []),
        ({"following": True}, [SETTINGS]),
        ({"ssh_keys": [ssh_key()]}, [SETTINGS]),
        ({"checkout_keys": [{}]}, ["checkout-key"]),
        ({"env_vars": [variable()]}, ["envvar"]),
        ({"following": True, "env_vars": [variable()]}, [SETTINGS, "envvar"]),
        ({"following": False, "ssh_keys": [ssh_key()]}, [SETTINGS]),
    ],
)
def test_only_what_is_managed_is_read(emulator: Emulator, run, described: dict[str, Any], requests: list[str]) -> None:
    run(whole(API))
    if described.get("following") is False:
        run({"project": API, "following": False})
    emulator.clear()
    assert run({"project": API, **described})["changed"] is False
    assert [record.path.rsplit("/", 1)[-1] for record in emulator.requests] == ["me", *requests]


@pytest.mark.parametrize(
    "described",
    [
        {"following": True, "checkout_keys": [{}]},
        {"following": True, "checkout_keys": [{"exclusive": True, "max_age": 0}]},
        {"following": True, "checkout_keys": [{"type": "user-key"}, {}]},
        {"following": True, "checkout_keys": [{}, {"type": "user-key"}]},
        {"following": True, "checkout_keys": [{"type": "user-key"}]},
        {"following": True, "ssh_keys": [ssh_key(), ssh_key(1, hostname="")]},
        {"checkout_keys": [{"max_age": 0, "exclusive": True}]},
        {"ssh_keys": [ssh_key(2)], "ssh_keys_exclusive": True},
        {"env_vars": [variable(value="another value")], "env_vars_exclusive": True},
        {"env_vars": [variable("NEW", 7)]},
        {"following": False, "ssh_keys": [ssh_key(3)], "env_vars": [variable("NEW")]},
        {"following": False},
    ],
)
@pytest.mark.parametrize("start", ["new", "followed", "left", "by another"])
def test_check_mode_says_what_the_run_does_and_writes_nothing(
    emulator: Emulator, run, start: str, described: dict[str, Any]
) -> None:
    new = start == "new"
    if new and not described.get("following"):
        described = {"following": True, **{name: value for name, value in described.items() if name != "following"}}
    if not new:
        run(whole(API, ssh_keys=[ssh_key(1), ssh_key(1, hostname="")], env_vars=[variable("OLD"), variable()]))
    if start == "left":
        run({"project": API, "following": False})
    if start == "by another":
        emulator.state.add_token("another-token", login="somebody")
        run({"project": API, "following": True}, api_token="another-token")
        run({"project": API, "following": False})
    emulator.clear()
    predicted = run({"project": API, **described}, check_mode=True)
    assert emulator.writes == []
    real = run({"project": API, **described})
    assert differences(predicted, real) == []
    emulator.clear()
    again = run({"project": API, **described})
    rotates = described.get("checkout_keys", [{}])[0].get("max_age") == 0
    assert (again["changed"], len(emulator.writes) > 0) == (rotates, rotates)


def test_a_diff_has_the_managed_types_of_keys_alone(emulator: Emulator, run) -> None:
    run({"project": API, "following": True, "checkout_keys": [{}, {"type": "user-key"}]})
    (diff,) = run({"project": API, "checkout_keys": [{"max_age": 0}]})["diff"]
    for side in ("before", "after"):
        assert [key["type"] for key in diff[side]["checkout_keys"]] == ["deploy-key"]


def test_one_that_changes_among_others_that_do_not_is_a_change(emulator: Emulator, run) -> None:
    run({"project": API, "following": True})
    result = run({"project": API, "following": True}, {"project": WEB, "following": True})
    assert (result["changed"], [item["changed"] for item in result["projects"]]) == (True, [False, True])


def test_a_key_that_following_made_is_not_rotated_at_once(emulator: Emulator, run) -> None:
    result = run({"project": API, "following": True, "checkout_keys": [{"max_age": 0}]})
    assert [record.path.rsplit("/", 1)[-1] for record in emulator.writes] == ["follow"]
    (made,) = emulator.project(API).checkout_keys
    assert result["projects"][0]["added"][1]["public_key"] == made.public_key.strip()
    (diff,) = result["diff"]
    assert diff["before"] == {"following": False, "checkout_keys": []}
    assert [key["public_key"] for key in diff["after"]["checkout_keys"]] == [made.public_key.strip()]


def test_a_user_key_is_rotated_though_following_has_just_made_a_deploy_key(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for following in (True, False):
        run({"project": API, "following": following})
    state, follow = emulator.state, emulator.state.follow
    state.add_checkout_key(emulator.project(API), "github-user-key", state.users["emulator"])

    def with_a_deploy_key(project: Any, user: Any) -> Any:
        build = follow(project, user)
        state.add_checkout_key(project, "deploy-key", None)
        return build

    monkeypatch.setattr(state, "follow", with_a_deploy_key)
    keys = [{"max_age": 0}, {"type": "user-key", "max_age": 0}]
    result = run({"project": API, "following": True, "checkout_keys": keys})
    made = [entry.get("type") for entry in result["projects"][0]["added"]]
    assert made == [None, "deploy-key", "github-user-key"]


def test_only_the_deploy_key_counts_as_made_by_following(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may make another key at the same moment."""
    state, follow = emulator.state, emulator.state.follow

    def meanwhile(project: Any, user: Any) -> Any:
        build = follow(project, user)
        state.add_checkout_key(project, "github-user-key", user)
        return build

    monkeypatch.setattr(state, "follow", meanwhile)
    result = run({"project": API, "following": True, "checkout_keys": [{}]})
    assert [entry.get("type") for entry in result["projects"][0]["added"]] == [None, "deploy-key"]
    assert len(emulator.project(API).checkout_keys) == 2


def test_following_comes_first_and_unfollowing_last(emulator: Emulator, run) -> None:
    run(whole(API))
    assert [record.path.rsplit("/", 1)[-1] for record in emulator.writes] == ["follow", "ssh-key", "envvar"]
    run({"project": WEB, "following": True})
    emulator.clear()
    nightly = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
    leaving = {"following": False, "ssh_keys": [ssh_key()], "env_vars": [variable()], "schedules": [nightly]}
    run({"project": WEB, **leaving})
    written = [record.path.rsplit("/", 1)[-1] for record in emulator.writes]
    assert written == ["ssh-key", "envvar", "schedule", "unfollow"]


def test_exclusive_replaces_keys_and_variables(emulator: Emulator, run) -> None:
    run(whole(API, ssh_keys=[ssh_key(1), ssh_key(2, hostname="")], env_vars=[variable("OLD"), variable()]))
    old = emulator.project(API).ssh_keys[0].public_key
    emulator.clear()
    result = run(whole(API, ssh_keys_exclusive=True, env_vars_exclusive=True))
    (item,) = result["projects"]
    assert (kinds(item["added"]), kinds(item["removed"])) == (["ssh_key"], ["ssh_key", "ssh_key", "env_var"])
    assert item["removed"][0]["public_key"] == old
    assert [record.method for record in emulator.writes] == ["POST", "DELETE", "DELETE", "DELETE"]
    assert state_of(emulator, API) == EVERYTHING


def test_removed_checkout_keys_come_with_their_public_halves(emulator: Emulator, run) -> None:
    run(whole(API), whole(WEB))
    old = [emulator.project(slug).checkout_keys[0].public_key for slug in (API, WEB)]
    rotating = [{"project": slug, "checkout_keys": [{"max_age": 0, "exclusive": True}]} for slug in (API, WEB)]
    result = run(*rotating)
    assert [item["removed"][0]["public_key"] for item in result["projects"]] == old
    emulator.fault("status", method="DELETE", path="acme/web", status=403, body={"message": "Permission denied"})
    emulator.state.add_checkout_key(emulator.project(API), "deploy-key", None)
    emulator.fault(
        "status", method="DELETE", path="acme/api", after=1, status=403, body={"message": "Permission denied"}
    )
    old = [emulator.project(slug).checkout_keys[0].public_key for slug in (API, WEB)]
    result = run(*rotating)
    assert (result["failed"], result["changed"]) == (True, True)
    assert [item["changed"] for item in result["projects"]] == [True, True]
    assert [[key["public_key"] for key in item["removed"]] for item in result["projects"]] == [[old[0]], []]


def test_a_fingerprint_must_be_listed_before_anything_is_written(emulator: Emulator, run) -> None:
    run({"project": API, "ssh_keys": [ssh_key()], "following": True})
    (listed,) = run({"project": API, "ssh_keys": [ssh_key(1)]})["projects"][0]["added"]
    kept = {"hostname": HOST, "fingerprint": listed["fingerprint"]}
    assert run({"project": API, "ssh_keys": [kept]})["changed"] is False
    result = run({"project": API, "ssh_keys": [kept], "ssh_keys_exclusive": True})
    assert len(result["projects"][0]["removed"]) == 1
    emulator.clear()
    result = run({"project": WEB, "following": True, "ssh_keys": [kept]})
    assert (result["failed"], result["changed"]) == (True, False)
    assert "has no SSH key" in result["projects"][0]["msg"]
    assert emulator.writes == []


SSH_KEY = {"hostname": HOST, "private_key": private_key()}
NOT_FOLLOWING: dict[str, dict[str, Any]] = {
    "ssh_keys": {"ssh_keys": [SSH_KEY]},
    "exclusive ssh_keys": {"ssh_keys": [SSH_KEY], "ssh_keys_exclusive": True},
    "checkout_keys": {"checkout_keys": [{}]},
    "env_vars": {"env_vars": [variable()]},
    "all": {"ssh_keys": [SSH_KEY], "checkout_keys": [{}], "env_vars": [variable()]},
    "ssh_keys, not following": {"following": False, "ssh_keys": [SSH_KEY]},
    "env_vars, not following": {"following": False, "env_vars": [variable()]},
}


@pytest.mark.parametrize("case", NOT_FOLLOWING)
def test_a_project_that_is_not_set_up_needs_following(emulator: Emulator, run, case: str) -> None:
    """In check mode too: what an earlier task would do is not known there."""
    predicted = run({"project": API, **NOT_FOLLOWING[case]}, whole(WEB), check_mode=True)
    assert emulator.writes == []
    real = run({"project": API, **NOT_FOLLOWING[case]}, whole(WEB))
    assert state_of(emulator, WEB) == EVERYTHING
    for result in (predicted, real):
        assert [item["failed"] for item in result["projects"]] == [True, False]
        assert "follow it first" in result["projects"][0]["msg"]
        assert "following: true" in result["projects"][0]["msg"]
        assert result["warnings"] == []
        assert result["summary"] == {"total": 2, "ok": 1, "changed": 1, "failed": 1}
    assert predicted["projects"][0] == real["projects"][0]


def test_unfollowing_what_is_not_set_up_is_nothing_to_do(emulator: Emulator, run) -> None:
    result = run({"project": API, "following": False})
    assert (result["changed"], result["projects"][0]["failed"]) == (False, False)


def test_warnings_are_told_once_for_all_projects(emulator: Emulator, run) -> None:
    items = [{"project": slug, "following": True, "env_vars": [variable("EMPTY", "")]} for slug in (API, WEB, TOOLS)]
    (warning,) = run(*items)["warnings"]
    assert warning.startswith(f"{API} and 2 others: The value of variable EMPTY is empty")


def test_warnings_that_name_their_projects_are_told_once_too(emulator: Emulator, run) -> None:
    items = [{"project": f"github/acme/new-{number}"} for number in range(3)]
    result = run(*({**item, "following": True} for item in items), check_mode=True, wait_for_repository=60)
    (warning,) = result["warnings"]
    assert warning.startswith(f"{items[0]['project']} and 2 others: CircleCI does not see the repository of <slug>.")


def test_a_project_that_is_as_wanted_is_one_short_entry(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(whole(API))
    [item] = run(whole(API))["projects"]
    nothing: dict[str, Any] = {"msg": None, "first_build": None, "added": [], "removed": [], "updated": []}
    assert item == {"project": API, "changed": False, "failed": False, **nothing}

    monkeypatch.setattr(many_projects, "REPORT_EVERY", 600.0)
    told: list[str] = []
    client = Client(emulator.url, emulator.token, report=lambda text, **_how: told.append(text))
    projects = params_of({"project": API, "following": True})
    circleci_projects.run(client, {"projects": projects, "organization": None, "vcs_type": None, "concurrency": 1})
    [line] = told
    assert line.startswith("1 of 1 project, 0 changed, 0 failed, ")


@pytest.mark.parametrize("check_mode", [True, False])
def test_one_warning_counts_the_values_that_masks_tell_nothing_of(emulator: Emulator, run, check_mode: bool) -> None:
    url = "postgres://app:%s@db.acme.example:5432/app"
    told = [variable("TOKEN", "one-long-word"), variable("LEFT", "x", update_value="on_create")]
    items: list[dict[str, Any]] = [
        {"project": slug, "following": True, "env_vars": [*told, variable("URL", url % "old"), variable("SHORT", "a")]}
        for slug in (API, WEB, TOOLS)
    ]
    assert run(*items)["warnings"] == []
    for item in items:
        item["env_vars"][2] = variable("URL", url % "new")
    (warning,) = run(*items, check_mode=check_mode)["warnings"]
    assert "whether 6 variables have changed" in warning
    assert (
        f"nothing was written: URL of {API}, SHORT of {API}, URL of {WEB}, SHORT of {WEB}, URL of {TOOLS} and 1 more."
        in warning
    )
    assert "update_value: always" in warning


def test_a_value_is_rotated_wherever_it_is_in_two_requests_each(emulator: Emulator, run) -> None:
    slugs = add_repositories(emulator, 20)
    having = slugs[::2]
    for slug in slugs:
        emulator.follow(slug)
    for slug in having:
        emulator.project(slug).env_vars["NPM_TOKEN"] = "npm_old"
    items = [
        {"project": slug, "env_vars": [variable("NPM_TOKEN", "npm_new", update_value="if_present")]} for slug in slugs
    ]
    predicted = run(*items, check_mode=True)
    emulator.clear()
    real = run(*items)
    assert predicted["projects"] == real["projects"]
    assert [item["project"] for item in real["projects"] if item["changed"]] == having
    changed = {"before": {"env_vars": {"NPM_TOKEN": "xxxxold"}}, "after": {"env_vars": {"NPM_TOKEN": "xxxxnew"}}}
    assert predicted["diff"] == real["diff"]
    assert [{name: diff[name] for name in changed} for diff in real["diff"]] == [changed] * len(having)
    assert all(item["updated"] == [{"kind": "env_var", "name": "NPM_TOKEN"}] for item in real["projects"][::2])
    asked = Counter((record.method, record.path) for record in emulator.requests)
    assert asked == Counter(
        {("GET", "/api/v1.1/me"): 1}
        | {("GET", f"/api/v1.1/project/{slug}/envvar"): 1 for slug in slugs}
        | {("POST", f"/api/v1.1/project/{slug}/envvar"): 1 for slug in having}
    )
    assert [dict(emulator.project(slug).env_vars) for slug in slugs] == [{"NPM_TOKEN": "npm_new"}, {}] * 10


def test_what_has_no_value_is_left_alone_when_that_is_allowed(emulator: Emulator, run) -> None:
    run(whole(API, env_vars=[variable("KEPT"), variable("GONE"), variable("PASSWORD", "an-old-one")]))
    missing: list[dict[str, Any]] = [{"name": "KEPT"}, {"name": "NEVER", "value": None}, variable(value="a-new-word")]
    item = {"project": API, "env_vars": missing, "env_vars_exclusive": True}
    refused = run(item)
    assert refused["failed"] is True
    assert "env_vars[0]: Variable KEPT has no value" in refused["msg"]
    assert "env_vars[1]: Variable NEVER has no value" in refused["msg"]
    assert emulator.project(API).env_vars["PASSWORD"] == "an-old-one"
    result = run({**item, "skip_missing": True})
    assert (kinds(result["projects"][0]["removed"]), result["warnings"]) == (["env_var"], [])
    assert dict(emulator.project(API).env_vars) == {"KEPT": "correct horse", "PASSWORD": "a-new-word"}
    emulator.clear()
    assert run({**item, "skip_missing": True})["changed"] is False
    assert emulator.writes == []


def test_warnings_are_bounded(emulator: Emulator, run) -> None:
    emulator.state.switches.hide_whole_values = True
    slugs = add_repositories(emulator, 60)
    names = {slug: f"PASSWORD_{number}" for number, slug in enumerate(slugs)}
    result = run(*({"project": slug, "following": True, "env_vars": [variable(names[slug])]} for slug in slugs))
    assert len(result["warnings"]) == 51
    assert result["warnings"][-1] == "There are 10 more such warnings."


@pytest.mark.parametrize(
    ("projects", "words"),
    [
        ([{"project": "acme/api"}], ["projects[0] (acme/api): ", "Write github/acme/api"]),
        ([{"project": "https://u:p@github.com/acme/api"}], ["projects[0] (https://github.com/acme/api): "]),
        ([{"project": "api"}], ["projects[0] (api): ", "only the name of a repository"]),
        ([{"project": API, "organization": "other"}], ["contradicts organization"]),
        (
            [{"project": WEB}, {"project": API}, {"project": "gh/acme/api"}],
            [f"projects[2] (gh/acme/api): {API} is already described in projects[1]."],
        ),
        ([{"project": API}, {"project": "github/Acme/API"}], ["already described in projects[0]"]),
        (
            [whole(API, ssh_keys=[{"hostname": HOST}]), whole(WEB, ssh_keys=[ssh_key(private_key="nothing")])],
            [
                f"2 things are wrong:\nprojects[0] ({API}): ssh_keys[0]: a key is missing",
                f"projects[1] ({WEB}): ssh_keys[0]: private_key is not a private key",
            ],
        ),
        ([whole(API, ssh_keys=[ssh_key(private_key_path="/a")])], ["ssh_keys[0]: private_key and private_key_path"]),
        (
            [whole(API, ssh_keys=[{"private_key_path": "/does/not/exist"}])],
            ["ssh_keys[0]: The file /does/not/exist cannot be read"],
        ),
        (
            [whole(API, ssh_keys=[ssh_key(), ssh_key(1), ssh_key()])],
            ["ssh_keys[2] is the same as ssh_keys[0]"],
        ),
        ([whole(API, checkout_keys=[{"max_age": -1}])], ["checkout_keys[0]: max_age must be"]),
        (
            [whole(API, checkout_keys=[{}, {"type": "user-key"}, {"type": "github-user-key"}])],
            ["checkout_keys[2] is the same as checkout_keys[1]"],
        ),
        ([whole(APP)], [f"projects[0] ({APP}): checkout_keys: ", "have no checkout keys"]),
        ([whole(API, following=False)], ["following: false and checkout_keys exclude each other"]),
        ([whole(API, env_vars=[variable("1A")])], ["env_vars[0]: '1A' is not the name of an environment variable"]),
        ([whole(API, env_vars=[variable(value=[1])])], ["env_vars[0]: The value of variable PASSWORD is a list"]),
        (
            [whole(API, env_vars=[variable(), variable("B"), variable(value="other")])],
            ["env_vars[2] is the same as env_vars[0]"],
        ),
        (
            [whole(API, env_vars=[variable("1"), variable("A"), variable("A")])],
            ["env_vars[0]: '1' is not", "env_vars[2] is the same as env_vars[1]"],
        ),
        ([whole(API, env_vars=[variable(value="\udcff")])], ["projects[0].env_vars[0].value is binary data"]),
        ([whole(API, ssh_keys=[{"private_key_path": "/a\0b"}])], ["cannot be read: embedded null byte"]),
        ([{"project": API, "ssh_keys_exclusive": True}], ["ssh_keys_exclusive needs ssh_keys"]),
        ([whole(API, ssh_keys=[], ssh_keys_exclusive=True)], ["ssh_keys_exclusive needs ssh_keys"]),
        ([whole(API, env_vars=[], env_vars_exclusive=True)], ["env_vars_exclusive needs env_vars"]),
        ([{"project": f"x/{index}"} for index in range(60)], ["60 things are wrong", "and 10 more."]),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_can_be_seen_before_never_reaches_the_api(
    emulator: Emulator, run, projects: list[Any], words: list[str], check_mode: bool
) -> None:
    result = run(*projects, check_mode=check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    for word in words:
        assert word in result["msg"]
    if "binary data" not in result["msg"]:
        assert set(result["msg"].splitlines()[-50:]) & set(result["problems"])
    assert emulator.requests == []


@pytest.mark.parametrize("by_fingerprint", [True, False])
def test_exclusive_removes_surplus_equals_where_the_key_is_known(emulator: Emulator, run, by_fingerprint: bool) -> None:
    emulator.state.switches.ssh_delete_all = True
    run({"project": API, "following": True, "ssh_keys": [ssh_key()]})
    project = emulator.project(API)
    project.ssh_keys *= 3
    fingerprint = {"hostname": HOST, "fingerprint": parse_public_key(project.ssh_keys[0].public_key).sha256}
    wanted = {"project": API, "ssh_keys": [fingerprint if by_fingerprint else ssh_key()], "ssh_keys_exclusive": True}
    result = run(wanted)
    assert len(project.ssh_keys) == (3 if by_fingerprint else 1)
    assert result["changed"] is not by_fingerprint
    assert [thing["kind"] for thing in result["projects"][0]["removed"]] == ([] if by_fingerprint else ["ssh_key"] * 2)
    warnings = [text for text in result["warnings"] if f"for host {HOST} 3 times. Give the key itself" in text]
    assert len(warnings) == by_fingerprint


@pytest.mark.parametrize("concurrency", [0, 33, -1])
def test_the_concurrency_is_bounded(emulator: Emulator, run, concurrency: int) -> None:
    assert "from 1 to 32" in run(whole(API), concurrency=concurrency)["msg"]
    assert emulator.requests == []


def test_the_task_gives_organization_and_vcs_type_to_names_only(emulator: Emulator, run) -> None:
    emulator.add_repository("github/other/api")
    emulator.add_repository("bitbucket/acme/api")
    result = run(
        {"project": "tools"},
        {"project": "api", "organization": "other", "vcs_type": "gh"},
        {"project": "api"},
        {"project": "github/acme/web"},
        organization="acme",
        vcs_type="bb",
    )
    assert [item["project"] for item in result["projects"]] == [TOOLS, "github/other/api", "bitbucket/acme/api", WEB]


@pytest.mark.parametrize(
    ("token", "words"), [("not-a-token", "401"), ("emulator-project-token", "project token"), (None, "No API token")]
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_the_token_is_checked_once_before_the_first_project(
    emulator: Emulator, run, token: str | None, words: str, check_mode: bool
) -> None:
    result = run(whole(API), whole(WEB), api_token=token, check_mode=check_mode)
    assert result["failed"] is True
    assert words in result["msg"]
    assert len(emulator.requests) == (1 if token else 0)


def test_no_project_is_no_work(emulator: Emulator, run) -> None:
    result = run()
    assert (result["changed"], result["projects"], result["diff"]) == (False, [], [])
    assert result["summary"] == {"total": 0, "ok": 0, "changed": 0, "failed": 0}


@pytest.mark.once
def test_three_hundred_projects_with_trouble_end_right(emulator: Emulator, run) -> None:
    slugs = add_repositories(emulator, 300)
    failing = make_trouble(emulator, slugs)
    described = [whole(slug) for slug in slugs]

    result = run(*described, concurrency=16)
    assert (result["failed"], result["changed"]) == (True, True)
    assert [item["project"] for item in result["projects"]] == slugs
    assert [item["project"] for item in result["projects"] if item["failed"]] == list(failing)
    assert result["msg"].startswith("10 of 300 projects failed: for 5 projects: ")
    for status, path in ((404, "GET project/<slug>/settings"), (403, "POST project/<slug>/ssh-key")):
        assert result["msg"].count(f"for 5 projects: CircleCI answered {status} to {path}") == 1
        named = ", ".join(slug for slug in failing if failing[slug] == status)
        assert f"They are {named}." in result["msg"]
    for item in result["projects"]:
        if item["failed"]:
            assert f"CircleCI answered {failing[item['project']]} to " in item["msg"]
            assert item["project"] in item["msg"]
    assert result["summary"] == {"total": 300, "ok": 290, "changed": 295, "failed": 10}
    assert len(result["diff"]) == 290
    assert Counter(record.status for record in emulator.requests)[429] == 20
    for slug in set(slugs) - set(failing):
        assert state_of(emulator, slug) == EVERYTHING
    followed = Counter(record.path for record in emulator.writes if record.path.endswith("/follow"))
    assert max(followed.values()) <= 2  # a throttled one is repeated

    emulator.faults.clear()
    emulator.clear()
    repaired = run(*described, concurrency=16)
    assert "failed" not in repaired
    assert [item["project"] for item in repaired["projects"] if item["changed"]] == list(failing)
    assert repaired["summary"] == {"total": 300, "ok": 300, "changed": 10, "failed": 0}
    assert {record.path.split("/api/v1.1/project/")[1].rsplit("/", 1)[0] for record in emulator.writes} == set(failing)
    assert all(state_of(emulator, slug) == EVERYTHING for slug in slugs)

    emulator.clear()
    assert run(*described, concurrency=16)["changed"] is False
    assert emulator.writes == []


@pytest.mark.parametrize(
    ("before", "described", "fault", "done"),
    [
        (
            {},
            {"env_vars": [variable("A"), variable("PASSWORD", "other value"), variable("Z")]},
            {"method": "POST", "path": "/envvar", "after": 2},
            {"added": [{"kind": "env_var", "name": "A"}], "updated": [{"kind": "env_var", "name": "PASSWORD"}]},
        ),
        (
            {"env_vars": [variable("A"), variable("B")]},
            {"env_vars": [variable("C")], "env_vars_exclusive": True},
            {"method": "DELETE", "path": "/envvar", "after": 1},
            {"added": [{"kind": "env_var", "name": "C"}], "removed": [{"kind": "env_var", "name": "A"}]},
        ),
        (
            {},
            {"ssh_keys": [ssh_key(2, hostname="two"), ssh_key(3, hostname="three")]},
            {"method": "POST", "path": "/ssh-key", "after": 1},
            {"added": [{"kind": "ssh_key", "hostname": "two"}]},
        ),
        (
            {},
            {"checkout_keys": [{"max_age": 0}]},
            {"method": "DELETE", "path": "/checkout-key"},
            {"added": [{"kind": "checkout_key", "type": "deploy-key"}]},
        ),
    ],
    ids=["variables", "exclusive variables", "ssh keys", "rotation"],
)
def test_a_project_that_fails_half_way_tells_what_was_done(
    emulator: Emulator, run, before: dict[str, Any], described: dict[str, Any], fault: dict[str, Any], done: Any
) -> None:
    run(whole(API, **before))
    emulator.clear()
    emulator.fault("status", status=403, body={"message": "Permission denied"}, **fault)
    result = run({"project": API, **described})
    (item,) = result["projects"]
    assert (item["failed"], item["changed"], result["changed"], result["diff"]) == (True, True, True, [])
    for kind in ("added", "removed", "updated"):
        expected = done.get(kind, [])
        assert len(item[kind]) == len(expected)
        assert all(thing.items() >= wanted.items() for thing, wanted in zip(item[kind], expected, strict=True))


def test_a_write_of_which_nobody_knows_what_became_may_be_a_change(emulator: Emulator, run) -> None:
    run({"project": API, "following": True})
    emulator.fault("drop", method="POST", path="/envvar", when="after")
    emulator.fault("status", method="GET", path="/envvar", after=1, status=403, body={"message": "Permission denied"})
    result = run({"project": API, "env_vars": [variable()]}, retries=0)
    (item,) = result["projects"]
    assert (item["failed"], item["changed"], result["changed"], item["added"]) == (True, True, True, [])
    assert "What became of it cannot be read" in item["msg"]


def test_a_failure_says_what_the_next_run_does(emulator: Emulator, run) -> None:
    lost = {"project": "github/acme/lost", "following": True}
    good = {"project": API, "following": True}
    assert "this was a prediction" in run(lost, good, check_mode=True)["msg"]
    assert "this was a prediction" in run(lost, check_mode=True)["msg"]
    assert run(lost)["hint"] == "Mend the causes and run the task again."
    assert run(lost, good)["msg"].endswith("The others are done. Run the task again: it repairs just the rest.")


def test_the_message_of_the_task_is_bounded(emulator: Emulator, run) -> None:
    result = run(*({"project": f"github/acme/{'x' * 90}{index}", "following": True} for index in range(100)))
    assert result["summary"]["failed"] == 100
    assert result["msg"].startswith("100 of 100 projects failed: ")
    assert ", and 50 more." in result["msg"]
    assert len(result["msg"]) < 7000
    messages = {item["msg"] for item in result["projects"]}
    assert len(messages) == 100


def test_one_throttled_request_makes_all_wait(emulator: Emulator, run) -> None:
    slugs = add_repositories(emulator, 100)
    for slug in slugs:
        emulator.follow(slug)
    emulator.fault("status", path="service-009/settings", status=429, headers={"Retry-After": "1"})
    result = run(*({"project": slug, "following": True, "checkout_keys": [{}]} for slug in slugs), concurrency=4)
    assert result["changed"] is False
    (warning,) = result["warnings"]
    assert "throttled this task, which waited 1 s" in warning
    log = [record.path for record in emulator.requests]
    throttled = next(index for index, record in enumerate(emulator.requests) if record.status == 429)
    repeated = log.index(log[throttled], throttled + 1)
    # Without a common pause the three others would do nearly all of the 180 requests that are left in that second.
    assert repeated - throttled < 30
    assert len(log) == 1 + 200 + 1


@pytest.mark.once
def test_the_sum_of_waits_starts_again_after_a_success(emulator: Emulator, run) -> None:
    slugs = add_repositories(emulator, 4)
    for slug in slugs:
        emulator.fault("status", path=f"{slug}/settings", status=429, headers={"Retry-After": "1"})
    described = [{"project": slug, "following": True} for slug in slugs]
    result = run(*described, concurrency=1, retry_budget=1.5)
    assert "failed" not in result
    emulator.fault("status", path=f"{API}/settings", status=429, headers={"Retry-After": "2"})
    result = run({"project": API, "following": True}, retry_budget=1.5)
    assert "asks to wait 2 s" in result["projects"][0]["msg"]


# --- turns ------------------------------------------------------------------------------------------------------------


def test_a_project_at_which_another_task_is_at_work_is_named(emulator: Emulator, run, tmp_path: Path) -> None:
    described = [{"project": slug, "following": True} for slug in (API, WEB)]
    take = Turns(tmp_path, emulator.url, 0.0).take
    with take(API):
        predicted = run(*described, turn=take, check_mode=True)
        assert (predicted["changed"], predicted["warnings"]) == (True, [])
        result = run(*described, turn=take)
    (warning,) = result["warnings"]
    assert warning.startswith(f"Another task is at work on {API}, and did not end within 0 s")
    assert [item["changed"] for item in result["projects"]] == [True, True]
    assert run(*described, turn=take)["warnings"] == []


def test_a_project_is_looked_at_in_its_turn(
    emulator: Emulator, run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What another task makes meanwhile is not made once more."""
    turns = Turns(tmp_path, emulator.url, 9.0)
    other = turns.take(API)
    other.__enter__()
    waited: list[float] = []

    def sleep(_self: Patience, seconds: float) -> None:
        if seconds and not waited:
            assert not any(API in record.path for record in emulator.requests)
            emulator.follow(API)
            other.__exit__(None, None, None)
            waited.append(seconds)

    monkeypatch.setattr(Patience, "sleep", sleep)
    result = run({"project": API, "following": True}, turn=turns.take)
    assert (result["changed"], result["warnings"], emulator.writes) == (False, [], [])
    assert waited


def test_the_turn_of_a_project_ends_with_it_though_it_fails(emulator: Emulator, run, tmp_path: Path) -> None:
    take = Turns(tmp_path, emulator.url, 0.0).take
    result = run({"project": "github/acme/none", "following": True}, turn=take)
    assert result["failed"]
    with take("github/acme/none") as warnings:
        assert warnings == []


@pytest.mark.parametrize("concurrency", [1, 3])
def test_so_many_connections_as_the_concurrency_are_used(emulator: Emulator, run, concurrency: int) -> None:
    emulator.latency = 0.005
    run(*({"project": slug, "following": True} for slug in add_repositories(emulator, 12)), concurrency=concurrency)
    assert emulator.connections == concurrency


def params_of(*projects: dict[str, Any]) -> list[dict[str, Any]]:
    """Projects as a task hands them on."""
    defaults = {name: option.get("default") for name, option in project_items.ITEM.items()}
    return [{**defaults, **project} for project in projects]


def test_what_is_done_is_told_meanwhile(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_projects, "REPORT_EVERY", 0.0)
    told: list[str] = []
    red: list[str] = []

    def report(text: str, *, failed: bool = False, **_how: Any) -> None:
        told.append(text)
        red.extend([text] if failed else [])

    client = Client(emulator.url, emulator.token, report=report)
    described = params_of({"project": API, "following": True}, {"project": "github/acme/none", "following": True})
    with pytest.raises(CircleCIError, match="1 of 2 projects failed"):
        circleci_projects.run(client, {"projects": described, "organization": None, "vcs_type": None, "concurrency": 1})
    changes = [text for text in told if " of 2 projects, " not in text]
    assert changes[0] == f"{API}: added this user as a follower"
    assert changes[1].startswith("github/acme/none: failed: CircleCI answered 404")
    assert (len(changes), red) == (2, [changes[1]])
    progress = [text for text in told if " of 2 projects, " in text]
    assert progress[-2].startswith("2 of 2 projects, 1 changed, 1 failed, ")
    assert any(text.startswith("1 of 2 projects, 1 changed, 0 failed, ") for text in progress)


@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_changed_or_would_be_is_told_in_its_own_words(emulator: Emulator, read_only: bool) -> None:
    emulator.follow(API)
    emulator.project(API).env_vars.update(OLD="an old word", PASSWORD="another word")
    if not read_only:
        emulator.fault("status", method="DELETE", path="/envvar", status=403, body={"message": "no"})
    told: list[str] = []
    client = Client(emulator.url, emulator.token, read_only=read_only, report=lambda text, **_how: told.append(text))
    wanted = [variable(name, update_value="when_mask_differs") for name in ("NEW", "PASSWORD")]
    described = params_of({"project": API, "env_vars": wanted, "env_vars_exclusive": True})
    with contextlib.nullcontext() if read_only else pytest.raises(CircleCIError):
        circleci_projects.run(client, {"projects": described, "organization": None, "vcs_type": None, "concurrency": 1})
    changes = [text.partition(": CircleCI answered 403")[0] for text in told if " of 1 project, " not in text]
    assert changes == [
        f"{API}: {'would add' if read_only else 'added'} variable NEW",
        *([f"{API}: would remove variable OLD"] if read_only else []),
        f"{API}: {'would update' if read_only else 'updated'} variable PASSWORD",
        *([] if read_only else [f"{API}: failed"]),
    ]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_fails_before_its_first_write_has_changed_nothing(emulator: Emulator, run, check_mode: bool) -> None:
    absent = {"hostname": "deploy.acme.example", "fingerprint": "0a:" * 15 + "0b"}
    result = run(
        {"project": API, "following": True, "env_vars": [variable()], "ssh_keys": [absent]}, check_mode=check_mode
    )
    (item,) = result["projects"]
    assert (result["failed"], item["failed"], item["changed"], emulator.writes) == (True, True, False, [])
    assert (item["added"], item["removed"], item["updated"], result.get("diff", [])) == ([], [], [], [])


def test_how_far_it_is_is_told_every_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [1000.0], list[str]()
    monkeypatch.setattr(many_projects, "time", types.SimpleNamespace(monotonic=lambda: now[0]))
    client = Client("http://127.0.0.1:9", report=lambda text, **_how: told.append(text))
    progress = many_projects._Progress(client, 3)
    for seconds in (0.5, 4.5, 5.0, 5.5, 9.5, 10.0, 10.5):
        now[0] = 1000.0 + seconds
        progress.tell_when_due()
    assert told == [f"0 of 3 projects, 0 changed, 0 failed, {seconds} s" for seconds in (5, 10)]


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ({"kind": "following"}, "this user as a follower"),
        ({"kind": "env_var", "name": "A"}, "variable A"),
        ({"kind": "setting", "name": "disable_ssh"}, "setting disable_ssh"),
        ({"kind": "webhook", "name": "deploys"}, "webhook deploys"),
        ({"kind": "schedule", "name": "nightly"}, "schedule nightly"),
        ({"kind": "checkout_key", "type": "deploy-key", "fingerprint_sha256": None}, "deploy-key"),
        ({"kind": "checkout_key", "type": "deploy-key", "fingerprint_sha256": "SHA256:x"}, "deploy-key SHA256:x"),
        ({"kind": "checkout_key", "type": "x", "fingerprint_sha256": None, "fingerprint": "aa:bb"}, "x aa:bb"),
        ({"kind": "ssh_key", "hostname": "h", "fingerprint_sha256": "SHA256:x"}, "SSH key SHA256:x for h"),
        ({"kind": "ssh_key", "hostname": "", "fingerprint_sha256": "SHA256:x"}, "SSH key SHA256:x"),
    ],
)
def test_changes_are_told_in_words(thing: dict[str, Any], words: str) -> None:
    assert many_projects._in_words(thing) == words


def test_secrets_are_nowhere_in_the_result(emulator: Emulator, run) -> None:
    emulator.fault("status", method="POST", path=f"{WEB}/envvar", status=400, body={"message": "bad: correct horse"})
    for check_mode in (True, False):
        result = run(whole(API), whole(WEB), whole("github/acme/none"), check_mode=check_mode)
        text = repr(result)
        assert "correct horse" not in text
        assert emulator.token not in text
        assert not any(line in text for line in private_key().splitlines() if not line.startswith("-----"))
    assert "bad: ********" in result["projects"][1]["msg"]


def wait_for_threads() -> int:
    """Wait for what an interrupted task has left behind, so that it sends nothing in the next test; how many it was."""

    def left() -> int:
        return sum(thread.name == "circleci" for thread in threading.enumerate())

    # Not joined, for an interrupt may come while one is being started, which cannot be joined then.
    first, end = left(), time.monotonic() + 60
    while left() and time.monotonic() < end:
        time.sleep(0.01)
    return first


def test_an_interrupt_ends_the_others_quickly(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    slugs = add_repositories(emulator, 50)

    def report(text: str) -> None:
        raise KeyboardInterrupt

    client = Client(emulator.url, emulator.token, report=report)
    described = params_of(*({"project": slug, "following": True} for slug in slugs))
    params = {"projects": described, "organization": None, "vcs_type": None, "concurrency": 2}
    with pytest.raises(KeyboardInterrupt):
        circleci_projects.run(client, params)
    wait_for_threads()
    assert len(emulator.writes) < 25


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 503}])
def test_an_interrupt_ends_all_waiting_for_a_server_that_throttles(emulator: Emulator, fault: dict[str, Any]) -> None:
    """If it did not, this test would run into its time limit."""
    slugs = add_repositories(emulator, 8)
    patient = {"kind": "status", "headers": {"Retry-After": "3600"}, "times": None, "path": "/settings", **fault}
    emulator.fault(**patient)
    client = Client(emulator.url, emulator.token, retry_budget=100_000)
    described = params_of(*({"project": slug, "following": True} for slug in slugs))
    params = {"projects": described, "organization": None, "vcs_type": None, "concurrency": 4}

    def interrupt() -> None:
        while not any("/settings" in record.path and record.status for record in emulator.requests):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        circleci_projects.run(client, params)
    wait_for_threads()
    assert emulator.writes == []


def test_what_was_on_its_way_at_an_interrupt_leads_to_no_write(emulator: Emulator) -> None:
    """Its answers come when the task is over: in a loop, its process goes on."""
    slugs = add_repositories(emulator, 8)
    emulator.fault("slow", path="/settings", times=None, seconds=1.0)
    described = params_of(*({"project": slug, "following": True} for slug in slugs))
    params = {"projects": described, "organization": None, "vcs_type": None, "concurrency": 4}

    def interrupt() -> None:
        while not any("/settings" in record.path for record in emulator.requests):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        circleci_projects.run(Client(emulator.url, emulator.token), params)
    assert wait_for_threads() > 0
    assert emulator.writes == []


def test_a_cancelled_task_waits_and_sends_no_more(emulator: Emulator) -> None:
    patience = Patience(60.0)
    assert patience.take(30.0, throttled=True)
    patience.cancel()
    patience.sleep(30.0)
    with pytest.raises(CircleCIError, match="interrupted"):
        patience.wait()
