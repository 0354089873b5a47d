# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running builds again: those of workflows by API v2, all others by API v1.1 while that lasts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from emulator import PROJECT_TOKEN, Emulator
from tests.unit.predicting import differences
from tests.unit.results import failed

API = "github/acme/api"
MODULE = "circleci_build"
BEFORE, AFTER = date(2026, 11, 15), date(2027, 2, 2)
DAYS = pytest.mark.parametrize("day", [BEFORE, AFTER], ids=str)
UNKNOWN: dict[str, Any] = {"status": 404, "body": {"message": "Workflow not found"}}
RETURNED = {
    "changed", "build", "builds", "pipeline", "workflows", "failed_steps", "waited_seconds", "reused", "project", "diff"
}  # fmt: skip


@pytest.fixture
def run(emulator: Emulator, clock, run_module):
    """The module on a followed project without builds, on a clock that takes no time. It runs build 1 again."""
    emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    again = {"project": API, "state": "retried", "build_num": 1}
    return lambda **options: run_module(MODULE, **{**again, **options})


def play(emulator: Emulator, scenario: str = "two-workflows", seconds: float = 60) -> Any:
    """Let somebody push, and the pipeline go as scripted for some time."""
    emulator.push(API, branch="main", script={"scenario": scenario})
    emulator.pass_time(seconds)
    emulator.clear()
    return emulator.pipeline(API, 1)


def single(emulator: Emulator) -> None:
    """A build that belongs to no workflow."""
    machine = emulator.state.machine
    build = machine.trigger(emulator.project(API), emulator.state.users["emulator"], why="api")
    machine.finish(build)
    build.workflow = None
    emulator.clear()


@DAYS
@pytest.mark.parametrize("ssh", [False, True])
def test_a_build_of_a_workflow_runs_again_in_a_new_run_of_it(emulator: Emulator, run, day: date, ssh: bool) -> None:
    emulator.state.date = day
    pipeline = play(emulator, "second-workflow-fails")
    result = run(build_num=2, ssh=ssh)
    (_build, lint, again) = pipeline.workflows
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["build"]["build_num"]) == (True, 3)
    assert result["builds"] == [result["build"]]
    assert result["build"]["workflows"]["workflow_id"] == again.id
    (record,) = emulator.writes
    assert record.path == f"/api/v2/workflow/{lint.id}/rerun"
    assert record.body == {"jobs": [lint.jobs[0].id], **({"enable_ssh": True} if ssh else {})}
    assert not result.get("warnings")
    (shown,) = result["workflows"]
    url = f"{emulator.url}/pipelines/gh/acme/api/1/workflows/{again.id}"
    assert (shown["id"], shown["name"], shown["url"], shown["jobs"][0]["build_num"]) == (again.id, "lint", url, 3)
    assert result["pipeline"] is None


@pytest.mark.parametrize("wait", [False, True])
def test_a_build_that_circleci_refuses_to_run_again_is_a_failure(emulator: Emulator, run, wait: bool) -> None:
    play(emulator)
    emulator.project(API).followers.clear()
    result = run(wait=wait)
    assert (result["failed"], result["changed"]) == (True, True)
    assert (result["build"]["status"], result["workflows"][0]["status"]) == ("not_run", "not_run")
    assert result["msg"].endswith(
        "/3): no-followers. Nobody follows the project: follow it with community.circleci.circleci_project_follow."
    )


def test_its_address_has_the_slug_that_circleci_gives(emulator: Emulator, run) -> None:
    (workflow,) = play(emulator).workflows[:1]
    told = {"id": workflow.id, "name": "build-and-test", "status": "success", "pipeline_number": 1}
    told |= {"pipeline_id": emulator.pipeline(API, 1).id, "project_slug": "gh/Acme/API"}
    emulator.fault("body", path=f"/workflow/{workflow.id}$", body=told)
    (shown,) = run()["workflows"]
    assert shown["url"].startswith(f"{emulator.url}/pipelines/gh/Acme/API/1/workflows/")


