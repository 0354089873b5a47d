# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: circleci_builds
short_description: List builds of CircleCI projects
version_added: 0.1.0
description:
  - List the newest builds of projects, or of everything that the token's user follows.
  - Builds of open-source projects can be read without a token.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._connection.plugins
options:
  _terms:
    description:
      - The projects, each by its whole slug as in V(github/acme/api), or by the name of the repository together with
        O(organization).
      - Without any, the recent builds of all projects that the token's user follows are listed.
    type: list
    elements: str
  organization:
    description:
      - The user or organization that owns the repositories. Needed for terms that are only names.
    type: str
    aliases: [username, owner]
    vars:
      - name: ansible_circleci_organization
  vcs_type:
    description:
      - Where the repositories are hosted, for terms that are only names. V(gh) and V(bb) are short for V(github) and
        V(bitbucket). V(circleci) is for projects of the GitHub App, GitLab and standalone organizations.
      - If neither this option nor the term says, V(github) is assumed.
    type: str
    choices: [github, gh, bitbucket, bb, circleci]
    vars:
      - name: ansible_circleci_vcs_type
  branch:
    description:
      - List only builds of this branch. It needs a term.
      - Write names in quotes that look like numbers with a fraction. They are refused without.
    type: str
  tag:
    description:
      - List only builds of this tag. It needs a term.
    type: str
    version_added: 0.2.0
  revision:
    description:
      - List only builds of this commit, by its full hash of 40 hexadecimal digits. It needs a term.
      - Write it in quotes, because YAML takes hashes without letters for numbers. Those are refused.
    type: raw
    version_added: 0.2.0
  job:
    description:
      - List only builds of this job. It needs a term.
    type: str
    version_added: 0.2.0
  workflow:
    description:
      - List only builds of this workflow. It needs a term.
      - CircleCI lists builds by branch only. With O(tag), O(revision), O(job) or O(workflow) the newest 500 builds of
        each term are searched, those of O(branch) if that is set. When there may be more, that is a warning.
    type: str
    version_added: 0.2.0
  filter:
    description:
      - List only builds that have ended (V(completed)), have succeeded (V(successful)), have failed (V(failed)) or are
        running (V(running)). It needs a term.
    type: str
    choices: [completed, successful, failed, running]
  limit:
    description:
      - How many builds to list at most, for each term. CircleCI gives 100 in one answer, so more take more requests.
    type: int
    default: 30
  offset:
    description:
      - How many of the newest builds to leave out, for each term.
    type: int
    default: 0
  shallow:
    description:
      - Leave out what CircleCI is slow to look up, such as all commits of a build.
    type: bool
    default: true
notes:
  - Use C(query(\)). With one build, C(lookup(\)) returns a dictionary instead of a list.
  - The header C(Cache-Control) of CircleCI's answers is honoured when the Python library C(CacheControl) is installed.
seealso:
  - module: community.circleci.circleci_build_info
  - module: community.circleci.circleci_build
"""

EXAMPLES = r"""
- name: Show the last ten builds of a project
  ansible.builtin.debug:
    msg: "{{ item.build_num }}: {{ item.branch }}, {{ item.status }}"
  loop: "{{ query('community.circleci.circleci_builds', 'github/acme/api', limit=10) }}"
  loop_control:
    label: "{{ item.build_url }}"

- name: Count what failed on the main branches of two projects
  ansible.builtin.debug:
    msg: >-
      {{ query('community.circleci.circleci_builds', 'api', 'web', organization='acme',
               branch='main', filter='failed', limit=200) | length }}

- name: Show what ran for a commit
  ansible.builtin.debug:
    msg: "{{ item.build_num }}: {{ item.status }}"
  loop: >-
    {{ query('community.circleci.circleci_builds', 'github/acme/api',
             revision='4e1243bd22c66e76c2ba9eddc1f91394e57f9f83', workflow='build-and-test') }}
  loop_control:
    label: "{{ item.build_url }}"

- name: Show who started the recent builds of everything that I follow
  ansible.builtin.debug:
    msg: "{{ query('community.circleci.circleci_builds') | map(attribute='user.login') | unique }}"
  vars:
    ansible_circleci_api_token: "{{ vault_circleci_token }}"
"""

RETURN = r"""
_raw:
  description:
    - The builds, as CircleCI describes them in lists, without their steps. Newest first, the terms one after the other.
  type: list
  elements: dict
  contains:
    build_num:
      description: The number of the build.
      type: int
      sample: 12
    build_url:
      description: Its page on CircleCI.
      type: str
      sample: https://circleci.com/gh/acme/api/12
    branch:
      description: The branch that it builds. Null for a tag.
      type: str
      sample: main
    vcs_revision:
      description: The commit that it builds.
      type: str
      sample: 4e1243bd22c66e76c2ba9eddc1f91394e57f9f83
    status:
      description: Its state in detail.
      type: str
      sample: success
    outcome:
      description: How it ended. Null while it has not.
      type: str
      sample: success
    lifecycle:
      description: Its state in short.
      type: str
      sample: finished
