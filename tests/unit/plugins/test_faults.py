# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every write of every module under every fault: what is sent, what comes of it, and what the next run does.

The rules are those of the guide's chapter "When CircleCI misbehaves".
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from emulator import Emulator
from emulator.world.advanced import advanced
from emulator.world.contexts import Contexts, Restriction
from emulator.world.definitions import Definitions
from emulator.world.model import CheckoutKey, SSHKey, short_id
from emulator.world.schedules import SYSTEM_ID, Schedules
from emulator.world.state import APP_ORGANIZATION, APP_PROJECT
from emulator.world.triggers import Triggers
from emulator.world.webhooks import Webhooks
from tests.unit.keys import private_key

pytestmark = [pytest.mark.once, pytest.mark.drawn(10)]
API = "github/acme/api"
APP = f"{APP_ORGANIZATION}/{short_id(f'{APP_ORGANIZATION}/{APP_PROJECT}')}"
KEY = private_key()
VALUE = "a value of many characters"
HEROKU = "01234567-89ab-cdef-0123-456789abcdef"


@dataclass(frozen=True)
class Write:
    """One write of one module.

    :param options: the task that sends it
    :param path: what its path ends in, as a regular expression
    :param repeatable: whether the client may send it again after a doubtful failure (design: said by the caller)
    :param done: whether the emulator's state shows that it was carried out, only once, and nothing else was touched
    :param before: brings the emulator to where the task has this to do
    :param amid: adds what is similar to what the task is about, so that a careless look at the state takes it for that
    :param converges: whether a second run has nothing left to do; only a retry has not
    :param told_once: whether its answer alone has what it makes: without that it is taken back, and the task fails
    :param day: the day on which it is done, where CircleCI has removed by then what it rested on; None is before that
    """

    module: str
    options: dict[str, Any]
    method: str
    path: str
    repeatable: bool
    done: Callable[[Emulator], bool]
    before: list[dict[str, Any]] = field(default_factory=list)
    amid: Callable[[Emulator], object] = lambda _emulator: None
    converges: bool = True
    told_once: bool = False
    day: date | None = None

    def holds(self, when: str) -> bool:
        """Whether it stands that it was carried out `before` or `after` a fault hid its answer."""
        return when == "after" and not self.told_once


def project(emulator: Emulator):
    return emulator.project(API)


def user(emulator: Emulator, login: str) -> Any:
    emulator.state.add_token(f"token-of-{login}", login=login)
    return emulator.state.users[login]


# --- keys and variables that are there already ------------------------------------------------------------------------

PUBLIC = [parse_private_key(private_key(number=number)).public for number in range(2, 6)]


def listed_keys(*keys: tuple[str, int, int]) -> Callable[[Emulator], None]:
    """Let a project have just these checkout keys, newest first: types, indices in PUBLIC, days of age."""

    def add(emulator: Emulator) -> None:
        now = emulator.state.now()
        project(emulator).checkout_keys[:] = [
            CheckoutKey(kind, PUBLIC[index].text, None if kind == "deploy-key" else "emulator", now - days * 86400)
            for kind, index, days in keys
        ]

    return add


def keys_of(emulator: Emulator) -> list[tuple[str, int | None]]:
    """The checkout keys by type and index in PUBLIC, newest first; without an index for new ones."""
    texts = [public.text for public in PUBLIC]
    return [
        (key.type, texts.index(key.public_key) if key.public_key in texts else None)
        for key in project(emulator).checkout_keys
    ]


def listed_ssh_keys(*keys: tuple[str, str]) -> Callable[[Emulator], None]:
    """Let a project have just these SSH keys: host names and public halves."""

    def add(emulator: Emulator) -> None:
        project(emulator).ssh_keys[:] = [SSHKey(*key) for key in keys]

    return add


def ssh_keys_of(emulator: Emulator) -> list[tuple[str, str]]:
    return [(key.hostname, key.public_key) for key in project(emulator).ssh_keys]


HOST = "deploy.acme.example"
OURS = parse_private_key(KEY).public.text
# The same key for other hosts, other keys for the same host.
SIMILAR_SSH_KEYS = [("", OURS), ("acme.example", OURS), (HOST, PUBLIC[0].text), (HOST, PUBLIC[1].text)]
SIMILAR_VARIABLES = {"AB": VALUE, "a": VALUE, "BA": VALUE, "A_": "another value"}


def with_variables(emulator: Emulator) -> None:
    project(emulator).env_vars.update(SIMILAR_VARIABLES)


def tokens_of(emulator: Emulator) -> list[str]:
    """The texts of the tokens that were made."""
    return [text for text, token in emulator.state.tokens.items() if token.label == "badge"]


def followed_by_another(emulator: Emulator) -> None:
    emulator.state.follow(project(emulator), user(emulator, "somebody"))


def followers_of(emulator: Emulator) -> set[str]:
    return set(project(emulator).followers)


# --- builds that are there already ------------------------------------------------------------------------------------


def with_builds(*builds: dict[str, Any]) -> Callable[[Emulator], None]:
    """Let a project have builds of other pushes and triggers."""

    def add(emulator: Emulator) -> None:
        machine = emulator.state.machine
        for build in builds:
            made = machine.trigger(project(emulator), user(emulator, "somebody"), **{"why": "api", **build})
            if build.get("why") == "github":
                machine.finish(made)

    return add


def alike(emulator: Emulator, **wanted: Any) -> int:
    """How many builds that the API was asked for are as wanted."""
    ours = [build for build in project(emulator).builds if build.why in ("api", "retry")]
    return sum(all(getattr(build, name) == value for name, value in wanted.items()) for build in ours)


JOB: dict[str, Any] = {"branch": "feature/login", "job": "test", "parameters": {"A": "1", "CIRCLE_JOB": "test"}}
SIMILAR_JOBS: list[dict[str, Any]] = [
    {**JOB, "why": "github"},
    {**JOB, "branch": "main"},
    {**JOB, "job": "build", "parameters": {"A": "1", "CIRCLE_JOB": "build"}},
    {**JOB, "parameters": {"A": "2", "CIRCLE_JOB": "test"}},
    {**JOB, "parameters": {"CIRCLE_JOB": "test"}},
]
DEFAULT_JOB = {"branch": "main", "job": "build"}
SIMILAR_DEFAULT_JOBS: list[dict[str, Any]] = [
    {**DEFAULT_JOB, "why": "github", "parameters": {"A": "1"}},
    {**DEFAULT_JOB, "branch": "feature/login"},
    {**DEFAULT_JOB, "job": "test"},
]


# --- pipelines and workflows that are there already -------------------------------------------------------------------

LIVE: dict[str, Any] = {"branch": "feature/login", "parameters": {"target": "live"}}
HOLDS = {"workflow": "build-and-deploy", "branch": "main", "approve": ["hold"]}


def with_pipelines(emulator: Emulator, slug: str = API) -> None:
    """Let a project declare a parameter, and have pipelines of other pushes, triggers and parameters."""
    emulator.add_repository(slug, parameters={"target": "staging"})
    machine, found = emulator.state.machine, emulator.project(slug)
    emulator.push(slug, branch="feature/login")
    for login, branch, target in (
        ("emulator", "main", "live"),
        ("emulator", "feature/login", "staging"),
        ("emulator", "feature/login", "other"),
    ):
        by = user(emulator, login)
        machine.pipeline(found, by, branch=branch, trigger="api", why="api", parameters={"target": target})


