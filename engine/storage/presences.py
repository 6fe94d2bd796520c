"""Presence rows: which workers and schedulers run, told by themselves. Moments are the database's own time.

A row that is not renewed is of a process that died or that cannot reach the database; one that ended in order has none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text

_TELL = text(
    """
    INSERT INTO presence (name, role, host, pid, version, draining, contracts, secrets)
    VALUES (:name, :role, :host, :pid, :version, :draining, CAST(:contracts AS jsonb), CAST(:secrets AS jsonb))
    ON CONFLICT (name) DO UPDATE SET role = excluded.role, version = excluded.version, draining = excluded.draining,
        contracts = excluded.contracts, secrets = excluded.secrets, seen_at = now(), host = excluded.host, pid = excluded.pid,
        started_at = CASE WHEN presence.pid = excluded.pid AND presence.host = excluded.host
            THEN presence.started_at ELSE now() END
    """
)

_LEAVE = text("DELETE FROM presence WHERE name = :name AND host = :host AND pid = :pid")

_FORGET = text("DELETE FROM presence WHERE seen_at < now() - make_interval(days => :days)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of ours; *role* is worker or scheduler, *name* what its leases are marked with."""

    name: str
    role: str
    host: str
    pid: int
    version: str


def tell(
    connection: Connection,
    process: Process,
    *,
    draining: bool,
    contracts: Mapping[str, str] | None = None,
    secrets: Mapping[str, Json] | None = None,
) -> None:
    """Say that *process* runs now and, by partner, which contracts and secrets it holds; *draining*: it takes nothing new.

    Of a secret only the age of its file is told.
    """
    held = {"contracts": json_text(dict(contracts or {})), "secrets": json_text(dict(secrets or {}))}
    told = {"draining": draining, **held}
    connection.execute(_TELL, {**_columns(process), **told})


def leave(connection: Connection, process: Process) -> None:
    """Take the row of a process that ends away."""
    connection.execute(_LEAVE, _columns(process))


def forget(connection: Connection, *, days: int) -> int:
    """Drop rows of processes that were not heard of for *days*; how many."""
    return connection.execute(_FORGET, {"days": days}).rowcount


def _columns(process: Process) -> dict[str, object]:
    return {name: getattr(process, name) for name in ("name", "role", "host", "pid", "version")}
