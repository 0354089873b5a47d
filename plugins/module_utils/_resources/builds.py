# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Builds: reading them, what state they are in, and what failed in them (``api-v1.1.md`` §3.3, §4)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import without_api
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project

DEFAULT_JOB = "build"
"""The job that CircleCI starts when a trigger names none."""
FILTERS = ("completed", "successful", "failed", "running")
RETRIED = "retried"
NOT_RUN = "not_run"
# Tuples, because an odd answer may hold what cannot be looked up in a set.
_FINAL_LIFECYCLES = ("finished", NOT_RUN)
_FINAL_STATUSES = ("canceled", NOT_RUN)
_FAILED_ACTIONS = ("failed", "timedout", "infrastructure_fail", "canceled")
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

Build = dict[str, Any]

build_shape = with_fields(build_num=int, status=str)
"""What an answer must have to be taken for a build."""


def read_build(client: Client, project: Project, number: int) -> Build:
    """One build with its steps.

    :raises CircleCIError: when there is none of this number, among others
    """
    path = project.path(number)
    try:
        return build_shape(client.get_object(path))
    except ValueError as exc:
        raise _unusable(path, f"is not a build: {exc}") from exc
    except CircleCIError as error:
        if error.thing_not_found:
            error.hint = f"{project} has no build {number}: check build_num."
        raise


def read_builds(client: Client, path: str, *, limit: int, offset: int = 0, **query: Any) -> list[Build]:
    """The newest builds of a list, without their steps.

    :param path: of a project, one of its branches, or ``v1.1/recent-builds``
    :param limit: how many at most; pages are followed
    """

    def identity(build: Build) -> tuple[str, int]:
        number = build.get("build_num")
        if not isinstance(number, int):
            raise _unusable(path, "has an entry without a build number.")
        return str(build.get("vcs_url") or (build.get("username"), build.get("reponame"))), number

    return client.get_pages(path, limit=limit, offset=offset, identity=identity, **query)


def checked_number(number: int) -> int:
    """The number of a build, if there can be such a build.

    :raises CircleCIError: otherwise
    """
    if number < 1:
        raise invalid("build_num must be 1 or more.")
    return number


def read_tests(client: Client, project: Project, build: Build) -> list[dict[str, Any]]:
    """The results of the tests of a build."""
    path = project.path(build["build_num"], "tests")
    listed = client.get_object(path).get("tests")
    if not isinstance(listed, list):
        raise _unusable(path, "has no list of tests.")
    return _dicts(listed)


def is_final(build: Build) -> bool:
    """Whether a build has ended. One that is canceled before its start, or refused, never gets ``finished`` (§4.2)."""
    return (
        build.get("lifecycle") in _FINAL_LIFECYCLES
        or build.get("outcome") is not None
        or build.get("status") in _FINAL_STATUSES
    )


def succeeded(build: Build) -> bool:
    """Whether a build has ended well; this covers the status ``fixed``."""
    return build.get("outcome") == "success"


def workflow_id(build: Build) -> str | None:
    """The workflow that a build belongs to; None for configurations without workflows."""
    found = _workflow(build).get("workflow_id")
    return found if isinstance(found, str) and found else None


def workflow_name(build: Build) -> str | None:
    """The name of the workflow that a build belongs to; None for configurations without workflows."""
    found = _workflow(build).get("workflow_name")
    return found if isinstance(found, str) else None


def job_of(build: Build) -> str:
    """The job of a build; ``job_name`` is always null (§4.1)."""
    return str(_parameters(build).get("CIRCLE_JOB") or _workflow(build).get("job_name") or DEFAULT_JOB)


def parameters_of(build: Build) -> dict[str, str]:
    """The build parameters, without the one that picks the job."""
    return {name: value for name, value in _parameters(build).items() if name != "CIRCLE_JOB"}


def described(build: Build) -> dict[str, Any]:
    """What a diff shows of a build."""
    return {
        "build_num": build["build_num"],
        "branch": build.get("branch"),
        "tag": build.get("vcs_tag"),
        "revision": build.get("vcs_revision"),
        "job": job_of(build),
        "build_parameters": parameters_of(build),
        "retry_of": build.get("retry_of"),
    }


