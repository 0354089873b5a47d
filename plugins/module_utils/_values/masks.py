# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""What CircleCI shows of a secret that cannot be read back (``api-v1.1.md`` §3.5)."""

from __future__ import annotations


def mask(value: str) -> str:
    """What the API shows of a value: ``xxxx`` and up to four characters of its end, at most half of it (§3.5)."""
    return "xxxx" + value[len(value) - min(4, len(value) // 2) :]
