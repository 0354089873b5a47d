# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of artifacts do and look at, whoever brings them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from emulator import Emulator
from emulator.world.artifacts import Artifact

NOTE = ".circleci-artifacts.json"


def build(emulator: Emulator, slug: str, *artifacts: Artifact, job: str = "build", **target: Any) -> int:
    """One more build that has ended well, with what it stores; its number."""
    emulator.artifacts(slug, job, *artifacts)
    found = emulator.state.machine.trigger(
        emulator.project(slug), None, why="api", job=job, **(target or {"branch": "main"})
    )
    emulator.finish(slug, found.number)
    return found.number


def files_in(folder: Path) -> dict[str, str]:
    """What is in a folder, without the note."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != NOTE]
    return {str(path.relative_to(folder)): path.read_text() for path in paths}


def downloads(emulator: Emulator) -> list[str]:
    """The paths of the requests for files."""
    return [record.path for record in emulator.requests if record.path.startswith(("/artifacts/", "/store/"))]
