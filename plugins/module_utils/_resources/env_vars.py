# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Environment variables of a project, and masked values in general (``api-v1.1.md`` §3.5)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_ADDRESS,
    CircleCIError,
    invalid,
    plain,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.masks import mask
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

WHEN_MASK_DIFFERS = "when_mask_differs"
ALWAYS = "always"
ON_CREATE = "on_create"
UPDATE_VALUE = {
    "update_value": {"type": "str", "choices": [WHEN_MASK_DIFFERS, ALWAYS, ON_CREATE], "default": WHEN_MASK_DIFFERS}
}
TELLING_LENGTH = 8
"""From this many characters on, equal masks are taken for equal values."""


@dataclass(frozen=True)
class WantedVariable:
    """A variable that a project is to have.

    :param update_value: when a variable that is there gets the value
    """

    name: str
    value: str = field(repr=False)
    update_value: str = WHEN_MASK_DIFFERS

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedVariable:
        """Check the options of a task.

        :raises CircleCIError: for a name or a value that cannot be. The message does not hold the value.
        """
        name = checked_name(params["name"])
        value = params["value"]
        if value is None:
            raise invalid(f"Variable {name} has no value.", "Give value; it may be empty text.")
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise invalid(
                f"The value of variable {name} is {_kind(value)}, not text.",
                "Write it in quotes, or turn it into text with the filter to_json or string.",
            )
        return cls(name, str(value), params["update_value"])


def checked_name(name: str) -> str:
    """The name of a variable, if a shell can have it.

    :raises CircleCIError: otherwise
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise invalid(
            f"{plain(name)!r} is not the name of an environment variable.",
            "Use letters, digits and underscores; a digit cannot stand first.",
        )
    return name


def must_set(client: Client, name: str, value: str, update_value: str, *, masks_equal: bool) -> bool:
    """Whether a secret that is there, of which only a mask can be read, is to be set again.

    :param name: what to call it in a warning
    """
    if update_value == WHEN_MASK_DIFFERS and masks_equal and len(value) < TELLING_LENGTH:
        client.warn(
            f"The value of {name} has fewer than {TELLING_LENGTH} characters, so its mask does not tell whether it has "
            "changed. It was left alone. Set update_value: always to write it."
        )
    return update_value == ALWAYS or (update_value == WHEN_MASK_DIFFERS and not masks_equal)


def read_env_vars(client: Client, project: Project) -> dict[str, str]:
    """The names and masks of a project's variables.

    :raises CircleCIError: when CircleCI does not know the project, or an entry is not a variable
    """
    path = project.path("envvar")
    try:
        listed = [with_fields(name=str, value=str)(item) for item in client.get_list(path)]
    except ValueError as exc:
        raise CircleCIError(
            f"CircleCI's list of variables of {project} has an entry that is none: {exc}",
            method="GET",
            path=f"/api/{path}",
            hint=CHECK_ADDRESS,
        ) from exc
    return {item["name"]: item["value"] for item in listed}


def shown_env_vars(masks: dict[str, str]) -> list[dict[str, str]]:
    """The variables as modules return them, by name.

    :param masks: what :func:`read_env_vars` gave
    """
    return [{"name": name, "masked_value": masks[name]} for name in sorted(masks)]


def plan_env_vars(
    client: Client,
    project: Project,
    masks: dict[str, str],
    *,
    present: Sequence[WantedVariable] = (),
    absent: Sequence[str] = (),
    exclusive: bool = False,
) -> Plan:
    """Make a project have some variables and not have others.

    :param masks: what :func:`read_env_vars` gave
    :param exclusive: whether only those in ``present`` may be left
    """
    names = {wanted.name for wanted in present}
    doomed = [name for name in masks if name in absent or (exclusive and name not in names)]
    to_set = [
        wanted
        for wanted in present
        if wanted.name not in masks
        or must_set(
            client, wanted.name, wanted.value, wanted.update_value, masks_equal=masks[wanted.name] == mask(wanted.value)
        )
    ]
    for wanted in to_set:
        if not wanted.value:
            client.warn(f"The value of variable {wanted.name} is empty. Check that what it comes from is set.")
    concerned = [*(wanted.name for wanted in present), *absent, *doomed]
    before = _shown(masks, concerned)
    predicted = {name: value for name, value in masks.items() if name not in doomed}
    predicted.update({wanted.name: mask(wanted.value) for wanted in to_set})
    if not (to_set or doomed):
        return Plan(before, _outcome(predicted, concerned, [], [], []))
    added = [wanted.name for wanted in to_set if wanted.name not in masks]
    updated = [wanted.name for wanted in to_set if wanted.name in masks]

    def apply() -> Outcome:
        after = dict(masks)
        done: list[str] = []

        def so_far() -> Outcome:
            was_added, was_removed, was_updated = (
                [name for name in names if name in done] for names in (added, doomed, updated)
            )
            return _outcome(after, concerned, was_added, was_removed, was_updated)

        with telling(so_far):
            for wanted in to_set:
                after[wanted.name] = _set(client, project, wanted, masks.get(wanted.name))
                done.append(wanted.name)
            for name in doomed:
                _delete(client, project, name)
                del after[name]
                done.append(name)
        return so_far()

    return Plan(before, _outcome(predicted, concerned, added, doomed, updated), apply)


def _set(client: Client, project: Project, wanted: WantedVariable, before: str | None) -> str:
    """Set a variable and return the mask that CircleCI shows of it."""
    predicted = mask(wanted.value)

    def seen() -> dict[str, Any] | None:
        now = read_env_vars(client, project).get(wanted.name)
        carried_out = now is not None and now != before and (before is None or now == predicted)
        return {"value": now} if carried_out else None

    answer = client.write(
        "POST",
        project.path("envvar"),
        {"name": wanted.name, "value": wanted.value},
        repeatable=True,
        seen=seen,
        shape=with_fields(value=str),
    )
    shown = str(answer["value"])
    if shown != predicted:
        client.warn(
            f"CircleCI masks the value of {wanted.name} in another way than this collection knows. Masks cannot be "
            "trusted on this server: use update_value on_create or always."
        )
    return shown


def _delete(client: Client, project: Project, name: str) -> None:
    client.delete(project.path("envvar", name), gone=lambda: name not in read_env_vars(client, project))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return "a list" if isinstance(value, list) else "a dictionary" if isinstance(value, dict) else "not a scalar"


def _shown(masks: dict[str, str], names: list[str]) -> dict[str, Any]:
    return {"env_vars": {name: masks[name] for name in sorted(set(names)) if name in masks}}


def _outcome(
    masks: dict[str, str], concerned: list[str], added: list[str], removed: list[str], updated: list[str]
) -> Outcome:
    return Outcome(
        after=_shown(masks, concerned),
        result={"env_vars": shown_env_vars(masks)},
        added=[{"kind": "env_var", "name": name} for name in added],
        removed=[{"kind": "env_var", "name": name} for name in removed],
        updated=[{"kind": "env_var", "name": name} for name in updated],
    )
