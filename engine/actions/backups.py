"""Backing up: a dump is written, checked by restoring it beside the database, kept, and every run of it is a row.

No transaction of ours is open while a file is written or restored, but the one whose snapshot the dump is of.
"""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from engine import errors
from engine.queries import evidence
from engine.queries.backups import JOB, sample
from engine.storage import installation, migrations, schedules, seals
from engine.storage.backups import dumping, loading, manifest, programs, runs, scratch
from engine.storage.backups.manifest import Manifest
from engine.storage.backups.programs import Stop, Tell
from engine.storage.database import Connection, Store
from engine.storage.embedded.binaries import Binaries, find_clients
from engine.storage.probing import probe

log = structlog.get_logger(__name__)

TIMETABLE = "timetable"
SAMPLED = 50
"""So many of the newest dossiers, and so many others, have their evidence checked in a restored backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPolicy:
    """Where backups go, how many are kept, whether each is restored once to see that it can be."""

    folder: Path
    environment: str
    keep: int = 14
    verify: bool = True
    programs: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A file that was written, and what the check of it looked at: None, it was not checked."""

    file: Path
    manifest: Manifest
    checked: int | None
    removed: tuple[str, ...] = ()


NEVER = threading.Event()
"""Never set: nobody asks to leave off."""


def quiet(_said: str) -> None:
    """Nobody wants to know."""


def take(store: Store, policy: BackupPolicy, *, by: str, stop: Stop = NEVER, tell: Tell = quiet) -> Backup:
    """Back the database up. *stop* is asked now and then whether to leave off.

    Raises:
        BackupRunning. BackupError: nothing came of it; the run's row says why. StoreError.
    """
    with scratch.guarded(store.url) as guard:
        if not runs.are_kept(guard):
            schema = migrations.current(guard) or "empty"
            raise errors.BackupError(
                what="the backup",
                reason=f"the database is {schema}: upgrade it, or use the version of Lienthong that it is of",
            )
        with store.transaction() as connection:
            lineage = runs.lineage(connection)
            folder = str(policy.folder)
            run = runs.begin(connection, who=by, host=socket.gethostname(), folder=folder)
        with _told_of(store, run):
            found = _clients(guard, policy.programs)
            file, made = _write(store, policy, lineage, found, stop=stop, tell=tell)
            with store.transaction() as connection:
                runs.written(connection, run, made)
            checked = None
            if policy.verify:
                checked = _check(guard, store.url, found, file, stop=stop, tell=tell)
                with store.transaction() as connection:
                    runs.verified(connection, made.file, checked)
            removed = _prune(store, policy, lineage)
    log.info("backup_made", file=made.file, bytes=made.size_bytes, dossiers=made.dossiers, checked=checked)
    return Backup(file=file, manifest=made, checked=checked, removed=removed)


def take_by_timetable(store: Store, policy: BackupPolicy | None, *, stop: Stop, tell: Tell = quiet) -> int:
    """`take` for the job: what goes wrong is in the run's row, and the next night tries again; how many were made.

    One that is interrupted because its worker ends is due again at once, for whoever works then.
    """
    try:
        if policy is None:
            return _not_configured(store)
        take(store, policy, by=TIMETABLE, stop=stop, tell=tell)
    except errors.StoreError:
        raise
    except errors.BackupError as error:
        log.warning("backup_not_made", reason=error.message)
        if stop.is_set():
            with store.transaction() as connection:
                schedules.due_now(connection, JOB)
        return 0
    return 1


def _not_configured(store: Store) -> int:
    """The scheduler knows of a folder and this worker of none: a run that failed, so that somebody is told."""
    with store.transaction() as connection:
        run = runs.begin(connection, who=TIMETABLE, host=socket.gethostname(), folder="")
        runs.failed(connection, run, "LIENTHONG_BACKUP_FOLDER is not set for this worker")
    return 0


def verify(
    store: Store, file: Path, *, wanted: Path | None = None, stop: Stop = NEVER, tell: Tell = quiet
) -> Backup:
    """Check a file that was written before, on any server, and remember what came of it where its run is known here.

    Raises:
        BackupRunning. BackupDamaged: it is not what was written. BackupError: it could not be checked. StoreError.
    """
    with scratch.guarded(store.url) as guard:
        made = manifest.read(file)
        kept = (
            runs.are_kept(guard) and made.file == file.name
        )  # whose name is another's tells nothing of that one
        try:
            checked = _check(guard, store.url, _clients(guard, wanted), file, stop=stop, tell=tell)
        except errors.BackupDamaged as error:
            if kept:
                with store.transaction() as connection:
                    runs.unfit(connection, made.file, error.message)
            raise
        if kept:
            with store.transaction() as connection:
                runs.verified(connection, made.file, checked)
    return Backup(file=file, manifest=made, checked=checked)


