"""Scratch databases beside ours on the same server, and the lock that lets one backup run at a time.

A scratch database is named after the database that it is beside. Whoever holds the lock may drop those that are left.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from engine.errors import BackupError, BackupRunning, StoreError
from engine.storage.database import Store

_LOCK = text("SELECT pg_try_advisory_lock(hashtext('lienthong backup'))")
_ABLE = text(
    "SELECT rolcreatedb OR rolsuper, quote_ident(rolname) FROM pg_roles WHERE rolname = current_user"
)
_PREFIX = text("SELECT 'lienthong_check_' || oid || '_' FROM pg_database WHERE datname = current_database()")
_LEFT = text(
    """
    SELECT datname FROM pg_database WHERE starts_with(datname, :prefix) AND pg_has_role(datdba, 'USAGE')
    """
)


@contextmanager
def guarded(url: str) -> Iterator[Connection]:
    """We alone back this database up inside the block, by a connection that has no transaction open.

    Scratch databases that an interrupted run left are dropped first.

    Raises: BackupRunning. StoreError.
    """
    store = Store(url, pooled=False)
    try:
        with store.at_once() as connection:
            if not connection.scalar(_LOCK):
                raise BackupRunning
            for name in connection.scalars(_LEFT, {"prefix": connection.scalar(_PREFIX)}).all():
                with suppress(StoreError):
                    _drop(connection, name)
            yield connection
    finally:
        store.close()


@contextmanager
def scratch(connection: Connection, url: str) -> Iterator[str]:
    """The address of an empty database inside the block, dropped after it however the block ends.

    *connection* is `guarded`'s.

    Raises: BackupError: the role may make none. StoreError.
    """
    able, role = connection.execute(_ABLE).one()
    if not able:
        reason = f"the role {role} may make no database to restore it into: ALTER ROLE {role} CREATEDB"
        raise BackupError(what="the check", reason=reason)
    name = f"{connection.scalar(_PREFIX)}{secrets.token_hex(4)}"
    connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE template0'))
    try:
        yield make_url(url).set(database=name).render_as_string(hide_password=False)
    finally:
        _drop(connection, name)


def _drop(connection: Connection, name: str) -> None:
    connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
