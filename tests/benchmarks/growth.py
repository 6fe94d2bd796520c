"""What must not grow: an event's cost with the steps that its instance has made, and with the size of its dossier."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import quantiles

import orjson
from sqlalchemy import text

from engine.actions.apply import Applier
from engine.actions.deploy import deploy
from engine.storage.database import Store
from tests.benchmarks import world
from tests.benchmarks.appliers import applier, drain
from tests.benchmarks.place import Place
from tests.support.procedures import bpmn, chain, flow, procedure

STEPS = 1_000
AROUND = 15
WALKS = 12

_CALL = (
    '<bpmn:serviceTask id="again"><bpmn:extensionElements><zeebe:taskDefinition type="desk.inform"/>'
    '<zeebe:ioMapping><zeebe:input source="=dossier.code" target="number"/></zeebe:ioMapping>'
    "</bpmn:extensionElements></bpmn:serviceTask>"
)
LOOP = bpmn(
    '<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="in"/>'
    f'{_CALL}<bpmn:exclusiveGateway id="out" default="out_in"/><bpmn:endEvent id="end"/>'
    + chain("start", "in", "again", "out", "in")
    + flow("out", "end", "=dossier.status = 99"),
    process="fifteen",
)


def measure(place: Place) -> Mapping[str, float]:
    """Both as ratios of lower quartiles in one run, each instance read anew from its stored bytes."""
    return {"step_1000_vs_10": steps(place), "payload_1mb_vs_1kb": payload(place)}


@contextmanager
def _cold(place: Place) -> Iterator[tuple[Store, Applier]]:
    url = place.database()
    store = Store(url, steady=True)
    try:
        yield store, applier(store, kept=0)
    finally:
        store.close()
        place.drop(url)


def steps(place: Place, *, upto: int = STEPS) -> float:
    """The event that leads to step *upto* against the one that leads to step 10."""
    with _cold(place) as (store, one):
        deploy(store, procedure(LOOP, process="fifteen"), by="bench")
        _looped(store, one, 2 * AROUND, first=0)  # plans are made, code is warm
        with store.transaction() as connection:
            connection.execute(text("UPDATE call SET status = 'withdrawn' WHERE status = 'pending'"))
        taken = _looped(store, one, upto + AROUND, first=1)
    early, late = taken[10 - AROUND // 2 : 10 + AROUND], taken[-2 * AROUND :]
    return usual(late) / usual(early)


def _looped(store: Store, one: Applier, steps: int, *, first: int) -> list[float]:
    """A new dossier, answered *steps* times; the seconds of each answer's event."""
    world.hand_in(store, 1, first=first)
    drain(one)
    taken = []
    for _ in range(steps):
        world.answer(store)
        taken.append(_timed(one))
    return taken


def payload(place: Place, *, walks: int = WALKS) -> float:
    """All events of a dossier of a megabyte against those of one of a kilobyte, one after the other."""
    small, large = _data(1_000), _data(1_000_000)
    with _cold(place) as (store, one):
        times: dict[str, list[float]] = {small: [], large: []}
        for number in range(walks + 1):
            for data, found in times.items():
                world.hand_in(store, 1, first=number * 2 + (data is large), data=data)
                found.append(_walked(store, one))
        with store.reading() as connection:
            if connection.scalar(text("SELECT count(*) FROM instance WHERE status = 'running'")):
                raise AssertionError("a dossier did not come to its end")
    return usual(times[large][1:]) / usual(times[small][1:])


def usual(times: Sequence[float]) -> float:
    """The lower quartile: what it takes when nothing else holds it up, such as a busy disk."""
    return quantiles(times)[0]


def _walked(store: Store, one: Applier) -> float:
    spent = _timed(one)
    while world.answer(store):
        spent += _timed(one)
    return spent


def _timed(one: Applier) -> float:
    start = time.perf_counter()
    drain(one)
    return time.perf_counter() - start


def _data(size: int) -> str:
    """An applicant's data of about *size* bytes: many fields, few of them alike."""
    fields = {
        f"field_{n}": f"{n * 7919 % 1_000_003:07d} Nguyễn Văn {n}, tổ {n % 97}" for n in range(size // 52)
    }
    return orjson.dumps({"fields": fields}).decode()
