"""Dossier rows as they come in: the day's next number, the row, the first line of its timeline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.database import json_text
from engine.storage.writes import octets

_NEXT_NUMBER = text(
    "INSERT INTO dossier_counter (unit, day, last) VALUES (:unit, :day, 1)"
    " ON CONFLICT (unit, day) DO UPDATE SET last = dossier_counter.last + 1 RETURNING last"
)
_ACTIVE = text("SELECT active_deployment_id FROM procedure WHERE code = :code")
_UNIT = text(
    "SELECT 1 FROM unit WHERE code = :code AND valid_from <= :day AND (valid_to IS NULL OR valid_to > :day)"
)
_DOSSIER = text(
    """
    INSERT INTO dossier (code, procedure_code, deployment_id, channel, delivery, applicant, applicant_search, data,
        receiving_unit, competent_unit, returning_unit, submitted_at, access_code, salt, timeline_seq, timeline_head,
        created_by)
    VALUES (:code, :procedure, :deployment, :channel, :delivery, CAST(:applicant AS jsonb), :search,
        CAST(:data AS jsonb), :receiving, :competent, :returning, :now, :access, :salt, 1, decode(:head, 'base64'), :by)
    RETURNING id
    """
)
_TIMELINE = text(
    "INSERT INTO timeline (dossier_id, seq, body, hash)"
    " VALUES (:id, 1, decode(:body, 'base64'), decode(:hash, 'base64'))"
)
_KNOWN = text(
    "SELECT d.id, d.code FROM event e JOIN dossier d ON d.id = e.dossier_id WHERE e.external_id = :external"
)
_BY_CODE = text("SELECT id, status FROM dossier WHERE code = :code")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDossier:
    """A dossier to insert; *body* and *head* are the first entry of its timeline and its hash."""

    code: str
    procedure: str
    deployment: int
    channel: str
    delivery: str
    applicant: Mapping[str, Json]
    search: str
    data: Mapping[str, Json]
    receiving: str
    competent: str
    returning: str
    now: datetime
    access: str
    salt: bytes
    by: str
    body: bytes
    head: bytes


def known_submission(connection: Connection, external_id: str) -> tuple[int, str] | None:
    """(id, code) of the dossier that an event of this id made, if it came before."""
    row = connection.execute(_KNOWN, {"external": external_id}).one_or_none()
    return None if row is None else (row[0], row[1])


def active_deployment(connection: Connection, procedure: str) -> int | None:
    """The deployment that new dossiers of *procedure* run."""
    deployment: int | None = connection.scalar(_ACTIVE, {"code": procedure})
    return deployment


def unit_holds(connection: Connection, code: str, day: date) -> bool:
    """Whether *code* is a unit on *day*."""
    return connection.scalar(_UNIT, {"code": code, "day": day}) is not None


def next_number(connection: Connection, unit: str, day: date) -> int:
    """The unit's next running number of the day; whoever comes second waits until we commit."""
    number: int = connection.execute(_NEXT_NUMBER, {"unit": unit, "day": day}).scalar_one()
    return number


def insert(connection: Connection, dossier: NewDossier) -> int:
    """Write the dossier and the first line of its timeline; its id."""
    columns = {name: getattr(dossier, name) for name in NewDossier.__dataclass_fields__}
    columns |= {
        "applicant": json_text(dict(dossier.applicant)),
        "data": json_text(dict(dossier.data)),
        "head": octets(dossier.head),
    }
    identifier: int = connection.execute(_DOSSIER, columns).scalar_one()
    first = {"id": identifier, "body": octets(dossier.body), "hash": octets(dossier.head)}
    connection.execute(_TIMELINE, first)
    return identifier


def find_status(connection: Connection, code: str) -> tuple[int, int] | None:
    """(id, status) of the dossier with this code."""
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    return None if row is None else (row[0], row[1])
