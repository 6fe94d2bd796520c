"""The page of workers and queues: told by what processes, rows and jobs really are."""

import pytest
from sqlalchemy import text

from engine.storage import partners, presences
from engine.storage.presences import Process
from tests.support.console import Visitor, text_of
from tests.support.console_rows import add_call
from tests.support.counter import Counter

JOB = text(
    "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)"
    " VALUES ('background', :job, CAST(:status AS procrastinate_job_status), :worker)"
)


@pytest.fixture
def viewer(counter: Counter) -> Visitor:
    return Visitor(counter, "viewer")


def works(counter: Counter, name: str, *, draining: bool = False, silent: bool = False) -> None:
    process = Process(name=name, role="worker", host="máy-2", pid=9, version="1.4")
    with counter.store.transaction() as connection:
        presences.tell(connection, process, draining=draining)
        if silent:
            connection.execute(
                text("UPDATE presence SET seen_at = now() - interval '1 h' WHERE name = :name"),
                {"name": name},
            )


def test_no_worker_is_told_with_the_command_that_starts_one(counter: Counter, viewer: Visitor) -> None:
    assert "lienthong worker" in viewer.page("/tien-trinh?lang=en")
    works(counter, "w-dead", silent=True)
    works(counter, "w-ending", draining=True)
    assert "No worker is at work" in viewer.page("/tien-trinh?lang=en"), "none of them takes anything new"
    works(counter, "w-1")
    assert "No worker is at work" not in viewer.page("/tien-trinh?lang=en")


def test_each_worker_tells_its_state_and_what_it_has_in_hand(counter: Counter, viewer: Visitor) -> None:
    works(counter, "w-1")
    works(counter, "w-ending", draining=True)
    works(counter, "w-dead", silent=True)
    code = counter.new_dossier()
    for status in ("sending", "sending", "pending"):
        add_call(counter, code, status)
    with counter.store.transaction() as connection:
        connection.execute(
            text(
                "UPDATE call SET worker = 'w-1', lease_until = now() + interval '1 min' WHERE id ="
                " (SELECT min(id) FROM call)"
            )
        )
        connection.execute(
            text("UPDATE call SET worker = 'w-gone' WHERE status = 'sending' AND worker IS NULL")
        )
        connection.execute(
            text(
                "INSERT INTO event (dossier_id, kind, payload, worker, lease_until) SELECT id, 'message', '{}', 'w-1',"
                " now() + interval '1 min' FROM dossier"
            )
        )
    shown = text_of(viewer.page("/tien-trinh?lang=en"))
    assert "w-1 ✔ At work 1.4 máy-2 (9)" in shown
    assert "1 events · 1 calls" in shown
    assert "w-ending ⏸ Draining" in shown
    assert "w-dead ✖ Silent" in shown
    assert "w-gone : 0 events · 1 calls" in shown
    narrowed = text_of(viewer.page("/tien-trinh?lang=en&state=draining"))
    assert "w-ending" in narrowed
    assert "w-1 ✔" not in narrowed
    assert viewer.get("/tien-trinh?state=asleep").status == 400


def test_queues_tell_depth_age_and_pace(counter: Counter, viewer: Visitor) -> None:
    code = counter.new_dossier()
    for status in ("pending", "pending", "done"):
        add_call(counter, code, status)
    with counter.store.transaction() as connection:
        partners.ensure(connection, ["quiet"])
        connection.execute(text("UPDATE event SET applied_at = now()"))
        connection.execute(JOB, {"job": "timers", "status": "todo", "worker": None})
        events = connection.scalar(text("SELECT count(*) FROM event"))
    shown = text_of(viewer.page("/tien-trinh?lang=en"))
    assert f"Events 0 – {events} {events}" in shown
    assert "Calls to quiet 0 – 0 0" in shown
    line = shown[shown.index("Calls to agency") :].split("Calls to quiet")[0]
    assert line.split()[:4] == ["Calls", "to", "agency", "2"]
    assert line.split()[-2:] == ["3", "3"]
    assert "Background jobs background 1 – – –" in shown
    narrowed = text_of(viewer.page("/tien-trinh?lang=en&queue=quiet"))
    assert "Calls to quiet" in narrowed
    assert "Calls to agency" not in narrowed
    assert "Không có gì khớp" in viewer.page("/tien-trinh?queue=nothing")


def test_jobs_that_nobody_works_at_are_listed(counter: Counter, viewer: Visitor) -> None:
    with counter.store.transaction() as connection:
        beating = text(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - CAST(:ago AS interval)) RETURNING id"
        )
        alive = connection.scalar(beating, {"ago": "1 second"})
        dead = connection.scalar(beating, {"ago": "5 minutes"})
        for job, worker in (("leases", alive), ("feeds", dead), ("purge", None)):
            connection.execute(JOB, {"job": job, "status": "doing", "worker": worker})
    page = viewer.page("/tien-trinh?lang=en")
    stalled = text_of(page[page.index("that nobody works at") :])
    assert "feeds" in stalled
    assert "purge" in stalled
    assert "leases" not in stalled
    assert ": leases" in text_of(page)
