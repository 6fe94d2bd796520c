"""The engine against bare psycopg: the same rows, one transaction for each event, statement by statement, no engine.

The rows are recorded while the engine writes them, and replayed against an equal database.
"""

import time
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median

import orjson
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, text

import engine.actions.apply as applying
from engine.storage.database import Store, plain_url
from engine.storage.writes import Writes, flush
from tests.benchmarks import engine_speed, world
from tests.benchmarks.appliers import applier, drain
from tests.benchmarks.place import Place

GROUPED = 300
UNGROUPED = 60
ROUNDS = 3
WARM_UP = 5
OCTETS = frozenset({"state", "body", "hash", "timeline_head"})
INSERTED: Mapping[str, str] = {
    "timeline": "timeline",
    "calls": "call",
    "waits": "wait",
    "timers": "timer",
    "work_items": "work_item",
    "ledger": "ledger_entry",
    "reports": "report",
}
_LOCK = "SELECT id FROM dossier WHERE id = %s FOR NO KEY UPDATE"
_APPLIED = "UPDATE event SET status = 'applied', applied_at = now(), lease_until = NULL WHERE id = %s RETURNING dossier_id"
_DOSSIER = (
    "UPDATE dossier SET status = %(status)s, phase = %(phase)s, received_at = %(received_at)s, due_at = %(due_at)s,"
    " finished_at = %(finished_at)s, timeline_seq = %(timeline_seq)s, timeline_head = %(timeline_head)s,"
    " data = data || coalesce(%(data)s::jsonb, '{}'), changed_at = now() WHERE id = %(id)s"
)
_BORN = (
    "INSERT INTO instance (dossier_id, deployment_id, process, state, format, version, status)"
    " VALUES (%(dossier_id)s, %(deployment_id)s, %(process)s, %(state)s, %(format)s, %(version)s, %(status)s)"
)
_MOVED = "UPDATE instance SET state = %(state)s, version = %(version)s, status = %(status)s WHERE dossier_id = %(dossier_id)s"
_MORE_EVENTS = "INSERT INTO event (dossier_id, kind, payload) SELECT dossier_id, 'again', '{}' FROM event, generate_series(1, 9)"
_CLOSED = (
    "DELETE FROM wait WHERE dossier_id = %(dossier_id)s AND task = %(task)s",
    "DELETE FROM timer WHERE dossier_id = %(dossier_id)s AND task = %(task)s",
    "UPDATE work_item SET status = 'done', closed_at = now() WHERE dossier_id = %(dossier_id)s AND task = %(task)s",
)

Row = dict[str, object]


def measure(
    place: Place, *, grouped: int = GROUPED, ungrouped: int = UNGROUPED, rounds: int = ROUNDS
) -> Mapping[str, float]:
    """How much of bare psycopg's speed the engine has, with groups and without: the middle of several rounds."""
    found = [_round(place, grouped, ungrouped) for _ in range(rounds)]
    return {
        "engine_vs_bare": median(fast / bare for fast, _, bare in found),
        "engine_ungrouped_vs_bare": median(slow / bare for _, slow, bare in found),
        "bare_dossiers_per_s": median(bare for _, _, bare in found),
    }


def _round(place: Place, grouped: int, ungrouped: int) -> tuple[float, float, float]:
    """Dossiers per second in groups, one by one, and replayed without the engine."""
    recorded: list[Writes] = []
    slow = _with_engine(place, 1, ungrouped, recorded=recorded)
    return _with_engine(place, 50, grouped, recorded=[]), slow, _replayed(place, ungrouped, recorded)


def _with_engine(place: Place, group: int, dossiers: int, *, recorded: list[Writes]) -> float:
    url = place.database()
    store = Store(url, steady=True)
    try:
        one = applier(store, group=group)
        engine_speed.walk(store, partial(_timed, one), WARM_UP, first=dossiers)
        with _recording(recorded):
            spent = engine_speed.walk(store, partial(_timed, one), dossiers, first=0)
        return dossiers / spent
    finally:
        store.close()
        place.drop(url)


def _timed(one: applying.Applier) -> float:
    start = time.perf_counter()
    drain(one)
    return time.perf_counter() - start


@contextmanager
def _recording(recorded: list[Writes]) -> Iterator[None]:
    def noted(connection: Connection, writes: Writes, *, last: bool = False) -> None:
        recorded.append(writes)
        flush(connection, writes, last=last)

    setattr(applying, "flush", noted)  # noqa: B010 - the one place where the rows pass
    try:
        yield
    finally:
        setattr(applying, "flush", flush)  # noqa: B010


def _replayed(place: Place, dossiers: int, recorded: Sequence[Writes]) -> float:
    """Dossiers per second when what was *recorded* is written again."""
    url = place.database()
    store = Store(url)
    try:
        world.hand_in(store, dossiers + WARM_UP)  # with the ids that they had when they were recorded
        with store.transaction() as connection:
            connection.execute(text(_MORE_EVENTS))
        work = [_converted(writes) for writes in recorded]
        with psycopg.connect(plain_url(url)) as connection:
            connection.prepare_threshold = 2
            start = time.perf_counter()
            for event, rows in work:
                _write(connection, event, rows)
            return dossiers / (time.perf_counter() - start)
    finally:
        store.close()
        place.drop(url)


def _converted(writes: Writes) -> tuple[int, dict[str, list[Row]]]:
    rows = {
        name: [_row(row) for row in getattr(writes, name)]
        for name in Writes.__dataclass_fields__
        if name != "applied"
    }
    return int(writes.applied[0]), rows


def _row(row: Mapping[str, object]) -> Row:
    return {name: _value(name, value) for name, value in row.items()}


def _value(name: str, value: object) -> object:
    if isinstance(value, str) and name in OCTETS:
        return b64decode(value)
    return Jsonb(value, dumps=orjson.dumps) if isinstance(value, dict | list) else value


def _write(
    connection: "psycopg.Connection[tuple[object, ...]]", event: int, rows: Mapping[str, list[Row]]
) -> None:
    with connection.transaction():
        run = connection.execute
        run(_LOCK, (rows["timeline"][0]["dossier_id"],))
        run(_APPLIED, (event,))
        for row in [*rows["dossiers"], *rows["data"]]:
            run(_DOSSIER, {"data": None, **row})
        for row in rows["instances"]:
            run(_BORN if row["version"] == 1 else _MOVED, row)
        for name, table in INSERTED.items():
            for row in rows[name]:
                columns = ", ".join(row)
                run(
                    f"INSERT INTO {table} ({columns}) VALUES ({', '.join(f'%({one})s' for one in row)})".encode(),
                    row,
                )
        for row in rows["closed"]:
            for statement in _CLOSED:
                run(statement, row)
