# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds, their states, and everything read from them: api-v1.1.md §3.3, §3.4 and §4."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import requests

from emulator import PERSONAL_TOKEN, PROJECT_TOKEN, Emulator

from .conftest import Send

pytestmark = pytest.mark.once

SLUG = "github/acme/api"


def trigger(send: Send, path: str = "tree/main", **fields: Any) -> dict[str, Any]:
    answer = send("POST", path, json=fields)
    assert answer.status_code == 201
    build: dict[str, Any] = answer.json()
    assert answer.headers["Location"].endswith(f"/api/v1.1/project/github/acme/api/{build['build_num']}")
    return build


def run(emulator: Emulator, send: Send, outcome: str = "success", path: str = "tree/main") -> dict[str, Any]:
    """Trigger a build, move it to its end and return it as the API shows it alone."""
    emulator.script(outcome)
    number = trigger(send, path)["build_num"]
    emulator.finish(SLUG, number)
    build: dict[str, Any] = send("GET", str(number)).json()
    return build


def states(build: dict[str, Any]) -> tuple[str, str | None, str]:
    return build["status"], build["outcome"], build["lifecycle"]


def numbers(send: Send, path: str = "") -> list[int]:
    return [build["build_num"] for build in send("GET", path).json()]


def test_states_of_a_build_by_polls(followed: Emulator, send: Send) -> None:
    followed.state.machine.set_progress("poll")

    seen = [trigger(send), *(send("GET", "1").json() for _unused in range(4))]

    assert [states(build) for build in seen] == [
        ("not_running", None, "not_running"),
        ("queued", None, "queued"),
        ("running", None, "running"),
        ("success", "success", "finished"),
        ("success", "success", "finished"),
    ]
    times = [[build[key] is not None for key in ("usage_queued_at", "queued_at", "start_time", "stop_time")]
             for build in seen]  # fmt: skip
    assert times == [[True, *([True] * count), *([False] * (3 - count))] for count in (0, 1, 2, 3, 3)]
    assert [build["build_time_millis"] is None for build in seen] == [True, True, True, False, False]
    assert [build["failed"] for build in seen] == [None, None, None, False, False]


def test_states_of_a_build_by_the_clock(followed: Emulator, send: Send) -> None:
    followed.state.machine.set_progress("clock")
    followed.state.machine.set_seconds({"not_running": 1000, "queued": 2000, "running": 3000})
    seen = [trigger(send)]
    for seconds in (1000, 2000, 3000):
        followed.pass_time(seconds)
        seen.append(send("GET", "1").json())

    assert [build["status"] for build in seen] == ["not_running", "queued", "running", "success"]
    assert seen[-1]["build_time_millis"] == 3_000_000


def test_by_default_builds_end_by_themselves(followed: Emulator, send: Send) -> None:
    followed.state.machine.set_progress("clock")
    trigger(send)
    followed.pass_time(60)

    assert states(send("GET", "1").json()) == ("success", "success", "finished")


@pytest.mark.parametrize(
    ("outcome", "wanted", "failed"),
    [
        ("success", ("success", "success", "finished"), False),
        ("failed", ("failed", "failed", "finished"), True),
        ("no_tests", ("no_tests", "no_tests", "finished"), True),
        ("timedout", ("timedout", "timedout", "finished"), True),
        ("infrastructure_fail", ("infrastructure_fail", "infrastructure_fail", "finished"), True),
        ("canceled", ("canceled", "canceled", "not_running"), None),
        ("not_run", ("not_run", None, "not_run"), None),
        ("retried", ("retried", "infrastructure_fail", "finished"), True),
        ("stuck", ("running", None, "running"), None),
    ],
)
def test_ends_of_builds(
    followed: Emulator, send: Send, outcome: str, wanted: tuple[str, str | None, str], failed: bool | None
) -> None:
    build = run(followed, send, outcome)

    assert states(build) == wanted
    assert build["failed"] is failed
    flags = {"canceled", "timedout", "infrastructure_fail"}
    assert {flag for flag in flags if build[flag]} == flags & {wanted[0], str(wanted[1])}


def test_not_run_says_why(followed: Emulator, send: Send) -> None:
    followed.script("not_run", dont_build="ci-skip")

    build = trigger(send)

    assert build["dont_build"] == "ci-skip"
    assert [message["type"] for message in build["messages"]] == ["warning", "error"]
    assert "ci-skip" in build["messages"][0]["message"]


