# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines, workflows and jobs: their rules (api-v2-pipelines.md §2 to §6), and the scenarios of its §9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from emulator import PROJECT_TOKEN, Emulator
from emulator.world.plans import SCENARIOS

from .conftest import Send

pytestmark = pytest.mark.once

API = "github/acme/api"
P = "/api/v2/project/gh/acme/api"
JSON = {"Content-Type": "application/json"}
HOLD = {"workflows": [{"name": "deploy", "jobs": ["test", {"name": "hold", "type": "approval", "requires": ["test"]}]}]}
Everything = Callable[[str], list[dict[str, Any]]]


@pytest.fixture
def get(send: Send) -> Callable[[str], Any]:
    return lambda path: send("GET", f"/api/v2{path}").json()


@pytest.fixture
def everything(send: Send) -> Everything:
    """Read all pages of a list."""

    def read(path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token: str | None = ""
        while token is not None:
            document = send("GET", f"/api/v2{path}", params={"page-token": token} if token else {}).json()
            assert len(document["items"]) <= 3
            found += document["items"]
            token = document["next_page_token"]
        return found

    return read


def start(send: Send, **body: Any) -> dict[str, Any]:
    answer = send("POST", f"{P}/pipeline", json=body)
    assert answer.status_code == 201, answer.text
    started: dict[str, Any] = answer.json()
    return started


def statuses(everything: Everything, id_: str) -> dict[str, str]:
    """The status of the newest run of each workflow."""
    return {each["name"]: each["status"] for each in reversed(everything(f"/pipeline/{id_}/workflow"))}


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_what_does_not_apply_is_left_out(followed: Emulator, send: Send, get: Any) -> None:
    followed.add_repository(API, configuration=HOLD)
    id_ = start(send)["id"]
    (workflow,) = get(f"/pipeline/{id_}/workflow")["items"]
    test, hold = get(f"/workflow/{workflow['id']}/job")["items"]
    assert workflow["stopped_at"] is None
    assert workflow.keys() & {"tag", "canceled_by", "errored_by", "max_auto_reruns", "auto_rerun_number"} == set()
    assert (test["status"], test["started_at"], "stopped_at" in test) == ("not_running", None, False)
    assert hold.keys() & {"job_number", "approved_by", "stopped_at"} == set()
    assert (hold["status"], hold["dependencies"], hold["approval_request_id"]) == ("blocked", [test["id"]], hold["id"])

    followed.finish_pipeline(API, 1)
    test, hold = get(f"/workflow/{workflow['id']}/job")["items"]
    assert (test["status"], test["job_number"], bool(test["stopped_at"])) == ("success", 1, True)
    assert (hold["status"], bool(hold["started_at"]), hold["job_number"] > 99_999) == ("on_hold", True, True)


def test_pipelines_of_apps_have_no_vcs(followed: Emulator, send: Send, get: Any) -> None:
    followed.scenario("app")
    document = get(f"/pipeline/{start(send, tag='v1.0.0')['id']}")
    git = document["trigger_parameters"]["git"]
    assert ("vcs" in document, git["ref"], git["branch"]) == (False, "refs/tags/v1.0.0", "")
    assert git["checkout_sha"] == followed.project(API).tags["v1.0.0"]


# --- triggers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"branch": "main", "tag": "v1.0.0"}, "Invalid input"),
        ({"branch": ""}, "Invalid input"),
        ({"branch": "nope"}, "Branch not found"),
        ({"parameters": {"a": [1]}}, "Invalid input"),
        ({"parameters": {"a": 0.5}}, "Invalid input"),
        ({"parameters": {"a": "x" * 513}}, "Invalid input"),
        ({"parameters": {str(number): "x" for number in range(101)}}, "Invalid input"),
    ],
)
def test_a_wrong_trigger_is_refused(followed: Emulator, send: Send, body: dict[str, Any], message: str) -> None:
    answer = send("POST", f"{P}/pipeline", json=body)
    assert (answer.status_code, answer.json()) == (400, {"message": message})
    assert followed.project(API).pipelines == []


