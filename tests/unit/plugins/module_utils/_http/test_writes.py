# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bodies and content types of writes, for both APIs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http import client as client_file
from ansible_collections.community.circleci.plugins.module_utils._http.answers import with_fields
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import Patience
from emulator import Emulator

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"
WANTS_A_BODY = {"message": "No JSON fields found."}
PAUSE = client_file.SETTLING_PAUSE
"""As users have it; other tests make it short."""


def write(emulator: Emulator, method: str = "POST", body: Any = None) -> Any:
    return Client(emulator.url, TOKEN).write(method, "v2/workflow/1/cancel", body, repeatable=False)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("body", [None, {}, {"a": 1}])
def test_every_write_says_that_it_is_json(emulator: Emulator, method: str, body: Any) -> None:
    emulator.fault("body", method=method, body={"message": "Accepted."})
    assert write(emulator, method, body) == {"message": "Accepted."}
    (record,) = emulator.requests
    assert (record.headers["Content-Type"], record.body) == ("application/json", body)


def test_a_read_has_no_content_type(emulator: Emulator) -> None:
    Client(emulator.url, TOKEN).get("v1.1/me")
    assert "Content-Type" not in emulator.requests[0].headers


def test_a_body_is_sent_where_one_is_asked_for(emulator: Emulator) -> None:
    emulator.fault("status", method="POST", status=400, body=WANTS_A_BODY)
    emulator.fault("body", method="POST", body={"message": "Accepted."})
    assert write(emulator) == {"message": "Accepted."}
    assert [record.body for record in emulator.requests] == [None, {}]


@pytest.mark.parametrize(
    ("body", "status", "answer"),
    [({}, 400, WANTS_A_BODY), (None, 400, {"message": "Bad request."}), (None, 404, WANTS_A_BODY)],
)
def test_no_other_refusal_is_answered_with_a_second_try(
    emulator: Emulator, body: Any, status: int, answer: dict[str, str]
) -> None:
    emulator.fault("status", method="POST", status=status, body=answer)
    with pytest.raises(CircleCIError):
        write(emulator, body=body)
    assert len(emulator.requests) == 1


@pytest.mark.parametrize(("repeatable", "sent"), [(True, [None, {}, {}]), (False, [None, {}])])
def test_the_try_with_a_body_is_repeated_where_the_write_is(emulator: Emulator, repeatable: bool, sent: Any) -> None:
    emulator.fault("status", method="POST", status=400, body=WANTS_A_BODY)
    emulator.fault("drop", method="POST")
    emulator.fault("body", method="POST", body={"message": "Accepted."})
    found = Client(emulator.url, TOKEN).write(
        "POST", "v2/workflow/1/cancel", repeatable=repeatable, seen=lambda: {"message": "Accepted."}
    )
    assert (found, [record.body for record in emulator.writes]) == ({"message": "Accepted."}, sent)


@pytest.mark.parametrize(
    ("expected", "words"),
    [({"shape": with_fields(id=str)}, "has no usable 'id'"), ({"success": 201}, "200 to POST .*: no")],
)
def test_the_answer_to_the_try_with_a_body_is_looked_at_too(
    emulator: Emulator, expected: dict[str, Any], words: str
) -> None:
    emulator.fault("status", method="POST", status=400, body=WANTS_A_BODY)
    emulator.fault("body", method="POST", body={"message": "no"})
    client = Client(emulator.url, TOKEN)
    with pytest.raises(CircleCIError, match=words):
        client.write("POST", "v2/workflow/1/cancel", repeatable=False, **expected)
    assert not client.wrote


@pytest.mark.parametrize("made", [{"message": "Made.", "id": "1"}, ["message"]])
def test_a_message_beside_what_was_made_is_no_refusal(emulator: Emulator, made: object) -> None:
    emulator.fault("body", method="POST", body=made)
    client = Client(emulator.url, TOKEN)
    assert client.write("POST", "v2/workflow/1/cancel", repeatable=False, success=201) == made


def test_a_message_alone_is_no_refusal_where_the_status_is_that_of_a_success(emulator: Emulator) -> None:
    emulator.fault("body", method="POST", status=201, body={"message": "Made."})
    made = Client(emulator.url, TOKEN).write("POST", "v2/workflow/1/cancel", repeatable=False, success=201)
    assert made == {"message": "Made."}


