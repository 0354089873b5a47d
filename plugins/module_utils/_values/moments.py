# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Moments as CircleCI writes them (``api-v1.1.md`` §3.6), and how old things are."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone

SECONDS_OF_A_DAY = 86400


def moment_of(text: str | None) -> datetime | None:
    """The moment that a text in ISO 8601 names. Without a zone it is in UTC.

    :returns: None when it names none
    """
    try:
        moment = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def all_older_than(texts: Iterable[str | None], days: int) -> bool:
    """Whether the newest of some things is older than so many days.

    What has no readable date counts as old: it cannot be shown to be new.
    """
    now = datetime.now(timezone.utc)
    moments = [moment_of(text) for text in texts]
    return all(moment is None or (now - moment).total_seconds() > days * SECONDS_OF_A_DAY for moment in moments)
