"""Rows of who may come in and what they asked for before: API keys, idempotency keys, the audit trail.

What a key may do is decided by its caller; how a secret is made and compared is in `engine.actions.keys`.
"""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text, plain_text
from engine.storage.statements import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """An API key as stored; *expired*, *revoked*, *unnoted* (its use was not written down lately) by the database's own time."""

    name: str
    prefix: str
    sha256: str
    scopes: tuple[str, ...]
    unit: str | None
    partner: str | None
    expired: bool
    revoked: bool
    unnoted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """What was answered to a request that is repeated."""

    status: int
    body: bytes
    content_type: str
    location: str | None
    etag: str | None = None


_ADD_KEY = text(
    "INSERT INTO api_key (name, prefix, sha256, scopes, unit, partner, expires_at, created_by)"
    " VALUES (:name, :prefix, :sha256, CAST(:scopes AS jsonb), :unit, :partner, :expires_at, :by)"
)

_FIND_KEY = Statement(
    "SELECT name, prefix, sha256, scopes, unit, partner, coalesce(expires_at <= now(), false),"
    " coalesce(revoked_at <= now(), false), coalesce(used_at < now() - interval '5 minutes', true)"
    " FROM api_key WHERE prefix = :prefix"
)

_USE_KEY = text("UPDATE api_key SET used_at = now() WHERE prefix = :prefix")

_REVOKE_KEY = text(
    "UPDATE api_key SET revoked_at = now() WHERE prefix = :prefix AND revoked_at IS NULL RETURNING name"
)

_RETIRE_KEY = text(
    """
    WITH old AS (
        SELECT prefix, now() + (expires_at - created_at) AS successor_expires_at FROM api_key
        WHERE prefix = :prefix AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) FOR UPDATE)
    UPDATE api_key k SET expires_at = least(k.expires_at, now() + make_interval(secs => :overlap_s))
    FROM old WHERE k.prefix = old.prefix
    RETURNING k.name, k.prefix, k.sha256, k.scopes, k.unit, k.partner, k.expires_at, old.successor_expires_at
    """
)

_BEGIN = Statement(
    """
    WITH unhurried AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO idempotency (principal, key, request_sha256)
    SELECT CAST(:principal AS text), CAST(:key AS text), CAST(:sha256 AS text) FROM unhurried
    ON CONFLICT (principal, key) DO UPDATE SET created_at = now()
    WHERE idempotency.http_status IS NULL AND idempotency.request_sha256 = excluded.request_sha256
      AND idempotency.created_at < now() - make_interval(secs => :abandoned_s)
    RETURNING key
    """
)

_LOOK = Statement(
    "SELECT request_sha256, http_status, response, content_type, location, etag FROM idempotency"
    " WHERE principal = :principal AND key = :key"
)

_FINISH = Statement(
    "UPDATE idempotency SET http_status = :status, response = :response, content_type = :content_type,"
    " location = :location, etag = :etag WHERE principal = :principal AND key = :key AND http_status IS NULL"
)

_FORGET = text("DELETE FROM idempotency WHERE principal = :principal AND key = :key AND http_status IS NULL")

_PURGE = text("DELETE FROM idempotency WHERE created_at < now() - make_interval(days => :days)")

_HOLD_SNOOZES = text("LOCK TABLE snooze IN SHARE ROW EXCLUSIVE MODE")

_SNOOZE = text(
    """
    INSERT INTO snooze (kind, name, until, reason, who)
    VALUES (:kind, :name, now() + make_interval(hours => :hours), :reason, :who)
    ON CONFLICT (kind, name) DO UPDATE SET until = excluded.until, reason = excluded.reason, who = excluded.who
    """
)
_SNOOZE_UNTIL = text(
    """
    INSERT INTO snooze (kind, name, until, reason, who)
    SELECT :kind, :name, coalesce(CAST(:until AS timestamptz), now()), :reason, :who
    WHERE CAST(:until AS timestamptz) IS NULL
        OR :until > now() AND :until <= now() + make_interval(days => :most_days)
    ON CONFLICT (kind, name) DO UPDATE SET until = excluded.until, reason = excluded.reason, who = excluded.who
    """
)
ASKED_FROM: ContextVar[str] = ContextVar("asked_from", default="")
"""The network address that the present request comes from; empty where there is none, as in jobs and commands."""

_DENIED = text(
    """
    INSERT INTO audit (who, what, address, facts)
    SELECT :who, 'denied', :asked_from, jsonb_build_object('method', CAST(:method AS text), 'address', CAST(:address AS text))
    WHERE NOT EXISTS (
        SELECT 1 FROM (SELECT * FROM audit ORDER BY id DESC LIMIT 500) a
        WHERE a.what = 'denied' AND a.who = :who AND a.facts ->> 'method' = :method AND a.facts ->> 'address' = :address
            AND a.at > now() - interval '1 minute')
    """
)
_AUDIT = text(
    "INSERT INTO audit (who, what, dossier_id, address, facts, reason)"
    " VALUES (:who, :what, :dossier, :address, CAST(:facts AS jsonb), :reason)"
)


_WAS_DONE = text(
    "SELECT EXISTS (SELECT 1 FROM audit WHERE dossier_id = :dossier AND who = :who AND what = :what)"
)


def add_key(connection: Connection, key: StoredKey, *, expires_at: datetime | None, by: str) -> None:
    """Store a new key's digest, and who made it. Raises: StoreConflict when the prefix is taken."""
    connection.execute(
        _ADD_KEY,
        {
            "name": key.name,
            "prefix": key.prefix,
            "sha256": key.sha256,
            "scopes": json_text(key.scopes),
            "unit": key.unit,
            "partner": key.partner,
            "expires_at": expires_at,
            "by": by,
        },
    )


