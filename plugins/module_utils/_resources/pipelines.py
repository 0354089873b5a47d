# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Pipelines of API v2: reading and finding them, and how results show them (``api-v2-pipelines.md`` §2, §3, §6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import DEFAULT_URL, segment
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import failed_steps, read_build
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    APPROVAL,
    SUCCESS,
    Job,
    Pipeline,
    View,
    Workflow,
    has_failed,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import approve
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_filled
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES, Project
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import checked_revision

MOST_SOUGHT = 200
"""So many of the newest pipelines of a project or a branch are looked at."""
_WEB = "https://app.circleci.com"
_shape = with_fields(id=str, number=int, state=str)

_KEYS = ("id", "number", "state", "status", "url", "branch", "tag", "revision", "created_at")
NO_PIPELINE: dict[str, Any] = {**dict.fromkeys(_KEYS), "errors": []}
"""What results show where there is no pipeline."""


@dataclass(frozen=True)
class Reference:
    """What a pipeline is of. What is None does not matter.

    :param revision: the full hash, in lower case
    """

    branch: str | None = None
    tag: str | None = None
    revision: str | None = None

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Reference:
        """Check the options of a task.

        :raises CircleCIError: for what is empty or cannot be
        """
        require_filled(params, "branch", "tag", "revision")
        return cls(params["branch"], params["tag"], checked_revision(params["revision"]))

    @property
    def is_default(self) -> bool:
        """Whether it names nothing."""
        return self.branch is self.tag is self.revision is None

    def __str__(self) -> str:
        named = (("branch", self.branch), ("tag", self.tag), ("revision", self.revision))
        return ", ".join(f"{name} {plain(value)}" for name, value in named if value is not None)

    def fits(self, pipeline: Pipeline) -> bool:
        """Whether a pipeline is of all of this."""
        pairs = (
            (self.branch, branch_of(pipeline)),
            (self.tag, tag_of(pipeline)),
            (self.revision, revision_of(pipeline)),
        )
        return all(wanted in (None, found) for wanted, found in pairs)


# --- reading ----------------------------------------------------------------------------------------------------------


def read_pipeline(client: Client, pipeline_id: str) -> Pipeline:
    """A pipeline by its id.

    :raises CircleCIError: 404 also in the first seconds of its life (PF §4.1)
    """
    return _read(client, f"v2/pipeline/{segment(pipeline_id)}")


def read_numbered(client: Client, project: Project, number: int) -> Pipeline:
    """A pipeline by its number in the project. See :func:`read_pipeline`."""
    return _read(client, project.v2_path("pipeline", number))


def _read(client: Client, path: str) -> Pipeline:
    found = client.get_object(path)
    try:
        return _shape(found)
    except ValueError as exc:
        raise unusable(f"CircleCI's answer to GET {path} is not a pipeline: {exc}", path) from exc


def read_workflows(client: Client, pipeline_id: str) -> list[Workflow]:
    """Every run of every workflow of a pipeline (PF §3.1)."""
    return client.get_items(f"v2/pipeline/{segment(pipeline_id)}/workflow")


def read_jobs(client: Client, workflow: Workflow) -> list[Job]:
    """The jobs of a workflow. Those of a workflow that has expired are gone (PF §3.1)."""
    id_ = workflow.get("id")
    if not isinstance(id_, str) or not id_:
        return []
    try:
        return client.get_items(f"v2/workflow/{segment(id_)}/job")
    except CircleCIError as error:
        if error.status != 404:
            raise
        return []


class ById:
    """A pipeline as :class:`PipelineWatch` reads it."""

    def __init__(self, pipeline_id: str) -> None:
        self.id = pipeline_id

    def pipeline(self, client: Client) -> Pipeline:
        return read_pipeline(client, self.id)

    def workflows(self, client: Client) -> list[Workflow]:
        return read_workflows(client, self.id)

    def listed(self, client: Client) -> list[Workflow]:
        """The workflows; of a pipeline that was just made the list may not be there yet (PF §4.1)."""
        try:
            return self.workflows(client)
        except CircleCIError as error:
            if error.status != 404:
                raise
            return []

    def jobs(self, client: Client, workflow: Workflow) -> list[Job]:
        return read_jobs(client, workflow)

    def approve(self, client: Client, hold: dict[str, Any]) -> bool:
        return approve(client, hold)


def iterate_pipelines(client: Client, project: Project, branch: str | None = None) -> Iterator[Pipeline]:
    """The pipelines of a project, newest first, one page after the other.

    :param branch: None for all of them
    """
    path = project.v2_path("pipeline")
    for found in client.iterate(path, branch=branch):
        try:
            yield _shape(found)
        except ValueError as exc:
            raise unusable(f"CircleCI's list of pipelines of {project} has an entry that is none: {exc}", path) from exc


def newer_pipelines(client: Client, project: Project, number: int, branch: str | None = None) -> Iterator[Pipeline]:
    """Those with a higher number than this, newest first. See :func:`iterate_pipelines`."""
    return takewhile(lambda found: found["number"] > number, iterate_pipelines(client, project, branch))


def newest_pipeline(client: Client, project: Project, reference: Reference) -> Pipeline | None:
    """The newest pipeline of a branch, tag or revision, among the newest :data:`MOST_SOUGHT`; None when none is."""
    seen = islice(iterate_pipelines(client, project, reference.branch), MOST_SOUGHT)
    return next(filter(reference.fits, seen), None)


