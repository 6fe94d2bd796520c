"""How often a call was asked after before a person had it asked anew: the numbers of its attempts go on from there."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("call", sa.Column("earlier_asks", sa.Integer(), server_default="0", nullable=False))
