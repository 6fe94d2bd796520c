"""Timer rows: what is due becomes events, each once, however many sweep."""

from datetime import datetime

from sqlalchemy import Connection, text

from engine.storage.database import notify
from engine.storage.events import CHANNEL

_FIRE = text(
    """
    WITH due AS (
        SELECT dossier_id, task FROM timer WHERE NOT fired AND due_at <= :now
        ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED),
    fired AS (
        UPDATE timer t SET fired = true FROM due WHERE t.dossier_id = due.dossier_id AND t.task = due.task
        RETURNING t.dossier_id, t.task, t.due_at, t.legal_from IS NOT NULL AS legal)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'timer', jsonb_build_object(
        'task', task, 'due_at', due_at, 'legal', legal, 'at', CAST(:now AS timestamptz))
    FROM fired ORDER BY due_at
    """
)


def fire(connection: Connection, *, now: datetime, limit: int) -> int:
    """Write an event for each of up to *limit* timers that are due; how many."""
    fired = connection.execute(_FIRE, {"now": now, "limit": limit}).rowcount
    if fired:
        notify(connection, CHANNEL)
    return fired
