# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is let in, which paths there are, and in what form answers come: api-v1.1.md §1 and §2."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests

from emulator import Emulator

from .conftest import Send

pytestmark = pytest.mark.once

APP = "circleci/8f9ce1a1-0000-4000-8000-000000000001/8f9ce1a1-0000-4000-8000-000000000002"
HEAD = (
    "POST /api/v1.1/project/github/acme/api/unfollow HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\nConnection: close\r\nCircle-Token: emulator-personal-token\r\n"
)


def connect(emulator: Emulator) -> socket.socket:
    """Return a connection on which a test sends what no library would."""
    return socket.create_connection(("127.0.0.1", int(emulator.url.rpartition(":")[2])), timeout=10)


@pytest.mark.parametrize(
    ("headers", "auth", "params"),
    [
        ({"Circle-Token": "emulator-personal-token"}, None, {}),
        ({"circle-token": "emulator-personal-token"}, None, {}),
        ({"Authorization": "Bearer emulator-personal-token"}, None, {}),
        ({}, ("emulator-personal-token", ""), {}),
        ({}, None, {"circle-token": "emulator-personal-token"}),
    ],
)
def test_each_form_of_authentication(
    emulator: Emulator, session: requests.Session, headers: dict[str, str], auth: Any, params: dict[str, str]
) -> None:
    headers = {"Accept": "application/json", **headers}

    answer = session.get(f"{emulator.url}/api/v1.1/me", headers=headers, auth=auth, params=params)

    assert answer.json()["login"] == "emulator"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Circle-Token": "wrong"},
        {"Authorization": "Basic ///"},
        {"Authorization": "Basic é".encode()},
        {"Authorization": "Bearer"},
    ],
)
def test_strangers_are_told_to_log_in_or_nothing(
    followed: Emulator, session: requests.Session, headers: dict[str, str | bytes]
) -> None:
    headers = {"Accept": "application/json", **headers}

    about_user = session.get(f"{followed.url}/api/v1.1/me", headers=headers)
    about_project = session.get(f"{followed.url}/api/v1.1/project/github/acme/api/settings", headers=headers)

    assert (about_user.status_code, about_user.json()) == (401, {"message": "You must log in first."})
    assert (about_project.status_code, about_project.json()) == (404, {"message": "Project not found"})


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/me", 401, "You must log in first."),
        ("GET", "/projects", 401, "You must log in first."),
        ("POST", "checkout-key", 403, "Permission denied"),
        ("POST", "build", 403, "Permission denied"),
        ("POST", "follow", 403, "Permission denied"),
        ("GET", "/project/github/acme/web/settings", 404, "Project not found"),
        ("GET", "/project/github/acme/nope/settings", 404, "Project not found"),
    ],
)
def test_project_token_is_refused(
    followed: Emulator, project_token: str, send: Send, method: str, path: str, status: int, message: str
) -> None:
    followed.follow("github/acme/web")

    answer = send(method, path, token=project_token)

    assert (answer.status_code, answer.json()) == (status, {"message": message})


def test_project_token_reads_and_builds_its_project_without_being_anybody(send: Send, project_token: str) -> None:
    settings = send("GET", "settings", token=project_token)
    build = send("POST", "tree/main", token=project_token)

    assert settings.json()["following"] is False
    assert build.json()["user"] == {"is_user": False, "login": "none"}


def test_project_tokens_are_made_listed_and_deleted(followed: Emulator, send: Send) -> None:
    followed.follow("github/acme/web")
    (first,) = send("GET", "token").json()
    answer = send("POST", "token", json={"label": "deploys", "scope": "all"})
    made = answer.json()
    text = made.pop("token")

    assert answer.status_code == 201
    assert (made["label"], made["scope"]) == ("deploys", "all")
    assert send("GET", "token").json() == [first, made]
    assert send("GET", "/project/github/acme/web/token").json() == []
    assert send("POST", "tree/main", token=text).status_code == 201
    assert send("GET", "/project/github/acme/web/settings", token=text).status_code == 404
    assert send("DELETE", f"/project/github/acme/web/token/{made['id']}").status_code == 404
    assert send("DELETE", f"token/{made['id']}").json() == {"message": "ok"}
    assert send("GET", "token").json() == [first]
    assert send("GET", "settings", token=text).json() == {"message": "Project not found"}
    assert send("DELETE", f"token/{made['id']}").status_code == 404


@pytest.mark.parametrize("scope", ["status", "view-builds"])
def test_project_token_of_a_lower_scope_changes_nothing(followed: Emulator, send: Send, scope: str) -> None:
    text = send("POST", "token", json={"label": "", "scope": scope}).json()["token"]

    refused = send("POST", "envvar", token=text, json={"name": "A", "value": "b"})

    assert send("GET", "settings", token=text).status_code == 200
    assert (refused.status_code, refused.json()) == (403, {"message": "Permission denied"})
    assert followed.project("github/acme/api").env_vars == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_project_token_knows_no_tokens(send: Send, project_token: str, method: str) -> None:
    assert send(method, "token", token=project_token).status_code == 403


