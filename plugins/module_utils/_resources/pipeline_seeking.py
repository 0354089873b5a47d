# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Which pipeline a task means: by id, number, branch, tag or revision (``api-v2-pipelines.md`` §2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import Pipeline
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    MOST_SOUGHT,
    Reference,
    newest_pipeline,
    read_numbered,
    read_pipeline,
    require_own,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Poller
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import given_empty
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_positive
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project


def unnamed(params: dict[str, Any]) -> list[str]:
    """The options of a task that were to say which pipelines are meant, and are empty: it would act on others."""
    if params["pipeline_id"] is not None or params["pipeline_number"] is not None:
        return []
    return given_empty(params, "branch", "tag", "revision", "keep_revision")


@dataclass(frozen=True)
class Sought:
    """One pipeline that is there, or is going to be.

    :param pipeline_id: or else
    :param number: in the project, or else
    :param reference: the newest pipeline of this
    """

    project: Project
    pipeline_id: str | None
    number: int | None
    reference: Reference

    @classmethod
    def from_params(cls, project: Project, params: dict[str, Any], *, optional: bool = False) -> Sought:
        """Check the options of a task.

        :param optional: nothing need be named; it is the newest pipeline of all then
        :raises CircleCIError: when they contradict each other, or name nothing
        """
        by_id = [name for name in ("pipeline_id", "pipeline_number") if params[name] is not None]
        others = [name for name in ("branch", "tag", "revision") if params[name] is not None]
        if by_id and others:
            raise invalid(f"{by_id[0]} names one pipeline, so {', '.join(others)} would do nothing.", "Leave it out.")
        if not by_id + others and not optional:
            raise invalid(
                "It is not said which pipeline is meant.",
                "Set one of pipeline_id, pipeline_number, branch, tag and revision.",
            )
        require_positive(params, "pipeline_number")
        return cls(project, params["pipeline_id"], params["pipeline_number"], Reference.from_params(params))

    @property
    def is_exact(self) -> bool:
        """Whether it is by id or number."""
        return self.pipeline_id is not None or self.number is not None

    def __str__(self) -> str:
        if self.pipeline_id is not None:
            return f"Pipeline {plain(self.pipeline_id)}"
        return f"Pipeline #{self.number}" if self.number is not None else f"A pipeline of {self.reference}"

    @property
    def _where(self) -> str:
        """Where it was looked for, in a hint."""
        return "" if self.is_exact else f" It is looked for among the newest {MOST_SOUGHT} pipelines."

    def find(self, client: Client) -> Pipeline | None:
        """The pipeline; None when there is none, or none yet.

        :raises CircleCIError: when it belongs to another project, and for project tokens, which see nothing (PF §1.1)
        """
        try:
            if self.pipeline_id is not None:
                return require_own(self.project, read_pipeline(client, self.pipeline_id), "pipeline")
            if self.number is not None:
                return read_numbered(client, self.project, self.number)
        except CircleCIError as error:
            if error.status != 404 or error.project_not_found:
                raise
            if client.token:
                client.require_personal_token()
            return None
        return newest_pipeline(client, self.project, self.reference)

    def require(self, client: Client) -> Pipeline:
        """The pipeline.

        :raises CircleCIError: when there is none
        """
        found = self.find(client)
        if found is None:
            raise invalid(
                f"{self} is not there in {self.project}.", f"Check the id or number, or what it is of.{self._where}"
            )
        return found

    def wait(self, poller: Poller, appear_timeout: float) -> Pipeline:
        """The pipeline, waited for (PF §4.1).

        :param appear_timeout: seconds that it may take to show up
        :raises CircleCIError: when it does not
        """
        most = min(appear_timeout, poller.timeout)
        while True:
            seen = poller.look(lambda client: [self.find(client)])
            if seen is not None and seen[0] is not None:
                return seen[0]
            if poller.waited >= most:
                raise CircleCIError(
                    f"{self} did not show up in {self.project} within {most:.0f} s",
                    hint=f"Check that the push reached CircleCI, and what it is of.{self._where} Set appear_timeout "
                    "higher to wait longer.",
                )
            poller.client.report(f"{self.project}: {self} is not there yet ({poller.waited:.0f} s)", idle=True)
            poller.clock.sleep(min(poller.interval, most - poller.waited))
