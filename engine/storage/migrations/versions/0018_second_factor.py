"""An account may have a second factor: its sealed secret, and the last step of time that a code was taken for."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("account", sa.Column("second_factor", sa.Text()))
    op.add_column("account", sa.Column("second_factor_step", sa.BigInteger()))
    op.add_column("api_key", sa.Column("used_at", sa.DateTime(timezone=True)))
