# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One exchange with a client: what was asked (`Call`) and what is answered (`Answer`), without any network code."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl

MAX_DEPTH: Final = 100
HTML_NOT_FOUND: Final = (
    "<!DOCTYPE html><html><head><title>404</title></head><body><h1>Page not found</h1></body></html>"
)


@dataclass(frozen=True)
class Call:
    """A request.

    `path` is the path as it was sent, percent-encoded and without the query.
    `base_url` is the address at which the client reached the server.
    """

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str

    @cached_property
    def query(self) -> dict[str, str]:
        """The query; of a repeated name the last value."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def number(self, name: str, default: int) -> int:
        """Return a number in the query; what is no number counts as absent."""
        text = self.query.get(name)
        if not text or not text.isdecimal():
            return default
        # More digits than Python reads or counts to are beyond the end of every list, as this number is.
        return int(text) if len(text) <= 18 else 10**18

    @cached_property
    def token(self) -> str | None:
        """The token in any of the four forms (api-v1.1.md §1.2), or None."""
        if header := self.headers.get("Circle-Token"):
            return header
        scheme, _unused, value = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return value.strip()
        if scheme.lower() == "basic":
            try:
                return base64.b64decode(value).decode().partition(":")[0]
            except ValueError:
                return None
        return self.query.get("circle-token")

    @cached_property
    def content_type(self) -> str:
        """The media type of the body, lower case, without parameters."""
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The JSON object that was sent; empty when the body is not declared as JSON (api-v1.1.md §1.4).

        :raises RefusedError: the body is declared as JSON and is not. The text of that answer is a guess.
        """
        if self.content_type != "application/json" or not self.body:
            return {}
        try:
            document = read_json(self.body)
        except ValueError as error:
            raise RefusedError(400, "Malformed JSON in request body") from error
        return document if isinstance(document, dict) else {}


@dataclass
class Stream:
    """A body that is sent piece by piece, because it is large or slow.

    `size` is its number of bytes, `rate` how many of them are sent in a second; None is as fast as it goes.
    """

    size: int
    chunks: Iterator[bytes]
    rate: float | None = None


@dataclass
class Answer:
    """A response. `body` is rendered as the client's Accept header asks; with a `content_type` it is text as it is.

    A body that is a `Stream` is sent by the server itself.
    """

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    is_edn: bool = True
    """whether those who name no type get it in Clojure's notation; API v2 knows JSON only"""

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the bytes to send and their Content-Type (api-v1.1.md §1.4).

        JSON is given to those who ask for it by name. Who names no type (`*/*`, as curl sends, or no header at all)
        gets Clojure's EDN; the Content-Type of that form is a guess. Everybody else gets pretty JSON as text. API v2
        sends them all pretty JSON (api-v2-pipelines.md §1.1); that it calls it JSON is a guess.
        """
        if self.content_type is not None:
            return str(self.body).encode(), self.content_type
        kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
        if kinds & {"application/json", "application/*"}:
            return _compact(self.body).encode(), "application/json;charset=utf-8"
        if self.is_edn and kinds <= {"", "*/*"}:
            return edn(self.body).encode(), "application/edn;charset=utf-8"
        text = json.dumps(self.body, indent=2, separators=(",", " : "), ensure_ascii=False)
        return text.encode(), "text/plain; charset=utf-8" if self.is_edn else "application/json;charset=utf-8"


class RefusedError(Exception):
    """A request that is answered with an error, `{"message": ...}` as all errors of the API (api-v1.1.md §1.3)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.answer = Answer({"message": message}, status)


def read_json(body: bytes) -> Any:
    """Return the document of a body, if it can be stored and sent back as JSON.

    :raises ValueError: it is no JSON, or has lone surrogates, NaN or infinite numbers, or more than `MAX_DEPTH` levels.
    """
    try:
        document = json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not _is_shallow(document, MAX_DEPTH):
        raise ValueError("nested too deeply")
    # What the reader takes and the writer does not would make every later answer with it fail.
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    return document


def _is_shallow(value: object, levels: int) -> bool:
    """Whether lists and objects in `value` are nested in so many levels at most."""
    if isinstance(value, dict):
        value = list(value.values())
    return not isinstance(value, list) or (levels > 0 and all(_is_shallow(item, levels - 1) for item in value))


def html_not_found() -> Answer:
    """Return the answer for a path that is no route (api-v1.1.md §1.1)."""
    return Answer(HTML_NOT_FOUND, 404, content_type="text/html; charset=utf-8")


def forbidden() -> Answer:
    """Return what stands before the service says to a GET with a body (api-v1.1.md §1.3)."""
    text = "<!DOCTYPE html><html><head><title>ERROR</title></head><body><h1>403 ERROR</h1></body></html>"
    return Answer(text, 403, content_type="text/html")


def edn(value: object) -> str:
    """Return `value`, made of JSON types, in Clojure's data notation."""
    if isinstance(value, dict):
        return "{" + ", ".join(f":{key} {edn(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(edn(item) for item in value) + "]"
    if value is None:
        return "nil"
    return _compact(value)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
