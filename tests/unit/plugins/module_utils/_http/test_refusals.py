# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CircleCI refuses, and what a user is told to do about it."""

from __future__ import annotations

import json

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from emulator import Emulator

pytestmark = pytest.mark.once

TOKEN = "emulator-personal-token"
V1 = "v1.1/project/github/acme/api"
V2 = "v2/project/gh/acme/api"
NOT_FOUND = json.dumps({"message": "Not Found", "documentation_url": "https://docs.github.com/rest"})
RATE_LIMIT = json.dumps({"message": "API rate limit exceeded for user ID 1."})


@pytest.mark.parametrize(
    ("path", "status", "message", "hint"),
    [
        (f"{V1}/settings", 401, "Invalid token provided.", "The token is invalid or expired, or it is a project token"),
        ("v1.1/me", 502, "<html>", "CircleCI has trouble: look at its status page"),
        ("v1.1/me", 403, "Permission denied", "Project tokens belong to nobody: give a personal API token."),
        ("v2/me", 403, "Permission denied", "Project tokens belong to nobody: give a personal API token."),
        ("v2/me/collaborations", 403, "Permission denied", "Project tokens belong to nobody: give a personal"),
        *(("v2/workflow/1/approve/2", status, "No.", "Approving needs the right to push to the repository.")
          for status in (400, 403, 409, 422)),
        ("v2/workflow/1/approve/2", 500, "No.", "CircleCI has trouble: look at its status page"),
        ("v2/context", 500, "no such owner", "CircleCI has trouble: look at its status page"),
        ("v2/context", 400, "No such owner.", "Check organization and vcs_type"),
        *(("v2/context", status, "Odd.", "Check organization and vcs_type") for status in (403, 404)),
        ("v2/context/1", 403, "Odd.", "CircleCI does not tell whether a context is gone or forbidden."),
        ("v2/context/1/environment-variable/A", 400, "Cannot create more than 100.", "Remove variables that nobody"),
        ("v2/webhook/1", 404, "Webhook not found.", "Check the id. API v2 shows nothing to project tokens"),
        ("v2/context/1/restrictions", 400, "Invalid expression.", "Check the expression, or whether the project is"),
        (f"{V1}/enable", 403, RATE_LIMIT, "GitHub throttles CircleCI itself. Run the task again later."),
        (f"{V1}/follow", 403, "Resource protected by SAML enforcement.", "Have an owner of the organization"),
        (f"{V1}/follow", 403, "You must grant your OAuth token SSO access.", "Have an owner of the organization"),
        (f"{V1}/follow", 403, "There are OAuth App access restrictions.", "Have an owner of the organization"),
        (f"{V1}/envvar", 403, "Permission denied", "The token's user needs admin rights on the repository"),
        (f"{V1}/follow", 422, "Validation Failed: Hook limit reached", "Remove surplus webhooks of CircleCI"),
        (f"{V1}/settings", 404, "Project not found", "CircleCI does not know the project yet"),
        (f"{V2}/settings", 404, "Project not found", "CircleCI does not know the project, or the token may not see it"),
        ("v2/schedule/1", 404, "Schedule not found.", "Check the id. API v2 shows nothing to project tokens"),
        ("v2/schedule/1", 404, "404 page not found", "This CircleCI does not know the call; it may be an older"),
        ("v2/context", 404, "404 page not found", "This CircleCI does not know the call; it may be an older"),
        (f"{V1}/7", 404, "404 page not found", "This CircleCI does not know the call; it may be an older"),
        (f"{V1}/checkout-key", 404, NOT_FOUND, "The repository does not exist or is not visible to the token's user"),
        (f"{V1}/follow", 404, NOT_FOUND, "The repository does not exist, or is not visible to the token's user"),
        (f"{V2}/settings", 400, "Invalid project slug circleci/a/b", "A slug that begins with circleci/ is made of"),
        (f"{V1}/ssh-key", 400, "it looks like private key is invalid", "CircleCI does not take this kind of key"),
        (f"{V1}/tree/x", 400, "Branch not found", "Push the branch first"),
        (f"{V1}/settings", 500, "Internal server error", "CircleCI has trouble: look at its status page"),
        (f"{V1}/settings", 408, "Timeout", "CircleCI has trouble: look at its status page"),
        (f"{V1}/settings", 429, "Rate limited.", "Run the task again later, or give it a larger retry_budget."),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do_about_it(
    emulator: Emulator, path: str, status: int, message: str, hint: str
) -> None:
    emulator.fault("status", status=status, body={"message": message}, times=None)
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN, retries=0).get(path)
    assert caught.value.status == status
    assert (caught.value.hint or "").startswith(hint)
    assert caught.value.result()["msg"].endswith(caught.value.hint or "nothing")


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "You must log in first.", "Give an API token as api_token, or in the environment variable CIRCLE_TOKEN."),
        (404, "Project not found", "Only open-source projects can be read without a token: give api_token."),
    ],
)
def test_without_a_token_one_is_asked_for(emulator: Emulator, status: int, message: str, hint: str) -> None:
    emulator.fault("status", status=status, body={"message": message})
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url).get(f"{V1}/settings")
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("status", "path", "words"),
    [
        (422, "project/github/acme/api/settings", "odd"),
        (404, "project/github/acme/api/7", "Build not found"),
        (400, "v2/context/1/restrictions", "odd"),
        (400, "v2/context/1", "invalid"),
        (400, "v2/context/1", "no such owner"),
        (404, "v2/workflow/1/approve/2", "odd"),
        (400, "v2/members", "odd"),
        (400, "v2/me", "odd"),
        # What another status says in the same words is something else.
        *((409, "v2/schedule/1", words) for words in
          ("Project not found", "Not Found", "Schedule not found", "hook", "invalid project slug", "private key",
           "branch not found")),
    ],
)  # fmt: skip
def test_a_refusal_that_nobody_knows_has_no_advice(emulator: Emulator, status: int, path: str, words: str) -> None:
    emulator.fault("status", status=status, body={"message": words})
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN).get(path if path.startswith("v2/") else f"v1.1/{path}")
    result = caught.value.result()
    assert (result["hint"], result["msg"]) == (None, f"CircleCI answered {status} to GET {path}: {words}")


