# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipelines in playbooks: empty ids in both ways of running, loops over many repositories."""

from __future__ import annotations

from datetime import date

import pytest

from tests.integration.playing import Json, Player, task

PROJECT = "github/acme/api"
WAYS: dict[str, Json] = {"in process": {}, "ordinary": {"ansible_connection": "elsewhere"}}
# Each id of each module, with what it does there.
LATE: list[tuple[str, Json, str, bool]] = [
    ("circleci_pipeline", {"state": "succeeded", "branch": "main"}, "pipeline_id", False),
    ("circleci_pipeline", {"state": "canceled", "branch": "main"}, "pipeline_number", True),
    ("circleci_workflow", {"state": "approved", "approve": ["hold"]}, "workflow_id", True),
    ("circleci_pipeline_info", {"branch": "main"}, "pipeline_number", False),
    ("circleci_build", {"state": "canceled"}, "build_num", True),
    ("circleci_build_info", {"branch": "main"}, "build_num", False),
]
EMPTY = {"null": None, "empty": "", "a template of null": "{{ nothing }}"}


@pytest.mark.parametrize(
    "way", [pytest.param(way, marks=() if way == "in process" else pytest.mark.rest) for way in WAYS]
)
def test_an_empty_id_never_becomes_a_branch(player: Player, way: str) -> None:
    """What is given and empty is known after the run in check mode, and an error in the run. Nothing is asked."""
    player.emulator.follow(PROJECT)
    player.emulator.push(PROJECT, branch="main", script={"scenario": "hold"})
    player.emulator.clear()
    tasks = [
        task(f"{module} {id_} {kind}", module, keywords={"ignore_errors": True}, **{**options, id_: empty})
        for module, options, id_, _acts in LATE
        for kind, empty in EMPTY.items()
    ]
    given: Json = {"host": WAYS[way], "keywords": {"vars": {"nothing": None}}, "defaults": {"project": PROJECT}}
    acts = [each[3] for each in LATE for _kind in EMPTY]
    warnings = [f"{id_} is known after the run" for id_ in sorted({each[2] for each in LATE})]
    checked = player.play(tasks, "--check", warnings=warnings, **given)
    assert [(ran.status, ran.changed) for ran in checked.ran] == [("ok", changed) for changed in acts]
    real = player.play(tasks, **given)
    for ran in real.ran:
        assert (ran.status, ran.changed) == ("failed", False), ran.task
        assert "is given, but empty" in ran.result["msg"]
    assert player.emulator.requests == []


@pytest.mark.rest
def test_twenty_pipelines_take_as_long_as_the_slowest(player: Player) -> None:
    """A loop that starts and one that waits: what one waits for goes on beside it, counted on the emulator's clock."""
    emulator = player.emulator
    emulator.state.date = date(2027, 2, 2)
    slugs = [f"github/acme/service-{number:02}" for number in range(20)]
    for slug in slugs:
        emulator.add_repository(slug, has_config=False)
        emulator.follow(slug)
    emulator.state.machine.set_seconds({"not_running": 0, "queued": 0, "running": 2, "between_jobs": 0})
    item = {"loop_control": {"label": "{{ item }}"}}
    started = task(
        "start",
        "circleci_pipeline",
        keywords={"loop": slugs, "register": "started", **item},
        project="{{ item }}",
        branch="main",
    )
    waited = task(
        "wait",
        "circleci_pipeline",
        keywords={"loop": "{{ started.results }}", "loop_control": {"label": "{{ item.project }}"}},
        project="{{ item.project }}",
        state="succeeded",
        pipeline_id="{{ item.pipeline.id }}",
    )
    played = player.play([started, waited])
    assert played.status == 0, played.output
    assert [len(emulator.project(slug).pipelines) for slug in slugs] == [1] * 20
    results = played["wait"].result["results"]
    assert [each["pipeline"]["status"] for each in results] == ["success"] * 20
    # Each pipeline runs for 4 s. Only the first is really waited for: the others have run on meanwhile.
    assert sum(each["waited_seconds"] > 2 for each in results) <= 1
