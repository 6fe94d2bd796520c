"""Waking those who apply and those who send once that is committed which they are woken for.

PostgreSQL lets only one transaction that has notified commit at a time, with its wait for the disk. What is written all the
time is therefore told in a transaction of its own, which waits for no disk. Where its process dies in between, the poll of
every loop makes up for it (design §1). What people do now and then notifies in its own transaction, by `database.notify`.
"""

from sqlalchemy import Connection

from engine.storage.statements import Statement

_WAKE = Statement(
    """
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    SELECT pg_notify(channel, '') FROM unhurried, unnest(CAST(:channels AS text[])) AS channel
    """
)


def wake(connection: Connection, *channels: str) -> None:
    """Wake who listens on *channels*, at once where no transaction is open (after its COMMIT, or by `Store.at_once`)."""
    if channels:
        _WAKE.send(connection, {"channels": [*channels]})
