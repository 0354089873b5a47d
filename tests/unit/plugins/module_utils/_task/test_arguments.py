# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date, datetime, time, timezone
from typing import Any

import pytest

from ansible_collections.community.circleci.plugins import modules
from ansible_collections.community.circleci.plugins.module_utils._task import arguments
from ansible_collections.community.circleci.plugins.module_utils._task.arguments import (
    MOMENTS,
    argument_problems,
    lost_spellings,
)
from ansible_collections.community.circleci.plugins.module_utils._task.words import all_wrong
from ansible_collections.community.circleci.plugins.modules.circleci_env_var import ARGUMENT_SPEC as ENV_VAR
from ansible_collections.community.circleci.plugins.modules.circleci_env_var import CONSTRAINTS
from ansible_collections.community.circleci.plugins.modules.circleci_projects import ARGUMENT_SPEC

NAME = "community.circleci.circleci_projects"
GOOD = {"project": "github/acme/api"}
AS_ITEM = "a dictionary is needed, not {}. Write it as in {{project: github/acme/api}}."


@pytest.mark.parametrize(
    ("projects", "problems"),
    [
        (
            [GOOD, {"project": "x", "folowing": True}],
            [f"projects[1]: Unsupported parameters for ({NAME}) module: folowing."],
        ),
        ([GOOD, {"following": True}], ["projects[1]: missing required arguments: project"]),
        ([GOOD, {"project": None}], ["projects[1]: missing required arguments: project"]),
        ([GOOD, {"project": "x", "following": "perhaps"}], ["projects[1]: argument 'following' is of type "]),
        (["github/acme/api"], [f"projects[0]: {AS_ITEM.format('text')}"]),
        ("github/acme/api", [f"projects: {AS_ITEM.format('text')}"]),
        ("github/acme/api,github/acme/web", [f"projects[{n}]: {AS_ITEM.format('text')}" for n in (0, 1)]),
        ([["x"], 1], [f"projects[0]: {AS_ITEM.format('a list')}", f"projects[1]: {AS_ITEM.format('a single value')}"]),
        ([{"project": "x", "checkout_keys": [{}, {"typ": "x"}]}], ["projects[0].checkout_keys[1]: Unsupported"]),
        (
            [{"project": "x", "env_vars": [{"value": "A"}]}],
            ["projects[0].env_vars[0]: missing required arguments: name"],
        ),
        (
            [{"project": "x", "ssh_keys": ["deploy"]}],
            [
                "projects[0].ssh_keys[0]: a dictionary is needed, not text. Write it as in {hostname: deploy.example",
            ],
        ),
        # Older cores end by an exception when there is a = in a text that is no list of pairs, such as a key.
        (["project=x web"], [f"projects[0]: {AS_ITEM.format('text')}"]),
        (
            [{"project": "x", "ssh_keys": "-----BEGIN KEY-----\nsecret==\n-----END KEY-----"}],
            ["projects[0].ssh_keys: a dictionary is needed, not text. Write it as in {hostname: deploy.example.com}."],
        ),
        (
            [GOOD, {"project": "x", "env_vars": {"A": "secret"}}],
            ["projects[1].env_vars is a dictionary, not a list of dictionaries. Pass names with their values thro"],
        ),
        (
            [{"project": "x", "checkout_keys": {"max_age": 1}}],
            ["projects[0].checkout_keys is a dictionary, not a list of dictionaries. Put a dash before each entry."],
        ),
        ({"project": "x"}, ["projects is a dictionary, not a list of dictionaries. Put a dash before each entry."]),
        (
            [{"projet": "x"}, {"project": "x", "env_vars": [{"nam": "A"}, "B=x"]}, "x"],
            [
                "projects[0]: missing required arguments: project",
                f"projects[0]: Unsupported parameters for ({NAME}) module: projet.",
                "projects[1].env_vars[0]: missing required arguments: name",
                f"projects[1].env_vars[0]: Unsupported parameters for ({NAME}) module: nam.",
                "projects[1].env_vars[1]: missing required arguments: name",
                f"projects[1].env_vars[1]: Unsupported parameters for ({NAME}) module: B.",
                f"projects[2]: {AS_ITEM.format('text')}",
            ],
        ),
    ],
)
def test_everything_that_is_wrong_is_named_by_its_place(projects: Any, problems: list[str]) -> None:
    found = argument_problems(ARGUMENT_SPEC, {"projects": projects}, NAME)
    assert "secret" not in " ".join(found)
    assert [text[: len(begin)] for text, begin in zip(found, problems, strict=True)] == problems


def test_what_is_wrong_with_the_defaults_is_named_by_its_place() -> None:
    defaults = {"webhooks": [{"name": "a"}, {"url": "x"}], "env_vars": {"A": "secret"}}
    found = argument_problems(ARGUMENT_SPEC, {"projects": [GOOD], "defaults": defaults}, NAME)
    assert [text[:39] for text in found] == [
        "defaults.env_vars is a dictionary, not ",
        "defaults.webhooks[1]: missing required ",
    ]


@pytest.mark.parametrize("projects", [[], [GOOD], ["project=github/acme/api"], "project=github/acme/api"])
def test_nothing_is_said_of_entries_that_are_right(projects: Any) -> None:
    assert argument_problems(ARGUMENT_SPEC, {"projects": projects, "owner": "acme"}, NAME) == []


