# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What a task is going to do, apart from doing it: so that check mode, diff and the real run cannot disagree."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError

UNKNOWN = "(known after the run)"
"""Stands in a prediction for what only the server knows. Null in results."""


@dataclass
class Outcome:
    """The state of a resource after a task.

    :param after: what a diff shows
    :param result: the return values of the module
    :param added: what was added, one small dict each: its ``kind`` and what people know it by
    :param removed: what was removed, likewise
    :param updated: what was replaced in its place, likewise
    """

    after: Any
    result: dict[str, Any]
    added: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)

    @property
    def changes(self) -> dict[str, Any]:
        """What every module returns of what it changed."""
        return {"added": self.added, "removed": self.removed, "updated": self.updated}


@dataclass
class Plan:
    """A task on one resource: where it starts, where it is to end, and how to get there.

    :param before: the state that was read, as a diff shows it
    :param predicted: the state when ``apply`` is done, as far as it can be known
    :param apply: sends the writes and returns what came of them; None when there is nothing to do
    :param unsure: names of secrets that are left alone although nothing tells whether they have changed
    """

    before: Any
    predicted: Outcome
    apply: Callable[[], Outcome] | None = None
    unsure: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether there is something to do."""
        return self.apply is not None

    def carry_out(self, client: Client) -> Outcome:
        """Do it, or only say what would come of it when the client is read-only."""
        return self.predicted if self.apply is None or client.read_only else self.apply()


@contextlib.contextmanager
def telling(so_far: Callable[[], Outcome], *returned: str) -> Iterator[None]:
    """Let a failure tell what was done before it.

    :param so_far: what was done until now
    :param returned: the return values that the module has of it when it fails, besides the changes
    """
    try:
        yield
    except CircleCIError as error:
        error.outcome = so_far()
        error.partial = {name: error.outcome.result[name] for name in returned} | error.outcome.changes
        raise


def result_of(plan: Plan, client: Client, about: object) -> dict[str, Any]:
    """Carry out a plan and return it as the result of a module.

    :param about: what the diff is headed with
    """
    return _result(plan, plan.carry_out(client), about, {})


def result_with_changes(plan: Plan, client: Client, about: object) -> dict[str, Any]:
    """The same for a module that adds and removes things: it says which ones. See :func:`result_of`."""
    try:
        outcome = plan.carry_out(client)
    except CircleCIError as error:
        if client.wrote:
            # A plan of one write has nothing that was done before it failed.
            error.partial = {**Outcome(None, {}).changes, **error.partial}
        raise
    return _result(plan, outcome, about, outcome.changes)


def _result(plan: Plan, outcome: Outcome, about: object, more: dict[str, Any]) -> dict[str, Any]:
    diff = {"before": plan.before, "after": outcome.after, "before_header": str(about), "after_header": str(about)}
    return {"changed": plan.changed, **without_unknowns(outcome.result | more), "diff": diff}


def without_unknowns(value: Any) -> Any:
    """A copy in which everything that only the server knows is null."""
    if isinstance(value, dict):
        return {key: without_unknowns(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_unknowns(item) for item in value]
    return None if value is UNKNOWN else value