def test_stuck_builds_can_be_canceled(followed: Emulator, send: Send) -> None:
    followed.script("stuck", stuck_in="queued")
    trigger(send)

    assert followed.finish(SLUG, 1).status == "queued"
    assert send("POST", "1/cancel").json()["status"] == "canceled"


def test_retried_build_is_replaced(followed: Emulator, send: Send) -> None:
    old = run(followed, send, "retried")
    new = send("GET", "2").json()

    assert old["retries"] == [2]
    assert (new["retry_of"], new["why"], new["status"]) == (1, "auto-retry", "not_running")
    assert new["workflows"]["workflow_id"] == old["workflows"]["workflow_id"]
    assert (new["branch"], new["build_parameters"]) == (old["branch"], old["build_parameters"])


def test_success_after_failure_is_fixed(followed: Emulator, send: Send) -> None:
    outcomes = ["success", "failed", "canceled", "success", "success"]

    assert [run(followed, send, outcome)["status"] for outcome in outcomes] == [
        "success", "failed", "canceled", "fixed", "success"
    ]  # fmt: skip
    assert run(followed, send, "failed", "tree/feature/login")["status"] == "failed"
    assert run(followed, send)["status"] == "success"


def test_previous_builds_are_of_the_same_branch(followed: Emulator, send: Send) -> None:
    run(followed, send)
    run(followed, send, "failed")
    run(followed, send, "success", "tree/feature/login")

    build = trigger(send)

    assert (build["previous"]["build_num"], build["previous"]["status"]) == (2, "failed")
    assert build["previous_successful_build"]["build_num"] == 1
    assert isinstance(build["previous"]["build_time_millis"], int)
    assert trigger(send, tag="v1.0.0")["previous"] is None


def test_previous_successful_build_is_the_newest_when_the_build_was_made(followed: Emulator, send: Send) -> None:
    run(followed, send)
    trigger(send)
    trigger(send)
    followed.finish(SLUG, 2)
    overlapped = trigger(send)
    followed.finish(SLUG, 3)

    assert (overlapped["previous"]["build_num"], overlapped["previous"]["status"]) == (3, "not_running")
    assert overlapped["previous_successful_build"]["build_num"] == 2
    assert send("GET", "4").json()["previous_successful_build"]["build_num"] == 2
    assert send("GET", "3").json()["previous_successful_build"]["build_num"] == 1


def test_each_trigger_is_a_build_of_its_own(followed: Emulator, send: Send) -> None:
    assert [trigger(send, path)["build_num"] for path in ("", "tree/main", "tree/main")] == [1, 2, 3]


@pytest.mark.parametrize("path", ["tree/feature/login", "tree/feature%2Flogin"])
def test_branches_with_a_slash(followed: Emulator, send: Send, path: str) -> None:
    build = trigger(send, path)

    assert build["branch"] == "feature/login"
    assert build["vcs_revision"] == followed.project(SLUG).branches["feature/login"]
    assert numbers(send, path) == [1]
    assert numbers(send, "tree/main") == []


@pytest.mark.parametrize("branch", ["a b", "50%", "x#y", "what?", "grün", "a,b;c", "v1.2"])
def test_branches_with_odd_names(followed: Emulator, send: Send, branch: str) -> None:
    followed.add_repository(SLUG, branches=["main", branch])
    path = "tree/" + quote(branch, safe="")

    assert trigger(send, path)["branch"] == branch
    assert numbers(send, path) == [1]


def test_root_form_builds_the_default_branch_or_a_tag(followed: Emulator, send: Send) -> None:
    default, tagged = trigger(send, ""), trigger(send, "", tag="v1.0.0")

    assert (default["branch"], default["vcs_tag"]) == ("main", None)
    assert (tagged["branch"], tagged["vcs_tag"]) == (None, "v1.0.0")
    assert [re.fullmatch("[0-9a-f]{40}", build["vcs_revision"]) is None for build in (default, tagged)] == [False] * 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tree/nope", {}),
        ("", {"tag": "v9"}),
        ("build", {"branch": "nope"}),
        ("build", {"tag": "v9"}),
        ("build", {"branch": ["main"]}),
    ],
)
def test_unknown_branch_or_tag(followed: Emulator, send: Send, path: str, body: dict[str, str]) -> None:
    answer = send("POST", path, json=body)

    assert (answer.status_code, answer.json()) == (400, {"message": "Branch not found"})
    assert numbers(send) == []


