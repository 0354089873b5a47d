# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: circleci_projects
short_description: CircleCI projects as hosts
version_added: 0.2.0
description:
  - Make a host of each project that the token's user follows, so that a fleet of projects can be spread by what Ansible
    has for hosts, such as C(--limit), C(serial), C(forks) and the job slices of AWX.
  - The name of its file ends in C(circleci.yml) or C(circleci.yaml).
  - A host is called C(github-acme-api) for the project C(github/acme/api). What is not a letter from A to Z, a digit or
    one of C(_.-) becomes a dash. Two projects whose hosts would have the same name are an error.
  - The hosts are in a group for their VCS type, such as C(github), and in a group for their organization below it, such
    as C(github_acme).
  - Tasks run on the controller, in its process. For that, the hosts have the variables C(ansible_connection) and
    C(ansible_python_interpreter).
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._connection.plugins
  - constructed
  - inventory_cache
options:
  plugin:
    description:
      - The name of this plugin. It says that the file is meant for it.
    type: str
    required: true
    choices: [community.circleci.circleci_projects]
  organization:
    description:
      - Take only the projects of this user or organization, by its name or by its slug as in V(github/acme). At GitHub
        and Bitbucket the name may be written in any case.
    type: str
    aliases: [username, owner]
    vars:
      - name: ansible_circleci_organization
  vcs_type:
    description:
      - Take only projects that are hosted there. V(gh) and V(bb) are short for V(github) and V(bitbucket).
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
    vars:
      - name: ansible_circleci_vcs_type
  following:
    description:
      - With V(true), the projects that the token's user follows. With V(any), also all repositories that the user can
        see, to set them up for example. That takes one more request for each hundred of them.
    type: raw
    default: true
notes:
  - CircleCI lists no projects of the GitHub App, GitLab and standalone organizations. Write these into an inventory of
    their own.
  - An inventory is read before any play. Of variables, only those on the command line count, and the options about the
    connection, O(organization), O(vcs_type) and O(following) may be templates of them.
  - With O(cache), a cache is kept for each combination of O(api_url), O(organization), O(vcs_type) and O(following). It
    holds neither the token nor anything about it. So two people whose tokens see different projects must not share it.
    A list without projects is read anew in each run.
seealso:
  - module: community.circleci.circleci_projects
  - module: community.circleci.circleci_project_info
"""

EXAMPLES = r"""
---
# acme.circleci.yml: the projects of an organization, with groups by the start of their names, kept for an hour
plugin: community.circleci.circleci_projects
organization: acme
vcs_type: github
strict: true
compose:
  repository: circleci_project.split('/') | last
groups:
  services: circleci_project.split('/') | last is match('service-')
keyed_groups:
  - prefix: branch
    key: circleci_default_branch
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: .circleci-cache
cache_timeout: 3600

# circleci.yml: all projects that the user of the token in CIRCLE_TOKEN follows
#
# plugin: community.circleci.circleci_projects

