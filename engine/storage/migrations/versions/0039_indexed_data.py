"""Keeps of every dossier the values that its procedure has it searched by."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.create_table(
        "dossier_index",
        sa.Column(
            "dossier_id", sa.BigInteger(), sa.ForeignKey("dossier.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text()),
    )
    op.create_index(
        "dossier_index_value_idx",
        "dossier_index",
        ["name", "value", "dossier_id"],
        postgresql_ops={"value": "text_pattern_ops"},
    )
