# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulated service knows: users, tokens, projects with their keys and variables, and the switches.

Nothing here knows HTTP. Times are seconds since the epoch. Builds live in `builds.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_type_hints

from . import keys
from .builds import Build, Machine, Workflow
from .checks import check

PERSONAL_TOKEN: Final = "emulator-personal-token"
PROJECT_TOKEN: Final = "emulator-project-token"
USER: Final = "emulator"
REPOSITORIES: Final = ("github/acme/api", "github/acme/web", "bitbucket/acme/tools")
BRANCHES: Final = ("main", "feature/login")
TAGS: Final = ("v1.0.0",)
VCS_NAMES: Final = {
    "gh": "github",
    "bb": "bitbucket",
    "github": "github",
    "bitbucket": "bitbucket",
    "circleci": "circleci",
}

Scope = Literal["status", "view-builds", "all"]

FEATURE_FLAGS: Final[dict[str, Any]] = {
    "trusty-beta": False,
    "builds-service": True,
    "osx": False,
    "set-github-status": True,
    "build-prs-only": False,
    "forks-receive-secret-env-vars": False,
    "fleet": None,
    "build-fork-prs": False,
    "autocancel-builds": False,
    "oss": False,
}


@dataclass
class Switches:
    """Behaviours that differ between years, between cloud and Server, or that nobody knows for sure."""

    followed_spelling: bool = False
    """follow and unfollow answer `followed`, without `workflow`, as before 2018"""
    refollow_500: bool = False
    """following a project that one follows already answers 500"""
    follow_error: int | None = None
    """follow answers 403, 404 or 422 with the VCS's own JSON inside `message`"""
    ssh_delete_all: bool = False
    """one DELETE of an SSH key removes all its duplicates, not only the first"""
    omit_empty_ssh_keys: bool = False
    """settings have no `ssh_keys` at all when there are none"""
    strict_private_keys: bool = False
    """an SSH key without a final newline, or with carriage returns, is refused"""
    refuse_openssh_format: bool = False
    """private keys in OpenSSH format are refused, as until 2020"""
    legacy_rsa_keys: bool = False
    """new checkout keys are RSA keys whose line ends in a blank and a newline, as until 2022"""
    md5_only: bool = False
    """`digest` and `ssh-key-digest` are ignored and SHA-256 fingerprints unknown, as on CircleCI Server"""
    user_key_grant: bool = True
    """the user has allowed CircleCI to add keys to the user's VCS account"""
    hide_whole_values: bool = False
    """variables are masked as `xxxx` without any of their letters, as the old documentation shows"""
    drop_has_artifacts: bool = False
    """a single build has no `has_artifacts`, as since 2023"""
    empty_bodies: bool = False
    """answers that are the JSON text `""` have no byte at all"""
    cache_control: str | None = None
    """the Cache-Control header of every answer to a GET"""
    gzip: bool = False
    """answers are compressed for clients that accept it"""


@dataclass
class User:
    """A person with an account at CircleCI and at the VCS."""

    login: str
    number: int
    heroku_key: str | None = None

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


@dataclass(eq=False)
class Project:
    """A repository at the VCS and, once it is `set_up`, the CircleCI project of it."""

    vcs: str
    org: str
    name: str
    default_branch: str = "main"
    branches: dict[str, str] = field(default_factory=dict)
    """name to revision (40 hex digits)"""
    tags: dict[str, str] = field(default_factory=dict)
    oss: bool = False
    language: str | None = None
    has_config: bool = True
    """without a configuration in the repository, following starts no first build"""
    config21: bool = False
    """the configuration is of version 2.1, so single jobs cannot be triggered"""
    admin: bool = True
    """the users of this emulator are administrators of the repository"""
    workflow: str = "build-and-test"
    jobs: list[str] = field(default_factory=lambda: ["build", "test"])
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

    @property
    def slug(self) -> str:
        return f"{self.vcs}/{self.org}/{self.name}"

    @property
    def short_vcs(self) -> str:
        return {"github": "gh", "bitbucket": "bb"}.get(self.vcs, self.vcs)

    @property
    def vcs_url(self) -> str:
        # Apps' projects have no URL at a VCS; the service gives them one without a scheme.
        host = {"github": "https://github.com", "bitbucket": "https://bitbucket.org"}.get(self.vcs, "//circleci.com")
        return f"{host}/{self.org}/{self.name}"

    @property
    def is_app(self) -> bool:
        """Whether the project belongs to a GitHub App, GitLab or standalone organization (`circleci/...`)."""
        return self.vcs == "circleci"

    def build(self, number: int) -> Build | None:
        return self.builds[number - 1] if 0 < number <= len(self.builds) else None


class State:
    """Everything the emulator knows. Hold `lock` to read or change more than one thing from another thread."""

    def __init__(self, *, token: str = PERSONAL_TOKEN, repositories: int = 0) -> None:
        self.lock = threading.RLock()
        self.switches = Switches()
        self.clock_offset = 0.0
        """seconds by which the emulator's clock is ahead of the machine's"""
        self.signing_key = secrets.token_bytes(32)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.projects: dict[str, Project] = {}
        self.machine = Machine(self.now)
        self.add_token(token, login=USER)
        for slug in (*REPOSITORIES, *(f"github/acme/repo-{number:04}" for number in range(1, repositories + 1))):
            self.add_repository(slug)
        self.add_token(PROJECT_TOKEN, project=REPOSITORIES[0], label="emulator")

    def now(self) -> float:
        """Return the emulator's time in seconds since the epoch."""
        return time.time() + self.clock_offset

    def add_token(
        self,
        text: str,
        *,
        login: str | None = None,
        project: str | None = None,
        label: str = "",
        scope: Scope = "all",
    ) -> Token:
        """Make a token valid: a personal one of the user `login`, or one of the project with this slug.

        :raises ValueError: not exactly one of `login` and `project` is given.
        """
        if (login is None) == (project is None):
            raise ValueError("a token belongs to either a login or a project")
        user = None if login is None else self.users.setdefault(login, User(login, 1001 + len(self.users)))
        token = self.tokens[text] = Token(user, None if project is None else canonical(project), label, scope)
        return token

    def add_repository(
        self, slug: str, *, branches: Iterable[str] | Mapping[str, str] | None = None, **options: Any
    ) -> Project:
        """Make a repository known to the VCS, or change one that is.

        :param branches: names, or names with their revisions; the default branch is always there.
        :param options: attributes of `Project`: default_branch, tags, oss, language, has_config, config21, admin,
            workflow, jobs.
        :raises ValueError: the slug or an option is unknown, or the option's value is of no use.
        """
        slug = canonical(slug)
        project = self.projects.get(slug)
        if project is None:
            vcs, org, name = slug.split("/")
            project = Project(vcs, org, name, branches=_revisions(slug, BRANCHES), tags=_revisions(slug, TAGS))
        unknown = options.keys() - {
            "default_branch", "tags", "oss", "language", "has_config", "config21", "admin", "workflow", "jobs"
        }  # fmt: skip
        if unknown:
            raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
        if branches is not None:
            options["branches"] = branches
        for name in options.keys() & {"branches", "tags"}:
            options[name] = _revisions(slug, options[name])
        check(options, get_type_hints(Project))
        if options.get("jobs") == []:
            raise ValueError("a workflow has at least one job")
        for name, value in options.items():
            setattr(project, name, value)
        if project.default_branch not in project.branches:
            project.branches |= _revisions(slug, [project.default_branch])
        self.projects[slug] = project
        return project

    def project(self, slug: str) -> Project:
        """Return the project of a slug, in which `gh` and `bb` are understood.

        :raises KeyError: the VCS knows no such repository.
        """
        return self.projects[canonical(slug)]

    def set_up(self, project: Project, user: User | None = None) -> None:
        """Set a project up, as its first follower or `enable` does: webhook and, where it has none, a deploy key."""
        project.set_up = True
        # Apps' projects are cloned by the App itself: no deploy key and no webhook.
        if project.is_app:
            return
        project.webhook = True
        if not project.checkout_keys:
            self.add_checkout_key(project, "deploy-key", user)

    def follow(self, project: Project, user: User) -> Build | None:
        """Make `user` a follower and return the first build, if the project is new and has a configuration."""
        is_new = not project.set_up
        if not project.followers:
            self.set_up(project, user)
        project.followers.add(user.login)
        if is_new and project.has_config and not project.is_app:
            return self.machine.trigger(project, user, why="first-build", branch=project.default_branch)
        return None

    def unfollow(self, project: Project, user: User) -> None:
        """Remove a follower. With the last one go the checkout keys, but not the SSH keys (api-v1.1.md §3.2)."""
        if user.login in project.followers:
            project.followers.discard(user.login)
            if not project.followers:
                project.checkout_keys.clear()

    def add_checkout_key(self, project: Project, type_: str, user: User | None) -> CheckoutKey:
        """Make one more checkout key, which becomes the preferred one."""
        legacy = self.switches.legacy_rsa_keys
        line = keys.generate(legacy=legacy)
        login = user.login if user and type_ != "deploy-key" else None
        key = CheckoutKey(type_, f"{line} \n" if legacy else line, login, self.now())
        project.checkout_keys.insert(0, key)
        return key


def canonical(slug: str) -> str:
    """Return a slug with the long name of the VCS.

    :raises ValueError: the text is not `vcs/owner/repository` with a known vcs.
    """
    vcs, *rest = slug.split("/")
    if vcs not in VCS_NAMES or len(rest) != 2 or not all(rest):
        raise ValueError(f"not a project slug: {slug}")
    return "/".join((VCS_NAMES[vcs], *rest))


def _revisions(slug: str, names: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(names, str):
        raise ValueError(f"not a list of names: {names}")
    if isinstance(names, Mapping):
        return dict(names)
    return {name: hashlib.sha1(f"{slug} {name}".encode(), usedforsecurity=False).hexdigest() for name in names}
