"""Keeps with a batch what its act is given beside its items, such as a new due date."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column(
        "batch", sa.Column("given", postgresql.JSONB(), nullable=False, server_default=sa.text("'{}'"))
    )
