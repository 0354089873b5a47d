# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import (
    VCS_TYPES,
    owner_of,
    parse_organization,
    parse_project,
    project_of,
)

pytestmark = pytest.mark.once

NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="/"), min_size=1).filter(
    lambda name: name.strip() not in ("", ".", "..") and not any(sign in name for sign in (":", "@"))
)


@pytest.mark.parametrize(
    ("given_", "slug"),
    [
        (("github/acme/api", None, None), "github/acme/api"),
        (("gh/acme/api", None, None), "github/acme/api"),
        (("bb/acme/tools", None, None), "bitbucket/acme/tools"),
        (("bitbucket/acme/tools", "acme", "bb"), "bitbucket/acme/tools"),
        (("circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U", None, None),
         "circleci/4FcaSzPRd4iEYiWnGi3VBF/QFmsmoSqVVSXVGMvtCwf3U"),
        (("api", "acme", None), "github/acme/api"),
        (("api", "acme", "bb"), "bitbucket/acme/api"),
        (("gh/acme/api", "acme", "github"), "github/acme/api"),
        (("api", "gh/acme", None), "github/acme/api"),
        (("tools", "bb/acme", "bitbucket"), "bitbucket/acme/tools"),
        (("bb/acme/tools", "bitbucket/acme", None), "bitbucket/acme/tools"),
        (("Xyz", "circleci/Abc", None), "circleci/Abc/Xyz"),
        (("gh/acme/api", "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11", None), "github/acme/api"),
        (("Xyz", "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11", "circleci"),
         "circleci/5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11/Xyz"),
    ],
)  # fmt: skip
def test_slugs_and_names_become_the_canonical_slug(given_: tuple[str, str | None, str | None], slug: str) -> None:
    assert str(parse_project(*given_)) == slug


@pytest.mark.parametrize(
    ("given_", "words", "advice"),
    [
        (("acme/api", None, None), "does not say where", "github/acme/api"),
        (("api", None, None), "only the name", "organization"),
        (("https://github.com/acme/api.git", None, None), "is a URL", "github/acme/api"),
        (("https://user:pass@github.com/acme/api", None, None), "is a URL", "github/acme/api"),
        (("git@bitbucket.org:acme/tools.git", None, None), "is a URL", "bitbucket/acme/tools"),
        (("ssh://git@github.com/acme/api.git", None, None), "is a URL", "github/acme/api"),
        (("ssh://git@github.com:22/acme/api.git", None, None), "is a URL", "Write github/acme/api."),
        (("ssh://git@github.com:acme/api.git", None, None), "is a URL", "Write github/acme/api."),
        (("git+ssh://git@GitHub.com/acme/api.git", None, None), "is a URL", "Write github/acme/api."),
        (("git@github.com:22/api.git", None, None), "is a URL", "Write github/22/api."),
        (("https://example.org/x", None, None), "is a URL", "github/acme/api"),
        (("gitlab/acme/api", None, None), "is at GitLab", "circleci/4FcaSzPRd4iEYiWnGi3VBF/"),
        (("gitlab/acme/group/api", None, None), "is at GitLab", "Overview"),
        (("api", "acme", "gitlab"), "is at GitLab", "circleci/4FcaSzPRd4iEYiWnGi3VBF/"),
        (("https://gitlab.com/acme/api.git", None, None), "is a URL", "circleci/4FcaSzPRd4iEYiWnGi3VBF/"),
        (("git@gitlab.acme.example:acme/group/api.git", None, None), "is a URL", "Overview"),
        (("svn/acme/api", None, None), "not a slug", "github"),
        (("github/acme/api/tree", None, None), "not a slug", "three segments"),
        (("github//api", None, None), "empty or relative", "github/acme/api"),
        (("github/../api", None, None), "empty or relative", "github/acme/api"),
        (("github/acme/..", None, None), "empty or relative", "github/acme/api"),
        (("github/./api", None, None), "empty or relative", "github/acme/api"),
        (("github/ /api", None, None), "empty or relative", "github/acme/api"),
        (("github/acme/api/", None, None), "empty or relative", "github/acme/api"),
        (("", None, None), "empty or relative", "github/acme/api"),
        ((None, None, None), "empty or relative", "github/acme/api"),
        (("github/acme/a\npi", None, None), "control characters", "github/acme/api"),
        (("github/acme/\udcff", None, None), "binary data", "github/acme/api"),
        (("api", "ac/me", None), "not one segment", "github/acme/api"),
        (("api", "..", None), "not one segment", "github/acme/api"),
        (("api", ".", None), "not one segment", "github/acme/api"),
        (("api", " ", None), "not one segment", "github/acme/api"),
        (("api", "gitlab/acme", None), "not one segment", "github/acme/api"),
        (("api", "github/..", None), "is no organization", "github/acme"),
        (("api", "github/acme", "bb"), "contradicts vcs_type", "vcs_type"),
        (("github/acme/api", "github/other", None), "contradicts organization", "organization"),
        (("github/acme/api", "bb/acme", None), "contradicts vcs_type", "vcs_type"),
        (("api", "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11", None), "is a uuid", "github/acme"),
        (("github/acme/api", "other", None), "contradicts organization", "organization"),
        (("github/acme/api", None, "bb"), "contradicts vcs_type", "vcs_type"),
        (("api", "acme", "svn"), "is not one of", "github"),
    ],
)  # fmt: skip
def test_what_is_not_one_project_is_refused_with_what_to_write(
    given_: tuple[str | None, str | None, str | None], words: str, advice: str
) -> None:
    with pytest.raises(CircleCIError, match=words) as caught:
        parse_project(*given_)
    assert advice in caught.value.result()["msg"]


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.org/a/b/c/d",
        "https://git.example.org/github/acme/api",
        "https://app.circleci.com/pipelines/github/acme",
        "https://app.circleci.com/pipelines/svn/acme/api",
        "https://app.circleci.com/settings/organization/github/acme/overview",
        "https://app.circleci.com/projects/project-dashboard/github/acme/",
        "https://circleci.com/docs/guides/github/",
        "https://github.com/acme",
        "https://github.com/acme/",
        "https://github.com/acme?tab=repositories/api",
        "https://example.org/acme/api",
    ],
)
def test_no_slug_is_made_up_of_an_address_that_names_no_project(address: str) -> None:
    with pytest.raises(CircleCIError) as caught:
        parse_project(address)
    assert caught.value.result()["msg"] == f"project {address!r} is a URL. Write it as in github/acme/api."


