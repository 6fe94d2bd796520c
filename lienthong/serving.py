"""The HTTP server around the web application: waitress, bound at once, closed on request."""

from typing import TYPE_CHECKING

from waitress.server import create_server

from engine.errors import SettingsError
from engine.settings import Web

if TYPE_CHECKING:
    from flask import Flask


class WebServer:
    """Listens from the moment it is made; serves inside `run` until `close`."""

    def __init__(self, application: "Flask", settings: Web) -> None:
        try:
            self._server = create_server(
                application,
                host=settings.host,
                port=settings.port,
                threads=settings.threads,
                max_request_body_size=settings.max_body_bytes + 64 * 1024,
                ident="lienthong",
                clear_untrusted_proxy_headers=True,
            )
        except OSError as exc:
            raise SettingsError(
                name="LIENTHONG_WEB_PORT",
                reason=f"{settings.host}:{settings.port} cannot be had: {exc.strerror}",
            ) from exc

    def run(self) -> None:
        """Serve until `close` is called."""
        self._server.run()

    def close(self) -> None:
        """Finish what is under way and stop."""
        self._server.close()
        self._server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
