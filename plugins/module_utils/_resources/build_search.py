# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Finding builds by what they built: branch, tag, revision, job and workflow (``api-v1.1.md`` §3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    job_of,
    read_build,
    read_builds,
    workflow_name,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_filled
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import (
    checked_revision,
    written_text,
)

MOST_SEARCHED = 500
"""So many of the newest builds of a list are looked at."""
SOUGHT = ("job", "workflow", "branch", "tag", "revision")
"""The options by which a build is sought."""


@dataclass(frozen=True)
class Sought:
    """What a build has to be. What is None does not matter.

    :param revision: the full hash, in lower case
    :param job: the name of its job
    :param workflow: the name of its workflow
    """

    branch: str | None = None
    tag: str | None = None
    revision: str | None = None
    job: str | None = None
    workflow: str | None = None

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Sought:
        """Take the options of a task.

        :raises CircleCIError: for empty ones, which would find whatever is newest
        """
        names = {name: written_text(params[name], name) for name in ("branch", "tag", "job", "workflow")}
        require_filled(params, *names)
        return cls(revision=checked_revision(params["revision"]), **names)

    def __str__(self) -> str:
        named = [(name, getattr(self, name)) for name in SOUGHT]
        return ", ".join(f"{name} {value}" for name, value in named if value is not None)

    def fits(self, build: Build) -> bool:
        """Whether a build of the list, which is that of the branch, is one of these."""
        pairs = (
            (self.tag, build.get("vcs_tag")),
            (self.revision, build.get("vcs_revision")),
            (self.job, job_of(build)),
            (self.workflow, workflow_name(build)),
        )
        return all(wanted in (None, found) for wanted, found in pairs)

    @property
    def needs_search(self) -> bool:
        """Whether CircleCI cannot list just these builds itself: it knows branches only."""
        return any((self.tag, self.revision, self.job, self.workflow))


def search_builds(
    client: Client, project: Project, sought: Sought, *, limit: int, offset: int = 0, **query: object
) -> list[Build]:
    """The newest builds of a project that fit, without their steps. Pages are followed, within bounds.

    When the bound is reached before so many were found, that is a warning.

    :param limit: how many at most
    :param offset: how many of those that fit to leave out at the start
    :param query: parameters of the list, ``filter`` for example
    """
    path = project.path() if sought.branch is None else project.path("tree", sought.branch)
    if not sought.needs_search:
        return read_builds(client, path, limit=limit, offset=offset, **query)
    found: list[Build] = []
    for start in range(0, MOST_SEARCHED, PAGE_SIZE):
        page = read_builds(client, path, limit=PAGE_SIZE, offset=start, **query)
        known = {build["build_num"] for build in found}
        found += [build for build in page if sought.fits(build) and build["build_num"] not in known]
        if len(found) >= offset + limit or len(page) < PAGE_SIZE:
            return found[offset : offset + limit]
    client.warn(f"Only the newest {MOST_SEARCHED} builds of {project} were searched for {sought}.")
    return found[offset:]


def find_build(client: Client, project: Project, sought: Sought, result: str | None) -> Build | None:
    """The newest build that fits, with its steps.

    :param result: one of :data:`FILTERS`; None for all
    :returns: None when no build fits
    """
    newest = search_builds(client, project, sought, limit=1, filter=result)
    return read_build(client, project, newest[0]["build_num"]) if newest else None


def missing(project: Project, sought: Sought, result: str | None) -> CircleCIError:
    """The error for a build that has to be there and is not."""
    kind = "build" if result is None else f"{result} build"
    of = f" of {sought}" if str(sought) else ""
    return invalid(
        f"{project} has no {kind}{of}.",
        "Wait for it with community.circleci.circleci_pipeline and state: succeeded, or check the names.",
    )
