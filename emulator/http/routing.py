# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which path is answered by what: tables of routes, and a call with what has been found out about it.

A route is written as the service itself names it in the header `X-Route`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Generic, TypeVar

from emulator.world.model import Project, Token, User
from emulator.world.state import State

from .exchange import Call
from .links import Links

Target = TypeVar("Target")
# No build has a number of more digits, and Python refuses to read numbers of some thousands.
NUMBER: Final = "[0-9]{1,18}"


@dataclass(frozen=True)
class Request:
    """A call that has been let through."""

    state: State
    call: Call
    params: dict[str, str]
    """the parameters in the path, decoded"""
    token: Token | None
    _project: Project | None

    @cached_property
    def links(self) -> Links:
        return Links(self.call.base_url, self.state.signing_key, self.state.now())

    @property
    def user(self) -> User | None:
        """The user of a personal token."""
        return self.token.user if self.token else None

    @property
    def project(self) -> Project:
        assert self._project is not None, "only routes below /project have one"
        return self._project

    @property
    def personal(self) -> User:
        assert self.user is not None, "only routes for personal tokens may ask"
        return self.user


class Table(Generic[Target]):
    """Routes of one API in the order in which they are tried.

    :param patterns: regular expressions without groups for some parameters; others are one segment of the path.
    """

    def __init__(self, patterns: Mapping[str, str]) -> None:
        self._patterns = patterns
        self._routes: list[tuple[str, str, re.Pattern[str], list[str], Target]] = []
        self.find = functools.lru_cache(maxsize=8192)(self._find)

    def add(self, method: str, template: str, target: Target) -> None:
        """Add a route whose parameters are written `:name`.

        :raises ValueError: there is one for the same calls, which would hide it.
        """
        names = re.findall(r":([\w-]+)", template)
        pattern = re.sub(r":([\w-]+)", lambda match: f"({self._patterns.get(match[1], '[^/,;?]+')})", template)
        regex = re.compile(pattern.rstrip("/"))
        if any((method, regex) == (known, other) for known, _template, other, _names, _target in self._routes):
            raise ValueError(f"there is a route for {method} {template} already")
        self._routes.append((method, template, regex, names, target))

    def templates(self) -> list[tuple[str, str]]:
        """Return method and template of each route."""
        return [each[:2] for each in self._routes]

    def _find(self, method: str, path: str) -> tuple[Target, dict[str, str]] | None:
        """Return what answers a path, and its parameters as they were sent; None if nothing does."""
        for known, _template, pattern, names, target in self._routes:
            if known == method and (match := pattern.fullmatch(path)):
                return target, dict(zip(names, match.groups(), strict=True))
        return None