def test_a_body_that_is_not_declared_as_json_is_ignored(followed: Emulator, send: Send) -> None:
    answer = send("POST", f"{P}/pipeline", data='{"branch": "feature/login", "parameters": {"a": "b"}}')
    assert answer.status_code == 201
    (pipeline,) = followed.project(API).pipelines
    assert (pipeline.branch, pipeline.parameters) == ("main", {})


def test_a_trigger_of_a_tag_and_of_a_branch(followed: Emulator, send: Send, get: Any) -> None:
    for body in ({"tag": "v1.0.0"}, {"branch": "feature/login"}, {}):
        vcs = get(f"/pipeline/{start(send, **body)['id']}")["vcs"]
        assert (vcs.get("tag"), vcs.get("branch")) == (body.get("tag"), body.get("branch", None if body else "main"))


@pytest.mark.parametrize("path", ["pipeline", "pipeline?branch=main", "pipeline/1", "pipeline/mine", "job/1"])
def test_project_tokens_see_nothing(followed: Emulator, send: Send, path: str) -> None:
    start(send)
    answer = send("GET", f"{P}/{path}", token=PROJECT_TOKEN)
    assert (answer.status_code, answer.json()) == (404, {"message": "Project not found"})


def test_projects_of_apps_start_by_a_definition_only(emulator: Emulator, send: Send) -> None:
    app = next(project for project in emulator.state.projects.values() if project.is_app)
    path = f"/api/v2/project/{app.slug}/pipeline"
    assert send("POST", path, json={}).json() == {"message": "Project not found"}
    (definition,) = send("GET", f"/api/v2/projects/{app.id}/pipeline-definitions").json()["items"]
    answer = send("POST", f"{path}/run", json={"definition_id": definition["id"], "checkout": {"branch": "main"}})
    assert (answer.status_code, len(app.pipelines), len(app.builds)) == (201, 1, 1)
    assert app.builds[0].dont_build is None
    wrong = send("POST", f"{path}/run", json={"definition_id": app.id})
    assert (wrong.status_code, len(app.pipelines)) == (404, 1)


def test_a_definition_can_take_its_configuration_from_elsewhere(followed: Emulator, send: Send, get: Any) -> None:
    requests.post(
        f"{followed.url}/_emulator/definitions",
        json={"project": API, "name": "nightly", "config_repository": "acme/ci", "provider": "github_app"},
        timeout=10,
    ).raise_for_status()
    own, nightly = get(f"/projects/{followed.project(API).id}/pipeline-definitions")["items"]
    assert own["config_source"]["repo"] == own["checkout_source"]["repo"]
    assert nightly["name"] == "nightly"
    assert nightly["config_source"]["repo"]["full_name"] == "acme/ci"
    assert nightly["checkout_source"]["repo"]["full_name"] == "acme/api"
    encoded = send("POST", "/api/v2/project/gh%2Facme%2Fapi/pipeline/run", json={})
    assert (encoded.status_code, encoded.json()) == (404, {"message": "Not Found"})


def test_server_lacks_what_came_later_or_never(followed: Emulator, send: Send) -> None:
    paths = {"definitions": f"/api/v2/projects/{followed.project(API).id}/pipeline-definitions"}
    followed.switch(server="4.7")
    assert send("POST", f"{P}/pipeline/run", json={}).json() == {"message": "Not Found"}
    assert send("GET", paths["definitions"]).json() == {"message": "Not Found"}
    followed.switch(server="4.8")
    assert send("POST", f"{P}/pipeline/run", json={}).status_code == 201
    assert send("GET", paths["definitions"]).status_code == 404


def test_api_v1_starts_such_a_pipeline_too(followed: Emulator, send: Send, everything: Everything) -> None:
    followed.add_repository(API, configuration=HOLD)
    send("POST", "build", json={"branch": "feature/login"})
    send("POST", "tree/main", json={"job": "lint"})
    listed = everything("/project/gh/acme/api/pipeline")
    assert [each["vcs"]["branch"] for each in listed] == ["main", "feature/login"]
    names = [everything(f"/pipeline/{each['id']}/workflow")[0]["name"] for each in listed]
    assert names == ["lint", "deploy"]


