"""Tables of the anchors and of the audit trail's seals: only ever added to, which the database itself sees to."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table

from engine.storage.tables.base import metadata, moment

anchor = Table(
    "anchor",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),  # the very bytes that were hashed
    Column("hash", LargeBinary, nullable=False),  # over the hash of the anchor before and the bytes
    moment("at", now=True),
)

anchor_head = Table(
    "anchor_head",
    metadata,
    Column("anchor_number", BigInteger, ForeignKey("anchor.number"), primary_key=True),
    Column("dossier_id", BigInteger, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),  # what the proofs of the others need of it
    Index("anchor_head_dossier_id_idx", "dossier_id", "anchor_number"),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("through", BigInteger, nullable=False),  # the last line of the trail that it covers
    Column("lines", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),  # over the hash of the seal before and the lines since
    moment("at", now=True),
)
