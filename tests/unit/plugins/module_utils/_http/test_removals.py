# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CircleCI has announced to remove: one warning a task, and a refusal that says what to use instead."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"
PROJECT = "v1.1/project/github/acme/api"
SUNSET = "Mon, 01 Feb 2027 00:00:00 GMT"


def post(emulator: Emulator, path: str, client: Client | None = None) -> Any:
    return (client or Client(emulator.url, TOKEN)).write("POST", f"{PROJECT}{path}", {}, repeatable=False)


@pytest.mark.parametrize(
    ("path", "what", "successor"),
    [
        ("", "starting", "circleci_pipeline"),
        ("/tree/main", "starting", "circleci_pipeline"),
        ("/build", "starting", "circleci_pipeline"),
        ("/7/retry", "repeating", "circleci_pipeline"),
        ("/7/ssh", "repeating", "circleci_pipeline"),
        ("/tree/7%2Fretry", "starting", "circleci_pipeline"),
    ],
)
def test_a_call_that_goes_is_warned_about_with_date_and_way_out(
    emulator: Emulator, path: str, what: str, successor: str
) -> None:
    client = Client(emulator.url, TOKEN)
    emulator.fault("body", method="POST", body={}, headers={"Sunset": SUNSET, "Deprecation": "true"}, times=2)
    post(emulator, path, client)
    post(emulator, path, client)
    (warning,) = client.warnings
    assert f"{what} builds" in warning
    assert "on 2027-02-01." in warning
    assert f"community.circleci.{successor}" in warning


@pytest.mark.parametrize(
    ("headers", "when"),
    [
        ({"Deprecation": "@1796083200"}, " soon."),
        ({"Sunset": "in spring"}, " soon (in spring)."),
        ({"Sunset": "Wed, 99 Foo 2027 00:00:00 GMT"}, " soon (Wed, 99 Foo"),
        ({}, None),
    ],
)
def test_odd_headers_still_warn(emulator: Emulator, headers: dict[str, str], when: str | None) -> None:
    client = Client(emulator.url, TOKEN)
    emulator.fault("body", method="POST", body={}, headers=headers)
    post(emulator, "/build", client)
    assert len(client.warnings) == (when is not None)
    assert all(str(when) in warning for warning in client.warnings)


@pytest.mark.parametrize(("path", "successor"), [("/build", "circleci_pipeline"), ("/7/retry", "circleci_pipeline")])
def test_a_call_that_is_gone_says_what_to_use(emulator: Emulator, path: str, successor: str) -> None:
    emulator.fault("status", method="POST", status=410, body={"message": "Gone"})
    with pytest.raises(CircleCIError) as caught:
        post(emulator, path)
    assert (caught.value.status, caught.value.doubtful) == (410, False)
    assert "has removed this call" in str(caught.value.hint)
    assert successor in str(caught.value.hint)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize("path", [PROJECT, f"{PROJECT}/settings", f"{PROJECT}/7/artifacts", "v2/me"])
def test_nobody_is_told_to_start_builds_otherwise_who_only_reads(emulator: Emulator, path: str) -> None:
    client = Client(emulator.url, TOKEN)
    emulator.fault("body", method="GET", body={}, headers={"Sunset": SUNSET})
    client.get(path)
    shown = path.replace(PROJECT, "project/…")
    advice = "A later version of this collection may do without it: look for one."
    assert client.warnings == [f"CircleCI removes GET {shown}, on 2027-02-01. {advice}"]
    emulator.fault("status", method="GET", status=410, body={"message": "Gone"})
    with pytest.raises(CircleCIError) as caught:
        client.get(path)
    assert caught.value.hint == f"What was asked for has expired, or CircleCI has removed this call. {advice}"


@pytest.mark.parametrize("call", ["DELETE /7/retry", "POST /7/cancel", "POST /follow", "POST /envvar"])
def test_other_writes_are_no_starts_of_builds(emulator: Emulator, call: str) -> None:
    method, path = call.split()
    client = Client(emulator.url, TOKEN)
    emulator.fault("body", method=method, body={}, headers={"Deprecation": "true"})
    client.write(method, f"{PROJECT}{path}", {}, repeatable=False)
    assert [warning.partition(", ")[0] for warning in client.warnings] == [f"CircleCI removes {method} project/…{path}"]
