"""Lets lists begin at the day on which dossiers were handed in."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index(op.f("dossier_submitted_at_idx"), "dossier", ["submitted_at", "id"])
