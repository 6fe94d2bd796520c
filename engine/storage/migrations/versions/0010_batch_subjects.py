"""Batches act on dossiers, too: what the items of a batch are."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("batch", sa.Column("subject", sa.Text(), server_default="incident", nullable=False))