def require_own(project: Project, thing: dict[str, Any], kind: str) -> dict[str, Any]:
    """Fail for a pipeline or workflow of another project: its id came from somewhere else.

    :param kind: the word for the thing
    :raises CircleCIError: then
    """
    slug = thing.get("project_slug")
    vcs, _slash, rest = slug.partition("/") if isinstance(slug, str) else ("circleci", "", "")
    # A project of an App has several spellings (PF §1.5), and the VCS does not tell upper from lower case.
    if "circleci" not in (vcs, project.vcs_type):
        canonical = f"{VCS_TYPES.get(vcs, vcs)}/{rest}"
        if canonical.lower() != str(project).lower():
            raise invalid(
                f"The {kind} {plain(str(thing.get('id')))} belongs to {plain(canonical)}, not to {project}.",
                f"Check project and {kind}_id.",
            )
    return thing


# --- what they are of -------------------------------------------------------------------------------------------------


def branch_of(pipeline: Pipeline) -> str | None:
    """The branch; None for a tag."""
    # What an App's pipeline calls its branch may be the tag.
    return _text(_vcs(pipeline), "branch") if "vcs" in pipeline or not tag_of(pipeline) else None


def tag_of(pipeline: Pipeline) -> str | None:
    """The tag; None for a branch."""
    found = _vcs(pipeline)
    ref = _text(found, "ref") or ""
    return _text(found, "tag") or (ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else None)


def revision_of(pipeline: Pipeline) -> str | None:
    """The commit."""
    found = _vcs(pipeline)
    return _text(found, "revision") or _text(found, "checkout_sha")


def _vcs(pipeline: Pipeline) -> dict[str, Any]:
    """What is told of the repository; pipelines of Apps tell it elsewhere (PF §2.4)."""
    parameters = pipeline.get("trigger_parameters")
    for found in (pipeline.get("vcs"), parameters.get("git") if isinstance(parameters, dict) else None):
        if isinstance(found, dict):
            return found
    return {}


def _text(found: dict[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


# --- results ----------------------------------------------------------------------------------------------------------


def pipeline_url(client: Client, project: Project, pipeline: Pipeline) -> str:
    """Where people look at a pipeline."""
    site = _WEB if client.url == DEFAULT_URL else client.url
    slug = pipeline.get("project_slug")
    return f"{site}/pipelines/{plain(slug) if isinstance(slug, str) else project.short_slug}/{pipeline['number']}"


def described(client: Client, project: Project, pipeline: Pipeline, status: str | None) -> dict[str, Any]:
    """A pipeline as results show it.

    :param status: None where nobody looked at its workflows
    """
    errors = pipeline.get("errors")
    return {
        "id": pipeline["id"],
        "number": pipeline["number"],
        "state": pipeline.get("state"),
        "status": status,
        "url": pipeline_url(client, project, pipeline),
        "branch": branch_of(pipeline),
        "tag": tag_of(pipeline),
        "revision": revision_of(pipeline),
        "created_at": pipeline.get("created_at"),
        "errors": errors if isinstance(errors, list) else [],
    }


def described_workflows(client: Client, project: Project, pipeline: Pipeline, view: View) -> list[dict[str, Any]]:
    """The newest workflow of each name as results show them."""
    return [described_workflow(client, project, pipeline, workflow, view.jobs_of(workflow)) for workflow in view.all]


def described_workflow(
    client: Client, project: Project, pipeline: Pipeline, workflow: Workflow, jobs: list[Job]
) -> dict[str, Any]:
    """A workflow as results show it."""
    return {
        "id": workflow.get("id"),
        "name": workflow.get("name"),
        "status": workflow.get("status"),
        "url": f"{pipeline_url(client, project, pipeline)}/workflows/{workflow['id']}" if workflow.get("id") else None,
        "created_at": workflow.get("created_at"),
        "stopped_at": workflow.get("stopped_at"),
        "jobs": [_described_job(job) for job in jobs],
    }


def _described_job(job: Job) -> dict[str, Any]:
    # Nothing is to be found under the number of an approval (PF §10.15).
    number = None if job.get("type") == APPROVAL else job.get("job_number")
    return {
        "id": job.get("id"),
        "name": job.get("name"),
        "type": job.get("type"),
        "status": job.get("status"),
        "build_num": number,
    }


def failed_steps_of(client: Client, project: Project, view: View, log_lines: int) -> list[dict[str, Any]]:
    """The failed steps of all workflows that are waited for. Their output comes from API v1.1 (PF §6.4).

    What cannot be read is a warning.
    """
    found: list[dict[str, Any]] = []
    for workflow in view.workflows:
        for job in view.jobs_of(workflow):
            number = _described_job(job)["build_num"]
            if workflow.get("status") == SUCCESS or not has_failed(job) or not isinstance(number, int):
                continue
            try:
                steps = failed_steps(client, project, read_build(client, project, number), log_lines)
            except CircleCIError as error:
                client.warn(f"The failed steps of {project} #{number} could not be read. {error.message}")
                continue
            found += [{**step, "workflow": workflow.get("name"), "job": job.get("name")} for step in steps]
    return found
