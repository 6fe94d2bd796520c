"""Everything that a group of applied events changes, written in one statement.

`Writes` collects rows as plain values while events are applied in memory; `flush` sends them. Rows travel as JSON record
sets; a statement has the parts that have rows, so that few texts are in use and each is prepared once a connection.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from engine.exchange.ports import Json
from engine.storage import calls, events
from engine.storage.database import json_text, notify
from engine.storage.statements import Statement, array
from engine.storage.waking import committing

type_row = dict[str, object]


@dataclass(slots=True)
class Writes:
    """Rows to write, by table. Order within a list is the order of the ids that the database gives."""

    applied: list[int] = field(default_factory=list)
    events: list[type_row] = field(default_factory=list)
    dossiers: list[type_row] = field(default_factory=list)
    data: list[type_row] = field(default_factory=list)
    instances: list[type_row] = field(default_factory=list)
    timeline: list[type_row] = field(default_factory=list)
    ledger: list[type_row] = field(default_factory=list)
    calls: list[type_row] = field(default_factory=list)
    waits: list[type_row] = field(default_factory=list)
    timers: list[type_row] = field(default_factory=list)
    timers_due: list[type_row] = field(default_factory=list)
    closed: list[type_row] = field(default_factory=list)
    unwanted: list[type_row] = field(
        default_factory=list
    )  # after `closed`: the last part runs first, see `_PARTS`
    work_items: list[type_row] = field(default_factory=list)
    reports: list[type_row] = field(default_factory=list)
    report_states: list[type_row] = field(default_factory=list)
    incidents: list[type_row] = field(default_factory=list)
    references: list[type_row] = field(default_factory=list)
    indexed: list[type_row] = field(default_factory=list)

    def absorb(self, other: "Writes") -> None:
        """Add what *other* collected; used when one event of a group is done."""
        for name in self.__slots__:
            getattr(self, name).extend(getattr(other, name))


def octets(content: bytes) -> str:
    """Bytes as the record sets carry them."""
    return b64encode(content).decode()


def instant(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


# A call that surely did nothing: one that was sent and became an incident may have been carried out, which a person must say.
_UNDONE = "c.status IN ('pending', 'refused') OR c.status = 'incident' AND c.attempt = 0"

KEPT_BYTES = 65_536  # of a value before it was changed; of a larger one only that it was

# Each part reads one record set. All parts see the state before the statement,
# so no row may be changed by two of them: `Writes` is kept net by whoever fills it.
# PostgreSQL runs them from the last to the first. Calls must be locked before incidents, as settlements do.
_PARTS: Mapping[str, str] = {
    "applied": """
        UPDATE event SET status = 'applied', applied_at = now(), lease_until = NULL
        FROM jsonb_array_elements_text(CAST(:applied AS jsonb)) a(id) WHERE event.id = CAST(a.id AS bigint)""",
    "events": """
        INSERT INTO event (dossier_id, kind, payload)
        SELECT dossier_id, kind, payload FROM jsonb_to_recordset(CAST(:events AS jsonb))
            AS r(dossier_id bigint, kind text, payload jsonb)""",
    "dossiers": """
        UPDATE dossier d SET status = r.status, phase = r.phase, received_at = r.received_at, due_at = r.due_at,
            finished_at = r.finished_at, timeline_seq = r.timeline_seq,
            timeline_head = decode(r.timeline_head, 'base64'), record = coalesce(r.record, d.record), changed_at = now(),
            deployment_id = coalesce(r.deployment_id, d.deployment_id)
        FROM jsonb_to_recordset(CAST(:dossiers AS jsonb)) AS r(id bigint, status smallint, phase text,
            received_at timestamptz, due_at timestamptz, finished_at timestamptz, timeline_seq integer,
            timeline_head text, record jsonb, data jsonb, deployment_id bigint)
        WHERE d.id = r.id AND r.data IS NULL""",
    "data": """
        UPDATE dossier d SET data = d.data || r.data, status = r.status, phase = r.phase, received_at = r.received_at,
            due_at = r.due_at, finished_at = r.finished_at, timeline_seq = r.timeline_seq,
            timeline_head = decode(r.timeline_head, 'base64'), record = coalesce(r.record, d.record), changed_at = now()
        FROM jsonb_to_recordset(CAST(:data AS jsonb)) AS r(id bigint, status smallint, phase text,
            received_at timestamptz, due_at timestamptz, finished_at timestamptz, timeline_seq integer,
            timeline_head text, record jsonb, data jsonb)
        WHERE d.id = r.id""",
    "data_changes": f"""
        INSERT INTO data_change (dossier_id, seq, field, before, large)
        SELECT d.id, r.timeline_seq, w.key, CASE WHEN b.bytes <= {KEPT_BYTES} THEN b.value END,
            coalesce(b.bytes > {KEPT_BYTES}, false)
        FROM jsonb_to_recordset(CAST(:data AS jsonb)) AS r(id bigint, timeline_seq integer, data jsonb)
        JOIN dossier d ON d.id = r.id CROSS JOIN jsonb_each(r.data) w
        CROSS JOIN LATERAL (SELECT value, pg_column_size(value) AS bytes FROM (
            SELECT d.data -> w.key AS value OFFSET 0) before OFFSET 0) b  -- taken once out of what may be large
        WHERE b.value IS DISTINCT FROM w.value
        ON CONFLICT DO NOTHING""",
    "instances": """
        INSERT INTO instance (dossier_id, deployment_id, process, state, format, version, status, ended_at)
        SELECT dossier_id, deployment_id, process, decode(state, 'base64'), format, version, status,
            CASE WHEN status <> 'running' THEN now() END
        FROM jsonb_to_recordset(CAST(:instances AS jsonb)) AS r(dossier_id bigint, deployment_id bigint, process text,
            state text, format smallint, version integer, status text)
        ON CONFLICT (dossier_id) DO UPDATE SET state = excluded.state, format = excluded.format,
            deployment_id = excluded.deployment_id,
            version = excluded.version, status = excluded.status, ended_at = excluded.ended_at""",
    "timeline": """
        INSERT INTO timeline (dossier_id, seq, body, hash)
        SELECT dossier_id, seq, decode(body, 'base64'), decode(hash, 'base64')
        FROM jsonb_to_recordset(CAST(:timeline AS jsonb)) AS r(dossier_id bigint, seq integer, body text, hash text)""",
    "ledger": """
        INSERT INTO ledger_entry (dossier_id, kind, reason, ground, task, at, due_before, due_after)
        SELECT dossier_id, kind, reason, ground, task, at, due_before, due_after
        FROM jsonb_to_recordset(CAST(:ledger AS jsonb)) AS r(dossier_id bigint, kind text,
            reason text, ground text, task text, at timestamptz, due_before timestamptz, due_after timestamptz)""",
    "calls": """
        INSERT INTO call (dossier_id, partner, operation, key, body, task, element, faults, report_seq, step, repeat,
            timeout_s, status, trace)
        SELECT dossier_id, partner, operation, key, body, task, element, faults, report_seq, step, repeat, timeout_s,
            status, trace
        FROM jsonb_to_recordset(CAST(:calls AS jsonb)) AS r(dossier_id bigint, partner text,
            operation text, key text, body jsonb, task text, element text, faults jsonb, report_seq integer, step text,
            repeat text, timeout_s float8, status text, trace text)""",
    "unwanted": f"""
        UPDATE call c SET wanted = false,
            status = CASE WHEN {_UNDONE} THEN 'withdrawn' ELSE c.status END, holds = c.holds AND NOT ({_UNDONE}),
            settled_at = CASE WHEN {_UNDONE} THEN now() END
        FROM jsonb_to_recordset(CAST(:unwanted AS jsonb)) AS r(dossier_id bigint, task text)
        WHERE c.dossier_id = r.dossier_id AND c.task = r.task AND c.status NOT IN ('done', 'withdrawn')
        RETURNING c.id, c.status""",
    "waits": """
        INSERT INTO wait (dossier_id, task, element, name, key, message_id)
        SELECT dossier_id, task, element, name, key, message_id FROM jsonb_to_recordset(CAST(:waits AS jsonb))
            AS r(dossier_id bigint, task text, element text, name text, key text, message_id bigint)""",
    "timers": """
        INSERT INTO timer (dossier_id, task, element, due_at, legal_from, legal_days, host)
        SELECT dossier_id, task, element, due_at, legal_from, legal_days, host
        FROM jsonb_to_recordset(CAST(:timers AS jsonb)) AS r(dossier_id bigint, task text, element text,
            due_at timestamptz, legal_from timestamptz, legal_days integer, host text)
        ON CONFLICT (dossier_id, task) DO UPDATE SET due_at = excluded.due_at, fired = false""",
    "timers_due": """
        UPDATE timer t SET due_at = r.due_at, fired = false
        FROM jsonb_to_recordset(CAST(:timers_due AS jsonb)) AS r(dossier_id bigint, task text, due_at timestamptz)
        WHERE t.dossier_id = r.dossier_id AND t.task = r.task""",
    "closed_waits": """
        DELETE FROM wait w USING jsonb_to_recordset(CAST(:closed AS jsonb)) AS r(dossier_id bigint, task text)
        WHERE w.dossier_id = r.dossier_id AND w.task = r.task""",
    "closed_timers": """
        DELETE FROM timer t USING jsonb_to_recordset(CAST(:closed AS jsonb)) AS r(dossier_id bigint, task text, rearmed boolean)
        WHERE t.dossier_id = r.dossier_id AND t.task = r.task AND NOT coalesce(r.rearmed, false)""",
    "closed_items": """
        UPDATE work_item w SET status = CASE WHEN r.completed THEN 'done' ELSE 'cancelled' END, closed_at = now()
        FROM jsonb_to_recordset(CAST(:closed AS jsonb)) AS r(dossier_id bigint, task text, completed boolean)
        WHERE w.dossier_id = r.dossier_id AND w.task = r.task AND w.status IN ('open', 'taken')""",
    "closed_incidents": f"""
        UPDATE incident i SET status = 'closed', closed_at = now(), closed_by = 'system', resolution = 'its task is over'
        FROM jsonb_to_recordset(CAST(:closed AS jsonb)) AS r(dossier_id bigint, task text)
        WHERE i.dossier_id = r.dossier_id AND i.task = r.task AND i.status <> 'closed' AND NOT EXISTS (
            SELECT 1 FROM call c WHERE c.id = i.call_id AND c.status = 'incident' AND NOT ({_UNDONE}))""",
    "work_items": """
        INSERT INTO work_item (dossier_id, task, element, name, groups, unit, form, given, opened_at)
        SELECT dossier_id, task, element, name, groups, unit, form, given, opened_at
        FROM jsonb_to_recordset(CAST(:work_items AS jsonb)) AS r(dossier_id bigint, task text, element text, name text,
            groups jsonb, unit text, form text, given jsonb, opened_at timestamptz)""",
    "reports": """
        INSERT INTO report (dossier_id, partner, seq, body, status)
        SELECT dossier_id, partner, seq, body, status FROM jsonb_to_recordset(CAST(:reports AS jsonb))
            AS r(dossier_id bigint, partner text, seq integer, body jsonb, status text)""",
    "report_states": """
        UPDATE report p SET status = r.status, done_at = CASE WHEN r.status = 'done' THEN now() END
        FROM jsonb_to_recordset(CAST(:report_states AS jsonb))
            AS r(dossier_id bigint, partner text, seq integer, status text)
        WHERE p.dossier_id = r.dossier_id AND p.partner = r.partner AND p.seq = r.seq""",
    "incidents": """
        INSERT INTO incident (cause, dossier_id, partner, task, element, title, facts, actions)
        SELECT cause, dossier_id, partner, task, element, title, facts, actions
        FROM jsonb_to_recordset(CAST(:incidents AS jsonb)) AS r(cause text, dossier_id bigint, partner text, task text,
            element text, title text, facts jsonb, actions jsonb)""",
    "references": """
        INSERT INTO dossier_reference (kind, value, dossier_id)
        SELECT kind, value, dossier_id FROM jsonb_to_recordset(CAST(:references AS jsonb))
            AS r(kind text, value text, dossier_id bigint)
        ON CONFLICT DO NOTHING""",
    "indexed": """
        INSERT INTO dossier_index (dossier_id, name, value)
        SELECT dossier_id, name, value FROM jsonb_to_recordset(CAST(:indexed AS jsonb))
            AS r(dossier_id bigint, name text, value text)
        ON CONFLICT (dossier_id, name) DO UPDATE SET value = excluded.value""",
}
_OF: Mapping[str, tuple[str, ...]] = {
    "closed": ("closed_waits", "closed_timers", "closed_items", "closed_incidents"),
    "data": ("data", "data_changes"),
}
_WITHDRAWN = "SELECT id FROM unwanted_part WHERE status = 'withdrawn'"

# What a settlement has told of a call that was waited for is not seen by the statement that withdraws it.
_CLOSE_OF_WITHDRAWN = Statement(
    "UPDATE incident SET status = 'closed', closed_at = now(), closed_by = 'system', resolution = 'its task is over'"
    " WHERE call_id = ANY(CAST(:calls AS bigint[])) AND status <> 'closed'"
)


def flush(connection: Connection, writes: Writes, *, last: bool = False) -> None:
    """Write all of it in one statement, and seldom in a second one.

    *last*: the transaction has nothing more to write, and may be committed in the same message. Then those who have to do
    with it are woken afterwards, otherwise with the transaction.
    """
    filled = tuple(name for name in Writes.__dataclass_fields__ if getattr(writes, name))
    if not filled:
        return
    parameters = {name: json_text(getattr(writes, name)) for name in filled}
    if last and not writes.unwanted:
        with committing(connection, *_woken(writes)):
            _statement(filled).send(connection, parameters)
        return
    rows = _statement(filled).send(connection, parameters)
    withdrawn = [int(row[0]) for row in rows] if writes.unwanted else []
    if withdrawn:
        _CLOSE_OF_WITHDRAWN.send(connection, {"calls": array(withdrawn)})
    for channel in _woken(writes):
        notify(connection, channel)


def _woken(writes: Writes) -> list[str]:
    appliers = [events.CHANNEL] if writes.events else []
    return appliers + ([calls.CHANNEL] if writes.calls or writes.unwanted else [])


@lru_cache(maxsize=1024)
def _statement(filled: tuple[str, ...]) -> Statement:
    """The statement that writes these record sets; its rows are the calls that it withdrew."""
    parts = [part for name in filled for part in _OF.get(name, (name,))]
    written = ", ".join(f'"{name}_part" AS ({_PARTS[name]})' for name in parts)
    return Statement(f"WITH {written} {_WITHDRAWN if 'unwanted' in filled else 'SELECT'}")


def row(**columns: Json) -> type_row:
    """A row of a record set."""
    return dict(columns)
