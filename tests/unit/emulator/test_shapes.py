# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The answers have the keys and types of recorded answers of the service, and its status codes and headers.

shapes.json says what they are. There, "or" lists alternatives, a key that starts with "?" may be absent, "*" stands
for any key, "$name" for another shape.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import pytest

from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once

DOCUMENT = json.loads((Path(__file__).parent / "shapes.json").read_text())
SHAPES: dict[str, Any] = DOCUMENT["shapes"]
JSON = "application/json;charset=utf-8"
P = "/api/v1.1/project/:vcs-type/:username/:repo"
NAMES = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}


def mismatches(value: Any, shape: Any, at: str = "", *, shapes: dict[str, Any] = SHAPES) -> list[str]:
    """Return where a value has not the shape, in which "$name" is one of the shapes."""
    compare = functools.partial(mismatches, shapes=shapes)
    if isinstance(shape, str) and shape.startswith("$"):
        return compare(value, shapes[shape[1:]], at)
    if isinstance(shape, str):
        name = NAMES.get(type(value), "object")
        return [] if name in shape.split("|") else [f"{at} is {name}, not {shape}"]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [line for number, item in enumerate(value) for line in compare(item, shape[0], f"{at}[{number}]")]
    if "or" in shape:
        tries = [compare(value, alternative, at) for alternative in shape["or"]]
        return min(tries, key=len)
    if not isinstance(value, dict):
        return [f"{at} is no object"]
    if "*" in shape:
        return [line for key, item in value.items() for line in compare(item, shape["*"], f"{at}.{key}")]
    if "extends" in shape:
        shape = {**shapes[shape["extends"][1:]], **{key: item for key, item in shape.items() if key != "extends"}}
    lines = [f"{at}.{key} is missing" for key in shape if not key.startswith("?") and key not in value]
    for key, item in value.items():
        wanted = shape.get(key, shape.get(f"?{key}"))
        lines += [f"{at}.{key} is unknown"] if wanted is None else compare(item, wanted, f"{at}.{key}")
    return lines


# method, path, body, status, X-Route, shape, names of further headers
EXCHANGES = [
    ("GET", "/me", None, 200, "/api/v1.1/me", "me", []),
    ("GET", "/projects", None, 200, "/api/v1.1/projects", "projects", ["x-ratelimit-limit", "x-ratelimit-reset"]),
    ("GET", "/recent-builds", None, 200, "/api/v1.1/recent-builds", "builds", []),
    ("GET", "/user/repos/github", None, 200, "/api/v1.1/user/repos/:vcs-type", "repositories", []),
    ("POST", "/user/heroku-key", {"apikey": "made-up"}, 200, "/api/v1.1/user/heroku-key", "empty", []),
    ("POST", "follow", None, 200, f"{P}/follow", "follow", ["x-ratelimit-limit", "x-ratelimit-remaining"]),
    ("POST", "unfollow", None, 200, f"{P}/unfollow", "unfollow", []),
    ("POST", "enable", None, 200, f"{P}/enable", "settings", []),
    ("DELETE", "enable", None, 200, f"{P}/enable", "settings", []),
    ("GET", "settings", None, 200, f"{P}/settings", "settings", []),
    ("PUT", "settings", {"parallel": 2}, 200, f"{P}/settings", "empty", []),
    ("GET", "checkout-key", None, 200, f"{P}/checkout-key", "checkout_keys", []),
    ("POST", "checkout-key", {"type": "deploy-key"}, 201, f"{P}/checkout-key", "checkout_key", ["location"]),
    ("POST", "checkout-key", {"type": "github-user-key"}, 201, f"{P}/checkout-key", "checkout_key", ["location"]),
    ("GET", "checkout-key/bogus", None, 404, f"{P}/checkout-key/:fingerprint", "message", []),
    ("DELETE", "checkout-key/{key}", None, 200, f"{P}/checkout-key/:fingerprint", "message", []),
    ("GET", "checkout-key/{key}", None, 200, f"{P}/checkout-key/:fingerprint", "checkout_key", []),
    ("POST", "ssh-key", {"hostname": "", "private_key": "no key"}, 400, f"{P}/ssh-key", "message", []),
    ("DELETE", "ssh-key", {"hostname": "", "fingerprint": "none"}, 200, f"{P}/ssh-key", "empty", []),
    ("GET", "envvar", None, 200, f"{P}/envvar", "variables", []),
    ("GET", "envvar/COLOUR", None, 200, f"{P}/envvar/:var-name", "variable", []),
    ("POST", "envvar", {"name": "A", "value": "b"}, 201, f"{P}/envvar", "variable", ["location"]),
    ("DELETE", "envvar/COLOUR", None, 200, f"{P}/envvar/:var-name", "message", []),
    ("DELETE", "envvar/MISSING", None, 404, f"{P}/envvar/:var-name", "message", []),
    ("GET", "token", None, 200, f"{P}/token", "tokens", []),
    ("POST", "token", {"label": "a", "scope": "all"}, 201, f"{P}/token", "new_token", []),
    ("GET", "", None, 200, f"{P}/", "builds", []),
    ("GET", "tree/main", None, 200, f"{P}/tree/:branch", "builds", []),
    ("POST", "", {}, 201, f"{P}/", "build", ["location"]),
    ("POST", "tree/main", {}, 201, f"{P}/tree/:branch", "build", ["location"]),
    ("GET", "1", None, 200, f"{P}/:build_num/", "build_alone", []),
    ("GET", "2", None, 200, f"{P}/:build_num/", "build_alone", []),
    ("GET", "1/artifacts", None, 200, f"{P}/:build_num/artifacts", "artifacts", []),
    ("GET", "latest/artifacts", None, 200, f"{P}/latest/artifacts", "artifacts", []),
    ("GET", "1/tests", None, 200, f"{P}/:build_num/tests", "tests", []),
    ("POST", "1/retry", None, 200, f"{P}/:build_num/retry", "build", []),
    ("POST", "1/ssh", None, 200, f"{P}/:build_num/ssh", "build", []),
    ("POST", "3/cancel", None, 200, f"{P}/:build_num/cancel", "build", []),
    ("POST", "1/ssh-users", None, 200, f"{P}/:build_num/ssh-users", "build", []),
]


