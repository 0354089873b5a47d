# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contexts with their variables and restrictions: api-v2-provisioning.md §1. Times are seconds since the epoch."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .model import Organization, timestamp
from .state import Part, State

ALL_MEMBERS: Final = "All members"
MOST_VARIABLES: Final = 100
_VERTICAL: Final = re.compile(r"[\n\v\f\r\x85\u2028\u2029]")
_OPERATOR: Final = re.compile(r"==|!=|<=|>=|<|>|\bstarts-with\b|\bnot\b|\band\b|\bor\b")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")

Json = dict[str, Any]


@dataclass
class ContextSwitches:
    """What nobody knows for sure of contexts, or what older versions of CircleCI Server lack."""

    duplicate_context_409: bool = False
    """a second context of a name is refused with 409, not with 400"""
    case_blind_contexts: bool = False
    """a name that differs from another one in case only is a duplicate"""
    repeated_restriction: Literal["conflict", "same", "another"] = "conflict"
    """a restriction that is there is refused with 409, answered with the one that is there, or made once more"""
    any_project_restriction: bool = False
    """a restriction to a project that does not exist is taken"""
    absent_context_variable_404: bool = False
    """the deletion of a variable that is not there answers 404, not 200"""
    omit_truncated_value: bool = False
    """variables are listed without the end of their value"""
    omit_updated_at: bool = False
    """variables are listed without the time of their last change, as in 2021"""
    bare_contexts: bool = False
    """a single context comes without its variables and restrictions, as its documentation says"""


@dataclass
class Variable:
    value: str
    created: float
    updated: float

    @property
    def tail(self) -> str:
        """What is shown of the value: up to four characters of its end, at most half of it."""
        return self.value[len(self.value) - min(4, len(self.value) // 2) :]


@dataclass(frozen=True)
class Restriction:
    kind: str
    value: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(eq=False)
class Context:
    name: str
    organization: Organization
    created: float
    restrictions: list[Restriction]
    variables: dict[str, Variable] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class DuplicateError(ValueError):
    """What was to be made is there already."""


class Contexts(Part):
    """All contexts of all organizations."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.switches = ContextSwitches()
        self.known: dict[str, Context] = {}

    def of(self, organization: Organization) -> list[Context]:
        """Return the contexts of an organization, ordered by name without regard to case."""
        own = (context for context in self.known.values() if context.organization is organization)
        return sorted(own, key=lambda context: context.name.lower())

    def named(self, slug: str, name: str) -> Context:
        """Return the context of this name.

        :param slug: of its organization.
        :raises KeyError: there is none.
        """
        organization = self.state.find_organization(slug)
        for context in self.of(organization) if organization else []:
            if context.name == name:
                return context
        raise KeyError(f"{slug} has no context {name}")

    def add(self, organization: Organization, name: str) -> Context:
        """Make a context. All members may use it.

        :raises DuplicateError: there is one of this name.
        :raises ValueError: a context cannot have that name.
        """
        if not 1 <= len(name) <= 200 or name != name.strip() or _VERTICAL.search(name):
            raise ValueError(name)
        taken = self.known.values() if self.state.switches.server else self.of(organization)
        fold = str.casefold if self.switches.case_blind_contexts else str
        if any(fold(context.name) == fold(name) for context in taken):
            raise DuplicateError(name)
        everybody = Restriction("group", organization.id, organization.id)
        context = Context(name, organization, self.state.now(), [everybody])
        self.known[context.id] = context
        return context

    def put(self, context: Context, name: str, value: str) -> Variable:
        """Set a variable. New ones are refused beyond a number, but a race may have left more.

        :raises DuplicateError: there are too many.
        :raises ValueError: no variable can have that name.
        """
        if not _NAME.fullmatch(name):
            raise ValueError(name)
        if name not in context.variables and len(context.variables) >= MOST_VARIABLES:
            raise DuplicateError(name)
        now = self.state.now()
        known = context.variables.get(name)
        variable = context.variables[name] = Variable(value, known.created if known else now, now)
        return variable

    def restrict(self, context: Context, kind: str, value: str) -> Restriction:
        """Add a restriction; the one for all members is there once.

        :raises DuplicateError: it is there.
        """
        same = [each for each in context.restrictions if (each.kind, each.value) == (kind, value)]
        if same and kind != "group" and self.switches.repeated_restriction == "conflict":
            raise DuplicateError(value)
        if same and (kind == "group" or self.switches.repeated_restriction == "same"):
            return same[0]
        made = Restriction(kind, value, value) if kind == "group" else Restriction(kind, value)
        context.restrictions.append(made)
        return made

    def name_of(self, context: Context, restriction: Restriction) -> str:
        """Return what people call a restriction."""
        if restriction.kind == "group":
            return ALL_MEMBERS if restriction.value == context.organization.id else f"team {restriction.value[:8]}"
        project = self.state.find_project(restriction.value) if restriction.kind == "project" else None
        return project.title if project else restriction.value

    def view(self) -> Json:
        return {
            "contexts": [
                {
                    "id": context.id,
                    "name": context.name,
                    "organization": context.organization.slug,
                    "env_vars": {
                        name: {"value": each.value, "updated_at": timestamp(each.updated)}
                        for name, each in context.variables.items()
                    },
                    "restrictions": [
                        {"type": each.kind, "value": each.value, "name": self.name_of(context, each)}
                        for each in context.restrictions
                    ],
                }
                for context in self.known.values()
            ]
        }


def is_expression(text: str) -> bool:
    """Whether a text can be the condition of a restriction: names, numbers, texts in quotes, operators between them.

    Names that do not exist and comparisons of unlike things are taken, too. The service's own grammar is not on record.
    """
    bare = re.sub(r'"[^"\n]*"|\'[^\'\n]*\'', " 0 ", text)
    if re.search(r"[^\w\s.()=!<>/-]", bare) or bare.count("(") != bare.count(")") or "pipeline.parameters" in bare:
        return False
    operands = [part.split() for part in re.sub(r"[()]", " ", _OPERATOR.sub("\n", bare)).split("\n")]
    return any(operands) and all(len(words) <= 1 for words in operands)
