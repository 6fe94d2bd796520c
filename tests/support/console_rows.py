"""Calls, messages and incidents as workers leave them, for pages to show; written past them, since pages only read."""

import itertools
import json

from sqlalchemy import text

from engine.storage import partners
from tests.support.counter import Counter

_NUMBERS = itertools.count(1)
_CALL = text(
    "INSERT INTO call (dossier_id, partner, operation, key, body, element, repeat, timeout_s, status, holds, attempt,"
    " sent_at, due_at, detail) SELECT id, 'agency', 'ask', :key, CAST(:body AS jsonb), 'check', :repeat, 5, :status, true,"
    " 1, now(), now() + interval '1 hour', :detail FROM dossier WHERE code = :code RETURNING id"
)
_ATTEMPT = text(
    "INSERT INTO attempt (call_id, ask, number, worker, started_at, ended_at, outcome, http_status, detail, request, reply,"
    " partner) VALUES (:call, false, 1, 'w1', now() - interval '1 s', now(), 'unknown', 502, '', :request, :reply, 'agency')"
)
_MESSAGE = text(
    "INSERT INTO message (source, message_id, body_sha256, name, key, payload, body, status, dossier_id)"
    " VALUES ('agency', :id, 'x', :name, :key, CAST(:payload AS jsonb), :body, :status,"
    " (SELECT id FROM dossier WHERE code = :of)) RETURNING id"
)
_INCIDENT = text(
    "INSERT INTO incident (cause, dossier_id, partner, call_id, event_id, title, facts, actions)"
    " SELECT :cause, d.id, :partner, :call, :event, :title, '{}', CAST(:actions AS jsonb) FROM dossier d"
    " WHERE d.code = :code RETURNING id"
)


_REFUSAL = text(
    "INSERT INTO refusal (source, operation, code, reason, body_sha256, size_bytes)"
    " VALUES ('agency', 'answer', 'message-refused', :reason, 'x', 7)"
)


def add_refusal(counter: Counter, reason: str = "body.ma is missing") -> None:
    """A message of the agency that was not taken."""
    with counter.store.transaction() as connection:
        connection.execute(_REFUSAL, {"reason": reason})


def add_call(
    counter: Counter, code: str, status: str = "unknown", *, repeat: str = "queryable", detail: str = ""
) -> int:
    """A call that was sent once, with bodies that hold personal data."""
    with counter.store.transaction() as connection:
        body = json.dumps({"inputs": {"name": "Nguyễn Văn Thử"}})
        call = connection.execute(
            _CALL,
            {"key": "k1", "body": body, "repeat": repeat, "status": status, "detail": detail, "code": code},
        ).scalar_one()
        partners.ensure(connection, ["agency"])
        sent, got = '{"HoTen": "Nguyễn Văn Thử"}'.encode(), "<r><HoTen>Trần Thị Mẫu</HoTen></r>".encode()
        connection.execute(_ATTEMPT, {"call": call, "request": sent, "reply": got})
    return int(call)


def add_message(
    counter: Counter, name: str, key: str, status: str = "unclaimed", *, of: str | None = None
) -> int:
    """A message with personal data; *of*: the code of the dossier that it is known to be for."""
    with counter.store.transaction() as connection:
        return int(
            connection.execute(
                _MESSAGE,
                {
                    "id": f"m-{next(_NUMBERS)}",
                    "name": name,
                    "key": key,
                    "payload": '{"who": "Lê Thị Giấu"}',
                    "body": '{"who": "Lê Thị Giấu"}'.encode(),
                    "status": status,
                    "of": of,
                },
            ).scalar_one()
        )


def add_incident(
    counter: Counter,
    code: str,
    *,
    cause: str = "poison-event",
    title: str = "an event that cannot be applied",
    actions: tuple[str, ...] = ("retry", "close"),
    event: int | None = None,
    call: int | None = None,
    partner: str | None = None,
) -> int:
    with counter.store.transaction() as connection:
        given = {
            "cause": cause,
            "title": title,
            "event": event,
            "call": call,
            "partner": partner,
            "code": code,
        }
        return int(connection.execute(_INCIDENT, {**given, "actions": json.dumps(actions)}).scalar_one())


def set_aside(counter: Counter, code: str) -> int:
    """An event of the dossier that was set aside: harmless, so that retrying it works."""
    statement = text(
        "INSERT INTO event (dossier_id, kind, payload, status, starts, lone_starts)"
        " SELECT id, 'calendar-changed', '{\"calendar\": \"default\"}', 'set_aside', 3, 3 FROM dossier WHERE code = :code"
        " RETURNING id"
    )
    with counter.store.transaction() as connection:
        return int(connection.execute(statement, {"code": code}).scalar_one())
