# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both APIs as one function from a call to an answer."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from emulator import v1, v2
from emulator.v1 import routing as v1_routing
from emulator.v1 import storage
from emulator.v2 import routing as v2_routing
from emulator.world.state import State

from .exchange import Answer, Call, forbidden

# A new file of routes is found by its name; it registers its functions when it is imported.
for _wing in (v1, v2):
    for _module in pkgutil.iter_modules(_wing.__path__, f"{_wing.__name__}."):
        if ".routes_" in _module.name:
            import_module(_module.name)


def answer(state: State, call: Call) -> Answer:
    """Carry out a call and return the answer. The caller holds `state.lock`."""
    state.machine.settle()
    if call.method == "GET" and call.body:
        return forbidden()
    if stored := storage.answer(state, call):
        return stored
    is_v2 = call.path.startswith(f"{v2_routing.PREFIX}/")
    result = v2_routing.answer(state, call) if is_v2 else v1_routing.answer(state, call)
    if call.method == "GET" and "X-Route" in result.headers:
        result.headers["Access-Control-Allow-Origin"] = "*"
        if state.switches.cache_control:
            result.headers["Cache-Control"] = state.switches.cache_control
    return result
