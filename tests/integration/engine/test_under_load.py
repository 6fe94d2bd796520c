"""Two workers, many dossiers with reports to the portal, partners that misbehave, people who interfere: it all adds up."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import structlog

from adapters.registry import ContractPartners, load
from adapters.simulator.faults import Fault, FaultRule
from engine import errors
from engine.actions import calendars, receive, resolve
from engine.actions.apply import ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.dossiers import ledger
from engine.dossiers.calendar import WorkingCalendar
from engine.dossiers.timeline import Link, verify
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage import groups
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.worker import Worker, WorkerPolicy
from engine.worker.jobs import JobPolicy
from tests.support.exchange import Setup

DOSSIERS = 60
SEED = 20261122

QUIET = {
    "events that nobody applies": "SELECT id, kind, starts FROM event WHERE status <> 'applied'",
    "calls that nobody ends": "SELECT id, operation, status FROM call WHERE status NOT IN ('done', 'withdrawn')",
    "reports that nobody carries": "SELECT dossier_id, seq, status FROM report WHERE status <> 'done'",
    "waits of what has ended": "SELECT w.task FROM wait w JOIN instance i USING (dossier_id) WHERE i.status <> 'running'",
    "timers of what has ended": "SELECT t.task FROM timer t JOIN instance i USING (dossier_id) WHERE i.status <> 'running'",
    "instances that never end": "SELECT dossier_id FROM instance WHERE status = 'running'",
    "open incidents": "SELECT cause, title FROM incident WHERE status <> 'closed' AND cause <> 'effect-after-cancel'",
    "messages on the way": "SELECT id, status FROM message WHERE status = 'met'",
    "messages applied twice": (
        "SELECT payload ->> 'message' FROM event WHERE kind = 'message' AND status = 'applied'"
        " GROUP BY 1 HAVING count(*) > 1"
    ),
    "calls settled twice": (
        "SELECT payload ->> 'call' FROM event WHERE kind = 'call-settled' GROUP BY 1 HAVING count(*) > 1"
    ),
    "attempts without an end": "SELECT call_id, number FROM attempt WHERE outcome IS NULL",
}


@pytest.fixture
def setup(database, tmp_path: Path) -> Iterator[Setup]:
    place = Setup(database.url, tmp_path, reports="portal")
    yield place
    place.close()


class Town:
    """Two workers in threads of their own, each with its own connections, and people who keep them busy."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.random = random.Random(SEED)
        self.codes: list[str] = []
        self.troubles: list[BaseException] = []
        self._partners: list[ContractPartners] = []
        self._stores = [Store(setup.store.url) for _ in range(2)]
        self._workers = [self._worker(store, f"w{number}") for number, store in enumerate(self._stores)]
        self._threads = [self._thread(worker.run) for worker in self._workers]
        self._busy: list[threading.Thread] = []
        self._closing = threading.Event()
        self._sweeper = self._thread(self._sweep)

    def _worker(self, store: Store, name: str) -> Worker:
        shelf = DeploymentShelf(store)
        policy = WorkerPolicy(
            apply=ApplyPolicy(retry_s=0.2, lease_s=30.0, group_size=10),
            breaker=BreakerPolicy(failures=5, open_s=0.3),
            jobs=JobPolicy(),
            poll_s=0.2,
            lease_margin_s=10.0,
        )
        partners = load(self.setup.roots, simulators=self.setup.simulators.url)
        self._partners.append(partners)
        clock = self.setup.clock
        return Worker(
            store, lambda: SpiffInterpreter(shelf), partners, shelf, clock, name=name, policy=policy
        )

    def _thread(self, work: Callable[[], object]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001
                self.troubles.append(error)

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def _sweep(self) -> None:
        """The timetable's part: both workers sweep at once."""
        while not self._closing.wait(0.05):
            for worker in self._workers:
                for name in ("timers", "leases", "messages"):
                    worker.background_work()[name]()

    def busy(self, *works: Callable[[], object]) -> None:
        self._busy += [self._thread(work) for work in works]

    def join(self) -> None:
        for thread in self._busy:
            thread.join(60)
        self._busy = []

    def until(self, sql: str, wanted: object, seconds: float = 60.0) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.setup.scalar(sql) == wanted:
                return
            time.sleep(0.05)
        raise AssertionError(f"{sql}: {self.setup.rows(sql)} instead of {wanted}")

    def answer_incidents(self) -> None:
        """Two admins at two consoles decide from the partner's journal; each incident counts once."""
        rows = self.setup.rows(
            "SELECT i.id, c.key, c.operation FROM incident i JOIN call c ON c.id = i.call_id WHERE i.status <> 'closed'"
        )
        happened = {(line["operation"], line["key"]) for line in self.setup.journal() if line.get("effect")}
        for incident, key, operation in rows:
            act = "done" if (operation, key) in happened else "resend"
            threads = [self._thread(lambda i=incident, a=act: self._act(i, a)) for _ in range(2)]
            for thread in threads:
                thread.join(10)

    def _act(self, incident: object, act: str) -> None:
        try:
            resolve.act(self.setup.store, int(str(incident)), act, {"ma": 0}, by="admin", reason="journal")
        except (errors.IncidentClosed, errors.ActionNotNow, errors.ActionRefused):
            return

    def close(self) -> None:
        self._closing.set()
        self._sweeper.join(5)
        for worker in self._workers:
            worker.stop()
        for thread in self._threads:
            thread.join(15)
        for closing in (*self._partners, *self._stores):
            closing.close()


def misbehave(setup: Setup) -> None:
    add = setup.simulators.faults.add
    add(FaultRule(fault=Fault.SLOW, partner="archive", operation="Ghi", times=10, seconds=0.3))
    for operation in ("Ghi", "Nop", "Bao"):
        add(FaultRule(fault=Fault.DROP_AFTER, partner="archive", operation=operation, times=4, skip=5))
        add(FaultRule(fault=Fault.DROP_BEFORE, partner="archive", operation=operation, times=3, skip=9))
    add(FaultRule(fault=Fault.HTML, partner="archive", operation="Nop", times=4, skip=2, after=True))
    add(FaultRule(fault=Fault.HTML, partner="portal", times=6, skip=20))
    add(FaultRule(fault=Fault.DROP_AFTER, partner="portal", operation="DongBoHoSoMC", times=5, skip=8))


@pytest.mark.timeout(400)
def test_everything_adds_up_after_two_workers_many_faults_and_people_who_interfere(
    setup: Setup, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.reset_defaults()
    misbehave(setup)
    town = Town(setup)
    try:
        town.busy(
            lambda: town.codes.extend(setup.submit(f"d{n}") for n in range(DOSSIERS)),
            lambda: [_edit(setup, date(2026, 3, 4 + n % 20), bool(n % 2)) for n in range(20)],
        )
        town.join()
        withdrawn = town.random.sample(town.codes, 12)
        setup.simulators.faults.add(FaultRule(fault=Fault.DOWN, partner="portal", seconds=1.5))
        town.busy(*[lambda c=code: _withdraw(setup, c) for code in withdrawn[:6]])
        _settle(town, "SELECT count(*) FROM call WHERE status NOT IN ('done', 'withdrawn')", 0)
        setup.clock.advance(timedelta(hours=2))
        town.busy(*[lambda c=code: _withdraw(setup, c) for code in withdrawn[6:]])
        town.busy(*[lambda c=code: setup.answer(c) for code in town.codes for _ in range(2)])  # early or not
        _settle(town, "SELECT count(*) FROM instance WHERE status = 'running'", 0)
        town.join()
        _settle(town, "SELECT count(*) FROM report WHERE status <> 'done'", 0)
        time.sleep(0.5)
    finally:
        town.close()
    assert town.troubles == []
    assert {name: rows for name, sql in QUIET.items() if (rows := setup.rows(sql))} == {}
    _check_each(setup, town, withdrawn)
    said = capsys.readouterr()
    for word in ("Deadlock", "StoreError", "StoreConflict", "settlement_lost", "Traceback", "event_failed"):
        assert word not in said.out + said.err, word


def _edit(setup: Setup, day: date, working: bool) -> None:
    calendars.edit_day(setup.store, "default", day, working=working, name="", by="admin", reason="load")


def _withdraw(setup: Setup, code: str) -> None:
    try:
        receive.withdraw(setup.store, code, reason="", by="applicant", now=setup.clock.now())
    except errors.TransitionRefused:
        return


def _settle(town: Town, sql: str, wanted: int) -> None:
    """Until *sql* gives at most *wanted*, answering incidents meanwhile."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        town.answer_incidents()
        if int(str(town.setup.scalar(sql))) <= wanted and not town.setup.scalar(
            "SELECT count(*) FROM event WHERE status = 'pending'"
        ):
            return
        time.sleep(0.1)
    raise AssertionError(
        f"{sql}: {town.setup.rows(sql)}, incidents {town.setup.rows(QUIET['open incidents'])}"
    )


def _check_each(setup: Setup, town: Town, withdrawn: list[str]) -> None:
    journal = setup.journal()
    days = {row[0]: row[1] for row in setup.rows("SELECT day, working FROM calendar_day")}
    calendar = WorkingCalendar(days=days)  # type: ignore[arg-type]
    for code in town.codes:
        [(dossier, status, due_at)] = setup.rows(
            "SELECT id, status, due_at FROM dossier WHERE code = :c", c=code
        )
        assert status in ((7, 9) if code in withdrawn else (9,))
        links = [
            Link(seq=int(str(s)), body=bytes(b), hash=bytes(h))  # type: ignore[arg-type]
            for s, b, h in setup.rows(
                "SELECT seq, body, hash FROM timeline WHERE dossier_id = :d ORDER BY seq", d=dossier
            )
        ]
        assert verify(code, links) == []
        effects = [
            line["key"] for line in journal if line.get("effect") and str(line["key"]).startswith(f"{code}/")
        ]
        lane = setup.rows(
            "SELECT key FROM call WHERE dossier_id = :d AND partner = 'archive' AND status = 'done' ORDER BY id",
            d=dossier,
        )
        assert [key for key in effects if (key,) in lane] == [key for (key,) in lane]  # once each, in order
        with setup.store.reading() as connection:
            entries = groups.ledger(connection, int(str(dossier)))
        term = ledger.term_of(setup.deployment.procedure, "counter")  # type: ignore[arg-type]
        assert term is not None
        if status == 9:
            assert due_at == ledger.due(entries, term, calendar, setup.clock.now())
