"""Tables of who may do what, and of what was done: accounts, sessions, API keys, idempotency, audit, batches."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
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

account = Table(
    "account",
    metadata,
    identity(),
    words("name"),
    words("password", nullable=True),  # argon2
    Column("roles", JSONB, nullable=False, server_default=text("'[]'")),
    words("unit", nullable=True),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    moment("created_at", now=True),
    words("second_factor", nullable=True),  # the secret of its codes, sealed
    # a code is good once: the last half minute that one was taken for
    Column("second_factor_step", BigInteger),
    words("subject", nullable=True),  # what the identity provider calls its person
    UniqueConstraint("name"),
    Index("account_subject_idx", "subject", unique=True),
)

api_key = Table(
    "api_key",
    metadata,
    identity(),
    words("name"),
    words("prefix"),
    words("sha256"),  # of the whole key, which has 256 random bits
    Column("scopes", JSONB, nullable=False),  # dossiers:write, dossiers:read, work-items, messages, admin …
    words("unit", nullable=True),
    words("partner", nullable=True),
    moment("created_at", now=True),
    moment("expires_at"),
    moment("revoked_at"),
    words("created_by", default=""),  # empty: made before that was kept
    moment("used_at"),  # about: written at most every few minutes
    UniqueConstraint("prefix"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("principal", words("principal").type, primary_key=True),
    Column("key", words("key").type, primary_key=True),
    words("request_sha256"),
    Column("http_status", SmallInteger),  # null: still running
    Column("response", LargeBinary),
    words("content_type", nullable=True),
    words("location", nullable=True),
    words("etag", nullable=True),
    moment("created_at", now=True),
)

audit = Table(
    "audit",
    metadata,
    identity(),
    moment("at", now=True),
    words("who"),
    words("what"),
    Column("dossier_id", BigInteger),
    words("address", default=""),
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    words("reason", default=""),
    Index("audit_dossier_id_idx", "dossier_id", "id"),
)

session = Table(
    "session",
    metadata,
    Column("digest", words("digest").type, primary_key=True),  # of the cookie's random text
    Column("account_id", ForeignKey("account.id"), nullable=False, index=True),
    words("address", default=""),
    moment("created_at", now=True),
    moment("expires_at", nullable=False),
    moment("idle_until"),  # when it is over if nobody uses it; moves on with use
    words("id_token", nullable=True),  # sealed; only of a session that began at the identity provider
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", ForeignKey("account.id"), primary_key=True),
    Column("digest", words("digest").type, primary_key=True),  # with a key that is not in the database
    moment("made_at", now=True),
)

sign_on = Table(
    "sign_on",
    metadata,
    Column("digest", words("digest").type, primary_key=True),  # of the cookie's random text
    words("state"),
    words("nonce"),
    words("verifier"),
    words("next"),
    words("kept", default=""),  # the form to send again
    moment("begun_at", now=True),
)

failed_sign_in = Table(
    "failed_sign_in",
    metadata,
    Column("name", words("name").type, primary_key=True),  # empty: all names together
    Column("address", words("address").type, primary_key=True),
    Column("failures", Integer, nullable=False, server_default="0"),
    moment("until"),  # nobody signs in under this name from this address before
    moment("last_at", now=True),
)

batch = Table(
    "batch",
    metadata,
    identity(),
    words("action"),
    words("subject", default="incident"),  # incident | dossier: what its items are
    words("reason", default=""),
    words("who"),
    words("target", default=""),  # the filter that the items were chosen by, for people
    words("state", default="running"),  # running | paused | cancelled
    moment("created_at", now=True),
    Column("given", JSONB, nullable=False, server_default=text("'{}'")),  # beside its items: a new due date
    words("confirmed", nullable=True),  # what tells the list that was seen from every other
    UniqueConstraint("confirmed"),
)

batch_item = Table(
    "batch_item",
    metadata,
    Column("batch_id", BigInteger, ForeignKey("batch.id"), primary_key=True),
    Column("incident_id", BigInteger, primary_key=True),  # the id of whatever the batch's subject is
    words("status", default="waiting"),  # waiting | done | skipped | failed
    words("detail", default=""),
    moment("done_at"),
)

snooze = Table(
    "snooze",
    metadata,
    Column("kind", words("kind").type, primary_key=True),  # incidents | calls | messages | due …
    Column("name", words("name").type, primary_key=True),  # a cause, a state
    moment("until", nullable=False),
    words("reason"),
    words("who"),
)