def with_pipelines_of_another_commit(emulator: Emulator) -> None:
    with_pipelines(emulator)
    project(emulator).branches["feature/login"] = "ab" * 20


def with_definition(emulator: Emulator) -> None:
    with_pipelines(emulator)
    emulator.state.part(Definitions).add(project(emulator), "nightly")


def live_of(emulator: Emulator, **wanted: Any) -> int:
    """How many pipelines of the API there are of the branch feature/login with the parameter that is wanted."""
    wanted = {"branch": "feature/login", "parameters": LIVE["parameters"], "trigger": "api", **wanted}
    listed = project(emulator).pipelines
    return sum(all(getattr(each, name) == value for name, value in wanted.items()) for each in listed)


def with_holds(*scenarios: str) -> Callable[[Emulator], None]:
    """Let a project have pipelines of pushes to main, as far as they go without a person."""

    def add(emulator: Emulator) -> None:
        for scenario in scenarios:
            emulator.push(API, branch="main", script={"scenario": scenario})
            emulator.state.machine.finish_all(project(emulator).pipelines[-1])

    return add


def holds_of(emulator: Emulator) -> list[list[str]]:
    """How the approvals of each workflow are."""
    workflows = [workflow for pipeline in project(emulator).pipelines for workflow in pipeline.workflows]
    return [[job.status for job in each.jobs if job.plan.type == "approval"] for each in workflows]


def workflows_of(emulator: Emulator) -> list[tuple[str, bool]]:
    """The workflows by name, and whether they were canceled."""
    workflows = [workflow for pipeline in project(emulator).pipelines for workflow in pipeline.workflows]
    return [(each.name, each.is_canceled) for each in workflows]


TWO = ["build-and-test", "lint"]


def with_retries(emulator: Emulator) -> None:
    """Let a build have been retried, and that again, where no build belongs to a workflow."""
    machine, builds = emulator.state.machine, project(emulator).builds
    for source in (0, 1):
        machine.retry(builds[source], user(emulator, "emulator"), why="retry")
    for build in builds:
        machine.finish(build)
        build.workflow = None


# --- what API v2 keeps of a project -----------------------------------------------------------------------------------

WEBHOOK = {"name": "deploys", "url": "https://deploy.acme.example/", "events": ["job-completed"]}
SIMILAR_WEBHOOKS = {"Deploys": WEBHOOK["url"], "deploys 2": WEBHOOK["url"]}
SCHEDULE = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
SIMILAR_SCHEDULES = {"Nightly": [2], "nightly 2": [5]}
SIMILAR_TRIGGERS = {"Nightly": "0 2 * * *", "nightly 2": "0 5 * * *"}


def settings_of(emulator: Emulator, *names: str) -> list[Any]:
    return [advanced(project(emulator))[name] for name in names]


def with_webhooks(emulator: Emulator) -> None:
    for name, url in SIMILAR_WEBHOOKS.items():
        emulator.state.part(Webhooks).add(project(emulator), name, str(url), ["job-completed"], verify_tls=True)


def webhooks_of(emulator: Emulator) -> dict[str, str]:
    """The addresses of webhooks by name, which must be those of one each."""
    found = emulator.state.part(Webhooks).of(project(emulator))
    assert len({each.name for each in found}) == len(found)
    return {each.name: each.url for each in found}


def secrets_of(emulator: Emulator) -> list[str]:
    return [each.secret for each in emulator.state.part(Webhooks).of(project(emulator))]


def with_schedules(emulator: Emulator) -> None:
    for name, hours in SIMILAR_SCHEDULES.items():
        timetable = {"per-hour": 1, "hours-of-day": hours, "days-of-week": ["MON"]}
        emulator.state.part(Schedules).add(project(emulator), name, timetable)


def schedules_of(emulator: Emulator) -> dict[str, list[int]]:
    """The hours of schedules by name, which must be those of one each."""
    found = emulator.state.part(Schedules).of(project(emulator))
    assert len({each.name for each in found}) == len(found)
    return {each.name: each.timetable["hours-of-day"] for each in found}


def with_triggers(emulator: Emulator) -> None:
    app = emulator.project(APP)
    (definition,) = emulator.state.part(Definitions).of(app)
    for name, cron in SIMILAR_TRIGGERS.items():
        source = {"provider": "schedule", "schedule": {"cron_expression": cron, "attribution_actor": SYSTEM_ID}}
        emulator.state.part(Triggers).add(
            app, definition, event_source=source, event_name=name, checkout_ref="main", config_ref="main"
        )


def triggers_of(emulator: Emulator) -> dict[str, str]:
    """The cron expressions of schedule triggers by name, which must be those of one each."""
    found = emulator.state.part(Triggers).all.values()
    assert len({each.event_name for each in found}) == len(found)
    return {each.event_name: each.event_source["schedule"]["cron_expression"] for each in found}


FOLLOW = {"module": "circleci_project_follow"}
ABSENT = {"state": "absent"}
BUILD = {"module": "circleci_build", "trigger": "job"}
MANY = {
    "follow": Write(
        "circleci_projects",
        {"following": True},
        "POST",
        "/follow",
        True,
        lambda e: followers_of(e) == {"emulator", "somebody"},
        amid=followed_by_another,
    ),
    "unfollow": Write(
        "circleci_projects",
        {"following": False},
        "POST",
        "/unfollow",
        True,
        lambda e: followers_of(e) == {"somebody"},
        [FOLLOW],
        followed_by_another,
    ),
    "make checkout key": Write(
        "circleci_projects",
        {"checkout_keys": [{"type": "user-key"}]},
        "POST",
        "/checkout-key",
        False,
        lambda e: keys_of(e) == [("github-user-key", None), ("deploy-key", 0), ("deploy-key", 1)],
        [FOLLOW],
        listed_keys(("deploy-key", 0, 1), ("deploy-key", 1, 2)),
    ),
    "delete checkout key": Write(
        "circleci_projects",
        {"checkout_keys": [{"exclusive": True}]},
        "DELETE",
        "/checkout-key/",
        True,
        lambda e: keys_of(e) == [("deploy-key", 0), ("github-user-key", 2)],
        [FOLLOW],
        listed_keys(("deploy-key", 0, 1), ("deploy-key", 1, 2), ("github-user-key", 2, 3)),
    ),
    "add ssh key": Write(
        "circleci_projects",
        {"ssh_keys": [{"hostname": HOST, "private_key": KEY}]},
        "POST",
        "/ssh-key",
        False,
        lambda e: ssh_keys_of(e) == [*SIMILAR_SSH_KEYS, (HOST, OURS)],
        [FOLLOW],
        listed_ssh_keys(*SIMILAR_SSH_KEYS),
    ),
    "delete ssh key": Write(
        "circleci_projects",
        {"ssh_keys": [{"hostname": HOST, "private_key": KEY}], "ssh_keys_exclusive": True},
        "DELETE",
        "/ssh-key",
        True,
        lambda e: ssh_keys_of(e) == [(HOST, OURS)],
        [FOLLOW],
        listed_ssh_keys((HOST, OURS), ("acme.example", OURS)),
    ),
    "set variable": Write(
        "circleci_projects",
        {"env_vars": [{"name": "A", "value": VALUE}]},
        "POST",
        "/envvar",
        True,
        lambda e: project(e).env_vars == {**SIMILAR_VARIABLES, "A": VALUE},
        [FOLLOW],
        with_variables,
    ),
    "delete variable": Write(
        "circleci_projects",
        {"env_vars": [{"name": name, "value": value} for name, value in SIMILAR_VARIABLES.items()]}
        | {"env_vars_exclusive": True},
        "DELETE",
        "/envvar/A$",
        True,
        lambda e: project(e).env_vars == SIMILAR_VARIABLES,
        [FOLLOW, {"module": "circleci_env_var", "name": "A", "value": VALUE}],
        with_variables,
    ),
    "change settings": Write(
        "circleci_projects",
        {"settings": {"autocancel_builds": True}},
        "PATCH",
        "/settings",
        True,
        lambda e: settings_of(e, "autocancel_builds") == [True],
        [FOLLOW],
    ),
    "make webhook": Write(
        "circleci_projects",
        {"webhooks": [WEBHOOK]},
        "POST",
        "/webhook",
        False,
        lambda e: webhooks_of(e) == {**SIMILAR_WEBHOOKS, "deploys": WEBHOOK["url"]},
        [FOLLOW],
        with_webhooks,
    ),
    "change schedule": Write(
        "circleci_projects",
        {"schedules": [SCHEDULE]},
        "PATCH",
        "/schedule/",
        True,
        lambda e: schedules_of(e) == {**SIMILAR_SCHEDULES, "nightly": [2]},
        [FOLLOW, {"module": "circleci_schedule", **SCHEDULE, "hours_of_day": [5]}],
        with_schedules,
    ),
}

