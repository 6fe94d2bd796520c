"""Tables of the dossier and its law: dossiers, documents, units, calendars, the ledger and the timeline."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from engine.storage.tables.base import identity, metadata, moment, words

calendar = Table(
    "calendar",
    metadata,
    Column("code", words("code").type, primary_key=True),
    Column("hours", JSONB, nullable=False),  # [["07:30", "11:30"], ["13:30", "17:00"]], local time
    Column("version", Integer, nullable=False, server_default="1"),
)

calendar_day = Table(
    "calendar_day",
    metadata,
    Column("calendar_code", ForeignKey("calendar.code"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("working", Boolean, nullable=False),
    words("name", default=""),
)

unit = Table(
    "unit",
    metadata,
    Column("code", words("code").type, primary_key=True),
    words("name"),
    words("kind", default="centre"),
    words("parent", nullable=True),
    Column("calendar_code", ForeignKey("calendar.code"), nullable=False),
    Column("valid_from", Date, nullable=False, server_default=text("'2000-01-01'")),
    Column("valid_to", Date),
)

dossier = Table(
    "dossier",
    metadata,
    identity(),
    words("code"),
    Column("procedure_code", ForeignKey("procedure.code"), nullable=False),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    Column("status", SmallInteger, nullable=False, server_default="1"),
    words("phase", default=""),
    words("channel"),  # counter | online | post
    words("delivery", default="counter"),  # counter | online | post
    Column("applicant", JSONB, nullable=False),
    words("applicant_search", default=""),  # lower case, no accents; for look-up by name
    Column("data", JSONB, nullable=False, server_default=text("'{}'")),
    # documents, supplements: what reports tell
    Column("record", JSONB, nullable=False, server_default=text("'{}'")),
    words("receiving_unit"),
    words("competent_unit"),
    words("returning_unit"),
    moment("submitted_at", nullable=False),
    moment("received_at"),
    moment("due_at"),
    moment("finished_at"),
    moment("changed_at", now=True),
    words("access_code", nullable=True),  # salted digest of the code on the receipt
    Column("salt", LargeBinary, nullable=False),
    Column("timeline_seq", Integer, nullable=False, server_default="0"),
    Column("timeline_head", LargeBinary, nullable=False),
    words("created_by", default=""),
    UniqueConstraint("code"),
    Index("dossier_status_due_idx", "status", "due_at"),
    Index("dossier_changed_at_idx", "changed_at", "id"),
    Index(
        "dossier_due_idx",
        text("(finished_at IS NOT NULL)"),
        text("coalesce(due_at, 'infinity'::timestamptz)"),
        "id",
    ),
    Index("dossier_submitted_at_idx", "submitted_at", "id"),
)

# What a top-level field of a dossier's data was before it was changed: personal data, as the data themselves.
data_change = Table(
    "data_change",
    metadata,
    Column("dossier_id", ForeignKey("dossier.id", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True),  # the newest entry of the timeline when it was changed
    Column("field", words("field").type, primary_key=True),
    Column("before", JSONB),  # NULL: there was none, or it was too large to keep
    Column("large", Boolean, nullable=False),
)

suspension = Table(
    "suspension",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True, autoincrement=False),
    moment("at", now=True),
    words("who"),
    words("reason", default=""),
)

dossier_counter = Table(
    "dossier_counter",
    metadata,
    Column("unit", words("unit").type, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("last", Integer, nullable=False),
)

dossier_reference = Table(
    "dossier_reference",
    metadata,
    Column("kind", words("kind").type, primary_key=True),
    Column("value", words("value").type, primary_key=True),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False, index=True),
)

# What a dossier is searched by, of its data: as its own deployment's procedure.yaml names it. Lower case, no accents.
dossier_index = Table(
    "dossier_index",
    metadata,
    Column("dossier_id", ForeignKey("dossier.id", ondelete="CASCADE"), primary_key=True),
    Column("name", words("name").type, primary_key=True),
    Column("value", words("value").type),  # NULL: there is none any more
    Index(
        "dossier_index_value_idx",
        "name",
        "value",
        "dossier_id",
        postgresql_ops={"value": "text_pattern_ops"},
    ),
)

document = Table(
    "document",
    metadata,
    identity(),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False, index=True),
    words("component"),  # the code of the paper in the procedure's list
    words("name"),
    words("media_type"),
    words("sha256"),
    Column("size_bytes", Integer, nullable=False),
    moment("uploaded_at", now=True),
    Index("document_sha256_idx", "sha256"),
)

document_chunk = Table(
    "document_chunk",
    metadata,
    Column("sha256", words("sha256").type, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    moment("stored_at", now=True),  # of the first: when it was handed in last
)

ledger_entry = Table(
    "ledger_entry",
    metadata,
    identity(),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False),
    words("kind"),  # start | pause | resume | extend | stop
    words("reason", default=""),
    words("ground", default=""),  # legal ground
    words("task", default=""),  # the task that opened the pause; a resume names the same
    moment("at", nullable=False),
    moment("due_before"),
    moment("due_after"),
    Index("ledger_entry_dossier_id_idx", "dossier_id", "id"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("body", LargeBinary, nullable=False),  # the very bytes that were hashed
    Column("hash", LargeBinary, nullable=False),
)
