# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether check mode said what the run then did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

UNKNOWN = "(known after the run)"
"""What a diff shows for a value that only the server knows. In results it is null."""

MADE_BY_CIRCLECI = {
    "public_key": ("fingerprint", "fingerprint_sha256", "time", "login"),
    "build_num": ("revision", "branch"),
    "id": ("time", "created_at", "value"),
    "updated_at": ("created_at",),
}
"""Fields that only the server knows: a thing whose first one is open in a prediction is new, and the others may be too.

A new key may be tied to an account that the user has at GitHub or Bitbucket. A new build is of what the branch holds
then, and of the default branch where the task names none. A new context is restricted to the organization's own id.
"""
NEW_BUILDS = ("build", "builds", "first_build")
"""What a result holds of builds that are only started by the run."""
TOLD_ONCE = "token"
"""What a result holds of a project token that the run makes: its text."""


def differences(predicted: dict[str, Any], real: dict[str, Any]) -> list[str]:
    """The places where the result of a task in check mode is wrong, given the result of the run."""
    shown = {"diff": predicted.get("diff")}, {"diff": real.get("diff")}
    told = _without_diff(predicted), _without_diff(real)
    missing = [f"{name} is in one of them only" for name in sorted(predicted.keys() ^ real.keys())]
    return [*missing, *_wrong(*shown, UNKNOWN, ""), *_wrong(*told, None, "")]


def _without_diff(result: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in result.items() if name != "diff"}


def _wrong(predicted: Any, real: Any, unknown: str | None, place: str) -> Iterator[str]:
    """The places where a prediction is wrong.

    :param unknown: what stands for a value that only the server knows
    """
    if isinstance(predicted, dict) and isinstance(real, dict):
        left_open = {first for first in MADE_BY_CIRCLECI if first in predicted and predicted[first] == unknown}
        left_open |= {name for first in left_open for name in MADE_BY_CIRCLECI[first] if predicted.get(name) == unknown}
        for name in predicted.keys() | real.keys():
            inside = f"{place}.{name}" if place else name
            if name in left_open:
                if real.get(name) == UNKNOWN or (real.get(name) is None and (unknown or name in MADE_BY_CIRCLECI)):
                    yield f"{inside}: left open, and not known after the run either"
            elif name not in predicted or name not in real:
                yield f"{inside}: is in one of them only"
            elif name == TOLD_ONCE and predicted[name] is None and isinstance(real[name], str):
                pass
            elif not (name in NEW_BUILDS and predicted[name] in (None, []) and _are_builds(real[name])):
                yield from _wrong(predicted[name], real[name], unknown, inside)
    elif isinstance(predicted, list) and isinstance(real, list) and len(predicted) == len(real):
        for index, (one, other) in enumerate(zip(predicted, real, strict=True)):
            yield from _wrong(one, other, unknown, f"{place}[{index}]")
    elif real == UNKNOWN or type(predicted) is not type(real) or predicted != real:
        yield f"{place}: {real!r} instead of {predicted!r}"


def _are_builds(value: Any) -> bool:
    """Whether this is a build, or some, as only the run can return them."""
    builds = value if isinstance(value, list) else [value]
    return bool(builds) and all(isinstance(build, dict) and isinstance(build.get("build_num"), int) for build in builds)