# --- contexts that are there already ----------------------------------------------------------------------------------

MAIN, SSH = 'pipeline.git.branch == "main"', "job.ssh.enabled"
ALL = ("group", "all members")
TEAM = ("group", "8d7c6b5a-4938-4271-8605-f4e3d2c1b0a9")
CONTEXT = {"module": "circleci_context"}
ContextState = tuple[dict[str, str], list[tuple[str, str]]]


def other_contexts(emulator: Emulator) -> None:
    """Let there be contexts of nearly this name, and of this name elsewhere."""
    contexts = emulator.state.part(Contexts)
    for slug, name in (("github/acme", "Deploy"), ("github/acme", "deploy2"), ("bitbucket/acme", "deploy")):
        contexts.put(contexts.add(emulator.state.organizations[slug], name), "A", VALUE)


def filled_context(emulator: Emulator) -> None:
    """Let the context have variables of nearly these names, and restrictions of each kind."""
    other_contexts(emulator)
    contexts = emulator.state.part(Contexts)
    context = contexts.named("github/acme", "deploy")
    for name, value in SIMILAR_VARIABLES.items():
        contexts.put(context, name, value)
    context.restrictions += [Restriction(*TEAM), Restriction("project", project(emulator).id)]


def context_of(emulator: Emulator) -> ContextState | None:
    """Variables and restrictions of the context, if there is one of that name and the others are as they were."""
    contexts = emulator.state.part(Contexts)
    by_place = {(each.organization.slug, each.name): each for each in contexts.known.values()}
    ours = by_place.pop(("github/acme", "deploy"), None)
    assert len(by_place) == 3
    assert len(contexts.known) == len(by_place) + (ours is not None)
    assert all(
        {name: each.value for name, each in other.variables.items()} == {"A": VALUE} for other in by_place.values()
    )
    if ours is None:
        return None
    restrictions = [
        ALL if each.value == ours.organization.id else (each.kind, each.value) for each in ours.restrictions
    ]
    return {name: each.value for name, each in ours.variables.items()}, restrictions


def is_context(
    *more: tuple[str, str], without: tuple[tuple[str, str], ...] = (), **variables: str
) -> Callable[[Emulator], bool]:
    """Whether the filled context has these restrictions and variables besides its own, and not some others."""

    def done(emulator: Emulator) -> bool:
        own = [ALL, TEAM, ("project", project(emulator).id)]
        found = context_of(emulator)
        return (
            found is not None
            and found[0] == {**SIMILAR_VARIABLES, **variables}
            and sorted(found[1]) == sorted([each for each in [*own, *more] if each not in without])
        )

    return done


