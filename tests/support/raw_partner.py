"""A partner that says whatever it is told to, byte by byte: for answers that no contract would give."""

import socketserver
import threading
from collections.abc import Callable

Reply = Callable[[bytes], bytes]


class RawPartner:
    """Answers each request on loopback with the bytes that *reply* makes of its body, then closes the connection."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests: list[bytes] = []
        partner = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                length = 0
                while (line := self.rfile.readline().strip()) != b"":
                    name, _, value = line.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                body = self.rfile.read(length)
                partner.requests.append(body)
                self.wfile.write(partner.reply(body))

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP answer of JSON."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "Connection: close", *headers, "", ""]).encode("latin-1") + body
