# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""One of many projects: reading it, and making it what it is to be.

Every resource is planned and applied by the functions that its own module uses.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import (
    DEPLOY_KEY,
    WantedKeys,
    changed_key,
    identity,
    plan_checkout_keys,
    read_checkout_keys,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import plan_env_vars, read_env_vars
from ansible_collections.community.circleci.plugins.module_utils._resources.following import (
    plan_following,
    read_following,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_schedules import schedules_of
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import (
    FRESH,
    plan_project_settings,
    read_project_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import (
    read_project_id,
    read_settings,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import Schedules, plan_schedules
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import settled
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import plan_ssh_keys, ssh_keys_of
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_projects import WantedProject
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import plan_webhooks, read_webhooks
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, without_unknowns

LOOK_FOR_REPOSITORY_EVERY = 2.0  # seconds
KINDS_OF_CHANGE = ("added", "removed", "updated")


@dataclass
class _State:
    """What was read of a project, as far as it is managed.

    :param settings: what API v1.1 calls so; None when it is not set up yet
    :param project_settings: what API v2 calls so
    :param project_id: empty when it is not known or not needed
    :param keeper: what read the schedules
    :param fresh: whether following has just made a deploy key
    """

    settings: dict[str, Any] | None = None
    project_settings: dict[str, Any] = field(default_factory=lambda: dict(FRESH))
    checkout_keys: list[dict[str, Any]] = field(default_factory=list)
    env_vars: dict[str, str] = field(default_factory=dict)
    project_id: str = ""
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)
    keeper: Schedules | None = None
    fresh: bool = False


@dataclass
class _Changes:
    """What was changed in one project, or is going to be.

    :param unsure: see :class:`Plan`
    """

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    added: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    first_build: dict[str, Any] | None = None

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.updated)

    def carry_out(self, client: Client, plan: Plan) -> Outcome:
        """Carry out a plan, note what came of it, also when it fails half-way, and return that."""
        self.unsure += plan.unsure
        try:
            outcome = plan.carry_out(client)
        except CircleCIError as error:
            if error.outcome is not None:
                self._note(error.outcome)
            raise
        for name, value in plan.before.items():
            self.before.setdefault(name, value)
        self.after.update(outcome.after)
        self._note(outcome)
        return outcome

    def _note(self, outcome: Outcome) -> None:
        self.added += outcome.added
        self.removed += outcome.removed
        self.updated += outcome.updated


@dataclass
class Done:
    """What became of one project.

    :param item: its entry in the results
    :param diff: its section of the diff; None when nothing changes
    :param unsure: see :class:`Plan`
    """

    item: dict[str, Any]
    diff: dict[str, Any] | None
    warnings: list[str]
    unsure: list[str]


def bring_about(client: Client, wanted: WantedProject) -> Done:
    """Make one project what it is to be, or predict that when the client is read-only.

    :param client: this project's own copy, which gathers its warnings
    """
    changes = _Changes()
    problem: str | None = None
    try:
        with client.alone(str(wanted.project)):
            state = _read_when_there(client, wanted)
            if not client.read_only:
                # What cannot be done is seen before anything is written.
                forecast = client.copy()
                forecast.read_only = True
                _walk(forecast, wanted, state, _Changes())
            _walk(client, wanted, state, changes)
    except CircleCIError as error:
        problem = error.told
        if not client.wrote:
            changes = _Changes()
    slug = str(wanted.project)
    failed = problem is not None
    item = {"project": slug, "changed": client.wrote if failed else bool(changes), "failed": failed, "msg": problem}
    item["first_build"] = changes.first_build
    item.update({name: without_unknowns(getattr(changes, name)) for name in KINDS_OF_CHANGE})
    diff = _diff(slug, wanted, changes) if changes and not failed else None
    return Done(item, diff, client.warnings, changes.unsure)


def _read_when_there(client: Client, wanted: WantedProject) -> _State:
    """Read a project whose repository may have been made just now, so that CircleCI does not see it yet.

    In check mode it is predicted to be new: an earlier task of the play may be about to make it.
    """
    deadline = time.monotonic() + wanted.wait_for_repository
    while True:
        try:
            return _read(client, wanted)
        except CircleCIError as error:
            left = deadline - time.monotonic()
            if not error.repository_not_found:
                raise
            if client.read_only and wanted.wait_for_repository:
                client.warn(
                    f"CircleCI does not see the repository of {wanted.project}. This prediction is for a new one, "
                    "because wait_for_repository is set: an earlier task must make it."
                )
                return _State()
            if left <= 0:
                raise
        client.patience.sleep(min(LOOK_FOR_REPOSITORY_EVERY, left))


def _read(client: Client, wanted: WantedProject) -> _State:
    """Read what has to be known of a project, with as few requests as possible.

    :raises CircleCIError: for a project that CircleCI does not know and that is not to be followed, in check mode too
    """
    project = wanted.project
    state = _State()
    if wanted.following or (wanted.following is False and not wanted.has_more):
        state.settings = read_following(client, project)
        if state.settings is None:
            return state
    elif wanted.following is False or wanted.ssh_keys:
        state.settings = read_settings(client, project)
    if wanted.settings:
        state.project_settings = read_project_settings(client, project)
    if wanted.checkout_keys:
        state.checkout_keys = read_checkout_keys(client, project)
    if wanted.env_vars:
        state.env_vars = read_env_vars(client, project)
    if wanted.webhooks:
        state.project_id = read_project_id(client, project)
        state.webhooks = read_webhooks(client, project, state.project_id)
    if wanted.schedules:
        state.keeper = schedules_of(client, project, state.project_id)
        state.schedules = state.keeper.read()
    return state


def _walk(client: Client, wanted: WantedProject, state: _State, changes: _Changes) -> None:
    """Follow, then settings, keys, variables, webhooks and schedules, then perhaps stop following.

    Settings come before keys and variables: what is not to be seen by builds of forks is not there before that is sure.
    """
    project = wanted.project
    if wanted.checkout_keys:
        changes.before["checkout_keys"] = state.checkout_keys
    if wanted.following:
        plan = plan_following(client, project, state.settings, True)
        changes.first_build = changes.carry_out(client, plan).result["first_build"]
        if plan.changed:
            state = _followed(client, wanted, state, changes)
    if wanted.settings:
        plan = plan_project_settings(client, project, state.project_settings, wanted.settings)
        changes.carry_out(client, plan)
    keys = state.checkout_keys
    for each in wanted.checkout_keys:
        only_there = replace(each, max_age=None) if state.fresh and each.type == DEPLOY_KEY else each
        changes.carry_out(client, plan_checkout_keys(client, project, keys, only_there))
        keys = changes.after["checkout_keys"]
    if wanted.ssh_keys:
        plan = plan_ssh_keys(
            client,
            project,
            ssh_keys_of(state.settings or {}),
            present=wanted.ssh_keys,
            exclusive_hosts=None if wanted.ssh_keys_exclusive else (),
        )
        changes.carry_out(client, plan)
    if wanted.env_vars:
        plan = plan_env_vars(
            client, project, state.env_vars, present=wanted.env_vars, exclusive=wanted.env_vars_exclusive
        )
        changes.carry_out(client, plan)
    if wanted.webhooks:
        plan = plan_webhooks(client, project, state.project_id, state.webhooks, wanted.webhooks)
        changes.carry_out(client, plan)
    if wanted.schedules:
        keeper = state.keeper or schedules_of(client, project, state.project_id)
        changes.carry_out(client, plan_schedules(keeper, state.schedules, wanted.schedules))
    if wanted.following is False:
        changes.carry_out(client, plan_following(client, project, state.settings, False))


def _followed(client: Client, wanted: WantedProject, before: _State, changes: _Changes) -> _State:
    """The state after following.

    The first follower gets a deploy key from CircleCI (§3.2). If none appears, the plan makes one: in both cases it
    counts as added, so the prediction is right either way.
    """
    wants_one = any(each.type == DEPLOY_KEY for each in wanted.checkout_keys)
    if not client.read_only:
        now = _read_settled(client, wanted)
    elif wants_one and not any(key["type"] == DEPLOY_KEY for key in before.checkout_keys):
        deploy_key = WantedKeys.from_params({"type": DEPLOY_KEY})
        plan = plan_checkout_keys(client, wanted.project, before.checkout_keys, deploy_key)
        now = replace(before, checkout_keys=plan.predicted.after["checkout_keys"])
    else:
        now = before
    known = set(map(identity, before.checkout_keys))
    fresh = [key for key in now.checkout_keys if identity(key) not in known and key["type"] == DEPLOY_KEY]
    if not (wants_one and fresh):
        return now
    changes.added += map(changed_key, fresh)
    return replace(now, fresh=True)


def _read_settled(client: Client, wanted: WantedProject) -> _State:
    """Read a project that was set up just now: not every part of CircleCI may know it at once (VF §4.1)."""

    def read() -> _State | CircleCIError:
        try:
            return _read(client, wanted)
        except CircleCIError as error:
            if not error.project_not_found:
                raise
            return error

    found = settled(client, read, lambda found: not isinstance(found, CircleCIError))
    if isinstance(found, CircleCIError):
        raise found
    return found


def _diff(slug: str, wanted: WantedProject, changes: _Changes) -> dict[str, Any]:
    """The section of a project: what changes, and of checkout keys only the types that are managed."""
    before, after = dict(changes.before), dict(changes.after)
    for shown in (before, after):
        if "checkout_keys" in shown:
            shown["checkout_keys"] = [
                key for key in shown["checkout_keys"] if any(each.covers(key["type"]) for each in wanted.checkout_keys)
            ]
    names = [name for name in after if before[name] != after[name]]
    return {
        "before": {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
        "before_header": slug,
        "after_header": slug,
    }
