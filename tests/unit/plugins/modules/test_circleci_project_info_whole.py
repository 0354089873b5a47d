# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a project is, of all repositories, and in words that change nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._values.keys import (
    parse_private_key,
    parse_public_key,
)
from emulator import Emulator
from emulator.world.advanced import FLAGS, change
from emulator.world.definitions import Definitions
from emulator.world.model import SSHKey
from emulator.world.schedules import SYSTEM_ID, Schedules
from emulator.world.state import APP_ORGANIZATION
from emulator.world.triggers import Triggers
from emulator.world.webhooks import Webhooks
from tests.unit.keys import private_key

API, WEB, TOOLS = "github/acme/api", "github/acme/web", "bitbucket/acme/tools"
MODULE = "circleci_project_info"
MANY = "circleci_projects"
URL = "https://deploy.acme.example/"
PUBLIC = [parse_private_key(private_key(number=number)).public.text for number in (1, 2)]
EVERY_PART = dict.fromkeys(("settings", "checkout_keys", "env_vars", "webhooks", "schedules", "tokens"), True)
WHOLE: dict[str, Any] = {
    "project": API,
    "following": True,
    "settings": {"build_prs_only": True, "pr_only_branch_overrides": ["release", "main"]},
    "checkout_keys": [{"type": "deploy-key"}],
    "ssh_keys": [{"hostname": "deploy.acme.example", "private_key": private_key()}],
    "env_vars": [{"name": "A", "value": "a value of many characters"}],
    "webhooks": [
        {"name": "deploys", "url": URL, "events": ["job-completed", "workflow-completed"]},
        {"name": "audit", "url": URL, "events": ["job-completed"], "signing_secret": "a-signing-secret"},
    ],
    "schedules": [
        {"name": "nightly", "branch": "main", "hours_of_day": [2], "parameters": {"full": True}},
        {"name": "weekly", "tag": "v1.0.0", "hours_of_day": [2, 3], "days_of_week": ["sun"], "actor": "current"},
    ],
}


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module, when one project has something of everything."""
    emulator.add_repository(API, has_config=False)
    assert not run_module(MANY, projects=[WHOLE]).get("failed")
    emulator.clear()
    return lambda **options: run_module(MODULE, **options)


def app_slug(emulator: Emulator) -> str:
    return next(slug for slug in emulator.state.projects if slug.startswith(APP_ORGANIZATION))


def paths(emulator: Emulator) -> list[str]:
    return [record.path.partition("?")[0].rsplit("/", 1)[-1] for record in emulator.requests]


# --- parts -----------------------------------------------------------------------------------------------------------


def test_every_part_is_returned_in_the_shape_of_its_own_module(emulator: Emulator, run, run_module) -> None:
    (found,) = run(project=API, **EVERY_PART)["projects"]
    assert found["settings"] == run_module("circleci_project_settings", project=API)["settings"]
    for name in ("deploys", "audit"):
        wanted = next(each for each in WHOLE["webhooks"] if each["name"] == name)
        same = run_module("circleci_webhook", project=API, check_mode=True, **wanted)
        assert (same["changed"], same["webhook"] in found["webhooks"]) == (False, True)
    for wanted in WHOLE["schedules"]:
        same = run_module("circleci_schedule", project=API, check_mode=True, **wanted)
        assert (same["changed"], same["schedule"] in found["schedules"]) == (False, True)
    made = run_module("circleci_project_token", project=API, label="badge")
    assert made["project_token"] in run(project=API, tokens=True)["projects"][0]["tokens"]
    assert made["token"] not in str(run(project=API, tokens=True))


@pytest.mark.parametrize(
    ("asked", "requests"),
    [
        ({}, ["settings"]),
        ({"settings": True}, ["settings", "settings"]),
        ({"webhooks": True}, ["settings", "api", "webhook"]),
        ({"schedules": True}, ["settings", "schedule"]),
        ({"tokens": True}, ["settings", "token"]),
        (EVERY_PART, ["settings", "settings", "checkout-key", "envvar", "api", "webhook", "schedule", "token"]),
        ({"describe": True}, ["settings", "settings", "checkout-key", "api", "webhook", "schedule"]),
    ],
)
def test_what_is_not_asked_for_costs_no_request_and_is_not_returned(
    emulator: Emulator, run, asked: dict[str, bool], requests: list[str]
) -> None:
    (found,) = run(project=API, **asked)["projects"]
    assert sorted(paths(emulator)) == sorted(requests)
    assert set(EVERY_PART) & found.keys() == {name for name in asked if name != "describe"}


def test_a_project_of_an_app_has_parts_too(emulator: Emulator, run_module) -> None:
    app = app_slug(emulator)
    schedule = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
    run_module(MANY, projects=[{"project": app, "schedules": [schedule]}])
    emulator.clear()
    (found,) = run_module(MODULE, project=app, **EVERY_PART)["projects"]
    assert (found["checkout_keys"], found["schedules"][0]["cron_expression"]) == ([], "0 2 * * *")
    # Its id is asked for once: both webhooks and triggers go by it.
    assert Counter(paths(emulator))[app.rsplit("/", 1)[-1]] == 1


# --- all repositories ------------------------------------------------------------------------------------------------


def test_repositories_that_are_not_followed_are_read_too(emulator: Emulator, run) -> None:
    emulator.follow(TOOLS)
    emulator.state.unfollow(emulator.project(TOOLS), emulator.state.users["emulator"])
    found = {each["project"]: each for each in run(following="any", **EVERY_PART)["projects"]}
    assert list(found) == [API, WEB, TOOLS]
    assert [each["following"] for each in found.values()] == [True, False, False]
    # One is not set up on CircleCI at all, the other one has lost its last follower.
    assert (found[WEB]["settings"], found[TOOLS]["settings"]["oss"]) == (None, False)
    assert all(found[WEB][name] == [] for name in EVERY_PART if name != "settings")
    assert (found[WEB]["vcs_url"], found[WEB]["default_branch"]) == ("https://github.com/acme/web", None)
    assert (found[WEB]["ssh_keys"], found[WEB]["has_usable_key"]) == ([], False)


def test_what_is_listed_as_followed_and_not_found_is_unreadable(emulator: Emulator, run) -> None:
    emulator.fault("status", path="acme/api/settings", status=404, body={"message": "Project not found"})
    result = run(following="any")
    assert [each["project"] for each in result["unreadable"]] == [API]
    assert API not in [each["project"] for each in result["projects"]]


@pytest.mark.parametrize("part", EVERY_PART)
def test_what_is_not_set_up_has_nothing_of_what_was_asked_for_and_no_more(run, part: str) -> None:
    found = {each["project"]: each for each in run(following="any", **{part: True})["projects"]}
    assert found[WEB].keys() == found[API].keys()
    assert {name: found[WEB][name] for name in EVERY_PART if name in found[WEB]} == {
        part: None if part == "settings" else []
    }


@pytest.mark.parametrize("following", [True, "true", "yes", "on", "1", " Yes "])
def test_by_default_only_what_is_followed_is_read(emulator: Emulator, run, following: Any) -> None:
    assert [each["project"] for each in run(following=following)["projects"]] == [API]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"following": "all"}, "following must be true or any"),
        ({"following": False}, "following must be true or any"),
        ({"following": "any", "project": API}, "project and following: any exclude each other"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    emulator: Emulator, run_module, options: dict[str, Any], complaint: str
) -> None:
    result = run_module(MODULE, **options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


@pytest.mark.once
def test_an_organization_is_audited_although_some_of_it_cannot_be_read(emulator: Emulator, run_module) -> None:
    """300 repositories, of which 200 are followed and 5 cannot be read, at /projects or behind."""
    slugs = [f"github/big/service-{number:03}" for number in range(300)]
    for slug in slugs:
        emulator.add_repository(slug, has_config=False)
    for slug in slugs[:200]:
        project = emulator.project(slug)
        project.set_up = True
        project.followers.add("emulator")
    options: dict[str, Any] = {"organization": "big", "vcs_type": "github", "following": "any", "concurrency": 32,
                               "settings": True, "tokens": True}  # fmt: skip
    whole = run_module(MODULE, **options)["projects"]
    assert [each["project"] for each in whole] == slugs
    lost = [*slugs[3:200:60], slugs[250]]
    for slug, status in zip(lost, (404, 403, 500, 404, 403), strict=True):
        message = {"message": "Not Found" if status == 404 else "no"}
        emulator.fault("status", path=f"/{slug}/settings", method="GET", status=status, body=message, times=None)
    emulator.clear()
    result = run_module(MODULE, retries=0, **options)
    assert result["projects"] == [each for each in whole if each["project"] not in lost]
    assert [each["project"] for each in result["unreadable"]] == lost
    assert [each["status"] for each in result["unreadable"]] == [404, 403, 500, 404, 403]
    pages = [record.path for record in emulator.requests if "/user/repos/github" in record.path]
    # What is followed, the pages of repositories with an empty one, and of each repository its settings in API v1.1;
    # of those that are set up and can be read, further their settings in API v2 and their tokens.
    assert len(pages) == -(-(300 + 2) // 100) + 1
    assert len(emulator.requests) == 1 + len(pages) + 300 + 2 * (200 - 4)
    assert emulator.writes == []


@pytest.mark.parametrize(
    ("status", "after", "options", "does_without"),
    [
        (400, 0, {}, True),
        (403, 0, {}, True),
        (404, 0, {}, True),
        (410, 0, {}, False),
        (403, 1, {}, False),
        (403, 0, {"vcs_type": "bitbucket"}, False),
    ],
)
def test_a_user_need_not_have_an_account_at_each_vcs(
    emulator: Emulator, run, status: int, after: int, options: dict[str, str], does_without: bool
) -> None:
    """Elsewhere a list that is cut short would be taken for all there is."""
    emulator.fault("status", path="/user/repos/bitbucket", after=after, status=status, body={"message": "No account."})
    result = run(following="any", **options)
    if does_without:
        assert [each["project"] for each in result["projects"]] == [API, WEB]
        assert any("Without the repositories at bitbucket: " in warning for warning in result["warnings"])
    else:
        assert (result["failed"], result["status"], result["warnings"]) == (True, status, [])


# --- in words that change nothing ------------------------------------------------------------------------------------


def changes_nothing(emulator: Emulator, run_module, described: dict[str, Any]) -> None:
    emulator.clear()
    result = run_module(MANY, **described)
    assert not result.get("failed"), result["msg"]
    assert (result["changed"], emulator.writes, result["diff"]) == (False, [], [])


def test_a_project_is_described_in_the_words_of_circleci_projects(emulator: Emulator, run, run_module) -> None:
    (entry,) = run(project=API, describe=True)["described"]["projects"]
    assert list(entry) == ["project", "following", "settings", "checkout_keys", "ssh_keys", "webhooks", "schedules"]
    assert entry["project"] == API
    assert entry["settings"] == {**FLAGS, "build_prs_only": True, "pr_only_branch_overrides": ["main", "release"]}
    assert entry["checkout_keys"] == WHOLE["checkout_keys"]
    assert [key["hostname"] for key in entry["ssh_keys"]] == ["deploy.acme.example"]
    hooks = [{**each, "verify_tls": True} for each in sorted(WHOLE["webhooks"], key=lambda each: str(each["name"]))]
    for hook in hooks:
        hook.pop("signing_secret", None)
    assert entry["webhooks"] == hooks
    assert [each["name"] for each in entry["schedules"]] == ["nightly", "weekly"]
    assert entry["schedules"][1].items() >= {"tag": "v1.0.0", "days_of_week": ["SUN"], "actor": "current"}.items()
    assert "env_vars" not in entry
    changes_nothing(emulator, run_module, {"projects": [entry]})


def test_what_was_described_can_be_brought_back(emulator: Emulator, run, run_module) -> None:
    described = run(project=API, describe=True)["described"]
    gone = [{"name": name, "state": "absent"} for name in ("deploys", "audit")]
    run_module(MANY, projects=[{"project": API, "webhooks": gone, "settings": {"build_prs_only": False}}])
    result = run_module(MANY, **described)
    assert {thing["name"] for thing in result["projects"][0]["added"]} == {"deploys", "audit"}
    assert run_module(MODULE, project=API, describe=True)["described"] == described


def test_what_these_words_cannot_say_is_left_out_with_a_warning(emulator: Emulator, run, run_module) -> None:
    project = emulator.project(API)
    webhooks, schedules = emulator.state.part(Webhooks), emulator.state.part(Schedules)
    webhooks.add(project, "twins", URL, ["job-completed"])
    webhooks.add(project, "twins", URL, ["job-completed"])
    webhooks.add(project, "plain", "http://old.acme.example/", ["job-completed"])
    timetable = {"per-hour": 1, "hours-of-day": [2], "days-of-week": ["MON"]}
    schedules.add(project, "odd", timetable, parameters={"branch": "main", "level": 1.5})
    result = run(project=API, describe=True)
    (entry,) = result["described"]["projects"]
    assert [each["name"] for each in entry["webhooks"]] == ["audit", "deploys"]
    assert [each["name"] for each in entry["schedules"]] == ["nightly", "weekly"]
    for words in ("more than one webhook twins, so none of them", "webhook plain of", "schedule odd of"):
        assert any(words in warning for warning in result["warnings"]), words
    changes_nothing(emulator, run_module, {"projects": [entry]})


@pytest.mark.parametrize(
    "branches", [["main", " "], [f"b{number}" for number in range(101)]], ids=["blank", "too many"]
)
def test_settings_that_cannot_be_sent_are_left_out_with_a_warning(
    emulator: Emulator, run, run_module, branches: list[str]
) -> None:
    change(emulator.project(API), {"pr_only_branch_overrides": branches})
    result = run(project=API, describe=True)
    (entry,) = result["described"]["projects"]
    (warning,) = result["warnings"]
    assert ("settings" in entry, entry["webhooks"] != []) == (False, True)
    assert warning.startswith(f"The description lacks the settings of {API}: pr_only_branch_overrides has ")
    changes_nothing(emulator, run_module, {"projects": [entry]})


def test_an_empty_list_of_branches_is_left_out_alone(emulator: Emulator, run) -> None:
    flags = dict.fromkeys(FLAGS, False)
    emulator.fault(
        "body", path="v2/project/gh/acme/api/settings", body={"advanced": {**flags, "pr_only_branch_overrides": []}}
    )
    result = run(project=API, describe=True)
    assert (result["described"]["projects"][0]["settings"], result["warnings"]) == (flags, [])


def test_keys_that_cannot_be_read_are_described_by_what_circleci_says_of_them(
    emulator: Emulator, run, run_module
) -> None:
    said = "0a:" * 15 + "0b"
    odd = [
        {"hostname": "md5.example", "public_key": "no key", "fingerprint": said},
        {"hostname": "a host", "public_key": PUBLIC[1]},
        {"hostname": "none.example", "public_key": "no key"},
    ]
    settings = {"following": True, "vcs_url": "https://github.com/acme/api", "ssh_keys": odd}
    kinds = ("user-key", "deploy-key", "github-user-key", "robot-key", None, "deploy-key")
    keys = [{"type": kind, "public_key": PUBLIC[0]} for kind in kinds]
    emulator.fault("body", path=f"{API}/settings[?]", body=settings, times=None)
    emulator.fault("body", path="/checkout-key$", body=keys, times=None)
    result = run(project=API, describe=True)
    (entry,) = result["described"]["projects"]
    assert entry["ssh_keys"] == [{"hostname": "md5.example", "fingerprint": said}]
    assert entry["checkout_keys"] == [{"type": "user-key"}, {"type": "deploy-key"}]
    assert [text.partition(" has a")[2].partition(",")[0] for text in result["warnings"] if " has a" in text] == [
        " checkout key of the type robot-key",
        " checkout key of an unknown type",
        "n SSH key of which CircleCI tells no fingerprint",
    ]
    (refused,) = [text for text in result["warnings"] if " has a" not in text]
    assert refused.startswith(f"The description lacks the SSH key {parse_public_key(PUBLIC[1]).sha256} of {API}: ")
    changes_nothing(emulator, run_module, {"projects": [entry]})


def test_definitions_of_one_name_are_told_apart_by_their_ids(emulator: Emulator, run_module) -> None:
    definitions, app = emulator.state.part(Definitions), emulator.project(app_slug(emulator))
    definitions.add(app, definitions.of(app)[0].name)
    add_trigger(emulator, "nightly", "0 2 * * *", 1)
    described = run_module(MODULE, project=app.slug, describe=True)["described"]
    assert [each["definition"] for each in described["projects"][0]["schedules"]] == [definitions.of(app)[1].id]
    changes_nothing(emulator, run_module, described)


def test_a_trigger_of_odd_times_is_left_out(emulator: Emulator, run_module) -> None:
    app = emulator.project(app_slug(emulator))
    for name, cron in (("odd", "17 2 * * *"), ("nightly", "0 2 * * *")):
        add_trigger(emulator, name, cron, 0)
    result = run_module(MODULE, project=app.slug, describe=True)
    (entry,) = result["described"]["projects"]
    assert [each["name"] for each in entry["schedules"]] == ["nightly"]
    assert any("schedule odd" in warning for warning in result["warnings"])
    changes_nothing(emulator, run_module, {"projects": [entry]})


def test_what_is_not_set_up_is_described_as_not_followed(emulator: Emulator, run, run_module) -> None:
    described = run(following="any", describe=True)["described"]
    assert {"project": WEB, "following": False} in described["projects"]
    changes_nothing(emulator, run_module, described)


def test_what_is_not_known_here_is_left_out_of_the_description(emulator: Emulator, run, run_module) -> None:
    emulator.state.part(Webhooks).add(emulator.project(API), "later", URL, ["job-started"])
    result = run(project=API, describe=True)
    assert "later" not in str(result["described"])
    assert any("webhook later" in text and "job-started" in text for text in result["warnings"])
    changes_nothing(emulator, run_module, result["described"])


def add_trigger(emulator: Emulator, name: str, cron: str, place: int) -> None:
    app = emulator.project(app_slug(emulator))
    definitions = emulator.state.part(Definitions)
    while len(definitions.of(app)) <= place:
        definitions.add(app, f"definition {len(definitions.of(app))}")
    source = {"provider": "schedule", "schedule": {"cron_expression": cron, "attribution_actor": SYSTEM_ID}}
    emulator.state.part(Triggers).add(
        app,
        definitions.of(app)[place],
        event_source=source,
        event_name=name,
        checkout_ref="main",
        config_ref="main",
    )


HOOKS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "b", ""]),
            "url": st.sampled_from([URL, "https://b.example/", "http://old.example/", "https://localhost/"]),
            "events": st.lists(st.sampled_from(["job-completed", "workflow-completed"]), min_size=1, unique=True),
            "verify_tls": st.booleans(),
            "secret": st.sampled_from(["", "s"]),
        }
    ),
    max_size=4,
)
DAYS: list[dict[str, Any]] = [{"days-of-week": ["SUN", "MON"]}, {"days-of-month": [1, 31]}]
TIMETABLES = st.builds(
    lambda known, days: {**known, **days},
    st.fixed_dictionaries(
        {"per-hour": st.sampled_from([1, 2, 7]), "hours-of-day": st.lists(st.integers(0, 23), min_size=1, unique=True)},
        optional={"months": st.lists(st.sampled_from(["JAN", "DEC"]), min_size=1, unique=True)},
    ),
    st.sampled_from(DAYS),
)
TIMED = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["a", "b"]),
            "timetable": TIMETABLES,
            "parameters": st.sampled_from(
                [
                    {"branch": "main"},
                    {"tag": "v1"},
                    {"branch": "x", "n": 1, "t": "1", "b": True},
                    {"branch": "x", "n": 1.5},
                ]
            ),
            "description": st.sampled_from([None, "what for"]),
        }
    ),
    max_size=3,
)
TRIGGERS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from(["0 2 * * *", "*/30 1-5 * JAN MON", "17 2 * * *", "0 0 1 * 1", "*/20 * * * 7"]),
        st.integers(0, 1),
    ),
    max_size=3,
)


@pytest.mark.once
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flags=st.fixed_dictionaries({name: st.booleans() for name in FLAGS}),
    branches=st.sampled_from([["main"], ["b", "main", "a"]]),
    hooks=HOOKS,
    timed=TIMED,
    triggers=TRIGGERS,
    keys=st.lists(st.tuples(st.sampled_from(["", "a.example"]), st.integers(0, 1)), max_size=3),
    checkout=st.lists(st.sampled_from(["deploy-key", "github-user-key"]), max_size=3),
    following=st.booleans(),
)
def test_what_is_described_changes_nothing(
    emulator: Emulator,
    run_module,
    flags: dict[str, bool],
    branches: list[str],
    hooks: list[dict[str, Any]],
    timed: list[dict[str, Any]],
    triggers: list[tuple[str, str, int]],
    keys: list[tuple[str, int]],
    checkout: list[str],
    following: bool,
) -> None:
    emulator.reset()
    emulator.add_repository(API, has_config=False)
    project = emulator.follow(API)
    change(project, {**flags, "pr_only_branch_overrides": branches})
    for hook in hooks:
        emulator.state.part(Webhooks).add(project, **hook)
    for each in timed:
        emulator.state.part(Schedules).add(project, **each)
    for trigger in triggers:
        add_trigger(emulator, *trigger)
    project.ssh_keys += [SSHKey(hostname, PUBLIC[number]) for hostname, number in keys]
    project.checkout_keys.clear()
    for kind in checkout:
        emulator.state.add_checkout_key(project, kind, None)
    if not following:
        emulator.state.unfollow(project, emulator.state.users["emulator"])
    for slug in (API, app_slug(emulator)):
        result = run_module(MODULE, project=slug, describe=True)
        assert not result.get("failed"), result["msg"]
        changes_nothing(emulator, run_module, result["described"])
