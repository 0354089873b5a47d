# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How each object of the API looks in an answer: key names and types as in api-v1.1.md §3 and §4.1."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from typing import Any, Final
from urllib.parse import quote

from emulator.http.links import Links
from emulator.world import keys, steps
from emulator.world.model import Build, CheckoutKey, Project, SSHKey, User, timestamp
from emulator.world.state import State

Json = dict[str, Any]

_NOT_RUN_REASONS: Final = {
    "no-followers": "This push was not tested, because the project has no followers",
    "1.0-not-available": "Configuration of version 1.0 is not supported any more",
}
_HEAVY: Final = ("all_commit_details", "all_commit_details_truncated", "messages", "node", "picard", "circle_yml")
"""what `shallow=true` leaves out; the real list is not known"""

# The settings that the emulator gives a value but no meaning.
_PLAIN_SETTINGS: Final[Json] = {
    "aws": {"keypair": None},
    **dict.fromkeys(("setup", "dependencies", "post_dependencies", "compile", "test", "extra"), ""),
    **dict.fromkeys(
        (
            "irc_server", "irc_keyword", "irc_password", "irc_username", "irc_notify_prefs", "irc_channel",
            "slack_integration_channel", "slack_integration_team_id", "slack_integration_team",
            "slack_integration_notify_prefs", "slack_integration_webhook_url", "slack_integration_channel_id",
            "slack_integration_access_token", "slack_webhook_url", "slack_subdomain", "slack_notify_prefs",
            "slack_channel_override", "slack_api_token", "slack_channel", "campfire_room", "campfire_subdomain",
            "campfire_token", "campfire_notify_prefs", "flowdock_api_token", "jira", "heroku_deploy_user",
        )
    ),
}  # fmt: skip
WRITABLE_SETTINGS: Final = frozenset({*_PLAIN_SETTINGS, "parallel", "language"})


def branch_key(name: str) -> str:
    """Return a branch or workflow name as the settings use it for a key."""
    return quote(name, safe="").replace(".", "%2E")


def me(state: State, user: User) -> Json:
    followed = [project for project in state.projects.values() if user.login in project.followers]
    bitbucket_id = "{" + _uuid(user, "bitbucket id") + "}"
    return {
        "enrolled_betas": [],
        "in_beta_program": False,
        "selected_email": user.email,
        "avatar_url": _avatar(user),
        "trial_end": "2021-02-15T08:30:00.000Z",
        "admin": False,
        "basic_email_prefs": "smart",
        "sign_in_count": 42,
        "github_oauth_scopes": ["user:email", "repo"],
        "analytics_id": _uuid(user, "analytics"),
        "name": user.name,
        "gravatar_id": None,
        "first_vcs_authorized_client_id": None,
        "days_left_in_trial": -1500,
        "privacy_optout": False,
        "parallelism": 1,
        "student": False,
        "bitbucket_authorized": True,
        "github_id": user.number,
        "web_ui_pipelines_optout": "not-selected",
        "bitbucket": {"id": bitbucket_id, "login": None},
        "dev_admin": False,
        "all_emails": [user.email],
        "created_at": "2021-02-01T08:30:00.000Z",
        "plan": None,
        "heroku_api_key": user.heroku_key and "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx" + user.heroku_key[-4:],
        "identities": {
            "github": identity(user),
            "bitbucket": {
                **identity(user),
                "external_id": bitbucket_id,
                "id": bitbucket_id,
                "domain": "bitbucket.org",
                "type": "bitbucket",
                "provider_id": _uuid(user, "bitbucket provider"),
            },
        },
        "projects": {project.vcs_url: {"on_dashboard": True, "emails": "default"} for project in followed},
        "login": user.login,
        "organization_prefs": {},
        "containers": 1,
        "pusher_id": hashlib.sha1(user.login.encode(), usedforsecurity=False).hexdigest(),
        "web_ui_pipelines_first_opt_in": False,
        "num_projects_followed": len(followed),
    }


