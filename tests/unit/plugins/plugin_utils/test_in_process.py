# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

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
