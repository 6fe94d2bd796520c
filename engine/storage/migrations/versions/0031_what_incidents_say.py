"""Keeps what an incident says without its numbers, by which incidents are grouped: over all of them it takes too long to make."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    said = "regexp_replace(left(title, 200), '[0-9a-fA-F]{8,}|[0-9]+', '#', 'g')"
    op.add_column("incident", sa.Column("said", sa.Text(), sa.Computed(said, persisted=True)))
