# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from emulator import PROJECT_TOKEN, Emulator

API = "github/acme/api"
TOOLS = "bitbucket/acme/tools"
OTHER = "github/umbrella/site"
MODULE = "circleci_project_info"
ALWAYS = {"project", "vcs_url", "following", "default_branch", "has_usable_key", "ssh_keys"}


@pytest.fixture
def run(emulator: Emulator, run_module):
    """The module, with three followed projects."""
    emulator.add_repository(OTHER)
    for slug in (API, TOOLS, OTHER):
        emulator.follow(slug)
    project = emulator.project(API)
    emulator.state.add_checkout_key(project, "deploy-key", None)
    project.env_vars.update(TOKEN="abcdefgh1234", OTHER="x" * 20)
    return lambda **options: run_module(MODULE, **options)


def slugs(result: dict[str, Any]) -> list[str]:
    return [project["project"] for project in result["projects"]]


def paths(emulator: Emulator) -> list[str]:
    return [f"{record.method} {record.path.split('/api/v1.1/')[-1]}" for record in emulator.requests]


def test_one_project_is_read_from_its_settings(emulator: Emulator, run) -> None:
    result = run(project="gh/acme/api")
    [project] = result["projects"]
    assert project.keys() == ALWAYS
    assert project == {
        "project": API,
        "vcs_url": "https://github.com/acme/api",
        "following": True,
        "default_branch": "main",
        "has_usable_key": True,
        "ssh_keys": [],
    }
    assert (result["changed"], result["project"]) == (False, API)
    assert paths(emulator) == [f"GET project/{API}/settings?skip-branches=true"]


def test_keys_and_masked_variables_come_when_asked_for(emulator: Emulator, run) -> None:
    [project] = run(project=API, checkout_keys=True, env_vars=True)["projects"]
    assert [key["preferred"] for key in project["checkout_keys"]] == [True, False]
    assert project["checkout_keys"][0]["fingerprint_sha256"].startswith("SHA256:")
    assert project["env_vars"] == [
        {"name": "OTHER", "masked_value": "xxxxxxxx"},
        {"name": "TOKEN", "masked_value": "xxxx1234"},
    ]
    assert len(emulator.requests) == 3


def test_ssh_keys_come_with_fingerprints(emulator: Emulator, run, run_module) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    added = run_module("circleci_ssh_key", project=API, hostname="deploy.acme.io", private_key=private.decode())
    assert run(project=API)["projects"][0]["ssh_keys"] == added["ssh_keys"]
    by_slug = {project["project"]: project["ssh_keys"] for project in run()["projects"]}
    assert by_slug == {API: added["ssh_keys"], TOOLS: [], OTHER: []}


@pytest.mark.parametrize("concurrency", [1, 8])
def test_every_followed_project_is_read(emulator: Emulator, run, concurrency: int) -> None:
    result = run(concurrency=concurrency, checkout_keys=True)
    assert slugs(result) == [API, TOOLS, OTHER]
    assert [project["following"] for project in result["projects"]] == [True] * 3
    assert [len(project["checkout_keys"]) for project in result["projects"]] == [2, 1, 1]
    assert len(emulator.requests) == 1 + 2 * 3
    assert emulator.writes == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"organization": "acme"}, [API, TOOLS]),
        ({"vcs_type": "gh"}, [API, OTHER]),
        ({"organization": "acme", "vcs_type": "bitbucket"}, [TOOLS]),
        ({"organization": "nobody"}, []),
    ],
)
def test_organization_and_vcs_type_filter(
    emulator: Emulator, run, options: dict[str, str], expected: list[str]
) -> None:
    assert slugs(run(**options)) == expected
    assert len(emulator.requests) == 1 + len(expected)


