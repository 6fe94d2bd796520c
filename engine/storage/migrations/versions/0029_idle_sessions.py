"""A session that nobody uses ends: until when it goes on unused."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.add_column("session", sa.Column("idle_until", sa.DateTime(timezone=True)))
