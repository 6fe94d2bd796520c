"""Documents come in: checked by their bytes, stored under their digest, listed in the dossier.

Content is stored before the dossier that names it, so that nothing accepted is ever without its papers.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine import errors
from engine.actions.conditions import Seen, hold_dossier
from engine.dossiers import media
from engine.dossiers.checking import Unacceptable, clean_text
from engine.exchange.ports import Json
from engine.models.procedure import Procedure
from engine.queries import dossiers, procedures
from engine.storage import access
from engine.storage import documents as repository
from engine.storage.database import Connection, Store
from engine.storage.documents import DocumentRow

MAX_BYTES = 25 * 1024 * 1024
UNLISTED_DAYS = 2
"""After which content that no dossier lists is dropped: far longer than any submission takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A paper as it was handed in, nothing of it believed yet."""

    code: str
    name: str
    media_type: str
    content: bytes


def check(
    uploads: Sequence[Upload], procedure: Procedure, *, limit_bytes: int = MAX_BYTES
) -> list[DocumentRow]:
    """What the uploads are, when the procedure takes them.

    Raises:
        DocumentRefused: unknown paper, wrong kind, bytes that are something else, empty or too large.
    """
    return [_checked(upload, procedure, limit_bytes) for upload in uploads]


def keep(store: Store, rows: Sequence[DocumentRow], uploads: Sequence[Upload]) -> None:
    """Store the content of checked uploads, one transaction each so that none is long."""
    for row, upload in zip(rows, uploads, strict=True):
        with store.transaction() as connection:
            repository.put(connection, row.sha256, upload.content)


def add(
    store: Store,
    code: str,
    uploads: Sequence[Upload],
    *,
    by: str,
    limit_bytes: int = MAX_BYTES,
    seen: Seen | None = None,
) -> list[DocumentRow]:
    """Check, store and list documents of a dossier that exists; what was listed already is listed once.

    *seen* looks at the dossier once it is locked, and raises where its caller saw something else.

    Raises:
        DossierNotFound, DocumentRefused.
        DossierOver: nothing can be added any more.
    """
    dossier, rows = bring(store, code, uploads, limit_bytes=limit_bytes)
    with store.transaction() as connection:
        hold_dossier(connection, code, seen)
        enlist(connection, dossier, rows, by=by)
    return rows


def bring(
    store: Store, code: str, uploads: Sequence[Upload], *, limit_bytes: int = MAX_BYTES
) -> tuple[int, list[DocumentRow]]:
    """Check and store documents of a dossier that exists, not yet listed: its id, and what they are.

    Raises: as `add`.
    """
    with store.reading() as connection:
        found = dossiers.get_brief(connection, code)
        rules = procedures.get_rules_of(connection, found.deployment)
    if found.is_over:
        raise errors.DossierOver(dossier=code, status=found.status)
    rows = check(uploads, rules, limit_bytes=limit_bytes)
    keep(store, rows, uploads)
    return found.id, rows


def enlist(connection: Connection, dossier: int, rows: Sequence[DocumentRow], *, by: str) -> None:
    """List stored documents in their dossier, with the audit line."""
    repository.attach(connection, dossier, rows)
    facts: dict[str, Json] = {"sha256": [row.sha256 for row in rows]}
    access.audit(connection, by, "documents-added", dossier=dossier, facts=facts)


def purge(store: Store, *, days: int = UNLISTED_DAYS) -> int:
    """Drop what was stored for dossiers that were refused in the end; how many contents."""
    with store.transaction() as connection:
        return repository.purge(connection, days=days)


def read(store: Store, sha256: str) -> Iterator[bytes]:
    """The content in chunks; a connection is held until the last one."""
    with store.reading() as connection:
        yield from repository.content(connection, sha256)


def _checked(upload: Upload, procedure: Procedure, limit_bytes: int) -> DocumentRow:
    name = _name(upload)
    rule = next((rule for rule in procedure.documents if rule.code == upload.code), None)
    if rule is None:
        known = ", ".join(rule.code for rule in procedure.documents)
        raise errors.DocumentRefused(name=name, reason=f"code {upload.code!r} is none of {known}")
    if not upload.content:
        raise errors.DocumentRefused(name=name, reason="it is empty")
    if len(upload.content) > limit_bytes:
        raise errors.DocumentRefused(
            name=name, reason=f"it has {len(upload.content)} bytes, at most {limit_bytes} are taken"
        )
    declared, found = media.canonical(upload.media_type), media.sniff(upload.content)
    allowed = [media.canonical(kind) for kind in rule.media_types]
    if declared not in allowed:
        raise errors.DocumentRefused(name=name, reason=f"{declared} is none of {', '.join(allowed)}")
    if found != declared:
        raise errors.DocumentRefused(
            name=name, reason=f"it is declared as {declared}, its bytes are {found or 'of no known kind'}"
        )
    digest = hashlib.sha256(upload.content).hexdigest()
    return DocumentRow(
        code=rule.code, name=name, media_type=found, sha256=digest, size_bytes=len(upload.content)
    )


def _name(upload: Upload) -> str:
    """The file's own name without folders. Raises: DocumentRefused."""
    last = upload.name.replace("\\", "/").rsplit("/", 1)[-1]
    try:
        return clean_text(" ".join(last.split()) or upload.code, 255)
    except Unacceptable as exc:
        raise errors.DocumentRefused(name=upload.code, reason=f"its name {exc}") from exc
