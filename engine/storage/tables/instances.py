"""Tables of running instances: events, instances, what they wait for, and what a person must decide."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
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

event = Table(
    "event",
    metadata,
    identity(),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False),
    words("kind"),
    Column("payload", JSONB, nullable=False),
    words("external_id", nullable=True),  # fixed beforehand by whoever writes from outside
    words("status", default="pending"),  # pending | applied | set_aside
    Column("starts", Integer, nullable=False, server_default="0"),  # also the fence: the n of the claim
    Column("lone_starts", Integer, nullable=False, server_default="0"),
    words("worker", nullable=True),
    moment("lease_until"),
    moment("created_at", now=True),
    moment("applied_at"),
    words("trace", nullable=True),
    UniqueConstraint("external_id"),
    Index("event_pending_idx", "dossier_id", "id", postgresql_where=text("status = 'pending'")),
    Index("event_queue_idx", "id", postgresql_where=text("status = 'pending'")),
    Index("event_dossier_id_idx", "dossier_id", "id"),
    Index("event_timer_idx", "created_at", postgresql_where=text("kind = 'timer'")),
)

instance = Table(
    "instance",
    metadata,
    identity(),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False, unique=True),
    Column("deployment_id", ForeignKey("deployment.id"), nullable=False),
    words("process"),
    Column("state", LargeBinary, nullable=False),
    Column("format", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    words("status", default="running"),  # running | ended | cancelled
    moment("ended_at"),
    postgresql_with={"fillfactor": "60"},
)

wait = Table(
    "wait",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("task", words("task").type, primary_key=True),
    words("element"),
    words("name"),
    words("key"),
    Column("message_id", BigInteger),  # the message that met it, its event under way
    moment("opened_at", now=True),
    Index("wait_name_key_idx", "name", "key"),
)

timer = Table(
    "timer",
    metadata,
    Column("dossier_id", BigInteger, ForeignKey("dossier.id"), primary_key=True),
    Column("task", words("task").type, primary_key=True),
    words("element"),
    moment("due_at", nullable=False),
    moment("legal_from"),
    Column("legal_days", Integer),
    words("host", default=""),
    Column("fired", Boolean, nullable=False, server_default=text("false")),
    Index("timer_due_at_idx", "due_at", postgresql_where=text("NOT fired")),
)

work_item = Table(
    "work_item",
    metadata,
    identity(),
    Column("dossier_id", ForeignKey("dossier.id"), nullable=False, index=True),
    words("task"),
    words("element"),
    words("name"),
    Column("groups", JSONB, nullable=False),
    words("unit"),
    words("form", nullable=True),
    words("status", default="open"),  # open | taken | done | cancelled
    words("claimed_by", nullable=True),
    words("decided_by", nullable=True),
    Column("given", JSONB),  # what the form begins with: personal data
    Column("data", JSONB),
    moment("opened_at", nullable=False),
    moment("closed_at"),
    Index("work_item_open_idx", "unit", "id", postgresql_where=text("status = 'open'")),
    Index("work_item_task_idx", "dossier_id", "task"),
    Index("work_item_closed_at_idx", "closed_at", postgresql_using="brin"),
)

_SAID = "regexp_replace(left(title, 200), '[0-9a-fA-F]{8,}|[0-9]+', '#', 'g')"

incident = Table(
    "incident",
    metadata,
    identity(),
    words(
        "cause"
    ),  # stable kebab-case: unknown-outcome, call-refused, model-error, poison-event, partner-outage …
    Column("dossier_id", ForeignKey("dossier.id")),
    words("partner", nullable=True),
    Column("call_id", BigInteger),
    Column("event_id", BigInteger),
    words("task", nullable=True),
    words("element", nullable=True),
    words("title"),
    # without its numbers, which makes incidents of one kind alike
    Column("said", words("said").type, Computed(_SAID, persisted=True)),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("actions", JSONB, nullable=False, server_default=text("'[]'")),
    words("status", default="open"),  # open | acting | closed
    moment("opened_at", now=True),
    moment("closed_at"),
    words("closed_by", nullable=True),
    words("resolution", nullable=True),
    words("owner", nullable=True),  # the account that looks after it
    words("note", nullable=True),
    words("ticket", nullable=True),  # where else it is followed
    Index("incident_open_idx", "status", "id"),
    Index("incident_call_id_idx", "call_id"),
    Index("incident_dossier_id_idx", "dossier_id"),
    Index(
        "incident_outage_idx",
        "partner",
        unique=True,
        postgresql_where=text("status = 'open' AND cause = 'partner-outage'"),
    ),
)
