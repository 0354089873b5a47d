# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Artifacts: addresses that want the token, and a store behind them that must not see it."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import pytest
import requests

from emulator import Emulator
from emulator.world.artifacts import Artifact

pytestmark = pytest.mark.once

SLUG = "github/acme/api"
V1 = "api/v1.1/project/github/acme/api"
V2 = "api/v2/project/gh/acme/api"


@pytest.fixture
def built(emulator: Emulator) -> Emulator:
    """A project with one build that has ended."""
    emulator.state.machine.set_progress("manual")
    emulator.follow(SLUG)
    emulator.finish(SLUG, 1)
    return emulator


def ask(emulator: Emulator, path: str, **headers: str) -> requests.Response:
    given = {"Circle-Token": emulator.token, "Accept": "application/json", **headers}
    return requests.get(f"{emulator.url}/{path}", headers=given, timeout=20)


def place(emulator: Emulator, url: str) -> str:
    """The link into the store that an artifact's address redirects to."""
    answer = requests.get(url, headers={"Circle-Token": emulator.token}, allow_redirects=False, timeout=20)
    assert answer.status_code == 302
    return answer.headers["Location"]


def set_artifacts(emulator: Emulator, **fields: Any) -> requests.Response:
    return requests.post(f"{emulator.url}/_emulator/artifacts", json={"project": SLUG, **fields}, timeout=20)


def stored(emulator: Emulator, **headers: str) -> list[requests.Response]:
    items = ask(emulator, f"{V1}/1/artifacts").json()
    return [requests.get(place(emulator, item["url"]), headers=headers, timeout=20) for item in items]


def test_both_apis_list_the_same(built: Emulator) -> None:
    files = [{"path": f"dist/{number}.txt", "node": number % 2, "text": str(number)} for number in range(4)]
    assert set_artifacts(built, build_num=1, files=files).status_code == 200
    first = ask(built, f"{V1}/1/artifacts").json()
    pages = [ask(built, f"{V2}/1/artifacts").json()]
    while token := pages[-1]["next_page_token"]:
        pages.append(ask(built, f"{V2}/1/artifacts?page-token={token}").json())
    second = list(itertools.chain.from_iterable(page["items"] for page in pages))
    assert len(pages) == 2
    assert [{**item, "pretty_path": item["path"]} for item in second] == first
    assert [(item["path"], item["node_index"]) for item in first] == [
        ("dist/0.txt", 0), ("dist/1.txt", 1), ("dist/2.txt", 0), ("dist/3.txt", 1)
    ]  # fmt: skip
    assert [answer.text for answer in stored(built)] == ["0", "1", "2", "3"]


@pytest.mark.parametrize("headers", [{"Circle-Token": "x"}, {"Authorization": "Bearer x"}])
def test_the_store_refuses_who_shows_it_a_token(built: Emulator, headers: dict[str, str]) -> None:
    assert {answer.status_code for answer in stored(built, **headers)} == {400}


def test_a_link_into_the_store_dies(built: Emulator) -> None:
    url = place(built, ask(built, f"{V1}/1/artifacts").json()[0]["url"])
    assert requests.get(url, timeout=20).status_code == 200
    assert requests.get(url.replace("Signature=", "Signature=0"), timeout=20).status_code == 403
    built.pass_time(3600)
    assert requests.get(url, timeout=20).status_code == 403


def test_etags_are_digests_of_small_files_only(built: Emulator) -> None:
    kinds = ("md5", "multipart", "none")
    set_artifacts(built, build_num=1, files=[{"path": kind, "text": "abc", "etag": kind} for kind in kinds])
    digest = hashlib.md5(b"abc", usedforsecurity=False).hexdigest()
    tags = [answer.headers.get("ETag") for answer in stored(built)]
    assert tags == [f'"{digest}"', f'"{digest}-2"', None]


