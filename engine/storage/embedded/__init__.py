"""The PostgreSQL that we supervise ourselves: binaries, account, place on disk, server, and attaching to a running one.

What is stored in it, and how connections are made, belongs to the rest of `engine.storage`.
"""

from engine.storage.embedded.attach import attach_or_start, database_url
from engine.storage.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres", "attach_or_start", "database_url"]
