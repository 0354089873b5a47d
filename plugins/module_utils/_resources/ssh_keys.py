# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Additional SSH keys of a project: reading, planning and applying (``api-v1.1.md`` §3.7)."""

from __future__ import annotations

import codecs
import contextlib
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import acknowledgement, objects
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_ADDRESS,
    CircleCIError,
    invalid,
    plain,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.settling import LATER, settled
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, telling
from ansible_collections.community.circleci.plugins.module_utils._values.keys import (
    PrivateKey,
    normalize_fingerprint,
    parse_private_key,
    sent_fingerprint,
    shown_key,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

Key = dict[str, Any]


@dataclass(frozen=True)
class WantedKey:
    """One key that a project is to have for a host, or not.

    :param hostname: ``""`` for any host
    :param private: the key, when it was given
    :param fingerprint: normalized, when only that was given
    """

    hostname: str
    private: PrivateKey | None
    fingerprint: str | None

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> WantedKey:
        """Read and check the key that the options of a task give.

        :raises CircleCIError: when it is unusable. The message holds nothing of the key.
        """
        text, path, fingerprint = params["private_key"], params["private_key_path"], params["fingerprint"]
        given = [name for name in ("private_key", "private_key_path", "fingerprint") if params[name] is not None]
        if len(given) > 1:
            raise invalid(f"{given[0]} and {given[1]} exclude each other.", "Give one of them.")
        if not given:
            # To core, one that is null is there.
            raise invalid("a key is missing.", "Give private_key, private_key_path or fingerprint.")
        hostname = params["hostname"]
        shown = plain(re.sub(".*@", "…@", hostname))  # without a user and a password
        if not _is_host(hostname):
            raise invalid(
                f"hostname {shown!r} is not a host name.",
                "Give the name alone, as in deploy.acme.example, without scheme, user, port and path.",
            )
        private = None
        if text is not None:
            private = parse_private_key(text)
        elif path is not None:
            private = parse_private_key(_read(path), f"The file {plain(path)}")
        return cls(hostname, private, normalize_fingerprint(fingerprint) if fingerprint is not None else None)

    def is_key(self, key: Key) -> bool:
        """Whether a listed key is this one: the same host and the same key (§3.7)."""
        if key["hostname"] != self.hostname:
            return False
        if self.private is None:
            return self.fingerprint in (key["fingerprint"], key["fingerprint_sha256"])
        # Without a readable public half there is only what CircleCI says.
        name = key["fingerprint_sha256"] or key["fingerprint"]
        return name is not None and name in (self.private.public.sha256, self.private.public.md5)


def ssh_keys_of(settings: dict[str, Any]) -> list[Key]:
    """The additional SSH keys in a project's settings, with fingerprints computed from their public halves.

    The field may be absent, which means none (§3.2).

    :raises CircleCIError: when an entry is not a key
    """
    listed = settings.get("ssh_keys")
    try:
        return [_described(item) for item in objects([] if listed is None else listed)]
    except ValueError as exc:
        raise CircleCIError(
            f"CircleCI's settings have SSH keys that are none: {exc}",
            hint=CHECK_ADDRESS,
        ) from exc


def plan_ssh_keys(
    client: Client,
    project: Project,
    keys: list[Key],
    *,
    present: Sequence[WantedKey],
    absent: Sequence[WantedKey] = (),
    exclusive_hosts: Sequence[str] | None,
) -> Plan:
    """Make a project have some keys and not have others.

    :param keys: what :func:`ssh_keys_of` gave
    :param present: with a private key, or with the fingerprint of one that must be there
    :param exclusive_hosts: hosts for which only the keys in ``present`` may be left; None for every host
    :raises CircleCIError: when a key of which only the fingerprint is known is not there
    """
    missing: list[tuple[WantedKey, PrivateKey]] = []
    for wanted in present:
        if any(wanted.is_key(key) for key in keys):
            continue
        if wanted.private is None:
            raise invalid(
                f"{project} has no SSH key {wanted.fingerprint} for {_host(wanted.hostname)}.",
                "Give the key itself as private_key or private_key_path to add it.",
            )
        missing.append((wanted, wanted.private))
    doomed = [
        key
        for key in keys
        if any(wanted.is_key(key) for wanted in absent)
        or (
            (exclusive_hosts is None or key["hostname"] in exclusive_hosts)
            and not any(wanted.is_key(key) for wanted in present)
        )
    ]
    # Equal ones go together, whatever stands between them.
    places = {identity: place for place, identity in reversed(list(enumerate(map(_identity, doomed))))}
    doomed.sort(key=lambda key: places[_identity(key)])
    for key in doomed:
        if sent_fingerprint(key) is None:
            raise invalid(
                f"{project} has an SSH key for {_host(key['hostname'])} of which CircleCI tells neither the public "
                "half nor a fingerprint, so it cannot be removed here.",
                "Remove it in the project's settings on CircleCI.",
            )
    surplus = _surplus(client, project, keys, present, exclusive_hosts)
    new = [_described({"hostname": wanted.hostname, "public_key": key.public.text}) for wanted, key in missing]
    wanted_key = present[0] if present else None
    if not (missing or doomed or surplus):
        return Plan(_shown(keys), _outcome(keys, wanted_key, [], []))

    def apply() -> Outcome:
        added: list[Key] = []
        removed: list[Key] = []

        def so_far() -> Outcome:
            return _outcome([*_without(keys, removed), *added], wanted_key, added, removed)

        def remove(equals: list[Key], most: int) -> int:
            left = len(equals)
            while left > most:
                before, left = left, _delete(client, project, equals[0], left)
                removed.extend(equals[left:before])
            return left

        with telling(so_far):
            for (wanted, private), described in zip(missing, new):
                _add(client, project, wanted, private)
                added.append(described)
            if missing:
                _require_listed(client, project, missing, "No other key was removed.")
            for identity in dict.fromkeys(map(_identity, doomed)):
                remove([key for key in doomed if _identity(key) == identity], 0)
            for wanted, private, equals in surplus:
                if not remove(equals, 1):
                    _add_again(client, project, wanted, private)
                    removed.pop()
        return so_far()

    gone = [*doomed, *(key for _wanted, _private, equals in surplus for key in equals[1:])]
    return Plan(_shown(keys), _outcome([*_without(keys, gone), *new], wanted_key, new, gone), apply)


def _surplus(
    client: Client,
    project: Project,
    keys: list[Key],
    present: Sequence[WantedKey],
    exclusive_hosts: Sequence[str] | None,
) -> list[tuple[WantedKey, PrivateKey, list[Key]]]:
    """The wanted keys that are listed more than once and have to be there alone, with their equal entries.

    Some servers remove all equal entries at once. So only a key that could be added again is in it.
    """
    found = []
    for wanted in present:
        equals = [key for key in keys if wanted.is_key(key)]
        if len(equals) < 2 or not (exclusive_hosts is None or wanted.hostname in exclusive_hosts):
            continue
        if wanted.private is None:
            client.warn(
                f"{project} has SSH key {wanted.fingerprint} for {_host(wanted.hostname)} {len(equals)} times. Give "
                "the key itself as private_key or private_key_path to leave it there once."
            )
        else:
            found.append((wanted, wanted.private, equals))
    return found


def _add_again(client: Client, project: Project, wanted: WantedKey, private: PrivateKey) -> None:
    """Add a key of which the server has removed all entries at once."""
    what = f"SSH key {private.public.sha256} of {project} for {_host(wanted.hostname)}"
    try:
        _add(client, project, wanted, private)
    except CircleCIError as error:
        error.message = f"CircleCI removed all entries of {what}, and it could not be added again: {error.message}"
        raise
    _require_listed(client, project, [(wanted, private)], "It was there more than once before.")


def _without(keys: list[Key], removed: list[Key]) -> list[Key]:
    """The keys that are left. Of equal ones as many go as were removed."""
    left = list(keys)
    for key in removed:
        left.remove(key)
    return left


def read_ssh_keys(client: Client, project: Project) -> list[Key]:
    """The additional SSH keys of a project. See :func:`ssh_keys_of`."""
    return ssh_keys_of(read_settings(client, project))


def _add(client: Client, project: Project, wanted: WantedKey, private: PrivateKey) -> None:
    """Send the key. A repetition would add it twice, so the list says what became of a doubtful request."""
    client.keep_secret(private.text)  # It may come from a file, or have been repaired.
    client.write(
        "POST",
        project.path("ssh-key"),
        {"hostname": wanted.hostname, "private_key": private.text},
        repeatable=False,
        seen=lambda: True if any(wanted.is_key(key) for key in read_ssh_keys(client, project)) else None,
        shape=acknowledgement,
    )


def _require_listed(
    client: Client, project: Project, added: list[tuple[WantedKey, PrivateKey]], else_told: str
) -> None:
    """Nothing is removed before its replacement is there.

    :param else_told: what to say of the other keys if it is not
    """

    def unlisted() -> list[tuple[WantedKey, PrivateKey]]:
        listed = read_ssh_keys(client, project)
        return [(wanted, key) for wanted, key in added if not any(wanted.is_key(item) for item in listed)]

    if left := settled(client, unlisted, lambda left: not left):
        wanted, key = left[0]
        raise CircleCIError(
            f"CircleCI accepted SSH key {key.public.sha256} of {project} for {_host(wanted.hostname)}, but {LATER} it "
            f"does not list it. {else_told}",
            hint="Run the task again.",
        )


def _delete(client: Client, project: Project, key: Key, before: int) -> int:
    """Delete a key, or one of its duplicates: some servers remove one at a time, others all.

    :param before: how often it is listed
    :returns: how often it is listed then, which is less
    :raises CircleCIError: when it is not
    """

    def left() -> int:
        return sum(_identity(listed) == _identity(key) for listed in read_ssh_keys(client, project))

    body = {"fingerprint": sent_fingerprint(key), "hostname": key["hostname"]}
    client.delete(project.path("ssh-key"), body, gone=lambda: left() < before)
    now = settled(client, left, lambda now: now < before)
    if now < before:
        return now
    raise CircleCIError(
        f"CircleCI accepted the deletion of SSH key {key['fingerprint_sha256'] or key['fingerprint']} of {project} for "
        f"{_host(key['hostname'])}, but {LATER} it still lists it.",
        hint="Remove it in the project's settings on CircleCI.",
    )


def _is_host(name: str) -> bool:
    """Whether a text is the name of a host, or its address, or empty for any host."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return all(char.isprintable() and not char.isspace() and char not in ":/@\\[]" for char in name)


def _read(path: str) -> str:
    """The text of a file with a key. Windows programs write UTF-16, which starts with a mark."""
    if "\n" in path or "-----BEGIN" in path:
        raise invalid("private_key_path holds a key, not a path.", "Give the key as private_key.")
    try:
        with open(path, "rb") as file:
            data = file.read(1_000_000)
        return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8")
    except UnicodeDecodeError:
        raise invalid(
            f"The file {plain(path)} is not a private key in PEM form: it is not text.",
            "A key in DER form becomes one with: openssl pkey -inform DER -in FILE -out KEYFILE.",
        ) from None
    except (OSError, ValueError) as exc:
        raise invalid(
            f"The file {plain(path)} cannot be read: {getattr(exc, 'strerror', None) or exc}.",
            "private_key_path is a path on the host where the task runs.",
        ) from exc


def _described(item: dict[str, Any]) -> Key:
    """A key as modules return it. :raises ValueError: when it is none."""
    hostname = item.get("hostname")
    return {"hostname": hostname if isinstance(hostname, str) else "", **shown_key(item)}


def _identity(key: Key) -> tuple[str, str]:
    """What makes two entries the same key (§3.7)."""
    return key["hostname"], key["fingerprint_sha256"] or key["fingerprint"]


def _host(hostname: str) -> str:
    return f"host {plain(hostname)}" if hostname else "any host"


def _shown(keys: list[Key]) -> dict[str, Any]:
    return {"ssh_keys": keys}


def _outcome(keys: list[Key], wanted: WantedKey | None, added: list[Key], removed: list[Key]) -> Outcome:
    return Outcome(
        after=_shown(keys),
        result={
            "ssh_key": next((key for key in keys if wanted and wanted.is_key(key)), None),
            "ssh_keys": keys,
        },
        added=[{"kind": "ssh_key", **key} for key in added],
        removed=[{"kind": "ssh_key", **key} for key in removed],
    )
