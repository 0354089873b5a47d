# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Starting pipelines: parameters, definitions, and at most one of one task (``api-v2-pipelines.md`` §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment
from ansible_collections.community.circleci.plugins.module_utils._resources.definitions import (
    read_definitions,
    the_definition,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.pipeline_status import Pipeline
from ansible_collections.community.circleci.plugins.module_utils._resources.pipelines import (
    Reference,
    iterate_pipelines,
    newer_pipelines,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.polling import Poller
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import id_in
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_filled
from ansible_collections.community.circleci.plugins.module_utils._values.parameters import (
    Parameter,
    checked_parameters,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import UUID, Project

STARTED = 201
_OURS = ("api", "explicit")
_RUN_BY_API = "create pipeline run api"


@dataclass(frozen=True)
class Start:
    """A pipeline that is to be started.

    :param reference: of a branch or a tag, of none for the default branch; with the commit that it must be of
    :param definition: the name or the id of a pipeline definition
    :param config_branch: of the repository with the configuration, where that is another one
    :param appear_timeout: seconds that the pipeline may take to show up
    """

    reference: Reference
    parameters: Mapping[str, Parameter]
    definition: str | None
    config_branch: str | None
    appear_timeout: float

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Start:
        """Check the options of a task.

        :raises CircleCIError: for what cannot be
        """
        require_filled(params, "definition", "config_branch")
        return cls(
            Reference.from_params(params),
            checked_parameters(params["parameters"] or {}),
            params["definition"],
            params["config_branch"],
            params["appear_timeout"],
        )


# --- starting ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trigger:
    """A request that starts a pipeline, made ready.

    :param last: the newest number of the project before
    """

    start: Start
    path: str
    body: dict[str, Any]
    last: int


def prepare(client: Client, project: Project, start: Start) -> Trigger:
    """Read what is needed to start a pipeline.

    :raises CircleCIError: when it cannot be started
    """
    by_definition = project.is_app or start.definition is not None
    if start.config_branch is not None and not by_definition:
        raise invalid(
            "config_branch goes with a definition only: this project has its configuration in its own repository.",
            "Leave config_branch out, or name the definition.",
        )
    last = next((found["number"] for found in iterate_pipelines(client, project)), 0)
    if by_definition:
        path, body = project.v2_path("pipeline", "run"), _run_body(client, project, start)
    else:
        path, body = project.v2_path("pipeline"), _reference_body(start.reference)
    if start.parameters:
        body["parameters"] = dict(start.parameters)
    return Trigger(start, path, body, last)


def start_pipeline(client: Client, project: Project, trigger: Trigger, poller: Poller) -> Pipeline:
    """Start a pipeline.

    :param poller: counts the time that it may take to show up when the answer is lost, from now on
    :returns: what is known of it: what the trigger answered or, when its answer was lost, what was found
    :raises CircleCIError: when it was not started, or nobody can tell
    """
    try:
        answer = client.write(
            "POST",
            trigger.path,
            trigger.body,
            repeatable=False,
            seen=lambda: _seen(client, project, trigger.start, trigger.last, poller),
            shape=with_fields(id=str, number=int),
            success=STARTED,
        )
    except CircleCIError as error:
        if not error.doubtful:
            error.hint = _hint(trigger.start, error) or error.hint
        raise
    found: Pipeline = answer
    return found


def _reference_body(reference: Reference) -> dict[str, Any]:
    pairs = (("branch", reference.branch), ("tag", reference.tag))
    return {name: value for name, value in pairs if value is not None}


def _hint(start: Start, error: CircleCIError) -> str | None:
    """What to do about a refused trigger."""
    words = error.error or ""
    if error.status == 200:
        return (
            "Nothing was started. The commit's message asks CircleCI to skip it ([ci skip])."
            if ("skip" in words.lower())
            else "Nothing was started. See what CircleCI says, and look at the project there."
        )
    if error.project_not_found and start.parameters:
        return f"{error.hint} It may also say so of a parameter that the configuration does not declare."
    if words == "Branch not found":
        return "Push the branch first, or check its name; the branch of a fork is pull/NUMBER/head."
    return parameter_hint([words])


def parameter_hint(messages: list[str]) -> str | None:
    """What to do where a configuration refuses parameters (PF §2.2, §5.2)."""
    text = " ".join(messages)
    if "Unexpected argument" in text or "Type error for argument" in text:
        return (
            "Declare the parameters at the top of the configuration, with these names and types. With dynamic "
            "configuration the configuration that it continues with must declare them, too."
        )
    if "Conflicting pipeline parameters" in text:
        return (
            "A parameter is declared in the setup configuration and in the one that it continues with, and the "
            "continuation passes it on: let only one of them declare it."
        )
    return None


def _seen(client: Client, project: Project, start: Start, last: int, poller: Poller) -> dict[str, Any] | None:
    """The pipeline that may have come of a trigger whose answer was lost; None when there is none in time.

    :param last: the newest number before
    :raises CircleCIError: when it may be one of several
    """
    branch = start.reference.branch
    if branch is None and start.reference.tag is None:
        branch = default_branch(client, project)
    wanted = Reference(branch, start.reference.tag)
    login = client.get_object("v2/me").get("login")
    while True:
        newer = [
            found
            for found in newer_pipelines(client, project, last)
            if wanted.fits(found) and _is_own(found, login) and _has_parameters(client, found, start.parameters, poller)
        ]
        if len(newer) > 1:
            numbers = ", ".join(f"#{found['number']}" for found in reversed(newer))
            raise invalid(f"Any of the pipelines {numbers} may have come of it.")
        if newer:
            return newer[0]
        if poller.left <= 0:
            return None
        poller.pause()


def _is_own(pipeline: Pipeline, login: Any) -> bool:
    """Whether the token's user started a pipeline by the API. Apps' pipelines may not tell who did (PF §2.4)."""
    trigger = pipeline.get("trigger")
    if not isinstance(trigger, dict) or (trigger.get("type") not in _OURS and not _is_run_by_api(pipeline)):
        return False
    actor = trigger.get("actor")
    return not isinstance(actor, dict) or actor.get("login") in (login, "", None)


def _is_run_by_api(pipeline: Pipeline) -> bool:
    """Whether it is of ``pipeline/run``, whose trigger has many names where the project is one of an App (PF §2.4)."""
    parameters = pipeline.get("trigger_parameters")
    circleci = parameters.get("circleci") if isinstance(parameters, dict) else None
    return isinstance(circleci, dict) and circleci.get("event_type") == _RUN_BY_API


def _has_parameters(client: Client, pipeline: Pipeline, given: Mapping[str, Parameter], poller: Poller) -> bool:
    """Whether it ran with these, as far as CircleCI knows it: of what was just made it may not yet (PF §4.1)."""
    try:
        values = read_values(client, pipeline) if given else {}
    except CircleCIError as error:
        if error.status != 404 or poller.left <= 0:
            raise
        return False
    return all(is_same(values.get(name), value) for name, value in given.items())


def read_values(client: Client, pipeline: Pipeline) -> dict[str, Any]:
    """The parameters that a pipeline ran with, by name (PF §2.6)."""
    prefix = "pipeline.parameters."
    values = client.get_object(f"v2/pipeline/{segment(pipeline['id'])}/values")
    return {name[len(prefix) :]: value for name, value in values.items() if name.startswith(prefix)}


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal in type too: to Python, true is 1."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


# --- definitions ------------------------------------------------------------------------------------------------------


def default_branch(client: Client, project: Project) -> str:
    """The name of a project's default branch (PF §2.3).

    :raises CircleCIError: when CircleCI does not tell it
    """
    return _default_branch(client.get_object(project.v2_path())) or _without_default(project)


def _without_default(project: Project) -> str:
    raise invalid(f"CircleCI does not say which branch of {project} is the default one.", "Set branch.")


def _default_branch(details: Mapping[str, Any]) -> str | None:
    info = details.get("vcs_info")
    found = info.get("default_branch") if isinstance(info, dict) else None
    return found if isinstance(found, str) and found else None


def _run_body(client: Client, project: Project, start: Start) -> dict[str, Any]:
    """What ``pipeline/run`` is sent, but for the parameters."""
    details = client.get_object(project.v2_path())
    definition = _definition(client, project, id_in(details, project), start.definition)
    checkout = _reference_body(start.reference) or {"branch": _default_branch(details) or _without_default(project)}
    repository = _repository(definition, "config_source")  # None where it is the one that is checked out
    if repository == _repository(definition, "checkout_source"):
        repository = None
    if repository is None and start.config_branch is not None:
        raise invalid(
            "config_branch does nothing: the configuration is in the repository that is checked out.",
            "Leave it out: the configuration of branch or tag is taken.",
        )
    config = checkout
    if repository is not None:
        config = {"branch": start.config_branch or _branch_of_config(client, repository)}
    return {"definition_id": definition["id"], "config": config, "checkout": checkout}


def _definition(client: Client, project: Project, project_id: str, wanted: str | None) -> dict[str, Any]:
    """The definition that is named, or else the only one."""
    try:
        known = read_definitions(client, project, project_id)
    except CircleCIError as error:
        if error.status != 404:
            raise
        # CircleCI Server can start by a definition, but does not list them (PF §1.6).
        if wanted is not None and UUID.fullmatch(wanted):
            return {"id": wanted.lower()}
        raise invalid(
            f"This CircleCI does not list the pipeline definitions of {project}.", "Give the id of one as definition."
        ) from error
    return the_definition(project, known, wanted)


def _repository(definition: Mapping[str, Any], source: str) -> tuple[str, str] | None:
    """The repository of a source of a definition, with its provider; None when nothing is told of it."""
    found = definition.get(source)
    repo = found.get("repo") if isinstance(found, dict) else None
    name = repo.get("full_name") if isinstance(repo, dict) else None
    provider = str(found.get("provider")) if isinstance(found, dict) else ""
    return (provider, name) if isinstance(name, str) else None


def _branch_of_config(client: Client, repository: tuple[str, str]) -> str:
    """The default branch of the repository with the configuration, if that is a project, too.

    :raises CircleCIError: otherwise
    """
    provider, name = repository
    vcs = "bb" if provider.startswith("bitbucket") else "gh"
    found = None
    try:
        found = _default_branch(client.get_object("/".join(["v2/project", vcs, *map(segment, name.split("/"))])))
    except CircleCIError as error:
        if error.status != 404:
            raise
    if found is None:
        raise invalid(
            f"The configuration is in {plain(name)}, whose default branch CircleCI does not tell.", "Set config_branch."
        )
    return found
