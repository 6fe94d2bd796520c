"""The embedded PostgreSQL starts from nothing, keeps what it acknowledged, and ends with its parent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from engine.errors import DatabaseServerError
from engine.settings import Database, Settings
from engine.storage.embedded import EmbeddedPostgres, attach_or_start
from engine.storage.embedded.postmaster import find_postmaster
from tests.support.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of its own for each test, reachable for the server's user."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 2 * 1024**3
    path = Path(tempfile.mkdtemp(prefix="lt-pg-", dir=memory if roomy else None))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


def connect(url: str) -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True)


def ask(url: str, query: bytes) -> object:
    with connect(url) as connection:
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def parent_with_server(folder: Path) -> subprocess.Popen[str]:
    """A process that starts the server, then writes numbers and prints each one that was acknowledged."""
    program = textwrap.dedent(f"""
        import pathlib, psycopg, structlog, sys
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        from engine.storage.embedded import EmbeddedPostgres
        server = EmbeddedPostgres(pathlib.Path({str(folder)!r}))
        server.start()
        c = psycopg.connect(server.url.replace('+psycopg', ''), autocommit=True)
        c.execute('CREATE TABLE IF NOT EXISTS written (i int PRIMARY KEY)')
        i = c.execute('SELECT coalesce(max(i), 0) FROM written').fetchone()[0]
        while True:
            i += 1
            c.execute('INSERT INTO written VALUES (%s)', (i,))
            print(i, flush=True)
    """)
    return subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


def lines_until_end(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    numbers = [int(line) for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    return numbers


def test_it_starts_from_an_empty_folder_and_again_with_its_data(folder: Path) -> None:
    server = EmbeddedPostgres(folder / "deep" / "data")
    server.start()
    with connect(server.url) as connection:
        connection.execute(b"CREATE TABLE kept (i int)")
    server.stop()
    assert not server.running
    server.start()
    try:
        assert ask(server.url, b"SELECT count(*) FROM kept") == 0
    finally:
        server.stop()


def test_it_listens_on_a_private_socket_only_and_wants_a_password(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        assert ask(server.url, b"SHOW listen_addresses") == ""
        assert ask(server.url, b"SELECT usesuper FROM pg_user WHERE usename = current_user") is False
        assert server.place.sockets.stat().st_mode & 0o777 == 0o700
        assert (server.place.home / "lienthong.password").stat().st_mode & 0o777 == 0o600
        wrong = server.url.replace(server.place.password("lienthong"), "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(wrong)
    finally:
        server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_as_root_the_server_runs_as_somebody_else(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        orphan = find_postmaster(server.place.database)
        assert orphan is not None
        assert Path(f"/proc/{orphan.pid}").stat().st_uid == server.place.account.uid != 0
    finally:
        server.stop()


def test_it_ends_when_its_parent_is_killed_and_every_acknowledged_row_is_there(folder: Path) -> None:
    parent = parent_with_server(folder)
    assert parent.stdout is not None
    first = int(parent.stdout.readline())
    found = find_postmaster(folder / "postgres" / "db")
    assert found is not None
    time.sleep(0.3)
    parent.kill()
    acknowledged = [first, *lines_until_end(parent)]
    assert until(lambda: find_postmaster(folder / "postgres" / "db") is None)
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        count = ask(server.url, b"SELECT count(*) FROM written")
        assert isinstance(count, int)
        assert acknowledged[-1] <= count <= acknowledged[-1] + 1
    finally:
        server.stop()


def test_it_recovers_when_server_and_parent_are_killed_in_mid_write(folder: Path) -> None:
    parent = parent_with_server(folder)
    assert parent.stdout is not None
    first = int(parent.stdout.readline())
    found = find_postmaster(folder / "postgres" / "db")
    assert found is not None
    time.sleep(0.3)
    os.kill(found.pid, signal.SIGKILL)
    parent.kill()
    acknowledged = [first, *lines_until_end(parent)]
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        count = ask(server.url, b"SELECT count(*) FROM written")
        assert isinstance(count, int)
        assert acknowledged[-1] <= count <= acknowledged[-1] + 1
    finally:
        server.stop()


def test_it_starts_again_after_the_server_alone_was_killed(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    found = find_postmaster(server.place.database)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    assert until(lambda: not server.running)
    server.start()
    try:
        assert ask(server.url, b"SELECT 1") == 1
    finally:
        server.stop()


@pytest.mark.parametrize(
    "pid", [1, os.getpid(), os.getppid(), 2**22 - 1], ids=["init", "ours", "parent", "nobody's"]
)
def test_a_stale_pid_file_does_not_keep_it_from_starting(folder: Path, pid: int) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    stale = f"{pid}\n{server.place.database}\n1\n5432\n{server.place.sockets}\n\n  1 1\nready\n"
    for file in (server.place.database / "postmaster.pid", server.place.sockets / ".s.PGSQL.5432.lock"):
        file.write_text(stale)
        os.chown(file, server.place.account.uid, -1)
        file.chmod(0o600)
    server.start()
    try:
        assert ask(server.url, b"SELECT 1") == 1
    finally:
        server.stop()


def test_a_second_supervisor_of_the_same_data_is_told_so(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        with pytest.raises(DatabaseServerError, match="in use by another"):
            EmbeddedPostgres(folder).start(wait_s=0.1)
    finally:
        server.stop()


def test_a_command_attaches_to_a_running_server_and_leaves_it_running(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        with attach_or_start(Settings(data_dir=folder)) as url:
            assert ask(url, b"SELECT 1") == 1
        assert server.running
    finally:
        server.stop()


def test_a_command_starts_a_server_for_itself_and_stops_it(folder: Path) -> None:
    with attach_or_start(Settings(data_dir=folder)) as url:
        assert ask(url, b"SELECT current_database()::text") == "lienthong"
    assert find_postmaster(folder / "postgres" / "db") is None


def test_a_configured_database_is_used_and_nothing_is_started(folder: Path) -> None:
    settings = Settings(data_dir=folder, database=Database(url="postgresql://db.example/x"))
    with attach_or_start(settings) as url:
        assert url == "postgresql+psycopg://db.example/x"
    assert not list(folder.iterdir())


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long" * 20))
    server.start()
    try:
        assert len(str(server.place.sockets)) < 90
        assert ask(server.url, b"SELECT 1") == 1
    finally:
        server.stop()
        shutil.rmtree(server.place.sockets, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_data_in_a_home_that_its_user_cannot_reach_goes_to_a_folder_of_our_own(folder: Path) -> None:
    folder.chmod(0o700)
    server = EmbeddedPostgres(folder / "data")
    server.start()
    try:
        assert server.place.home.is_relative_to("/var/lib/lienthong")
        assert ask(server.url, b"SELECT 1") == 1
        assert folder.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        shutil.rmtree(server.place.home.parent, ignore_errors=True)


def test_programs_that_are_not_there_are_named(folder: Path) -> None:
    with pytest.raises(DatabaseServerError, match="LIENTHONG_POSTGRES_BIN"):
        EmbeddedPostgres(folder, Database(postgres_bin=folder)).start()


@pytest.mark.skipif(
    not Path("/usr/lib/postgresql/15/bin/postgres").exists(), reason="Debian's PostgreSQL 15 is not there"
)
def test_debians_programs_serve_as_well_but_not_over_data_of_another_version(folder: Path) -> None:
    debian = Database(postgres_bin=Path("/usr/lib/postgresql/15/bin"))
    server = EmbeddedPostgres(folder, debian)
    server.start()
    try:
        assert str(ask(server.url, b"SHOW server_version")).startswith("15")
    finally:
        server.stop()
    with pytest.raises(DatabaseServerError, match="made by PostgreSQL 15"):
        EmbeddedPostgres(folder).start()
