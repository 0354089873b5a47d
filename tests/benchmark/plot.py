# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""A line plot as SVG, both axes logarithmic."""

from __future__ import annotations

import math
from html import escape

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 250, 40, 50
COLOURS = ["#0b7285", "#c92a2a", "#5f3dc4", "#e67700", "#868e96", "#2b8a3e"]

LICENCE = """\
<!--
SPDX-FileCopyrightText: 2026 The community.circleci contributors
SPDX-License-Identifier: GPL-3.0-or-later
-->"""

Line = list[tuple[float, float]]


def svg(title: str, across: str, up: str, lines: dict[str, Line]) -> str:
    """Draw lines, each through its points.

    :param across: what the horizontal axis shows
    :param up: what the vertical axis shows
    :param lines: by their names, which are written beside their ends
    """
    points = [point for line in lines.values() for point in line]
    ticks = sorted({x for x, _y in points})
    left, right = math.log10(ticks[0]), math.log10(ticks[-1])
    low = math.floor(math.log10(min(y for _x, y in points)))
    high = math.ceil(math.log10(max(y for _x, y in points)))

    def place(x: float, y: float) -> tuple[float, float]:
        part_x = (math.log10(x) - left) / (right - left)
        part_y = (math.log10(y) - low) / (high - low)
        return LEFT + part_x * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - part_y * (HEIGHT - TOP - BOTTOM)

    parts = [
        LICENCE,
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">',
        "<style>text { font: 13px sans-serif }</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 22, title, "start"),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, across, "middle"),
        _text(8, TOP - 8, up, "start"),
    ]
    for power in range(low, high + 1):
        x, y = place(ticks[0], 10**power)
        parts.append(f'<path d="M{x:.0f} {y:.1f}H{WIDTH - RIGHT}" stroke="#dee2e6"/>')
        parts.append(_text(x - 8, y + 4, f"{10**power:g}", "end"))
    for tick in ticks:
        x, y = place(tick, 10**low)
        parts.append(f'<path d="M{x:.1f} {TOP}V{y:.0f}" stroke="#dee2e6"/>')
        parts.append(_text(x, y + 18, f"{tick:,.0f}", "middle"))
    ends = sorted((place(*line[-1])[1], name) for name, line in lines.items())
    label = 0.0
    for (end, name), colour in zip(ends, COLOURS, strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in lines[name]))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in (place(*point) for point in lines[name]):
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>')
        label = max(end + 4, label + 16)
        parts.append(_text(WIDTH - RIGHT + 10, label, name, "start", colour))
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, text: str, anchor: str, colour: str = "#212529") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
