# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``-vvv`` shows: each request and each pause, in both ways of running, and nothing that is secret."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.ladders import PROJECT
from tests.integration.playing import Played, Player, Task, task

MODULE = "community.circleci.circleci_env_var"
VALUE = "heather-pebble-17"
ORDINARY = {"environment": {"COLOUR": "green"}}
PATH = f"project/{PROJECT}/envvar"
THROTTLED = "CircleCI throttled this task"


def write(name: str, **keywords: Any) -> Task:
    options = {"project": PROJECT, "name": "COLOUR", "value": VALUE, "update_value": "always"}
    return task(name, "circleci_env_var", keywords=keywords, **options)


def traced(played: Played) -> list[str]:
    """The lines about requests, with their durations as ``N``."""
    lines = [line for line in played.stdout.splitlines() if re.search(rf"{MODULE}: (GET|POST) ", line)]
    return [re.sub(r"\d+\.\d{3} s", "N", line).partition(f"{MODULE}: ")[2] for line in lines]


@pytest.mark.parametrize("keywords", [{}, ORDINARY])
def test_requests_and_pauses_are_shown_without_secrets(player: Player, keywords: dict[str, Any]) -> None:
    emulator = player.emulator
    emulator.follow(PROJECT)
    emulator.fault("status", method="GET", path="/envvar", status=503, body={"message": f"{emulator.token} {VALUE}"})
    emulator.fault("status", method="POST", path="/envvar", status=429, headers={"Retry-After": "1"})
    played = player.play([write("write", **keywords)], "-vvv", warnings=[THROTTLED])
    assert played.status == 0, played.output
    lines = traced(played)
    pause = re.fullmatch(rf"GET {PATH}: status 503, so it is sent again in (\d+\.\d) s, with growing pauses", lines[1])
    assert pause, lines
    assert lines == [
        f"GET {PATH}: 503 after N",
        lines[1],
        f"GET {PATH}: 200 after N",
        f"POST {PATH}: 429 after N",
        f"POST {PATH}: status 429, so it is sent again in 1.0 s, as Retry-After says",
        f"POST {PATH}: 201 after N",
    ]
    assert "traced" not in played["write"].result
    for secret in (emulator.token, VALUE):
        assert secret not in played.output


def test_they_are_not_shown_to_those_who_ask_for_less_or_hide_the_task(player: Player) -> None:
    player.emulator.follow(PROJECT)
    both = [write("here"), write("there", **ORDINARY)]
    assert traced(player.play(both, "-vv")) == []
    hidden = [one | {"no_log": True} for one in both]
    assert traced(player.play(hidden, "-vvv")) == []
    assert len(player.emulator.writes) == 4
