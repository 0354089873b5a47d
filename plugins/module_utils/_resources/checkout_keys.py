# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Checkout keys of a project: reading, planning and applying (``api-v1.1.md`` §3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import an_object
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import LATER, seen, settled
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import given_empty
from ansible_collections.community.circleci.plugins.module_utils._task.options import check_rotation
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN, Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.keys import (
    normalize_fingerprint,
    sent_fingerprint,
    shown_key,
)
from ansible_collections.community.circleci.plugins.module_utils._values.moments import all_older_than
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

DEPLOY_KEY = "deploy-key"
USER_KEYS = ("github-user-key", "bitbucket-user-key", "user-key")
TYPES = (DEPLOY_KEY, *USER_KEYS)
NOTHING: dict[str, Any] = {
    "checkout_key": None,
    "checkout_keys": [],
    "created": False,
    "added": [],
    "removed": [],
    "updated": [],
}
"""What the module returns where nothing is known."""

Key = dict[str, Any]


@dataclass(frozen=True)
class WantedKeys:
    """The checkout keys that a project is to have of one type. See the module's options of the same names.

    :param max_age: days
    :param fingerprint: normalized
    """

    type: str
    present: bool
    fingerprint: str | None
    rotate: bool
    max_age: int | None
    exclusive: bool

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedKeys:
        """Check the options of a task. Only the type has to be among them.

        :raises CircleCIError: when they contradict each other
        """
        present = params.get("state", "present") == "present"
        fingerprint = params.get("fingerprint")
        rotate, max_age = bool(params.get("rotate")), params.get("max_age")
        check_rotation(rotate, max_age, "key")
        option = "rotate" if rotate else "max_age" if max_age is not None else None
        if option and fingerprint is not None:
            raise invalid(f"{option} and fingerprint exclude each other.", "Rotation replaces whatever key is there.")
        if option and not present:
            raise invalid(f"{option} and state absent exclude each other.", "Leave one of them out.")
        if params.get("exclusive") and not present:
            raise invalid("exclusive and state absent exclude each other.", "absent removes every key of the type.")
        named = None if fingerprint is None else normalize_fingerprint(fingerprint)
        return cls(params["type"], present, named, rotate, max_age, bool(params.get("exclusive")))

    def covers(self, key_type: str | None) -> bool:
        """Whether a key of this type is meant. The words for user keys are interchangeable."""
        return key_type == DEPLOY_KEY if self.type == DEPLOY_KEY else (key_type or "").endswith("user-key")


def unnamed(params: dict[str, Any]) -> list[str]:
    """The option that was to say which key is removed, or kept as the only one, if it is empty.

    Without it other keys would be removed than were meant.
    """
    removes = params["state"] == "absent" or params["exclusive"]
    return given_empty(params, "fingerprint") if removes else []


def require_checkout_keys(project: Project) -> None:
    """Fail for a project that cannot have any (§2).

    :raises CircleCIError: then
    """
    if project.is_app:
        raise invalid(
            f"{project} belongs to the GitHub App, GitLab or a standalone organization, whose projects have no "
            "checkout keys.",
            "CircleCI checks them out through its app: leave this task out.",
        )


def read_checkout_keys(client: Client, project: Project) -> list[Key]:
    """The checkout keys of a project, newest first, with fingerprints computed from their public halves.

    :raises CircleCIError: when CircleCI does not know the project, or an entry is not a key
    """
    path = project.path("checkout-key")
    try:
        return [_described(item) for item in client.get_list(path)]
    except ValueError as exc:
        raise unusable(f"CircleCI's list of checkout keys of {project} has an entry that is none: {exc}", path) from exc


