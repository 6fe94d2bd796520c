"""Anchors of the timelines' heads, which the database lets nobody change or remove."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_REFUSE = """
    CREATE FUNCTION anchors_only_grow() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'anchors are only ever added to' USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""


def upgrade() -> None:
    op.create_table(
        "anchor",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("anchor_pkey")),
    )
    op.create_table(
        "anchor_head",
        sa.Column("anchor_number", sa.BigInteger(), nullable=False),
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("anchor_number", "dossier_id", name=op.f("anchor_head_pkey")),
        sa.ForeignKeyConstraint(
            ["anchor_number"], ["anchor.number"], name=op.f("anchor_head_anchor_number_fkey")
        ),
    )
    op.create_index(op.f("anchor_head_dossier_id_idx"), "anchor_head", ["dossier_id", "anchor_number"])
    op.execute(_REFUSE)
    for table in ("anchor", "anchor_head"):
        op.execute(
            f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION anchors_only_grow()"
        )
