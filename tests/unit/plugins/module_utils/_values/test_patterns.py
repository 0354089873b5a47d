# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.community.circleci.plugins.module_utils._values.patterns import matcher

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.whl", "app.whl", True),
        ("*.whl", "dist/app.whl", False),
        ("dist/*.whl", "dist/app.whl", True),
        ("dist/*.whl", "dist/old/app.whl", False),
        ("dist/**", "dist/old/app.whl", True),
        ("dist/**", "dist", False),
        ("**/*.whl", "app.whl", True),
        ("**/*.whl", "a/b/app.whl", True),
        ("**.whl", "a/b/app.whl", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a/**/b", "ab", False),
        ("?.txt", "a.txt", True),
        ("?.txt", "/.txt", False),
        ("a?b", "a/b", False),
        ("[ab].txt", "b.txt", True),
        ("[!ab].txt", "b.txt", False),
        ("[!ab].txt", "c.txt", True),
        ("x[!a]y", "x/y", False),
        ("[a-c]", "b", True),
        ("[]]", "]", True),
        ("[^a]", "^", True),
        ("[", "[", True),
        ("a.b", "aXb", False),
        ("(a|b)+", "(a|b)+", True),
        ("a\\b", "a\\b", True),
        ("line\nbreak", "line\nbreak", True),
        ("*", "line\nbreak", True),
        ("", "", True),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    assert matcher([pattern], [])(path) is fits
    assert matcher([], [pattern])(path) is not fits


def test_everything_is_wanted_unless_something_is_named() -> None:
    assert matcher([], [])("a/b") is True
    several = matcher(["a/**", "b"], ["**/*.map"])
    assert [several(path) for path in ("a/x", "b", "c", "a/x.map")] == [True, True, False, False]


@given(st.text("ab.*?[]!-^", max_size=8), st.text("ab.[]!-^", max_size=6))
def test_within_one_folder_they_are_those_of_fnmatch(pattern: str, name: str) -> None:
    if "**" not in pattern:
        assert matcher([pattern], [])(name) is fnmatch.fnmatchcase(name, pattern)
