"""A database that comes from a backup sends nothing at first, and never blindly what may have been sent since.

The old installation goes on after its backup and is lost; the partners, who are ahead, keep the journal that counts.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from engine import errors
from engine.actions import backups, by_hand, restore
from engine.actions.backups import Backup, BackupPolicy
from engine.exchange.ports import FeedTerms
from engine.settings import Settings
from engine.storage import feeds
from engine.storage.backups import loading, marking
from engine.storage.database import Store
from engine.storage.embedded.binaries import find_clients
from lienthong.assembly import System
from tests.support.exchange import Setup
from tests.support.procedures import settle_in

OPERATIONS = ("Ghi", "Nop", "Bao")  # idempotent, queryable, neither


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


@pytest.fixture
def empty(postgres) -> Iterator[str]:
    """The address of a database with nothing in it."""
    address = postgres.url.replace("+psycopg", "", 1)
    name = sql.Identifier("test_empty")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))
    yield postgres.place.url("test_empty")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def take(setup: Setup, tmp_path: Path) -> Backup:
    policy = BackupPolicy(folder=tmp_path / "backups", environment="development")
    return backups.take(setup.store, policy, by="lan")


def silently(_said: str) -> None:
    pass


def restored(setup: Setup, made: Backup, url: str) -> restore.Restored:
    """Restore *made*, and let the set-up go on there: the old installation is lost."""
    setup.store.close()
    setup.store = Store(url)
    done = restore.restore(setup.store, made.file, by="lan", tell=silently)
    setup.worker = setup.new_worker()
    return done


def loaded_only(setup: Setup, made: Backup, url: str) -> None:
    """What pg_restore alone would do."""
    setup.store.close()
    setup.store = Store(url)
    loading.load(url, find_clients(None, 18), made.file, stop=backups.NEVER)
    setup.worker = setup.new_worker()


def up_to(setup: Setup, operation: str) -> str:
    """A dossier whose call of this operation is written and was never sent; its key."""
    setup.submit()
    for _ in range(100):
        key = setup.scalar(
            "SELECT key FROM call WHERE status = 'pending' AND attempt = 0 AND operation = :o",
            o=operation,
        )
        if key is not None:
            return str(key)
        if not setup.worker.step():
            setup.clock.advance(timedelta(hours=2))  # past the timer
    raise AssertionError("it was never written")


def effects_of(setup: Setup, key: str) -> int:
    return sum(1 for line in setup.journal() if line.get("effect") and line["key"] == key)


@contextmanager
def without(monkeypatch: pytest.MonkeyPatch, *statements: str) -> Iterator[None]:
    """A restore that leaves these out."""
    whole = marking.after_restore

    def some(*given: object, **named: object) -> list[str]:
        return [one for one in whole(*given, **named) if not any(part in one for part in statements)]  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(marking, "after_restore", some)
        yield


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_call_that_nobody_had_begun_and_that_was_sent_since_happens_once(
    setup: Setup, tmp_path: Path, empty: str, operation: str
) -> None:
    key = up_to(setup, operation)
    made = take(setup, tmp_path)
    setup.run()
    assert effects_of(setup, key) == 1
    done = restored(setup, made, empty)
    assert done.unknown == 1
    setup.run()
    assert setup.scalar("SELECT count(*) FROM call WHERE settled_at IS NOT NULL AND key = :k", k=key) == 0, (
        "nothing is sent yet"
    )
    restore.resume_sending(setup.store, by="lan", reason="looked at")
    setup.run()
    assert effects_of(setup, key) == 1
    wanted = "incident" if operation == "Bao" else "done"
    assert setup.scalar("SELECT status FROM call WHERE key = :k", k=key) == wanted
    asked = "SELECT count(*) FROM incident WHERE cause = 'unknown-outcome' AND status = 'open'"
    assert setup.scalar(asked) == (1 if operation == "Bao" else 0)


@pytest.mark.control
@pytest.mark.parametrize("operation", OPERATIONS[1:])
def test_control_after_pg_restore_alone_it_happens_twice(
    setup: Setup, tmp_path: Path, empty: str, operation: str
) -> None:
    key = up_to(setup, operation)
    made = take(setup, tmp_path)
    setup.run()
    loaded_only(setup, made, empty)
    setup.run()
    assert effects_of(setup, key) == 2


@pytest.mark.control
def test_control_without_the_unknown_the_pause_alone_only_puts_it_off(
    setup: Setup, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = up_to(setup, "Nop")
    made = take(setup, tmp_path)
    setup.run()
    with without(monkeypatch, "WITH open AS"):
        restored(setup, made, empty)
    setup.run()
    assert effects_of(setup, key) == 1
    with setup.store.transaction() as connection:
        connection.execute(text("DELETE FROM installation WHERE name IN ('sending', 'restored')"))
    setup.run()
    assert effects_of(setup, key) == 2


def test_a_call_under_way_when_it_was_made_is_unknown_too(setup: Setup, tmp_path: Path, empty: str) -> None:
    key = up_to(setup, "Nop")
    with setup.store.transaction() as connection:
        connection.execute(
            text(
                "UPDATE call SET status = 'sending', attempt = 1, sends = 1, worker = 'w9',"
                " lease_until = now() + interval '1 h' WHERE key = :k"
            ),
            {"k": key},
        )
        connection.execute(
            text(
                "INSERT INTO attempt (call_id, ask, number, worker, started_at, partner)"
                " SELECT id, false, 1, 'w9', now(), partner FROM call WHERE key = :k"
            ),
            {"k": key},
        )
    restored(setup, take(setup, tmp_path), empty)
    found = setup.rows("SELECT status, attempt, sends, worker, lease_until FROM call WHERE key = :k", k=key)
    assert found == [("unknown", 1, 1, None, None)]
    restore.resume_sending(setup.store, by="lan", reason="x")
    setup.run()
    assert effects_of(setup, key) == 1, "asked after, not there, sent"


def test_calls_that_old_dossiers_write_before_sending_goes_on_may_have_been_sent_those_of_new_ones_not(
    setup: Setup, tmp_path: Path, empty: str
) -> None:
    old = setup.submit()  # not applied yet: its first call is written after the restore
    made = take(setup, tmp_path)
    restored(setup, made, empty)
    new = setup.submit("b")
    setup.run()
    state = "SELECT c.status FROM call c JOIN dossier d ON d.id = c.dossier_id WHERE d.code = :c"
    assert (setup.scalar(state, c=old), setup.scalar(state, c=new)) == ("pending", "pending")
    assert restore.resume_sending(setup.store, by="lan", reason="x") == 1
    assert (setup.scalar(state, c=old), setup.scalar(state, c=new)) == ("unknown", "pending")
    with pytest.raises(errors.ActionNotNow):
        restore.resume_sending(setup.store, by="lan", reason="x")


def test_a_held_call_stays_held_and_is_asked_after_once_it_is_released(
    setup: Setup, tmp_path: Path, empty: str
) -> None:
    key = up_to(setup, "Nop")
    call = setup.scalar("SELECT id FROM call WHERE key = :k", k=key)
    assert isinstance(call, int)
    by_hand.act_on_call(setup.store, call, "hold", by="lan", reason="x")
    made = take(setup, tmp_path)
    by_hand.act_on_call(setup.store, call, "release", by="lan", reason="x")
    setup.run()
    assert effects_of(setup, key) == 1
    restored(setup, made, empty)
    restore.resume_sending(setup.store, by="lan", reason="x")
    setup.run()
    assert setup.scalar("SELECT status FROM call WHERE key = :k", k=key) == "unknown"
    with pytest.raises(errors.ActionNotNow, match="held"):
        by_hand.act_on_call(setup.store, call, "ask", by="lan", reason="x")
    by_hand.act_on_call(setup.store, call, "release", by="lan", reason="x")
    setup.run()
    assert setup.scalar("SELECT status FROM call WHERE key = :k", k=key) == "done"
    assert effects_of(setup, key) == 1


TODAY = "CAST(now() AT TIME ZONE 'Asia/Ho_Chi_Minh' AS date)"


def today(setup: Setup) -> str:
    return str(setup.scalar(f"SELECT {TODAY}"))


def counted(setup: Setup, *days: str) -> set[object]:
    """The last numbers of these days: one where midnight did not come in between, else one of them counts."""
    rows = setup.rows("SELECT CAST(day AS text), last FROM dossier_counter WHERE unit = 'H99.14'")
    return {last for day, last in rows if day in days}


def test_no_number_is_given_out_twice(setup: Setup, tmp_path: Path, empty: str) -> None:
    first = setup.submit()
    began = today(setup)
    made = take(setup, tmp_path)
    restored(setup, made, empty)
    found = counted(setup, began, today(setup))
    assert restore.AHEAD in found, "nothing was handed in today when it was made"
    assert first.endswith("-0001")


def test_what_was_counted_today_goes_on_from_there(setup: Setup, tmp_path: Path, empty: str) -> None:
    began = today(setup)
    with setup.store.transaction() as connection:
        connection.execute(
            text(
                "INSERT INTO dossier_counter (unit, day, last)"
                f" SELECT 'H99.14', {TODAY} + later, 37 FROM generate_series(0, 1) later"
            )
        )
    restored(setup, take(setup, tmp_path), empty)
    assert 37 + restore.AHEAD in counted(setup, began, today(setup))


def test_a_database_with_dossiers_is_left_alone(
    setup: Setup, tmp_path: Path, new_database: Callable[[], object]
) -> None:
    setup.submit()
    made = take(setup, tmp_path)
    with pytest.raises(errors.RestoreRefused, match="1 dossiers") as told:
        restore.restore(setup.store, made.file, by="lan", tell=silently)
    assert "DATABASE_URL" in told.value.remedy
    assert setup.scalar("SELECT count(*) FROM installation WHERE name = 'sending'") == 0


def test_one_that_others_use_or_that_is_not_ours_is_left_alone(
    setup: Setup, tmp_path: Path, empty: str
) -> None:
    made = take(setup, tmp_path)
    store = Store(empty)
    plain = empty.replace("+psycopg", "")
    try:
        with (
            psycopg.connect(plain, autocommit=True) as other,
            pytest.raises(errors.RestoreRefused, match="stop web, workers and scheduler"),
        ):
            restore.restore(store, made.file, by="lan", tell=lambda _: other.closed)
        with psycopg.connect(plain, autocommit=True) as other:
            other.execute("CREATE TABLE theirs (x integer)")
        with pytest.raises(errors.RestoreRefused, match="not ours"):
            restore.restore(store, made.file, by="lan", tell=silently)
    finally:
        store.close()


def test_one_that_was_only_set_up_is_replaced(
    setup: Setup, tmp_path: Path, new_database: Callable[[], object]
) -> None:
    code = setup.submit()
    made = take(setup, tmp_path)
    restored(setup, made, new_database().url)  # type: ignore[attr-defined]
    assert setup.scalar("SELECT code FROM dossier") == code
    assert setup.scalar("SELECT count(*) FROM backup") == 0
    assert setup.rows("SELECT cause, status FROM incident") == [("backup-restored", "open")]
    assert setup.rows("SELECT who, what FROM audit WHERE what = 'backup-restored'") == [
        ("lan", "backup-restored")
    ]


def test_a_dossier_that_came_since_somebody_looked_stays(
    setup: Setup, tmp_path: Path, new_database: Callable[[], object]
) -> None:
    made = take(setup, tmp_path)
    setup.store.close()
    setup.store = Store(new_database().url)  # type: ignore[attr-defined]
    settle_in(setup.store, setup.deployment)

    def hand_in(said: str) -> None:
        if said.startswith("restoring"):
            setup.submit()
            setup.store.close()

    with pytest.raises(errors.BackupError, match="dossiers came meanwhile"):
        restore.restore(setup.store, made.file, by="lan", tell=hand_in)
    assert setup.scalar("SELECT count(*) FROM dossier") == 1


def test_a_copy_is_verified_on_an_empty_server_too_and_nothing_there_is_backed_up(
    setup: Setup, tmp_path: Path, empty: str
) -> None:
    setup.submit()
    made = take(setup, tmp_path)
    store = Store(empty)
    assert backups.verify(store, made.file).checked == 1
    with store.reading() as connection:
        assert marking.look_at(connection).things == 0
    policy = BackupPolicy(folder=tmp_path / "other", environment="development")
    with pytest.raises(errors.BackupError, match="the database is empty"):
        backups.take(store, policy, by="lan")
    store.close()


def test_a_restore_that_does_not_come_to_its_end_leaves_nothing(
    setup: Setup, tmp_path: Path, empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its last statement fails: all that was loaded before it goes."""
    made = take(setup, tmp_path)
    whole = marking.after_restore
    failing = [*whole(made.manifest, by="lan", ahead=1), "SELECT 1 / 0"]
    store = Store(empty)
    try:
        monkeypatch.setattr(marking, "after_restore", lambda *_, **__: failing)
        with pytest.raises(errors.BackupError, match="division by zero"):
            restore.restore(store, made.file, by="lan", tell=silently)
        with store.reading() as connection:
            assert marking.look_at(connection).things == 0
        monkeypatch.undo()
        restore.restore(store, made.file, by="lan", tell=silently)
    finally:
        store.close()


