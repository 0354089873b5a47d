# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The things that the emulated service knows, and how they refer to one another.

Nothing here knows HTTP. Times are seconds since the epoch.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, Final, Literal, get_args, get_type_hints

from .checks import check
from .plans import Configuration, JobPlan, Outcome, Parameter, PipelineScript, WorkflowPlan, one_after_the_other

Scope = Literal["status", "view-builds", "all"]
Right = Literal["write-settings", "view-builds", "read-settings", "trigger-builds", "all", "status", "none"]
# What `filter=failed` finds; of the last two it is a guess.
FAILED_OUTCOMES: Final = frozenset({"failed", "no_tests", "timedout", "infrastructure_fail"})
# Where API v2 has another word for the state of a build.
_JOB_WORDS: Final = {"fixed": "success", "no_tests": "failed"}
DEFAULT_JOB: Final = "build"
# How workflows end (api-v2-pipelines.md §3.2).
FINAL_WORKFLOWS: Final = frozenset({"success", "failed", "error", "canceled", "unauthorized", "not_run"})
VCS_NAMES: Final = {
    "gh": "github",
    "bb": "bitbucket",
    "github": "github",
    "bitbucket": "bitbucket",
    "circleci": "circleci",
}
# Marks the fields of a project that are options of `add_repository`.
OPTION: Final = {"option": True}
_SHORT_VCS: Final = {"github": "gh", "bitbucket": "bb"}
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FEATURE_FLAGS: Final[dict[str, Any]] = {
    "trusty-beta": False,
    "builds-service": True,
    "osx": False,
    "set-github-status": True,
    "build-prs-only": False,
    "forks-receive-secret-env-vars": True,
    "fleet": None,
    "build-fork-prs": False,
    "autocancel-builds": False,
    "oss": False,
}


@dataclass
class User:
    """A person with an account at CircleCI and at the VCS."""

    login: str
    number: int
    heroku_key: str | None = None

    @property
    def id(self) -> str:
        return uuid_of(f"user/{self.login}")

    @property
    def name(self) -> str:
        return self.login.replace("-", " ").title()

    @property
    def email(self) -> str:
        return f"{self.login}@example.com"


@dataclass(frozen=True)
class Token:
    """A personal token (it has a user) or a project token (it has the slug of its project)."""

    user: User | None = None
    project: str | None = None
    label: str = ""
    scope: Scope = "all"
    """what a project token may do; only `all` changes anything"""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: float = 0.0


@dataclass
class CheckoutKey:
    type: str
    public_key: str
    login: str | None
    created: float


@dataclass
class SSHKey:
    hostname: str
    public_key: str


@dataclass(frozen=True)
class Organization:
    """An account at the VCS or, where the vcs is `circleci`, an organization of GitHub Apps and the like."""

    vcs: str
    key: str
    """the second piece of its slug: the account's name, or an id"""
    name: str

    @property
    def id(self) -> str:
        return uuid_of(f"organization/{self.slug}")

    @property
    def slug(self) -> str:
        return f"{self.vcs}/{self.key}"

    @property
    def short_slug(self) -> str:
        """The slug as API v2 writes it."""
        return f"{_SHORT_VCS.get(self.vcs, self.vcs)}/{self.key}"

    @property
    def is_app(self) -> bool:
        return self.vcs == "circleci"


