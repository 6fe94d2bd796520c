"""Loading a dump into a database: whole, with what is to be true of it then, or not at all.

pg_restore only writes SQL; psql runs it within one transaction, that is committed once pg_restore ended well and the rows
were counted. Whoever looks at the database meanwhile sees what was there before.
"""

import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from psycopg import sql

from engine.errors import BackupError
from engine.storage.backups.programs import Program, Stop, address, interrupted
from engine.storage.embedded.binaries import Binaries

_CHUNK = 256 * 1024
_HEAD = 2_000  # only settings stand there
_LOOK_S = 0.2
# pg_restore 17 and newer switch off a limit that older servers do not know; we do so where it is known.
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
_UNLIMITED = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout';"
MISCOUNTED = "rows, written were"
"""What is said where a table has not the rows that it should have."""
EMPTYING = """
    LOCK TABLE public.dossier IN ACCESS EXCLUSIVE MODE;
    DO $emptying$ BEGIN IF EXISTS (SELECT 1 FROM public.dossier) THEN RAISE 'dossiers came meanwhile'; END IF; END $emptying$;
    DROP SCHEMA public CASCADE; CREATE SCHEMA public;
"""
"""What makes room in a database of ours that has no dossiers; it fails where one came since somebody looked."""


def load(
    url: str,
    programs: Binaries,
    file: Path,
    *,
    before: str = "",
    after: Sequence[str] = (),
    stop: Stop,
) -> None:
    """Restore *file* into the database at *url*, *before* it and *after* it these statements, all or nothing.

    Roles and rights of where it was dumped are left out.

    Raises: BackupError: it cannot be restored, or *stop* said so; then nothing was done.
    """
    place = address(url)
    reading = [programs.program("pg_restore"), "--no-owner", "--no-privileges", "--file=-", str(file)]
    running = [
        *(programs.program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--output=/dev/null"),
        *("--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse", f"--dbname={place.words}"),
    ]
    with (
        Program(reading, place.environment, stdout=subprocess.PIPE) as source,
        Program(running, place.environment, stdin=subprocess.PIPE) as target,
    ):
        given, taken = source.process.stdout, target.process.stdin
        if given is None or taken is None:
            raise BackupError(what="the restore", reason="its pipes are not there")
        with _ended_by(stop, source, target):
            with suppress(BrokenPipeError):  # psql ended before it had read everything: it says why
                _write(taken, f"BEGIN;\n{_UNLIMITED}\n{before}\n")
                taken.write(given.read(_HEAD).replace(_UNKNOWN_BEFORE_17, b""))
                while chunk := given.read(_CHUNK):
                    taken.write(chunk)
                source.finish(stop)
                _write(taken, "".join(f"{one};\n" for one in ("SET search_path = public", *after, "COMMIT")))
                taken.close()
            target.finish(stop)


@contextmanager
def _ended_by(stop: Stop, *running: Program) -> Iterator[None]:
    """Programs that take long over one statement are ended all the same when *stop* says so."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if stop.is_set():
                for one in running:
                    one.process.kill()
                return

    watching = threading.Thread(target=watch, name="backup-watch", daemon=True)
    watching.start()
    try:
        yield
    except BackupError:
        if stop.is_set():
            raise interrupted() from None
        raise
    finally:
        over.set()
        watching.join()


def _write(taken: IO[bytes], words: str) -> None:
    taken.write(words.encode())
    taken.flush()


def counted(tables: Mapping[str, int]) -> str:
    """A statement that fails where a table has not as many rows as here."""
    checks = "\n".join(_checks(tables))
    return f"DO $counting$ DECLARE found bigint; BEGIN\n{checks}\nEND $counting$"


def _checks(tables: Mapping[str, int]) -> Iterator[str]:
    for table, wanted in tables.items():
        parts = [part.strip('"') for part in table.split(".", 1)]
        name = sql.Identifier(*parts).as_string(None)
        said = sql.Literal(f"{table} has % {MISCOUNTED} {wanted}").as_string(None)
        yield f"SELECT count(*) INTO found FROM {name}; IF found <> {int(wanted)} THEN RAISE {said}, found; END IF;"
