# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import PROJECT_TOKEN, Emulator
from emulator.world.advanced import FLAGS, advanced, change
from tests.unit.trouble import never_send

API = "github/acme/api"
APP = "circleci/acme-apps/mobile-app"
MODULE = "circleci_project_settings"
FORK_BUILDS, FORK_SECRETS, BRANCHES = "build_fork_prs", "forks_receive_secret_env_vars", "pr_only_branch_overrides"


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **options})


def sent(emulator: Emulator) -> list[dict[str, Any]]:
    """The settings of each write."""
    return [record.body["advanced"] for record in emulator.writes]


def held(emulator: Emulator, slug: str = API) -> dict[str, Any]:
    return advanced(emulator.project(slug))


@pytest.mark.parametrize("flag", [name for name in FLAGS if name != FORK_SECRETS])
def test_a_flag_is_changed_once_and_back_again(emulator: Emulator, run, flag: str) -> None:
    for value in (not FLAGS[flag], FLAGS[flag]):
        options = {flag: value, **({FORK_SECRETS: False} if flag == FORK_BUILDS else {})}
        run(**{name: option for name, option in options.items() if name == FORK_SECRETS})
        predicted = run(check_mode=True, **options)
        emulator.clear()
        real = run(**options)
        assert predicted == real
        assert (real["changed"], sent(emulator)) == (True, [{flag: value}])
        assert real["diff"]["before"]["settings"][flag] is (not value)
        assert real["diff"]["after"]["settings"][flag] is value
        assert real["settings"] == {**held(emulator), BRANCHES: ["main"]}
        emulator.clear()
        assert run(**options)["changed"] is False
        assert (emulator.writes, len(emulator.requests)) == ([], 1)


def test_only_the_difference_is_sent(emulator: Emulator, run) -> None:
    result = run(autocancel_builds=True, set_github_status=True, disable_ssh=True, build_prs_only=False)
    assert sent(emulator) == [{"autocancel_builds": True, "disable_ssh": True}]
    assert set(result["diff"]["after"]["settings"]) == {
        "autocancel_builds", "set_github_status", "disable_ssh", "build_prs_only"
    }  # fmt: skip


def test_what_is_left_out_is_left_as_it_is(emulator: Emulator, run) -> None:
    change(emulator.project(API), {"disable_ssh": True, BRANCHES: ["a", "b"]})
    before = held(emulator)
    result = run(autocancel_builds=True)
    assert held(emulator) == {**before, "autocancel_builds": True}
    assert result["settings"][BRANCHES] == ["a", "b"]
    emulator.clear()
    assert run()["changed"] is False
    assert emulator.writes == []


