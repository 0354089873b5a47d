# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._resources import workflow_actions
from ansible_collections.community.circleci.plugins.module_utils._resources.workflows import approve
from emulator import PROJECT_TOKEN, Emulator
from emulator.http.exchange import Answer, Call
from emulator.world.model import Workflow
from tests.unit.results import failed
from tests.unit.trouble import never_send

API = "github/acme/api"
MODULE = "circleci_workflow"
RETURNED = {"changed", "project", "diff", "workflow", "approved", "holds", "failed_steps", "waited_seconds"}
NAMED = {"workflow": "build-and-deploy", "branch": "main"}
NO_WORKFLOW: dict[str, Any] = {**dict.fromkeys(("id", "name", "status", "url", "created_at", "stopped_at")), "jobs": []}


@pytest.fixture
def run(emulator: Emulator, clock, run_module):
    """The module on a followed project without builds, on a clock that takes no time."""
    emulator.add_repository(API, has_config=False)
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def play(emulator: Emulator, scenario: str | None, seconds: float = 60, **options: Any) -> Any:
    """Let somebody push, and the pipeline go as scripted for some time."""
    script = options.pop("script", {})
    emulator.push(
        API, **{"branch": "main", **options}, script={**script, **({"scenario": scenario} if scenario else {})}
    )
    emulator.pass_time(seconds)
    return emulator.pipeline(API, len(emulator.project(API).pipelines))


def paths(emulator: Emulator) -> list[str]:
    return [record.path.removeprefix("/api/v2/") for record in emulator.writes]


# --- finding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sought", [{"branch": "main"}, {"pipeline_number": 1}, {"pipeline_id": "{pipeline}"}, {"revision": "ab" * 20}]
)
def test_a_workflow_is_found_by_its_name_in_a_pipeline(emulator: Emulator, run, sought: dict[str, Any]) -> None:
    pipeline = play(emulator, "hold", revision="ab" * 20)
    named = {key: str(value).format(pipeline=pipeline.id) for key, value in sought.items()}
    result = run(state="approved", workflow="build-and-deploy", approve=["hold"], **named)
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["approved"], result["holds"]) == (True, ["hold"], [])
    assert result["workflow"]["id"] == pipeline.workflows[0].id
    url = f"{emulator.url}/pipelines/gh/acme/api/1/workflows/{pipeline.workflows[0].id}"
    assert result["workflow"]["url"] == url


@pytest.mark.parametrize("empty", [{"null": ["workflow"]}, {"workflow": " "}])
def test_a_workflow_without_a_name_is_refused(emulator: Emulator, run, empty: dict[str, Any]) -> None:
    failed(run(state="canceled", branch="main", **empty), "workflow is empty. Name the workflow, or give workflow_id.")
    assert emulator.requests == []


@pytest.mark.parametrize("options", [{"state": "canceled"}, {"state": "approved", "approve": ["hold"]}])
@pytest.mark.parametrize(("sought", "null"), [({"branch": "main"}, "revision"), ({"revision": "ab" * 20}, "branch")])
def test_no_workflow_of_another_commit_or_branch_is_taken_for_one_that_is_not_known(
    emulator: Emulator, run, options: dict[str, Any], sought: dict[str, Any], null: str
) -> None:
    play(emulator, "hold", revision="ab" * 20)
    emulator.clear()
    named = {"workflow": "build-and-deploy", "null": [null], **sought, **options}
    predicted = run(check_mode=True, **named)
    assert (predicted["changed"], predicted["workflow"]) == (True, NO_WORKFLOW)
    assert any(f"{null} is known after the run only" in warning for warning in predicted["warnings"])
    real = run(**named)
    failed(real, f"{null} is given, but empty.")
    assert (real["changed"], emulator.requests) == (False, [])


def test_a_workflow_is_found_by_its_id_without_a_project(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    result = run(project=None, state="approved", workflow_id=workflow.id, approve=["hold"])
    assert (result["changed"], result["project"]) == (True, API)
    failed(
        run(project="github/acme/web", state="approved", workflow_id=workflow.id, approve=["hold"]),
        f"The workflow {workflow.id} belongs to github/acme/api, not to github/acme/web. Check project and workflow_id",
    )


def test_a_workflow_that_does_not_tell_its_project_is_found_where_the_task_names_it(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    told = {"id": workflow.id, "name": "build-and-deploy", "status": "on_hold", "pipeline_id": workflow.pipeline.id}
    emulator.fault("body", path=f"/workflow/{workflow.id}$", body=told, times=2)
    result = run(project=None, state="approved", workflow_id=workflow.id, approve=["hold"])
    failed(result, f"CircleCI does not say which project {workflow.id} belongs to. Set project.")
    assert (result["changed"], emulator.writes) == (False, [])
    assert run(state="approved", workflow_id=workflow.id, approve=["hold"])["approved"] == ["hold"]


@pytest.mark.parametrize(
    "options", [{"state": "approved", "approve": ["hold"]}, {"state": "canceled"}, {"state": "rerun"}]
)
def test_a_workflow_whose_pipeline_is_gone_says_so(emulator: Emulator, run, options: dict[str, Any]) -> None:
    workflow = play(emulator, "hold").workflows[0]
    told = {"id": workflow.id, "name": "build-and-deploy", "status": "canceled", "project_slug": "gh/acme/api"}
    emulator.fault("body", path=f"/workflow/{workflow.id}$", body=told)
    result = run(workflow_id=workflow.id, **options)
    failed(result, f"The workflow {workflow.id} belongs to no pipeline any more. Start a new pipeline.")
    assert (result["changed"], result["project"], emulator.writes) == (False, API, [])


def test_a_failure_names_the_project_too(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    result = run(project=None, state="approved", workflow_id=workflow.id, approve=["no such hold"])
    assert (result["failed"], result["project"]) == (True, API)
    unknown = run(project=None, state="canceled", workflow_id="5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11")
    assert unknown["failed"]
    assert "project" not in unknown


def test_of_several_runs_it_is_the_newest(emulator: Emulator, run) -> None:
    pipeline = play(emulator, "auto-rerun")
    failed_run, rerun = pipeline.workflows
    result = run(state="canceled", workflow="build-and-test", branch="main")
    assert (result["workflow"]["id"], result["changed"]) == (rerun.id, False)
    assert run(state="canceled", workflow_id=failed_run.id)["workflow"]["status"] == "failed"


def test_a_workflow_that_is_to_come_is_not_said_to_be_misnamed(emulator: Emulator, run) -> None:
    play(emulator, None, 0, script={"delays": {"compiled": 20}})
    result = run(state="canceled", workflow="build-and-test", branch="main")
    failed(result, "There are: none yet. Run the task again when the pipeline has started some.")


def test_a_workflow_that_is_not_there_names_those_that_are(emulator: Emulator, run) -> None:
    play(emulator, "two-workflows")
    failed(run(state="canceled", workflow="deploy", branch="main"), "There are: build-and-test, lint")
    for kind in ("branch", "tag"):
        result = run(state="canceled", workflow="deploy", **{kind: "nope"})
        failed(result, f"A pipeline of {kind} nope is not there")
        assert "It is looked for among the newest 200 pipelines." in result["hint"]
    failed(run(state="canceled", workflow="deploy", pipeline_number=9), "Pipeline #9 is not there")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"state": "approved", **NAMED}, "approve"),
        ({"state": "canceled"}, "one of the following is required: workflow_id, workflow"),
        ({"state": "canceled", "workflow": "a"}, "not said which pipeline"),
        ({"state": "canceled", "workflow": "a", "branch": "b", "tag": "c"}, "mutually exclusive"),
        ({"state": "canceled", "workflow": "a", "pipeline_id": "b", "pipeline_number": 3}, "mutually exclusive"),
        ({"state": "canceled", "workflow_id": "a", "branch": "b"}, "workflow_id names one workflow"),
        ({"state": "canceled", **NAMED, "project": None}, "missing parameter(s) required by 'workflow': project"),
        ({"state": "canceled", **NAMED, "wait": True}, "wait cannot be used with state canceled"),
        ({"state": "canceled", **NAMED, "approve": ["a"]}, "approve cannot be used with state canceled"),
        ({"state": "canceled", **NAMED, "approve": ["a"], "on_hold": "wait"}, "approve cannot be used with state"),
        ({"state": "canceled", **NAMED, "stale": "allow"}, "stale cannot be used with state canceled"),
        ({"state": "approved", **NAMED, "approve": ["a"], "from_failed": True}, "from_failed cannot be used with"),
        ({"state": "approved", **NAMED, "approve": ["a"], "on_hold": "wait"}, "on_hold does nothing without wait"),
        ({"state": "approved", **NAMED, "approve": [" "]}, "approve has an empty name"),
        ({"state": "rerun", **NAMED, "jobs": ["a"], "from_failed": True}, "mutually exclusive"),
        ({"state": "rerun", **NAMED, "ssh": True}, "ssh goes with jobs"),
        ({"state": "rerun", **NAMED, "jobs": [" "]}, "jobs has an empty name"),
        ({"state": "rerun", **NAMED, "wait_timeout": -1}, "wait_timeout must be"),
        ({"state": "rerun", "workflow": "a", "revision": "abc"}, "is not the full hash"),
        ({"state": "rerun", **NAMED, "api_token": ""}, "No API token was given"),
    ],
)
def test_what_cannot_be_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], words: str
) -> None:
    failed(run(**options), words)
    assert emulator.requests == []


