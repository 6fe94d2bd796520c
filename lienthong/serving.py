"""The HTTP server as the settings want it."""

from typing import TYPE_CHECKING

from engine.errors import SettingsError
from engine.settings import Web

if TYPE_CHECKING:
    from flask import Flask

    from web.server import WebServer


def web_server(application: "Flask", settings: Web) -> "WebServer":
    """A server that listens at once.

    Raises:
        SettingsError: the address cannot be had.
    """
    from web.server import WebServer

    try:
        return WebServer(
            application,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            arrival_s=settings.arrival_s,
            trusted_proxy=settings.trusted_proxy,
            max_body_bytes=settings.max_body_bytes,
        )
    except OSError as exc:
        raise SettingsError(
            name="LIENTHONG_WEB_PORT",
            reason=f"{settings.host}:{settings.port} cannot be had: {exc.strerror}",
        ) from exc
