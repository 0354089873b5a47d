# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test that hangs fails by itself, and those after it run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
SETTINGS = Path(__file__).resolve().parents[2] / "pyproject.toml"
HANGING = "import threading\ndef test_hangs(): threading.Event().wait()\ndef test_after_it(): pass\n"


def test_a_test_that_hangs_fails_and_those_after_it_run(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    assert 0 < float(pytestconfig.getini("faulthandler_timeout")) <= 600
    (tmp_path / "test_hanging.py").write_text(HANGING, encoding="utf-8")
    sooner = ("--numprocesses=1", "-o", "faulthandler_timeout=1", "-o", f"cache_dir={tmp_path}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", SETTINGS, "--rootdir", tmp_path, *sooner, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "1 failed, 1 passed" in done.stdout, done.stdout
    assert "test_hanging.py::test_hangs" in done.stdout
