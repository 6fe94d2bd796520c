"""How the door connects: addresses are looked up once, checked, and connected to; every read obeys a deadline.

Only `adapters.outbound` uses this; it knows sockets and TLS, not requests or partners.
"""

import socket
import ssl
import threading
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class AddressRefused(OSError):
    """The host's address is one that the endpoint does not allow."""


@dataclass(frozen=True, slots=True)
class Destination:
    """An endpoint's address taken apart; *context* is there for https only."""

    host: str
    port: int
    prefix: str
    private: bool
    context: ssl.SSLContext | None


def destination(url: str, *, private: bool, ca_file: str | None) -> Destination:
    """*url* taken apart. Raises: ValueError: not a plain http(s) address; OSError: the trust anchor is unreadable."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not an http(s) address with a host")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an endpoint's address holds no user name, query or fragment")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    context = _context(ca_file) if secure else None
    return Destination(parts.hostname, port, parts.path.rstrip("/"), private, context)


def _context(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = TlsSocket
    return context


class PlainSocket(socket.socket):
    """A socket whose reads end at a moment, however slowly the other side trickles."""

    until: float = 0.0

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int = 0, flags: int = 0) -> int:
        if self.until:
            self.settimeout(_left(self.until))
        return super().recv_into(buffer, nbytes, flags)


class TlsSocket(ssl.SSLSocket):
    """As `PlainSocket`, under TLS, where a write also may take several rounds."""

    until: float = 0.0

    def recv_into(self, buffer: "WriteableBuffer", nbytes: int | None = None, flags: int = 0) -> int:
        if self.until:
            self.settimeout(_left(self.until))
        return super().recv_into(buffer, nbytes, flags)

    def send(self, data: "ReadableBuffer", flags: int = 0) -> int:
        if self.until:
            self.settimeout(_left(self.until))
        return super().send(data, flags)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the total time is over")
    return left


class PlainConnection(HTTPConnection):
    """A connection to a checked address of the endpoint."""

    def __init__(self, where: Destination, connect_s: float) -> None:
        super().__init__(where.host, where.port, timeout=connect_s)
        self._where, self._connect_s = where, connect_s

    def _new_conn(self) -> socket.socket:
        return connect(self._where, self._connect_s)


class TlsConnection(HTTPSConnection):
    """As `PlainConnection`, with the certificate checked against the endpoint's name."""

    def __init__(self, where: Destination, connect_s: float) -> None:
        super().__init__(where.host, where.port, timeout=connect_s, ssl_context=where.context)
        self._where, self._connect_s = where, connect_s

    def _new_conn(self) -> socket.socket:
        return connect(self._where, self._connect_s)


def resolve(where: Destination, wait_s: float) -> list[str]:
    """The addresses of *where*, all of them allowed; the look-up goes on by itself where it takes longer than *wait_s*.

    Raises: OSError: there is none, or no answer in time; AddressRefused.
    """
    found: list[list[str] | OSError] = []

    def look_up() -> None:
        try:
            all_found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
            found.append(list(dict.fromkeys(str(one[4][0]) for one in all_found)))
        except OSError as exc:
            found.append(exc)

    thread = threading.Thread(target=look_up, name="look-up", daemon=True)
    thread.start()
    thread.join(wait_s)
    if not found:
        raise TimeoutError(f"no answer in time ({wait_s:.1f} s)")
    if isinstance(found[0], OSError):
        raise found[0]
    for address in found[0]:
        check_address(address, private=where.private)
    return found[0]


def connect(where: Destination, connect_s: float) -> socket.socket:
    """A socket connected to the first address of *where* that is allowed and answers within *connect_s* seconds."""
    until = time.monotonic() + connect_s
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    for _, _, _, _, address in found:
        check_address(str(address[0]), private=where.private)
    last: OSError = OSError(f"{where.host} has no address")
    for family, kind, protocol, _, address in found:
        try:
            return _connected(PlainSocket(family, kind, protocol), address, until)
        except OSError as exc:
            last = exc
    raise last


def _connected(sock: PlainSocket, address: tuple[object, ...], until: float) -> PlainSocket:
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_left(until))
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


def check_address(text: str, *, private: bool) -> None:
    """Pass a public address, and with *private* also loopback and private ones.

    Link-local addresses (cloud metadata lives there), multicast and unspecified ones never pass.

    Raises:
        AddressRefused: names the address.
    """
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    never = address.is_link_local or address.is_multicast or address.is_unspecified
    if never or not (address.is_global or private):
        raise AddressRefused(f"address {address} is not allowed for this endpoint")
