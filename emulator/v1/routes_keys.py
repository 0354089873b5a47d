# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checkout keys and additional SSH keys: api-v1.1.md §3.6 and §3.7."""

from __future__ import annotations

from emulator.http.exchange import Answer, RefusedError
from emulator.http.routing import Request
from emulator.world import keys
from emulator.world.model import CheckoutKey, SSHKey

from . import shapes
from .routing import PROJECT, Access, not_found, route, vcs_not_found


@route("GET", f"{PROJECT}/checkout-key", Access.PROJECT)
def list_checkout_keys(request: Request) -> Answer:
    _refuse_apps(request)
    return Answer([_checkout_key(request, key) for key in request.project.checkout_keys])


@route("POST", f"{PROJECT}/checkout-key", Access.PERSONAL, changes_settings=True)
def create_checkout_key(request: Request) -> Answer:
    """Make one more key, whatever keys there are."""
    _refuse_apps(request)
    state, project = request.state, request.project
    if not project.admin:
        raise RefusedError(403, "Permission denied")
    user_key = f"{project.vcs}-user-key"
    type_ = request.call.fields.get("type")
    if type_ not in ("deploy-key", user_key):
        raise RefusedError(400, f"Invalid checkout key type (valid types are deploy-key and {user_key})")
    if type_ == user_key and not state.switches.user_key_grant:
        raise RefusedError(404, vcs_not_found())
    key = state.add_checkout_key(project, type_, request.user)
    location = f"{request.links.project(project)}/checkout-key/{keys.md5(key.public_key)}"
    return Answer(_checkout_key(request, key), 201, {"Location": location})


@route("GET", f"{PROJECT}/checkout-key/:fingerprint", Access.PROJECT)
def get_checkout_key(request: Request) -> Answer:
    return Answer(_checkout_key(request, _known_checkout_key(request)))


@route("DELETE", f"{PROJECT}/checkout-key/:fingerprint", Access.PROJECT, changes_settings=True)
def delete_checkout_key(request: Request) -> Answer:
    """Delete a key; the next newest becomes the preferred one."""
    request.project.checkout_keys.remove(_known_checkout_key(request))
    return Answer({"message": "ok"})


@route("POST", f"{PROJECT}/ssh-key", Access.PROJECT, changes_settings=True)
def add_ssh_key(request: Request) -> Answer:
    """Add a key; one that is there already is added once more."""
    fields, switches = request.call.fields, request.state.switches
    if not request.project.admin:
        raise RefusedError(403, "Permission denied")
    private_key, hostname = fields.get("private_key"), fields.get("hostname")
    try:
        public_key = keys.public_half(
            private_key if isinstance(private_key, str) else "",
            strict=switches.strict_private_keys,
            openssh=not switches.refuse_openssh_format,
        )
    except ValueError as error:
        raise RefusedError(400, "it looks like private key is invalid key.  Double check") from error
    request.project.ssh_keys.append(SSHKey(hostname if isinstance(hostname, str) else "", public_key))
    return Answer("")


@route("DELETE", f"{PROJECT}/ssh-key", Access.PROJECT, changes_settings=True)
def delete_ssh_key(request: Request) -> Answer:
    """Delete a key, or all its duplicates if so switched; a key that is not there is deleted, too.

    The API takes a request without hostname; that this means any hostname is a guess.
    """
    project, fields = request.project, request.call.fields
    fingerprint, hostname = fields.get("fingerprint"), fields.get("hostname")
    if not isinstance(fingerprint, str) or not fingerprint:
        # The code is presumed (api-v1.1.md §3.7) and the text unknown.
        raise RefusedError(400, "Missing fingerprint")
    matching = [
        key
        for key in project.ssh_keys
        if _has_fingerprint(request, key.public_key, fingerprint) and hostname in (None, key.hostname)
    ]
    for key in matching if request.state.switches.ssh_delete_all else matching[:1]:
        # Duplicates are equal, so this takes the first of them.
        project.ssh_keys.remove(key)
    return Answer("")


def _refuse_apps(request: Request) -> None:
    """Refuse checkout keys for Apps' projects, which have none. What the service answers is not known."""
    if request.project.is_app:
        raise not_found()


def _known_checkout_key(request: Request) -> CheckoutKey:
    _refuse_apps(request)
    for key in request.project.checkout_keys:
        if _has_fingerprint(request, key.public_key, request.params["fingerprint"]):
            return key
    raise RefusedError(404, "checkout key not found")


def _has_fingerprint(request: Request, public_key: str, fingerprint: str) -> bool:
    if fingerprint == keys.md5(public_key):
        return True
    return not request.state.switches.md5_only and fingerprint == keys.sha256(public_key)


def _checkout_key(request: Request, key: CheckoutKey) -> dict[str, object]:
    digest = "md5" if request.state.switches.md5_only else request.call.query.get("digest", "md5")
    preferred = key is request.project.checkout_keys[0]
    return shapes.checkout_key(key, preferred=preferred, digest=digest)