GIVEN: dict[str, Any] = {
    "approve": ["hold"], "stale": "allow", "jobs": ["test"], "from_failed": False, "ssh": True, "wait": True
}  # fmt: skip


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("approved", ["jobs", "from_failed", "ssh"]),
        ("canceled", ["approve", "stale", "jobs", "from_failed", "ssh", "wait"]),
        ("rerun", ["approve", "stale"]),
    ],
)
def test_an_option_that_would_do_nothing_in_a_state_is_refused(
    emulator: Emulator, run, state: str, names: list[str]
) -> None:
    needed = {"approve": ["hold"]} if state == "approved" else {}
    for name in names:
        result = run(state=state, **NAMED, **needed, **{name: GIVEN[name]})
        failed(result, f"{name} cannot be used with state {state}.")
    assert emulator.requests == []


def test_an_id_of_a_workflow_goes_with_no_other_name(emulator: Emulator, run) -> None:
    others = {"workflow": "a", "pipeline_id": "b", "pipeline_number": 3, "tag": "v1", "revision": "ab" * 20}
    for name, value in others.items():
        result = run(state="canceled", workflow_id="a", **{name: value})
        failed(result, f"workflow_id names one workflow, so {name} would do nothing. Leave it out.")
    assert emulator.requests == []


def test_an_empty_list_was_not_given(emulator: Emulator, run) -> None:
    play(emulator, "hold")
    result = run(state="canceled", approve=[], jobs=[], **NAMED)
    assert (result.get("failed"), result["changed"]) == (None, True)


def test_an_approval_of_nothing_is_none(emulator: Emulator, run) -> None:
    play(emulator, "hold")
    emulator.clear()
    failed(run(state="approved", approve=[], **NAMED), "approve is empty, so that nothing would be approved.")
    assert emulator.requests == []


