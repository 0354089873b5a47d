# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Many projects in one task: what each is to be, and bringing them there side by side.

Every resource is planned and applied by the functions that its own module uses.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.checkout_keys import (
    DEPLOY_KEY,
    WantedKeys,
    identity,
    plan_checkout_keys,
    read_checkout_keys,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.env_vars import (
    IN_DOUBT,
    plan_env_vars,
    read_env_vars,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.following import (
    plan_following,
    read_following,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.projects import read_known, read_settings
from ansible_collections.community.circleci.plugins.module_utils._resources.ssh_keys import plan_ssh_keys, ssh_keys_of
from ansible_collections.community.circleci.plugins.module_utils._resources.wanted_projects import WantedProject
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, without_unknowns
from ansible_collections.community.circleci.plugins.module_utils._task.words import MOST_NAMED, bounded, counted
from ansible_collections.community.circleci.plugins.module_utils._values.masks import left_in_doubt

REPORT_EVERY = 5.0  # seconds between two lines on how far the task is
LONGEST_REASON = 300  # characters of a project's failure in the message of the task
KINDS_OF_CHANGE = {"added": "would add", "removed": "would remove", "updated": "would update"}
SHOWN_OF_A_CHANGE = ("kind", "type", "hostname", "name", "public_key", "fingerprint", "fingerprint_sha256")

T = TypeVar("T")


# --- what is wanted -------------------------------------------------------------------------------------------------


# --- one project ----------------------------------------------------------------------------------------------------


@dataclass
class _State:
    """What was read of a project, as far as it is managed.

    :param settings: None when it is not set up yet
    :param fresh: whether following has just made a deploy key
    """

    settings: dict[str, Any] | None = None
    checkout_keys: list[dict[str, Any]] = field(default_factory=list)
    env_vars: dict[str, str] = field(default_factory=dict)
    fresh: bool = False


@dataclass
class _Changes:
    """What was changed in one project, or is going to be.

    :param unsure: see :class:`Plan`
    """

    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    added: list[dict[str, Any]] = field(default_factory=list)
    removed: list[dict[str, Any]] = field(default_factory=list)
    updated: list[dict[str, Any]] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.updated)

    def carry_out(self, client: Client, plan: Plan) -> None:
        """Carry out a plan and note what came of it, also when it fails half-way."""
        self.unsure += plan.unsure
        try:
            outcome = plan.carry_out(client)
        except CircleCIError as error:
            if error.outcome is not None:
                self._note(error.outcome)
            raise
        for name, value in plan.before.items():
            self.before.setdefault(name, value)
        self.after.update(outcome.after)
        self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        self.added += outcome.added
        self.removed += outcome.removed
        self.updated += outcome.updated


@dataclass
class Done:
    """What became of one project.

    :param item: its entry in the results
    :param diff: its section of the diff; None when nothing changes
    :param unsure: see :class:`Plan`
    """

    item: dict[str, Any]
    diff: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)


def bring_about(client: Client, wanted: WantedProject) -> Done:
    """Make one project what it is to be, or predict that when the client is read-only.

    :param client: this project's own copy, which gathers its warnings
    """
    changes = _Changes()
    problem: str | None = None
    try:
        state = _read(client, wanted)
        forecast = client
        if not client.read_only:
            forecast = client.copy()
            forecast.read_only = True
        _walk(forecast, wanted, state, changes)
        if changes and not client.read_only:
            changes = _Changes()
            _walk(client, wanted, state, changes)
        else:
            client.warnings += [text for text in forecast.warnings if text not in client.warnings]
    except CircleCIError as error:
        problem = error.told
        if not client.wrote:
            changes = _Changes()
    slug = str(wanted.project)
    failed = problem is not None
    item = {"project": slug, "changed": client.wrote if failed else bool(changes), "failed": failed, "msg": problem}
    item.update({name: [_small(thing) for thing in getattr(changes, name)] for name in KINDS_OF_CHANGE})
    diff = _diff(slug, wanted, changes) if changes and not failed else None
    return Done(item, diff, client.warnings, changes.unsure)


def _read(client: Client, wanted: WantedProject) -> _State:
    """Read what has to be known of a project, with as few requests as possible."""
    project = wanted.project
    state = _State()
    more = bool(wanted.checkout_keys or wanted.ssh_keys or wanted.env_vars)
    if wanted.following or (wanted.following is False and not more):
        state.settings = read_following(client, project)
        if state.settings is None:
            return state
    elif wanted.following is False or wanted.ssh_keys:
        state.settings = read_known(client, project, lambda: read_settings(client, project), {"following": False})
    if wanted.checkout_keys:
        state.checkout_keys = read_known(client, project, lambda: read_checkout_keys(client, project), [])
    if wanted.env_vars:
        state.env_vars = read_known(client, project, lambda: read_env_vars(client, project), {})
    return state


def _walk(client: Client, wanted: WantedProject, state: _State, changes: _Changes) -> None:
    """Follow, then keys, then variables, then perhaps stop following."""
    project = wanted.project
    if wanted.checkout_keys:
        changes.before["checkout_keys"] = state.checkout_keys
    if wanted.following:
        plan = plan_following(client, project, state.settings, True)
        changes.carry_out(client, plan)
        if plan.changed:
            state = _followed(client, wanted, state, changes)
    keys = state.checkout_keys
    for each in wanted.checkout_keys:
        only_there = replace(each, max_age=None) if state.fresh and each.type == DEPLOY_KEY else each
        changes.carry_out(client, plan_checkout_keys(client, project, keys, only_there))
        keys = changes.after["checkout_keys"]
    if wanted.ssh_keys:
        plan = plan_ssh_keys(
            client,
            project,
            ssh_keys_of(state.settings or {}),
            present=wanted.ssh_keys,
            exclusive_hosts=None if wanted.ssh_keys_exclusive else (),
        )
        changes.carry_out(client, plan)
    if wanted.env_vars:
        plan = plan_env_vars(
            client, project, state.env_vars, present=wanted.env_vars, exclusive=wanted.env_vars_exclusive
        )
        changes.carry_out(client, plan)
    if wanted.following is False:
        changes.carry_out(client, plan_following(client, project, state.settings, False))


def _followed(client: Client, wanted: WantedProject, before: _State, changes: _Changes) -> _State:
    """The state after following.

    The first follower gets a deploy key from CircleCI (§3.2). If none appears, the plan makes one: in both cases it
    counts as added, so the prediction is right either way.
    """
    wants_one = any(each.type == DEPLOY_KEY for each in wanted.checkout_keys)
    if not client.read_only:
        now = _read(client, wanted)
    elif wants_one and not any(key["type"] == DEPLOY_KEY for key in before.checkout_keys):
        plan = plan_checkout_keys(client, wanted.project, before.checkout_keys, WantedKeys())
        now = replace(before, checkout_keys=plan.predicted.after["checkout_keys"])
    else:
        now = before
    known = set(map(identity, before.checkout_keys))
    fresh = [key for key in now.checkout_keys if identity(key) not in known and key["type"] == DEPLOY_KEY]
    if not (wants_one and fresh):
        return now
    changes.added += [{"kind": "checkout_key", **key} for key in fresh]
    return replace(now, fresh=True)


def _diff(slug: str, wanted: WantedProject, changes: _Changes) -> dict[str, Any]:
    """The section of a project: what changes, and of checkout keys only the types that are managed."""
    before, after = dict(changes.before), dict(changes.after)
    for shown in (before, after):
        if "checkout_keys" in shown:
            shown["checkout_keys"] = [
                key for key in shown["checkout_keys"] if any(each.covers(key["type"]) for each in wanted.checkout_keys)
            ]
    names = [name for name in after if before[name] != after[name]]
    return {
        "before": {name: before[name] for name in names},
        "after": {name: after[name] for name in names},
        "before_header": slug,
        "after_header": slug,
    }


def _small(thing: dict[str, Any]) -> dict[str, Any]:
    """What was changed, for the result: with 2,000 projects it has to be small."""
    small: dict[str, Any] = without_unknowns({name: thing[name] for name in SHOWN_OF_A_CHANGE if name in thing})
    return small


# --- all of them ----------------------------------------------------------------------------------------------------


def bring_all_about(client: Client, wanted: list[WantedProject], concurrency: int) -> dict[str, Any]:
    """Make all projects what they are to be, several at a time, and return the result of the task.

    :param concurrency: how many at a time
    :raises CircleCIError: at the end, with everything that was done, when some failed
    """
    progress = _Progress(client, len(wanted))
    projects = _run(client, wanted, concurrency, progress)
    for warning in _warnings(projects):
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
    failed = [f"{item['project']}: {plain(item['msg'], LONGEST_REASON)}" for item in items if item["failed"]]
    if failed:
        error = CircleCIError(
            f"{len(failed)} of {counted(len(items), 'project', 'projects')} failed: {bounded(failed)}",
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


def _run(client: Client, wanted: list[WantedProject], concurrency: int, progress: _Progress) -> list[Done]:
    """Work through the projects and return what became of them, in the order given."""
    results: dict[int, Done] = {}
    finished: queue.SimpleQueue[Future[tuple[int, Done]]] = queue.SimpleQueue()

    def work(index: int) -> tuple[int, Done]:
        return index, bring_about(client.copy(), wanted[index])

    with ThreadPoolExecutor(concurrency, "circleci") as pool:
        try:
            for index in range(len(wanted)):
                pool.submit(work, index).add_done_callback(finished.put)
            while len(results) < len(wanted):
                try:
                    index, done = finished.get(timeout=progress.until_due()).result()
                except queue.Empty:
                    pass
                else:
                    results[index] = done
                    progress.note(done.item)
                progress.tell_when_due()
        except BaseException:
            client.patience.cancel()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    progress.tell()
    return [results[index] for index in range(len(wanted))]


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

    def until_due(self) -> float:
        """Seconds until the next line is due."""
        return max(self._due - time.monotonic(), 0.0)

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
    if kind == "env_var":
        return f"variable {thing['name']}"
    words = [str(thing["type"]) if kind == "checkout_key" else "SSH key"]
    name = thing["fingerprint_sha256"] or thing.get("fingerprint")
    words += [name] if name else []
    return " ".join([*words, "for", thing["hostname"]] if thing.get("hostname") else words)


def _warnings(projects: Iterable[Done]) -> list[str]:
    """The warnings of all projects, each once, with the projects it is about when it does not say itself."""
    about: dict[str, list[str]] = {}
    for done in projects:
        for text in done.warnings:
            about.setdefault(text, []).append(done.item["project"])
    told = [text if slugs[0] in text else f"{_several(slugs)}: {text}" for text, slugs in about.items()]
    if len(told) > MOST_NAMED:
        told[MOST_NAMED:] = [f"There are {len(told) - MOST_NAMED} more such warnings."]
    return told


def _several(slugs: list[str]) -> str:
    return slugs[0] if len(slugs) == 1 else f"{slugs[0]} and {counted(len(slugs) - 1, 'other', 'others')}"
