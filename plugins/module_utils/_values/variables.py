# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Environment variables as tasks describe them, for projects and contexts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._values.masks import (
    ALWAYS,
    IF_PRESENT,
    ON_CREATE,
    WHEN_MASK_DIFFERS,
    WHEN_OLDER,
    must_set,
)
from ansible_collections.community.circleci.plugins.module_utils._values.moments import past_moment
from ansible_collections.community.circleci.plugins.module_utils._values.yaml_values import written_text

UPDATE_WORDS = (WHEN_MASK_DIFFERS, ALWAYS, ON_CREATE, IF_PRESENT)
UPDATE_VALUE: dict[str, dict[str, Any]] = {
    "update_value": {"type": "str", "choices": list(UPDATE_WORDS), "default": WHEN_MASK_DIFFERS}
}


@dataclass(frozen=True)
class WantedVariable:
    """A variable that a project or a context is to have.

    :param value: empty when it is missing
    :param update_value: when a variable that is there gets the value
    :param not_older_than: what ``when_older`` goes by
    :param missing: whether there is no value, and the variable is left as it is
    """

    name: str
    value: str = field(repr=False)
    update_value: str
    not_older_than: datetime | None
    missing: bool

    @classmethod
    def from_params(cls, params: dict[str, Any], *, skip_missing: bool = False) -> WantedVariable:
        """Check the options of a task.

        :param skip_missing: whether an entry without a value leaves the variable as it is
        :raises CircleCIError: for a name, a value or a date that cannot be. The message does not hold the value.
        """
        name = checked_name(params["name"])
        value = params["value"]
        update_value = params["update_value"]
        not_older_than = params.get("not_older_than")
        if (update_value == WHEN_OLDER) is (not_older_than is None):
            raise invalid(f"Variable {name}: update_value when_older and not_older_than go together.")
        moment = None if not_older_than is None else past_moment(not_older_than, "not_older_than")
        if value is None and not skip_missing:
            raise invalid(
                f"Variable {name} has no value.",
                "Give value; it may be empty text. With skip_missing, where there is that option, variables without "
                "a value are left alone.",
            )
        if isinstance(value, (bool, list, tuple, dict)):
            raise invalid(
                f"The value of variable {name} is {_kind(value)}, not text.",
                "Write it in quotes, or turn it into text with the filter to_json or string.",
            )
        value = written_text(value, f"The value of variable {name}")
        return cls(name, value or "", update_value, moment, value is None)

    def must_set(self, *, there: bool, masks_equal: bool | None = None, updated: datetime | None = None) -> bool | None:
        """Whether the variable is to be set. See :func:`masks.must_set` for what None means.

        :param there: whether the project or context has it; the others are about that
        """
        if self.missing:
            return False
        if not there:
            return self.update_value != IF_PRESENT
        return must_set(
            self.value,
            self.update_value,
            masks_equal=masks_equal,
            not_older_than=self.not_older_than,
            updated=updated,
        )


def checked_name(name: str) -> str:
    """The name of a variable, if a shell can have it.

    :raises CircleCIError: otherwise
    """
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise invalid(
            f"{plain(name)!r} is not the name of an environment variable.",
            "Use letters, digits and underscores; a digit cannot stand first.",
        )
    return name


def _kind(value: object) -> str:
    return "a boolean" if isinstance(value, bool) else "a dictionary" if isinstance(value, dict) else "a list"
