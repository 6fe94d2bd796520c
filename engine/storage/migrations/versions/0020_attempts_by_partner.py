"""Finds the newest attempts of each partner by themselves: a partner that is seldom called was lost among the others' calls.

Attempts older than a day stay without their partner: nothing looks at them by it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("attempt", sa.Column("partner", sa.Text()))
    op.execute(
        "UPDATE attempt a SET partner = c.partner FROM call c"
        " WHERE c.id = a.call_id AND a.started_at > now() - interval '1 day'"
    )
    op.create_index(op.f("attempt_partner_started_at_idx"), "attempt", ["partner", "started_at"])
