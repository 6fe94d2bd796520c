"""A dossier is handed in whole: checked against its procedure, its papers stored, then taken in one transaction.

What goes on once it is ours is `engine.actions.receive`'s business.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from engine.actions import documents
from engine.actions.conditions import Seen, hold_dossier
from engine.actions.documents import MAX_BYTES, Upload
from engine.actions.receive import Desk, Reply, Submitted, submit, take_message
from engine.dossiers import indexing
from engine.dossiers.submission import validate
from engine.errors import DossierOver
from engine.exchange.ports import Arrival, Json
from engine.queries import dossiers, procedures
from engine.storage.database import Connection, Store
from engine.storage.documents import DocumentRow

SUPPLEMENT = "supplement"
"""The name of the message that a supplement arrives as; its key is the dossier's code."""
DRAFT_CONFIRMATION = "draft-confirmation"
"""The name of the message that an applicant's word on a draft arrives as; its key is the dossier's code."""


def hand_in(
    store: Store,
    procedure: str,
    raw: Mapping[str, Json],
    uploads: Sequence[Upload],
    desk: Desk,
    *,
    now: datetime,
    by: str,
    external_id: str,
    limit_bytes: int = MAX_BYTES,
    request: str | None = None,
    trace: str | None = None,
    reply: Reply | None = None,
) -> Submitted:
    """Take a new dossier in; *raw* holds ``channel``, ``applicant`` and ``data``, *uploads* its papers.

    Nothing is kept of what is refused. The same *external_id* again gives the same dossier, if it is the same *request*.

    Raises:
        ProcedureUnknown, UnitUnknown, DossierInvalid, DocumentRefused, IdempotencyConflict.
    """
    with store.reading() as connection:
        rules = procedures.get_rules(connection, procedure)
    papers: list[Json] = [{"code": u.code, "name": u.name, "media_type": u.media_type} for u in uploads]
    submission = validate({**raw, "documents": papers}, rules)
    rows = documents.check(uploads, rules, limit_bytes=limit_bytes)
    documents.keep(store, rows, uploads)
    return submit(
        store,
        procedure,
        submission,
        desk,
        now=now,
        by=by,
        external_id=external_id,
        documents=rows,
        indexed=indexing.entries(rules.indexed, submission.data),
        request=request,
        trace=trace,
        reply=reply,
    )


def supplement(
    store: Store,
    code: str,
    data: Mapping[str, Json],
    uploads: Sequence[Upload],
    *,
    now: datetime,
    by: str,
    external_id: str,
    keep_days: float = 30.0,
    limit_bytes: int = MAX_BYTES,
    seen: Seen | None = None,
) -> bool:
    """Bring what was asked for later: papers join the dossier, a message wakes whoever waits. True: it came before.

    *seen* looks at the dossier once it is locked, and raises where its caller saw something else.

    Raises:
        DossierNotFound, DocumentRefused, MessageConflict.
        DossierOver: nothing can be added any more.
    """
    _check_open(store, code)
    dossier, rows = documents.bring(store, code, uploads, limit_bytes=limit_bytes) if uploads else (0, [])

    def first(connection: Connection) -> None:
        hold_dossier(connection, code, seen)
        if rows:
            documents.enlist(connection, dossier, rows, by=by)

    payload: Json = {"documents": [_told(row) for row in rows], "data": dict(data), "by": by}
    arrival = _arrival(SUPPLEMENT, code, external_id, payload)
    return take_message(store, arrival, now=now, keep_days=keep_days, first=first)


def confirm_draft(
    store: Store,
    code: str,
    *,
    confirmed: bool,
    draft: int,
    note: str,
    now: datetime,
    by: str,
    external_id: str,
    keep_days: float = 30.0,
    seen: Seen | None = None,
) -> bool:
    """Tell the procedure what the applicant says of its *draft* of that number. True: it came before.

    What becomes of a word on another draft than the present one is the procedure's business. *seen* looks at the dossier
    once it is locked, and raises where its caller saw something else.

    Raises:
        DossierNotFound, MessageConflict.
        DossierOver: there is nothing to confirm any more.
    """
    _check_open(store, code)
    payload: Json = {"confirmed": confirmed, "note": note or None, "draft": draft, "by": by}
    arrival = _arrival(DRAFT_CONFIRMATION, code, external_id, payload)
    return take_message(
        store,
        arrival,
        now=now,
        keep_days=keep_days,
        first=lambda connection: hold_dossier(connection, code, seen),
    )


def _check_open(store: Store, code: str) -> None:
    with store.reading() as connection:
        found = dossiers.get_brief(connection, code)
    if found.is_over:
        raise DossierOver(dossier=code, status=found.status)


def _arrival(name: str, code: str, external_id: str, payload: Json) -> Arrival:
    """What an applicant sends by our own interface, as a message for whoever waits in the dossier."""
    return Arrival(
        source="api",
        message_id=external_id,
        name=name,
        key=code,
        reference=None,
        payload=payload,
        body=b"",
    )


def _told(row: DocumentRow) -> Json:
    return {
        "code": row.code,
        "name": row.name,
        "media_type": row.media_type,
        "sha256": row.sha256,
        "size_bytes": row.size_bytes,
    }
