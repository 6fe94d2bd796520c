"""Keeps where contracts and the descriptions of partners are no longer what calls were tried with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("partner", sa.Column("accepted_hash", sa.Text()))
    op.add_column("presence", sa.Column("contracts", JSONB(), nullable=False, server_default="{}"))
    op.create_table(
        "drift",
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("trouble", sa.Text()),
        sa.Column("facts", JSONB(), nullable=False, server_default="{}"),
        sa.PrimaryKeyConstraint("partner", "kind", "about", name=op.f("drift_pkey")),
    )
