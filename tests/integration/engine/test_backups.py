"""A backup is whole, private, of one moment and restored once before it counts; a run that ends badly leaves its reason and
nothing else."""

import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import psutil
import psycopg
import pytest

from engine import errors
from engine.actions import anchor, backups
from engine.actions.backups import Backup, BackupPolicy
from engine.settings import Database
from engine.storage import migrations, schedules
from engine.storage.backups import manifest, programs
from engine.storage.database import Store
from engine.storage.embedded import EmbeddedPostgres, binaries
from engine.storage.embedded.binaries import find_clients
from engine.storage.schedules import Planned
from tests.support.counter import Counter, open_counter
from tests.support.waiting import gone, until

CHECKOUT = Path(__file__).resolve().parents[3]
OLD_PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def counter(database) -> Iterator[Counter]:
    with open_counter(database.url) as opened:
        yield opened


@pytest.fixture
def policy(tmp_path: Path) -> BackupPolicy:
    return BackupPolicy(folder=tmp_path / "backups", environment="test", keep=2)


def take(counter: Counter, policy: BackupPolicy, **how: object) -> Backup:
    return backups.take(counter.store, policy, by="lan", **how)  # type: ignore[arg-type]


def rows(counter: Counter) -> list[tuple[object, ...]]:
    with counter.store.reading() as connection:
        found = connection.exec_driver_sql(
            "SELECT status, verified_at IS NOT NULL, detail FROM backup ORDER BY id"
        )
        return [tuple(row) for row in found]


def scratch_databases(counter: Counter) -> object:
    return counter.scalar("SELECT count(*) FROM pg_database WHERE datname LIKE 'lienthong_check_%'")


def at(words: str, then: Callable[[], object]) -> Callable[[str], None]:
    """Does *then* when the run says that it is about to do this."""

    def tell(said: str) -> None:
        if words in said:
            then()

    return tell


def test_a_backup_is_private_and_whole_with_a_manifest_and_a_row(
    counter: Counter, policy: BackupPolicy
) -> None:
    counter.new_dossier()
    anchor.anchor_heads(counter.store)
    made = take(counter, policy)
    assert stat.S_IMODE(policy.folder.stat().st_mode) == 0o700
    assert sorted(file.name for file in policy.folder.iterdir()) == [
        made.manifest.file,
        f"{made.manifest.file}.json",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in policy.folder.iterdir()} == {0o600}
    said = orjson.loads(manifest.beside(made.file).read_bytes())
    assert said["size_bytes"] == made.file.stat().st_size
    assert (said["dossiers"], said["tables"]["public.timeline"], said["tables"]["public.anchor"]) == (1, 3, 1)
    assert made.checked == 1
    assert rows(counter) == [("done", True, "")]
    assert scratch_databases(counter) == 0


def test_what_is_written_while_it_is_made_is_not_in_it_and_does_not_disturb_it(
    counter: Counter, policy: BackupPolicy
) -> None:
    counter.new_dossier()
    made = take(counter, policy, tell=at("dumping", counter.new_dossier))
    assert counter.scalar("SELECT count(*) FROM dossier") == 2
    assert (made.manifest.dossiers, made.checked) == (1, 1)


def test_who_is_signed_in_is_not_in_a_backup(counter: Counter, policy: BackupPolicy) -> None:
    made = take(counter, policy)
    assert {name: made.manifest.tables[f"public.{name}"] for name in ("session", "backup")} == {
        "session": 0,
        "backup": 0,
    }


@pytest.mark.parametrize("place", [100, -100])
def test_a_file_with_one_other_byte_is_no_backup(counter: Counter, policy: BackupPolicy, place: int) -> None:
    made = take(counter, policy)
    content = bytearray(made.file.read_bytes())
    content[place] ^= 1
    made.file.write_bytes(content)
    with pytest.raises(errors.BackupDamaged, match="SHA-256"):
        backups.verify(counter.store, made.file)
    assert [row[:2] for row in rows(counter)] == [("failed", False)]


def test_a_file_that_is_cut_off_or_without_its_manifest_is_no_backup(
    counter: Counter, policy: BackupPolicy
) -> None:
    made = take(counter, policy, tell=print)
    whole = made.file.read_bytes()
    made.file.write_bytes(whole[:-1])
    with pytest.raises(errors.BackupDamaged, match="bytes"):
        backups.verify(counter.store, made.file)
    made.file.write_bytes(whole)
    assert backups.verify(counter.store, made.file).checked == 0
    assert [row[:2] for row in rows(counter)] == [("done", True)]
    said = orjson.loads(manifest.beside(made.file).read_bytes())
    odd = {"tables": {"public.unit": "x"}}, {"tables": 5}, {"dossiers": "x"}, {"taken_at": "2026-01-01"}
    for one in odd:
        manifest.beside(made.file).write_bytes(orjson.dumps(said | one))
        with pytest.raises(errors.BackupDamaged, match="manifest cannot be read"):
            backups.verify(counter.store, made.file)
    unverified = "UPDATE backup SET verified_at = NULL RETURNING 1"
    assert counter.scalar(unverified) == 1
    other = made.file.with_name("renamed.dump")
    other.write_bytes(whole)
    manifest.beside(other).write_bytes(orjson.dumps(said))
    assert backups.verify(counter.store, other).checked == 0
    assert (
        counter.scalar("SELECT verified_at FROM backup") is None
    )  # what another name is told of tells nothing of this one
    manifest.beside(made.file).unlink()
    with pytest.raises(errors.BackupDamaged, match="beside"):
        backups.verify(counter.store, made.file)


