"""Every table, grouped by room. The migrations create them; nothing here reads or writes a row.

Of every row it can be said who acts next, and when: rows that are work carry ``status``, ``due_at`` and a lease.
"""

from engine.storage.tables.access import (
    account,
    api_key,
    audit,
    batch,
    batch_item,
    failed_sign_in,
    idempotency,
    recovery_code,
    session,
    sign_on,
    snooze,
)
from engine.storage.tables.anchors import anchor, anchor_head, audit_seal
from engine.storage.tables.base import metadata
from engine.storage.tables.dossiers import (
    calendar,
    calendar_day,
    data_change,
    document,
    document_chunk,
    dossier,
    dossier_counter,
    dossier_index,
    dossier_reference,
    ledger_entry,
    suspension,
    timeline,
    unit,
)
from engine.storage.tables.exchange import attempt, call, call_hold, drift, feed, message, partner, report
from engine.storage.tables.instances import event, incident, instance, timer, wait, work_item
from engine.storage.tables.measures import backup, presence, tally, tally_mark
from engine.storage.tables.models import deployment, installation, model, procedure, schedule

__all__ = [
    "account",
    "anchor",
    "anchor_head",
    "api_key",
    "attempt",
    "audit",
    "audit_seal",
    "backup",
    "batch",
    "batch_item",
    "calendar",
    "calendar_day",
    "call",
    "call_hold",
    "data_change",
    "deployment",
    "document",
    "document_chunk",
    "dossier",
    "dossier_counter",
    "dossier_index",
    "dossier_reference",
    "drift",
    "event",
    "failed_sign_in",
    "feed",
    "idempotency",
    "incident",
    "installation",
    "instance",
    "ledger_entry",
    "message",
    "metadata",
    "model",
    "partner",
    "presence",
    "procedure",
    "recovery_code",
    "report",
    "schedule",
    "session",
    "sign_on",
    "snooze",
    "suspension",
    "tally",
    "tally_mark",
    "timeline",
    "timer",
    "unit",
    "wait",
    "work_item",
]