def test_ranges(built: Emulator) -> None:
    set_artifacts(built, build_num=1, files=[{"path": "a", "text": "0123456789"}])
    (whole,) = stored(built)
    (part,) = stored(built, Range="bytes=2-4")
    (end,) = stored(built, Range="bytes=7-")
    (beyond,) = stored(built, Range="bytes=10-")
    assert (whole.status_code, whole.text, whole.headers["Accept-Ranges"]) == (200, "0123456789", "bytes")
    assert (part.status_code, part.text, part.headers["Content-Range"]) == (206, "234", "bytes 2-4/10")
    assert (end.text, beyond.status_code) == ("789", 416)


def test_large_files_need_no_place(built: Emulator) -> None:
    size = 3 * (1 << 20) + 7
    set_artifacts(built, build_num=1, files=[{"path": path, "size": size, "etag": "none"} for path in ("a", "b")])
    first, second = stored(built)
    (middle, _other) = stored(built, Range=f"bytes=5-{1 << 20}")
    assert len(first.content) == len(second.content) == size
    assert first.content != second.content
    assert middle.content == first.content[5 : (1 << 20) + 1]


def test_a_body_can_be_cut(built: Emulator) -> None:
    set_artifacts(built, build_num=1, files=[{"path": "a", "size": 100_000}])
    url = place(built, ask(built, f"{V1}/1/artifacts").json()[0]["url"])
    built.fault("truncate", path="/store/")
    with pytest.raises(requests.RequestException, match="IncompleteRead"):
        requests.get(url, timeout=20)
    assert len(requests.get(url, timeout=20).content) == 100_000


def test_a_body_can_be_slow(built: Emulator) -> None:
    set_artifacts(built, build_num=1, files=[{"path": "a", "size": 1_000}])
    url = place(built, ask(built, f"{V1}/1/artifacts").json()[0]["url"])
    built.state.set_switches(store_rate=1.0)
    with requests.get(url, timeout=20, stream=True) as answer:
        assert answer.headers["Content-Length"] == "1000"
        assert len(answer.raw.read(1)) == 1
    built.state.set_switches(store_rate=None)
    assert len(requests.get(url, timeout=20).content) == 1_000


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a b#?%", "a\\b", "ä/ü", "nul\0", "x" * 300])
def test_paths_are_what_builds_say(built: Emulator, path: str) -> None:
    built.artifacts(SLUG, "build", Artifact(path, text="x"))
    set_artifacts(built, build_num=1, files=[{"path": path, "text": "x"}])
    (item,) = ask(built, f"{V1}/1/artifacts").json()
    assert item["path"] == path


def test_builds_keep_what_they_have_when_their_job_stores_something_else(built: Emulator) -> None:
    set_artifacts(built, job="build", files=[{"path": "new", "text": "2"}])
    built.state.machine.trigger(built.project(SLUG), None, why="api", branch="main")
    built.finish(SLUG, 2)
    set_artifacts(built, job="build", files=[])
    built.state.machine.trigger(built.project(SLUG), None, why="api", branch="main")
    built.finish(SLUG, 3)
    listed = [[item["path"] for item in ask(built, f"{V1}/{number}/artifacts").json()] for number in (1, 2, 3)]
    assert listed == [["coverage/index.html", "results/junit.xml"], ["new"], []]


def test_a_build_that_runs_has_none_and_one_that_is_missing_is_not_found(built: Emulator) -> None:
    built.state.machine.trigger(built.project(SLUG), None, why="api", branch="main")
    assert ask(built, f"{V2}/2/artifacts").json() == {"items": [], "next_page_token": None}
    answer = ask(built, f"{V2}/9/artifacts")
    assert (answer.status_code, answer.json()) == (404, {"message": "Job not found"})


@pytest.mark.parametrize(
    "fields",
    [
        {"files": []},
        {"files": [], "job": "build", "build_num": 1},
        {"files": [], "build_num": 9},
        {"files": [{"path": 1}], "job": "build"},
        {"files": [{"path": "a", "etag": "sha"}], "job": "build"},
        {"files": [{"path": "a", "size": -1}], "job": "build"},
        {"files": [{"name": "a"}], "job": "build"},
    ],
)
def test_mistakes_are_told(built: Emulator, fields: dict[str, Any]) -> None:
    answer = set_artifacts(built, **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]
