# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""A folder into which artifacts are brought: what is in it, and putting whole files there. Sends no request."""

from __future__ import annotations

import contextlib
import grp
import hashlib
import json
import os
import pwd
import re
import stat
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    interrupted,
    invalid,
    plain,
)

NOTE = ".circleci-artifacts.json"
"""Holds what was brought. It makes a second run free, and says what an earlier build left."""
_READ = 1 << 20  # bytes
_LONGEST_NAME = 255  # bytes, on all file systems that matter
_HIGHEST_ID = 2**32 - 2  # of users and groups; the next number means none
_PERMISSIONS = re.compile(r"[0-7]{3,4}")
_an_entry = with_fields(project=str, job=str, build_num=int, path=str, dest=str, size=int, sha256=str)


@dataclass(frozen=True)
class Noted:
    """A file that was brought.

    :param path: of the artifact
    :param dest: of the file, below the folder
    :param size: bytes
    """

    project: str
    job: str
    build_num: int
    path: str
    dest: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Seen:
    """A file that is there.

    :param size: bytes
    :param md5: None where there is no MD5
    :param differs: whether its mode, owner or group is another one than wanted
    """

    size: int
    sha256: str
    md5: str | None
    differs: bool


@dataclass(frozen=True)
class Arrived:
    """A file that was downloaded, under a name of its own.

    :param size: bytes
    """

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True)
class Attributes:
    """What is wanted of each file besides its contents. None is left as it is.

    :param mode: octal digits or symbols, as ``chmod`` takes them
    :param owner: a name or a number
    :param group: a name or a number
    :param fresh: the permissions of a new file of which nothing is wanted
    """

    mode: str | None = None
    owner: str | None = None
    group: str | None = None
    fresh: int = field(default_factory=lambda: 0o666 & ~_umask())

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Attributes:
        """Check the options of a task.

        :raises CircleCIError: for a mode that has lost its spelling, or is none
        """
        mode = params["mode"]
        if mode is not None and not isinstance(mode, str):
            raise invalid("mode is a number for YAML, so how it was written is lost.", "Write it in quotes, as '0644'.")
        found = cls(mode, params["owner"], params["group"])
        if mode is not None:
            found.permissions(stat.S_IFREG)
        return found

    def permissions(self, now: int) -> int:
        """The permissions that a file is to have.

        :param now: its ``st_mode``
        :raises CircleCIError: when the mode is none
        """
        if self.mode is None:
            return stat.S_IMODE(now)
        if _PERMISSIONS.fullmatch(self.mode):
            return int(self.mode, 8)
        try:
            return int(AnsibleModule._symbolic_mode_to_octal(SimpleNamespace(st_mode=now), self.mode))
        except ValueError:
            raise invalid(f"mode {plain(self.mode)!r} is none.", "Write it as '0644' or 'u=rw,g=r,o='.") from None

    def differ(self, path: Path) -> bool:
        """Whether a file has others."""
        status = path.lstat()
        user, group = self.ids()
        return (
            self.permissions(status.st_mode) != stat.S_IMODE(status.st_mode)
            or user not in (-1, status.st_uid)
            or group not in (-1, status.st_gid)
        )

    def give(self, path: Path) -> None:
        """Give them to a file.

        :raises CircleCIError: when this user must not, or there is no such owner or group
        """
        if self.owner is not None or self.group is not None:
            try:
                os.chown(path, *self.ids())
            except PermissionError:
                given = {"owner": self.owner, "group": self.group}
                whom = " and ".join(f"{name} {plain(value)}" for name, value in given.items() if value is not None)
                raise invalid(
                    f"This user may not give files in {path.parent} to {whom}.",
                    "Only root gives files away: set become: true, or leave owner and group out.",
                ) from None
        if self.mode is not None:
            path.chmod(self.permissions(path.lstat().st_mode))

    def ids(self) -> tuple[int, int]:
        """The numbers of the owner and the group that are wanted; -1 for what is left as it is.

        :raises CircleCIError: when this machine has no such owner or group
        """
        return (
            _number(self.owner, "user", "owner", lambda name: pwd.getpwnam(name).pw_uid),
            _number(self.group, "group", "group", lambda name: grp.getgrnam(name).gr_gid),
        )


