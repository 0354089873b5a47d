# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.

from __future__ import annotations


class ModuleDocFragment:
    """The options of the table CONNECTION in ``module_utils/_task/options.py``."""

    DOCUMENTATION = r"""
options:
  api_token:
    description:
      - The API token. It is sent as the header C(Circle-Token), to O(api_url) only.
      - White space at its ends is left out, with a warning.
      - Use a personal token, made under I(User Settings), I(Personal API Tokens). Some reading also works with the
        token of one project.
      - If not set, the environment variable E(CIRCLE_TOKEN) is used, then E(CIRCLECI_TOKEN). The environment that the
        task sets with C(environment) goes before the one of Ansible itself. Empty variables count as unset.
      - The token in the environment of Ansible itself is used only where the task runs on the controller. It is never
        sent to another host. The task fails there instead.
    type: str
    aliases: [token]
  api_url:
    description:
      - The address of CircleCI. Set it for CircleCI Server.
      - A trailing slash, C(/api) and C(/api/v1.1) may be there or not. A bare host name means https.
      - If not set, the environment variable E(CIRCLE_HOST) is used, of the task or of Ansible itself as for
        O(api_token).
    type: str
    default: https://circleci.com
  validate_certs:
    description:
      - Whether the TLS certificate of O(api_url) is verified. Set this to V(false) only for experiments.
    type: bool
    default: true
  ca_path:
    description:
      - Path of a file with the certificates of the CAs to trust. Set it for a CircleCI Server with a private CA.
    type: path
  timeout:
    description:
      - How long to wait for a connection, and for each part of an answer, in seconds. At most a day.
    type: float
    default: 30.0
  retries:
    description:
      - How often a request is repeated when CircleCI throttles it or cannot be reached. V(0) turns repeating off.
      - A request that is not safe to repeat is repeated only when it certainly was not carried out.
    type: int
    default: 5
  retry_budget:
    description:
      - How long the task may wait between repetitions in all, in seconds. In a loop, each item has a budget of its own.
      - In C(circleci_projects) the sum starts again after each success.
      - When CircleCI asks for a longer wait, the task fails at once and says so.
    type: float
    default: 120.0
requirements:
  - requests >= 2.25
  - cryptography >= 3.4
notes:
  - With a local connection the task runs inside the controller's process and needs the libraries there. With C(async),
    C(become), C(environment) and other connections it runs as an ordinary module.
  - Write text in quotes that looks like something else to YAML. Of C(1.10), C(2026-01-31) and C(yes) it makes a number,
    a date and a boolean, and how they were written is lost. Options for text refuse them. Whole numbers are taken as
    YAML reads them, which makes 83 of C(0123) and 750 of C(12:30).
"""

    # The same options for lookups and inventories, also from a variable or the environment. The last one that is set
    # wins.
    PLUGINS = r"""
options:
  api_token:
    vars:
      - name: ansible_circleci_api_token
    env:
      - name: CIRCLECI_TOKEN
      - name: CIRCLE_TOKEN
  api_url:
    vars:
      - name: ansible_circleci_api_url
    env:
      - name: CIRCLE_HOST
  validate_certs:
    vars:
      - name: ansible_circleci_validate_certs
  ca_path:
    vars:
      - name: ansible_circleci_ca_path
  timeout:
    vars:
      - name: ansible_circleci_timeout
  retries:
    vars:
      - name: ansible_circleci_retries
  retry_budget:
    vars:
      - name: ansible_circleci_retry_budget
"""
