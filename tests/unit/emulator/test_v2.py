# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all calls of API v2 have in common: who may call, slugs, pages, bodies, and how answers are written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from emulator import PROJECT_TOKEN, Emulator
from emulator.http.control import control
from emulator.http.exchange import Answer, Call, RefusedError
from emulator.v2 import routing
from emulator.v2.bodies import validated
from emulator.v2.paging import page
from emulator.v2.routing import PROJECT, SPLIT_PROJECT, Missing, V2Request, route
from emulator.world.model import Project
from emulator.world.state import APP_ORGANIZATION, Part, State

from .conftest import Send

pytestmark = pytest.mark.once

NOBODY = {"Circle-Token": ""}


@pytest.fixture(autouse=True)
def _routes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Add routes of each kind for the test."""
    known = list(routing.ROUTES._routes)

    @route("GET", "/thing", absent=Missing("Thing not found"))
    def get_thing(request: V2Request) -> Answer:
        return Answer({"login": request.personal.login})

    @route("GET", "/public-thing/:id", absent=Missing("Thing not found"), public=True)
    def get_public_thing(request: V2Request) -> Answer:
        project = request.state.find_project(request.params["id"])
        return Answer({"name": request.seen(project, lambda found: found).name})

    @route("GET", "/cloud-thing", server=None)
    def get_cloud_thing(request: V2Request) -> Answer:
        return Answer({})

    @route("GET", "/new-thing", server="4.9")
    def get_new_thing(request: V2Request) -> Answer:
        return Answer({})

    @route("GET", f"{PROJECT}/numbers")
    def list_numbers(request: V2Request) -> Answer:
        return page(request, range(7), str)

    @route("GET", f"{SPLIT_PROJECT}/name")
    def get_name(request: V2Request) -> Answer:
        return Answer({"name": request.project.title})

    @route("POST", f"{SPLIT_PROJECT}/thing")
    def post_thing(request: V2Request) -> Answer:
        return Answer({"read": request.call.fields})

    routing.ROUTES.find.cache_clear()
    yield
    routing.ROUTES._routes[:] = known
    routing.ROUTES.find.cache_clear()


@pytest.fixture
def app(emulator: Emulator) -> Project:
    """The project of the App's organization."""
    return next(project for project in emulator.state.projects.values() if project.is_app)


@pytest.mark.parametrize(
    ("path", "headers", "status", "message"),
    [
        ("/me", NOBODY, 401, "You must log in first"),
        ("/thing", NOBODY, 401, "You must log in first"),
        ("/project/gh/acme/api", NOBODY, 401, "You must log in first"),
        ("/project/gh/acme/none", NOBODY, 401, "You must log in first"),
        ("/public-thing/none", NOBODY, 401, "You must log in first"),
        ("/thing", {"Circle-Token": "wrong"}, 401, "You must log in first"),
        ("/me", {"Circle-Token": PROJECT_TOKEN}, 403, "Permission denied"),
        ("/thing", {"Circle-Token": PROJECT_TOKEN}, 404, "Thing not found"),
        ("/project/gh/acme/api", {"Circle-Token": PROJECT_TOKEN}, 404, "Project not found"),
        ("/public-thing/none", {"Circle-Token": PROJECT_TOKEN}, 404, "Thing not found"),
        ("/organization/gh/acme", {"Circle-Token": PROJECT_TOKEN}, 404, "Org not found."),
        ("/public-thing/none", {}, 404, "Thing not found"),
        ("/project/gh/acme/none", {}, 404, "Project not found"),
        ("/project/gh/acme/web", {}, 404, "Project not found"),
        ("/nothing", NOBODY, 404, "Not Found"),
        ("/thing/", {}, 404, "Not Found"),
    ],
)
def test_who_sees_nothing_is_told_in_the_words_of_the_api(
    followed: Emulator, send: Send, path: str, headers: dict[str, str], status: int, message: str
) -> None:
    answer = send("GET", f"/api/v2{path}", headers=headers)

    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_unknown_paths_of_services_in_go_answer_in_text(send: Send) -> None:
    for path in ("/api/v2/context/a/b/c", "/api/v2/webhook-of-none", "/api/v2/webhook/a/b"):
        answer = send("GET", path)
        assert answer.status_code == 404
        assert (answer.text == "404 page not found") is ("none" not in path)


