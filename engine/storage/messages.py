"""Message rows, and how a message meets the wait it was sent for.

Both sides take the same advisory locks, on (name, key) and on (name, dossier), in sorted order: whoever comes second sees
the first. A message that nobody waits for is kept; a wait takes one message. One that was sent or given to a dossier is for
that dossier alone, unless its key is the dossier's own code: whoever waits for that code means it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from engine.exchange.ports import Arrival
from engine.storage.database import json_text

_LOCK = text(
    "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT k FROM unnest(CAST(:locks AS bigint[])) k ORDER BY k) s"
)

CAME_UNDER: ContextVar[str | None] = ContextVar("came_under", default=None)
"""The W3C traceparent of the request that brings what is stored now; None where there is none, as in feeds."""

_STORE = text(
    """
    INSERT INTO message (source, message_id, body_sha256, name, key, dossier_id, payload, body, keep_until, trace,
        signature)
    VALUES (:source, :message_id, :sha, :name, :key, :dossier, CAST(:payload AS jsonb), :body, :keep_until, :trace,
        :signature)
    ON CONFLICT (source, message_id) DO NOTHING RETURNING id
    """
)

_KNOWN = text("SELECT body_sha256 FROM message WHERE source = :source AND message_id = :message_id")

_RESOLVE = text(
    """
    SELECT id FROM dossier WHERE code = :key AND CAST(:kind AS text) IS NULL
    UNION ALL SELECT dossier_id FROM dossier_reference WHERE kind = :kind AND value = :value
    UNION ALL SELECT id FROM dossier WHERE code = :value AND :kind = 'dossier' LIMIT 1
    """
)

_OPEN_WAITS = text(
    """
    SELECT w.dossier_id, w.task, true AS own, w.opened_at
    FROM message m JOIN wait w ON w.dossier_id = m.dossier_id AND w.name = m.name
    WHERE m.id = :message AND w.message_id IS NULL
    UNION ALL
    SELECT w.dossier_id, w.task, false, w.opened_at FROM message m JOIN wait w ON w.name = m.name AND w.key = m.key
    WHERE m.id = :message AND w.message_id IS NULL AND w.dossier_id IS DISTINCT FROM m.dossier_id
      AND (m.dossier_id IS NULL OR EXISTS (SELECT 1 FROM dossier d WHERE d.id = m.dossier_id AND d.code = m.key))
    ORDER BY own DESC, opened_at, task
    """
)

_MEET = text("UPDATE wait SET message_id = :message WHERE dossier_id = :dossier AND task = :task")
_STATE = text("UPDATE message SET status = :status, delivered_at = NULL WHERE id = ANY(:ids)")
_DELIVERED = text(
    "UPDATE message m SET status = 'delivered', delivered_at = now(), dossier_id = g.dossier"
    " FROM unnest(CAST(:ids AS bigint[]), CAST(:dossiers AS bigint[])) AS g(id, dossier) WHERE m.id = g.id"
)

_KEPT = text(
    """
    WITH w AS MATERIALIZED (
        SELECT * FROM jsonb_to_recordset(CAST(:waits AS jsonb)) AS r(dossier_id bigint, task text, name text, key text))
    SELECT w.dossier_id, w.task, m.id FROM w
    JOIN message m ON m.status = 'kept' AND m.name = w.name AND m.dossier_id = w.dossier_id
    UNION
    SELECT w.dossier_id, w.task, m.id FROM w JOIN message m ON m.status = 'kept' AND m.name = w.name AND m.key = w.key
    WHERE m.dossier_id IS NULL OR EXISTS (SELECT 1 FROM dossier d WHERE d.id = m.dossier_id AND d.code = m.key)
    ORDER BY 3
    """
)

_NAMED = text("SELECT source, message_id, name, key FROM message WHERE id = :id")
_HOLD = text("SELECT status FROM message WHERE id = :id FOR NO KEY UPDATE")
_KEEP_FOR = text(
    "UPDATE message SET status = 'kept', dossier_id = :dossier,"
    " keep_until = greatest(keep_until, now() + (keep_until - received_at)) WHERE id = :id"
)

_REPEATED = text(
    "UPDATE message SET repeats = repeats + 1, repeated_at = now()"
    " WHERE source = :source AND message_id = :message_id"
)
_STATUS = text("SELECT status FROM message WHERE id = :id")
_OF_DOSSIER = text(
    "SELECT coalesce(m.dossier_id, (SELECT d.id FROM dossier d WHERE d.code = m.key)) FROM message m WHERE m.id = :id"
)
_LOCK_DOSSIER = text(
    "SELECT d.id FROM dossier d WHERE d.id = (SELECT dossier_id FROM message WHERE id = :id) FOR NO KEY UPDATE"
)

_UNCLAIMED = text("UPDATE message SET status = 'unclaimed' WHERE status = 'kept' AND keep_until < :now")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something open that a message of this name and key meets."""

    dossier: int
    task: str
    name: str
    key: str


def lock(connection: Connection, names: Iterable[tuple[str, str, int | None]]) -> None:
    """Take the advisory locks for (name, key, dossier) triples, in sorted order."""
    locks: set[int] = set()
    for name, key, dossier in names:
        locks.add(_number(f"{name}\0key\0{key}"))
        if dossier is not None:
            locks.add(_number(f"{name}\0dossier\0{dossier}"))
    connection.execute(_LOCK, {"locks": sorted(locks)})