@pytest.mark.parametrize(
    ("address", "slug"),
    [
        ("https://app.circleci.com/pipelines/github/acme/api", "github/acme/api"),
        ("https://app.circleci.com/pipelines/github/acme/api?branch=main", "github/acme/api"),
        ("https://app.circleci.com/pipelines/gh/acme/api/12/workflows/1f2e/jobs/34", "gh/acme/api"),
        ("https://app.circleci.com/pipelines/circleci/Abc/Xyz/12", "circleci/Abc/Xyz"),
        ("https://app.circleci.com/settings/project/bitbucket/acme/tools/ssh", "bitbucket/acme/tools"),
        ("https://app.circleci.com/insights/github/acme/api/workflows/build/overview", "github/acme/api"),
        ("https://app.circleci.com/projects/github/acme/api/", "github/acme/api"),
        ("https://circleci.com/gh/acme/api/12#artifacts", "gh/acme/api"),
        ("https://circleci.com/bb/acme/tools/tree/main", "bb/acme/tools"),
        ("https://github.com/acme/api?tab=readme", "github/acme/api"),
        ("https://github.com/acme/api.git#main", "github/acme/api"),
        ("https://github.com/acme/api/tree/main", "github/acme/api"),
        ("https://bitbucket.org/acme/tools/src/main/", "bitbucket/acme/tools"),
    ],
)
def test_the_slug_is_found_in_the_address_of_a_page(address: str, slug: str) -> None:
    with pytest.raises(CircleCIError) as caught:
        parse_project(address)
    assert caught.value.result()["msg"] == f"project {address!r} is a URL. Write {slug}."
    assert parse_project(slug).short_slug.endswith(slug.partition("/")[2])


UUID = "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11"


@pytest.mark.parametrize(
    ("given_", "slug", "short"),
    [
        (("acme", None), "github/acme", "gh/acme"),
        (("acme", "bb"), "bitbucket/acme", "bb/acme"),
        (("gh/acme", None), "github/acme", "gh/acme"),
        (("bitbucket/acme", "bb"), "bitbucket/acme", "bb/acme"),
        (("circleci/Abc", None), "circleci/Abc", "circleci/Abc"),
        ((UUID, None), UUID, None),
        ((UUID.upper(), "github"), UUID, None),
    ],
)
def test_names_slugs_and_uuids_become_one_organization(
    given_: tuple[str, str | None], slug: str, short: str | None
) -> None:
    found = parse_organization(*given_)
    assert (str(found), found.short_slug) == (slug, short)


@pytest.mark.parametrize(
    ("given_", "words", "advice"),
    [
        (("https://user:pass@github.com/acme", None), "organization 'https://github.com/acme' is a URL", "github/acme"),
        (("git@github.com:acme", None), "is a URL", "github/acme"),
        (("ac\nme", None), r"'ac\\+nme' contains control characters or binary data", "github/acme"),
        (("github/ac\x00me", None), r"'github/ac\\+x00me' contains control characters", "github/acme"),
        (("acme\x7f", None), "contains control characters", "github/acme"),
        (("ac\udcff", None), "binary data", "github/acme"),
        (("svn/acme", None), "'svn/acme' is no organization", "github/acme"),
        (("github/acme/api", None), "is no organization", "circleci/<id>"),
        (("", None), "is no organization", "its uuid"),
        (("github/..", None), "is no organization", "github/acme"),
        (("github/.", None), "is no organization", "github/acme"),
        (("github/ ", None), "is no organization", "github/acme"),
        (("github/acme", "bb"), "'github/acme' contradicts vcs_type 'bb'", "Leave vcs_type out."),
    ],
)
def test_what_is_no_organization_is_refused_with_what_to_write(
    given_: tuple[str, str | None], words: str, advice: str
) -> None:
    with pytest.raises(CircleCIError, match=words) as caught:
        parse_organization(*given_)
    told = caught.value.result()["msg"]
    assert advice in told
    assert "pass" not in told
    assert told.isprintable()