def test_the_jobs_of_a_pipeline_are_builds_in_api_v1(followed: Emulator, send: Send, get: Any) -> None:
    id_ = start(send)["id"]
    followed.finish_pipeline(API, 1)
    builds = send("GET").json()
    (workflow,) = get(f"/pipeline/{id_}/workflow")["items"]
    jobs = get(f"/workflow/{workflow['id']}/job")["items"]
    assert [(build["build_num"], build["workflows"]["job_name"]) for build in reversed(builds)] == [
        (job["job_number"], job["name"]) for job in jobs
    ]
    assert {build["workflows"]["workflow_id"] for build in builds} == {workflow["id"]}
    assert [build["workflows"]["job_id"] for build in reversed(builds)] == [job["id"] for job in jobs]
    assert get("/project/gh/acme/api/job/2")["latest_workflow"] == {"name": workflow["name"], "id": workflow["id"]}


def test_parameters_are_values_and_must_be_declared(followed: Emulator, send: Send, get: Any) -> None:
    followed.add_repository(API, parameters={"target": "staging", "count": 1, "force": False})
    good = start(send, parameters={"target": "live", "force": True})["id"]
    values = get(f"/pipeline/{good}/values")
    given = {name.removeprefix("pipeline.parameters."): value for name, value in values.items()}
    assert (given["target"], given["count"], given["force"]) == ("live", 1, True)
    assert 'default: "staging"' in get(f"/pipeline/{good}/config")["source"]
    for wrong in ({"tagret": "live"}, {"force": "true"}, {"count": True}):
        document = get(f"/pipeline/{start(send, parameters=wrong)['id']}")
        assert (document["state"], [error["type"] for error in document["errors"]]) == ("errored", ["config"])
    followed.switch(refuse_parameters=True)
    assert send("POST", f"{P}/pipeline", json={"parameters": {"tagret": "live"}}).status_code == 400


def test_the_list_has_the_newest_first_and_can_be_filtered(followed: Emulator, send: Send, everything: Any) -> None:
    for branch in ("main", "feature/login", "main", "main", "main"):
        start(send, branch=branch)
    followed.push(API, branch="main")
    assert [each["number"] for each in everything(f"{P[7:]}/pipeline")] == [6, 5, 4, 3, 2, 1]
    assert [each["number"] for each in everything(f"{P[7:]}/pipeline/mine")] == [5, 4, 3, 2, 1]
    found = send("GET", f"{P}/pipeline?branch=feature/login").json()["items"]
    assert [each["number"] for each in found] == [2]
    pushed = send("GET", f"{P}/pipeline/6").json()
    assert pushed["trigger"]["type"] == "webhook"


def test_a_push_can_come_later(followed: Emulator, send: Send) -> None:
    followed.state.machine.set_progress("clock")
    followed.push(API, revision="ab" * 20, after=30)
    assert send("GET", f"{P}/pipeline").json()["items"] == []
    followed.pass_time(31)
    assert send("GET", f"{P}/pipeline").json()["items"][0]["vcs"]["revision"] == "ab" * 20


# --- approve, cancel, rerun -------------------------------------------------------------------------------------------


def test_a_hold_is_approved_once_and_the_next_job_runs(followed: Emulator, send: Send, get: Any) -> None:
    followed.scenario("hold")
    id_ = start(send)["id"]
    (workflow,) = get(f"/pipeline/{id_}/workflow")["items"]
    path = f"/api/v2/workflow/{workflow['id']}"
    hold = get(f"/workflow/{workflow['id']}/job")["items"][1]
    assert send("POST", f"{path}/approve/{hold['id']}").status_code == 400
    followed.finish_pipeline(API, 1)
    assert send("GET", path).json()["status"] == "on_hold"
    approved = send("POST", f"{path}/approve/{hold['id']}")
    assert (approved.status_code, approved.json()) == (202, {"message": "Accepted."})
    again = send("POST", f"{path}/approve/{hold['id']}")
    assert again.status_code == 400
    _test, hold, deploy = get(f"/workflow/{workflow['id']}/job")["items"]
    assert (hold["status"], bool(hold["approved_by"]), deploy["status"]) == ("success", True, "not_running")
    assert send("GET", f"{P}/job/{hold['job_number']}").json() == {"message": "Job not found"}
    followed.finish_pipeline(API, 1)
    assert send("GET", path).json()["status"] == "success"


