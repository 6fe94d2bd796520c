"""Calls can be held: a row for each says who holds it, since when and why."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.create_table(
        "call_hold",
        sa.Column("call_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"], name=op.f("call_hold_call_id_fkey")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("call_hold_pkey")),
    )
