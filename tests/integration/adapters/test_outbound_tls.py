"""The door over TLS: a certificate is checked against the endpoint's own trust anchor, and deadlines hold under it too."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.outbound import Door, Endpoint, Request
from engine.errors import CallOutcomeUnknown, CallUnavailable
from tests.support.certificate import CAN_BE_MADE, make

pytestmark = pytest.mark.skipif(not CAN_BE_MADE, reason="openssl makes the certificate of this test")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Secure:
    """A server under TLS; *trickle* makes it answer without an end."""

    port: int
    certificate: str
    trickle: threading.Event


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def secure(certificate: Path) -> Iterator[Secure]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    listener = socket.create_server(("127.0.0.1", 0))
    trickle, opened = threading.Event(), []

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                opened.append(connection)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as wrapped:
            opened.append(wrapped)
            while wrapped.recv(65_536):
                wrapped.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" if trickle.is_set() else OK
                )
                while trickle.is_set():
                    wrapped.sendall(b"x")
                    threading.Event().wait(0.02)

    threading.Thread(target=serve, daemon=True).start()
    yield Secure(listener.getsockname()[1], str(certificate / "cert.pem"), trickle)
    trickle.clear()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for connection in opened:
        connection.close()


def door(secure: Secure, host: str = "localhost", ca_file: str | None = None) -> Door:
    url = f"https://{host}:{secure.port}"
    return Door([Endpoint(name="there", url=url, private=True, ca_file=ca_file)])


def ask(total_s: float = 3.0) -> Request:
    return Request(endpoint="there", method="POST", path="/", body=b"x" * 40_000, total_s=total_s)


def test_a_trusted_partner_answers_and_the_connection_is_kept(secure: Secure) -> None:
    there = door(secure, ca_file=secure.certificate)
    assert [there.send(ask()).body for _ in range(3)] == [b"ok"] * 3
    there.close()


def test_a_certificate_that_nobody_vouches_for_means_certainly_not_sent(secure: Secure) -> None:
    with pytest.raises(CallUnavailable, match="certificate verify failed"):
        door(secure).send(ask())


def test_it_is_seen_until_when_a_certificate_is_good(secure: Secure) -> None:
    there = door(secure, ca_file=secure.certificate)
    until = there.certificate_until("there")
    assert until is not None
    assert timedelta(days=1) < until - datetime.now(UTC) < timedelta(days=3)
    assert there.certificate_until("nobody") is None
    there.close()
    with pytest.raises(CallUnavailable, match="certificate verify failed"):
        door(secure).certificate_until("there")


def test_a_certificate_for_another_name_means_certainly_not_sent(secure: Secure) -> None:
    with pytest.raises(CallUnavailable, match=r"127\.0\.0\.1"):
        door(secure, host="127.0.0.1", ca_file=secure.certificate).send(ask())


def test_a_trickling_answer_ends_at_the_total_time_under_tls_too(secure: Secure) -> None:
    secure.trickle.set()
    started = time.monotonic()
    with pytest.raises(CallOutcomeUnknown, match="in time"):
        door(secure, ca_file=secure.certificate).send(ask(total_s=2.0))
    assert time.monotonic() - started < 10
