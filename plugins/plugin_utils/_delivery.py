# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Brings artifacts to hosts by way of the controller: it asks and downloads, core transfers. No host gets the token."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible import constants

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.downloads import Download
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._resources.artifacts import (
    Artifact,
    Selection,
    find_source,
    read_artifacts,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.bringing import (
    Bringing,
    Brought,
    Tally,
    fetch,
    forecast,
    not_absolute,
    require_concurrency,
    trusted_hosts,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import Build, summary
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    NOTE,
    Arrived,
    Attributes,
    Noted,
    Seen,
    told,
    write_aside,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import Run, how_to_install, missing_libraries
from ansible_collections.community.circleci.plugins.module_utils._task.side_by_side import side_by_side
from ansible_collections.community.circleci.plugins.plugin_utils._in_process import InProcess

ATTRIBUTES = ("mode", "owner", "group")
LOOK = "community.circleci.circleci_artifacts_info"


class Delivery(InProcess):
    """The action of a module that brings files to hosts."""

    _task_vars: dict[str, Any] | None

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        self._task_vars = task_vars
        if self._is_by_controller():
            message = f"{self._name()} cannot bring files by way of the controller"
            libraries = missing_libraries()
            if self._task.async_val:
                why = f"{message} with async. Leave async out."
            elif libraries:
                why = f"{message}: {how_to_install(libraries)}"
            else:
                why = None
            if why:
                return {"failed": True, "changed": False, "msg": f"{why} Or set delivery: direct."}
        return super().run(tmp, task_vars)

    def _is_by_controller(self) -> bool:
        """Whether the host is another one, or another user of this one, and does not download itself."""
        return self._task.args.get("delivery") != "direct" and super()._why_not_here() is not None

    def _why_not_here(self) -> str | None:
        return None if self._is_by_controller() else super()._why_not_here()

    def _require_controller(self, option: str, variable: str) -> None:
        if not self._is_by_controller():
            super()._require_controller(option, variable)

    def _logic(self) -> Run:
        return self._deliver if self._is_by_controller() else super()._logic()

    # --- one host -----------------------------------------------------------------------------------------------------

    def _deliver(self, client: Client, params: dict[str, Any]) -> dict[str, Any]:
        """Bring the artifacts to the host of this task.

        :raises CircleCIError: when they cannot be had, or the host does not take them
        """
        selection, attributes = Selection.from_params(params), Attributes.from_params(params)
        require_concurrency(params["concurrency"])
        hosts = trusted_hosts(params)
        dest = str(self._task.args["dest"])
        if not dest.startswith(("/", "~")):
            raise not_absolute(dest)
        if getattr(self._connection._shell, "_IS_WINDOWS", False):
            raise invalid("Artifacts cannot be brought to hosts with Windows.", "Bring them to a POSIX system.")
        client.require_token()
        depot = Depot.of_task(self._task._uuid, client, selection)
        build, artifacts = depot.choice(lambda: _chosen(client, selection))
        looked = self._look(dest, artifacts, params)
        if looked["misread"]:
            raise invalid(
                f"{plain(looked['misread'][0], 200)!r} holds the name of a variable of the host, for which core would "
                "put its value.",
                "Leave it out with exclude, or set delivery: direct.",
            )
        bringing = Bringing(
            selection,
            build,
            artifacts,
            Path(looked["dest"]),
            attributes,
            params["exclusive"],
            _noted(looked),
            {entry.pop("name"): Seen(**entry) for entry in looked["files"]},
        )
        if client.read_only:
            return bringing.result(forecast(client, bringing, hosts))
        progress = Tally(client, bringing)
        sources = depot.fetch_all(client, bringing, hosts, params["concurrency"], progress)
        progress.end()
        return self._transfer(client, bringing, depot, sources, looked["missing_folders"])

    def _look(self, dest: str, artifacts: list[Artifact], params: dict[str, Any]) -> dict[str, Any]:
        names = [artifact.name for artifact in artifacts]
        return self._on_host(
            LOOK,
            {"dest": dest, "names": names, **{name: params[name] for name in ATTRIBUTES}},
        )

    def _transfer(
        self,
        client: Client,
        bringing: Bringing,
        depot: Depot,
        sources: dict[str, Arrived],
        missing_folders: list[str],
    ) -> dict[str, Any]:
        """Put the files on the host.

        :param sources: what was downloaded, by the names that it is going to have
        """
        wanted = {name: getattr(bringing.attributes, name) for name in ATTRIBUTES}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        files: list[Brought] = []
        removed: list[Noted] = []
        try:
            for folder in missing_folders:
                self._on_host("ansible.builtin.file", {"path": folder, "state": "directory"})
                client.wrote = True
            for artifact in bringing.artifacts:
                source, seen = sources.get(artifact.name), bringing.seen.get(artifact.name)
                path = str(bringing.dest / artifact.name)
                brought = bringing.brought(artifact, source.size, source.sha256) if source else None
                if brought is None:
                    brought = bringing.unchanged(artifact)
                if source and (seen is None or seen.sha256 != source.sha256):
                    self._copy(source.path, path, wanted)
                    client.wrote = True
                elif brought.changed:
                    self._on_host("ansible.builtin.file", {"path": path, "state": "file", **wanted})
                    client.wrote = True
                files.append(brought)
            for entry in bringing.doomed:
                path = str(bringing.dest / entry.dest)
                self._on_host("ansible.builtin.file", {"path": path, "state": "absent"})
                removed.append(entry)
                client.wrote = True
            self._write_note(bringing, depot, files, removed)
        except CircleCIError as error:
            error.partial = bringing.partial(files, removed)
            if files or removed:
                # On a full disk it fails as well, and what failed first is what is told.
                with contextlib.suppress(CircleCIError):
                    self._write_note(bringing, depot, files, removed)
            raise
        return bringing.result(files)

    def _write_note(self, bringing: Bringing, depot: Depot, files: list[Brought], removed: list[Noted]) -> None:
        # A look at the host takes a while, so there is none where nothing is new.
        if bringing.note(files, removed, bringing.noted) is None:
            return
        looked = self._on_host(LOOK, {"dest": str(bringing.dest), "names": []})
        text = bringing.note(files, removed, _noted(looked))
        if text is not None:
            with depot.kept(text) as path:
                self._copy(path, str(bringing.dest / NOTE), {})

    # --- core ---------------------------------------------------------------------------------------------------------

    def _on_host(self, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run a module on the host.

        :raises CircleCIError: when it fails
        """
        result: dict[str, Any] = self._execute_module(module, arguments, task_vars=self._task_vars)
        return _good(result)

    def _copy(self, source: Path, dest: str, attributes: dict[str, Any]) -> None:
        """Transfer a file as core does, whatever is in it.

        :raises CircleCIError: when it does not get there
        """
        task = self._task.copy()
        # Core would take a file that begins like one of ansible-vault's for one, and show contents as a diff.
        task.args = {"src": str(source), "dest": dest, "decrypt": False, **attributes}
        task.diff = False
        copy = self._shared_loader_obj.action_loader.get(
            "ansible.builtin.copy",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        _good(copy.run(task_vars=self._task_vars))


class Depot:
    """What the tasks of all hosts share: the choice of the build, and what was downloaded of it.

    :param folder: below core's local temporary folder, which is the same for all hosts and batches and ends with them
    """

    def __init__(self, folder: Path) -> None:
        with told(folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder

    @classmethod
    def of_task(cls, uuid: str, client: Client, selection: Selection) -> Depot:
        """The one of a task, or of one item of its loop."""
        key = hashlib.sha256(f"{uuid} {client.url} {selection!r}".encode()).hexdigest()
        return cls(Path(constants.DEFAULT_LOCAL_TMP) / f"circleci-artifacts-{key}")

    def choice(self, choose: Callable[[], tuple[Build, list[Artifact]]]) -> tuple[Build, list[Artifact]]:
        """The build and its artifacts. The first host chooses for all."""
        file = self._folder / "choice.json"
        with self._locked("choice"):
            if not file.exists():
                build, artifacts = choose()
                chosen = {"build": summary(build), "artifacts": [asdict(artifact) for artifact in artifacts]}
                arrived = write_aside(self._folder, [json.dumps(chosen).encode()])
                arrived.path.replace(file)
            chosen = json.loads(file.read_bytes())
        return chosen["build"], [Artifact(**artifact) for artifact in chosen["artifacts"]]

    def fetch_all(
        self, client: Client, bringing: Bringing, hosts: Any, concurrency: int, progress: Tally
    ) -> dict[str, Arrived]:
        """Download what the host of this task does not have yet, as far as no other host has caused that already.

        :returns: the files, by the names that they are going to have; without those that the host has
        """
        wanted = [artifact for artifact in bringing.artifacts if not bringing.known(artifact)]
        found: dict[str, Arrived] = {}

        def get(artifact: Artifact) -> None:
            arrived = self._fetch(client, bringing, artifact, hosts, progress)
            if arrived is not None:
                found[artifact.name] = arrived
            progress.done()

        side_by_side(client, get, wanted, concurrency)
        return found

    def _fetch(
        self, client: Client, bringing: Bringing, artifact: Artifact, hosts: Any, progress: Tally
    ) -> Arrived | None:
        name = hashlib.sha256(artifact.name.encode("utf-8", "surrogateescape")).hexdigest()
        path, facts = self._folder / f"{name}.file", self._folder / f"{name}.json"

        def receive(download: Download) -> Arrived | None:
            if bringing.is_tagged(artifact, download.headers.get("ETag")):
                return None
            return write_aside(self._folder, progress.counted(download.chunks))

        with self._locked(name):
            if not facts.exists():
                arrived = fetch(client, bringing, artifact, receive, hosts)
                if arrived is None:
                    return None
                arrived.path.replace(path)
                known = write_aside(self._folder, [json.dumps([arrived.size, arrived.sha256]).encode()])
                known.path.replace(facts)
            return Arrived(path, *json.loads(facts.read_bytes()))

    @contextlib.contextmanager
    def kept(self, text: str) -> Iterator[Path]:
        """A file with a text, for a while."""
        arrived = write_aside(self._folder, [text.encode()])
        try:
            yield arrived.path
        finally:
            arrived.path.unlink()

    @contextlib.contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            with told(self._folder):
                file = stack.enter_context((self._folder / f"{name}.lock").open("w"))
                fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _chosen(client: Client, selection: Selection) -> tuple[Build, list[Artifact]]:
    build = find_source(client, selection)
    return build, read_artifacts(client, selection, build)


def _noted(looked: dict[str, Any]) -> list[Noted]:
    """What the note on a host says, as a look there tells it."""
    return [Noted(**entry) for entry in looked["noted"]]


def _good(result: dict[str, Any]) -> dict[str, Any]:
    """The result of a part of the task.

    :raises CircleCIError: when it failed
    """
    if result.get("failed"):
        # Core's own modules may end by an exception and say nothing else.
        words = str(result.get("msg") or result.get("exception") or "no reason given").strip()
        raise invalid(f"The host does not take the files: {plain(words.splitlines()[-1])}")
    return result
