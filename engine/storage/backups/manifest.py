"""What is known of a backup without opening it: a JSON file beside it, and the rules by which both are written and found.

A dump has its final name only once it is whole, on disk, and its manifest beside it. Nobody but their owner reads either.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import orjson

from engine.errors import BackupDamaged, BackupError
from engine.storage.backups.programs import Stop, interrupted

FORMAT = 1
SUFFIX, BESIDE, PART = ".dump", ".json", ".part"
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A dump: *taken_at* is the moment whose data it holds, *tables* how many rows each of its tables has.

    *lineage* is the installation's own mark, which every copy of its database has.
    """

    file: str
    sha256: str
    size_bytes: int
    taken_at: datetime
    environment: str
    lineage: str
    schema: str
    server: str
    dossiers: int
    tables: Mapping[str, int]
    format: int = FORMAT


def file_name(environment: str, lineage: str, taken_at: datetime) -> str:
    """What a dump is called: environment, time (UTC, to the millisecond), and which installation of that environment."""
    slug = re.sub(r"[^A-Za-z0-9_]+", "_", environment)[:40].strip("_") or "database"
    at = f"{taken_at:%Y%m%dT%H%M%S}{taken_at.microsecond // 1000:03d}Z"
    return f"lienthong-{slug}-{at}-{lineage[:8]}{SUFFIX}"


def beside(file: Path) -> Path:
    """Where the manifest of *file* is."""
    return file.with_name(file.name + BESIDE)


def part(folder: Path, lineage: str) -> Path:
    """Where this installation writes a dump that is not whole yet: one at a time, and what a killed run left is replaced."""
    return folder / f".lienthong-{lineage[:8]}{PART}"


@contextmanager
def private_folder(folder: Path) -> Iterator[None]:
    """*folder* is there inside the block, and what is ours of it is for its owner only; told by one line where it cannot be.

    Raises: BackupError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_uid == os.geteuid() and not any(folder.iterdir()):
            folder.chmod(0o700)
        yield
    except OSError as exc:
        raise BackupError(what=str(exc.filename or folder), reason=str(exc.strerror)) from exc


def empty_private(file: Path) -> None:
    """Make *file* anew, empty and readable by its owner only."""
    file.unlink(missing_ok=True)
    os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def publish(draft: Path, manifest: Manifest) -> Path:
    """Give a whole dump its name, its manifest first; both are on disk before this returns. Where it is now."""
    file = draft.with_name(manifest.file)
    words = orjson.dumps(asdict(manifest), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    half = beside(draft)
    empty_private(half)
    half.write_bytes(words)
    for one in (draft, half):
        sync(one)
    half.rename(beside(file))
    draft.rename(file)
    sync(file.parent)
    return file


def sync(path: Path) -> None:
    """Have a file, or the names of a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def digest(file: Path, stop: Stop) -> str:
    """The SHA-256 of a file. Raises: BackupError: *stop* said so."""
    found = hashlib.sha256()
    with file.open("rb") as given:
        while chunk := given.read(_CHUNK):
            found.update(chunk)
            if stop.is_set():
                raise interrupted()
    return found.hexdigest()


def read(file: Path) -> Manifest:
    """What is beside *file*. Raises: BackupDamaged: nothing that can be read."""
    try:
        said = orjson.loads(beside(file).read_bytes())
        if said.get("format") != FORMAT:
            raise BackupDamaged(file=file.name, reason="its manifest is of another version")
        found = Manifest(**{**said, "taken_at": datetime.fromisoformat(said["taken_at"])})
    except FileNotFoundError:
        raise BackupDamaged(file=file.name, reason=f"there is no {beside(file).name} beside it") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BackupDamaged(file=file.name, reason="its manifest cannot be read") from None
    if not _is_sound(found):
        raise BackupDamaged(file=file.name, reason="its manifest cannot be read")
    return found


def _is_sound(found: Manifest) -> bool:
    """Whether what was read is of the kinds that were written."""
    if not isinstance(found.tables, dict):
        return False
    numbers = [found.size_bytes, found.dossiers, *found.tables.values()]
    texts = [found.file, found.sha256, found.environment, found.lineage, found.schema, found.server]
    return (
        all(type(one) is int for one in numbers)
        and all(isinstance(one, str) for one in texts)
        and found.taken_at.tzinfo is not None
    )


def check(file: Path, stop: Stop) -> Manifest:
    """The manifest of a file that is byte for byte what was written.

    Raises:
        BackupDamaged: it is not. BackupError: *stop* said so, or it cannot be read.
    """
    try:
        manifest = read(file)
        size = file.stat().st_size
        if size != manifest.size_bytes:
            raise BackupDamaged(
                file=file.name, reason=f"it has {size} bytes and was written with {manifest.size_bytes}"
            )
        if digest(file, stop) != manifest.sha256:
            raise BackupDamaged(file=file.name, reason="its SHA-256 is not the one that it was written with")
    except OSError as exc:
        raise BackupError(what=str(file), reason=str(exc.strerror)) from exc
    return manifest


def of_lineage(folder: Path, lineage: str) -> list[Manifest]:
    """The dumps in *folder* that are of this installation, newest first."""
    ours = []
    for file in folder.glob(f"lienthong-*{SUFFIX}"):
        with suppress(BackupDamaged, OSError):
            made = read(file)
            if made.lineage == lineage and made.file == file.name:
                ours.append(made)
    return sorted(ours, key=lambda one: one.taken_at, reverse=True)
