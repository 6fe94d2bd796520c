"""Counts that only grow, kept beside the rows that they count, so that /metrics need not count millions of them."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

# The rows come in almost in the order of these moments: a BRIN index finds the newest and costs next to nothing to keep.
_ENDED = (("attempt", "ended_at"), ("call", "settled_at"), ("work_item", "closed_at"))


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("one", sa.Text(), nullable=False),
        sa.Column("two", sa.Text(), nullable=False),
        sa.Column("bound", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("metric", "one", "two", "bound", name=op.f("tally_pkey")),
    )
    marks = op.create_table(
        "tally_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("upto", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("tally_mark_pkey")),
    )
    op.execute(sa.insert(marks).values(name="rows"))
    for table, column in _ENDED:
        op.create_index(op.f(f"{table}_{column}_idx"), table, [column], postgresql_using="brin")
