"""How often a message came again is counted, and those that wait for a person are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("message", sa.Column("repeats", sa.Integer(), server_default="0", nullable=False))
    op.add_column("message", sa.Column("repeated_at", sa.DateTime(timezone=True)))
    op.create_index(
        op.f("message_untaken_idx"),
        "message",
        ["id"],
        postgresql_where=sa.text("status IN ('unclaimed', 'ambiguous')"),
    )
    op.create_index(op.f("message_repeated_idx"), "message", ["id"], postgresql_where=sa.text("repeats > 0"))
