"""What /metrics counts over time: every attempt and step once, however often it is looked at and whatever else runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.actions import sweep
from tests.support.exchange import Setup

AGE = (
    "UPDATE tally_mark SET upto = upto - interval '1 hour'",
    "UPDATE attempt SET ended_at = ended_at - interval '1 minute'",
    "UPDATE call SET settled_at = settled_at - interval '1 minute', created_at = created_at - interval '65 s'",
)


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def walked(setup: Setup) -> None:
    setup.walk_on(setup.submit())
    with setup.store.transaction() as connection:
        for statement in AGE:
            connection.execute(text(statement))


def attempts(setup: Setup) -> object:
    return setup.rows("SELECT one, two, value FROM tally WHERE metric = 'attempts' ORDER BY 1, 2")


def test_attempts_and_steps_are_counted_once(setup: Setup) -> None:
    walked(setup)
    assert sweep.take_tallies(setup.store) > 0
    first = attempts(setup)
    assert first == setup.rows(
        "SELECT c.partner, a.outcome, CAST(count(*) AS float8) FROM attempt a JOIN call c ON c.id = a.call_id"
        " WHERE NOT a.ask GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert sweep.take_tallies(setup.store) == 0
    assert attempts(setup) == first
    steps = dict(setup.rows("SELECT bound, value FROM tally WHERE metric = 'steps' ORDER BY bound"))
    done = setup.scalar("SELECT count(*) FROM call WHERE task IS NOT NULL AND settled_at IS NOT NULL")
    assert steps[float("inf")] == done
    assert (steps[1.0], steps[10.0]) == (0, done)


def test_the_mark_does_not_pass_a_transaction_that_may_still_commit(setup: Setup) -> None:
    with setup.store.transaction() as old:
        old.execute(text("SELECT 1"))
        began = old.scalar(text("SELECT now()"))
        sweep.take_tallies(setup.store)
        assert setup.scalar("SELECT upto < :began FROM tally_mark", began=began)


def test_two_workers_at_it_count_once(setup: Setup) -> None:
    walked(setup)
    with setup.store.transaction() as other:
        other.execute(text("SELECT upto FROM tally_mark FOR UPDATE"))
        assert sweep.take_tallies(setup.store) == 0
    assert sweep.take_tallies(setup.store) > 0
