"""Bringing a database to the newest schema, by Alembic; expand first, contract a release later.

An old database upgrades in place with dossiers running. ANALYZE follows every upgrade, since plans prepared on empty
tables stay bad.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from engine.errors import SchemaNewer
from engine.storage.database import translated

_HERE = Path(__file__).parent


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.attributes["connection"] = connection
    return config


def newest() -> str:
    """The revision that this code expects."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return head or ""


def current(connection: Connection) -> str | None:
    """The revision of the database, or None when it is empty."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(url: str) -> None:
    """Bring the database at *url* (``postgresql+psycopg://…``) to the newest schema; one upgrade at a time.

    Raises:
        SchemaNewer: its schema is of a newer version than this code.
        StoreError: it does not answer.
    """
    engine = create_engine(url, hide_parameters=True)
    try:
        with translated(), engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('lienthong upgrade'))"))
            _refuse_newer(current(connection))
            command.upgrade(_config(connection), "head")
        with translated(), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    finally:
        engine.dispose()


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaNewer(revision=revision)
