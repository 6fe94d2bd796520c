"""Rows of people's sessions: whose they are and how long they go on. Moments are the database's own time.

A session has two ends: `expires_at`, however much it is used, and `idle_until`, which moves on with use; where that is
null, nothing is said of use. It is over when the first of them is.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine.storage.accounts import COLUMNS, StoredAccount

_END_OF = "least(s.expires_at, s.idle_until)"
_WRITTEN_S = 60.0  # use is written down at most so often

_FIND = text(
    f"SELECT {COLUMNS}, extract(epoch FROM {_END_OF} - now()) AS left_s"
    " FROM session s JOIN account a ON a.id = s.account_id"
    f" WHERE s.digest = :digest AND {_END_OF} > now() AND a.enabled"
)
_IDLE = "now() + make_interval(secs => CAST(:idle_s AS double precision))"
_USE = text(
    f"""
    WITH used AS (
        UPDATE session s SET idle_until = {_IDLE}
        WHERE s.digest = :digest AND {_END_OF} > now()
            AND ((s.idle_until IS NULL) <> (CAST(:idle_s AS double precision) IS NULL)
                OR s.idle_until NOT BETWEEN {_IDLE} - make_interval(secs => :written_s) AND {_IDLE})
        RETURNING s.digest, s.idle_until
    )
    SELECT {COLUMNS}, extract(epoch FROM
        least(s.expires_at, CASE WHEN used.digest IS NULL THEN s.idle_until ELSE used.idle_until END) - now()) AS left_s
    FROM session s JOIN account a ON a.id = s.account_id LEFT JOIN used ON used.digest = s.digest
    WHERE s.digest = :digest AND {_END_OF} > now() AND a.enabled
    """
)
_LEFT = text(f"SELECT extract(epoch FROM {_END_OF} - now()) FROM session s WHERE s.digest = :digest")
_EXTEND = text(
    "UPDATE session s SET expires_at = greatest(s.expires_at, least(now() + make_interval(secs => :good_s),"
    f" s.created_at + make_interval(secs => :most_s))), idle_until = {_IDLE}"
    f" WHERE s.digest = :digest AND {_END_OF} > now()"
)
_BEGIN = text(
    "INSERT INTO session (digest, account_id, address, expires_at, idle_until, id_token)"
    f" VALUES (:digest, :account, :address, now() + make_interval(secs => :good_s), {_IDLE}, :id_token)"
)
_PURGE = text(f"DELETE FROM session s WHERE {_END_OF} < now()")
_END = text("DELETE FROM session WHERE digest = :digest RETURNING id_token")
_END_ALL = text("DELETE FROM session WHERE account_id = :account")
_END_OTHERS = text("DELETE FROM session WHERE account_id = :account AND digest <> :digest")
_LIST = text(
    f"SELECT s.address, s.created_at, {_END_OF} AS expires_at, s.digest = :digest AS present FROM session s"
    f" WHERE s.account_id = :account AND {_END_OF} > now() ORDER BY s.created_at DESC"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that goes on: from where it was begun, until when if nobody uses it, and whether it is the one that asks."""

    address: str
    created_at: datetime
    expires_at: datetime
    present: bool


def find(connection: Connection, digest: str) -> tuple[StoredAccount, float] | None:
    """Whose session this is and the seconds that are left of it; None once it is over or the account disabled."""
    return _found(connection, _FIND, {"digest": digest})


def use(connection: Connection, digest: str, *, idle_s: float | None) -> tuple[StoredAccount, float] | None:
    """As `find`, for somebody who uses it: it goes on for *idle_s* from now (None: however little it is used).

    Written at most once a minute, in the same statement; of a short *idle_s*, as often as a tenth of it.
    """
    given = {"digest": digest, "idle_s": idle_s, "written_s": min(_WRITTEN_S, (idle_s or 0) / 10)}
    return _found(connection, _USE, given)


def begin(
    connection: Connection,
    digest: str,
    account: int,
    *,
    address: str,
    good_s: float,
    idle_s: float | None = None,
    id_token: str | None = None,
) -> None:
    """*id_token*, sealed, is what the identity provider said when the session began there."""
    connection.execute(_PURGE)
    given = {"digest": digest, "account": account, "address": address, "good_s": good_s, "idle_s": idle_s}
    connection.execute(_BEGIN, {**given, "id_token": id_token})


def left_s(connection: Connection, digest: str) -> float:
    """How long a session goes on; 0 when it is over."""
    return max(0.0, float(connection.scalar(_LEFT, {"digest": digest}) or 0))


def extend(
    connection: Connection, digest: str, *, good_s: float, most_s: float, idle_s: float | None
) -> None:
    """Let a session go on for *good_s* from now, but never beyond *most_s* from its beginning; unused, for *idle_s*."""
    given = {"digest": digest, "good_s": good_s, "most_s": most_s, "idle_s": idle_s}
    connection.execute(_EXTEND, given)


def end(connection: Connection, digest: str) -> str | None:
    """End a session; its sealed identity token, where it began at the identity provider."""
    found: str | None = connection.execute(_END, {"digest": digest}).scalar_one_or_none()
    return found


def end_all(connection: Connection, account: int) -> None:
    """End every session of *account* at once."""
    connection.execute(_END_ALL, {"account": account})


def end_others(connection: Connection, account: int, digest: str) -> int:
    """End every session of *account* but the one with *digest*; how many."""
    return connection.execute(_END_OTHERS, {"account": account, "digest": digest}).rowcount


def open_of(connection: Connection, account: int, digest: str) -> list[OpenSession]:
    """The sessions of *account* that go on, newest first; the one with *digest* is the present one."""
    given = {"account": account, "digest": digest}
    return [OpenSession(**row) for row in connection.execute(_LIST, given).mappings()]


def _found(connection: Connection, statement: object, given: object) -> tuple[StoredAccount, float] | None:
    row = connection.execute(statement, given).mappings().one_or_none()  # type: ignore[call-overload]
    if row is None:
        return None
    members = {name: value for name, value in row.items() if name != "left_s"}
    return StoredAccount(**{**members, "roles": tuple(row["roles"])}), float(row["left_s"])
