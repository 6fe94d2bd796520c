"""Two at once on the same dossier, lane or calendar, in the order that hurts most; made by holding transactions open."""

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine import errors
from engine.actions import calendars, poll, receive, send
from engine.actions import documents as papers
from engine.dossiers.calendar import WorkingCalendar
from engine.exchange.ports import Answer, Arrival, FeedItem, FeedPage, FeedTerms, Outcome
from engine.storage import documents, dossiers, messages
from engine.storage.database import IDLE_S, Store
from engine.storage.documents import DocumentRow
from engine.storage.messages import Wait
from engine.storage.partners import BreakerPolicy
from tests.support.exchange import Setup
from tests.support.procedures import bpmn, chain
from tests.support.waiting import until


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path)
    yield place
    place.close()


def waiting(store: Store, wanted: int = 1) -> None:
    """Come back when *wanted* connections of this database wait for a lock."""
    looking = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def found() -> bool:
        with store.reading() as connection:
            return int(connection.scalar(looking)) >= wanted

    assert until(found), "nobody waits for a lock"


def ended(*threads: threading.Thread) -> None:
    """Come back when all of *threads* have ended."""
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


def paper(number: int) -> DocumentRow:
    return DocumentRow(
        code="GCS", name=f"{number}.pdf", media_type="application/pdf", sha256=str(number) * 64, size_bytes=1
    )


def test_papers_that_come_at_the_same_moment_are_both_in_what_models_and_reports_read(setup: Setup) -> None:
    setup.submit()
    dossier = int(str(setup.scalar("SELECT id FROM dossier")))

    def second() -> None:
        with setup.store.transaction() as connection:
            documents.attach(connection, dossier, [paper(2)])

    thread = threading.Thread(target=second)
    with setup.store.transaction() as connection:
        documents.attach(connection, dossier, [paper(1)])
        thread.start()
        waiting(setup.store)
    ended(thread)
    assert setup.scalar("SELECT count(*) FROM document") == 2
    assert setup.scalar("SELECT jsonb_array_length(record -> 'documents') FROM dossier") == 2


def test_calendar_edited_while_a_dossier_is_received_moves_that_dossier_too(setup: Setup) -> None:
    """The applier has read the old calendar and not yet committed when the day is edited."""
    setup.submit()
    gate = threading.Thread(target=setup.worker.step)
    with setup.store.transaction() as connection:
        connection.execute(text("LOCK TABLE instance IN SHARE MODE"))  # it may read, and not write yet
        gate.start()
        waiting(setup.store)
        calendars.edit_day(
            setup.store, "default", date(2026, 3, 5), working=False, name="", by="admin", reason="a holiday"
        )
    ended(gate)
    setup.run()
    expected = WorkingCalendar(days={date(2026, 3, 5): False}).add_working_days(setup.clock.now(), 3)
    assert setup.scalar("SELECT due_at FROM dossier") == expected


LEGAL = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:serviceTask id="ghi"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="archive.Ghi"/><zeebe:ioMapping><zeebe:input source="=1" target="so"/></zeebe:ioMapping>'
    '<zeebe:properties><zeebe:property name="status" value="2"/></zeebe:properties></bpmn:extensionElements></bpmn:serviceTask>'
    '<bpmn:intermediateCatchEvent id="days"><bpmn:timerEventDefinition><bpmn:timeDate>=working days after(now(), 2)'
    '</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent><bpmn:endEvent id="end"/>'
    + chain("start", "ghi", "days", "end")
)


def test_legal_timer_whose_day_was_moved_before_its_event_is_applied_goes_on_waiting(
    database, tmp_path: Path
) -> None:
    setup = Setup(database.url, tmp_path, model=LEGAL)
    try:
        setup.submit()
        setup.run()
        due = setup.scalar("SELECT due_at FROM timer")
        setup.clock.advance(timedelta(days=2, hours=8, seconds=1))
        assert setup.clock.now() > due  # type: ignore[operator]
        calendars.edit_day(
            setup.store, "default", date(2026, 3, 5), working=False, name="", by="admin", reason="a holiday"
        )
        setup.worker.fire_timers()  # the sweep comes before the worker has counted anew
        setup.run()
        assert setup.scalar("SELECT status FROM instance") == "running"
        setup.clock.advance(timedelta(days=1))
        setup.run()
        assert setup.scalar("SELECT status FROM instance") == "ended"
        assert setup.scalar("SELECT count(*) FROM timer") == 0
    finally:
        setup.close()


class Feeding:
    """Stands for a partner with one feed; only what `poll_due` asks for."""

    def __init__(self, page: FeedPage) -> None:
        self._page = page

    def feeds(self) -> list[FeedTerms]:
        return [FeedTerms(partner="agency", name="f", every_s=0.0, batch=0, message="answer")]

    def poll(self, *_: object, **__: object) -> FeedPage:
        return self._page