CONTEXTS = {
    "make context": Write(
        "circleci_context", {}, "POST", "/context$", False, lambda e: context_of(e) == ({}, [ALL]), amid=other_contexts
    ),
    "delete context": Write(
        "circleci_context",
        ABSENT,
        "DELETE",
        "/context/[^/]+$",
        True,
        lambda e: context_of(e) is None,
        [FOLLOW, CONTEXT],
        filled_context,
    ),
    "set variable of a context": Write(
        "circleci_context",
        {"env_vars": [{"name": "A", "value": VALUE}]},
        "PUT",
        "/environment-variable/A$",
        True,
        is_context(A=VALUE),
        [FOLLOW, CONTEXT],
        filled_context,
    ),
    "replace variable of a context": Write(
        "circleci_context",
        {"env_vars": [{"name": "A", "value": VALUE}]},
        "PUT",
        "/environment-variable/A$",
        True,
        is_context(A=VALUE),
        [FOLLOW, {**CONTEXT, "env_vars": [{"name": "A", "value": "another value"}]}],
        filled_context,
    ),
    "delete variable of a context": Write(
        "circleci_context",
        {"env_vars": [{"name": name, "value": value} for name, value in SIMILAR_VARIABLES.items()]}
        | {"env_vars_exclusive": True},
        "DELETE",
        "/environment-variable/A$",
        True,
        is_context(),
        [FOLLOW, {**CONTEXT, "env_vars": [{"name": "A", "value": VALUE}]}],
        filled_context,
    ),
    "restrict context": Write(
        "circleci_context",
        {"restrictions": [{"expression": MAIN}]},
        "POST",
        "/restrictions$",
        False,
        is_context(("expression", MAIN)),
        [FOLLOW, CONTEXT],
        filled_context,
    ),
    "lift restriction of a context": Write(
        "circleci_context",
        {"restrictions": [{"project": API}], "restrictions_exclusive": True},
        "DELETE",
        "/restrictions/",
        True,
        is_context(),
        [FOLLOW, {**CONTEXT, "restrictions": [{"expression": SSH}]}],
        filled_context,
    ),
    "let all members in": Write(
        "circleci_context",
        {"all_members": "present"},
        "POST",
        "/restrictions$",
        True,
        is_context(),
        [FOLLOW, {**CONTEXT, "all_members": "absent"}],
        filled_context,
    ),
    "shut all members out": Write(
        "circleci_context",
        {"all_members": "absent"},
        "DELETE",
        "/restrictions/",
        True,
        is_context(without=(ALL,)),
        [FOLLOW, CONTEXT],
        filled_context,
    ),
}
WRITES = {
    **CONTEXTS,
    "follow": Write("circleci_project_follow", {}, "POST", "/follow", True, lambda e: followers_of(e) == {"emulator"}),
    "follow what another follows": Write(
        "circleci_project_follow",
        {},
        "POST",
        "/follow",
        True,
        lambda e: followers_of(e) == {"emulator", "somebody"},
        amid=followed_by_another,
    ),
    "unfollow": Write(
        "circleci_project_follow",
        ABSENT,
        "POST",
        "/unfollow",
        True,
        lambda e: followers_of(e) == {"somebody"},
        [FOLLOW],
        followed_by_another,
    ),
    "unfollow as the last": Write(
        "circleci_project_follow", ABSENT, "POST", "/unfollow", True, lambda e: followers_of(e) == set(), [FOLLOW]
    ),
    "make checkout key": Write(
        "circleci_checkout_key",
        {},
        "POST",
        "/checkout-key",
        False,
        lambda e: keys_of(e) == [("deploy-key", None), ("github-user-key", 0), ("github-user-key", 1)],
        [FOLLOW],
        listed_keys(("github-user-key", 0, 1), ("github-user-key", 1, 40)),
    ),
    "make the key of a rotation": Write(
        "circleci_checkout_key",
        {"max_age": 30, "exclusive": True},
        "POST",
        "/checkout-key",
        False,
        lambda e: keys_of(e) == [("deploy-key", None), ("github-user-key", 2)],
        [FOLLOW],
        listed_keys(("deploy-key", 0, 40), ("deploy-key", 1, 50), ("github-user-key", 2, 60)),
    ),
    "delete checkout key": Write(
        "circleci_checkout_key",
        {"fingerprint": PUBLIC[1].sha256, **ABSENT},
        "DELETE",
        "/checkout-key/",
        True,
        lambda e: keys_of(e) == [("deploy-key", 0), ("github-user-key", 2)],
        [FOLLOW],
        listed_keys(("deploy-key", 0, 1), ("deploy-key", 1, 2), ("github-user-key", 2, 3)),
    ),
    "delete the old key of a rotation": Write(
        "circleci_checkout_key",
        {"exclusive": True},
        "DELETE",
        "/checkout-key/",
        True,
        lambda e: keys_of(e) == [("deploy-key", 0), ("github-user-key", 2)],
        [FOLLOW],
        listed_keys(("deploy-key", 0, 1), ("deploy-key", 1, 2), ("github-user-key", 2, 3)),
    ),
    "add ssh key": Write(
        "circleci_ssh_key",
        {"hostname": HOST, "private_key": KEY},
        "POST",
        "/ssh-key",
        False,
        lambda e: ssh_keys_of(e) == [*SIMILAR_SSH_KEYS, (HOST, OURS)],
        [FOLLOW],
        listed_ssh_keys(*SIMILAR_SSH_KEYS),
    ),
    "delete ssh key": Write(
        "circleci_ssh_key",
        {"hostname": HOST, "private_key": KEY, **ABSENT},
        "DELETE",
        "/ssh-key",
        True,
        lambda e: ssh_keys_of(e) == SIMILAR_SSH_KEYS,
        [FOLLOW],
        listed_ssh_keys(*SIMILAR_SSH_KEYS, (HOST, OURS)),
    ),
    "delete the ssh key that another replaces": Write(
        "circleci_ssh_key",
        {"hostname": HOST, "private_key": KEY, "exclusive": True},
        "DELETE",
        "/ssh-key",
        True,
        lambda e: ssh_keys_of(e) == [("", PUBLIC[0].text), ("acme.example", OURS), (HOST, OURS)],
        [FOLLOW],
        listed_ssh_keys(("", PUBLIC[0].text), ("acme.example", OURS), (HOST, PUBLIC[0].text), (HOST, OURS)),
    ),
    "set variable": Write(
        "circleci_env_var",
        {"name": "A", "value": VALUE},
        "POST",
        "/envvar",
        True,
        lambda e: project(e).env_vars == {**SIMILAR_VARIABLES, "A": VALUE},
        [FOLLOW],
        with_variables,
    ),
    "replace variable": Write(
        "circleci_env_var",
        {"name": "A", "value": VALUE},
        "POST",
        "/envvar",
        True,
        lambda e: project(e).env_vars == {**SIMILAR_VARIABLES, "A": VALUE},
        [FOLLOW, {"module": "circleci_env_var", "name": "A", "value": "another value"}],
        with_variables,
    ),
    "delete variable": Write(
        "circleci_env_var",
        {"name": "A", **ABSENT},
        "DELETE",
        "/envvar/A$",
        True,
        lambda e: project(e).env_vars == SIMILAR_VARIABLES,
        [FOLLOW, {"module": "circleci_env_var", "name": "A", "value": VALUE}],
        with_variables,
    ),
    "make project token": Write(
        "circleci_project_token",
        {"label": "badge"},
        "POST",
        "/token$",
        False,
        lambda e: len(tokens_of(e)) == 1,
        [FOLLOW],
        lambda e: e.state.add_token("token-of-a-project", project=API, label="badges"),
        told_once=True,
    ),
    "delete project token": Write(
        "circleci_project_token",
        {"label": "badge", **ABSENT},
        "DELETE",
        "/token/",
        True,
        lambda e: tokens_of(e) == [] and "token-of-a-project" in e.state.tokens,
        [FOLLOW, {"module": "circleci_project_token", "label": "badge"}],
        lambda e: e.state.add_token("token-of-a-project", project=API, label="badges"),
    ),
    "change settings": Write(
        "circleci_project_settings",
        {"autocancel_builds": True, "pr_only_branch_overrides": ["release", "main"]},
        "PATCH",
        "/settings",
        True,
        lambda e: settings_of(e, "autocancel_builds", "pr_only_branch_overrides") == [True, ["release", "main"]],
        [FOLLOW],
    ),
    "keep secrets from forks": Write(
        "circleci_project_settings",
        {"forks_receive_secret_env_vars": False},
        "PATCH",
        "/settings",
        True,
        lambda e: settings_of(e, "forks_receive_secret_env_vars", "build_fork_prs") == [False, True],
        [FOLLOW, {"module": "circleci_project_settings", "build_fork_prs": True}],
    ),
    "make webhook": Write(
        "circleci_webhook",
        WEBHOOK,
        "POST",
        "/webhook",
        False,
        lambda e: webhooks_of(e) == {**SIMILAR_WEBHOOKS, "deploys": WEBHOOK["url"]},
        [FOLLOW],
        with_webhooks,
    ),
    "change webhook": Write(
        "circleci_webhook",
        WEBHOOK,
        "PUT",
        "/webhook/",
        True,
        lambda e: webhooks_of(e) == {**SIMILAR_WEBHOOKS, "deploys": WEBHOOK["url"]},
        [FOLLOW, {"module": "circleci_webhook", **WEBHOOK, "url": "https://old.acme.example/"}],
        with_webhooks,
    ),
    "replace the secret of a webhook": Write(
        "circleci_webhook",
        {**WEBHOOK, "signing_secret": "another secret", "update_secret": "always"},
        "PUT",
        "/webhook/",
        True,
        lambda e: secrets_of(e) == ["another secret"],
        [FOLLOW, {"module": "circleci_webhook", **WEBHOOK, "signing_secret": "a secret"}],
        converges=False,
    ),
    "delete webhook": Write(
        "circleci_webhook",
        {"name": "deploys", **ABSENT},
        "DELETE",
        "/webhook/",
        True,
        lambda e: webhooks_of(e) == SIMILAR_WEBHOOKS,
        [FOLLOW, {"module": "circleci_webhook", **WEBHOOK}],
        with_webhooks,
    ),
    "make schedule": Write(
        "circleci_schedule",
        SCHEDULE,
        "POST",
        "/schedule",
        False,
        lambda e: schedules_of(e) == {**SIMILAR_SCHEDULES, "nightly": [2]},
        [FOLLOW],
        with_schedules,
    ),
    "change schedule": Write(
        "circleci_schedule",
        SCHEDULE,
        "PATCH",
        "/schedule/",
        True,
        lambda e: schedules_of(e) == {**SIMILAR_SCHEDULES, "nightly": [2]},
        [FOLLOW, {"module": "circleci_schedule", **SCHEDULE, "hours_of_day": [5]}],
        with_schedules,
    ),
    "delete schedule": Write(
        "circleci_schedule",
        {"name": "nightly", **ABSENT},
        "DELETE",
        "/schedule/",
        True,
        lambda e: schedules_of(e) == SIMILAR_SCHEDULES,
        [FOLLOW, {"module": "circleci_schedule", **SCHEDULE}],
        with_schedules,
    ),
    "make schedule trigger": Write(
        "circleci_schedule",
        {"project": APP, **SCHEDULE},
        "POST",
        "/triggers",
        False,
        lambda e: triggers_of(e) == {**SIMILAR_TRIGGERS, "nightly": "0 2 * * *"},
        amid=with_triggers,
    ),
    "change schedule trigger": Write(
        "circleci_schedule",
        {"project": APP, **SCHEDULE},
        "PATCH",
        "/triggers/",
        True,
        lambda e: triggers_of(e) == {**SIMILAR_TRIGGERS, "nightly": "0 2 * * *"},
        [{"module": "circleci_schedule", "project": APP, **SCHEDULE, "hours_of_day": [5]}],
        with_triggers,
    ),
    "delete schedule trigger": Write(
        "circleci_schedule",
        {"project": APP, "name": "nightly", **ABSENT},
        "DELETE",
        "/triggers/",
        True,
        lambda e: triggers_of(e) == SIMILAR_TRIGGERS,
        [{"module": "circleci_schedule", "project": APP, **SCHEDULE}],
        with_triggers,
    ),
    "set heroku key": Write(
        "circleci_heroku_key",
        {"api_key": HEROKU},
        "POST",
        "/user/heroku-key",
        True,
        lambda e: e.state.users["emulator"].heroku_key == HEROKU,
    ),
    "replace heroku key": Write(
        "circleci_heroku_key",
        {"api_key": HEROKU},
        "POST",
        "/user/heroku-key",
        True,
        lambda e: e.state.users["emulator"].heroku_key == HEROKU,
        [{"module": "circleci_heroku_key", "api_key": HEROKU[::-1]}],
    ),
    "trigger a job of a branch": Write(
        "circleci_build",
        {"branch": "feature/login", "job": "test", "build_parameters": {"A": 1}, "reuse": "active"},
        "POST",
        "/tree/feature%2Flogin",
        False,
        lambda e: alike(e, **JOB) == 1,
        [FOLLOW],
        with_builds(*SIMILAR_JOBS),
    ),
    "trigger a job of the default branch": Write(
        "circleci_build",
        {"trigger": "job", "reuse": "active"},
        "POST",
        "/api$",
        False,
        lambda e: alike(e, **DEFAULT_JOB) == 1,
        [FOLLOW],
        with_builds(*SIMILAR_DEFAULT_JOBS),
    ),
    "trigger a pipeline": Write(
        "circleci_pipeline",
        {**LIVE, "reuse": "active"},
        "POST",
        "/api/pipeline$",
        False,
        lambda e: live_of(e) == 1,
        [FOLLOW],
        with_pipelines,
    ),
    "trigger a pipeline of a commit": Write(
        "circleci_pipeline",
        {**LIVE, "revision": "ab" * 20, "reuse": "active"},
        "POST",
        "/api/pipeline$",
        False,
        lambda e: live_of(e, revision="ab" * 20) == 1,
        [FOLLOW],
        with_pipelines_of_another_commit,
    ),
    "trigger a pipeline of a definition": Write(
        "circleci_pipeline",
        {**LIVE, "definition": "nightly", "reuse": "active"},
        "POST",
        "/api/pipeline/run$",
        False,
        lambda e: live_of(e) == 1,
        [FOLLOW],
        with_definition,
    ),
    "trigger the builds of a pipeline": Write(
        "circleci_build",
        {**LIVE, "reuse": "active"},
        "POST",
        "/api/pipeline$",
        False,
        lambda e: live_of(e) == 1,
        [FOLLOW],
        with_pipelines,
    ),
    "cancel the pipelines of a branch": Write(
        "circleci_pipeline",
        {"state": "canceled", "branch": "main"},
        "POST",
        "/workflow/[^/]+/cancel",
        True,
        lambda e: workflows_of(e) == [("build-and-test", False), ("lint", False), ("build-and-deploy", True)],
        [FOLLOW],
        with_holds("two-workflows", "hold"),
    ),
    "cancel a workflow": Write(
        "circleci_workflow",
        {"state": "canceled", "workflow": "build-and-deploy", "branch": "main"},
        "POST",
        "/workflow/[^/]+/cancel",
        True,
        lambda e: workflows_of(e) == [("build-and-deploy", False), ("build-and-deploy", True)],
        [FOLLOW],
        with_holds("hold", "hold"),
    ),
    "approve a hold": Write(
        "circleci_workflow",
        {"state": "approved", **HOLDS},
        "POST",
        "/workflow/[^/]+/approve/",
        True,
        lambda e: holds_of(e) == [["on_hold"], ["success"]],
        [FOLLOW],
        with_holds("hold", "hold"),
    ),
    "rerun a workflow": Write(
        "circleci_workflow",
        {"state": "rerun", "workflow": "lint", "branch": "main", "from_failed": True},
        "POST",
        "/workflow/[^/]+/rerun",
        False,
        lambda e: [name for name, _canceled in workflows_of(e)] == [*TWO, *TWO, "lint"],
        [FOLLOW],
        with_holds("second-workflow-fails", "second-workflow-fails"),
        converges=False,
    ),
    "cancel a build": Write(
        "circleci_build",
        {"state": "canceled", "build_num": 2},
        "POST",
        "/2/cancel",
        True,
        lambda e: [build.status == "canceled" for build in project(e).builds] == [False, True, False],
        [FOLLOW, BUILD, BUILD, BUILD],
    ),
    "retry a build": Write(
        "circleci_build",
        {"state": "retried", "build_num": 1},
        "POST",
        "/workflow/[^/]+/rerun$",
        False,
        lambda e: [name for name, _canceled in workflows_of(e)] == [*TWO, "build-and-test", *TWO],
        [FOLLOW],
        with_holds("two-workflows", "two-workflows"),
        converges=False,
    ),
    "retry a build without a workflow": Write(
        "circleci_build",
        {"state": "retried", "build_num": 1},
        "POST",
        "/1/retry",
        False,
        lambda e: alike(e, retry_of=1) == 2,
        [FOLLOW, BUILD],
        with_retries,
        converges=False,
    ),
    "open a build to the user": Write(
        "circleci_build_ssh_user",
        {"build_num": 1},
        "POST",
        "/1/ssh-users",
        False,
        lambda e: [each.login for each in project(e).builds[0].ssh_users] == ["somebody", "emulator"],
        [FOLLOW, BUILD, BUILD],
        lambda e: project(e).builds[0].ssh_users.append(user(e, "somebody")),
    ),
    **{
        f"many projects: {name}": replace(write, options={"projects": [{"project": API, **write.options}]})
        for name, write in MANY.items()
    },
}
# What has taken the place of the calls that CircleCI removes.
SUCCESSORS = (
    "trigger a pipeline",
    "trigger a pipeline of a commit",
    "trigger a pipeline of a definition",
    "trigger the builds of a pipeline",
    "cancel the pipelines of a branch",
    "cancel a workflow",
    "approve a hold",
    "rerun a workflow",
    "retry a build",
)
# What reads of branches, and of the workflow that is their latest, before it writes.
REUSES = ("trigger a job of a branch", "trigger a job of the default branch")
ON_DAYS = {
    "without branches in answers": (date(2026, 12, 7), (*REUSES, *SUCCESSORS)),
    "after the removal": (date(2027, 2, 1), SUCCESSORS),
}
WRITES |= {
    f"{name} {words}": replace(WRITES[name], day=day) for words, (day, names) in ON_DAYS.items() for name in names
}

