"""Incident rows: opened in the transaction that met the trouble, closed by whoever resolved it."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text, plain_text

_OPEN = text(
    """
    INSERT INTO incident (cause, dossier_id, partner, call_id, event_id, task, element, title, facts, actions)
    VALUES (:cause, :dossier, :partner, :call, :event, :task, :element, :title,
            CAST(:facts AS jsonb), CAST(:actions AS jsonb))
    ON CONFLICT DO NOTHING RETURNING id
    """
)

_IS_OPEN = text(
    "SELECT EXISTS (SELECT 1 FROM incident WHERE status <> 'closed' AND cause = :cause AND partner = :partner"
    " AND facts @> CAST(:facts AS jsonb))"
)

_ANY_OPEN = text("SELECT EXISTS (SELECT 1 FROM incident WHERE status <> 'closed' AND cause = :cause)")

_CLOSE = text(
    "UPDATE incident SET status = 'closed', closed_at = now(), closed_by = :by, resolution = :resolution"
    " WHERE id = :id AND status <> 'closed' RETURNING id"
)

_CLOSE_OF_MESSAGE = text(
    "UPDATE incident SET status = 'closed', closed_at = now(), closed_by = :by, resolution = :resolution"
    " WHERE status <> 'closed' AND cause = :cause AND facts @> CAST(:facts AS jsonb)"
)

_HAS_CAUSE = text("SELECT EXISTS (SELECT 1 FROM incident WHERE cause = :cause)")

_CARE = text(
    """
    WITH before AS (SELECT id, owner, note, ticket FROM incident WHERE id = :id FOR NO KEY UPDATE)
    UPDATE incident i SET owner = :owner, note = :note, ticket = :ticket FROM before b WHERE i.id = b.id
    RETURNING i.dossier_id, b.owner, b.note, b.ticket
    """
)

_CLOSE_OF_CALL = text(
    "UPDATE incident SET status = 'closed', closed_at = now(), closed_by = :by, resolution = :resolution"
    " WHERE call_id = :call AND status <> 'closed'"
)


def is_any_open(connection: Connection, cause: str) -> bool:
    """Whether an incident of this cause waits for somebody already."""
    return bool(connection.scalar(_ANY_OPEN, {"cause": cause}))


def open_incident(
    connection: Connection,
    cause: str,
    title: str,
    *,
    dossier: int | None = None,
    partner: str | None = None,
    call: int | None = None,
    event: int | None = None,
    task: str | None = None,
    element: str | None = None,
    facts: Mapping[str, Json] | None = None,
    actions: Sequence[str] = (),
) -> int | None:
    """Open an incident; None when the partner's outage is open already (there is one a partner)."""
    opened: int | None = connection.scalar(
        _OPEN,
        {
            "cause": cause,
            "dossier": dossier,
            "partner": partner,
            "call": call,
            "event": event,
            "task": task,
            "element": element,
            "title": plain_text(title, 500),
            "facts": json_text(dict(facts or {})),
            "actions": json_text(list(actions)),
        },
    )
    return opened


def is_open(connection: Connection, cause: str, partner: str, facts: Mapping[str, Json]) -> bool:
    """Whether somebody was told of this already and has not dealt with it."""
    given = {"cause": cause, "partner": partner, "facts": json_text(dict(facts))}
    return bool(connection.scalar(_IS_OPEN, given))


def close(connection: Connection, incident: int, *, by: str, resolution: str) -> bool:
    """Close an incident; False when it was closed already."""
    return connection.scalar(_CLOSE, {"id": incident, "by": by, "resolution": resolution}) is not None


def close_of_call(connection: Connection, call: int, *, by: str, resolution: str) -> None:
    """Close whatever is open about a call that came to its end after all."""
    connection.execute(_CLOSE_OF_CALL, {"call": call, "by": by, "resolution": resolution})


def close_of_message(connection: Connection, cause: str, message: int, *, by: str, resolution: str) -> None:
    """Close what *cause* has opened about a message that somebody took in hand."""
    given = {"cause": cause, "facts": json_text({"message": message}), "by": by, "resolution": resolution}
    connection.execute(_CLOSE_OF_MESSAGE, given)


def care(
    connection: Connection, incident: int, *, owner: str | None, note: str | None, ticket: str | None
) -> tuple[int | None, str | None, str | None, str | None] | None:
    """Write who looks after an incident; (its dossier, what was there before), None when there is no such incident."""
    given = {"id": incident, "owner": owner, "note": note, "ticket": ticket}
    row = connection.execute(_CARE, given).one_or_none()
    return None if row is None else (row[0], row[1], row[2], row[3])


def has_cause(connection: Connection, cause: str) -> bool:
    """Whether there ever was an incident of *cause*."""
    return bool(connection.scalar(_HAS_CAUSE, {"cause": cause}))