def test_rows_that_are_missing_in_a_dump_are_found(counter: Counter, policy: BackupPolicy) -> None:
    counter.new_dossier()
    made = take(counter, policy)
    said = orjson.loads(manifest.beside(made.file).read_bytes())
    said["tables"]["public.timeline"] += 1
    manifest.beside(made.file).write_bytes(orjson.dumps(said))
    with pytest.raises(errors.BackupDamaged, match=r"public\.timeline has 3 rows, written were 4"):
        backups.verify(counter.store, made.file)
    assert scratch_databases(counter) == 0


def test_a_history_that_was_altered_is_found_in_its_backup(counter: Counter, policy: BackupPolicy) -> None:
    code = counter.new_dossier()
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("UPDATE timeline SET body = body || ' '::bytea WHERE seq = 2")
    with pytest.raises(errors.BackupDamaged, match=code):
        take(counter, policy)
    assert [row[:2] for row in rows(counter)] == [("failed", False)]


@pytest.mark.parametrize("when", ["dumping", "restoring", "evidence"])
def test_one_that_is_asked_to_stop_leaves_its_reason_and_nothing_else(
    counter: Counter, policy: BackupPolicy, when: str
) -> None:
    counter.new_dossier()
    stop = threading.Event()
    with pytest.raises(errors.BackupError, match="interrupted"):
        take(counter, policy, stop=stop, tell=at(when, stop.set))
    assert [row[0] for row in rows(counter)] == ["failed"]
    assert "interrupted" in str(rows(counter)[0][2])
    assert scratch_databases(counter) == 0
    assert [file.suffix for file in policy.folder.iterdir() if file.suffix not in (".dump", ".json")] == []


def test_what_a_killed_one_left_is_cleared_by_the_next(counter: Counter, policy: BackupPolicy) -> None:
    program = textwrap.dedent(f"""
        import pathlib, signal, sys, structlog
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
        from engine.actions import backups
        from engine.storage.database import Store

        def tell(said):
            if "evidence" in said:
                print(said, flush=True)
                signal.pause()

        policy = backups.BackupPolicy(folder=pathlib.Path({str(policy.folder)!r}), environment="test")
        backups.take(Store({counter.store.url!r}), policy, by="lan", tell=tell)
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert "evidence" in process.stdout.readline()
        assert scratch_databases(counter) == 1
        with pytest.raises(errors.BackupRunning):
            take(counter, policy)
        process.send_signal(signal.SIGKILL)
    _wait_until_alone(counter)
    take(counter, policy)
    assert [row[0] for row in rows(counter)] == ["done", "done"], "its file was whole already"
    assert [row[1] for row in rows(counter)] == [False, True]
    assert scratch_databases(counter) == 0


def _wait_until_alone(counter: Counter) -> None:
    """The server notices by itself that a client is gone, soon."""
    held = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = ("
        "SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if counter.scalar(held) == 0:
            return
    raise AssertionError("the lock of a killed process stays")


def test_a_run_that_nobody_is_at_any_more_is_ended_by_the_next(
    counter: Counter, policy: BackupPolicy
) -> None:
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO backup (who, host, folder) VALUES ('x', 'h', '/f')")
    take(counter, policy)
    assert [(row[0], row[2]) for row in rows(counter)] == [
        ("failed", "the process that made it went away"),
        ("done", ""),
    ]


def test_the_timetables_one_is_due_again_where_its_worker_ends_and_not_where_it_failed(
    counter: Counter, policy: BackupPolicy
) -> None:
    due = "SELECT next_at <= now() FROM schedule WHERE name = 'backup'"
    with counter.store.transaction() as connection:
        row = Planned(name="backup", job="backup", trigger="30 2 * * *")
        schedules.ensure(connection, [row])
        connection.exec_driver_sql("UPDATE schedule SET next_at = now() + interval '1 h'")
    bad = replace(policy, programs=Path("/nowhere"))
    assert backups.take_by_timetable(counter.store, bad, stop=threading.Event()) == 0
    assert counter.scalar(due) is False
    stop = threading.Event()
    tell = at("dumping", stop.set)
    assert backups.take_by_timetable(counter.store, policy, stop=stop, tell=tell) == 0
    assert counter.scalar(due) is True
    assert [row[0] for row in rows(counter)] == ["failed", "failed"]


def test_two_at_once_are_one_too_many(counter: Counter, policy: BackupPolicy) -> None:
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(errors.BackupRunning) as told:
            take(counter, policy)
        refused.append(told.value.code)

    take(counter, policy, tell=at("dumping", second))
    assert refused == ["backup-running"]
    assert len(rows(counter)) == 1


def test_the_schema_is_not_changed_under_one(counter: Counter, policy: BackupPolicy) -> None:
    """The change would wait for pg_dump's locks, and everybody else for the change."""
    refused: list[str] = []

    def upgrade() -> None:
        with counter.store.transaction() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
        with pytest.raises(errors.BackupRunning) as told:
            migrations.upgrade(counter.store.url)
        refused.append(told.value.code)

    take(counter, policy, tell=at("dumping", upgrade))
    assert refused == ["backup-running"]


def test_old_ones_go_but_never_the_newest_that_was_verified_nor_what_is_anothers(
    counter: Counter, policy: BackupPolicy
) -> None:
    good = take(counter, policy).manifest.file
    other = policy.folder / "lienthong-test-20200101T000000Z-00000000.dump"
    said = orjson.loads(manifest.beside(policy.folder / good).read_bytes())
    for file, content in (
        (other, b"x"),
        (manifest.beside(other), orjson.dumps({**said, "lineage": "0" * 32, "file": other.name})),
    ):
        file.write_bytes(content)
    later = [take(counter, replace(policy, verify=False)).manifest.file for _ in range(3)]
    left = {file.name for file in policy.folder.glob("*.dump")}
    assert left == {good, other.name, *later[1:]}
    assert {file.name for file in policy.folder.glob("*.json")} == {f"{name}.json" for name in left}


def test_a_role_that_may_make_no_database_is_told_what_to_grant(
    postgres, counter: Counter, policy: BackupPolicy
) -> None:
    def become(able: str) -> None:
        address = postgres.place.url("postgres", "postgres").replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f"ALTER ROLE lienthong {able}".encode())

    become("NOCREATEDB")
    try:
        with pytest.raises(errors.BackupError, match="ALTER ROLE lienthong CREATEDB"):
            take(counter, policy)
        assert take(counter, replace(policy, verify=False)).checked is None
    finally:
        become("CREATEDB")


