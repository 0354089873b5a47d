# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults: what goes wrong with chosen requests, before or after the change that they ask for is carried out."""

from __future__ import annotations

import email.utils
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_type_hints

from emulator.world.checks import check

Kind = Literal["status", "body", "redirect", "drop", "reset", "truncate", "hang", "slow", "huge", "headers"]
_STATUSES: Final = {"status": 503, "body": 200, "redirect": 302, "huge": 200}


@dataclass
class Fault:
    """What happens to the requests that match.

    * ``status``: an error answer; ``body``: a successful answer (200) with a body of your choice.
    * ``redirect``: to `location`; the change is never carried out.
    * ``drop``: the connection is closed without an answer; ``reset``: the same with a TCP reset.
    * ``truncate``: the change is carried out and half of its answer is sent.
    * ``hang``: no answer until the emulator stops; ``slow``: the right answer after `seconds`.
    * ``huge``: an answer of `size` bytes; ``headers``: the right answer with more `headers`.
    """

    kind: Kind
    method: str | None = None
    """only requests with this method"""
    path: str = ""
    """only requests whose path, encoded and with its query, contains this regular expression"""
    after: int = 0
    """how many matching requests go through first"""
    times: int | None = 1
    """how many are hit then; None is all"""
    when: Literal["before", "after"] = "before"
    """whether the change the request asks for is left out or carried out"""
    status: int | None = None
    body: Any = ""
    """text as it is, everything else as JSON"""
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_date: float | None = None
    """send a Retry-After header with the HTTP date that is so many seconds away when the answer is sent"""
    seconds: float = 0.0
    size: int = 0
    location: str = ""

    def __post_init__(self) -> None:
        check(vars(self), get_type_hints(Fault))
        try:
            self._regex = re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error

    @property
    def carries_out(self) -> bool:
        """Whether the change is carried out."""
        return self.kind in ("truncate", "slow", "headers") or (self.when == "after" and self.kind != "redirect")

    def matches(self, method: str, path: str) -> bool:
        return self.method in (None, method) and bool(self._regex.search(path))

    def answer_status(self) -> int:
        return self.status or _STATUSES[self.kind]

    def answer_headers(self, now: float) -> dict[str, str]:
        """Return the headers to send; `now` is the time in seconds since the epoch."""
        headers = dict(self.headers)
        if self.retry_date is not None:
            headers["Retry-After"] = email.utils.formatdate(now + self.retry_date, usegmt=True)
        if self.kind == "redirect":
            headers["Location"] = self.location
        return headers

    def answer_body(self) -> tuple[bytes, str]:
        """Return the body and its Content-Type."""
        if isinstance(self.body, str):
            return self.body.encode(), self.content_type or "text/html; charset=utf-8"
        return json.dumps(self.body).encode(), self.content_type or "application/json;charset=utf-8"


class Faults:
    """The faults that wait for their requests, consumed in the order in which they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    @property
    def pending(self) -> list[Fault]:
        """The faults that have not met all requests that they were meant for; not those that hit all."""
        return [fault for fault in self._faults if fault.times is not None]

    def take(self, method: str, path: str) -> Fault | None:
        """Return the fault for a request and count it."""
        for fault in list(self._faults):
            if not fault.matches(method, path):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
