# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""CircleCI's REST APIs v1.1 and v2 for one task: reads, lists in pages, writes, and downloads.

Section numbers refer to ``api-v1.1.md``, the project's notes on API v1.1; those with PF to ``api-v2-pipelines.md``,
with VF to ``api-v2-provisioning.md``.
"""

from __future__ import annotations

import contextlib
import itertools
import json
from collections.abc import Callable, Collection, Iterator
from typing import Any, TypeVar

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import urllib3

from ansible_collections.community.circleci.plugins.module_utils._http.answers import (
    acknowledgement,
    an_object,
    objects,
    parsed_json,
    read_answer,
    with_fields,
)
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download, download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import (
    CircleCIError,
    invalid,
    unusable,
)
from ansible_collections.community.circleci.plugins.module_utils._http.urls import is_at_home
from ansible_collections.community.circleci.plugins.module_utils._http.wire import Wire

PAGE_SIZE = 100
MOST_PAGES = 1000
SETTLING_PAUSE = 1.0  # seconds between two looks at the state after a doubtful write
SETTLING_LOOKS = 5
"""How often it is looked again: as long as after a clear answer, because lists lag behind just as much."""
WANTS_A_BODY = "No JSON fields found."

T = TypeVar("T")


class Client(Wire):
    """The API for one task. See :class:`Wire` for its settings."""

    def require_token(self) -> None:
        """Fail when there is no token at all.

        :raises CircleCIError: then
        """
        if not self.token:
            raise invalid(
                "No API token was given.",
                "Set api_token, or the environment variable CIRCLE_TOKEN, to a personal API token of CircleCI.",
            )

    def require_personal_token(self) -> None:
        """Fail unless CircleCI knows the token as one of a person (§1.2, §3.1). Asked once in a task.

        :raises CircleCIError: when it is invalid or a project token
        """
        self.require_token()
        if not self._personal:
            try:
                self.get_user()
            except CircleCIError as error:
                if error.status != 404:  # a server without this endpoint says nothing about the token
                    raise
            self._personal = True

    # --- reading --------------------------------------------------------------------------------------------------

    def get(self, path: str, **query: Any) -> Any:
        """Read. Repeated after transient failures.

        :param path: below ``/api/``: it names its API, as in ``v1.1/me``; its segments are encoded
        :param query: parameters; those that are None are left out
        :raises CircleCIError: for every answer but 2xx with JSON
        """
        return self._call("GET", path, query=query)

    def get_object(self, path: str, **query: Any) -> dict[str, Any]:
        """Read an object. See :meth:`get`."""
        found: dict[str, Any] = self._call("GET", path, query=query, shape=an_object)
        return found

    def get_user(self) -> dict[str, Any]:
        """Read who the token belongs to (§3.1). See :meth:`get`."""
        found: dict[str, Any] = self._call("GET", "v1.1/me", shape=with_fields(login=str))
        return found

    def get_list(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Read a list of objects. See :meth:`get`."""
        found: list[dict[str, Any]] = self._call("GET", path, query=query, shape=objects)
        return found

    def get_pages(
        self,
        path: str,
        *,
        limit: int,
        offset: int = 0,
        identity: Callable[[dict[str, Any]], Any],
        **query: Any,
    ) -> list[dict[str, Any]]:
        """Read a long list of API v1.1, page by page (§1.6).

        What appears twice, because the list grew meanwhile, is given once.

        :param limit: how many items at most
        :param offset: how many to leave out at the start
        :param identity: what makes two items the same one
        """
        found: dict[Any, dict[str, Any]] = {}
        stale_pages = 0
        while len(found) < limit and stale_pages < 2:
            size = min(PAGE_SIZE, limit - len(found))
            page = self.get_list(path, limit=size, offset=offset, **query)
            known = len(found)
            for item in page:
                found.setdefault(identity(item), item)
            stale_pages = stale_pages + 1 if len(found) == known else 0
            offset += len(page)
            if len(page) < size:
                break
        return list(found.values())[:limit]

    def get_items(self, path: str, *, limit: int | None = None, **query: Any) -> list[dict[str, Any]]:
        """Read a list of API v2, all pages of it. See :meth:`iterate`.

        :param limit: how many items at most; None for all
        """
        return list(itertools.islice(self.iterate(path, **query), limit))

    def iterate(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Give the items of a list of API v2 one by one; the next page is asked for when it is needed (PF §1.3).

        What appears twice, because the list grew meanwhile, is given once. A page that comes again ends the list: some
        lists give a token for a next page and then the same page for it (VF §1.1).

        :raises CircleCIError: for an answer that is no such list, and for a list without an end
        """
        known: set[str] = set()
        tokens: set[str] = set()
        for _page in range(MOST_PAGES):
            page = self._call("GET", path, query=query, shape=_a_page)
            fresh = False
            for item in page["items"]:
                identity = json.dumps(item["id"] if item.get("id") else item, sort_keys=True)
                if identity not in known:
                    known.add(identity)
                    fresh = True
                    yield item
            token = page.get("next_page_token")
            if not token or token in tokens or (page["items"] and not fresh):
                return
            tokens.add(token)
            query = {**query, "page-token": token}
        raise unusable(f"CircleCI's list {path} has no end: {MOST_PAGES} pages were read.", path)

    # --- writing --------------------------------------------------------------------------------------------------

    def write(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        repeatable: bool,
        seen: Callable[[], T | None] | None = None,
        shape: Callable[[Any], Any] | None = None,
        success: int | None = None,
    ) -> Any:
        """Change something.

        :param method: POST, PUT, PATCH or DELETE
        :param path: below ``/api/``: it names its API, as in ``v1.1/me``; its segments are encoded
        :param body: sent as JSON; None sends no body
        :param repeatable: whether the API takes the same request twice without harm
        :param seen: looks at the state and returns what shows that the write was carried out, else None.
            Asked when the answer leaves that in doubt; the write itself is never sent a second time then.
        :param shape: checks the answer and raises ValueError
        :param success: with another status from 200 to 299, a message alone says why it was not carried out (PF §2.2);
            None where each of them is a success
        :returns: the answer, or what ``seen`` found
        :raises CircleCIError: when it was not carried out, or nobody can tell
        """
        try:
            answer = self._write_once(method, path, body, repeatable, shape, success)
        except CircleCIError as error:
            if not error.doubtful or seen is None:
                raise
            answer = self._settle(error, seen)
        self.wrote = True
        return answer

    def delete(self, path: str, body: dict[str, Any] | None = None, *, gone: Callable[[], bool]) -> None:
        """Delete something. That it is gone already is as good (§1.3).

        :param gone: looks at the state when the answer leaves in doubt whether it was carried out
        :raises CircleCIError: when it may still be there
        """
        try:
            self.write("DELETE", path, body, repeatable=True, seen=lambda: gone() or None, shape=acknowledgement)
        except CircleCIError as error:
            if not error.thing_not_found:
                raise
            self.wrote = True

    def _write_once(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None,
        repeatable: bool,
        shape: Callable[[Any], Any] | None,
        success: int | None,
    ) -> Any:
        """Send a write, and once more with an empty object where the API asks for a body: nothing was done then."""
        try:
            return self._call(method, path, body=body, repeatable=repeatable, shape=shape, success=success)
        except CircleCIError as error:
            if body is not None or error.doubtful or (error.status, error.error) != (400, WANTS_A_BODY):
                raise
        return self._call(method, path, body={}, repeatable=repeatable, shape=shape, success=success)

    def _settle(self, error: CircleCIError, seen: Callable[[], T | None]) -> T:
        """Find out what became of a doubtful write."""
        try:
            for pause in (0.0, *[SETTLING_PAUSE] * SETTLING_LOOKS):
                self.patience.pause(pause)
                if (found := seen()) is not None:
                    return found
        except CircleCIError as second:
            self.wrote = True  # It may have, and that is what a handler should assume.
            what = second.message if second.method is None else f"What became of it cannot be read: {second.message}"
            error.message = f"{error.message.rstrip('.')}. {what}"
            error.hint = "Look at the project on CircleCI before you run this task again."
            raise error from second
        error.message = (
            f"{error.message.rstrip('.')}. It was not sent again, and {SETTLING_PAUSE * SETTLING_LOOKS:.0f} s later "
            "nothing of it is to be seen"
        )
        error.hint = error.hint or "Run the task again: it looks at the state first."
        raise error

    # --- what lies elsewhere --------------------------------------------------------------------------------------

    def get_foreign(self, url: str) -> Any:
        """Read JSON from a signed URL that CircleCI gave. The token goes along only to CircleCI itself (§3.3).

        :raises CircleCIError: when it cannot be read; the URL, which is as good as a password, is not in it
        """
        token = self.token if is_at_home(url, self.url) else None
        try:
            answer = self.sent("GET", url, token, read_answer)
            if answer.status != 200:
                raise invalid(f"The server with the outputs answered {answer.status}.")
            return parsed_json(answer)
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as exc:
            raise invalid(f"The output of a step could not be read ({type(exc).__name__}).") from exc

    def download(self, url: str, receive: Callable[[Download], T], *, hosts: Collection[str] = ()) -> T:
        """Hand a file that CircleCI keeps elsewhere to a receiver. See :func:`.downloads.download`."""
        return download(self, url, receive, hosts)


def _a_page(answer: Any) -> dict[str, Any]:
    """A page of a list of API v2.

    :raises ValueError: when it is none
    """
    page = an_object(answer)
    objects(page.get("items"))
    if not isinstance(page.get("next_page_token"), (str, type(None))):
        raise ValueError("its next_page_token is no text.")
    return page