"""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import CircleCIError
from ansible_collections.community.circleci.plugins.module_utils._resources.build_search import (
    SOUGHT,
    Sought,
    search_builds,
)
from ansible_collections.community.circleci.plugins.module_utils._resources.builds import (
    FILTERS,
    Build,
    read_builds,
    summary,
)
from ansible_collections.community.circleci.plugins.module_utils._task.arguments import lost_spellings
from ansible_collections.community.circleci.plugins.module_utils._task.options import (
    defaults_from_environment,
    with_origins,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import (
    client_of,
    how_to_install,
    missing_libraries,
)
from ansible_collections.community.circleci.plugins.module_utils._task.secrets import Scrubber
from ansible_collections.community.circleci.plugins.module_utils._values.slugs import VCS_TYPES, parse_project

display = Display()

CHOICES = {"filter": FILTERS, "vcs_type": tuple(VCS_TYPES)}


class LookupModule(LookupBase):
    def run(self, terms: Sequence[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """List the builds of all terms.

        :raises AnsibleLookupError: for unusable terms and keywords, and what CircleCI refuses
        """
        options, origins = self._options_from(terms, variables or {}, kwargs)
        scrubber = Scrubber([options["api_token"]] if options["api_token"] else [])
        try:
            client = client_of(options, caching=True, trace=lambda text: display.vvv(scrubber.text(text)))
            builds = _list(client, terms, options)
        except CircleCIError as error:
            # Without the cause: it may hold what the message does not.
            told = with_origins(error.told, origins)
            raise AnsibleLookupError(scrubber.text(f"circleci_builds: {told}")) from None
        for warning in client.warnings:
            display.warning(scrubber.text(warning))
        listed: list[Any] = scrubber.value([summary(build) for build in builds])
        return listed

    def _options_from(
        self, terms: Sequence[Any], variables: dict[str, Any], keywords: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """The options from keywords, variables and the environment, checked.

        :returns: with the names of the environment variables that some of them came from
        """
        if libraries := missing_libraries():
            raise AnsibleLookupError(how_to_install(libraries))
        definitions: dict[str, dict[str, Any]] = self.option_definitions
        known = {
            name for option, definition in definitions.items() for name in (option, *definition.get("aliases", ()))
        }
        # Loops written with with_… add wantlist.
        if unknown := sorted(keywords.keys() - known - {"wantlist"}):
            raise AnsibleLookupError(
                f"circleci_builds: there is no keyword {', '.join(unknown)}. There are: "
                f"{', '.join(sorted(known - {'_terms'}))}."
            )
        sources = [source["name"] for definition in definitions.values() for source in definition.get("vars", ())]
        # Core reads variables as they are written. Types can only be checked of what they stand for.
        values = {name: self._templar.template(variables[name]) for name in sources if name in variables}
        for name, choices in CHOICES.items():
            for value in (keywords.get(name), values.get(f"ansible_circleci_{name}")):
                if value is not None and value not in choices:
                    # Some cores do not say what the choices are.
                    raise AnsibleLookupError(f"circleci_builds: {name} must be one of {', '.join(choices)}: {value!r}.")
        if any(isinstance(term, (list, tuple)) for term in terms):
            raise AnsibleLookupError(
                "circleci_builds: a term is a list. Write a star before it, as in "
                "query('community.circleci.circleci_builds', *projects)."
            )
        written = {name: values.get(f"ansible_circleci_{name}") for name in definitions}
        if lost := lost_spellings(definitions, {**written, **keywords, "_terms": list(terms)}):
            raise AnsibleLookupError(f"circleci_builds: {lost[0]}")
        if None in terms:
            raise AnsibleLookupError("circleci_builds: a term is null. Check the variable that it comes from.")
        self.set_options(var_options=values, direct=keywords)
        options: dict[str, Any] = self.get_options()
        for name in ("limit", "offset"):
            if options[name] < 0:
                raise AnsibleLookupError(f"circleci_builds: {name} must be 0 or more.")
        given = {name for name in (*keywords, *values) if {**keywords, **values}[name] is not None}
        named = {
            option
            for option, definition in definitions.items()
            if given & {option, f"ansible_circleci_{option}", *definition.get("aliases", ())}
        }
        ambient, origins = defaults_from_environment(definitions, named)
        return options | ambient, origins


def _list(client: Client, terms: Sequence[Any], options: dict[str, Any]) -> list[Build]:
    """The builds of all projects, or of everything that is followed when there are none (``api-v1.1.md`` §3.3)."""
    selection = {name: options[name] for name in ("limit", "offset", "shallow")}
    sought, result = Sought.from_params(options), options["filter"]
    if not terms:
        if result is not None or any(options[name] is not None for name in SOUGHT):
            raise AnsibleLookupError(f"circleci_builds: {', '.join(SOUGHT)} and filter need a term. Name a project.")
        return read_builds(client, "v1.1/recent-builds", **selection)
    if sought.branch is not None and sought.tag is not None:
        raise AnsibleLookupError("circleci_builds: branch and tag exclude each other. Leave one of them out.")
    projects = [parse_project(str(term), options["organization"], options["vcs_type"]) for term in terms]
    return [
        build for project in projects for build in search_builds(client, project, sought, filter=result, **selection)
    ]
