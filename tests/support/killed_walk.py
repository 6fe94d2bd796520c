"""A dossier's walk through workers that die on the way, and everything that the world does meanwhile.

Where a walk begins, and what it is measured by, is in `killing_ground`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from adapters.simulator.serving import Simulators
from engine.actions import receive, resolve
from engine.exchange.ports import Arrival, Json
from engine.storage.database import Store
from tests.support import witness
from tests.support.killing import NEVER, Blow, CountingProxy, KillableWorker

_PASSED = (
    "UPDATE call SET lease_until = now() - interval '1 s' WHERE lease_until > now()",
    "UPDATE call SET due_at = now() WHERE due_at > now() AND status IN ('pending', 'unknown')",
    "UPDATE event SET lease_until = now() - interval '1 s' WHERE status = 'pending' AND lease_until > now()",
)
_UNDER_WAY = (
    "SELECT EXISTS (SELECT 1 FROM call WHERE status IN ('pending', 'sending', 'unknown'))"
    " OR EXISTS (SELECT 1 FROM event WHERE status = 'pending')"
)
_UNKNOWN = (
    "SELECT i.id, i.cause, c.partner, c.operation, c.key, c.body FROM incident i JOIN call c ON c.id = i.call_id"
    " WHERE i.status = 'open' ORDER BY i.id LIMIT 1"
)
_STATE = {
    "calls": "SELECT id, operation, status, attempt, asks, detail FROM call WHERE status <> 'done' ORDER BY id",
    "events": "SELECT id, kind, status, starts, lone_starts FROM event WHERE status <> 'applied' ORDER BY id",
    "incidents": "SELECT cause, title, facts FROM incident WHERE status <> 'closed' ORDER BY id",
    "partners": "SELECT name, breaker, failures, paused FROM partner ORDER BY name",
}
REPLIES: Mapping[str, Mapping[str, Json]] = {
    "archive": {"ma": 0},
    "portal": {"error_code": 0, "message": "Cập nhật thành công", "result": []},
}
ROUNDS = 40


class NotEnded(AssertionError):
    """The dossier does not come to its end: something was lost."""


@dataclass(slots=True)
class Walk:
    """One walk. Desk, agency and admin go to the database directly; workers go through the proxy."""

    code: str
    now: datetime
    database: str
    store: Store
    proxy: CountingProxy
    simulators: Simulators
    hire: Callable[[], KillableWorker]
    unknown: int = 0
    deaths: int = 0
    messages: int = 0
    worker: KillableWorker | None = None

    def run(self, blow: Blow) -> None:
        """Walk to the end, the first worker struck by *blow*. Raises: NotEnded."""
        self.run_leg(blow)
        while self.world_moves():
            self.run_leg(None)

    def run_leg(self, blow: Blow | None) -> None:
        """Work until the world has to move; with a *blow* by a new worker, else by the one that there is."""
        if blow is not None:
            self._new_worker(blow)
        for _ in range(ROUNDS):
            assert self.worker is not None
            if not self.worker.go(self.now):
                self.deaths += 1
                self._new_worker(NEVER)
            elif not (self._admin_answers() or self._time_passes()):
                self.messages = self.proxy.count
                return
        raise NotEnded(f"lost: dossier {self.code} does not come on; {self.state()}")

    def _new_worker(self, blow: Blow) -> None:
        self.let_go()
        self.worker = self.hire()
        self.proxy.arm(blow, self.worker.kill)

    def let_go(self) -> None:
        """End the worker that there is, if any."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.end()

    def journal(self) -> list[witness.Line]:
        return witness.read_journal(self.simulators.journal)

    def state(self) -> dict[str, object]:
        """Where the dossier stands in our own eyes, for whoever has to find out why."""
        with self.store.reading() as connection:
            return {
                name: [tuple(row) for row in connection.execute(text(statement))]
                for name, statement in _STATE.items()
            }

    # -- the world -------------------------------------------------------------------------------------------

    def world_moves(self) -> bool:
        """What happens next outside; False when nobody waits for anything any more."""
        with self.store.reading() as connection:
            timers = connection.scalar(text("SELECT count(*) FROM timer WHERE NOT fired"))
            waits = connection.scalar(text("SELECT count(*) FROM wait WHERE message_id IS NULL"))
        if timers:
            self.now += timedelta(hours=2)
        elif waits:
            code = self.code
            arrival = Arrival(
                source="agency",
                message_id=code,
                name="answer",
                key=code,
                reference=None,
                payload={},
                body=b"{}",
            )
            receive.take_message(self.store, arrival, now=self.now)
        return bool(timers or waits)

    def _time_passes(self) -> bool:
        """Let leases and waits be over; False when nothing is under way that could go on by that."""
        with self.store.transaction() as connection:
            for statement in _PASSED:
                connection.execute(text(statement))
            return bool(connection.scalar(text(_UNDER_WAY)))

    def _admin_answers(self) -> bool:
        """The admin's script: what became of an unknown call is asked of the partner's journal."""
        with self.store.reading() as connection:
            row = connection.execute(text(_UNKNOWN)).mappings().one_or_none()
        if row is None:
            return False
        assert row["cause"] == "unknown-outcome", row["cause"]
        self.unknown += 1
        happened = witness.effects(self.journal())[witness.identity(dict(row))]
        resolve.act(
            self.store,
            row["id"],
            "done" if happened else "resend",
            REPLIES[row["partner"]],
            by="admin's script",
            reason="as the partner's journal says",
        )
        return True
