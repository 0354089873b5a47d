# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs playbooks of yours against an emulated CircleCI that lives as long as this does, one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The emulator is a package in the root of the repository.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from emulator import Emulator  # it can be found only now


def main(arguments: list[str]) -> int:
    """Run the playbooks; what begins with a dash is an option of ansible-playbook for all of them."""
    books = [argument for argument in arguments if not argument.startswith("-")]
    options = [argument for argument in arguments if argument.startswith("-")]
    if not books:
        print("Name a playbook: make try BOOK=onboard.yml", file=sys.stderr)
        return 2
    with Emulator() as emulator:
        given = {"CIRCLE_HOST": emulator.url, "CIRCLE_TOKEN": emulator.token, "NO_PROXY": "127.0.0.1"}
        given |= {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml", "ANSIBLE_LOCALHOST_WARNING": "False"}
        given |= {"ANSIBLE_INVENTORY_UNPARSED_WARNING": "False", "CIRCLECI_TOKEN": ""}
        for book in books:
            print(f"\n$ ansible-playbook {' '.join([book, *options])}", flush=True)
            status = subprocess.run(
                ["ansible-playbook", book, *options], env=os.environ | given, check=False
            ).returncode
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
