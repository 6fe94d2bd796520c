"""A list that was seen is confirmed once: what tells it from every other stands with the batch that it made."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    op.add_column("batch", sa.Column("confirmed", sa.Text()))
    op.create_unique_constraint(op.f("batch_confirmed_key"), "batch", ["confirmed"])
