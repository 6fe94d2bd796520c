"""What the database server says about itself: version, durability and time."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

_PROBE = text(
    "SELECT current_setting('server_version'), clock_timestamp(), current_setting('fsync') = 'on'"
    " AND current_setting('full_page_writes') = 'on' AND current_setting('synchronous_commit') <> 'off'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One look at the server; *durable*: what it acknowledges survives a power cut."""

    version: str
    now: datetime
    durable: bool


def probe(connection: Connection) -> Seen:
    """Ask the server."""
    version, now, durable = connection.execute(_PROBE).one()
    return Seen(version=version, now=now, durable=durable)