# The answer says that nothing was carried out: the request is sent again, whatever it is.
THROTTLED: dict[str, dict[str, Any]] = {
    "429 with seconds": {"status": 429, "headers": {"Retry-After": "0"}, "body": {}},
    "429 with a date": {"status": 429, "retry_date": 0.0, "body": {"message": "API rate limit exceeded"}},
    "429 without a header": {"status": 429, "body": {}},
    "429 with an unreadable header": {"status": 429, "headers": {"Retry-After": "soon"}, "body": {}},
    "429 with HTML": {"status": 429, "body": "<html>slow down</html>"},
    "429 in words": {"status": 429, "body": "Rate limited."},
}
# Nobody can tell from these whether the write was carried out.
DOUBTFUL: dict[str, dict[str, Any]] = {
    **{f"{status}": {"kind": "status", "status": status, "body": {"message": "x"}} for status in (500, 502, 503, 504)},
    "503 with HTML": {"kind": "status", "status": 503, "body": "<html>sorry</html>"},
    "dropped": {"kind": "drop"},
    "reset": {"kind": "reset"},
    "no answer": {"kind": "hang"},
}
# One in so many cells of a matrix of these and two moments leaves make test one of every write.
EACH = len(DOUBTFUL) + 1
# A success, but not an answer of the API.
UNUSABLE: dict[str, dict[str, Any]] = {
    "HTML": {"body": "<html>welcome</html>"},
    "broken JSON": {"body": '{"message": ', "content_type": "application/json"},
    "deep JSON": {"body": "[" * 50_000, "content_type": "application/json"},
}
# A success in JSON, but of another shape than the documented one.
MISSHAPEN: dict[str, dict[str, Any]] = {
    "null": {"body": None},
    "an empty object": {"body": {}},
    "a list": {"body": [{"message": "ok"}]},
    "a list of null": {"body": [None]},
    "text": {"body": '"ok"', "content_type": "application/json"},
    "a number": {"body": 7},
}
# What a failure names where that is no project.
ABOUT = {"circleci_heroku_key": "heroku-key", "circleci_context": "Context deploy of github/acme"}
REDIRECTS = {
    "same host": "/api/v1.1/me",
    "another host": "http://circleci.invalid/api/v1.1/me",
    "https to http": "http://localhost:1/api/v1.1/me",
}