def store(
    connection: Connection, arrival: Arrival, *, dossier: int | None, keep_until: datetime
) -> int | None:
    """Store a message once; None when (source, message id) was there already."""
    stored: int | None = connection.scalar(
        _STORE,
        {
            "source": arrival.source,
            "message_id": arrival.message_id,
            "sha": body_hash(arrival),
            "name": arrival.name,
            "key": arrival.key,
            "dossier": dossier,
            "payload": json_text(arrival.payload),
            "body": arrival.body,
            "keep_until": keep_until,
            "trace": CAME_UNDER.get(),
            "signature": arrival.signature,
        },
    )
    return stored


def body_hash(arrival: Arrival) -> str:
    """What tells a repetition from another message under the same id."""
    return hashlib.sha256(arrival.body or orjson.dumps(arrival.payload)).hexdigest()


def stored_hash(connection: Connection, arrival: Arrival) -> str | None:
    """The hash of the body that came first under this id."""
    known: str | None = connection.scalar(
        _KNOWN, {"source": arrival.source, "message_id": arrival.message_id}
    )
    return known


def resolve_dossier(connection: Connection, arrival: Arrival) -> int | None:
    """The dossier that a message speaks of: by an agency's own number, else by our code as its key."""
    kind, value = arrival.reference or (None, None)
    dossier: int | None = connection.scalar(_RESOLVE, {"key": arrival.key, "kind": kind, "value": value})
    return dossier


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a stored message is called."""

    source: str
    message_id: str
    name: str
    key: str


def named(connection: Connection, message: int) -> Named | None:
    """What a message is called; None when there is none of this id."""
    row = connection.execute(_NAMED, {"id": message}).mappings().one_or_none()
    return None if row is None else Named(**row)


def hold(connection: Connection, message: int, called: Named, dossier: int | None) -> str:
    """Take the locks of a message that is to be given to *dossier* (None: to whoever waits), then its row; its status."""
    lock(connection, [(called.name, called.key, dossier)])
    status: str = connection.execute(_HOLD, {"id": message}).scalar_one()
    return status


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWait:
    """A wait that a message would meet; *own*: of the dossier that the message is for."""

    dossier: int
    task: str
    own: bool


def open_waits(connection: Connection, message: int) -> list[OpenWait]:
    """The waits that a stored message would meet, the best first."""
    rows = connection.execute(_OPEN_WAITS, {"message": message})
    return [OpenWait(dossier=row[0], task=row[1], own=row[2]) for row in rows]


def meet(connection: Connection, message: int, dossier: int, task: str) -> None:
    """Give a message to a wait. It is the dossier's only once it is delivered: the wait may be gone by then."""
    connection.execute(_MEET, {"message": message, "dossier": dossier, "task": task})
    set_status(connection, [message], "met")


def give(connection: Connection, message: int, dossier: int) -> str | None:
    """Give a held message to *dossier*: the task whose wait it meets, or None and it is kept for the dossier's next one,
    as long as if it came now.
    """
    connection.execute(_KEEP_FOR, {"id": message, "dossier": dossier})
    tasks = [wait.task for wait in open_waits(connection, message) if wait.own]
    if not tasks:
        return None
    meet(connection, message, dossier, tasks[0])
    return tasks[0]


def keep(connection: Connection, message: int, dossier: int | None) -> None:
    """Keep a held message, for *dossier* where it is for one, as long as if it came now."""
    connection.execute(_KEEP_FOR, {"id": message, "dossier": dossier})


def status(connection: Connection, message: int) -> str:
    """The status of a message that exists."""
    return str(connection.execute(_STATUS, {"id": message}).scalar_one())


def dossier_of(connection: Connection, message: int) -> int | None:
    """The dossier that a message is for, else the one that its key is the code of."""
    dossier: int | None = connection.scalar(_OF_DOSSIER, {"id": message})
    return dossier


def lock_dossier(connection: Connection, message: int) -> int | None:
    """Lock the dossier that a message is for, before anything else of it; None: it is for none."""
    dossier: int | None = connection.scalar(_LOCK_DOSSIER, {"id": message})
    return dossier


def count_repeat(connection: Connection, arrival: Arrival) -> None:
    """Note that a stored message came again."""
    connection.execute(_REPEATED, {"source": arrival.source, "message_id": arrival.message_id})


def set_status(connection: Connection, messages: Sequence[int], status: str) -> None:
    connection.execute(_STATE, {"ids": list(messages), "status": status})


def deliver(connection: Connection, taken: Mapping[int, int]) -> None:
    """Each message was taken by a wait of its dossier, and is that dossier's for good."""
    connection.execute(_DELIVERED, {"ids": list(taken), "dossiers": list(taken.values())})


def kept_for(connection: Connection, waits: Sequence[Wait]) -> dict[tuple[int, str], int]:
    """For new waits, the kept message that each takes: the oldest, and each message once."""
    rows = [{"dossier_id": w.dossier, "task": w.task, "name": w.name, "key": w.key} for w in waits]
    met: dict[tuple[int, str], int] = {}
    taken: set[int] = set()
    for dossier, task, message in connection.execute(_KEPT, {"waits": json_text(rows)}):
        if (dossier, task) not in met and message not in taken:
            met[dossier, task] = message
            taken.add(message)
    return met


def list_unclaimed(connection: Connection, now: datetime) -> int:
    """Messages that were kept long enough become unclaimed; how many."""
    return connection.execute(_UNCLAIMED, {"now": now}).rowcount


def _number(text_: str) -> int:
    return int.from_bytes(hashlib.blake2b(text_.encode(), digest_size=8).digest(), "big", signed=True)
