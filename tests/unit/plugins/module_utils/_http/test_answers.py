# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import email.utils
import io
import json
from datetime import datetime, timezone
from typing import Any

import pytest
import requests
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._http.answers import (
    Answer,
    ServerText,
    acknowledgement,
    http_date,
    parsed_json,
    read_answer,
    with_fields,
)
from emulator import Emulator

pytestmark = pytest.mark.once

TEXTS = st.text(st.characters(categories=["L", "Cs", "S"]), max_size=8)
VALUES = st.recursive(
    TEXTS | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


def parsed(body: str, encoding: str = "utf-8") -> Any:
    return parsed_json(Answer(200, {}, body.encode(encoding, "surrogatepass")))


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (r'"a\ud83d"', "a\ufffd"),
        (r'"\uDE00b"', "\ufffdb"),
        (r'"\ude00\ud83d"', "\ufffd\ufffd"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        ('"a\ud83d"', "a\ufffd"),
        (r'{"a\ud83d": ["\ud83d", {"b": "\udfff"}], "c": 1}', {"a\ufffd": ["\ufffd", {"b": "\ufffd"}], "c": 1}),
        (r'"a\\ud83d"', r"a\ud83d"),
    ],
)
def test_half_of_a_character_is_replaced(body: str, found: object) -> None:
    assert parsed(body) == found


@given(VALUES, st.booleans(), st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
def test_every_answer_can_be_written_again(value: Any, ascii_only: bool, encoding: str) -> None:
    found = parsed(json.dumps(value, ensure_ascii=ascii_only), encoding)
    written = json.dumps(found, ensure_ascii=False).encode()
    assert json.loads(written) == found


def test_keys_are_still_known_as_texts_of_the_server() -> None:
    assert [type(key) for key in parsed(r'{"a\ud83d": 1}')] == [ServerText]


def test_a_result_with_half_a_character_is_not_lost(emulator: Emulator, run_module) -> None:
    me = '{"login": "somebody", "name": "Jane \\ud83d", "\\udc00": "x"}'
    emulator.fault("body", path="/me", body=me, content_type="application/json")
    result = run_module("circleci_user_info")
    assert result["user"]["name"] == "Jane \ufffd"
    json.dumps(result, ensure_ascii=False).encode()


def test_a_refusal_with_half_a_character_is_told(emulator: Emulator, run_module) -> None:
    emulator.fault("status", path="/me", status=403, body='{"message": "no \\ud83d"}', content_type="application/json")
    result = run_module("circleci_user_info")
    assert (result["failed"], result["error"]) == (True, r"no \ud83d")
    json.dumps(result, ensure_ascii=False).encode()


@pytest.mark.parametrize("answer", ["", {"message": "ok"}, {"message": ""}, {"message": "ok", "id": "1"}])
def test_a_message_or_nothing_acknowledges_a_write(answer: object) -> None:
    assert acknowledgement(answer) == answer


@pytest.mark.parametrize("answer", [None, [], {}, "ok", 0, {"message": None}, {"message": 1}, [{"message": "ok"}]])
def test_everything_else_may_be_of_somebody_between(answer: object) -> None:
    with pytest.raises(ValueError, match=r"expected|usable"):
        acknowledgement(answer)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ({"id": "1", "workflow_id": "2", "name": "", "number": 0}, None),
        ({"id": "", "workflow_id": "2", "name": "a", "number": 1}, "id"),
        ({"id": "1", "workflow_id": "", "name": "a", "number": 1}, "workflow_id"),
        ({"id": "1", "workflow_id": "2", "name": None, "number": 1}, "name"),
        ({"id": "1", "workflow_id": "2", "name": "a", "number": "1"}, "number"),
        ({"id": "1", "workflow_id": "2", "name": "a"}, "number"),
    ],
)
def test_fields_are_there_and_an_empty_id_is_none(answer: dict[str, Any], wrong: str | None) -> None:
    shape = with_fields(id=str, workflow_id=str, name=str, number=int)
    if wrong is None:
        assert shape(answer) == answer
        return
    with pytest.raises(ValueError, match=f"it has no usable '{wrong}'"):
        shape(answer)


@pytest.mark.parametrize(
    ("header", "moment"),
    [
        ("Mon, 01 Feb 2027 10:00:00 GMT", datetime(2027, 2, 1, 10, tzinfo=timezone.utc)),
        ("Mon, 01 Feb 2027 23:00:00 -0500", datetime(2027, 2, 2, 4, tzinfo=timezone.utc)),
        ("Fri, 31 Dec 9999 23:00:00 -0500", None),
        ("Wed, 99 Foo 2027 00:00:00 GMT", None),
        ("in spring", None),
        ("", None),
    ],
)
def test_dates_of_headers_are_in_utc(header: str, moment: datetime | None) -> None:
    assert http_date(header) == moment


@pytest.mark.parametrize("kind", [TypeError, ValueError, IndexError, OverflowError])
def test_whatever_python_says_of_a_date_it_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def refuse(_header: str) -> None:
        raise kind("no date")

    monkeypatch.setattr(email.utils, "parsedate_to_datetime", refuse)
    assert http_date("in spring") is None


@pytest.mark.parametrize("pair", ["[]", "{}", "[1]", '{"a": 1}'])
def test_answers_may_be_so_deep(pair: str) -> None:
    begin, end = ("[", "]") if pair[0] == "[" else ('{"a": ', "}")
    assert parsed(begin * 63 + pair + end * 63)
    with pytest.raises(ValueError, match="nested too deeply"):
        parsed(begin * 64 + pair + end * 64)


@pytest.mark.parametrize(("size", "is_taken"), [(67_108_864, True), (67_108_865, False)])
def test_answers_may_be_so_large(size: int, is_taken: bool) -> None:
    response = requests.Response()
    response.status_code, response.raw = 200, io.BytesIO(bytes(size))
    if is_taken:
        assert len(read_answer(response).body) == size
        return
    with pytest.raises(urllib3.exceptions.DecodeError, match="larger"):
        read_answer(response)
