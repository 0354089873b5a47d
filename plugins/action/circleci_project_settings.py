# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.community.circleci.plugins.modules import circleci_project_settings
from ansible_collections.community.circleci.plugins.plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    module = circleci_project_settings
    one_at_a_time = True
