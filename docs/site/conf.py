# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx builds the documentation's site; `nox -s docs` calls it."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

project = "community.circleci"
copyright = "The community.circleci contributors"
title = "community.circleci"
html_short_title = title

extensions = ["sphinx_antsibull_ext"]
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
html_theme = "sphinx_ansible_theme"
html_theme_options = {"vcs_pageview_mode": "edit"}
html_static_path = ["static"]
html_css_files = ["narrow.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False
default_role = "any"
nitpicky = True

ANSIBLE_DOCS = "https://docs.ansible.com/projects/ansible/latest/"
# Labels of Ansible's own documentation that pages refer to. Sphinx would look them up over the network.
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
    "lookup_plugins": "plugins/lookup.html",
    "playbook_keywords": "reference_appendices/playbooks_keywords.html",
}
BUILTIN = "ansible_collections.ansible.builtin."


def _link_to_ansible(
    app: Sphinx, env: BuildEnvironment, reference: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Resolve a reference to a page of Ansible's documentation; any other one stays an error."""
    label = reference["reftarget"]
    page = ANSIBLE_PAGES.get(label)
    if label.startswith(BUILTIN) and label.endswith(("_module", "_lookup", "_filter")):
        page = f"collections/ansible/builtin/{label.removeprefix(BUILTIN)}.html"
    if reference["reftype"] == "envvar" and label.startswith("ANSIBLE_CACHE_PLUGIN"):
        page = f"{ANSIBLE_PAGES['ansible_configuration_settings']}#envvar-{label}"
    return nodes.reference("", "", content, internal=False, refuri=ANSIBLE_DOCS + page) if page else None


# Where the published documentation has the pictures from: it is built of the pages alone.
PICTURES = "https://raw.githubusercontent.com/ansible-collections/community.circleci/main/docs/pictures/"


def _take_own_pictures(app: Sphinx, page: str, source: list[str]) -> None:
    """Let the pages have the pictures that are beside them here."""
    source[0] = source[0].replace(PICTURES, "../../pictures/")


# The sections of the first page in the order in which a reader wants them; others keep their places between.
FIRST = ["Description", "Guide", "Reference", "Plugin Index"]
LAST = ["Communication", "Changelog"]


def _order_index(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the guide first on the first page, then the modules, and the release notes last."""
    if page != "index":
        return
    start, *pieces = re.split(r"(?m)^((?:\.\. _\S+:\n\n)?\S[^\n]*\n-{3,}\n)", source[0])
    sections = {re.sub(r"\.\. _\S+:\n\n", "", title).split("\n")[0]: title + text for title, text in
                zip(pieces[::2], pieces[1::2], strict=True)}  # fmt: skip
    between = [name for name in sections if name not in FIRST + LAST]
    order = [name for name in [*FIRST, *between, *LAST] if name in sections]
    source[0] = "".join([start, *(sections[name] for name in order)])


def _open_pictures(app: Sphinx, document: nodes.document, page: str) -> None:
    """Let a click on a picture open it in full size."""
    for image in list(document.findall(nodes.image)):
        if isinstance(image.parent, nodes.reference):
            continue
        name = app.env.images[image["uri"]][1]
        up = "../" * page.count("/")
        link = nodes.reference("", "", internal=False, refuri=f"{up}_images/{name}")
        image.replace_self(link)
        link += image


def _name_cells(app: Sphinx, document: nodes.document, page: str) -> None:
    """Write the head of its column into each cell but the first, for screens on which a row becomes a list."""
    for table in document.findall(nodes.table):
        heads = [entry.astext() for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
        # antsibull-docs makes its own tables fit.
        if not heads or any(name.startswith("ansible-") for name in table["classes"]):
            continue
        for row in (row for body in table.findall(nodes.tbody) for row in body.findall(nodes.row)):
            for name, entry in list(zip(heads, row.children, strict=True))[1:]:
                if entry.children and isinstance(entry.children[0], nodes.paragraph):
                    entry.children[0].insert(0, nodes.inline("", f"{name}: ", classes=["column-head"]))


def _lead_home(app: Sphinx, page: str, template: str, context: dict[str, Any], document: nodes.document | None) -> None:
    """Let the theme's link to the first page lead there from every folder."""
    context["theme_documentation_home_url"] = context["pathto"]("index")


def setup(app: Sphinx) -> None:
    """Let Sphinx call what is above."""
    app.connect("source-read", _order_index)
    app.connect("source-read", _take_own_pictures)
    app.connect("doctree-resolved", _open_pictures)
    app.connect("doctree-resolved", _name_cells)
    app.connect("html-page-context", _lead_home)
    app.connect("missing-reference", _link_to_ansible)
