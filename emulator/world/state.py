# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the emulated service knows: users, tokens, projects with their keys and variables, and the switches."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar, get_type_hints

from . import keys
from .checks import check
from .model import (
    OPTION,
    VCS_NAMES,
    Build,
    CheckoutKey,
    Organization,
    Project,
    Scope,
    Token,
    User,
    canonical,
    short_id,
)
from .pipelines import Machine
from .plans import configuration_of
from .switches import Switches

PERSONAL_TOKEN: Final = "emulator-personal-token"
PROJECT_TOKEN: Final = "emulator-project-token"
USER: Final = "emulator"
REPOSITORIES: Final = ("github/acme/api", "github/acme/web", "bitbucket/acme/tools")
BRANCHES: Final = ("main", "feature/login")
TAGS: Final = ("v1.0.0",)
APP_ORGANIZATION: Final = f"circleci/{short_id('Acme Apps')}"
APP_PROJECT: Final = "mobile"
# Everything is still there, and nothing says that it will go (api-v2-pipelines.md §0).
FIRST_DATE: Final = datetime.date(2026, 10, 1)

Json = dict[str, Any]


class Part:
    """The state of one kind of thing, which a file of its own defines: `state.part(Contexts)` gives it.

    A subclass is known as soon as it is defined. What it overrides is shown and set by the control interface.
    """

    kinds: ClassVar[list[type[Part]]] = []

    def __init_subclass__(cls) -> None:
        Part.kinds.append(cls)

    def __init__(self, state: State) -> None:
        self.state = state
        self.switches: Any = None
        """an instance of a dataclass like `Switches`, whose names no other part has"""

    def view(self) -> Json:
        """Return what the control interface shows of it, secrets included, beside the projects."""
        return {}

    def project_view(self, project: Project) -> Json:
        """Return what the control interface shows of it within a project."""
        return {}


P = TypeVar("P", bound=Part)