def patience_with(fault: str) -> float:
    """The seconds of the option timeout: few where no answer comes, else more than a busy machine takes."""
    return 0.5 if fault == "no answer" else 30.0


@dataclass
class Ladder:
    """Runs one cell of the matrix."""

    emulator: Emulator
    run_module: Callable[..., dict[str, Any]]
    write: Write

    def prepare(self) -> None:
        self.emulator.state.machine.set_progress("manual")
        project(self.emulator).has_config = False  # no first build gets in the way
        for step in self.write.before:
            assert not self.run_module(step["module"], **self.options_of(step)).get("failed")
        self.write.amid(self.emulator)
        if self.write.day:
            self.emulator.state.date = self.write.day
        assert not self.write.done(self.emulator)
        self.emulator.clear()

    @staticmethod
    def options_of(step: dict[str, Any]) -> dict[str, Any]:
        given = {name: value for name, value in step.items() if name != "module"}
        if step["module"] == "circleci_context":
            return {"organization": "github/acme", "name": "deploy", **given}
        return given if step["module"] in ("circleci_heroku_key", "circleci_projects") else {"project": API, **given}

    def task(self, **options: Any) -> dict[str, Any]:
        step = {"module": self.write.module, **self.write.options, **options}
        return self.run_module(step["module"], **self.options_of(step))

    def fault(self, kind: str, **options: Any) -> None:
        """Let the write meet a fault."""
        self.emulator.fault(kind, method=self.write.method, path=self.write.path, **options)

    @property
    def sent(self) -> int:
        """How often the write itself was sent."""
        return sum(
            record.method == self.write.method and bool(re.search(self.write.path, record.path))
            for record in self.emulator.requests
        )

    def expect(self, result: dict[str, Any], *, succeeds: bool, sent: int, carried_out: bool) -> None:
        told = {key: result.get(key) for key in ("failed", "changed", "msg")}
        assert bool(result.get("failed")) is not succeeds, told
        assert self.sent == sent, told
        assert self.write.done(self.emulator) is carried_out, told
        if not succeeds:
            assert ABOUT.get(self.write.module, self.write.options.get("project", API)) in result["msg"]
            assert result.get("hint") or "Run the task again" in result["msg"]
            assert "Traceback" not in result["msg"]

    def expect_convergence(self) -> None:
        """Every fault was met. The next run repairs what is left to do, and the one after it finds nothing."""
        assert self.emulator.faults.pending == []
        self.emulator.faults.clear()
        if not self.write.converges:
            return
        assert not self.task().get("failed")
        assert self.write.done(self.emulator)
        self.emulator.clear()
        assert self.task()["changed"] is False
        assert self.emulator.writes == []


@pytest.fixture(params=WRITES)
def ladder(request: pytest.FixtureRequest, emulator: Emulator, clock, run_module) -> Ladder:
    ladder = Ladder(emulator, run_module, WRITES[request.param])
    ladder.prepare()
    return ladder


