"""Restoring a backup into an empty database, and letting it send again once somebody has looked.

What the lost installation did after the dump is not known; see `engine.storage.backups.marking`.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from engine import errors
from engine.actions.backups import NEVER
from engine.storage import access, migrations
from engine.storage.backups import loading, manifest, marking
from engine.storage.backups.manifest import Manifest
from engine.storage.backups.marking import Target
from engine.storage.backups.programs import Stop, Tell
from engine.storage.database import Store
from engine.storage.embedded.binaries import find_clients

log = structlog.get_logger(__name__)

AHEAD = 1_000
"""By how much the day's running numbers begin later: more than one unit hands in on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was restored; *unknown*: calls of which nobody knows whether they were sent since."""

    manifest: Manifest
    unknown: int


def restore(
    store: Store,
    file: Path,
    *,
    by: str,
    wanted: Path | None = None,
    ahead: int = AHEAD,
    stop: Stop = NEVER,
    tell: Tell,
) -> Restored:
    """Fill the empty database of *store* from *file*, with sending paused; all or nothing.

    Raises:
        RestoreRefused: the database is not empty, or in use. BackupDamaged: the file is not what was written.
        SchemaNewer: it was written by a newer version. BackupError. StoreError.
    """
    tell("comparing the file with its SHA-256")
    made = manifest.check(file, stop)
    if not migrations.knows(made.schema):
        raise errors.SchemaNewer(revision=made.schema)
    with store.reading() as connection:
        target = marking.look_at(connection)
    _refuse(target)
    store.close()  # our own idle connections would be in the way
    tell(f"restoring {made.dossiers:,} dossiers of {made.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    after = [loading.counted(made.tables), *marking.after_restore(made, by=by, ahead=ahead)]
    loading.load(
        store.url,
        find_clients(wanted, target.server_major),
        file,
        before=loading.EMPTYING if target.things else "",
        after=after,
        stop=stop,
    )
    tell("bringing its schema up to date")
    migrations.upgrade(store.url)
    with store.reading() as connection:
        connection.exec_driver_sql("ANALYZE")
        unknown = marking.marked(connection)
    log.info("backup_restored", file=made.file, dossiers=made.dossiers, unknown=unknown)
    return Restored(manifest=made, unknown=unknown)


def resume_sending(store: Store, *, by: str, reason: str) -> int:
    """Let a restored installation send again; how many calls became unknown that were written since the restore.

    Raises: ActionNotNow: sending is not paused.
    """
    with store.transaction() as connection:
        unknown = marking.release(connection)
        if unknown is None:
            raise errors.ActionNotNow(what="sending is not paused")
        access.audit(connection, by, "sending-resumed", facts={"unknown": unknown}, reason=reason)
    return unknown


def _refuse(target: Target) -> None:
    if target.things and not target.ours:
        raise errors.RestoreRefused(reason="the database has tables that are not ours")
    if target.dossiers:
        many = f"{target.dossiers:,}{'+' if target.dossiers == marking.COUNTED else ''}"
        raise errors.RestoreRefused(reason=f"the database has {many} dossiers")
    if target.others:
        reason = f"{target.others} others are connected to it; stop web, workers and scheduler"
        raise errors.RestoreRefused(reason=reason)
