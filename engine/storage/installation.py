"""Facts of this installation, one row each: its environment's name, demo time, whether anything may be sent."""

import threading
import time
from datetime import datetime, timedelta

import orjson
from sqlalchemy import Connection, text

from engine.errors import StoreError
from engine.exchange.ports import Json
from engine.storage.database import Store

ENVIRONMENT, DEMO_OFFSET_S, SENDING = "environment", "demo_offset_s", "sending"

_GET = text("SELECT value FROM installation WHERE name = :name")
_PUT = text(
    "INSERT INTO installation (name, value) VALUES (:name, CAST(:value AS jsonb))"
    " ON CONFLICT (name) DO UPDATE SET value = excluded.value"
)
_CLAIM = text(
    "INSERT INTO installation (name, value) VALUES (:name, CAST(:value AS jsonb)) ON CONFLICT (name) DO NOTHING"
)

_LATEST = text("SELECT max(submitted_at) FROM dossier")


def latest_submission(connection: Connection) -> datetime | None:
    """When the last dossier was handed in, on this installation's own clock; None where there is none."""
    latest: datetime | None = connection.scalar(_LATEST)
    return latest


def get(connection: Connection, name: str) -> Json:
    """The fact *name*, or None."""
    value: Json = connection.scalar(_GET, {"name": name})
    return value


def put(connection: Connection, name: str, value: Json) -> None:
    """Let *name* be *value* from now on."""
    connection.execute(_PUT, {"name": name, "value": orjson.dumps(value).decode()})


def belongs_to(connection: Connection, environment: str) -> bool:
    """Whether this database is *environment*'s; one that was nobody's becomes it."""
    connection.execute(_CLAIM, {"name": ENVIRONMENT, "value": orjson.dumps(environment).decode()})
    return get(connection, ENVIRONMENT) == environment


class DemoOffset:
    """How far demo time is from the machine's; read again from the database every *fresh_s* seconds.

    A database that does not answer leaves the last known offset in force.
    """

    def __init__(self, store: Store, fresh_s: float = 0.25) -> None:
        self._store, self._fresh_s = store, fresh_s
        self._offset, self._read_at = timedelta(0), float("-inf")
        self._lock = threading.Lock()

    def __call__(self) -> timedelta:
        with self._lock:
            now = time.monotonic()
            if now - self._read_at > self._fresh_s:
                self._offset, self._read_at = self._read(), now
            return self._offset

    def _read(self) -> timedelta:
        try:
            with self._store.reading() as connection:
                value = get(connection, DEMO_OFFSET_S)
        except StoreError:
            return self._offset
        return timedelta(seconds=value) if isinstance(value, int | float) else timedelta(0)