def test_page_of_a_feed_and_waits_that_open_never_wait_for_each_other_in_a_circle(setup: Setup) -> None:
    codes = [setup.submit(f"d{number}") for number in range(8)]
    ids = [int(str(row[0])) for row in setup.rows("SELECT id FROM dossier ORDER BY id")]
    stop = threading.Event()
    troubles: list[Exception] = []

    def open_waits() -> None:
        while not stop.is_set():
            with setup.store.transaction() as connection:
                waits = [
                    Wait(dossier=i, task="t", name="answer", key=c) for i, c in zip(ids, codes, strict=True)
                ]
                messages.lock(connection, [(wait.name, wait.key, wait.dossier) for wait in waits])
                messages.kept_for(connection, waits)

    def read_feed(order: list[str], name: str) -> None:
        for turn in range(25):
            items = [
                FeedItem(
                    message_id=f"{name}{turn}{code}", name="answer", key=code, reference=None, payload={}
                )
                for code in order
            ]
            page = FeedPage(items=items, cursor=None, more=True, answer=Answer(outcome=Outcome.OK))
            try:
                poll.poll_due(setup.store, Feeding(page), now=setup.clock.now(), keep_days=1.0)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001
                troubles.append(error)

    threads = [
        threading.Thread(target=read_feed, args=(codes, "a")),
        threading.Thread(target=read_feed, args=(codes[::-1], "b")),
        threading.Thread(target=read_feed, args=([*codes[4:], *codes[:4]], "c")),
    ]
    opener = threading.Thread(target=open_waits)
    opener.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    stop.set()
    opener.join(10)
    assert troubles == []


def test_late_answer_and_the_end_of_its_task_never_wait_for_each_other_in_a_circle(setup: Setup) -> None:
    """The settlement has the call and wants its incident; the withdrawal wants both."""
    code = setup.submit()
    setup.run()
    setup.clock.advance(timedelta(hours=2))
    while not setup.scalar("SELECT count(*) FROM call WHERE operation = 'Bao'"):
        setup.worker.step()
    breaker = BreakerPolicy(failures=3, open_s=1.0)
    [call] = send.claim(setup.store, {"archive": 1}, worker="frozen", margin_s=0.1, breaker=breaker)
    setup.pass_time()
    send.sweep_leases(setup.store, setup.partners)
    receive.withdraw(setup.store, code, reason="", by="applicant", now=setup.clock.now())
    thread = threading.Thread(target=setup.worker.step)
    with setup.store.transaction() as connection:
        connection.execute(text("SELECT 1 FROM call WHERE id = :id FOR NO KEY UPDATE"), {"id": call.id})
        thread.start()
        waiting(setup.store)
        connection.execute(text("SET LOCAL lock_timeout = '300ms'"))
        connection.execute(text("UPDATE incident SET title = title WHERE call_id = :id"), {"id": call.id})
    ended(thread)
    setup.run()
    assert setup.scalar("SELECT status FROM dossier") == 7


def test_refusal_that_is_settled_while_the_task_ends_leaves_no_incident_that_nobody_can_close(
    setup: Setup,
) -> None:
    """The withdrawal waits for the call; the settlement's incident was not there when its statement began."""
    code = setup.submit()
    while not setup.scalar("SELECT count(*) FROM call"):
        setup.worker.step()
    receive.withdraw(setup.store, code, reason="", by="applicant", now=setup.clock.now())
    thread = threading.Thread(target=setup.worker.step)
    with setup.store.transaction() as connection:
        connection.execute(text("UPDATE call SET status = 'refused', attempt = 1, settled_at = now()"))
        thread.start()
        waiting(setup.store)
        connection.execute(
            text(
                "INSERT INTO incident (cause, dossier_id, partner, call_id, task, element, title, actions)"
                " SELECT 'call-refused', dossier_id, partner, id, task, element, '', '[\"retry\", \"skip\"]' FROM call"
            )
        )
    ended(thread)
    assert setup.scalar("SELECT status FROM call") == "withdrawn"
    assert setup.rows("SELECT status, resolution FROM incident") == [("closed", "its task is over")]


def test_worker_that_freezes_inside_a_transaction_stops_the_others_only_as_long_as_its_lease(
    setup: Setup,
) -> None:
    setup.submit()
    frozen = Store(setup.store.url, idle_s=0.5)
    try:
        thread = threading.Thread(target=setup.worker.step)
        code = str(setup.scalar("SELECT code FROM dossier"))

        def freeze() -> None:
            with frozen.transaction() as connection:
                dossiers.lock(connection, code)
                thread.start()
                thread.join(IDLE_S - 10)  # stores that were told nothing end it later
                assert not thread.is_alive(), "one frozen worker holds all the others"
                connection.execute(text("SELECT 1"))

        with pytest.raises(errors.StoreError):
            freeze()
        assert setup.scalar("SELECT count(*) FROM instance") == 1
    finally:
        frozen.close()


