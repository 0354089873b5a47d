# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator import Emulator
from emulator.world.webhooks import Webhook, Webhooks
from tests.unit.predicting import differences

API = "github/acme/api"
APP = "circleci/acme-apps/mobile-app"
MODULE = "circleci_webhook"
URL = "https://deploy.acme.example/circleci"
SECRET = "a-signing-secret-of-the-team"
BOTH = ["workflow-completed", "job-completed"]
DESCRIBED: dict[str, Any] = {"name": "deploys", "url": URL, "events": ["workflow-completed"]}


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module on a project that is followed."""
    emulator.follow(API)
    return lambda **options: run_module(MODULE, **{"project": API, **DESCRIBED, **options})


def held(emulator: Emulator, slug: str = API) -> list[Webhook]:
    return emulator.state.part(Webhooks).of(emulator.project(slug))


def make(emulator: Emulator, name: str = "deploys", **options: Any) -> Webhook:
    """Make a webhook as somebody else would have."""
    given = {"url": URL, "events": ["workflow-completed"], "verify_tls": True, **options}
    return emulator.state.part(Webhooks).add(emulator.project(API), name, **given)


def same(predicted: dict[str, Any], real: dict[str, Any]) -> None:
    assert differences(predicted, real) == []


@pytest.mark.parametrize("slug", [API, "bitbucket/acme/tools", APP])
@pytest.mark.parametrize("secret", [None, SECRET])
def test_a_webhook_is_made_once(emulator: Emulator, run_module, slug: str, secret: str | None) -> None:
    emulator.add_repository(slug)
    emulator.follow(slug)
    options = {"project": slug, **DESCRIBED, "events": BOTH, "signing_secret": secret}
    predicted = run_module(MODULE, check_mode=True, **options)
    assert emulator.writes == []
    real = run_module(MODULE, **options)
    same(predicted, real)
    (webhook,) = held(emulator, slug)
    assert (webhook.url, set(webhook.events), webhook.verify_tls, webhook.secret) == (
        URL,
        set(BOTH),
        True,
        secret or "",
    )
    assert real["webhook"]["events"] == sorted(BOTH)
    assert real["webhook"]["has_signing_secret"] is bool(secret)
    emulator.clear()
    assert run_module(MODULE, **{**options, "events": BOTH[::-1]})["changed"] is False
    assert (emulator.writes, len(emulator.requests)) == ([], 2)


def test_requests_are_spelled_with_hyphens(emulator: Emulator, run) -> None:
    run(signing_secret=SECRET)
    assert [record.body for record in emulator.writes] == [
        {
            "name": "deploys",
            "url": URL,
            "events": ["workflow-completed"],
            "verify-tls": True,
            "signing-secret": SECRET,
            "scope": {"id": emulator.project(API).id, "type": "project"},
        }
    ]


@pytest.mark.parametrize(
    "change",
    [{"url": "https://other.acme.example/"}, {"events": BOTH}, {"events": ["job-completed"]}, {"verify_tls": False}],
)
def test_what_differs_is_changed_in_its_place(emulator: Emulator, run, change: dict[str, Any]) -> None:
    made = run(signing_secret=SECRET)
    predicted = run(check_mode=True, **change)
    emulator.clear()
    real = run(**change)
    same(predicted, real)
    assert [record.method for record in emulator.writes] == ["PUT"]
    assert (real["added"], real["removed"]) == ([], [])
    assert real["updated"] == [{"kind": "webhook", "name": "deploys"}]
    (webhook,) = held(emulator)
    assert (webhook.id, webhook.secret) == (made["webhook"]["id"], SECRET)
    assert run(**change)["changed"] is False


def test_a_secret_that_is_wanted_and_not_there_is_a_change(emulator: Emulator, run) -> None:
    make(emulator)
    predicted = run(signing_secret=SECRET, check_mode=True)
    real = run(signing_secret=SECRET)
    same(predicted, real)
    assert (real["changed"], held(emulator)[0].secret) == (True, SECRET)
    (before,), (after,) = (real["diff"][side]["webhooks"] for side in ("before", "after"))
    assert (before["has_signing_secret"], after) == (False, {**before, "has_signing_secret": True})


@pytest.mark.parametrize(("update_secret", "changed"), [("on_create", False), ("always", True)])
def test_a_secret_that_is_there_is_replaced_only_when_it_is_to_be(
    emulator: Emulator, run, update_secret: str, changed: bool
) -> None:
    make(emulator, secret="an older secret")
    predicted = run(signing_secret=SECRET, update_secret=update_secret, check_mode=True)
    emulator.clear()
    real = run(signing_secret=SECRET, update_secret=update_secret)
    same(predicted, real)
    assert (real["changed"], len(emulator.writes)) == (changed, int(changed))
    assert held(emulator)[0].secret == (SECRET if changed else "an older secret")
    (before,), (after,) = (real["diff"][side]["webhooks"] for side in ("before", "after"))
    assert after == {**before, **({"signing_secret": "(replaced)"} if changed else {})}


def test_a_secret_that_stays_is_not_told_to_be_replaced(emulator: Emulator, run) -> None:
    make(emulator, secret="an older secret")
    (after,) = run(signing_secret=SECRET, verify_tls=False)["diff"]["after"]["webhooks"]
    assert (after["verify_tls"], after["has_signing_secret"], "signing_secret" in after) == (False, True, False)


def test_a_secret_that_nobody_speaks_of_stays(emulator: Emulator, run) -> None:
    make(emulator, secret=SECRET)
    assert run()["changed"] is False
    run(verify_tls=False)
    assert held(emulator)[0].secret == SECRET


def test_absent_removes_the_webhook_of_the_name(emulator: Emulator, run) -> None:
    make(emulator)
    make(emulator, "others")
    predicted = run(state="absent", check_mode=True)
    real = run(state="absent")
    same(predicted, real)
    assert (real["changed"], real["webhook"], [each.name for each in held(emulator)]) == (True, None, ["others"])
    emulator.clear()
    absent = run(state="absent", url=None, events=None, signing_secret="")
    assert ("failed" in absent, absent["changed"]) == (False, False)
    assert "failed" not in run(state="absent", update_secret="always")
    assert emulator.writes == []


@pytest.mark.parametrize("state", ["present", "absent"])
def test_two_of_a_name_are_refused_by_their_ids(emulator: Emulator, run, state: str) -> None:
    ids = [make(emulator).id, make(emulator).id]
    for check_mode in (True, False):
        result = run(state=state, check_mode=check_mode)
        assert (result["failed"], emulator.writes) == (True, [])
        assert f"{API} has 2 webhooks with the name deploys" in result["msg"]
        assert all(each in result["msg"] for each in ids)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"name": " "}, "name of the webhook is empty"),
        ({"url": None}, "needs url and events"),
        ({"events": None}, "needs url and events"),
        ({"events": []}, "needs url and events"),
        ({"events": ["pipeline-completed"]}, "value of events must be one or more of"),
        ({"url": "http://deploy.acme.example/"}, "begins with https://"),
        ({"url": "deploy.acme.example"}, "begins with https://"),
        ({"url": "https://"}, "begins with https://"),
        ({"url": "https://a b/"}, "begins with https://"),
        ({"url": "https://[::1"}, "begins with https://"),
        ({"url": "https://localhost/hook"}, "CircleCI's own host"),
        ({"url": "https://127.0.0.1:8443/hook"}, "CircleCI's own host"),
        ({"signing_secret": ""}, "signing_secret of webhook deploys is empty"),
        ({"update_secret": "always"}, "needs signing_secret"),
        ({"api_token": None}, "CIRCLE_TOKEN"),
    ],
)
def test_bad_input_is_refused_before_any_request(
    emulator: Emulator, run, options: dict[str, Any], complaint: str
) -> None:
    result = run(**options)
    assert (result["failed"], emulator.requests) == (True, [])
    assert complaint in result["msg"]


def test_a_webhook_that_delivers_unsigned_is_a_failure(emulator: Emulator, run) -> None:
    """This CircleCI reads requests in another spelling, and ignores what it does not know."""
    emulator.switch(underscored_webhook_keys=True)
    result = run(signing_secret=SECRET)
    assert (result["failed"], result["changed"]) == (True, True)
    assert f"accepted webhook deploys of {API}, but did not take its verify_tls and signing_secret." in result["msg"]
    assert result["added"] == [{"kind": "webhook", "name": "deploys"}]
    again = run(signing_secret=SECRET)
    assert (again["failed"], len(held(emulator))) == (True, 1)


def test_a_secret_that_a_change_would_lose_is_a_failure(emulator: Emulator, run) -> None:
    webhook = make(emulator, secret=SECRET)
    answer = {"id": webhook.id, "name": "deploys", "url": URL, "events": BOTH, "verify_tls": True}
    emulator.fault("body", method="PUT", body=answer)
    result = run(events=BOTH)
    assert result["failed"] is True
    assert "did not take its signing_secret." in result["msg"]


def test_both_spellings_of_answers_are_read(emulator: Emulator, run) -> None:
    item = {"id": "an-id", "name": "deploys", "url": URL, "events": ["workflow-completed"],
            "verify-tls": True, "signing-secret": "****"}  # fmt: skip
    emulator.fault("body", method="GET", path="/webhook", body={"items": [item], "next_page_token": None})
    result = run(signing_secret=SECRET)
    assert (result["changed"], result["webhook"]["has_signing_secret"]) == (False, True)


@pytest.mark.parametrize("status", [403, 404])
def test_a_webhook_that_is_gone_already_is_as_good(emulator: Emulator, run, status: int) -> None:
    make(emulator)
    emulator.fault("status", method="DELETE", when="after", status=status, body={"message": "no such thing"})
    result = run(state="absent")
    assert (result.get("failed"), result["changed"], held(emulator)) == (None, True, [])


@pytest.mark.parametrize("status", [403, 404])
def test_what_is_gone_is_told_of_a_task_that_fails_after_it(emulator: Emulator, run, run_module, status: int) -> None:
    make(emulator)
    emulator.fault("status", method="DELETE", when="after", status=status, body={"message": "no such thing"})
    emulator.fault("status", method="POST", path="/webhook", status=422, body={"message": "no"})
    webhooks = [{"name": "deploys", "state": "absent"}, {**DESCRIBED, "name": "other"}]
    result = run_module("circleci_projects", projects=[{"project": API, "webhooks": webhooks}])
    (told,) = result["projects"]
    assert (told["failed"], told["changed"], result["changed"], held(emulator)) == (True, True, True, [])
    assert [(each["kind"], each["name"]) for each in told["removed"]] == [("webhook", "deploys")]


@pytest.mark.parametrize("status", [403, 404])
def test_a_webhook_that_is_still_there_is_not_gone(emulator: Emulator, run, status: int) -> None:
    make(emulator)
    emulator.fault("status", method="DELETE", status=status, body={"message": "no such thing"})
    result = run(state="absent")
    assert (result["failed"], len(held(emulator))) == (True, 1)


@pytest.mark.parametrize("status", [401, 422])
def test_a_removal_that_is_refused_for_another_reason_is_not_looked_into(emulator: Emulator, run, status: int) -> None:
    make(emulator)
    emulator.fault("status", method="DELETE", status=status, body={"message": "no"})
    result = run(state="absent")
    assert (result["failed"], result["changed"], result["status"]) == (True, False, status)
    assert (emulator.requests[-1].method, len(held(emulator))) == ("DELETE", 1)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_lost_answer_is_settled_by_reading(emulator: Emulator, run, method: str, when: str) -> None:
    make(emulator, "other")
    options = {"POST": dict[str, Any](), "PUT": {"events": BOTH}, "DELETE": {"state": "absent"}}[method]
    if method != "POST":
        make(emulator)
    emulator.fault("drop", method=method, when=when, times=None)
    result = run(**options, retries=0)
    assert (result.get("failed"), result["changed"]) == ((True, False) if when == "before" else (None, True))
    assert len(emulator.writes) == 1
    assert ("nothing of it is to be seen" in result.get("msg", "")) is (when == "before")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_replacement_of_a_secret_is_seen_by_when_the_webhook_was_changed(
    emulator: Emulator, run, when: str
) -> None:
    make(emulator, secret="an older secret")
    emulator.pass_time(60)
    emulator.fault("drop", method="PUT", when=when, times=None)
    result = run(signing_secret=SECRET, update_secret="always", retries=0)
    assert (result.get("failed"), result["changed"]) == ((True, False) if when == "before" else (None, True))
    assert held(emulator)[0].secret == ("an older secret" if when == "before" else SECRET)


@pytest.mark.parametrize(("method", "sent"), [("POST", 1), ("PUT", 2), ("DELETE", 2)])
def test_only_what_makes_nothing_new_is_sent_again(emulator: Emulator, run, method: str, sent: int) -> None:
    options = {"POST": dict[str, Any](), "PUT": {"events": BOTH}, "DELETE": {"state": "absent"}}[method]
    if method != "POST":
        make(emulator)
    emulator.fault("drop", method=method, when="before")
    result = run(**options)
    assert (result.get("failed", False), result["changed"], len(emulator.writes)) == (sent == 1, sent == 2, sent)


def test_a_list_that_cannot_be_read_is_not_an_empty_one(emulator: Emulator, run) -> None:
    emulator.fault("status", method="GET", path="/webhook", status=403, body={"message": "Forbidden"})
    result = run()
    assert (result["failed"], emulator.writes) == (True, [])


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"id": "a", "name": "b", "url": "c", "events": [1], "verify_tls": True},
        {"id": "a", "name": "b", "url": "c", "events": []},
        {"id": "a", "name": "b", "url": "c", "events": [], "verify_tls": "yes"},
        {"id": "", "name": "b", "url": "c", "events": [], "verify_tls": True},
        {"id": "a", "name": None, "url": "c", "events": [], "verify_tls": True},
        {"id": "a", "name": "b", "url": None, "events": [], "verify_tls": True},
        {"id": "a", "name": "b", "url": "c", "events": None, "verify_tls": True},
    ],
)
def test_a_list_with_something_else_in_it_is_refused(emulator: Emulator, run, item: dict[str, Any]) -> None:
    emulator.fault("body", method="GET", path="/webhook", body={"items": [item], "next_page_token": None})
    result = run()
    assert (result["failed"], emulator.writes) == (True, [])
    assert f"list of webhooks of {API} has an entry that is none" in result["msg"]
    assert (result["method"], result["path"]) == ("GET", "/api/v2/webhook")


def test_no_secret_is_told(emulator: Emulator, run) -> None:
    told = [run(signing_secret=SECRET), run(signing_secret=SECRET, update_secret="always")]
    emulator.fault("status", method="PUT", status=400, body={"message": f"cannot take {SECRET}"})
    told.append(run(signing_secret=SECRET, update_secret="always"))
    assert told[2]["failed"] is True
    assert SECRET not in str(told)


def test_one_webhook_too_many_is_refused_in_the_words_of_the_api(emulator: Emulator, run) -> None:
    for number in range(5):
        make(emulator, f"webhook {number}")
    result = run()
    assert (result["failed"], result["changed"], result["status"]) == (True, False, 400)


def test_check_mode_before_the_project_exists_predicts_from_nothing(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, project=API, check_mode=True, **DESCRIBED)
    assert (result["changed"], result["webhook"]["id"], emulator.writes) == (True, None, [])
    assert any("CircleCI does not know" in warning for warning in result["warnings"])


def test_a_webhook_that_was_removed_meanwhile_is_made_by_the_next_run(emulator: Emulator, run) -> None:
    make(emulator)
    emulator.fault("status", method="PUT", status=404, body={"message": "Webhook not found."})
    result = run(events=BOTH)
    assert (result["failed"], result["changed"]) == (True, False)
    assert "Somebody else has removed the webhook meanwhile. Run the task again" in result["msg"]
    emulator.fault("status", method="PUT", status=422, body={"message": "not like this"})
    result = run(events=BOTH)
    assert (result["failed"], result["status"], "Somebody else" in result["msg"]) == (True, 422, False)


def test_a_name_that_looks_like_another_one_is_pointed_out(run) -> None:
    run()
    result = run(name="deploys\n", state="absent")
    (warning,) = result["warnings"]
    assert result["changed"] is False
    assert "The name of webhook deploys begins or ends with white space, which is kept" in warning
    warnings = run(name="other\n", signing_secret=f"{SECRET}\n")["warnings"]
    assert [warning.partition(" begins")[0] for warning in warnings] == [
        "The name of webhook other", r"signing_secret of webhook other\n"
    ]  # fmt: skip
