"""Finds what is due first without sorting everything."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"


def upgrade() -> None:
    over, due = sa.text("(finished_at IS NOT NULL)"), sa.text("coalesce(due_at, 'infinity'::timestamptz)")
    op.create_index("dossier_due_idx", "dossier", [over, due, "id"])
