# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demo: onboards a project twice, builds it, deploys what was built, releases it, and says what came of it.

It runs on an emulated CircleCI. With DEMO_PROJECT set, for example to github/acme/api, it uses the real one instead,
with CIRCLE_TOKEN and, for CircleCI Server, CIRCLE_HOST. It then only says what would change, unless DEMO_APPLY=yes.
What that leaves there: the project is followed, has a deploy key, and its workflows have run once.
"""

from __future__ import annotations

import contextlib
import ctypes
import datetime
import os
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = Path(__file__).resolve().parent
# The emulator is a package in the root of the repository.
sys.path.insert(0, str(HERE.parents[1]))

from emulator import Emulator  # noqa: E402  # it can be found only now

PROJECT = "github/acme/api"
# CircleCI has removed the calls of API v1.1 that start builds by then.
DATE = datetime.date(2027, 2, 2)
RELEASE = {
    "parameters": {"target": "none", "dry_run": True, "replicas": 1},
    "workflows": [
        {"name": "build-and-test", "jobs": ["build", {"name": "test", "requires": ["build"]}]},
        {"name": "deploy", "jobs": [{"name": "hold", "type": "approval"}, {"name": "live", "requires": ["hold"]}]},
    ],
}
"""What the configuration of the project says from the release on."""
OF_CIRCLECI = ("CIRCLE_TOKEN", "CIRCLECI_TOKEN", "CIRCLE_HOST")
TIME_TO_STOP = 5.0  # seconds
LOOK_EVERY = 0.1  # seconds
# Linux alone has prctl. It is looked up now: a forked process that has not become a program yet cannot do much.
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_arguments: -1
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


class InterruptError(Exception):
    """A signal asked the demo to stop."""


class DemoError(Exception):
    """A step did not do what the demo promises."""


@dataclass(frozen=True)
class Mode:
    """Which CircleCI the demo uses, and how.

    :param project: the slug of the project
    :param real: whether it is the real CircleCI, or one of the user's
    :param apply: whether anything may be changed there
    """

    project: str
    real: bool
    apply: bool

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Mode:
        """Read it from the environment of the demo.

        :raises DemoError: when it asks for the real CircleCI and gives no token
        """
        project = environ.get("DEMO_PROJECT", "")
        if not project:
            return cls(PROJECT, real=False, apply=True)
        if not (environ.get("CIRCLE_TOKEN") or environ.get("CIRCLECI_TOKEN")):
            raise DemoError("DEMO_PROJECT is set: set CIRCLE_TOKEN too, to a personal API token of CircleCI.")
        return cls(project, real=True, apply=environ.get("DEMO_APPLY", "").lower() in ("yes", "true", "1"))


def environment(environ: Mapping[str, str], mode: Mode, emulator: Emulator | None, folder: Path) -> dict[str, str]:
    """Give the variables of ansible-playbook. What the user has exported for CircleCI stays only in the real mode.

    :param folder: a private folder for what must not outlive the demo
    """
    variables = dict(environ)
    if emulator is not None:
        for name in OF_CIRCLECI:
            variables.pop(name, None)
        variables |= {"CIRCLE_HOST": emulator.url, "CIRCLE_TOKEN": emulator.token}
        variables |= {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    return variables | {
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_LOCAL_TEMP": str(folder / "ansible"),
        "ANSIBLE_NOCOWS": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "DEMO_FOLDER": str(folder),
        "DEMO_KEY": str(folder / "deploy_key"),
        "DEMO_PASSWORD": secrets.token_urlsafe(24),
        "DEMO_PORT": str(free_port()),
        "DEMO_PROJECT": mode.project,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(folder),
    }


def free_port() -> int:
    """Give a port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


def make_key(path: Path) -> None:
    """Make a key pair and write its private half."""
    key = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(key)


@dataclass(frozen=True)
class Step:
    """A playbook that the demo runs, and what came of it.

    :param reads: requests that only read, as the emulator saw them; None without the emulator, as is `writes`
    """

    title: str
    seconds: float
    reads: int | None
    writes: int | None


