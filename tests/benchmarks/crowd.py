"""An event of one dossier while 100,000 others wait, against the same while 1,000 wait."""

import time
from collections.abc import Mapping

from sqlalchemy import text

from engine.actions.apply import Applier
from engine.storage.database import Store
from tests.benchmarks import world
from tests.benchmarks.appliers import applier, drain
from tests.benchmarks.growth import usual
from tests.benchmarks.place import Place

FEW, MANY = 1_000, 100_000
EVENTS = 150

_CROWD = (
    """
    INSERT INTO dossier (code, procedure_code, deployment_id, channel, delivery, applicant, applicant_search, data, record,
        status, phase, receiving_unit, competent_unit, returning_unit, submitted_at, received_at, due_at, salt,
        timeline_seq, timeline_head, created_by)
    SELECT 'W' || lpad((:from + n)::text, 17, '0'), procedure_code, deployment_id, channel, delivery, applicant,
        applicant_search, data, record, status, phase, receiving_unit, competent_unit, returning_unit, submitted_at,
        received_at, due_at, salt, timeline_seq, timeline_head, created_by
    FROM dossier, generate_series(1, :count) n WHERE dossier.id = :like
    """,
    """
    INSERT INTO instance (dossier_id, deployment_id, process, state, format, version)
    SELECT d.id, i.deployment_id, i.process, i.state, i.format, i.version FROM dossier d, instance i
    WHERE i.dossier_id = :like AND d.code LIKE 'W%' AND d.id NOT IN (SELECT dossier_id FROM instance)
    """,
    """
    INSERT INTO work_item (dossier_id, task, element, name, groups, unit, form, opened_at, status)
    SELECT i.dossier_id, w.task, w.element, w.name, w.groups, w.unit, w.form, w.opened_at, 'waiting' FROM instance i, work_item w
    WHERE w.dossier_id = :like AND i.dossier_id NOT IN (SELECT dossier_id FROM work_item)
    """,
    """
    INSERT INTO timer (dossier_id, task, element, due_at, host)
    SELECT i.dossier_id, t.task, t.element, t.due_at + random() * interval '30 days', t.host FROM instance i, timer t
    WHERE t.dossier_id = :like AND i.dossier_id NOT IN (SELECT dossier_id FROM timer)
    """,
)
_DECIDED = text(
    """
    WITH chosen AS (
        UPDATE work_item SET status = 'taken' WHERE id = (
            SELECT id FROM work_item WHERE status = 'waiting' AND id > :above ORDER BY id LIMIT 1)
        RETURNING id, dossier_id, task)
    INSERT INTO event (dossier_id, kind, payload)
    SELECT dossier_id, 'work-item', jsonb_build_object('work_item', id, 'task', task, 'by', 'officer',
        'data', CAST('{"amount": 150}' AS jsonb)) FROM chosen
    """
)


def measure(place: Place) -> Mapping[str, float]:
    """The ratio of the lower quartiles; each instance is read anew, its dossier taken from anywhere in the crowd."""
    url = place.database()
    store = Store(url, steady=True)
    try:
        one = applier(store, kept=0)
        like = _waiting_for_a_decision(store, one)
        _fill(store, like, 0, FEW)
        few = _events(store, one, FEW)
        _fill(store, like, FEW, MANY - FEW)
        return {"waiting_100k_vs_1k": _events(store, one, MANY) / few}
    finally:
        store.close()
        place.drop(url)


def _waiting_for_a_decision(store: Store, one: Applier) -> int:
    world.hand_in(store, 1)
    drain(one)
    world.answer(store)
    drain(one)
    with store.reading() as connection:
        return int(connection.scalar(text("SELECT dossier_id FROM work_item WHERE status = 'open'")) or 0)


def _fill(store: Store, like: int, first: int, count: int) -> None:
    with store.transaction() as connection:
        for setting in ("enable_hashjoin", "enable_seqscan", "enable_sort", "enable_mergejoin"):
            connection.execute(text(f"SET LOCAL {setting} = on"))
        for statement in _CROWD:
            connection.execute(text(statement), {"like": like, "from": first, "count": count})
    with store.at_once() as connection:
        connection.execute(text("ANALYZE"))


def _events(store: Store, one: Applier, crowd: int) -> float:
    """The usual seconds of one decision and what follows from it."""
    with store.reading() as connection:
        lowest = int(connection.scalar(text("SELECT min(id) FROM work_item")) or 0)
    taken = []
    for number in range(EVENTS + 5):
        with store.transaction() as connection:
            connection.execute(_DECIDED, {"above": lowest + (number * 7919) % (crowd // 2)})
        start = time.perf_counter()
        if drain(one) != 1:
            raise AssertionError("there was no event to apply")
        taken.append(time.perf_counter() - start)
    return usual(taken[5:])
