# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Return values: the same thing has the same name and shape in every module, and its documentation says so."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from tests.unit.keys import private_key
from tests.unit.promises import BEFORE_REQUESTS, CHANGES
from tests.unit.promises import documented as returned

pytestmark = pytest.mark.once
MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[3] / "plugins" / "modules").glob("*.py"))
API = "github/acme/api"
HOST = "deploy.acme.example"


def values(documented: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """All return values with those inside them, by their places."""
    for name, value in documented.items():
        yield f"{where}{name}", value
        yield from values(value.get("contains") or {}, f"{where}{name}.")


@pytest.mark.parametrize("module", [*MODULES, "circleci_builds"])
def test_every_value_has_its_parts_and_a_sample(module: str) -> None:
    for place, value in values(returned(module)):
        assert value["description"], place
        # The names in parameters are the user's own; what is described are options of another module.
        if "dict" in (value["type"], value.get("elements")) and not place.endswith(
            (".parameters", "described.projects")
        ):
            assert value.get("contains"), f"{place} has no contains"
        else:
            assert "sample" in value, f"{place} has no sample"


@pytest.mark.parametrize("module", MODULES)
def test_every_module_documents_what_failures_return(module: str) -> None:
    """Documentation fragments for RETURN are newer than the oldest ansible-core, so each module has the text."""
    names = ("status", "error", "method", "path", "hint")
    found, expected = returned(module), returned("circleci_user_info")
    assert {name: found.get(name) for name in names} == {name: expected[name] for name in names}


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("circleci_user_info", {"api_token": "wrong"}),
        ("circleci_project_follow", {"project": "github/acme/nope"}),
        ("circleci_ssh_key", {"project": API, "private_key": private_key()}),
        ("circleci_project_info", {"project": "github/acme/nope"}),
        ("circleci_pipeline_info", {"project": "github/acme/nope", "branch": "main"}),
        ("circleci_context", {"organization": "github/nobody", "name": "x"}),
    ],
)
def test_a_failure_returns_what_is_documented(run_module, module: str, options: dict[str, Any]) -> None:
    result = run_module(module, **options)
    documented = returned(module)
    assert {"status", "error", "method", "path", "hint"} <= result.keys()
    assert result.keys() - documented.keys() <= {"changed", "failed", "msg", "warnings"}
    assert isinstance(result["status"], int)
    assert result["path"].startswith("/api/")


@pytest.mark.parametrize(
    ("module", "options", "request_path", "answer"),
    [
        ("circleci_project_follow", {"project": API}, "/follow", {"following": True}),
        (
            "circleci_build_ssh_user",
            {"project": API, "build_num": 1},
            "/ssh-users",
            {"build_num": 1, "status": "queued"},
        ),
    ],
)
def test_a_failure_after_a_write_that_did_nothing_says_that_nothing_was_changed(
    emulator: Emulator, run_module, module: str, options: dict[str, Any], request_path: str, answer: dict[str, Any]
) -> None:
    if module != "circleci_project_follow":
        emulator.follow(API)
    emulator.fault("status", method="POST", path=request_path, status=200, body=answer)
    result = run_module(module, **options)
    assert (result["failed"], len(emulator.writes)) == (True, 1), result
    assert [result[name] for name in CHANGES] == [[], [], []]


def test_a_project_and_a_mask_have_one_name_each() -> None:
    places = {f"{module}.{place}" for module in MODULES for place, _value in values(returned(module))}
    # An organization has no other name than its slug.
    assert {place for place in places if place.endswith(".slug")} <= {"circleci_user_info.organizations.slug"}
    assert [place for place in places if place.endswith((".env_vars.value", ".env_var.value"))] == []
    assert "circleci_env_var.env_var.masked_value" in places


