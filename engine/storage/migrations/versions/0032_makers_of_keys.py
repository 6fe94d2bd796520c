"""Remembers who made each API key; of those made before it is not known here, the audit trail tells."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("api_key", sa.Column("created_by", sa.Text(), server_default="", nullable=False))
