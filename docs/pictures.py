# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws docs/pictures/*.svg from real runs: what playbooks of the README and the demo print.

`nox -s pictures` calls it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from emulator import Emulator  # noqa: E402  # it can be found only now
from playbooks.demo.run import DATE, Mode, environment, make_key  # noqa: E402  # the same

README = (ROOT / "README.md").read_text(encoding="utf-8")
DEMO = ROOT / "playbooks" / "demo"
HUNDRED_DAYS = 100 * 86400.0  # in seconds

COLUMNS = 116
CHARACTER, LINE, MARGIN, BAR = 8.0, 18.0, 16.0, 34.0  # in pixels
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
TEXT, BACKGROUND = "#d8dee9", "#1e222a"
COLOURS = {
    "30": "#7f8794",
    "31": "#ff7b72",
    "32": "#7ee787",
    "33": "#f2cc60",
    "34": "#79c0ff",
    "35": "#d2a8ff",
    "36": "#76e3ea",
    "37": "#f0f6fc",
}
ESCAPE = re.compile(r"\033\[([0-9;]*)m")
Span = tuple[str, str]
"""A text and its colour."""

HEADER = """\
<!--
SPDX-FileCopyrightText: 2026 The community.circleci contributors
SPDX-License-Identifier: GPL-3.0-or-later
Drawn by: nox -s pictures
-->
"""


def spans(line: str, colour: str) -> tuple[list[Span], str]:
    """Split a line at its changes of colour.

    :param colour: of the end of the line before
    :returns: also the colour of its end
    """
    found: list[Span] = []
    for index, part in enumerate(ESCAPE.split(line)):
        if index % 2:
            colour = next((COLOURS[code] for code in part.split(";") if code in COLOURS), TEXT)
        elif part:
            found.append((part, colour))
    return found, colour


def rows(output: str) -> Iterator[list[Span]]:
    """The rows of a terminal that shows this, long lines wrapped."""
    colour = TEXT
    for line in output.expandtabs().splitlines():
        parts, colour = spans(line.rstrip(), colour)
        row: list[Span] = []
        left = COLUMNS
        for text, shade in parts:
            while len(text) > left:
                yield [*row, (text[:left], shade)]
                row, text, left = [], text[left:], COLUMNS
            row.append((text, shade))
            left -= len(text)
        yield row


def svg(output: str, title: str) -> str:
    """Draw the terminal.

    :param title: of its window
    """
    drawn = list(rows(output.strip("\n")))
    width, height = COLUMNS * CHARACTER + 2 * MARGIN, BAR + len(drawn) * LINE + MARGIN
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}">',
        f"<title>{escape(title)}</title>",
        f"<style>text{{font:13px {FONTS};white-space:pre}}</style>",
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{BACKGROUND}"/>',
        *(
            f'<circle cx="{18 + 18 * n}" cy="17" r="5.5" fill="{COLOURS[c]}"/>'
            for n, c in enumerate(("31", "33", "32"))
        ),
        f'<text x="{width / 2:g}" y="21" fill="{COLOURS["30"]}" text-anchor="middle">{escape(title)}</text>',
    ]
    for number, row in enumerate(drawn):
        y, column = BAR + number * LINE + 12, 0
        for text, colour in row:
            # The length is given, so that columns stay columns in every font.
            x, length = MARGIN + column * CHARACTER, len(text) * CHARACTER
            column += len(text)
            if text.strip():
                lines.append(f'<text x="{x:g}" y="{y:g}" fill="{colour}" textLength="{length:g}">{escape(text)}</text>')
    return HEADER + "\n".join([*lines, "</svg>", ""])


def books() -> dict[str, str]:
    """The playbooks of the README by their names, in its order: each is named in bold words before it."""
    blocks = re.findall(r"^```yaml\n(- name: .*?)^```$", README, re.DOTALL | re.MULTILINE)
    names = re.findall(r"^\*\*\w+\.\*\* .*?`(\w+\.yml)`", README, re.MULTILINE)
    return dict(zip(names, blocks, strict=True))


def draw(name: str, folder: Path, variables: dict[str, str], *arguments: str, status: int = 0) -> None:
    """Run a playbook and draw what it prints.

    :param name: of the picture
    :param folder: of the playbook
    :param arguments: of ansible-playbook, the playbook last
    :param status: which ansible-playbook ends with
    :raises RuntimeError: when it ends with another one
    """
    *options, playbook = arguments
    program = Path(sys.executable).with_name("ansible-playbook")
    finished = subprocess.run(
        [program, *options, folder / playbook],
        env=variables | {"ANSIBLE_FORCE_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != status:
        raise RuntimeError(finished.stdout)
    printed = finished.stdout.replace(f"{folder}{os.sep}", "")
    picture = svg(printed, " ".join(["ansible-playbook", *arguments]))
    (ROOT / "docs" / "pictures" / f"{name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Draw all pictures."""
    with tempfile.TemporaryDirectory() as name, Emulator(date=DATE) as emulator:
        folder = Path(name)
        make_key(folder / "deploy_key")
        for book, text in books().items():
            (folder / book).write_text(text, encoding="utf-8")
        variables = environment(os.environ, Mode.of({}), emulator, folder)
        # The deploy key is to be old when it is rotated.
        emulator.state.clock_offset = -HUNDRED_DAYS
        draw("onboard", folder, variables | {"REGISTRY_PASSWORD": "correct-horse-battery"}, "--diff", "onboard.yml")
        emulator.state.clock_offset = 0.0
        draw("rotate", folder, variables | {"REGISTRY_PASSWORD": "battery-horse-correct"}, "--diff", "rotate.yml")
        draw("deploy", folder, variables, "--diff", "deploy.yml")
        draw("progress", DEMO, variables, "build.yml")
        emulator.scenario("second-workflow-fails")
        draw("failed_build", DEMO, variables, "failing_build.yml", status=2)


if __name__ == "__main__":
    main()