def test_an_approval_takes_effect_after_a_while(followed: Emulator, send: Send, get: Any) -> None:
    followed.scenario("hold", delays={"accepted": 3})
    id_ = start(send)["id"]
    followed.finish_pipeline(API, 1)
    followed.state.machine.set_progress("clock")
    (workflow,) = get(f"/pipeline/{id_}/workflow")["items"]
    hold = get(f"/workflow/{workflow['id']}/job")["items"][1]
    send("POST", f"/api/v2/workflow/{workflow['id']}/approve/{hold['id']}")
    assert get(f"/workflow/{workflow['id']}")["status"] == "on_hold"
    followed.pass_time(3)
    assert get(f"/workflow/{workflow['id']}")["status"] == "running"


def test_some_servers_want_a_body_for_an_approval(followed: Emulator, send: Send, get: Any) -> None:
    followed.switch(approval_needs_body=True)
    followed.scenario("hold")
    start(send)
    workflow = followed.finish_pipeline(API, 1).workflows[0]
    path = f"/api/v2/workflow/{workflow.id}/approve/{workflow.jobs[1].id}"
    assert send("POST", path).json() == {"message": "No JSON fields found."}
    assert send("POST", path, json={}).status_code == 202


def test_a_canceled_workflow_ends_and_then_can_be_rerun(followed: Emulator, send: Send, get: Any) -> None:
    id_ = start(send)["id"]
    (workflow,) = get(f"/pipeline/{id_}/workflow")["items"]
    path = f"/api/v2/workflow/{workflow['id']}"
    too_early = send("POST", f"{path}/rerun", json={})
    assert too_early.json() == {"message": "Workflow must be in a terminal state to be rerun"}
    assert send("POST", f"{path}/cancel").json() == {"message": "Accepted."}
    document = get(f"/workflow/{workflow['id']}")
    assert (document["status"], bool(document["canceled_by"]), bool(document["stopped_at"])) == ("canceled", True, True)
    assert [job["status"] for job in get(f"/workflow/{workflow['id']}/job")["items"]] == ["canceled", "not_run"]
    assert send("POST", f"{path}/cancel").status_code == 202
    again = send("POST", f"{path}/rerun", json={}).json()["workflow_id"]
    document = get(f"/workflow/{again}")
    assert (document["name"], document["pipeline_id"], document["status"]) == (workflow["name"], id_, "running")
    assert get(f"/workflow/{workflow['id']}")["status"] == "canceled"


def test_a_rerun_from_failed_keeps_what_succeeded_and_what_was_approved(
    followed: Emulator, send: Send, get: Any
) -> None:
    jobs = [
        "test",
        {"name": "hold", "type": "approval", "requires": ["test"]},
        {"name": "deploy", "requires": ["hold"]},
    ]
    followed.add_repository(API, configuration={"workflows": [{"name": "all", "jobs": jobs}]})
    start(send)
    (first,) = followed.finish_pipeline(API, 1).workflows
    followed.script("failed")
    followed.state.machine.approve(first)
    followed.finish_pipeline(API, 1)
    assert first.status == "failed"
    again = send("POST", f"/api/v2/workflow/{first.id}/rerun", json={"from_failed": True}).json()["workflow_id"]
    listed = get(f"/workflow/{again}/job")["items"]
    assert [job["status"] for job in listed] == ["success", "success", "not_running"]
    assert [job.get("job_number") for job in listed][::2] == [1, 3]
    followed.finish_pipeline(API, 1)
    assert get(f"/workflow/{again}")["status"] == "success"
    assert send("POST", f"/api/v2/workflow/{again}/rerun", json={"from_failed": True}).status_code == 400


