"""Keeps what a field of a dossier's data was before a step changed it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.create_table(
        "data_change",
        sa.Column(
            "dossier_id", sa.BigInteger(), sa.ForeignKey("dossier.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("seq", sa.Integer(), primary_key=True),
        sa.Column("field", sa.Text(), primary_key=True),
        sa.Column("before", postgresql.JSONB()),
        sa.Column("large", sa.Boolean(), nullable=False),
    )
