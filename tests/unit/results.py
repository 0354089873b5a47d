# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests say of the results of modules."""

from __future__ import annotations

from typing import Any


def failed(result: dict[str, Any], words: str) -> None:
    """The task failed, and said so in these words among others."""
    assert result.get("failed") is True, result
    assert words in result["msg"]
