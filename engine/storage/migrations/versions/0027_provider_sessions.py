"""A session that began at the identity provider keeps its identity token, sealed, so that signing out can end that one, too."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.add_column("session", sa.Column("id_token", sa.Text()))
