# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pipeline definitions: api-v2-pipelines.md §2.3."""

from __future__ import annotations

import zlib
from typing import Any

from emulator.http.control import Json, control
from emulator.http.exchange import Answer, Call
from emulator.http.service import Service
from emulator.world.checks import check
from emulator.world.definitions import Definition, Definitions, Source
from emulator.world.model import timestamp

from .routing import V2Request, route


@route("GET", "/projects/:id/pipeline-definitions", server=None)
def list_definitions(request: V2Request) -> Answer:
    """Return the definitions of a project, which goes by its uuid here; the list has no pages."""
    project = request.seen(request.state.find_project(request.params["id"]), lambda found: found)
    return Answer({"items": [_shape(each) for each in request.state.part(Definitions).of(project)]})


@control("POST", "definitions")
def _add_definition(service: Service, call: Call, fields: Json) -> Json:
    hints = dict.fromkeys(("project", "name", "config_repository", "checkout_repository", "provider"), str)
    check(fields, hints)
    project = service.state.project(fields.pop("project"))
    found = service.state.part(Definitions).add(project, fields.pop("name"), **fields)
    return {"id": found.id}


def _shape(definition: Definition) -> dict[str, Any]:
    created = timestamp(definition.created)
    return {
        "id": definition.id,
        "name": definition.name,
        "description": definition.description,
        **({"created_at": created} if created else {}),
        "config_source": {**_source(definition.config), "file_path": definition.file_path},
        "checkout_source": _source(definition.checkout),
    }


def _source(source: Source) -> dict[str, Any]:
    external_id = str(zlib.crc32(source.repository.encode()))
    return {"provider": source.provider, "repo": {"full_name": source.repository, "external_id": external_id}}