def test_an_option_with_options_inside_may_be_required_and_be_written_as_text() -> None:
    spec: dict[str, Any] = {"place": {"type": "dict", "required": True, "options": {"name": {}, "size": {}}}}
    assert argument_problems(spec, {}, NAME) == ["missing required arguments: place"]
    assert argument_problems({"place": {**spec["place"], "required": False}}, {}, NAME) == []
    assert argument_problems(spec, {"place": "name=a,size=1"}, NAME) == []
    (problem,) = argument_problems(spec, {"place": "name=a,sise=1"}, NAME)
    assert problem.startswith(f"place: Unsupported parameters for ({NAME}) module: sise.")


def test_a_typo_in_a_required_option_is_named_too() -> None:
    found = argument_problems(ENV_VAR, {"projct": "x", "nam": "A"}, NAME, CONSTRAINTS)
    missing, because_of_state, typo = found
    assert missing == "missing required arguments: name, project"
    assert "state is present but all of the following are missing: value" in because_of_state
    assert typo.startswith(f"Unsupported parameters for ({NAME}) module: nam, projct. Supported parameters include:")


def test_several_problems_are_one_line_each_and_a_list() -> None:
    one = all_wrong(["the only one"]).result()
    assert (one["msg"], one["problems"]) == ("the only one", ["the only one"])
    many = all_wrong([f"number {number}." for number in range(60)]).result()
    assert all_wrong([f"number {number}." for number in range(50)]).message.endswith("\nnumber 49.")
    lines = many["msg"].splitlines()
    assert lines[:2] == ["Nothing was done, because 60 things are wrong:", "number 0."]
    assert lines[50:] == ["number 49.", "and 10 more."]
    assert len(many["problems"]) == 60


# --- what YAML has changed -------------------------------------------------------------------------------------------

LOST = {
    "a number with a fraction": 1.10,
    "a date or time": date(2024, 1, 1),
    "a date or time ": datetime(2024, 1, 1, 10, tzinfo=timezone.utc),
    "a date or time  ": time(12, 30),
}
SPECS = {
    name: importlib.import_module(f"{modules.__name__}.{name}").ARGUMENT_SPEC
    for _finder, name, _package in pkgutil.iter_modules(modules.__path__)
}


def text_options(spec: dict[str, Any], where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """The options for text, with the path to each: a dot before what is inside an entry of a list."""
    for name, option in spec.items():
        if option.get("options"):
            yield from text_options(option["options"], f"{where}{name}.")
        elif not option.get("choices") and name not in MOMENTS:
            yield f"{where}{name}", option


def given(path: str, value: Any) -> dict[str, Any]:
    """Arguments with this value at this place."""
    name, _dot, inside = path.partition(".")
    return {name: [given(inside, value)] if inside else value}


TEXTS = [
    (module, path, option)
    for module, spec in SPECS.items()
    for path, option in text_options(spec)
    if option.get("type", "str") in ("str", "path", "raw")
]


@pytest.mark.parametrize(
    ("module", "path", "option"), TEXTS, ids=[f"{module}.{path}" for module, path, _option in TEXTS]
)
def test_no_option_for_text_takes_what_yaml_has_changed(module: str, path: str, option: dict[str, Any]) -> None:
    for kind, value in LOST.items():
        for name in (path, *option.get("aliases", ())):
            (problem,) = lost_spellings(SPECS[module], given(name, value))
            assert problem.startswith(f"{name.replace('.', '[0].')} is {kind.strip()} for YAML")
            assert "Write it in quotes" in problem
    for kept in ("1.10", 12, None, ""):
        assert lost_spellings(SPECS[module], given(path, kept)) == []
    if option.get("type", "str") != "raw":
        (problem,) = lost_spellings(SPECS[module], given(path, True))
        assert "is a boolean for YAML" in problem


def test_lists_and_dictionaries_of_text_are_looked_through() -> None:
    spec: dict[str, dict[str, Any]] = {
        "names": {"type": "list", "elements": "str"},
        "numbers": {"type": "list", "elements": "float"},
        "parameters": {"type": "dict"},
        "size": {"type": "float"},
        "not_older_than": {"type": "raw"},
        "settings": {"type": "dict", "options": {"name": {"type": "str"}}},
    }
    args = {
        "names": ["1.10", 1.10, True],
        "numbers": [1.1],
        "parameters": {"VERSION": 1.10, "DRY": True, "COUNT": 3},
        "size": 1.1,
        "not_older_than": date(2024, 1, 1),
        "settings": {"name": 1.10},
    }
    found = [problem.split(" is ")[0] for problem in lost_spellings(spec, args)]
    assert found == ["names[1]", "names[2]", "parameters.VERSION", "settings.name"]
    assert lost_spellings(spec, {"names": 1.10})[0].startswith("names is a number with a fraction")


def test_of_an_option_with_choices_core_says_what_is_wrong() -> None:
    assert lost_spellings({"state": {"type": "str", "choices": ["present"]}}, {"state": True}) == []


@pytest.mark.parametrize("kind", [TypeError, ValueError])
def test_what_is_no_dictionary_is_told_whatever_core_raises(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    """Until ansible-core 2.18 it was a ValueError for text with a = in it."""

    def refuse(_value: object) -> None:
        raise kind("unable to evaluate string as dictionary")

    monkeypatch.setattr(arguments, "check_type_dict", refuse)
    assert argument_problems(ARGUMENT_SPEC, {"projects": ["project=x web"]}, "circleci_projects") == [
        "projects[0]: a dictionary is needed, not text. Write it as in {project: github/acme/api}."
    ]
