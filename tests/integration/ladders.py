# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same tasks of every module, for tests that run them in different ways."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from emulator import Emulator
from tests.integration.playing import Json, Played, Ran, Task, task
from tests.unit.keys import private_key
from tests.unit.predicting import differences

PROJECT = "github/acme/api"

MANY = {
    "project": "web",
    "following": True,
    "checkout_keys": [{"type": "deploy-key"}],
    "ssh_keys": [{"hostname": "deploy.acme.example", "private_key": private_key("rsa", "pkcs8")}],
    "env_vars": [{"name": "REGISTRY_PASSWORD", "value": "lake-pebble-41"}],
}
CONTEXT: Json = {
    "organization": "github/acme",
    "name": "deploy",
    "env_vars": [{"name": "REGISTRY_PASSWORD", "value": "lake-pebble-41"}],
    "restrictions": [{"project": PROJECT}, {"expression": 'pipeline.git.branch == "main"'}],
    "all_members": "absent",
}
MANY_ABSENT = {"project": "web", "following": False}
HOOK = {"name": "deploys", "url": "https://deploy.acme.example/", "events": ["job-completed"]}
DEFAULTS = {
    "settings": {"build_fork_prs": True, "forks_receive_secret_env_vars": False},
    "webhooks": [HOOK | {"signing_secret": "webhook-thistle-58"}],
    "schedules": [{"name": "nightly", "branch": "main", "hours_of_day": [2]}],
}
DEFAULTS_ABSENT = {
    "settings": {"build_fork_prs": False},
    "webhooks": [{"name": "deploys", "state": "absent"}],
    "schedules": [{"name": "nightly", "state": "absent"}],
}


@dataclass
class Ladder:
    """A module with what makes it add something and, if it can, remove that again."""

    module: str
    present: Json
    absent: Json | None = field(default_factory=lambda: {"state": "absent"})

    def tasks(self) -> list[Task]:
        """Predict, do, do again; the same for the way back."""
        tasks = []
        for word, options in (("present", self.present), ("absent", self.absent)):
            if options is not None:
                given = self.present | options
                tasks += [
                    task(f"{self.module} {word}, predicted", self.module, keywords={"check_mode": True}, **given),
                    task(f"{self.module} {word}", self.module, **given),
                    task(f"{self.module} {word}, again", self.module, **given),
                ]
        return tasks


def ladders() -> list[Ladder]:
    """One for every module that changes something and can do so twice."""
    return [
        Ladder("circleci_project_follow", {"project": "github/acme/web"}),
        Ladder("circleci_checkout_key", {"project": PROJECT, "type": "user-key"}),
        Ladder(
            "circleci_ssh_key",
            {"project": PROJECT, "hostname": "deploy.acme.example", "private_key": private_key("ecdsa", "traditional")},
        ),
        Ladder("circleci_env_var", {"project": PROJECT, "name": "REGISTRY_PASSWORD", "value": "lake-pebble-41"}),
        Ladder(
            "circleci_project_settings",
            {"project": PROJECT, "build_prs_only": True, "pr_only_branch_overrides": ["release", "main"]},
            {"build_prs_only": False, "pr_only_branch_overrides": ["main"]},
        ),
        Ladder(
            "circleci_webhook",
            {
                "project": PROJECT,
                "name": "deploys",
                "url": "https://deploy.acme.example/",
                "events": ["job-completed", "workflow-completed"],
                "signing_secret": "webhook-thistle-58",
            },
        ),
        Ladder(
            "circleci_schedule",
            {
                "project": PROJECT,
                "name": "nightly",
                "branch": "main",
                "hours_of_day": [2, 14],
                "days_of_week": ["sun", "Sat"],
                "parameters": {"full": True, "level": 3},
            },
        ),
        Ladder("circleci_project_token", {"project": PROJECT, "label": "badge"}),
        Ladder("circleci_context", CONTEXT),
        Ladder("circleci_heroku_key", {"api_key": "heroku-willow-96"}, absent=None),
        Ladder(
            "circleci_projects",
            # One project after the other: the order of their requests is compared.
            {
                "organization": "acme",
                "projects": [MANY, {"project": "api", "schedules": None}],
                "defaults": DEFAULTS,
                "concurrency": 1,
            },
            {"projects": [MANY_ABSENT], "defaults": DEFAULTS_ABSENT, "concurrency": 1},
        ),
    ]


