"""Lets a version of a procedure be retired, and remembers how many findings it had when it was stored."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("deployment", sa.Column("retired_at", sa.DateTime(timezone=True)))
    op.add_column("deployment", sa.Column("findings", sa.Integer()))
