"""Alembic's entry: runs the migrations over the connection that `upgrade` holds, in its transaction."""

from alembic import context

from engine.storage.tables import metadata

connection = context.config.attributes["connection"]
if connection is not None:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
