# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from typing import Any

import pytest
from ansible.errors import AnsibleError

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._task import run as run_file
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.run import (
    how_to_install,
    missing_libraries,
    perform,
)
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import MASK
from emulator import Emulator
from tests.unit.conftest import Query

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


def absent(library: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"No module named {library!r}", name=library)


def test_the_lookup_says_how_its_python_gets_what_it_lacks(query: Query, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(run_file._IMPORTS, "requests", absent("requests"))
    monkeypatch.setitem(run_file._IMPORTS, "cryptography", absent("cryptography"))
    with pytest.raises(AnsibleError) as caught:
        query("github/acme/api")
    command = f"install them with {sys.executable} -m pip install requests cryptography."
    assert f"lacks the Python libraries requests and cryptography: {command}" in str(caught.value)


def test_a_library_that_is_there_and_cannot_be_imported_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/my python/bin/python3")
    monkeypatch.setitem(run_file._IMPORTS, "cryptography", ImportError("libssl.so.3: cannot open shared object file"))
    assert missing_libraries() == ["cryptography"]
    assert how_to_install(["cryptography"]) == (
        "/opt/my python/bin/python3 lacks the Python library cryptography (libssl.so.3: cannot open shared object "
        "file): install it with '/opt/my python/bin/python3' -m pip install cryptography."
    )
