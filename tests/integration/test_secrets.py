# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret is in a result, a diff, the most verbose output or a file, on success and on failure."""

from __future__ import annotations

import contextlib
import functools
import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.community.circleci.plugins.module_utils._values.keys import parse_private_key
from emulator import Emulator
from emulator.http.exchange import Answer, Call
from tests.integration.ladders import PROJECT
from tests.integration.playing import HERE, Json, Player, Task, task
from tests.unit.keys import private_key

SECRETS = {
    "vault_token": "token-nettle-7c1f04",
    "vault_key": private_key("rsa", "pkcs8", number=7),
    "vault_other_key": private_key("ed25519", "openssh", number=7),
    "vault_value": 'first-line-heron\nsecond "line"\tötter\n',
    "vault_heroku": "heroku-key-marten",
    "vault_webhook": "webhook-secret-dunlin",
    "vault_made": "made-by-circleci-thrush",
}
HELD = "build-and-deploy"
"""The workflow of the branch `held`, which has not ended."""
LENGTH = 12
"""So many characters in a row of a secret are a trace of it. The masks that CircleCI shows are shorter."""


def pieces(text: str) -> set[str]:
    return {text[start : start + LENGTH] for start in range(len(text) - LENGTH + 1)}


def traces() -> set[str]:
    """The pieces of all lines of all secrets, as they are and as JSON has them, but not of the keys' public halves."""
    found: set[str] = set()
    for secret in SECRETS.values():
        for line in secret.splitlines():
            if not line.startswith("-----"):
                found |= pieces(line) | pieces(json.dumps(line)[1:-1])
    public = " ".join(parse_private_key(SECRETS[name]).public.text for name in ("vault_key", "vault_other_key"))
    return found - pieces(public)


TRACES = traces()


def every_module() -> list[Task]:
    key: Json = {"project": PROJECT, "hostname": "deploy.acme.example", "private_key": "{{ vault_key }}"}
    variable: Json = {"name": "A", "value": "{{ vault_value }}", "update_value": "always"}
    hook: Json = {"name": "deploys", "url": "https://deploy.acme.example/", "events": ["job-completed"]}
    hook |= {"signing_secret": "{{ vault_webhook }}", "update_secret": "always"}
    many = {
        "project": PROJECT,
        "ssh_keys": [{"hostname": "second.acme.example", "private_key": "{{ vault_other_key }}"}],
        "env_vars": [variable],
    }
    tasks = [
        task("follow", "circleci_project_follow", project="github/acme/web"),
        task("checkout key", "circleci_checkout_key", project=PROJECT, rotate=True),
        task("ssh key", "circleci_ssh_key", **key),
        task("ssh key from a file", "circleci_ssh_key", project=PROJECT, private_key_path="{{ vault_path }}"),
        task("variable", "circleci_env_var", project=PROJECT, **variable),
        task("webhook", "circleci_webhook", project=PROJECT, **hook),
        task("heroku", "circleci_heroku_key", api_key="{{ vault_heroku }}", update_value="always"),
        task("projects", "circleci_projects", projects=[many], defaults={"webhooks": [hook]}),
        task("context", "circleci_context", organization="acme", name="deploy", env_vars=[variable]),
        task("project token", "circleci_project_token", project=PROJECT, label="badge"),
        task("settings", "circleci_project_settings", project=PROJECT, build_prs_only=True),
        task("schedule", "circleci_schedule", project=PROJECT, name="nightly", branch="main", hours_of_day=[2]),
        task("let in", "circleci_build_ssh_user", project=PROJECT, build_num=1),
        task("build", "circleci_build", project=PROJECT, branch="main", trigger="job"),
        task("pipeline", "circleci_pipeline", project=PROJECT, branch="main", appear_timeout=1),
        task("workflow", "circleci_workflow", state="canceled", project=PROJECT, branch="held", workflow=HELD),
        task("read contexts", "circleci_context_info", organization="acme", env_vars=True),
        task("artifacts", "circleci_artifacts", project=PROJECT, build_num=1, dest="{{ playbook_dir }}/artifacts"),
        task("look at artifacts", "circleci_artifacts_info", dest="{{ playbook_dir }}/artifacts"),
        task("bad entry", "circleci_context", organization="acme", name="deploy", env_vars={"A": "{{ vault_value }}"}),
        task("bad key", "circleci_ssh_key", project=PROJECT, private_key="{{ vault_key[:-200] }}"),
        task("bad value", "circleci_env_var", project=PROJECT, name="A", value=["{{ vault_value }}"]),
        task("bad option", "circleci_env_var", project=PROJECT, name="A", value="{{ vault_value }}", state="there"),
    ]
    return [each | {"ignore_errors": True, "register": f"result_{number}"} for number, each in enumerate(tasks)]


