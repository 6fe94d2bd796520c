"""Where the kill test's walks take place: two partners, warm workers, a database for each walk, and what a walk owes.

A walk is cut into legs where the world moves (time passes, an answer comes). A leg begins from a copy of the database and of
the partners' journal, so that each point can be tried without walking there first.
"""

import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from adapters.registry import BUILT_IN, ContractPartners, load
from adapters.simulator.journal import FILE
from adapters.simulator.serving import serve
from engine.actions import receive
from engine.storage.database import Store
from engine.storage.embedded import EmbeddedPostgres
from tests.support import witness
from tests.support.exchange import DATA, WALK
from tests.support.killed_walk import Walk
from tests.support.killing import NEVER, SOCKET, CountingProxy, Stable
from tests.support.procedures import DESK, NOON, procedure, settle_in, submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """Where a part of the walk begins, and how many messages its worker sends."""

    database: str
    journal: Path
    now: datetime
    messages: int


@dataclass(slots=True)
class Ground:
    """Where walks take place: partners, warm workers, and the databases in which walks take place."""

    postgres: EmbeddedPostgres
    template: str
    folder: Path
    name: str
    code: str = ""
    legs: list[Leg] = field(default_factory=list)
    owed: dict[witness.Effect, int] = field(default_factory=dict)
    _partners: ContractPartners = field(init=False)
    _port: int = field(init=False, default=0)
    _stable: Stable = field(init=False)

    @contextmanager
    def opened(self) -> Iterator["Ground"]:
        """Everything is ready inside the block, and gone after it."""
        roots = [self._two_partners()]
        self._partners = load(roots, built_in=None)
        with reserved() as self._port, Stable(roots, f"http://127.0.0.1:{self._port}") as self._stable:
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
        leg = self._submit()
        with self.walk(leg) as walk:
            while True:
                walk.run_leg(NEVER)
                walk.let_go()
                self.legs.append(replace(leg, messages=walk.messages))
                if not walk.world_moves():
                    break
                leg = self._keep(walk)
            self.owed = dict(witness.effects(walk.journal()))

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

    def _keep(self, walk: Walk) -> Leg:
        walk.store.close()
        name = f"{self.name}_leg_{len(self.legs)}"
        self._copy(walk.database, name)
        journal = self.folder / f"{name}.jsonl"
        shutil.copy(walk.simulators.journal, journal)
        return Leg(database=name, journal=journal, now=walk.now, messages=0)

    # -- walks ----------------------------------------------------------------------------------------------

    @contextmanager
    def walk(self, leg: Leg, variant: str = "") -> Iterator[Walk]:
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
        proxied = direct.split("?", maxsplit=1)[0] + f"?host={proxy.folder}"
        store = Store(direct, pool_size=1)
        walk = Walk(
            code=self.code,
            now=leg.now,
            database=database,
            store=store,
            proxy=proxy,
            simulators=simulators,
            hire=lambda: self._stable.worker(proxied, variant),
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

    def check(self, walk: Walk, point: str) -> None:
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


@contextmanager
def reserved() -> Iterator[int]:
    """A port of loopback that nobody is given meanwhile, and where our servers may listen one after the other.

    It is bound and nobody listens: the kernel lets others bind it who say, as we do, that they would share it.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def points(legs: Sequence[Leg]) -> list[tuple[Leg, int]]:
    """Every message of every leg once."""
    return [(leg, number) for leg in legs for number in range(1, leg.messages + 1)]
