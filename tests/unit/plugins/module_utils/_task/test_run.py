# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.run import perform
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import MASK
from emulator import Emulator

OPTIONS: dict[str, dict[str, Any]] = {**CONNECTION, "password": {"type": "str", "no_log": True}}


def test_what_is_told_meanwhile_holds_no_secret_and_nothing_that_moves_the_cursor(emulator: Emulator) -> None:
    params = {name: option.get("default") for name, option in OPTIONS.items()}
    params |= {"api_url": emulator.url, "api_token": emulator.token, "password": "lake-pebble-41"}
    told: list[str] = []

    def run(client: Client, given: dict[str, Any]) -> dict[str, Any]:
        client.keep_secret("found-later-heron")
        for secret in (given["password"], given["api_token"], "found-later-heron"):
            client.report(f"a step wrote {secret}\x1b[2J", failed=True)
        return {"changed": True}

    perform(run, OPTIONS, params, check_mode=False, diff=False, report=lambda text, _failed: told.append(text))
    assert told[:3] == [f"a step wrote {MASK}\\x1b[2J"] * 3
