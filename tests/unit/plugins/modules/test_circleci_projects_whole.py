# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings, webhooks and schedules of many projects; what they all have; repositories that were just made."""

from __future__ import annotations

import types
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience
from ansible_collections.community.circleci.plugins.module_utils._resources import one_project, settling
from emulator import Emulator
from emulator.world.advanced import advanced, change
from emulator.world.schedules import Schedules
from emulator.world.state import APP_ORGANIZATION, APP_PROJECT
from emulator.world.triggers import Triggers
from emulator.world.webhooks import Webhooks
from tests.unit.keys import private_key
from tests.unit.predicting import differences

API = "github/acme/api"
WEB = "github/acme/web"
MODULE = "circleci_projects"
URL = "https://deploy.acme.example/"
HOOK: dict[str, Any] = {"name": "deploys", "url": URL, "events": ["job-completed"]}
NIGHTLY: dict[str, Any] = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
EVERYTHING: dict[str, Any] = {
    "following": True,
    "settings": {"build_fork_prs": True, "forks_receive_secret_env_vars": False, "autocancel_builds": True},
    "checkout_keys": [{"type": "deploy-key"}],
    "ssh_keys": [{"hostname": "deploy.acme.example", "private_key": private_key()}],
    "env_vars": [{"name": "A", "value": "a value of many characters"}],
    "webhooks": [HOOK, {**HOOK, "name": "audit", "signing_secret": "a-signing-secret"}],
    "schedules": [NIGHTLY, {**NIGHTLY, "name": "weekly", "days_of_week": ["sun"]}],
}


@pytest.fixture
def run(emulator: Emulator, run_module):
    for slug in (API, WEB):
        emulator.add_repository(slug, has_config=False)
    return lambda *projects, **options: run_module(
        MODULE, **({"projects": list(projects)} if projects else {}), **options
    )


@pytest.fixture
def followed(emulator: Emulator, run):
    for slug in (API, WEB):
        emulator.follow(slug)
    return run


def hooks(emulator: Emulator, slug: str = API) -> list[str]:
    return [each.name for each in emulator.state.part(Webhooks).of(emulator.project(slug))]


def timed(emulator: Emulator, slug: str = API) -> list[str]:
    return [each.name for each in emulator.state.part(Schedules).of(emulator.project(slug))]


def settings(emulator: Emulator, slug: str = API) -> dict[str, Any]:
    return advanced(emulator.project(slug))


# --- the whole of a project ------------------------------------------------------------------------------------------


def test_a_new_project_gets_everything_at_once_and_once(emulator: Emulator, run) -> None:
    predicted = run({"project": API, **EVERYTHING}, check_mode=True)
    assert emulator.writes == []
    real = run({"project": API, **EVERYTHING})
    assert differences(predicted, real) == []
    assert (hooks(emulator), timed(emulator)) == (["deploys", "audit"], ["nightly", "weekly"])
    assert settings(emulator).items() >= EVERYTHING["settings"].items()
    (item,) = real["projects"]
    assert sorted(thing["kind"] for thing in item["added"]) == [
        "checkout_key", "env_var", "following", "schedule", "schedule", "ssh_key", "webhook", "webhook"
    ]  # fmt: skip
    assert {(thing["kind"], thing["name"]) for thing in item["updated"]} == {
        ("setting", name) for name in EVERYTHING["settings"]
    }
    assert real["diff"][0]["after"]["settings"] == EVERYTHING["settings"]
    emulator.clear()
    again = run({"project": API, **EVERYTHING})
    assert (again["changed"], emulator.writes, again["diff"]) == (False, [], [])


def test_secrets_are_added_only_when_builds_of_forks_cannot_see_them(emulator: Emulator, run) -> None:
    run({"project": API, **EVERYTHING})
    sent = [(record.method, record.path.rsplit("/", 1)[-1], record.body) for record in emulator.writes]
    places = {
        name: [place for place, (_method, path, _body) in enumerate(sent) if path == name] for _m, name, _b in sent
    }
    assert sent[places["settings"][0]][2] == {"advanced": {"forks_receive_secret_env_vars": False}}
    assert max(places["settings"]) < min(places["envvar"] + places["ssh-key"])