def _clients(connection: Connection, wanted: Path | None) -> Binaries:
    return find_clients(wanted, int(probe(connection).version.split(".")[0].split()[0]))


@contextmanager
def _told_of(store: Store, run: int) -> Iterator[None]:
    """Whatever ends the block is in the run's row."""
    try:
        yield
    except BaseException as error:
        said = error.message if isinstance(error, errors.LienthongError) else _named(error)
        log.warning("backup_failed", reason=said)
        with suppress(errors.StoreError), store.transaction() as connection:
            runs.failed(connection, run, said)
        raise


def _named(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return programs.interrupted().message
    return type(error).__name__


def _write(
    store: Store, policy: BackupPolicy, lineage: str, found: Binaries, *, stop: Stop, tell: Tell
) -> tuple[Path, Manifest]:
    with manifest.private_folder(policy.folder):
        draft = manifest.part(policy.folder, lineage)
        try:
            manifest.empty_private(draft)
            taken = dumping.dump(store.url, found, draft, stop=stop, tell=tell)
            tell("reading it once more for its SHA-256")
            made = Manifest(
                file=manifest.file_name(policy.environment, lineage, taken.at),
                sha256=manifest.digest(draft, stop),
                size_bytes=draft.stat().st_size,
                taken_at=taken.at,
                environment=_environment(store, policy),
                lineage=lineage,
                schema=taken.schema,
                server=taken.server,
                dossiers=taken.dossiers,
                tables=taken.tables,
            )
            return manifest.publish(draft, made), made
        finally:
            for left in (draft, manifest.beside(draft)):
                left.unlink(missing_ok=True)


def _environment(store: Store, policy: BackupPolicy) -> str:
    """The one that the database is of, which another process may be started under."""
    with store.reading() as connection:
        return str(installation.get(connection, installation.ENVIRONMENT) or policy.environment)


def _check(guard: Connection, url: str, found: Binaries, file: Path, *, stop: Stop, tell: Tell) -> int:
    """Restore *file* beside the database and compare; how many dossiers' evidence was checked.

    Raises: BackupDamaged, BackupError.
    """
    tell("comparing the file with its SHA-256")
    made = manifest.check(file, stop)
    if not migrations.knows(made.schema):
        raise errors.SchemaNewer(revision=made.schema)
    with scratch.scratch(guard, url) as beside:
        tell("restoring it beside the database")
        _load(beside, found, file, made, stop=stop)
        tell("checking its evidence")
        return _evidence(beside, made, stop=stop)


def _load(beside: str, found: Binaries, file: Path, made: Manifest, *, stop: Stop) -> None:
    try:
        loading.load(beside, found, file, after=[loading.counted(made.tables)], stop=stop)
    except errors.BackupError as error:
        if stop.is_set():
            raise
        reason = str(error.facts.get("reason"))
        if loading.MISCOUNTED in reason:
            raise errors.BackupDamaged(file=made.file, reason=reason) from error
        raise errors.BackupError(what=f"the check of {made.file}", reason=reason) from error


def _evidence(beside: str, made: Manifest, *, stop: Stop) -> int:
    store = Store(beside, pooled=False)
    try:
        with store.reading() as connection:
            schema = migrations.current(connection)
            if schema != made.schema:
                raise errors.BackupDamaged(
                    file=made.file, reason=f"its schema is {schema}, written was {made.schema}"
                )
            looked_at = sample(connection, SAMPLED)
            for dossier, code in looked_at:
                if stop.is_set():
                    raise programs.interrupted()
                if evidence.prove(connection, code, dossier).breaks:
                    raise errors.BackupDamaged(file=made.file, reason=f"the timeline of {code} does not hold")
            broken = seals.check(connection).broken
            if broken is not None:
                raise errors.BackupDamaged(
                    file=made.file, reason=f"seal {broken} of the audit trail does not hold"
                )
    finally:
        store.close()
    return len(looked_at)


def _prune(store: Store, policy: BackupPolicy, lineage: str) -> tuple[str, ...]:
    """Remove all but the newest of our own files, and never the newest that was verified; which were removed."""
    with store.reading() as connection:
        good = runs.newest_good(connection)
    found = manifest.of_lineage(policy.folder, lineage)
    over = [one.file for one in found[policy.keep :] if one.file != good]
    for name in over:
        file = policy.folder / name
        with suppress(OSError):
            os.unlink(file)
            os.unlink(manifest.beside(file))
    return tuple(over)
