"""Documents: content by its SHA-256 in chunks, stored once whoever sends it, and which dossier holds which.

What may be stored is decided in `engine.actions.documents`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

CHUNK_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """A document of a dossier; *code* names the paper in the procedure's list."""

    code: str
    name: str
    media_type: str
    sha256: str
    size_bytes: int


# Handed in again is as good as new: `purge` waits for this row, and then looks at it again.
_AGAIN = text("UPDATE document_chunk SET stored_at = now() WHERE sha256 = :sha256 AND seq = 0 RETURNING seq")

_PUT = text(
    "INSERT INTO document_chunk (sha256, seq, content) VALUES (:sha256, :seq, :content) ON CONFLICT DO NOTHING"
)

_ATTACH = text(
    """
    INSERT INTO document (dossier_id, component, name, media_type, sha256, size_bytes)
    SELECT :dossier, :code, :name, :media_type, :sha256, :size
    WHERE NOT EXISTS (SELECT 1 FROM document WHERE dossier_id = :dossier AND component = :code AND sha256 = :sha256)
    """
)

# Before anything is looked at: the list is made of what is committed by then, whoever attaches at the same moment.
_LOCK = text("SELECT id FROM dossier WHERE id = :dossier FOR NO KEY UPDATE")

_TELL = text(
    """
    UPDATE dossier SET changed_at = now(), record = jsonb_set(record, '{documents}', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('code', component, 'name', name, 'media_type', media_type,
            'sha256', sha256, 'size_bytes', size_bytes) ORDER BY id), '[]')
        FROM document WHERE dossier_id = :dossier))
    WHERE id = :dossier
    """
)

_PURGE = text(
    """
    WITH gone AS (
        DELETE FROM document_chunk c WHERE seq = 0 AND stored_at < now() - make_interval(days => :days)
            AND NOT EXISTS (SELECT 1 FROM document d WHERE d.sha256 = c.sha256)
        RETURNING sha256),
    rest AS (DELETE FROM document_chunk c USING gone WHERE c.sha256 = gone.sha256 AND c.seq > 0)
    SELECT count(*) FROM gone
    """
)

_CHUNK = text("SELECT content FROM document_chunk WHERE sha256 = :sha256 AND seq = :seq")


def put(connection: Connection, sha256: str, content: bytes) -> None:
    """Store *content* under its digest unless it is there already."""
    if connection.scalar(_AGAIN, {"sha256": sha256}) is not None:
        return
    for seq, start in enumerate(range(0, len(content), CHUNK_BYTES)):
        connection.execute(
            _PUT, {"sha256": sha256, "seq": seq, "content": content[start : start + CHUNK_BYTES]}
        )


def attach(connection: Connection, dossier: int, rows: Sequence[DocumentRow]) -> None:
    """Have these documents in the dossier's list and in what models read; the same paper and content is there once."""
    if rows:
        connection.execute(_LOCK, {"dossier": dossier})
    for row in rows:
        connection.execute(
            _ATTACH,
            {
                "dossier": dossier,
                "code": row.code,
                "name": row.name,
                "media_type": row.media_type,
                "sha256": row.sha256,
                "size": row.size_bytes,
            },
        )
    if rows:
        connection.execute(_TELL, {"dossier": dossier})


def purge(connection: Connection, *, days: int) -> int:
    """Drop the content that no dossier lists and nobody handed in for *days*: of submissions that were refused. How many."""
    return int(connection.execute(_PURGE, {"days": days}).scalar_one())


def content(connection: Connection, sha256: str) -> Iterator[bytes]:
    """The chunks of a document in order, read one by one."""
    seq = 0
    while (chunk := connection.scalar(_CHUNK, {"sha256": sha256, "seq": seq})) is not None:
        yield bytes(chunk)
        seq += 1
