# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Many projects in one task, brought to what they are to be side by side."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import IN_DOUBT
from ansible_collections.community.circleci.plugins.module_utils._resources.one_project import bring_about
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_projects import WantedProject
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side
from ansible_collections.community.circleci.plugins.module_utils._task.words import counted, each_once, reasons
from ansible_collections.community.circleci.plugins.module_utils._values.masks import left_in_doubt

REPORT_EVERY = 5.0  # seconds between two lines on how far the task is
NAMED_KINDS = {"env_var": "variable", "setting": "setting", "webhook": "webhook", "schedule": "schedule"}
KINDS_OF_CHANGE = {"added": "would add", "removed": "would remove", "updated": "would update"}


def bring_all_about(client: Client, wanted: list[WantedProject], concurrency: int) -> dict[str, Any]:
    """Make all projects what they are to be, several at a time, and return the result of the task.

    :param concurrency: how many at a time
    :raises CircleCIError: at the end, with everything that was done, when some failed
    """
    progress = _Progress(client, len(wanted))
    try:
        projects = side_by_side(
            client,
            lambda one: bring_about(client.copy(), one),
            wanted,
            concurrency,
            each=lambda done: progress.note(done.item),
            tick=progress.tell_when_due,
        )
    finally:
        progress.tell()
    for warning in each_once((each.project, text) for each, done in zip(wanted, projects) for text in done.warnings):
        client.warn(warning)
    unsure = [f"{name} of {done.item['project']}" for done in projects for name in done.unsure]
    if unsure:
        client.warn(left_in_doubt(unsure, *IN_DOUBT))
    items = [done.item for done in projects]
    result = {
        "changed": any(item["changed"] for item in items),
        "projects": items,
        "summary": progress.summary(),
        "diff": [done.diff for done in projects if done.diff],
    }
    failed = [(each.project, item["msg"]) for each, item in zip(wanted, items) if item["failed"]]
    if failed:
        error = CircleCIError(
            f"{len(failed)} of {counted(len(items), 'project', 'projects')} failed: {reasons(failed)}",
            hint=_next_run(client, everything=len(failed) == len(items)),
        )
        error.partial = result
        raise error
    return result


def _next_run(client: Client, *, everything: bool) -> str:
    """What to do when projects failed.

    :param everything: whether all did
    """
    if client.read_only:
        return "Nothing was changed: this was a prediction. Mend the causes and run the task again."
    if everything:
        return "Mend the causes and run the task again."
    return "The others are done. Run the task again: it repairs just the rest."


class _Progress:
    """Counts, and what the user is told while the task runs."""

    def __init__(self, client: Client, total: int) -> None:
        self._client = client
        self._total = total
        self._counts: Counter[str] = Counter()
        self._started = time.monotonic()
        self._due = self._started + REPORT_EVERY

    def note(self, item: dict[str, Any]) -> None:
        """Count a project that is done, and say what was changed in it."""
        self._counts.update(done=1, changed=int(item["changed"]), failed=int(item["failed"]))
        for kind, prediction in KINDS_OF_CHANGE.items():
            for thing in item[kind]:
                verb = prediction if self._client.read_only else kind
                self._client.report(f"{item['project']}: {verb} {_in_words(thing)}")
        if item["failed"]:
            self._client.report(f"{item['project']}: failed: {item['msg']}", failed=True)

    def tell_when_due(self) -> None:
        """Say how far the task is, every few seconds."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + REPORT_EVERY
            self.tell()

    def tell(self) -> None:
        """Say how far the task is."""
        counts, seconds = self._counts, time.monotonic() - self._started
        self._client.report(
            f"{counts['done']} of {counted(self._total, 'project', 'projects')}, {counts['changed']} changed, "
            f"{counts['failed']} failed, {seconds:.0f} s"
        )

    def summary(self) -> dict[str, int]:
        """The counts for the result."""
        changed, failed = self._counts["changed"], self._counts["failed"]
        return {"total": self._total, "ok": self._total - failed, "changed": changed, "failed": failed}


def _in_words(thing: dict[str, Any]) -> str:
    kind = thing["kind"]
    if kind == "following":
        return "this user as a follower"
    if kind in NAMED_KINDS:
        return f"{NAMED_KINDS[kind]} {thing['name']}"
    words = [str(thing["type"]) if kind == "checkout_key" else "SSH key"]
    name = thing["fingerprint_sha256"] or thing.get("fingerprint")
    words += [name] if name else []
    return " ".join([*words, "for", thing["hostname"]] if thing.get("hostname") else words)