@pytest.mark.parametrize("scheme", ["https", "HTTPS", "ssh"])
@pytest.mark.parametrize("password", ["ghp_secret", "sec/ret", "sec@ret", "sec:ret"])
def test_a_password_in_a_url_is_not_repeated(scheme: str, password: str) -> None:
    with pytest.raises(CircleCIError, match="is a URL") as caught:
        parse_project(f"{scheme}://user:{password}@github.com/acme/api")
    told = caught.value.result()["msg"]
    assert f"{scheme}://github.com/acme/api" in told
    assert not any(part in told for part in ("sec", "ret"))


@given(st.sampled_from(sorted(VCS_TYPES)), NAMES, NAMES)
def test_segments_survive_the_path_whatever_they_hold(vcs_type: str, organization: str, name: str) -> None:
    project = parse_project(f"{vcs_type}/{organization}/{name}")
    assert project == parse_project(name, organization, vcs_type)
    assert parse_project(str(project)) == project
    parts = project.path("checkout-key").split("/")
    assert [unquote(part) for part in parts] == [
        "v1.1",
        "project",
        project.vcs_type,
        organization,
        name,
        "checkout-key",
    ]
    assert parse_project(project.name, project.organization, project.vcs_type).path() == project.path()


@given(st.text(max_size=40))
def test_any_text_is_a_project_or_refused(text: str) -> None:
    try:
        project = parse_project(text)
    except CircleCIError as error:
        assert error.result()["msg"].isprintable()  # noqa: PT017  both outcomes are right
    else:
        assert str(project).count("/") == 2


@pytest.mark.parametrize(
    ("slug", "short", "path"),
    [
        ("github/acme/api", "gh/acme/api", "v2/project/gh/acme/api/pipeline/7"),
        ("gh/acme/api", "gh/acme/api", "v2/project/gh/acme/api/pipeline/7"),
        ("bitbucket/acme/a b", "bb/acme/a b", "v2/project/bb/acme/a%20b/pipeline/7"),
        ("circleci/Abc/Xyz", "circleci/Abc/Xyz", "v2/project/circleci/Abc/Xyz/pipeline/7"),
    ],
)
def test_the_second_api_is_asked_with_short_slugs(slug: str, short: str, path: str) -> None:
    project = parse_project(slug)
    assert (project.short_slug, project.v2_path("pipeline", 7)) == (short, path)


def test_an_organization_is_no_slug_of_a_project() -> None:
    with pytest.raises(CircleCIError, match="organization 'github/acme/api' is no organization"):
        owner_of("github/acme/api", None)


@pytest.mark.parametrize(
    ("given_", "owner"),
    [
        ((None, None), (None, None)),
        (("acme", None), ("acme", None)),
        (("acme", "gh"), ("acme", "github")),
        (("github", None), ("github", None)),
        (("gh/acme", None), ("acme", "github")),
        (("bb/acme", "bitbucket"), ("acme", "bitbucket")),
        ((None, "bb"), (None, "bitbucket")),
        (("svn/acme", "bb"), ("svn/acme", "bitbucket")),
        (("acme", "svn"), ("acme", "svn")),
        (("", None), ("", None)),
    ],
)
def test_an_owner_is_named_by_two_options_together(
    given_: tuple[str | None, str | None], owner: tuple[str | None, str | None]
) -> None:
    assert owner_of(*given_) == owner


TASK = {"organization": "acme", "vcs_type": "bb"}


@pytest.mark.parametrize(
    ("item", "task", "slug"),
    [
        ({"project": "api"}, TASK, "bitbucket/acme/api"),
        ({"project": "api", "organization": "other"}, TASK, "bitbucket/other/api"),
        ({"project": "api", "vcs_type": "gh"}, TASK, "github/acme/api"),
        ({"project": "api", "organization": None, "vcs_type": None}, TASK, "bitbucket/acme/api"),
        # A slug says it all.
        ({"project": "gh/other/api"}, TASK, "github/other/api"),
        ({"project": "api", **TASK}, None, "bitbucket/acme/api"),
        ({"project": "api", **TASK}, {}, "bitbucket/acme/api"),
    ],
)
def test_an_item_takes_from_its_task_what_it_does_not_say(
    item: dict[str, str | None], task: dict[str, str] | None, slug: str
) -> None:
    assert str(project_of(item, task)) == slug


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"project": "api", "organization": ""}, "organization '' is not one segment"),
        ({"project": "gh/acme/api", "vcs_type": "bb"}, "contradicts vcs_type 'bitbucket'"),
        ({"project": "gh/acme/api", "organization": "other"}, "contradicts organization 'other'"),
    ],
)
def test_what_an_item_says_itself_must_be_right(item: dict[str, str], words: str) -> None:
    with pytest.raises(CircleCIError, match=words):
        project_of(item, TASK)
