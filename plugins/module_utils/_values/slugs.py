# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Project slugs, their paths in the API, and what CircleCI knows of a project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._http.urls import segment

VCS_TYPES = {
    "github": "github",
    "gh": "github",
    "bitbucket": "bitbucket",
    "bb": "bitbucket",
    "circleci": "circleci",
}
SHORT_VCS_TYPES = {"github": "gh", "bitbucket": "bb", "circleci": "circleci"}
DEFAULT_VCS_TYPE = "github"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_URL = re.compile(r"[a-z+]+://(?:.*@)?([^/:]+)(?::\d*/|[:/])(.*)$", re.IGNORECASE)
_GITLAB = (
    "Projects of GitLab have a slug of ids, as in circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U. It stands in "
    "the address of the project's page on CircleCI; the ids are on the page Overview of the settings of the "
    "organization and of the project."
)
_PAGE = re.compile(rf"(?:(?:pipelines|insights|projects|settings/project)/)?((?:{'|'.join(VCS_TYPES)})/[^/]+/[^/]+)")
"""The page of a project on CircleCI, or a page below it, as the address of a build."""
_SCP = re.compile(r"[\w.-]+@([^/:]+)[:/](.*)$")

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """A project of CircleCI, by the three segments of its canonical slug."""

    vcs_type: str
    organization: str
    name: str

    def __str__(self) -> str:
        return f"{self.vcs_type}/{self.organization}/{self.name}"

    @property
    def is_app(self) -> bool:
        """Whether it belongs to the GitHub App, GitLab or a standalone organization (§2)."""
        return self.vcs_type == "circleci"

    def path(self, *segments: str | int) -> str:
        """A path of API v1.1 below this project, every segment percent-encoded (§1.1)."""
        parts = (self.vcs_type, self.organization, self.name, *(str(part) for part in segments))
        return "/".join(["v1.1", "project", *(segment(part) for part in parts)])

    @property
    def short_slug(self) -> str:
        """The slug as API v2 writes it in its answers: ``gh/acme/api`` (PF §1.5)."""
        return "/".join((SHORT_VCS_TYPES[self.vcs_type], self.organization, self.name))

    def v2_path(self, *segments: str | int) -> str:
        """A path of API v2 below this project (PF §1.5). See :meth:`path`.

        The slug stands in it in its short form, which works everywhere, and with plain slashes.
        """
        parts = (SHORT_VCS_TYPES[self.vcs_type], self.organization, self.name, *(str(part) for part in segments))
        return "/".join(["v2", "project", *(segment(part) for part in parts)])


@dataclass(frozen=True)
class Organization:
    """An organization of CircleCI.

    :param name: the second segment of its slug, or its uuid when nothing says where it is hosted
    """

    vcs_type: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.vcs_type}/{self.name}" if self.vcs_type else self.name

    @property
    def short_slug(self) -> str | None:
        """The slug as API v2 writes it: ``gh/acme``. None if only the uuid is known."""
        return f"{SHORT_VCS_TYPES[self.vcs_type]}/{self.name}" if self.vcs_type else None


def parse_organization(organization: str, vcs_type: str | None) -> Organization:
    """The organization that a name, a slug or a uuid means.

    :param vcs_type: goes with a name; must not contradict a slug; means nothing with a uuid
    :raises CircleCIError: when it is none of these
    """
    example = "Write it as in github/acme, circleci/<id>, or give its uuid."
    shown = plain(without_user(organization))
    if is_uuid(organization):
        return Organization(None, organization.lower())
    if _URL.match(organization) or _SCP.match(organization):
        raise invalid(f"organization {shown!r} is a URL.", example)
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", organization):
        raise invalid(f"organization {shown!r} contains control characters or binary data.", example)
    vcs, slash, name = organization.partition("/")
    if not slash:
        vcs, name = vcs_type or DEFAULT_VCS_TYPE, organization
    if vcs not in VCS_TYPES or "/" in name or name.strip() in ("", ".", ".."):
        raise invalid(f"organization {shown!r} is no organization.", example)
    if vcs_type is not None and VCS_TYPES[vcs_type] != VCS_TYPES[vcs]:
        raise invalid(f"organization {shown!r} contradicts vcs_type {vcs_type!r}.", "Leave vcs_type out.")
    return Organization(VCS_TYPES[vcs], name)


def owner_of(organization: str | None, vcs_type: str | None) -> tuple[str | None, str | None]:
    """The segments of slugs that the two options for an owner name together, None for what they leave open.

    One default for these options can serve modules for projects and for organizations: a slug says both.

    :raises CircleCIError: when they contradict each other
    """
    canonical = VCS_TYPES.get(vcs_type or "", vcs_type)
    vcs, slash, name = (organization or "").partition("/")
    if not slash or vcs not in VCS_TYPES:
        return organization, canonical
    return name, parse_organization(str(organization), vcs_type).vcs_type


