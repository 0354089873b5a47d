# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules return is what their documentation says, at every depth: nothing more, nothing less, of these types."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.unit.keys import private_key

pytestmark = pytest.mark.once
Json = dict[str, Any]
Run = Callable[..., Json]
MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[3] / "plugins" / "modules").glob("*.py"))
API = "github/acme/api"
HOST = "deploy.acme.example"
OF_EVERY_TASK = {"changed", "failed", "msg", "warnings", "diff"}
AS_CIRCLECI_HAS_THEM = ("build", "builds", "user", "artifacts", "tests")
"""Objects that are returned as CircleCI describes them. The documentation names what people look for."""
FREE = ("parameters", "described.projects")
"""Dictionaries whose keys are the user's own, or options of another module."""
KEY = {"kind", "public_key", "fingerprint", "fingerprint_sha256"}
KINDS: dict[str, set[str]] = {
    "checkout_key": {*KEY, "type"},
    "context": {"kind", "name"},
    "env_var": {"kind", "name"},
    "file": {"kind", "path", "dest"},
    "following": {"kind"},
    "heroku_key": {"kind"},
    "project_token": {"kind", "id", "label", "scope"},
    "restriction": {"kind", "type", "value", "name"},
    "schedule": {"kind", "name"},
    "setting": {"kind", "name"},
    "ssh_key": {*KEY, "hostname"},
    "ssh_user": {"kind", "login"},
    "webhook": {"kind", "name"},
}
"""The keys of an entry of ``added``, ``removed`` and ``updated``, wherever it is."""
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


def documented(module: str) -> Json:
    file = importlib.import_module(f"ansible_collections.community.circleci.plugins.modules.{module}")
    found: Json = yaml.safe_load(file.RETURN)
    return found


def is_due(value: Json, *, failed: bool, outermost: bool) -> bool:
    """Whether a value has to be there, as far as its documentation says so without conditions."""
    returned = value.get("returned", "always")
    return bool(returned == "always" or (outermost and not failed and returned.startswith("success")))


def differences(
    told: Json, real: Json, *, failed: bool = False, where: str = "", may_be_null: bool = False
) -> Iterator[str]:
    """What differs between the documentation of values and real ones, with its place.

    :param may_be_null: whether the description of what they are in says that values in it may be null
    """
    open_ended = where.rstrip(".") in AS_CIRCLECI_HAS_THEM and not failed
    for name, value in real.items():
        place = f"{where}{name}"
        if name not in told:
            if not open_ended and not (where == "" and name in OF_EVERY_TASK):
                yield f"{place} is not documented"
            continue
        yield from differences_of_value(told[name], value, failed=failed, where=place, may_be_null=may_be_null)
    for name, value in told.items():
        if name not in real and is_due(value, failed=failed, outermost=where == ""):
            yield f"{where}{name} is missing"


def differences_of_value(told: Json, value: Any, *, failed: bool, where: str, may_be_null: bool) -> Iterator[str]:
    may_be_null = may_be_null or "null" in str(told["description"]).lower()
    if value is None:
        if not may_be_null:
            yield f"{where} is null, which its description does not say"
        return
    if not isinstance(value, TYPES[told["type"]]) or (told["type"] != "bool" and isinstance(value, bool)):
        yield f"{where} is {value!r}, and documented as {told['type']}"
        return
    entries: list[Any] = value if isinstance(value, list) else [value]
    if told["type"] == "list":
        wrong = [entry for entry in entries if not isinstance(entry, TYPES[told["elements"]])]
        if wrong:
            yield f"{where} has the element {wrong[0]!r}, and is documented as a list of {told['elements']}"
            return
    if "contains" in told and not where.endswith(FREE):
        for entry in entries:
            yield from differences(told["contains"], entry, failed=failed, where=f"{where}.", may_be_null=may_be_null)


