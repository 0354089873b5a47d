# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Bringing artifacts into a folder: what there is to do, doing it here, and what to say of it."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.artifacts import (
    Artifact,
    Selection,
    find_source,
    read_artifacts,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import Build, brief, job_of
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    NOTE,
    Arrived,
    Attributes,
    Noted,
    Seen,
    Unfinished,
    give,
    look,
    note_text,
    put,
    read_note,
    remove,
    write_aside,
)
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side

REPORT_EVERY = 5.0  # seconds between two lines on how far the task is
MOST_AT_A_TIME = 32
T = TypeVar("T")

_MD5 = re.compile(r'(?:W/)?"?([0-9a-f]{32})"?')


@dataclass(frozen=True)
class Brought:
    """A file as it is after a task, or is going to be.

    :param size: bytes; None when only the run tells
    """

    artifact: Artifact
    size: int | None
    sha256: str | None
    changed: bool


@dataclass(frozen=True)
class Bringing:
    """What a task has to bring into one folder.

    :param build: whose artifacts they are
    :param dest: the folder
    :param exclusive: whether what an earlier build left goes away
    :param noted: what was brought before
    :param seen: the files that are there under the names of the artifacts, and of what goes away
    """

    selection: Selection
    build: Build
    artifacts: list[Artifact]
    dest: Path
    attributes: Attributes
    exclusive: bool
    noted: list[Noted]
    seen: dict[str, Seen]

    def __str__(self) -> str:
        return f"{self.selection.project} #{self.build['build_num']}"

    def known(self, artifact: Artifact) -> bool:
        """Whether a file is noted as this very artifact and was not touched since: an artifact never changes."""
        seen = self.seen.get(artifact.name)
        return seen is not None and self._entry(artifact, seen.size, seen.sha256) in self.noted

    def brought(self, artifact: Artifact, size: int | None, sha256: str | None) -> Brought:
        """What becomes of a file.

        :param size: bytes; None when only the run tells, like the digest
        """
        seen = self.seen.get(artifact.name)
        return Brought(artifact, size, sha256, seen is None or seen.sha256 != sha256 or seen.differs)

    def unchanged(self, artifact: Artifact) -> Brought:
        """A file whose contents are right already."""
        seen = self.seen[artifact.name]
        return self.brought(artifact, seen.size, seen.sha256)

    def is_tagged(self, artifact: Artifact, etag: str | None) -> bool | None:
        """Whether the file that is there is what an ETag says, where that is an MD5 digest; None if nobody can tell."""
        seen = self.seen.get(artifact.name)
        found = _MD5.fullmatch(etag or "")
        return found[1] == seen.md5 if found and seen and seen.md5 else None

    @property
    def left_over(self) -> list[Noted]:
        """What an earlier build left, if it is to go away: noted files of the same job that this build has not.

        Not what this very build left, where it has nothing any more: artifacts are kept for a limited time.
        """
        names = {artifact.name for artifact in self.artifacts}
        ours = str(self.selection.project), job_of(self.build)
        return [
            entry
            for entry in self.noted
            if self.exclusive
            and (entry.project, entry.job) == ours
            and entry.dest not in names
            and (names or entry.build_num != self.build["build_num"])
        ]

    @property
    def doomed(self) -> list[Noted]:
        """The files that go away."""
        return [entry for entry in self.left_over if entry.dest in self.seen]

    @property
    def missing(self) -> list[Noted]:
        """What would go away and is not there any more: only the note still knows it."""
        return [entry for entry in self.left_over if entry.dest not in self.seen]

    def note(self, files: list[Brought], removed: list[Noted], noted: list[Noted]) -> str | None:
        """The note after these files were brought and those removed; None when that is what it says already.

        :param noted: what it says; another run may have brought something else meanwhile
        """
        gone = {entry.dest for entry in (*removed, *self.missing)} | {each.artifact.name for each in files}
        kept = [entry for entry in noted if entry.dest not in gone]
        new = (self._entry(each.artifact, each.size or 0, each.sha256 or "") for each in files)
        text = note_text([*kept, *new])
        return None if text == note_text(noted) else text

    def result(self, files: list[Brought]) -> dict[str, Any]:
        """The result of the task."""
        changed = [each for each in files if each.changed]
        before = {
            each.artifact.name: self.seen[each.artifact.name].sha256
            for each in changed
            if each.artifact.name in self.seen
        }
        before.update({entry.dest: entry.sha256 for entry in self.doomed})
        return {
            "changed": bool(changed or self.doomed),
            "build": brief(self.build),
            "files": [
                {
                    "path": each.artifact.path,
                    "dest": str(self.dest / each.artifact.name),
                    "size": each.size,
                    "sha256": each.sha256,
                    "changed": each.changed,
                }
                for each in files
            ],
            **self._changes(files, self.doomed),
            "diff": {
                "before": {"files": dict(sorted(before.items()))},
                "after": {"files": {each.artifact.name: self._shown(each) for each in changed}},
                "before_header": str(self.dest),
                "after_header": f"{self.dest} ({self})",
            },
        }

    def partial(self, files: list[Brought], removed: list[Noted]) -> dict[str, Any]:
        """What a task returns that fails after these files were brought and those removed."""
        result = self.result(files)
        return {"build": result["build"], "files": result["files"], **self._changes(files, removed)}

    def _changes(self, files: list[Brought], removed: list[Noted]) -> dict[str, list[dict[str, Any]]]:
        """The files that are new, those that are gone, and those that are others now."""
        changed = [(each.artifact.path, each.artifact.name) for each in files if each.changed]
        return {
            "added": [self._named(path, name) for path, name in changed if name not in self.seen],
            "removed": [self._named(entry.path, entry.dest) for entry in removed],
            "updated": [self._named(path, name) for path, name in changed if name in self.seen],
        }

    def _named(self, path: str, name: str) -> dict[str, Any]:
        return {"kind": "file", "path": path, "dest": str(self.dest / name)}

    def _shown(self, brought: Brought) -> Any:
        """What a diff shows of a file after the task: its digest, and what is wanted besides its contents."""
        wanted = {name: getattr(self.attributes, name) for name in ("mode", "owner", "group")}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        sha256 = brought.sha256 or UNKNOWN
        return {"sha256": sha256, **wanted} if wanted else sha256

    def _entry(self, artifact: Artifact, size: int, sha256: str) -> Noted:
        project, number = str(self.selection.project), self.build["build_num"]
        return Noted(project, job_of(self.build), number, artifact.path, artifact.name, size, sha256)


