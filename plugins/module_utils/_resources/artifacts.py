# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Artifacts: of which build, which of them, and under which names (PF §6.2, ``api-v1.1.md`` §3.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import Sought, search_builds
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    Build,
    is_final,
    job_of,
    read_build,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import safe_name
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import (
    APPROVAL,
    SUCCESS,
    counting,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    read_jobs,
    read_numbered,
    read_pipeline,
    read_workflows,
    require_own,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_positive
from ansible_collections.community.circleci.plugins.module_utils._task.words import bounded
from ansible_collections.community.circleci.plugins.module_utils._values.patterns import matcher
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, project_of

SELECTORS = ("branch", "tag", "revision", "pipeline_id", "pipeline_number")


@dataclass(frozen=True)
class Artifact:
    """An artifact that is wanted.

    :param path: as CircleCI names it
    :param node: the index of the container that made it
    :param url: where it lies; as good as a password where it is signed
    :param name: below the destination
    """

    path: str
    node: int
    url: str = field(repr=False)
    name: str


@dataclass(frozen=True)
class Selection:
    """Which artifacts of which build a task wants.

    :param build_num: None when the newest build that succeeded is sought
    :param pipeline: the id or the number of a pipeline, if that is where the build is sought
    """

    project: Project
    build_num: int | None
    sought: Sought
    pipeline: str | int | None
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    strip_components: int
    by_node: bool
    required: bool

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Selection:
        """Check the options of a task.

        :raises CircleCIError: when they name no build, or more than one way to it
        """
        require_positive(params, "build_num", "pipeline_number")
        sought = Sought.from_params(params)
        if params["strip_components"] < 0:
            raise invalid("strip_components must be 0 or more.")
        given = [name for name in SELECTORS if params[name] is not None]
        if params["build_num"] is not None:
            idle = [name for name in ("job", "workflow", *SELECTORS) if params[name] is not None]
            if idle:
                raise invalid(f"build_num excludes {', '.join(idle)}.", "Give the build, or what to seek it by.")
        elif sought.job is None or len(given) != 1:
            raise invalid(
                "It is not said which build's artifacts are wanted.",
                f"Give build_num, or job together with one of {', '.join(SELECTORS)}.",
            )
        return cls(
            project_of(params),
            params["build_num"],
            sought,
            params["pipeline_id"] or params["pipeline_number"],
            tuple(params["include"] or ()),
            tuple(params["exclude"] or ()),
            params["strip_components"],
            params["by_node"],
            params["required"],
        )


def find_source(client: Client, selection: Selection) -> Build:
    """The build whose artifacts are wanted, with its steps.

    :raises CircleCIError: when there is none, or it has not ended
    """
    project = selection.project
    if selection.build_num is not None:
        build = read_build(client, project, selection.build_num)
    elif selection.pipeline is not None:
        build = read_build(client, project, _job_number(client, selection, selection.pipeline))
    else:
        found = search_builds(client, project, selection.sought, limit=1, filter="successful")
        if not found:
            raise invalid(
                f"{project} has no build that succeeded of {selection.sought}.",
                "Wait for it with community.circleci.circleci_pipeline and state: succeeded, or check the names.",
            )
        build = found[0]
    if not is_final(build):
        raise invalid(
            f"{project} #{build['build_num']} has not ended: {plain(str(build.get('status')))}.",
            "Its artifacts may not be complete. Wait for it with community.circleci.circleci_pipeline.",
        )
    return build


def _job_number(client: Client, selection: Selection, named: str | int) -> int:
    """The build number of the wanted job of a pipeline, from the newest workflow of each name (PF §4.1).

    :param named: the id or the number of the pipeline
    :raises CircleCIError: when the pipeline has no such workflow or job, or the job has not succeeded
    """
    project, job = selection.project, selection.sought.job
    if isinstance(named, int):
        pipeline = read_numbered(client, project, named)
    else:
        pipeline = require_own(project, read_pipeline(client, named), "pipeline")
    wanted = selection.sought.workflow
    workflows = counting(read_workflows(client, pipeline["id"]), [wanted] if wanted else [])
    place = f"Pipeline {pipeline.get('number')} of {project}"
    if wanted not in (None, *(workflow.get("name") for workflow in workflows)):
        raise _not_there(place, "workflow", wanted, workflows)
    jobs = [
        each
        for workflow in reversed(workflows)
        if wanted in (None, workflow.get("name"))
        for each in read_jobs(client, workflow)
        if each.get("type") != APPROVAL  # Nothing is to be found under the number of one (PF §10.15).
    ]
    found = [each for each in jobs if each.get("name") == job]
    for each in found:
        if each.get("status") == SUCCESS and isinstance(each.get("job_number"), int):
            return int(each["job_number"])
    if found:
        status = plain(str(found[0].get("status")))
        if status == SUCCESS:
            raise invalid(f"The job {plain(str(job))} of {place} has no number, and so no artifacts.", "Check job.")
        raise invalid(
            f"The job {plain(str(job))} of {place} has not succeeded: {status}.",
            "Wait for it with community.circleci.circleci_pipeline.",
        )
    raise _not_there(place, "job", job, jobs)


def _not_there(place: str, kind: str, wanted: str | None, there: list[dict[str, Any]]) -> CircleCIError:
    names = sorted({plain(str(each.get("name"))) for each in there})
    return invalid(
        f"{place} has no {kind} {plain(str(wanted))}; it has {bounded(names, ', ') or 'none yet'}.",
        "Check job and workflow, or wait for it with community.circleci.circleci_pipeline.",
    )


def read_artifacts(client: Client, selection: Selection, build: Build) -> list[Artifact]:
    """The artifacts of a build that are wanted, with the names that they are going to have.

    :raises CircleCIError: when there are none and some are required, when two would have one name, and for paths that
        lead out of the destination
    """
    project, number = selection.project, build["build_num"]
    path = project.path(number, "artifacts")
    listed = client.get_list(path)
    for item in listed:
        kinds = (("path", str), ("url", str), ("node_index", int))
        if not all(isinstance(item.get(key), kind) for key, kind in kinds):
            raise unusable(f"CircleCI's list of artifacts of {project} #{number} has an entry that is none.", path)
    is_wanted = matcher(selection.include, selection.exclude)
    wanted = [item for item in listed if is_wanted(item["path"])]
    if not wanted and selection.required:
        raise invalid(
            f"{project} #{number} ({job_of(build)}) has no artifact that matches; it has {len(listed)}"
            f"{': ' + _some(listed) if listed else ''}.",
            "Check include and exclude, or that the job stores artifacts. They are kept for a limited time only. "
            "Set required: false where none is fine.",
        )
    nodes = sorted({item["node_index"] for item in wanted})
    if len(nodes) > 1 and not selection.by_node:
        raise invalid(
            f"Containers {', '.join(map(str, nodes))} of {project} #{number} have artifacts that match.",
            "Set by_node: true, which puts each container's files below its number.",
        )
    found = [Artifact(item["path"], item["node_index"], item["url"], _name(item, selection)) for item in wanted]
    _refuse_collisions(found)
    return found


def _name(item: dict[str, Any], selection: Selection) -> str:
    parts = safe_name(item["path"]).split("/")[selection.strip_components :]
    if not parts:
        raise invalid(
            f"strip_components leaves nothing of the artifact {plain(item['path'], 200)!r}.",
            "Set it lower, or leave the artifact out with exclude.",
        )
    return safe_name("/".join([str(item["node_index"]), *parts] if selection.by_node else parts))


def _refuse_collisions(artifacts: list[Artifact]) -> None:
    """Fail where two artifacts would have the same name, or one the name of another one's folder."""
    names: dict[str, Artifact] = {}
    for artifact in artifacts:
        if (other := names.setdefault(artifact.name, artifact)) is not artifact:
            raise _collision(other, artifact)
    for artifact in artifacts:
        folder = artifact.name.rpartition("/")[0]
        while folder:
            if folder in names:
                raise _collision(names[folder], artifact)
            folder = folder.rpartition("/")[0]


def _collision(one: Artifact, other: Artifact) -> CircleCIError:
    return invalid(
        f"The artifacts {plain(one.path, 200)!r} and {plain(other.path, 200)!r} would be in each other's place.",
        "Set strip_components lower, or leave one of them out with exclude.",
    )


def _some(items: list[dict[str, Any]]) -> str:
    shown = [plain(item["path"], 100) for item in items[:5]]
    return ", ".join([*shown, "…"] if len(items) > len(shown) else shown)
