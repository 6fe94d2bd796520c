"""Statements of the hot path, sent through the driver's own cursor: what SQLAlchemy adds to each execution costs more
than most of these statements do.

They run on the connection, and in the transaction, that SQLAlchemy gave out; both ways may be mixed in one transaction.
On a busy machine each message to the server and back waits twice for a processor: `together` sends several as one.
Parameters are plain values of one kind each (arrays as texts, see `array`), so that each statement is prepared once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg import RawCursor
from psycopg.pq import TransactionStatus
from psycopg.rows import dict_row
from sqlalchemy import Connection

_Row = TypeVar("_Row")
_NAMED = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


class Statement:
    """An SQL text with ``:name`` parameters, as a message to the server."""

    __slots__ = ("_names", "_sql", "_text")

    def __init__(self, sql: str) -> None:
        names: dict[str, int] = {}
        self._sql = _NAMED.sub(lambda found: f"${names.setdefault(found[1], len(names) + 1)}", sql).encode()
        self._names = tuple(names)
        self._text = sql

    def __str__(self) -> str:
        return self._text

    def send(self, connection: Connection, values: Mapping[str, object]) -> psycopg.Cursor[tuple[Any, ...]]:
        """Execute it; the cursor with its rows as tuples."""
        return self._run(connection, RawCursor(_driver(connection)), values)

    def ask(self, connection: Connection, values: Mapping[str, object]) -> psycopg.Cursor[dict[str, Any]]:
        """`send` with rows by the names of their columns."""
        return self._run(connection, RawCursor(_driver(connection), row_factory=dict_row), values)

    def _run(
        self, connection: Connection, cursor: psycopg.Cursor[_Row], values: Mapping[str, object]
    ) -> psycopg.Cursor[_Row]:
        try:
            return cursor.execute(self._sql, [values[name] for name in self._names])
        except psycopg.Error as error:
            if cursor.connection.closed:
                connection.invalidate(error)  # the pool does not see what the driver met
            raise


@contextmanager
def together(connection: Connection, *, begin: bool = False) -> Iterator[None]:
    """`Statement`s that are sent inside the block go to the server in one message. Their rows are there after the block,
    which fails with the error of the first that does.

    *begin*: they are the first of a transaction of `Store.terse`, whose BEGIN goes before them.
    """
    driver = _driver(connection)
    try:
        with driver.pipeline():
            if begin and driver.autocommit:
                _BEGIN.send(connection, {})
            yield
    except psycopg.Error as error:
        if driver.closed:
            connection.invalidate(error)
        elif driver.info.transaction_status == TransactionStatus.IDLE:
            # The driver may know names of statements that the server has never seen, which only a ROLLBACK has it forget.
            connection.connection.invalidate(error, soft=True)
        raise


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    found: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return found


_BEGIN = Statement("BEGIN")
COMMIT = Statement("COMMIT")
"""The end of a transaction, for the message of its last statement; see `waking.committing`."""


def array(values: Iterable[float | None]) -> str:
    """Numbers and truths as an array parameter: a text, for the driver gives lists of numbers a type by their greatest."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