@pytest.mark.parametrize("headers", [{}, {"Circle-Token": "", "Authorization": "Bearer {token}"}])
def test_personal_tokens_are_taken_in_each_form(emulator: Emulator, send: Send, headers: dict[str, str]) -> None:
    headers = {name: value.format(token=emulator.token) for name, value in headers.items()}

    assert send("GET", "/api/v2/thing", headers=headers).json() == {"login": "emulator"}
    assert send("GET", f"/api/v2/thing?circle-token={emulator.token}", headers=NOBODY).status_code == 200


def test_open_source_projects_are_shown_to_everybody_unless_switched(followed: Emulator, send: Send) -> None:
    project = followed.add_repository("github/acme/api", oss=True)
    paths = ["/api/v2/project/gh/acme/api", f"/api/v2/public-thing/{project.id}"]

    assert [send("GET", path, headers=NOBODY).status_code for path in paths] == [200, 200]
    assert send("GET", "/api/v2/project/gh/acme/api/numbers", headers=NOBODY).status_code == 401
    followed.switch(public_v2=False)
    assert [send("GET", path, headers=NOBODY).status_code for path in paths] == [401, 401]


@pytest.mark.parametrize("slug", ["gh/acme/api", "github/acme/api", "{id}"])
@pytest.mark.parametrize("below", ["", "/numbers"])
def test_projects_go_by_slug_in_both_spellings_and_by_uuid(
    followed: Emulator, send: Send, slug: str, below: str
) -> None:
    slug = slug.format(id=followed.project("gh/acme/api").id)

    assert send("GET", f"/api/v2/project/{slug}{below}").status_code == 200


def test_answers_write_slugs_short(followed: Emulator, send: Send) -> None:
    followed.follow("bitbucket/acme/tools")

    project = send("GET", "/api/v2/project/bitbucket/acme/tools").json()

    assert (project["slug"], project["organization_slug"]) == ("bb/acme/tools", "bb/acme")
    assert project["vcs_info"]["provider"] == "Bitbucket"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("project/gh%2Facme%2Fapi", 404),
        ("project/gh%2Facme%2Fapi/numbers", 404),
        ("project/gh%2Facme/api/name", 404),
        ("project/gh%2Facme%2Fapi/name", 404),
        ("project/gh/acme/ap%69/name", 200),
        ("project/gh/acme/ap%69", 200),
        ("organization/gh%2Facme", 200),
        ("organization/gh/acme", 200),
        ("organization/github/acme", 200),
    ],
)
def test_encoded_slashes_are_taken_for_organizations_only(
    followed: Emulator, send: Send, path: str, status: int
) -> None:
    assert send("GET", f"/api/v2/{path}").status_code == status


def test_no_route_hides_another() -> None:
    for path in ("/thing", "/public-thing/:name"):
        with pytest.raises(ValueError, match=f"a route for GET /api/v2{path} already"):
            route("GET", path)(lambda request: Answer({}))


def test_a_repository_may_be_called_like_a_route(emulator: Emulator, send: Send) -> None:
    emulator.add_repository("github/acme/numbers", has_config=False)
    emulator.follow("github/acme/numbers")

    assert send("GET", "/api/v2/project/gh/acme/numbers").json()["slug"] == "gh/acme/numbers"
    assert len(send("GET", "/api/v2/project/gh/acme/numbers/numbers").json()["items"]) == 3


def test_split_routes_know_no_uuid(followed: Emulator, send: Send) -> None:
    assert send("GET", f"/api/v2/project/{followed.project('gh/acme/api').id}/name").status_code == 404