def clean(value: Any) -> Any:
    """A copy of a build, or of a part of one, without the signed URLs of outputs: they are as good as passwords."""
    if isinstance(value, dict):
        return {key: clean(item) for key, item in value.items() if key != "output_url"}
    return [clean(item) for item in value] if isinstance(value, list) else value


def summary(build: Build) -> Build:
    """A build as results have it: clean, and without its steps, which only single builds have."""
    return {key: clean(item) for key, item in build.items() if key != "steps"}


def brief(build: Build) -> Build:
    """The dozen fields of a build that people look for. All of it is what ``circleci_build_info`` is for."""
    return {
        "build_num": build.get("build_num"),
        "build_url": build.get("build_url"),
        "job": job_of(build),
        "workflow": workflow_name(build),
        "status": build.get("status"),
        "outcome": build.get("outcome"),
        "branch": build.get("branch"),
        "tag": build.get("vcs_tag"),
        "revision": build.get("vcs_revision"),
        "start_time": build.get("start_time"),
        "stop_time": build.get("stop_time"),
        "why": build.get("why"),
    }


def named(project: Project, build: Build) -> str:
    """A build by its number and, where it is known, its page, for messages."""
    number, url = f"{project} #{build['build_num']}", build.get("build_url")
    return f"{number} ({plain(url)})" if isinstance(url, str) else number


def ssh_users_of(build: Build) -> list[dict[str, Any]]:
    """Who may log in to a build."""
    return [{"login": str(user.get("login")), "type": user.get("type")} for user in _dicts(build.get("ssh_users"))]


def failed_steps(client: Client, project: Project, build: Build, log_lines: int) -> list[dict[str, Any]]:
    """The steps that failed, in every container, with the end of what they wrote.

    An output that cannot be read is a warning.

    :param build: with its steps
    :param log_lines: how many lines of each output at most; 0 reads none
    """
    return [
        {
            "workflow": workflow_name(build),
            "job": job_of(build),
            "build_num": build["build_num"],
            "name": str(action.get("name")),
            "exit_code": action.get("exit_code"),
            "status": action.get("status"),
            "log_tail": _log_tail(client, project, build, action, log_lines) if log_lines else "",
        }
        for action in _actions(build)
        if _has_failed(action)
    ]


def _has_failed(action: dict[str, Any]) -> bool:
    return (
        action.get("status") in _FAILED_ACTIONS
        or action.get("failed") is True
        or action.get("exit_code") not in (0, None)
    )


def _log_tail(client: Client, project: Project, build: Build, action: dict[str, Any], lines: int) -> str:
    try:
        url = action.get("output_url")
        if isinstance(url, str):
            messages = client.get_foreign(url)
        else:
            step, index = action.get("step"), action.get("index")
            if not isinstance(step, int) or not isinstance(index, int):
                raise invalid("CircleCI does not say where it is.")
            messages = client.get(project.path(build["build_num"], "output", str(step), str(index)))
        text = "".join(message["message"] for message in messages or [])
    except (CircleCIError, KeyError, TypeError) as error:
        reason = error.message if isinstance(error, CircleCIError) else "It is not a list of messages."
        client.warn(f"The end of step {plain(str(action.get('name')))!r} is missing in failed_steps. {reason}")
        return ""
    return "\n".join(_plain_line(line) for line in text.rstrip("\r\n").split("\n")[-lines:])


def _plain_line(line: str) -> str:
    """A line as a terminal would show it at last, without colours and with tabs."""
    shown = _ESCAPE_SEQUENCE.sub("", line).rstrip("\r").rpartition("\r")[2]
    return "\t".join(plain(part) for part in shown.split("\t"))


def _actions(build: Build) -> Iterator[dict[str, Any]]:
    """What ran in each container in each step."""
    for step in _dicts(build.get("steps")):
        yield from _dicts(step.get("actions"))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _parameters(build: Build) -> dict[str, Any]:
    found = build.get("build_parameters")
    return found if isinstance(found, dict) else {}


def _workflow(build: Build) -> dict[str, Any]:
    found = build.get("workflows")
    return found if isinstance(found, dict) else {}


def _unusable(path: str, what: str) -> CircleCIError:
    return unusable(f"CircleCI's answer to GET {without_api(path)} {what}", path)
