# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says which links within the built site lead nowhere. Other sites are not asked. `nox -s docs` calls it."""

from __future__ import annotations

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LINKS = ("href", "src", "data")


class Page(HTMLParser):
    """What a page links to, and the places in it that can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the links and the names of an element."""
        for name, value in attrs:
            if value and (name == "id" or (tag == "a" and name == "name")):
                self.places.add(value)
            elif value and name in LINKS:
                self.links.append(value)


@cache
def page(file: Path) -> Page:
    """Read a page, once."""
    return Page(file.read_text(encoding="utf-8"))


def broken(site: Path) -> list[str]:
    """Find links within a site that lead to no file, or to no place in it: each as "page: link"."""
    found = []
    for file in sorted(site.rglob("*.html")):
        for link in page(file).links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            place = unquote(parts.fragment)
            if not target.is_file() or (place and target.suffix == ".html" and place not in page(target).places):
                found.append(f"{file.relative_to(site)}: {link}")
    return found


if __name__ == "__main__":
    wrong = broken(Path(sys.argv[1]))
    sys.exit("\n".join(["Links lead nowhere:", *wrong]) if wrong else 0)
