"""A work item keeps what its form begins with: the inputs of the user task."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("work_item", sa.Column("given", JSONB()))
