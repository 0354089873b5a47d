# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run over many projects as a user sees it: exit status, reasons, progress, and what the next run does."""

from __future__ import annotations

import re

import pytest

from tests.integration.playing import Player, task
from tests.unit.keys import private_key
from tests.unit.trouble import add_repositories, make_trouble


@pytest.mark.rest
def test_three_hundred_projects_with_trouble(player: Player) -> None:
    slugs = add_repositories(player.emulator, 300)
    failing = make_trouble(player.emulator, slugs)
    keys = {"ssh_keys": [{"hostname": "deploy.acme.example", "private_key": private_key()}]}
    described = [{"project": slug, "following": True, "checkout_keys": [{}], **keys} for slug in slugs]
    tasks = [task("onboard", "circleci_projects", projects=described, concurrency=16)]

    first = player.play(tasks)
    assert first.status == 2
    result = first["onboard"].result
    assert result["summary"] == {"total": 300, "ok": 290, "changed": 295, "failed": 10}
    assert [item["project"] for item in result["projects"] if item["failed"]] == list(failing)
    for slug, status in failing.items():
        assert f"{slug}: failed: CircleCI answered {status} to " in first.output
        assert f"CircleCI answered {status} to " in result["msg"]
        assert slug in result["msg"]
    assert len(re.findall(r"(?m)^github/\S+: added this user as a follower$", first.output)) == 295
    assert re.search(r"(?m)^300 of 300 projects, 295 changed, 10 failed, \d+ s$", first.output)
    for slug in set(slugs) - set(failing):
        project = player.emulator.project(slug)
        assert (len(project.followers), len(project.checkout_keys), len(project.ssh_keys)) == (1, 1, 1)

    player.emulator.faults.clear()
    second = player.play(tasks)
    assert second.status == 0, second.output
    assert [item["project"] for item in second["onboard"].result["projects"] if item["changed"]] == list(failing)
    third = player.play(tasks)
    assert (third.status, third["onboard"].writes) == (0, [])


def test_under_no_log_nothing_is_told_meanwhile(player: Player) -> None:
    slugs = add_repositories(player.emulator, 2)
    projects = [{"project": slug, "following": True} for slug in slugs]
    played = player.play([task("onboard", "circleci_projects", keywords={"no_log": True}, projects=projects)])
    assert played.status == 0
    assert "github/acme/service" not in played.output
    assert "2 of 2 projects" not in played.output
