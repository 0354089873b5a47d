# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What failed, told so that a user can act on it; and what the API says in its refusals."""

from __future__ import annotations

import json
import re
from typing import Any

THROTTLED = 429
TIMED_OUT = 408
TRANSIENT = frozenset({TIMED_OUT, 500, 502, 503, 504})
LONGEST_ERROR = 1000  # characters of an API message that are shown
CUT = "…"  # stands at the end of a text that was longer
PROJECT_NOT_FOUND = "Project not found"
PATH_NOT_FOUND = "404 page not found"
"""What CircleCI's newer services, and many a proxy, say of a path that they do not know (VF §0.1)."""
V2 = "/api/v2/"
HTML_PAGE = "an HTML page instead of an answer of the API"
CHECK_ADDRESS = "Check api_url and whether a proxy stands between."
_FOLLOW_FIRST = "follow it first, with circleci_project_follow or following: true in circleci_projects"
_APPROVAL_HINT = "Approving needs the right to push to the repository."
CHECK_OPTION = "Check the option or the variable that it comes from."


class CircleCIError(Exception):
    """A failure, told so that a user can act on it.

    :param message: what was asked of which project and what came of it
    :param status: the HTTP status code, where an answer is the cause
    :param method: the HTTP method of the request, where there was one
    :param path: the path of the request, without its query
    :param error: the API's own words
    :param hint: what to do about it
    :param doubtful: whether a write may have been carried out all the same
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        method: str | None = None,
        path: str | None = None,
        error: str | None = None,
        hint: str | None = None,
        doubtful: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.method = method
        self.path = path
        self.error = error
        self.hint = hint
        self.doubtful = doubtful
        self.partial: dict[str, Any] = {}
        """Results of the steps that were carried out before the failure."""
        self.outcome: Any = None
        """What these steps did, as a plan tells it."""

    def __str__(self) -> str:
        return self.message

    @property
    def project_not_found(self) -> bool:
        """Whether CircleCI does not know the project, or the token may not see it (§1.3)."""
        return self.status == 404 and self.error == PROJECT_NOT_FOUND

    @property
    def repository_not_found(self) -> bool:
        """Whether GitHub or Bitbucket does not show CircleCI the repository (§1.3)."""
        return self.status == 404 and self.error == "Not Found"

    @property
    def thing_not_found(self) -> bool:
        """Whether the project is there, but not the key or variable that was asked for (§1.3)."""
        if self.project_not_found or self.error == PATH_NOT_FOUND:
            return False
        return self.status == 404 and (self.error or "").lower().endswith(" not found")

    @property
    def told(self) -> str:
        """The message with the hint behind it."""
        return f"{self.message.rstrip('.')}. {self.hint}" if self.hint else self.message

    def result(self) -> dict[str, Any]:
        """The failure as the result of a task."""
        result: dict[str, Any] = {**self.partial, "failed": True, "msg": self.told}
        if self.hint is not None or self.method is not None:
            result.update(hint=self.hint)
        if self.method is not None:
            result.update(method=self.method, path=self.path)
        if self.status is not None:
            result.update(status=self.status, error=self.error)
        return result


def invalid(message: str, hint: str | None = None) -> CircleCIError:
    """An error that was seen before any request."""
    return CircleCIError(message, hint=hint)


def interrupted() -> CircleCIError:
    """An error for what is not done any more, because the task is over."""
    return invalid("The task was interrupted.")


def unusable(message: str, path: str) -> CircleCIError:
    """An error for an answer to a read that is not what the API gives.

    :param path: of the request, below ``/api/``
    """
    return CircleCIError(message, method="GET", path=f"/api/{path}", hint=CHECK_ADDRESS)


def plain(text: str, longest: int = LONGEST_ERROR) -> str:
    """Foreign text made safe for a terminal: control characters escaped, length bounded."""
    safe = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
    return safe if len(safe) <= longest else f"{safe[:longest]}{CUT}"


def api_message(body: bytes) -> str:
    """What the API says about its refusal: JSON, GitHub's JSON as text inside ``message``, or HTML (§1.3)."""
    text = body[:100_000].decode("utf-8", "replace")
    for _level in range(3):
        try:
            parsed = json.loads(text)
        except (ValueError, RecursionError):
            break
        if not isinstance(parsed, dict):
            break
        text = parsed.get("message") or parsed.get("error") or ""
        if not isinstance(text, str):
            text = json.dumps(text)
        details = parsed.get("errors")
        for detail in details if isinstance(details, list) else []:
            if isinstance(detail, dict) and isinstance(detail.get("message"), str):
                text = f"{text}: {detail['message']}"
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        return HTML_PAGE
    return plain(text.strip()) or "no reason given"