PAUSED = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:serviceTask id="ghi"><bpmn:extensionElements>'
    '<zeebe:taskDefinition type="archive.Ghi"/><zeebe:ioMapping><zeebe:input source="=1" target="so"/></zeebe:ioMapping>'
    '<zeebe:properties><zeebe:property name="status" value="2"/></zeebe:properties></bpmn:extensionElements></bpmn:serviceTask>'
    '<bpmn:parallelGateway id="fork"/><bpmn:receiveTask id="ask" messageRef="m"><bpmn:extensionElements><zeebe:properties>'
    '<zeebe:property name="clock" value="pause"/><zeebe:property name="reason" value="supplement"/></zeebe:properties>'
    '</bpmn:extensionElements></bpmn:receiveTask><bpmn:intermediateCatchEvent id="days"><bpmn:timerEventDefinition>'
    "<bpmn:timeDate>=working days after(now(), 2)</bpmn:timeDate></bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
    '<bpmn:parallelGateway id="join"/><bpmn:endEvent id="end"/>'
    + chain("start", "ghi", "fork", "ask", "join", "end")
    + chain("fork", "days", "join"),
    messages='<bpmn:message id="m" name="answer"><bpmn:extensionElements>'
    '<zeebe:subscription correlationKey="=dossier.code"/></bpmn:extensionElements></bpmn:message>',
)


def test_legal_timer_does_not_run_out_while_another_task_has_stopped_the_clock(
    database, tmp_path: Path
) -> None:
    setup = Setup(database.url, tmp_path, model=PAUSED)
    try:
        code = setup.submit()
        setup.run()
        began = setup.clock.now()
        for _ in range(5):
            setup.clock.advance(timedelta(days=1))
            setup.run()
        assert setup.scalar("SELECT count(*) FROM timer") == 1, "it ran out while the clock stood"
        setup.answer(code)
        setup.run()
        stood = WorkingCalendar().working_time_between(began, setup.clock.now())
        plain = WorkingCalendar().add_working_days(began, 2)
        at_least = WorkingCalendar().add_working_time(plain, stood)
        assert setup.scalar("SELECT due_at FROM timer WHERE NOT fired") >= at_least  # type: ignore[operator]
        setup.clock.advance(timedelta(days=14))
        setup.run()
        assert setup.scalar("SELECT status FROM instance") == "ended"
    finally:
        setup.close()


def test_same_message_from_eight_threads_is_one_message_and_wakes_its_wait_once(setup: Setup) -> None:
    code = setup.submit()
    setup.run()
    setup.clock.advance(timedelta(hours=2))
    setup.run()
    assert setup.scalar("SELECT count(*) FROM wait") == 1
    told: list[bool] = []

    def deliver() -> None:
        arrival = Arrival(
            source="agency", message_id="1", name="answer", key=code, reference=None, payload={}, body=b"{}"
        )
        told.append(receive.take_message(setup.store, arrival, now=setup.clock.now()))

    threads = [threading.Thread(target=deliver) for _ in range(8)]
    for thread in threads:
        thread.start()
    ended(*threads)
    assert sorted(told) == [False] + [True] * 7
    setup.run()
    assert setup.scalar("SELECT count(*) FROM event WHERE kind = 'message'") == 1
    assert setup.scalar("SELECT status FROM dossier") == 9


OLD = text("UPDATE document_chunk SET stored_at = now() - interval '3 days'")


def chunks(setup: Setup) -> object:
    return setup.scalar("SELECT string_agg(sha256 || seq, ' ' ORDER BY sha256, seq) FROM document_chunk")


def test_content_that_no_dossier_lists_goes_after_a_while_and_all_else_stays(setup: Setup) -> None:
    setup.submit()
    dossier = int(str(setup.scalar("SELECT id FROM dossier")))
    large = bytes(documents.CHUNK_BYTES + 1)
    with setup.store.transaction() as connection:
        for name, content in (("listed", large), ("unlisted", large)):
            documents.put(connection, name, content)
        listed = DocumentRow(code="GCS", name="a.pdf", media_type="x", sha256="listed", size_bytes=1)
        documents.attach(connection, dossier, [listed])
        connection.execute(OLD)
        documents.put(connection, "young", b"y")
    assert papers.purge(setup.store) == 1
    assert chunks(setup) == "listed0 listed1 young0"
    assert papers.purge(setup.store) == 0


def test_content_that_comes_again_while_it_is_dropped_is_kept(setup: Setup) -> None:
    with setup.store.transaction() as connection:
        documents.put(connection, "again", b"x")
        connection.execute(OLD)
    dropped: list[int] = []
    purge = threading.Thread(target=lambda: dropped.append(papers.purge(setup.store)))
    with setup.store.transaction() as connection:
        documents.put(connection, "again", b"x")
        purge.start()
        waiting(setup.store)
    ended(purge)
    assert (dropped, chunks(setup)) == ([0], "again0")


def test_content_that_comes_again_after_it_was_dropped_is_stored_anew(setup: Setup) -> None:
    large = bytes(documents.CHUNK_BYTES + 1)
    with setup.store.transaction() as connection:
        documents.put(connection, "again", large)
        connection.execute(OLD)

    def handed_in() -> None:
        with setup.store.transaction() as connection:
            documents.put(connection, "again", large)

    second = threading.Thread(target=handed_in)
    with setup.store.transaction() as connection:
        assert documents.purge(connection, days=2) == 1
        second.start()
        waiting(setup.store)
    ended(second)
    assert chunks(setup) == "again0 again1"
