# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The advanced settings of a project: reading, planning and applying (VF §4.1).

By default a project gives its secrets to builds of forked pull requests, as soon as such builds are switched on. So
the order of writes matters here: at no time do forks get secrets that they are not to have.
"""

from __future__ import annotations

import contextlib
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    THROTTLED,
    CircleCIError,
    invalid,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

FORK_BUILDS = "build_fork_prs"
FORK_SECRETS = "forks_receive_secret_env_vars"
BRANCHES = "pr_only_branch_overrides"
MOST_BRANCHES = 100

Settings = dict[str, Any]
"""Flags by name, and the branches of :data:`BRANCHES`, sorted."""

FRESH: Settings = {
    "autocancel_builds": False,
    FORK_BUILDS: False,
    "build_prs_only": False,
    "disable_ssh": False,
    FORK_SECRETS: True,
    "set_github_status": True,
    "setup_workflows": True,
    "write_settings_requires_admin": False,
    BRANCHES: UNKNOWN,
}
"""What a new private project has. Its default branch, which is the one in the list, is not known before."""

SETTINGS: dict[str, dict[str, Any]] = {
    **{name: {"type": "bool"} for name in FRESH if name != BRANCHES},
    BRANCHES: {"type": "list", "elements": "str"},
}
"""The options: what is left out is not managed."""


def wanted_settings(params: dict[str, Any]) -> Settings:
    """The settings that the options of :data:`SETTINGS` ask for.

    :raises CircleCIError: for a list of branches that CircleCI would ignore or refuse
    """
    wanted = {name: params[name] for name in SETTINGS if params[name] is not None}
    if BRANCHES in wanted:
        branches = set(wanted[BRANCHES])
        if not branches:
            raise invalid(
                f"{BRANCHES} is empty, and CircleCI ignores an empty list.",
                "Name at least one branch, or leave the option out.",
            )
        if not all(branch.strip() for branch in branches):
            raise invalid(f"{BRANCHES} has a branch without a name.", "Check that what it comes from is set.")
        if len(branches) > MOST_BRANCHES:
            raise invalid(f"{BRANCHES} has {len(branches)} branches. CircleCI takes up to {MOST_BRANCHES}.")
        wanted[BRANCHES] = sorted(branches)
    return wanted


def read_project_settings(client: Client, project: Project) -> Settings:
    """The settings of a project.

    :raises CircleCIError: when CircleCI does not know the project, and for an answer without settings
    """
    path = project.v2_path("settings")
    try:
        answer = client.get_object(path)
    except CircleCIError as error:
        if error.status == 404 and not error.project_not_found:
            error.hint = "CircleCI Server has these settings in its API from version 4.8."
        raise
    try:
        return _settings_of(answer)
    except ValueError as exc:
        raise unusable(f"CircleCI's settings of {project} cannot be used: {exc}", path) from exc


def plan_project_settings(client: Client, project: Project, current: Settings, wanted: Settings) -> Plan:
    """Make a project have some settings. What is not in ``wanted`` is left as it is.

    :param current: what :func:`read_project_settings` gave
    :param wanted: what :func:`wanted_settings` gave
    :raises CircleCIError: for a setting that this project cannot have
    """
    changes = {name: value for name, value in wanted.items() if current.get(name) != value}
    for name in changes:
        if name not in current:
            raise invalid(
                f"CircleCI's settings of {project} have no {name}.",
                "This CircleCI is too old for it, or does not have it for this kind of project: leave it out.",
            )
    if changes.get(FORK_SECRETS) and project.is_app:
        raise invalid(
            f"{FORK_SECRETS} of {project} is false, which is final: CircleCI takes no true for a project of an App.",
            f"Leave {FORK_SECRETS} out, or set it to false.",
        )
    if wanted.get(FORK_BUILDS) and FORK_SECRETS not in wanted and current.get(FORK_SECRETS) is not False:
        client.warn(
            f"{FORK_BUILDS} is on and {FORK_SECRETS} is not managed, but on: whoever opens a pull request from a fork "
            f"of {project} can read its secrets. Set {FORK_SECRETS}: false."
        )
    predicted = _outcome({**current, **changes}, wanted, changes)
    before = _shown(current, wanted)
    if not changes:
        return Plan(before, predicted)
    return Plan(before, predicted, lambda: _apply(client, project, current, wanted, changes))


def _steps(changes: Settings) -> list[Settings]:
    """The requests. Whether forks get secrets is decided alone: ``false`` comes before all else, ``true`` after it."""
    rest = {name: value for name, value in changes.items() if name != FORK_SECRETS}
    steps = [rest] if rest else []
    if FORK_SECRETS in changes:
        steps.insert(len(steps) if changes[FORK_SECRETS] else 0, {FORK_SECRETS: changes[FORK_SECRETS]})
    return steps


def _apply(client: Client, project: Project, before: Settings, wanted: Settings, changes: Settings) -> Outcome:
    state = dict(before)

    def so_far() -> Outcome:
        done = {name: value for name, value in changes.items() if state.get(name) == value != before.get(name)}
        return _outcome(state, wanted, done)

    with telling(so_far, "settings"):
        for step in _steps(changes):
            _send(client, project, state, step)
            if step.get(FORK_SECRETS) is False:
                state.update(read_project_settings(client, project))
                _require(project, state, step)
        # The last answer has all settings. What was right before may have been changed by somebody else meanwhile.
        _require(project, state, wanted)
    return so_far()


def _send(client: Client, project: Project, state: Settings, step: Settings) -> None:
    """Send some settings, and see in the answer that they are what they are to be.

    :param state: what is known; what is learned is put into it, also when this fails
    """
    looked: Settings = {}

    def seen() -> Settings | None:
        looked.update(read_project_settings(client, project))
        return dict(looked) if _holds(looked, step) else None

    try:
        now = client.write(
            "PATCH", project.v2_path("settings"), {"advanced": step}, repeatable=True, seen=seen, shape=_settings_of
        )
    except CircleCIError as error:
        # A request that is refused may have been carried out in part (VF §4.1).
        if error.status not in (None, 401, THROTTLED) and not looked:
            with contextlib.suppress(CircleCIError):
                seen()
        stored = [name for name in step if name in looked and looked[name] != state.get(name)]
        state.update(looked)
        if stored:
            client.wrote = True
            error.message = f"{error.message.rstrip('.')}. Yet CircleCI has stored a part of it: {', '.join(stored)}"
        raise
    state.update(now)
    _require(project, state, step)


def _holds(state: Settings, step: Settings) -> bool:
    return all(state.get(name) == value for name, value in step.items())


def _require(project: Project, state: Settings, step: Settings) -> None:
    wrong = [name for name, value in step.items() if state.get(name) != value]
    if wrong:
        raise CircleCIError(
            f"CircleCI accepted the settings of {project}, but {', '.join(wrong)} did not become what was asked for.",
            hint="Look at the project's settings on CircleCI: perhaps the organization does not allow it, or somebody "
            "else was at work.",
        )


def _settings_of(answer: Any) -> Settings:
    """The settings in an answer. :raises ValueError: when there are none."""
    advanced = answer.get("advanced") if isinstance(answer, dict) else None
    if not isinstance(advanced, dict):
        raise ValueError("it has no usable 'advanced'.")
    settings: Settings = {}
    for name in (*FRESH, "oss"):
        value = advanced.get(name)
        if value is None:
            continue  # It says nothing of it, as of what this kind of project does not have.
        if name == BRANCHES:
            if not isinstance(value, list) or not all(isinstance(branch, str) for branch in value):
                raise ValueError(f"its {name!r} is no list of branches.")
            value = sorted(set(value))
        elif not isinstance(value, bool):
            raise ValueError(f"its {name!r} is neither true nor false.")
        settings[name] = value
    return settings


def _shown(settings: Settings, wanted: Settings) -> dict[str, Any]:
    return {"settings": {name: settings[name] for name in sorted(wanted)}}


def _outcome(settings: Settings, wanted: Settings, done: Settings) -> Outcome:
    return Outcome(
        after=_shown(settings, wanted),
        result={"settings": dict(settings)},
        updated=[{"kind": "setting", "name": name} for name in done],
    )
