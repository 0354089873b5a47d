# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The artifacts that builds store: which there are of a job, and what is in them."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_type_hints

from .checks import check
from .model import Build, Project
from .state import Part, State

_BLOCK: Final = 1 << 20
Json = dict[str, Any]


@dataclass(frozen=True)
class Artifact:
    """A file that a container of a build has stored.

    * `text` is what is in it; with `size` it has so many bytes that nobody needs to keep.
    * `etag` is the MD5 digest, as the store makes it of small files, or that of a file which came in parts, or none.
    """

    path: str
    node: int = 0
    text: str = ""
    size: int | None = None
    etag: Literal["md5", "multipart", "none"] = "md5"

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(Artifact))
        if self.size is not None and self.size < 0:
            raise ValueError("size must not be negative")

    @property
    def length(self) -> int:
        """The number of bytes."""
        return len(self.text.encode()) if self.size is None else self.size

    def chunks(self, start: int, stop: int) -> Iterator[bytes]:
        """Return the bytes from `start` to before `stop`, some at a time."""
        if self.size is None:
            yield self.text.encode()[start:stop]
            return
        block = _block(f"{self.path} {self.node} {self.size}")
        while start < stop:
            offset = start % _BLOCK
            chunk = block[offset : offset + stop - start]
            yield chunk
            start += len(chunk)

    @functools.cached_property
    def tag(self) -> str | None:
        """The ETag header, or None."""
        if self.etag == "none":
            return None
        digest = hashlib.md5(usedforsecurity=False)
        for chunk in self.chunks(0, self.length):
            digest.update(chunk)
        return f'"{digest.hexdigest()}{"-2" if self.etag == "multipart" else ""}"'


@functools.lru_cache(maxsize=64)
def _block(seed: str) -> bytes:
    """Return a block of bytes that is another one for each seed."""
    return hashlib.shake_128(seed.encode()).digest(_BLOCK)


DEFAULT: Final = (
    Artifact("coverage/index.html", text="<!DOCTYPE html><title>Coverage</title><p>All of it.</p>\n"),
    Artifact("results/junit.xml", text='<?xml version="1.0"?><testsuites/>\n'),
)


@dataclass
class StoreSwitches:
    """How the store behaves."""

    store_rate: float | None = None
    """bytes a second at which the store sends a file; None is as fast as it goes"""


class Artifacts(Part):
    """What builds have stored."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.switches: StoreSwitches = StoreSwitches()
        self._of_jobs: dict[tuple[str, str], tuple[Artifact, ...]] = {}
        self._of_builds: dict[tuple[str, int], tuple[Artifact, ...]] = {}

    def of(self, build: Build) -> tuple[Artifact, ...]:
        """Return the artifacts of a build; one that has not ended has none."""
        if build.lifecycle != "finished":
            return ()
        found = self._of_builds.get((build.project.slug, build.number))
        return self._of_jobs.get((build.project.slug, build.job), DEFAULT) if found is None else found

    def set_for_job(self, project: Project, job: str, artifacts: tuple[Artifact, ...]) -> None:
        """Say what the builds of a job store from now on. Those that are there keep what they have."""
        before = self._of_jobs.get((project.slug, job), DEFAULT)
        for build in project.builds:
            if build.job == job:
                self._of_builds.setdefault((project.slug, build.number), before)
        self._of_jobs[project.slug, job] = artifacts

    def set_for_build(self, build: Build, artifacts: tuple[Artifact, ...]) -> None:
        """Say what one build has stored, once its time of keeping is over for example."""
        self._of_builds[build.project.slug, build.number] = artifacts