@dataclass(eq=False)
class Project:
    """A repository at the VCS and, once it is `set_up`, the CircleCI project of it.

    A project of an App (`circleci/...`) has ids in its slug, which say nothing about its name.
    """

    organization: Organization
    name: str
    """the last piece of the slug"""
    title: str = field(metadata=OPTION)
    """what people call it, which is its name where that is none of an App's ids"""
    default_branch: str = field(default="main", metadata=OPTION)
    branches: dict[str, str] = field(default_factory=dict)
    """name to revision (40 hex digits)"""
    tags: dict[str, str] = field(default_factory=dict, metadata=OPTION)
    oss: bool = field(default=False, metadata=OPTION)
    language: str | None = field(default=None, metadata=OPTION)
    has_config: bool = field(default=True, metadata=OPTION)
    """without a configuration in the repository, following starts no first build"""
    config21: bool = field(default=False, metadata=OPTION)
    """the configuration is of version 2.1, so single jobs cannot be triggered"""
    admin: bool = field(default=True, metadata=OPTION)
    """the users of this emulator are administrators of the repository"""
    scopes: list[Right] = field(default_factory=lambda: list(get_args(Right)), metadata=OPTION)
    """what the users of this emulator may do; without `write-settings` they change no settings, variables or keys"""
    workflow: str = field(default="build-and-test", metadata=OPTION)
    jobs: list[str] = field(default_factory=lambda: ["build", "test"], metadata=OPTION)
    """the jobs of the workflow, one after the other"""
    set_up: bool = False
    webhook: bool = False
    followers: set[str] = field(default_factory=set)
    checkout_keys: list[CheckoutKey] = field(default_factory=list)
    """newest first; the first is the preferred one"""
    ssh_keys: list[SSHKey] = field(default_factory=list)
    env_vars: dict[str, str] = field(default_factory=dict)
    feature_flags: dict[str, Any] = field(default_factory=lambda: dict(FEATURE_FLAGS))
    settings: dict[str, Any] = field(default_factory=dict)
    """what PUT settings changed, apart from the feature flags"""
    builds: list[Build] = field(default_factory=list)
    """oldest first: build number n is at n - 1"""
    branch_builds: dict[str, list[Build]] = field(default_factory=dict)
    workflows: dict[str, dict[str, Workflow]] = field(default_factory=dict)
    """branch to name to the latest workflow of that name"""
    configuration: Configuration | None = field(default=None, metadata=OPTION)
    """None: one workflow, with the jobs one after the other"""
    parameters: dict[str, Parameter] = field(default_factory=dict, metadata=OPTION)
    """that this configuration declares, with their defaults"""
    pipelines: list[Pipeline] = field(default_factory=list)
    """oldest first: pipeline number n is at n - 1"""

    @cached_property
    def id(self) -> str:
        return uuid_of(f"project/{self.slug}")

    @property
    def vcs(self) -> str:
        return self.organization.vcs

    @property
    def org(self) -> str:
        return self.organization.key

    @property
    def slug(self) -> str:
        return f"{self.organization.slug}/{self.name}"

    @property
    def short_slug(self) -> str:
        """The slug as API v2 writes it."""
        return f"{self.organization.short_slug}/{self.name}"

    @property
    def short_vcs(self) -> str:
        return _SHORT_VCS.get(self.vcs, self.vcs)

    @property
    def vcs_url(self) -> str:
        # Apps' projects have no URL at a VCS; the service gives them one without a scheme.
        host = {"github": "https://github.com", "bitbucket": "https://bitbucket.org"}.get(self.vcs, "//circleci.com")
        return f"{host}/{self.org}/{self.name}"

    @property
    def is_app(self) -> bool:
        """Whether the project belongs to a GitHub App, GitLab or standalone organization (`circleci/...`)."""
        return self.organization.is_app

    @property
    def configured(self) -> Configuration:
        """What the configuration file in the repository says."""
        return self.configuration or Configuration([one_after_the_other(self.workflow, self.jobs)], self.parameters)

    def build(self, number: int) -> Build | None:
        return self.builds[number - 1] if 0 < number <= len(self.builds) else None


@dataclass(frozen=True)
class Script:
    """How one build goes.

    `canceled` is canceled while it waits, `not_run` is refused at once for the reason `dont_build`, `retried` fails
    for want of infrastructure and is replaced by a new build, `stuck` never leaves the state `stuck_in`.
    """

    outcome: Outcome = "success"
    dont_build: str = "ci-skip"
    stuck_in: str = "running"
    log_lines: int = 300
    """lines that the step with the tests writes in each container"""
    parallel: int = 2
    """containers, which are actions of the step with the tests; the last one is the one that fails"""
    seconds: float | None = None
    """how long it runs; null: as all do"""
    then: str | None = None
    """the status of the workflow when this build has succeeded, instead of its next job; with a word that is not
    final, as `on_hold`, the next job waits until the workflow is approved"""

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(Script))
        if self.stuck_in not in ("not_running", "queued", "running"):
            raise ValueError(f"a build cannot be stuck in {self.stuck_in}")


@dataclass(eq=False)
class Job:
    """A job of a workflow: a build once it has started, or an approval."""

    plan: JobPlan
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    build: Build | None = None
    state: str = "blocked"
    """of an approval, and of what has no build; else the build says"""
    is_planned: bool = False
    """its build is about to start"""
    number: int | None = None
    """that an approval takes from the builds, of which nothing comes (api-v2-pipelines.md §10.15)"""
    started: float | None = None
    stopped: float | None = None
    approver: User | None = None

    @property
    def status(self) -> str:
        """In the words of API v2 (api-v2-pipelines.md §3.6)."""
        return self.word(self.build) if self.build else self.state

    @staticmethod
    def word(build: Build) -> str:
        """The status of a build in the words of API v2."""
        return _JOB_WORDS.get(build.status, build.status)

    @property
    def is_final(self) -> bool:
        return self.build.is_final if self.build else self.state not in ("blocked", "on_hold")

    @property
    def is_active(self) -> bool:
        """Whether it runs, or is going to without anybody's help."""
        return self.is_planned or (self.build is not None and not self.build.is_final)