def test_build_parameters_become_text(followed: Emulator, send: Send) -> None:
    given = {"TEXT": "a", "NUMBER": 1, "FLAG": True, "LIST": [1, "ü"], "MAP": {"a": None}, "CIRCLE_JOB": "deploy"}

    build = trigger(send, build_parameters=given, unknown="ignored")

    assert build["build_parameters"] == {
        "TEXT": "a", "NUMBER": "1", "FLAG": "true", "LIST": '[1,"ü"]', "MAP": '{"a":null}', "CIRCLE_JOB": "deploy"
    }  # fmt: skip
    assert build["workflows"]["job_name"] == "deploy"


def test_job_is_build_unless_said(followed: Emulator, send: Send) -> None:
    builds = [trigger(send), trigger(send, "", job="lint")]

    assert [build["build_parameters"] for build in builds] == [{"CIRCLE_JOB": "build"}, {"CIRCLE_JOB": "lint"}]


def test_revision_is_built_as_given(followed: Emulator, send: Send) -> None:
    assert trigger(send, revision="0123456789" * 4)["vcs_revision"] == "0123456789" * 4


def test_null_fields_count_as_absent(followed: Emulator, send: Send) -> None:
    build = trigger(send, revision=None, tag=None, parallel=None, build_parameters=None)

    assert build["branch"] == "main"


def test_commit_is_known_when_the_build_runs(followed: Emulator, send: Send) -> None:
    triggered = trigger(send)
    followed.finish(SLUG, 1)
    ended = send("GET", "1").json()

    assert (triggered["subject"], triggered["author_name"], triggered["all_commit_details"]) == (None, None, [])
    assert ended["subject"] is not None
    assert [commit["commit"] for commit in ended["all_commit_details"]] == [ended["vcs_revision"]]


@pytest.mark.parametrize("path", ["", "tree/main"])
def test_version_2_1_of_the_configuration(followed: Emulator, send: Send, path: str) -> None:
    followed.add_repository(SLUG, config21=True)

    answer = send("POST", path)

    assert answer.status_code == 400
    assert "schema violations" in answer.json()["message"]
    assert send("POST", "build").json() == {"status": 200, "body": "Build created"}


def test_pipeline_starts_its_jobs_one_after_the_other(followed: Emulator, send: Send) -> None:
    answer = send("POST", "build", json={"branch": "feature/login"})
    counts, workflows = [], []
    for number in (1, 2, None):
        counts.append(len(numbers(send)))
        (branch,) = send("GET", "settings").json()["branches"].values()
        workflows.append((branch["latest_workflows"], branch["latest_completed_workflows"]))
        if number:
            followed.finish(SLUG, number)

    assert answer.json() == {"status": 200, "body": "Build created"}
    assert counts == [1, 2, 2]
    assert [latest["build-and-test"]["status"] for latest, _unused in workflows] == ["running", "running", "success"]
    assert [bool(completed) for _unused, completed in workflows] == [False, False, True]
    builds = [send("GET", number).json() for number in ("1", "2")]
    assert [build["workflows"]["job_name"] for build in builds] == ["build", "test"]
    assert {build["workflows"]["workflow_id"] for build in builds} == {workflows[0][0]["build-and-test"]["id"]}
    assert builds[1]["workflows"]["upstream_job_ids"] == [builds[0]["workflows"]["job_id"]]
    assert {build["branch"] for build in builds} == {"feature/login"}


def test_pipeline_pauses_between_its_jobs(followed: Emulator, send: Send) -> None:
    machine = followed.state.machine
    machine.set_progress("clock")
    machine.set_seconds({"not_running": 1000, "queued": 1000, "running": 1000, "between_jobs": 1000})
    send("POST", "build")
    seen = []
    for seconds in (2500, 1000, 1000):
        followed.pass_time(seconds)
        workflow = send("GET", "settings").json()["branches"]["main"]["latest_workflows"]["build-and-test"]
        seen.append(([build["status"] for build in send("GET").json()], workflow["status"]))

    assert seen == [
        (["running"], "running"),
        (["success"], "running"),
        (["not_running", "success"], "running"),
    ]


def test_pipeline_ends_with_the_first_job_that_fails(followed: Emulator, send: Send) -> None:
    followed.script("failed")
    send("POST", "build")
    followed.finish(SLUG, 1)

    workflow = send("GET", "settings").json()["branches"]["main"]["latest_workflows"]["build-and-test"]
    assert workflow["status"] == "failed"
    assert numbers(send) == [1]