WHOLE: Json = {
    "project": API,
    "following": True,
    "settings": {"disable_ssh": True},
    "checkout_keys": [{"type": "deploy-key"}],
    "ssh_keys": [{"hostname": HOST, "private_key": private_key()}],
    "env_vars": [{"name": "NAME", "value": "correct horse"}],
    "webhooks": [{"name": "deploys", "url": f"https://{HOST}/", "events": ["job-completed"]}],
    "schedules": [{"name": "nightly", "branch": "main", "hours_of_day": [2], "parameters": {"full": True}}],
}
CONTEXT: Json = {
    "organization": "github/acme",
    "name": "deploy",
    "env_vars": [{"name": "NAME", "value": "correct horse"}],
    "restrictions": [{"project": API}],
}
EVERY_PART = dict.fromkeys(("settings", "checkout_keys", "env_vars", "webhooks", "schedules", "tokens"), True)
WORKFLOW: Json = {"project": API, "workflow": "build-and-test", "branch": "main", "state": "rerun", "log_lines": 5}
TOKEN: Json = {"project": API, "label": "badge"}
Step = tuple[str, Json]
CASES: dict[str, list[Step]] = {
    "artifacts": [("circleci_artifacts", {"project": API, "job": "build", "branch": "main", "dest": "{dest}"})],
    "artifacts_info": [
        ("circleci_artifacts", {"project": API, "job": "build", "branch": "main", "dest": "{dest}"}),
        ("circleci_artifacts_info", {"dest": "{dest}", "names": ["dist/app.txt", "nowhere/x"]}),
    ],
    "build": [("circleci_build", {"project": API, "wait": True})],
    "build that fails": [("circleci_build", {"project": API, "wait": True, "scenario": "second-workflow-fails"})],
    "build with a hold": [("circleci_build", {"project": API, "wait": True, "scenario": "hold"})],
    "build with errors": [("circleci_build", {"project": API, "wait": True, "scenario": "errored-config"})],
    "single job": [("circleci_build", {"project": API, "wait": True, "job": "lint"})],
    "build_info": [("circleci_build_info", {"project": API, "build_num": 1, "artifacts": True, "tests": True})],
    "build_info of one that failed": [
        ("circleci_build", {"project": API, "wait": True, "scenario": "second-workflow-fails"}),
        ("circleci_build_info", {"project": API, "filter": "failed"}),
    ],
    "build_ssh_user": [("circleci_build_ssh_user", {"project": API, "build_num": 1})],
    "checkout_key": [("circleci_checkout_key", {"project": API, "rotate": True})],
    "context": [("circleci_context", CONTEXT)],
    "context that has less": [
        ("circleci_context", CONTEXT),
        ("circleci_context", {**CONTEXT, "restrictions": [{"expression": 'pipeline.git.branch == "main"'}],
                              "restrictions_exclusive": True}),
    ],
    "context_info": [
        ("circleci_context", CONTEXT),
        ("circleci_context_info", {"organization": "github/acme", "env_vars": True, "restrictions": True}),
    ],
    "env_var": [("circleci_env_var", {"project": API, "name": "NAME", "value": "correct horse"})],
    "heroku_key": [("circleci_heroku_key", {"api_key": "correct horse"})],
    "pipeline": [("circleci_pipeline", {"project": API, "wait": True})],
    "pipeline that fails": [("circleci_pipeline", {"project": API, "wait": True, "scenario": "second-workflow-fails"})],
    "pipeline with a hold": [
        ("circleci_pipeline", {"project": API, "wait": True, "scenario": "hold", "on_hold": "return"}),
    ],
    "pipeline with errors": [("circleci_pipeline", {"project": API, "wait": True, "scenario": "errored-config"})],
    "pipelines that are canceled": [
        ("circleci_pipeline", {"project": API, "scenario": "hold"}),
        ("circleci_pipeline", {"project": API, "branch": "main", "state": "canceled"}),
    ],
    "pipeline_info": [
        ("circleci_pipeline", {"project": API, "wait": True, "scenario": "errored-config"}),
        ("circleci_pipeline_info", {"project": API, "branch": "main", "limit": 3, "jobs": True, "config": True,
                                    "parameters": True}),
    ],
    "project_follow": [("circleci_project_follow", {"project": "github/acme/web"})],
    "project_info": [
        ("circleci_projects", {"projects": [WHOLE]}),
        ("circleci_project_token", TOKEN),
        ("circleci_project_info", {**EVERY_PART, "describe": True}),
    ],
    "projects of which some cannot be read": [
        ("circleci_project_info", {"project": "github/acme/nope", "on_error": "collect"}),
    ],
    "project_settings": [("circleci_project_settings", {"project": API, "pr_only_branch_overrides": ["main"]})],
    "project_token": [("circleci_project_token", TOKEN), ("circleci_project_token", {**TOKEN, "rotate": True})],
    "projects": [("circleci_projects", {"projects": [WHOLE]})],
    "projects of which some fail": [("circleci_projects", {"projects": [WHOLE, {**WHOLE, "project": "gh/a/b"}]})],
    "a new project": [("circleci_projects", {"projects": [{"project": "github/acme/web", "following": True}]})],
    "schedule": [("circleci_schedule", {"project": API, **WHOLE["schedules"][0]})],
    "ssh_key": [
        ("circleci_ssh_key", {"project": API, **WHOLE["ssh_keys"][0]}),
        ("circleci_ssh_key", {"project": API, "private_key": private_key(number=2), "hostname": HOST,
                              "exclusive": True}),
    ],
    "user_info": [("circleci_user_info", {"organizations": True})],
    "webhook": [("circleci_webhook", {"project": API, **WHOLE["webhooks"][0]})],
    "workflow that is approved": [
        ("circleci_pipeline", {"project": API, "branch": "main", "wait": True, "scenario": "hold"}),
        ("circleci_workflow", {"project": API, "workflow": "build-and-deploy", "branch": "main", "state": "approved",
                               "approve": ["hold"]}),
    ],
    "workflow that fails": [
        ("circleci_build", {"project": API, "branch": "main", "wait": True, "script": "failed"}),
        ("circleci_workflow", {**WORKFLOW, "wait": True, "script": "failed"}),
    ],
}  # fmt: skip


