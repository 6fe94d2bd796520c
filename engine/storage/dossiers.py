"""Dossier rows as they come in: the day's next number, the row, the first line of its timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from engine.exchange.ports import Json
from engine.storage.access import StoredAnswer, columns, stored_answer
from engine.storage.database import json_text
from engine.storage.documents import DocumentRow
from engine.storage.events import CHANNEL
from engine.storage.statements import Statement, together
from engine.storage.waking import committing
from engine.storage.writes import octets

# The number is taken last, and only where a dossier will be: whoever comes second for it waits until we commit.
_GROUND = Statement(
    """
    WITH ground AS MATERIALIZED (SELECT k.id, k.code, k.kind, k.request,
        (SELECT active_deployment_id FROM procedure WHERE code = :procedure) AS deployment,
        ARRAY(SELECT u.code FROM unit u WHERE u.code = ANY(CAST(:units AS text[])) AND u.valid_from <= :day
            AND (u.valid_to IS NULL OR u.valid_to > :day)) AS units,
        i.request_sha256, i.http_status, i.response, i.content_type, i.location, i.etag
    FROM (SELECT 1) AS one LEFT JOIN (SELECT d.id, d.code, e.kind, e.payload ->> 'request' AS request
        FROM event e JOIN dossier d ON d.id = e.dossier_id WHERE e.external_id = :external) k ON true
        LEFT JOIN idempotency i ON i.principal = :principal AND i.key = :key),
    counted AS (INSERT INTO dossier_counter (unit, day, last)
        SELECT :receiving, :day, 1 FROM ground
        WHERE id IS NULL AND deployment IS NOT NULL AND cardinality(units) = cardinality(CAST(:units AS text[]))
            AND (request_sha256 IS NULL OR request_sha256 = :request AND http_status IS NULL)
        ON CONFLICT (unit, day) DO UPDATE SET last = dossier_counter.last + 1 RETURNING last)
    SELECT id, code, kind, request, deployment, units, (SELECT last FROM counted),
        request_sha256, http_status, response, content_type, location, etag FROM ground
    """
)
_INSERT = """
    WITH d AS (INSERT INTO dossier (code, procedure_code, deployment_id, channel, delivery, applicant, applicant_search, data,
        receiving_unit, competent_unit, returning_unit, submitted_at, access_code, salt, timeline_seq, timeline_head,
        created_by, record)
    VALUES (:code, :procedure, :deployment, :channel, :delivery, CAST(:applicant AS jsonb), :search,
        CAST(:data AS jsonb), :receiving, :competent, :returning, :now, :access, :salt, 1, decode(:head, 'base64'), :by,
        CAST(:record AS jsonb))
        RETURNING id),
    t AS (INSERT INTO timeline (dossier_id, seq, body, hash)
        SELECT id, 1, decode(:body, 'base64'), decode(:head, 'base64') FROM d),
    e AS (INSERT INTO event (dossier_id, kind, payload, external_id, trace)
        SELECT id, 'submitted', CAST(:payload AS jsonb), :external, :trace FROM d),
    p AS (INSERT INTO document (dossier_id, component, name, media_type, sha256, size_bytes)
        SELECT d.id, p.code, p.name, p.media_type, p.sha256, p.size_bytes FROM d, ROWS FROM (
            jsonb_to_recordset(CAST(:record AS jsonb) -> 'documents')
            AS (code text, name text, media_type text, sha256 text, size_bytes bigint)
        ) WITH ORDINALITY p ORDER BY ordinality),
    a AS (INSERT INTO idempotency AS i (principal, key, request_sha256, http_status, response, content_type, location, etag)
        SELECT CAST(:principal AS text), CAST(:key AS text), CAST(:request AS text), CAST(:status AS integer),
            CAST(:response AS bytea), CAST(:content_type AS text), CAST(:location AS text), CAST(:etag AS text)
        WHERE CAST(:principal AS text) IS NOT NULL
        ON CONFLICT (principal, key) DO UPDATE SET http_status = excluded.http_status, response = excluded.response,
            content_type = excluded.content_type, location = excluded.location, etag = excluded.etag
        WHERE i.http_status IS NULL AND i.request_sha256 = excluded.request_sha256){indexed}
    SELECT id FROM d
    """
_INDEXED = """,
    x AS (INSERT INTO dossier_index (dossier_id, name, value)
        SELECT d.id, v.key, v.value FROM d, jsonb_each_text(CAST(:indexed AS jsonb)) v)"""
_DOSSIER = Statement(_INSERT.format(indexed=""))
_DOSSIER_INDEXED = Statement(_INSERT.format(indexed=_INDEXED))
_KNOWN = text(
    "SELECT d.id, d.code, e.kind, e.payload ->> 'request' AS request FROM event e JOIN dossier d ON d.id = e.dossier_id"
    " WHERE e.external_id = :external"
)
_BY_CODE = text("SELECT id, status FROM dossier WHERE code = :code")
_LOCK = text("SELECT id FROM dossier WHERE code = :code FOR NO KEY UPDATE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that may come again: the id of what it does, its digest, and the key that *principal* gave it, if any."""

    external_id: str
    request: str | None = None
    principal: str | None = None
    key: str | None = None


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
    indexed: Mapping[str, str | None]
    trace: str | None
    documents: Sequence[DocumentRow]
    asked: Asked
    answer: StoredAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """The dossier that an event from outside is of, its kind, and the digest of the request that it came with, if any."""

    id: int
    code: str
    kind: str
    request: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a submission stands on.

    *known* is what came under its id before, *used* the digest of the request that came under its key, *answer* what that
    one was told. *units* are those that are units on the day. *number* is the receiving unit's next of the day; None where
    any of the others speaks against a dossier.
    """

    known: KnownRequest | None
    used: str | None
    answer: StoredAnswer | None
    deployment: int | None
    units: frozenset[str]
    number: int | None


def known_request(connection: Connection, external_id: str) -> KnownRequest | None:
    """What came before under this id."""
    row = connection.execute(_KNOWN, {"external": external_id}).mappings().one_or_none()
    return None if row is None else KnownRequest(**row)


def ground(connection: Connection, asked: Asked, procedure: str, units: Sequence[str], day: date) -> Ground:
    """All that must be known before a dossier of *procedure* is written, in one statement that begins a `Store.terse`;
    *units* begin with the receiving one, and name each once."""
    given = {
        "external": asked.external_id,
        "request": asked.request,
        "principal": asked.principal,
        "key": asked.key,
        "procedure": procedure,
        "units": [*units],
        "receiving": units[0],
        "day": day,
    }
    with together(connection, begin=True):
        sent = _GROUND.send(connection, given)
    [row] = sent.fetchall()
    known = KnownRequest(id=row[0], code=row[1], kind=row[2], request=row[3]) if row[0] is not None else None
    return Ground(
        known=known,
        used=row[7],
        answer=stored_answer(row[8:]),
        deployment=row[4],
        units=frozenset(row[5]),
        number=row[6],
    )


def insert(connection: Connection, dossier: NewDossier) -> int:
    """Write the dossier, its papers, the first line of its timeline, its first event and the answer, commit, and wake the
    appliers; its id.

    Raises: StoreConflict: the very submission was committed meanwhile.
    """
    given = {name: getattr(dossier, name) for name in NewDossier.__dataclass_fields__}
    given |= asdict(dossier.asked) | columns(dossier.answer)
    given |= {
        "applicant": json_text(dict(dossier.applicant)),
        "data": json_text(dict(dossier.data)),
        "head": octets(dossier.head),
        "body": octets(dossier.body),
        "payload": json_text(dossier.payload),
        "external": dossier.asked.external_id,
        "indexed": json_text(dict(dossier.indexed)),
        "record": json_text(_record(dossier.documents)),
    }
    statement = _DOSSIER_INDEXED if dossier.indexed else _DOSSIER
    with committing(connection, CHANNEL):
        sent = statement.send(connection, given)
    [(identifier,)] = sent.fetchall()
    return int(identifier)


def _record(documents: Sequence[DocumentRow]) -> Json:
    """What models read of a dossier that has just come: its papers, the same paper and content once."""
    listed: dict[tuple[str, str], Json] = {}
    for row in documents:
        listed.setdefault((row.code, row.sha256), asdict(row))
    return {"documents": [*listed.values()]} if listed else {}


def find_status(connection: Connection, code: str) -> tuple[int, int] | None:
    """(id, status) of the dossier with this code."""
    row = connection.execute(_BY_CODE, {"code": code}).one_or_none()
    return None if row is None else (row[0], row[1])


def lock(connection: Connection, code: str) -> None:
    """Hold the dossier with this code, if there is one, until the end of the transaction, as appliers do."""
    connection.execute(_LOCK, {"code": code})
