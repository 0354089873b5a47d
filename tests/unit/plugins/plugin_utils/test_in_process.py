# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from datetime import date, datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.community.circleci.plugins import action
from ansible_collections.community.circleci.plugins.module_utils._task import run
from ansible_collections.community.circleci.plugins.plugin_utils._in_process import InProcess
from ansible_collections.community.circleci.plugins.plugin_utils._turns import Turns
from emulator import Emulator
from tests.unit.keys import private_key
from tests.unit.plugins.plugin_utils.conftest import Act, Json
from tests.unit.results import failed

ACTIONS = sorted(path.stem for path in Path(action.__path__[0]).glob("circleci_*.py"))
# Six hosts that start a build mean six builds, and who only reads is in nobody's way.
SIDE_BY_SIDE = {
    "circleci_artifacts",
    "circleci_build",
    "circleci_build_ssh_user",
    "circleci_pipeline",
    "circleci_workflow",
}


@pytest.mark.parametrize("name", ACTIONS)
def test_what_makes_things_once_is_for_one_at_a_time(name: str) -> None:
    plugin = importlib.import_module(f"{action.__name__}.{name}").ActionModule
    assert plugin.one_at_a_time is not (name in SIDE_BY_SIDE or name.endswith("_info"))


@pytest.mark.parametrize(
    ("given", "path"),
    [("reports", "{here}/reports"), ("/srv/reports", "/srv/reports"), ("", ""), (" ", " "), (None, None)],
)
def test_relative_paths_become_whole_ones(
    given: str | None, path: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a playbook, as with the program ``ansible``, the folder that they are taken from is only a dot."""
    monkeypatch.chdir(tmp_path)
    action = object.__new__(InProcess)
    action._loader = SimpleNamespace(get_basedir=lambda: ".")
    params = {"dest": given, "keys": [{"path": given}]}
    inside = {"type": "list", "elements": "dict", "options": {"path": {"type": "path"}}}
    action._resolve_paths({"dest": {"type": "path"}, "keys": inside}, params)
    expected = path and path.format(here=tmp_path)
    assert params == {"dest": expected, "keys": [{"path": expected}]}


@pytest.mark.parametrize(("resolved", "name"), [("community.circleci.a", "community.circleci.a"), (None, "a")])
def test_a_module_has_its_full_name_where_core_knows_it(resolved: str | None, name: str) -> None:
    """Before ansible-core 2.19 it does not where the name of the action is a template."""
    action = object.__new__(InProcess)
    action._task = SimpleNamespace(resolved_action=resolved, action="a")
    assert action._name() == name


# --- here, or as an ordinary module -----------------------------------------------------------------------------------

API, WEB = "github/acme/api", "github/acme/web"
VARIABLE: Json = {"project": API, "name": "COLOUR", "value": "heather-pebble-17"}
ENV_VAR = "community.circleci.circleci_env_var"
ELSEWHERE = {"transport": "ssh"}


@pytest.mark.parametrize("environment", [None, [], [{}], [None, {}]])
def test_a_task_on_the_controller_runs_in_its_process(emulator: Emulator, act: Act, environment: Any) -> None:
    project = emulator.follow(API)
    result = act("circleci_env_var", keywords={"environment": environment}, **VARIABLE)
    assert result == {
        "changed": True,
        "env_var": {"name": "COLOUR", "masked_value": "xxxxe-17"},
        "added": [{"kind": "env_var", "name": "COLOUR"}],
        "removed": [],
        "updated": [],
        "project": API,
    }
    assert project.env_vars == {"COLOUR": VARIABLE["value"]}
    assert (act.ordinary, act.screen.lines) == ([], [])


REASONS: dict[str, Json] = {
    "the connection is not local": {"connection": ELSEWHERE},
    "the task is asynchronous": {"keywords": {"async_val": 60}},
    "the task uses become": {"keywords": {"become": True}},
    "the task sets its environment": {"keywords": {"environment": [{}, {"COLOUR": "green"}]}},
}


@pytest.mark.parametrize(
    ("reason", "how"),
    [
        *REASONS.items(),
        ("the task uses become", {"connection": {"become": object()}}),
        # What is named first is what one would have to give up first.
        ("the task uses become", {"keywords": {"become": True, "environment": [{"A": "b"}]}}),
        ("the task is asynchronous", {"keywords": {"async_val": 30, "become": True}}),
        ("the connection is not local", {"connection": ELSEWHERE, "keywords": {"async_val": 30}}),
    ],
)
def test_what_only_core_can_do_is_an_ordinary_module(emulator: Emulator, act: Act, reason: str, how: Json) -> None:
    assert act("circleci_env_var", **how, **VARIABLE) == act.answer
    assert act.ordinary == [{"api_url": emulator.url, "api_token": emulator.token, **VARIABLE}]
    assert act.screen.lines == [f"{ENV_VAR}: runs as an ordinary module, because {reason}."]
    assert emulator.requests == []


@pytest.mark.parametrize("lacking", [["requests"], ["requests", "cryptography"]])
def test_what_this_python_lacks_another_one_may_have(
    act: Act, monkeypatch: pytest.MonkeyPatch, lacking: list[str]
) -> None:
    for library in lacking:
        monkeypatch.setitem(run._IMPORTS, library, ModuleNotFoundError(library))
    assert act("circleci_env_var", **VARIABLE) == act.answer
    (line,) = act.screen.lines
    assert line.endswith(f"because the controller's Python lacks {' and '.join(lacking)}.")
    # What asks nobody needs none.
    info = act("circleci_artifacts_info", dest="/nowhere", names=[], api_url=None, api_token=None)
    assert (info["changed"], len(act.ordinary)) == (False, 1)


@pytest.mark.parametrize(
    ("connection", "hint"),
    [(ELSEWHERE, " The task need not run on this host: delegate_to: localhost leaves it to the controller."), ({}, "")],
)
def test_a_host_that_lacks_libraries_need_not_run_the_task(act: Act, connection: Json, hint: str) -> None:
    act.answer = {"failed": True, "msg": "It lacks requests.", "missing_libraries": ["requests"]}
    result = act("circleci_env_var", connection=connection, keywords={"become": True}, **VARIABLE)
    assert result == {"failed": True, "msg": f"It lacks requests.{hint}"}


def test_any_other_failure_of_a_host_is_left_as_it_is(act: Act) -> None:
    act.answer = {"failed": True, "changed": True, "msg": "The disk is full."}
    assert act("circleci_env_var", connection=ELSEWHERE, **VARIABLE) == act.answer


def test_what_an_ordinary_module_has_traced_is_shown(act: Act) -> None:
    act.answer = {"changed": True, "traced": ["GET me: 200", "POST me: 201"], "warnings": ["Beware."]}
    result = act("circleci_env_var", connection=ELSEWHERE, **VARIABLE)
    assert result == {"changed": True, "warnings": ["Beware."]}
    assert act.screen.lines[1:] == [f"{ENV_VAR}: GET me: 200", f"{ENV_VAR}: POST me: 201"]


# --- what the task says -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("diff", [True, False])
def test_check_mode_and_diff_are_those_of_the_task(emulator: Emulator, act: Act, check_mode: bool, diff: bool) -> None:
    emulator.follow(API)
    result = act("circleci_env_var", keywords={"check_mode": check_mode, "diff": diff}, **VARIABLE)
    assert (result["changed"], len(emulator.writes), "diff" in result) == (True, not check_mode, diff)


BOTH: Json = {"projects": [{"project": API, "following": True}, {"project": WEB, "following": True}]}


def test_what_happens_meanwhile_is_told_on_stderr_unless_the_task_hides_it(emulator: Emulator, act: Act) -> None:
    emulator.fault("status", path="/web/follow", status=403, body={"message": "No."}, times=None)
    failed(act("circleci_projects", keywords={"no_log": True}, **BOTH), "answered 403")
    assert act.screen.told == []
    emulator.project(API).followers.clear()
    failed(act("circleci_projects", **BOTH), "answered 403")
    told = [(text, color) for text, color, on_stderr in act.screen.told if on_stderr]
    assert len(told) == len(act.screen.told)
    assert {color for text, color in told if text.startswith(WEB)} == {constants.COLOR_ERROR}
    assert {color for text, color in told if not text.startswith(WEB)} == {None}


@pytest.mark.parametrize(("verbosity", "no_log", "lines"), [(3, False, 1), (4, False, 1), (2, False, 0), (3, True, 0)])
def test_requests_are_shown_to_those_who_ask(act: Act, verbosity: int, no_log: bool, lines: int) -> None:
    act.screen.verbosity = verbosity
    act("circleci_user_info", keywords={"no_log": no_log})
    shown = [line.partition(" after ")[0] for line in act.screen.lines]
    assert shown == ["community.circleci.circleci_user_info: GET me: 200"] * lines


def test_an_id_that_is_not_known_yet_is_predicted(emulator: Emulator, act: Act) -> None:
    """Whatever excludes it, or is needed beside it."""
    given: Json = {"project": API, "state": "canceled", "pipeline_id": "", "pipeline_number": 5}
    result = act("circleci_pipeline", keywords={"check_mode": True}, **given)
    assert (result["changed"], result["pipeline"]["id"]) == (True, None)
    assert ["pipeline_id is known after the run only" in warning for warning in result["warnings"]] == [True]
    failed(act("circleci_pipeline", **given), "pipeline_id is given, but empty")
    assert emulator.requests == []


def test_files_are_sought_where_the_playbook_is(emulator: Emulator, act: Act) -> None:
    project = emulator.follow(API)
    (act.folder / "id").write_text(private_key(), encoding="utf-8")
    assert act("circleci_ssh_key", project=API, private_key_path="id")["changed"] is True
    assert len(project.ssh_keys) == 1
    # Another host has folders of its own.
    assert act("circleci_ssh_key", connection=ELSEWHERE, project=API, private_key_path="id") == act.answer
    assert act.ordinary[0]["private_key_path"] == "id"


def test_null_is_told_from_what_was_left_out(emulator: Emulator, act: Act) -> None:
    given: Json = {"project": API, "state": "absent", "null": ["fingerprint"]}
    failed(act("circleci_checkout_key", **given), "fingerprint is given, but empty")
    assert emulator.requests == []


def test_mistakes_name_the_module_and_no_secret(emulator: Emulator, act: Act) -> None:
    result = act("circleci_env_var", project=date(2026, 1, 31), name="A", value="heather-pebble-17", valu="x")
    failed(result, "2 things are wrong:\nproject is a date")
    assert f"({ENV_VAR}) module: valu." in result["msg"]
    assert (result["changed"], len(result["problems"])) == (False, 2)
    result = act("circleci_env_var", project=API, name="A", value="x", state="heather", update_value="heather")
    assert "heather" in result["msg"]
    result = act("circleci_checkout_key", project=API, type=emulator.token)
    failed(result, "value of type must be one of")
    assert emulator.token not in result["msg"]
    failed(act("circleci_ssh_key", project=API, private_key="x", private_key_path="y"), "mutually exclusive")
    assert (emulator.requests, act.ordinary) == ([], [])


@pytest.mark.parametrize("kind", [AnsibleActionFail, ValueError])
def test_what_core_alone_finds_wrong_is_told_in_its_words(
    emulator: Emulator, act: Act, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """Until ansible-core 2.18 some of it was a ValueError."""

    def refuse(_self: Any, *_args: Any, **_more: Any) -> None:
        raise kind("The moon is full.")

    monkeypatch.setattr(ActionBase, "validate_argument_spec", refuse)
    result = act("circleci_env_var", **VARIABLE)
    assert (result["failed"], result["problems"], result["msg"]) == (True, ["The moon is full."], "The moon is full.")
    assert emulator.requests == []


class Encrypted:
    """As an older core has what was written with ``!vault``."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "heather-pebble-17"


def test_secrets_may_be_encrypted_wherever_they_stand(emulator: Emulator, act: Act) -> None:
    project = emulator.follow(API)
    variables = [{"name": "ONE", "value": Encrypted()}, {"name": "TWO", "value": "open-lake-23"}]
    act("circleci_projects", projects=[{"project": API, "env_vars": variables}])
    assert project.env_vars == {"ONE": "heather-pebble-17", "TWO": "open-lake-23"}
    act("circleci_env_var", project=API, name="THREE", value=Encrypted())
    assert project.env_vars["THREE"] == "heather-pebble-17"


@pytest.mark.parametrize("moment", [date(2026, 1, 31), datetime(2026, 1, 31, 10, tzinfo=timezone.utc)])
def test_dates_are_sent_as_core_writes_them(act: Act, moment: date) -> None:
    entry = {"name": "A", "value": "one-long-word", "update_value": "when_older", "not_older_than": moment}
    act("circleci_context", organization="acme", name="deploy", connection=ELSEWHERE, env_vars=[entry])
    assert act.ordinary[0]["env_vars"] == [{**entry, "not_older_than": moment.isoformat()}]
    result = act("circleci_context", organization="acme", name="deploy", env_vars=[entry])
    assert (result.get("failed", False), result["changed"]) == (False, True)


# --- tokens and addresses of the environment --------------------------------------------------------------------------

UNNAMED: Json = {"project": API, "api_url": None, "api_token": None}


@pytest.mark.parametrize("of_task", [True, False])
@pytest.mark.parametrize("connection", [{}, ELSEWHERE])
def test_options_come_from_the_environment(
    emulator: Emulator, act: Act, monkeypatch: pytest.MonkeyPatch, of_task: bool, connection: Json
) -> None:
    """Of the controller's, another host gets no token."""
    right = {"CIRCLE_TOKEN": " ", "CIRCLECI_TOKEN": emulator.token, "CIRCLE_HOST": emulator.url}
    wrong = {"CIRCLE_TOKEN": "wrong-token", "CIRCLE_HOST": "http://127.0.0.1:9"}
    for name, value in (wrong if of_task else right).items():
        monkeypatch.setenv(name, value)
    keywords = {"environment": [right] if of_task else None}
    result = act("circleci_project_follow", connection=connection, keywords=keywords, **UNNAMED)
    if connection and not of_task:
        failed(result, "The token in the controller's environment variable CIRCLECI_TOKEN is not sent there")
        assert (result["changed"], act.ordinary, emulator.requests) == (False, [], [])
    elif connection or of_task:
        assert act.ordinary == [{"project": API, "api_url": emulator.url, "api_token": emulator.token}]
    else:
        assert (result["changed"], "msg" in result) == (True, False)
        assert {record.headers["Circle-Token"] for record in emulator.requests} == {emulator.token}
    # They may be run again, and are shown.
    assert act.kept == {"project": API}


@pytest.mark.parametrize("spelling", ["api_token", "token"])
def test_an_option_goes_before_the_environment(
    emulator: Emulator, act: Act, monkeypatch: pytest.MonkeyPatch, spelling: str
) -> None:
    monkeypatch.setenv("CIRCLE_TOKEN", "wrong-token")
    monkeypatch.setenv("CIRCLE_HOST", emulator.url)
    given: Json = {**UNNAMED, spelling: emulator.token}
    assert act("circleci_project_follow", **given)["changed"] is True
    assert act("circleci_project_follow", connection=ELSEWHERE, **given) == act.answer
    assert act.ordinary == [{"project": API, spelling: emulator.token, "api_url": emulator.url}]


def test_a_module_without_such_options_takes_nothing(act: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CIRCLE_TOKEN", "wrong-token")
    given: Json = {"dest": "/nowhere", "names": [], "api_url": None, "api_token": None}
    assert act("circleci_artifacts_info", connection=ELSEWHERE, **given) == act.answer
    assert act.ordinary == [{"dest": "/nowhere", "names": []}]


@pytest.mark.parametrize("connection", [{}, ELSEWHERE])
def test_a_failure_names_the_variable_that_it_is_about(
    emulator: Emulator, act: Act, monkeypatch: pytest.MonkeyPatch, connection: Json
) -> None:
    monkeypatch.setenv("CIRCLE_HOST", "ftp://circleci.example.com")
    act.answer = {"failed": True, "changed": False, "msg": "api_url is none."}
    given: Json = {**UNNAMED, "api_token": emulator.token}
    result = act("circleci_project_follow", connection=connection, **given)
    failed(result, " api_url comes from the environment variable CIRCLE_HOST.")
    assert act.kept == {"project": API, "api_token": emulator.token}


# --- one at a time ----------------------------------------------------------------------------------------------------

AT_ONCE = "Another task is at work on {}, and did not end within 0 s"


def busy(act: Act, emulator: Emulator, slug: str, module: str, /, **options: Any) -> list[str]:
    """The projects at which a task that does not wait meets another one."""
    folder = Path(constants.ANSIBLE_HOME) / "circleci_turns"
    with Turns(folder, emulator.url, 9.0).take(slug):
        result = act(module, retry_budget=0.0, api_url=f"{emulator.url}/", **options)
    assert not result.get("failed"), result
    return [slug for slug in (API, WEB, OWN, CONTEXT) if AT_ONCE.format(slug) in " ".join(result.get("warnings", ()))]


OWN, CONTEXT = "what belongs to the token's user", "github/acme deploy"


@pytest.mark.parametrize("how", [{}, {"connection": ELSEWHERE}])
@pytest.mark.parametrize(
    ("slug", "module", "options"),
    [
        (API, "circleci_project_follow", {"project": API}),
        (CONTEXT, "circleci_context", {"organization": "gh/acme", "name": "deploy"}),
        (OWN, "circleci_heroku_key", {"api_key": "01234567-89ab-cdef-0123-456789abcdef"}),
        (API, "circleci_projects", BOTH),
        (WEB, "circleci_projects", BOTH),
    ],
)
def test_a_task_waits_for_another_one_at_the_same(
    emulator: Emulator, act: Act, slug: str, module: str, options: Json, how: Json
) -> None:
    """Also as an ordinary module, on whatever host."""
    act.answer = {"changed": True, "warnings": ["Beware."]}
    assert busy(act, emulator, slug, module, **how, **options) == [slug]
    assert len(act.ordinary) == bool(how)


def test_the_warnings_of_both_are_told(emulator: Emulator, act: Act) -> None:
    act.answer = {"changed": True, "warnings": ["Beware."]}
    with Turns(Path(constants.ANSIBLE_HOME) / "circleci_turns", emulator.url, 9.0).take(API):
        result = act("circleci_env_var", connection=ELSEWHERE, retry_budget=0.0, **VARIABLE)
    assert result["warnings"][0] == "Beware."
    assert result["warnings"][1].startswith(AT_ONCE.format(API))


def test_who_changes_nothing_or_makes_anew_each_time_waits_for_nobody(emulator: Emulator, act: Act) -> None:
    emulator.follow(API)
    assert busy(act, emulator, WEB, "circleci_project_follow", project=API) == []
    assert busy(act, emulator, API, "circleci_project_follow", project=API, keywords={"check_mode": True}) == []
    emulator.clear()
    given = {"wait": False, "build_parameters": {"CIRCLE_JOB": "test"}}
    assert busy(act, emulator, API, "circleci_build", project=API, **given) == []
    assert emulator.writes[0].body["build_parameters"] == given["build_parameters"]
