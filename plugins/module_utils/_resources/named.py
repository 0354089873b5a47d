# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Plans for things of a project that a name tells apart, such as webhooks and schedules."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import seen
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import (
    TAKEN,
    has_white_ends,
    white_ends,
)

NOT_IN_DIFFS = ("id", "created_at", "updated_at")
NOT_IN_RESULTS = "updated_at"
"""What tells whether a thing was changed, but not what it is."""

Thing = dict[str, Any]
"""Has a ``name`` and an ``id`` among others."""


@dataclass(frozen=True)
class Step:
    """One thing that is made, changed or removed.

    :param replaces: what is not there any more after it: the thing as it was
    :param predicted: the thing as it will be; None when it is removed
    :param carry_out: does it, and returns the thing as it is then
    :param check: looks at that, and fails when it is not what was asked for
    :param unseen: what a diff says of what nobody can read back, by name
    """

    name: str
    replaces: Sequence[Thing]
    predicted: Thing | None
    carry_out: Callable[[], Thing | None]
    check: Callable[[Thing], None] = lambda _thing: None
    unseen: Mapping[str, str] = field(default_factory=dict)


def the_one(kind: str, project: Project, things: Sequence[Thing], name: str) -> Thing | None:
    """The thing of a name.

    :param kind: what to call it
    :raises CircleCIError: when there are several
    """
    ours = [thing for thing in things if thing["name"] == name]
    if len(ours) > 1:
        ids = ", ".join(plain(thing["id"]) for thing in ours)
        raise invalid(
            f"{project} has {len(ours)} {kind}s with the name {plain(name)}: {ids}.",
            "Rename or remove all but one of them in the project's settings on CircleCI.",
        )
    return ours[0] if ours else None


def await_listed(client: Client, kind: str, project: Project, made: Thing, read: Callable[[], Sequence[Thing]]) -> None:
    """Wait until CircleCI lists a thing that was made: the next task, of another host for example, looks there.

    :param kind: what to call it
    :param read: reads what the project has
    """
    what = f"{kind} {plain(made['name'])} of {project}"
    seen(client, read, lambda things: made["id"] in [thing["id"] for thing in things], what)


@contextlib.contextmanager
def changing(kind: str) -> Iterator[None]:
    """Say of a thing that is not there when it is to be changed what became of it: it was listed a moment ago.

    :param kind: what to call it
    """
    try:
        yield
    except CircleCIError as error:
        if error.status == 404:
            error.hint = f"Somebody else has removed the {kind} meanwhile. Run the task again: it makes it anew."
        raise


def checked_name(kind: str, name: str) -> str:
    """The name of a thing.

    :raises CircleCIError: when it is empty
    """
    if not name.strip():
        raise invalid(f"name of the {kind} is empty.", f"Give the {kind} a name by which the next run finds it again.")
    return name


def warn_of_white_ends(client: Client, kind: str, name: str) -> None:
    """Say that a name is not the one that it looks like: what is to be absent may be there without the white space."""
    if has_white_ends(name):
        client.warn(white_ends(f"The name of {kind} {plain(name.strip())}", TAKEN))


def plan_steps(kind: str, things: Sequence[Thing], names: Collection[str], steps: Sequence[Step]) -> Plan:
    """A plan that takes some steps, one after the other.

    :param kind: what the things are called, as in ``webhook``
    :param things: those that the project has
    :param names: of those that the task is about
    """
    before = [thing for thing in things if thing["name"] in names]
    predicted = list(before)
    for step in steps:
        predicted = _after(predicted, step, step.predicted)
    if not steps:
        return Plan(_shown(kind, before), _outcome(kind, before, []))

    def apply() -> Outcome:
        now, done = list(before), list[Step]()

        def so_far() -> Outcome:
            return _outcome(kind, now, done)

        with telling(so_far):
            for step in steps:
                made = step.carry_out()
                now = _after(now, step, made)
                done.append(step)
                if made is not None:
                    step.check(made)
        return so_far()

    return Plan(_shown(kind, before), _outcome(kind, predicted, steps), apply)


def as_results(things: Sequence[Thing]) -> list[Thing]:
    """Things as modules return them."""
    return [{key: value for key, value in thing.items() if key != NOT_IN_RESULTS} for thing in things]


def not_taken(kind: str, project: Project, name: str, wrong: Sequence[str]) -> CircleCIError:
    """The error for a thing that CircleCI accepted, and made something else of."""
    return CircleCIError(
        f"CircleCI accepted {kind} {plain(name)} of {project}, but did not take its {' and '.join(wrong)}.",
        hint=f"Look at the {kind} in the project's settings on CircleCI. This CircleCI may be too old for it.",
    )


def _after(things: Sequence[Thing], step: Step, made: Thing | None) -> list[Thing]:
    left = [thing for thing in things if thing not in step.replaces]
    return sorted([*left, *([made] if made else [])], key=lambda thing: str(thing["name"]))


def _shown(kind: str, things: Sequence[Thing], done: Sequence[Step] = ()) -> dict[str, Any]:
    unseen = {step.name: step.unseen for step in done}
    shown = [{key: value for key, value in thing.items() if key not in NOT_IN_DIFFS} for thing in things]
    return {f"{kind}s": [{**thing, **unseen.get(thing["name"], {})} for thing in shown]}


def _outcome(kind: str, things: Sequence[Thing], done: Sequence[Step]) -> Outcome:
    outcome = Outcome(_shown(kind, things, done), {f"{kind}s": as_results(things)})
    for step in done:
        word = outcome.removed if step.predicted is None else outcome.updated if step.replaces else outcome.added
        word.append({"kind": kind, "name": step.name})
    return outcome
