"""What an act about an incident reads and writes: the incident, its call, its event, its partner, and the audit line."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage import calls
from engine.storage.database import json_text, notify
from engine.storage.events import CHANNEL

HELD = ("incident", "refused")
"""The states of a call in which a person decides about it."""

_CONCERNS = text("SELECT dossier_id, call_id FROM incident WHERE id = :id")
_LOCK_DOSSIER = text("SELECT id FROM dossier WHERE id = :id FOR NO KEY UPDATE")
_LOCK_CALL = text("SELECT status, wanted FROM call WHERE id = :id FOR NO KEY UPDATE")
_INCIDENT = text(
    "SELECT id, cause, dossier_id, partner, call_id, event_id, task, facts, actions, status"
    " FROM incident WHERE id = :id FOR UPDATE"
)
_CALL = text("SELECT task, report_seq, operation, step, body FROM call WHERE id = :id FOR UPDATE")
_UNMADE = text(
    "UPDATE call SET status = 'withdrawn', holds = false, settled_at = now() WHERE dossier_id = :dossier"
    " AND partner = :partner AND status = 'incident' AND key = '' AND task IS NOT DISTINCT FROM :task"
    " AND report_seq IS NOT DISTINCT FROM :seq RETURNING task, report_seq, operation, step, body"
)
_AGAIN = text(
    "UPDATE call SET status = :status, due_at = now(), lease_until = NULL, holds = true,"
    " earlier_asks = earlier_asks + asks, asks = 0, absents = 0, sends = 0, settled_at = NULL WHERE id = :id"
)
_DONE = text(
    "UPDATE call SET status = 'done', holds = false, reply = CAST(:reply AS jsonb), fault = :fault, settled_at = now(),"
    " detail = :detail, lease_until = NULL WHERE id = :id"
)
_EVENT_AGAIN = text(
    "UPDATE event SET status = 'pending', starts = 0, lone_starts = 0, lease_until = NULL WHERE id = :id"
)
_PAUSE = text(
    "UPDATE partner SET paused = true, paused_reason = :reason, revision = revision + 1 WHERE name = :name"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident held by this transaction. *call_wanted*: the task of its call still is."""

    id: int
    cause: str
    dossier_id: int
    partner: str | None
    call_id: int | None
    event_id: int | None
    task: str | None
    facts: Mapping[str, Json]
    actions: tuple[str, ...]
    status: str
    call_status: str | None
    call_wanted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcernedCall:
    """The call that an incident is about."""

    task: str | None
    report_seq: int | None
    operation: str
    step: str | None
    body: Json


def take(connection: Connection, incident: int) -> OpenIncident | None:
    """Lock an incident, after its dossier and its call as everybody does; None when there is none of this id."""
    concerns = connection.execute(_CONCERNS, {"id": incident}).one_or_none()
    if concerns is None:
        return None
    connection.execute(_LOCK_DOSSIER, {"id": concerns[0]})
    call = connection.execute(_LOCK_CALL, {"id": concerns[1]}).one_or_none()
    call_status, call_wanted = (None, True) if call is None else (call[0], call[1])
    row = connection.execute(_INCIDENT, {"id": incident}).mappings().one()
    return OpenIncident(
        **{**row, "actions": tuple(row["actions"])}, call_status=call_status, call_wanted=call_wanted
    )


def concerned_call(connection: Connection, call: int) -> ConcernedCall:
    return ConcernedCall(**connection.execute(_CALL, {"id": call}).mappings().one())


def send_again(connection: Connection, call: int, *, status: str) -> None:
    """Let a call be sent (``pending``) or asked after (``unknown``) now, with its counts forgotten."""
    connection.execute(_AGAIN, {"id": call, "status": status})
    notify(connection, calls.CHANNEL)


def end_call(connection: Connection, call: int, reply: Json, detail: str) -> None:
    """Call it done with *reply*, and let its lane go on."""
    connection.execute(_DONE, {"id": call, "reply": json_text(reply), "fault": None, "detail": detail})
    notify(connection, calls.CHANNEL)


def withdraw_unmade(connection: Connection, incident: OpenIncident) -> ConcernedCall | None:
    """Take the call that could not be composed out of its lane; None where there is none."""
    row = (
        connection.execute(
            _UNMADE,
            {
                "dossier": incident.dossier_id,
                "partner": incident.partner,
                "task": incident.task,
                "seq": incident.facts.get("report_seq"),
            },
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else ConcernedCall(**row)


def apply_again(connection: Connection, event: int) -> None:
    """Give an event that was set aside to the appliers again."""
    connection.execute(_EVENT_AGAIN, {"id": event})
    notify(connection, CHANNEL)


def pause(connection: Connection, partner: str | None, reason: str) -> None:
    connection.execute(_PAUSE, {"name": partner, "reason": reason})
