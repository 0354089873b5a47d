# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What is to be built: a branch, tag or revision, and a job with its parameters (``api-v1.1.md`` §3.4)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    DEFAULT_JOB,
    Build,
    job_of,
    parameters_of,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_settings
from ansible_collections.community.circleci.plugins.module_utils._task.options import require_filled
from ansible_collections.community.circleci.plugins.module_utils._task.plan import UNKNOWN
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import checked_revision

JOB, PIPELINE = TRIGGERS = ("job", "pipeline")


def trigger_of(params: dict[str, Any]) -> str:
    """What a task starts: what it says, else a job where it names one or its parameters, else a pipeline.

    :raises CircleCIError: when the options contradict each other, and for an empty job, which is no wish for a pipeline
    """
    require_filled(params, "job")
    given = [name for name in ("job", "build_parameters") if params[name]]
    if params["trigger"] == PIPELINE and given:
        raise invalid(
            f"trigger pipeline excludes {' and '.join(given)}: a pipeline runs all of its configuration.",
            "Give parameters, by which the configuration chooses what runs.",
        )
    return str(params["trigger"] or (JOB if given else PIPELINE))


@dataclass(frozen=True)
class Target:
    """What is to be built.

    :param job: None for the one that CircleCI chooses
    :param parameters: without the one that picks the job
    """

    branch: str | None
    tag: str | None
    revision: str | None
    job: str | None
    parameters: dict[str, str]

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> Target:
        """Check the options of a task.

        :raises CircleCIError: when they contradict each other
        """
        require_filled(params, "branch", "tag", "revision")
        branch, tag, job = params["branch"], params["tag"], params["job"]
        if branch in (".", ".."):
            raise invalid(f"branch {branch!r} is not the name of a branch.", "Check the variable behind it.")
        if tag is not None and params["revision"] is not None:
            raise invalid("A single job takes a tag or a revision, not both.", "Leave one of them out.")
        build_parameters = params["build_parameters"] or {}
        parameters = {str(name): as_text(value) for name, value in build_parameters.items()}
        named = parameters.pop("CIRCLE_JOB", None)
        if named is not None and job is not None:
            raise invalid("job and CIRCLE_JOB in build_parameters say the same.", "Give only job.")
        return cls(branch, tag, checked_revision(params["revision"]), job or named, parameters)

    @property
    def is_default(self) -> bool:
        """Whether it is the default branch, because nothing else is said."""
        return self.branch is self.tag is self.revision is None

    def resolved(self, client: Client, project: Project) -> Target:
        """The same with the name of the default branch, if that is what is meant.

        :raises CircleCIError: when CircleCI does not tell the name
        """
        if not self.is_default:
            return self
        branch = read_settings(client, project).get("default_branch")
        if not isinstance(branch, str) or not branch:
            raise invalid(f"CircleCI does not say which branch of {project} is the default one.", "Set branch.")
        return replace(self, branch=branch)

    def is_at(self, build: Build) -> bool:
        """Whether a build is of this branch, tag and revision, as far as they are given."""
        pairs = ((self.branch, "branch"), (self.tag, "vcs_tag"), (self.revision, "vcs_revision"))
        return all(wanted in (None, build.get(key)) for wanted, key in pairs)

    def is_same(self, build: Build) -> bool:
        """Whether a build runs the same job with the same parameters there."""
        return (
            self.is_at(build)
            and job_of(build) == (self.job or DEFAULT_JOB)
            and {name: as_text(value) for name, value in parameters_of(build).items()} == self.parameters
        )

    def body(self) -> dict[str, Any]:
        """What a trigger sends. The branch of a job is in its path."""
        parameters = {**self.parameters, **({"CIRCLE_JOB": self.job} if self.job else {})}
        given = {"revision": self.revision, "tag": self.tag, "build_parameters": parameters}
        return {name: value for name, value in given.items() if value}

    def predicted(self) -> dict[str, Any]:
        """What a diff can show of the build before there is one."""
        unknown = None if self.tag else UNKNOWN
        return {
            "build_num": UNKNOWN,
            "branch": self.branch or unknown,
            "tag": self.tag,
            "revision": self.revision or UNKNOWN,
            "job": self.job or DEFAULT_JOB,
            "build_parameters": self.parameters,
            "retry_of": None,
        }


def as_text(value: Any) -> str:
    """A build parameter as CircleCI keeps it: text as it is, everything else as JSON (§3.4)."""
    if isinstance(value, (dict, list, tuple, bool)) or value is None:
        try:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=as_text)
        except TypeError as exc:
            raise invalid(f"build_parameters cannot be written as JSON: {exc}.", "Write its keys in quotes.") from exc
    return str(value)