def test_what_is_listed_counts_as_followed(emulator: Emulator, run) -> None:
    """CircleCI has been seen to say that nothing in its list of followed projects is followed."""
    item = {"vcs_url": "https://github.com/acme/api", "following": False}
    settings = {"following": False, "vcs_url": "https://github.com/acme/api"}
    emulator.fault("body", path=r"/projects\?shallow=true$", body=[item])
    emulator.fault("body", path="/settings", body=settings)
    assert run()["projects"] == [
        {"project": API, "vcs_url": "https://github.com/acme/api", "following": True, "default_branch": None,
         "has_usable_key": False, "ssh_keys": []}
    ]  # fmt: skip


@pytest.mark.parametrize("item", [{}, {"vcs_type": "bitbucket", "username": None, "reponame": "tools"}])
@pytest.mark.parametrize("name", ["tools", "xbox"])
@pytest.mark.parametrize("end", ["", "/"])
def test_a_project_that_is_listed_without_its_names_goes_by_its_address(
    emulator: Emulator, run, item: dict[str, Any], name: str, end: str
) -> None:
    emulator.follow(emulator.add_repository(f"bitbucket/acme/{name}").slug)
    url = f"https://bitbucket.org/acme/{name}{end}"
    emulator.fault("body", path=r"/projects\?shallow=true$", body=[{**item, "vcs_url": url}])
    assert slugs(run()) == [f"bitbucket/acme/{name}"]


def test_a_project_that_is_not_followed_says_so(emulator: Emulator, run, run_module) -> None:
    emulator.add_repository(API, oss=True)
    result = run(project=API, api_token=None)
    assert result["projects"][0]["following"] is False
    assert run(project=API, api_token=PROJECT_TOKEN)["projects"][0]["following"] is False


@pytest.mark.parametrize("check_mode", [True, False])
def test_an_unknown_project_fails_in_both_modes(run, check_mode: bool) -> None:
    result = run(project="github/acme/web", check_mode=check_mode)
    assert (result["failed"], result["error"], result["project"]) == (True, "Project not found", "github/acme/web")
    assert "follow it first" in result["msg"]
    assert run(project="github/acme/nope", check_mode=check_mode)["error"] == "Not Found"


def test_the_list_needs_a_token(run) -> None:
    result = run(api_token=None)
    assert (result["status"], result["path"]) == (401, "/api/v1.1/projects")
    assert "CIRCLE_TOKEN" in result["msg"]


def test_an_app_project_has_no_checkout_keys(emulator: Emulator, run) -> None:
    slug = "circleci/org-id/project-id"
    emulator.add_repository(slug)
    emulator.follow(slug)
    [project] = run(project=slug, checkout_keys=True)["projects"]
    assert (project["project"], project["checkout_keys"]) == (slug, [])


def test_one_that_cannot_be_read_fails_the_task_and_is_named(emulator: Emulator, run) -> None:
    emulator.fault("status", path=f"{TOOLS}/settings", status=403, body={"message": "Permission denied"})
    result = run(concurrency=1, on_error="fail")
    assert (result["failed"], result["status"]) == (True, 403)
    assert f"{TOOLS}/settings" in result["msg"]


UNREADABLE: dict[str, tuple[dict[str, Any], int | None, str]] = {
    "deleted": ({"kind": "status", "status": 404, "body": {"message": "Not Found"}}, 404, "check the slug"),
    "unknown": ({"kind": "status", "status": 404, "body": {"message": "Project not found"}}, 404, "follow it first"),
    "forbidden": ({"kind": "status", "status": 403, "body": {"message": "Permission denied"}}, 403, "admin rights"),
    "odd": ({"kind": "body", "body": {"following": "perhaps"}}, None, "do not say whether it is followed"),
    "not JSON": ({"kind": "body", "body": "<html>"}, 200, "it is not JSON"),
    "lost": ({"kind": "drop"}, None, "got no answer"),
    "odd keys": ({"kind": "body", "body": {"following": True, "ssh_keys": [7]}}, None, "SSH keys that are none"),
}