def carry_out(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Do what a task of ``circleci_artifacts`` says, on the machine where this runs. See the module's documentation.

    :raises CircleCIError: when there is no such build or artifact, or a file cannot be had or written
    """
    selection, attributes = Selection.from_params(params), Attributes.from_params(params)
    concurrency = params["concurrency"]
    require_concurrency(concurrency)
    dest = Path(params["dest"])
    if not dest.is_absolute():
        raise not_absolute(params["dest"])
    hosts = trusted_hosts(params)
    client.require_token()
    build = find_source(client, selection)
    artifacts = read_artifacts(client, selection, build)
    bringing = Bringing(selection, build, artifacts, dest, attributes, params["exclusive"], read_note(dest), {})
    names, left = [artifact.name for artifact in artifacts], [entry.dest for entry in bringing.left_over]
    bringing = replace(bringing, seen=look(dest, names, left, attributes))
    if client.read_only:
        return bringing.result(forecast(client, bringing, hosts))
    return _bring(client, bringing, concurrency, hosts)


def require_concurrency(concurrency: int) -> None:
    """Fail for a number of downloads at a time that makes no sense.

    :raises CircleCIError: then
    """
    if not 1 <= concurrency <= MOST_AT_A_TIME:
        raise invalid(f"concurrency must be a number from 1 to {MOST_AT_A_TIME}.")


def trusted_hosts(params: dict[str, Any]) -> list[str]:
    """The hosts that get the token besides the usual ones.

    :raises CircleCIError: for what names no host, and would be trusted in vain
    """
    hosts: list[str] = params["artifacts_hosts"] or []
    for host in hosts:
        if not re.fullmatch(r"[^\s/@*?#]+", host.strip()):
            raise invalid(
                f"artifacts_hosts has {plain(re.sub('.*@', '…@', host))!r}, which is not a host name.",
                "Give the name alone or with its port, as in artifacts.acme.example:8443, without scheme and path.",
            )
    return hosts


def not_absolute(dest: str) -> CircleCIError:
    """The failure of a task whose folder is not said in full, where nothing completes it."""
    return invalid(f"dest {plain(dest)!r} is not absolute.", "Give the whole path of the folder on the host.")


def forecast(client: Client, bringing: Bringing, hosts: Any) -> list[Brought]:
    """What a run would bring. Nothing is downloaded; of a file that is there CircleCI's store may tell the digest."""
    files = []
    unsure = 0
    for artifact in bringing.artifacts:
        same: bool | None = bringing.known(artifact)
        if not same and artifact.name in bringing.seen:
            etag = fetch(client, bringing, artifact, lambda download: download.headers.get("ETag"), hosts)
            same = bringing.is_tagged(artifact, etag)
            unsure += same is None
        files.append(bringing.unchanged(artifact) if same else bringing.brought(artifact, None, None))
    if unsure:
        client.warn(
            f"Whether {unsure} of the files in {bringing.dest} differ from the artifacts of {bringing} is known when "
            "they are downloaded. They are predicted to change."
        )
    return files


def _bring(client: Client, bringing: Bringing, concurrency: int, hosts: Any) -> dict[str, Any]:
    """Bring the files into a folder of this machine."""
    progress = Tally(client, bringing)
    done: dict[str, Brought] = {}
    removed: list[Noted] = []
    unfinished = Unfinished()

    def bring(artifact: Artifact) -> None:
        done[artifact.name] = _bring_one(client, bringing, artifact, hosts, progress, unfinished)
        progress.done()

    try:
        side_by_side(client, bring, bringing.artifacts, concurrency)
        for entry in bringing.doomed:
            remove(bringing.dest / entry.dest)
            removed.append(entry)
            client.wrote = True
        files = [done[artifact.name] for artifact in bringing.artifacts]
        _write_note(bringing, files, removed)
    except BaseException as error:
        # Threads may still wait for answers, and are not waited for.
        unfinished.remove()
        files = list(done.values())
        if isinstance(error, CircleCIError):
            error.partial = bringing.partial(files, removed)
        if files or removed:
            # On a full disk it fails as well, and what failed first is what is told.
            with contextlib.suppress(CircleCIError):
                _write_note(bringing, files, removed)
        raise
    progress.end()
    return bringing.result(files)


def _bring_one(
    client: Client, bringing: Bringing, artifact: Artifact, hosts: Any, progress: Tally, unfinished: Unfinished
) -> Brought:
    path = bringing.dest / artifact.name
    seen = bringing.seen.get(artifact.name)
    brought = bringing.unchanged(artifact) if bringing.known(artifact) else None
    if brought is None:

        def receive(download: Download) -> Arrived | None:
            if bringing.is_tagged(artifact, download.headers.get("ETag")):
                return None
            return write_aside(path.parent, progress.counted(download.chunks), unfinished)

        arrived = fetch(client, bringing, artifact, receive, hosts)
        if arrived is None:
            brought = bringing.unchanged(artifact)
        else:
            brought = bringing.brought(artifact, arrived.size, arrived.sha256)
            if seen is not None and seen.sha256 == arrived.sha256:
                arrived.path.unlink()
            else:
                put(arrived, path, bringing.attributes)
                client.wrote = True
    if seen is not None and seen.differs:
        give(path, bringing.attributes)
        client.wrote = True
    return brought


def fetch(client: Client, bringing: Bringing, artifact: Artifact, receive: Callable[[Download], T], hosts: Any) -> T:
    """Hand an artifact to a receiver. See :meth:`Client.download`.

    :raises CircleCIError: naming the artifact and its build
    """
    try:
        return client.download(artifact.url, receive, hosts=hosts)
    except CircleCIError as error:
        if error.method is not None:
            error.message = (
                f"The artifact {plain(artifact.path, 200)!r} of {bringing} was not downloaded. {error.message}"
            )
        raise


def _write_note(bringing: Bringing, files: list[Brought], removed: list[Noted]) -> None:
    """Write down what was brought, if that is not what the note says already."""
    text = bringing.note(files, removed, read_note(bringing.dest))
    if text is not None:
        arrived = write_aside(bringing.dest, [text.encode()])
        put(arrived, bringing.dest / NOTE, Attributes())


class Tally:
    """What the user is told while files are brought."""

    def __init__(self, client: Client, bringing: Bringing) -> None:
        self._client = client
        self._bringing = bringing
        self._lock = threading.Lock()
        self._files = 0
        self._bytes = 0
        self._due = time.monotonic() + REPORT_EVERY

    def counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The same chunks, counted."""
        for chunk in chunks:
            with self._lock:
                self._bytes += len(chunk)
                self._tell_when_due()
            yield chunk

    def done(self) -> None:
        """Count a file."""
        with self._lock:
            self._files += 1
            self._tell_when_due()

    def end(self) -> None:
        """Say how it ended, if something was downloaded."""
        if self._bytes:
            self._tell()

    def _tell_when_due(self) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + REPORT_EVERY
            self._tell()

    def _tell(self) -> None:
        total = len(self._bringing.artifacts)
        self._client.report(f"{self._bringing}: {self._files} of {total} files, {self._bytes / 1e6:.1f} MB downloaded")