@pytest.mark.parametrize("body", [{}, {"label": "a"}, {"scope": "all"}, {"label": "a", "scope": "write"}])
def test_token_needs_label_and_scope(followed: Emulator, send: Send, body: dict[str, str]) -> None:
    assert send("POST", "token", json=body).status_code == 400
    assert len(send("GET", "token").json()) == 1


def test_project_token_meets_a_project_that_is_not_set_up(emulator: Emulator, send: Send) -> None:
    answer = send("GET", "settings", token="emulator-project-token")

    assert (answer.status_code, answer.json()) == (404, {"message": "Project not found"})


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "settings"), ("GET", "checkout-key"), ("POST", "unfollow"), ("POST", "tree/main"), ("GET", "")],
)
def test_repository_that_is_no_project_yet(emulator: Emulator, send: Send, method: str, path: str) -> None:
    answer = send(method, path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Project not found"})
    assert not emulator.project("github/acme/api").set_up


@pytest.mark.parametrize("path", ["follow", "envvar", "checkout-key"])
@pytest.mark.parametrize("project", ["github/acme/nope", "bitbucket/acme/api", "github/ac%2Fme/api"])
def test_repository_unknown_to_the_vcs(send: Send, project: str, path: str) -> None:
    answer = send("POST", f"/project/{project}/{path}", json={})

    assert answer.status_code == 404
    assert json.loads(answer.json()["message"]) == {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest/repos/repos#get-a-repository",
        "status": "404",
    }


@pytest.mark.parametrize(("alias", "vcs", "slug"), [("gh", "github", "acme/api"), ("bb", "bitbucket", "acme/tools")])
def test_short_names_of_the_vcs(emulator: Emulator, send: Send, alias: str, vcs: str, slug: str) -> None:
    send("POST", f"/project/{alias}/{slug}/follow")

    (project,) = send("GET", "/projects").json()
    (build,) = send("GET", f"/project/{alias}/{slug}").json()

    assert project["vcs_type"] == build["vcs_type"] == vcs
    assert project["vcs_url"] == f"https://{vcs}.{'com' if vcs == 'github' else 'org'}/{slug}"
    assert build["build_url"] == f"{emulator.url}/{alias}/{slug}/1"
    assert emulator.project(f"{alias}/{slug}") is emulator.project(f"{vcs}/{slug}")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/nothing", "GET"),
        ("/project/github/acme", "GET"),
        ("/project/acme/api/settings", "GET"),
        ("/project/svn/acme/api/settings", "GET"),
        ("nothing", "GET"),
        ("checkout-key/a/b", "GET"),
        ("1/nothing", "GET"),
        ("tree/a,b", "GET"),
        ("build-cache", "DELETE"),
        ("settings", "PATCH"),
    ],
)
def test_unknown_routes_are_html(followed: Emulator, send: Send, method: str, path: str) -> None:
    answer = send(method, path)

    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "X-Route" not in answer.headers
    assert "<html>" in answer.text


@pytest.mark.parametrize(
    ("method", "old", "new"),
    [
        ("GET", "/me", "/me"),
        ("GET", "/projects?shallow=true", "/projects?shallow=true"),
        ("GET", "/project/acme/api/settings", "/project/github/acme/api/settings"),
        ("GET", "/project/acme/api", "/project/github/acme/api"),
        ("DELETE", "/project/acme/api/envvar/MISSING", "/project/github/acme/api/envvar/MISSING"),
        ("POST", "/project/acme/nope/follow", "/project/github/acme/nope/follow"),
        ("GET", "/nothing", "/nothing"),
    ],
)
def test_version_1_is_the_same_with_github_implied(
    followed: Emulator, send: Send, session: requests.Session, method: str, old: str, new: str
) -> None:
    headers = {"Accept": "application/json", "Circle-Token": followed.token}

    answer = session.request(method, f"{followed.url}/api/v1{old}", headers=headers)

    assert followed.requests[-1].path == f"/api/v1{old}"
    same = send(method, new)
    assert (answer.status_code, answer.content) == (same.status_code, same.content)
    assert answer.headers.get("X-Route") == same.headers.get("X-Route")


def test_slashes_in_a_row_are_one(followed: Emulator, send: Send) -> None:
    answers = [send("GET", path) for path in ("//user/repos/github", "/project//github/acme//api/settings")]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert followed.requests[0].path == "/api/v1.1//user/repos/github"


