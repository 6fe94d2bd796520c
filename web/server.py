"""The HTTP server around the application: waitress, which listens at once, answers its own refusals as problems, and
ends without breaking a request that is under way.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import orjson
from flask import Flask
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, TcpWSGIServer, create_server
from waitress.task import ErrorTask, queue_logger
from waitress.utilities import BadRequest

from web.problems import MEDIA_TYPE, title

# How much of an answer is put aside (beyond a megabyte on disk) for who reads it slowly; beyond it a thread would wait for
# him, with its connection to the database: a few slow readers would stop the web.
_ON_DISK = 512 * 1024 * 1024
_MARGIN = 64 * 1024  # above our own limit, which answers with more words
_CODES = {
    400: "request-invalid",
    408: "request-too-slow",
    413: "body-too-large",
    431: "request-invalid",
}


class _ProblemTask(ErrorTask):  # type: ignore[misc]  # waitress is published without types
    """What waitress refuses before it is a request (a broken head, a body without end), as a problem."""

    def execute(self) -> None:
        error = self.request.error
        code = _CODES.get(error.code, "request-invalid")
        problem = {
            "type": f"/errors/{code}",
            "title": title(code),
            "status": error.code,
            "detail": error.reason,
            "code": code,
        }
        body = orjson.dumps(problem)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", MEDIA_TYPE))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _TooSlow(BadRequest):  # type: ignore[misc]
    code = 408
    reason = "Request Timeout"


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Gives up on a request that trickles in: it would hold its connection as long as it likes."""

    arrival_s = 60.0
    completed: bool

    def __init__(self, adj: object) -> None:
        super().__init__(adj)
        self._begun = time.monotonic()

    def received(self, data: bytes) -> int:
        taken: int = super().received(data)
        if not self.completed and time.monotonic() - self._begun > self.arrival_s:
            self.error = _TooSlow(f"the request took more than {self.arrival_s:g} s to arrive")
            self.completed = True
            return len(data)
        return taken


class _Channel(HTTPChannel):  # type: ignore[misc]
    error_task_class = _ProblemTask


def _believing(proxy: str) -> dict[str, Any]:
    """What makes waitress take from *proxy*, and from nobody else, whom it speaks for, how and under which name."""
    headers = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
    return {"trusted_proxy": proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": headers}


class WebServer:
    """Listens from the moment it is made, on *port* or any with 0; serves inside `run` until `close`.

    *trusted_proxy* is the address of the one proxy in front whose word counts for who asks, and whether over TLS.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        app: Flask,
        *,
        host: str,
        port: int,
        threads: int,
        max_body_bytes: int,
        arrival_s: float = 60.0,
        trusted_proxy: str = "",
    ) -> None:
        believed = _believing(trusted_proxy) if trusted_proxy else {}
        queue_logger.setLevel("ERROR")  # a request that waits for a thread is nothing to warn of
        self._map: dict[int, Any] = {}
        self._server = create_server(
            app,
            map=self._map,
            host=host,
            port=port,
            threads=threads,
            connection_limit=1000,
            asyncore_use_poll=True,
            max_request_body_size=max_body_bytes + _MARGIN,
            outbuf_high_watermark=_ON_DISK,
            ident="lienthong",
            clear_untrusted_proxy_headers=False,  # not believed; an open console looks whether they are there
            **believed,
        )
        parser = type("Parser", (_Parser,), {"arrival_s": arrival_s})
        channel = type("Channel", (_Channel,), {"parser_class": parser})
        for listener in self._listeners():
            listener.channel_class = channel

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = next(one.effective_port for one in self._listeners())
        return port

    def run(self) -> None:
        """Serve until `close` is called from another thread."""
        self._server.run()

    def close(self) -> None:
        """Take no more connections, finish what is under way (five seconds at most), and let `run` return."""
        self._in_loop(self._stop_listening)
        self._server.task_dispatcher.shutdown(cancel_pending=False, timeout=5)
        self._in_loop(lambda: wasyncore.close_all(self._map, ignore_all=True))

    def _listeners(self) -> list[Any]:
        return [one for one in self._map.values() if isinstance(one, BaseWSGIServer | TcpWSGIServer)]

    def _stop_listening(self) -> None:
        for listener in self._listeners():
            wasyncore.dispatcher.close(listener)

    def _in_loop(self, act: Callable[[], None]) -> None:
        """Have the serving thread do it: sockets are closed by the thread that waits for them.

        A thread that wakes for something else may do it before it is woken for this, and close the very pipe.
        """
        trigger = next(
            one for one in self._map.values() if hasattr(one, "pull_trigger") and hasattr(one, "thunks")
        )
        with suppress(OSError):
            trigger.pull_trigger(act)
