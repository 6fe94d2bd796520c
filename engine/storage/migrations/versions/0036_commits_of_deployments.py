"""Remembers of a deployment the commit that its folder came from, and whether it had changes in none."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    op.add_column("deployment", sa.Column("commit_id", sa.Text()))
    op.add_column("deployment", sa.Column("commit_changed", sa.Boolean()))