def test_pipeline_goes_on_after_an_automatic_retry(followed: Emulator, send: Send) -> None:
    followed.script("retried")
    send("POST", "build")
    for number in (1, 2, 3):
        followed.finish(SLUG, number)

    builds = [send("GET", number).json() for number in ("1", "2", "3")]
    assert [build["workflows"]["job_name"] for build in builds] == ["build", "build", "test"]
    assert len({build["workflows"]["workflow_id"] for build in builds}) == 1
    workflow = send("GET", "settings").json()["branches"]["main"]["latest_workflows"]["build-and-test"]
    assert workflow["status"] == "success"


def test_pipeline_of_a_tag_and_without_declared_body(followed: Emulator, send: Send) -> None:
    send("POST", "build", json={"tag": "v1.0.0"})
    send("POST", "build", data='{"branch": "feature/login"}')

    assert [(build["branch"], build["vcs_tag"]) for build in send("GET").json()] == [("main", None), (None, "v1.0.0")]


def test_branch_keys_in_settings_are_encoded(followed: Emulator, send: Send) -> None:
    followed.add_repository(SLUG, branches=["main", "release/1.2"])
    run(followed, send, "success", "tree/release/1.2")
    trigger(send, "tree/release/1.2")

    branches = send("GET", "settings").json()["branches"]
    (item,) = send("GET", "/projects").json()

    assert list(branches) == list(item["branches"]) == ["release%2F1%2E2"]
    assert [stub["build_num"] for stub in branches["release%2F1%2E2"]["recent_builds"]] == [1]
    assert [stub["build_num"] for stub in branches["release%2F1%2E2"]["running_builds"]] == [2]
    assert branches["release%2F1%2E2"]["pusher_logins"] == ["emulator"]
    assert item["branches"]["release%2F1%2E2"]["last_success"]["build_num"] == 1


def test_retry_makes_a_new_build_of_the_same(followed: Emulator, send: Send) -> None:
    source = run(followed, send, "failed")

    answer = send("POST", "1/retry", json={"no-cache": True})

    build = answer.json()
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert (build["build_num"], build["retry_of"], build["why"], build["status"]) == (2, 1, "retry", "not_running")
    assert build["no_dependency_cache"] is True
    assert build["subject"] == source["subject"]
    assert send("POST", "1/retry").json()["build_num"] == 3
    assert send("GET", "1").json()["retries"] == [2, 3]


def test_retry_that_is_refused(followed: Emulator, send: Send) -> None:
    run(followed, send)
    followed.script("not_run", dont_build="1.0-not-available")

    build = send("POST", "1/retry").json()

    assert (*states(build), build["dont_build"]) == ("not_run", None, "scheduled", "1.0-not-available")


def test_ssh_adds_the_user(followed: Emulator, send: Send) -> None:
    run(followed, send)

    build = send("POST", "1/ssh").json()

    assert (build["why"], build["retry_of"], build["ssh_disabled"]) == ("ssh", 1, False)
    assert [user["login"] for user in build["ssh_users"]] == ["emulator"]


