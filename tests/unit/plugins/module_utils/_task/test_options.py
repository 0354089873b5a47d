# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.options import wrong_entry
from ansible_collections.community.circleci.plugins.modules.circleci_projects import ARGUMENT_SPEC

NAME = "community.circleci.circleci_projects"
GOOD = {"project": "github/acme/api"}


@pytest.mark.parametrize(
    ("projects", "words"),
    [
        ([GOOD, {"project": "x", "folowing": True}], ["projects[1]: ", f"({NAME}) module: folowing."]),
        ([GOOD, {"following": True}], ["projects[1]: ", "missing required arguments: project"]),
        ([GOOD, {"project": "x", "following": "perhaps"}], ["projects[1]: ", "following"]),
        ([GOOD, "x"], ["projects[1]: ", "dictionary"]),
        ([GOOD, {"project": "x", "checkout_keys": [{}, {"typ": "x"}]}], ["projects[1].checkout_keys[1]: ", "typ."]),
        ([GOOD, {"project": "x", "env_vars": [{"value": "A"}]}], ["projects[1].env_vars[0]: ", "name"]),
        ([GOOD, {"project": "x", "ssh_keys": ["x"]}], ["projects[1].ssh_keys[0]: ", "dictionary"]),
        (
            [GOOD, {"project": "x", "env_vars": {"A": "secret"}}],
            ["projects[1].env_vars is a dictionary", "dict2items(key_name='name', value_name='value')"],
        ),
        ([{"project": "x", "checkout_keys": {"max_age": 1}}], ["projects[0].checkout_keys is a dictionary", "dash"]),
        ({"project": "x"}, ["projects is a dictionary", "dash"]),
    ],
)
def test_a_wrong_entry_is_named_by_its_index(projects: Any, words: list[str]) -> None:
    found = wrong_entry(ARGUMENT_SPEC, {"projects": projects}, NAME)
    assert found is not None
    assert "secret" not in found
    assert found.startswith(words[0])
    assert words[1] in found


@pytest.mark.parametrize("projects", [[], [GOOD], ["project=github/acme/api"], "github/acme/api", None])
def test_nothing_is_said_of_entries_that_are_right(projects: Any) -> None:
    assert wrong_entry(ARGUMENT_SPEC, {"projects": projects, "concurrency": "many"}, NAME) is None
