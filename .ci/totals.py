# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Add up what pytest and nox reported: every test counts as one, and every session."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree


def totals(folder: Path) -> Counter[str]:
    """Count what passed, failed and was skipped by the reports in this folder."""
    counts: Counter[str] = Counter()
    for report in folder.glob("*.xml"):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            bad = case.find("failure") is not None or case.find("error") is not None
            skipped = case.find("skipped") is not None
            counts["failed" if bad else "skipped" if skipped else "passed"] += 1
    for report in folder.glob("*.json"):
        for session in json.loads(report.read_text(encoding="utf-8"))["sessions"]:
            counts[{"success": "passed", "skipped": "skipped"}.get(session["result"], "failed")] += 1
    return counts


if __name__ == "__main__":
    counted = totals(Path(sys.argv[1]))
    print(f"{counted['passed']} passed, {counted['failed']} failed, {counted['skipped']} skipped")
