# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""From the options of a task to its result: what ordinary modules and the controller's process have in common."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from ansible.module_utils.basic import AnsibleModule, _load_params

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid, plain
from ansible_collections.community.circleci.plugins.module_utils._http.session import REQUESTS_IMPORT_ERROR
from ansible_collections.community.circleci.plugins.module_utils._task.endings import tidily
from ansible_collections.community.circleci.plugins.module_utils._task.late_ids import (
    require_ids,
    take_empty_ids,
    without,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION, Params
from ansible_collections.community.circleci.plugins.module_utils._task.progress import Progress
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import public_options, scrubber_of
from ansible_collections.community.circleci.plugins.module_utils._values.keys import CRYPTOGRAPHY_IMPORT_ERROR
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import parse_organization, project_of

Run = Callable[[Client, dict[str, Any]], dict[str, Any]]
Unknown = Callable[[dict[str, Any]], dict[str, Any]]
Options = dict[str, dict[str, Any]]
TRACED_FROM = 3  # the verbosity from which on requests are shown, as -vvv asks for it

# What went wrong when a required library was imported; None where that went well.
_IMPORTS = {"requests": REQUESTS_IMPORT_ERROR, "cryptography": CRYPTOGRAPHY_IMPORT_ERROR}
# What a module that never asks CircleCI has instead of connection options.
_UNASKED: dict[str, Any] = {name: option.get("default") for name, option in CONNECTION.items()}


def missing_libraries(options: Options | None = None) -> list[str]:
    """Which required libraries cannot be imported here.

    :param options: the argument spec, if it is a module that asks; one without an address to ask needs none
    """
    if options is not None and "api_url" not in options:
        return []
    return [library for library, error in _IMPORTS.items() if error is not None]


def how_to_install(libraries: list[str]) -> str:
    """What this very Python lacks, and the command that gives it to it.

    :param libraries: see :func:`missing_libraries`; not empty
    """
    # One that is there and cannot be imported, for want of another library for example, says why.
    told = [
        library
        if isinstance(_IMPORTS[library], ModuleNotFoundError)
        else f"{library} ({plain(str(_IMPORTS[library]))})"
        for library in libraries
    ]
    what, them = ("library", "it") if len(told) == 1 else ("libraries", "them")
    command = f"{shlex.quote(sys.executable)} -m pip install {' '.join(libraries)}"
    return f"{sys.executable} lacks the Python {what} {' and '.join(told)}: install {them} with {command}."


def client_of(params: dict[str, Any], **settings: Any) -> Client:
    """The client that the connection options describe.

    :param settings: arguments of :class:`Client` that are no options
    :raises CircleCIError: for unusable values
    """
    return Client(
        params["api_url"],
        params["api_token"],
        validate_certs=params["validate_certs"],
        ca_path=params["ca_path"],
        timeout=params["timeout"],
        retries=params["retries"],
        retry_budget=params["retry_budget"],
        **settings,
    )


@tidily()
def perform(
    run: Run,
    options: Options,
    params: dict[str, Any],
    *,
    check_mode: bool,
    diff: bool,
    report: Callable[[str, bool], None] | None = None,
    trace: Callable[[str], None] | None = None,
    empty_ids: list[str] | None = None,
    unknown: Unknown | None = None,
    given: dict[str, Any] | None = None,
    turn: Callable[..., AbstractContextManager[list[str]]] | None = None,
) -> dict[str, Any]:
    """Run a module's logic and return the result of the task, failures included.

    :param options: the module's argument spec, which says what is secret
    :param check_mode: predict only
    :param diff: whether the user wants to see the diff
    :param report: is told what a user may want to see meanwhile, and whether that is a failure
    :param trace: is told of each request and each pause
    :param empty_ids: options that are known after the run: see :mod:`.late_ids`
    :param unknown: what the module returns then
    :param given: the options as the task wrote them; None where nobody has to tell null from what was left out
    :param turn: see :meth:`Client.alone`
    :returns: with ``warnings``; without ``diff`` unless wanted
    """
    scrubber = scrubber_of(options, params)
    project = _slug(params)
    for slug in slugs_named(params):
        scrubber.name(slug)
    client: Client | None = None
    progress = report and Progress(report)

    def tell(text: str, **how: bool) -> None:
        if progress:
            progress.tell(scrubber.text(plain(text)), changed=client is not None and client.wrote, **how)

    try:
        _require_text(params)
        client = client_of(
            {**_UNASKED, **params},
            read_only=check_mode,
            report=tell,
            trace=trace and (lambda text: trace(scrubber.text(plain(text)))),
            keep_secret=scrubber.add,
            turn=turn,
        )
        if empty_ids and unknown:
            require_ids(client, empty_ids)
            result = unknown(params)
        else:
            result = run(client, Params(params, given or {}))
    except CircleCIError as error:
        if project is not None and error.method is not None and project not in error.message:
            # Not every path names its project: that of a webhook has nothing but the webhook's id.
            error.message = f"{project}: {error.message}"
        result = {"changed": client is not None and client.wrote, **error.result()}
    except BaseException:
        # It has no result: what it did until now is told here alone.
        if progress:
            progress.end(changed=True)
        raise
    if progress:
        progress.end(changed=result["changed"])
    if not diff:
        result.pop("diff", None)
    if project is not None:
        result.setdefault("project", project)
    warnings = list(client.warnings) if client is not None else []
    if client is not None and client.patience.throttled:
        warnings.append(f"CircleCI throttled this task, which waited {client.patience.throttled:.0f} s for it in all.")
    told: dict[str, Any] = scrubber.value({**result, "warnings": warnings})
    return told


def _require_text(value: Any, where: str = "") -> None:
    """Fail for binary data among the options: it cannot be sent, nor shown.

    :param where: the place of the value
    :raises CircleCIError: naming the place, not the value
    """
    if isinstance(value, dict):
        for name, item in value.items():
            _require_text(name, where)
            _require_text(item, f"{where}.{name}" if where else str(name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            _require_text(item, f"{where}[{index}]")
    elif isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise invalid(
                f"{where} is binary data, not text.", "Encode it, with the filter b64encode for example."
            ) from None


def _slug(params: dict[str, Any], task: dict[str, Any] | None = None) -> str | None:
    """The canonical slug of the project of a task or of one of its items, for failures too."""
    try:
        return str(project_of(params, task)) if params.get("project") else None
    except CircleCIError:
        return None


def slugs_named(params: dict[str, Any]) -> list[str]:
    """The canonical slugs of all projects that a task names, as far as they are usable, and its context."""
    lists = [value for value in params.values() if isinstance(value, list)]
    items = [item for items in lists for item in items if isinstance(item, dict)]
    items += [{"project": slug} for slug in params.get("slugs") or ()]
    slugs = [_slug(params), *(_slug(item, params) for item in items)]
    return [slug for slug in (*slugs, _context(params)) if slug is not None]


def _context(params: dict[str, Any]) -> str | None:
    """The context of a task that is about one, with its organization."""
    if "project" in params or not params.get("name"):
        return None
    try:
        return f"{parse_organization(params['organization'], params.get('vcs_type'))} {params['name']}"
    except CircleCIError:
        return None


class _Module(AnsibleModule):
    """An ordinary module that knows which ids were given, and empty."""

    argument_spec: Options
    empty_ids: list[str]

    def _load_params(self) -> None:
        super()._load_params()
        self.empty_ids = take_empty_ids(self.argument_spec, self.params)
        if self.empty_ids:
            # What is required and what excludes what cannot be said of an id that is not known yet.
            self.argument_spec = without(self.argument_spec, self.empty_ids)
            self.mutually_exclusive = self.required_together = self.required_one_of = self.required_if = None
            self.required_by = None


def run_module(
    run: Run, options: Options, constraints: dict[str, Any] | None = None, unknown: Unknown | None = None
) -> None:
    """The ``main()`` of every module.

    :param constraints: ``required_if`` and its like
    :param unknown: what the module returns in check mode for an id that is known after the run
    """
    module = _Module(argument_spec=options, supports_check_mode=True, **(constraints or {}))
    libraries = missing_libraries(options)
    if libraries:
        module.fail_json(msg=how_to_install(libraries), missing_libraries=libraries)
    traced: list[str] = []
    result = perform(
        run,
        options,
        module.params,
        check_mode=module.check_mode,
        diff=module._diff,
        trace=traced.append if module._verbosity >= TRACED_FROM and not module.no_log else None,
        empty_ids=module.empty_ids,
        unknown=unknown,
        given=_load_params(),
    )
    # What is secret in the result is replaced already. Core would also replace what only looks like it: in the slug, in
    # the names that the task gave, and numbers and booleans as a whole.
    module.no_log_values.clear()
    if traced:
        result["traced"] = traced  # The action shows it.
    result["invocation"] = {"module_args": public_options(options, module.params)}
    for warning in result.pop("warnings"):
        module.warn(warning)
    if result.pop("failed", False):
        module.fail_json(**result)
    module.exit_json(**result)
