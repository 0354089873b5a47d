# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipeline definitions of projects: where a configuration is read from, and what is checked out for it.

`pipeline/run` starts pipelines by them, and triggers (schedules among them) belong to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .model import Project, uuid_of
from .state import Part, State

_PROVIDERS = {"github": "github_oauth", "bitbucket": "bitbucket_oauth", "circleci": "github_app"}


@dataclass(frozen=True)
class Source:
    """A repository that a definition takes something from."""

    provider: str
    repository: str
    """its full name at the provider"""


@dataclass(frozen=True)
class Definition:
    """A pipeline definition."""

    id: str
    name: str
    description: str
    created: float | None
    """None for the one that comes with the project"""
    config: Source
    checkout: Source
    file_path: str = ".circleci/config.yml"


class Definitions(Part):
    """The definitions of all projects. Each project has one from the start, of its own repository."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._added: dict[Project, list[Definition]] = {}

    def of(self, project: Project) -> list[Definition]:
        """Return the definitions of a project, oldest first."""
        if project not in self._added:
            name = f"{project.org if not project.is_app else project.organization.name}/{project.title}"
            source = Source(_PROVIDERS[project.vcs], name)
            self._added[project] = [
                Definition(
                    uuid_of(f"definition/{project.slug}"), project.title, "Made with the project.", None, source, source
                )
            ]
        return self._added[project]

    def add(
        self,
        project: Project,
        name: str,
        *,
        config_repository: str | None = None,
        checkout_repository: str | None = None,
        provider: str | None = None,
    ) -> Definition:
        """Add a definition.

        :param config_repository: full name of the repository with the configuration; None is the project's own.
        :param checkout_repository: full name of the repository with the code; None is the project's own.
        :param provider: of both, `github_app` for example; None is the project's own.
        """
        own = self.of(project)[0].config
        sources = [
            Source(provider or own.provider, repository or own.repository)
            for repository in (config_repository, checkout_repository)
        ]
        number = len(self.of(project)) + 1
        found = Definition(
            uuid_of(f"definition/{project.slug}/{number}"), name, "", self.state.now(), sources[0], sources[1]
        )
        self._added[project].append(found)
        return found

    def clear(self, project: Project) -> None:
        """Take the definitions of a project away: some of Apps have none."""
        self._added[project] = []

    def project_view(self, project: Project) -> dict[str, Any]:
        return {"definitions": [{"id": each.id, "name": each.name} for each in self.of(project)]}
