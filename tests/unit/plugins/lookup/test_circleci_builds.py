# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleError

from emulator import Emulator
from emulator.v1 import routes_builds
from tests.unit.conftest import Query, ReadInventory

API, WEB = "github/acme/api", "github/acme/web"

try:
    from ansible.template import trust_as_template
except ImportError:  # Before 2.19 every text is a template.

    def trust_as_template(text: str) -> str:
        return text


@pytest.fixture
def builds(emulator: Emulator) -> Callable[..., None]:
    """Start so many builds of a project, which is followed for it. They end at once."""

    def builds(slug: str, number: int, branch: str = "main", outcome: str = "success") -> None:
        emulator.add_repository(slug, has_config=False)
        project = emulator.follow(slug)
        machine = emulator.state.machine
        machine.set_progress("manual")
        if branch not in project.branches:
            emulator.add_repository(slug, branches=[*project.branches, branch])
        for _number in range(number):
            emulator.script(outcome)
            machine.finish(machine.trigger(project, None, why="github", branch=branch))
        emulator.clear()

    return builds


def numbers(found: list[dict[str, Any]]) -> list[int]:
    return [build["build_num"] for build in found]


def test_the_newest_builds_of_a_project_are_listed(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 40)
    found = query(API)
    assert numbers(found) == list(range(40, 10, -1))
    assert found[0]["vcs_url"] == "https://github.com/acme/api"
    assert [record.path for record in emulator.requests] == [f"/api/v1.1/project/{API}?limit=30&offset=0&shallow=true"]
    assert emulator.writes == []


def test_names_are_completed_by_organization_and_vcs_type(emulator: Emulator, query: Query, builds) -> None:
    builds("bitbucket/acme/tools", 1)
    builds(API, 1)
    for owner in ({"organization": "acme", "vcs_type": "bb"}, {"organization": "bitbucket/acme"}):
        assert [build["vcs_type"] for build in query("tools", **owner)] == ["bitbucket"]
    assert [build["reponame"] for build in query("api", username="acme")] == ["api"]


def test_a_loop_that_asks_for_a_list_gets_one(query: Query, builds) -> None:
    builds(API, 1)
    assert numbers(query(API, wantlist=True)) == [1]


def test_several_projects_come_one_after_the_other(query: Query, builds) -> None:
    builds(API, 3)
    builds(WEB, 3)
    found = query("gh/acme/web", API, limit=2)
    assert [(build["reponame"], build["build_num"]) for build in found] == [
        ("web", 3),
        ("web", 2),
        ("api", 3),
        ("api", 2),
    ]


def test_without_terms_it_is_everything_that_is_followed(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 2)
    builds(WEB, 2)
    assert [build["reponame"] for build in query()] == ["web", "web", "api", "api"]
    assert emulator.requests[0].path.startswith("/api/v1.1/recent-builds?")


def test_limit_and_offset_choose_a_part(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 5)
    assert numbers(query(API, limit=2, offset=1)) == [4, 3]
    emulator.clear()
    assert query(API, limit=0) == []
    assert emulator.requests == []


def test_pages_are_followed_past_a_hundred(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 230)
    assert numbers(query(API, limit=220)) == list(range(230, 10, -1))
    assert len(emulator.requests) == 3
    emulator.clear()
    assert len(query(API, limit=1000)) == 230
    assert len(emulator.requests) == 3


