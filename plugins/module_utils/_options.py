# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""The options that modules share. Each table has a documentation fragment of the same name."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import env_fallback

from ansible_collections.community.circleci.plugins.module_utils._client import DEFAULT_URL
from ansible_collections.community.circleci.plugins.module_utils._project import VCS_TYPES

TOKEN_VARIABLES = ["CIRCLE_TOKEN", "CIRCLECI_TOKEN"]

CONNECTION: dict[str, dict[str, Any]] = {
    "api_token": {"type": "str", "no_log": True, "aliases": ["token"], "fallback": (env_fallback, TOKEN_VARIABLES)},
    "api_url": {"type": "str", "default": DEFAULT_URL, "fallback": (env_fallback, ["CIRCLE_HOST"])},
    "validate_certs": {"type": "bool", "default": True},
    "ca_path": {"type": "path"},
    "timeout": {"type": "float", "default": 30.0},
    "retries": {"type": "int", "default": 5},
    "retry_budget": {"type": "float", "default": 120.0},
}

_ORGANIZATION: dict[str, dict[str, Any]] = {
    "organization": {"type": "str", "aliases": ["username", "owner"]},
    "vcs_type": {"type": "str", "choices": list(VCS_TYPES)},
}

PROJECT: dict[str, dict[str, Any]] = {"project": {"type": "str", "required": True}, **_ORGANIZATION}

PROJECT_OR_ALL: dict[str, dict[str, Any]] = {"project": {"type": "str"}, **_ORGANIZATION}

STATE: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
