"""Workers and queues: who works, what each has in hand, what waits and how fast it goes. Nothing is changed here."""

from typing import Literal

from flask import Blueprint
from pydantic import Field

from engine.queries import firings, workforce
from engine.queries.firings import RunningProcess
from engine.queries.workforce import InHand
from web.console.access import right
from web.console.rendering import View, page, read
from web.container import Container


class WorkersView(View):
    """The page's address."""

    state: Literal["", "running", "draining", "silent"] = ""
    queue: str = Field(default="", max_length=64)


def add(blueprint: Blueprint, container: Container) -> None:
    """``/tien-trinh``."""

    @blueprint.get("/tien-trinh")
    @right("see")
    def worker_list() -> str:
        view = read(WorkersView)
        with container.store.reading() as connection:
            workers = firings.running(connection, "worker")
            held = workforce.in_hand(connection)
            queues = workforce.queues(connection)
            runners = workforce.runners(connection)
            stalled = workforce.stalled(connection)
        wanted = view.queue.casefold()
        return page(
            "workers.html",
            container,
            view=view,
            at_work=any(one.alive and not one.draining for one in workers),
            workers=[(one, held.get(one.name)) for one in workers if view.state in ("", state(one))],
            strangers=_strangers(workers, held),
            queues=[one for one in queues if wanted in (one.name or one.kind).casefold()],
            runners=runners,
            stalled=stalled,
            stalled_s=workforce.STALLED_S,
            state_of=state,
        )


def state(worker: RunningProcess) -> str:
    """The stable code of how a worker is."""
    if not worker.alive:
        return "silent"
    return "draining" if worker.draining else "running"


def _strangers(workers: list[RunningProcess], held: dict[str, InHand]) -> list[InHand]:
    """Work in the hands of somebody who tells nothing of itself: a partner's own program, or a worker that died."""
    known = {one.name for one in workers}
    return [one for name, one in sorted(held.items()) if name not in known]
