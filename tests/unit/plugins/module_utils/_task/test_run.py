# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._task import run as run_file
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.run import (
    client_of,
    how_to_install,
    missing_libraries,
    perform,
    slugs_named,
)
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import MASK
from ansible_collections.community.circleci.plugins.modules import circleci_artifacts, circleci_artifacts_info
from emulator import Emulator
from tests.unit.conftest import Query
from tests.unit.results import failed

OPTIONS: dict[str, dict[str, Any]] = {**CONNECTION, "password": {"type": "str", "no_log": True}}


def test_what_is_told_meanwhile_holds_no_secret_and_nothing_that_moves_the_cursor(emulator: Emulator) -> None:
    params = {name: option.get("default") for name, option in OPTIONS.items()}
    params |= {"api_url": emulator.url, "api_token": emulator.token, "password": "lake-pebble-41"}
    told: list[str] = []

    def run(client: Client, given: dict[str, Any]) -> dict[str, Any]:
        client.keep_secret("found-later-heron")
        for secret in (given["password"], given["api_token"], "found-later-heron"):
            client.report(f"a step wrote {secret}\x1b[2J", failed=True)
        return {"changed": True}

    perform(run, OPTIONS, params, check_mode=False, diff=False, report=lambda text, _failed: told.append(text))
    assert told[:3] == [f"a step wrote {MASK}\\x1b[2J"] * 3


def test_what_a_task_has_changed_is_told_at_once(emulator: Emulator) -> None:
    params = {name: option.get("default") for name, option in OPTIONS.items()}
    told: list[str] = []
    seen: list[list[str]] = []

    def run(client: Client, _given: dict[str, Any]) -> dict[str, Any]:
        for wrote in (False, True):
            client.wrote = wrote
            client.report(f"wrote {wrote}")
            seen.append(list(told))
        return {"changed": True}

    perform(run, OPTIONS, params, check_mode=False, diff=False, report=lambda text, _failed: told.append(text))
    assert seen == [[], ["wrote False", "wrote True"]]


def test_requests_are_traced_without_secrets(emulator: Emulator) -> None:
    traced: list[str] = []
    options = {**CONNECTION, "project": {"type": "str"}}
    params = {name: option.get("default") for name, option in options.items()}
    params |= {"api_url": emulator.url, "api_token": "lake-pebble-41", "project": "github/acme/lake-pebble-41"}

    def read(client: Client, given: dict[str, Any]) -> dict[str, Any]:
        return client.get_object(f"v1.1/project/{given['project']}/settings")

    assert perform(read, options, params, check_mode=False, diff=False, trace=traced.append)["failed"] is True
    assert [line.partition(":")[0] for line in traced] == [f"GET project/github/acme/{MASK}/settings"]


@pytest.mark.parametrize("value", ["github/acme", "github/acme/api", "acme/api"])
def test_the_slug_of_a_result_is_no_value_of_a_variable(emulator: Emulator, run_module, value: str) -> None:
    """Also where the task has written it in another way."""
    emulator.follow("github/acme/api")
    result = run_module("circleci_env_var", project="gh/acme/api", name="PLACE", value=value)
    assert (result["changed"], result["project"]) == (True, "github/acme/api")
    assert [result["diff"][side] for side in ("before_header", "after_header")] == ["github/acme/api"] * 2


@pytest.mark.parametrize("seconds", [0.0, 3.4])
def test_a_task_that_was_throttled_says_so(emulator: Emulator, seconds: float) -> None:
    params = {name: option.get("default") for name, option in OPTIONS.items()} | {"api_url": emulator.url}

    def run(client: Client, _given: dict[str, Any]) -> dict[str, Any]:
        client.warn("Beware.")
        client.patience.throttled = seconds
        return {"changed": False}

    told = ["CircleCI throttled this task, which waited 3 s for it in all."] if seconds else []
    assert perform(run, OPTIONS, params, check_mode=False, diff=False)["warnings"] == ["Beware.", *told]


def test_a_client_is_as_the_options_describe_it(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "api_url": "https://circleci.example.com",
        "api_token": "lake-pebble-41",
        "validate_certs": True,
        "ca_path": str(tmp_path),
        "timeout": 7.0,
        "retries": 3,
        "retry_budget": 11.0,
    }
    client = client_of(given, read_only=True)
    assert (client.url, client.token, client.verify) == (given["api_url"], given["api_token"], str(tmp_path))
    assert (client.timeout, client.retries, client.patience.budget, client.read_only) == (7.0, 3, 11.0, True)
    assert client_of({**given, "validate_certs": False}).verify is False