def test_what_goes_is_removed_and_everything_else_left_alone(emulator: Emulator, followed) -> None:
    followed({"project": API, **EVERYTHING})
    gone = {
        "webhooks": [{"name": "audit", "state": "absent"}],
        "schedules": [{"name": "weekly", "state": "absent"}],
    }
    predicted = followed({"project": API, **gone}, check_mode=True)
    emulator.clear()
    real = followed({"project": API, **gone})
    assert differences(predicted, real) == []
    assert (hooks(emulator), timed(emulator)) == (["deploys"], ["nightly"])
    assert [record.method for record in emulator.writes] == ["DELETE", "DELETE"]
    assert [thing["kind"] for thing in real["projects"][0]["removed"]] == ["webhook", "schedule"]


@pytest.mark.parametrize(
    ("managed", "reads"),
    [
        ({}, []),
        ({"following": True}, ["settings"]),
        ({"settings": {"disable_ssh": False}}, ["settings"]),
        ({"webhooks": [HOOK]}, ["api", "webhook"]),
        ({"schedules": [NIGHTLY]}, ["schedule"]),
        ({"env_vars": [{"name": "A", "value": "a value of many characters"}]}, ["envvar"]),
        (EVERYTHING, ["settings", "settings", "checkout-key", "envvar", "api", "webhook", "schedule"]),
    ],
)
def test_what_is_not_asked_for_costs_no_request(
    emulator: Emulator, followed, managed: dict[str, Any], reads: list[str]
) -> None:
    followed({"project": API, **EVERYTHING})
    emulator.clear()
    assert followed({"project": API, **managed})["changed"] is False
    paths = [record.path.partition("?")[0].rsplit("/", 1)[-1] for record in emulator.requests]
    assert paths == ["me", *reads]


def test_a_converged_project_takes_five_requests(emulator: Emulator, followed) -> None:
    """Following with SSH keys, checkout keys, settings; and the project's id with the webhooks that go by it.

    No call of either API answers more than one of these at once.
    """
    slugs = [f"github/acme/service-{number}" for number in range(20)]
    for slug in slugs:
        emulator.add_repository(slug, has_config=False)
    defaults = {name: EVERYTHING[name] for name in ("following", "settings", "checkout_keys", "ssh_keys", "webhooks")}
    assert followed(slugs=slugs, defaults=defaults)["summary"]["changed"] == 20
    emulator.clear()
    assert followed(slugs=slugs, defaults=defaults)["changed"] is False
    # One more for the token.
    assert (len(emulator.requests), emulator.writes) == (20 * 5 + 1, [])


def test_a_project_of_an_app_has_its_schedule_as_a_trigger(emulator: Emulator, run) -> None:
    app = next(slug for slug in emulator.state.projects if slug.startswith(APP_ORGANIZATION))
    wanted = {"project": app, "webhooks": [HOOK], "schedules": [{**NIGHTLY, "definition": APP_PROJECT}]}
    predicted = run(wanted, check_mode=True)
    real = run(wanted)
    assert differences(predicted, real) == []
    assert [each.event_name for each in emulator.state.part(Triggers).all.values()] == ["nightly"]
    emulator.clear()
    assert run(wanted)["changed"] is False
    # The token, the project's id once, webhooks, definitions, triggers.
    assert len(emulator.requests) == 5


def test_a_failure_tells_what_was_done_before_it(emulator: Emulator, followed) -> None:
    emulator.fault("status", method="POST", path="/webhook", status=403, body={"message": "Forbidden"})
    result = followed({"project": API, **EVERYTHING})
    (item,) = result["projects"]
    assert (item["failed"], item["changed"]) == (True, True)
    assert {thing["kind"] for thing in item["added"]} == {"ssh_key", "env_var"}
    assert {thing["kind"] for thing in item["updated"]} == {"setting"}


