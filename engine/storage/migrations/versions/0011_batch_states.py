"""A batch can be paused, go on, and be given up."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("batch", sa.Column("state", sa.Text(), server_default="running", nullable=False))
