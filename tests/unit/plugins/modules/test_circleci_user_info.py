# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from emulator import PROJECT_TOKEN, Emulator

MODULE = "circleci_user_info"


def test_the_user_of_the_token_is_read(emulator: Emulator, run_module) -> None:
    emulator.follow("github/acme/api")
    result = run_module(MODULE)
    assert (result["changed"], result["user"]["login"], result["user"]["num_projects_followed"]) == (
        False,
        "emulator",
        1,
    )
    assert run_module(MODULE, check_mode=True) == result
    assert emulator.writes == []


def test_tokens_that_belong_to_nobody_fail(run_module) -> None:
    for token, words in (
        (PROJECT_TOKEN, "give a personal API token"),
        ("no-such-token", "invalid or expired"),
        (None, "Give an API token"),
    ):
        result = run_module(MODULE, api_token=token)
        assert (result["failed"], result["status"], result["error"]) == (True, 401, "You must log in first.")
        assert words in result["msg"]
