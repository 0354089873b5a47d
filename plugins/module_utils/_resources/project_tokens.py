# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""API tokens of a project: reading, planning and applying (``api-v1.1.md`` §3.8).

The text of a token is in one answer only, that to its creation. So what is made and not told is of no use to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.named import warn_of_white_ends
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import LATER, seen, settled
from ansible_collections.community.circleci.plugins.module_utils._task.options import check_rotation
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.moments import all_older_than, moment_of
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

SCOPES = ("status", "view-builds", "all")

Token = dict[str, Any]
"""``id``, ``label``, ``scope`` and ``time``; never the text."""


@dataclass(frozen=True)
class WantedToken:
    """The token that a project is to have of one label. See the module's options of the same names.

    :param max_age: days
    """

    label: str
    scope: str
    present: bool
    rotate: bool
    max_age: int | None
    exclusive: bool

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedToken:
        """Check the options of a task.

        :raises CircleCIError: when they contradict each other
        """
        present, rotate, max_age = params["state"] == "present", params["rotate"], params["max_age"]
        if not params["label"].strip():
            raise invalid("label is empty.", "Give the token a name by which the next run finds it again.")
        check_rotation(rotate, max_age, "token")
        if not present and (rotate or max_age is not None):
            option = "rotate" if rotate else "max_age"
            raise invalid(f"{option} and state absent exclude each other.", "Leave one of them out.")
        return cls(params["label"], params["scope"], present, rotate, max_age, params["exclusive"])

    @property
    def rotates(self) -> bool:
        """Whether tokens of this label are replaced in the course of time."""
        return self.rotate or self.max_age is not None


def read_tokens(client: Client, project: Project) -> list[Token]:
    """The tokens of a project without their texts, newest first where CircleCI says when they were made.

    :raises CircleCIError: when CircleCI does not know the project, or an entry is not a token
    """
    path = project.path("token")
    try:
        tokens = [_described(item) for item in client.get_list(path)]
    except ValueError as exc:
        raise unusable(f"CircleCI's list of tokens of {project} has an entry that is none: {exc}", path) from exc
    return sorted(tokens, key=lambda token: token["time"] or "", reverse=True)


def plan_token(client: Client, project: Project, tokens: list[Token], wanted: WantedToken) -> Plan:
    """Make a project have one token of a label, or none. Other labels are left alone.

    :param tokens: what :func:`read_tokens` gave
    :raises CircleCIError: when the label is not that of one token, or that has another scope
    """
    ours = [token for token in tokens if token["label"] == wanted.label]
    warn_of_white_ends(client, "token", wanted.label)
    # A rotation that was interrupted leaves two of one scope. One of another scope is somebody else's.
    interrupted = wanted.rotates and all(token["scope"] == wanted.scope for token in ours)
    if len(ours) > 1 and not (wanted.exclusive or interrupted):
        raise _ambiguous(project, ours, wanted)
    if not wanted.present:
        create, doomed = False, ours
    else:
        fitting = [token for token in ours if token["scope"] == wanted.scope]
        if ours and not fitting:
            raise _other_scope(project, ours, wanted)
        create = not ours or _is_due(project, ours, wanted)
        if not create and len(fitting) > 1 and any(moment_of(token["time"]) is None for token in fitting):
            raise _no_newest(project, fitting, wanted)
        doomed = ours if create else [token for token in ours if token is not fitting[0]]
    kept = next((token for token in ours if token not in doomed), None)
    if not (create or doomed):
        return Plan(_shown(ours), _outcome(ours, kept, None, []))
    made: Token | None = None
    if create:
        client.require_personal_token()
        made = {"id": UNKNOWN, "label": wanted.label, "scope": wanted.scope, "time": UNKNOWN, "token": UNKNOWN}
    predicted = _outcome(_after(ours, made, doomed), kept, made, doomed)
    return Plan(_shown(ours), predicted, lambda: _apply(client, project, tokens, wanted, kept, doomed, create=create))


def _is_due(project: Project, ours: list[Token], wanted: WantedToken) -> bool:
    """Whether a new token takes the place of those that are there."""
    if wanted.max_age is None:
        return wanted.rotate
    if any(moment_of(token["time"]) is None for token in ours):
        raise invalid(
            f"CircleCI does not say when the tokens of {project} were made, so max_age cannot be used here.",
            "Use rotate: true in a task that runs when the token is to be replaced.",
        )
    # Two are a rotation that was interrupted. Nobody may have learned the newer one's text, so it is done once more.
    return len(ours) > 1 or all_older_than((token["time"] for token in ours), wanted.max_age)


def _ambiguous(project: Project, ours: list[Token], wanted: WantedToken) -> CircleCIError:
    ids = ", ".join(plain(token["id"]) for token in ours)
    return invalid(
        f"{project} has {len(ours)} tokens with the label {plain(wanted.label)}: {ids}.",
        "Set exclusive: true to keep the newest one and remove the others."
        if wanted.present
        else "Set exclusive: true to remove all of them.",
    )


