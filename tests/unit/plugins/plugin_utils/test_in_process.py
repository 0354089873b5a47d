# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins import action
from ansible_collections.community.circleci.plugins.plugin_utils._in_process import InProcess

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


@pytest.mark.parametrize(
    ("needs", "why"),
    [
        ({}, None),
        ({"environment": [{}]}, None),
        ({"environment": [{}, {"CIRCLE_HOST": "example.org"}]}, "the task sets its environment"),
        ({"become": True}, "the task uses become"),
        ({"by_connection": object()}, "the task uses become"),
        ({"async_val": 30}, "the task is asynchronous"),
        ({"transport": "ssh"}, "the connection is not local"),
        # What is named first is what one would have to give up first.
        ({"become": True, "environment": [{"A": "b"}]}, "the task uses become"),
        ({"async_val": 30, "become": True}, "the task is asynchronous"),
        ({"transport": "ssh", "async_val": 30}, "the connection is not local"),
    ],
)
def test_what_keeps_a_task_out_of_this_process_is_named(
    needs: dict[str, Any], why: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    action = object.__new__(InProcess)
    monkeypatch.setattr(action, "module", SimpleNamespace(ARGUMENT_SPEC={}), raising=False)
    action._connection = SimpleNamespace(transport=needs.get("transport", "local"), become=needs.get("by_connection"))
    action._task = SimpleNamespace(
        async_val=needs.get("async_val", 0), become=needs.get("become"), environment=needs.get("environment")
    )
    assert action._why_not_here() == why