def other_tasks() -> list[Task]:
    """What is no ladder: rotation, exclusiveness, builds, reading and failures."""
    ignore = {"ignore_errors": True}
    return [
        task("rotate", "circleci_checkout_key", project=PROJECT, rotate=True),
        task(
            "replace",
            "circleci_ssh_key",
            project=PROJECT,
            hostname="old.acme.example",
            private_key=private_key(),
            exclusive=True,
        ),
        task("build", "circleci_build", project=PROJECT, wait=True, keywords=ignore),
        task("let in", "circleci_build_ssh_user", project=PROJECT, build_num=1),
        task("read user", "circleci_user_info", organizations=True),
        task("read project", "circleci_project_info", project=PROJECT, checkout_keys=True, env_vars=True),
        task("context", "circleci_context", **CONTEXT),
        task("read contexts", "circleci_context_info", organization="acme", env_vars=True, restrictions=True),
        task("no such organization", "circleci_context", organization="github/nobody", name="x", keywords=ignore),
        task("read build", "circleci_build_info", project=PROJECT, artifacts=True, tests=True, steps=True),
        task("mangled key", "circleci_ssh_key", project=PROJECT, private_key="no key at all", keywords=ignore),
        task("no such repository", "circleci_project_follow", project="github/acme/nowhere", keywords=ignore),
        task("no token", "circleci_env_var", project=PROJECT, name="A", state="absent", api_token="", keywords=ignore),
        task("wrong token", "circleci_heroku_key", api_key="x" * 36, api_token="wrong-token", keywords=ignore),
    ]


def prepare(emulator: Emulator) -> None:
    """Give the emulator the state that the tasks start from."""
    emulator.reset()
    emulator.state.machine.set_progress("poll")
    emulator.follow(PROJECT)
    emulator.script("success")  # the first build of the project that a task follows
    emulator.script("failed")


def told(ran: Ran) -> Json:
    """A result without what core adds."""
    core = ("_ansible", "invocation", "exception", "ansible_facts")
    return {key: value for key, value in ran.result.items() if not key.startswith(core)}


def comparable(ran: Ran) -> Json:
    """A result without what may differ: what core adds, and what every run makes anew (keys, times, addresses).

    New values are numbered in the order in which they appear, so that equal ones stay equal.
    """
    result = told(ran)
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"<{len(numbers) + 1}>")

    def without(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: without(item, key) for key, item in sorted(value.items())}
        if isinstance(value, list):
            return [without(item) for item in value]
        if isinstance(value, str):
            return FRESH.sub(number, TIME.sub("<time>", value))
        return "<duration>" if value is not None and name.endswith(("_millis", "_seconds")) else value

    numbered: Json = without(result)
    return numbered | {"status": ran.status, "writes": [FRESH.sub("<>", write) for write in ran.writes]}


TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
FRESH = re.compile(
    r"SHA256:[\w+/]{43}|\b(?:[0-9a-f]{2}:){15}[0-9a-f]{2}\b|ssh-ed25519 \S+"
    r"|http://127\.0\.0\.1:\d+|\b[0-9a-f]{40}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)


def changes(ran: Ran) -> list[Json]:
    """The diffs of a task that show something."""
    diff = ran.result["diff"]
    return [one for one in (diff if isinstance(diff, list) else [diff]) if one["before"] != one["after"]]


def climbed(played: Played, ladder: Ladder) -> list[str]:
    """What is wrong with how a ladder went; nothing if it went well."""
    wrong = []
    for word, options in (("present", ladder.present), ("absent", ladder.absent)):
        if options is None:
            continue
        name = f"{ladder.module} {word}"
        predicted, done, again = played[f"{name}, predicted"], played[name], played[f"{name}, again"]
        facts = {
            "was predicted to change": predicted.changed,
            "changed": done.changed,
            "has a diff": bool(changes(done)),
            "wrote": bool(done.writes),
            "wrote nothing in check mode": not predicted.writes,
            "is unchanged when done again": again.status == "ok" and not again.changed,
            "wrote nothing when done again": not again.writes,
            "shows no change when done again": not changes(again),
        }
        wrong += [f"{name}: not true that it {fact}" for fact, true in facts.items() if not true]
        wrong += [f"{name}: predicted wrongly: {place}" for place in differences(told(predicted), told(done))]
    return wrong
