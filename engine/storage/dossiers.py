"""Dossier rows as they come in: the day's next number, the row, the first line of its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from engine import errors
from engine.exchange.ports import Json
from engine.storage.access import KeyedAnswer, keyed
from engine.storage.database import json_text
from engine.storage.events import CHANNEL
from engine.storage.writes import octets

# The number is taken last, and only where a dossier will be: whoever comes second for it waits until we commit.
_GROUND = text(
    """
    WITH ground AS MATERIALIZED (SELECT k.id, k.code, k.kind, k.request,
        (SELECT active_deployment_id FROM procedure WHERE code = :procedure) AS deployment,
        ARRAY(SELECT u.code FROM unit u WHERE u.code = ANY(CAST(:units AS text[])) AND u.valid_from <= :day
            AND (u.valid_to IS NULL OR u.valid_to > :day)) AS units
    FROM (SELECT 1) AS one LEFT JOIN (SELECT d.id, d.code, e.kind, e.payload ->> 'request' AS request
        FROM event e JOIN dossier d ON d.id = e.dossier_id WHERE e.external_id = :external) k ON true),
    counted AS (INSERT INTO dossier_counter (unit, day, last)
        SELECT :receiving, :day, 1 FROM ground
        WHERE id IS NULL AND deployment IS NOT NULL AND cardinality(units) = cardinality(CAST(:units AS text[]))
        ON CONFLICT (unit, day) DO UPDATE SET last = dossier_counter.last + 1 RETURNING last)
    SELECT id, code, kind, request, deployment, units, (SELECT last FROM counted) FROM ground
    """
)
_INSERT = """
    WITH d AS (INSERT INTO dossier (code, procedure_code, deployment_id, channel, delivery, applicant, applicant_search, data,
        receiving_unit, competent_unit, returning_unit, submitted_at, access_code, salt, timeline_seq, timeline_head,
        created_by)
    VALUES (:code, :procedure, :deployment, :channel, :delivery, CAST(:applicant AS jsonb), :search,
        CAST(:data AS jsonb), :receiving, :competent, :returning, :now, :access, :salt, 1, decode(:head, 'base64'), :by)
        RETURNING id),
    t AS (INSERT INTO timeline (dossier_id, seq, body, hash)
        SELECT id, 1, decode(:body, 'base64'), decode(:head, 'base64') FROM d),
    e AS (INSERT INTO event (dossier_id, kind, payload, external_id, trace)
        SELECT id, 'submitted', CAST(:payload AS jsonb), :external, :trace FROM d
        ON CONFLICT (external_id) DO NOTHING RETURNING id),
    a AS (UPDATE idempotency SET http_status = :status, response = :response, content_type = :content_type,
        location = :location, etag = :etag WHERE principal = :principal AND key = :key AND http_status IS NULL){indexed}
    SELECT d.id, pg_notify('{channel}', '') FROM d, e
    """
_INDEXED = """,
    x AS (INSERT INTO dossier_index (dossier_id, name, value)
        SELECT d.id, v.key, v.value FROM d, jsonb_each_text(CAST(:indexed AS jsonb)) v)"""
_DOSSIER = text(_INSERT.format(indexed="", channel=CHANNEL))
_DOSSIER_INDEXED = text(_INSERT.format(indexed=_INDEXED, channel=CHANNEL))
_KNOWN = text(
    "SELECT d.id, d.code, e.kind, e.payload ->> 'request' AS request FROM event e JOIN dossier d ON d.id = e.dossier_id"
    " WHERE e.external_id = :external"
)
_BY_CODE = text("SELECT id, status FROM dossier WHERE code = :code")
_LOCK = text("SELECT id FROM dossier WHERE code = :code FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDossier:
    """A dossier to insert; *body* and *head* are the first entry of its timeline and its hash, *indexed* is what
    it is searched by, *answer* what whoever handed it in is told when the same request comes again."""

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
    payload: Json
    external_id: str
    indexed: Mapping[str, str | None]
    trace: str | None
    answer: KeyedAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """The dossier that an event from outside is of, its kind, and the digest of the request that it came with, if any."""

    id: int
    code: str
    kind: str
    request: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a submission stands on: what came under its id before, the deployment to run, which of the units are units
    on the day, and the receiving unit's next running number of the day; None where any of the others is wrong."""

    known: KnownRequest | None
    deployment: int | None
    units: frozenset[str]
    number: int | None


def known_request(connection: Connection, external_id: str) -> KnownRequest | None:
    """What came before under this id."""
    row = connection.execute(_KNOWN, {"external": external_id}).mappings().one_or_none()
    return None if row is None else KnownRequest(**row)


def ground(
    connection: Connection, external_id: str, procedure: str, units: Sequence[str], day: date
) -> Ground:
    """All that must be known before a dossier of *procedure* is written, in one statement; *units* begin with the receiving
    one, and name each once."""
    given = {
        "external": external_id,
        "procedure": procedure,
        "units": [*units],
        "receiving": units[0],
        "day": day,
    }
    row = connection.execute(_GROUND, given).one()
    known = KnownRequest(id=row[0], code=row[1], kind=row[2], request=row[3]) if row[0] is not None else None
    return Ground(known=known, deployment=row[4], units=frozenset(row[5]), number=row[6])


def insert(connection: Connection, dossier: NewDossier) -> int:
    """Write the dossier, the first line of its timeline, its first event and the answer, and wake the appliers at commit;
    its id.

    Raises: StoreConflict: the very submission was committed meanwhile.
    """
    columns = {name: getattr(dossier, name) for name in NewDossier.__dataclass_fields__}
    columns |= keyed(columns.pop("answer"))
    columns |= {
        "applicant": json_text(dict(dossier.applicant)),
        "data": json_text(dict(dossier.data)),
        "head": octets(dossier.head),
        "body": octets(dossier.body),
        "payload": json_text(dossier.payload),
        "external": dossier.external_id,
        "indexed": json_text(dict(dossier.indexed)),
    }
    statement = _DOSSIER_INDEXED if dossier.indexed else _DOSSIER
    identifier: int | None = connection.scalar(statement, columns)
    if identifier is None:
        raise errors.StoreConflict(what="this submission")
    return identifier


def find_status(connection: Connection, code: str) -> tuple[int, int] | None:
    """(id, status) of the dossier with this code."""
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    return None if row is None else (row[0], row[1])


def lock(connection: Connection, code: str) -> None:
    """Hold the dossier with this code, if there is one, until the end of the transaction, as appliers do."""
    connection.execute(_LOCK, {"code": code})