def test_a_project_token_is_told_so(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    failed(run(state="canceled", api_token=PROJECT_TOKEN, **NAMED), "use a personal token")
    result = run(state="canceled", api_token=PROJECT_TOKEN, workflow_id=workflow.id)
    failed(result, "it is a project token: give a personal API token.")


# --- approving --------------------------------------------------------------------------------------------------------


def test_an_open_hold_is_approved_once(emulator: Emulator, run) -> None:
    pipeline = play(emulator, "hold")
    hold = pipeline.workflows[0].jobs[1]
    result = run(state="approved", approve=["hold"], **NAMED)
    assert paths(emulator) == [f"workflow/{pipeline.workflows[0].id}/approve/{hold.id}"]
    assert result["diff"]["before"] == {"workflow": "build-and-deploy", "approved": []}
    assert result["diff"]["after"] == {"workflow": "build-and-deploy", "approved": ["hold"]}
    emulator.pass_time(60)
    emulator.clear()
    again = run(state="approved", approve=["hold"], **NAMED)
    assert (again["changed"], again["approved"], emulator.writes) == (False, [], [])


def test_a_wait_counts_from_the_approval_on(emulator: Emulator, run, clock, monkeypatch: pytest.MonkeyPatch) -> None:
    def approve_slowly(client: Any, hold: dict[str, Any]) -> bool:
        clock.sleep(100)
        return approve(client, hold)

    play(emulator, "hold")
    monkeypatch.setattr(workflow_actions, "approve", approve_slowly)
    result = run(state="approved", approve=["hold"], wait=True, wait_timeout=60, **NAMED)
    assert (result.get("failed"), result["workflow"]["status"]) == (None, "success"), result
    assert 0 < result["waited_seconds"] < 60


def test_an_approval_is_there_for_the_next_task(emulator: Emulator, run) -> None:
    """CircleCI accepts it at once, and shows the hold as open a moment longer."""
    play(emulator, "two-holds", script={"delays": {"accepted": 0.1}})
    for name in ("hold-staging", "hold-staging"):
        result = run(state="approved", approve=[name], **NAMED)
        assert (result.get("failed"), result["warnings"]) == (None, [])
    assert (result["changed"], result["approved"], len(emulator.writes)) == (False, [], 1)


@pytest.mark.parametrize(
    ("path", "why"),
    [("/nowhere", "5 s later it still shows it as open"), ("/job", "whether it shows that cannot be seen: ")],
)
def test_an_approval_that_is_not_seen_is_warned_of(emulator: Emulator, run, path: str, why: str) -> None:
    play(emulator, "hold", script={"delays": {"accepted": 100_000}})
    emulator.fault("status", method="GET", path=path, status=403, body={"message": "Forbidden"}, after=1, times=None)
    result = run(state="approved", approve=["hold"], **NAMED)
    assert (result.get("failed"), result["changed"], result["approved"]) == (None, True, ["hold"])
    [warning] = result["warnings"]
    assert f"CircleCI accepted to approve the hold 'hold', but {why}" in warning
    assert warning.endswith("The next task may take it for open.")


def test_a_hold_that_somebody_else_approved_is_not_taken_for_another_one_that_is_open(emulator: Emulator, run) -> None:
    jobs = [{"name": name, "type": "approval"} for name in ("hold-a", "hold-b")]
    play(emulator, None, script={"configuration": {"workflows": [{"name": "build-and-deploy", "jobs": jobs}]}})
    emulator.fault("status", path="/approve/", when="after", status=409, body={"message": "Conflict."})
    result = run(state="approved", workflow="build-and-deploy", branch="main", approve=["hold-a"])
    assert (result.get("failed"), result["changed"], result["approved"]) == (None, False, [])
    assert [hold["job"] for hold in result["holds"]] == ["hold-b"]


def test_a_second_hold_that_is_refused_does_not_hide_the_first_one_that_was_approved(emulator: Emulator, run) -> None:
    jobs = [{"name": name, "type": "approval"} for name in ("hold-a", "hold-b")]
    play(emulator, None, script={"configuration": {"workflows": [{"name": "build-and-deploy", "jobs": jobs}]}})
    emulator.fault("status", path="/approve/", after=1, status=403, body={"message": "Forbidden"})
    result = run(state="approved", workflow="build-and-deploy", branch="main", approve=["hold-a", "hold-b"])
    failed(result, "Forbidden")
    assert (result["changed"], result["approved"]) == (True, ["hold-a"])
    assert [hold["job"] for hold in result["holds"]] == ["hold-b"]


def test_a_hold_that_is_not_there_names_those_that_are(emulator: Emulator, run) -> None:
    play(emulator, "two-holds")
    failed(run(state="approved", approve=["hold"], **NAMED), "There are: hold-staging, hold-production. Check approve")
    play(emulator, None)
    failed(run(state="approved", approve=["hold"], workflow="build-and-test", branch="main"), "There are: none. Check")
    assert emulator.writes == []


def test_a_hold_that_is_not_open_yet_is_a_failure_without_wait(emulator: Emulator, run) -> None:
    play(emulator, "hold", 1)
    result = run(state="approved", approve=["hold"], **NAMED)
    failed(result, "The hold 'hold' of Workflow 'build-and-deploy'")
    assert "is not open yet" in result["msg"]
    play(emulator, "two-holds")
    failed(run(state="approved", approve=["hold-staging", "hold-production"], **NAMED), "is not open yet")
    assert emulator.writes == []


def test_a_hold_is_waited_for_and_its_pipeline_followed(emulator: Emulator, run) -> None:
    play(emulator, "two-holds", 1)
    result = run(state="approved", approve=["hold-production", "hold-staging"], wait=True, **NAMED)
    assert (result["changed"], result["approved"]) == (True, ["hold-staging", "hold-production"])
    assert (result["workflow"]["status"], result["holds"]) == ("success", [])
    assert result["waited_seconds"] > 0
    assert {job["status"] for job in result["workflow"]["jobs"]} == {"success"}


def test_only_holds_of_the_named_workflow_are_approved(emulator: Emulator, run) -> None:
    jobs = [{"name": "hold", "type": "approval"}, {"name": "go", "requires": ["hold"]}]
    workflows = [{"name": name, "jobs": jobs} for name in ("staging", "production")]
    pipeline = play(emulator, None, script={"configuration": {"workflows": workflows}})
    result = run(state="approved", workflow="staging", branch="main", approve=["hold"], wait=True)
    failed(result, "waits for an approval: hold of workflow production")
    assert (result["changed"], result["approved"], len(emulator.writes)) == (True, ["hold"], 1)
    assert [each.status for each in pipeline.workflows] == ["success", "on_hold"]
    result = run(state="approved", workflow="staging", branch="main", approve=["hold"], wait=True, on_hold="return")
    assert (result["changed"], [hold["workflow"] for hold in result["holds"]]) == (False, ["production"])


@pytest.mark.parametrize("scenario", ["fail-and-hold", "hold-beside-a-failure"])
@pytest.mark.parametrize("more", [{}, {"wait": True}, {"wait": True, "on_hold": "wait"}, {"stale": "allow"}])
def test_nothing_is_approved_where_something_has_failed(
    emulator: Emulator, run, scenario: str, more: dict[str, Any]
) -> None:
    play(emulator, scenario)
    for check_mode in (True, False):
        result = run(state="approved", approve=["hold"], check_mode=check_mode, **NAMED, **more)
        failed(result, "Nothing is approved in github/acme/api pipeline #1, in which something has failed: workflow")
        assert (result["changed"], [hold["job"] for hold in result["holds"]]) == (False, ["hold"])
    assert emulator.writes == []


@pytest.mark.parametrize(
    ("told", "jobs", "why"),
    [
        ({"errors": [{"message": "Refused."}]}, [], "Refused."),
        ({}, [{"id": "t", "name": "test", "type": "build", "status": "timedout"}], "one of its jobs has failed."),
    ],
)
def test_why_nothing_is_approved_where_no_workflow_has_failed(
    emulator: Emulator, run, told: dict[str, Any], jobs: list[dict[str, Any]], why: str
) -> None:
    pipeline = play(emulator, "hold")
    shown = {"id": pipeline.id, "number": 1, "state": "created", **told}
    emulator.fault("body", path="/v2/pipeline/[^/]*$", times=None, body=shown)
    hold = {"id": "h", "name": "hold", "type": "approval", "status": "on_hold"}
    emulator.fault("body", path="/job$", times=None, body={"items": [hold, *jobs], "next_page_token": None})
    result = run(state="approved", approve=["hold"], workflow="build-and-deploy", pipeline_number=1)
    failed(result, f", in which something has failed: {why}")
    assert (result["changed"], emulator.writes) == (False, [])


def test_only_what_has_failed_is_told_where_nothing_is_approved(emulator: Emulator, run) -> None:
    workflows = [
        {"name": "build-and-deploy", "jobs": [{"name": "hold", "type": "approval"}]},
        {"name": "tests", "jobs": [{"name": "test", "outcomes": ["failed"]}]},
        {"name": "lint", "jobs": ["lint"]},
        {"name": "nightly", "jobs": ["nightly"], "end": "not_run"},
    ]
    play(emulator, None, script={"configuration": {"workflows": workflows}})
    result = run(state="approved", approve=["hold"], **NAMED)
    failed(result, ", in which something has failed: workflow 'tests' failed.")


@pytest.mark.parametrize(
    ("status", "holds", "named"),
    [
        ("on_hold", {"first": "on_hold", "second": "skipped"}, "second"),
        ("canceled", {"first": "on_hold", "second": "on_hold"}, "first"),
        ("not_run", {"first": "blocked", "second": "blocked"}, "first"),
    ],
)
def test_the_hold_that_is_closed_is_the_one_that_is_told(
    emulator: Emulator, run, status: str, holds: dict[str, str], named: str
) -> None:
    workflow = play(emulator, "hold").workflows[0]
    told = {"id": workflow.id, "name": "build-and-deploy", "status": status, "pipeline_id": workflow.pipeline.id}
    ok = {"id": "x", "name": "build-and-deploy", "status": "success", "created_at": "2036-01-01T00:00:00Z"}
    play(emulator, "hold")  # A newer one is no reason any more.
    emulator.fault("body", path="/v2/workflow/[^/]*$", body={**told, "project_slug": "gh/acme/api"})
    items = [told, ok] if status == "canceled" else [told]  # an older run: a newest one that is canceled has failed
    emulator.fault("body", path="/pipeline/[^/]*/workflow$", body={"items": items, "next_page_token": None})
    jobs = [{"id": name, "name": name, "type": "approval", "status": word} for name, word in holds.items()]
    emulator.fault("body", path="/job$", times=None, body={"items": jobs, "next_page_token": None})
    result = run(state="approved", approve=["first", "second"], workflow_id=workflow.id)
    failed(
        result, f"The hold {named!r} of Workflow 'build-and-deploy' of {API} pipeline #1 cannot be approved any more"
    )
    assert (result["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize(("path", "after"), [("/v2/pipeline/[^/]*$", 1), ("/v2/pipeline/[^/]*/workflow$", 0)])
def test_nothing_is_approved_where_nobody_can_see_whether_something_has_failed(
    emulator: Emulator, run, path: str, after: int
) -> None:
    """CircleCI may find a workflow before it lists it."""
    emulator.push(API, branch="main", script={"scenario": "fail-and-hold"})
    emulator.pass_time(60)
    id_ = emulator.pipeline(API, 1).workflows[0].id
    body = {"message": "Pipeline not found"}
    emulator.fault("status", path=path, after=after, times=None, status=404, body=body)
    result = run(state="approved", workflow_id=id_, approve=["hold"])
    failed(
        result,
        f"CircleCI does not list this yet: Workflow 'build-and-deploy' of {API} pipeline #1. Whether anything beside "
        "it has failed cannot be seen, so nothing is approved. Run the task again.",
    )
    assert (result["changed"], result["approved"], emulator.writes) == (False, [], [])


@pytest.mark.parametrize("wait", [False, True])
def test_a_hold_of_a_workflow_that_was_not_run_is_closed(emulator: Emulator, run, wait: bool) -> None:
    """That is no failure, but no hold opens in it any more."""
    jobs = [{"name": "test"}, {"name": "hold", "type": "approval", "requires": ["test"]}]
    workflow = {"name": "build-and-deploy", "jobs": jobs, "end": "not_run"}
    play(emulator, None, script={"configuration": {"workflows": [workflow]}})
    for check_mode in (True, False):
        result = run(state="approved", approve=["hold"], wait=wait, check_mode=check_mode, **NAMED)
        failed(
            result, f"The hold 'hold' of Workflow 'build-and-deploy' of {API} pipeline #1 cannot be approved any more"
        )
        assert (
            ": it is not_run, and the workflow was not run. Run the workflow again, by state: rerun." in result["msg"]
        )
    assert (result["changed"], emulator.writes) == (False, [])


def test_a_hold_of_an_older_run_is_closed(emulator: Emulator, run) -> None:
    """The newest run of the workflow counts, and nothing of that has failed; but it is not the one that is named."""
    pipeline = play(emulator, "hold")
    older = pipeline.workflows[0]
    machine = emulator.state.machine
    machine.cancel_workflow(older, None)
    emulator.pass_time(5)
    emulator.pipeline(API, 1)
    machine.rerun(older, emulator.state.users["emulator"])
    emulator.pass_time(60)
    result = run(state="approved", approve=["hold"], workflow_id=older.id)
    failed(result, "cannot be approved any more: it is canceled, and the workflow was canceled. Run the workflow again")
    assert (result["changed"], result["project"], emulator.writes) == (False, API, [])
    assert run(state="approved", approve=["hold"], **NAMED)["approved"] == ["hold"]


def test_a_hold_of_a_workflow_that_was_canceled_is_closed(emulator: Emulator, run) -> None:
    pipeline = play(emulator, "hold")
    emulator.state.machine.cancel_workflow(pipeline.workflows[0], None)
    emulator.pass_time(5)
    failed(run(state="approved", approve=["hold"], **NAMED), "something has failed: workflow 'build-and-deploy' was")


@pytest.mark.parametrize("named", [{"pipeline_number": 1}, {"workflow_id": "{workflow}"}])
def test_a_stale_pipeline_is_not_approved(emulator: Emulator, run, named: dict[str, Any]) -> None:
    pipeline = play(emulator, "hold")
    play(emulator, "errored-config")
    options: dict[str, Any] = {
        key: str(value).format(workflow=pipeline.workflows[0].id) for key, value in named.items()
    }
    if "pipeline_number" in named:
        options["workflow"] = "build-and-deploy"
    assert run(state="approved", approve=["hold"], **options, check_mode=True)["changed"] is True
    play(emulator, None, branch="feature/login")
    assert run(state="approved", approve=["hold"], **options, check_mode=True)["changed"] is True
    play(emulator, None)
    for check_mode in (True, False):
        failed(
            run(state="approved", approve=["hold"], **options, check_mode=check_mode), "is stale: #4 of main is newer"
        )
    assert emulator.writes == []
    assert run(state="approved", approve=["hold"], stale="allow", **options)["approved"] == ["hold"]


def test_a_newer_pipeline_is_seen_behind_many_that_could_not_be_run(emulator: Emulator, run) -> None:
    play(emulator, "hold")
    play(emulator, None)
    for _number in range(21):
        play(emulator, "errored-config", 1)
    options = {"workflow": "build-and-deploy", "pipeline_number": 1}
    failed(run(state="approved", approve=["hold"], **options), "is stale: #2 of main is newer")
    assert emulator.writes == []


def test_a_pipeline_that_becomes_stale_while_it_is_waited_for_is_not_approved(emulator: Emulator, run) -> None:
    emulator.state.machine.set_seconds({"running": 30})
    play(emulator, "hold", 1)
    emulator.push(API, branch="main", after=10)
    result = run(state="approved", approve=["hold"], wait=True, **NAMED)
    failed(result, "is stale: #2 of main is newer")
    assert emulator.writes == []


def test_a_pipeline_of_a_tag_is_never_stale(emulator: Emulator, run) -> None:
    options: dict[str, Any] = {"branch": None, "tag": "v1.0.0"}
    play(emulator, "hold", **options)
    play(emulator, None, **options)
    result = run(state="approved", workflow="build-and-deploy", pipeline_number=1, approve=["hold"])
    assert result["approved"] == ["hold"]


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize("faster", [False, True])
def test_somebody_else_may_have_been_faster(emulator: Emulator, run, faster: bool, wait: bool) -> None:
    """The hold is approved between the look and the request, which is refused then."""
    workflow = play(emulator, "hold").workflows[0]
    if faster:
        emulator.fault("status", path="/approve/", status=400, body={"message": "Bad request."}, when="after")
    result = run(state="approved", approve=["hold"], wait=wait, **NAMED)
    approved = [] if faster else ["hold"]
    assert (result["changed"], result["approved"], result.get("failed")) == (not faster, approved, None)
    assert (result["diff"]["before"]["approved"], result["diff"]["after"]["approved"]) == ([], approved)
    assert workflow.jobs[1].status == "success"


@pytest.mark.parametrize(
    ("status", "message", "remedy"),
    [
        (403, "Forbidden", "Approving needs the right to push to the repository."),
        (400, "Bad request.", "Approving needs the right to push to the repository."),
        (403, "Resource protected by organization SAML enforcement.", "Have an owner of the organization authorize"),
        (404, "Job not found", "Check the id."),
    ],
)
def test_a_refused_approval_says_which_right_is_missing(
    emulator: Emulator, run, status: int, message: str, remedy: str
) -> None:
    play(emulator, "hold")
    emulator.fault("status", path="/approve/", status=status, body={"message": message})
    result = run(state="approved", approve=["hold"], **NAMED)
    failed(result, f"/approve/{emulator.pipeline(API, 1).workflows[0].jobs[1].id}: {message}")
    assert API in result["msg"]
    assert result["hint"].startswith(remedy)
    assert (result["changed"], result["approved"], [hold["job"] for hold in result["holds"]]) == (False, [], ["hold"])


@pytest.mark.parametrize("options", [{"state": "approved", "approve": ["hold"]}, {"state": "canceled"}])
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 401, "body": {"message": "Invalid token provided."}},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "86400"}, "body": {}},
    ],
)
def test_a_refusal_that_is_no_opinion_on_the_workflow_is_not_taken_for_somebody_elses_deed(
    emulator: Emulator, run, options: dict[str, Any], fault: dict[str, Any]
) -> None:
    """What was asked for happens at the same moment: a look would show it, but the task is not let act at all."""
    workflow = play(emulator, "hold", script={"delays": {"accepted": 0}}).workflows[0]
    emulator.fault(method="POST", when="after", **fault)
    result = run(**options, **NAMED)
    failed(result, f"/workflow/{workflow.id}/")
    assert (result["changed"], result["approved"], len(emulator.writes)) == (False, [], 1)
    assert emulator.requests[-1].method == "POST"
    assert result["hint"]