def test_what_depends_on_the_job_runs_again_with_it(emulator: Emulator, run) -> None:
    emulator.push(API, branch="main")
    emulator.pass_time(120)
    (workflow,) = emulator.pipeline(API, 1).workflows
    assert len(workflow.jobs) > 1
    assert run(build_num=1, wait=True)["build"]["status"] == "success"
    emulator.pass_time(120)
    again = emulator.pipeline(API, 1).workflows[1]
    assert [job.id for job in again.jobs if job.id in {old.id for old in workflow.jobs}] == []


@pytest.mark.parametrize("outcome", ["success", "failed"])
def test_the_new_build_is_waited_for(emulator: Emulator, run, outcome: str) -> None:
    play(emulator)
    emulator.script(outcome)
    result = run(wait=True)
    assert (result.get("failed", False), result["changed"]) == (outcome == "failed", True)
    assert (result["build"]["build_num"], result["build"]["status"]) == (3, outcome)
    assert bool(result["failed_steps"]) is (outcome == "failed")
    assert len(result["workflows"]) == 1
    assert result["waited_seconds"] > 0


def test_a_number_that_comes_late_is_waited_for(emulator: Emulator, run, clock) -> None:
    play(emulator)
    emulator.fault("status", path="/job$", method="GET", **UNKNOWN, after=1, times=20)
    assert run()["build"]["build_num"] == 3
    assert len(clock.pauses) == 20


def test_a_build_that_has_its_number_and_is_not_found_yet_is_waited_for(emulator: Emulator, run, clock) -> None:
    play(emulator)
    missing = {"status": 404, "body": {"message": "Build not found"}}
    emulator.fault("status", path=f"/{API}/3$", method="GET", **missing, times=20)
    result = run()
    assert (result["build"]["build_num"], result["warnings"], len(clock.pauses)) == (3, [], 20)


@pytest.mark.parametrize("wait", [False, True])
def test_without_a_number_the_workflow_is_named(emulator: Emulator, run, clock, wait: bool) -> None:
    pipeline = play(emulator)
    emulator.fault("status", path="/job$", method="GET", **UNKNOWN, after=1, times=None)
    began = clock.now()
    result = run(wait=wait)
    again = pipeline.workflows[-1]
    assert (result["changed"], result["build"], result["builds"]) == (True, None, [])
    assert [(each["id"], each["name"]) for each in result["workflows"]] == [(again.id, "build-and-test")]
    assert clock.now() - began >= 60
    assert len(clock.pauses) > 50
    assert f"in the workflow {again.id}, whose new build has no number after 60 s" in result["warnings"][0]
    assert bool(result.get("failed")) is wait, "an end that nobody has seen is no success"
    if wait:
        assert f"the new build of workflow {again.id} is not to be seen" in result["msg"]


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(
    ("status", "why"), [("unauthorized", "was not let run"), ("canceled", "was canceled"), ("not_run", "was not run")]
)
def test_a_run_that_ends_before_its_build_is_a_failure(
    emulator: Emulator, run, clock, wait: bool, status: str, why: str
) -> None:
    play(emulator)
    job = {"id": "x", "name": emulator.build(API, 1).job, "type": "build", "status": status}
    emulator.fault("body", path="/job$", method="GET", body={"items": [job]}, after=1, times=None)
    # The first look is at the workflow that ran before.
    workflow = {"name": "build-and-test", "status": status, "created_at": "2026-11-26T10:00:00Z"}
    emulator.fault("body", path=r"/workflow/[^/]+$", method="GET", body=workflow, after=1, times=None)
    result = run(wait=wait)
    failed(result, f" did not run again: the new workflow {why}")
    assert (result["changed"], result["build"], result["workflows"][0]["status"]) == (True, None, status)
    assert (clock.pauses, result["warnings"]) == ([], [])


