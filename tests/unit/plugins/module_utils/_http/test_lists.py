# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of API v2: all pages, each once, and an end."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from emulator import Emulator

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"


def client_for(emulator: Emulator, **settings: Any) -> Client:
    return Client(emulator.url, TOKEN, **settings)


def pages(emulator: Emulator, *answers: tuple[list[Any], str | None]) -> None:
    """What a list answers, one page after the other."""
    for items, token in answers:
        emulator.fault("body", path="/things", body={"items": items, "next_page_token": token})


def asked(emulator: Emulator) -> list[str]:
    return [record.path for record in emulator.requests]


def things(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": str(number), "n": number} for number in numbers]


def test_all_pages_are_read_each_with_the_query(emulator: Emulator) -> None:
    pages(emulator, (things(1, 2), "a="), (things(3), "b"), (things(4), None))
    found = client_for(emulator).get_items("v2/things", branch="main", mine=True)
    assert found == things(1, 2, 3, 4)
    query = "/api/v2/things?branch=main&mine=true"
    assert asked(emulator) == [query, f"{query}&page-token=a%3D", f"{query}&page-token=b"]


def test_a_limit_leaves_pages_unread(emulator: Emulator) -> None:
    pages(emulator, (things(1, 2), "a"), (things(3, 4), "b"))
    assert client_for(emulator).get_items("v2/things", limit=2) == things(1, 2)
    assert len(asked(emulator)) == 1


def test_the_next_page_is_asked_for_when_it_is_needed(emulator: Emulator) -> None:
    pages(emulator, (things(1, 2), "a"), (things(3), None))
    reading = client_for(emulator).iterate("v2/things")
    assert [next(reading), next(reading)] == things(1, 2)
    assert len(asked(emulator)) == 1
    assert list(reading) == things(3)


def test_what_moves_to_the_next_page_meanwhile_is_given_once(emulator: Emulator) -> None:
    pages(emulator, (things(1, 2), "a"), (things(2, 3), None))
    assert client_for(emulator).get_items("v2/things") == things(1, 2, 3)


def test_things_without_an_id_are_told_apart_by_all_that_they_have(emulator: Emulator) -> None:
    items = [{"id": None, "name": "a"}, {"id": None, "name": "b"}, {"name": "a"}]
    pages(emulator, (items, None))
    assert client_for(emulator).get_items("v2/things") == items


def test_their_order_makes_no_other_thing(emulator: Emulator) -> None:
    pages(emulator, ([{"name": "a", "value": 1}], "a"), ([{"value": 1, "name": "a"}, {"name": "b"}], None))
    assert client_for(emulator).get_items("v2/things") == [{"name": "a", "value": 1}, {"name": "b"}]


@pytest.mark.parametrize("tokens", [["a", "a"], ["a", "b"]], ids=["the same token", "another token"])
def test_a_page_that_comes_again_ends_the_list(emulator: Emulator, tokens: list[str]) -> None:
    """As the variables of a context do, above 100 of them."""
    pages(emulator, *((things(1, 2), token) for token in tokens))
    assert client_for(emulator).get_items("v2/things") == things(1, 2)
    assert len(asked(emulator)) == 2


def test_a_token_that_comes_again_ends_the_list(emulator: Emulator) -> None:
    pages(emulator, (things(1), "a"), ([], "a"))
    assert client_for(emulator).get_items("v2/things") == things(1)
    assert len(asked(emulator)) == 2


def test_an_empty_page_in_the_middle_is_no_end(emulator: Emulator) -> None:
    pages(emulator, ([], "a"), (things(1), "b"), ([], "c"), ([], "d"), (things(2), None))
    assert client_for(emulator).get_items("v2/things") == things(1, 2)


def test_a_list_without_an_end_is_an_error(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = itertools.count()

    def page(*_request: Any, **_more: Any) -> dict[str, Any]:
        number = next(numbers)
        return {"items": things(number), "next_page_token": str(number)}

    monkeypatch.setattr(Client, "_call", page)
    with pytest.raises(CircleCIError, match="has no end: 1000 pages were read"):
        client_for(emulator).get_items("v2/things")
    assert next(numbers) == 1000


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"items": None}, {"items": {}}, {"items": [None]}, {"items": [], "next_page_token": 7}, "text"],
)
def test_what_is_no_list_is_an_error_in_words(emulator: Emulator, body: object) -> None:
    emulator.fault("body", path="/things", body=body)
    with pytest.raises(CircleCIError, match="CircleCI's answer to GET v2/things cannot be used"):
        client_for(emulator).get_items("v2/things")
