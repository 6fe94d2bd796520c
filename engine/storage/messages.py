"""Message rows, and how a message meets the wait it was sent for.

Both sides take the same advisory locks, on (name, key) and on (name, dossier), in sorted order: whoever comes second sees
the first. A message that nobody waits for is kept; a wait takes one message.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson
from sqlalchemy import Connection, text

from engine.exchange.ports import Arrival
from engine.storage.database import json_text

_LOCK = text(
    "SELECT pg_advisory_xact_lock(k) FROM (SELECT DISTINCT k FROM unnest(CAST(:locks AS bigint[])) k ORDER BY k) s"
)

_STORE = text(
    """
    INSERT INTO message (source, message_id, body_sha256, name, key, dossier_id, payload, body, keep_until)
    VALUES (:source, :message_id, :sha, :name, :key, :dossier, CAST(:payload AS jsonb), :body, :keep_until)
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
    SELECT w.dossier_id, w.task FROM wait w
    WHERE w.name = :name AND (w.key = :key OR w.dossier_id = :dossier) AND w.message_id IS NULL
    ORDER BY w.dossier_id = :dossier DESC NULLS LAST, w.opened_at, w.task
    """
)

_MEET = text("UPDATE wait SET message_id = :message WHERE dossier_id = :dossier AND task = :task")
_STATE = text(
    "UPDATE message SET status = :status, dossier_id = coalesce(:dossier, dossier_id),"
    " delivered_at = CASE WHEN :status = 'delivered' THEN now() END WHERE id = ANY(:ids)"
)

_KEPT = text(
    """
    SELECT w.dossier_id, w.task, m.id
    FROM jsonb_to_recordset(CAST(:waits AS jsonb)) AS w(dossier_id bigint, task text, name text, key text)
    JOIN message m ON m.status = 'kept' AND m.name = w.name AND (m.key = w.key OR m.dossier_id = w.dossier_id)
    ORDER BY m.id
    """
)

_NAMED = text("SELECT name, key FROM message WHERE id = :id")

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


def open_waits(connection: Connection, name: str, key: str, dossier: int | None) -> list[tuple[int, str]]:
    """(dossier, task) of the waits that a message would meet, the best first."""
    return [
        (row[0], row[1])
        for row in connection.execute(_OPEN_WAITS, {"name": name, "key": key, "dossier": dossier})
    ]


def meet(connection: Connection, message: int, dossier: int, task: str) -> None:
    """Give a message to a wait."""
    connection.execute(_MEET, {"message": message, "dossier": dossier, "task": task})
    set_status(connection, [message], "met", dossier=dossier)


def give(connection: Connection, message: int, dossier: int) -> str | None:
    """Give a message to *dossier*: the task whose wait it meets, or None and it is kept for the dossier's next one."""
    name, key = connection.execute(_NAMED, {"id": message}).one()
    lock(connection, [(name, key, dossier)])
    tasks = [task for waiting, task in open_waits(connection, name, key, dossier) if waiting == dossier]
    if not tasks:
        set_status(connection, [message], "kept", dossier=dossier)
        return None
    meet(connection, message, dossier, tasks[0])
    return tasks[0]


def set_status(
    connection: Connection, messages: Sequence[int], status: str, *, dossier: int | None = None
) -> None:
    connection.execute(_STATE, {"ids": list(messages), "status": status, "dossier": dossier})


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
