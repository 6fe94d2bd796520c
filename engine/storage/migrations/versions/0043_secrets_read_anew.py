"""Counts how often the file of a partner's secret was put in force anew, and keeps what each worker has of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("partner", sa.Column("secret_revision", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("partner", sa.Column("secret_at", sa.DateTime(timezone=True)))
    op.add_column("presence", sa.Column("secrets", JSONB(), nullable=False, server_default="{}"))
