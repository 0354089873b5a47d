# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Which projects there are: those that are followed, or all repositories that the token's user can see.

Section numbers refer to ``api-v1.1.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.circleci.plugins.module_utils._http.client import MOST_PAGES, PAGE_SIZE, Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CHECK_ADDRESS,
    CircleCIError,
    invalid,
    plain,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import (
    Project,
    owner_of,
    parse_project,
    require_name,
    require_segment,
)
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import has_white_ends

_FOLLOWED = "v1.1/projects"
_VCS_HOSTS = {"github.com": "github", "bitbucket.org": "bitbucket"}
ANY = "any"


@dataclass(frozen=True)
class Listed:
    """What the lists say of a project.

    :param default_branch: None for repositories that are not followed: their list does not say
    """

    project: Project
    vcs_url: str | None
    following: bool
    default_branch: str | None


def wants_any(following: Any) -> bool:
    """Whether the option ``following`` asks for repositories too that are not followed.

    :param following: ``any``, or true in one of YAML's spellings
    :raises CircleCIError: for everything else
    """
    word = str(following).strip().lower()
    if word not in (ANY, "true", "yes", "on", "1"):
        raise invalid(f"following must be true or any, not {plain(str(following))!r}.")
    return word == ANY


def list_projects(client: Client, organization: str | None, vcs_type: str | None, *, unfollowed: bool) -> list[Listed]:
    """The projects that the token's user follows, in the order in which CircleCI lists them.

    :param organization: leave out those of others; a name or a slug
    :param vcs_type: leave out others
    :param unfollowed: also the repositories that the user can see and does not follow, behind the others. Projects of
        the GitHub App are in no list (§2)
    :raises CircleCIError: when they cannot be listed
    """
    organization, vcs_type = owner_of(organization, vcs_type)
    require_segment(organization, "Write it as in github/acme, or leave it out.")
    if has_white_ends(organization or ""):
        # Where one project is named, CircleCI says that it does not know it. A list would just be empty.
        raise invalid(
            f"organization {plain(str(organization))!r} begins or ends with white space.", "The filter trim removes it."
        )
    require_name(organization, vcs_type)
    # Reports say that this list's own "following" cannot be relied on. It holds no others (§3.2).
    listed = [_listed(item, _FOLLOWED, following=True) for item in client.get_list(_FOLLOWED, shallow=True)]
    if unfollowed:
        for vcs in _VCS_HOSTS.values():
            if vcs_type in (None, vcs):
                listed += _visible(client, vcs, asked=vcs_type is not None)
    found: dict[Project, Listed] = {}
    for one in listed:
        if _belongs_to(one.project, organization) and vcs_type in (None, one.project.vcs_type):
            found.setdefault(one.project, one)
    return list(found.values())


def _belongs_to(project: Project, organization: str | None) -> bool:
    """Whether a project is one of an organization. GitHub and Bitbucket take its name in any case."""
    if organization is None or project.is_app:
        return organization in (None, project.organization)
    return project.organization.casefold() == organization.casefold()


def _visible(client: Client, vcs_type: str, *, asked: bool) -> list[Listed]:
    """The repositories at a VCS that CircleCI sees with the user's eyes (§3.1).

    How long its pages are nobody has written down, nor whether there are pages after the last one.

    :param asked: whether the task names this VCS. A user need not have an account at each
    """
    path = f"v1.1/user/repos/{vcs_type}"
    found: dict[Project, Listed] = {}
    for number in range(1, MOST_PAGES + 1):
        try:
            page = client.get_list(path, **{"page": number, "per-page": PAGE_SIZE})
        except CircleCIError as error:
            if asked or number > 1 or error.status not in (400, 403, 404):
                raise
            client.warn(f"Without the repositories at {vcs_type}: {error.message} Set vcs_type to ask for one only.")
            return []
        known = len(found)
        for item in page:
            one = _listed(item, path, following=item.get("following") is True)
            found.setdefault(one.project, one)
        if len(found) == known:
            return list(found.values())
    raise unusable(f"CircleCI's list {path} has no end: {MOST_PAGES} pages were read.", path)


def _listed(item: dict[str, Any], path: str, *, following: bool) -> Listed:
    """An item of a list. Some lack the parts of the slug, but have the repository's address."""
    names = [item.get("vcs_type"), item.get("username"), item.get("reponame", item.get("name"))]
    vcs_url, branch = item.get("vcs_url"), item.get("default_branch")
    try:
        if not all(isinstance(name, str) for name in names):
            address = urlsplit(str(vcs_url))
            names = [_VCS_HOSTS.get(address.hostname or ""), *address.path.strip("/").split("/")]
        return Listed(
            parse_project("/".join(map(str, names))),
            vcs_url if isinstance(vcs_url, str) else None,
            following,
            branch if isinstance(branch, str) else None,
        )
    except (CircleCIError, ValueError) as exc:
        raise CircleCIError(
            f"CircleCI's list of projects has an entry that is none: {plain(str(vcs_url))}",
            method="GET",
            path=f"/api/{path}",
            hint=f"{CHECK_ADDRESS} Or name one project.",
        ) from exc
