# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What each of many projects is to be, as a task describes it. Nothing here sends a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import (
    DEPLOY_KEY,
    WantedKeys,
    require_checkout_keys,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_items import (
    EXCLUSIVE,
    ITEM,
    defaults_of,
    items_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.project_settings import wanted_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.schedules import WantedSchedule
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import WantedKey
from ansible_collections.community.circleci.plugins.module_utils._resources.webhooks import WantedWebhook
from ansible_collections.community.circleci.plugins.module_utils._task.words import all_wrong
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

T = TypeVar("T")


@dataclass(frozen=True)
class WantedProject:
    """What a project is to be. What is None, False or empty is left as it is.

    :param following: None when it is not managed
    :param ssh_keys_exclusive: whether no other additional SSH key may be left
    :param env_vars_exclusive: whether no other variable may be left
    :param wait_for_repository: for how many seconds the repository may be unknown
    """

    project: Project
    following: bool | None
    settings: dict[str, Any]
    checkout_keys: tuple[WantedKeys, ...]
    ssh_keys: tuple[WantedKey, ...]
    ssh_keys_exclusive: bool
    env_vars: tuple[WantedVariable, ...]
    env_vars_exclusive: bool
    webhooks: tuple[WantedWebhook, ...]
    schedules: tuple[WantedSchedule, ...]
    wait_for_repository: float

    @property
    def has_more(self) -> bool:
        """Whether anything else is to be done before following ends. Checkout keys are not: they exclude that."""
        lists = (self.ssh_keys, self.env_vars, self.webhooks, self.schedules)
        return bool(self.settings or any(lists))


def wanted_projects(params: dict[str, Any]) -> list[WantedProject]:
    """Check the options of a task as far as that is possible without a request. Files with keys are read.

    :raises CircleCIError: naming everything that is wrong, by index and slug
    """
    wait = params.get("wait_for_repository") or 0
    if wait < 0:
        raise invalid("wait_for_repository must be a number of seconds, 0 or more.")
    problems: list[str] = []
    wanted: list[WantedProject] = []
    first: dict[str, str] = {}
    known_keys: dict[tuple[Any, ...], WantedKey] = {}
    items = items_of(params)
    _Entries({**dict.fromkeys(ITEM), **defaults_of(params)}, _Collector("defaults", problems), known_keys)
    # What is wrong with the defaults is wrong with every project: once is enough.
    for item in [] if problems else items:
        found = _Collector(item.where, problems)
        project = found.attempt("", partial(project_of, item.values, params))
        if project is None:
            continue
        # GitHub and Bitbucket take a name in any case; the identifiers of Apps' projects are case-sensitive.
        identity = str(project) if project.is_app else str(project).casefold()
        place = item.where.partition(" ")[0]
        if first.setdefault(identity, place) != place:
            problems.append(f"{item.where}: {project} is already described in {first[identity]}.")
        entries = _Entries(item.values, found, known_keys)
        wanted.append(entries.of(project, wait))
    if problems:
        raise all_wrong(problems)
    return wanted


@dataclass
class _Collector:
    """Notes what is wrong with one item, so that a user is told everything at once."""

    where: str
    problems: list[str]

    def attempt(self, inside: str, check: Callable[[], T]) -> T | None:
        """Return what a check gives, or note why it fails."""
        try:
            return check()
        except CircleCIError as error:
            self.note(f"{inside}: {error.told}" if inside else error.told)
            return None

    def note(self, problem: str) -> None:
        self.problems.append(f"{self.where}: {problem}")

    def refuse_twins(self, name: str, entries: dict[int, T], identify: Callable[[T], Any]) -> None:
        """Note entries of a list that mean the same thing.

        :param entries: by their indices
        """
        first: dict[Any, int] = {}
        for index, entry in entries.items():
            identity = identify(entry)
            if first.setdefault(identity, index) != index:
                self.note(f"{name}[{index}] is the same as {name}[{first[identity]}].")


class _Entries:
    """What the options of one item ask for, each list by its indices. What is wrong with them is noted.

    :param values: the options of :data:`ITEM`
    :param known_keys: SSH keys that were parsed for other items
    """

    def __init__(self, values: dict[str, Any], found: _Collector, known_keys: dict[tuple[Any, ...], WantedKey]) -> None:
        self._values = values
        self._found = found
        skip_missing = bool(values["skip_missing"])
        self.settings = (
            found.attempt("settings", lambda: wanted_settings(values["settings"])) if values["settings"] else {}
        )
        self.checkout_keys = _all(found, values, "checkout_keys", WantedKeys.from_params)
        self.ssh_keys = _all(found, values, "ssh_keys", lambda options: _ssh_key(options, known_keys))
        self.env_vars = _all(found, values, "env_vars", partial(WantedVariable.from_params, skip_missing=skip_missing))
        self.webhooks = _all(found, values, "webhooks", WantedWebhook.from_params)
        self.schedules = _all(found, values, "schedules", WantedSchedule.from_params)
        found.refuse_twins("checkout_keys", self.checkout_keys, lambda key: key.covers(DEPLOY_KEY))
        found.refuse_twins("ssh_keys", self.ssh_keys, _ssh_identity)
        found.refuse_twins("env_vars", self.env_vars, lambda variable: variable.name)
        found.refuse_twins("webhooks", self.webhooks, lambda webhook: webhook.name)
        found.refuse_twins("schedules", self.schedules, lambda schedule: schedule.name)

    def of(self, project: Project, wait_for_repository: float) -> WantedProject:
        """What a project is to be, if it can be that."""
        values, found = self._values, self._found
        if self.checkout_keys:
            found.attempt("checkout_keys", lambda: require_checkout_keys(project))
            if values["following"] is False:
                found.note(
                    "following: false and checkout_keys exclude each other. Who stops following may lose the keys."
                )
        for index, schedule in self.schedules.items():
            found.attempt(f"schedules[{index}]", partial(schedule.require_fitting, project))
        for option, name in EXCLUSIVE.items():
            if values[option] and not values[name]:
                found.note(f"{option} needs {name}. It would remove everything.")
        return WantedProject(
            project,
            values["following"],
            self.settings or {},
            tuple(self.checkout_keys.values()),
            tuple(self.ssh_keys.values()),
            bool(values["ssh_keys_exclusive"]),
            tuple(self.env_vars.values()),
            bool(values["env_vars_exclusive"]),
            tuple(self.webhooks.values()),
            tuple(self.schedules.values()),
            wait_for_repository,
        )


def _all(found: _Collector, values: dict[str, Any], name: str, parse: Callable[[dict[str, Any]], T]) -> dict[int, T]:
    """Parse the entries of a list. Returns the good ones, by their indices."""
    entries = enumerate(values[name] or [])
    parsed = {index: found.attempt(f"{name}[{index}]", partial(parse, entry)) for index, entry in entries}
    return {index: entry for index, entry in parsed.items() if entry is not None}


def _ssh_key(options: dict[str, Any], known: dict[tuple[Any, ...], WantedKey]) -> WantedKey:
    """Parse a key, once for all projects that share it: an RSA key takes its time."""
    identity = tuple(options[name] for name in sorted(options))
    if identity not in known:
        known[identity] = WantedKey.from_params(options)
    return known[identity]


def _ssh_identity(wanted: WantedKey) -> tuple[str, str | None]:
    return wanted.hostname, wanted.private.public.sha256 if wanted.private else wanted.fingerprint