def keep_results(count: int) -> Task:
    """Results as a later task has them: callbacks may get them masked by core."""
    results = ", ".join(f"result_{number}" for number in range(count))
    content = f"{{{{ [{results}] | to_json }}}}"
    return {"name": "keep", "ansible.builtin.copy": {"content": content, "dest": "{{ playbook_dir }}/results.json"}}


def found_in(text: str) -> list[str]:
    return sorted(pieces(text) & TRACES)


def found_in_files(player: Player) -> list[str]:
    """The files with a trace of a secret, apart from those that the test wrote."""
    own = {player.folder / "vault", player.folder / "record.jsonl"}
    files = [path for path in player.folder.rglob("*") if own.isdisjoint({path, path.parent})]
    found = []
    for path in files:
        # A download that has got its name meanwhile is met under that name.
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and _has_traces(path, path.stat().st_mtime_ns, path.stat().st_size):
                found.append(str(path))
    return found


@functools.lru_cache(maxsize=10_000)
def _has_traces(path: Path, _changed: int, _size: int) -> bool:
    """Whether a file has traces; looked up once as long as nobody writes to it."""
    return bool(found_in(path.read_bytes().decode("utf-8", "replace")))


def as_json(body: Any, status: int) -> Answer:
    return Answer(json.dumps(body), status, content_type="application/json")


# What a server may answer to a write that it does not understand: all sorts of things with what it was sent.
FILLER = "-" * 985  # What is shown of a long message ends within a secret.
ECHOES: dict[str, Callable[[list[str]], Answer]] = {
    "lines": lambda sent: as_json({"message": "\n".join(sent)}, 400),
    "JSON in JSON": lambda sent: as_json({"message": json.dumps({"message": "\n".join(sent)})}, 500),
    "cut": lambda sent: as_json({"message": FILLER + sent[-1]}, 400),
    "text": lambda sent: Answer(" ".join(sent), 403, content_type="text/plain"),
    "HTML": lambda sent: Answer(" ".join(sent), 200, content_type="text/html"),
    "an object": lambda sent: as_json({"message": {"you": sent}}, 422),
    "a list": lambda sent: as_json(sent, 200),
}


class Observer:
    """Stands in the emulator, and looks for secrets in files while a task waits for its answer.

    :param echo: answers every write with what it sent; None lets the emulator answer
    """

    def __init__(self, player: Player, echo: Callable[[list[str]], Answer] | None) -> None:
        self.files: set[str] = set()
        self.echo = echo
        self._player = player

    def answer(self, call: Call, usual: Callable[[], Answer]) -> Answer:
        self.files.update(found_in_files(self._player))
        if call.method == "GET" or self.echo is None:
            return usual()
        fields = json.loads(call.body or b"{}")
        sent = [call.headers["Circle-Token"], call.body.decode(), *(str(value) for value in fields.values())]
        return self.echo(sent)


QUICK = next(iter(ECHOES))


