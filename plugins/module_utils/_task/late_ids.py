# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Ids that an earlier task makes known: given and empty, they mean "known after the run", and never something else.

In check mode that earlier task makes nothing. To core, an option that is null is one that was not given: a task that
names a pipeline by such an id would take the newest one of a branch instead.

Other options may be null, and mean nothing then, but where they say which ones are removed or canceled.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._task.options import Params

LATE_IDS = ("pipeline_id", "pipeline_number", "workflow_id", "build_num")
"""In every module that has options of these names. Such a module says by ``known_after_the_run`` what it returns."""


def take_empty_ids(options: dict[str, dict[str, Any]], given: dict[str, Any]) -> list[str]:
    """Which ids are given, and empty. They are null then, of whatever type the option is.

    :param options: the argument spec
    :param given: what a task gave for it
    """
    found = []
    for name in LATE_IDS:
        for spelling in (name, *options.get(name, {}).get("aliases", ())):
            if name in options and spelling in given and _is_empty(given[spelling]):
                given[spelling] = None
                found.append(name)
    return found


def without(options: dict[str, dict[str, Any]], empty: list[str]) -> dict[str, dict[str, Any]]:
    """The argument spec for a task whose ids are empty: they cannot be asked for."""
    return {name: {**option, "required": False} if name in empty else option for name, option in options.items()}


def given_empty(params: dict[str, Any], *names: str) -> list[str]:
    """Which options a task gave, and as null or as nothing: what they were to come from is not there."""
    given = params.given if isinstance(params, Params) else {}
    return [name for name in names if name in given and _is_empty(given[name])]


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def require_ids(client: Client, empty: list[str]) -> None:
    """Fail for empty ids, but in check mode.

    :raises CircleCIError: then
    """
    names = " and ".join(empty)
    if not client.read_only:
        raise invalid(
            f"{names} is given, but empty.",
            "It comes from a task that made nothing, or was skipped: look at its result. Or leave the option out.",
        )
    client.warn(f"{names} is known after the run only, so nothing more is known of this task in check mode.")


def result_without(client: Client, empty: list[str], nothing: dict[str, Any]) -> dict[str, Any] | None:
    """What check mode says of a task that is not told what to act on; None for one that is.

    :param empty: the options that were to tell
    :param nothing: what the module returns where nothing is known
    :raises CircleCIError: when it is no check mode, see :func:`require_ids`
    """
    if not empty:
        return None
    client.require_token()
    require_ids(client, empty)
    return {"changed": True, **nothing}
