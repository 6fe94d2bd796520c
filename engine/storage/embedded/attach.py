"""A database for the life of one command: the configured one, a running embedded one, or one started for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import DatabaseServerError, SettingsError
from engine.settings import Settings
from engine.storage.embedded.place import Hold, Place, find_place
from engine.storage.embedded.postmaster import find_postmaster
from engine.storage.embedded.server import EmbeddedPostgres

_GUESTS = "guests.lock"
_GUEST_WAIT_S = 30.0


@contextmanager
def attach_or_start(settings: Settings) -> Iterator[str]:
    """The URL of this system's database, usable until the block ends.

    An embedded server that we start stops after the block, once other commands that attached to it are done.

    Raises:
        DatabaseServerError: the embedded server can neither be started nor reached.
    """
    if settings.database.url:
        yield sqlalchemy_url(settings.database.url)
        return
    server = EmbeddedPostgres(settings.data_dir, settings.database)
    until = time.monotonic() + settings.database.start_timeout_s
    while True:
        try:
            server.start(wait_s=0)
        except DatabaseServerError:
            if not _supervised(server.place):
                raise
        else:
            yield from _hosted(server)
            return
        if (find_postmaster(server.place.database) or _NOT_READY).ready:
            yield from _visited(server.place)
            return
        if time.monotonic() > until:
            raise DatabaseServerError(reason=f"the server of {server.place.home} does not become ready")
        time.sleep(0.05)  # another process is starting it


class _NotReady:
    ready = False


_NOT_READY = _NotReady()


def _supervised(place: Place) -> bool:
    """Whether another process holds the server's lock."""
    hold = Hold(place.home / "server.lock")
    taken = hold.take()
    hold.free()
    return not taken


def _hosted(server: EmbeddedPostgres) -> Iterator[str]:
    try:
        yield server.url
    finally:
        guests = Hold(server.place.home / _GUESTS)
        guests.take(wait_s=_GUEST_WAIT_S)
        server.stop()
        guests.free()


def _visited(place: Place) -> Iterator[str]:
    guest = Hold(place.home / _GUESTS)
    guest.take(shared=True)
    try:
        yield place.url()
    finally:
        guest.free()


def database_url(settings: Settings) -> str:
    """The configured database, or the embedded one whether its server runs or not; for a supervisor's children."""
    if settings.database.url:
        return sqlalchemy_url(settings.database.url)
    return find_place(settings.data_dir, settings.database.os_user).url()


def sqlalchemy_url(url: str) -> str:
    """*url* as people write it (`postgresql://…`), naming the driver for SQLAlchemy.

    Raises:
        SettingsError: it is no PostgreSQL address.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or scheme not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise SettingsError(
            name="DATABASE_URL", reason="it must look like postgresql://user:password@host/database"
        )
    return f"postgresql+psycopg://{rest}"
