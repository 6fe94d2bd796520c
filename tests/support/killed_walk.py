"""A dossier's walk through workers that die on the way, and everything that the world does meanwhile.

The walk is cut into legs where the world moves (time passes, an answer comes). A leg begins from a copy of the database and
of the partners' journal, so that each point can be tried without walking there first.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import text

from adapters.registry import BUILT_IN, ContractPartners, load
from adapters.simulator.journal import FILE
from adapters.simulator.serving import Simulators, serve
from engine.actions import receive, resolve
from engine.exchange.ports import Arrival
from engine.storage.database import Store
from engine.storage.embedded import EmbeddedPostgres
from tests.support import witness
from tests.support.exchange import DATA, WALK
from tests.support.killing import NEVER, SOCKET, Blow, CountingProxy, KillableWorker, Stable
from tests.support.procedures import DESK, NOON, procedure, settle_in, submission

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
REPLIES = {"archive": {"ma": 0}, "portal": {"error_code": 0, "message": "Cập nhật thành công", "result": []}}
ROUNDS = 40


class NotEnded(AssertionError):
    """The dossier does not come to its end: something was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Where a part of the walk begins, and how many messages its worker sends."""

    database: str
    journal: Path
    now: datetime
    messages: int


@dataclass(slots=True)
class Ground:
    """One lane of the kill test: partners, warm workers, and the databases in which walks take place."""

    postgres: EmbeddedPostgres
    template: str
    folder: Path
    name: str
    code: str = ""
    legs: list[Leg] = field(default_factory=list)
    unknown: int = 0
    owed: dict[witness.Effect, int] = field(default_factory=dict)
    _partners: ContractPartners = field(init=False)
    _port: int = field(init=False, default=0)
    _stable: Stable = field(init=False)

    @contextmanager
    def opened(self) -> Iterator["Ground"]:
        """Everything is ready inside the block, and gone after it."""
        roots = [self._two_partners()]
        self._partners = load(roots, built_in=None)
        simulators = serve(self._partners.contract, journal_dir=self.folder / "first")
        self._port = simulators.port
        simulators.close()
        with Stable(roots, f"http://127.0.0.1:{self._port}") as self._stable:
            yield self
        self._partners.close()

    def _two_partners(self) -> Path:
        """A folder with the partners of this walk alone: others have feeds, which would be asked in between."""
        root = self.folder / "partners"
        root.mkdir()
        (root / "portal").symlink_to(BUILT_IN / "portal")
        (root / "archive").symlink_to(DATA / "partners" / "archive")
        return root

    # -- the walk that nobody disturbs ----------------------------------------------------------------

    def survey(self) -> None:
        """Walk once undisturbed: the legs and their messages, and what the walk owes to the partners."""
        first = self._submit()
        with self.walk(first) as walk:
            while True:
                walk.run_leg(NEVER)
                walk.let_go()
                self.legs.append(
                    Leg(
                        database=walk.leg.database,
                        journal=walk.leg.journal,
                        now=walk.leg.now,
                        messages=walk.messages,
                    )
                )
                if not walk.world_moves():
                    break
                walk.leg = self._keep(walk)
            journal = walk.journal()
        self.owed = dict(witness.effects(journal))

    def _submit(self) -> Leg:
        name = f"{self.name}_leg_0"
        self._copy(self.template, name)
        deployment = procedure(WALK, reports="portal")
        store = Store(self.postgres.place.url(name), pooled=False)
        settle_in(store, deployment)
        self.code = receive.submit(
            store, "1.000001", submission(deployment), DESK, now=NOON, by="desk", external_id="a"
        ).code
        journal = self.folder / f"{name}.jsonl"
        journal.touch()
        return Leg(database=name, journal=journal, now=NOON, messages=0)

    def _keep(self, walk: "Walk") -> Leg:
        walk.store.close()
        name = f"{self.name}_leg_{len(self.legs)}"
        self._copy(walk.database, name)
        journal = self.folder / f"{name}.jsonl"
        shutil.copy(walk.simulators.journal, journal)
        return Leg(database=name, journal=journal, now=walk.now, messages=0)

    # -- walks ----------------------------------------------------------------------------------------------

    @contextmanager
    def walk(self, leg: Leg, variant: str = "") -> Iterator["Walk"]:
        """A walk that begins where *leg* does; nothing of it is left afterwards."""
        database = f"{self.name}_walk"
        self._copy(leg.database, database)
        folder = self.folder / "journal"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(leg.journal, folder / FILE)
        simulators = serve(self._partners.contract, port=self._port, journal_dir=folder)
        proxy = CountingProxy(self.postgres.place.sockets / SOCKET)
        direct = self.postgres.place.url(database)
        store = Store(direct, pool_size=1)
        walk = Walk(
            ground=self,
            leg=leg,
            database=database,
            store=store,
            proxied=direct.split("?", maxsplit=1)[0] + f"?host={proxy.folder}",
            proxy=proxy,
            simulators=simulators,
            variant=variant,
            now=leg.now,
        )
        try:
            yield walk
        finally:
            walk.let_go()
            simulators.close()
            proxy.close()
            store.close()
            with self._administration() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def worker(self, url: str, variant: str) -> KillableWorker:
        return self._stable.worker(url, variant)

    def check(self, walk: "Walk", point: str) -> None:
        """Raises AssertionError when the journal does not show each owed effect exactly once, statuses in order."""
        journal = walk.journal()
        happened = witness.effects(journal)
        doubled = {what: count for what, count in happened.items() if count != 1}
        assert not doubled, f"{point}: doubled {doubled}"
        missing = set(self.owed) - set(happened)
        assert dict(happened) == self.owed, f"{point}: lost {missing}; {walk.state()}"
        assert witness.statuses_at_portal(journal, self.code) == ["1", "2", "4", "9"], point

    def _copy(self, source: str, target: str) -> None:
        with self._administration() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(target), sql.Identifier(source)
                )
            )

    def _administration(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self.postgres.url.replace("+psycopg", "", 1), autocommit=True)


@dataclass(slots=True)
class Walk:
    """One walk. Desk, agency and admin go to the database directly; workers go through the proxy."""

    ground: Ground
    leg: Leg
    database: str
    store: Store
    proxied: str
    proxy: CountingProxy
    simulators: Simulators
    variant: str
    now: datetime
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
        raise NotEnded(f"lost: dossier {self.ground.code} does not come on; {self.state()}")

    def _new_worker(self, blow: Blow) -> None:
        self.let_go()
        self.worker = self.ground.worker(self.proxied, self.variant)
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
            code = self.ground.code
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


def points(legs: Sequence[Leg]) -> list[tuple[Leg, int]]:
    """Every message of every leg once."""
    return [(leg, number) for leg in legs for number in range(1, leg.messages + 1)]
