# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What CircleCI has announced to remove from API v1.1, and what to use instead (PF §0, ``api-v2-pipelines.md``)."""

from __future__ import annotations

import email.utils
import re

from ansible_collections.community.circleci.plugins.module_utils._http.errors import plain

_RERUNS = re.compile(r"/[0-9]+/(retry|ssh)$")
# Builds of workflows run again by API v2, so that these calls are made for all others only, which v2 has nothing for.
_RERUN = "Only builds of workflows can be run again then. Start a pipeline with community.circleci.circleci_pipeline."
_START = (
    "Use trigger: pipeline with parameters in the place of job and build_parameters, or "
    "community.circleci.circleci_pipeline."
)


def removal_warning(path: str, sunset: str | None) -> str:
    """What to tell whoever still uses a call that is going to be removed.

    :param path: of the request
    :param sunset: the header ``Sunset``, an HTTP date
    """
    what = "repeating" if _RERUNS.search(path) else "starting"
    return f"CircleCI removes this way of {what} builds, by API v1.1, {_when(sunset)}. {successor(path)}"


def successor(path: str) -> str:
    """What to use instead of a call that is removed.

    :param path: of the request
    """
    return _RERUN if _RERUNS.search(path) else _START


def _when(sunset: str | None) -> str:
    if not sunset:
        return "soon"
    try:
        return f"on {email.utils.parsedate_to_datetime(sunset).date().isoformat()}"
    except (TypeError, ValueError, IndexError, OverflowError):
        return f"soon ({plain(sunset, 50)})"