def test_settings_of_a_new_project_are_waited_for(emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may be unknown for a moment after the project was set up."""
    monkeypatch.setattr(settling, "LOOK_EVERY", 0.01)
    missing = {"message": "Project not found"}
    emulator.fault(
        "status", method="GET", path="/api/v2/project/gh/acme/api/settings", status=404, body=missing, times=3
    )
    result = run({"project": API, "following": True, "settings": {"disable_ssh": True}})
    assert (result.get("failed"), settings(emulator)["disable_ssh"]) == (None, True)
    assert emulator.faults.pending == []


@pytest.mark.parametrize(
    ("status", "message", "times", "looks", "remedy"),
    [
        (404, "Project not found", None, 2, "check the slug"),
        (403, "Permission denied", 1, 1, "needs admin rights"),
    ],
)
def test_settings_that_cannot_be_read_of_a_new_project_are_an_error_after_what_was_done(
    emulator: Emulator, run, status: int, message: str, times: int | None, looks: int, remedy: str
) -> None:
    """Only what may show up is looked for again."""
    path, body = "/api/v2/project/gh/acme/api/settings", {"message": message}
    emulator.fault("status", method="GET", path=path, status=status, body=body, times=times)
    wanted = {"following": True, "settings": {"disable_ssh": True}}
    result = run({"project": API, **wanted}, {"project": WEB, **wanted})
    assert (result["failed"], result["changed"]) == (True, True)
    (item, other) = result["projects"]
    assert (item["failed"], item["changed"], item["added"]) == (True, True, [{"kind": "following"}])
    assert item["msg"].startswith(f"CircleCI answered {status} to GET v2/project/gh/acme/api/settings: {message}. ")
    assert remedy in item["msg"]
    assert (other["failed"], settings(emulator, WEB)["disable_ssh"]) == (False, True)
    assert [record.path for record in emulator.writes if "acme/api/" in record.path] == [
        f"/api/v1.1/project/{API}/follow"
    ]
    assert min(len([record for record in emulator.requests if record.path == path]), 2) == looks


# --- slugs and defaults ----------------------------------------------------------------------------------------------


def test_slugs_have_what_defaults_say(emulator: Emulator, run) -> None:
    result = run(slugs=[API, WEB], defaults={"following": True, "settings": {"disable_ssh": True}})
    assert [item["project"] for item in result["projects"]] == [API, WEB]
    assert all(settings(emulator, slug)["disable_ssh"] for slug in (API, WEB))


def test_slugs_may_be_names_with_an_organization(emulator: Emulator, run) -> None:
    result = run(slugs=["api", "web"], organization="acme", defaults={"following": True})
    assert [item["project"] for item in result["projects"]] == [API, WEB]


def test_entries_come_before_slugs(emulator: Emulator, run) -> None:
    result = run({"project": WEB}, slugs=[API], defaults={"following": True})
    assert [item["project"] for item in result["projects"]] == [WEB, API]
    assert [item["changed"] for item in result["projects"]] == [True, True]


@pytest.mark.parametrize("name", ["following", "env_vars", "webhooks", "schedules", "checkout_keys", "ssh_keys"])
def test_an_entry_says_otherwise_as_a_whole(emulator: Emulator, followed, name: str) -> None:
    """Lists are not put together: the one of the entry takes the place of the other."""
    own: dict[str, Any] = {
        "following": False,
        "env_vars": [{"name": "B", "value": "another value of many"}],
        "webhooks": [{**HOOK, "name": "mine"}],
        "schedules": [{**NIGHTLY, "name": "mine"}],
        "checkout_keys": [{"type": "user-key"}],
        "ssh_keys": [{"hostname": "mine", "private_key": private_key()}],
    }
    if name == "checkout_keys":
        emulator.project(API).checkout_keys.clear()
    followed({"project": API, name: own[name]}, defaults={name: EVERYTHING[name]})
    project = emulator.project(API)
    held = {
        "following": bool(project.followers),
        "env_vars": list(project.env_vars),
        "webhooks": hooks(emulator),
        "schedules": timed(emulator),
        "checkout_keys": [key.type for key in project.checkout_keys],
        "ssh_keys": [key.hostname for key in project.ssh_keys],
    }
    assert held[name] == {
        "following": False, "env_vars": ["B"], "webhooks": ["mine"], "schedules": ["mine"],
        "checkout_keys": ["github-user-key"], "ssh_keys": ["mine"],
    }[name]  # fmt: skip


def test_settings_are_looked_up_one_by_one(emulator: Emulator, followed) -> None:
    change(emulator.project(API), {"set_github_status": False})
    followed(
        {"project": API, "settings": {"disable_ssh": False, "autocancel_builds": True}},
        {"project": WEB},
        defaults={"settings": {"disable_ssh": True, "build_prs_only": True}},
    )
    names = ("disable_ssh", "autocancel_builds", "build_prs_only", "set_github_status")
    assert [settings(emulator)[name] for name in names] == [False, True, True, False]
    assert [settings(emulator, WEB)[name] for name in names] == [True, False, True, True]


def test_settings_that_are_written_as_text_go_before_the_defaults_too(emulator: Emulator, followed) -> None:
    """Core makes a dictionary of it."""
    flags = {"disable_ssh": True, "autocancel_builds": True}
    followed({"project": API, "settings": "disable_ssh=false"}, defaults={"settings": flags})
    assert (settings(emulator)["disable_ssh"], settings(emulator)["autocancel_builds"]) == (False, True)


@pytest.mark.parametrize(
    "entry", ['{"project": "github/acme/api", "settings": {"disable_ssh": false}}', "project=gh/acme/api"]
)
@pytest.mark.parametrize("in_a_list", [True, False])
def test_an_entry_that_is_written_as_text_has_what_the_defaults_say(
    emulator: Emulator, followed, run_module, entry: str, in_a_list: bool
) -> None:
    """A list of one may be written as that one; core splits text at its commas."""
    if not in_a_list and "," in entry:
        entry = '{"project": "github/acme/api"}'
    flags = {"disable_ssh": True, "autocancel_builds": True}
    result = run_module(MODULE, projects=[entry] if in_a_list else entry, defaults={"settings": flags})
    assert (result.get("failed"), settings(emulator)["autocancel_builds"]) == (None, True)
    assert settings(emulator)["disable_ssh"] is ("disable_ssh" not in entry)


def test_false_in_an_entry_is_not_nothing(emulator: Emulator, run) -> None:
    emulator.follow(API)
    result = run({"project": API, "following": False}, {"project": WEB}, defaults={"following": True})
    assert [bool(emulator.project(slug).followers) for slug in (API, WEB)] == [False, True]
    assert result["summary"]["changed"] == 2


@pytest.mark.parametrize("name", sorted(EVERYTHING))
def test_null_is_not_managed_here(emulator: Emulator, followed, name: str) -> None:
    emulator.state.unfollow(emulator.project(API), emulator.state.users["emulator"])
    emulator.clear()
    result = followed({"project": API, name: None}, defaults={name: EVERYTHING[name]})
    assert (result["changed"], [record.path for record in emulator.requests]) == (False, ["/api/v1.1/me"])
    assert followed({"project": API}, defaults={name: EVERYTHING[name]}, check_mode=True)["changed"] is True


def test_null_of_one_setting_is_not_managed_here(emulator: Emulator, followed) -> None:
    flags = {"disable_ssh": True, "autocancel_builds": True}
    followed({"project": API, "settings": {"disable_ssh": None}}, defaults={"settings": flags})
    assert (settings(emulator)["disable_ssh"], settings(emulator)["autocancel_builds"]) == (False, True)


@pytest.mark.parametrize(("name", "kind"), [("env_vars", "env_vars_exclusive"), ("ssh_keys", "ssh_keys_exclusive")])
def test_an_exclusive_of_the_defaults_acts_on_a_list_never_on_none(
    emulator: Emulator, followed, name: str, kind: str
) -> None:
    own: dict[str, Any] = {
        "env_vars": [{"name": "B", "value": "another value of many"}],
        "ssh_keys": [{"hostname": "mine", "private_key": private_key()}],
    }
    mine = {"env_vars": ["B"], "ssh_keys": ["mine"]}[name]
    theirs = {"env_vars": ["A"], "ssh_keys": ["deploy.acme.example"]}[name]
    cases: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
        ({name: own[name]}, {}, mine),
        ({}, {name: EVERYTHING[name]}, theirs),
        ({name: own[name]}, {name: EVERYTHING[name]}, mine),
        ({}, {}, ["OLD"]),
        ({name: None}, {name: EVERYTHING[name]}, ["OLD"]),
        ({name: []}, {name: EVERYTHING[name]}, ["OLD"]),
        ({name: own[name], kind: False}, {}, ["OLD", *mine]),
    ]
    for entry, defaults, left in cases:
        project = emulator.project(API)
        project.env_vars = {"OLD": "x"}
        project.ssh_keys.clear()
        old = {"project": API, "ssh_keys": [{"hostname": "OLD", "private_key": private_key(number=5)}]}
        assert not followed(old).get("failed")
        result = followed({"project": API, **entry}, defaults={**defaults, kind: True})
        assert not result.get("failed"), result["msg"]
        held = {"env_vars": list(project.env_vars), "ssh_keys": [key.hostname for key in project.ssh_keys]}[name]
        assert held == left, (entry, defaults)


@pytest.mark.parametrize("kind", ["env_vars_exclusive", "ssh_keys_exclusive"])
def test_an_exclusive_of_an_entry_needs_a_list(emulator: Emulator, followed, kind: str) -> None:
    emulator.clear()
    result = followed({"project": API, kind: True})
    assert (result["failed"], emulator.requests) == (True, [])
    assert f"{kind} needs {kind.removesuffix('_exclusive')}" in result["msg"]
    name = kind.removesuffix("_exclusive")
    assert not followed({"project": API, kind: True}, defaults={name: EVERYTHING[name]}).get("failed")


def test_values_may_be_missing_where_the_defaults_say_so(emulator: Emulator, followed) -> None:
    variables = [{"name": "A", "value": None}, {"name": "B", "value": "a value of many characters"}]
    assert "Variable A has no value" in followed({"project": API, "env_vars": variables})["msg"]
    followed({"project": API, "env_vars": variables}, defaults={"skip_missing": True})
    assert list(emulator.project(API).env_vars) == ["B"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "There are no projects"),
        ({"slugs": [API]}, "defaults does not say what they are to have"),
        ({"slugs": [API], "defaults": {}}, "defaults does not say what they are to have"),
        ({"slugs": [API, API], "defaults": {"following": True}}, f"{API} is already described in slugs[0]"),
        (
            {"projects": [{"project": API}], "slugs": ["gh/acme/API"], "defaults": {"following": True}},
            "slugs[0] (gh/acme/API): github/acme/API is already described in projects[0]",
        ),
        (
            {"slugs": ["acme/api"], "defaults": {"following": True}},
            "slugs[0] (acme/api): project 'acme/api' does not say",
        ),
        ({"slugs": [API], "defaults": {"webhooks": [{"name": "x"}]}}, "defaults: webhooks[0]: Webhook x needs url"),
        (
            {"slugs": [API, WEB], "defaults": {"settings": {"pr_only_branch_overrides": []}}},
            "defaults: settings: pr_only_branch_overrides is empty",
        ),
        ({"slugs": [API], "defaults": {"schedules": [NIGHTLY, NIGHTLY]}}, "schedules[1] is the same as schedules[0]"),
        ({"projects": [{"project": API, "webhooks": [HOOK, HOOK]}]}, "webhooks[1] is the same as webhooks[0]"),
        (
            {"projects": [{"project": "circleci/a/b", "schedules": [{**NIGHTLY, "per_hour": 7}]}]},
            "schedules[0]: per_hour 7 cannot be written as a cron expression",
        ),
        ({"projects": [{"project": API}], "wait_for_repository": -1}, "wait_for_repository must be"),
        ({"projects": [{"project": API}], "defaults": {"project": WEB}}, "project"),
    ],
)
def test_what_is_wrong_is_named_before_any_request(
    emulator: Emulator, run_module, options: dict[str, Any], complaint: str
) -> None:
    result = run_module(MODULE, **options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


def test_what_is_wrong_is_named_in_the_order_of_the_options(emulator: Emulator, run_module) -> None:
    app: dict[str, Any] = {
        "project": f"{APP_ORGANIZATION}/x",
        "checkout_keys": [{}, {}],
        "ssh_keys": EVERYTHING["ssh_keys"] * 2,
        "env_vars": EVERYTHING["env_vars"] * 2,
        "webhooks": [HOOK, HOOK],
        "schedules": [NIGHTLY, {**NIGHTLY, "per_hour": 7}],
        "ssh_keys_exclusive": False,
    }
    described = [app, {"project": app["project"], "schedules": app["schedules"][1:], "env_vars_exclusive": True}]
    result = run_module(MODULE, projects=described)
    told = [problem.partition(": ")[2].partition(" ")[0] for problem in result["problems"]]
    twins = ["checkout_keys[1]", "ssh_keys[1]", "env_vars[1]", "webhooks[1]", "schedules[1]"]
    assert told[:7] == [*twins, "checkout_keys:", "schedules[1]:"]
    assert told[-2:] == ["schedules[0]:", "env_vars_exclusive"]
    assert emulator.requests == []


def test_what_is_wrong_with_the_defaults_is_named_once(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, slugs=[API, WEB], defaults={"webhooks": [{"name": "x"}], "schedules": [{"name": "y"}]})
    assert [text.partition(":")[0] for text in result["problems"]] == ["defaults", "defaults"]


def test_no_projects_are_nothing_to_do(emulator: Emulator, run_module) -> None:
    tasks: list[dict[str, Any]] = [{"projects": []}, {"slugs": []}, {"slugs": [], "defaults": {"following": True}}]
    for options in tasks:
        assert run_module(MODULE, **options)["changed"] is False


# --- repositories that were just made --------------------------------------------------------------------------------

NEW = "github/acme/brand-new"


class Later:
    """A repository that CircleCI sees from its third look on."""

    def __init__(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = 0
        monkeypatch.setattr(one_project, "LOOK_FOR_REPOSITORY_EVERY", 0.01)
        answer = type(emulator)._answer

        def answering(each: Emulator, call: Any) -> Any:
            if "brand-new" in call.path:
                self.looks += 1
                if self.looks == 3:
                    each.add_repository(NEW)
            return answer(each, call)

        monkeypatch.setattr(type(emulator), "_answer", answering)


def test_a_repository_that_was_just_made_is_waited_for(
    emulator: Emulator, run_module, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = Later(emulator, monkeypatch)
    result = run_module(MODULE, slugs=[NEW], defaults=EVERYTHING, wait_for_repository=60)
    assert (result.get("failed"), later.looks > 3) == (None, True)
    assert (bool(emulator.project(NEW).followers), hooks(emulator, NEW)) == (True, ["deploys", "audit"])


@pytest.mark.parametrize("check_mode", [True, False])
def test_without_waiting_it_is_a_failure(
    emulator: Emulator, run_module, monkeypatch: pytest.MonkeyPatch, check_mode: bool
) -> None:
    later = Later(emulator, monkeypatch)
    result = run_module(MODULE, slugs=[NEW], defaults={"following": True}, check_mode=check_mode)
    assert (result["failed"], later.looks, emulator.writes) == (True, 1, [])
    assert "does not exist" in result["projects"][0]["msg"]


def test_identifiers_of_apps_differ_in_case(run_module) -> None:
    slugs = ["circleci/5GeM4SzPzs/9Q4Cpf1BnA", "circleci/5GeM4SzPzs/9q4cPF1bNa"]
    result = run_module(MODULE, slugs=slugs, defaults={"settings": {"disable_ssh": True}})
    assert [item["project"] for item in result["projects"]] == slugs
    assert all("already described" not in item["msg"] for item in result["projects"])


@pytest.mark.parametrize("kind", ["settings", "ssh_keys", "env_vars", "webhooks", "schedules"])
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_not_to_be_followed_and_not_set_up_can_have_nothing(
    emulator: Emulator, run_module, kind: str, check_mode: bool
) -> None:
    emulator.add_repository(NEW)
    wanted = {"following": False, kind: EVERYTHING[kind]}
    result = run_module(MODULE, slugs=[NEW], defaults=wanted, check_mode=check_mode)
    assert (result["failed"], emulator.writes) == (True, [])
    assert "Project not found" in result["projects"][0]["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_what_is_no_missing_repository_is_not_waited_for(emulator: Emulator, run_module, check_mode: bool) -> None:
    emulator.add_repository(NEW)
    emulator.fault("status", path="/settings", status=403, body={"message": "Permission denied"})
    options: dict[str, Any] = {"slugs": [NEW], "defaults": {"following": True}, "wait_for_repository": 60}
    result = run_module(MODULE, check_mode=check_mode, **options)
    assert (result["failed"], emulator.writes) == (True, [])
    assert "answered 403" in result["projects"][0]["msg"]
    assert len([record for record in emulator.requests if "/settings" in record.path]) == 1


def test_a_repository_that_never_appears_is_a_failure(
    emulator: Emulator, run_module, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(one_project, "time", types.SimpleNamespace(monotonic=lambda: 1000.0 + sum(pauses)))
    monkeypatch.setattr(Patience, "sleep", lambda _self, seconds: pauses.append(seconds) if seconds else None)
    result = run_module(MODULE, slugs=[NEW], defaults={"following": True}, wait_for_repository=5)
    assert (result["failed"], emulator.writes, pauses) == (True, [], [2.0, 2.0, 1.0])
    assert len([record for record in emulator.requests if record.path.endswith("/settings?skip-branches=true")]) == 4


def test_in_check_mode_it_is_predicted_to_be_new(emulator: Emulator, run_module) -> None:
    options: dict[str, Any] = {"slugs": [NEW], "defaults": EVERYTHING, "wait_for_repository": 60}
    predicted = run_module(MODULE, check_mode=True, **options)
    assert (predicted.get("failed"), predicted["changed"], emulator.writes) == (None, True, [])
    assert any("This prediction is for a new one" in warning for warning in predicted["warnings"])
    emulator.add_repository(NEW, has_config=False)
    real = run_module(MODULE, **options)
    assert differences({**predicted, "warnings": []}, real) == []


@pytest.mark.parametrize("has_config", [True, False])
def test_the_first_build_is_told(emulator: Emulator, run_module, has_config: bool) -> None:
    emulator.add_repository(API, has_config=has_config)
    options: dict[str, Any] = {"slugs": [API], "defaults": {"following": True}}
    assert run_module(MODULE, check_mode=True, **options)["projects"][0]["first_build"] is None
    (item,) = run_module(MODULE, **options)["projects"]
    assert (item["first_build"] is not None) is has_config
    if has_config:
        assert item["first_build"]["build_num"] == 1
    assert run_module(MODULE, **options)["projects"][0]["first_build"] is None
