"""What an admin does about an incident: each act in one transaction with its audit line, closed only when it is dealt with.

``retry`` and ``skip`` of a parked token and of a report's call go through an event, like all that changes a dossier. Acts on
a call change the call and let the lane go on.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, RowMapping, text

from engine import errors
from engine.exchange.ports import Json
from engine.storage import events, incidents
from engine.storage.database import Store, json_text, notify

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
    "UPDATE call SET status = :status, due_at = now(), lease_until = NULL, holds = true, asks = 0, absents = 0,"
    " sends = 0, settled_at = NULL WHERE id = :id"
)
_DONE = text(
    "UPDATE call SET status = 'done', holds = false, reply = CAST(:reply AS jsonb), fault = :fault, settled_at = now(),"
    " detail = :detail, lease_until = NULL WHERE id = :id"
)
_AUDIT = text(
    "INSERT INTO audit (who, what, dossier_id, facts, reason)"
    " VALUES (:who, :what, :dossier, CAST(:facts AS jsonb), :reason)"
)
_EVENT_AGAIN = text(
    "UPDATE event SET status = 'pending', starts = 0, lone_starts = 0, lease_until = NULL WHERE id = :id"
)
_PAUSE = text("UPDATE partner SET paused = true, paused_reason = :reason WHERE name = :name")


def act(
    store: Store,
    incident: int,
    action: str,
    data: Mapping[str, Json] | None = None,
    *,
    by: str,
    reason: str,
) -> None:
    """Do *action* about an open incident.

    ``done`` takes *data* as the partner's reply; ``skip`` goes on as if done, with *data* as variables.

    Raises:
        IncidentNotFound; IncidentClosed; ActionRefused: not one of the incident's actions.
    """
    with store.transaction() as connection:
        row = connection.execute(_INCIDENT, {"id": incident}).mappings().one_or_none()
        if row is None:
            raise errors.IncidentNotFound(incident=incident)
        if row["status"] == "closed":
            raise errors.IncidentClosed(incident=incident)
        if action not in row["actions"]:
            raise errors.ActionRefused(incident=incident, action=action, known=", ".join(row["actions"]))
        _ACTS[action](connection, row, data or {}, by, reason)
        incidents.close(connection, incident, by=by, resolution=action)
        connection.execute(
            _AUDIT,
            {
                "who": by,
                "what": f"incident-{action}",
                "dossier": row["dossier_id"],
                "facts": json_text({"incident": incident, "cause": row["cause"]}),
                "reason": reason,
            },
        )


type_data = Mapping[str, Json]


def _resend(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    connection.execute(_AGAIN, {"id": row["call_id"], "status": "pending"})
    notify(connection, "lienthong_call")


def _ask(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    connection.execute(_AGAIN, {"id": row["call_id"], "status": "unknown"})
    notify(connection, "lienthong_call")


def _done(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    _end_call(connection, row, dict(data), "answered by an admin")
    events.append(connection, row["dossier_id"], "call-settled", {"call": row["call_id"], "by": by})


def _retry(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    if row["call_id"] is not None:
        _resend(connection, row, data, by, reason)
    elif row["event_id"] is not None:
        connection.execute(_EVENT_AGAIN, {"id": row["event_id"]})
        notify(connection, events.CHANNEL)
    else:
        _tell(connection, row, "retry", data, by, reason)


def _recompose(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    call = _withdraw_unmade(connection, row)
    _tell(connection, row, "retry", data, by, reason, call=call)


def _skip(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    if row["call_id"] is not None:
        call: RowMapping | None = connection.execute(_CALL, {"id": row["call_id"]}).mappings().one()
        _end_call(connection, row, None, f"skipped: {reason}")
    else:
        call = _withdraw_unmade(connection, row)
    _tell(connection, row, "skip", data, by, reason, call=call)


def _withdraw_unmade(connection: Connection, row: RowMapping) -> RowMapping | None:
    """Take the call that could not be composed out of its lane; None where there is none."""
    seq = row["facts"].get("report_seq")
    found = connection.execute(
        _UNMADE, {"dossier": row["dossier_id"], "partner": row["partner"], "task": row["task"], "seq": seq}
    )
    return found.mappings().one_or_none()


def _close(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    """Nothing to do but to say that it was seen."""


def _pause(connection: Connection, row: RowMapping, data: type_data, by: str, reason: str) -> None:
    connection.execute(_PAUSE, {"name": row["partner"], "reason": reason})


def _end_call(connection: Connection, row: RowMapping, reply: Json, detail: str) -> None:
    connection.execute(
        _DONE,
        {"id": row["call_id"], "reply": json_text(reply), "fault": None, "detail": detail},
    )
    notify(connection, "lienthong_call")


def _tell(
    connection: Connection,
    row: RowMapping,
    act_: str,
    data: type_data,
    by: str,
    reason: str,
    *,
    call: RowMapping | None = None,
) -> None:
    body = call["body"] if call is not None else {}
    payload: dict[str, Json] = {
        "act": act_,
        "task": row["task"],
        "data": dict(data),
        "by": by,
        "reason": reason,
        "incident": row["id"],
        "partner": row["partner"],
        "report_seq": call["report_seq"] if call is not None else None,
        "operation": call["operation"] if call is not None else None,
        "step": call["step"] if call is not None else None,
        "inputs": body.get("inputs") if isinstance(body, dict) else None,
    }
    events.append(connection, row["dossier_id"], "resolved", payload)


_ACTS: Mapping[str, Callable[[Connection, RowMapping, type_data, str, str], None]] = {
    "resend": _resend,
    "ask": _ask,
    "done": _done,
    "accept": _done,
    "retry": _retry,
    "recompose": _recompose,
    "skip": _skip,
    "close": _close,
    "pause": _pause,
}
