"""Tables of the exchange with partners: calls with their attempts, reports, messages, feeds, partners."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
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

call = Table(
    "call",
    metadata,
    identity(),  # also the sequence in its lane: calls of a dossier are written under the dossier's lock
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False),
    words("partner"),
    words("operation"),
    words("key"),
    Column("body", JSONB, nullable=False),
    words("task", nullable=True),  # of the instance; null for a call of a report's exchange
    words("element", default=""),
    Column("faults", JSONB, nullable=False, server_default=text("'[]'")),
    Column("report_seq", Integer),  # with dossier and partner: the report whose exchange this is a step of
    words("step", nullable=True),  # of the exchange
    words("repeat"),  # idempotent | queryable | neither
    Column("timeout_s", Float, nullable=False),
    words("status", default="pending"),  # pending | sending | unknown | done | refused | incident | withdrawn
    Column("holds", Boolean, nullable=False, server_default=text("true")),  # its lane waits for it
    Column("wanted", Boolean, nullable=False, server_default=text("true")),  # false: its task is gone
    Column("attempt", Integer, nullable=False, server_default="0"),
    # attempts that may have reached the partner
    Column("sends", Integer, nullable=False, server_default="0"),
    # since the call was new, or a person had it asked anew
    Column("asks", Integer, nullable=False, server_default="0"),
    Column("earlier_asks", Integer, nullable=False, server_default="0"),  # before that
    Column("absents", SmallInteger, nullable=False, server_default="0"),
    words("worker", nullable=True),
    moment("lease_until"),
    moment("due_at", now=True),
    moment("sent_at"),  # when the last attempt began
    moment("created_at", now=True),
    moment("settled_at"),
    Column("reply", JSONB),
    words("fault", nullable=True),
    words("detail", default=""),
    words("trace", nullable=True),
    Index(
        "call_due_idx",
        "partner",
        "due_at",
        postgresql_where=text("status IN ('pending', 'unknown')"),
    ),
    Index("call_lane_idx", "partner", "dossier_id", "id", postgresql_where=text("holds")),
    Index("call_sending_idx", "lease_until", postgresql_where=text("status = 'sending'")),
    Index("call_dossier_id_idx", "dossier_id", "id"),
    Index("call_task_idx", "dossier_id", "task"),
    Index("call_settled_at_idx", "settled_at", postgresql_using="brin"),
)

call_hold = Table(
    "call_hold",
    metadata,
    Column("call_id", BigInteger, ForeignKey("call.id"), primary_key=True, autoincrement=False),
    moment("at", now=True),
    words("who"),
    words("reason", default=""),
)

attempt = Table(
    "attempt",
    metadata,
    Column("call_id", BigInteger, ForeignKey("call.id"), primary_key=True),
    Column("ask", Boolean, primary_key=True),
    Column("number", Integer, primary_key=True),
    words("worker"),
    moment("started_at", nullable=False),
    moment("ended_at"),
    words("outcome", nullable=True),
    Column("http_status", SmallInteger),
    words("detail", default=""),
    Column("request", LargeBinary),
    Column("reply", LargeBinary),
    words("contract_hash", default=""),
    # the call's, so that each partner's newest are found; null: from before this was kept
    words("partner", nullable=True),
    Index("attempt_partner_started_at_idx", "partner", "started_at"),
    Index("attempt_ended_at_idx", "ended_at", postgresql_using="brin"),
)

report = Table(
    "report",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("partner", words("partner").type, primary_key=True),
    Column("seq", Integer, primary_key=True),  # the timeline entry that it tells of
    # {seq, kind, status, at, text, phase, unit, officer, element, dossier}
    Column("body", JSONB, nullable=False),
    words("status", default="waiting"),  # waiting | running | done
    moment("created_at", now=True),
    moment("done_at"),
    Index("report_open_idx", "dossier_id", "partner", "seq", postgresql_where=text("status <> 'done'")),
)

message = Table(
    "message",
    metadata,
    identity(),
    words("source"),
    words("message_id"),
    words("body_sha256"),
    words("name"),
    words("key"),
    Column("dossier_id", ForeignKey("dossier.id")),
    Column("payload", JSONB, nullable=False),
    Column("body", LargeBinary),
    words("status", default="kept"),  # kept | met | delivered | unclaimed | ambiguous | rejected
    moment("received_at", now=True),
    moment("keep_until"),
    moment("delivered_at"),
    Column("repeats", Integer, nullable=False, server_default="0"),  # how often it came again
    moment("repeated_at"),
    words("trace", nullable=True),
    words("signature", default=""),  # good; empty: the contract wants none
    UniqueConstraint("source", "message_id"),
    Index("message_untaken_idx", "id", postgresql_where=text("status IN ('unclaimed', 'ambiguous')")),
    Index("message_repeated_idx", "id", postgresql_where=text("repeats > 0")),
    Index("message_kept_idx", "name", "key", "id", postgresql_where=text("status = 'kept'")),
    Index("message_dossier_id_idx", "dossier_id"),
    Index("message_signed_idx", "id", postgresql_where=text("signature <> ''")),
)

refusal = Table(
    "refusal",
    metadata,
    identity(),
    words("source"),
    words("operation"),
    words("code"),  # of the error that the sender was told
    words("reason"),
    words("body_sha256"),
    Column("size_bytes", Integer, nullable=False),
    moment("at", now=True),
    Column("repeats", Integer, nullable=False, server_default="0"),  # how often the same came again
    moment("repeated_at"),
    words("trace", nullable=True),
    UniqueConstraint("source", "operation", "code", "body_sha256"),
)

feed = Table(
    "feed",
    metadata,
    Column("partner", words("partner").type, primary_key=True),
    Column("name", words("name").type, primary_key=True),
    Column("cursor", JSONB),
    moment("next_at", now=True),
    moment("last_at"),
    words("detail", default=""),
)

partner = Table(
    "partner",
    metadata,
    Column("name", words("name").type, primary_key=True),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    words("breaker", default="closed"),  # closed | open
    Column("failures", Integer, nullable=False, server_default="0"),
    moment("probe_at"),  # while open: when one call may try again
    Column("paused", Boolean, nullable=False, server_default=text("false")),
    words("paused_reason", nullable=True),
    words(
        "opened_reason", nullable=True
    ),  # a person opened the breaker: no probe before probe_at, none without one
    moment("changed_at", now=True),
    # counts what people changed here, so that a page seen before is known for old
    Column("revision", Integer, nullable=False, server_default="0"),
    # counts how often a person had the secret's file read anew; at last then
    Column("secret_revision", Integer, nullable=False, server_default="0"),
    moment("secret_at"),
    words("accepted_hash", nullable=True),  # a contract that a person took for good before it was tried
    moment("certificate_until"),  # until when the certificate that it showed last is good
)

drift = Table(
    "drift",
    metadata,
    Column("partner", words("partner").type, primary_key=True),
    Column("kind", words("kind").type, primary_key=True),  # contract | workers | description
    Column("about", words("about").type, primary_key=True),  # where a description is; empty for contracts
    words("standing"),  # same | differs | unreached | unreadable
    moment("since", now=True),
    moment("looked_at"),  # when there was something to compare with; null: never yet
    moment("tried_at", now=True),
    words("trouble", nullable=True),  # why the last try found nothing to compare with
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
)
