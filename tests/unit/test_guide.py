# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the guide and the README: what they name is there, and is linked to."""

from __future__ import annotations

import importlib
import re
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from docs.pictures import DEMO, README, books
from docs.site.links import broken

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "docsite" / "rst"
PAGES = sorted(page.stem for page in GUIDE.glob("*.rst"))
PLUGINS = {
    kind: sorted(file.stem for file in (ROOT / "plugins" / f"{kind}{ending}").glob("circleci_*.py"))
    for kind, ending in (("module", "s"), ("lookup", ""), ("inventory", ""))
}
NAMES = {name for names in PLUGINS.values() for name in names}


def documented(kind: str, name: str) -> Any:
    """The Python module of a plugin, with its documentation."""
    folder = "modules" if kind == "module" else kind
    return importlib.import_module(f"ansible_collections.community.circleci.plugins.{folder}.{name}")


def within(options: Mapping[str, Any]) -> Iterator[str]:
    """The names of options and of what is inside them."""
    for name, option in options.items():
        yield name
        yield from within(option.get("options") or option.get("suboptions") or {})


def words() -> set[str]:
    """The names of all options, and of all values that modules return."""
    modules = [documented("module", name) for name in PLUGINS["module"]]
    found = {name for module in modules for name in within(module.ARGUMENT_SPEC)}
    found |= {name for module in modules for name in yaml.safe_load(module.RETURN) or {}}
    for kind in ("lookup", "inventory"):
        for plugin in PLUGINS[kind]:
            found |= set(within(yaml.safe_load(documented(kind, plugin).DOCUMENTATION)["options"]))
    return found


def prose(text: str) -> str:
    """A page without its code, its comments and what is linked."""
    text = re.sub(r"^( *)\.\.(?: (?!list-table).*)?\n(?:(?:\1 +.*)?\n)*", "\n", text, flags=re.MULTILINE)
    return re.sub(r":\w+:`[^`]+`", "", text)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_links_every_plugin_option_and_value_that_it_names(page: str) -> None:
    text = prose((GUIDE / f"{page}.rst").read_text(encoding="utf-8"))
    assert set(re.findall(r"(?<![\w\"])circleci_\w+", text)) & NAMES == set()
    # A name alone, or with its value as in YAML
    assert {name for name, _value in re.findall(r"``(\w+)(: [^`]+)?``", text)} & words() == set()


@pytest.mark.parametrize("page", PAGES)
def test_a_mention_says_whose_option_it_is(page: str) -> None:
    text = (GUIDE / f"{page}.rst").read_text(encoding="utf-8")
    roles = re.findall(r":(ansopt|ansretval|ansplugin):`([^`]+)`", text)
    assert [target for _role, target in roles if not target.startswith("community.circleci.")] == []


def test_prose_is_what_a_reader_sees_as_text() -> None:
    page = (
        "..\n  a comment\n\n.. code-block:: yaml\n   :caption: a.yml\n\n   - b: c\n\nText ``d``.\n\n.. list-table::\n\n"
    )
    page += "   * - ``e``\n\n       .. code-block:: yaml\n\n          f: g\n     - :ansopt:`h`, ``i``\n"
    text = prose(page)
    assert re.findall(r"\w+", text) == ["Text", "d", "list", "table", "e", "i"]


def test_the_readme_names_every_plugin_and_no_other() -> None:
    named = set(re.findall(r"`(circleci_\w+)`", README))
    assert named == NAMES


SOURCES = sorted(file.relative_to(ROOT).as_posix() for file in (ROOT / "plugins").rglob("*.py"))


def unbalanced(text: str) -> list[str]:
    """Markup such as V(…) with an escaped parenthesis that was not opened in it, so that it stands in the value."""
    found = re.findall(r"\b[A-Z]{1,2}\((?:\\.|[^\\()]|\([^)]*\\\))*\)", text)
    inner = [(markup, markup[markup.index("(") + 1 : -1]) for markup in found]
    return [markup for markup, value in inner if value.count("(") != value.count("\\)")]


def test_markup_of_plugins_ends_where_its_value_does() -> None:
    assert unbalanced(r"C(query(\)) or V(acme)") == []
    assert unbalanced(r"Apps (V(circleci/x\)) have") == [r"V(circleci/x\))"]
    assert {name: wrong for name in SOURCES if (wrong := unbalanced((ROOT / name).read_text(encoding="utf-8")))} == {}


BOOK = re.compile(
    r"^\.\. code-block:: yaml\S*\n +:caption: (\S+)\n\n +- name: .*\n(?: +)(?:hosts|ansible.builtin.import_playbook):",
    re.MULTILINE,
)


@pytest.mark.parametrize("page", [page for page in PAGES if BOOK.search((GUIDE / f"{page}.rst").read_text("utf-8"))])
def test_a_playbook_of_the_guide_that_has_a_name_is_run_by_a_test(page: str) -> None:
    """Those tests say themselves what they have run, for some after they have followed the whole page."""
    tests = (ROOT / "tests" / "integration" / "test_guide.py").read_text(encoding="utf-8")
    followed = re.findall(r"follow_page\((\w+|\"\w+\")\)", tests)
    whole = f'"{page}"' in followed or ("page" in followed and re.search(rf'"page", \[.*"{page}"', tests))
    names = BOOK.findall((GUIDE / f"{page}.rst").read_text(encoding="utf-8"))
    assert [name for name in names if not whole and f'"{name}"' not in tests] == []


