"""Waking those who apply and those who send once that is committed which they are woken for.

PostgreSQL lets only one transaction that has notified commit at a time, with its wait for the disk. What is written all the
time is therefore told in a transaction of its own, which waits for no disk. Where that is lost, by the death of its process
or an error, the poll of every loop makes up for it (design §1): it is never an error of the work that is on the disk.
What people do now and then notifies in its own transaction, by `database.notify`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from sqlalchemy import Connection

from engine.storage.statements import COMMIT, Statement, together

log = structlog.get_logger(__name__)

_WAKE = Statement(
    """
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT pg_notify(channel, '') FROM unhurried, unnest(CAST(:channels AS text[])) AS channel
    """
)


def wake(connection: Connection, *channels: str) -> None:
    """Wake who listens on *channels*, by a connection of `Store.at_once`.

    Never inside a transaction: it would not wait for the disk any more.
    """
    if not channels:
        return
    try:
        _WAKE.send(connection, {"channels": [*channels]})
    except psycopg.Error as error:
        _lost(error, channels)


@contextmanager
def committing(connection: Connection, *channels: str) -> Iterator[None]:
    """The last `Statement`s of a transaction, and its end: they, the COMMIT and the wake-up of *channels* are one message."""
    ended = None
    try:
        with together(connection):
            yield
            ended = COMMIT.send(connection, {})
            if channels:
                _WAKE.send(connection, {"channels": [*channels]})
    except psycopg.Error as error:
        if ended is None or ended.statusmessage != "COMMIT":
            raise
        _lost(error, channels)


def _lost(error: psycopg.Error, channels: tuple[str, ...]) -> None:
    log.warning("wake_up_lost", channels=channels, error=type(error).__name__)
