"""A second factor has recovery codes: digests of what is good once in place of a telephone's code."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("recovery_code_account_id_fkey")),
        sa.PrimaryKeyConstraint("account_id", "digest", name=op.f("recovery_code_pkey")),
    )