def plan_checkout_keys(client: Client, project: Project, keys: list[Key], wanted: WantedKeys) -> Plan:
    """Make a project have the wanted keys of one type. Other types are left alone.

    :param keys: what :func:`read_checkout_keys` gave
    :raises CircleCIError: when a key that must be there is not
    """
    ours = sorted((key for key in keys if wanted.covers(key["type"])), key=lambda key: key["time"] or "", reverse=True)
    ours.sort(key=lambda key: not key["preferred"])  # stable: the preferred one, then the newest
    made: Key | None = None
    kept: Key | None = None
    if not wanted.present:
        doomed = ours
        if wanted.fingerprint is not None:
            doomed = [key for key in keys if _matches(key, wanted.fingerprint)]
    elif wanted.fingerprint is not None:
        kept = _listed(project, keys, ours, wanted.type, wanted.fingerprint)
        doomed = [key for key in ours if key is not kept] if wanted.exclusive else []
    elif not ours or wanted.rotate or _is_due(ours, wanted):
        client.require_personal_token()
        made = kept = _predicted(project, wanted)
        doomed = ours
    else:
        kept = ours[0]
        doomed = ours[1:] if wanted.exclusive else []
    for key in doomed:
        if sent_fingerprint(key) is None:
            raise invalid(
                f"{project} has {_a_kind(key)} of which CircleCI tells neither the public half nor a fingerprint, so "
                "it cannot be removed here.",
                "Remove it in the project's settings on CircleCI.",
            )

    def apply() -> Outcome:
        return _apply(client, project, keys, made["type"] if made else None, kept, doomed)

    predicted = _outcome(_after(keys, made, doomed), kept, made, doomed)
    return Plan(_shown(keys), predicted, apply if made or doomed else None)


def _apply(
    client: Client, project: Project, keys: list[Key], new_type: str | None, kept: Key | None, doomed: list[Key]
) -> Outcome:
    """Make the new key first, then delete: at no time is the project without one."""
    made: Key | None = None
    removed: list[Key] = []

    def so_far() -> Outcome:
        return _outcome(_after(keys, made, removed), made or kept, made, removed)

    with telling(so_far, "created"):
        if new_type is not None:
            made = _create(client, project, keys, new_type)
            if doomed:
                _require_listed(client, project, made)
            else:
                what = f"checkout key {made['fingerprint_sha256']} of {project}"
                seen(client, lambda: _listed_now(client, project), lambda listed: identity(made) in listed, what)
        for key in doomed:
            _delete(client, project, key)
            removed.append(key)
    return so_far()


def _create(client: Client, project: Project, before: list[Key], key_type: str) -> Key:
    """Make a key. When the answer is lost, a new one in the list is it."""
    path = project.path("checkout-key")
    known = set(map(identity, before))

    def seen() -> Key | None:
        now = read_checkout_keys(client, project)
        return next((key for key in now if identity(key) not in known and key["type"] == key_type), None)

    def shape(answer: Any) -> Key:
        made = _described(an_object(answer))
        if made["fingerprint_sha256"] is None:
            raise ValueError("it has no usable 'public_key'.")
        return made

    created: Key = client.write("POST", path, {"type": key_type}, repeatable=False, seen=seen, shape=shape)
    return created


def _delete(client: Client, project: Project, key: Key) -> None:
    path = project.path("checkout-key", str(sent_fingerprint(key)))
    client.delete(path, gone=lambda: identity(key) not in _listed_now(client, project))
    if key["fingerprint"] is not None:
        return
    # A server that knows MD5 only answers of any SHA-256 fingerprint that there is no such key.
    left = settled(client, lambda: _listed_now(client, project), lambda listed: identity(key) not in listed)
    if identity(key) in left:
        raise CircleCIError(
            f"Checkout key {key['fingerprint_sha256']} of {project} is still there: this CircleCI does not know "
            "SHA-256 fingerprints, and this host has no MD5 (FIPS).",
            hint="Run the task on another host, with delegate_to: localhost for example.",
        )


def _listed_now(client: Client, project: Project) -> set[str | None]:
    return set(map(identity, read_checkout_keys(client, project)))


def _require_listed(client: Client, project: Project, made: Key) -> None:
    found = settled(client, lambda: _listed_now(client, project), lambda listed: identity(made) in listed)
    if identity(made) not in found:
        raise CircleCIError(
            f"CircleCI made checkout key {made['fingerprint_sha256']} of {project}, but {LATER} it does not list it. "
            "No other key was removed.",
            hint="When CircleCI lists it, run the task with exclusive: true and without rotate: it removes the others.",
        )


