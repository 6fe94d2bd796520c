"""Bringing a database to the newest schema, by Alembic; expand first, contract a release later.

An old database upgrades in place with dossiers running. ANALYZE follows every upgrade, since plans prepared on empty
tables stay bad.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

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
    """Bring the database at *url* (``postgresql+psycopg://…``) to the newest schema; one upgrade at a time."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('lienthong upgrade'))"))
            command.upgrade(_config(connection), "head")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
    finally:
        engine.dispose()