class State:
    """Everything the emulator knows. Hold `lock` to read or change more than one thing from another thread."""

    def __init__(self, *, token: str = PERSONAL_TOKEN, repositories: int = 0, date: datetime.date = FIRST_DATE) -> None:
        self.lock = threading.RLock()
        self.switches = Switches()
        self.clock_offset = 0.0
        """seconds by which the emulator's clock is ahead of the machine's"""
        self.date = date
        """the day that decides what CircleCI has removed; the clock has nothing to do with it"""
        self.signing_key = secrets.token_bytes(32)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self.organizations: dict[str, Organization] = {}
        self.projects: dict[str, Project] = {}
        self._parts: dict[type[Part], Part] = {}
        self.machine = Machine(self.now)
        self.add_token(token, login=USER)
        for slug in (*REPOSITORIES, *(f"github/acme/repo-{number:04}" for number in range(1, repositories + 1))):
            self.add_repository(slug)
        self.add_organization(APP_ORGANIZATION, "Acme Apps")
        self.add_repository(APP_ORGANIZATION, title=APP_PROJECT)
        self.add_token(PROJECT_TOKEN, project=REPOSITORIES[0], label="emulator")

    def now(self) -> float:
        """Return the emulator's time in seconds since the epoch."""
        return time.time() + self.clock_offset

    def part(self, kind: type[P]) -> P:
        """Return the state of a kind of thing."""
        found = self._parts.get(kind)
        if found is None:
            found = self._parts[kind] = kind(self)
        assert isinstance(found, kind)
        return found

    def parts(self) -> list[Part]:
        """Return the states of all kinds of things."""
        return [self.part(kind) for kind in Part.kinds]

    def set_switches(self, **values: Any) -> None:
        """Set some switches by name, the service's own and those of its parts.

        :raises ValueError: there is no switch of that name, or it takes no such value; none is set then.
        """
        groups = [self.switches, *(part.switches for part in self.parts() if part.switches is not None)]
        owners = {name: group for group in groups for name in get_type_hints(type(group))}
        check(values, {name: get_type_hints(type(group))[name] for name, group in owners.items()})
        for name, value in values.items():
            setattr(owners[name], name, value)

    def all_switches(self) -> Json:
        """Return the switches by name."""
        parts = [dataclasses.asdict(part.switches) for part in self.parts() if part.switches is not None]
        return dict(item for group in (dataclasses.asdict(self.switches), *parts) for item in group.items())

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

    def add_organization(self, slug: str, name: str | None = None) -> Organization:
        """Make an organization known, or return the one that is.

        :param name: what people call it: an App's organization has an id in its slug. At a VCS both are the same.
        :raises ValueError: the slug is not `vcs/organization` with a known vcs.
        """
        vcs, key, _unused = canonical(f"{slug}/-").split("/")
        slug = f"{vcs}/{key}"
        if slug not in self.organizations:
            self.organizations[slug] = Organization(vcs, key, name or key)
        return self.organizations[slug]

    def find_organization(self, slug: str) -> Organization | None:
        """Return the organization with this slug, in which `gh` and `bb` are understood, or this uuid."""
        return next(
            (each for each in self.organizations.values() if slug in (each.slug, each.short_slug, each.id)), None
        )

    def add_repository(
        self, slug: str, *, branches: Iterable[str] | Mapping[str, str] | None = None, **options: Any
    ) -> Project:
        """Make a repository known to the VCS, or change one that is.

        A project of an App is made by its slug, or by `circleci/ORGANIZATION` and a title: then it gets an id. It is
        set up from the start, for CircleCI has made it.

        :param branches: names, or names with their revisions; the default branch is always there.
        :param options: the options among the attributes of `Project`.
        :raises ValueError: the slug or an option is unknown, or the option's value is of no use.
        """
        if slug.count("/") == 1 and slug.startswith("circleci/") and options.get("title"):
            slug = f"{slug}/{short_id('/'.join((slug, str(options['title']))))}"
        slug = canonical(slug)
        project = self.projects.get(slug)
        if project is None:
            organization, _unused, name = slug.rpartition("/")
            project = Project(self.add_organization(organization), name, name)
            project.branches, project.tags = _revisions(slug, BRANCHES), _revisions(slug, TAGS)
            project.set_up = project.is_app
        known = {each.name for each in dataclasses.fields(Project) if each.metadata == OPTION}
        if unknown := options.keys() - known:
            raise ValueError(f"unknown options: {', '.join(sorted(unknown))}")
        if branches is not None:
            options["branches"] = branches
        if options.get("configuration") is not None:
            options["configuration"] = configuration_of(options["configuration"])
        for name in options.keys() & {"branches", "tags"}:
            options[name] = _revisions(slug, options[name])
        check(options, get_type_hints(Project))
        if options.get("jobs") == []:
            raise ValueError("a workflow has at least one job")
        for name, value in options.items():
            setattr(project, name, value)
        if options.get("oss"):
            project.feature_flags["forks-receive-secret-env-vars"] = False
        if project.default_branch not in project.branches:
            project.branches |= _revisions(slug, [project.default_branch])
        self.projects[slug] = project
        return project

    def project(self, slug: str) -> Project:
        """Return the project of a slug, in which `gh` and `bb` are understood.

        :raises KeyError: the VCS knows no such repository.
        """
        return self.projects[canonical(slug)]

    def find_project(self, slug: str) -> Project | None:
        """Return the project with this slug or uuid; None if there is none, or the text is neither.

        In the slug of an App's project each id may be a uuid (api-v2-provisioning.md §0.2).
        """
        vcs, slash, rest = slug.partition("/")
        if not slash:
            return next((project for project in self.projects.values() if project.id == slug), None)
        if (project := self.projects.get(f"{VCS_NAMES.get(vcs, vcs)}/{rest}")) or vcs != "circleci":
            return project
        key, _unused, name = rest.partition("/")
        organization = self.find_organization(key) or self.organizations.get(f"circleci/{key}")
        for project in self.projects.values():
            if project.organization is organization and name in (project.id, project.name):
                return project
        return None

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
