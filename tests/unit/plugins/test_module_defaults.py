# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``module_defaults`` may set for an action group breaks no module in it, and changes nothing of what it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.circleci.plugins.doc_fragments._attributes import (
    ModuleDocFragment as Attributes,
)
from ansible_collections.community.circleci.plugins.doc_fragments._connection import (
    ModuleDocFragment as Connection,
)
from ansible_collections.community.circleci.plugins.doc_fragments._project import ModuleDocFragment as ProjectFragment
from emulator import Emulator
from tests.sanity.extra import action_group
from tests.unit.keys import private_key

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[3]
GROUPS: dict[str, list[str]] = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text("utf-8"))["action_groups"]
API = "github/acme/api"
UUID = "5a2bc5d2-1d3e-4b6e-9e34-4a0c2d1f7b11"
SCHEDULE = {"branch": "main", "hours_of_day": [2]}
WEBHOOK = {"url": "https://deploy.acme.example/", "events": ["workflow-completed"]}
TASKS: dict[str, dict[str, Any]] = {
    "circleci_artifacts": {"project": API, "build_num": 1, "dest": "/nowhere/at/all", "required": False},
    "circleci_build": {"project": API, "branch": "main"},
    "circleci_build_info": {"project": API},
    "circleci_build_ssh_user": {"project": API, "build_num": 1},
    "circleci_checkout_key": {"project": API},
    "circleci_context": {"organization": "github/acme", "name": "deploy"},
    "circleci_context_info": {"organization": "github/acme"},
    "circleci_env_var": {"project": API, "name": "NAME", "value": "correct horse"},
    "circleci_heroku_key": {"api_key": "correct horse"},
    "circleci_pipeline": {"project": API, "branch": "main"},
    "circleci_pipeline_info": {"project": API, "branch": "main"},
    "circleci_project_follow": {"project": API},
    "circleci_project_info": {"project": API},
    "circleci_project_settings": {"project": API, "disable_ssh": True},
    "circleci_project_token": {"project": API, "label": "badge"},
    "circleci_projects": {"projects": [{"project": API}]},
    "circleci_schedule": {"project": API, "name": "nightly", **SCHEDULE},
    "circleci_ssh_key": {"project": API, "private_key": private_key()},
    "circleci_user_info": {},
    "circleci_webhook": {"project": API, "name": "deploy", **WEBHOOK},
    "circleci_workflow": {"project": API, "state": "canceled", "workflow": "build-and-test", "branch": "main"},
}
"""A task of each module that names what it is about by itself."""
DEFAULTS: dict[str, dict[str, list[Any]]] = {
    "circleci": {
        "api_token": ["emulator-personal-token"],
        "api_url": ["{url}/", "{url}/api", "{url}/api/v1.1"],
        "validate_certs": [True, False],
        "ca_path": ["{ca}"],
        "timeout": [30.0, "10", 86400],
        "retries": [5, 0],
        "retry_budget": [120.0, 600],
    },
    "organization": {"organization": ["acme", "github/acme", "gh/acme", UUID], "vcs_type": ["github", "gh"]},
    "project": {"project": [API, "gh/acme/api"]},
}
"""What a group is documented to be for, with values of each kind that the documentation names."""


@pytest.fixture
def world(emulator: Emulator) -> Emulator:
    emulator.follow(API)
    emulator.push(API, branch="main")
    emulator.pass_time(60)
    return emulator


def test_each_module_is_in_the_groups_whose_options_it_has() -> None:
    assert action_group.complaints() == []


def test_every_member_and_every_documented_option_is_tried() -> None:
    assert TASKS.keys() == {module for modules in GROUPS.values() for module in modules}
    assert DEFAULTS["circleci"].keys() == yaml.safe_load(Connection.DOCUMENTATION)["options"].keys()
    beyond = DEFAULTS["organization"].keys() | DEFAULTS["project"].keys()
    assert beyond == yaml.safe_load(ProjectFragment.DOCUMENTATION)["options"].keys()
    told = " ".join(yaml.safe_load(Attributes.ACTION_GROUPS_PROJECT)["attributes"]["action_group"]["description"])
    for group in GROUPS:
        assert f"C(group/community.circleci.{group})" in told


@pytest.mark.parametrize(("group", "module"), [(group, module) for group in GROUPS for module in GROUPS[group]])
def test_a_default_of_a_group_changes_nothing_in_a_task_that_needs_none(
    world: Emulator, run_module, tmp_path: Path, group: str, module: str
) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("", encoding="utf-8")
    without = run_module(module, check_mode=True, **TASKS[module])
    assert not without.get("failed"), without["msg"]
    for option, values in DEFAULTS[group].items():
        own = {name: given for name, given in TASKS[module].items() if group != "project" or name != option}
        for value in values:
            default = value.format(url=world.url, ca=ca) if isinstance(value, str) else value
            assert run_module(module, check_mode=True, **{option: default, **own}) == without, f"{option}: {default}"


@pytest.mark.parametrize("module", GROUPS["organization"])
def test_a_default_organization_completes_what_a_task_leaves_open(world: Emulator, run_module, module: str) -> None:
    own = {name: "api" if name == "project" else given for name, given in TASKS[module].items()}
    if module == "circleci_projects":
        own = {"projects": [{"project": "api"}]}
    own.pop("organization", None)
    expected = run_module(module, check_mode=True, **TASKS[module])
    for default in (
        {"organization": "acme"},
        {"organization": "github/acme"},
        {"organization": "acme", "vcs_type": "gh"},
        {"organization": "gh/acme", "vcs_type": "github"},
    ):
        assert run_module(module, check_mode=True, **default, **own) == expected, default


@pytest.mark.parametrize("default", [{"organization": "acme"}, {"organization": "gh/acme"}, {"vcs_type": "gh"}])
def test_a_default_organization_says_which_projects_are_read(
    world: Emulator, run_module, default: dict[str, str]
) -> None:
    world.follow("bitbucket/acme/tools")
    world.add_repository("github/other/api")
    world.follow("github/other/api")
    found = [each["project"] for each in run_module("circleci_project_info", **default)["projects"]]
    every = [API, "bitbucket/acme/tools", "github/other/api"]
    wanted = {"organization=acme": every[:2], "organization=gh/acme": every[:1], "vcs_type=gh": [every[0], every[2]]}
    [(option, value)] = default.items()
    assert sorted(found) == sorted(wanted[f"{option}={value}"])


@pytest.mark.parametrize(
    ("module", "own"),
    [
        ("circleci_project_info", {}),
        ("circleci_env_var", {**TASKS["circleci_env_var"], "project": "api"}),
        ("circleci_projects", {"projects": [{"project": "api"}]}),
    ],
)
def test_a_uuid_where_a_name_is_needed_is_refused_before_any_request(
    emulator: Emulator, run_module, module: str, own: dict[str, Any]
) -> None:
    result = run_module(module, **{"organization": UUID, **own})
    assert result["failed"]
    assert f"organization {UUID} is a uuid" in result["msg"]
    assert "Write organization as in github/acme" in result["msg"]
    assert emulator.requests == []
