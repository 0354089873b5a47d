# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import given_empty
from ansible_collections.community.circleci.plugins.module_utils._task.options import Params, as_given

pytestmark = pytest.mark.once

CHECKED = {"projects": [{"project": "github/acme/api"}], "branch": None}


@pytest.mark.parametrize(
    ("given", "projects", "empty"),
    [
        (
            {"projects": [{"project": "gh/acme/api", "env_vars": None}]},
            [{"project": "gh/acme/api", "env_vars": None}],
            [],
        ),
        ({"projects": "project=github/acme/api", "branch": None}, [], ["branch"]),
        ({"branch": " \n"}, [], ["branch"]),
        ({"branch": "main"}, [], []),
        ({}, [], []),
    ],
)
def test_what_a_task_wrote_is_told_from_what_core_made_of_it(
    given: dict[str, Any], projects: list[Any], empty: list[str]
) -> None:
    params = Params(CHECKED, given)
    assert (dict(params), as_given(params, "projects"), given_empty(params, "branch")) == (CHECKED, projects, empty)


def test_of_options_alone_nobody_knows_how_they_were_written() -> None:
    assert as_given(CHECKED, "projects") == CHECKED["projects"]
    assert given_empty(CHECKED, "branch") == []
