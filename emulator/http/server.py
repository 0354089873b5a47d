# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulator as a server: in a thread of a test, or as a program (see `__main__`)."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import socket
import ssl
import struct
import threading
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final

from aiohttp import HttpVersion11, web

from emulator.world.state import FIRST_DATE, PERSONAL_TOKEN

from . import control
from .api import answer
from .exchange import Answer, Call, Stream, read_json
from .faults import Fault
from .service import Record, Service

_CHUNK: Final = b" " * 65536
_PIECE: Final = 1 << 18  # bytes of a stream that are sent at a time


class Emulator(Service):
    """A CircleCI on this machine.

    ::

        with Emulator() as emulator:
            url = f"{emulator.url}/api/v1.1/project/gh/acme/api/follow"
            requests.post(url, headers={"Circle-Token": emulator.token})
            assert emulator.project("github/acme/api").followers

    :param port: 0 is a free one.
    :param latency: seconds that every answer of the API takes.
    :param token: the personal token of the user `emulator`.
    :param repositories: adds `github/acme/repo-0001` and so on, so many.
    :param date: the day that decides what CircleCI has removed.
    :param tls: serves https, with this certificate.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        token: str = PERSONAL_TOKEN,
        repositories: int = 0,
        date: datetime.date = FIRST_DATE,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(latency=latency, token=token, repositories=repositories, date=date)
        self._port = port
        self._tls = tls
        self._connections: weakref.WeakKeyDictionary[asyncio.BaseTransport, int] = weakref.WeakKeyDictionary()
        self._last_connection = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping: asyncio.Event | None = None

    @property
    def url(self) -> str:
        """The address, such as http://127.0.0.1:8080."""
        return f"{self._scheme}://127.0.0.1:{self._port}"

    @property
    def _scheme(self) -> str:
        return "https" if self._tls else "http"

    def __enter__(self) -> Emulator:
        started = threading.Event()
        # A port that is taken fails here, not in the thread.
        sockets = self.listen()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self.serve(sockets, started.set)), name="emulator", daemon=True
        )
        self._thread.start()
        started.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if self._thread:
            self._thread.join()

    def stop(self) -> None:
        """Make `serve` return. May be called from any thread and from a signal handler of the loop."""
        if self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)

    def listen(self) -> list[socket.socket]:
        """Return listening sockets on the loopback addresses, after which `url` is known.

        :raises OSError: the port is taken.
        """
        first = socket.create_server(("127.0.0.1", self._port))
        self._port = first.getsockname()[1]
        sockets = [first]
        # `localhost` may mean ::1 first. Where the machine has no IPv6, or the port is taken there, it does without.
        with contextlib.suppress(OSError):
            sockets.append(socket.create_server(("::1", self._port), family=socket.AF_INET6))
        return sockets

    async def serve(self, sockets: list[socket.socket], ready: Callable[[], None]) -> None:
        """Serve until `stop` is called, and close the sockets.

        :param ready: is called when requests are accepted.
        """
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        server = web.Server(self._handle, access_log=None)
        listeners = [await self._loop.create_server(server, sock=each, ssl=self._tls) for each in sockets]
        try:
            ready()
            await self._stopping.wait()
        finally:
            for listener in listeners:
                listener.close()
            await server.shutdown(0.1)
            # Clients keep their connections. With TLS, a polite end would outlast the loop.
            for transport in list(self._connections):
                if isinstance(transport, asyncio.WriteTransport):
                    transport.abort()
            await asyncio.sleep(0.2 if self._tls else 0)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _unused, query = request.raw_path.partition("?")
        try:
            body = await _read(request)
        except web.RequestPayloadError:
            return await _refuse_body(request)
        except ConnectionError:
            # The client has hung up before the end of its body: there is no request and nobody to answer.
            return web.Response()
        base_url = f"{self._scheme}://{request.headers.get('Host', f'127.0.0.1:{self._port}')}"
        call = Call(request.method, path, query, request.headers, body, base_url)
        if path.startswith(control.PREFIX):
            with self.state.lock:
                return self._respond(control.answer(self, call), call)
        record = Record(
            request.method, request.raw_path, request.headers, _parse(body), self._connection_number(request)
        )
        self._log.append(record)
        fault = self.faults.take(request.method, request.raw_path)
        if self.latency:
            await asyncio.sleep(self.latency)
        if fault is not None and fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault is None or fault.kind in ("slow", "headers"):
            result = self._answer(call)
            if isinstance(result.body, Stream):
                record.status = result.status
                return await _stream(request, result, result.body, result.body.size)
            response = self._respond(result, call)
            response.headers.update(fault.headers if fault else {})
            record.status = response.status
            return response
        return await self._fail(fault, request, call, record)

    def _answer(self, call: Call) -> Answer:
        state = self.state
        with state.lock:
            return answer(state, call)

    def _respond(self, result: Answer, call: Call) -> web.Response:
        body, content_type = result.render(call.headers.get("Accept", ""))
        response = web.Response(
            status=result.status, body=body, headers={**result.headers, "Content-Type": content_type}
        )
        if self.state.switches.gzip and "gzip" in call.headers.get("Accept-Encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    async def _fail(self, fault: Fault, request: web.BaseRequest, call: Call, record: Record) -> web.StreamResponse:
        result = self._answer(call) if fault.carries_out else None
        if fault.kind in ("drop", "reset"):
            return _hang_up(request, reset=fault.kind == "reset")
        if fault.kind == "hang":
            assert self._stopping is not None
            await self._stopping.wait()
            return _hang_up(request, reset=False)
        if fault.kind == "truncate":
            assert result is not None
            if isinstance(result.body, Stream):
                record.status = result.status
                return await _stream(request, result, result.body, result.body.size // 2)
            whole = self._respond(result, call)
            record.status = whole.status
            return await _truncate(request, whole)
        record.status = fault.answer_status()
        headers = fault.answer_headers(self.state.now())
        if fault.kind == "huge":
            return await _flood(request, record.status, fault.size, headers)
        body, content_type = fault.answer_body()
        return web.Response(status=record.status, body=body, headers={**headers, "Content-Type": content_type})

    def _connection_number(self, request: web.BaseRequest) -> int:
        transport = request.transport
        if transport is None:
            return 0
        number = self._connections.get(transport)
        if number is None:
            self._last_connection += 1
            number = self._connections[transport] = self._last_connection
        return number


async def _read(request: web.BaseRequest) -> bytes:
    """Return the body. A client that waits for leave to send it, as curl does with a long one, is given it."""
    if not request.can_read_body:
        return b""
    if request.version >= HttpVersion11 and request.headers.get("Expect", "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        # aiohttp takes the answer for begun when bytes were sent, and could send no error any more.
        request.writer.output_size = 0
    return await request.read()


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return read_json(body)
    except ValueError:
        return body.decode(errors="replace")


def _hang_up(request: web.BaseRequest, *, reset: bool) -> web.Response:
    transport = request.transport
    if transport is not None:
        if reset:
            # With no time to linger, closing sends a reset.
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    # Never sent: there is no connection any more.
    return web.Response()


async def _refuse_body(request: web.BaseRequest) -> web.StreamResponse:
    """Answer a request whose body is not what its Content-Encoding says, and close the connection."""
    response = web.Response(status=400, text="The body is not what its headers say.")
    await response.prepare(request)
    await response.write_eof()
    # Else aiohttp would go on reading the body, and fail once more.
    request.protocol.force_close()
    return response


async def _truncate(request: web.BaseRequest, whole: web.Response) -> web.StreamResponse:
    """Announce a whole answer, send half of it and close the connection."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    response = web.StreamResponse(status=whole.status, headers=whole.headers)
    response.content_length = len(body)
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _stream(request: web.BaseRequest, result: Answer, body: Stream, sent: int) -> web.StreamResponse:
    """Announce a body and send so many bytes of it, then close the connection if that is not all."""
    headers = {**result.headers, "Content-Type": result.content_type or "application/octet-stream"}
    response = web.StreamResponse(status=result.status, headers=headers)
    response.content_length = body.size
    await response.prepare(request)
    left, loop = sent, asyncio.get_running_loop()
    begin = loop.time()
    # Who has read enough hangs up.
    with contextlib.suppress(ConnectionError):
        for chunk in body.chunks:
            step = max(1, min(_PIECE, int(body.rate / 10))) if body.rate else _PIECE
            for start in range(0, min(len(chunk), left), step):
                piece = chunk[start : min(start + step, left + start)]
                await response.write(piece)
                left -= len(piece)
                if body.rate:
                    await asyncio.sleep(max(0.0, begin + (sent - left) / body.rate - loop.time()))
            if left <= 0:
                break
        if sent < body.size and request.transport is not None:
            request.transport.close()
    return response


async def _flood(request: web.BaseRequest, status: int, size: int, headers: dict[str, str]) -> web.StreamResponse:
    """Send valid JSON, a list, of `size` bytes that are nearly all blanks."""
    response = web.StreamResponse(status=status, headers={**headers, "Content-Type": "application/json;charset=utf-8"})
    response.content_length = size
    await response.prepare(request)
    await response.write(b"[")
    left = size - 2
    # Who has read enough hangs up.
    with contextlib.suppress(ConnectionError):
        while left > 0:
            await response.write(_CHUNK[:left])
            left -= len(_CHUNK)
        await response.write(b"]")
    return response
