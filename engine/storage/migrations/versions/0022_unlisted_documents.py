"""When a document's content was last handed in, so that what no dossier lists can be dropped after a while."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column(
        "document_chunk",
        sa.Column("stored_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
    )
    op.create_index(op.f("document_sha256_idx"), "document", ["sha256"])