def is_trouble(status: int) -> bool:
    """Whether a status says that an answer failed, not that it is no: what was asked for may be done all the same."""
    return status >= 500 or status == TIMED_OUT


def hint_for(status: int, error: str, path: str, has_token: bool) -> str | None:
    """What a user can do about a refusal."""
    lower = error.lower()
    if status == 401:
        return (
            "The token is invalid or expired, or it is a project token: give a personal API token."
            if has_token
            else "Give an API token as api_token, or in the environment variable CIRCLE_TOKEN."
        )
    if status == THROTTLED:
        return "Run the task again later, or give it a larger retry_budget."
    if error == HTML_PAGE and status in (403, 404):
        return CHECK_ADDRESS
    if error == PATH_NOT_FOUND:
        return f"This CircleCI does not know the call; it may be an older CircleCI Server. {CHECK_ADDRESS}"
    about_thing = _context_hint(status, lower, path) if "/v2/context" in path else None
    if "/approve/" in path and status in (400, 403, 409, 422):
        about_thing = _APPROVAL_HINT
    if status == 403 and re.search(r"/api/[^/]+/me(/|$)", path):
        return "Project tokens belong to nobody: give a personal API token."
    if status == 403:
        if "rate limit" in lower:
            return "GitHub throttles CircleCI itself. Run the task again later."
        if "sso" in lower or "saml" in lower or "oauth app" in lower:
            return "Have an owner of the organization authorize CircleCI there, then run the task again."
        return about_thing or (
            "The token's user needs admin rights on the repository, and the token must be a personal one: "
            "project tokens cannot do this."
        )
    if about_thing and not is_trouble(status):
        return about_thing
    if status == 422 and "hook" in lower:
        return "Remove surplus webhooks of CircleCI in the repository's settings at GitHub, then run the task again."
    if status == 404 and error == PROJECT_NOT_FOUND:
        if not has_token:
            return "Only open-source projects can be read without a token: give api_token."
        if V2 in path:
            return (
                f"CircleCI does not know the project, or the token may not see it: {_FOLLOW_FIRST}, use a personal "
                "token, and check the slug, which begins with circleci/ for a project of the GitHub App."
            )
        return (
            f"CircleCI does not know the project yet, or the token has expired or may not see it: {_FOLLOW_FIRST}, or "
            "check the slug and the token."
        )
    if status == 404 and V2 in path and lower.rstrip(".").endswith(" not found"):
        return "Check the id. API v2 shows nothing to project tokens: use a personal one."
    if status == 404 and error == "Not Found":
        if path.endswith("/checkout-key"):
            return (
                "The repository does not exist or is not visible to the token's user, or, for a user key, CircleCI "
                "lacks the grant admin:public_key: authorize it once under the project's settings, SSH keys."
            )
        return "The repository does not exist, or is not visible to the token's user: check the slug."
    if status == 400 and "invalid project slug" in lower:
        return (
            "A slug that begins with circleci/ is made of ids, not of names: circleci/<organization id>/<project id>. "
            "It stands in the address of the project's page on CircleCI."
        )
    if status == 400 and "private key" in lower:
        return "CircleCI does not take this kind of key: an RSA key in PEM format works everywhere."
    if status == 400 and "branch not found" in lower:
        return "Push the branch first, or check its name; branches of forks cannot be built this way."
    if is_trouble(status):
        return "CircleCI has trouble: look at its status page and run the task again later."
    return None


def _context_hint(status: int, error: str, path: str) -> str | None:
    """What a user can do about a refusal that concerns contexts (VF §1).

    :param error: in small letters
    """
    if path.endswith("/context") and ("owner" in error or status in (403, 404)):
        return (
            "Check organization and vcs_type, and that the token is a personal one of a member. On CircleCI Server, "
            "give the uuid of the organization."
        )
    if status == 403:
        return (
            "CircleCI does not tell whether a context is gone or forbidden. The token must be a personal one. Only "
            "administrators of the organization change restrictions, and only members of the groups that a context is "
            "restricted to change its variables."
        )
    if "cannot create more than" in error:
        return "Remove variables that nobody needs, with env_vars_exclusive for example, or make a second context."
    if path.endswith("/restrictions") and error.startswith("invalid"):
        return "Check the expression, or whether the project is one of this CircleCI."
    return None
