"""Dumping: one snapshot of the database, its rows counted and its dump written by pg_dump, both of the very same moment."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, text

from engine.storage import migrations
from engine.storage.backups.programs import Program, Stop, Tell, address, interrupted
from engine.storage.database import Store
from engine.storage.embedded.binaries import Binaries

# Whose rows are left out: who is signed in and which processes run is true of now only; backups are found in their folder.
LEFT_OUT = ("backup", "presence", "session", "sign_on")
_LOCK_WAIT = "60s"
_TELL_S = 2.0

_SNAPSHOT = text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
# Limits that are set for the role are for those who answer somebody; a snapshot lives as long as its dump.
_UNLIMITED = text(
    "SELECT set_config(name, '0', true) FROM pg_settings"
    " WHERE name IN ('statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout')"
)
_EXPORT = text("SELECT pg_export_snapshot(), now(), current_setting('server_version')")
_TABLES = text(
    """
    SELECT format('%I.%I', n.nspname, c.relname), n.nspname = 'public' AND c.relname = ANY(:left_out)
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND NOT starts_with(n.nspname, 'pg_') ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a dump holds: its moment, schema and server, and how many rows each table has in it."""

    at: datetime
    schema: str
    server: str
    tables: Mapping[str, int]

    @property
    def dossiers(self) -> int:
        return self.tables.get("public.dossier", 0)


def dump(url: str, programs: Binaries, file: Path, *, stop: Stop, tell: Tell) -> Taken:
    """Write a dump of the database into *file*, which is there already.

    The snapshot belongs to a transaction that only reads: writers go on meanwhile, only VACUUM waits for its end.

    Raises:
        BackupError: pg_dump fails, or *stop* said so. StoreError.
    """
    store = Store(url, pooled=False, idle_s=0)
    try:
        with store.transaction() as connection:
            connection.execute(_SNAPSHOT)
            connection.execute(_UNLIMITED)
            snapshot, at, server = connection.execute(_EXPORT).one()
            tell("counting rows")
            tables = _counted(connection, stop)
            taken = Taken(
                at=at, schema=migrations.current(connection) or "", server=server.split()[0], tables=tables
            )
            tell(f"dumping {sum(tables.values()):,} rows of {len(tables)} tables")
            _write(url, programs, file, snapshot, stop=stop, tell=tell)
    finally:
        store.close()
    return taken


def _counted(connection: Connection, stop: Stop) -> dict[str, int]:
    found: dict[str, int] = {}
    for table, left_out in connection.execute(_TABLES, {"left_out": list(LEFT_OUT)}).all():
        if stop.is_set():
            raise interrupted()
        count = 0 if left_out else connection.scalar(text(f"SELECT count(*) FROM {table}"))
        found[table] = int(count or 0)
    return found


def _write(url: str, programs: Binaries, file: Path, snapshot: str, *, stop: Stop, tell: Tell) -> None:
    place = address(url)
    command = [
        *(
            programs.program("pg_dump"),
            "--format=custom",
            "--compress=1",
            f"--snapshot={snapshot}",
            f"--file={file}",
        ),
        *("--no-password", f"--lock-wait-timeout={_LOCK_WAIT}", f"--dbname={place.words}"),
        *(f"--exclude-table-data=public.{table}" for table in LEFT_OUT),
    ]
    with Program(command, place.environment) as running:
        running.finish(stop, _growing(file, tell))


def _growing(file: Path, tell: Tell) -> Callable[[], None]:
    """Tells now and then how large the file is by now."""
    told = time.monotonic()

    def tick() -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_S:
            told = time.monotonic()
            tell(f"{file.stat().st_size / 1024**2:,.1f} MiB written")

    return tick
