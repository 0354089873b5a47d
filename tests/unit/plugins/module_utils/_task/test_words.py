# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.words import bounded, each_once, reasons
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import Project, parse_project


def failures(number: int, text: str, start: int = 0) -> list[tuple[Project, str]]:
    """The same failure of several projects; {slug} and {path} in it are the project's own."""
    projects = [parse_project(f"github/acme/r {index}") for index in range(start, start + number)]
    return [
        (
            one,
            text.format(
                slug=one, short=one.short_slug, path=one.path("envvar"), v2=one.v2_path("settings"), number=index
            ),
        )
        for index, one in enumerate(projects)
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Nobody answers.", "Nobody answers"),
        ("{slug}: no key.", "<slug>: no key"),
        ("API v2 knows no {short}.", "API v2 knows no <slug>"),
        ("403 to POST {path}: denied.", "403 to POST v1.1/project/<slug>/envvar: denied"),
        ("403 to PATCH {v2}.", "403 to PATCH v2/project/<slug>/settings"),
        ("It asks to wait {number} s.", "It asks to wait 0 s"),
        ("Nothing for 1.{number} s.", "Nothing for 1.0 s"),
        (
            "404 to GET v2/webhook/0e5fd2bb-4a9b-4a7e-9b8c-3c9a6e6b3a{number}1.",
            "404 to GET v2/webhook/0e5fd2bb-4a9b-4a7e-9b8c-3c9a6e6b3a01",
        ),
        (
            "404 to GET v2/webhook/0E5FD2BB-4A9B-4A7E-9B8C-3C9A6E6B3A{number}1.",
            "404 to GET v2/webhook/0E5FD2BB-4A9B-4A7E-9B8C-3C9A6E6B3A01",
        ),
    ],
)
def test_reasons_that_differ_in_nothing_that_matters_are_one(text: str, shown: str) -> None:
    assert reasons(failures(2, text)) == f"for 2 projects: {shown}. They are github/acme/r 0, github/acme/r 1."


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("CircleCI answered 403.", "CircleCI answered 404."),
        ("Variable A is refused.", "Variable B is refused."),
        ("{slug} is lost.", "github/acme/other is lost."),
    ],
)
def test_other_reasons_stay_apart(text: str, other: str) -> None:
    told = reasons([*failures(1, text), *failures(1, other, start=1)]).split(" | ")
    assert [line.partition(": ")[0] for line in told] == ["github/acme/r 0", "github/acme/r 1"]
    assert told[1].endswith(other)


def test_a_slug_that_begins_as_the_own_one_is_another_one() -> None:
    own, longer = parse_project("github/acme/api"), "github/acme/api-web"
    web = parse_project("github/acme/web")
    assert "They are" not in reasons([(own, f"{longer} is lost."), (web, "<slug>-web is lost.")])


@pytest.mark.parametrize(("groups", "named"), [(1, 50), (2, 25), (40, 3)])
def test_a_message_names_fifty_projects_or_three_for_each_reason(groups: int, named: int) -> None:
    told = [one for group in range(groups) for one in failures(60, f"Reason {group}.", start=60 * group)]
    lines = reasons(told).split(" | ")
    assert len(lines) == groups
    for group, line in enumerate(lines):
        assert line.startswith(f"for 60 projects: Reason {group}. They are github/acme/r {60 * group}, ")
        assert line.count("github/acme/r ") == named
        assert line.endswith(f", and {60 - named} more.")


def test_a_long_reason_is_cut_after_it_was_compared() -> None:
    projects = [parse_project(f"github/acme/{name}") for name in ("a", "a-much-longer-name")]
    [line] = reasons([(one, f"{one}: {'word ' * 300}") for one in projects]).split(" | ")
    assert line.startswith("for 2 projects: <slug>: word word")
    assert len(line) < 700


def test_warnings_say_what_they_are_about_unless_their_words_do() -> None:
    api, web = parse_project("github/acme/api"), parse_project("github/acme/web")
    assert each_once([(api, "No key."), (web, "No key."), (api, f"{api} is new."), ("Context x", "Full.")]) == [
        "github/acme/api and 1 other: No key.",
        "github/acme/api is new.",
        "Context x: Full.",
    ]


def test_warnings_of_one_project_that_differ_in_an_id_are_not_those_of_others() -> None:
    api, web = parse_project("github/acme/api"), parse_project("github/acme/web")
    first, second, third = (f"Trigger 0e5fd2bb-4a9b-4a7e-9b8c-3c9a6e6b3a0{number} is odd." for number in range(3))
    assert each_once([(api, first), (api, second), (api, first)]) == [
        f"github/acme/api: {first}",
        f"github/acme/api: {second}",
    ]
    assert each_once([(api, first), (api, second), (web, third)]) == [
        f"github/acme/api and 1 other: {first}",
        f"github/acme/api: {second}",
    ]


@pytest.mark.parametrize(
    ("number", "last"),
    [
        (50, "Context 49: Variable 49 is odd."),
        (51, "There is 1 more such warning."),
        (52, "There are 2 more such warnings."),
    ],
)
def test_fifty_warnings_are_told_and_how_many_more_there_are(number: int, last: str) -> None:
    told = each_once((f"Context {index}", f"Variable {index} is odd.") for index in range(number))
    assert (told[0], told[-1]) == ("Context 0: Variable 0 is odd.", last)
    assert len(told) == min(number, 51)


@pytest.mark.parametrize(("number", "told"), [(1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2, and 1 more.")])
def test_as_many_lines_as_are_wanted_are_told(number: int, told: str) -> None:
    assert bounded([str(index) for index in range(number)], ", ", 3) == told
