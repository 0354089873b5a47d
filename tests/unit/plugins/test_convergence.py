# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""From any state that can be reached: what check mode predicts happens, and then there is nothing left to do.

And when a rotation is killed at any of its writes, the next run ends where it would have ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.world.contexts import Contexts, Restriction
from tests.unit.keys import private_key
from tests.unit.predicting import differences

pytestmark = pytest.mark.once

API = "github/acme/api"
KEYS = [private_key(number=number) for number in range(3)]
# Before and after CircleCI removes parts of API v1.1.
DAYS = [date(2026, 10, 1), date(2026, 12, 7), date(2027, 2, 1)]
STATES = st.sampled_from(["present", "absent"])
TASKS = st.one_of(
    st.tuples(st.just("circleci_project_follow"), st.fixed_dictionaries({"state": STATES})),
    st.tuples(
        st.just("circleci_checkout_key"),
        st.one_of(
            st.fixed_dictionaries({"type": st.sampled_from(["deploy-key", "user-key"]), "exclusive": st.booleans()}),
            st.fixed_dictionaries(
                {"type": st.sampled_from(["deploy-key", "github-user-key"]), "state": st.just("absent")}
            ),
            st.just({"max_age": 30, "exclusive": True}),
        ),
    ),
    st.tuples(
        st.just("circleci_ssh_key"),
        st.one_of(
            st.fixed_dictionaries(
                {
                    "private_key": st.sampled_from(KEYS),
                    "hostname": st.sampled_from(["", "a.example"]),
                    "exclusive": st.booleans(),
                }
            ),
            st.fixed_dictionaries(
                {
                    "private_key": st.sampled_from(KEYS),
                    "hostname": st.sampled_from(["", "a.example"]),
                    "state": st.just("absent"),
                }
            ),
        ),
    ),
    st.tuples(
        st.just("circleci_env_var"),
        st.one_of(
            st.fixed_dictionaries(
                {"name": st.sampled_from("AB"), "value": st.text(min_size=8, max_size=12).filter(str.isprintable)}
            ),
            st.fixed_dictionaries({"name": st.sampled_from("AB"), "state": st.just("absent")}),
        ),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tasks=st.lists(TASKS, min_size=1, max_size=6),
    duplicates=st.integers(0, 2),
    delete_all=st.booleans(),
    day=st.sampled_from(DAYS),
)
def test_a_plan_that_was_carried_out_is_empty(
    emulator: Emulator,
    run_module,
    tasks: list[tuple[str, dict[str, Any]]],
    duplicates: int,
    delete_all: bool,
    day: date,
) -> None:
    emulator.reset()
    emulator.state.date = day
    emulator.state.switches.ssh_delete_all = delete_all
    emulator.follow(API)
    for name, options in tasks:
        project = emulator.project(API)
        project.ssh_keys += project.ssh_keys[:duplicates]
        emulator.clear()
        predicted = run_module(name, project=API, check_mode=True, **options)
        assert emulator.writes == []
        real = run_module(name, project=API, **options)
        assert not real.get("failed"), real
        assert differences(predicted, real) == []
        emulator.clear()
        again = run_module(name, project=API, **options)
        assert (again["changed"], emulator.writes) == (False, [])


def some(*entries: st.SearchStrategy[dict[str, Any]], by: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Entries of a list that differ in something."""
    return st.lists(st.one_of(*entries), min_size=1, max_size=3, unique_by=lambda entry: str(entry.get(by, entry)))


VARIABLES = some(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from("ABC"),
            "value": st.text(max_size=12).filter(str.isprintable),
            "update_value": st.sampled_from(["when_mask_differs", "on_create"]),
        }
    ),
    st.fixed_dictionaries({"name": st.sampled_from("ABC")}),
    by="name",
)
RESTRICTIONS = some(
    st.sampled_from([{"project": API}, {"project": "gh/acme/web"}]),
    st.sampled_from(["job.ssh.enabled", 'pipeline.git.branch == "main"']).map(lambda text: {"expression": text}),
    by="",
)
CONTEXTS = st.one_of(
    st.fixed_dictionaries(
        {},
        optional={
            "env_vars": VARIABLES,
            "restrictions": RESTRICTIONS,
            "all_members": STATES,
            "skip_missing": st.just(True),
        },
    ),
    st.fixed_dictionaries({"env_vars": VARIABLES, "env_vars_exclusive": st.just(True)}),
    st.fixed_dictionaries({"restrictions": RESTRICTIONS, "restrictions_exclusive": st.just(True)}),
    st.just({"state": "absent"}),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=st.lists(CONTEXTS, min_size=1, max_size=6), bare=st.booleans(), teams=st.booleans())
def test_a_plan_for_a_context_that_was_carried_out_is_empty(
    emulator: Emulator, run_module, tasks: list[dict[str, Any]], bare: bool, teams: bool
) -> None:
    emulator.reset()
    emulator.switch(bare_contexts=bare)
    for slug in (API, "github/acme/web"):
        emulator.follow(slug)
    team = Restriction("group", "8d7c6b5a-4938-4271-8605-f4e3d2c1b0a9")
    for options in tasks:
        given = {"organization": "acme", "name": "deploy", "skip_missing": True, **options}
        kept = [team] if teams else []
        for context in emulator.state.part(Contexts).known.values():
            context.restrictions = [*kept, *(each for each in context.restrictions if each != team)]
        emulator.clear()
        predicted = run_module("circleci_context", check_mode=True, **given)
        assert emulator.writes == []
        existed = bool(emulator.state.part(Contexts).known)
        real = run_module("circleci_context", **given)
        assert not real.get("failed"), real
        assert differences(predicted, real) == []
        assert bool(emulator.writes) is real["changed"]
        for context in emulator.state.part(Contexts).known.values():
            assert not existed or [each for each in context.restrictions if each == team] == kept
        emulator.clear()
        again = run_module("circleci_context", **given)
        assert (again["changed"], emulator.writes) == (False, [])


ROTATE_CHECKOUT_KEY = {"project": API, "max_age": 30, "exclusive": True}
ROTATE_SSH_KEY = {"project": API, "hostname": "a.example", "private_key": KEYS[1], "exclusive": True}
PROGRAM = """
import json, sys
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.community.circleci.plugins.module_utils._task.run import perform
from ansible_collections.community.circleci.plugins.modules import circleci_checkout_key, circleci_ssh_key
name, options = json.load(sys.stdin)
module = {"circleci_checkout_key": circleci_checkout_key, "circleci_ssh_key": circleci_ssh_key}[name]
params = ArgumentSpecValidator(module.ARGUMENT_SPEC).validate(options).validated_parameters
params = {key: params.get(key) for key in module.ARGUMENT_SPEC}
perform(module.run, module.ARGUMENT_SPEC, params, check_mode=False, diff=False)
"""


def public_keys(emulator: Emulator, name: str) -> list[str]:
    project = emulator.project(API)
    return [key.public_key for key in (project.checkout_keys if name == "circleci_checkout_key" else project.ssh_keys)]


@pytest.mark.parametrize("killed_with", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize(
    ("name", "options"), [("circleci_checkout_key", ROTATE_CHECKOUT_KEY), ("circleci_ssh_key", ROTATE_SSH_KEY)]
)
def test_a_rotation_that_is_killed_at_a_write_is_finished_by_the_next_run(
    emulator: Emulator, run_module, name: str, options: dict[str, Any], number: int, when: str, killed_with: int
) -> None:
    emulator.follow(API)
    emulator.state.add_checkout_key(emulator.project(API), "deploy-key", None)
    for key in emulator.project(API).checkout_keys:
        key.created -= 40 * 86400
    for old in (KEYS[0], KEYS[2]):
        run_module("circleci_ssh_key", project=API, hostname="a.example", private_key=old)
    before = public_keys(emulator, name)
    assert len(before) == 2
    emulator.clear()
    emulator.fault("hang", path="/(checkout|ssh)-key", method="POST" if number == 0 else "DELETE",
                   after=max(number - 1, 0), when=when)  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps([name, {**options, "api_url": emulator.url, "api_token": emulator.token}]))
        process.stdin.close()
        while len(emulator.writes) <= number or emulator.faults.pending:
            assert process.poll() is None
            time.sleep(0.01)
        os.kill(process.pid, killed_with)
        process.wait()
    assert len(emulator.writes) == number + 1
    assert public_keys(emulator, name)  # at no time is the project without a key
    emulator.faults.clear()
    assert not run_module(name, **options).get("failed")
    after = public_keys(emulator, name)
    assert len(after) == 1
    assert after[0] not in before
    emulator.clear()
    assert run_module(name, **options)["changed"] is False
    assert emulator.writes == []
