# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Reading answers: their bodies, bounded and whole, and the shapes that the rest of the collection relies on."""

from __future__ import annotations

import contextlib
import email.utils
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import requests
    import urllib3


LARGEST_ANSWER = 64 * 1024 * 1024  # bytes, after decompression
DEEPEST_ANSWER = 64  # lists and objects within each other
_HALF = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
"""What may be half of a surrogate pair in JSON: somebody cut a text in the middle of a character."""


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes


class ServerText(str):
    """A text of the server where the collection's own words stand otherwise: as the key of a dictionary.

    Only such keys of a result are searched for secrets. A key of our own may hold one by chance, and has to stay.
    """


def read_answer(response: requests.Response) -> Answer:
    """Read the body, bounded, and notice when it was cut short."""
    with response:
        body = bytearray()
        for chunk in response.iter_content(65536):
            body += chunk
            if len(body) > LARGEST_ANSWER:
                raise urllib3.exceptions.DecodeError(f"the answer is larger than {LARGEST_ANSWER >> 20} MiB")
        if not getattr(response, "from_cache", False):
            require_whole(response, "answer")
    return Answer(response.status_code, response.headers, bytes(body))


def require_whole(response: requests.Response, what: str) -> None:
    """Fail for a body that was read to its end and is shorter than was announced (urllib3 1.26 does not look).

    :param what: it is
    :raises urllib3.exceptions.ProtocolError: then
    """
    announced = response.headers.get("Content-Length", "")
    received = response.raw.tell()
    if announced.isdecimal() and received < int(announced):
        raise urllib3.exceptions.ProtocolError(f"the {what} ended after {received} of {announced} bytes")


def parsed_json(answer: Answer) -> Any:
    """The parsed body. An empty one is an empty text, for which the API also sends ``""`` (§1.7).

    Halves of surrogate pairs, which no result can hold, are replaced.

    :raises ValueError: when it is not JSON that anybody means
    """
    if not answer.body.strip():
        return ""
    try:
        text = answer.body.decode(json.detect_encoding(answer.body), "surrogatepass")
        parsed = json.loads(text, object_pairs_hook=_with_keys_of_the_server)
    except RecursionError as exc:
        raise ValueError("its JSON is nested too deeply.") from exc
    except ValueError as exc:
        raise ValueError("it is not JSON.") from exc
    if depth_of(parsed) > DEEPEST_ANSWER:
        raise ValueError("its JSON is nested too deeply.")
    return _without_halves(parsed) if _HALF.search(text) else parsed


def http_date(header: str) -> datetime | None:
    """The moment that a header names, in UTC; None when it names none."""
    try:
        return email.utils.parsedate_to_datetime(header).astimezone(timezone.utc)
    except (TypeError, ValueError, IndexError, OverflowError):  # all of which some Python raises for what is no date
        return None


def _without_halves(value: Any) -> Any:
    """A copy of a parsed answer that can be written as UTF-8."""
    if isinstance(value, str):
        return type(value)(re.sub("[\ud800-\udfff]", "\ufffd", value))
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return [_without_halves(item) for item in value] if isinstance(value, list) else value


def _with_keys_of_the_server(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {ServerText(key): value for key, value in pairs}


def an_object(answer: Any) -> dict[str, Any]:
    """The answer, which must be an object.

    :raises ValueError: otherwise
    """
    if not isinstance(answer, dict):
        raise ValueError("an object was expected.")
    return answer


def objects(answer: Any) -> list[dict[str, Any]]:
    """The answer, which must be a list of objects.

    :raises ValueError: otherwise
    """
    if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
        raise ValueError("a list of objects was expected.")
    return answer


def depth_of(answer: Any) -> int:
    """How many lists and objects stand within each other."""
    depth, level = 0, [answer]
    while level:
        depth += 1
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                inner += value.values()
            elif isinstance(value, list):
                inner += value
        level = [value for value in inner if isinstance(value, (dict, list))]
    return depth


def with_fields(**fields: type | tuple[type, ...]) -> Callable[[Any], dict[str, Any]]:
    """A shape for :meth:`Client.write`: an object that has these fields, of these types. An empty id is none."""

    def check(answer: Any) -> dict[str, Any]:
        for name, kind in fields.items():
            value = an_object(answer).get(name)
            if not isinstance(value, kind) or (name.endswith("id") and value == ""):
                raise ValueError(f"it has no usable {name!r}.")
        return an_object(answer)

    return check


def acknowledgement(answer: Any) -> Any:
    """The answer to a write that gives nothing back: a message, or no more than "" (§1.7, §3.5, §3.6).

    :raises ValueError: for everything else: it may be the answer of somebody who stands between
    """
    return answer if answer == "" else with_fields(message=str)(answer)