def test_what_is_told_before_any_request_has_its_advice_by_itself_too() -> None:
    assert invalid("No.", "Do it.").result() == {"failed": True, "msg": "No. Do it.", "hint": "Do it."}
    assert invalid("No.").result() == {"failed": True, "msg": "No."}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("Project not found", "project"),
        ("Not Found", "repository"),
        ("checkout key not found", "thing"),
        ("Environment Variable Not Found", "thing"),
        ("404 page not found", None),
        ("not found", None),
        ("Gone", None),
        (None, None),
    ],
)
def test_what_is_not_there_is_known_by_the_words_of_a_404(error: str | None, kind: str | None) -> None:
    for status in (404, 400, 403, 500, None):
        failure = CircleCIError("", status=status, error=error)
        found = {
            "project": failure.project_not_found,
            "repository": failure.repository_not_found,
            "thing": failure.thing_not_found,
        }
        assert [name for name, is_it in found.items() if is_it] == [kind] * (status == 404 and kind is not None)


@pytest.mark.parametrize(
    ("status", "trouble"),
    [(400, False), (407, False), (408, True), (409, False), (499, False), (500, True), (501, True), (599, True)],
)
def test_trouble_may_have_done_what_was_asked_for(emulator: Emulator, status: int, trouble: bool) -> None:
    emulator.fault("status", method="POST", status=status, body={"message": "No."})
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN, retries=0).write("POST", f"{V1}/follow", repeatable=False)
    assert (caught.value.status, caught.value.doubtful) == (status, trouble)
    assert str(caught.value.hint).startswith("CircleCI has trouble") is trouble
    emulator.fault("status", method="GET", status=status, body={"message": "No."})
    with pytest.raises(CircleCIError) as caught:
        Client(emulator.url, TOKEN, retries=0).get(f"{V1}/settings")
    assert (caught.value.status, caught.value.doubtful) == (status, False)
