# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service keeps on other hosts: outputs of steps behind signed links, and artifacts.

Outputs lie in a store behind signed links. Artifacts have addresses at the service's own origin, which wants the token
and redirects to that store. The store is the same server, which answers to `localhost` where the API is at `127.0.0.1`
and the other way round.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import Final
from urllib.parse import unquote

from emulator.http.exchange import Answer, Call, Stream, html_not_found
from emulator.http.links import Links, signature
from emulator.http.routing import NUMBER
from emulator.world import steps
from emulator.world.artifacts import Artifact, Artifacts
from emulator.world.model import Build
from emulator.world.state import State

_OUTPUT: Final = re.compile(f"/action-output/([^/]+/[^/]+/[^/]+)/({NUMBER})/({NUMBER})/({NUMBER})")
_ARTIFACT: Final = re.compile(f"/(artifacts|store)/([^/]+/[^/]+/[^/]+)/({NUMBER})/({NUMBER})/(.+)")
_RANGE: Final = re.compile(r"bytes=(\d+)-(\d*)")


def answer(state: State, call: Call) -> Answer | None:
    """Return the answer to a GET of a stored file, None if the path is none of ours."""
    if call.method != "GET":
        return None
    if match := _OUTPUT.fullmatch(call.path):
        return _output(state, call, match)
    if match := _ARTIFACT.fullmatch(call.path):
        return _artifact(state, call, match)
    return None


def _output(state: State, call: Call, match: re.Match[str]) -> Answer:
    if refused := _refusal(state, call):
        return refused
    build = _build(state, match[1], match[2])
    step, index = int(match[3]), int(match[4])
    if build is None or not steps.exists(build, step, index):
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    return Answer(json.dumps(steps.output(build, step, index)), content_type="application/json")


def _artifact(state: State, call: Call, match: re.Match[str]) -> Answer:
    build = _build(state, match[2], match[3])
    if match[1] == "store":
        return _refusal(state, call) or _stored(state, call, build, match)
    if build is None or _find(state, build, match) is None:
        return html_not_found()
    token = state.tokens.get(call.token) if call.token else None
    if not build.project.oss and (token is None or token.project not in (None, build.project.slug)):
        return Answer('{"message":"You must log in first."}', 401, content_type="application/json")
    links = Links(call.base_url, state.signing_key, state.now())
    return Answer("", 302, {"Location": links.stored(call.path.removeprefix("/artifacts/"))}, "text/plain")


def _refusal(state: State, call: Call) -> Answer | None:
    """Return what a store says to a link that is not, or no longer, good; None if it is."""
    # Who brings two proofs of identity is refused, and a token has no business here anyway.
    if "Authorization" in call.headers or "Circle-Token" in call.headers:
        return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
    expires = call.query.get("X-Amz-Expires", "")
    wanted = signature(state.signing_key, call.path, expires)
    # Compared as bytes, for text that is not ASCII is no signature but no error either.
    if not hmac.compare_digest(wanted.encode(), call.query.get("X-Amz-Signature", "").encode()):
        return _xml(403, "SignatureDoesNotMatch", "The signature does not match")
    if int(expires) < state.now():
        return _xml(403, "AccessDenied", "Request has expired")
    return None


def _stored(state: State, call: Call, build: Build | None, match: re.Match[str]) -> Answer:
    """Return a file of the store, or the range of it that is asked for."""
    artifact = _find(state, build, match) if build else None
    if artifact is None:
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    headers = {"Accept-Ranges": "bytes"} | ({"ETag": artifact.tag} if artifact.tag else {})
    start, stop, status = 0, artifact.length, 200
    if wanted := _RANGE.fullmatch(call.headers.get("Range", "")):
        start = int(wanted[1])
        stop = min(int(wanted[2]) + 1, stop) if wanted[2] else stop
        if start >= stop:
            return _xml(416, "InvalidRange", "The requested range is not satisfiable")
        status = 206
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{artifact.length}"
    body = Stream(stop - start, artifact.chunks(start, stop), state.part(Artifacts).switches.store_rate)
    return Answer(body, status, headers, "application/octet-stream")


def _find(state: State, build: Build, match: re.Match[str]) -> Artifact | None:
    node, path = int(match[4]), unquote(match[5])
    found = [each for each in state.part(Artifacts).of(build) if (each.node, each.path) == (node, path)]
    return found[0] if found else None


def _build(state: State, slug: str, number: str) -> Build | None:
    project = state.find_project("/".join(unquote(part) for part in slug.split("/")))
    return project.build(int(number)) if project else None


def _xml(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(text, status, content_type="application/xml")