def is_uuid(organization: str | None) -> bool:
    return UUID.fullmatch(organization or "") is not None


def require_name(organization: str | None, vcs_type: str | None) -> None:
    """Refuse the uuid of an organization where its name is needed. App organizations have no other name.

    :raises CircleCIError: with what to write
    """
    if is_uuid(organization) and vcs_type != "circleci":
        raise invalid(
            f"organization {organization} is a uuid, which does not say whose projects these are.",
            "Write organization as in github/acme, or project as a whole slug.",
        )


def require_segment(organization: str | None, example: str) -> None:
    """Refuse what cannot be the organization of any project, as the value of a variable that is not set.

    :param example: what to write
    :raises CircleCIError: with that
    """
    if organization is not None and (organization.strip() in ("", ".", "..") or "/" in organization):
        raise invalid(f"organization {plain(without_user(organization))!r} is not one segment of a slug.", example)


def without_user(text: str) -> str:
    """What was given for a project, as it may be shown: somebody may have given a URL with a password."""
    return re.sub(r"://.*@", "://", text)


def parse_project(project: str | None, organization: str | None = None, vcs_type: str | None = None) -> Project:
    """The project that the three options name together.

    :param project: a whole slug, or the name of the repository
    :param organization: its name or slug, needed with a name; must not contradict a slug, of which a uuid says nothing
    :param vcs_type: one of :data:`VCS_TYPES`; must not contradict a slug
    :raises CircleCIError: when they do not name one project
    """
    text = project or ""
    shown = plain(without_user(text))
    example = "Write it as in github/acme/api."
    if url := _URL.match(text) or _SCP.match(text):
        raise invalid(f"project {shown!r} is a URL.", _slug_for_url(url[1].lower(), url[2]) or example)
    if re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text + (organization or "")):
        raise invalid(f"project {shown!r} contains control characters or binary data.", example)
    parts = text.split("/")
    if any(part.strip() in ("", ".", "..") for part in parts):
        raise invalid(f"project {shown!r} has an empty or relative segment.", example)
    if "gitlab" in (vcs_type, parts[0]):
        raise invalid(f"project {shown!r} is at GitLab, which slugs do not name.", _GITLAB)
    if vcs_type is not None and vcs_type not in VCS_TYPES:
        raise invalid(f"vcs_type {plain(vcs_type)!r} is not one of {', '.join(VCS_TYPES)}.")
    organization, vcs_type = owner_of(organization, vcs_type)
    require_segment(organization, example)
    if len(parts) == 2:
        raise invalid(f"project {shown!r} does not say where the repository is hosted.", f"Write github/{shown}.")
    if len(parts) == 1:
        if organization is None:
            raise invalid(
                f"project {shown!r} is only the name of a repository.",
                f"Write the whole slug, as in github/acme/{shown}, or set organization.",
            )
        require_name(organization, vcs_type)
        return Project(VCS_TYPES[vcs_type or DEFAULT_VCS_TYPE], organization, text)
    if len(parts) != 3 or parts[0] not in VCS_TYPES:
        raise invalid(
            f"project {shown!r} is not a slug.",
            f"A slug has three segments, the first one of {', '.join(VCS_TYPES)}. {example}",
        )
    found = Project(VCS_TYPES[parts[0]], parts[1], parts[2])
    if organization not in (None, found.organization) and not is_uuid(organization):
        raise invalid(f"project {shown!r} contradicts organization {plain(organization)!r}.", "Leave organization out.")
    if vcs_type is not None and VCS_TYPES[vcs_type] != found.vcs_type:
        raise invalid(f"project {shown!r} contradicts vcs_type {vcs_type!r}.", "Leave vcs_type out.")
    return found


def project_of(params: dict[str, Any], task: dict[str, Any] | None = None) -> Project:
    """The project that the options of a module, or of one of its items, name. See :func:`parse_project`.

    :param task: of an item, the options of its task: organization and vcs_type there count where the item names no host
    """
    defaults = task if task is not None and "/" not in params["project"] else {}
    organization = params.get("organization")
    return parse_project(
        params["project"],
        organization if organization is not None else defaults.get("organization"),
        params.get("vcs_type") or defaults.get("vcs_type"),
    )


def _slug_for_url(host: str, path: str) -> str | None:
    """Advice for somebody who gave the address of a repository."""
    if "gitlab" in host:
        return _GITLAB
    vcs_types = {"github.com": "github", "bitbucket.org": "bitbucket"}
    path = re.split(r"[?#]", path)[0].strip("/")
    if host in ("app.circleci.com", "circleci.com") and (page := _PAGE.match(path)):
        return f"Write {plain(page[1])}."
    parts = re.sub(r"\.git$", "", path).split("/")
    if host in vcs_types and len(parts) >= 2:
        return f"Write {vcs_types[host]}/{plain(parts[0])}/{plain(parts[1])}."
    return None
