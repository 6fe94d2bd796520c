"""Keeps the ETag of an answer for its repeats, and of a message the trace under which it came."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("idempotency", sa.Column("etag", sa.Text()))
    op.add_column("message", sa.Column("trace", sa.Text()))
