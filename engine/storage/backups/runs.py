"""Rows of backups that were begun: what became of each. Who makes one holds `scratch.guarded`'s lock."""

from sqlalchemy import Connection, text

from engine.storage import installation
from engine.storage.backups.manifest import Manifest
from engine.storage.database import plain_text

GONE = "the process that made it went away"

_END_GONE = text(
    "UPDATE backup SET status = 'failed', ended_at = now(), detail = :detail WHERE status = 'running'"
)
_BEGIN = text("INSERT INTO backup (who, host, folder) VALUES (:who, :host, :folder) RETURNING id")
_WRITTEN = text(
    "UPDATE backup SET status = 'done', ended_at = now(), file = :file, size_bytes = :size, sha256 = :sha256,"
    " dossiers = :dossiers, taken_at = :taken_at WHERE id = :id"
)
_VERIFIED = text(
    "UPDATE backup SET status = 'done', verified_at = now(), checked = :checked, detail = '' WHERE file = :file"
)
_FAILED = text(
    "UPDATE backup SET status = 'failed', ended_at = coalesce(ended_at, now()), detail = :detail WHERE id = :id"
)
_UNFIT = text("UPDATE backup SET status = 'failed', verified_at = NULL, detail = :detail WHERE file = :file")
_GOOD = text(
    "SELECT file FROM backup WHERE status = 'done' AND verified_at IS NOT NULL ORDER BY taken_at DESC LIMIT 1"
)
_MARK = text(
    """
    INSERT INTO installation (name, value) VALUES ('lineage', to_jsonb(replace(CAST(gen_random_uuid() AS text), '-', '')))
    ON CONFLICT (name) DO NOTHING
    """
)


def are_kept(connection: Connection) -> bool:
    """Whether this database has a place for them: one that is empty or of an older version has none."""
    return connection.scalar(text("SELECT to_regclass('public.backup')")) is not None


def lineage(connection: Connection) -> str:
    """The mark of this installation, made once: what tells its backups from those of others in the same folder."""
    connection.execute(_MARK)
    return str(installation.get(connection, "lineage"))


def begin(connection: Connection, *, who: str, host: str, folder: str) -> int:
    """A run of ours begins, after those that nobody is at any more were ended."""
    connection.execute(_END_GONE, {"detail": GONE})
    given = {"who": plain_text(who, 100), "host": plain_text(host, 100), "folder": plain_text(folder, 500)}
    return int(connection.execute(_BEGIN, given).scalar_one())


def written(connection: Connection, run: int, made: Manifest) -> None:
    """Its file is there."""
    connection.execute(
        _WRITTEN,
        {
            "id": run,
            "file": made.file,
            "size": made.size_bytes,
            "sha256": made.sha256,
            "dossiers": made.dossiers,
            "taken_at": made.taken_at,
        },
    )


def failed(connection: Connection, run: int, detail: str) -> None:
    """Nothing came of it, for this reason."""
    connection.execute(_FAILED, {"id": run, "detail": plain_text(detail, 500)})


def verified(connection: Connection, file: str, checked: int) -> None:
    """*file* was restored and is what it should be, with the evidence of so many dossiers; nothing where it is not known."""
    connection.execute(_VERIFIED, {"file": file, "checked": checked})


def unfit(connection: Connection, file: str, detail: str) -> None:
    """*file* was looked at and is not what it should be."""
    connection.execute(_UNFIT, {"file": file, "detail": plain_text(detail, 500)})


def newest_good(connection: Connection) -> str | None:
    """The file of the newest backup that was verified."""
    found: str | None = connection.scalar(_GOOD)
    return found
