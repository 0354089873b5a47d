# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can be switched about the emulated service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Server = Literal["4.7", "4.8", "4.9", "4.10"]


@dataclass
class Switches:
    """Behaviours that differ between years, between cloud and Server, or that nobody knows for sure."""

    followed_spelling: bool = False
    """follow and unfollow answer `followed`, without `workflow`, as before 2018"""
    refollow_500: bool = False
    """following a project that one follows already answers 500"""
    follow_error: int | None = None
    """follow answers 403, 404 or 422 with the VCS's own JSON inside `message`"""
    ssh_delete_all: bool = False
    """one DELETE of an SSH key removes all its duplicates, not only the first"""
    omit_scopes: bool = False
    """settings do not say what the token may do, as in 2020"""
    omit_empty_ssh_keys: bool = False
    """settings have no `ssh_keys` at all when there are none"""
    strict_private_keys: bool = False
    """an SSH key without a final newline, or with carriage returns, is refused"""
    refuse_openssh_format: bool = False
    """private keys in OpenSSH format are refused, as until 2020"""
    legacy_rsa_keys: bool = False
    """new checkout keys are RSA keys whose line ends in a blank and a newline, as until 2022"""
    md5_only: bool = False
    """`digest` and `ssh-key-digest` are ignored and SHA-256 fingerprints unknown, as on CircleCI Server"""
    user_key_grant: bool = True
    """the user has allowed CircleCI to add keys to the user's VCS account"""
    undated_tokens: bool = False
    """lists of project tokens do not say when these were made: nobody has written down whether they do"""
    hide_whole_values: bool = False
    """variables are masked as `xxxx` without any of their letters, as the old documentation shows"""
    drop_has_artifacts: bool = False
    """a single build has no `has_artifacts`, as since 2023"""
    empty_bodies: bool = False
    """answers that are the JSON text `""` have no byte at all"""
    cache_control: str | None = None
    """the Cache-Control header of every answer to a GET"""
    gzip: bool = False
    """answers are compressed for clients that accept it"""
    server: Server | None = None
    """this version of CircleCI Server, which lacks some routes of API v2 and keeps `branches`, in place of the cloud"""
    public_v2: bool = True
    """API v2 shows open-source projects to everybody; reports of 2024 say that it does not always"""
    page_size: int = 3
    """items on a page of API v2"""
    hyphened_vcs_type: bool = False
    """`/me/collaborations` writes `vcs-type`, as its documentation does"""
    underscored_config: bool = False
    """the first configuration of a pipeline is `setup_config`, not `setup-config`"""
    refuse_parameters: bool = False
    """a parameter that is not declared, or of another type, is refused, in place of an errored pipeline"""
    approval_needs_body: bool = False
    """an approval without a body is refused with `No JSON fields found.`"""
