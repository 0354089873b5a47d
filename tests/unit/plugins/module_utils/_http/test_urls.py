# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which hosts get the token, and how they are shown."""

from __future__ import annotations

import pytest

from ansible_collections.community.circleci.plugins.module_utils._http.urls import may_have_token, site

pytestmark = pytest.mark.once

CLOUD = "https://circleci.com"
SERVER = "https://ci.acme.example:8443/circleci"


@pytest.mark.parametrize(
    ("url", "api_url", "hosts", "may"),
    [
        ("https://circleci.com/api/v2/me", CLOUD, (), True),
        ("https://circleci.com:443/x", CLOUD, (), True),
        ("https://CircleCI.com/x", CLOUD, (), True),
        ("https://output.circle-artifacts.com/output/job/1/artifacts/0/a", CLOUD, (), True),
        ("https://12-345-gh.circle-artifacts.com/0/a", CLOUD, (), True),
        ("http://circleci.com/x", CLOUD, (), False),
        ("https://circleci.com:8443/x", CLOUD, (), False),
        ("https://app.circleci.com/x", CLOUD, (), False),
        ("https://circleci.com.example.org/x", CLOUD, (), False),
        ("http://output.circle-artifacts.com/a", CLOUD, (), False),
        ("https://output.circle-artifacts.com:8443/a", CLOUD, (), False),
        ("https://circle-artifacts.com/a", CLOUD, (), False),
        ("https://evil-circle-artifacts.com/a", CLOUD, (), False),
        ("https://output.circle-artifacts.com.example.org/a", CLOUD, (), False),
        ("https://output.circle-artifacts.com@example.org/a", CLOUD, (), False),
        ("https://example.org\\.circle-artifacts.com/a", CLOUD, (), False),
        ("https://output.circle-artifacts.com/a", SERVER, (), False),
        ("https://output.circle-artifacts.com/a", "http://circleci.com", (), False),
        ("https://ci.acme.example:8443/a", SERVER, (), True),
        ("https://ci.acme.example/a", SERVER, (), False),
        ("https://files.acme.example/a", SERVER, ("files.acme.example",), True),
        ("https://FILES.acme.example/a", SERVER, ("Files.Acme.example",), True),
        ("https://files.acme.example/a", SERVER, (" files.acme.example ",), True),
        ("https://files.acme.example:9000/a", SERVER, ("files.acme.example",), False),
        ("https://files.acme.example:9000/a", SERVER, ("files.acme.example:9000",), True),
        ("https://files.acme.example/a", SERVER, ("files.acme.example:443",), True),
        ("https://sub.files.acme.example/a", SERVER, ("files.acme.example",), False),
        ("http://files.acme.example/a", SERVER, ("files.acme.example",), False),
        ("http://127.0.0.1:9/a", "http://127.0.0.1:8", ("127.0.0.1:9",), True),
        ("http://127.0.0.1:9/a", "http://127.0.0.1:8", (), False),
        ("https://files.acme.example/a", "http://ci.acme.example", ("files.acme.example",), True),
        ("http://files.acme.example/a", "http://ci.acme.example", ("files.acme.example",), True),
        ("https://[fd00::7]/a", SERVER, ("[fd00::7]",), True),
        ("https://[fd00::7]:9000/a", SERVER, ("[fd00::7]:9000",), True),
        ("https://[fd00::7]:9000/a", SERVER, ("[fd00::7]",), False),
        ("https://[::1/a", CLOUD, ("",), False),
        ("https:///a", CLOUD, ("",), False),
        ("https://files.acme.example:port/a", SERVER, ("files.acme.example",), False),
    ],
)
def test_the_token_goes_to_circleci_and_to_hosts_that_are_named(
    url: str, api_url: str, hosts: tuple[str, ...], may: bool
) -> None:
    assert may_have_token(url, api_url, hosts) is may


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ci.acme.example/circleci/api/v2/me?x=1", "https://ci.acme.example"),
        ("https://ci.acme.example:443/", "https://ci.acme.example"),
        ("http://ci.acme.example:443/", "http://ci.acme.example:443"),
        ("http://ci.acme.example:80/", "http://ci.acme.example"),
        ("https://[FD00::7]/", "https://[fd00::7]"),
        ("http://[fd00::7]:8080/", "http://[fd00::7]:8080"),
    ],
)
def test_a_site_is_shown_as_it_can_be_written(url: str, shown: str) -> None:
    assert site(url) == shown