@pytest.mark.parametrize("fault", THROTTLED)
def test_a_throttled_write_is_sent_again(ladder: Ladder, fault: str) -> None:
    ladder.fault("status", **THROTTLED[fault])
    result = ladder.task()
    ladder.expect(result, succeeds=True, sent=2, carried_out=True)
    assert result["changed"] is True
    ladder.expect_convergence()


@pytest.mark.parametrize("waiting", [{"headers": {"Retry-After": "86400"}}, {"retry_date": 86400.9}])
def test_an_absurd_wait_fails_at_once(ladder: Ladder, waiting: dict[str, Any]) -> None:
    ladder.fault("status", status=429, body={}, **waiting)
    result = ladder.task()
    ladder.expect(result, succeeds=False, sent=1, carried_out=False)
    assert result["changed"] is False
    assert re.search("asks to wait 8640[01] s", result["msg"])
    ladder.expect_convergence()


def test_throttling_without_end_is_given_up(ladder: Ladder) -> None:
    ladder.fault("status", status=429, body={}, headers={"Retry-After": "0"}, times=None)
    result = ladder.task(retries=3)
    ladder.expect(result, succeeds=False, sent=4, carried_out=False)
    assert result["changed"] is False
    assert "answered 429" in result["msg"]
    ladder.expect_convergence()


@pytest.mark.drawn(EACH)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", DOUBTFUL)
def test_a_doubtful_write_is_repeated_only_when_that_is_safe(ladder: Ladder, fault: str, when: str) -> None:
    ladder.fault(when=when, **DOUBTFUL[fault])
    result = ladder.task(timeout=patience_with(fault))
    if ladder.write.repeatable:
        ladder.expect(result, succeeds=True, sent=2, carried_out=True)
    else:
        holds = ladder.write.holds(when)
        ladder.expect(result, succeeds=holds, sent=1, carried_out=holds)
    assert result["changed"] is (ladder.write.repeatable or when == "after")
    ladder.expect_convergence()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", DOUBTFUL)
def test_without_retries_the_state_decides(ladder: Ladder, fault: str, when: str) -> None:
    ladder.fault(when=when, **DOUBTFUL[fault])
    result = ladder.task(timeout=patience_with(fault), retries=0)
    holds = ladder.write.holds(when)
    ladder.expect(result, succeeds=holds, sent=1, carried_out=holds)
    assert result["changed"] is (when == "after")
    if when == "before":
        assert "It was not sent again" in result["msg"]
    ladder.expect_convergence()


REPEATABLE = [name for name, write in WRITES.items() if write.repeatable]


@pytest.mark.parametrize("ladder", REPEATABLE, indirect=True)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", ["502", "dropped"])
@pytest.mark.parametrize(("status", "headers"), [(403, {}), (429, {"Retry-After": "86400"})], ids=["403", "429"])
def test_a_refusal_says_nothing_of_the_doubtful_try_before_it(
    ladder: Ladder, first: str, when: str, status: int, headers: dict[str, str]
) -> None:
    ladder.fault(when=when, **DOUBTFUL[first])
    ladder.fault("status", status=status, headers=headers, body={"message": "no"})
    result = ladder.task()
    ladder.expect(result, succeeds=when == "after", sent=2, carried_out=when == "after")
    assert result["changed"] is (when == "after")
    ladder.expect_convergence()


def test_an_answer_that_is_cut_is_no_answer(ladder: Ladder) -> None:
    ladder.fault("truncate")
    result = ladder.task()
    holds = ladder.write.holds("after")
    ladder.expect(result, succeeds=holds, sent=2 if ladder.write.repeatable else 1, carried_out=holds)
    ladder.expect_convergence()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", [*UNUSABLE, *MISSHAPEN])
def test_a_success_that_is_no_answer_of_the_api_is_looked_into(ladder: Ladder, fault: str, when: str) -> None:
    ladder.fault("body", when=when, **{**UNUSABLE, **MISSHAPEN}[fault])
    result = ladder.task()
    holds = ladder.write.holds(when)
    ladder.expect(result, succeeds=holds, sent=1, carried_out=holds)
    assert result["changed"] is (when == "after")
    ladder.expect_convergence()


# One write of each call. All that remove something are one.
CALLS = list(
    {write.path if write.method != "DELETE" else "": name for name, write in reversed(WRITES.items())}.values()
)


@pytest.mark.drawn(1)
@pytest.mark.parametrize("ladder", CALLS, indirect=True)
def test_no_call_takes_an_empty_object_for_its_answer(ladder: Ladder) -> None:
    """The cells above draw other oddities: this one would pass for a success wherever the shape is not looked at."""
    ladder.fault("body", body={})
    result = ladder.task()
    ladder.expect(result, succeeds=False, sent=1, carried_out=False)
    assert (result["changed"], "cannot be used: " in result["msg"]) == (False, True)


@pytest.mark.parametrize("where", REDIRECTS)
def test_a_redirected_write_was_not_carried_out(ladder: Ladder, where: str) -> None:
    ladder.fault("redirect", location=REDIRECTS[where])
    result = ladder.task()
    ladder.expect(result, succeeds=False, sent=1, carried_out=False)
    assert result["changed"] is False
    assert "a write is never redirected" in result["msg"]
    ladder.expect_convergence()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refused_write_is_final(ladder: Ladder, status: int) -> None:
    ladder.fault("status", status=status, body={"message": "no {{ 1 + 1 }} \x1b[31m"})
    result = ladder.task()
    assert (result.get("failed"), result["changed"]) == (True, False)
    assert f"answered {status}" in result["msg"]
    assert "no {{ 1 + 1 }} \\x1b[31m" in result["msg"]
    assert ladder.write.module == "circleci_projects" or result["status"] == status
    assert ladder.sent == 1
    ladder.expect_convergence()