@pytest.fixture(params=[None, QUICK, *(pytest.param(echo, marks=pytest.mark.rest) for echo in ECHOES if echo != QUICK)])
def observer(player: Player, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Observer:
    """Every module meets every echo."""
    observer = Observer(player, request.param and ECHOES[request.param])
    usual = Emulator._answer
    monkeypatch.setattr(Emulator, "_answer", lambda self, call: observer.answer(call, lambda: usual(self, call)))
    return observer


def test_every_module_that_writes_meets_the_echoes() -> None:
    modules = {path.stem for path in (HERE.parents[1] / "plugins" / "modules").glob("*.py")}
    readers = {module for module in modules if module.endswith("_info")} | {"circleci_artifacts"}
    met = {name.removeprefix("community.circleci.") for each in every_module() for name in each}
    assert modules - readers - met == set()


@pytest.mark.oldest
def test_in_process_no_secret_gets_anywhere(player: Player, observer: Observer) -> None:
    output = play(player, observer)
    assert observer.files == set()
    assert "as an ordinary module" not in output


@pytest.mark.rest
def test_ordinary_modules_leave_no_secret_behind(player: Player, observer: Observer) -> None:
    output = play(player, observer, {"ansible_connection": "elsewhere"})
    # While they run core keeps their options in such files: which also shows that the test would find one.
    assert {Path(file).parent.parent for file in observer.files} == {player.temporary}
    assert "as an ordinary module" in output


@pytest.mark.parametrize("host", [None, {"ansible_connection": "elsewhere"}], ids=["in process", "ordinary"])
def test_a_new_token_is_in_its_result_alone(player: Player, monkeypatch: pytest.MonkeyPatch, host: Json | None) -> None:
    """Under ``no_log``, as the examples have it, also when the task fails after the token was made."""
    player.emulator.follow(PROJECT)
    monkeypatch.setattr("emulator.v1.routes_tokens.secrets.token_hex", lambda _bytes: SECRETS["vault_made"])
    player.emulator.fault("status", method="DELETE", path="/token/", status=403, body={"message": "Permission denied"})
    silent: Json = {"no_log": True, "ignore_errors": True}
    options: Json = {"project": PROJECT, "label": "badge"}
    told = "{{ made.token | b64encode }} {{ rotated.token | b64encode }}"
    played = player.play(
        [
            task("make", "circleci_project_token", keywords={**silent, "register": "made"}, **options),
            task("find", "circleci_project_token", **options),
            task(
                "rotate", "circleci_project_token", keywords={**silent, "register": "rotated"}, rotate=True, **options
            ),
            {"name": "tell", "ansible.builtin.debug": {"msg": told}},
        ],
        *("-vvvv", "--diff"),
        host=host,
    )
    assert [ran.status for ran in played.ran] == ["ok", "ok", "failed", "ok"], played.output
    encoded = b64encode(SECRETS["vault_made"].encode()).decode()
    assert played["tell"].result["msg"] == f"{encoded} {encoded}"
    assert found_in(json.dumps([ran.result for ran in played.ran]) + played.output) == []
    assert found_in_files(player) == []


def play(player: Player, observer: Observer, host: Json | None = None) -> str:
    player.emulator.state.add_token(SECRETS["vault_token"], login="emulator")
    player.emulator.follow(PROJECT)
    player.emulator.finish(PROJECT, 1)
    player.emulator.push(PROJECT, branch="held", revision="ab" * 20, script={"scenario": "hold"})
    tasks = every_module()
    played = player.play(
        [*tasks, keep_results(len(tasks))],
        *("-vvvv", "--diff", "--extra-vars", f"@{write_secrets(player)}"),
        defaults={"api_token": "{{ vault_token }}", "retries": 0},
        host=host,
        warnings=["The value of variable A begins or ends with white space"],
    )
    assert played.status == 0, played.output
    failed = {ran.task for ran in played.ran if ran.status == "failed"}
    wrong = {"bad key", "bad value", "bad option", "bad entry"}
    reads = {"read contexts", "artifacts", "look at artifacts"}
    assert failed == ({each["name"] for each in tasks} - reads if observer.echo else wrong)
    results = [ran.result for ran in played.ran]
    for text in (json.dumps(results), json.dumps(results, ensure_ascii=False), played.output):
        assert found_in(text) == []
    assert (player.folder / "results.json").exists()
    assert (player.folder / "artifacts" / "results" / "junit.xml").exists()
    assert found_in_files(player) == []
    return played.output


def write_secrets(player: Player) -> Path:
    """Write a file of variables, where nobody looks for traces."""
    vault = player.folder / "vault"
    vault.mkdir()
    (vault / "key").write_text(SECRETS["vault_other_key"], encoding="utf-8")
    file = vault / "secrets.yml"
    file.write_text(yaml.safe_dump(SECRETS | {"vault_path": str(vault / "key")}), encoding="utf-8")
    return file
