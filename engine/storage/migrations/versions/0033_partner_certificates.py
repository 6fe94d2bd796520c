"""Keeps until when the certificate of each partner is good."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("partner", sa.Column("certificate_until", sa.DateTime(timezone=True)))
