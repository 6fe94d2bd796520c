"""Who reads an answer slowly, or not at all, keeps no thread and no connection to the database from the others."""

import socket
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support.counter import serving

CHUNK = b"x" * 512 * 1024
CHUNKS = 80  # 40 MB: more than any paper, and than what systems buffer


@pytest.fixture
def port() -> Iterator[int]:
    app = Flask("test")
    app.add_url_rule("/large", view_func=lambda: app.response_class(CHUNK for _ in range(CHUNKS)))
    app.add_url_rule("/small", "small", lambda: "here")
    with serving(app, threads=1, max_body_bytes=1000) as found:
        yield found


def asked(port: int, path: str) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(10)
    client.connect(("127.0.0.1", int(port)))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    return client


def test_an_answer_that_nobody_reads_holds_up_no_other(port: int) -> None:
    with asked(port, "/large") as slow:
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        with asked(port, "/small") as other:
            assert other.recv(15) == b"HTTP/1.1 200 OK"
        size = 15
        while piece := slow.recv(1024 * 1024):
            size += len(piece)
        assert size > len(CHUNK) * CHUNKS
