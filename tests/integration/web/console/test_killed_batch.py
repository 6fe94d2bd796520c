"""A worker that is killed in the middle of a batch: the totals add up at once, and in the end nothing was done twice."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.actions import batches
from engine.queries.batches import BatchLine, get_batch
from tests.support.console_rows import add_call, add_incident, set_aside
from tests.support.counter import Counter

ROOT = Path(__file__).parents[4]
WORKER = (
    "import sys; from engine.actions import batches; from engine.clock import SystemClock;"
    " from engine.storage.database import Store; batches.run_waiting(Store(sys.argv[1]), SystemClock())"
)
LOCK = 7_070_707
STOP_AT_THE_NOTE = f"""
    CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_advisory_xact_lock({LOCK}); RETURN NEW; END';
    CREATE TRIGGER stop_here BEFORE UPDATE ON batch_item FOR EACH ROW WHEN (NEW.incident_id = {{item}})
        EXECUTE FUNCTION stop_here()
"""
SITTING = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {LOCK} AND NOT granted"


def incidents(counter: Counter) -> list[int]:
    code = counter.new_dossier()
    return [add_incident(counter, code, event=set_aside(counter, code)) for _ in range(5)]


def dossiers(counter: Counter) -> list[int]:
    codes = [counter.new_dossier() for _ in range(5)]
    return [
        int(str(counter.scalar("SELECT id FROM dossier WHERE code = :code", code=code))) for code in codes
    ]


def calls(counter: Counter) -> list[int]:
    code = counter.new_dossier()
    return [add_call(counter, code, "pending") for _ in range(5)]


def until(counter: Counter, sql: str, wanted: Callable[[object], bool]) -> object:
    """What *sql* gives once it is *wanted*; within half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = counter.scalar(sql)
        if wanted(found):
            return found
    raise AssertionError(f"it did not come to that: {sql}")


def read(counter: Counter, batch: int) -> BatchLine:
    with counter.store.reading() as connection:
        return get_batch(connection, batch)


def kill_at_the_note_of(counter: Counter, item: int) -> None:
    """A worker of its own process does the batch up to *item* and dies when that is done, and before it is noted."""
    with counter.store.transaction() as connection:
        connection.exec_driver_sql(STOP_AT_THE_NOTE.format(item=item))
    with counter.store.transaction() as holding:
        holding.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        worker = subprocess.Popen([sys.executable, "-c", WORKER, counter.store.url], cwd=ROOT)
        try:
            backend = until(counter, SITTING, lambda found: found is not None)
        finally:
            worker.kill()
            worker.wait()
    until(counter, f"SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}", lambda found: found == 0)


@pytest.mark.parametrize(
    ("subject", "action", "made", "written"),
    [
        ("incident", "retry", incidents, "incident-retry"),
        ("dossier", "suspend", dossiers, "dossier-suspended"),
        ("call", "hold", calls, "call-hold"),
    ],
)
def test_nothing_is_lost_and_nothing_is_done_twice(
    counter: Counter, subject: str, action: str, made: Callable[[Counter], list[int]], written: str
) -> None:
    items = made(counter)
    batch = batches.create(counter.store, action, items, subject=subject, by="lan", reason="x", target="")
    kill_at_the_note_of(counter, sorted(items)[2])
    left = read(counter, batch)
    assert (left.total, left.done, left.skipped, left.failed, left.waiting) == (5, 2, 0, 0, 3)
    with counter.store.transaction() as connection:
        connection.exec_driver_sql("DROP TRIGGER stop_here ON batch_item")
    assert batches.run_waiting(counter.store, counter.clock) == 3
    ended = read(counter, batch)
    assert (ended.total, ended.done, ended.waiting) == (5, 5, 0)
    assert counter.scalar("SELECT count(*) FROM audit WHERE what = :what", what=written) == 5
