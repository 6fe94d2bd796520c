"""Each partner is told by its own attempts, found by index among any number of others'."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from engine.queries import partner_times
from engine.storage import partners
from engine.storage.database import Store
from tests.support.counter import Counter, open_counter

CALLS = text(
    "INSERT INTO call (dossier_id, partner, operation, key, body, repeat, timeout_s, status, holds)"
    " SELECT d.id, :partner, 'op', 'k', '{}', 'idempotent', 5, 'done', false FROM dossier d, generate_series(1, :count)"
)
ATTEMPTS = text(
    "INSERT INTO attempt (call_id, ask, number, worker, started_at, ended_at, outcome, partner)"
    " SELECT id, false, 1, 'w', at, at + make_interval(secs => :took), :outcome, partner"
    " FROM (SELECT id, partner, now() - CAST(:ago AS interval) AS at FROM call WHERE partner = :partner"
    "  ORDER BY id DESC LIMIT :count) c"
)


@pytest.fixture
def counter(database: object) -> Iterator[Counter]:
    with open_counter(database.url) as opened:  # type: ignore[attr-defined]
        opened.new_dossier()
        yield opened


def called(store: Store, partner: str, count: int, outcome: str, *, took: float, ago: str) -> None:
    given = {"partner": partner, "count": count, "outcome": outcome, "took": took, "ago": ago}
    with store.transaction() as connection:
        partners.ensure(connection, [partner])
        connection.execute(CALLS, given)
        connection.execute(ATTEMPTS, given)


def test_a_quiet_partner_is_told_beside_a_busy_one(counter: Counter) -> None:
    called(counter.store, "quiet", 3, "ok", took=2.0, ago="20 hours")
    called(counter.store, "quiet", 1, "unknown", took=6.0, ago="19 hours")
    called(counter.store, "old", 1, "ok", took=1.0, ago="3 days")
    called(counter.store, "busy", 30_000, "ok", took=0.1, ago="1 minute")
    with counter.store.at_once() as connection:
        connection.exec_driver_sql("ANALYZE")
    with counter.store.reading() as connection:
        told = partner_times.of_the_last_day(connection)
        one = partner_times.of_the_last_day(connection, "quiet")
    quiet = told["quiet"]
    assert (quiet.attempts, quiet.good, quiet.p50_s) == (4, 3, 2.0)
    assert quiet.p95_s == pytest.approx(5.4)
    assert one == {"quiet": quiet}
    assert (told["old"].attempts, told["old"].p50_s) == (0, None)
    assert told["old"].good_at is not None
    assert told["busy"].attempts == partner_times.NEWEST


def test_neither_the_list_nor_one_partner_reads_the_whole_table(counter: Counter) -> None:
    called(counter.store, "busy", 30_000, "ok", took=0.1, ago="1 minute")
    called(counter.store, "quiet", 3, "ok", took=2.0, ago="20 hours")
    with counter.store.at_once() as connection:
        connection.exec_driver_sql("ANALYZE")
    given = {"newest": partner_times.NEWEST, "most": 20_000, "name": None, "partner": "quiet", "step": 900}
    with counter.store.reading() as connection:
        for statement in (partner_times._TIMES, partner_times._COURSE):  # whose plan is looked at
            plan = "\n".join(connection.scalars(text(f"EXPLAIN {statement.text}"), given))
            assert "attempt_partner_started_at_idx" in plan
            assert "Seq Scan on attempt" not in plan, plan
            assert "on call" not in plan, plan
