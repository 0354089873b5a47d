# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to the collection: it may change without notice.
"""Requests that got no answer: why, what a user can do about it, and whether they may have been carried out."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

with contextlib.suppress(ImportError):  # a missing library is named by session.py
    import requests
    import urllib3

from ansible_collections.community.circleci.plugins.module_utils._http.answers import Answer
from ansible_collections.community.circleci.plugins.module_utils._http.errors import TRANSIENT, is_trouble, plain
from ansible_collections.community.circleci.plugins.module_utils._http.retrying import RetryPolicy
from ansible_collections.community.circleci.plugins.module_utils._http.urls import origin, site

PROXY_WANTS_A_USER = 407
BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
LONGEST_PROBE = 5.0  # seconds
_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")
_PROXY = re.compile(r"(?:[a-z][\w+.-]*://)?(?:([^/?#]+)@)?([\w.-]+|\[[\da-f:]+\])(:\d+)?/?", re.IGNORECASE)
"""The address of a proxy: perhaps with a user, which ends at the last ``@``, its host and its port."""
_ANSWERED_IN_PLAIN = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|UNKNOWN_PROTOCOL|PACKET_LENGTH_TOO_LONG")
_WANTS_TLS = re.compile(
    rb"plain HTTP request was sent to HTTPS port|speaking plain HTTP to an SSL|HTTP request to an HTTPS server",
    re.IGNORECASE,
)
_EXPIRED, _NOT_YET_VALID = 10, 9
_UNKNOWN_ISSUERS = (2, 18, 19, 20, 21)
"""Numbers that OpenSSL gives to what is wrong with a certificate."""


@dataclass(frozen=True)
class Loss:
    """Why a request got no answer, and provably was not carried out.

    :param words: the reason
    :param hint: what to do about it
    :param final: whether it is of no use to ask again
    """

    words: str
    hint: str
    final: bool = True


@dataclass(frozen=True)
class _Proxy:
    """The proxy that a request goes through.

    :param variable: the environment variable that names it
    :param value: its address, which may hold a password
    """

    variable: str
    value: str

    def __str__(self) -> str:
        """The proxy without user and password, and without what may be a part of one."""
        whole = _PROXY.fullmatch(self.value)
        if whole is None:
            return self.unnamed
        user, host, port = whole.groups()
        # Without a user it may be user and password themselves, of an address that has lost its host.
        is_port = user or re.fullmatch(r"localhost|[\d.]+|\[.*\]", host)
        return f"the proxy {host}{(is_port and port) or ''} of {self.variable}"

    @property
    def unnamed(self) -> str:
        return f"the proxy of {self.variable}"


def loss_of(url: str, verify: bool | str, error: Exception, *, probe: bool) -> Loss | None:
    """Why a request got no answer, where that is known and says that nothing was carried out.

    :param verify: whether certificates are verified, or the path of a CA bundle
    :param probe: whether a server that only breaks connections off is asked whether it speaks TLS
    :returns: None for everything else, a connection that broke off for example
    """
    proxy = _proxy_for(url)
    tls = url.startswith("https:")
    loss = (_loss_by_bundle(verify) if tls else None) or (_loss_by_proxy(proxy, url, error) if proxy else None)
    if loss is not None:
        return loss
    verifications = [cause for cause in causes_of(error) if _is_verification(cause)]
    if verifications:
        return _loss_by_certificate(url, verify, proxy, verifications[-1])
    if tls and _ANSWERED_IN_PLAIN.search(str(causes_of(error)[-1])):
        return Loss(
            f"{site(url)} does not speak https",
            f"Write {_other_scheme(url)}, if it is meant to be without encryption.",
        )
    broken_off = any(isinstance(cause, urllib3.exceptions.ProtocolError) for cause in causes_of(error))
    if probe and broken_off and not tls and proxy is None and _speaks_tls(url):
        return Loss(f"{site(url)} speaks https", f"Write {_other_scheme(url)}.")
    return None


def refuser(url: str, answer: Answer) -> tuple[str, str] | None:
    """Who refused a request in the place of CircleCI, and what to do about it; None when it was CircleCI."""
    proxy = _proxy_for(url)
    if answer.status == PROXY_WANTS_A_USER and proxy is not None:
        return str(proxy).replace("the", "The", 1), _give_user(proxy)
    if url.startswith("http:") and _WANTS_TLS.search(answer.body[:10_000]):
        return "The server", f"Write {_other_scheme(url)}."
    return None


def causes_of(error: BaseException | None) -> list[BaseException]:
    """An exception with those that it wraps; requests and urllib3 keep them as arguments and as ``reason``."""
    seen: list[BaseException] = []
    todo = [error]
    while todo:
        current = todo.pop(0)
        if isinstance(current, BaseException) and current not in seen:
            seen.append(current)
            todo += [getattr(current, "reason", None), *current.args]
    return seen


def transport_error(error: Exception) -> Exception | None:
    """What urllib3 said under an exception of requests; None when nothing was sent because the request is unusable."""
    if isinstance(error, ValueError):
        return None
    for cause in causes_of(error):
        if isinstance(cause, urllib3.exceptions.HTTPError) and not isinstance(cause, urllib3.exceptions.MaxRetryError):
            return cause
    return urllib3.exceptions.ProtocolError(str(error))


def may_have_worked(answer: Answer | None, cause: Exception | None) -> bool:
    """Whether a write without a usable answer may have been carried out all the same."""
    if answer is not None:
        return is_trouble(answer.status)
    lost = None if cause is None else transport_error(cause)
    never_sent = any(_TUNNEL.match(str(each)) for each in causes_of(cause))
    return lost is not None and not never_sent and not RetryPolicy()._is_connection_error(lost)


def reason_of(error: BaseException | None) -> str:
    """The innermost cause of a lost request in few words."""
    causes = causes_of(error)
    # requests has an exception of its own for it only where nothing of the answer has arrived.
    if any(isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in causes):
        return "it took longer than timeout allows"
    words = str(causes[-1])
    if not words.startswith("["):
        words = words.split(": ", 1)[-1]  # without the object that had it
    return plain(words or type(causes[-1]).__name__, 200)


# --- the CA bundle ---------------------------------------------------------------------------------------------------


def _bundle(verify: bool | str) -> tuple[str, str] | None:
    """What names the CA bundle, and its path; None where it is the one that comes with requests, or none is used."""
    if isinstance(verify, str):
        return "ca_path", verify
    named = [(name, os.environ[name]) for name in BUNDLE_VARIABLES if os.environ.get(name)]
    return named[0] if verify and named else None


def _loss_by_bundle(verify: bool | str) -> Loss | None:
    """Whether the CA bundle is what is wrong."""
    bundle = _bundle(verify)
    if bundle is None or os.path.isdir(bundle[1]):
        return None
    name, path = bundle
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except FileNotFoundError:
        words = "does not exist"
    except PermissionError:
        words = "may not be read"
    except OSError:
        words = "holds no CA certificates"
    else:
        return None
    remedy = "Give" if name == "ca_path" else f"Unset {name}, or let it be"
    return Loss(f"{name} is {plain(path)}, which {words}", f"{remedy} the path of a file with CA certificates.")


# --- certificates ----------------------------------------------------------------------------------------------------


def _is_verification(error: BaseException) -> bool:
    """Whether a TLS certificate did not pass."""
    return isinstance(error, ssl.SSLCertVerificationError) or "certificate verify failed" in str(error)


def _loss_by_certificate(url: str, verify: bool | str, proxy: _Proxy | None, error: BaseException) -> Loss:
    """What to do about a certificate that does not pass."""
    host = urlsplit(url).hostname
    number = getattr(error, "verify_code", None)  # urllib3 1.26 compares the name itself and gives none
    words = reason_of(error)
    if re.search(r"mismatch|doesn't match", words):
        hint = f"The certificate is for another name than {host}: write the name that it has in api_url."
    elif number == _EXPIRED:
        hint = "The server's certificate has expired: have it renewed. Or the clock of this host is wrong."
    elif number == _NOT_YET_VALID:
        hint = "The server's certificate is not valid yet: look at the clock of this host."
    elif number is not None and number not in _UNKNOWN_ISSUERS:
        hint = "The server needs another certificate. Those who run it can give it one."
    else:
        hint = "Give the certificate of the CA that signed the server's as ca_path."
        bundle = _bundle(verify)
        if bundle is not None:
            hint = f"{bundle[0]} does not have the CA that signed the server's certificate: give a bundle that has it."
        if proxy is not None:
            hint += f" If {proxy} looks into TLS, it is the CA of the proxy."
    return Loss(words, hint)


# --- http and https --------------------------------------------------------------------------------------------------


def _other_scheme(url: str) -> str:
    """The address to use, as the option that it belongs into."""
    scheme, _host, _port = origin(url)
    other = {"http": "https", "https": "http"}[scheme]
    return f"api_url: {other}{site(url).removeprefix(scheme)}"


def _speaks_tls(url: str) -> bool:
    """Whether a server makes a TLS connection where it was asked in plain HTTP. Nothing is sent on it."""
    _scheme, host, port = origin(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((host, port), LONGEST_PROBE) as connection:
            context.wrap_socket(connection, server_hostname=host).close()
    except (OSError, ValueError):
        return False
    return True


# --- proxies ---------------------------------------------------------------------------------------------------------


def _proxy_for(url: str) -> _Proxy | None:
    """The proxy that requests takes from the environment for a URL."""
    if requests.utils.should_bypass_proxies(url, no_proxy=None):
        return None
    for name in (f"{urlsplit(url).scheme}_proxy", "all_proxy"):
        variable = name if name in os.environ else name.upper()
        if os.environ.get(variable):
            return _Proxy(variable, os.environ[variable])
    return None


def _loss_by_proxy(proxy: _Proxy, url: str, error: Exception) -> Loss | None:
    """Whether the proxy is what is wrong."""
    elsewhere = f"or name {urlsplit(url).hostname} in NO_PROXY."
    causes = causes_of(error)
    innermost = str(causes[-1])
    if "SOCKS" in innermost:
        return Loss(
            f"{proxy} is a SOCKS proxy, for which the Python library PySocks is missing here",
            f"Install it, {elsewhere}",
        )
    unusable = (requests.exceptions.InvalidProxyURL, urllib3.exceptions.LocationValueError)
    if any(isinstance(cause, unusable) for cause in causes):
        return Loss(
            f"the address of {proxy.unnamed} cannot be used",
            f"Write {proxy.variable} as in http://user:password@proxy.example.com:3128, with the special characters of "
            f"user and password percent-encoded, {elsewhere}",
        )
    tunnel = _TUNNEL.match(innermost)
    if tunnel:
        status = int(tunnel[1])
        if status == PROXY_WANTS_A_USER:
            return Loss(f"{proxy} asks for a user and a password (407)", _give_user(proxy))
        return Loss(
            f"{proxy} does not connect to {site(url)}: {plain(innermost.split(': ', 1)[-1], 200)}",
            f"Have the proxy allow it, {elsewhere}",
            final=status not in TRANSIENT,
        )
    if _ANSWERED_IN_PLAIN.search(innermost) and proxy.value.startswith("https:"):
        return Loss(f"{proxy} does not speak https", f"Let {proxy.variable} start with http://, {elsewhere}")
    # Whatever keeps a connection from being made is one of these, in both generations of urllib3.
    if any(isinstance(cause, urllib3.exceptions.ConnectTimeoutError) for cause in causes):
        # The host that an odd address seems to have may be a part of the password.
        why = "" if str(proxy) == proxy.unnamed else f": {reason_of(error)}"
        return Loss(f"{proxy} does not answer{why}", f"Check {proxy.variable} and the proxy, {elsewhere}")
    return None


def _give_user(proxy: _Proxy) -> str:
    given = "Those in it are refused" if "@" in proxy.value else "It has none"
    return (
        f"Give them as in {proxy.variable}=http://user:password@proxy.example.com:3128, with special characters "
        f"percent-encoded. {given}."
    )