def test_ssh_users_are_added_once(followed: Emulator, send: Send) -> None:
    trigger(send)
    answers = [send("POST", "1/ssh-users") for _unused in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [[user["login"] for user in answer.json()["ssh_users"]] for answer in answers] == [["emulator"]] * 2


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        (0, ("canceled", "canceled", "not_running")),
        (1, ("canceled", "canceled", "queued")),
        (2, ("canceled", "canceled", "finished")),
        (3, ("success", "success", "finished")),
    ],
)
def test_cancel_in_each_state(followed: Emulator, send: Send, steps: int, wanted: tuple[str, str, str]) -> None:
    trigger(send)
    for _unused in range(steps):
        followed.state.machine.step(followed.build(SLUG, 1))

    answers = [send("POST", "1/cancel") for _unused in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert [states(answer.json()) for answer in answers] == [wanted] * 2
    canceler = answers[0].json()["canceler"]
    assert (canceler and canceler["login"]) == ("emulator" if steps < 3 else None)


@pytest.mark.parametrize("path", ["9", "9/artifacts", "9/tests", "latest/artifacts", "0"])
def test_unknown_builds(followed: Emulator, send: Send, path: str) -> None:
    answer = send("GET", path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Build not found"})


@pytest.mark.parametrize("digits", ["9" * 20, "9" * 5000], ids=["20", "5000"])
def test_numbers_without_end(followed: Emulator, send: Send, session: requests.Session, digits: str) -> None:
    run(followed, send)

    below = [f"{digits}", f"{digits}/artifacts", f"1/output/{digits}/0", f"1/output/4/{digits}"]
    stored = [
        f"action-output/{SLUG}/{digits}/4/0",
        f"action-output/{SLUG}/1/4/{digits}",
        f"artifacts/{SLUG}/{digits}/0/x",
    ]

    assert {send("GET", path).status_code for path in below} == {404}
    assert {session.get(f"{followed.url}/{path}").status_code for path in stored} == {404}
    assert send("POST", f"{digits}/cancel").status_code == 404
    assert numbers(send, f"tree/main?offset={digits}") == []
    assert numbers(send, f"tree/main?limit={digits}") == [1]


@pytest.mark.parametrize("action", ["retry", "ssh", "cancel", "ssh-users"])
def test_actions_on_unknown_builds(followed: Emulator, send: Send, action: str) -> None:
    assert send("POST", f"9/{action}").status_code == 404


def test_lists_are_newest_first_and_paged(followed: Emulator, send: Send) -> None:
    for _unused in range(105):
        trigger(send)

    assert numbers(send) == list(range(105, 75, -1))
    assert len(numbers(send, "tree/main?limit=500")) == 100
    assert numbers(send, "tree/main?limit=3&offset=100") == [5, 4, 3]
    assert numbers(send, "tree/main?offset=200") == []
    assert len(numbers(send, "tree/main?limit=nonsense&offset=-1")) == 30


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("completed", [6, 5, 4, 3, 2, 1]),
        ("successful", [1]),
        ("failed", [5, 4, 3, 2]),
        ("running", [7]),
        ("nonsense", [8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
def test_filters(followed: Emulator, send: Send, word: str, wanted: list[int]) -> None:
    outcomes = ("success", "failed", "no_tests", "timedout", "infrastructure_fail", "canceled", "stuck", "not_run")
    for outcome in outcomes:
        run(followed, send, outcome)

    assert numbers(send, f"tree/main?filter={word}") == wanted
    assert numbers(send, f"tree/main?filter={word}&limit=1&offset=1") == wanted[1:2]


def test_lists_are_lighter_than_single_builds(followed: Emulator, send: Send) -> None:
    run(followed, send)
    run(followed, send)

    full = send("GET").json()[0]
    shallow = send("GET", "tree/main?shallow=true").json()[0]
    alone = send("GET", "2").json()

    assert [full[key] for key in ("picard", "circle_yml", "previous_successful_build")] == [None] * 3
    assert full["previous"]["build_num"] == alone["previous_successful_build"]["build_num"] == 1
    assert alone["picard"]["resource_class"]["class"] == "medium"
    assert alone.keys() - full.keys() == {"steps", "owners", "pull_requests"}
    assert full.keys() - shallow.keys() == {
        "all_commit_details", "all_commit_details_truncated", "messages", "node", "picard", "circle_yml"
    }  # fmt: skip


def test_recent_builds_are_of_all_followed_projects(followed: Emulator, send: Send) -> None:
    followed.follow("bitbucket/acme/tools")
    trigger(send)
    followed.follow("github/acme/web")
    send("POST", "/project/github/acme/web/unfollow")

    recent = send("GET", "/recent-builds").json()

    assert [(build["reponame"], build["build_num"]) for build in recent] == [("api", 1), ("tools", 1)]
    assert [build["reponame"] for build in send("GET", "/recent-builds?limit=1&offset=1").json()] == ["tools"]
    assert send("GET", "/recent-builds?filter=completed").json() == recent


def test_failed_build_shows_its_failed_step(followed: Emulator, send: Send, session: requests.Session) -> None:
    build = run(followed, send, "failed")
    tests = build["steps"][4]

    assert [action["status"] for action in tests["actions"]] == ["success", "failed"]
    failed = tests["actions"][1]
    assert (failed["exit_code"], failed["failed"], failed["name"]) == (1, True, "Run tests")
    assert {action["status"] for step in build["steps"] if step is not tests for action in step["actions"]} == {
        "success"
    }
    text = "".join(item["message"] for item in session.get(failed["output_url"]).json())
    assert len(text.splitlines()) == 300
    assert "FAILED" in text.splitlines()[-1]
    assert "FAILED" not in session.get(tests["actions"][0]["output_url"]).text


@pytest.mark.parametrize(
    ("outcome", "flag"), [("timedout", "timedout"), ("infrastructure_fail", "infrastructure_fail")]
)
def test_other_failures_are_marked_in_the_step(followed: Emulator, send: Send, outcome: str, flag: str) -> None:
    action = run(followed, send, outcome)["steps"][4]["actions"][-1]

    assert (action["status"], action[flag], action["exit_code"]) == (outcome, True, None)


def test_steps_appear_as_the_build_goes(followed: Emulator, send: Send) -> None:
    trigger(send)
    waiting = send("GET", "1").json()["steps"]
    for _unused in range(2):
        followed.state.machine.step(followed.build(SLUG, 1))
    running = send("GET", "1").json()["steps"]
    send("POST", "1/cancel")
    canceled = send("GET", "1").json()["steps"]

    assert waiting == []
    (last, *_unused) = running[-1]["actions"]
    assert (last["status"], last["end_time"], last["run_time_millis"], last["exit_code"]) == (
        "running",
        None,
        None,
        None,
    )
    assert "output_url" not in last
    assert [action["status"] for action in canceled[4]["actions"]] == ["success", "canceled"]


def test_output_is_elsewhere_and_refuses_the_token(followed: Emulator, send: Send, session: requests.Session) -> None:
    url = run(followed, send)["steps"][4]["actions"][0]["output_url"]

    assert url.startswith(followed.url.replace("127.0.0.1", "localhost"))
    (item, *_unused) = session.get(url).json()
    assert item.keys() == {"message", "time", "type"}
    assert item["type"] == "out"
    assert [session.get(url, headers=headers).status_code for headers in (
        {"Circle-Token": followed.token}, {"Authorization": f"Bearer {followed.token}"}
    )] == [400, 400]  # fmt: skip


def test_output_links_cannot_be_forged_and_die(followed: Emulator, send: Send, session: requests.Session) -> None:
    url = run(followed, send)["steps"][4]["actions"][0]["output_url"]
    other = url.replace("/1/4/0?", "/1/4/1?")
    unknown = url.partition("?")[0]
    binary = re.sub("Signature=.*", "Signature=%ff", url)
    assert other != url

    assert [session.get(link).status_code for link in (url, other, unknown, binary)] == [200, 403, 403, 403]
    followed.pass_time(601)
    assert session.get(url).status_code == 403


def test_output_of_an_api_on_localhost_is_on_the_other_name(followed: Emulator, session: requests.Session) -> None:
    followed.script("success")
    base = followed.url.replace("127.0.0.1", "localhost")
    headers = {"Accept": "application/json", "Circle-Token": followed.token}
    session.post(f"{base}/api/v1.1/project/github/acme/api", headers=headers)
    followed.finish(SLUG, 1)

    build = session.get(f"{base}/api/v1.1/project/github/acme/api/1", headers=headers).json()

    assert build["steps"][0]["actions"][0]["output_url"].startswith(followed.url)


def test_output_by_the_api(followed: Emulator, send: Send) -> None:
    run(followed, send, "failed")

    messages = send("GET", "1/output/4/1").json()
    text = send("GET", "1/output/4/1?file=true").text

    assert "".join(item["message"] for item in messages) == text
    assert send("GET", "1/output/9/9").json() == []


def test_artifacts_are_listed_and_served(followed: Emulator, send: Send, session: requests.Session) -> None:
    run(followed, send)
    trigger(send)

    artifacts = send("GET", "1/artifacts").json()
    url = artifacts[0]["url"]

    assert [item["path"] for item in artifacts] == ["coverage/index.html", "results/junit.xml"]
    answer = session.get(url, headers={"Circle-Token": followed.token}, allow_redirects=False)
    assert (answer.status_code, url.startswith(followed.url)) == (302, True)
    assert "<title>" in session.get(answer.headers["Location"]).text
    assert session.get(url).status_code == 401
    assert session.get(f"{url}x", headers={"Circle-Token": followed.token}).status_code == 404
    assert send("GET", "2/artifacts").json() == []


def test_latest_artifacts_are_those_of_the_newest_match(followed: Emulator, send: Send) -> None:
    run(followed, send)
    run(followed, send, "failed")
    run(followed, send, "success", "tree/feature/login")
    trigger(send)

    def latest(query: str) -> str:
        items = send("GET", f"latest/artifacts{query}").json()
        return re.sub(r".*/api/(\d+)/.*", r"\1", items[0]["url"]) if items else "none"

    assert latest("") == "none"
    assert latest("?filter=completed") == "3"
    assert latest("?filter=successful&branch=main") == "1"
    assert latest("?filter=failed") == "2"
    assert latest("?branch=feature%2Flogin") == "3"
    assert send("GET", "latest/artifacts?branch=nope").status_code == 404


def test_tests_of_a_failed_build_name_the_failure(followed: Emulator, send: Send) -> None:
    run(followed, send, "failed")
    run(followed, send, "no_tests")
    trigger(send)

    failed = send("GET", "1/tests").json()["tests"]

    assert [test["result"] for test in failed] == ["success", "success", "failure"]
    assert failed[-1]["message"]
    assert [send("GET", f"{number}/tests").json() for number in (2, 3)] == [{"tests": [], "exceptions": []}] * 2


def test_has_artifacts_can_be_dropped(followed: Emulator, send: Send) -> None:
    before = run(followed, send)
    followed.state.switches.drop_has_artifacts = True

    assert before["has_artifacts"] is True
    assert "has_artifacts" not in send("GET", "1").json()
    assert "has_artifacts" in send("GET").json()[0]


def test_scripts_are_checked(emulator: Emulator) -> None:
    with pytest.raises(ValueError, match="outcome must be one of success, failed"):
        emulator.script("great")
    with pytest.raises(ValueError, match="cannot be stuck in finished"):
        emulator.script("stuck", stuck_in="finished")


# --- workflows in API v2 ----------------------------------------------------------------------------------------------


def v2(emulator: Emulator, session: requests.Session, path: str, token: str = PERSONAL_TOKEN) -> requests.Response:
    headers = {"Circle-Token": token, "Accept": "application/json"}
    return session.get(f"{emulator.url}/api/v2/{path}", headers=headers, timeout=10)


def test_a_workflow_is_shown_by_api_v2(followed: Emulator, send: Send, session: requests.Session) -> None:
    send("POST", "build")
    workflow = followed.build(SLUG, 1).workflow
    assert workflow is not None
    running = v2(followed, session, f"workflow/{workflow.id}").json()
    assert (running["status"], running["stopped_at"], running["pipeline_number"]) == ("running", None, 1)
    assert running["project_slug"] == "gh/acme/api"

    send("POST", "1/cancel")
    canceled = v2(followed, session, f"workflow/{workflow.id}").json()
    assert (canceled["status"], canceled["canceled_by"]) == ("canceled", canceled["started_by"])


@pytest.mark.parametrize(
    ("token", "path", "status", "message"),
    [
        (PROJECT_TOKEN, "workflow/{id}", 404, "Workflow not found"),
        (PERSONAL_TOKEN, "workflow/0", 404, "Workflow not found"),
        (PERSONAL_TOKEN, "nosuch", 404, "Not Found"),
        ("wrong", "workflow/{id}", 401, "You must log in first"),
    ],
)
def test_api_v2_refuses_in_its_own_words(
    followed: Emulator, send: Send, session: requests.Session, token: str, path: str, status: int, message: str
) -> None:
    send("POST", "build")
    workflow = followed.build(SLUG, 1).workflow
    assert workflow is not None
    answer = v2(followed, session, path.format(id=workflow.id), token)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


@pytest.mark.parametrize("then", ["on_hold", "canceled"])
def test_a_workflow_is_held_or_ends_as_scripted(followed: Emulator, send: Send, then: str) -> None:
    followed.script("success", then=then)
    send("POST", "build")
    followed.finish(SLUG, 1)
    machine, workflow = followed.state.machine, followed.build(SLUG, 1).workflow
    assert workflow is not None
    machine.step(workflow.builds[0])
    assert (workflow.status, len(workflow.builds)) == (then, 1)
    machine.approve(workflow)
    assert len(workflow.builds) == (2 if then == "on_hold" else 1)


def test_a_hold_at_the_end_of_a_workflow_ends_it_when_it_is_approved(followed: Emulator, send: Send) -> None:
    followed.script("success", then="on_hold")
    followed.add_repository(SLUG, jobs=["build"])
    send("POST", "build")
    workflow = followed.finish(SLUG, 1).workflow
    assert workflow is not None
    followed.state.machine.approve(workflow)
    assert (workflow.status, len(workflow.builds)) == ("success", 1)
