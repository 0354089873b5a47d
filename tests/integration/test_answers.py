# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a hostile or unlucky server answers is shown as text, and never carried out."""

from __future__ import annotations

import pytest

from emulator.world.keys import generate
from emulator.world.model import SSHKey
from tests.integration.ladders import PROJECT
from tests.integration.playing import Json, Player, Task, task

JINJA = "{{ 1 + 1 }}{% for one in [1] %}loop{% endfor %}{# comment #}"
ESCAPES = "\x1b[31mred \x1b]0;title\x07 \x9b2J back\r to the \u202etfel"
SAID = ["info.projects[0].ssh_keys[0].hostname", "failure.error", "builds[0].subject"]


def show(expression: str) -> Task:
    """A later task that shows what an answer said."""
    return {"name": f"show {expression}", "ansible.builtin.debug": {"msg": f"{{{{ {expression} }}}}"}}


def send(expression: str) -> Task:
    """A later task that sends it."""
    value = f"{{{{ {expression} }}}}"
    return task(f"send {expression}", "circleci_env_var", project=PROJECT, name="A", value=value, update_value="always")


@pytest.mark.oldest
@pytest.mark.parametrize("host", [{}, {"ansible_connection": "elsewhere"}], ids=["in process", "ordinary"])
def test_templates_in_answers_are_never_carried_out(player: Player, host: Json) -> None:
    emulator = player.emulator
    emulator.follow(PROJECT).ssh_keys.append(SSHKey(JINJA, generate()))
    emulator.fault("status", status=400, body={"message": JINJA}, path="heroku-key")
    builds = [{"build_num": 1, "subject": JINJA, "status": "success", "vcs_url": "https://github.com/acme/api"}]
    emulator.fault("body", body=builds, path="api[?].*limit=7")
    lookup = "query('community.circleci.circleci_builds', 'github/acme/api', limit=7)"
    tasks = [
        task("info", "circleci_project_info", project=PROJECT, keywords={"register": "info"}),
        task("fail", "circleci_heroku_key", api_key="x" * 9, keywords={"register": "failure", "ignore_errors": True}),
        {"name": "look", "ansible.builtin.set_fact": {"builds": f"{{{{ {lookup} }}}}"}},
        *(show(said) for said in SAID),
        *(send(said) for said in SAID),
    ]
    variables = {"ansible_circleci_api_url": emulator.url, "ansible_circleci_api_token": emulator.token}
    played = player.play(tasks, host=host, keywords={"vars": variables})
    assert played.status == 0, played.output
    shown = [ran.result["msg"] for ran in played.ran if ran.task.startswith("show ")]
    sent = [record.body["value"] for record in emulator.writes if record.path.endswith("/envvar")]
    assert shown == [JINJA] * 3
    assert sent == [JINJA] * 3


@pytest.mark.parametrize("host", [{}, {"ansible_connection": "elsewhere"}], ids=["in process", "ordinary"])
def test_control_characters_in_messages_do_not_reach_the_terminal(player: Player, host: Json) -> None:
    player.emulator.follow(PROJECT)
    player.emulator.fault("status", status=400, body={"message": ESCAPES}, path="envvar")
    fail = task("fail", "circleci_env_var", project=PROJECT, name="A", value="x" * 9, keywords={"ignore_errors": True})
    played = player.play([fail], "-v", host=host)
    assert "\\x1b[31mred" in played["fail"].result["msg"]
    assert [char for char in played.output if not char.isprintable() and char != "\n"] == []
