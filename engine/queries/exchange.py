"""What calls carried, and messages, as pages read them: a call's bodies and attempts, messages by filter and one by one.

Calls by filter are in `call_list`.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors
from engine.exchange.ports import Json

CALL_STATES = ("pending", "held", "sending", "unknown", "incident", "refused", "done", "withdrawn")
MESSAGE_STATES = ("kept", "met", "delivered", "unclaimed", "ambiguous", "rejected")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sending or asking, with the very bytes."""

    ask: bool
    number: int
    worker: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    http_status: int | None
    detail: str
    request: bytes | None
    reply: bytes | None
    contract_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """What a list of messages is narrowed to; None does not narrow. *status* may be ``untaken``: a person must take it in hand.

    *since* … *until*, the latter not included, is when they came.
    """

    status: str | None = None
    source: str | None = None
    name: str | None = None
    dossier: str | None = None
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    repeated: bool | None = None
    signature: str | None = None  # good; empty: those of whom none was asked


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """A message without its body."""

    id: int
    source: str
    message_id: str
    name: str
    key: str
    dossier: str | None
    units: tuple[str, ...]
    status: str
    received_at: datetime
    keep_until: datetime | None
    delivered_at: datetime | None
    repeats: int
    repeated_at: datetime | None
    trace: str | None
    signature: str  # good; empty: none was agreed on


_UNITS = "ARRAY[d.receiving_unit, d.competent_unit, d.returning_unit]"
_MESSAGE_COLUMNS = (
    f"m.id, m.source, m.message_id, m.name, m.key, d.code AS dossier, {_UNITS} AS units, m.status, m.received_at,"
    " m.keep_until, m.delivered_at, m.repeats, m.repeated_at, m.trace, m.signature"
)
_MESSAGE_CLAUSES = {
    "status": "m.status = :status",
    "source": "m.source = :source",
    "name": "m.name = :name",
    "dossier": "d.code = :dossier",
    "unit": ":unit IN (d.receiving_unit, d.competent_unit, d.returning_unit)",
    "since": "m.received_at >= :since",
    "until": "m.received_at < :until",
    "repeated": "(m.repeats > 0) = :repeated",
    "signature": "m.signature = :signature",
}
_UNTAKEN = "m.status IN ('unclaimed', 'ambiguous')"
_CALL_BODY = text("SELECT body, reply FROM call WHERE id = :id")
_ATTEMPTS = text(
    "SELECT ask, number, worker, started_at, ended_at, outcome, http_status, detail, request, reply, contract_hash"
    " FROM attempt WHERE call_id = :id ORDER BY started_at, ask, number"
)
_MESSAGE = text(
    f"SELECT {_MESSAGE_COLUMNS} FROM message m LEFT JOIN dossier d ON d.id = m.dossier_id WHERE m.id = :id"
)
_MESSAGE_BODY = text("SELECT payload, body FROM message WHERE id = :id")


def call_bodies(connection: Connection, call: int) -> tuple[Json, Json]:
    """What a call that exists is made of (its inputs), and the reply that settled it: personal data."""
    row = connection.execute(_CALL_BODY, {"id": call}).one()
    return row[0], row[1]


def attempts(connection: Connection, call: int) -> list[Attempt]:
    """Every attempt of a call, oldest first."""
    return [
        Attempt(**{**row, "request": _bytes(row["request"]), "reply": _bytes(row["reply"])})
        for row in connection.execute(_ATTEMPTS, {"id": call}).mappings()
    ]


def find_messages(
    connection: Connection, wanted: MessageFilter, *, after: int | None, limit: int
) -> list[MessageLine]:
    """The newest messages that fit, at most *limit*; *after* is the id of the last one of the page before."""
    clauses, given = _where(wanted)
    clauses += ["m.id < :after"] if after is not None else []
    statement = text(
        f"SELECT {_MESSAGE_COLUMNS} FROM message m LEFT JOIN dossier d ON d.id = m.dossier_id {_and(clauses)}"
        " ORDER BY m.id DESC LIMIT :limit"
    )
    rows = connection.execute(statement, {**given, "after": after, "limit": limit})
    return [MessageLine(**{**row, "units": tuple(row["units"])}) for row in rows.mappings()]


def count_untaken(connection: Connection, wanted: MessageFilter) -> tuple[int, int]:
    """Of those that fit whatever their state: how many nobody took, and how often any of them came again."""
    clauses, given = _where(replace(wanted, status=None, repeated=None))
    clauses.append(f"({_UNTAKEN} OR m.repeats > 0)")
    statement = text(
        f"SELECT count(*) FILTER (WHERE {_UNTAKEN}), coalesce(sum(m.repeats), 0)"
        f" FROM message m LEFT JOIN dossier d ON d.id = m.dossier_id {_and(clauses)}"
    )
    untaken, repeats = connection.execute(statement, given).one()
    return int(untaken), int(repeats)


def get_message(connection: Connection, message: int) -> MessageLine:
    """Raises: MessageNotFound."""
    row = connection.execute(_MESSAGE, {"id": message}).mappings().one_or_none()
    if row is None:
        raise errors.MessageNotFound(message=message)
    return MessageLine(**{**row, "units": tuple(row["units"])})


def message_body(connection: Connection, message: int) -> tuple[Json, bytes | None]:
    """What a message that exists says, as read and as it came: personal data."""
    row = connection.execute(_MESSAGE_BODY, {"id": message}).one()
    return row[0], _bytes(row[1])


def _where(wanted: MessageFilter) -> tuple[list[str], dict[str, object]]:
    given = {name: getattr(wanted, name) for name in _MESSAGE_CLAUSES if getattr(wanted, name) is not None}
    clauses = {name: _MESSAGE_CLAUSES[name] for name in given}
    if wanted.status == "untaken":
        clauses["status"] = _UNTAKEN
        del given["status"]
    if wanted.signature:
        clauses["signature"] = "m.signature <> ''"  # there is one way to be right; the index has these
        del given["signature"]
    if wanted.repeated:
        clauses["repeated"] = "m.repeats > 0"
        del given["repeated"]
    return list(clauses.values()), given


def _bytes(found: object) -> bytes | None:
    return bytes(found) if isinstance(found, bytes | memoryview) else None


def _and(clauses: list[str]) -> str:
    return f"WHERE {' AND '.join(clauses)}" if clauses else ""
