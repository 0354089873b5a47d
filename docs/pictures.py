# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws docs/pictures/*.svg from real runs: what the demo's playbooks print. `nox -s pictures` calls it."""

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
from playbooks.demo.run import Mode, environment, make_key  # noqa: E402  # the same

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


def draw(name: str, variables: dict[str, str], *arguments: str, status: int = 0) -> None:
    """Run a playbook of the demo and draw what it prints.

    :param name: of the picture
    :param arguments: of ansible-playbook, the playbook last
    :param status: which ansible-playbook ends with
    :raises RuntimeError: when it ends with another one
    """
    *options, playbook = arguments
    program = Path(sys.executable).with_name("ansible-playbook")
    finished = subprocess.run(
        [program, *options, ROOT / "playbooks" / "demo" / playbook],
        env=variables | {"ANSIBLE_FORCE_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != status:
        raise RuntimeError(finished.stdout)
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    printed = finished.stdout.replace(f"{ROOT}{os.sep}", "")
    picture = svg(printed, " ".join(["ansible-playbook", *arguments]))
    (folder / f"{name}.svg").write_text(picture, encoding="utf-8")


def main() -> None:
    """Draw all pictures."""
    mode = Mode.of({})
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        make_key(Path(folder) / "deploy_key")
        variables = environment(os.environ, mode, emulator, Path(folder))
        draw("diff", variables, "--diff", "onboard.yml")
        draw("progress", variables, "build.yml")
        emulator.script("failed")
        draw("failed_build", variables, "failing_build.yml", status=2)


if __name__ == "__main__":
    main()