def test_version_1_knows_no_vcs(followed: Emulator, session: requests.Session) -> None:
    url = f"{followed.url}/api/v1/project"
    headers = {"Accept": "application/json", "Circle-Token": followed.token}

    with_vcs = session.get(f"{url}/github/acme/api/settings", headers=headers)
    slash = session.get(f"{url}/acme/api/?limit=5", headers=headers, allow_redirects=False)

    assert (with_vcs.status_code, with_vcs.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert (slash.status_code, slash.headers["Location"]) == (302, f"{url}/acme/api?limit=5")


@pytest.mark.parametrize("path", ["/project/github/acme/api/", "/project/github/github/acme/api/", "/me/"])
def test_trailing_slash_is_redirected_with_the_query(emulator: Emulator, send: Send, path: str) -> None:
    answer = send("GET", f"{path}?limit=5")

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"{emulator.url}/api/v1.1{path.rstrip('/')}?limit=5"


@pytest.mark.parametrize("accept", ["application/json", "text/html, application/json;q=0.5", "application/*"])
def test_json_for_those_who_ask(send: Send, accept: str) -> None:
    answer = send("GET", "settings", headers={"Accept": accept})

    assert answer.headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer.text == '{"message":"Project not found"}'


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_edn_for_those_who_do_not(followed: Emulator, send: Send, accept: str | None) -> None:
    send("POST", "envvar", json={"name": "A", "value": 'say "é"'})

    answer = send("GET", "envvar", headers={"Accept": accept})

    assert answer.content.decode() == '[{:name "A", :value "xxxx\\"é\\""}]'
    assert answer.headers["Content-Type"] == "application/edn;charset=utf-8"


def test_edn_knows_nil_and_booleans(followed: Emulator, send: Send) -> None:
    answer = send("POST", "follow", headers={"Accept": None})

    assert answer.text == "{:following true, :workflow false, :first_build nil}"


def test_pretty_json_for_everybody_else(followed: Emulator, send: Send) -> None:
    answer = send("POST", "unfollow", headers={"Accept": "text/plain"})

    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.text == '{\n  "following" : false\n}'


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_body_that_is_not_declared_as_json_is_ignored(followed: Emulator, send: Send, kind: str | None) -> None:
    body = json.dumps({"build_parameters": {"A": "1"}, "tag": "v1.0.0"})

    build = send("POST", data=body, headers={"Content-Type": kind}).json()

    assert (build["branch"], build["vcs_tag"]) == ("main", None)
    assert "A" not in build["build_parameters"]


@pytest.mark.parametrize("body", ["{", "[1]"])
def test_body_that_is_no_json_object(followed: Emulator, send: Send, body: str) -> None:
    answer = send("POST", "checkout-key", data=body, headers={"Content-Type": "application/json; charset=utf-8"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "value",
    ['"\\ud800"', "NaN", "-Infinity", "1e999", "[" * 200_000, "[" * 100_000 + "]" * 100_000, "[" * 101 + "]" * 101],
    ids=["surrogate", "nan", "infinity", "huge number", "open lists", "lists", "too many lists"],
)
@pytest.mark.parametrize("path", ["settings", "envvar", "follow"])
def test_body_that_could_not_be_sent_back_is_refused(followed: Emulator, send: Send, path: str, value: str) -> None:
    body = f'{{"name": "A", "value": {value}, "feature_flags": {{"fleet": {value}}}}}'

    method = "PUT" if path == "settings" else "POST"
    answer = send(method, path, data=body, headers={"Content-Type": "application/json"})

    # Who follows sends no fields, so nobody reads them.
    assert answer.status_code == (200 if path == "follow" else 400)
    assert followed.requests[-1].body == body
    read = [
        send("GET", name, headers={"Accept": accept})
        for name in ("settings", "envvar")
        for accept in ("application/json", "text/plain", "*/*")
    ]
    assert {answer.status_code for answer in read} == {200}


def test_body_with_some_levels_is_taken(followed: Emulator, send: Send) -> None:
    value: list[Any] = []
    for _unused in range(90):
        value = [value]

    answer = send("PUT", "settings", json={"feature_flags": {"fleet": value}})

    assert answer.status_code == 200
    assert send("GET", "settings").json()["feature_flags"]["fleet"] == value
    assert send("GET", "settings", headers={"Accept": None}).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("path", ["/api/v1.1/project/github/acme/api/unfollow", "/_emulator/reset"])
def test_body_that_is_not_what_its_headers_say(
    followed: Emulator, session: requests.Session, caplog: pytest.LogCaptureFixture, path: str, encoding: str
) -> None:
    headers = {"Circle-Token": followed.token, "Content-Encoding": encoding}

    answer = session.post(f"{followed.url}{path}", data=b"not compressed", headers=headers)

    assert answer.status_code == 400
    assert followed.project("github/acme/api").followers == {"emulator"}
    assert caplog.records == []


@pytest.mark.parametrize("length", ["Content-Length: 50", "Transfer-Encoding: chunked"])
def test_client_that_hangs_up_before_the_end_of_its_body(
    followed: Emulator, send: Send, caplog: pytest.LogCaptureFixture, length: str
) -> None:
    with connect(followed) as connection:
        connection.sendall(f"{HEAD}{length}\r\n\r\n5\r\nhello\r\n".encode())

    assert send("GET", "settings").json()["following"] is True
    assert caplog.records == []


def test_client_that_waits_for_leave_to_send_its_body(followed: Emulator) -> None:
    with connect(followed) as connection, connection.makefile("rb") as answer:
        connection.sendall(f"{HEAD}Expect: 100-continue\r\nContent-Length: 2\r\n\r\n".encode())
        leave = [answer.readline(), answer.readline()]
        connection.sendall(b"{}")
        status = answer.readline()

    assert leave == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"]
    assert status == b"HTTP/1.1 200 OK\r\n"
    assert followed.requests[-1].body == {}


@pytest.mark.parametrize(("version", "expect"), [("1.1", ""), ("1.0", "Expect: 100-continue\r\n")])
def test_leave_is_given_to_nobody_else(followed: Emulator, version: str, expect: str) -> None:
    head = HEAD.replace("HTTP/1.1", f"HTTP/{version}")
    with connect(followed) as connection, connection.makefile("rb") as answer:
        connection.sendall(f"{head}{expect}Content-Length: 2\r\n\r\n{{}}".encode())

        assert answer.readline() == f"HTTP/{version} 200 OK\r\n".encode()


def test_get_with_a_body_is_stopped_before_the_service(followed: Emulator, send: Send) -> None:
    answer = send("GET", "settings", json={})

    assert (answer.status_code, answer.headers["Content-Type"]) == (403, "text/html")
    assert "X-Route" not in answer.headers


@pytest.mark.parametrize("path", ["", "settings", "tree/main", "1", "1/artifacts", "1/tests", "latest/artifacts"])
def test_open_source_projects_are_read_without_token(
    followed: Emulator, send: Send, session: requests.Session, path: str
) -> None:
    send("POST", "tree/main")
    followed.finish("github/acme/api", 1)
    url = f"{followed.url}/api/v1.1/project/github/acme/api/{path}".rstrip("/")

    before = session.get(url, headers={"Accept": "application/json"})
    followed.add_repository("github/acme/api", oss=True)
    after = session.get(url, headers={"Accept": "application/json"})

    assert (before.status_code, after.status_code) == (404, 200)


def test_open_source_projects_keep_the_rest_to_themselves(
    followed: Emulator, send: Send, session: requests.Session
) -> None:
    followed.add_repository("github/acme/api", oss=True)
    url = f"{followed.url}/api/v1.1/project/github/acme/api"

    statuses = [session.get(f"{url}/{path}").status_code for path in ("envvar", "checkout-key")]
    statuses.append(session.post(f"{url}/tree/main").status_code)

    assert statuses == [404, 404, 404]
    assert send("GET").json() == []


def test_projects_of_apps_have_no_checkout_keys_and_no_triggers(emulator: Emulator, send: Send) -> None:
    emulator.add_repository(APP)

    assert send("POST", f"/project/{APP}/follow").json()["following"] is True
    assert send("GET", f"/project/{APP}/settings").json()["vcs-type"] == "circleci"
    assert send("GET", f"/project/{APP}/checkout-key").json() == {"message": "Project not found"}
    assert send("POST", f"/project/{APP}/checkout-key", json={"type": "deploy-key"}).status_code == 404
    assert send("DELETE", f"/project/{APP}/checkout-key/a").status_code == 404
    assert send("POST", f"/project/{APP}/tree/main").status_code == 404
    assert send("POST", f"/project/{APP}/build").status_code == 404
    assert send("GET", "/projects").json() == []
    assert emulator.project(APP).checkout_keys == []


def test_cache_control_and_compression_are_switches(followed: Emulator, send: Send) -> None:
    plain = send("GET", "settings")
    followed.state.switches.cache_control = "private, max-age=30"
    followed.state.switches.gzip = True
    cached, written = send("GET", "settings"), send("POST", "unfollow")

    assert "Cache-Control" not in plain.headers
    assert cached.headers["Cache-Control"] == "private, max-age=30"
    assert "Cache-Control" not in written.headers
    assert (plain.headers.get("Content-Encoding"), cached.headers.get("Content-Encoding")) == (None, "gzip")
    assert cached.json() == plain.json()


def test_empty_bodies_are_a_switch(followed: Emulator, send: Send) -> None:
    text = send("PUT", "settings", json={}).content
    followed.state.switches.empty_bodies = True
    nothing = send("PUT", "settings", json={}).content

    assert (text, nothing) == (b'""', b"")
