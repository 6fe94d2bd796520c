"""A worker for the kill test: a warm process that forks one worker after the other, each stepped and killed by the harness.

Run as ``python -m tests.support.kill_worker SIMULATORS PARTNER-FOLDERS…``: reads one JSON line for each worker to fork, and
ends with its input. A forked worker steps until nothing is left to do, says so on its control socket, and goes on when told
to. Its variants each lack one protection: the controls of the kill test.
"""

import gc
import json
import logging
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import Connection

from adapters.registry import ContractPartners, load
from engine.actions.apply import ApplyPolicy
from engine.actions.deploy import DeploymentShelf
from engine.clock import FixedClock
from engine.exchange.ports import Json
from engine.runtime.interpreter import SpiffInterpreter
from engine.runtime.progress import Progress, View
from engine.storage.database import Store
from engine.storage.partners import BreakerPolicy
from engine.worker import Worker, WorkerPolicy
from tests.support.exchange import WALK
from tests.support.procedures import NOON, procedure

FATAL = "fatal"
POLICY = WorkerPolicy(
    apply=ApplyPolicy(retry_s=0.0, lease_s=60.0),
    breaker=BreakerPolicy(failures=1000, open_s=0.1),
    lease_margin_s=60.0,
)


class OneTransaction(Store):
    """A store that, while it is held, puts every transaction into one that is committed at the end."""

    held: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if self.held is not None:
            yield self.held
            return
        with super().transaction() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        if self.held is not None:
            yield self.held
            return
        with super().at_once() as connection:
            yield connection

    @contextmanager
    def hold(self) -> Iterator[None]:
        with super().transaction() as connection:
            self.held = connection
            try:
                yield
            finally:
                self.held = None


class ClaimsUncommitted(Worker):
    """Claims, sends and settles in one transaction: what was claimed is forgotten when it dies."""

    def _send_due(self) -> int:
        assert isinstance(self._store, OneTransaction)
        with self._store.hold():
            return super()._send_due()


class WithoutSweep(Worker):
    """Never looks for calls whose sender went away."""

    def background_work(self) -> dict[str, Callable[[], int]]:
        return {name: work for name, work in super().background_work().items() if name != "leases"}


class Mortal(SpiffInterpreter):
    """Ends its process when it meets a dossier whose note says so."""

    def begin(self, deployment: int, process: str, variables: Mapping[str, Json], view: View) -> Progress:
        data = view.dossier["data"]
        if isinstance(data, Mapping) and data.get("note") == FATAL:
            os._exit(1)
        return super().begin(deployment, process, variables, view)


VARIANTS: Mapping[str, type[Worker]] = {
    "claims-uncommitted": ClaimsUncommitted,
    "without-sweep": WithoutSweep,
}


def worker_of(order: Mapping[str, str], partners: ContractPartners, clock: FixedClock) -> Worker:
    """The worker that *order* describes; nothing is connected yet."""
    store = OneTransaction(order["url"], pool_size=1)
    shelf = DeploymentShelf(store)
    kind = VARIANTS.get(order["variant"], Worker)
    interpreter = Mortal if order["variant"] == "mortal" else SpiffInterpreter
    return kind(
        store,
        lambda: interpreter(shelf),
        partners,
        shelf,
        clock,
        name=f"w{os.getpid()}",
        policy=POLICY,
    )


def serve_one(order: Mapping[str, str], partners: ContractPartners) -> None:
    """Work until killed, or until the orders end."""
    control = socket.socket(socket.AF_UNIX)
    control.connect(order["control"])
    control.sendall(f"{os.getpid()}\n".encode())
    clock = FixedClock(NOON)
    worker = worker_of(order, partners, clock)
    with control.makefile() as orders:
        for now in orders:
            clock.set(datetime.fromisoformat(now.strip()))
            while worker.step():
                pass
            control.sendall(b"idle\n")


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    simulators, *roots = sys.argv[1:]
    partners = load([Path(root) for root in roots], simulators=simulators, built_in=None)
    procedure(WALK, reports="portal")  # what is read once in a process is read here
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        if os.fork() == 0:
            try:
                serve_one(json.loads(line), partners)
            except Exception:  # noqa: BLE001  # said where the harness shows it
                traceback.print_exc()
            finally:
                os._exit(0)


if __name__ == "__main__":
    main()
