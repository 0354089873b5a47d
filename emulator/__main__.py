# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator as a program: prints its address when it is ready and runs until it is terminated."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from datetime import date

from .http.server import Emulator
from .world.state import FIRST_DATE, PERSONAL_TOKEN


def main() -> int:
    """Run the program and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description=sys.modules[__package__ or ""].__doc__)
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS", help="that every answer takes")
    parser.add_argument("--token", default=PERSONAL_TOKEN, help="the personal token, default: %(default)s")
    parser.add_argument(
        "--repositories", type=int, default=0, metavar="N", help="add github/acme/repo-0001 to N (for benchmarks)"
    )
    parser.add_argument(
        "--date",
        type=date.fromisoformat,
        default=FIRST_DATE,
        metavar="YYYY-MM-DD",
        help="the day that decides what CircleCI has removed, default: %(default)s",
    )
    options = parser.parse_args()
    emulator = Emulator(
        port=options.port,
        latency=options.latency,
        token=options.token,
        repositories=options.repositories,
        date=options.date,
    )
    try:
        sockets = emulator.listen()
    except OSError as error:
        print(f"cannot listen on port {options.port}: {os.strerror(error.errno or 0)}", file=sys.stderr)
        return 1
    asyncio.run(_run(emulator, sockets))
    return 0


async def _run(emulator: Emulator, sockets: list[socket.socket]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, emulator.stop)
    await emulator.serve(sockets, lambda: print(emulator.url, flush=True))


if __name__ == "__main__":
    sys.exit(main())