def test_builds_that_arrive_between_two_pages_are_not_listed_twice(
    emulator: Emulator, query: Query, builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(API, 150)
    listed = routes_builds._list
    news = [3]

    def with_news(request: Any, among: Any) -> Any:
        answer = listed(request, among)
        for _number in range(news.pop() if news else 0):
            emulator.state.machine.trigger(emulator.project(API), None, why="github", branch="main")
        return answer

    monkeypatch.setattr(routes_builds, "_list", with_news)
    found = numbers(query(API, limit=150))
    assert len(found) == len(set(found))
    assert found == list(range(150, 0, -1))


@pytest.mark.parametrize("branch", ["feature/login", "fix #12", "100%", "what?", "a b", "zürich/größe", "a,b;c"])
def test_any_branch_can_be_asked_for(query: Query, builds, branch: str) -> None:
    builds(API, 2)
    builds(API, 1, branch=branch)
    assert [build["branch"] for build in query(API, branch=branch)] == [branch]


@pytest.mark.parametrize(
    ("word", "expected"), [("completed", [2, 1]), ("successful", [1]), ("failed", [2]), ("running", [])]
)
def test_filter_chooses_by_result(query: Query, builds, word: str, expected: list[int]) -> None:
    builds(API, 1)
    builds(API, 1, outcome="failed")
    assert numbers(query(API, filter=word)) == expected


def test_builds_are_chosen_by_what_they_built(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 1)
    pushes: list[dict[str, Any]] = [{"branch": "main", "revision": "ab" * 20}, {"tag": "v1.0.0"}]
    for options in pushes:
        emulator.push(API, **options, script={"scenario": "two-workflows"})
        emulator.state.machine.finish_all(emulator.project(API).pipelines[-1])
    assert numbers(query(API, revision="ab" * 20)) == [3, 2]
    assert numbers(query(API, revision="ab" * 20, job="test")) == [2]
    assert numbers(query(API, workflow="lint")) == [5, 3]
    assert numbers(query(API, workflow="lint", limit=1, offset=1)) == [3]
    assert numbers(query(API, tag="v1.0.0")) == [5, 4]
    assert numbers(query(API, job="nope")) == []


def test_nothing_found_is_an_empty_list(query: Query, builds) -> None:
    builds(API, 0)
    assert query(API) == []
    assert query(API, branch="nope") == []
    assert query() == []


def test_shallow_can_be_turned_off(query: Query, builds) -> None:
    builds(API, 1)
    assert "all_commit_details" not in query(API)[0]
    assert "all_commit_details" in query(API, shallow=False)[0]


@pytest.mark.parametrize(
    ("terms", "keywords", "words"),
    [
        ([API], {"branch": 1.10}, "branch is a number with a fraction for YAML"),
        ([API, 1.10], {"organization": "acme"}, "_terms[1] is a number with a fraction for YAML"),
        ([True], {"organization": "acme"}, "_terms[0] is a boolean for YAML"),
        (["github/acme/nope"], {}, "the repository does not exist"),
        ([WEB], {}, "does not know the project yet"),
        (["acme/api"], {}, "Write github/acme/api."),
        (["api"], {}, "or set organization"),
        ([API], {"organization": "umbrella"}, "contradicts organization"),
        ([API], {"filter": "odd"}, "one of completed, successful, failed, running"),
        ([API], {"vcs_type": "svn"}, "one of github, gh, bitbucket, bb, circleci"),
        ([API], {"branhc": "main"}, "no keyword branhc"),
        ([API], {"limit": -1}, "limit must be 0 or more"),
        ([API], {"offset": -1}, "offset must be 0 or more"),
        ([], {"branch": "main"}, "need a term"),
        *(([], {name: "x"}, "need a term") for name in ("tag", "job", "workflow")),
        ([], {"revision": "ab" * 20}, "need a term"),
        ([API], {"tag": "v1", "branch": "main"}, "exclude each other"),
        ([API], {"job": ""}, "job is empty"),
        ([API], {"revision": "abc"}, "is not the full hash"),
        ([API], {"revision": 123456}, "revision is a number"),
        ([], {"filter": "failed"}, "need a term"),
        ([API], {"api_token": "wrong-token"}, "Project not found"),
        ([], {"api_token": "wrong-token"}, "You must log in first."),
    ],
)
def test_failures_say_what_to_do(query: Query, builds, terms: list[str], keywords: dict[str, Any], words: str) -> None:
    builds(API, 1)
    with pytest.raises(AnsibleError) as caught:
        query(*terms, **keywords)
    assert words.lower() in str(caught.value).lower()


def test_a_null_is_no_repository_of_that_name(emulator: Emulator, query: Query, builds) -> None:
    """Of an item without a slug, for example."""
    emulator.clear()
    terms: list[Any] = ["api", None]
    with pytest.raises(AnsibleError, match="a term is null"):
        query(*terms, organization="acme")
    assert emulator.requests == []


@pytest.mark.parametrize("terms", [[[API, WEB]], [API, [WEB]], [[]], [(API, WEB)]])
def test_a_list_of_projects_as_one_term_says_how_to_give_them(emulator: Emulator, query: Query, terms: Any) -> None:
    with pytest.raises(AnsibleError, match=r"a term is a list\. Write a star before it"):
        query(*terms)
    assert emulator.requests == []


def test_options_come_from_keyword_then_variable_then_environment(
    emulator: Emulator, query: Query, builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(API, 1)

    def sent(variables: dict[str, Any], **keywords: Any) -> str | None:
        emulator.clear()
        query(API, variables={"ansible_circleci_api_token": None, **variables}, **keywords)
        return emulator.requests[0].headers.get("Circle-Token")

    emulator.add_repository(API, oss=True)
    assert sent({}) is None
    for source, token in (("CIRCLECI_TOKEN", "second-token"), ("CIRCLE_TOKEN", "first-token")):
        emulator.state.add_token(token, login="octocat")
        monkeypatch.setenv(source, token)
        assert sent({}) == token
    emulator.state.add_token("variable-token", login="octocat")
    emulator.state.add_token("keyword-token", login="octocat")
    assert sent({}, api_token="keyword-token") == sent({}, token="keyword-token") == "keyword-token"
    assert sent({"ansible_circleci_api_token": "variable-token"}) == "variable-token"
    assert sent({"ansible_circleci_api_token": "variable-token"}, api_token="keyword-token") == "keyword-token"
    assert sent({"ansible_circleci_api_token": "variable-token"}, token="keyword-token") == "keyword-token"


def test_what_is_null_counts_as_left_out(
    emulator: Emulator, query: Query, builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(API, 1)
    monkeypatch.setenv("CIRCLE_HOST", emulator.url)
    monkeypatch.setenv("CIRCLE_TOKEN", " \n")
    monkeypatch.setenv("CIRCLECI_TOKEN", emulator.token)
    unset = {"ansible_circleci_api_url": None, "ansible_circleci_api_token": None}
    assert numbers(query(API, variables=unset, api_url=None, token=None, timeout=None, limit=None, filter=None)) == [1]
    assert emulator.requests[-1].headers["Circle-Token"] == emulator.token


def test_the_address_comes_from_the_environment_too(
    emulator: Emulator, query: Query, builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(API, 1)
    monkeypatch.setenv("CIRCLE_HOST", f"{emulator.url}/api/v1.1/")
    assert numbers(query(API, variables={"ansible_circleci_api_url": None})) == [1]


def test_an_empty_variable_of_the_environment_counts_as_unset(
    emulator: Emulator, query: Query, builds, monkeypatch: pytest.MonkeyPatch
) -> None:
    builds(API, 1)
    unset = {"ansible_circleci_api_token": None}
    monkeypatch.setenv("CIRCLE_TOKEN", "")
    monkeypatch.setenv("CIRCLECI_TOKEN", emulator.token)
    assert numbers(query(API, variables=unset)) == [1]
    monkeypatch.setenv("CIRCLECI_TOKEN", " ")
    with pytest.raises(AnsibleError, match="404"):
        query(API, variables=unset)
    assert "Circle-Token" not in emulator.requests[-1].headers
    monkeypatch.setenv("CIRCLE_HOST", "")
    with pytest.raises(AnsibleError, match="ca_path"):
        query(API, variables={"ansible_circleci_api_url": None}, ca_path="/no/such/file")


def test_an_error_names_the_variable_of_the_environment_that_it_is_about(
    emulator: Emulator, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CIRCLECI_TOKEN", "wrong-token")
    monkeypatch.setenv("CIRCLE_HOST", "ftp://circleci.example.com")
    with pytest.raises(AnsibleError, match=r"api_url comes from the environment variable CIRCLE_HOST\.$"):
        query(API, variables={"ansible_circleci_api_url": None})
    with pytest.raises(AnsibleError, match=r"api_token comes from the environment variable CIRCLECI_TOKEN\.$"):
        query(API, variables={"ansible_circleci_api_token": None})
    for keywords in ({"api_token": "wrong-token"}, {"limit": -1}, {"tag": "v1", "branch": "main"}):
        with pytest.raises(AnsibleError) as caught:
            query(API, **keywords)
        assert "environment variable" not in str(caught.value)
    with pytest.raises(AnsibleError, match="Write github/acme/api") as caught:
        query("acme/api", variables={"ansible_circleci_api_token": None})
    assert "environment variable" not in str(caught.value)


def test_variables_are_templates(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 1)
    variables = {
        "ansible_circleci_api_token": trust_as_template("{{ vault }}"),
        "ansible_circleci_organization": trust_as_template("{{ 'ac' ~ 'me' }}"),
        "ansible_circleci_vcs_type": trust_as_template("{{ 'gh' }}"),
        "ansible_circleci_validate_certs": trust_as_template("{{ 1 == 2 }}"),
        "ansible_circleci_timeout": trust_as_template("{{ 2 + 3 }}"),
        "ansible_circleci_retries": trust_as_template("{{ 1 + 1 }}"),
        "vault": emulator.token,
    }
    assert numbers(query("api", variables=variables)) == [1]
    with pytest.raises(AnsibleError, match="organization is a number with a fraction for YAML"):
        query("api", variables={"ansible_circleci_organization": 1.10})
    with pytest.raises(AnsibleError, match="one of github"):
        query("api", variables={"ansible_circleci_vcs_type": trust_as_template("{{ 'svn' }}")})


def test_the_token_is_in_no_result_and_no_failure(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 1)
    echo = [{"build_num": 1, "subject": f"leaks {emulator.token}", "steps": [{"actions": [{"output_url": "x"}]}]}]
    emulator.fault("body", body=echo)
    told = json.dumps(query(API))
    assert "leaks" in told
    assert emulator.token not in told
    assert "output_url" not in told
    emulator.fault("status", status=400, body={"message": f"bad {emulator.token}"})
    with pytest.raises(AnsibleError) as caught:
        query(API)
    assert "bad" in str(caught.value)
    assert emulator.token not in str(caught.value)


def test_no_warning_repeats_the_token(emulator: Emulator, query: Query, read_inventory: ReadInventory, builds) -> None:
    builds(API, 1)
    emulator.fault("headers", headers={"Sunset": f"by {emulator.token}"}, times=None)
    query(API)
    read_inventory()
    assert len(read_inventory.warned) == 2
    assert all("soon (by ****" in warning and emulator.token not in warning for warning in read_inventory.warned)


@pytest.mark.parametrize("body", [{}, None, [None], [{"status": "success"}], "<html></html>"])
def test_an_answer_that_is_no_list_of_builds_fails(emulator: Emulator, query: Query, builds, body: Any) -> None:
    builds(API, 1)
    emulator.fault("body", body=body)
    with pytest.raises(AnsibleError, match="CircleCI's answer to GET"):
        query(API)


def test_transient_failures_are_repeated(emulator: Emulator, query: Query, builds) -> None:
    builds(API, 1)
    emulator.fault("status", status=503, times=2)
    assert numbers(query(API)) == [1]
    assert len(emulator.requests) == 3
    emulator.fault("status", status=503, times=2)
    with pytest.raises(AnsibleError, match="503"):
        query(API, retries=1)
