"""The documents that a dossier holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from engine import errors

_LIST = text(
    "SELECT component AS code, name, media_type, sha256, size_bytes, uploaded_at"
    " FROM document WHERE dossier_id = :id ORDER BY id"
)

_ONE = text(
    "SELECT component AS code, name, media_type, sha256, size_bytes, uploaded_at"
    " FROM document WHERE dossier_id = :id AND sha256 = :sha256 ORDER BY id LIMIT 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """A document without its content."""

    code: str
    name: str
    media_type: str
    sha256: str
    size_bytes: int
    uploaded_at: datetime


def list_documents(connection: Connection, dossier: int) -> list[StoredDocument]:
    """A dossier's documents in the order in which they came."""
    return [StoredDocument(**row) for row in connection.execute(_LIST, {"id": dossier}).mappings()]


def get_document(connection: Connection, dossier: int, sha256: str, *, code: str) -> StoredDocument:
    """The document with this digest in dossier *code* (whose id is *dossier*).

    Raises: DocumentNotFound.
    """
    row = connection.execute(_ONE, {"id": dossier, "sha256": sha256}).mappings().first()
    if row is None:
        raise errors.DocumentNotFound(dossier=code, sha256=sha256)
    return StoredDocument(**row)
