"""Tables of who may do what, and of what was done: accounts, API keys, idempotency, audit."""

from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, SmallInteger, Table, UniqueConstraint, text
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
    UniqueConstraint("name"),
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
    Column("facts", JSONB, nullable=False, server_default=text("'{}'")),
    words("reason", default=""),
)