def test_projects_of_apps_go_by_ids(emulator: Emulator, send: Send, app: Project) -> None:
    organization = app.organization
    slugs = [app.slug, f"circleci/{organization.id}/{app.id}", f"circleci/{organization.key}/{app.id}", app.id]

    answers = [send("GET", f"/api/v2/project/{slug}").json() for slug in slugs]

    assert answers[0]["name"] == "mobile"
    assert answers[0]["vcs_info"]["vcs_url"] == f"//circleci.com/{organization.id}/{app.id}"
    assert answers == [answers[0]] * 4
    assert "mobile" not in app.slug
    assert [len(piece) for piece in app.slug.split("/")] == [8, 22, 22]
    assert send("GET", f"/api/v2/organization/{app.organization.slug}").json()["id"] == organization.id


@pytest.mark.parametrize(
    ("slug", "status", "message"),
    [
        ("circleci/acme/mobile", 400, "Invalid project slug circleci/acme/mobile"),
        (f"{APP_ORGANIZATION}/mobile", 400, f"Invalid project slug {APP_ORGANIZATION}/mobile"),
        (f"{APP_ORGANIZATION}/{'A' * 22}", 404, "Project not found"),
        ("gh/acme/mobile", 404, "Project not found"),
    ],
)
def test_projects_of_apps_do_not_go_by_name(send: Send, slug: str, status: int, message: str) -> None:
    answer = send("GET", f"/api/v2/project/{slug}")

    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_projects_of_apps_are_added_by_title(emulator: Emulator, send: Send, session: requests.Session) -> None:
    body = {"slug": APP_ORGANIZATION, "title": "web", "default_branch": "trunk"}
    made = session.post(f"{emulator.url}/_emulator/repositories", json=body).json()
    again = emulator.add_repository(APP_ORGANIZATION, title="web", oss=True)

    answer = send("GET", f"/api/v2/project/{made['slug']}").json()

    assert (answer["name"], answer["id"], answer["vcs_info"]["default_branch"]) == ("web", made["id"], "trunk")
    assert (again.slug, again.default_branch) == (made["slug"], "trunk")


def test_organizations_are_added_and_listed(emulator: Emulator, send: Send, session: requests.Session) -> None:
    body = {"slug": "circleci/5N1rjoqPXyEcSs4aZkRdTV", "name": "Other"}
    made = session.post(f"{emulator.url}/_emulator/organizations", json=body).json()

    person, *organizations = send("GET", "/api/v2/me/collaborations").json()

    assert (person["slug"], person["id"]) == ("gh/emulator", None)
    assert [each["slug"] for each in organizations[:2]] == ["gh/acme", "bb/acme"]
    assert [each["name"] for each in organizations] == ["acme", "acme", "Acme Apps", "Other"]
    assert organizations[-1]["id"] == made["id"]
    assert send("GET", f"/api/v2/organization/{made['id']}").json()["slug"] == body["slug"]
    emulator.switch(hyphened_vcs_type=True)
    assert [each["vcs-type"] for each in send("GET", "/api/v2/me/collaborations").json()][1:4] == [
        "github", "bitbucket", "circleci"
    ]  # fmt: skip


def test_users_go_by_uuid(emulator: Emulator, send: Send) -> None:
    emulator.state.add_token("other", login="second-user")
    me = send("GET", "/api/v2/me", token="other").json()

    assert send("GET", f"/api/v2/user/{me['id']}").json() == {
        "id": me["id"],
        "login": "second-user",
        "name": "Second User",
    }
    assert send("GET", "/api/v2/user/00000000-0000-4000-8000-000000000000").status_code == 404


