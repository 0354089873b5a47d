# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task import progress
from ansible_collections.community.circleci.plugins.module_utils._task.progress import Progress


class Shown:
    """What a user sees of a task, which takes as long as a test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(progress, "time", types.SimpleNamespace(monotonic=lambda: self.now))
        self.lines: list[tuple[str, bool]] = []
        self.progress = Progress(lambda text, failed: self.lines.append((text, failed)))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    return Shown(monkeypatch)


def test_a_quick_task_that_changes_nothing_shows_nothing(shown: Shown) -> None:
    shown.progress.tell("one", changed=False, failed=True)
    shown.now += 4.9
    shown.progress.tell("two", changed=False)
    shown.progress.end(changed=False)
    assert shown.lines == []


def test_after_five_seconds_everything_is_shown_in_its_order(shown: Shown) -> None:
    shown.progress.tell("one", changed=False, failed=True)
    shown.now += 5.0
    shown.progress.tell("two", changed=False)
    assert shown.lines == [("one", True), ("two", False)]
    shown.progress.tell("three", changed=False)
    assert shown.lines[2:] == [("three", False)]


@pytest.mark.parametrize("at_the_end", [True, False])
def test_what_has_changed_something_is_shown_however_quick(shown: Shown, at_the_end: bool) -> None:
    shown.progress.tell("one", changed=False)
    shown.progress.tell("two", changed=not at_the_end, failed=True)
    shown.progress.end(changed=True)
    assert shown.lines == [("one", False), ("two", True)]


def test_what_is_no_news_is_shown_once_a_minute(shown: Shown) -> None:
    for second in range(200):
        if second == 90:
            shown.progress.tell("news", changed=True)
        shown.progress.tell(f"still running after {second} s", changed=True, idle=True)
        shown.now += 1.0
    assert [text for text, _failed in shown.lines] == [
        "still running after 60 s",
        "news",
        "still running after 150 s",
    ]