def find_key(connection: Connection, prefix: str) -> StoredKey | None:
    """The key with this prefix, whatever became of it."""
    row = _FIND_KEY.send(connection, {"prefix": prefix}).fetchone()
    if row is None:
        return None
    return StoredKey(
        name=row[0],
        prefix=row[1],
        sha256=row[2],
        scopes=tuple(row[3]),
        unit=row[4],
        partner=row[5],
        expired=row[6],
        revoked=row[7],
        unnoted=row[8],
    )


def note_use(connection: Connection, prefix: str) -> None:
    """Write down that the key was used now."""
    connection.execute(_USE_KEY, {"prefix": prefix})


def revoke_key(connection: Connection, prefix: str) -> str | None:
    """End a key now; its name, or None when there is no such key in force."""
    name: str | None = connection.scalar(_REVOKE_KEY, {"prefix": prefix})
    return name


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredKey:
    """A key that ends at *expires_at*; its successor may last as long as it did, None: without end."""

    key: StoredKey
    expires_at: datetime
    successor_expires_at: datetime | None


def retire_key(connection: Connection, prefix: str, *, overlap_s: float) -> RetiredKey | None:
    """Let a key in force end after *overlap_s*, or earlier where it would have; None when there is none."""
    row = connection.execute(_RETIRE_KEY, {"prefix": prefix, "overlap_s": overlap_s}).first()
    if row is None:
        return None
    key = StoredKey(
        name=row[0],
        prefix=row[1],
        sha256=row[2],
        scopes=tuple(row[3]),
        unit=row[4],
        partner=row[5],
        expired=False,
        revoked=False,
    )
    return RetiredKey(key=key, expires_at=row[6], successor_expires_at=row[7])


def begin(connection: Connection, principal: str, key: str, sha256: str, *, abandoned_s: float) -> bool:
    """True when this request is now the one to run: new, or left unfinished for *abandoned_s* by a web that died.

    That it was begun need not reach the disk by itself: after a crash of the database the request comes again.
    """
    given = {"principal": principal, "key": key, "sha256": sha256, "abandoned_s": float(abandoned_s)}
    return _BEGIN.send(connection, given).fetchone() is not None


def look(connection: Connection, principal: str, key: str) -> tuple[str, StoredAnswer | None] | None:
    """The digest of the first request with this key, and its answer once there is one."""
    row = _LOOK.send(connection, {"principal": principal, "key": key}).fetchone()
    return None if row is None else (row[0], stored_answer(row[1:]))


def stored_answer(row: Sequence[Any]) -> StoredAnswer | None:
    """What was answered, from status, body, media type, location and ETag; None: it was not yet."""
    if row[0] is None:
        return None
    return StoredAnswer(
        status=row[0], body=bytes(row[1] or b""), content_type=row[2] or "", location=row[3], etag=row[4]
    )


def finish(connection: Connection, principal: str, key: str, answer: StoredAnswer) -> None:
    """Keep the answer for every repeat."""
    _FINISH.send(connection, {"principal": principal, "key": key, **columns(answer)})


def columns(answer: StoredAnswer | None) -> dict[str, object]:
    """An answer as parameters of a statement that writes it; None: of one that writes none."""
    return {
        "status": answer.status if answer else None,
        "response": answer.body if answer else None,
        "content_type": answer.content_type if answer else None,
        "location": answer.location if answer else None,
        "etag": answer.etag if answer else None,
    }


def forget(connection: Connection, principal: str, key: str) -> None:
    """Free a key whose request was refused and changed nothing."""
    connection.execute(_FORGET, {"principal": principal, "key": key})


def purge(connection: Connection, *, days: int) -> int:
    """Drop answers older than *days*; how many."""
    return connection.execute(_PURGE, {"days": days}).rowcount


def audit(
    connection: Connection,
    who: str,
    what: str,
    *,
    dossier: int | None = None,
    facts: Mapping[str, Json] | None = None,
    reason: str = "",
) -> None:
    """Write down who did what, and from where, in the transaction that did it."""
    given = {
        "who": who,
        "what": what,
        "dossier": dossier,
        "address": ASKED_FROM.get(),
        "facts": json_text(dict(facts or {})),
        "reason": reason,
    }
    connection.execute(_AUDIT, given)


def was_done(connection: Connection, who: str, what: str, dossier: int) -> bool:
    """Whether *who* did this about the dossier before."""
    return bool(connection.scalar(_WAS_DONE, {"who": who, "what": what, "dossier": dossier}))


def audit_denied(connection: Connection, who: str, method: str, address: str) -> None:
    """Write down what *who* tried and may not, once a minute for each address (a route, not what stands in it)."""
    connection.execute(
        _DENIED, {"who": who, "method": method, "address": address, "asked_from": ASKED_FROM.get()}
    )


def hold_snoozes(connection: Connection) -> None:
    """Let nobody else put a count off until this transaction is over."""
    connection.execute(_HOLD_SNOOZES)


def snooze(connection: Connection, kind: str, name: str, hours: int, *, who: str, reason: str) -> None:
    """Put a count off for *hours* from now; 0 ends that."""
    given = {"kind": kind, "name": name, "hours": hours, "who": who, "reason": plain_text(reason, 2000)}
    connection.execute(_SNOOZE, given)


def snooze_until(
    connection: Connection,
    kind: str,
    name: str,
    until: datetime | None,
    most_days: int,
    *,
    who: str,
    reason: str,
) -> bool:
    """Put a count off until a moment of at most the next *most_days*; None ends that. False: it is another moment."""
    given = {"kind": kind, "name": name, "until": until, "most_days": most_days}
    told = {"who": who, "reason": plain_text(reason, 2000)}
    return connection.execute(_SNOOZE_UNTIL, given | told).rowcount == 1