@pytest.fixture
def world(emulator: Emulator) -> Emulator:
    """A project with a build that has artifacts and tests, a parameter and a variable."""
    emulator.artifacts(API, "build", Artifact("dist/app.txt", text="notes"))
    emulator.add_repository(API, parameters={"target": "staging"}, jobs=["build"])
    emulator.follow(API)
    emulator.push(API, branch="main", script={})
    emulator.pass_time(60)
    return emulator


def test_every_module_is_tried() -> None:
    assert sorted({steps[-1][0] for steps in CASES.values()}) == MODULES


@pytest.mark.parametrize("check_mode", [False, True], ids=["run", "check mode"])
@pytest.mark.parametrize("case", CASES)
def test_results_are_what_is_documented(
    world: Emulator, clock: object, run_module: Run, tmp_path: Path, case: str, check_mode: bool
) -> None:
    *before, (module, options) = CASES[case]

    def run(name: str, given: Json, **how: Any) -> Json:
        given = {key: str(tmp_path / "dest") if value == "{dest}" else value for key, value in given.items()}
        if scenario := given.pop("scenario", None):
            world.scenario(scenario)
        if script := given.pop("script", None):
            world.script(script)
        return run_module(name, **given, **how)

    for name, given in before:
        run(name, given)
    result = run(module, options, check_mode=check_mode)
    told = documented(module)
    assert list(differences(told, result, failed=result.get("failed", False))) == []
    for one in [result, *result.get("projects", ())]:
        for entry in [*one.get("added", ()), *one.get("removed", ()), *one.get("updated", ())]:
            assert set(entry) == KINDS[entry["kind"]]