# new.circleci.yml: what is not set up yet, too
#
# plugin: community.circleci.circleci_projects
# organization: acme
# vcs_type: github
# following: any
# groups:
#   unfollowed: not circleci_following
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError, invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.project_lists import (
    Listed,
    list_projects,
    wants_any,
)
from ansible_collections.community.circleci.plugins.module_utils._task.options import (
    CONNECTION,
    defaults_from_environment,
    with_origins,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import (
    client_of,
    how_to_install,
    missing_libraries,
)
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import Scrubber
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import (
    Project,
    owner_of,
    parse_project,
)

try:
    # From ansible-core 2.19 on, nothing is a template that was not marked as one.
    from ansible.template import trust_as_template
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var as never_a_template

    def trust_as_template(value: str) -> str:
        return value

else:

    def never_a_template(value: Any) -> Any:
        return value


display = Display()

SELECTION = ("organization", "vcs_type", "following")
HARMLESS = re.compile(r"[\w./:@~+-]*")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "community.circleci.circleci_projects"

    def verify_file(self, path: str) -> bool:
        """Whether a file may be meant for this plugin."""
        return bool(super().verify_file(path)) and path.endswith(("circleci.yml", "circleci.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Add the projects to an inventory.

        :param cache: whether what was kept of an earlier run may be used
        :raises AnsibleParserError: for an unusable file, and what CircleCI refuses
        """
        super().parse(inventory, loader, path, cache)
        if libraries := missing_libraries():
            raise AnsibleParserError(how_to_install(libraries))
        self.templar.available_variables = self._vars
        self._read_config_data(path)
        options = {name: self.get_option(name) for name in (*CONNECTION, *SELECTION)}
        options.update(self._ambient)
        scrubber = Scrubber([options["api_token"]] if options["api_token"] else [])
        try:
            client = client_of(options, caching=True, trace=lambda text: display.vvv(scrubber.text(text)))
            self._add(self._listed(client, options, cache))
        except CircleCIError as error:
            # Without the cause: it may hold what the message does not.
            told = with_origins(error.told, self._origins)
            raise AnsibleParserError(scrubber.text(f"{self.NAME}: {told}")) from None
        for warning in client.warnings:
            display.warning(scrubber.text(warning))

    def set_options(self, task_keys: Any = None, var_options: Any = None, direct: Any = None) -> None:
        """Take the options of the file and of variables. Those about CircleCI may be templates.

        :raises AnsibleParserError: for options that there are not, and for what cannot be templated
        """
        definitions: dict[str, dict[str, Any]] = self.option_definitions
        options = {name: option for option, one in definitions.items() for name in (option, *one.get("aliases", ()))}
        if unknown := sorted(map(str, direct.keys() - options.keys())):
            raise AnsibleParserError(
                f"{self.NAME}: there is no option {', '.join(unknown)}. There are: {', '.join(sorted(options))}."
            )
        given: dict[str, Any] = {}
        for name, value in direct.items():
            is_ours = options[name] in (*CONNECTION, *SELECTION)
            given[name] = self._templated(name, value) if is_ours else value
        given = {name: value for name, value in given.items() if value is not None}
        sources = {source["name"]: option for option, one in definitions.items() for source in one.get("vars", ())}
        variables = {name: self._templated(name, var_options[name]) for name in sources if name in var_options}
        variables = {name: value for name, value in variables.items() if value is not None}
        super().set_options(task_keys=task_keys, var_options=variables, direct=given)
        named = {options[name] for name in given} | {sources[name] for name in variables}
        self._ambient, self._origins = defaults_from_environment(definitions, named)

    def _templated(self, name: str, value: Any) -> Any:
        try:
            return self.templar.template(value)
        except AnsibleError as error:
            raise AnsibleParserError(f"{self.NAME}: {name} cannot be made of its template: {error}") from None

    def _listed(self, client: Client, options: dict[str, Any], cache: bool) -> list[Listed]:
        """The projects, from the cache or from CircleCI.

        :raises CircleCIError: when they cannot be listed
        """
        selection = *owner_of(options["organization"], options["vcs_type"]), wants_any(options["following"])
        # The token has no part in it, not even as a digest.
        digest = hashlib.sha256(json.dumps([client.url, *selection]).encode()).hexdigest()
        key = f"{self.NAME}_{digest}"
        keeps = self.get_option("cache")
        # An empty list is what a mistake looks like: it is read anew, and warned about again.
        if keeps and cache and (kept := _usable(self._cache.get(key))):
            return kept
        listed = list_projects(client, *selection[:2], unfollowed=selection[2])
        if not listed:
            client.warn("No project is in this inventory. Check organization and vcs_type, and what the token may see.")
        if keeps:
            self._cache[key] = [{**asdict(one), "project": str(one.project)} for one in listed]
        return listed

    def _add(self, listed: list[Listed]) -> None:
        """Make a host of each project, unless one of them has no name of its own.

        :raises CircleCIError: then
        """
        hosts = _named((re.sub(r"[^A-Za-z0-9_.-]", "-", str(one.project)), str(one.project)) for one in listed)
        groups = _named((self._group(one.project), _organization(one.project)) for one in listed)
        for one in listed:
            group, host = groups[_organization(one.project)], hosts[str(one.project)]
            self.inventory.add_group(one.project.vcs_type)
            self.inventory.add_group(group)
            self.inventory.add_child(one.project.vcs_type, group)
            self.inventory.add_host(host, group=group)
            variables = {
                "circleci_project": str(one.project),
                "circleci_vcs_url": one.vcs_url,
                "circleci_following": one.following,
                "circleci_default_branch": one.default_branch,
            }
            variables = {name: _as_variable(value) for name, value in variables.items()}
            variables["ansible_connection"] = trust_as_template("local")
            variables["ansible_python_interpreter"] = trust_as_template("{{ ansible_playbook_python }}")
            for name, value in variables.items():
                self.inventory.set_variable(host, name, value)
            strict = self.get_option("strict")
            self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _group(self, project: Project) -> str:
        return str(self._sanitize_group_name(_organization(project)))


def _as_variable(value: Any) -> Any:
    """A value of the server as a variable. What could be a template, as a branch may be called, is none.

    What could not is left as it is: core would list it in a wrapping that says so.
    """
    if not isinstance(value, str):
        return value
    return trust_as_template(value) if HARMLESS.fullmatch(value) else never_a_template(value)


def _organization(project: Project) -> str:
    return f"{project.vcs_type}/{project.organization}"


def _named(names: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names, by what they stand for.

    :raises CircleCIError: when one stands for two things
    """
    meanings: dict[str, str] = {}
    for name, meaning in names:
        if meanings.setdefault(name, meaning) != meaning:
            raise invalid(
                f"{meanings[name]} and {meaning} would both be {name} in the inventory.",
                "Take one of them with organization or vcs_type.",
            )
    return {meaning: name for name, meaning in meanings.items()}


def _usable(kept: Any) -> list[Listed]:
    """What a cache has kept; nothing of what another version of the collection wrote."""
    try:
        return [Listed(**{**one, "project": parse_project(one["project"])}) for one in kept]
    except (TypeError, KeyError, CircleCIError):
        return []
