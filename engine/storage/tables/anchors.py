"""Tables of the anchors: only ever added to, which the database itself sees to (migration 0006)."""

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