@pytest.mark.parametrize("case", UNREADABLE)
@pytest.mark.parametrize("given", [{}, {"on_error": "collect"}])
@pytest.mark.parametrize("concurrency", [1, 8])
def test_one_that_cannot_be_read_does_not_hide_the_others(
    emulator: Emulator, run, case: str, given: dict[str, str], concurrency: int
) -> None:
    fault, status, words = UNREADABLE[case]
    emulator.fault(path=f"{TOOLS}/settings", times=None, **fault)
    result = run(retries=0, concurrency=concurrency, **given)
    assert (result.get("failed"), slugs(result)) == (None, [API, OTHER])
    [entry] = result["unreadable"]
    assert (entry.keys(), entry["project"], entry["status"]) == ({"project", "msg", "status"}, TOOLS, status)
    assert words in entry["msg"]
    [warning] = result["warnings"]
    assert warning.startswith(f"1 of 3 projects could not be read, see unreadable. {TOOLS}: ")
    assert entry["msg"] in warning


@pytest.mark.parametrize(("status", "given"), [(403, {"on_error": "fail"}), (401, {"on_error": "collect"}), (401, {})])
def test_after_a_failure_that_ends_the_task_nothing_more_is_asked(
    emulator: Emulator, run, status: int, given: dict[str, str]
) -> None:
    for number in range(60):
        emulator.add_repository(f"github/acme/more-{number:02}")
        emulator.follow(f"github/acme/more-{number:02}")
    emulator.clear()
    emulator.fault("status", path="/settings", times=None, status=status, body={"message": "No."})
    result = run(concurrency=2, **given)
    assert (result["failed"], result["status"]) == (True, status)
    assert "unreadable" not in result
    assert len([record for record in emulator.requests if "/settings" in record.path]) <= 4


def test_equal_failures_are_told_once_and_returned_one_by_one(emulator: Emulator, run) -> None:
    gone = [f"github/acme/gone-{number:02}" for number in range(60)]
    for slug in gone:
        emulator.add_repository(slug)
        emulator.follow(slug)
    emulator.fault("status", path="/gone-", times=None, status=404, body={"message": "Project not found"})
    emulator.fault("status", path="/settings", times=None, status=403, body={"message": "Permission denied"})
    result = run()
    assert [entry["project"] for entry in result["unreadable"] if entry["status"] == 404] == gone
    for entry in result["unreadable"]:
        assert f"to GET project/{entry['project']}/settings" in entry["msg"]
    [warning] = result["warnings"]
    assert warning.startswith("63 of 63 projects could not be read, see unreadable. ")
    first, second = sorted(warning.removeprefix("63 of 63 projects could not be read, see unreadable. ").split(" | "))
    assert first.startswith("for 3 projects: CircleCI answered 403 to GET project/<slug>/settings: Permission denied. ")
    assert second.startswith("for 60 projects: CircleCI answered 404 to GET project/<slug>/settings: Project not found")
    assert f"They are {', '.join(gone[:25])}, and 35 more." in second


@pytest.mark.parametrize("part", ["checkout-key", "envvar"])
def test_what_is_asked_for_besides_may_be_what_cannot_be_read(emulator: Emulator, run, part: str) -> None:
    emulator.fault("status", path=f"{TOOLS}/{part}", status=403, body={"message": "Permission denied"})
    result = run(checkout_keys=True, env_vars=True)
    assert (slugs(result), [entry["project"] for entry in result["unreadable"]]) == ([API, OTHER], [TOOLS])


def test_one_that_was_asked_for_by_name_fails_unless_told_otherwise(emulator: Emulator, run) -> None:
    assert run(project="github/acme/web")["failed"] is True
    result = run(project="github/acme/web", on_error="collect")
    assert (result.get("failed"), result["projects"], result["project"]) == (None, [], "github/acme/web")
    assert [(entry["project"], entry["status"]) for entry in result["unreadable"]] == [("github/acme/web", 404)]