def test_the_build_that_ran_before_is_not_taken_for_the_new_one(emulator: Emulator, run) -> None:
    play(emulator)
    name = emulator.build(API, 1).job
    job = {"id": "x", "name": name, "type": "build", "status": "success", "job_number": 1}
    emulator.fault("body", path="/job$", method="GET", body={"items": [job]}, after=1, times=2)
    result = run()
    assert (result["changed"], result["build"]["build_num"]) == (True, len(emulator.project(API).builds))
    assert result["build"]["build_num"] > 1


def test_another_job_of_the_new_workflow_is_not_taken_for_the_one_that_runs_again(emulator: Emulator, run) -> None:
    play(emulator)
    jobs = [
        {"id": "x", "name": "another", "type": "build", "status": "success", "job_number": 2},
        {"id": "y", "name": emulator.build(API, 1).job, "type": "build", "status": "running", "job_number": 3},
    ]
    emulator.fault("body", path="/job$", method="GET", body={"items": jobs}, after=1)
    assert run()["build"]["build_num"] == 3


def test_while_the_job_is_active_its_workflow_is_not_looked_at(emulator: Emulator, run, clock) -> None:
    play(emulator)
    queued = {"id": "x", "name": emulator.build(API, 1).job, "type": "build", "status": "queued"}
    emulator.fault("body", path="/job$", method="GET", body={"items": [queued]}, after=1, times=3)
    assert run()["build"]["build_num"] == 3
    looks = [record.path for record in emulator.requests if record.method == "GET" and "/workflow/" in record.path]
    # The first two are of the workflow that ran before, the last one of the new one.
    assert [path.endswith("/job") for path in looks] == [False, True, True, True, True, True, False]
    assert len(clock.pauses) == 3


def test_jobs_that_were_seen_are_not_forgotten(emulator: Emulator, run) -> None:
    play(emulator)
    queued = {"id": "x", "name": emulator.build(API, 1).job, "type": "build", "status": "queued"}
    emulator.fault("body", path="/job$", method="GET", body={"items": [queued]}, after=1)
    emulator.fault("body", path="/job$", method="GET", body={"items": []}, after=1, times=None)
    result = run()
    assert "whose new build has no number after 60 s" in result["warnings"][0]
    assert [job["id"] for job in result["workflows"][0]["jobs"]] == ["x"]


def test_what_cannot_be_read_of_it_does_not_undo_the_rerun(emulator: Emulator, run) -> None:
    pipeline = play(emulator)
    emulator.fault("status", path="/job$", method="GET", status=403, body={"message": "Forbidden"}, after=1)
    result = run()
    assert (result.get("failed"), result["changed"], result["build"]) == (None, True, None)
    assert result["workflows"][0]["id"] == pipeline.workflows[-1].id
    assert "could not be read" in result["warnings"][0]


@DAYS
def test_nothing_of_a_running_workflow_runs_again(emulator: Emulator, run, day: date) -> None:
    emulator.state.date = day
    play(emulator, "hold")
    result = run()
    failed(result, "belongs to the workflow 'build-and-deploy', which is on_hold")
    assert "Wait for its end, or cancel it first with community.circleci.circleci_workflow" in result["msg"]
    assert (result["changed"], emulator.writes) == (False, [])


@DAYS
def test_that_way_out_leads_out(emulator: Emulator, run, run_module, day: date) -> None:
    emulator.state.date = day
    play(emulator, "hold")
    run_module("circleci_workflow", project=API, state="canceled", workflow="build-and-deploy", branch="main")
    emulator.pass_time(10)
    assert run()["build"]["build_num"] == 2