@pytest.mark.parametrize(
    ("accept", "start", "content_type"),
    [
        ("application/json", b'{"login":"emulator"}', "application/json;charset=utf-8"),
        ("*/*", b'{\n  "login" : "emulator"', "application/json;charset=utf-8"),
        ("text/plain", b'{\n  "login" : "emulator"', "application/json;charset=utf-8"),
    ],
)
def test_answers_are_json_whatever_is_asked_for(send: Send, accept: str, start: bytes, content_type: str) -> None:
    answer = send("GET", "/api/v2/thing", headers={"Accept": accept})

    assert answer.content.startswith(start)
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["x-ratelimit-limit"] == "300"
    assert answer.headers["X-Route"] == "/api/v2/thing"


def test_errors_are_json_whatever_is_asked_for(send: Send) -> None:
    for path in ("nothing", "project/gh/acme/none"):
        answer = send("GET", f"/api/v2/{path}", headers={"Accept": "*/*"})
        assert "message" in answer.json()


def test_lists_come_in_pages(followed: Emulator, send: Send) -> None:
    path = "/api/v2/project/gh/acme/api/numbers"
    pages = [send("GET", path).json()]
    while token := pages[-1]["next_page_token"]:
        assert len(token) == 140
        pages.append(send("GET", f"{path}?page-token={token}").json())

    assert [one["items"] for one in pages] == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    followed.switch(page_size=7)
    assert send("GET", path).json() == {"items": ["0", "1", "2", "3", "4", "5", "6"], "next_page_token": None}


def test_a_page_token_is_of_use_for_its_list_only(followed: Emulator, send: Send) -> None:
    token = send("GET", "/api/v2/project/gh/acme/api/numbers").json()["next_page_token"]

    for path in (f"github/acme/api/numbers?page-token={token}", "gh/acme/api/numbers?page-token=wrong"):
        answer = send("GET", f"/api/v2/project/{path}")
        assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(
    ("content_type", "read"),
    [
        ("application/json", {"branch": "x"}),
        ("application/json; charset=utf-8", {"branch": "x"}),
        ("text/plain", {}),
        (None, {}),
    ],
)
def test_a_body_that_is_not_declared_as_json_is_ignored(
    followed: Emulator, send: Send, content_type: str | None, read: dict[str, str]
) -> None:
    answer = send(
        "POST", "/api/v2/project/gh/acme/api/thing", data='{"branch": "x"}', headers={"Content-Type": content_type}
    )

    assert (answer.status_code, answer.json()) == (200, {"read": read})


KNOWN = {"branch": "string", "config": {"tag": "string", "number": "number"}, "list": "array", "parameters": "object"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "No JSON fields found."),
        ({"cheese": 1}, "Unexpected field 'cheese'."),
        ({"config": {"oss": False}}, "Unexpected field 'config.oss'."),
        ({"config": {"tag": 1}}, "Field 'config.tag' should be 'string', but was 'number'."),
        ({"config": {"number": True}}, "Field 'config.number' should be 'number', but was 'boolean'."),
        ({"config": []}, "Field 'config' should be 'object', but was 'array'."),
        ({"branch": None}, "Field 'branch' should be 'string', but was 'null'."),
        ({"list": {}}, "Field 'list' should be 'array', but was 'object'."),
        ({"parameters": "a"}, "Field 'parameters' should be 'object', but was 'string'."),
    ],
)
def test_validated_bodies(body: Any, message: str) -> None:
    with pytest.raises(RefusedError) as refusal:
        validated(_call(body), KNOWN)

    assert (refusal.value.answer.status, refusal.value.answer.body) == (400, {"message": message})


def test_valid_bodies_are_returned() -> None:
    body = {"branch": "a", "config": {"tag": "b", "number": 1.5}, "list": [1], "parameters": {"anything": None}}

    assert validated(_call(body), KNOWN) == body
    assert validated(_call({}), KNOWN, optional=True) == {}
    assert validated(_call({"config": {}}), KNOWN) == {"config": {}}


