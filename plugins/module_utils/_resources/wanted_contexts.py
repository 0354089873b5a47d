# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What a context is to be, as a task describes it. Nothing here sends a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.contexts import Json
from ansible_collections.community.circleci.plugins.module_utils._task.words import all_wrong
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import UUID, Project, parse_project
from ansible_collections.community.circleci.plugins.module_utils._values.variables import WantedVariable

PRESENT = "present"
EXPRESSION = "expression"
PROJECT = "project"
LONGEST_NAME = 200  # characters

T = TypeVar("T")


@dataclass(frozen=True)
class WantedRestriction:
    """One of the things that a context is to be restricted to.

    :param value: the uuid of a project, or an expression; empty when only the slug of a project is known
    """

    type: str
    value: str
    project: Project | None = None

    @classmethod
    def from_params(cls, params: Json) -> WantedRestriction:
        """Check an entry of a task.

        :raises CircleCIError: when it is not one restriction
        """
        project, expression = params["project"], params["expression"]
        if (project is None) is (expression is None):
            raise invalid("a restriction is either a project or an expression.")
        if project is None:
            if not expression.strip():
                raise invalid("expression is empty.", 'Write it as in pipeline.git.branch == "main".')
            return cls(EXPRESSION, expression)
        if UUID.fullmatch(project):
            return cls(PROJECT, project.lower())
        return cls(PROJECT, "", parse_project(project))


@dataclass(frozen=True)
class WantedContext:
    """What a context is to be. What is None, False or empty is left as it is. See the module's options.

    :param all_members: ``present``, ``absent``, or None when it is not managed
    """

    name: str
    present: bool
    env_vars: tuple[WantedVariable, ...] = ()
    env_vars_exclusive: bool = False
    restrictions: tuple[WantedRestriction, ...] = ()
    restrictions_exclusive: bool = False
    all_members: str | None = None

    @classmethod
    def from_params(cls, params: Json) -> WantedContext:
        """Check the options of a task.

        :raises CircleCIError: with everything that is wrong, by its place
        """
        name = checked_name(params["name"])
        if params["state"] != PRESENT:
            return cls(name, present=False)
        problems: list[str] = []
        skip_missing = params["skip_missing"]
        env_vars = _parsed(
            params, "env_vars", lambda item: WantedVariable.from_params(item, skip_missing=skip_missing), problems
        )
        restrictions = _parsed(params, "restrictions", WantedRestriction.from_params, problems)
        _refuse_twins("env_vars", {index: variable.name for index, variable in env_vars.items()}, problems)
        _refuse_twins("restrictions", restrictions, problems)
        problems += [
            f"{name}_exclusive needs {name}. It would remove everything."
            for name in ("env_vars", "restrictions")
            if params[f"{name}_exclusive"] and not params[name]
        ]
        if problems:
            raise all_wrong(problems)
        return cls(
            name,
            True,
            tuple(env_vars.values()),
            params["env_vars_exclusive"],
            tuple(restrictions.values()),
            params["restrictions_exclusive"],
            params["all_members"],
        )


def checked_name(name: str) -> str:
    """The name of a context.

    :raises CircleCIError: when none can have it
    """
    if not 1 <= len(name) <= LONGEST_NAME or name != name.strip() or len(name.splitlines()) > 1:
        raise invalid(
            f"{plain(name)!r} is not the name of a context.",
            f"It has 1 to {LONGEST_NAME} characters on one line, and no blank at its ends.",
        )
    return name


def _parsed(params: Json, name: str, parse: Callable[[Json], T], problems: list[str]) -> dict[int, T]:
    """The good entries of a list, by their indices; the others are noted as problems."""
    found: dict[int, T] = {}
    for index, item in enumerate(params[name] or []):
        try:
            found[index] = parse(item)
        except CircleCIError as error:
            problems.append(f"{name}[{index}]: {error.told}")
    return found


def _refuse_twins(name: str, entries: dict[int, Any], problems: list[str]) -> None:
    first: dict[Any, int] = {}
    for index, entry in entries.items():
        if first.setdefault(entry, index) != index:
            problems.append(f"{name}[{index}] is the same as {name}[{first[entry]}].")
