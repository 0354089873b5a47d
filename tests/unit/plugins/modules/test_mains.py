# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module does as an ordinary one, on a host: it hands over what the action takes from it."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins import action, modules
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

pytestmark = pytest.mark.once
NAMES = sorted(path.stem for path in Path(modules.__path__[0]).glob("circleci_*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_an_ordinary_module_is_the_one_that_runs_on_the_controller(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module(f"{modules.__name__}.{name}")
    given: list[dict[str, Any]] = []

    def note(*args: Any, **named: Any) -> None:
        bound = inspect.signature(run_module).bind(*args, **named)
        bound.apply_defaults()
        given.append(dict(bound.arguments))

    monkeypatch.setattr(module, "run_module", note)
    module.main()
    assert given == [
        {
            "run": module.run,
            "options": module.ARGUMENT_SPEC,
            "constraints": getattr(module, "CONSTRAINTS", None),
            "unknown": getattr(module, "known_after_the_run", None),
        }
    ]
    assert importlib.import_module(f"{action.__name__}.{name}").ActionModule.module is module