def _number(name: str | None, kind: str, option: str, find: Callable[[str], int]) -> int:
    """The number of a user or a group, by which it may be named, too; -1 for none."""
    if name is None:
        return -1
    try:
        number = int(name) if name.isdecimal() else find(name)
    except (KeyError, ValueError):  # the latter for what no name can be
        number = -1
    if not 0 <= number <= _HIGHEST_ID:
        raise invalid(f"There is no {kind} {plain(name)} here.", f"Check {option}.")
    return number


# --- names ------------------------------------------------------------------------------------------------------------


def safe_name(path: str) -> str:
    """The name below a folder that an artifact's path stands for, whatever it says.

    :raises CircleCIError: for what would lead out of the folder, or cannot be the name of a file
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    shown = plain(path, 200)
    if ".." in parts:
        raise invalid(f"The artifact {shown!r} would lead out of dest.", "Leave it out with exclude.")
    if not parts or "\0" in path:
        raise invalid(f"The artifact {shown!r} has a path that no file can have.", "Leave it out with exclude.")
    if any(len(os.fsencode(part)) > _LONGEST_NAME for part in parts):
        raise invalid(
            f"The artifact {shown!r} has a name of more than {_LONGEST_NAME} bytes.", "Leave it out with exclude."
        )
    if parts == [NOTE]:
        raise invalid(f"The artifact {shown!r} would replace the note of what was brought.", "Leave it out.")
    return "/".join(parts)


# --- looking ----------------------------------------------------------------------------------------------------------


def look(dest: Path, names: Collection[str], brought: Iterable[str], attributes: Attributes) -> dict[str, Seen]:
    """The files with some names that are there.

    :param names: below the folder, as :func:`safe_name` gives them
    :param brought: more of them. Where something else stands in the place of such a file, it is not there any more
    :raises CircleCIError: where a link or something else than a file or folder stands in the way, and for an owner or a
        group that is not known here
    """
    attributes.ids()
    found: dict[str, Seen] = {}
    with told(dest):
        there = next(path for path in (dest, *dest.absolute().parents) if path.exists())
        if not there.is_dir():
            raise invalid(f"dest {dest} cannot be: {there} is no folder.", "Give another folder, or remove that.")
        wanted = set(names)
        for name in dict.fromkeys([*names, *brought]):
            try:
                path = _existing(dest, name)
            except CircleCIError:
                if name in wanted:
                    raise
                continue
            if path:
                found[name] = Seen(*_measured(path), attributes.differ(path))
    return found


def missing_folders(dest: Path, names: Iterable[str]) -> list[str]:
    """The folders that these names need and that are not there, outer ones first."""
    wanted = {dest / parent for name in names for parent in Path(name).parents}  # The outermost one is dest itself.
    return [str(folder) for folder in sorted(wanted) if not folder.is_dir()]


def read_note(dest: Path) -> list[Noted]:
    """What was brought. A note that cannot be read is none: then files are compared."""
    try:
        entries = json.loads((dest / NOTE).read_text(encoding="utf-8"))["files"]
        known = map(_an_entry, entries)
        return [Noted(**entry) for entry in known if safe_name(entry["dest"]) == entry["dest"]]
    except (OSError, ValueError, TypeError, KeyError, RecursionError, CircleCIError):
        return []


def note_text(entries: Iterable[Noted]) -> str:
    """The note that says that these were brought."""
    files = [asdict(entry) for entry in sorted(entries, key=lambda entry: entry.dest)]
    return json.dumps({"files": files}, indent=1) + "\n"


def _measured(path: Path) -> tuple[int, str, str | None]:
    """The size of a file in bytes, and its digests by SHA-256 and MD5."""
    hashers = [hashlib.sha256()]
    with contextlib.suppress(ValueError):  # as on hosts that keep to FIPS
        hashers.append(hashlib.new("md5", usedforsecurity=False))
    with path.open("rb") as file:
        while chunk := file.read(_READ):
            for hasher in hashers:
                hasher.update(chunk)
        size = file.tell()
    sha256, *md5 = (hasher.hexdigest() for hasher in hashers)
    return size, sha256, md5[0] if md5 else None


def _existing(dest: Path, name: str) -> Path | None:
    """The file of a name; None when there is none, also when a link has that name: it is going to be replaced.

    :raises CircleCIError: where a link or something else stands in the place of a folder, or a folder in its own place,
        also by a link: core's ``copy`` would put the file into that folder
    """
    path = dest
    for part in Path(name).parts[:-1]:
        path /= part
        if path.is_symlink() or (path.exists() and not path.is_dir()):
            raise invalid(f"{path} is no folder of its own, so nothing is put below it.", "Remove it, or change dest.")
    path = dest / name
    if (path.is_symlink() and not path.is_dir()) or not path.exists():
        return None
    if not path.is_file():
        raise invalid(f"{path} is no file, so no artifact is put in its place.", "Remove it, or change dest.")
    return path


# --- putting ----------------------------------------------------------------------------------------------------------


class Unfinished:
    """The files of a task that threads have begun. They do not outlast it, though the threads never get to the end."""

    def __init__(self) -> None:
        self._paths: list[Path] = []
        self._is_over = False
        self._lock = threading.Lock()

    def begin(self, folder: Path) -> tuple[int, Path]:
        """Make an empty file in a folder.

        :returns: its open descriptor, and its path
        :raises CircleCIError: when the task is over
        """
        with self._lock:
            if self._is_over:
                raise interrupted()
            number, name = tempfile.mkstemp(prefix=".circleci-", dir=folder)
            self._paths.append(Path(name))
            return number, self._paths[-1]

    def remove(self) -> None:
        """End the task: remove what has not got its name yet, and let nothing more begin."""
        with self._lock:
            self._is_over = True
            for path in self._paths:
                path.unlink(missing_ok=True)


def write_aside(folder: Path, chunks: Iterable[bytes], unfinished: Unfinished | None = None) -> Arrived:
    """Write a file under a name of its own, in the folder where it is going to be.

    :param unfinished: knows of it, where this is not the task's own thread
    :raises CircleCIError: when it cannot be written; nothing is left of it then, nor after any other exception
    """
    hasher = hashlib.sha256()
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with told(folder, exactly=True):
        number, path = (unfinished or Unfinished()).begin(folder)
    try:
        # A full disk may show as late as when the file is closed. What comes off the wire raises no OSError.
        with told(folder), os.fdopen(number, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
                hasher.update(chunk)
            size = file.tell()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Arrived(path, size, hasher.hexdigest())


def put(arrived: Arrived, path: Path, attributes: Attributes) -> None:
    """Give a file that has arrived its name, in one step. What it replaces leaves it its permissions and its owner.

    :raises CircleCIError: when that cannot be; nothing is left of it then
    """
    try:
        with told(path, exactly=True):
            before = path.lstat() if path.is_file() and not path.is_symlink() else None
            arrived.path.chmod(stat.S_IMODE(before.st_mode) if before else attributes.fresh)
            if before:
                # Only root may give files away. This also takes away that it runs as its owner.
                with contextlib.suppress(PermissionError):
                    os.chown(arrived.path, before.st_uid, before.st_gid)
            attributes.give(arrived.path)
            arrived.path.replace(path)
    except BaseException:
        arrived.path.unlink(missing_ok=True)
        raise


def give(path: Path, attributes: Attributes) -> None:
    """Give a file that is there mode, owner and group.

    :raises CircleCIError: when that cannot be
    """
    with told(path):
        attributes.give(path)


def remove(path: Path) -> None:
    """Remove a file, if it is there.

    :raises CircleCIError: when that cannot be
    """
    with told(path):
        path.unlink(missing_ok=True)


def _umask() -> int:
    """The process's mask for new files. It can only be read by setting it; reading it elsewhere needs Linux."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


@contextlib.contextmanager
def told(path: Path, *, exactly: bool = False) -> Iterator[None]:
    """Tell failures of the file system as everything else is told.

    :param exactly: whether this path is named, not the one that the failure names: that of a file which is gone then
    """
    try:
        yield
    except OSError as error:
        raise invalid(
            f"{path if exactly else error.filename or path}: {error.strerror or error}.",
            "Check the folder, its permissions and the space that is left.",
        ) from error
