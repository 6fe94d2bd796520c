"""Appliers to be measured, in this process or in processes of their own that drain what waits when they are told to."""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe

import structlog

from engine.actions.apply import Applier, ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import SystemClock
from engine.runtime.interpreter import SpiffInterpreter
from engine.storage.database import Store
from engine.worker.memory import settle_collector
from tests.benchmarks import place


def applier(store: Store, *, group: int = 50, kept: int = 2_000, name: str = "bench") -> Applier:
    """An applier as the worker builds it; *kept* live instances (0: each is read from its stored bytes)."""
    shelf = DeploymentShelf(store)
    return Applier(
        store,
        SpiffInterpreter(shelf, cache_size=kept),
        place.partners(),
        shelf,
        SystemClock(),
        worker=name,
        policy=ApplyPolicy(group_size=group),
    )


def drain(one: Applier) -> int:
    """Apply until nothing is left; how many events."""
    total = 0
    while done := one.apply_waiting():
        total += done
    return total


@contextmanager
def processes(url: str, count: int, *, group: int = 50) -> Iterator["Appliers"]:
    """*count* applier processes, ready."""
    spawning = multiprocessing.get_context("spawn")
    pipes: list[Pipe] = []
    children = []
    for number in range(count):
        ours, theirs = spawning.Pipe()
        child = spawning.Process(target=_work, args=(url, group, f"bench-{number}", theirs), daemon=True)
        child.start()
        theirs.close()
        pipes.append(ours)
        children.append(child)
    for pipe in pipes:
        pipe.recv()
    try:
        yield Appliers(pipes)
    finally:
        for pipe in pipes:
            pipe.send(False)
        for child in children:
            child.join(10)


class Appliers:
    """Processes that drain together."""

    def __init__(self, pipes: list[Pipe]) -> None:
        self._pipes = pipes

    def drain(self) -> float:
        """Let all apply until none finds anything; the seconds that the slowest took."""
        start = time.perf_counter()
        for pipe in self._pipes:
            pipe.send(True)
        for pipe in self._pipes:
            pipe.recv()
        return time.perf_counter() - start


def _work(url: str, group: int, name: str, pipe: Pipe) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    store = Store(url, steady=True)
    one = applier(store, group=group, name=name)
    settle_collector()
    pipe.send(True)
    while pipe.recv():
        drain(one)
        pipe.send(True)
    store.close()
