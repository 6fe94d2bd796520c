"""A whole set-up in one process: database, simulated partners on loopback, and a worker that is stepped by hand."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from adapters.registry import ContractPartners, load
from adapters.simulator.serving import Simulators, serve
from engine.actions import receive
from engine.actions.apply import ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.exchange.ports import Arrival, Json
from engine.models.deployment import Deployment
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.worker import Worker, WorkerPolicy
from tests.support.procedures import DESK, NOON, procedure, settle_in, submission
from tests.support.witness import read_journal

DATA = Path(__file__).parent.parent / "data"
WALK = (DATA / "walk.bpmn").read_bytes()

_TIME_PASSES = (
    "UPDATE call SET lease_until = now() - interval '1 s' WHERE lease_until > now()",
    "UPDATE call SET due_at = now() WHERE due_at > now()",
    "UPDATE event SET lease_until = now() - interval '1 s' WHERE status = 'pending' AND lease_until > now()",
    "UPDATE partner SET probe_at = now() WHERE probe_at > now()",
)


class Setup:
    """The walk's procedure, deployed; simulators; a worker."""

    def __init__(self, url: str, folder: Path, *, reports: str = "", model: bytes = WALK) -> None:
        self.store = Store(url)
        self.deployment: Deployment = procedure(model, reports=reports)
        settle_in(self.store, self.deployment)
        self.clock = FixedClock(NOON)
        self.roots = (DATA / "partners",)
        self.simulators: Simulators = serve(load(self.roots).contract, journal_dir=folder / "journal")
        self.partners: ContractPartners = load(self.roots, simulators=self.simulators.url)
        self.worker = self.new_worker()

    def new_worker(self, *, policy: WorkerPolicy | None = None) -> Worker:
        shelf = DeploymentShelf(self.store)
        return Worker(
            self.store,
            lambda: SpiffInterpreter(shelf),
            self.partners,
            shelf,
            self.clock,
            name="w1",
            policy=policy
            or WorkerPolicy(
                apply=ApplyPolicy(retry_s=0.0),
                breaker=BreakerPolicy(failures=3, open_s=0.05),
                lease_margin_s=10.0,
            ),
        )

    def close(self) -> None:
        self.partners.close()
        self.simulators.close()
        self.store.close()

    # -- the desk and the world ------------------------------------------------------------------------

    def submit(self, key: str = "a") -> str:
        return receive.submit(
            self.store,
            "1.000001",
            submission(self.deployment),
            DESK,
            now=self.clock.now(),
            by="desk",
            external_id=key,
        ).code

    def answer(self, code: str) -> None:
        arrival = Arrival(
            source="agency", message_id=code, name="answer", key=code, reference=None, payload={}, body=b"{}"
        )
        receive.take_message(self.store, arrival, now=self.clock.now())

    def pass_time(self) -> None:
        """Leases, waits and back-offs of the database's own time are over."""
        with self.store.transaction() as connection:
            for statement in _TIME_PASSES:
                connection.execute(text(statement))

    def run(self, *, rounds: int = 200) -> None:
        """Step the worker until nothing is left to do even as time passes."""
        idle = 0
        for _ in range(rounds):
            if self.worker.step():
                idle = 0
                continue
            idle += 1
            if idle > 2:
                return
            self.pass_time()
        raise AssertionError("the worker does not come to rest")

    def walk_on(self, code: str) -> None:
        """Run to the timer, past it, to the message and past that, to the end."""
        self.run()
        self.clock.advance(timedelta(hours=2))
        self.run()
        self.answer(code)
        self.run()

    # -- what can be seen --------------------------------------------------------------------------------

    def scalar(self, sql: str, **parameters: object) -> object:
        with self.store.reading() as connection:
            return connection.scalar(text(sql), parameters)

    def rows(self, sql: str, **parameters: object) -> list[tuple[object, ...]]:
        with self.store.reading() as connection:
            return [tuple(row) for row in connection.execute(text(sql), parameters)]

    def journal(self) -> list[Mapping[str, Json]]:
        return read_journal(self.simulators.journal)