def test_every_module_that_changes_lists_says_what_it_changed_in_the_same_words() -> None:
    """Those that act on builds say what became of them instead; of many projects each has the three lists."""
    on_builds = {"circleci_build", "circleci_pipeline", "circleci_workflow"}
    for module in MODULES:
        file = importlib.import_module(f"ansible_collections.community.circleci.plugins.modules.{module}")
        changes = (
            "community.circleci._attributes.changes"
            in yaml.safe_load(file.DOCUMENTATION)["extends_documentation_fragment"]
        )
        documented = returned(module)
        inside = documented["projects"]["contains"] if module == "circleci_projects" else documented
        assert all(name in inside for name in CHANGES) is (changes and module not in on_builds), module
        if changes and module not in on_builds:
            lists = [inside[name] for name in CHANGES]
            assert [one["contains"] for one in lists] == [lists[0]["contains"]] * 3
            assert "kind" in lists[0]["contains"]
            assert len({one["returned"] for one in lists}) == 1


# The status of an answer is a number; what modules call so inside their results are CircleCI's words.
TWO_MEANINGS = {
    "build": "as CircleCI describes it, and in short",
    "changed": "whether, and how many",
    "failed": "whether, and how many",
    "files": "artifacts on a host, and what is asked of a host",
    "projects": "what is in a project, what became of it, and how it is described",
    "status": "of an answer, and of what runs",
    "workflow": "a name, and the thing itself",
    "env_vars": "of projects, and of contexts, which know more",
    **dict.fromkeys(CHANGES, "of each kind"),
}


def test_what_has_the_same_name_has_the_same_shape() -> None:
    shapes: dict[str, dict[str, str]] = {}
    for module in MODULES:
        for place, value in values(returned(module)):
            name = place.rpartition(".")[2]
            shape = repr((value["type"], value.get("elements"), sorted(value.get("contains") or ())))
            shapes.setdefault(name, {})[shape] = f"{module}.{place}"
    assert {name for name, found in shapes.items() if len(found) > 1} == TWO_MEANINGS.keys()


@pytest.mark.parametrize("module", MODULES)
def test_what_failed_is_documented_as_returned_when_it_is(module: str) -> None:
    """Success of a task is not success of a build."""
    for place, value in values(returned(module)):
        if place.endswith("failed_steps"):
            assert value["returned"] in (BEFORE_REQUESTS, "when the build could be read, whatever became of it")