PICTURES = sorted(file.stem for file in (ROOT / "docs" / "pictures").glob("*.svg") if file.stem != "benchmark")


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_its_playbook_as_it_is_now(name: str) -> None:
    picture = ElementTree.parse(ROOT / "docs" / "pictures" / f"{name}.svg").getroot()
    title, *lines = (
        "".join(element.itertext()) for element in picture.iter() if element.tag.endswith(("title", "text"))
    )
    book = title.split()[-1]
    (play,) = yaml.safe_load(books().get(book) or (DEMO / book).read_text(encoding="utf-8"))
    shown = [found[1] for line in lines if (found := re.match(r"(?:PLAY|TASK) \[(.*)\] \*", line))]
    assert shown == [play["name"], *(task["name"] for task in play["tasks"])]


def test_each_main_job_has_a_picture_which_the_guide_shows() -> None:
    assert {Path(book).stem for book in books()} <= set(PICTURES)
    pages = "".join((GUIDE / f"{page}.rst").read_text(encoding="utf-8") for page in PAGES)
    assert [name for name in PICTURES if f"/{name}.svg\n" not in pages] == []


def test_pictures_have_addresses_for_they_are_not_published_with_the_pages() -> None:
    pages = "".join((GUIDE / f"{page}.rst").read_text(encoding="utf-8") for page in PAGES)
    images = re.findall(r"^ *\.\. image:: (\S+/)(\S+)$", pages, re.MULTILINE)
    (place,) = {place for place, _name in images}
    assert f'PICTURES = "{place}"\n' in (ROOT / "docs" / "site" / "conf.py").read_text(encoding="utf-8")
    assert place.startswith("https://")
    assert [name for _place, name in images if not (ROOT / "docs" / "pictures" / name).exists()] == []


def test_the_page_of_the_playbooks_is_about_those_that_are_there() -> None:
    page = (GUIDE / "playbooks.rst").read_text(encoding="utf-8")
    folder = ROOT / "playbooks"
    assert [
        book.stem for book in sorted(folder.glob("*.yml")) if f"\ncommunity.circleci.{book.stem}\n---" not in page
    ] == []
    assert [book.name for book in DEMO.glob("*.yml") if f"* - ``{book.name}``\n" not in page] == []
    example = (folder / "vars" / "onboard.example.yml").read_text(encoding="utf-8").partition("\n\n")[2]
    assert textwrap.indent(example, "   ") in page


@pytest.mark.parametrize("book", ["onboard", "deploy_key"])
def test_the_page_of_the_playbooks_has_the_variables_of_each(book: str) -> None:
    page = (GUIDE / "playbooks.rst").read_text(encoding="utf-8")
    section = re.split(r"\n(?=\.\. _|The playbooks of)", page.partition(f"\ncommunity.circleci.{book}\n")[2])[0]
    table = re.sub(r":ans\w+:`[^`]+`", "", section.partition("* - Variable\n")[2].partition("\n\n")[0])
    text = re.sub(r"#.*|community\.circleci\.\w+", "", (ROOT / "playbooks" / f"{book}.yml").read_text(encoding="utf-8"))
    used = set(re.findall(r"\bcircleci_\w+", text))
    own = set(re.findall(r"^ +(?:register: )?(circleci_\w+)(?::|$)", text, re.MULTILINE))
    assert set(re.findall(r"`(circleci_\w+)", table)) == used - own


DOCUMENTS = sorted(
    file.relative_to(ROOT).as_posix()
    for folder in (ROOT, ROOT / "docs", ROOT / "emulator", ROOT / ".github")
    for file in folder.glob("*.md")
)


def anchors(text: str) -> set[str]:
    """The places of a document in Markdown that can be linked to, as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_of_a_document_lead_to_what_is_there_and_to_no_source_of_a_page(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(<?([^)> ]+)>?[^)]*\)", text) if "://" not in link]
    wrong = []
    for link in links:
        path, _hash, place = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or path.endswith(".rst") or (place and place not in anchors(target.read_text("utf-8"))):
            wrong.append(link)
    assert wrong == []


def test_the_check_of_the_site_finds_what_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "guide").mkdir()
    (tmp_path / "a b.png").write_bytes(b"")
    (tmp_path / "index.html").write_text('<a href="guide/one.html#there">x</a><h1 id="top">x</h1><a href="#top">x</a>')
    page = (
        '<p id="there"><a href="../index.html#top">x</a><img src="../a%20b.png"><a href="https://acme.example/no">x</a>'
    )
    (tmp_path / "guide" / "one.html").write_text(page)
    assert broken(tmp_path) == []
    more = '<a href="index.html">x</a><a href="../index.html#gone">x</a><img src="gone.png"><a href="#gone">x</a>'
    (tmp_path / "guide" / "two.html").write_text(page + more)
    found = [line.removeprefix("guide/two.html: ") for line in broken(tmp_path)]
    assert found == ["index.html", "../index.html#gone", "gone.png", "#gone"]
