# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What each of many projects is to be, as a task describes it. Nothing here sends a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import (
    DEPLOY_KEY,
    WantedKeys,
    require_checkout_keys,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import WantedKey
from ansible_collections.community.circleci.plugins.module_utils._task.words import all_wrong
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import (
    Project,
    project_of,
    without_user,
)
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

T = TypeVar("T")


@dataclass(frozen=True)
class WantedProject:
    """What a project is to be. What is None, False or empty is left as it is.

    :param following: None when it is not managed
    :param ssh_keys_exclusive: whether no other additional SSH key may be left
    :param env_vars_exclusive: whether no other variable may be left
    """

    project: Project
    following: bool | None = None
    checkout_keys: tuple[WantedKeys, ...] = ()
    ssh_keys: tuple[WantedKey, ...] = ()
    ssh_keys_exclusive: bool = False
    env_vars: tuple[WantedVariable, ...] = ()
    env_vars_exclusive: bool = False


def wanted_projects(params: dict[str, Any]) -> list[WantedProject]:
    """Check the options of a task as far as that is possible without a request. Files with keys are read.

    :raises CircleCIError: naming everything that is wrong, by index and slug
    """
    problems: list[str] = []
    wanted: list[WantedProject] = []
    first: dict[str, int] = {}
    known_keys: dict[tuple[Any, ...], WantedKey] = {}
    for index, item in enumerate(params["projects"]):
        where = f"projects[{index}] ({plain(without_user(item['project']), 200)})"
        found = _Collector(where, problems)
        project = found.attempt("", partial(project_of, item, params))
        if project is None:
            continue
        # GitHub and Bitbucket take a name in any case; the identifiers of Apps' projects are case-sensitive.
        identity = str(project) if project.is_app else str(project).casefold()
        if first.setdefault(identity, index) != index:
            problems.append(f"{where}: {project} is already described in projects[{first[identity]}].")
        wanted.append(_wanted_project(project, item, found, known_keys))
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


def _wanted_project(
    project: Project, item: dict[str, Any], found: _Collector, known_keys: dict[tuple[Any, ...], WantedKey]
) -> WantedProject:
    checkout_keys = _all(found, item, "checkout_keys", WantedKeys.from_params)
    ssh_keys = _all(found, item, "ssh_keys", lambda options: _ssh_key(options, known_keys))
    env_vars = _all(found, item, "env_vars", partial(WantedVariable.from_params, skip_missing=item["skip_missing"]))
    if checkout_keys:
        found.attempt("checkout_keys", lambda: require_checkout_keys(project))
        if item["following"] is False:
            found.note("following: false and checkout_keys exclude each other. Who stops following may lose the keys.")
    found.refuse_twins("checkout_keys", checkout_keys, lambda key: key.covers(DEPLOY_KEY))
    found.refuse_twins("ssh_keys", ssh_keys, _ssh_identity)
    found.refuse_twins("env_vars", env_vars, lambda variable: variable.name)
    for name in ("ssh_keys", "env_vars"):
        if item[f"{name}_exclusive"] and not item[name]:
            found.note(f"{name}_exclusive needs {name}. It would remove everything.")
    return WantedProject(
        project,
        item["following"],
        tuple(checkout_keys.values()),
        tuple(ssh_keys.values()),
        item["ssh_keys_exclusive"],
        tuple(env_vars.values()),
        item["env_vars_exclusive"],
    )


def _all(found: _Collector, item: dict[str, Any], name: str, parse: Callable[[dict[str, Any]], T]) -> dict[int, T]:
    """Parse the entries of a list that an item has. Returns the good ones, by their indices."""
    entries = enumerate(item[name] or [])
    parsed = {index: found.attempt(f"{name}[{index}]", partial(parse, entry)) for index, entry in entries}
    return {index: entry for index, entry in parsed.items() if entry is not None}


def _ssh_key(options: dict[str, Any], known: dict[tuple[Any, ...], WantedKey]) -> WantedKey:
    """Parse a key, once for all projects that share it: an RSA key takes its time."""
    if all(options[name] is None for name in ("private_key", "private_key_path", "fingerprint")):
        raise invalid("a key is missing.", "Give private_key, private_key_path or fingerprint.")
    identity = tuple(options[name] for name in sorted(options))
    if identity not in known:
        known[identity] = WantedKey.from_params(options)
    return known[identity]


def _ssh_identity(wanted: WantedKey) -> tuple[str, str | None]:
    return wanted.hostname, wanted.private.public.sha256 if wanted.private else wanted.fingerprint
