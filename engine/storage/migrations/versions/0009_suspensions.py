"""Dossiers that an operator has suspended."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "suspension",
        sa.Column("dossier_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("suspension_pkey")),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossier.id"], name=op.f("suspension_dossier_id_fkey")),
    )
