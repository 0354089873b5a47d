# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Runs a module of this collection inside the controller's process, where that gives the same result."""

from __future__ import annotations

import contextlib
import os
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.action.normal import ActionModule as OrdinaryModule
from ansible.utils.display import Display

from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._http.urls import normalize_url
from ansible_collections.community.circleci.plugins.module_utils._task.arguments import (
    argument_problems,
    lost_spellings,
)
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import take_empty_ids, without
from ansible_collections.community.circleci.plugins.module_utils._task.options import (
    ENVIRONMENT,
    from_environment,
    with_origins,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import (
    TRACED_FROM,
    Run,
    missing_libraries,
    perform,
    slugs_named,
)
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import scrubber_of
from ansible_collections.community.circleci.plugins.module_utils._task.words import all_wrong
from ansible_collections.community.circleci.plugins.plugin_utils._turns import Turns

OWN = "what belongs to the token's user"
"""What a task is about that names nothing else."""

display = Display()


class InProcess(OrdinaryModule):
    """The action of one module. A subclass names it.

    With a local connection the module's ``run()`` is called right here: no transfer, no new process, and one HTTP
    connection for a whole loop. Everywhere else, and with keywords that only core can honour, the ordinary module runs.
    """

    module: ModuleType
    empty_ids: list[str]
    """options of the task that are known after the run"""
    one_at_a_time = False
    """Whether two such tasks at once might make something twice."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task."""
        given, origins = self._task.args, {}
        try:
            params = self._checked()
            origins = self._take_environment(params)
            result = self._run(params, tmp, task_vars)
        except CircleCIError as error:
            result = {"changed": False, **error.result()}
        finally:
            self._task.args = given  # They may be run again, and are shown.
        if result.get("failed"):
            result["msg"] = with_origins(str(result.get("msg", "")), origins)
        return result

    def _checked(self) -> dict[str, Any]:
        """Check the arguments of the task, whichever way it is going to run.

        :returns: the options of the module, of the types that they have
        :raises CircleCIError: with everything that is wrong
        """
        options, constraints = self.module.ARGUMENT_SPEC, getattr(self.module, "CONSTRAINTS", {})
        self._task.args = _without_vault(self._task.args)
        problems = lost_spellings(options, self._task.args)
        self._task.args = _without_dates(self._task.args)
        self.empty_ids = take_empty_ids(options, self._task.args)
        if self.empty_ids:
            options, constraints = without(options, self.empty_ids), {}
        params: dict[str, Any] = {}
        try:
            _validated, params = self.validate_argument_spec(options, **constraints)
        except (AnsibleActionFail, ValueError) as error:  # the latter until ansible-core 2.18, see argument_problems
            found = argument_problems(options, self._task.args, self._name(), constraints)
            problems += found or [getattr(error, "message", str(error))]
        if problems:
            scrubber = scrubber_of(options, self._task.args)
            raise all_wrong([scrubber.text(problem) for problem in problems])
        return {name: params.get(name) for name in options}

    def _run(self, params: dict[str, Any], tmp: str | None, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        turns = None
        if self.one_at_a_time and not self._task.check_mode:
            folder = Path(constants.ANSIBLE_HOME) / "circleci_turns"
            turns = Turns(folder, normalize_url(params["api_url"]), params["retry_budget"])
        reason = self._why_not_here()
        alone: contextlib.AbstractContextManager[list[str]]
        # Of many projects each is worked on in its turn, where the task runs here.
        slugs = slugs_named(params) or [OWN] if reason or "projects" not in params else []
        alone = turns.take(*slugs) if turns else contextlib.nullcontext(list[str]())
        with alone as warnings:
            if reason:
                display.vv(f"{self._name()}: runs as an ordinary module, because {reason}.")
                result: dict[str, Any] = super().run(tmp, task_vars)
                for line in result.pop("traced", ()):
                    self._trace(line)
                if result.pop("missing_libraries", None) and not self._is_local():
                    result["msg"] += (
                        " The task need not run on this host: delegate_to: localhost leaves it to the controller."
                    )
            else:
                result = {**ActionBase.run(self, tmp, task_vars), **self._perform(params, turns)}
        warnings = [*result.pop("warnings", ()), *warnings]
        return {**result, "warnings": warnings} if warnings else result  # Core would show an empty list.

    def _perform(self, params: dict[str, Any], turns: Turns | None) -> dict[str, Any]:
        """Run the module right here."""
        options, task = self.module.ARGUMENT_SPEC, self._task
        self._resolve_paths(options, params)
        return perform(
            self._logic(),
            options,
            params,
            check_mode=task.check_mode,
            diff=bool(task.diff),
            report=None if task.no_log else self._report,
            trace=None if task.no_log or display.verbosity < TRACED_FROM else self._trace,
            empty_ids=self.empty_ids,
            unknown=getattr(self.module, "known_after_the_run", None),
            given=task.args,
            turn=turns.take if turns else None,
        )

    def _take_environment(self, params: dict[str, Any]) -> dict[str, str]:
        """Complete the arguments from the task's own environment, then from the controller's.

        :param params: the options, which are completed likewise
        :returns: the names of the variables that were taken, by option
        :raises CircleCIError: instead of giving the controller's token to another host
        """
        of_task: dict[str, Any] = {}
        self._compute_environment_string(of_task)
        origins = {}
        options = self.module.ARGUMENT_SPEC
        for option in (name for name in ENVIRONMENT if name in options):
            names = (option, *options[option].get("aliases", ()))
            if any(self._task.args.get(name) is not None for name in names):
                continue
            found = from_environment(option, of_task)
            if found is None and (found := from_environment(option, os.environ)):
                self._require_controller(option, found[1])
            if found is not None:
                params[option], origins[option] = found
                self._task.args[option] = params[option]
        return origins

    def _require_controller(self, option: str, variable: str) -> None:
        if option == "api_token" and not self._is_local():
            raise invalid(
                f"This task runs on another host. The token in the controller's environment variable {variable} is not "
                "sent there: name api_token, or delegate_to localhost."
            )

    def _is_local(self) -> bool:
        return getattr(self._connection, "transport", None) == "local"

    def _logic(self) -> Run:
        """What is done here with the options."""
        logic: Run = self.module.run
        return logic

    def _name(self) -> str:
        """The module's full name, also when the task was written with another one."""
        return str(self._task.resolved_action or self._task.action)

    def _why_not_here(self) -> str | None:
        """What an ordinary module can do and this process cannot, if the task needs it."""
        if not self._is_local():
            return "the connection is not local"
        if self._task.async_val:
            return "the task is asynchronous"
        if self._connection.become is not None or self._task.become:
            return "the task uses become"
        if any(self._task.environment or []):
            return "the task sets its environment"
        libraries = missing_libraries(self.module.ARGUMENT_SPEC)
        return f"the controller's Python lacks {' and '.join(libraries)}" if libraries else None

    def _resolve_paths(self, options: dict[str, dict[str, Any]], params: dict[str, Any]) -> None:
        """Take relative paths as everywhere in a playbook: from its folder."""
        for name, option in options.items():
            value = params.get(name)
            if isinstance(value, str) and value.strip() and option.get("type") == "path":
                params[name] = os.path.join(os.path.abspath(self._loader.get_basedir()), value)
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, dict) and "options" in option:
                    self._resolve_paths(option["options"], item)

    def _trace(self, text: str) -> None:
        """Show a request, or a pause, to those who want to see it."""
        display.vvv(f"{self._name()}: {text}")

    def _report(self, text: str, failed: bool) -> None:
        """Show something while the task runs, where a callback's output cannot be disturbed."""
        display.display(text, color=constants.COLOR_ERROR if failed else None, stderr=True)


def _without_vault(value: Any) -> Any:
    """A copy in which secrets written with ``!vault`` are text. From ansible-core 2.19 on they are already."""
    if isinstance(value, dict):
        return {key: _without_vault(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_vault(item) for item in value]
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value


def _without_dates(value: Any) -> Any:
    """A copy in which dates are text, as core sends them to ordinary modules."""
    if isinstance(value, dict):
        return {key: _without_dates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value