def test_a_rerun_of_some_jobs_runs_what_requires_them_and_can_be_logged_in_to(
    followed: Emulator, send: Send, get: Any
) -> None:
    jobs = ["a", "b", {"name": "c", "requires": ["b"]}]
    followed.add_repository(API, configuration={"workflows": [{"name": "all", "jobs": jobs}]})
    start(send)
    (first,) = followed.finish_pipeline(API, 1).workflows
    path = f"/api/v2/workflow/{first.id}/rerun"
    for body in ({"enable_ssh": True}, {"sparse_tree": True}, {"jobs": [first.jobs[1].id], "from_failed": True}):
        assert send("POST", path, json=body).status_code == 400
    assert send("POST", path, json={"jobs": ["none"]}).status_code == 404
    again = send("POST", path, json={"jobs": [first.jobs[1].id], "enable_ssh": True}).json()["workflow_id"]
    assert [job["status"] for job in get(f"/workflow/{again}/job")["items"]] == ["success", "not_running", "blocked"]
    assert [user["login"] for user in send("GET", "4").json()["ssh_users"]] == ["emulator"]


def test_there_is_an_end_of_reruns(followed: Emulator, send: Send) -> None:
    start(send)
    workflow = followed.finish_pipeline(API, 1).workflows[0]
    for _unused in range(100):
        id_ = send("POST", f"/api/v2/workflow/{workflow.id}/rerun", json={}).json()["workflow_id"]
        followed.finish_pipeline(API, 1)
        workflow = followed.state.machine.workflows[id_]
    assert send("POST", f"/api/v2/workflow/{workflow.id}/rerun", json={}).status_code == 400


def test_a_newer_pipeline_cancels_older_ones_of_its_branch_where_the_project_wants_that(
    followed: Emulator, send: Send, get: Any
) -> None:
    send("PUT", "settings", json={"feature_flags": {"autocancel-builds": True}})
    for branch in ("feature/login", "main", "main", "feature/login"):
        start(send, branch=branch)
    pipelines = followed.project(API).pipelines
    assert [each.workflows[0].status for each in pipelines] == ["canceled", "running", "running", "running"]
    assert "canceled_by" not in get(f"/workflow/{pipelines[0].workflows[0].id}")


# --- scenarios --------------------------------------------------------------------------------------------------------


@pytest.fixture
def play(followed: Emulator, send: Send, get: Any, everything: Everything) -> Callable[..., Any]:
    """Play a scenario by the clock, as curl asks for it: what the pipeline and its workflows come to, and how."""
    followed.state.machine.set_progress("clock")

    def play(scenario: str, step: float = 1.0) -> tuple[dict[str, Any], dict[str, str], list[dict[str, str]]]:
        url = f"{followed.url}/_emulator/pipelines"
        requests.post(url, json={"scripts": [{"scenario": scenario}]}, timeout=10).raise_for_status()
        id_ = start(send)["id"]
        course: list[dict[str, str]] = []
        for _unused in range(60):
            document = get(f"/pipeline/{id_}")
            listed = send("GET", f"/api/v2/pipeline/{id_}/workflow")
            if listed.status_code == 200:
                seen = {"state": document.get("state"), **statuses(everything, id_)}
                if not course or course[-1] != seen:
                    course.append(seen)
            followed.pass_time(step)
        return get(f"/pipeline/{id_}"), statuses(everything, id_), course

    return play


