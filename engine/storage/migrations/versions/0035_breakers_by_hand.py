"""Lets a person open a partner's breaker, and counts what people change of a partner."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    op.add_column("partner", sa.Column("opened_reason", sa.Text()))
    op.add_column("partner", sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