def test_a_damaged_file_is_not_restored(setup: Setup, tmp_path: Path, empty: str) -> None:
    made = take(setup, tmp_path)
    content = bytearray(made.file.read_bytes())
    content[200] ^= 1
    made.file.write_bytes(content)
    store = Store(empty)
    with pytest.raises(errors.BackupDamaged):
        restore.restore(store, made.file, by="lan", tell=silently)
    with store.reading() as connection:
        assert marking.look_at(connection).things == 0
    store.close()


def test_no_feed_is_read_until_sending_goes_on(setup: Setup, tmp_path: Path, empty: str) -> None:
    feed = FeedTerms(partner="slow", name="f", every_s=0.0, batch=0, message="answer")
    restored(setup, take(setup, tmp_path), empty)

    def is_due() -> bool:
        with setup.store.transaction() as connection:
            feeds.ensure(connection, [feed])
            return feeds.claim(connection, feed)[0]

    assert not is_due()
    restore.resume_sending(setup.store, by="lan", reason="x")
    assert is_due()


def test_a_copy_under_another_name_sends_nothing_even_when_it_may(
    setup: Setup, tmp_path: Path, empty: str
) -> None:
    restored(setup, take(setup, tmp_path), empty)  # its database had no name yet: it gets the backup's
    restore.resume_sending(setup.store, by="lan", reason="x")
    for name, may in (("staging", False), ("development", True)):
        system = System(Settings(environment_name=name, data_dir=tmp_path), empty)
        assert system.may_send() is may
        system.close()
