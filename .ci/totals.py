# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add up what nox and pytest reported: each test counts, and each session that is not made of tests counts as one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

# The sessions that are made of tests: their reports are beside the one of nox.
TEST_SESSIONS = ("cores", "playbooks", "unit")


def main(folder: Path) -> None:
    """Print the totals of the reports in this folder."""
    passed = failed = skipped = 0
    for report in folder.glob("*.xml"):
        suite = ElementTree.parse(report).getroot().find("testsuite")
        if suite is not None:
            bad = int(suite.attrib["failures"]) + int(suite.attrib["errors"])
            failed += bad
            skipped += int(suite.attrib["skipped"])
            passed += int(suite.attrib["tests"]) - bad - int(suite.attrib["skipped"])
    sessions = folder / "sessions.json"
    results = json.loads(sessions.read_text(encoding="utf-8"))["sessions"] if sessions.exists() else []
    for session in results:
        if session["result"] == "skipped":
            skipped += 1
        elif session["result"] != "success":
            failed += session["name"].startswith(TEST_SESSIONS) is False or failed == 0
        else:
            passed += not session["name"].startswith(TEST_SESSIONS)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