@pytest.mark.parametrize("kind", ["refused", "late"])
def test_a_write_whose_connection_was_never_made_is_sent_again(
    ladder: Ladder, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    connecting: Any = (
        urllib3.exceptions.NewConnectionError if kind == "refused" else urllib3.exceptions.ConnectTimeoutError
    )
    error = requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", connecting(None, kind)))  # type: ignore[arg-type]  # no pool is needed
    send = requests.adapters.HTTPAdapter.send
    failed: list[bool] = []

    def fail_first(self: Any, request: Any, **options: Any) -> Any:
        if request.method == ladder.write.method and not failed:
            failed.append(True)
            raise error
        return send(self, request, **options)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", fail_first)
    ladder.expect(ladder.task(), succeeds=True, sent=1, carried_out=True)
    assert failed
    ladder.expect_convergence()


@pytest.mark.parametrize("fault", [*THROTTLED, *DOUBTFUL])
def test_reads_survive_what_passes(ladder: Ladder, fault: str) -> None:
    options = {"kind": "status", **THROTTLED[fault]} if fault in THROTTLED else DOUBTFUL[fault]
    ladder.emulator.fault(method="GET", **options)
    ladder.expect(ladder.task(timeout=patience_with(fault)), succeeds=True, sent=1, carried_out=True)
    ladder.expect_convergence()


@pytest.mark.parametrize("fault", [*UNUSABLE, *MISSHAPEN])
def test_nothing_is_written_on_the_ground_of_an_odd_answer(ladder: Ladder, fault: str) -> None:
    ladder.emulator.fault("body", method="GET", **{**UNUSABLE, **MISSHAPEN}[fault])
    result = ladder.task()
    assert (result.get("failed"), result["changed"], ladder.emulator.writes) == (True, False, [])
    assert result["hint"]
    ladder.expect_convergence()


@pytest.mark.parametrize("fault", [*THROTTLED, *DOUBTFUL])
def test_check_mode_writes_nothing_whatever_happens(ladder: Ladder, fault: str) -> None:
    options = {"kind": "status", **THROTTLED[fault]} if fault in THROTTLED else DOUBTFUL[fault]
    ladder.emulator.fault(**options)
    result = ladder.task(check_mode=True, timeout=patience_with(fault))
    assert (result.get("failed"), result["changed"]) == (None, True)
    assert ladder.emulator.writes == []
    assert ladder.emulator.faults.pending == []


@pytest.mark.parametrize("ladder", ["set variable", "many projects: follow"], indirect=True)
def test_throttling_is_told_once_with_how_long_it_took(ladder: Ladder) -> None:
    ladder.emulator.fault("status", method="GET", status=429, body={}, headers={"Retry-After": "1"})
    result = ladder.task()
    assert [warning for warning in result["warnings"] if "throttled" in warning] == [
        "CircleCI throttled this task, which waited 1 s for it in all."
    ]


# How many cells each row of the matrix has.
CELLS = {
    test_a_throttled_write_is_sent_again: len(WRITES) * len(THROTTLED),
    test_an_absurd_wait_fails_at_once: len(WRITES) * 2,
    test_throttling_without_end_is_given_up: len(WRITES),
    test_a_doubtful_write_is_repeated_only_when_that_is_safe: len(WRITES) * len(DOUBTFUL) * 2,
    test_without_retries_the_state_decides: len(WRITES) * len(DOUBTFUL) * 2,
    test_a_refusal_says_nothing_of_the_doubtful_try_before_it: len(REPEATABLE) * 2 * 2 * 2,
    test_an_answer_that_is_cut_is_no_answer: len(WRITES),
    test_a_success_that_is_no_answer_of_the_api_is_looked_into: len(WRITES) * len(UNUSABLE | MISSHAPEN) * 2,
    test_a_redirected_write_was_not_carried_out: len(WRITES) * len(REDIRECTS),
    test_a_refused_write_is_final: len(WRITES) * 6,
    test_a_write_whose_connection_was_never_made_is_sent_again: len(WRITES) * 2,
    test_reads_survive_what_passes: len(WRITES) * len(THROTTLED | DOUBTFUL),
    test_nothing_is_written_on_the_ground_of_an_odd_answer: len(WRITES) * len(UNUSABLE | MISSHAPEN),
    test_check_mode_writes_nothing_whatever_happens: len(WRITES) * len(THROTTLED | DOUBTFUL),
}


@pytest.mark.rest
def test_the_matrix_is_whole(request: pytest.FixtureRequest) -> None:
    of_tests = Counter(item.function for item in request.session.items if isinstance(item, pytest.Function))
    assert {test.__name__: of_tests[test] for test in CELLS} == {test.__name__: cells for test, cells in CELLS.items()}


@pytest.mark.rest
def test_of_every_write_make_test_sees_whether_it_is_repeated(request: pytest.FixtureRequest) -> None:
    seen = {
        item.callspec.params["ladder"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.function is test_a_doubtful_write_is_repeated_only_when_that_is_safe
        and not item.get_closest_marker("rest")
    }
    assert seen == WRITES.keys()


# --- as an ordinary module -------------------------------------------------------------------------------------------

KINDS: dict[str, dict[str, Any]] = {
    "429 with seconds": {"kind": "status", **THROTTLED["429 with seconds"]},
    "429 with a date": {"kind": "status", **THROTTLED["429 with a date"]},
    "429 without a header": {"kind": "status", **THROTTLED["429 without a header"]},
    "429 with HTML": {"kind": "status", **THROTTLED["429 with HTML"]},
    "429 with an absurd wait": {"kind": "status", "status": 429, "body": {}, "headers": {"Retry-After": "86400"}},
    "502 before": DOUBTFUL["502"],
    "502 after": {**DOUBTFUL["502"], "when": "after"},
    "dropped before": DOUBTFUL["dropped"],
    "dropped after": {**DOUBTFUL["dropped"], "when": "after"},
    "reset before": DOUBTFUL["reset"],
    "reset after": {**DOUBTFUL["reset"], "when": "after"},
    "no answer": DOUBTFUL["no answer"],
    "truncated": {"kind": "truncate"},
    "HTML": {"kind": "body", **UNUSABLE["HTML"]},
    "broken JSON": {"kind": "body", **UNUSABLE["broken JSON"]},
    "null": {"kind": "body", **MISSHAPEN["null"]},
    "a list": {"kind": "body", **MISSHAPEN["a list"]},
    "a redirect": {"kind": "redirect", "location": REDIRECTS["another host"]},
    "a refusal": {"kind": "status", "status": 403, "body": {"message": "Permission denied"}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_ordinary_module_ends_the_same_way(emulator: Emulator, run_module, tmp_path: Path, kind: str) -> None:
    write = WRITES["make checkout key"]
    results = []
    for ordinary in (False, True):
        emulator.reset()
        ladder = Ladder(emulator, run_module, write)
        ladder.prepare()
        ladder.fault(**KINDS[kind])
        options: dict[str, Any] = {"timeout": patience_with(kind)}
        results.append(_as_process(emulator, tmp_path, options) if ordinary else ladder.task(**options))
        results[-1]["requests"] = [record.method for record in emulator.requests]
        results[-1]["state"] = keys_of(emulator)
        ladder.expect_convergence()
    in_process, module = (_comparable(result) for result in results)
    assert module == in_process


def _as_process(emulator: Emulator, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Run the module of checkout keys as core does on a target."""
    arguments = {"project": API, "api_url": emulator.url, "api_token": emulator.token, "_ansible_diff": True, **options}
    (folder / "arguments").write_text(json.dumps({"ANSIBLE_MODULE_ARGS": arguments}))
    name = "ansible_collections.community.circleci.plugins.modules.circleci_checkout_key"
    done = subprocess.run(
        [sys.executable, "-m", name, str(folder / "arguments")], capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _comparable(result: dict[str, Any]) -> dict[str, Any]:
    """A result without what another run gives otherwise: the keys that the server makes, ports, shortened pauses."""
    core_adds = ("invocation", "warnings", "exception", "_ansible_new_secrets")
    kept = {key: value for key, value in result.items() if key not in core_adds}
    kept.update({key: bool(kept.get(key)) for key in ("checkout_key", "checkout_keys", "diff")})
    kept.update({key: [(entry["kind"], entry["type"]) for entry in kept.get(key, ())] for key in ("added", "removed")})
    return {**kept, "msg": re.sub(r":\d{4,5}|\d s later", "", str(kept.get("msg")))}
