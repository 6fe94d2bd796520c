"""The one door through which HTTP leaves: named endpoints only, and failures told apart by whether anything was sent.

No redirects, no proxies, no addresses that an endpoint does not allow, a time limit on every request and a size limit
on every answer. What a status or a body means is the contract's business, never decided here.
"""

import re
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from urllib3.connection import HTTPConnection, HTTPException
from urllib3.exceptions import HTTPError, ReadTimeoutError
from urllib3.response import HTTPResponse
from urllib3.util.wait import wait_for_read

from adapters.sockets import (
    AddressRefused,
    Destination,
    PlainConnection,
    TlsConnection,
    connect,
    destination,
    resolve,
)
from engine.errors import CallOutcomeUnknown, CallUnavailable, SettingsError
from engine.exchange.checking import Stage

CONNECT_S = 3.0
IDLE_S = 8.0
IDLE_CONNECTIONS = 32
REPLY_LIMIT_BYTES = 30 * 1024 * 1024
REDACTED = "***"

_HEADER = re.compile(r"[\x21-\x7e][\x20-\x7e\x80-\xff]*|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a partner listens. *private* lets loopback and private addresses through; *ca_file* adds a trust anchor."""

    name: str
    url: str
    private: bool = False
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to a named endpoint; *path* starts with a slash and is put behind the endpoint's own prefix.

    *label* is what errors call it; *secrets* are texts that no record of it may show.
    """

    endpoint: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    total_s: float = 30.0
    connect_s: float = CONNECT_S
    limit_bytes: int = REPLY_LIMIT_BYTES
    label: tuple[str, str] = ("", "")
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What came back: header names in lower case, the body undecoded."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Door:
    """Sends requests to the endpoints that it knows; shared by all threads of a process."""

    def __init__(self, endpoints: Iterable[Endpoint] = (), *, idle_s: float = IDLE_S) -> None:
        self._idle_s = idle_s
        self._lines: dict[str, _Line] = {}
        for endpoint in endpoints:
            self.add(endpoint)

    def add(self, endpoint: Endpoint) -> None:
        """Know *endpoint* from now on, in place of one of the same name.

        Raises:
            SettingsError: its address is no http(s) URL with a host, or carries a user name, query or fragment.
        """
        try:
            where = destination(endpoint.url, private=endpoint.private, ca_file=endpoint.ca_file)
        except (ValueError, OSError) as exc:
            raise SettingsError(name=f"endpoint {endpoint.name}", reason=str(exc)) from exc
        before = self._lines.get(endpoint.name)
        if before is None or before.where != where:
            self._lines[endpoint.name] = _Line(where, self._idle_s)
            if before is not None:
                before.close()

    def knows(self, name: str) -> bool:
        return name in self._lines

    def prefix(self, name: str) -> str:
        """The path of an endpoint's address that stands before every other; empty where it has none, or is not known."""
        return self._lines[name].where.prefix if name in self._lines else ""

    def send(self, request: Request) -> Response:
        """The answer to *request*, whatever its status.

        Raises:
            CallUnavailable: certainly nothing was processed: name, refused connection, TLS, connect time-out.
            CallOutcomeUnknown: something left and no whole answer came.
        """
        line = self._lines.get(request.endpoint)
        if line is None:
            raise _unsent(request, f"no endpoint named {request.endpoint} is set")
        _check(request)
        until = time.monotonic() + request.total_s
        with _translated(request, CallUnavailable):
            connection = line.connection(min(request.connect_s, request.total_s))
        try:
            with _translated(request, CallOutcomeUnknown):
                response = _exchange(connection, request, line.where.prefix, until)
        except CallOutcomeUnknown:
            connection.close()
            raise
        line.give_back(connection)
        return response

    def reach(self, name: str, total_s: float) -> Iterator[Stage]:
        """How far one gets to an endpoint that is known, within *total_s*: its name, a connection, TLS; nothing is sent.

        The first that fails is the last.
        """
        line, until = self._lines[name], time.monotonic() + total_s

        def left() -> float:
            return max(0.01, min(CONNECT_S, until - time.monotonic()))

        stage = _resolved(line.where, left())
        yield stage
        if stage.ok:
            stage = _connected(line.where, left())
            yield stage
        if stage.ok:
            yield line.secured(left())

    def certificate_until(self, name: str, connect_s: float = CONNECT_S) -> datetime | None:
        """Until when the certificate that an endpoint shows now is good, in UTC; None: it speaks no TLS, or is not known.

        Raises: CallUnavailable: it was not reached, or showed one that is not trusted, as one that ran out.
        """
        line = self._lines.get(name)
        if line is None:
            return None
        try:
            return line.certificate_until(connect_s)
        except (OSError, HTTPError, ValueError) as exc:
            raise CallUnavailable(partner=name, operation="(certificate)", reason=_words_of(exc)) from exc

    def close(self) -> None:
        """Close every idle connection; the door stays usable."""
        for line in self._lines.values():
            line.close()


class _Line:
    """The kept connections to one endpoint, the youngest first."""

    def __init__(self, where: Destination, idle_s: float) -> None:
        self.where = where
        self._idle_s = idle_s
        self._idle: deque[tuple[float, HTTPConnection]] = deque()
        self._lock = threading.Lock()

    def connection(self, connect_s: float) -> HTTPConnection:
        """A connection that was open a moment ago: a kept one that shows no sign of an end, else a new one."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                since, kept = self._idle.pop()
            if time.monotonic() - since < self._idle_s and _looks_open(kept):
                return kept
            kept.close()
        return self._open(connect_s)

    def _open(self, connect_s: float) -> HTTPConnection:
        kind = TlsConnection if self.where.context is not None else PlainConnection
        connection = kind(self.where, connect_s)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection

    def secured(self, connect_s: float) -> Stage:
        """A new connection as for a request, with its certificate looked at, and closed again."""
        if self.where.context is None:
            return Stage(stage="tls", ok=None, saw="no-tls")
        try:
            connection = self._open(connect_s)
        except (OSError, HTTPError, ValueError) as exc:
            return Stage(stage="tls", ok=False, saw="not-trusted", detail=_words_of(exc))
        sock = connection.sock
        told = [str(sock.version()), _ends(sock)] if isinstance(sock, ssl.SSLSocket) else []
        connection.close()
        return Stage(stage="tls", ok=True, saw="trusted", detail=", ".join(told))

    def certificate_until(self, connect_s: float) -> datetime | None:
        """As `Door.certificate_until`. Raises: OSError, HTTPError, ValueError."""
        if self.where.context is None:
            return None
        connection = self._open(connect_s)
        try:
            sock = connection.sock
            told = _ends(sock) if isinstance(sock, ssl.SSLSocket) else ""
        finally:
            connection.close()
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(told), UTC) if told else None

    def give_back(self, connection: HTTPConnection) -> None:
        if connection.is_closed:
            return
        with self._lock:
            if len(self._idle) < IDLE_CONNECTIONS:
                self._idle.append((time.monotonic(), connection))
                return
        connection.close()

    def close(self) -> None:
        with self._lock:
            kept, self._idle = self._idle, deque()
        for _, connection in kept:
            connection.close()


def _resolved(where: Destination, wait_s: float) -> Stage:
    try:
        addresses = resolve(where, wait_s)
    except AddressRefused as exc:
        return Stage(stage="dns", ok=False, saw="address-refused", detail=str(exc))
    except (OSError, ValueError) as exc:
        return Stage(stage="dns", ok=False, saw="not-found", detail=_words_of(exc))
    return Stage(stage="dns", ok=True, saw="found", detail=", ".join(addresses))


def _connected(where: Destination, wait_s: float) -> Stage:
    try:
        connect(where, wait_s).close()
    except OSError as exc:
        return Stage(stage="tcp", ok=False, saw="no-connection", detail=_words_of(exc))
    return Stage(stage="tcp", ok=True, saw="connected", detail=f"{where.host}:{where.port}")


def _words_of(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}"[:500]


def _ends(sock: ssl.SSLSocket) -> str:
    """Until when the other side's certificate is good, as it says itself."""
    return str((sock.getpeercert() or {}).get("notAfter", ""))


def _looks_open(connection: HTTPConnection) -> bool:
    """False where the other side closed, or said something that nobody asked for.

    It can still close between this look and the first byte of ours: what is written then is of unknown outcome.
    """
    return connection.sock is not None and not wait_for_read(connection.sock, timeout=0.0)


def _exchange(connection: HTTPConnection, request: Request, prefix: str, until: float) -> Response:
    connection.timeout = max(0.001, until - time.monotonic())
    sock = connection.sock
    if isinstance(sock, socket.socket):
        sock.settimeout(connection.timeout)
    setattr(sock, "until", until)  # noqa: B010 - both socket classes of adapters.sockets have it
    connection.request(
        request.method,
        prefix + request.path,
        body=request.body,
        headers=request.headers,
        preload_content=False,
        decode_content=False,
    )
    reply = connection.getresponse()
    try:
        body = reply.read(request.limit_bytes + 1, decode_content=False)
        _check_whole(reply, len(body), request.limit_bytes)
    except BaseException:
        reply.close()
        raise
    return Response(status=reply.status, headers={k.lower(): v for k, v in reply.headers.items()}, body=body)


def _check_whole(reply: HTTPResponse, size_bytes: int, limit_bytes: int) -> None:
    """Raises: HTTPException: the head was cut short, or the body has fewer bytes than promised or more than allowed."""
    if size_bytes > limit_bytes:
        raise HTTPException(f"the answer has more than {limit_bytes} bytes")
    head = getattr(reply, "_original_response", None)
    if head is not None and head.msg.defects:
        raise HTTPException(f"a broken head: {type(head.msg.defects[0]).__name__}")
    if reply.length_remaining not in (0, None):
        raise HTTPException(f"{reply.length_remaining} bytes of the answer are missing")


@contextmanager
def _translated(request: Request, kind: type[CallUnavailable] | type[CallOutcomeUnknown]) -> Iterator[None]:
    """Foreign errors become *kind*; which one it is depends only on whether the request had begun to leave."""
    partner, operation = request.label
    try:
        yield
    except (TimeoutError, ReadTimeoutError) as exc:
        raise kind(
            partner=partner, operation=operation, reason=f"no answer in time ({request.total_s} s)"
        ) from exc
    except (OSError, HTTPError, HTTPException, ValueError) as exc:
        reason = redact(f"{type(exc).__name__}: {exc}", request.secrets)
        raise kind(partner=partner, operation=operation, reason=reason) from exc


def _unsent(request: Request, reason: str) -> CallUnavailable:
    partner, operation = request.label
    return CallUnavailable(partner=partner, operation=operation, reason=reason)


def _check(request: Request) -> None:
    """Refuse what could smuggle a second request or leave the endpoint's prefix."""
    if not request.path.startswith("/") or re.search(
        r"[\x00-\x20\x7f-\U0010ffff]|/\.\.?(/|\?|$)", request.path
    ):
        raise _unsent(request, f"the path {request.path!r} is not a plain path")
    for name, value in request.headers.items():
        if not _HEADER.fullmatch(value):
            raise _unsent(request, f"header {name} holds a control or non-Latin character")


def redact(text: str, secrets: Iterable[str]) -> str:
    """*text* with every one of *secrets* blotted out."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, REDACTED)
    return text


def redact_bytes(data: bytes, secrets: Iterable[str]) -> bytes:
    """As `redact`, for bytes of any encoding that holds ASCII as it is."""
    for secret in secrets:
        if secret:
            data = data.replace(secret.encode(), REDACTED.encode())
    return data
