"""Bringing a database to the newest schema, by Alembic; expand first, contract a release later.

An old database upgrades in place with dossiers running. ANALYZE follows every upgrade, since plans prepared on empty
tables stay bad. Alembic is only loaded where there is something to upgrade: every process asks which revision is the newest.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, text

from engine.errors import BackupRunning, SchemaNewer
from engine.storage.database import translated

if TYPE_CHECKING:
    from alembic.config import Config

_HERE = Path(__file__).parent


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this code expects: the last, for they are one chain, numbered as their files are."""
    return max(_revisions())


def knows(revision: str) -> bool:
    """Whether a database of this revision can be brought up to the newest."""
    return revision in _revisions()


@cache
def _revisions() -> frozenset[str]:
    return frozenset(file.name[:4] for file in (_HERE / "versions").glob("[0-9]*.py"))


def current(connection: Connection) -> str | None:
    """The revision of the database, or None when it is empty."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(url: str) -> None:
    """Bring the database at *url* (``postgresql+psycopg://…``) to the newest schema; one upgrade at a time.

    Where it is there already, nothing is done.

    Raises:
        SchemaNewer: its schema is of a newer version than this code.
        BackupRunning: everybody would wait behind us for its end.
        StoreError: it does not answer.
    """
    engine = create_engine(url, hide_parameters=True)
    try:
        with translated(), engine.connect() as connection:
            is_there = current(connection) == newest()
        if not is_there:
            _upgrade(engine)
    finally:
        engine.dispose()


def _upgrade(engine: Engine) -> None:
    from alembic import command

    with translated(), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('lienthong upgrade'))"))
        if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext('lienthong backup'))")):
            raise BackupRunning  # pg_dump holds every table, and what waits for a table makes all others wait
        _refuse_newer(current(connection))
        command.upgrade(_config(connection), "head")
    with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _refuse_newer(revision: str | None) -> None:
    if revision is not None and revision not in _revisions():
        raise SchemaNewer(revision=revision)