@DAYS
def test_a_job_of_a_setup_workflow_does_not_run_again(emulator: Emulator, run, day: date) -> None:
    emulator.state.date = day
    play(emulator, "setup-continue")
    result = run()
    failed(result, "a setup workflow, and a pipeline can be continued only once")
    assert "Start a new pipeline" in result["msg"]
    assert emulator.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize(
    ("status", "message", "words"),
    [
        (404, "Workflow not found", "Workflow not found. Check the id. API v2 shows nothing to project tokens"),
        (403, "Forbidden", "Forbidden. The token's user needs admin rights"),
    ],
)
def test_a_workflow_that_cannot_be_read_is_an_error(
    emulator: Emulator, run, status: int, message: str, words: str, check_mode: bool
) -> None:
    (workflow,) = play(emulator).workflows[:1]
    path = f"/workflow/{workflow.id}"
    emulator.fault("status", method="GET", path=f"{path}$", status=status, body={"message": message})
    result = run(check_mode=check_mode)
    failed(result, words)
    assert (result["changed"], result["status"], result["path"]) == (False, status, f"/api/v2{path}")
    assert emulator.writes == []


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_build_of_a_workflow_whose_pipeline_is_gone_does_not_run_again(
    emulator: Emulator, run, check_mode: bool
) -> None:
    (workflow,) = play(emulator).workflows[:1]
    told = {"id": workflow.id, "name": "build-and-test", "status": "success", "project_slug": "gh/acme/api"}
    emulator.fault("body", path=f"/workflow/{workflow.id}$", body=told)
    result = run(check_mode=check_mode)
    failed(result, f"The workflow {workflow.id} belongs to no pipeline any more. Start a new pipeline.")
    assert (result["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("jobs", [[], [{"id": "x", "name": "build", "job_number": 7}], [{"id": 7, "job_number": 1}]])
def test_a_build_that_is_no_job_of_its_workflow_does_not_run_again(
    emulator: Emulator, run, jobs: list[dict[str, Any]], check_mode: bool
) -> None:
    play(emulator)
    emulator.fault("body", method="GET", path="/job$", body={"items": jobs, "next_page_token": None})
    result = run(check_mode=check_mode)
    failed(result, f"{API} #1 ({emulator.url}/gh/acme/api/1) is no job of its workflow any more")
    assert "so that it cannot be run again. Start a new pipeline." in result["msg"]
    assert (result["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize("body", [None, {}, {"build_num": "2", "status": "queued", "workflow_id": 2}])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", ["/1/retry", "/1/ssh", "/rerun"])
def test_an_odd_answer_to_the_request_is_looked_into(emulator: Emulator, run, path: str, when: str, body: Any) -> None:
    """Whether it runs again is then told by what is there, and it is asked for once only."""
    (single if path.startswith("/1") else play)(emulator)
    new = len(emulator.project(API).builds) + 1
    emulator.fault("body", method="POST", path=f"{path}$", body=body, when=when)
    result = run(ssh=path == "/1/ssh")
    assert ([record.path.endswith(path) for record in emulator.writes], emulator.faults.pending) == ([True], [])
    assert result["changed"] is (when == "after")
    if when == "after":
        assert ("failed" in result, result["build"]["build_num"]) == (False, new)
    else:
        failed(result, f"{path} cannot be used: ")
        assert "It was not sent again, and 0 s later nothing of it is to be seen. Check api_url" in result["msg"]
        assert (result["build"], result["builds"]) == (None, [])


def test_another_new_build_is_not_taken_for_the_one_that_runs_again(emulator: Emulator, run) -> None:
    single(emulator)
    others = [{"build_num": 2, "status": "running", "retry_of": None}]
    emulator.fault("drop", method="POST", times=None)
    emulator.fault("body", method="GET", path="limit=100", body=others, times=None)
    result = run(retries=0)
    failed(result, "nothing of it is to be seen")
    assert (result["changed"], result["build"]) == (False, None)


def test_check_mode_says_of_a_build_without_a_workflow_what_runs_again(emulator: Emulator, run) -> None:
    single(emulator)
    predicted, real = run(check_mode=True), run()
    after = predicted["diff"]["after"]["build"]
    assert after == {**real["diff"]["after"]["build"], "build_num": "(known after the run)"}
    assert (after["retry_of"], predicted["changed"]) == (1, True)


@DAYS
def test_a_project_token_is_told_what_to_give(emulator: Emulator, run, day: date) -> None:
    emulator.state.date = day
    play(emulator)
    result = run(api_token=PROJECT_TOKEN)
    failed(result, "give a personal API token")
    assert (result["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize("ssh", [False, True])
@pytest.mark.parametrize("day", [date(2026, 10, 1), BEFORE], ids=str)
def test_a_build_without_a_workflow_runs_again_by_api_v1(emulator: Emulator, run, ssh: bool, day: date) -> None:
    emulator.state.date = day
    single(emulator)
    result = run(ssh=ssh)
    assert (result["changed"], result["build"]["build_num"], result["build"]["retry_of"]) == (True, 2, 1)
    assert [record.path for record in emulator.writes] == [
        f"/api/v1.1/project/{API}/1/{'ssh' if ssh else 'retry'}",
    ]
    assert [record.path for record in emulator.requests if "limit=" in record.path] == [
        f"/api/v1.1/project/{API}?limit=1&offset=0"
    ]
    removal = [warning for warning in result.get("warnings", []) if "removes" in warning]
    assert len(removal) == (day >= date(2026, 11, 1))
    assert all("2027-02-01" in each and "circleci_pipeline" in each for each in removal)


def test_a_workflow_with_an_empty_id_is_none(emulator: Emulator, run) -> None:
    single(emulator)
    body = {"build_num": 1, "status": "success", "outcome": "success", "workflows": {"workflow_id": ""}}
    emulator.fault("body", path=f"/{API}/1$", body=body)
    assert [run()["changed"], *(record.path for record in emulator.writes)] == [
        True,
        f"/api/v1.1/project/{API}/1/retry",
    ]


def test_when_that_is_removed_the_way_out_is_another_one(emulator: Emulator, run) -> None:
    """Not this module or a rerun, which are for builds of workflows: whoever is here has none."""
    emulator.state.date = AFTER
    single(emulator)
    result = run()
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 410)
    assert "Only builds of workflows can be run again" in result["msg"]
    assert "Start a pipeline with community.circleci.circleci_pipeline" in result["msg"]
    assert "retried" not in result["msg"]
    assert "circleci_workflow" not in result["msg"]


def test_an_unknown_build_is_an_error(emulator: Emulator, run) -> None:
    play(emulator)
    failed(run(build_num=77), "has no build 77: check build_num")
    assert emulator.writes == []


def test_check_mode_says_what_the_run_does(emulator: Emulator, run, clock) -> None:
    play(emulator)
    predicted = run(wait=True, check_mode=True)
    assert (predicted["changed"], predicted["build"], predicted["workflows"]) == (True, None, [])
    assert (emulator.writes, clock.pauses) == ([], [])
    real = run()
    assert differences({"diff": predicted["diff"]}, {"diff": real["diff"]}) == []
    assert predicted.keys() - {"warnings"} == real.keys() - {"warnings"} == RETURNED


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_never_makes_a_second_run(emulator: Emulator, run, when: str) -> None:
    pipeline = play(emulator)
    emulator.fault("drop", method="POST", path="/rerun$", when=when)
    result = run()
    assert len([record for record in emulator.writes if record.path.endswith("/rerun")]) == 1
    assert len(pipeline.workflows) == (2 if when == "before" else 3)
    if when == "before":
        failed(result, "It was not sent again")
    else:
        assert (result["changed"], result["build"]["build_num"]) == (True, 3)


@DAYS
def test_a_build_of_what_was_just_canceled_runs_again(emulator: Emulator, run, day: date) -> None:
    """CircleCI takes some time to end the workflow, and refuses until then."""
    pipeline = play(emulator, "hold")
    emulator.state.date = day
    machine = emulator.state.machine
    machine.later(0.1, lambda: machine.cancel_workflow(pipeline.workflows[0], None))
    assert run()["changed"] is True
    assert [record.path.rpartition("/")[2] for record in emulator.writes] == ["rerun"]