def _no_newest(project: Project, fitting: list[Token], wanted: WantedToken) -> CircleCIError:
    ids = ", ".join(plain(token["id"]) for token in fitting)
    return invalid(
        f"CircleCI does not say when the tokens of {project} were made, so nobody can tell which one "
        f"with the label {plain(wanted.label)} is the newest: {ids}.",
        "Remove all but one of them on CircleCI, or set rotate: true once to replace them by a new one.",
    )


def _other_scope(project: Project, ours: list[Token], wanted: WantedToken) -> CircleCIError:
    return invalid(
        f"The token {plain(wanted.label)} of {project} has the scope {plain(ours[0]['scope'])}, not {wanted.scope}, "
        "and a scope cannot be changed.",
        f"Set scope to {plain(ours[0]['scope'])}, choose another label, or remove the token first, with state: absent.",
    )


def _apply(
    client: Client,
    project: Project,
    before: list[Token],
    wanted: WantedToken,
    kept: Token | None,
    doomed: list[Token],
    *,
    create: bool,
) -> Outcome:
    """Make the new token first, then delete: at no time is the project without one."""
    ours = [token for token in before if token["label"] == wanted.label]
    made: Token | None = None
    removed: list[Token] = []

    def so_far() -> Outcome:
        return _outcome(_after(ours, made, removed), kept, made, removed)

    with telling(so_far, "token", "created"):
        if create:
            made = _create(client, project, before, wanted)
            new = made["id"]
            if not doomed:
                what = f"a token {plain(wanted.label)} of {project}"
                seen(client, lambda: _ids(client, project), lambda ids: new in ids, what)
            elif new not in settled(client, lambda: _ids(client, project), lambda ids: new in ids):
                raise CircleCIError(
                    f"CircleCI made a token {plain(wanted.label)} of {project}, but {LATER} it does not list it. No "
                    "other token was removed.",
                    hint="Run the task again.",
                )
        for token in doomed:
            _delete(client, project, token["id"])
            removed.append(token)
    return so_far()


def _create(client: Client, project: Project, before: list[Token], wanted: WantedToken) -> Token:
    """Make a token. When the answer is lost, so is its text: it is removed again."""
    known = {token["id"] for token in before}
    stray: list[str] = []

    def seen() -> Token | None:
        fresh = [
            token
            for token in read_tokens(client, project)
            if token["id"] not in known and (token["label"], token["scope"]) == (wanted.label, wanted.scope)
        ]
        stray[:] = [token["id"] for token in fresh]
        return fresh[0] if fresh else None

    def shape(answer: Any) -> Token:
        return {**_described(answer), "token": with_fields(token=str)(answer)["token"]}

    made: Token = client.write(
        "POST",
        project.path("token"),
        {"label": wanted.label, "scope": wanted.scope},
        repeatable=False,
        seen=seen,
        shape=shape,
    )
    if not stray:
        return made
    what = (
        f"CircleCI made a token {plain(wanted.label)} of {project}, but its answer, which alone has the text, was lost."
    )
    if len(stray) > 1:
        raise CircleCIError(
            f"{what} There are {len(stray)} new ones now: {', '.join(map(plain, stray))}. None of them was removed.",
            hint="Remove those that nobody uses on CircleCI, then run the task again.",
        )
    try:
        _delete(client, project, stray[0])
    except CircleCIError as error:
        error.message = f"{what} It could not be removed again: {error.message}"
        error.hint = f"Remove the token with the id {plain(stray[0])} on CircleCI, then run the task again."
        raise
    raise CircleCIError(f"{what} It was removed again.", hint="Run the task again.")


def _delete(client: Client, project: Project, token_id: str) -> None:
    client.delete(project.path("token", token_id), gone=lambda: token_id not in _ids(client, project))


def _ids(client: Client, project: Project) -> set[str]:
    return {token["id"] for token in read_tokens(client, project)}


def _described(item: Any) -> Token:
    """A token as modules return it. :raises ValueError: when it is none."""
    found = with_fields(id=str, label=str, scope=str)(item)
    time = found.get("time")
    return {name: found[name] for name in ("id", "label", "scope")} | {"time": time if isinstance(time, str) else None}


def _after(ours: list[Token], made: Token | None, removed: list[Token]) -> list[Token]:
    return [*([made] if made else []), *(token for token in ours if token not in removed)]


def _without_text(token: Token) -> Token:
    return {name: value for name, value in token.items() if name != "token"}


def _shown(ours: list[Token]) -> dict[str, Any]:
    return {"project_tokens": [_without_text(token) for token in ours]}


def _outcome(ours: list[Token], kept: Token | None, made: Token | None, removed: list[Token]) -> Outcome:
    current = made or kept
    return Outcome(
        after=_shown(ours),
        result={
            "project_token": _without_text(current) if current else None,
            "token": made["token"] if made else None,
            "created": made is not None,
        },
        added=[_changed(made)] if made else [],
        removed=[_changed(token) for token in removed],
    )


def _changed(token: Token) -> dict[str, Any]:
    """A token among what was added or removed."""
    return {"kind": "project_token"} | {name: token[name] for name in ("id", "label", "scope")}
