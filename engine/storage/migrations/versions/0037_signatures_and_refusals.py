"""Keeps whether a message was signed, and what was refused at the door."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"


def upgrade() -> None:
    op.add_column("message", sa.Column("signature", sa.Text(), nullable=False, server_default=""))
    op.create_index("message_signed_idx", "message", ["id"], postgresql_where=sa.text("signature <> ''"))
    op.create_table(
        "refusal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("source", "operation", "code", "reason", "body_sha256")
        ),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("repeats", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("repeated_at", sa.DateTime(timezone=True)),
        sa.Column("trace", sa.Text()),
        sa.UniqueConstraint(
            "source",
            "operation",
            "code",
            "body_sha256",
            name=op.f("refusal_source_operation_code_body_sha256_key"),
        ),
    )
