"""Loading what a group of events needs: dossiers locked in id order, then read in a statement of its own.

Lock and read are two statements on purpose: a row that had to be waited for is read only after the wait, so that nothing
is built on a stale instance (design §1, one lock order).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import orjson
from sqlalchemy import Connection, text

from engine.dossiers.ledger import Entry, EntryKind
from engine.exchange.ports import Json
from engine.storage.events import ClaimedEvent
from engine.storage.statements import Statement, array, together

SMALL_BYTES = 16_384  # a dossier's data above this is fetched only if an expression reads it

_LOCK = Statement(
    "SELECT id FROM dossier WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE"
)

_READ = Statement(
    f"""
    SELECT e.id AS event_id, e.kind, e.payload, e.trace,
        d.id, d.code, d.procedure_code, d.deployment_id, d.status, d.phase, d.channel, d.delivery, d.applicant, d.record,
        CASE WHEN pg_column_size(d.data) <= {SMALL_BYTES} THEN d.data::text END AS data,
        d.receiving_unit, d.competent_unit, d.returning_unit, d.submitted_at, d.received_at, d.due_at, d.finished_at,
        d.timeline_seq, d.timeline_head, d.salt,
        i.id AS instance_id, i.process, i.state, i.format, i.version, i.status AS instance_status,
        coalesce(u.calendar_code, 'default') AS calendar_code, coalesce(k.version, 0) AS calendar_version,
        (SELECT jsonb_agg(jsonb_build_array(p.partner, p.seq, p.status) ORDER BY p.seq) FROM report p
         WHERE p.dossier_id = d.id AND p.status <> 'done') AS reports,
        EXISTS (SELECT 1 FROM ledger_entry l WHERE l.dossier_id = d.id AND l.kind = 'pause') AS has_pauses,
        c.id AS call_id, c.task AS call_task, c.status AS call_status, c.reply, c.fault, c.detail, c.report_seq, c.step,
        c.partner, c.operation, c.element, c.wanted,
        m.id AS message_id, m.name AS message_name, m.key AS message_key, m.source, m.payload AS message_payload
    FROM unnest(CAST(:events AS bigint[]), CAST(:starts AS integer[])) AS wanted(id, starts)
    JOIN event e ON e.id = wanted.id AND e.starts = wanted.starts AND e.status = 'pending'
    JOIN dossier d ON d.id = e.dossier_id
    LEFT JOIN instance i ON i.dossier_id = d.id
    LEFT JOIN unit u ON u.code = d.competent_unit
    LEFT JOIN calendar k ON k.code = u.calendar_code
    LEFT JOIN call c ON c.id = CAST(e.payload ->> 'call' AS bigint)
    LEFT JOIN message m ON m.id = CAST(e.payload ->> 'message' AS bigint)
    WHERE NOT EXISTS (SELECT 1 FROM suspension s WHERE s.dossier_id = d.id)
    ORDER BY d.id
    """
)

_DATA = text("SELECT data::text FROM dossier WHERE id = :id")

_LEDGER = text(
    "SELECT kind, at, task, reason, ground, due_after FROM ledger_entry WHERE dossier_id = :id ORDER BY id"
)

_LEGAL_TIMERS = text(
    "SELECT task, legal_from, legal_days, host, due_at, fired FROM timer"
    " WHERE dossier_id = :id AND legal_from IS NOT NULL"
)

_REPORT = text("SELECT body FROM report WHERE dossier_id = :id AND partner = :partner AND seq = :seq")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInstance:
    """An instance as stored."""

    id: int
    process: str
    state: bytes
    format: int
    version: int
    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDossier:
    """A dossier as stored, with what its law needs; *data* is read when it is asked for."""

    id: int
    code: str
    procedure: str
    deployment: int
    status: int
    phase: str
    channel: str
    delivery: str
    applicant: Mapping[str, Json]
    record: Mapping[str, Json]
    data: Callable[[], dict[str, Json]]
    receiving_unit: str
    competent_unit: str
    returning_unit: str
    submitted_at: datetime
    received_at: datetime | None
    due_at: datetime | None
    finished_at: datetime | None
    timeline_seq: int
    timeline_head: bytes
    salt: bytes
    calendar: tuple[str, int]
    reports: tuple[tuple[str, int, str], ...]  # (partner, seq, status) not yet done
    has_pauses: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCall:
    """The call that a ``call-settled`` event tells of."""

    id: int
    task: str | None
    status: str
    reply: Json
    fault: str | None
    detail: str
    report_seq: int | None
    step: str | None
    partner: str
    operation: str
    element: str
    wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetMessage:
    """The message that a ``message`` event brings."""

    id: int
    name: str
    key: str
    source: str
    payload: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedEvent:
    """An event with its dossier, once begun its instance, and the call or message that it speaks of."""

    id: int
    kind: str
    payload: Mapping[str, Json]
    trace: str | None
    dossier: StoredDossier
    instance: StoredInstance | None
    call: AnsweredCall | None
    message: MetMessage | None


def take(connection: Connection, claimed: Sequence[ClaimedEvent], *, lock: bool = True) -> list[LoadedEvent]:
    """Lock the dossiers of these events in id order until the transaction ends, then read; one message that begins a
    `Store.terse`.

    Those that are still ours to apply, in the order of their dossiers; none of a dossier that was suspended since the claim.
    *lock*: only the tests' control leaves it out.
    """
    asked = {
        "events": array(event.id for event in claimed),
        "starts": array(event.starts for event in claimed),
    }
    with together(connection, begin=True):
        if lock:
            _LOCK.send(connection, {"ids": array(sorted({event.dossier for event in claimed}))})
        sent = _READ.ask(connection, asked)
    return [_loaded(connection, row) for row in sent.fetchall()]


def ledger(connection: Connection, dossier: int) -> list[Entry]:
    """A dossier's ledger in the order of its entries."""
    return [
        Entry(
            kind=EntryKind(row[0]),
            at=row[1],
            task=row[2],
            reason=row[3],
            ground=row[4],
            until=row[5] if row[0] == EntryKind.EXTEND else None,
        )
        for row in connection.execute(_LEDGER, {"id": dossier})
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalTimer:
    """A timer counted in working days, to be counted anew when the ledger or the calendar changes."""

    task: str
    legal_from: datetime
    legal_days: int
    host: str
    due_at: datetime
    fired: bool  # an event tells of it, which is applied later


def legal_timers(connection: Connection, dossier: int) -> Iterator[LegalTimer]:
    for row in connection.execute(_LEGAL_TIMERS, {"id": dossier}):
        yield LegalTimer(
            task=row[0], legal_from=row[1], legal_days=row[2], host=row[3], due_at=row[4], fired=row[5]
        )


def report_body(connection: Connection, dossier: int, partner: str, seq: int) -> dict[str, Json]:
    """What a stored report tells."""
    body: dict[str, Json] = connection.execute(
        _REPORT, {"id": dossier, "partner": partner, "seq": seq}
    ).scalar_one()
    return body


def _fetch(connection: Connection, dossier: int) -> dict[str, Json]:
    return _decoded(connection.execute(_DATA, {"id": dossier}).scalar_one())


def _decoded(data: str) -> dict[str, Json]:
    value: dict[str, Json] = orjson.loads(data)
    return value


def _loaded(connection: Connection, row: Mapping[str, Any]) -> LoadedEvent:
    return LoadedEvent(
        id=row["event_id"],
        kind=row["kind"],
        payload=row["payload"],
        trace=row["trace"],
        dossier=_dossier(connection, row),
        instance=_instance(row) if row["instance_id"] is not None else None,
        call=_call(row) if row["call_id"] is not None else None,
        message=_message(row) if row["message_id"] is not None else None,
    )


def _instance(row: Mapping[str, Any]) -> StoredInstance:
    return StoredInstance(
        id=row["instance_id"],
        process=row["process"],
        state=row["state"],
        format=row["format"],
        version=row["version"],
        running=row["instance_status"] == "running",
    )


_OF_CALL = ["reply", "fault", "detail", "report_seq", "step", "partner", "operation", "element", "wanted"]


def _call(row: Mapping[str, Any]) -> AnsweredCall:
    same = {name: row[name] for name in _OF_CALL}
    return AnsweredCall(id=row["call_id"], task=row["call_task"], status=row["call_status"], **same)


def _message(row: Mapping[str, Any]) -> MetMessage:
    return MetMessage(
        id=row["message_id"],
        name=row["message_name"],
        key=row["message_key"],
        source=row["source"],
        payload=row["message_payload"],
    )


_SAME = [
    "id",
    "code",
    "status",
    "phase",
    "channel",
    "delivery",
    "applicant",
    "record",
    "receiving_unit",
    "competent_unit",
    "returning_unit",
    "submitted_at",
    "received_at",
    "due_at",
    "finished_at",
    "timeline_seq",
    "timeline_head",
    "salt",
    "has_pauses",
]


def _dossier(connection: Connection, row: Mapping[str, Any]) -> StoredDossier:
    data = row["data"]
    return StoredDossier(
        **{name: row[name] for name in _SAME},
        procedure=row["procedure_code"],
        deployment=row["deployment_id"],
        data=partial(_fetch, connection, row["id"]) if data is None else partial(_decoded, data),
        calendar=(row["calendar_code"], row["calendar_version"]),
        reports=tuple((name, seq, status) for name, seq, status in row["reports"] or ()),
    )
