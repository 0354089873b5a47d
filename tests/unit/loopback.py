# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands between a client and CircleCI, on this machine: proxies, servers of few words, and certificates."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def make_certificate(
    path: Path, *names: str, start: int = -1, end: int = 1, purpose: x509.ObjectIdentifier | None = None
) -> Path:
    """Write a certificate that nobody's CA has signed, with its key.

    :param names: of hosts, or their addresses
    :param start: days from today on which it becomes valid
    :param end: days from today on which it expires
    :param purpose: what alone it is for; None leaves that open
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "emulator")])
    today = datetime.datetime.now(datetime.timezone.utc)
    alternatives: list[x509.GeneralName] = []
    for text in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            alternatives.append(x509.DNSName(text))
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + datetime.timedelta(days=start))
        .not_valid_after(today + datetime.timedelta(days=end))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    built = builder.sign(key, hashes.SHA256())
    path.write_bytes(
        built.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    """What a server needs to speak TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


class Server:
    """A server that gives each connection the same answer, or is a proxy that connects to where it is asked.

    :param answer: what it says; None makes a proxy for TLS of it
    """

    def __init__(self, answer: bytes | None) -> None:
        self.answer = answer
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Let nobody connect any more."""
        self._socket.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _address = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            asked = connection.recv(65536)
            if self.answer is not None:
                connection.sendall(self.answer)
                return
            host, port = asked.split()[1].decode().rsplit(":", 1)
            with socket.create_connection((host, int(port))) as target:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=_copy, args=(target, connection), daemon=True).start()
                _copy(connection, target)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def serving(answer: bytes | None) -> Iterator[Server]:
    """A server for the time being. See :class:`Server`."""
    server = Server(answer)
    try:
        yield server
    finally:
        server.close()


def closed_port() -> int:
    """A port at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
