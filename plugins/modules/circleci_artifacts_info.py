#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_artifacts_info
short_description: Look at the artifacts that a host has
version_added: 0.2.0
description:
  - Tell which artifacts M(community.circleci.circleci_artifacts) has brought into a folder of a host, and of which
    build, and whether somebody has changed them since.
  - CircleCI is not asked, so no token is needed. The module of the other name looks at hosts with this one.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._attributes
  - community.circleci._attributes.reads
options:
  dest:
    description:
      - The folder on the host.
    type: path
    required: true
  names:
    description:
      - Files to look at besides those that were brought, by their paths below O(dest).
    type: list
    elements: str
  mode:
    description:
      - The permissions that the files are to have, as octal digits in quotes or as symbols. Whether they have others is
        told in RV(files[].differs).
    type: raw
  owner:
    description:
      - The name or the number of the user that the files are to belong to.
    type: str
  group:
    description:
      - The name or the number of the group that the files are to belong to.
    type: str
notes:
  - Hosts have to be POSIX systems.
seealso:
  - module: community.circleci.circleci_artifacts
"""

EXAMPLES = r"""
- name: Look at what was deployed
  community.circleci.circleci_artifacts_info:
    dest: /opt/acme
  register: deployed

- name: Show the builds that it came from
  ansible.builtin.debug:
    msg: "{{ deployed.noted | map(attribute='build_num') | unique }}"

- name: Show what was changed since
  ansible.builtin.debug:
    msg: "{{ item.dest }}"
  loop: "{{ deployed.noted }}"
  when: (deployed.files | selectattr('name', 'eq', item.dest) | first).sha256 | default('') != item.sha256
"""

RETURN = r"""
dest:
  description: The folder.
  type: str
  returned: success
  sample: /opt/acme
noted:
  description: What was brought, as it was then.
  type: list
  elements: dict
  returned: success
  contains:
    project:
      description: The canonical slug of the project.
      type: str
      sample: github/acme/api
    job:
      description: The job that made it.
      type: str
      sample: build
    build_num:
      description: The number of the build.
      type: int
      sample: 12
    path:
      description: The path of the artifact.
      type: str
      sample: dist/app-1.4.0-py3-none-any.whl
    dest:
      description: The path of the file below RV(dest).
      type: str
      sample: app-1.4.0-py3-none-any.whl
    size:
      description: Its size in bytes.
      type: int
      sample: 48213
    sha256:
      description: Its digest.
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
files:
  description: The files that are there, of those that were brought and those in O(names).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: The path below RV(dest).
      type: str
      sample: app-1.4.0-py3-none-any.whl
    size:
      description: The size in bytes.
      type: int
      sample: 48213
    sha256:
      description: The digest.
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    md5:
      description: The MD5 digest. Null where the host has no MD5.
      type: str
      sample: 098f6bcd4621d373cade4e832627b4f6
    differs:
      description: Whether its mode, owner or group is another one than wanted.
      type: bool
      sample: false
missing_folders:
  description: The folders that these files need and that are not there, outer ones first.
  type: list
  elements: str
  returned: success
  sample: []
misread:
  description:
    - The files in O(names) that C(ansible.builtin.copy) would put elsewhere on this host, because they hold the name of
      a variable of its environment, as in C($HOME).
  type: list
  elements: str
  returned: success
  sample: []
status:
  description: The HTTP status of CircleCI's answer.
  type: int
  returned: failure, when an answer of CircleCI is the cause
  sample: 404
error:
  description: What CircleCI said in that answer.
  type: str
  returned: failure, when an answer of CircleCI is the cause
  sample: Project not found
method:
  description: The HTTP method of the request that failed.
  type: str
  returned: failure, when a request is the cause
  sample: GET
path:
  description: The path of that request, without its query. Null where the address is none.
  type: str
  returned: failure, when a request is the cause
  sample: /api/v1.1/project/github/acme/api/settings
hint:
  description: What to do about it. The message ends with it. Null, or not there, where nothing is known.
  type: str
  returned: failure
  sample: The token is invalid or expired, or it is a project token; give a personal API token.
problems:
  description: What is wrong with the options, one text each. The message has them too, as far as there is room.
  type: list
  elements: str
  returned: failure, when the options were looked through for all mistakes
  sample: ["missing required arguments: project"]
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._resources.destination import (
    Attributes,
    look,
    missing_folders,
    read_note,
    safe_name,
)
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "dest": {"type": "path", "required": True},
    "names": {"type": "list", "elements": "str"},
    "mode": {"type": "raw"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
}


def run(_client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Look at a folder of the machine where this runs."""
    if not params["dest"].strip():
        raise invalid("dest is empty.", "Check the variable that it comes from.")
    dest, noted = Path(params["dest"]).absolute(), read_note(Path(params["dest"]))
    names = [safe_name(name) for name in params["names"] or ()]
    seen = look(dest, names, [entry.dest for entry in noted], Attributes.from_params(params))
    return {
        "changed": False,
        "dest": str(dest),
        "noted": [asdict(entry) for entry in noted],
        "files": [{"name": name, **asdict(found)} for name, found in seen.items()],
        "missing_folders": missing_folders(dest, names),
        "misread": [name for name in names if os.path.expandvars(name) != name],
    }


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
