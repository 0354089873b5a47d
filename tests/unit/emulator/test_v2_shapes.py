# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers of API v2 have the keys, types and status of recorded or documented answers of the service.

Each file in v2/ is one kind of thing: `shapes` as in shapes.json, calls that are made `before`, and `exchanges`.
An exchange has a `call`, perhaps a `body` and a `token` (`project` or `none`), and says the `status` and what the body
has as its `shape` or `is`. `{name[key]}` in a call or a body is from the answer to the call `as` that name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator import PROJECT_TOKEN, Emulator
from emulator.v2.routing import PREFIX, ROUTES

from .conftest import Send
from .test_shapes import JSON, SHAPES, mismatches

pytestmark = pytest.mark.once

KINDS: dict[str, Any] = {
    path.stem: json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "v2").glob("*.json"))
}
EXCHANGES = [(kind, exchange) for kind, document in KINDS.items() for exchange in document["exchanges"]]
TOKENS = {"project": {"Circle-Token": PROJECT_TOKEN}, "none": {"Circle-Token": ""}}


def filled(value: Any, answers: Mapping[str, Any]) -> Any:
    """Return a call or a body with what earlier answers said."""
    if isinstance(value, str):
        return value.format_map(answers)
    if isinstance(value, list):
        return [filled(item, answers) for item in value]
    return {key: filled(item, answers) for key, item in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize(("kind", "exchange"), EXCHANGES, ids=[exchange["call"] for _kind, exchange in EXCHANGES])
def test_answer_has_the_recorded_shape(followed: Emulator, send: Send, kind: str, exchange: dict[str, Any]) -> None:
    answers: dict[str, Any] = {}
    for step in KINDS[kind].get("before", []):
        method, path = filled(step["call"], answers).split(" ")
        answer = send(method, path, json=filled(step.get("body"), answers))
        assert answer.ok, answer.text
        answers[step.get("as", "")] = answer.json()

    method, path = filled(exchange["call"], answers).split(" ")
    headers = TOKENS.get(exchange.get("token", ""), {})
    answer = send(method, f"{PREFIX}{path}", json=filled(exchange.get("body"), answers), headers=headers)

    assert answer.status_code == exchange["status"], answer.text
    if isinstance(exchange.get("is"), str):
        assert answer.text == exchange["is"]
        return
    assert answer.headers["Content-Type"] == JSON
    if "is" in exchange:
        assert answer.json() == exchange["is"]
    else:
        shapes = {**SHAPES, **KINDS[kind]["shapes"]}
        assert mismatches(answer.json(), shapes[exchange["shape"]], shapes=shapes) == []


def test_every_route_is_compared() -> None:
    compared = set()
    for _kind, exchange in EXCHANGES:
        method, path = exchange["call"].split(" ")
        found = ROUTES.find(method, f"{PREFIX}{path.partition('?')[0]}")
        if found and exchange["status"] < 300:
            compared.add((method, found[0].template))

    assert sorted(set(ROUTES.templates()) - compared) == []
