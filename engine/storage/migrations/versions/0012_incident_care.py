"""Who looks after an incident, what they noted, and where else it is followed."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    for name in ("owner", "note", "ticket"):
        op.add_column("incident", sa.Column(name, sa.Text(), nullable=True))