def _call(body: Any) -> Call:
    headers = {"Content-Type": "application/json"}
    return Call("POST", "/api/v2/thing", "", headers, json.dumps(body).encode(), "http://127.0.0.1")


@pytest.mark.parametrize(
    ("server", "statuses"),
    [(None, [200, 200, 200]), ("4.7", [200, 404, 404]), ("4.9", [200, 404, 200]), ("4.10", [200, 404, 200])],
)
def test_server_lacks_what_came_later_or_never(
    emulator: Emulator, send: Send, server: str | None, statuses: list[int]
) -> None:
    emulator.switch(server=server)

    answers = [send("GET", f"/api/v2/{name}thing") for name in ("", "cloud-", "new-")]

    assert [answer.status_code for answer in answers] == statuses
    assert all(answer.json() == {"message": "Not Found"} for answer in answers if answer.status_code == 404)


@pytest.mark.parametrize(
    ("body", "content_type", "headers"),
    [
        ({}, None, {}),
        ("Rate limited.", "text/plain", {"Retry-After": "1"}),
        ({"message": "API rate limit exceeded"}, None, {"x-ratelimit-limit": "300", "x-ratelimit-reset": "1"}),
    ],
)
def test_429_comes_in_three_bodies(
    emulator: Emulator, send: Send, body: Any, content_type: str | None, headers: dict[str, str]
) -> None:
    emulator.fault("status", status=429, body=body, content_type=content_type, headers=headers, path="api/v2")

    answer = send("GET", "/api/v2/me")

    assert answer.status_code == 429
    assert (answer.text if isinstance(body, str) else answer.json()) == body
    assert headers.items() <= dict(answer.headers).items()
    assert send("GET", "/api/v2/me").status_code == 200


# --- what a new kind of thing brings along --------------------------------------------------------------------------


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> type[Part]:
    """A kind of thing with state, switches, and views of its own."""
    monkeypatch.setattr(Part, "kinds", list(Part.kinds))

    @dataclass
    class LampSwitches:
        lamps_blink: bool = False

    class Lamps(Part):
        def __init__(self, state: State) -> None:
            super().__init__(state)
            self.switches = LampSwitches()
            self.lit: list[str] = []

        def view(self) -> dict[str, Any]:
            return {"lamps": self.lit}

        def project_view(self, project: Project) -> dict[str, Any]:
            return {"lit": project.slug in self.lit}

    return Lamps


def test_parts_of_the_state_are_shown_switched_and_reset(
    emulator: Emulator, session: requests.Session, parts: type[Part]
) -> None:
    part: Any = emulator.state.part(parts)
    part.lit.append("github/acme/web")
    url = f"{emulator.url}/_emulator/state"

    assert session.put(url, json={"switches": {"lamps_blink": True, "md5_only": True}}).status_code == 200
    assert (part.switches.lamps_blink, emulator.state.switches.md5_only) == (True, True)
    assert session.put(url, json={"switches": {"lamps_blink": 1}}).status_code == 400
    shown = session.get(url).json()
    assert (shown["switches"]["lamps_blink"], shown["lamps"]) == (True, ["github/acme/web"])
    assert (shown["projects"]["github/acme/web"]["lit"], shown["projects"]["github/acme/api"]["lit"]) == (True, False)
    emulator.reset()
    assert session.get(url).json()["lamps"] == []


def test_control_calls_are_registered(
    emulator: Emulator, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emulator.http.control._HANDLERS", {})
    control("POST", "lamps")(lambda service, call, fields: {"lit": fields["lamp"], "url": call.path})

    answer = session.post(f"{emulator.url}/_emulator/lamps", json={"lamp": "a"}).json()

    assert answer == {"lit": "a", "url": "/_emulator/lamps"}


def test_no_two_parts_have_a_switch_of_the_same_name() -> None:
    state = State()
    groups = [state.switches, *(part.switches for part in state.parts() if part.switches is not None)]
    names = [name for group in groups for name in vars(group)]

    assert len(names) == len(set(names))
