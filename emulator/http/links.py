# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The addresses that answers contain."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from emulator.world.model import Build, Project

LINK_SECONDS: Final = 600
"""how long a signed link to a step's output lives"""
CLOUD: Final = "https://circleci.com"
ARTIFACTS: Final = "https://output.circle-artifacts.com"
"""where the artifacts of `CLOUD` have their addresses (api-v2-pipelines.md §6.2)"""
STORE: Final = "https://store.example"
"""where `CLOUD` keeps files: somebody else's host"""


@dataclass(frozen=True)
class Links:
    """The addresses that answers contain, made from the one at which the client reached the server."""

    base_url: str
    signing_key: bytes
    now: float

    @property
    def storage(self) -> str:
        """The same server under another host name: the place where outputs and artifacts are kept."""
        if self.base_url in (CLOUD, ARTIFACTS):
            return STORE
        if "//localhost" in self.base_url:
            return self.base_url.replace("//localhost", "//127.0.0.1", 1)
        scheme, _unused, rest = self.base_url.partition("://")
        _unused, colon, port = rest.rpartition(":")
        return f"{scheme}://localhost{colon}{port}" if colon else f"{scheme}://localhost"

    def project(self, project: Project) -> str:
        return f"{self.base_url}/api/v1.1/project/{project_path(project)}"

    def output(self, build: Build, step: int, index: int) -> str:
        """Return a link to a step's output that needs no token and dies after `LINK_SECONDS`."""
        return self._signed(f"/action-output/{project_path(build.project)}/{build.number}/{step}/{index}")

    def _signed(self, path: str) -> str:
        expires = str(int(self.now) + LINK_SECONDS)
        return (
            f"{self.storage}{path}?X-Amz-Expires={expires}&X-Amz-Signature={signature(self.signing_key, path, expires)}"
        )

    def artifact(self, build: Build, node: int, path: str) -> str:
        """Return the address of an artifact, which wants the token: at the service's own origin, or that of `CLOUD`."""
        place = f"{project_path(build.project)}/{build.number}/{node}/{quote(path, safe='/')}"
        return f"{ARTIFACTS if self.base_url == CLOUD else self.base_url}/artifacts/{place}"

    def stored(self, path: str) -> str:
        """Return a signed link into the store behind the artifacts, which dies after `LINK_SECONDS`.

        :param path: below `/artifacts/`, as it was asked for.
        """
        return self._signed(f"/store/{path}")


def signature(signing_key: bytes, path: str, expires: str) -> str:
    """Return the signature of a link."""
    return hmac.new(signing_key, f"{path} {expires}".encode(), hashlib.sha256).hexdigest()


def project_path(project: Project) -> str:
    return "/".join(quote(part, safe="") for part in (project.vcs, project.org, project.name))
