"""Starts, watches and stops the embedded PostgreSQL as a child of this process.

The server ends with its parent, however the parent ends (a death signal set by the kernel); whatever it leaves behind
is cleared at the next start. Start it from the main thread: the death signal is bound to the thread that forks.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import psycopg
import structlog
from psycopg import sql

from engine import parent
from engine.errors import DatabaseServerError
from engine.settings import Database
from engine.storage.embedded import place as places
from engine.storage.embedded.binaries import CLEAN_ENVIRONMENT, Binaries, find_binaries
from engine.storage.embedded.postmaster import disown_stale_files, find_postmaster

log = structlog.get_logger(__name__)

_SUPERUSER = "postgres"
_STOP_TIMEOUT_S = 30
_LOG_LIMIT_BYTES = 20 * 1024 * 1024
_LOOK_S = 0.01


class EmbeddedPostgres:
    """One PostgreSQL server over *data_dir*, supervised by this process.

    *options* are PostgreSQL settings by name, for tests and tuning.
    """

    def __init__(
        self, data_dir: Path, settings: Database | None = None, *, options: Mapping[str, str] | None = None
    ) -> None:
        self._settings = settings or Database()
        self.place = places.find_place(data_dir, self._settings.os_user)
        self._options = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._hold = places.Hold(self.place.home / "server.lock")

    @property
    def url(self) -> str:
        """The application's database for SQLAlchemy with psycopg."""
        return self.place.url()

    @property
    def running(self) -> bool:
        """Whether the server that this object started lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *, wait_s: float = 5.0) -> None:
        """Return when the server accepts connections and the application's database is there.

        *wait_s* is how long another process that supervises the same data may take to let go of it.

        Raises:
            DatabaseServerError: no programs, no right to the folder, other data, or the server's own complaint.
        """
        self.place.prepare()
        if not self._hold.take(wait_s=wait_s):
            raise DatabaseServerError(
                reason=f"{self.place.home} is in use by another Lienthong; stop that one first"
            )
        try:
            self._start(find_binaries(self._settings.postgres_bin, self.place.account))
        except BaseException:
            self.stop()
            raise

    def stop(self, *, patience_s: float = _STOP_TIMEOUT_S) -> None:
        """Return when the server is gone; open transactions are rolled back. May be called twice.

        One that takes longer than *patience_s* (a checkpoint on a busy disk) is stopped as by a power cut: the next start
        recovers from its log.
        """
        process, self._process = self._process, None
        if process is not None:
            for last_resort in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
                process.send_signal(last_resort)
                try:
                    process.wait(patience_s)
                    break
                except subprocess.TimeoutExpired:
                    log.warning("database_server_slow_to_stop", signal=last_resort.name)
        self._hold.free()

    def _start(self, binaries: Binaries) -> None:
        until = time.monotonic() + self._settings.start_timeout_s
        if not (self.place.database / "PG_VERSION").is_file():
            self._initialise(binaries)
        self._check_version(binaries)
        while True:
            self._await_departure(until)
            disown_stale_files(self.place.database, self.place.sockets)
            complaint = self._launch(binaries, until)
            if complaint is None:
                break
            if not _may_pass(complaint) or time.monotonic() > until:
                raise DatabaseServerError(reason=f"it did not start: {complaint}")
            time.sleep(0.05)  # orphaned backends leave without telling anybody
        self._create_database()
        log.debug(
            "database_server_ready", pid=self._process.pid if self._process else 0, major=binaries.major
        )

    def _initialise(self, binaries: Binaries) -> None:
        """Make the data folder aside and rename it, so that half of one is never taken for a database."""
        draft = Path(tempfile.mkdtemp(prefix="db.init-", dir=self.place.home))
        secret = self.place.sockets / "initial.password"
        secret.write_text(self.place.password(_SUPERUSER), encoding="ascii")
        try:
            for path in (draft, secret):
                self.place.account.owns(path)
            answer = self._run(self._initdb_command(binaries, draft, secret))
            if answer.returncode != 0:
                raise DatabaseServerError(reason=f"initdb: {answer.stderr.strip()[-500:]}")
            shutil.rmtree(self.place.database, ignore_errors=True)  # an empty one, or without PG_VERSION
            draft.rename(self.place.database)
        finally:
            secret.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _initdb_command(self, binaries: Binaries, draft: Path, secret: Path) -> list[str]:
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        return [
            *(binaries.program("initdb"), "-D", str(draft), "-U", _SUPERUSER, "-A", "scram-sha-256"),
            *("--pwfile", str(secret), "-E", "UTF8", "-k", "--no-instructions"),
            *(locale if binaries.major >= 17 else ["--locale=C.UTF-8"]),
            *(["--no-sync"] if self._options.get("fsync") == "off" else []),
        ]

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]  # the options are a dictionary
            command, cwd="/", env=CLEAN_ENVIRONMENT, capture_output=True, text=True, check=False,
            **self.place.account.popen_options,
        )  # fmt: skip

    def _check_version(self, binaries: Binaries) -> None:
        made_by = (self.place.database / "PG_VERSION").read_text().strip()
        if made_by != str(binaries.major):
            raise DatabaseServerError(
                reason=f"{self.place.database} was made by PostgreSQL {made_by}, the programs are {binaries.major}; "
                "set LIENTHONG_POSTGRES_BIN to the old ones or move the data with pg_dump"
            )

    def _await_departure(self, until: float) -> None:
        """Wait for a server whose parent died; we hold the lock, so nobody else wants it."""
        told = False
        while (orphan := find_postmaster(self.place.database)) is not None:
            if not told:
                told = True
                os.kill(orphan.pid, signal.SIGINT)
            if time.monotonic() > until:
                raise DatabaseServerError(reason=f"an old server (process {orphan.pid}) does not end")
            time.sleep(_LOOK_S)  # it is not our child: nothing to wait on

    def _launch(self, binaries: Binaries, until: float) -> str | None:
        """Start the server once; None when it is ready, else what it said before it ended."""
        command = [
            *(binaries.program("postgres"), "-D", str(self.place.database), "-k", str(self.place.sockets)),
            *("-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c", "timezone=UTC"),
            *(
                "-c",
                "log_error_verbosity=terse",
            ),  # the details of an error show whole rows of what people handed in
        ]
        for name, value in self._options.items():
            command += ["-c", f"{name}={value}"]
        offset = _trimmed(self.place.log)
        with self.place.log.open("ab") as out:
            self._process = subprocess.Popen(  # type: ignore[call-overload]  # the options are a dictionary
                command, cwd="/", env=CLEAN_ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True, preexec_fn=parent.following(signal.SIGINT), **self.place.account.popen_options,
            )  # fmt: skip
        return self._await_ready(until, offset)

    def _await_ready(self, until: float, log_offset: int) -> str | None:
        process = self._process
        if process is None:
            raise DatabaseServerError(reason="it was stopped while it started")
        while process.poll() is None:
            found = find_postmaster(self.place.database)
            if found is not None and found.pid == process.pid and found.ready:
                return None
            if time.monotonic() > until:
                raise DatabaseServerError(reason=f"it is not ready in time; see {self.place.log}")
            time.sleep(_LOOK_S)  # readiness is a line in a file
        with self.place.log.open("rb") as said:
            said.seek(log_offset)
            return said.read()[-1500:].decode(errors="replace").strip()

    def _create_database(self) -> None:
        """Make the application's role and database, once; the role may make databases but is no superuser."""
        role = sql.Identifier(places.ROLE)
        password = sql.Literal(self.place.password(places.ROLE))
        address = self.place.url(_SUPERUSER, _SUPERUSER).replace("+psycopg", "")
        with psycopg.connect(
            address, autocommit=True, connect_timeout=self._settings.connect_timeout_s
        ) as connection:
            if not _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", places.ROLE):
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}").format(role, password)
                )
            if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", places.DATABASE):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(places.DATABASE), role)
                )


def _exists(connection: "psycopg.Connection[tuple[object, ...]]", query: str, name: str) -> bool:
    return connection.execute(query.encode(), (name,)).fetchone() is not None


def _may_pass(complaint: str) -> bool:
    """Whether waiting helps: an old server or its backends are still leaving."""
    return "postmaster.pid" in complaint or "shared memory" in complaint


def _trimmed(file: Path) -> int:
    """The size of the log, after emptying one that has grown too large."""
    size = file.stat().st_size if file.exists() else 0
    if size > _LOG_LIMIT_BYTES:
        os.truncate(file, 0)
        return 0
    return size