WEBHOOK = {"name": "deploy", "url": "https://deploy.acme.example/", "events": ["workflow-completed"]}
SCHEDULE = {"name": "nightly", "branch": "main", "hours_of_day": [2]}
CHANGING: dict[str, tuple[list[tuple[str, dict[str, Any]]], str, dict[str, Any], dict[str, list[str]]]] = {
    "follow": ([], "circleci_project_follow", {}, {"added": ["following"]}),
    "unfollow": (
        [("circleci_project_follow", {})], "circleci_project_follow", {"state": "absent"}, {"removed": ["following"]},
    ),
    "rotate": (
        [("circleci_project_follow", {})],
        "circleci_checkout_key",
        {"rotate": True},
        {"added": ["checkout_key"], "removed": ["checkout_key"]},
    ),
    "replace key": (
        [
            ("circleci_project_follow", {}),
            ("circleci_ssh_key", {"hostname": HOST, "private_key": private_key()}),
        ],
        "circleci_ssh_key",
        {"hostname": HOST, "private_key": private_key(number=2), "exclusive": True},
        {"added": ["ssh_key"], "removed": ["ssh_key"]},
    ),
    "set variable": (
        [("circleci_project_follow", {})],
        "circleci_env_var",
        {"name": "NAME", "value": "correct horse"},
        {"added": ["env_var"]},
    ),
    "set variable again": (
        [("circleci_project_follow", {}), ("circleci_env_var", {"name": "NAME", "value": "correct horse"})],
        "circleci_env_var",
        {"name": "NAME", "value": "battery staple"},
        {"updated": ["env_var"]},
    ),
    "remove variable": (
        [("circleci_project_follow", {}), ("circleci_env_var", {"name": "NAME", "value": "correct horse"})],
        "circleci_env_var",
        {"name": "NAME", "state": "absent"},
        {"removed": ["env_var"]},
    ),
    "token": (
        [("circleci_project_follow", {}), ("circleci_project_token", {"label": "badge"})],
        "circleci_project_token",
        {"label": "badge", "rotate": True},
        {"added": ["project_token"], "removed": ["project_token"]},
    ),
    "setting": (
        [("circleci_project_follow", {})], "circleci_project_settings", {"disable_ssh": True}, {"updated": ["setting"]},
    ),
    "webhook": ([("circleci_project_follow", {})], "circleci_webhook", WEBHOOK, {"added": ["webhook"]}),
    "webhook again": (
        [("circleci_project_follow", {}), ("circleci_webhook", WEBHOOK)],
        "circleci_webhook",
        {**WEBHOOK, "url": "https://other.acme.example/"},
        {"updated": ["webhook"]},
    ),
    "schedule": ([("circleci_project_follow", {})], "circleci_schedule", SCHEDULE, {"added": ["schedule"]}),
    "no schedule": (
        [("circleci_project_follow", {}), ("circleci_schedule", SCHEDULE)],
        "circleci_schedule",
        {"name": "nightly", "state": "absent"},
        {"removed": ["schedule"]},
    ),
    "ssh user": (
        [("circleci_project_follow", {})], "circleci_build_ssh_user", {"build_num": 1}, {"added": ["ssh_user"]},
    ),
    "heroku key": ([], "circleci_heroku_key", {"api_key": "12345678"}, {"added": ["heroku_key"]}),
    "heroku key again": (
        [("circleci_heroku_key", {"api_key": "12345678"})],
        "circleci_heroku_key",
        {"api_key": "abcdefgh"},
        {"updated": ["heroku_key"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGING)
def test_what_changed_is_told_in_the_same_words_everywhere(emulator: Emulator, run_module, case: str) -> None:
    before, module, options, expected = CHANGING[case]

    def run(name: str, options: dict[str, Any], check_mode: bool = False) -> dict[str, Any]:
        given = options if name == "circleci_heroku_key" else {"project": API, **options}
        result: dict[str, Any] = run_module(name, check_mode=check_mode, **given)
        assert not result.get("failed"), result["msg"]
        return result

    for name, given in before:
        run(name, given)
    predicted, real = run(module, options, check_mode=True), run(module, options)
    documented = returned(module)
    for result in (predicted, real):
        for word in CHANGES:
            assert [entry["kind"] for entry in result[word]] == expected.get(word, [])
            for entry in result[word]:
                assert list(entry) == list(documented[word]["contains"])
    if "rotate" not in options:
        again = run(module, options)
        assert [again[word] for word in CHANGES] == [[], [], []]


@pytest.mark.parametrize("fault", ["drop", "status"])
def test_a_failure_tells_what_was_changed_before_it(emulator: Emulator, run_module, fault: str) -> None:
    run_module("circleci_project_follow", project=API)
    emulator.fault(fault, method="DELETE", path="/checkout-key", times=None)
    result = run_module("circleci_checkout_key", project=API, rotate=True, retries=0)
    assert (result["failed"], result["changed"]) == (True, True)
    assert [[entry["kind"] for entry in result[word]] for word in CHANGES] == [["checkout_key"], [], []]


def test_many_projects_use_the_words_of_the_single_modules(emulator: Emulator, run_module) -> None:
    emulator.follow(API)
    entry = {
        "project": API,
        "checkout_keys": [{"max_age": 0}],
        "ssh_keys": [{"hostname": HOST, "private_key": private_key()}],
        "env_vars": [{"name": "NAME", "value": "correct horse"}],
    }
    emulator.project(API).checkout_keys[0].created -= 86400
    [item] = run_module("circleci_projects", projects=[entry])["projects"]
    modules = {
        "checkout_key": "circleci_checkout_key",
        "ssh_key": "circleci_ssh_key",
        "env_var": "circleci_env_var",
    }
    assert {thing["kind"] for thing in item["added"]} == set(modules)
    for thing in [*item["added"], *item["removed"]]:
        assert list(thing) == list(returned(modules[thing["kind"]])["added"]["contains"])