@pytest.mark.skipif(not (OLD_PROGRAMS / "pg_dump").exists(), reason="needs PostgreSQL 15 beside")
def test_programs_that_are_older_than_the_server_are_refused_with_what_to_do(
    counter: Counter, policy: BackupPolicy
) -> None:
    with pytest.raises(errors.BackupPrograms, match=f"15 in {OLD_PROGRAMS}") as told:
        take(counter, replace(policy, programs=OLD_PROGRAMS))
    assert "LIENTHONG_POSTGRES_BIN" in told.value.remedy
    assert [row[0] for row in rows(counter)] == ["failed"]
    assert find_clients(OLD_PROGRAMS, 15).major == 15


@pytest.mark.skipif(not (OLD_PROGRAMS / "pg_dump").exists(), reason="needs PostgreSQL 15 beside")
def test_programs_that_are_newer_than_the_server_are_good_for_it(
    reachable_folder: Path, policy: BackupPolicy
) -> None:
    server = EmbeddedPostgres(
        reachable_folder / "old", Database(postgres_bin=OLD_PROGRAMS), options={"fsync": "off"}
    )
    server.start()
    store = Store(server.url)
    try:
        migrations.upgrade(server.url)
        newer = replace(policy, programs=binaries._wheel_folder())
        made = backups.take(store, newer, by="lan")
        assert (made.manifest.server.split(".")[0], made.checked) == ("15", 0)
    finally:
        store.close()
        server.stop()


def test_a_folder_that_cannot_be_written_is_told(counter: Counter, policy: BackupPolicy) -> None:
    policy.folder.write_text("a file")
    with pytest.raises(errors.BackupError, match=r"exists|directory"):
        take(counter, policy)
    assert [row[0] for row in rows(counter)] == ["failed"]


def test_the_password_is_on_no_command_line() -> None:
    place = programs.address("postgresql+psycopg://app:s%40cret%20word@db.example/lienthong?sslmode=require")
    assert "cret" not in place.words
    assert "sslmode=require" in place.words
    assert place.environment["PGPASSWORD"] == "s@cret word"
    assert "cret" not in repr(place)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('psql:<stdin>:7: ERROR:  invalid input syntax for type date: "Nguyễn"', "ERROR:  invalid input syntax for type date"),
        ("pg_restore: error: could not read from input file: end of file", "error: could not read from input file: end of file"),
        ("psql:<stdin>:7: ERROR:  public.call has 4 rows, written were 5", "ERROR:  public.call has 4 rows, written were 5"),
    ],
)  # fmt: skip
def test_what_a_program_complains_of_shows_no_value(line: str, told: str) -> None:
    assert programs.bare(line) == told


def test_a_program_ends_when_the_process_that_began_it_is_killed(tmp_path: Path) -> None:
    code = textwrap.dedent("""
        import signal
        from engine.storage.backups.programs import Program
        running = Program(["/bin/sleep", "600"], {})
        print(running.process.pid, flush=True)
        signal.pause()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        assert not gone(child)
        process.kill()
    assert until(lambda: gone(child), timeout_s=30), "it lives on"
