"""Stores dossiers' data without compressing it: packing a megabyte anew at each change cost three times as much as the change.

Rows that are there stay packed until they are changed.
"""

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("ALTER TABLE dossier ALTER COLUMN data SET STORAGE EXTERNAL")