@pytest.mark.parametrize(
    ("scenario", "state", "ends"),
    [
        ("errored-config", "errored", {}),
        ("errored-config-fetch", "errored", {}),
        ("errored-plan", "errored", {}),
        ("no-workflow", "created", {}),
        ("two-workflows", "created", {"build-and-test": "success", "lint": "success"}),
        ("second-workflow-fails", "created", {"build-and-test": "success", "lint": "failed"}),
        ("late-workflow", "created", {"build-and-test": "success", "nightly": "failed"}),
        ("late", "created", {"build-and-test": "success"}),
        ("hold", "created", {"build-and-deploy": "on_hold"}),
        ("two-holds", "created", {"build-and-deploy": "on_hold"}),
        ("fail-and-hold", "created", {"build-and-deploy": "failing"}),
        ("hold-beside-a-failure", "created", {"build-and-deploy": "on_hold", "tests": "failed"}),
        ("auto-rerun", "created", {"build-and-test": "success"}),
        ("unauthorized", "created", {"build-and-test": "success", "deploy": "unauthorized"}),
        ("error", "created", {"build-and-test": "error"}),
        ("not-run", "created", {"build-and-test": "not_run"}),
        ("not-run-beside-success", "created", {"build-and-test": "success", "lint": "not_run"}),
        ("infrastructure-fail", "created", {"build-and-test": "failed"}),
        ("setup-continue", "created", {"setup": "success", "build-and-test": "success"}),
        ("setup-rejected", "errored", {"setup": "success"}),
        ("setup-conflict", "setup", {"setup": "failed"}),
        ("setup-only", "setup", {"setup": "success"}),
        ("app", "created", {"build-and-test": "success"}),
    ],
)
def test_a_scenario_ends_so(play: Any, scenario: str, state: str, ends: dict[str, str]) -> None:
    document, found, _course = play(scenario)
    assert (document["state"], found) == (state, ends)
    assert bool(document["errors"]) is (state == "errored")


def test_each_scenario_is_tried() -> None:
    tried = next(mark for mark in test_a_scenario_ends_so.pytestmark if mark.name == "parametrize").args[1]
    assert {case[0] for case in tried} == SCENARIOS.keys() - {"skipped"}


def test_a_skipped_commit_starts_nothing(followed: Emulator, send: Send) -> None:
    for path in ("pipeline", "pipeline/run"):
        followed.scenario("skipped")
        answer = send("POST", f"{P}/{path}", json={})
        assert (answer.status_code, answer.json().keys()) == (200, {"message"})
    assert followed.project(API).pipelines == []


def test_a_pipeline_is_unknown_empty_and_then_there(play: Any, followed: Emulator, send: Send) -> None:
    followed.state.machine.set_progress("clock")
    followed.scenario("late")
    id_ = start(send)["id"]
    assert send("GET", f"/api/v2/pipeline/{id_}").json() == {"message": "Pipeline not found"}
    assert send("GET", f"{P}/pipeline").json()["items"] == []
    followed.pass_time(11)
    assert send("GET", f"/api/v2/pipeline/{id_}").json()["state"] == "pending"
    followed.pass_time(10)
    assert send("GET", f"/api/v2/pipeline/{id_}").json()["state"] == "created"
    assert send("GET", f"/api/v2/pipeline/{id_}/workflow").status_code == 404
    followed.pass_time(10)
    assert len(send("GET", f"/api/v2/pipeline/{id_}/workflow").json()["items"]) == 1


def test_an_automatic_rerun_is_another_workflow_with_a_number(play: Any, followed: Emulator, everything: Any) -> None:
    play("auto-rerun")
    runs = everything(f"/pipeline/{followed.project(API).pipelines[0].id}/workflow")
    assert [(each["status"], each["max_auto_reruns"], each.get("auto_rerun_number")) for each in runs] == [
        ("success", 2, 1),
        ("failed", 2, None),
    ]
    assert runs[0]["id"] != runs[1]["id"]


def test_a_setup_workflow_is_tagged_and_ends_before_the_others_begin(play: Any, get: Any, followed: Emulator) -> None:
    # However slow a machine is, it sees each state.
    machine = followed.state.machine
    machine.set_seconds({name: 60 * seconds for name, seconds in machine.seconds.items()})
    _document, _ends, course = play("setup-continue", 6.0)
    states = [step["state"] for step in course]
    changes = [state for state, before in zip(states, [None, *states], strict=False) if state != before]
    assert changes == ["pending", "setup-pending", "setup", "pending", "created"]
    assert course[-1] == {"state": "created", "setup": "success", "build-and-test": "success"}
    assert all("build-and-test" not in step or step["setup"] == "success" for step in course)
    setup = followed.project(API).pipelines[0].workflows[0]
    assert get(f"/workflow/{setup.id}")["tag"] == "setup"


def test_a_setup_workflow_cannot_be_rerun_to_the_end(play: Any, send: Send, get: Any, followed: Emulator) -> None:
    play("setup-continue")
    setup = followed.project(API).pipelines[0].workflows[0]
    again = send("POST", f"/api/v2/workflow/{setup.id}/rerun", json={}).json()["workflow_id"]
    followed.pass_time(60)
    assert get(f"/workflow/{again}")["status"] == "failed"


