# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that only reads under every fault: the right answer, or an error that helps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError

from emulator import Emulator
from emulator.world.artifacts import Artifact
from emulator.world.contexts import Contexts
from tests.unit.plugins.test_faults import DOUBTFUL, MISSHAPEN, REDIRECTS, THROTTLED, UNUSABLE, WRITES, patience_with

pytestmark = [pytest.mark.once, pytest.mark.drawn(3)]
PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
API = "github/acme/api"
Read = Callable[..., Any]
READS: dict[str, tuple[str, dict[str, Any]]] = {
    "user": ("circleci_user_info", {}),
    "organizations": ("circleci_user_info", {"organizations": True}),
    "project": ("circleci_project_info", {"project": API, "checkout_keys": True, "env_vars": True}),
    "projects": ("circleci_project_info", {"checkout_keys": True, "env_vars": True, "on_error": "fail"}),
    "project with settings": ("circleci_project_info", {"project": API, "settings": True, "tokens": True}),
    "project with webhooks": ("circleci_project_info", {"project": API, "webhooks": True}),
    "project with schedules": ("circleci_project_info", {"project": API, "schedules": True}),
    "any projects": ("circleci_project_info", {"following": "any", "vcs_type": "github", "on_error": "fail"}),
    "build": ("circleci_build_info", {"project": API, "build_num": 1, "artifacts": True, "tests": True}),
    "latest build": ("circleci_build_info", {"project": API, "branch": "main"}),
    "newest pipeline": ("circleci_pipeline_info", {"project": API, "jobs": True, "config": True, "parameters": True}),
    "failed pipelines": ("circleci_pipeline_info", {"project": API, "branch": "main", "status": "failed"}),
    "artifacts": (
        "circleci_artifacts",
        {"project": API, "branch": "main", "job": "build", "dest": "/srv/acme-is-not-there", "check_mode": True},
    ),
    "contexts": ("circleci_context_info", {"organization": "acme", "env_vars": True, "restrictions": True}),
    "lookup": ("", {}),
    "lookup of everything": ("", {}),
    "inventory": ("", {}),
    "inventory of any": ("", {"following": "any", "vcs_type": "github"}),
}
PASSING: dict[str, dict[str, Any]] = {
    **{name: {"kind": "status", **fault} for name, fault in THROTTLED.items()},
    **DOUBTFUL,
    "truncated": {"kind": "truncate"},
}
FINAL: dict[str, dict[str, Any]] = {
    "an absurd wait": {"kind": "status", "status": 429, "body": {}, "headers": {"Retry-After": "86400"}},
    "a refusal": {"kind": "status", "status": 403, "body": {"message": "Permission denied"}},
    "another host": {"kind": "redirect", "location": REDIRECTS["another host"]},
    **{name: {"kind": "body", **fault} for name, fault in UNUSABLE.items()},
}


@pytest.fixture(params=READS)
def read(request: pytest.FixtureRequest, emulator: Emulator, run_module, query, read_inventory) -> Read:
    """One way to read, on a project that has a build and some of everything."""
    emulator.state.machine.set_progress("manual")
    emulator.artifacts(API, "build", Artifact("dist/app.whl", text="the wheel"))
    emulator.follow(API)
    emulator.finish(API, 1)
    emulator.project(API).env_vars["A"] = "a value of many characters"
    contexts = emulator.state.part(Contexts)
    contexts.put(contexts.add(emulator.state.organizations["github/acme"], "deploy"), "A", "a value of many characters")
    emulator.clear()
    module, options = READS[request.param]
    if module:
        return lambda timeout=30.0: run_module(module, timeout=timeout, **options)
    terms = [API] if request.param == "lookup" else []

    def look_up(timeout: float = 30.0) -> dict[str, Any]:
        try:
            if request.param.startswith("inventory"):
                hosts = read_inventory(timeout=timeout, **options).hosts
                return {"hosts": {name: host.vars for name, host in hosts.items()}}
            return {"builds": query(*terms, timeout=timeout)}
        except AnsibleError as error:
            return {"failed": True, "msg": str(error), "changed": False}

    return look_up


def test_every_module_that_asks_circleci_meets_every_fault() -> None:
    modules = {path.stem for path in PLUGINS.glob("modules/*.py")}
    met = {module for module, _options in READS.values()} | {write.module for write in WRITES.values()}
    assert modules - met == {"circleci_artifacts_info"}  # it looks at a folder


def told(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "warnings"}


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_does_not_show_in_the_result(emulator: Emulator, read: Read, fault: str) -> None:
    undisturbed = read()
    assert not undisturbed.get("failed")
    emulator.fault(**PASSING[fault])
    assert told(read(patience_with(fault))) == told(undisturbed)
    assert emulator.faults.pending == []
    assert emulator.writes == []


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("fault", FINAL)
def test_what_does_not_pass_is_an_error_that_helps(emulator: Emulator, read: Read, fault: str, after: int) -> None:
    emulator.fault(after=after, **FINAL[fault])
    result = read()
    assert (emulator.faults.pending == []) is (len(emulator.requests) > after)
    if len(emulator.requests) > after:
        assert result["failed"] is True
        assert result["changed"] is False
        assert len(emulator.requests) == after + 1
        assert "Traceback" not in result["msg"]
        assert result["msg"].isprintable()
    else:
        assert not result.get("failed")
    assert emulator.writes == []


@pytest.mark.parametrize("after", [0, 1, 2])
@pytest.mark.parametrize("fault", MISSHAPEN)
def test_an_answer_of_another_shape_never_costs_a_traceback(
    emulator: Emulator, read: Read, fault: str, after: int
) -> None:
    emulator.fault("body", after=after, **MISSHAPEN[fault])
    result = read()
    if emulator.faults.pending:
        assert not result.get("failed")
        assert len(emulator.requests) <= after
    elif result.get("failed"):
        assert "cannot be used" in result["msg"] or "CircleCI's" in result["msg"]
    else:
        # What an artifact or a test has is not looked at: it is returned as CircleCI describes it.
        assert MISSHAPEN[fault]["body"] in (result["artifacts"], result["tests"])
    assert emulator.writes == []