@pytest.mark.parametrize("given", [{}, {"on_error": "collect"}, {"on_error": "collect", "project": API}])
def test_an_invalid_token_is_nothing_of_a_single_project(emulator: Emulator, run, given: dict[str, str]) -> None:
    emulator.fault("status", path="/settings", status=401, body={"message": "You must log in first."}, times=None)
    result = run(**given)
    assert (result["failed"], result["status"]) == (True, 401)


def test_what_all_are_warned_of_is_told_once(emulator: Emulator, run) -> None:
    sunset = {"Sunset": "Mon, 01 Feb 2027 00:00:00 GMT"}
    emulator.fault("headers", path="/settings", headers=sunset, times=None)
    (warning,) = run()["warnings"]
    assert warning.startswith(f"{API} and 2 others: CircleCI removes ")
    assert "on 2027-02-01" in warning
    (warning,) = run(project=TOOLS)["warnings"]
    assert warning.startswith(f"{TOOLS}: CircleCI removes ")


def test_all_that_can_be_read_leaves_nothing_unreadable(run) -> None:
    assert run()["unreadable"] == run(project=API)["unreadable"] == []


@pytest.mark.parametrize("item", [{}, {"vcs_url": "https://example.com/a/b"}, {"vcs_url": 7}, {"vcs_url": "http://[x"}])
def test_an_entry_that_is_no_project_fails(emulator: Emulator, run, item: dict[str, Any]) -> None:
    emulator.fault("body", path=r"/projects\?shallow=true$", body=[item])
    result = run()
    assert "list of projects has an entry that is none" in result["msg"]
    assert (result["method"], result["path"]) == ("GET", "/api/v1.1/projects")


@pytest.mark.parametrize("concurrency", [0, 33, -1])
def test_concurrency_has_bounds(emulator: Emulator, run, concurrency: int) -> None:
    assert "from 1 to 32" in run(concurrency=concurrency)["msg"]
    assert emulator.requests == []


@pytest.mark.parametrize(
    ("organization", "words"),
    [
        ("", "is not one segment of a slug"),
        (" ", "is not one segment of a slug"),
        ("acme/", "is not one segment of a slug"),
        ("gitlab/acme", "is not one segment of a slug"),
        ("https://github.com/acme", "is not one segment of a slug"),
        ("acme\n", "begins or ends with white space"),
        ("github/acme ", "begins or ends with white space"),
    ],
)
def test_what_cannot_be_an_organization_is_not_one_without_projects(
    emulator: Emulator, run, organization: str, words: str
) -> None:
    result = run(organization=organization)
    assert (result["failed"], emulator.requests) == (True, [])
    assert words in result["msg"]


def test_the_identifiers_of_an_app_are_taken_as_they_are(emulator: Emulator, run) -> None:
    item = {"vcs_type": "circleci", "username": "5GeM4SzPzs", "reponame": "9Q4Cpf1BnA"}
    emulator.fault("body", path=r"/projects\?shallow=true$", body=[item], times=2)
    found = [run(organization=f"circleci/{name}")["unreadable"] for name in ("5GEM4SZPZS", "5GeM4SzPzs")]
    assert [[each["project"] for each in unreadable] for unreadable in found] == [
        [], ["circleci/5GeM4SzPzs/9Q4Cpf1BnA"]
    ]  # fmt: skip


@pytest.mark.parametrize("organization", ["Umbrella", "github/UMBRELLA"])
def test_an_organization_is_found_in_any_case(emulator: Emulator, run, organization: str) -> None:
    assert slugs(run(organization=organization)) == [OTHER]
    item = {"vcs_type": "github", "username": "Umbrella", "reponame": "site"}
    emulator.fault("body", path=r"/projects\?shallow=true$", body=[item])
    result = run(organization=organization.lower())
    assert [each["project"] for each in result["unreadable"]] == ["github/Umbrella/site"]


def test_a_token_that_has_expired_may_be_why_a_project_is_not_found(run) -> None:
    result = run(project=API, api_token="expired-long-ago")
    assert (result["failed"], result["status"]) == (True, 404)
    assert "or the token has expired" in result["msg"]
    assert "check the slug and the token" in result["msg"]
