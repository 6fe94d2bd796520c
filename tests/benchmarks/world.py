"""The world around the engine, in few statements: dossiers handed in, and whatever an instance waits for answered.

It writes what the web, the senders and the people would have written, for many dossiers at once, so that what is
measured is the engine and not the world.
"""

from sqlalchemy import Connection, text

from engine.actions import receive
from engine.clock import SystemClock
from engine.storage.database import Store
from tests.benchmarks.place import deployment
from tests.support.procedures import DESK, submission

REPLY = '{"ma": 0, "known": true, "card": "GD4010000000001", "place": "Hà Nội"}'
DECISION = '{"amount": 150}'

_COPY = text(
    """
    WITH copied AS (
        INSERT INTO dossier (code, procedure_code, deployment_id, channel, delivery, applicant, applicant_search, data,
            receiving_unit, competent_unit, returning_unit, submitted_at, access_code, salt, timeline_seq,
            timeline_head, created_by)
        SELECT 'B' || lpad((n + :first)::text, 17, '0'), procedure_code, deployment_id, channel, delivery, applicant,
            applicant_search, coalesce(CAST(:data AS jsonb), data), receiving_unit, competent_unit, returning_unit,
            now(), access_code, salt, timeline_seq, timeline_head, created_by
        FROM dossier, generate_series(1, :count) n WHERE dossier.id = :like RETURNING id),
    first_lines AS (
        INSERT INTO timeline (dossier_id, seq, body, hash)
        SELECT copied.id, 1, t.body, t.hash FROM copied, timeline t WHERE t.dossier_id = :like AND t.seq = 1),
    told AS (
        INSERT INTO event (dossier_id, kind, payload) SELECT id, 'submitted', '{}' FROM copied ORDER BY id)
    SELECT count(*) FROM copied
    """
)
_CALLS = text(
    f"""
    WITH done AS (
        UPDATE call SET status = 'done', holds = false, attempt = 1, sends = 1, settled_at = now(), reply = '{REPLY}'
        WHERE status = 'pending' RETURNING id, dossier_id)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'call-settled', jsonb_build_object('call', id) FROM done ORDER BY id
    """
)
_ITEMS = text(
    f"""
    WITH taken AS (
        UPDATE work_item SET status = 'taken', decided_by = 'officer', data = '{DECISION}'
        WHERE status = 'open' RETURNING id, dossier_id, task)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'work-item',
        jsonb_build_object('work_item', id, 'task', task, 'by', 'officer', 'data', CAST('{DECISION}' AS jsonb))
    FROM taken ORDER BY id
    """
)
_MESSAGES = text(
    """
    WITH came AS (
        INSERT INTO message (source, message_id, body_sha256, name, key, dossier_id, payload, status)
        SELECT 'agency', w.dossier_id || '/' || w.task, '', w.name, w.key, w.dossier_id, '{"number": 17}', 'met'
        FROM wait w WHERE w.message_id IS NULL RETURNING id, dossier_id),
    met AS (
        UPDATE wait w SET message_id = came.id FROM came WHERE w.dossier_id = came.dossier_id
        RETURNING w.dossier_id, w.task, came.id)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'message', jsonb_build_object('message', id, 'task', task) FROM met ORDER BY dossier_id
    """
)
_WAKE = text("SELECT pg_notify('lienthong_event', '')")


def hand_in(store: Store, count: int, *, first: int = 0, data: str | None = None) -> None:
    """Have *count* dossiers handed in, of which the applicant's *data* is JSON text."""
    with store.transaction() as connection:
        like = connection.scalar(text("SELECT id FROM dossier WHERE code NOT LIKE 'B%' LIMIT 1"))
    like = like or _pattern(store)
    with store.transaction() as connection:
        connection.execute(_COPY, {"count": count, "first": first, "like": like, "data": data})
        connection.execute(_WAKE)


def _pattern(store: Store) -> int:
    """One dossier by the ordinary way, of which the others are copies; it goes nowhere itself."""
    made = receive.submit(
        store,
        "1.000001",
        submission(deployment()),
        DESK,
        now=SystemClock().now(),
        by="desk",
        external_id="bench",
    )
    with store.transaction() as connection:
        connection.execute(text("UPDATE event SET status = 'applied'"))
    return made.id


def answer(store: Store, *, calls: bool = True) -> int:
    """Answer every open work item and wait, and with *calls* every pending call; how many events that makes."""
    with store.transaction() as connection:
        made = _answer_people(connection)
        if calls:
            made += connection.execute(_CALLS).rowcount
        if made:
            connection.execute(_WAKE)
    return made


def _answer_people(connection: Connection) -> int:
    return connection.execute(_ITEMS).rowcount + connection.execute(_MESSAGES).rowcount


def pending(store: Store) -> int:
    """Events that wait to be applied."""
    with store.reading() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM event WHERE status = 'pending'")) or 0)


def ended(store: Store) -> int:
    """Dossiers that are through."""
    with store.reading() as connection:
        return int(connection.scalar(text("SELECT count(*) FROM instance WHERE status <> 'running'")) or 0)