def _listed(project: Project, keys: list[Key], ours: list[Key], wanted: str, fingerprint: str) -> Key:
    """The key with the wanted fingerprint.

    :param ours: those of the wanted type
    """
    for key in ours:
        if _matches(key, fingerprint):
            return key
    for key in keys:
        if _matches(key, fingerprint):
            raise invalid(
                f"Checkout key {fingerprint} of {project} is {_a_kind(key)}, not a {wanted}.",
                f"Set type to {plain(key['type'])}." if key["type"] else None,
            )
    raise invalid(
        f"{project} has no checkout key {fingerprint}.",
        "CircleCI makes checkout keys itself: leave fingerprint out to adopt the key that is there or make a new one.",
    )


def _described(item: dict[str, Any]) -> Key:
    """A key as modules return it. :raises ValueError: when it is none."""
    texts = {name: item.get(name) if isinstance(item.get(name), str) else None for name in ("type", "time", "login")}
    return {
        "type": texts["type"],
        **shown_key(item),
        "time": texts["time"],
        "login": texts["login"],
        "preferred": item.get("preferred") is True,
    }


def identity(key: Key) -> str | None:
    """What makes two entries the same key. MD5 does not: some hosts have none."""
    name: str | None = key["fingerprint_sha256"] or key["fingerprint"]
    return name


def _a_kind(key: Key) -> str:
    return f"a {plain(key['type'])}" if key["type"] else "a checkout key of an unknown type"


def _matches(key: Key, fingerprint: str) -> bool:
    return fingerprint in (key["fingerprint"], key["fingerprint_sha256"])


def _sent_type(project: Project, wanted: WantedKeys) -> str:
    """The word that v1.1 takes: it refuses ``user-key`` (§3.6)."""
    if wanted.type == DEPLOY_KEY:
        return DEPLOY_KEY
    return "bitbucket-user-key" if project.vcs_type == "bitbucket" else "github-user-key"


def _predicted(project: Project, wanted: WantedKeys) -> Key:
    """The key that is going to be made, as far as it can be known."""
    unknown = dict.fromkeys(("public_key", "fingerprint", "fingerprint_sha256", "time"), UNKNOWN)
    login = None if wanted.type == DEPLOY_KEY else UNKNOWN
    return {"type": _sent_type(project, wanted), **unknown, "login": login, "preferred": True}


def _is_due(keys: list[Key], wanted: WantedKeys) -> bool:
    return wanted.max_age is not None and all_older_than((key["time"] for key in keys), wanted.max_age)


def _after(keys: list[Key], made: Key | None, removed: list[Key]) -> list[Key]:
    """The list after a change: a new key stands first and is the preferred one; else the newest one left is (§3.6)."""
    left = [dict(key) for key in keys if key not in removed]
    if made is not None:
        return [made, *({**key, "preferred": False} for key in left)]
    is_lost = any(key["preferred"] for key in removed) and not any(key["preferred"] for key in left)
    if left and is_lost:
        max(left, key=lambda key: key["time"] or "")["preferred"] = True
    return left


def _shown(keys: list[Key]) -> dict[str, Any]:
    return {"checkout_keys": keys}


def _outcome(keys: list[Key], kept: Key | None, made: Key | None, removed: list[Key]) -> Outcome:
    current = next((key for key in keys if kept and identity(key) == identity(kept)), None)
    return Outcome(
        after=_shown(keys),
        result={
            "checkout_key": current,
            "checkout_keys": keys,
            "created": made is not None,
        },
        added=[changed_key(made)] if made else [],
        removed=[changed_key(key) for key in removed],
    )


def changed_key(key: Key) -> dict[str, Any]:
    """A key among what was added or removed: what it is, not how it was used."""
    names = ("type", "public_key", "fingerprint", "fingerprint_sha256")
    return {"kind": "checkout_key"} | {name: key[name] for name in names}
