"""What needs attention: counts that lead to the lists behind them, and nothing else."""

from flask import Blueprint

from engine import errors
from engine.queries import attention, deployments
from web.console.access import right, visitor
from web.console.rendering import View, page, read
from web.container import Container


def add(blueprint: Blueprint, container: Container) -> None:
    """``/``."""

    @blueprint.get("/")
    @right("see")
    def home() -> str:
        read(View)
        with container.store.reading() as connection:
            try:
                counts = attention.counts(connection, now=container.clock.now(), unit=visitor().unit)
            except errors.StoreError:
                counts = None
            last = deployments.find_deployments(connection, procedure=None, active=None, after=None, limit=1)
        return page("home.html", container, counts=counts, last=last[0] if last else None)
