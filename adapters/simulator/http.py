"""A small HTTP/1.1 server for loopback that can also break the rules when it is told to.

Servers made for production cannot be made to reset a connection in the middle of an answer; this one can.
"""

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import ClassVar

LIMIT_BYTES = 36 * 1024 * 1024
LINE_BYTES = 16 * 1024
IDLE_S = 60.0
_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request; header names in lower case, *path* without its query."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """An answer, or what is done instead of one: *drop* resets the connection, *times* sends the answer so often."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    times: int = 1
    raw: bytes | None = None


Answering = Callable[[HttpRequest], HttpReply]


class HttpServer(socketserver.ThreadingTCPServer):
    """Listens on a loopback address; one thread per connection, all of them gone when it is closed."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, host: str, port: int, answering: Answering) -> None:
        self.answering = answering
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((host, port), _Connection)
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self.shutdown()
        self.server_close()
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            _cut(connection)
        self._thread.join(timeout=5)

    def opened(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that broke is the client's business."""


class _Connection(socketserver.StreamRequestHandler):
    timeout: ClassVar[float] = IDLE_S
    disable_nagle_algorithm: ClassVar[bool] = True
    server: HttpServer

    def handle(self) -> None:
        self.server.opened(self.connection)
        try:
            while (request := self._read()) is not None:
                if not self._answer(request):
                    break
        except (OSError, ValueError):
            _cut(self.connection)
        finally:
            self.server.closed(self.connection)

    def _answer(self, request: HttpRequest) -> bool:
        """Whether the connection goes on."""
        reply = self.server.answering(request)
        if reply.drop:
            _cut(self.connection)
            return False
        if reply.raw is not None:
            self.connection.sendall(reply.raw)
            return False
        self.connection.sendall(_bytes(reply) * reply.times)
        return request.headers.get("connection", "").lower() != "close"

    def _read(self) -> HttpRequest | None:
        first = self.rfile.readline(LINE_BYTES)
        if not first.strip():
            return None
        method, target, _ = first.decode("latin-1").split(" ", 2)
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(LINE_BYTES)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        if not 0 <= length <= LIMIT_BYTES or "transfer-encoding" in headers:
            raise ValueError("a body of known and acceptable length is needed")
        path, _, query = target.partition("?")
        return HttpRequest(
            method=method,
            path=path,
            query=query,
            headers=headers,
            body=self.rfile.read(length) if length else b"",
        )


def _bytes(reply: HttpReply) -> bytes:
    head = [
        f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unnamed')}",
        f"Content-Type: {reply.content_type}",
        f"Content-Length: {len(reply.body)}",
        *(f"{name}: {value}" for name, value in reply.headers.items()),
    ]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + reply.body


def _cut(connection: socket.socket) -> None:
    """Close with a reset, as a crashed host or a hostile middlebox does."""
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        connection.close()
