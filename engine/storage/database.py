"""The door to PostgreSQL: one pooled engine per process, transactions, and the translation of driver errors into ours.

Statements live in the repositories beside this file and in ``engine.queries``. Whoever opens a transaction here is an action.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import orjson
import psycopg
from psycopg import sql
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import Connection, create_engine, event, exc, text
from sqlalchemy.engine import Engine
from sqlalchemy.pool import NullPool

from engine import errors

__all__ = ["KEEPALIVE", "Connection", "Store", "notify", "plain_url", "translated"]

KEEPALIVE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,  # ms; psycopg's default waits for ever on a half-open connection
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}


_NEVER = (
    "22",
    "54",
)  # classes of SQLSTATE: data that is no data of its kind, and limits of the database itself


def _dumps(value: object) -> bytes:
    return orjson.dumps(value)


# For processes whose statements are all of a fixed shape and find few rows by index: planning them anew each time costs
# as much as running them, and a plan made while a table was empty must not be one that reads the whole table.
STEADY = "; ".join(
    [
        "SET plan_cache_mode = force_generic_plan",
        *(f"SET enable_{way} = off" for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")),
    ]
)


IDLE_S = 30.0  # as long as an event's lease


class Store:
    """A database with its pool; safe to share between threads.

    *idle_s*: a process that freezes inside a transaction loses it after so long, for others wait for its locks.
    *steady* is for workers: their statements are planned once a connection, for look-ups by index.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 8,
        pooled: bool = True,
        steady: bool = False,
        idle_s: float = IDLE_S,
    ) -> None:
        self.url = url
        options: dict[str, Any] = (
            {"pool_size": pool_size, "max_overflow": 4} if pooled else {"poolclass": NullPool}
        )
        self.engine: Engine = create_engine(
            url,
            connect_args=KEEPALIVE,
            pool_pre_ping=False,
            hide_parameters=True,  # an error in the log must not tell what was written of whom
            json_serializer=json_text,
            json_deserializer=orjson.loads,
            **options,
        )
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "connect", partial(_limit, idle_s=idle_s))
        if steady:
            event.listen(self.engine, "connect", _steady)
        self._single = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._still = self.engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end, rolled back on any exception.

        Raises:
            StoreConflict, StoreRefused: what was written cannot be.
            StoreError: an error at commit may still have committed: look up before repeating.
        """
        with translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def terse(self) -> Iterator[Connection]:
        """`transaction` without a message for its BEGIN: what is sent in it first is sent by `statements.together`, which
        begins it. The driver would wait for the BEGIN's answer."""
        with translated(), self._single.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for look-ups: each statement sees what is committed when it begins. Write nothing through it."""
        with translated(), self._single.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A connection for look-ups that belong together: all see what was committed when the first began, and nothing later."""
        with translated(), self._still.begin() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """A connection whose every statement is a transaction of its own, without the messages around it."""
        with translated(), self._single.connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


def plain_url(url: str) -> str:
    """The same address in libpq's spelling, for psycopg and Procrastinate."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def json_text(value: object) -> str:
    """*value* as the text of a jsonb parameter; NUL characters, which PostgreSQL cannot hold, become U+FFFD.

    Raises: StoreRefused: nested too deep, halves of characters, numbers beyond 64 bits.
    """
    try:
        text_ = orjson.dumps(value).decode()
    except TypeError as error:
        raise errors.StoreRefused(reason=f"it is no JSON: {error}") from error
    return _NUL.sub("\\1\ufffd", text_) if "\\u0000" in text_ else text_


def plain_text(value: str, limit: int = 2_000) -> str:
    """*value* as a text parameter: without NUL characters and halves of characters, at most *limit* characters."""
    return value[:limit].replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def notify(connection: Connection, channel: str) -> None:
    """Wake who listens on *channel* when this transaction commits."""
    connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})


def _prepare(driver: psycopg.Connection[Any], _record: object) -> None:
    set_json_loads(orjson.loads, driver)
    set_json_dumps(_dumps, driver)
    driver.prepare_threshold = 2


def _steady(driver: psycopg.Connection[Any], _record: object) -> None:
    driver.execute(STEADY)
    driver.commit()


def _limit(driver: psycopg.Connection[Any], _record: object, *, idle_s: float) -> None:
    setting = sql.Literal(round(idle_s * 1000))
    driver.execute(sql.SQL("SET idle_in_transaction_session_timeout = {}").format(setting))
    driver.commit()


@contextmanager
def translated() -> Iterator[None]:
    """Driver errors leave as ours, with their cause; the class of the error is all that is told."""
    try:
        yield
    except exc.DBAPIError as error:
        said = error.orig if isinstance(error.orig, psycopg.Error) else None
        _hide_values(error, said)
        raise _ours(said or error) from error
    except psycopg.Error as error:
        _hide_values(error, error)
        raise _ours(error) from error
    except exc.SQLAlchemyError as error:
        raise errors.StoreError(reason=type(error).__name__) from error


def _ours(error: Exception) -> errors.LienthongError:
    if isinstance(error, psycopg.IntegrityError):
        return errors.StoreConflict(what=_constraint(error))
    unsendable = isinstance(error, psycopg.DataError) and error.sqlstate is None  # such as a NUL
    if unsendable or str(getattr(error, "sqlstate", None) or "").startswith(_NEVER):
        return errors.StoreRefused(reason=type(error).__name__)
    return errors.StoreError(reason=type(error).__name__, said=_said(error))


def _hide_values(error: Exception, said: psycopg.Error | None) -> None:
    """Leave of what the server said only what names no value: its details show whole rows, and tracebacks show them."""
    state = str(getattr(said, "sqlstate", None) or "")
    first = "" if state.startswith("22") else (str(said).splitlines() or [""])[0]
    error.args = (f"{type(said).__name__}: {first}".removesuffix(": "),)
    if said is not None:
        said.args = (first,)


def _said(error: BaseException | None) -> str:
    """What the driver says of a connection that failed: for whoever runs the system, never for who calls it."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return (str(error).splitlines() or [""])[0][:300]
    return ""


def _constraint(error: psycopg.IntegrityError) -> str:
    return str(error.diag.constraint_name or "a row")