def identity(user: User) -> Json:
    """Return a user as an account at GitHub; the form that `canceler` has, too."""
    return {
        "avatar_url": _avatar(user),
        "external_id": user.number,
        "id": user.number,
        "name": user.name,
        "user?": True,
        "domain": "github.com",
        "type": "github",
        "authorized?": True,
        "provider_id": _uuid(user, "github provider"),
        "login": user.login,
    }


def checkout_key(key: CheckoutKey, *, preferred: bool, digest: str) -> Json:
    return {
        "public_key": key.public_key,
        "type": key.type,
        "fingerprint": fingerprint(key.public_key, digest),
        "login": key.login,
        "preferred": preferred,
        "time": timestamp(key.created),
    }


def ssh_key(key: SSHKey, digest: str) -> Json:
    return {
        "hostname": key.hostname,
        "public_key": key.public_key,
        "fingerprint": fingerprint(key.public_key, digest),
    }


def fingerprint(public_key: str, digest: str) -> str:
    """Return the fingerprint; every `digest` but sha256 means md5."""
    return keys.sha256(public_key) if digest == "sha256" else keys.md5(public_key)


def mask(value: str, *, whole: bool = False) -> str:
    """Return a variable's value as the API shows it: api-v1.1.md §3.5."""
    shown = 0 if whole else min(4, len(value) // 2)
    return "xxxx" + value[len(value) - shown :]


def project_item(project: Project, user: User) -> Json:
    """Return a project as `/projects` lists it."""
    return {
        "branches": {
            branch_key(name): {
                "latest_workflows": _workflows(project, name),
                "pusher_logins": _pushers(builds),
                "running_builds": [_item_stub(build) for build in _running(builds)],
                "recent_builds": [_item_stub(build) for build in _recent(builds)],
                **_last(builds),
                "latest_completed_workflows": _workflows(project, name, completed=True),
                "is_using_workflows": True,
            }
            for name, builds in project.branch_builds.items()
            if name
        },
        "oss": project.oss,
        "reponame": project.name,
        "parallel": project.settings.get("parallel", 1),
        "username": project.org,
        "has_usable_key": bool(project.checkout_keys),
        "vcs_type": project.vcs,
        "language": project.settings.get("language", project.language),
        "vcs_url": project.vcs_url,
        "following": user.login in project.followers,
        "default_branch": project.default_branch,
    }


def repository(project: Project, user: User) -> Json:
    """Return a repository as `/user/repos` lists it, which does not ask whether it is set up."""
    number = zlib.crc32(project.org.encode())
    return {
        "vcs_url": project.vcs_url,
        "vcs_type": project.vcs,
        "username": project.org,
        "name": project.name,
        "owner": {
            "login": project.org,
            "name": project.org,
            "avatar_url": f"https://avatars.example.com/u/{number}?v=4",
            "external_id": number,
        },
        "admin": project.admin,
        "following": user.login in project.followers,
        "has_followers": bool(project.followers),
        "fork": False,
        "language": project.language,
        "created_at": "2021-02-01T08:30:00.000Z",
        "pushed_at": "2021-02-15T08:30:00.000Z",
    }


def settings(project: Project, user: User | None, *, digest: str = "md5") -> Json:
    """Return the settings as seen by `user`; None is a project token or nobody."""
    return {
        **_PLAIN_SETTINGS,
        "vcs-type": project.vcs,
        "parallel": 1,
        "username": project.org,
        "branches": {
            branch_key(name): {
                "running_builds": [_settings_stub(build) for build in _running(builds)],
                "recent_builds": [_settings_stub(build) for build in _recent(builds)],
                "latest_workflows": _workflows(project, name),
                "latest_completed_workflows": _workflows(project, name, completed=True),
                "pusher_logins": _pushers(builds),
                "is_using_workflows": True,
            }
            for name, builds in project.branch_builds.items()
            if name
        },
        "following": user is not None and user.login in project.followers,
        "vcs_url": project.vcs_url,
        "default_branch": project.default_branch,
        "language": project.language,
        "has_usable_key": bool(project.checkout_keys),
        "feature_flags": {**project.feature_flags, "oss": project.oss},
        "oss": project.oss,
        "reponame": project.name,
        **project.settings,
        "ssh_keys": [ssh_key(key, digest) for key in project.ssh_keys],
    }


def build_in_list(build: Build, links: Links, *, shallow: bool = False) -> Json:
    """Return a build as lists show it, which leave out what they would have to look up elsewhere."""
    answer = build_summary(build, links) | {
        "picard": None,
        "circle_yml": None,
        "platform": "1.0",
        "previous_successful_build": None,
    }
    if shallow:
        for key in _HEAVY:
            del answer[key]
    return answer


def build_alone(build: Build, links: Links, *, drop_has_artifacts: bool = False) -> Json:
    """Return a build with its steps."""
    answer = build_summary(build, links) | {
        "steps": steps.render(build, lambda step, index: links.output(build, step, index)),
        "owners": [build.user.login] if build.user else [],
        "pull_requests": [],
    }
    if drop_has_artifacts:
        answer.pop("has_artifacts", None)
    return answer


def build_summary(build: Build, links: Links) -> Json:
    """Return a build without its steps. Which keys there are depends on its state, as in the real service."""
    project, now = build.project, links.now
    author = build.user.name if build.user else "Unknown"
    email = build.user.email if build.user else "unknown@example.com"
    committed = timestamp(build.created - 60)
    # The commit is looked up when the build starts; a retry and a refused build have it from elsewhere.
    commit_is_known = build.started is not None or build.retry_of is not None or build.status == "not_run"
    commit: Json = dict.fromkeys(
        ("committer_date", "body", "author_date", "committer_email", "committer_name", "subject", "author_name",
         "author_email")
    )  # fmt: skip
    if commit_is_known:
        commit = {
            "committer_date": committed,
            "body": "",
            "author_date": committed,
            "committer_email": email,
            "committer_name": author,
            "subject": f"Change {build.revision[:7]}",
            "author_name": author,
            "author_email": email,
        }
    login = build.user.login if build.user else None
    details = {
        **commit,
        "branch": build.branch,
        "commit": build.revision,
        "commit_url": f"{project.vcs_url}/commit/{build.revision}",
        "committer_login": login,
        "author_login": login,
    }
    answer: Json = {
        "compare": None,
        "previous_successful_build": _reference(build.previous_successful, now),
        "build_parameters": build.parameters,
        "oss": project.oss,
        "all_commit_details_truncated": False,
        **commit,
        "fail_reason": None,
        "retry_of": build.retry_of,
        "reponame": project.name,
        "ssh_users": [_ssh_user(user) for user in build.ssh_users],
        "build_url": f"{links.base_url}/{project.short_vcs}/{project.org}/{project.name}/{build.number}",
        "parallel": build.script.parallel,
        "failed": None if build.outcome in (None, "canceled") else build.outcome != "success",
        "branch": build.branch,
        "username": project.org,
        "why": build.why,
        "user": _build_user(build.user),
        "vcs_revision": build.revision,
        "vcs_tag": build.tag,
        "build_num": build.number,
        "infrastructure_fail": build.outcome == "infrastructure_fail",
        "previous": _reference(build.previous, now),
        "status": build.status,
        "retries": build.retries or None,
        "vcs_type": project.vcs,
        "timedout": build.outcome == "timedout",
        "dont_build": build.dont_build,
        "lifecycle": build.lifecycle,
        "no_dependency_cache": build.no_cache,
        "stop_time": timestamp(build.stopped),
        "ssh_disabled": build.started is None and not build.ssh,
        "build_time_millis": build.millis(now) if build.stopped else None,
        "picard": None,
        "circle_yml": {"string": f"version: 2\njobs:\n  {build.job}:\n    docker:\n    - image: example/image\n"},
        "messages": _messages(build),
        "is_first_green_build": build.is_first_green,
        "job_name": None,
        "start_time": timestamp(build.started),
        "canceler": build.canceler and identity(build.canceler),
        "all_commit_details": [details] if commit_is_known else [],
        "platform": "2.0",
        "outcome": build.outcome,
        "vcs_url": project.vcs_url,
        "node": None,
        "canceled": build.status == "canceled",
    }
    if build.workflow:
        answer |= {
            "usage_queued_at": timestamp(build.created),
            "queued_at": timestamp(build.queued),
            "has_artifacts": None if build.started is None else True,
            "context_ids": [],
            "picard": _picard(build),
            "workflows": {
                "job_name": build.job,
                "job_id": build.job_id,
                "workflow_id": build.workflow.id,
                "workspace_id": build.workflow.id,
                "upstream_job_ids": build.upstream,
                "upstream_concurrency_map": {},
                "workflow_name": build.workflow.name,
            },
        }
    return answer


def _messages(build: Build) -> list[Json]:
    if build.dont_build is None:
        return []
    return [
        {
            "type": "warning",
            "message": f"Your build was not run - reason code ({build.dont_build}).",
            "reason": build.dont_build,
        },
        {"type": "error", "message": _NOT_RUN_REASONS.get(build.dont_build, f"Not built: {build.dont_build}")},
    ]


def _picard(build: Build) -> Json:
    agent: Json = {"image": "example/build-agent@sha256:" + "0" * 64}
    if build.started is not None:
        agent["properties"] = {"build_agent": "1.0.1", "executor": "docker"}
    return {
        "build_agent": agent,
        "resource_class": {"cpu": 2.0, "ram": 4096, "class": "medium", "name": "Docker Medium"},
        "executor": "docker",
    }


def _reference(build: Build | None, now: float) -> Json | None:
    if build is None:
        return None
    return {"build_num": build.number, "status": build.status, "build_time_millis": build.millis(now)}


def _build_user(user: User | None) -> Json:
    if user is None:
        return {"is_user": False, "login": "none"}
    return {
        "is_user": True,
        "login": user.login,
        "avatar_url": _avatar(user),
        "name": user.name,
        "vcs_type": "github",
        "id": user.number,
    }


def _ssh_user(user: User) -> Json:
    return {
        "github_id": user.number,
        "login": user.login,
        "type": "github",
        "external_id": user.number,
        "_id": hashlib.sha1(user.login.encode(), usedforsecurity=False).hexdigest()[:24],
    }


def _pushers(builds: list[Build]) -> list[str]:
    return sorted({build.user.login for build in builds[-30:] if build.user})


def _running(builds: list[Build]) -> list[Build]:
    # Only the newest are looked at: settings are read far more often than they have old builds still running.
    return [build for build in reversed(builds[-30:]) if not build.is_final]


def _recent(builds: list[Build]) -> list[Build]:
    return [build for build in reversed(builds[-30:]) if build.outcome is not None][:5]


def _last(builds: list[Build]) -> Json:
    answer = {}
    for key, wanted in (("last_success", True), ("last_non_success", False)):
        for build in reversed(builds):
            if build.outcome is not None and (build.outcome == "success") is wanted:
                answer[key] = _item_stub(build)
                break
    return answer


def _settings_stub(build: Build) -> Json:
    return {
        "build_num": build.number,
        "status": build.status,
        "outcome": build.outcome,
        "added-at": timestamp(build.created),
    }


def _item_stub(build: Build) -> Json:
    return {
        "outcome": build.outcome,
        "status": build.status,
        "build_num": build.number,
        "vcs_revision": build.revision,
        "pushed_at": timestamp(build.created),
        "is_workflow_job": build.workflow is not None,
        "is_2_0_job": True,
        "added_at": timestamp(build.created),
    }


def _workflows(project: Project, branch: str, *, completed: bool = False) -> Json:
    return {
        branch_key(name): {
            "status": workflow.status,
            "created_at": timestamp(workflow.created),
            "id": workflow.id,
        }
        for name, workflow in project.workflows.get(branch, {}).items()
        if not completed or workflow.stopped is not None
    }


def _avatar(user: User) -> str:
    return f"https://avatars.example.com/u/{user.number}?v=4"


def _uuid(user: User, purpose: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{purpose}/{user.login}"))
