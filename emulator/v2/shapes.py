# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines, workflows and jobs as API v2 shows them: api-v2-pipelines.md §2.4, §3.1, §3.6 and §6.1.

What does not apply is left out, so which keys there are depends on the state.
"""

from __future__ import annotations

import uuid
from typing import Any, Final

from emulator.world.model import Build, Job, Pipeline, User, Workflow, timestamp

Json = dict[str, Any]
_PROVIDERS: Final = {"github": "GitHub", "bitbucket": "Bitbucket", "circleci": "GitHub"}
_NOBODY: Final = str(uuid.UUID(int=0))


def pipeline(found: Pipeline) -> Json:
    """Return a pipeline. Nothing in it says how its workflows are."""
    project = found.project
    answer: Json = {
        "id": found.id,
        "errors": found.errors,
        "project_slug": project.short_slug,
        "updated_at": timestamp(found.created),
        "number": found.number,
        "state": found.state,
        "created_at": timestamp(found.created),
        "trigger": {
            "received_at": timestamp(found.created),
            "type": found.trigger,
            "actor": {"login": found.user.login if found.user else "", "avatar_url": _avatar(found.user)},
        },
    }
    if project.is_app or not found.script.vcs:
        return answer | {"trigger_parameters": _trigger_parameters(found)}
    vcs = {
        "provider_name": _PROVIDERS[project.vcs],
        "origin_repository_url": project.vcs_url,
        "target_repository_url": project.vcs_url,
        "revision": found.revision,
        "commit": {"subject": f"Change {found.revision[:7]}", "body": ""},
        **({"tag": found.tag} if found.tag else {"branch": found.branch or project.default_branch}),
    }
    return answer | {"vcs": vcs}


def _trigger_parameters(found: Pipeline) -> Json:
    project = found.project
    kind = "tags" if found.tag else "heads"
    git = {
        "branch": "" if found.tag else found.branch or project.default_branch,
        "tag": found.tag or "",
        "ref": f"refs/{kind}/{found.tag or found.branch or project.default_branch}",
        "checkout_sha": found.revision,
        "commit_message": f"Change {found.revision[:7]}",
        "default_branch": project.default_branch,
        "repo_name": project.title,
    }
    event = "create pipeline run api" if found.trigger == "api" else "push"
    actor = found.user.id if found.user else _NOBODY
    return {"git": git, "circleci": {"event_type": event, "actor_id": actor, "trigger_type": "github_app"}}


def started(found: Pipeline) -> Json:
    """Return the answer to a trigger, which says less."""
    return {
        "number": found.number,
        "state": "pending",
        "id": found.id,
        "created_at": timestamp(found.created),
    }


def workflow(found: Workflow) -> Json:
    answer: Json = {
        "id": found.id,
        "name": found.name,
        "status": found.status,
        "created_at": timestamp(found.created, whole=True),
        "stopped_at": timestamp(found.stopped, whole=True),
        "pipeline_id": found.pipeline.id,
        "pipeline_number": found.pipeline.number,
        "project_slug": found.pipeline.project.short_slug,
        "started_by": found.starter.id if found.starter else _NOBODY,
    }
    if found.canceler:
        answer["canceled_by"] = found.canceler.id
    if found.status == "error":
        answer["errored_by"] = _NOBODY
    if found.is_setup:
        answer["tag"] = "setup"
    if found.plan.max_auto_reruns:
        answer["max_auto_reruns"] = found.plan.max_auto_reruns
    if found.auto_rerun:
        answer["auto_rerun_number"] = found.auto_rerun
    return answer


def job(found: Job, owner: Workflow) -> Json:
    """Return a job of a workflow. Approvals have a number, of which nothing comes."""
    build = found.build
    required = [each.id for each in owner.jobs if each.plan.name in found.plan.requires]
    started = build.started if build else found.started
    stopped = build.stopped if build else found.stopped
    number = build.number if build else found.number
    answer: Json = {
        "dependencies": required,
        "requires": {id_: ["success"] for id_ in required},
        "id": found.id,
        "started_at": timestamp(started, whole=True),
        "name": found.plan.name,
        "project_slug": owner.pipeline.project.short_slug,
        "status": found.status,
        "type": found.plan.type,
    }
    if number is not None:
        answer["job_number"] = number
    if found.is_final:
        answer["stopped_at"] = timestamp(stopped, whole=True)
    if found.plan.type == "approval":
        answer["approval_request_id"] = found.id
    if found.approver:
        answer["approved_by"] = found.approver.id
    if build and build.canceler:
        answer["canceled_by"] = build.canceler.id
    return answer


def job_details(build: Build, base_url: str) -> Json:
    """Return what there is to know of a job that got a number."""
    project = build.project
    status = Job.word(build)
    answer: Json = {
        "web_url": f"{base_url}/{project.short_slug}/{build.number}",
        "project": {
            "id": project.id,
            "external_url": project.vcs_url,
            "slug": project.short_slug,
            "name": project.title,
        },
        "parallel_runs": [{"index": index, "status": status} for index in range(build.script.parallel)],
        "started_at": timestamp(build.started),
        "name": build.job,
        "executor": {"resource_class": "medium", "type": "docker"},
        "parallelism": build.script.parallel,
        "status": status,
        "number": build.number,
        "duration": build.millis(build.stopped) if build.stopped else None,
        "created_at": timestamp(build.created),
        "messages": _messages(build),
        "contexts": [],
        "organization": {"name": project.organization.name},
        "queued_at": timestamp(build.queued),
        "stopped_at": timestamp(build.stopped),
    }
    if build.workflow:
        runs = [each for each in build.workflow.pipeline.workflows if build in [job.build for job in each.jobs]]
        latest = (runs or [build.workflow])[-1]
        answer["latest_workflow"] = {"name": latest.name, "id": latest.id}
        answer["pipeline"] = {"id": build.workflow.pipeline.id}
    return answer


def _messages(build: Build) -> list[Json]:
    if build.dont_build is None:
        return []
    text = f"Your build was not run - reason code ({build.dont_build})."
    return [{"type": "warning", "message": text, "reason": build.dont_build}]


def _avatar(user: User | None) -> str | None:
    return f"https://avatars.example.com/u/{user.number}?v=4" if user else None
