"""Puts a run of the demo together: keys for its people, their interfaces, the journals, and the count at the end."""

import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import orjson

import bpmn
from engine.actions import demo_clock, keys
from engine.exchange.ports import Json
from engine.settings import Settings
from engine.storage import migrations
from lienthong.assembly import System
from lienthong.children import child_environment
from lienthong.demo.batch import Batch
from lienthong.demo.clock import DemoTime
from lienthong.demo.conductor import Cast, Conductor
from lienthong.demo.desk import Desk
from lienthong.demo.faults import Faults
from lienthong.demo.interface import DemoFailed, Interface, Stalled
from lienthong.demo.journal import DeskJournal
from lienthong.demo.people import Applicants, Officers
from lienthong.demo.plans import BIRTH, EXTRACT
from lienthong.demo.show import Bar, mix
from lienthong.house import House
from lienthong.seeding import SAMPLE_UNITS

COUNTING_S = 120.0
MODELS = {
    BIRTH: "khai-sinh-lien-thong/khai-sinh-lien-thong.bpmn",
    EXTRACT: "trich-luc-ho-tich/trich-luc-ho-tich.bpmn",
}
_DAYS = 30


class Counted(TypedDict):
    """What the witness prints."""

    lost: list[str]
    doubled: list[str]
    calls: int
    statuses: int
    effects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a run came to."""

    batch: Batch
    lost: list[str]
    doubled: list[str]
    incidents: list[dict[str, Json]]
    calls: int
    statuses: int
    effects: int
    seconds: float
    stalled: str

    @property
    def finished(self) -> int:
        """Dossiers that came to their end as planned."""
        return sum(case.finished and not case.wrong for case in self.batch.cases)

    @property
    def holds(self) -> bool:
        """Whether every dossier is finished, and nothing lost, doubled or left open."""
        return self.finished == len(self.batch.cases) and not (self.lost or self.doubled or self.incidents)

    @property
    def line(self) -> str:
        """The demo's last line."""
        return (
            f"demo: {len(self.batch.cases)} dossiers, {self.finished} finished, {len(self.lost)} lost,"
            f" {len(self.doubled)} doubled, {len(self.incidents)} incidents, {self.calls} calls, {self.seconds:.0f} s"
        )


def play(house: House, system: System, size: int, environment: Mapping[str, str], *, quiet: bool) -> Result:
    """Run *size* dossiers through the system that *house* has opened.

    Raises:
        DemoFailed: the interface refused what it should take, or did not answer.
    """
    folder = system.settings.data_dir
    with ExitStack() as stack:
        journal = DeskJournal(folder / "demo")
        stack.callback(journal.close)
        batch = Batch(journal.run, size, sorted(SAMPLE_UNITS))
        if not quiet:
            mix(batch)
        began = time.monotonic()
        conductor = Conductor(batch, _cast(stack, house, system, batch, journal), Bar(size, quiet=quiet))
        known = conductor.known_incidents()
        stalled = ""
        try:
            conductor.run()
        except Stalled as exc:
            stalled = exc.message
        incidents = conductor.open_incidents(known)
        seconds = time.monotonic() - began
        counted = count(journal.path, folder / "simulators" / "journal.jsonl", environment)
    return Result(
        batch=batch,
        incidents=incidents,
        seconds=seconds,
        stalled=stalled,
        **counted,
    )


def refuse_real_data(settings: Settings) -> None:
    """Let nobody's real dossiers come under demo time and simulated partners.

    Raises:
        DemoFailed: DATABASE_URL names a database that is in use.
    """
    if not settings.database.url:
        return
    system = System(settings)
    try:
        with system.store.reading() as connection:
            fresh = migrations.current(connection) is None
        if not fresh and demo_clock.is_in_use(system.store):
            raise DemoFailed("DATABASE_URL names a database with real dossiers; give the demo an empty one")
    finally:
        system.close()


def count(desk: Path, partners: Path, environment: Mapping[str, str]) -> Counted:
    """What the witness finds in the two journals; it is a process of its own that is told of no database."""
    models = [f"{code}={Path(bpmn.__path__[0]) / model}" for code, model in MODELS.items()]
    bare = {name: value for name, value in environment.items() if name in ("PATH", "LANG", "PYTHONPATH")}
    done = subprocess.run(  # noqa: S603  # our own program
        [sys.executable, "-m", "lienthong.demo.counting", str(desk), str(partners), *models],
        env=child_environment(bare, {}),
        capture_output=True,
        timeout=COUNTING_S,
        check=False,
    )
    if done.returncode:
        raise DemoFailed(f"the witness could not count: {done.stderr.decode('utf-8', 'replace')[-500:]}")
    counted: Counted = orjson.loads(done.stdout)
    return counted


def _cast(stack: ExitStack, house: House, system: System, batch: Batch, journal: DeskJournal) -> Cast:
    """Everybody with a key of their own, good for this run."""

    def interface(name: str, *scopes: str, unit: str | None = None) -> Interface:
        issued = keys.create(system.store, f"demo {name}", scopes=scopes, unit=unit, by="demo")
        stack.callback(keys.revoke, system.store, issued.prefix, by="demo")
        opened = Interface(house.address, issued.text)
        stack.callback(opened.close)
        return opened

    desks = {
        unit: interface(f"desk {unit}", "dossiers:read", "dossiers:write", unit=unit) for unit in SAMPLE_UNITS
    }
    officers = {unit: interface(f"officers {unit}", "work-items", unit=unit) for unit in SAMPLE_UNITS}
    if house.simulators is None:
        raise DemoFailed("the demo needs simulated partners")
    faults = Faults(house.simulators)
    stack.callback(faults.close)
    moment = DemoTime(system.store, system.clock)
    moment.begin()

    def look_after() -> None:
        house.look()
        if house.stopping:
            raise KeyboardInterrupt

    return Cast(
        desk=Desk(batch, desks, journal),
        officers=Officers(batch, officers),
        applicants=Applicants(interface("applicants", "dossiers:read", "dossiers:write")),
        faults=faults,
        time=moment,
        admin=interface("admin", "incidents"),
        look_after=look_after,
    )
