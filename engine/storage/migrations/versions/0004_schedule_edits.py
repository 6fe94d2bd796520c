"""Remembers what the settings said of a row of the timetable, so that an admin's edit outlives a restart."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("schedule", sa.Column("planned", sa.Text(), nullable=True))
