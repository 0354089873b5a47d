# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator import PROJECT_TOKEN, Emulator

MODULE = "circleci_user_info"


def test_the_user_of_the_token_is_read(emulator: Emulator, run_module) -> None:
    emulator.follow("github/acme/api")
    result = run_module(MODULE)
    assert (result["changed"], result["user"]["login"], result["user"]["num_projects_followed"]) == (
        False,
        "emulator",
        1,
    )
    assert run_module(MODULE, check_mode=True) == result
    assert emulator.writes == []


def test_tokens_that_belong_to_nobody_fail(run_module) -> None:
    for token, words in (
        (PROJECT_TOKEN, "give a personal API token"),
        ("no-such-token", "invalid or expired"),
        (None, "Give an API token"),
    ):
        result = run_module(MODULE, api_token=token)
        assert (result["failed"], result["status"], result["error"]) == (True, 401, "You must log in first.")
        assert words in result["msg"]


def test_the_organizations_of_the_user_are_read_on_request(emulator: Emulator, run_module) -> None:
    result = run_module(MODULE, organizations=True)
    known = [
        {"id": each.id, "slug": f"{vcs}/{each.key}", "name": each.name, "vcs_type": vcs}
        for each, vcs in ((one, one.slug.split("/")[0]) for one in emulator.state.organizations.values())
    ]
    assert {each["vcs_type"] for each in known} == {"github", "bitbucket", "circleci"}
    own = {"id": None, "slug": "github/emulator", "name": "emulator", "vcs_type": "github"}
    assert result["organizations"] == [own, *known]
    assert result["user"]["login"] == "emulator"
    assert len(emulator.requests) == 2
    assert run_module(MODULE, organizations=True, check_mode=True) == result
    assert emulator.writes == []


def test_what_is_not_asked_for_costs_no_request(emulator: Emulator, run_module) -> None:
    assert "organizations" not in run_module(MODULE)
    assert len(emulator.requests) == 1


def test_the_vcs_type_is_read_in_either_spelling(emulator: Emulator, run_module) -> None:
    underlined = run_module(MODULE, organizations=True)["organizations"]
    emulator.state.switches.hyphened_vcs_type = True
    assert run_module(MODULE, organizations=True)["organizations"] == underlined


@pytest.mark.parametrize(
    ("item", "id_", "slug", "vcs_type"),
    [
        ({"name": "acme", "vcs_type": "github"}, None, "github/acme", "github"),
        ({"name": "acme", "vcs_type": "bitbucket", "id": "", "slug": ""}, None, "bitbucket/acme", "bitbucket"),
        ({"name": "acme", "vcs_type": "gh", "slug": "gh/acme", "id": 7}, None, "github/acme", "github"),
        ({"name": "Acme", "vcs-type": "circleci", "id": "6d1f0a52"}, "6d1f0a52", "circleci/6d1f0a52", "circleci"),
        ({"name": "Acme", "vcs-type": "circleci"}, None, None, "circleci"),
        ({"name": "acme", "vcs_type": "gitlab", "slug": "gitlab/acme"}, None, "gitlab/acme", "gitlab"),
    ],
)
def test_old_and_odd_answers_give_what_they_say(
    emulator: Emulator, run_module, item: dict[str, Any], id_: str | None, slug: str | None, vcs_type: str
) -> None:
    emulator.fault("body", path="/me/collaborations", body=[item])
    (found,) = run_module(MODULE, organizations=True)["organizations"]
    assert found == {"id": id_, "slug": slug, "name": item["name"], "vcs_type": vcs_type}


@pytest.mark.parametrize("item", [{}, {"name": "acme"}, {"vcs_type": "github"}, {"name": 1, "vcs_type": "github"}])
def test_an_entry_that_is_no_organization_fails(emulator: Emulator, run_module, item) -> None:
    emulator.fault("body", path="/me/collaborations", body=[item])
    result = run_module(MODULE, organizations=True)
    assert (result["failed"], result["path"]) == (True, "/api/v2/me/collaborations")
    assert "an entry without a name or a VCS type" in result["msg"]


def test_a_token_that_api_v2_takes_for_no_person_fails_with_the_remedy(emulator: Emulator, run_module) -> None:
    emulator.fault("status", path="/me/collaborations", status=403, body={"message": "Permission denied"})
    result = run_module(MODULE, organizations=True)
    assert (result["failed"], result["status"]) == (True, 403)
    assert "give a personal API token" in result["msg"]