@pytest.mark.parametrize(("status", "words"), [(400, "Odd."), (404, "Workflow not found")])
def test_a_doubtful_try_stays_in_doubt_whatever_the_later_ones_say(emulator: Emulator, status: int, words: str) -> None:
    emulator.fault("drop", method="POST")
    emulator.fault("status", method="POST", status=429, headers={"Retry-After": "0"})
    emulator.fault("status", method="POST", status=status, body={"message": words})
    with pytest.raises(CircleCIError, match=f"answered {status}") as caught:
        Client(emulator.url, TOKEN).write("POST", "v2/workflow/1/cancel", {}, repeatable=True)
    assert (caught.value.doubtful, len(emulator.writes)) == (True, 3)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [(502, "CircleCI has trouble: look at its status page"), (400, "Run the task again: it looks at the state first.")],
)
def test_what_was_not_done_says_what_to_do(emulator: Emulator, answer: int, hint: str) -> None:
    emulator.fault("status", method="POST", status=502)
    emulator.fault("status", method="POST", status=answer, body={"message": "Odd."})
    with pytest.raises(CircleCIError, match="nothing of it is to be seen") as caught:
        Client(emulator.url, TOKEN, retries=1).write(
            "POST", "v2/workflow/1/cancel", {}, repeatable=True, seen=lambda: None
        )
    assert str(caught.value.hint).startswith(hint)


def test_a_doubtful_try_is_not_followed_by_one_with_a_body(emulator: Emulator) -> None:
    """A first try that may have been carried out is looked into, whatever the second one says."""
    emulator.fault("drop", method="POST")
    emulator.fault("status", method="POST", status=400, body=WANTS_A_BODY)
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN).write("POST", "v2/workflow/1/cancel", repeatable=True)
    assert caught.value.doubtful
    assert [record.body for record in emulator.requests] == [None, None]


@pytest.mark.parametrize("looks", [1, 2, 6])
def test_what_a_lost_write_did_is_looked_for_as_long_as_lists_lag(emulator: Emulator, looks: int) -> None:
    emulator.fault("drop", method="POST")
    seen = iter([None] * (looks - 1))
    client = Client(emulator.url, TOKEN)
    found = client.write("POST", "v2/workflow/1/cancel", repeatable=False, seen=lambda: next(seen, "it"))
    assert (found, client.wrote) == ("it", True)
    assert len(emulator.writes) == 1


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What a client has waited, in seconds, without any time that passes."""
    pauses: list[float] = []
    monkeypatch.setattr(client_file, "SETTLING_PAUSE", PAUSE)
    monkeypatch.setattr(Patience, "sleep", lambda _self, seconds: pauses.append(seconds))
    return pauses


@pytest.mark.parametrize(("lag", "waited"), [(0.0, 0.0), (0.1, 1.0), (1.0, 1.0), (2.5, 3.0), (5.0, 5.0)])
def test_a_list_that_lags_is_read_each_second(
    emulator: Emulator, pauses: list[float], lag: float, waited: float
) -> None:
    emulator.fault("drop", method="POST")
    found = Client(emulator.url, TOKEN).write(
        "POST", "v2/workflow/1/cancel", repeatable=False, seen=lambda: "it" if sum(pauses) >= lag else None
    )
    assert (found, sum(pauses), len(emulator.writes)) == ("it", waited, 1)


def test_what_is_not_seen_for_five_seconds_was_not_done(emulator: Emulator, pauses: list[float]) -> None:
    """Not sooner: a list that lags would have the next run do it once more."""
    client = Client(emulator.url, TOKEN)
    emulator.fault("drop", method="POST")
    with pytest.raises(CircleCIError, match="It was not sent again, and 5 s later nothing of it is to be seen"):
        client.write("POST", "v2/workflow/1/cancel", repeatable=False, seen=lambda: None)
    assert sum(pauses) == 5.0
    assert len(emulator.writes) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_check_mode_lets_no_write_through(emulator: Emulator, method: str) -> None:
    client = Client(emulator.url, TOKEN, read_only=True)
    with pytest.raises(CircleCIError, match="Check mode"):
        client.write(method, "v2/workflow/1/cancel", {}, repeatable=True)
    assert emulator.requests == []