def test_a_failure_names_the_project_once(emulator: Emulator, run_module) -> None:
    """Not every path holds its name."""
    emulator.follow("github/acme/api")
    hook = {"name": "deploys", "url": "https://deploy.acme.example/", "events": ["job-completed"]}
    assert run_module("circleci_webhook", project="github/acme/api", **hook)["changed"] is True
    emulator.fault("status", method="PUT", status=400, body={"message": "Odd."})
    told = run_module("circleci_webhook", project="gh/acme/api", **{**hook, "events": ["workflow-completed"]})["msg"]
    assert told.startswith("github/acme/api: CircleCI answered 400 to PUT v2/webhook/")
    emulator.fault("status", path="/envvar", status=400, body={"message": "Odd."})
    told = run_module("circleci_env_var", project="gh/acme/api", name="PLACE", value="x")["msg"]
    assert told.startswith("CircleCI answered 400 to GET project/github/acme/api/envvar: Odd.")
    # What is wrong with the options is said of them.
    told = run_module("circleci_env_var", project="gh/acme/api", name="1", value="x")["msg"]
    assert told.startswith("'1' is not the name of an environment variable.")


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_what_a_task_that_is_interrupted_has_done_is_told(emulator: Emulator, ending: type[BaseException]) -> None:
    """It has no result, which could tell it."""
    params = {name: option.get("default") for name, option in OPTIONS.items()}
    told: list[tuple[str, bool]] = []

    def run(client: Client, _given: dict[str, Any]) -> dict[str, Any]:
        client.report("github/acme/api: added variable TOKEN")
        client.report("1 of 2 projects, 1 changed, 0 failed, 0 s")
        raise ending

    with pytest.raises(ending):
        perform(run, OPTIONS, params, check_mode=False, diff=False, report=lambda *line: told.append(line))
    assert told == [
        ("github/acme/api: added variable TOKEN", False),
        ("1 of 2 projects, 1 changed, 0 failed, 0 s", False),
    ]


@pytest.mark.parametrize("diff", [True, False])
@pytest.mark.parametrize("failing", [True, False])
def test_a_diff_is_returned_where_one_is_wanted(emulator: Emulator, run_module, diff: bool, failing: bool) -> None:
    if failing:
        emulator.fault("status", method="POST", status=403, body={"message": "Permission denied"})
    result = run_module("circleci_project_follow", project="github/acme/api", diff=diff)
    assert (result.get("failed", False), "diff" in result) == (failing, diff and not failing)
    # What failed before it has changed anything has no list of changes.
    assert ("added" in result, result["changed"]) == (not failing, not failing)


def test_a_failure_that_may_have_changed_something_has_a_list_of_changes(emulator: Emulator, run_module) -> None:
    emulator.fault("drop", method="POST", times=None)
    emulator.fault("status", method="GET", after=2, status=403, body={"message": "No."}, times=None)
    result = run_module("circleci_project_follow", project="github/acme/api", retries=0)
    failed(result, "What became of it cannot be read")
    assert (result["changed"], result["added"], result["updated"], result["removed"]) == (True, [], [], [])


def absent(library: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {library!r}", name=library)


def test_the_lookup_says_how_its_python_gets_what_it_lacks(query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run_file._IMPORTS, "requests", absent("requests"))
    monkeypatch.setitem(run_file._IMPORTS, "cryptography", absent("cryptography"))
    with pytest.raises(AnsibleError) as caught:
        query("github/acme/api")
    command = f"install them with {sys.executable} -m pip install requests cryptography."
    assert f"lacks the Python libraries requests and cryptography: {command}" in str(caught.value)


def test_what_never_asks_circleci_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts to which the controller brings files have none."""
    for library in ("requests", "cryptography"):
        monkeypatch.setitem(run_file._IMPORTS, library, absent(library))
    assert missing_libraries(circleci_artifacts_info.ARGUMENT_SPEC) == []
    assert missing_libraries(circleci_artifacts.ARGUMENT_SPEC) == ["requests", "cryptography"]


def test_a_library_that_is_there_and_cannot_be_imported_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python3")
    monkeypatch.setitem(run_file._IMPORTS, "cryptography", ImportError("libssl.so.3: cannot open shared object file"))
    assert missing_libraries() == ["cryptography"]
    assert how_to_install(["cryptography"]) == (
        "/opt/my python/bin/python3 lacks the Python library cryptography (libssl.so.3: cannot open shared object "
        "file): install it with '/opt/my python/bin/python3' -m pip install cryptography."
    )


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"project": "gh/acme/api"}, ["github/acme/api"]),
        ({"project": "api", "organization": "acme", "vcs_type": "bb"}, ["bitbucket/acme/api"]),
        ({"projects": [{"project": "gh/acme/a"}, {"project": "bb/acme/b"}]}, ["github/acme/a", "bitbucket/acme/b"]),
        ({"slugs": ["gh/acme/a", "nonsense/x"]}, ["github/acme/a"]),
        ({"organization": "acme", "vcs_type": None, "name": "deploy"}, ["github/acme deploy"]),
        ({"organization": "bb/acme", "vcs_type": None, "name": "deploy"}, ["bitbucket/acme deploy"]),
        ({"organization": "acme", "vcs_type": "svn", "name": "deploy"}, []),
        ({"organization": "acme", "name": None}, []),
        ({"project": "gh/acme/api", "organization": "acme", "name": "nightly"}, ["github/acme/api"]),
        ({}, []),
    ],
)
def test_tasks_about_one_thing_take_one_turn(params: dict[str, Any], named: list[str]) -> None:
    """Whatever spelling they have for it."""
    assert slugs_named(params) == named