@pytest.mark.parametrize("underscored", [False, True])
def test_both_configurations_of_a_pipeline_can_be_read(
    followed: Emulator, send: Send, get: Any, underscored: bool
) -> None:
    followed.switch(underscored_config=underscored)
    followed.scenario("setup-continue")
    config = get(f"/pipeline/{start(send)['id']}/config")
    first = config["setup_config" if underscored else "setup-config"]
    assert ("setup: true" in first, "setup: true" in config["source"]) == (True, False)


def test_a_pipeline_is_continued_by_its_key_once(followed: Emulator, send: Send) -> None:
    followed.add_repository(API, parameters={"target": "staging"})
    followed.scenario("setup-only")
    start(send)
    pipeline = followed.pipeline(API, 1)
    body = {"continuation-key": pipeline.continuation_key, "configuration": "version: 2.1", "parameters": {}}
    continued = send("POST", "/api/v2/pipeline/continue", json=body)
    assert (continued.json(), pipeline.state) == ({"message": "OK"}, "created")
    again = send("POST", "/api/v2/pipeline/continue", json=body)
    assert (again.status_code, again.json()) == (400, {"message": "Pipeline is not in setup state."})
    followed.pass_time(6 * 3600 + 1)
    late = send("POST", "/api/v2/pipeline/continue", json=body)
    assert late.status_code == 409


def test_parameters_that_differ_in_the_continuation_conflict(followed: Emulator, send: Send) -> None:
    setup = {"name": "setup", "jobs": ["generate"]}
    followed.add_repository(API, configuration={"setup": setup, "workflows": [], "parameters": {"target": "staging"}})
    start(send, parameters={"target": "live"})
    key = followed.pipeline(API, 1).continuation_key
    body = {"continuation-key": key, "configuration": "version: 2.1", "parameters": {"target": "staging"}}
    answer = send("POST", "/api/v2/pipeline/continue", json=body)
    assert (answer.status_code, answer.json()) == (400, {"message": "Conflicting pipeline parameters."})


# --- the control interface --------------------------------------------------------------------------------------------


def control(emulator: Emulator, **body: Any) -> requests.Response:
    return requests.post(f"{emulator.url}/_emulator/pipelines", json=body, timeout=10)


def test_pipelines_can_be_scripted_pushed_and_moved_by_the_control_interface(followed: Emulator) -> None:
    assert control(followed, scripts=[{"scenario": "hold", "vcs": False}]).json() == {}
    pushed = control(followed, project=API, push={"branch": "main", "script": {"scenario": "fail-and-hold"}}).json()
    assert [each["trigger"] for each in pushed["pipelines"]] == ["webhook"]
    moved = control(followed, project=API, number=1, to="end").json()
    assert [job["status"] for job in moved["workflows"][0]["jobs"]] == ["failed", "on_hold"]
    state = requests.get(f"{followed.url}/_emulator/state?project={API}", timeout=10).json()
    view = state["projects"][API]
    assert [each["number"] for each in view["pipelines"]] == [1]
    assert view["definitions"][0]["name"] == "api"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"scripts": [{"scenario": "nope"}]}, "there is no scenario nope; there are: errored-config"),
        ({"scripts": [{"delays": {"lunch": 3600}}]}, "no such delay: lunch"),
        (
            {
                "scripts": [
                    {"configuration": {"workflows": [{"name": "a", "jobs": [{"name": "b", "requires": ["c"]}]}]}}
                ]
            },
            "c",
        ),
        ({"scripts": [{"configuration": {"workflows": [{"name": "a", "jobs": ["b", "b"]}]}}]}, "the same name"),
        ({"project": API, "number": 7}, "has no pipeline 7"),
        ({"project": API, "push": {"speed": 1}}, "unknown: speed"),
    ],
)
def test_a_mistake_in_a_control_call_is_told(followed: Emulator, body: dict[str, Any], words: str) -> None:
    answer = control(followed, **body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
