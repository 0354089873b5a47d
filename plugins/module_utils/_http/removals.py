# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What CircleCI has announced to remove from API v1.1, and what to use instead (PF §0, ``api-v2-pipelines.md``)."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ansible_collections.community.circleci.plugins.module_utils._http.answers import http_date
from ansible_collections.community.circleci.plugins.module_utils._http.errors import plain
from ansible_collections.community.circleci.plugins.module_utils._http.urls import shown_path

_STARTS = re.compile(r"/api/v1\.1/project(/[^/]+){3}(/build|/tree/[^/]+)?$")
_RERUNS = re.compile(r"/api/v1\.1/project(/[^/]+){3}/[0-9]+/(retry|ssh)$")
# Builds of workflows run again by API v2, so that these calls are made for all others only, which v2 has nothing for.
_RERUN = "Only builds of workflows can be run again then. Start a pipeline with community.circleci.circleci_pipeline."
_START = (
    "Use trigger: pipeline with parameters in the place of job and build_parameters, or "
    "community.circleci.circleci_pipeline."
)
_UPDATE = "A later version of this collection may do without it: look for one."


def removal_warning(method: str, url: str, sunset: str | None) -> str:
    """What to tell whoever still uses a call that is going to be removed.

    :param sunset: the header ``Sunset``, an HTTP date
    """
    known = _announced(method, urlsplit(url).path)
    if known is None:
        # The same words for all projects, so that many of them are told in one line.
        call = re.sub("project(/[^/]+){3}", "project/…", shown_path(url))
        return f"CircleCI removes {method} {call}, {_when(sunset)}. {_UPDATE}"
    what, instead = known
    return f"CircleCI removes this way of {what} builds, by API v1.1, {_when(sunset)}. {instead}"


def removal_hint(method: str, url: str) -> str:
    """What to do about an answer that says that something is gone (410)."""
    known = _announced(method, urlsplit(url).path)
    if known is None:
        return f"What was asked for has expired, or CircleCI has removed this call. {_UPDATE}"
    return f"CircleCI has removed this call from API v1.1. {known[1]}"


def _announced(method: str, path: str) -> tuple[str, str] | None:
    """What one of the calls does whose removal is known, and what to use instead."""
    if method != "POST":
        return None
    if _RERUNS.search(path):
        return "repeating", _RERUN
    return ("starting", _START) if _STARTS.search(path) else None


def _when(sunset: str | None) -> str:
    if not sunset:
        return "soon"
    moment = http_date(sunset)
    return f"on {moment.date().isoformat()}" if moment else f"soon ({plain(sunset, 50)})"
