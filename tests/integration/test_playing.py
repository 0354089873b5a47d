# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The player sees what no user is to see: exceptions that nobody turned into words, and unexpected warnings."""

from __future__ import annotations

import pytest

from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Player, Task, task

IGNORE = {"ignore_errors": True}
CRASH = "from ansible.module_utils.basic import AnsibleModule\nAnsibleModule(argument_spec={})\nraise RuntimeError\n"
CRASHES: dict[str, Task] = {
    "module": {"name": "module", "crash": {}},
    "loop": {"name": "loop", "crash": {}, "loop": [1, 2]},
    "template": {"name": "template", "ansible.builtin.debug": {"msg": "{{ 1 / 0 }}"}},
}


@pytest.mark.parametrize("case", CRASHES)
def test_a_task_that_ends_by_an_exception_fails_the_test(player: Player, case: str) -> None:
    (player.folder / "library").mkdir()
    (player.folder / "library" / "crash.py").write_text(CRASH, encoding="utf-8")
    with pytest.raises(AssertionError, match=f"task {case} ended by an exception"):
        player.play([CRASHES[case] | IGNORE])


def test_a_failure_with_words_is_none(player: Player) -> None:
    nowhere: Json = {"project": "github/acme/nowhere", "name": "A", "state": "absent"}
    played = player.play(
        [
            {"name": "fail", "ansible.builtin.fail": {"msg": "as wanted"}, **IGNORE},
            task("here", "circleci_env_var", keywords=IGNORE, **nowhere),
            task("there", "circleci_env_var", keywords=IGNORE | {"connection": "elsewhere"}, **nowhere),
            task("loop", "circleci_env_var", keywords=IGNORE | {"loop": [1, 2]}, **nowhere),
        ]
    )
    assert [ran.status for ran in played.ran] == ["failed"] * 4


EMPTY = "The value of variable A is empty. Check that what it comes from is set."


def test_warnings_have_to_be_expected_and_what_is_expected_has_to_come(player: Player) -> None:
    player.emulator.follow(PROJECT)
    tasks = [task("empty", "circleci_env_var", project=PROJECT, name="A", value="", update_value="always")]
    player.play(tasks, warnings=[EMPTY])
    with pytest.raises(AssertionError, match=f"not expected: {EMPTY}"):
        player.play(tasks)
    with pytest.raises(AssertionError, match="expected, but not shown: something else"):
        player.play(tasks, warnings=[EMPTY, "something else"])
