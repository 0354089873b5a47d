# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finding builds by what they built, over pages and within bounds."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._resources import build_search
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import Sought, search_builds
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project
from emulator import Emulator

API = parse_project("github/acme/api")


@pytest.fixture
def builds(emulator: Emulator) -> list[int]:
    """Two pipelines of two jobs each, on two branches, and one of a tag; their numbers."""
    emulator.state.machine.set_progress("manual")
    project = emulator.follow(str(API))
    with emulator.state.lock:
        for target in ({"branch": "main"}, {"branch": "feature/login"}, {"tag": "v1.0.0"}):
            given: dict[str, Any] = {"branch": None, "tag": None, "revision": None, **target}
            emulator.state.machine.pipeline(project, None, **given)
            for _job in project.jobs:
                emulator.finish(str(API), len(project.builds))
    return [build.number for build in project.builds]


def search(emulator: Emulator, limit: int = 30, **sought: Any) -> list[int]:
    client = Client(emulator.url, emulator.token)
    found = search_builds(client, API, Sought(**sought), limit=limit)
    assert client.warnings == []
    return [build["build_num"] for build in found]


def test_every_property_narrows_the_search(emulator: Emulator, builds: list[int]) -> None:
    # The first build is the one that following starts.
    assert builds == [1, 2, 3, 4, 5, 6, 7]
    assert search(emulator) == [7, 6, 5, 4, 3, 2, 1]
    assert search(emulator, branch="feature/login") == [5, 4]
    assert search(emulator, tag="v1.0.0") == [7, 6]
    assert search(emulator, branch="main", job="test") == [3]
    assert search(emulator, job="test") == [7, 5, 3]
    assert search(emulator, job="test", limit=1) == [7]
    assert search(emulator, workflow="build-and-test") == [7, 6, 5, 4, 3, 2]
    revision = emulator.project(str(API)).branches["feature/login"]
    assert search(emulator, revision=revision) == [5, 4]
    assert search(emulator, revision="0" * 40) == []


def test_a_branch_is_listed_by_circleci_itself(emulator: Emulator, builds: list[int]) -> None:
    emulator.clear()
    search(emulator, limit=1, branch="main", job="test")
    (record,) = emulator.requests
    assert record.path.startswith("/api/v1.1/project/github/acme/api/tree/main?limit=100")


def test_pages_are_followed_up_to_a_bound(
    emulator: Emulator, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    assert search(emulator, job="test", limit=3) == [7, 5, 3]
    monkeypatch.setattr(build_search, "MOST_SEARCHED", 4)
    client = Client(emulator.url, emulator.token)
    emulator.clear()
    found = search_builds(client, API, Sought(job="test", branch="main"), limit=5)
    assert [build["build_num"] for build in found] == [3]
    found = search_builds(client, API, Sought(job="test"), limit=5)
    assert [build["build_num"] for build in found] == [7, 5]
    (warning,) = client.warnings
    assert "Only the newest 4 builds of github/acme/api were searched for job test" in warning


@pytest.mark.parametrize(("limit", "pages"), [(1, 1), (2, 2), (3, 3), (4, 4)])
def test_no_page_is_read_after_enough_were_found(
    emulator: Emulator, builds: list[int], monkeypatch: pytest.MonkeyPatch, limit: int, pages: int
) -> None:
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    emulator.clear()
    assert search(emulator, job="test", limit=limit) == [7, 5, 3][:limit]
    assert len(emulator.requests) == pages


def test_what_fits_can_be_left_out_at_the_start(
    emulator: Emulator, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(emulator.url, emulator.token)

    def found(offset: int) -> list[int]:
        listed = search_builds(client, API, Sought(job="test"), limit=1, offset=offset)
        return [build["build_num"] for build in listed]

    assert found(1) == [5]
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    assert [found(offset) for offset in range(4)] == [[7], [5], [3], []]
    monkeypatch.setattr(build_search, "MOST_SEARCHED", 4)
    assert [found(offset) for offset in (1, 2)] == [[5], []]


def test_a_list_that_grows_meanwhile_gives_no_build_twice(
    emulator: Emulator, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build_search, "PAGE_SIZE", 2)
    again = [{"build_num": number, "build_parameters": {"CIRCLE_JOB": "test"}} for number in (7, 6)]
    emulator.fault("body", path="offset=2", body=again)
    assert search(emulator, job="test") == [7, 6, 3]
