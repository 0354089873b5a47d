# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Environment variables of a project (``api-v1.1.md`` §3.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import ServerText, with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import unusable
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.masks import mark_replaced, mask
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import about_variables
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

IN_DOUBT = ("variable", "variables", "always")
"""How a warning calls variables of projects, and what it advises. See :func:`masks.left_in_doubt`."""


def read_env_vars(client: Client, project: Project) -> dict[str, str]:
    """The names and masks of a project's variables.

    :raises CircleCIError: when CircleCI does not know the project, or an entry is not a variable
    """
    path = project.path("envvar")
    try:
        listed = [with_fields(name=str, value=str)(item) for item in client.get_list(path)]
    except ValueError as exc:
        raise unusable(f"CircleCI's list of variables of {project} has an entry that is none: {exc}", path) from exc
    return {ServerText(item["name"]): item["value"] for item in listed}


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
    present: Sequence[WantedVariable],
    absent: Sequence[str] = (),
    exclusive: bool = False,
) -> Plan:
    """Make a project have some variables and not have others.

    :param masks: what :func:`read_env_vars` gave
    :param exclusive: whether only those in ``present`` may be left
    """
    names = {wanted.name for wanted in present}
    doomed = [name for name in masks if name in absent or (exclusive and name not in names)]
    must_set = {
        wanted: wanted.must_set(there=wanted.name in masks, masks_equal=masks.get(wanted.name) == mask(wanted.value))
        for wanted in present
    }
    to_set = [wanted for wanted, must in must_set.items() if must]
    unsure = [wanted.name for wanted, must in must_set.items() if must is None]
    for warning in about_variables({wanted.name: wanted.value for wanted in to_set}):
        client.warn(warning)
    concerned = [*(wanted.name for wanted in present), *doomed]
    before = _shown(masks, concerned)
    left = {name: value for name, value in masks.items() if name not in doomed}
    predicted = {**left, **{wanted.name: mask(wanted.value) for wanted in to_set}}
    if not (to_set or doomed):
        return Plan(before, _outcome(predicted, concerned, [], [], [], masks), unsure=unsure)
    added = [wanted.name for wanted in to_set if wanted.name not in masks]
    updated = [wanted.name for wanted in to_set if wanted.name in masks]

    def apply() -> Outcome:
        after = dict(masks)
        done: list[str] = []

        def so_far() -> Outcome:
            was_added, was_removed, was_updated = (
                [name for name in names if name in done] for names in (added, doomed, updated)
            )
            return _outcome(after, concerned, was_added, was_removed, was_updated, masks)

        with telling(so_far):
            for wanted in to_set:
                after[wanted.name] = _set(client, project, wanted, masks.get(wanted.name))
                done.append(wanted.name)
            for name in doomed:
                _delete(client, project, name)
                del after[name]
                done.append(name)
        return so_far()

    return Plan(before, _outcome(predicted, concerned, added, doomed, updated, masks), apply, unsure)


def _set(client: Client, project: Project, wanted: WantedVariable, before: str | None) -> str:
    """Set a variable and return the mask that CircleCI shows of it."""
    predicted = mask(wanted.value)

    def seen() -> dict[str, Any] | None:
        now = read_env_vars(client, project).get(wanted.name)
        carried_out = now != before and (before is None or now == predicted)
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


def _shown(masks: dict[str, str], names: list[str]) -> dict[str, Any]:
    return {"env_vars": {name: masks[name] for name in sorted(set(names)) if name in masks}}


def _outcome(
    masks: dict[str, str],
    concerned: list[str],
    added: list[str],
    removed: list[str],
    updated: list[str],
    before: dict[str, str],
) -> Outcome:
    after = _shown(masks, concerned)
    mark_replaced(after["env_vars"], before, updated)
    return Outcome(
        after=after,
        result={"env_vars": shown_env_vars(masks)},
        added=[{"kind": "env_var", "name": name} for name in added],
        removed=[{"kind": "env_var", "name": name} for name in removed],
        updated=[{"kind": "env_var", "name": name} for name in updated],
    )
