# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules return is what their documentation says, at every depth: nothing more, nothing less, of these types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.unit.keys import private_key
from tests.unit.promises import Circumstances, documented, undocumented

pytestmark = pytest.mark.once
Json = dict[str, Any]
Run = Callable[..., Json]
MODULES = sorted(path.stem for path in (Path(__file__).resolve().parents[3] / "plugins" / "modules").glob("*.py"))
API = "github/acme/api"
HOST = "deploy.acme.example"
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
        ("circleci_pipeline", {"project": API, "branch": "main", "wait": True, "scenario": "second-workflow-fails"}),
        ("circleci_workflow", {**WORKFLOW, "workflow": "lint", "wait": True}),
    ],
}  # fmt: skip

FAILING = {
    *("build that fails", "build with a hold", "build with errors"),
    *("pipeline that fails", "pipeline with errors", "workflow that fails"),
}
"""The cases that end by a failure, which cannot be foreseen."""
REFUSED = {"projects of which some fail"}
"""Those that fail in check mode, too."""


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
        return run_module(name, **given, **how)

    for name, given in before:
        run(name, given)
    result = run(module, options, check_mode=check_mode)
    assert bool(result.get("failed")) is (case in REFUSED or (case in FAILING and not check_mode)), result
    # What else holds is looked at wherever a module runs.
    assert list(undocumented(documented(module), result, Circumstances(result.get("failed", False)))) == []