@pytest.mark.parametrize("exchange", EXCHANGES, ids=lambda exchange: f"{exchange[0]} {exchange[1] or 'project'}")
def test_answer_has_the_recorded_shape(followed: Emulator, send: Send, exchange: tuple[Any, ...]) -> None:
    method, path, body, status, x_route, shape, more_headers = exchange
    # Something of everything: variables, keys, builds that failed, succeeded, run and wait.
    send("POST", "envvar", json={"name": "COLOUR", "value": "orange"})
    for outcome in ("failed", "success", "stuck", "success"):
        followed.script(outcome)
        send("POST", "tree/main")
    for number in (1, 2, 3):
        followed.finish("github/acme/api", number)
    fingerprint = send("GET", "checkout-key").json()[0]["fingerprint"]

    answer = send(method, path.format(key=fingerprint), json=body)

    assert answer.status_code == status
    assert answer.headers["Content-Type"] == JSON
    assert answer.headers["X-Route"] == x_route
    assert ("Access-Control-Allow-Origin" in answer.headers) is (method == "GET")
    assert [name for name in more_headers if name not in answer.headers] == []
    assert mismatches(answer.json(), SHAPES[shape]) == []


@pytest.mark.parametrize("situation", ["queued", "not_run", "listed"])
def test_build_has_the_keys_recorded_in_this_situation(followed: Emulator, send: Send, situation: str) -> None:
    if situation == "not_run":
        followed.script("not_run")
    build = send("POST", "tree/main").json()
    if situation == "listed":
        (build,) = send("GET").json()
    every_key = {key.lstrip("?") for key in SHAPES["build"]}

    assert sorted(every_key - build.keys()) == DOCUMENT["build_keys_missing"][situation]


def test_first_build_of_follow_is_a_build(emulator: Emulator, send: Send) -> None:
    answer = send("POST", "follow").json()

    assert mismatches(answer, SHAPES["follow"]) == []
    assert mismatches(answer["first_build"], SHAPES["build"]) == []


@pytest.mark.parametrize("path", ["/me", "/projects", "/recent-builds", "/user/repos/github"])
def test_401_has_the_recorded_shape(send: Send, path: str) -> None:
    answer = send("GET", path, token="wrong")

    assert answer.status_code == 401
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert mismatches(answer.json(), SHAPES["message"]) == []


def test_the_comparison_itself_finds_differences() -> None:
    assert mismatches({"name": "A"}, SHAPES["variable"]) == [".value is missing"]
    assert mismatches({"name": "A", "value": 1}, SHAPES["variable"]) == [".value is int, not str"]
    assert mismatches([{"name": "A", "value": "b", "c": 1}], SHAPES["variables"]) == ["[0].c is unknown"]
