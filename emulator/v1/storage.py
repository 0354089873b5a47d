# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the service keeps on other hosts: outputs of steps behind signed links, and artifacts.

Here it is the same server, which answers to `localhost` where the API is at `127.0.0.1` and the other way round.
"""

from __future__ import annotations

import hmac
import json
import re
from typing import Final
from urllib.parse import unquote

from emulator.http.exchange import Answer, Call, html_not_found
from emulator.http.links import signature
from emulator.http.routing import NUMBER
from emulator.world import steps
from emulator.world.model import Build
from emulator.world.state import State

_OUTPUT: Final = re.compile(f"/action-output/([^/]+/[^/]+/[^/]+)/({NUMBER})/({NUMBER})/({NUMBER})")
_ARTIFACT: Final = re.compile(f"/artifacts/([^/]+/[^/]+/[^/]+)/({NUMBER})/0/(.+)")


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
    # A store that gets two proofs of identity refuses both, and a token has no business here anyway.
    if "Authorization" in call.headers or "Circle-Token" in call.headers:
        return _xml(400, "InvalidArgument", "Only one auth mechanism allowed")
    expires = call.query.get("X-Amz-Expires", "")
    wanted = signature(state.signing_key, call.path, expires)
    # Compared as bytes, for text that is not ASCII is no signature but no error either.
    if not hmac.compare_digest(wanted.encode(), call.query.get("X-Amz-Signature", "").encode()):
        return _xml(403, "SignatureDoesNotMatch", "The signature does not match")
    if int(expires) < state.now():
        return _xml(403, "AccessDenied", "Request has expired")
    build = _build(state, match)
    step, index = int(match[3]), int(match[4])
    if build is None or not steps.exists(build, step, index):
        return _xml(404, "NoSuchKey", "The specified key does not exist.")
    return Answer(json.dumps(steps.output(build, step, index)), content_type="application/json")


def _artifact(state: State, call: Call, match: re.Match[str]) -> Answer:
    build = _build(state, match)
    path = unquote(match[3])
    if build is None or path not in steps.ARTIFACTS:
        return html_not_found()
    token = state.tokens.get(call.token) if call.token else None
    if not build.project.oss and (token is None or token.project not in (None, build.project.slug)):
        return Answer('{"message":"You must log in first."}', 401, content_type="application/json")
    return Answer(steps.ARTIFACTS[path], content_type="application/octet-stream")


def _build(state: State, match: re.Match[str]) -> Build | None:
    project = state.find_project("/".join(unquote(part) for part in match[1].split("/")))
    return project.build(int(match[2])) if project else None


def _xml(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(text, status, content_type="application/xml")
