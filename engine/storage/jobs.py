"""Deferring background jobs: Procrastinate's table on our PostgreSQL, written in the caller's transaction.

A job carries names and ids only. Its queueing lock makes a second waiting twin pointless and therefore impossible; what the
jobs do is in `engine.worker.jobs`.
"""

from collections.abc import Mapping

import procrastinate
from procrastinate import exceptions
from psycopg_pool import AsyncConnectionPool
from sqlalchemy import Connection

from engine.exchange.ports import Json
from engine.storage.database import plain_url

QUEUE = "background"

_deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def defer(connection: Connection, job: str, arguments: Mapping[str, Json]) -> None:
    """Have *job* run soon, unless one is waiting already; takes effect with the transaction."""
    driver = connection.connection.driver_connection
    lock = job + "".join(f":{name}={value}" for name, value in sorted(arguments.items()))
    try:
        with connection.begin_nested():
            _deferring.configure_task(
                job,
                queue=QUEUE,
                queueing_lock=lock,
                connection=driver,
            ).defer(**arguments)
    except exceptions.AlreadyEnqueued:
        return


def pool(url: str) -> AsyncConnectionPool:
    """The small pool of a worker's jobs, to be opened by ``async with``, which closes it whatever comes between."""
    return AsyncConnectionPool(
        plain_url(url),
        min_size=1,
        max_size=4,
        kwargs={"tcp_user_timeout": 10_000, "keepalives_idle": 5},
        check=AsyncConnectionPool.check_connection,
        open=False,
    )


def app() -> procrastinate.App:
    """The application of a worker, asynchronous, to be opened with a `pool`."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector())
