# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulated service knows: users, tokens, projects with their keys and variables, and the switches."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_type_hints

from . import keys
from .builds import Machine
from .checks import check
from .model import Build, CheckoutKey, Project, Scope, Token, User, Workflow, canonical
from .switches import Switches

PERSONAL_TOKEN: Final = "emulator-personal-token"
PROJECT_TOKEN: Final = "emulator-project-token"
USER: Final = "emulator"
REPOSITORIES: Final = ("github/acme/api", "github/acme/web", "bitbucket/acme/tools")
BRANCHES: Final = ("main", "feature/login")
TAGS: Final = ("v1.0.0",)


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
        slug = None if project is None else canonical(project)
        token = self.tokens[text] = Token(user, slug, label, scope, created=self.now())
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

    def workflow(self, id_: str) -> Workflow | None:
        """Return the workflow with this id; None if there is none."""
        started = (build.workflow for project in self.projects.values() for build in project.builds)
        return next((workflow for workflow in started if workflow and workflow.id == id_), None)

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


def _revisions(slug: str, names: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    if isinstance(names, str):
        raise ValueError(f"not a list of names: {names}")
    if isinstance(names, Mapping):
        return dict(names)
    return {name: hashlib.sha1(f"{slug} {name}".encode(), usedforsecurity=False).hexdigest() for name in names}
