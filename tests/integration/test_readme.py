# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from docs.pictures import README, books
from tests.integration.playing import Played, Player

ROOT = Path(__file__).resolve().parents[2]


def first_block(language: str) -> str:
    """The first code block of this language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert found
    return found[1]


def diff_of(played: Played) -> str:
    """The one diff that a playbook printed."""
    found = re.search(r"^--- before.*?(?=^ ?$)", played.output, re.DOTALL | re.MULTILINE)
    assert found, played.output
    return found[0]


def without_keys(diff: str) -> str:
    """A diff without what differs from key to key, and from one moment to the next."""
    diff = re.sub(r"(fingerprint|fingerprint_sha256|public_key|time): .*", r"\1: …", diff)
    return re.sub(r"\s+$", "", diff, flags=re.MULTILINE)


@pytest.mark.once
def test_the_figures_of_the_readme_are_those_of_the_benchmark() -> None:
    page = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
    table = re.search(r"^\| figure \|.*?\n\n", page, re.DOTALL | re.MULTILINE)
    assert table
    assert table[0] in README
    # What does not hold has its reason beside it.
    for title in re.findall(r"^\| (.+?) \|.*\| \*\*no\*\* \|$", table[0], re.MULTILINE):
        assert re.search(rf"^- {re.escape(title)}: \S", README, re.MULTILINE), title
    (factor,) = re.findall(r"against a single module.* \| ([\d.]+) times", table[0])
    assert f"{round(float(factor))} times faster than `ansible.builtin.uri`" in README


@pytest.mark.oldest
def test_the_playbook_of_the_readme_does_what_the_readme_says(player: Player) -> None:
    (player.folder / "onboard.yml").write_text(first_block("yaml"), encoding="utf-8")
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    (player.folder / "deploy_key").write_bytes(key)

    def run(*options: str) -> Played:
        player.emulator.clear()
        return player.run(
            str(player.folder / "onboard.yml"),
            "--diff",
            *options,
            host={"ansible_connection": "local"},
            ANSIBLE_CALLBACK_RESULT_FORMAT="yaml",
            CIRCLE_HOST=player.emulator.url,
            CIRCLE_TOKEN=player.emulator.token,
            REGISTRY_PASSWORD="correct-horse-battery",
        )

    predicted, first, second = run("--check"), run(), run()
    for played, changed, writes in ((predicted, True, 0), (first, True, 3), (second, False, 0)):
        assert played.status == 0, played.output
        (task,) = played.ran
        assert task.changed is changed
        assert len(task.writes) == writes, task.writes
    assert without_keys(diff_of(predicted)) == without_keys(first_block("diff"))
    assert without_keys(diff_of(first)) == without_keys(first_block("diff"))
    assert "(known after the run)" in diff_of(predicted)
    assert "(known after the run)" not in diff_of(first)
    assert "--- before" not in second.output


@pytest.mark.oldest
def test_the_three_jobs_of_the_readme_work_one_after_the_other(player: Player) -> None:
    machine = player.emulator.state.machine
    machine.set_seconds(dict.fromkeys(machine.seconds, 0.0))
    project = player.emulator.project("github/acme/api")
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    (player.folder / "deploy_key").write_bytes(key)
    assert list(books()) == ["onboard.yml", "rotate.yml", "deploy.yml"]
    keys = {}
    at_once = books()["rotate.yml"].replace("max_age: 90", "max_age: 0")
    for name, text in {**books(), "rotate_at_once.yml": at_once}.items():
        (player.folder / name).write_text(text, encoding="utf-8")
        played = player.run(
            str(player.folder / name),
            host={"ansible_connection": "local"},
            CIRCLE_HOST=player.emulator.url,
            CIRCLE_TOKEN=player.emulator.token,
            REGISTRY_PASSWORD=f"a-password-for-{name}",
        )
        assert played.status == 0, played.output
        (keys[name],) = project.checkout_keys
    assert keys["onboard.yml"] == keys["rotate.yml"] != keys["rotate_at_once.yml"]
    assert project.env_vars == {"REGISTRY_PASSWORD": "a-password-for-rotate_at_once.yml"}
    assert (player.folder / "deployed" / "coverage" / "index.html").exists()
