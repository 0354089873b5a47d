# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one would write without the collection: a script that follows projects and gives them keys, one by one.

It reads what there is and writes what is missing, with `pycircleci` or with nothing but `requests`.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import requests

ORGANIZATION = "acme"
HOSTNAME = "deploy.acme.example"


class Rival(Protocol):
    """What the script needs of a client. Every function is one request."""

    def settings(self, project: str) -> dict[str, Any] | None:
        """The settings, None of a project that is not set up."""

    def follow(self, project: str) -> None:
        """Follow a project."""

    def checkout_keys(self, project: str) -> list[dict[str, Any]]:
        """The checkout keys of a project."""

    def add_checkout_key(self, project: str) -> None:
        """Make a deploy key."""

    def add_ssh_key(self, project: str, key: str) -> None:
        """Add an SSH key."""


class WithPycircleci:
    def __init__(self, url: str, token: str) -> None:
        from pycircleci.api import Api  # type: ignore[import-not-found]  # in an environment of its own

        self.api = Api(token, f"{url}/api")

    def settings(self, project: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.api.get_project_settings(ORGANIZATION, project)
        except requests.HTTPError as error:
            if error.response.status_code == 404:
                return None
            raise
        return found

    def follow(self, project: str) -> None:
        self.api.follow_project(ORGANIZATION, project)

    def checkout_keys(self, project: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.list_checkout_keys(ORGANIZATION, project)
        return found

    def add_checkout_key(self, project: str) -> None:
        self.api.create_checkout_key(ORGANIZATION, project, "deploy-key")

    def add_ssh_key(self, project: str, key: str) -> None:
        self.api.add_ssh_key(ORGANIZATION, project, key, hostname=HOSTNAME)


class WithRequests:
    def __init__(self, url: str, token: str) -> None:
        self.session = requests.Session()
        self.session.headers.update({"Circle-Token": token, "Accept": "application/json"})
        self.base = f"{url}/api/v1.1/project/github/{ORGANIZATION}"

    def _get(self, project: str, what: str) -> Any:
        answer = self.session.get(f"{self.base}/{project}/{what}", timeout=30)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()

    def _post(self, project: str, what: str, **body: str) -> None:
        self.session.post(f"{self.base}/{project}/{what}", json=body, timeout=30).raise_for_status()

    def settings(self, project: str) -> dict[str, Any] | None:
        found: dict[str, Any] | None = self._get(project, "settings")
        return found

    def follow(self, project: str) -> None:
        self._post(project, "follow")

    def checkout_keys(self, project: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._get(project, "checkout-key")
        return found

    def add_checkout_key(self, project: str) -> None:
        self._post(project, "checkout-key", type="deploy-key")

    def add_ssh_key(self, project: str, key: str) -> None:
        self._post(project, "ssh-key", hostname=HOSTNAME, private_key=key)


def onboard(rival: Rival, project: str, private_key: str, public_key: str) -> None:
    """Make one project followed, with a deploy key and an SSH key."""
    settings = rival.settings(project)
    if settings is None or not settings["following"]:
        rival.follow(project)
    if not any(key["type"] == "deploy-key" for key in rival.checkout_keys(project)):
        rival.add_checkout_key(project)
    listed = settings["ssh_keys"] if settings else []
    if not any(key["hostname"] == HOSTNAME and key["public_key"].strip() == public_key for key in listed):
        rival.add_ssh_key(project, private_key)


POLL_EVERY = 5.0  # seconds
ENDS = {"success", "failed", "error", "canceled", "unauthorized"}


def wait(url: str, token: str, speed: float, pipeline: str) -> None:
    """Poll the workflows of a pipeline and their jobs until all have ended, on a clock that runs faster."""
    from pycircleci.api import Api

    api = Api(token, f"{url}/api")
    while True:
        workflows = api.get_pipeline_workflow(pipeline)
        jobs = [api.get_workflow_jobs(workflow["id"]) for workflow in workflows]
        if jobs and all(workflow["status"] in ENDS for workflow in workflows):
            return
        time.sleep(POLL_EVERY / speed)


def main() -> None:
    """Onboard the first projects of the emulator, or wait for pipelines."""
    if sys.argv[1] == "wait":
        url, token, speed, *pipelines = sys.argv[2:]
        with ThreadPoolExecutor(len(pipelines)) as pool:
            list(pool.map(lambda pipeline: wait(url, token, float(speed), pipeline), pipelines))
        return
    name, url, token, number, private_key, public_key = sys.argv[1:]
    rival: Rival = WithPycircleci(url, token) if name == "pycircleci" else WithRequests(url, token)
    for index in range(1, int(number) + 1):
        onboard(rival, f"repo-{index:04}", private_key, public_key)


if __name__ == "__main__":
    main()