class Demo:
    """Runs playbooks, shows what they print, and remembers what came of them."""

    def __init__(self, variables: Mapping[str, str], emulator: Emulator | None) -> None:
        self.variables = variables
        self.emulator = emulator
        self.steps: list[Step] = []
        self.colour = sys.stdout.isatty() or bool(variables.get("ANSIBLE_FORCE_COLOR"))

    def play(self, title: str, playbook: str, *options: str, fails: bool = False) -> Step:
        """Run a playbook of the demo's.

        :param fails: whether it is meant to fail
        :raises DemoError: when it does not end as it is meant to
        """
        command = ["ansible-playbook", *options, f"playbooks/demo/{playbook}"]
        self.say(f"\n{len(self.steps) + 1}. {title}", "1")
        self.say(f"   $ {' '.join(command)}", "2")
        if self.emulator is not None:
            self.emulator.clear()
        started = time.monotonic()
        with self._interruptible(["ansible-playbook", *options, str(HERE / playbook)]) as process:
            status = _wait(process)
        seconds = time.monotonic() - started
        if (status == 2) != fails or status not in (0, 2):
            raise DemoError(f"ansible-playbook ended with status {status}.")
        reads = writes = None
        if self.emulator is not None:
            writes = len(self.emulator.writes)
            reads = len(self.emulator.requests) - writes
        self.steps.append(Step(title, seconds, reads, writes))
        return self.steps[-1]

    def say(self, text: str, style: str = "0") -> None:
        """Tell the user something, in a style of the terminal."""
        print(f"\033[{style}m{text}\033[0m" if self.colour and style != "0" else text, flush=True)

    @contextlib.contextmanager
    def _interruptible(self, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Start a program and see that nothing of it is left in the end."""
        program = Path(sys.executable).with_name(command[0])
        # A session of its own: the program hears of an interruption from here, once, and in order.
        with subprocess.Popen(
            [program, *command[1:]],
            env=self.variables,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509  # it only calls the kernel
        ) as process:
            try:
                yield process
            finally:
                _stop(process)


def _end_with_parent() -> None:
    """Let this process end when the one that started it is killed and can stop nothing any more."""
    PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for a program and return its exit status.

    :raises InterruptError: when nobody can see what it prints any more. Not every closed terminal sends a signal here:
        make keeps it to itself.
    """
    output = select.poll()
    output.register(sys.stdout.fileno(), 0)  # Errors and hang-ups are told all the same.
    while process.poll() is None:
        if output.poll(LOOK_EVERY * 1000):
            raise InterruptError("its output was closed")
    return process.returncode


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started: it is asked to, and after a while it is not asked."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(TIME_TO_STOP)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # ansible-core's workers have process groups of their own, and so has what they let run on. What a killed process
    # has started is a child of this one then.
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)


def _children() -> list[int]:
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listing.read_text().split()] if listing.exists() else []


def downloads(emulator: Emulator) -> int:
    """Count the artifacts that were asked for."""
    return sum(record.path.startswith("/artifacts/") for record in emulator.requests)


def emulated(demo: Demo, mode: Mode, emulator: Emulator) -> None:
    """What the demo shows on the emulator."""
    predicted = demo.play("Say what would change", "onboard.yml", "--check", "--diff")
    demo.play(f"Onboard {mode.project}", "onboard.yml", "--diff")
    again = demo.play("Onboard it again: nothing changes", "onboard.yml", "--diff")
    if predicted.writes or again.writes:
        raise DemoError("Writes were sent where none should be.")
    demo.play("Run its workflows, wait for them, list its builds", "build.yml")
    demo.play("Bring what was built to a host, and serve it there", "deploy.yml")
    demo.play("Do that again: nothing is downloaded", "deploy.yml")
    if downloads(emulator):
        raise DemoError("Artifacts were downloaded that were there.")
    emulator.add_repository(mode.project, configuration=RELEASE)
    demo.play("Release it with parameters, and approve its hold by name", "release.yml")
    demo.say("\nThe second workflow of the next pipeline is told to fail.")
    emulator.scenario("second-workflow-fails")
    demo.play("Run a pipeline that fails: so does the play", "failing_build.yml", fails=True)


def real(demo: Demo, mode: Mode) -> None:
    """What the demo shows on the real CircleCI."""
    demo.play(f"Say what would change in {mode.project}", "onboard.yml", "--check", "--diff")
    if not mode.apply:
        demo.say("\nNothing was changed. Set DEMO_APPLY=yes to let the demo do it.")
        return
    demo.play(f"Onboard {mode.project}", "onboard.yml", "--diff")
    demo.play("Onboard it again: nothing changes", "onboard.yml", "--diff")
    demo.play("Run its workflows, wait for them, list its builds", "build.yml")
    demo.play("Take the demonstration's key and variable away again", "remove.yml", "--diff")


def summarize(demo: Demo, mode: Mode) -> None:
    """Say what was done."""
    width = max(len(step.title) for step in demo.steps) + 4
    demo.say("\n" + "What was done".ljust(width) + "   reads  writes  seconds", "1")
    for number, step in enumerate(demo.steps, 1):
        counts = ("-" if count is None else str(count) for count in (step.reads, step.writes))
        demo.say(f"{number}. {step.title}".ljust(width) + "{:>8}{:>8}{:>9.1f}".format(*counts, step.seconds))
    if demo.emulator is not None:
        demo.say("\nAll of it on an emulator on this machine: nothing was sent to CircleCI.")


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise InterruptError(signal.Signals(number).name)


def main() -> int:
    """Run the demo and return its exit status."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    _end_with_parent()
    # What a killed program leaves behind becomes a child of this process, which can stop it then.
    PRCTL(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        mode = Mode.of(os.environ)
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="circleci-demo-")))
            make_key(folder / "deploy_key")
            emulator = None if mode.real else stack.enter_context(Emulator(date=DATE))
            demo = Demo(environment(os.environ, mode, emulator, folder), emulator)
            if emulator is None:
                real(demo, mode)
            else:
                emulated(demo, mode, emulator)
            summarize(demo, mode)
    except (InterruptError, DemoError, OSError) as error:
        # Nobody may be there to read it: the terminal may be closed.
        with contextlib.suppress(OSError):
            print(f"\nThe demo stopped: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
