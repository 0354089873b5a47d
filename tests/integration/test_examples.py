# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples in the documentation of every plugin run as they are printed there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml

from emulator import Emulator
from emulator.world.artifacts import Artifact
from tests.integration.playing import HERE, Player
from tests.unit.keys import private_key

PLUGINS = sorted(
    path for kind in ("modules", "lookup") for path in (HERE.parents[1] / "plugins" / kind).glob("circleci_*.py")
)
# What the examples take from a vault.
VAULT = {
    "vault_aws_secret_access_key": "aws-secret-of-the-example",
    "vault_circleci_token": "emulator-personal-token",
    "vault_deploy_key": private_key(),
    "vault_google_credentials": '{"type": "service_account", "private_key_id": "of-the-example"}',
    "vault_heroku_api_key": "heroku-key-of-the-example",
    "vault_npm_token": "npm_token-of-the-example",
    "vault_webhook_secret": "webhook-secret-of-the-example",
    "vault_registry_password": "registry-password-of-the-example",
}


@pytest.mark.once
@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.stem)
def test_examples_run_as_they_are(player: Player, plugin: Path) -> None:
    emulator = player.emulator
    emulator.state.machine.set_seconds({"running": 0.2})
    for slug in ("github/acme/api", "github/acme/web"):
        emulator.follow(slug)
    emulator.project("github/acme/api").branches["release"] = "4e1243bd22c66e76c2ba9eddc1f91394e57f9f83"
    if "pipeline" in plugin.stem or "workflow" in plugin.stem:
        play_pipelines(emulator)
    if "artifacts" in plugin.stem:
        store_artifacts(emulator)
    # A relative path starts from the playbook.
    files = player.folder / "files"
    files.mkdir()
    (files / "deploy_key").write_text(private_key("rsa", "pkcs8"), encoding="utf-8")
    lookup = {"ansible_circleci_api_url": emulator.url, "ansible_circleci_api_token": emulator.token}
    # What is for a host's folders stays within the test's.
    tasks = yaml.safe_load(examples(plugin).replace("/opt/acme", str(player.folder / "opt")))
    known = {"commit": emulator.project("github/acme/api").branches["main"]}
    played = player.play(tasks, keywords={"vars": VAULT | lookup | known})
    assert played.status == 0, played.output
    # What is only for the case of a failure does not run.
    assert {ran.task for ran in played.ran} >= {task["name"] for task in tasks if "block" not in task}
    assert any(ran.requests for ran in played.ran) is (plugin.stem != "circleci_artifacts_info")


def store_artifacts(emulator: Emulator) -> None:
    """Give the repositories builds with artifacts: a dozen, the last ones of the commit that the examples name."""
    emulator.state.machine.set_progress("manual")
    emulator.artifacts("github/acme/api", "build", Artifact("dist/app-1.4.0-py3-none-any.whl", text="wheel"))
    emulator.finish("github/acme/web", 1)
    project = emulator.project("github/acme/api")
    while len(project.builds) < 12:
        emulator.state.machine.trigger(project, None, why="api", branch="release")
    for build in project.builds:
        emulator.finish(project.slug, build.number)


def play_pipelines(emulator: Emulator) -> None:
    """Give the repository a configuration with parameters and an approval, and a pipeline that waits for that."""
    jobs = [
        "test",
        {"name": "hold", "type": "approval", "requires": ["test"]},
        {"name": "deploy", "requires": ["hold"]},
    ]
    emulator.add_repository(
        "github/acme/api",
        configuration={
            "parameters": {"target": "staging", "dry_run": True, "replicas": 1},
            "workflows": [{"name": "build-and-deploy", "jobs": jobs}],
        },
    )
    emulator.push("github/acme/api", branch="main")
    emulator.pass_time(60)


def examples(plugin: Path) -> str:
    """What a plugin has in its EXAMPLES."""
    for node in ast.parse(plugin.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXAMPLES":
            return str(ast.literal_eval(node.value))
    raise AssertionError(f"{plugin.name} has no examples")
