"""Since when the database has been away, as this process saw it: for the page that says so. Nothing depends on it."""

from datetime import datetime

from flask import Flask, Response, current_app, g

from engine.clock import SystemClock
from engine.errors import StoreError

_EXTENSION = "lienthong_database_away"


def init_app(app: Flask) -> None:
    """Notice which requests the database answered, and which it did not."""
    app.extensions[_EXTENSION] = {"since": None}
    app.after_request(_noticed)


def note(error: Exception) -> None:
    """This request failed with *error*."""
    if type(error) is StoreError:
        g.database_away = True
        seen = current_app.extensions[_EXTENSION]
        seen["since"] = seen["since"] or SystemClock().now()


def since() -> datetime | None:
    """The first failure after which no request was answered with the database's help; aware; None: it is there."""
    found: datetime | None = current_app.extensions[_EXTENSION]["since"]
    return found


def _noticed(response: Response) -> Response:
    visitor = g.get("visitor")
    asked_it = g.get("principal") is not None or (visitor is not None and visitor.signed_in)
    if asked_it and not g.get("database_away"):  # who asks is looked up in the database
        current_app.extensions[_EXTENSION]["since"] = None
    return response