@dataclass(eq=False)
class Workflow:
    """One run of a workflow of a pipeline. A rerun is another one."""

    pipeline: Pipeline
    plan: WorkflowPlan
    created: float
    jobs: list[Job] = field(default_factory=list)
    builds: list[Build] = field(default_factory=list)
    """in the order in which they started, those that were replaced too"""
    status: str = "running"
    stopped: float | None = None
    starter: User | None = None
    canceler: User | None = None
    is_canceled: bool = False
    held: bool = False
    """the script of a build has stopped it"""
    with_ssh: set[str] = field(default_factory=set)
    """the jobs that one can log in to"""
    is_setup: bool = False
    auto_rerun: int = 0
    """the number of the automatic rerun that it is"""
    is_manual: bool = False
    """a person has run it again"""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def name(self) -> str:
        return self.plan.name

    def job(self, id_: str) -> Job | None:
        return next((job for job in self.jobs if job.id == id_), None)


@dataclass(eq=False)
class Pipeline:
    """What one trigger has started."""

    project: Project
    number: int
    created: float
    branch: str | None
    tag: str | None
    revision: str
    user: User | None
    trigger: str
    """its type, in the words of API v2"""
    why: str
    """what API v1.1 says of its builds"""
    script: PipelineScript
    configuration: Configuration
    parameters: dict[str, Parameter] = field(default_factory=dict)
    """those that the trigger gave"""
    state: str = "pending"
    errors: list[dict[str, str]] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    """oldest first"""
    is_visible: bool = False
    is_listed: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    continuation_key: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def is_ended(self) -> bool:
        return self.state in ("created", "errored") and all(each.stopped is not None for each in self.workflows)


@dataclass(eq=False)
class Build:
    project: Project
    number: int
    branch: str | None
    tag: str | None
    revision: str
    why: str
    user: User | None
    job: str
    parameters: dict[str, str] | None
    script: Script
    created: float
    status: str = "not_running"
    lifecycle: str = "not_running"
    outcome: str | None = None
    dont_build: str | None = None
    queued: float | None = None
    started: float | None = None
    stopped: float | None = None
    due: float | None = None
    """when the clock moves the build to its next state"""
    canceler: User | None = None
    retry_of: int | None = None
    retries: list[int] = field(default_factory=list)
    previous: Build | None = None
    previous_successful: Build | None = None
    workflow: Workflow | None = None
    upstream: list[str] = field(default_factory=list)
    job_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    no_cache: bool = False
    ssh: bool = False
    ssh_users: list[User] = field(default_factory=list)
    is_first_green: bool = False

    @property
    def is_final(self) -> bool:
        return self.outcome is not None or self.status == "not_run"

    def millis(self, now: float) -> int:
        """Return for how long the build has run, in milliseconds."""
        if self.started is None:
            return 0
        return round(((self.stopped or now) - self.started) * 1000)


def timestamp(seconds: float | None, *, whole: bool = False) -> str | None:
    """Return ISO-8601 in UTC with milliseconds, or to the second."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    if whole:
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def canonical(slug: str) -> str:
    """Return a slug with the long name of the VCS.

    :raises ValueError: the text is not `vcs/owner/repository` with a known vcs.
    """
    vcs, *rest = slug.split("/")
    if vcs not in VCS_NAMES or len(rest) != 2 or not all(rest):
        raise ValueError(f"not a project slug: {slug}")
    return "/".join((VCS_NAMES[vcs], *rest))


def uuid_of(thing: str) -> str:
    """Return the uuid of a thing that keeps it however often the emulator starts, as `project/github/acme/api`."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, thing))


def short_id(thing: str) -> str:
    """Return an id as in the slugs of Apps' projects: 22 characters of base 62 that mean the thing's uuid."""
    number, text = uuid.UUID(uuid_of(thing)).int, ""
    while len(text) < 22:
        number, digit = divmod(number, 62)
        text = _BASE62[digit] + text
    return text
