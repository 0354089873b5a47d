# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.community.circleci.plugins.module_utils._resources.definitions import the_definition
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_project

PROJECT = parse_project("circleci/8LDRZFHSPZTJnGm1kR9QFe/Lb9Fv7qQ2m4uVxgTzS1dYh")
BUILD = {"id": "2F5A1C7E-6D0B-4E4D-9B1C-0A6F5E3D2C1B", "name": "build"}
NIGHTLY = {"id": "9c1e2d3f-4a5b-4c6d-8e7f-0a1b2c3d4e5f", "name": "nightly"}


@pytest.mark.parametrize("definition", [BUILD, NIGHTLY])
def test_an_id_means_the_same_in_any_case(definition: dict[str, str]) -> None:
    for wanted in (definition["id"], definition["id"].lower(), definition["id"].upper()):
        assert the_definition(PROJECT, [BUILD, NIGHTLY], wanted) is definition
