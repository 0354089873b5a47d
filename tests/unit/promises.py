# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the result of every task, whatever it is about. Each run of a module in a test is looked at."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from emulator import Record

Json = dict[str, Any]
OF_EVERY_TASK = {"changed", "failed", "msg", "warnings", "diff"}
AS_CIRCLECI_HAS_THEM = ("build", "builds", "user", "artifacts", "tests")
"""Objects that are returned as CircleCI describes them. The documentation names what people look for."""
FREE = ("parameters", "described.projects")
"""Dictionaries whose keys are the user's own, or options of another module."""
CHANGES = ("added", "removed", "updated")
KEY = {"kind", "public_key", "fingerprint", "fingerprint_sha256"}
KINDS: dict[str, set[str]] = {
    "checkout_key": {*KEY, "type"},
    "context": {"kind", "name"},
    "env_var": {"kind", "name"},
    "file": {"kind", "path", "dest"},
    "following": {"kind"},
    "heroku_key": {"kind"},
    "project_token": {"kind", "id", "label", "scope"},
    "restriction": {"kind", "type", "value", "name"},
    "schedule": {"kind", "name"},
    "setting": {"kind", "name"},
    "ssh_key": {*KEY, "hostname"},
    "ssh_user": {"kind", "login"},
    "webhook": {"kind", "name"},
}
"""The keys of an entry of ``added``, ``removed`` and ``updated``, wherever it is."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BEFORE_REQUESTS = "always, unless the task fails before its first request"
TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (float, int),
    "bool": (bool,),
    "list": (list,),
    "dict": (dict,),
}


@functools.cache
def documented(plugin: str) -> Json:
    """The return values of a module or lookup, as its documentation has them."""
    kind = "lookup" if plugin == "circleci_builds" else "modules"
    file = importlib.import_module(f"ansible_collections.community.circleci.plugins.{kind}.{plugin}")
    found: Json = yaml.load(file.RETURN, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def broken(module: str, result: Json, requests: Sequence[Record], *, check_mode: bool) -> list[str]:
    """What a result promises, and is not so.

    :param requests: what the emulator has got of the task; nothing when it asked somebody else
    """
    failed = bool(result.get("failed"))
    writes = [record for record in requests if record.method not in ("GET", "HEAD")]
    return [
        *undocumented(documented(module), result, Circumstances(failed, asked=bool(requests), whole=False)),
        *_wrong_entries(result),
        *(_wrong_failure(result) if failed else ()),
        *([f"check mode sent {writes[0].method} {writes[0].path}"] if check_mode and writes else ()),
        *(() if failed or "diff" not in result else _wrong_diff(result, writes)),
        *(() if check_mode or module == "circleci_artifacts" else _wrong_change(result, requests, writes)),
    ]


def _wrong_entries(result: Json) -> Iterator[str]:
    for one in [result, *(result.get("projects") or ())]:
        for entry in [entry for name in CHANGES for entry in one.get(name) or () if isinstance(entry, dict)]:
            if set(entry) != KINDS[entry["kind"]]:
                yield f"an entry of {entry['kind']} has {', '.join(sorted(entry))}"


def _wrong_failure(result: Json) -> Iterator[str]:
    if result.get("method") not in (None, *METHODS):
        yield f"method is {result['method']}"
    if not (result.get("path") or "/").startswith("/"):
        yield f"path is {result['path']}"
    if (hint := result.get("hint")) and not result["msg"].rstrip(".").endswith(hint.rstrip(".")):
        yield f"the message does not end with the hint {hint!r}"


def _wrong_diff(result: Json, writes: Sequence[Record]) -> Iterator[str]:
    diffs = result["diff"] if isinstance(result["diff"], list) else [result["diff"]]
    # As people see it: 1 is not true.
    shows_none = all(_text(diff.get("before")) == _text(diff.get("after")) for diff in diffs)
    if shows_none and result["changed"]:
        yield "the diff of a change shows none"
    # What somebody else did meanwhile may be seen in it when the task tried the same.
    if not shows_none and not result["changed"] and not writes:
        yield "the diff shows a change that is none"


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _wrong_change(result: Json, requests: Sequence[Record], writes: Sequence[Record]) -> Iterator[str]:
    carried_out = [record for record in writes if record.status is not None and record.status < 300]
    # What ends by itself meanwhile is not canceled, whatever the answer is.
    carried_out = [record for record in carried_out if not record.path.endswith("/cancel")]
    if result["changed"] and requests and not writes:
        yield "changed, and nothing was written"
    if not result.get("failed") and not result["changed"] and carried_out:
        yield f"unchanged, and {carried_out[0].method} {carried_out[0].path} was carried out"


# --- documentation ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Circumstances:
    """What decides which of the documented values have to be there.

    :param asked: whether the task has sent a request
    :param whole: whether CircleCI's objects are whole; those that a test made up need not be
    """

    failed: bool = False
    asked: bool = True
    whole: bool = True

    def want(self, value: Json, *, outermost: bool) -> bool:
        """Whether a value has to be there, as far as its documentation says so without conditions."""
        returned = value.get("returned", "always")
        if outermost and returned == BEFORE_REQUESTS:
            return self.asked or not self.failed
        return bool(returned == "always" or (outermost and not self.failed and returned.startswith("success")))


def undocumented(
    told: Json, real: Json, when: Circumstances, where: str = "", *, may_be_null: bool = False
) -> Iterator[str]:
    """What differs between the documentation of values and real ones, with its place.

    :param may_be_null: whether the description of what they are in says that values in it may be null
    """
    as_circleci_has_it = where.rstrip(".") in AS_CIRCLECI_HAS_THEM and not when.failed
    for name, value in real.items():
        place = f"{where}{name}"
        if name in told:
            yield from _of_value(told[name], value, when, place, may_be_null=may_be_null)
        elif not as_circleci_has_it and not (where == "" and name in OF_EVERY_TASK):
            yield f"{place} is not documented"
    for name, value in told.items() if when.whole or not as_circleci_has_it else ():
        if name not in real and when.want(value, outermost=where == ""):
            yield f"{where}{name} is missing"


def _of_value(told: Json, value: Any, when: Circumstances, where: str, *, may_be_null: bool) -> Iterator[str]:
    may_be_null = may_be_null or "null" in str(told["description"]).lower()
    if value is None:
        if not may_be_null:
            yield f"{where} is null, which its description does not say"
        return
    if not isinstance(value, TYPES[told["type"]]) or (told["type"] != "bool" and isinstance(value, bool)):
        yield f"{where} is {value!r}, and documented as {told['type']}"
        return
    entries: list[Any] = value if isinstance(value, list) else [value]
    if told["type"] == "list":
        wrong = [entry for entry in entries if not isinstance(entry, TYPES[told["elements"]])]
        if wrong:
            yield f"{where} has the element {wrong[0]!r}, and is documented as a list of {told['elements']}"
            return
    if "contains" in told and not where.endswith(FREE):
        for entry in entries:
            yield from undocumented(told["contains"], entry, when, f"{where}.", may_be_null=may_be_null)