def test_branches_are_a_set_whatever_order_they_come_back_in(emulator: Emulator, run) -> None:
    wanted = ["release", "main", "hotfix", "release"]
    result = run(pr_only_branch_overrides=wanted)
    assert (result["changed"], result["settings"][BRANCHES]) == (True, ["hotfix", "main", "release"])
    assert held(emulator)[BRANCHES] == ["release", "hotfix", "main"]
    emulator.clear()
    for same in (wanted, sorted(wanted), ["main", "release", "hotfix"]):
        assert run(pr_only_branch_overrides=same)["changed"] is False
    assert emulator.writes == []
    assert run(pr_only_branch_overrides=["main"])["settings"][BRANCHES] == ["main"]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({BRANCHES: []}, "ignores an empty list"),
        ({BRANCHES: ["main", " "]}, "a branch without a name"),
        ({BRANCHES: [f"b{number}" for number in range(101)]}, "takes up to 100"),
        ({"disable_ssh": "perhaps"}, "disable_ssh"),
        ({"api_token": None, "disable_ssh": True}, "CIRCLE_TOKEN"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], complaint: str
) -> None:
    result = run(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


def test_a_hundred_branches_are_taken(emulator: Emulator, run) -> None:
    branches = [f"b{number:03}" for number in range(100)]
    assert run(pr_only_branch_overrides=branches)["settings"][BRANCHES] == branches


# --- forks and secrets -----------------------------------------------------------------------------------------------

SAFE = {FORK_BUILDS: True, FORK_SECRETS: False, "disable_ssh": True}


class Watch:
    """Looks after each request whether builds of forks would get secrets."""

    def __init__(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leaked = False
        answer = type(emulator)._answer

        def answering(each: Emulator, call: Any) -> Any:
            try:
                return answer(each, call)
            finally:
                held_now = held(each)
                self.leaked |= held_now[FORK_BUILDS] and held_now[FORK_SECRETS]

        monkeypatch.setattr(type(emulator), "_answer", answering)


@pytest.fixture
def watch(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(emulator, monkeypatch)


def test_secrets_are_kept_from_forks_before_their_builds_are_switched_on(emulator: Emulator, run, watch: Watch) -> None:
    predicted = run(check_mode=True, **SAFE)
    emulator.clear()
    real = run(**SAFE)
    assert predicted == real
    assert sent(emulator) == [{FORK_SECRETS: False}, {FORK_BUILDS: True, "disable_ssh": True}]
    # What was switched off is read back before anything else is sent.
    assert [record.method for record in emulator.requests] == ["GET", "PATCH", "GET", "PATCH"]
    assert real["warnings"] == []
    assert (held(emulator)[FORK_BUILDS], held(emulator)[FORK_SECRETS], watch.leaked) == (True, False, False)


FAULTS: dict[str, dict[str, Any]] = {
    "refused": {"kind": "status", "status": 403, "body": {"message": "Permission denied"}},
    "throttled for long": {"kind": "status", "status": 429, "headers": {"Retry-After": "86400"}, "body": {}},
    "502": {"kind": "status", "status": 502, "body": {"message": "x"}},
    "dropped": {"kind": "drop"},
    "no answer": {"kind": "hang"},
    "HTML": {"kind": "body", "body": "<html>welcome</html>"},
    "an empty object": {"kind": "body", "body": {}},
    "a success that is none": {
        "kind": "body",
        "body": {"advanced": {**FLAGS, FORK_SECRETS: False, BRANCHES: ["main"]}},
    },
}


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", FAULTS)
def test_at_no_moment_do_forks_get_secrets_whatever_becomes_of_a_write(
    emulator: Emulator, run, watch: Watch, fault: str, when: str, number: int
) -> None:
    emulator.fault(**FAULTS[fault], method="PATCH", when=when, after=number)
    result = run(retries=0, timeout=0.2, **SAFE)
    first = {FORK_SECRETS: False}
    assert sent(emulator)[0] == first
    if number == 0 and result.get("failed"):
        assert sent(emulator) == [first]
        assert held(emulator)[FORK_BUILDS] is False
    assert watch.leaked is False
    emulator.faults.clear()
    assert not run(**SAFE).get("failed")
    assert (held(emulator)[FORK_BUILDS], held(emulator)[FORK_SECRETS], watch.leaked) == (True, False, False)


def test_builds_of_forks_are_not_switched_on_when_the_secrets_read_as_given_away(
    emulator: Emulator, run, watch: Watch
) -> None:
    """The write is answered with success, but what is read back says otherwise."""
    answer = {"advanced": {**FLAGS, FORK_SECRETS: False, "oss": False, BRANCHES: ["main"]}}
    emulator.fault("body", method="PATCH", body=answer)
    result = run(**SAFE)
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"accepted the settings of {API}, but {FORK_SECRETS} did not become" in result["msg"]
    assert sent(emulator) == [{FORK_SECRETS: False}]
    assert watch.leaked is False


def test_a_task_that_is_interrupted_after_its_first_write_leaves_builds_of_forks_off(
    emulator: Emulator, run, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.community.circleci.plugins.module_utils._http.client import Client

    write = Client.write

    def interrupted(self: Client, *arguments: Any, **options: Any) -> Any:
        write(self, *arguments, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(Client, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(**SAFE)
    assert (held(emulator)[FORK_BUILDS], held(emulator)[FORK_SECRETS], watch.leaked) == (False, False, False)


def test_secrets_are_given_to_forks_alone_and_last(emulator: Emulator, run) -> None:
    run(**SAFE)
    emulator.clear()
    run(**{FORK_BUILDS: False, FORK_SECRETS: True, "disable_ssh": False})
    assert sent(emulator) == [{FORK_BUILDS: False, "disable_ssh": False}, {FORK_SECRETS: True}]


def test_a_warning_says_who_can_read_the_secrets(emulator: Emulator, run) -> None:
    for check_mode in (True, False, False):
        (warning,) = run(check_mode=check_mode, **{FORK_BUILDS: True})["warnings"]
        assert "can read its secrets" in warning
        assert f"Set {FORK_SECRETS}: false" in warning
    assert run(**{FORK_BUILDS: True, FORK_SECRETS: True})["warnings"] == []
    assert run(**{FORK_BUILDS: False})["warnings"] == []
    run(**SAFE)
    assert run(**{FORK_BUILDS: True})["warnings"] == []


@pytest.mark.once
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.fixed_dictionaries({name: st.booleans() for name in FLAGS}),
    options=st.dictionaries(st.sampled_from(sorted(FLAGS)), st.booleans()),
)
def test_from_every_state_to_every_other(
    emulator: Emulator, run_module, before: dict[str, bool], options: dict[str, bool]
) -> None:
    emulator.reset()
    emulator.follow(API)
    change(emulator.project(API), before)
    predicted = run_module(MODULE, project=API, check_mode=True, **options)
    assert emulator.writes == []
    real = run_module(MODULE, project=API, **options)
    assert predicted == real
    assert held(emulator) == {**before, **options, "oss": False, BRANCHES: ["main"]}
    wanted = {**before, **options}
    sent_flags = [name for step in sent(emulator) for name in step]
    if wanted[FORK_BUILDS] and not wanted[FORK_SECRETS] and {FORK_BUILDS, FORK_SECRETS} <= set(sent_flags):
        assert sent_flags.index(FORK_SECRETS) < sent_flags.index(FORK_BUILDS)
    assert all(step == {FORK_SECRETS: step[FORK_SECRETS]} for step in sent(emulator) if FORK_SECRETS in step)
    emulator.clear()
    assert run_module(MODULE, project=API, **options)["changed"] is False
    assert emulator.writes == []


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 502])
def test_a_failure_tells_what_was_stored_all_the_same(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """One flag of the request is refused after another one of it was stored; or nobody can tell what came of it."""

    def half(project: Any, changes: dict[str, Any]) -> bool:
        change(project, {"autocancel_builds": changes["autocancel_builds"]})
        return False

    monkeypatch.setattr("emulator.v2.routes_settings.change", half)
    emulator.fault("status", method="PATCH", when="after", status=status, body={"message": "Permission denied"})
    result = run(autocancel_builds=True, disable_ssh=True, retries=0)
    assert (result["failed"], result["changed"], result["status"]) == (True, True, status)
    assert "Yet CircleCI has stored a part of it: autocancel_builds" in result["msg"]
    assert (result["settings"]["autocancel_builds"], result["settings"]["disable_ssh"]) == (True, False)
    assert result["updated"] == [{"kind": "setting", "name": "autocancel_builds"}]
    # What was looked at already is not looked at once more.
    looks = [record for record in emulator.requests if record.method == "GET"]
    assert len(looks) == (2 if status == 403 else 7)
    monkeypatch.undo()


def test_what_circleci_says_of_a_refusal_is_told_with_what_was_stored(emulator: Emulator, run) -> None:
    emulator.fault("status", method="PATCH", when="after", status=403, body={"message": "Permission denied."})
    result = run(autocancel_builds=True)
    assert (result["failed"], result["changed"]) == (True, True)
    assert ": Permission denied. Yet CircleCI has stored a part of it: autocancel_builds" in result["msg"]


@pytest.mark.parametrize("fault", ["unreached", "wrong token", "throttled for long"])
def test_what_says_nothing_of_the_settings_is_not_looked_into(
    emulator: Emulator, run, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    if fault == "unreached":
        never_send(monkeypatch, "PATCH")
    else:
        refused = {"kind": "status", "status": 401, "body": {"message": "Unauthorized"}}
        emulator.fault(**FAULTS.get(fault, refused), method="PATCH")
    result = run(autocancel_builds=True, retries=0)
    assert (result["failed"], result["changed"]) == (True, False)
    assert [record.method for record in emulator.requests if record.method == "GET"] == ["GET"]


@pytest.mark.parametrize("fault", [{"kind": "drop"}, {"kind": "status", "status": 502}])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_settled_by_reading(emulator: Emulator, run, fault: dict[str, Any], when: str) -> None:
    """Where it was lost before the change, the settings are as they were, and the task may send it again."""
    emulator.fault(**fault, method="PATCH", when=when, times=None)
    result = run(autocancel_builds=True, disable_ssh=True, retries=0)
    assert (result.get("failed", False), result["changed"]) == (when == "before", when == "after")
    assert (held(emulator)["disable_ssh"], len(emulator.writes)) == (when == "after", 1)
    assert ("nothing of it is to be seen" in result.get("msg", "")) is (when == "before")
    emulator.faults.clear()
    emulator.fault(**fault, method="PATCH", when="before")
    emulator.clear()
    assert run(build_prs_only=True)["changed"] is True
    assert len(emulator.writes) == 2


def test_a_refusal_of_everything_changed_nothing(emulator: Emulator, run) -> None:
    emulator.project(API).scopes.remove("write-settings")
    result = run(autocancel_builds=True)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "stored" not in result["msg"]


def test_a_success_that_changed_nothing_is_a_failure(emulator: Emulator, run) -> None:
    answer = {"advanced": {**FLAGS, "oss": False, BRANCHES: ["main"]}}
    emulator.fault("body", method="PATCH", body=answer)
    result = run(autocancel_builds=True)
    assert result["failed"] is True
    assert "autocancel_builds did not become what was asked for" in result["msg"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"advanced": []},
        {"advanced": {"disable_ssh": "no"}},
        {"advanced": {"disable_ssh": False, BRANCHES: "main"}},
        {"advanced": {"disable_ssh": False, BRANCHES: ["main", 1]}},
        [],
        None,
    ],
)
def test_settings_that_are_none_are_refused(emulator: Emulator, run, body: Any) -> None:
    emulator.fault("body", method="GET", path="/settings", body=body)
    result = run(disable_ssh=True)
    assert (result["failed"], result["path"], emulator.writes) == (True, "/api/v2/project/gh/acme/api/settings", [])
    assert API in result["msg"]
    assert " cannot be used: " in result["msg"]


def test_a_flag_that_this_circleci_does_not_have_is_named(emulator: Emulator, run) -> None:
    emulator.fault("body", method="GET", path="/settings", body={"advanced": {"disable_ssh": False}}, times=2)
    for check_mode in (True, False):
        result = run(setup_workflows=False, check_mode=check_mode)
        assert (result["failed"], emulator.writes) == (True, [])
        assert f"settings of {API} have no setup_workflows" in result["msg"]


def test_a_setting_that_is_null_is_one_that_is_not_there(emulator: Emulator, run) -> None:
    flags = {**held(emulator), BRANCHES: None, FORK_SECRETS: None, "oss": None}
    for options in ({"disable_ssh": True}, {BRANCHES: ["main"]}):
        emulator.fault("body", method="GET", path="/settings", body={"advanced": flags})
        result = run(**options, check_mode=True)
        assert result.get("failed", False) is (BRANCHES in options)
        if BRANCHES in options:
            assert f"settings of {API} have no {BRANCHES}" in result["msg"]
        else:
            assert (result["changed"], result["settings"].keys() & {BRANCHES, FORK_SECRETS, "oss"}) == (True, set())


def test_a_server_that_is_too_old_is_told_from_a_project_that_is_not_there(emulator: Emulator, run, run_module) -> None:
    emulator.switch(server="4.7")
    result = run(disable_ssh=True)
    assert "CircleCI Server has these settings in its API from version 4.8" in result["msg"]
    emulator.switch(server="4.8")
    assert run(disable_ssh=True)["changed"] is True
    result = run_module(MODULE, project="github/acme/web", disable_ssh=True)
    assert "4.8" not in result["msg"]
    assert "follow it first" in result["msg"]


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_project_token_is_told_so_where_it_sees_no_project(emulator: Emulator, run_module, check_mode: bool) -> None:
    options = {"project": "github/acme/web", "disable_ssh": True, "api_token": PROJECT_TOKEN}
    result = run_module(MODULE, check_mode=check_mode, **options)
    assert (result["failed"], result["status"], emulator.writes) == (True, 401, [])
    assert "it is a project token: give a personal API token" in result["msg"]


def test_in_a_project_of_an_app_secrets_are_never_given_to_forks_again(emulator: Emulator, run_module) -> None:
    emulator.add_repository(APP)
    assert run_module(MODULE, project=APP, **{FORK_SECRETS: True})["changed"] is False
    assert run_module(MODULE, project=APP, **{FORK_SECRETS: False, "disable_ssh": True})["changed"] is True
    emulator.clear()
    for check_mode in (True, False):
        result = run_module(MODULE, project=APP, check_mode=check_mode, **{FORK_SECRETS: True, "disable_ssh": False})
        assert (result["failed"], emulator.writes) == (True, [])
        assert "which is final" in result["msg"]
        assert "App" in result["msg"]


def test_check_mode_before_the_project_exists_predicts_from_what_new_projects_have(
    emulator: Emulator, run_module
) -> None:
    result = run_module(MODULE, project=API, check_mode=True, disable_ssh=True, set_github_status=True)
    assert (result["changed"], emulator.writes) == (True, [])
    assert result["settings"] == {**FLAGS, "disable_ssh": True, BRANCHES: None}
    assert any("CircleCI does not know" in warning for warning in result["warnings"])
    assert run_module(MODULE, project=API, check_mode=True, set_github_status=True)["changed"] is False


def test_what_somebody_else_has_changed_back_is_no_success(emulator: Emulator, run) -> None:
    seen = {"advanced": {**held(emulator), FORK_SECRETS: False}}
    emulator.fault("body", method="GET", path="/settings", body=seen)
    result = run(**{FORK_BUILDS: True, FORK_SECRETS: False})
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"{FORK_SECRETS} did not become what was asked for" in result["msg"]
    assert result["settings"][FORK_SECRETS] is True
