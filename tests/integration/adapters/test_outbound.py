"""The door against servers that misbehave on the wire: what is told apart, and what is never let through."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from adapters.outbound import Door, Endpoint, Request
from engine.errors import CallOutcomeUnknown, CallUnavailable, SettingsError

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket, int], None]


@contextmanager
def server(script: Script) -> Iterator[int]:
    """Listens on loopback and runs *script* with each connection and its number, in threads."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            opened.append(connection)
            threading.Thread(target=run, args=(connection, len(opened)), daemon=True).start()

    def run(connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            script(connection, number)

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in opened:
            connection.close()


def request_of(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(4096)
        if not chunk:
            return b""
        data += chunk
    return data


def answering(reply: bytes) -> Script:
    def script(connection: socket.socket, number: int) -> None:
        while request_of(connection):
            connection.sendall(reply)

    return script


DOORS: list[Door] = []


def door(port: int, *, prefix: str = "") -> Door:
    DOORS.append(Door([Endpoint(name="there", url=f"http://127.0.0.1:{port}{prefix}", private=True)]))
    return DOORS[-1]


@pytest.fixture(autouse=True)
def _close_doors() -> Iterator[None]:
    yield
    while DOORS:
        DOORS.pop().close()


def ask(total_s: float = 2.0, **more: object) -> Request:
    return Request(**({"endpoint": "there", "method": "GET", "path": "/x", "total_s": total_s} | more))


def test_an_answer_comes_back_whatever_its_status() -> None:
    with server(answering(b"HTTP/1.1 418 No\r\nX-A: b\r\nContent-Length: 1\r\n\r\n!")) as port:
        response = door(port).send(ask())
    assert (response.status, response.headers["x-a"], response.body) == (418, "b", b"!")


def test_a_connection_is_kept_and_used_again() -> None:
    numbers: list[int] = []

    def script(connection: socket.socket, number: int) -> None:
        while request_of(connection):
            numbers.append(number)
            connection.sendall(OK)

    with server(script) as port:
        there = door(port)
        for _ in range(3):
            there.send(ask())
        there.close()
    assert numbers == [1, 1, 1]


def test_a_kept_connection_that_the_other_side_closed_is_not_used() -> None:
    closed = threading.Event()

    def script(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
        closed.set()

    with server(script) as port:
        there = door(port)
        for _ in range(3):
            closed.clear()
            assert there.send(ask()).status == 200
            assert closed.wait(2)
        there.close()


def test_a_request_written_on_a_connection_that_dies_then_is_of_unknown_outcome() -> None:
    """It may have been read before the connection died: nothing proves the contrary."""

    def script(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(OK)
        request_of(connection)
        connection.close()

    with server(script) as port:
        there = door(port)
        there.send(ask())
        with pytest.raises(CallOutcomeUnknown):
            there.send(ask())


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="closed-without-an-answer"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="cut-in-the-head"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", id="cut-in-the-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", id="broken-chunks"),
        pytest.param(b"SSH-2.0-OpenSSH_9\r\n\r\n", id="another-protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", id="endless-header"),
    ],
)
def test_a_broken_answer_is_of_unknown_outcome(reply: bytes) -> None:
    def script(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(reply)
        connection.shutdown(socket.SHUT_WR)

    with server(script) as port, pytest.raises(CallOutcomeUnknown):
        door(port).send(ask())


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    asked: list[bytes] = []

    def script(connection: socket.socket, number: int) -> None:
        while data := request_of(connection):
            asked.append(data)
            connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /secret\r\nContent-Length: 0\r\n\r\n")

    with server(script) as port:
        assert door(port).send(ask()).status == 302
    assert len(asked) == 1


def test_a_trickling_answer_ends_at_the_total_time() -> None:
    stop = threading.Event()

    def script(connection: socket.socket, number: int) -> None:
        request_of(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.02):
            connection.sendall(b"x")

    started = time.monotonic()
    with server(script) as port, pytest.raises(CallOutcomeUnknown, match="in time"):
        door(port).send(ask(total_s=1.0))
    stop.set()
    assert time.monotonic() - started < 10


def test_silence_ends_at_the_total_time() -> None:
    with server(lambda connection, number: threading.Event().wait(5)) as port:
        started = time.monotonic()
        with pytest.raises(CallOutcomeUnknown):
            door(port).send(ask(total_s=1.0))
        assert time.monotonic() - started < 4


def test_an_answer_above_the_limit_is_not_taken() -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000
    with server(answering(reply)) as port, pytest.raises(CallOutcomeUnknown, match="more than 1000 bytes"):
        door(port).send(ask(limit_bytes=1000))


def test_a_refused_connection_is_certainly_not_sent() -> None:
    with socket.socket() as taken:  # bound, not listening: nobody else can have it meanwhile
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(CallUnavailable, match="refused"):
            door(taken.getsockname()[1]).send(ask())


def test_a_name_that_nobody_has_is_certainly_not_sent() -> None:
    there = Door([Endpoint(name="there", url="http://nobody.invalid")])
    with pytest.raises(CallUnavailable):
        there.send(ask())


def test_a_failed_tls_handshake_is_certainly_not_sent() -> None:
    with server(lambda connection, number: connection.sendall(b"no tls here")) as port:
        there = Door([Endpoint(name="there", url=f"https://127.0.0.1:{port}", private=True)])
        with pytest.raises(CallUnavailable):
            there.send(ask())


def test_a_full_backlog_ends_at_the_connect_time_and_is_certainly_not_sent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        with pytest.raises(CallUnavailable):
            door(port).send(ask(connect_s=0.2))
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://[::ffff:127.0.0.1]:1"]
)
def test_loopback_is_only_reached_where_it_is_allowed(url: str) -> None:
    there = Door([Endpoint(name="there", url=url)])
    with pytest.raises(CallUnavailable, match="not allowed"):
        there.send(ask())


def test_the_metadata_address_of_clouds_is_never_reached() -> None:
    there = Door([Endpoint(name="there", url="http://169.254.169.254", private=True)])
    with pytest.raises(CallUnavailable, match="not allowed"):
        there.send(ask())


def test_a_proxy_named_by_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with server(answering(OK)) as port:
        assert door(port).send(ask()).status == 200


@pytest.mark.parametrize(
    "more",
    [
        {"endpoint": "elsewhere"},
        {"path": "//evil.example/x"[1:].replace("evil", "..") + "/../.."},
        {"path": "/a b"},
        {"path": "/a\r\nX: y"},
        {"path": "http://evil.example/"},
        {"headers": {"A": "b\r\nC: d"}},
    ],
    ids=["unknown-endpoint", "dots", "space", "line-break", "absolute", "header-break"],
)
def test_what_would_leave_the_endpoint_never_leaves(more: dict[str, object]) -> None:
    with server(answering(OK)) as port, pytest.raises(CallUnavailable):
        door(port).send(ask(**more))


def test_the_endpoints_prefix_stays_in_front() -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket, number: int) -> None:
        seen.append(request_of(connection))
        connection.sendall(OK)

    with server(script) as port:
        door(port, prefix="/base/").send(ask(path="/x?y=1"))
    assert seen[0].startswith(b"GET /base/x?y=1 HTTP/1.1\r\n")


@pytest.mark.parametrize("url", ["ftp://a", "http://", "http://u:p@a", "http://a?x=1", "a"])
def test_an_address_that_is_none_is_refused_at_start(url: str) -> None:
    with pytest.raises(SettingsError):
        Door([Endpoint(name="there", url=url)])


def test_an_error_shows_no_secret() -> None:
    there = Door([Endpoint(name="there", url="http://s3cret.invalid")])
    with pytest.raises(CallUnavailable) as error:
        there.send(ask(secrets=("s3cret",)))
    assert "s3cret" not in error.value.message
