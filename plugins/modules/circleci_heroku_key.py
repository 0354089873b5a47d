#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: circleci_heroku_key
short_description: Set the Heroku API key of the token's user on CircleCI
version_added: 0.1.0
description:
  - Set the Heroku API key that CircleCI deploys with, for the user that the token belongs to.
  - CircleCI shows only the last four characters of the key. O(update_value) says what to do about that.
author:
  - The community.circleci contributors (@ansible-collections)
extends_documentation_fragment:
  - community.circleci._connection
  - community.circleci._attributes
  - community.circleci._attributes.changes
  - community.circleci._attributes.action_group
attributes:
  idempotent:
    support: partial
    details: With O(update_value=always) every run writes the key.
options:
  api_key:
    description:
      - The Heroku API key. Make one with C(heroku authorizations:create).
      - White space at its ends is left out, with a warning.
    type: str
    required: true
  update_value:
    description:
      - When a key that is there is replaced.
      - V(when_mask_differs) replaces it when its last four characters are others. Where these tell nothing, as with
        keys of less than 8 characters, it is left alone with a warning.
      - V(always) sets it on every run.
      - V(on_create) never replaces a key.
    type: str
    choices: [when_mask_differs, always, on_create]
    default: when_mask_differs
notes:
  - CircleCI has no documented way to remove the key.
seealso:
  - module: community.circleci.circleci_user_info
  - module: community.circleci.circleci_env_var
"""

EXAMPLES = r"""
- name: Let CircleCI deploy to Heroku
  community.circleci.circleci_heroku_key:
    api_key: "{{ vault_heroku_api_key }}"
    api_token: "{{ vault_circleci_token }}"
"""

RETURN = r"""
added:
  description: The key, when there was none before.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: &change
    kind:
      description: What it is.
      type: str
      sample: heroku_key
removed:
  description: Always empty. CircleCI has no way to remove the key.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
updated:
  description: The key that was replaced.
  type: list
  elements: dict
  returned: success, and failures after the first write
  contains: *change
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

from typing import Any

from ansible_collections.community.circleci.plugins.module_utils._http.answers import acknowledgement
from ansible_collections.community.circleci.plugins.module_utils._http.client import Client
from ansible_collections.community.circleci.plugins.module_utils._http.errors import invalid
from ansible_collections.community.circleci.plugins.module_utils._task.options import CONNECTION
from ansible_collections.community.circleci.plugins.module_utils._task.plan import Outcome, Plan, result_with_changes
from ansible_collections.community.circleci.plugins.module_utils._task.run import run_module
from ansible_collections.community.circleci.plugins.module_utils._values.masks import (
    ALWAYS,
    ON_CREATE,
    WHEN_MASK_DIFFERS,
    left_in_doubt,
    mark_replaced,
    must_set,
)
from ansible_collections.community.circleci.plugins.module_utils._values.suspects import (
    LEFT_OUT,
    has_white_ends,
    white_ends,
)

ARGUMENT_SPEC = {
    **CONNECTION,
    "api_key": {"type": "str", "required": True, "no_log": True},
    "update_value": {"type": "str", "choices": [WHEN_MASK_DIFFERS, ALWAYS, ON_CREATE], "default": WHEN_MASK_DIFFERS},
}


def run(client: Client, params: dict[str, Any]) -> dict[str, Any]:
    """Set the key (``api-v1.1.md`` §3.1)."""
    api_key = params["api_key"].strip()
    if not api_key:
        raise invalid("api_key is empty.", "Check the variable that it comes from.")
    if has_white_ends(params["api_key"]):
        client.warn(white_ends("api_key", LEFT_OUT))
    client.require_token()
    before = _read_mask(client)
    mask = f"xxxx{api_key[-4:]}" if len(api_key) > 4 else "xxxx"
    must = before is None or must_set(api_key, params["update_value"], masks_equal=before == mask)
    if must is None:
        client.warn(left_in_doubt(["the Heroku key"], "", "", ALWAYS))
    if must:
        after = {"heroku_api_key": mask}
        if before is not None:
            mark_replaced(after, {"heroku_api_key": before}, list(after))
        done = Outcome(after, {})
        (done.added if before is None else done.updated).append({"kind": "heroku_key"})

        def apply() -> Outcome:
            client.write(
                "POST",
                "v1.1/user/heroku-key",
                {"apikey": api_key},
                repeatable=True,
                seen=lambda: True if _read_mask(client) == mask != before else None,
                shape=acknowledgement,
            )
            return done

        plan = Plan({"heroku_api_key": before}, done, apply)
    else:
        plan = Plan({"heroku_api_key": before}, Outcome({"heroku_api_key": before}, {}))
    return result_with_changes(plan, client, "Heroku key")


def _read_mask(client: Client) -> str | None:
    """What ``/me`` shows of the key, cut to its last four characters; None when there is no key."""
    shown = client.get_user().get("heroku_api_key")
    return f"xxxx{shown[-4:]}" if isinstance(shown, str) and shown else None


def main() -> None:
    run_module(run, ARGUMENT_SPEC)


if __name__ == "__main__":
    main()