@pytest.mark.parametrize("options", [{"state": "approved", "approve": ["hold"]}, {"state": "canceled"}])
def test_what_is_in_doubt_is_not_taken_for_somebody_elses_deed(
    emulator: Emulator, run, options: dict[str, Any]
) -> None:
    """It shows after the last look: this task may have done it."""
    workflow = play(emulator, "hold", script={"delays": {"accepted": 0}}).workflows[0]
    emulator.fault("status", method="POST", when="after", status=503)
    hold = {"id": workflow.jobs[1].id, "name": "hold", "type": "approval", "status": "on_hold"}
    jobs = {"items": [hold], "next_page_token": None}
    shown = {"id": workflow.id, "name": "build-and-deploy", "status": "on_hold"}
    emulator.fault("body", method="GET", path="/job$", after=1, times=6, body=jobs)
    emulator.fault("body", method="GET", path="/v2/workflow/[^/]+$", times=6, body=shown)
    result = run(**options, **NAMED, retries=0)
    failed(result, "nothing of it is to be seen")
    assert (result["status"], len(emulator.writes)) == (503, 1)


@pytest.mark.parametrize("options", [{"state": "approved", "approve": ["hold"]}, {"state": "canceled"}])
def test_what_never_reached_circleci_is_not_looked_into(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    play(emulator, "hold")
    run(**options, **NAMED, check_mode=True)
    before = len(emulator.requests)
    never_send(monkeypatch, "POST")
    result = run(**options, **NAMED, retries=0)
    failed(result, "got no answer: refused")
    assert (result["changed"], len(emulator.requests)) == (False, 2 * before)


@pytest.mark.parametrize("wait", [False, True])
def test_check_mode_predicts_what_is_open(emulator: Emulator, run, clock, wait: bool) -> None:
    play(emulator, "hold")
    result = run(state="approved", approve=["hold"], wait=wait, check_mode=True, **NAMED)
    assert result.keys() - {"warnings"} == RETURNED
    assert (result["changed"], result["approved"], emulator.writes, clock.pauses) == (True, ["hold"], [], [])
    assert (result["diff"]["after"]["approved"], result["warnings"]) == (["hold"], [])


def test_check_mode_of_what_is_not_open_yet(emulator: Emulator, run, clock) -> None:
    play(emulator, "hold", 1)
    failed(run(state="approved", approve=["hold"], check_mode=True, **NAMED), "is not open yet")
    result = run(state="approved", approve=["hold"], wait=True, check_mode=True, **NAMED)
    assert (result["changed"], result["approved"], clock.pauses) == (True, [], [])
    assert any("would wait for hold to open" in warning for warning in result["warnings"])


def test_check_mode_of_a_wait_for_two_holds_tells_them_apart(emulator: Emulator, run) -> None:
    play(emulator, "two-holds")
    result = run(state="approved", approve=["hold-staging", "hold-production"], wait=True, check_mode=True, **NAMED)
    (warning,) = result["warnings"]
    assert (result["changed"], result["approved"]) == (True, ["hold-staging"])
    assert "would wait for hold-production to open" in warning


# --- running again ----------------------------------------------------------------------------------------------------


def test_a_failed_workflow_runs_again_from_what_failed(emulator: Emulator, run) -> None:
    pipeline = play(emulator, "second-workflow-fails")
    emulator.pass_time(1)
    result = run(state="rerun", workflow="lint", branch="main")
    assert result.keys() - {"warnings"} == RETURNED
    lint = pipeline.workflows[-1]
    assert (result["changed"], result["workflow"]["id"], result["workflow"]["name"]) == (True, lint.id, "lint")
    assert (emulator.writes[0].body, lint.is_manual) == ({"from_failed": True}, True)
    assert result["diff"]["before"] == {"workflow": "lint", "id": pipeline.workflows[1].id, "status": "failed"}
    assert result["diff"]["after"] == {"workflow": "lint", "id": lint.id, "status": "running"}
    # What has ended is not looked at once more.
    assert f"/api/v2/workflow/{pipeline.workflows[1].id}" not in [record.path for record in emulator.requests]


@pytest.mark.parametrize(("status", "warned"), [(403, True), (404, False)])
def test_a_new_run_that_cannot_be_read_is_there_all_the_same(
    emulator: Emulator, run, status: int, warned: bool
) -> None:
    """CircleCI may show it seconds later, which is no trouble."""
    pipeline = play(emulator, "second-workflow-fails")
    emulator.fault("status", path="/workflow/[^/]+$", method="GET", status=status, body={"message": "not now"})
    result = run(state="rerun", workflow="lint", branch="main")
    emulator.pass_time(1)
    lint = emulator.pipeline(API, 1).workflows[-1]
    assert (result.get("failed"), result["changed"], len(emulator.writes)) == (None, True, 1)
    assert (result["workflow"]["id"], result["workflow"]["name"]) == (lint.id, "lint")
    times = {name: result["workflow"][name] for name in ("created_at", "stopped_at")}
    assert (result["workflow"]["status"], times) == ("running", {"created_at": None, "stopped_at": None})
    assert len(pipeline.workflows) == 3
    answer = f"CircleCI answered {status} to GET v2/workflow/{lint.id}: not now"
    assert result["warnings"] == ([f"The new workflow could not be read. {answer}"] if warned else [])
    assert emulator.faults.pending == []


@pytest.mark.parametrize("body", [{"message": "ok"}, {"workflow_id": None}, {"workflow_id": ""}])
def test_an_answer_without_the_new_run_is_looked_into(emulator: Emulator, run, body: dict[str, Any]) -> None:
    play(emulator, "second-workflow-fails")
    emulator.fault("body", method="POST", path="/rerun$", status=202, when="after", body=body)
    result = run(state="rerun", workflow="lint", branch="main")
    assert (result.get("failed"), result["changed"], len(emulator.writes)) == (None, True, 1)
    assert result["workflow"]["id"] == emulator.pipeline(API, 1).workflows[-1].id


def test_what_an_answer_leaves_out_of_a_new_run_is_what_was_asked_for(emulator: Emulator, run) -> None:
    play(emulator, "second-workflow-fails")
    emulator.fault("body", path="/v2/workflow/[^/]+$", method="GET", body={"status": "queued"})
    result = run(state="rerun", workflow="lint", branch="main")
    emulator.pass_time(1)
    expected = {"id": emulator.pipeline(API, 1).workflows[-1].id, "name": "lint", "status": "queued"}
    assert (result.get("failed"), result["changed"]) == (None, True)
    assert result["workflow"].items() >= {**expected, "created_at": None, "stopped_at": None}.items()


@pytest.mark.parametrize("left_out", [[], ["id", "name", "pipeline_id"]])
def test_what_ends_at_that_moment_is_shown_as_it_has_ended(emulator: Emulator, run, left_out: list[str]) -> None:
    """It was canceled, and succeeded all the same: there is nothing to run again."""
    workflow = play(emulator, "hold").workflows[0]
    run(state="approved", approve=["hold"], **NAMED)
    emulator.pass_time(60)
    listed = {"id": workflow.id, "name": "build-and-deploy", "status": "on_hold", "pipeline_id": workflow.pipeline.id}
    hold = {"id": "h", "name": "hold", "type": "approval", "status": "on_hold"}
    now = {name: value for name, value in {**listed, "status": "success"}.items() if name not in left_out}
    emulator.fault("body", path="/pipeline/[^/]+/workflow$", body={"items": [listed], "next_page_token": None})
    emulator.fault("body", path="/job$", body={"items": [hold], "next_page_token": None})
    emulator.fault("body", path="/v2/workflow/[^/]+$", body=now)
    emulator.clear()
    result = run(state="rerun", **NAMED)
    assert (result.get("failed"), result["changed"], emulator.writes) == (None, False, [])
    shown = result["workflow"]
    assert (shown["id"], shown["name"], shown["status"]) == (workflow.id, "build-and-deploy", "success")
    assert ({job["status"] for job in shown["jobs"]}, result["holds"]) == ({"success"}, [])


@pytest.mark.parametrize(
    ("scenario", "workflow", "ended"),
    [("auto-rerun", "build-and-test", "success"), ("second-workflow-fails", "lint", "failed")],
)
def test_the_new_run_is_waited_for_also_before_it_is_listed(
    emulator: Emulator, run, monkeypatch, scenario: str, workflow: str, ended: str
) -> None:
    from emulator.v2 import paging, routes_pipelines

    pipeline = play(emulator, scenario, script={"delays": {"rerun": 100_000}})
    listed = paging.page
    emulator.pass_time(40)
    lag = emulator.state.now() + 20

    def lagging(request, items, shape):
        late = [each for each in items if getattr(each, "is_manual", False) and emulator.state.now() < lag]
        return listed(request, [each for each in items if each not in late], shape)

    monkeypatch.setattr(routes_pipelines, "page", lagging)
    result = run(state="rerun", workflow=workflow, branch="main", wait=True)
    assert (result["changed"], result["workflow"]["status"]) == (True, ended)
    assert result["workflow"]["id"] == pipeline.workflows[-1].id


def test_a_rerun_that_fails_again_is_a_failure_with_its_steps(emulator: Emulator, run, clock) -> None:
    play(emulator, "second-workflow-fails")
    predicted = run(state="rerun", workflow="lint", branch="main", wait=True, check_mode=True)
    assert (predicted.get("failed"), predicted["changed"], clock.pauses) == (None, True, [])
    result = run(state="rerun", workflow="lint", branch="main", wait=True)
    failed(result, "workflow 'lint' failed")
    assert (result["changed"], [step["build_num"] for step in result["failed_steps"]]) == (True, [3])


@pytest.mark.parametrize(
    ("status", "options", "body"),
    [
        ("success", {}, None),
        ("success", {"from_failed": True}, None),
        ("success", {"from_failed": False}, {}),
        ("success", {"jobs": ["test"]}, {"jobs": ["{test}"]}),
        ("success", {"jobs": ["test", "test"], "ssh": True}, {"jobs": ["{test}"], "enable_ssh": True}),
        ("failed", {"from_failed": True}, {"from_failed": True}),
        ("failed", {"from_failed": False}, {}),
        ("error", {}, {"from_failed": True}),
        ("canceled", {"from_failed": False}, {}),
        ("not_run", {"from_failed": False}, {}),
    ],
)
def test_what_runs_again_is_what_was_asked_for(
    emulator: Emulator, run, status: str, options: dict[str, Any], body: dict[str, Any] | None
) -> None:
    outcome = status if status in ("failed", "canceled") else "success"
    plan = {"name": "a", "jobs": [{"name": "test", "outcomes": [outcome]}]}
    if status in ("error", "not_run"):
        plan["end"] = status
    pipeline = play(emulator, None, script={"configuration": {"workflows": [plan]}})
    assert pipeline.workflows[0].status == status
    job = pipeline.workflows[0].jobs[0].id
    predicted = run(state="rerun", workflow="a", branch="main", check_mode=True, **options)
    assert emulator.writes == []
    result = run(state="rerun", workflow="a", branch="main", **options)
    expected = body and {key: [job] if key == "jobs" else value for key, value in body.items()}
    assert [record.body for record in emulator.writes] == ([] if body is None else [expected or {}])
    assert predicted["changed"] is result["changed"] is (body is not None)
    if body is not None:
        assert predicted["workflow"] == {**NO_WORKFLOW, "name": "a"}
        assert predicted["diff"]["before"] == result["diff"]["before"]
        assert predicted["diff"]["after"] == {**result["diff"]["after"], "id": "(known after the run)"}
    else:
        assert result["workflow"]["id"] == pipeline.workflows[0].id


@pytest.mark.parametrize("status", ["canceled", "not_run"])
def test_what_has_nothing_that_failed_says_so(emulator: Emulator, run, status: str) -> None:
    plan: dict[str, Any] = {"name": "a", "jobs": [{"name": "test", "outcomes": ["canceled"]}]}
    if status == "not_run":
        plan["end"] = status
    play(emulator, None, script={"configuration": {"workflows": [plan]}})
    failed(run(state="rerun", workflow="a", branch="main"), "Set from_failed to false to run all of it")


def test_a_running_workflow_is_to_be_canceled_first(emulator: Emulator, run) -> None:
    play(emulator, "hold")
    failed(run(state="rerun", **NAMED), "is on_hold: it cannot be run again before it has ended. Cancel it first")


@pytest.mark.parametrize("options", [{}, {"from_failed": False}, {"jobs": ["generate"]}])
def test_a_setup_workflow_cannot_be_run_again(emulator: Emulator, run, options: dict[str, Any]) -> None:
    play(emulator, "setup-continue")
    result = run(state="rerun", workflow="setup", branch="main", **options)
    failed(result, "is a setup workflow")
    assert "Start a new pipeline" in result["msg"]
    assert emulator.writes == []


def test_a_job_that_is_not_there_names_those_that_are(emulator: Emulator, run) -> None:
    play(emulator, "two-holds")
    emulator.state.machine.cancel_workflow(emulator.pipeline(API, 1).workflows[0], None)
    emulator.pass_time(5)
    failed(run(state="rerun", jobs=["tset"], **NAMED), "has no job 'tset'. There are: test, hold-staging")


def test_a_user_can_log_in_to_the_builds(emulator: Emulator, run) -> None:
    play(emulator, None)
    run(state="rerun", workflow="build-and-test", branch="main", jobs=["build"], enable_ssh=True)
    emulator.pass_time(1)
    assert [user.login for user in emulator.build(API, 3).ssh_users] == ["emulator"]


def lose_beside(emulator: Emulator, workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose the answer to a rerun, and let somebody else run a workflow again at the same time."""
    usual = Emulator._answer

    def answer(self: Emulator, call: Call) -> Answer:
        result = usual(self, call)
        if call.method == "POST":
            self.state.machine.rerun(workflow, self.state.users["emulator"])
        return result

    monkeypatch.setattr(Emulator, "_answer", answer)
    emulator.fault("drop", method="POST", path="/rerun$", when="after")


def test_of_several_new_runs_none_is_taken(emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is lost, and somebody else runs the same workflow again at the same time."""
    lose_beside(emulator, play(emulator, "second-workflow-fails").workflows[1], monkeypatch)
    result = run(state="rerun", workflow="lint", branch="main", wait=True)
    ids = sorted(each.id for each in emulator.pipeline(API, 1).workflows[2:])
    failed(result, f"Any of the workflows {', '.join(ids)} may have come of it")
    assert (result["changed"], len(ids), len(emulator.writes)) == (True, 2, 1)
    assert result["hint"] == "Look at the project on CircleCI before you run this task again."


def test_a_new_run_of_another_workflow_is_not_taken(emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is lost, and somebody else runs another workflow of the pipeline again at the same time."""
    pipeline = play(emulator, "second-workflow-fails")
    lose_beside(emulator, pipeline.workflows[0], monkeypatch)
    result = run(state="rerun", workflow="lint", branch="main")
    (ours,) = [each.id for each in emulator.pipeline(API, 1).workflows[2:] if each.name == "lint"]
    assert (result.get("failed"), result["changed"], result["workflow"]["id"]) == (None, True, ours)
    assert len(pipeline.workflows) == 4


# --- canceling --------------------------------------------------------------------------------------------------------


def test_a_workflow_is_canceled_once(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    predicted = run(state="canceled", check_mode=True, **NAMED)
    assert (predicted["changed"], emulator.writes) == (True, [])
    result = run(state="canceled", **NAMED)
    assert {key: predicted[key] for key in RETURNED} == {key: result[key] for key in RETURNED}
    assert paths(emulator) == [f"workflow/{workflow.id}/cancel"]
    # Of each run one look at the jobs.
    assert len([record for record in emulator.requests if record.path.endswith("/job")]) == 2
    assert result["diff"]["before"] == {"workflow": workflow.name, "status": "on_hold"}
    assert result["diff"]["after"] == {"workflow": workflow.name, "status": "canceled"}
    emulator.pass_time(5)
    emulator.clear()
    again = run(state="canceled", **NAMED)
    assert (again["changed"], again["workflow"]["status"], emulator.writes) == (False, "canceled", [])


def test_what_was_just_canceled_can_be_run_again_at_once(emulator: Emulator, run) -> None:
    """CircleCI takes some time to end it, and refuses until then."""
    play(emulator, "hold", script={"delays": {"accepted": 0.1}})
    emulator.clear()
    run(state="canceled", **NAMED)
    assert emulator.pipeline(API, 1).workflows[0].status == "on_hold"
    result = run(state="rerun", from_failed=False, **NAMED)
    assert (result.get("failed"), result["changed"], result["holds"]) == (None, True, []), result
    assert [path.rpartition("/")[2] for path in paths(emulator)] == ["cancel", "rerun"]


def test_what_is_still_being_canceled_is_told_so(emulator: Emulator, run) -> None:
    play(emulator, "hold", script={"delays": {"accepted": 100_000}})
    result = run(state="canceled", **NAMED)
    assert (result.get("failed"), result["changed"]) == (None, True)
    for check_mode in (True, False):
        emulator.clear()
        failed(
            run(state="rerun", from_failed=False, check_mode=check_mode, **NAMED),
            "Cancel it first, or run this task again later if that was just done",
        )
        looks = [record for record in emulator.requests if re.search("/workflow/[^/]+$", record.path)]
        # Check mode does not wait for it to end.
        assert (len(looks) == 0) is check_mode


def test_a_refused_cancellation_of_what_has_ended_meanwhile_is_none(emulator: Emulator, run) -> None:
    workflow = play(emulator, "hold").workflows[0]
    emulator.fault("status", path="/cancel", status=400, body={"message": "Bad request."}, when="after")
    result = run(state="canceled", **NAMED)
    assert "failed" not in result
    emulator.pass_time(5)
    emulator.pipeline(API, 1)
    assert workflow.status == "canceled"


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("ended", ["success", "canceled"])
def test_a_workflow_that_ends_before_it_can_be_canceled_was_not_canceled(
    emulator: Emulator, run, ended: str, short: bool
) -> None:
    workflow = play(emulator, None).workflows[0]
    listed = {"id": workflow.id, "name": "build-and-test", "status": "running", "pipeline_id": workflow.pipeline.id}
    emulator.fault("body", path="/pipeline/[^/]+/workflow$", body={"items": [listed], "next_page_token": None})
    now = {**({} if short else listed), "status": ended}
    emulator.fault("body", method="GET", path="/v2/workflow/[^/]+$", times=None, body=now)
    emulator.fault("status", path="/cancel", status=400, body={"message": "Bad request."})
    result = run(state="canceled", workflow="build-and-test", branch="main")
    told = f"Workflow 'build-and-test' of {API} pipeline #1 ended before it could be canceled: success."
    assert (result.get("failed"), result["changed"], result["workflow"]["status"]) == (None, False, ended)
    assert result["warnings"] == ([told] if ended == "success" else [])
    assert result["diff"]["after"]["status"] == ended


@pytest.fixture
def seconds_ago(monkeypatch: pytest.MonkeyPatch):
    """Say how long ago what has ended did so: the emulator's clock is ahead."""
    from ansible_collections.community.circleci.plugins.module_utils._resources import workflow_actions

    return lambda seconds: monkeypatch.setattr(workflow_actions, "age_of", lambda *moments: seconds)


@pytest.mark.parametrize("check_mode", [False, True])
@pytest.mark.parametrize("ago", [0.0, 5.0, 29.9])
def test_what_circleci_is_about_to_run_again_itself_is_not_run_twice(
    emulator: Emulator, run, seconds_ago, ago: float, check_mode: bool
) -> None:
    play(emulator, "auto-rerun", 10, script={"delays": {"rerun": 20}})
    seconds_ago(ago)
    named = {"workflow": "build-and-test", "branch": "main", "check_mode": check_mode}
    result = run(state="rerun", **named)
    failed(result, "has failed, and CircleCI itself is about to run it again. Wait for that with")
    canceled = run(state="canceled", **named)
    assert (canceled["changed"], emulator.writes) == (False, [])
    (warning,) = canceled["warnings"]
    assert warning == (
        f"Workflow 'build-and-test' of {API} pipeline #1 has ended, but CircleCI itself is about to run it again. "
        "community.circleci.circleci_pipeline with state: canceled waits for that, and cancels it."
    )
    # What was run again is itself no more about to be.
    first = emulator.pipeline(API, 1).workflows[0]
    emulator.pass_time(60)
    assert len(emulator.pipeline(API, 1).workflows) == 2
    again = run(state="rerun", workflow_id=first.id, check_mode=check_mode)
    assert (again.get("failed"), again["changed"]) == (None, True)


@pytest.mark.parametrize("seconds", [30.0, -5.0])
def test_what_circleci_did_not_run_again_itself_in_time_can_be_run_again(
    emulator: Emulator, run, seconds_ago, seconds: float
) -> None:
    """Nor does a clock that is wrong stand in the way."""
    play(emulator, "auto-rerun", 10, script={"delays": {"rerun": 100_000}})
    seconds_ago(seconds)
    result = run(state="rerun", workflow="build-and-test", branch="main")
    assert (result.get("failed"), result["changed"]) == (None, True)
    assert run(state="canceled", workflow_id=result["workflow"]["id"], check_mode=True)["warnings"] == []


# --- odd answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"state": "canceled"}, {"state": "rerun"}, {"state": "rerun", "jobs": ["test"]}])
@pytest.mark.parametrize("thing", [{}, {"id": None}, {"id": ""}])
def test_a_workflow_without_an_id_is_not_taken_for_another_one(
    emulator: Emulator, run, options: dict[str, Any], thing: dict[str, Any]
) -> None:
    """One that has expired has none any more."""
    play(emulator, "second-workflow-fails")
    status = "running" if options["state"] == "canceled" else "failed"
    listed = {"items": [{"name": "lint", "status": status, **thing}], "next_page_token": None}
    emulator.fault("body", path="/pipeline/[^/]+/workflow$", times=None, body=listed)
    result = run(workflow="lint", branch="main", **options)
    words = "has no job 'test'" if "jobs" in options else "CircleCI tells no id of the workflow 'lint', so that nothing"
    failed(result, words)
    assert (result["changed"], emulator.writes) == (False, [])
    assert (result["workflow"]["id"] or None, result["workflow"]["url"]) == (None, None)


def test_a_running_workflow_without_an_id_is_not_waited_for_under_another_name(emulator: Emulator, run) -> None:
    play(emulator, None)
    listed = {"items": [{"name": "lint", "status": "running"}], "next_page_token": None}
    emulator.fault("body", path="/pipeline/[^/]+/workflow$", times=None, body=listed)
    failed(run(workflow="lint", branch="main", state="rerun"), "CircleCI tells no id of the workflow 'lint'")


def test_a_job_without_an_id_is_not_run_again_under_another_name(emulator: Emulator, run) -> None:
    play(emulator, "second-workflow-fails")
    listed = {"items": [{"name": "lint", "type": "build", "status": "failed"}], "next_page_token": None}
    emulator.fault("body", path="/job$", times=None, body=listed)
    result = run(state="rerun", workflow="lint", branch="main", jobs=["lint"])
    failed(result, "CircleCI tells no id of the job 'lint', so that nothing can be done to it.")
    assert (result["changed"], emulator.writes) == (False, [])


@pytest.mark.parametrize("named", [{"workflow": "lint", "branch": "main"}, {"workflow_id": "{id}"}])
def test_what_an_answer_leaves_out_and_the_task_knows_does_no_harm(
    emulator: Emulator, run, named: dict[str, str]
) -> None:
    """A listed workflow need not name its pipeline, nor one that was asked for by its id that id."""
    pipeline = play(emulator, "second-workflow-fails")
    lint = pipeline.workflows[1]
    listed = {"items": [{"id": lint.id, "name": "lint", "status": "failed"}], "next_page_token": None}
    shown = {"name": "lint", "status": "failed", "pipeline_id": pipeline.id, "project_slug": "gh/acme/api"}
    emulator.fault("body", path="/pipeline/[^/]+/workflow$", body=listed)
    emulator.fault("body", path=f"/v2/workflow/{lint.id}$", body=shown)
    result = run(state="rerun", **{name: value.format(id=lint.id) for name, value in named.items()})
    assert (result.get("failed"), result["changed"]) == (None, True)
    assert paths(emulator) == [f"workflow/{lint.id}/rerun"]


# --- ids that are known after the run ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["workflow_id", "pipeline_id", "pipeline_number"])
@pytest.mark.parametrize(
    "options",
    [{"state": "approved", "approve": ["hold"]}, {"state": "approved"}, {"state": "rerun"}, {"state": "canceled"}],
)
@pytest.mark.parametrize("more", [{}, NAMED])
def test_an_empty_id_never_becomes_a_branch(
    emulator: Emulator, run, name: str, options: dict[str, Any], more: dict[str, Any]
) -> None:
    play(emulator, "hold")
    result = run(**{name: ""}, **options, **more, check_mode=True)
    assert (result["changed"], result["workflow"], emulator.requests) == (True, NO_WORKFLOW, [])
    assert f"{name} is known after the run only" in result["warnings"][0]
    failed(run(**{name: ""}, **options, **more), f"{name} is given, but empty")
    assert emulator.requests == []
