"""The scheduler process: looks at the timetable at short intervals and defers what is due.

It keeps nothing in memory: rows are the truth, and any number of tickers may look at the same time. What a job does
is the worker's business.
"""

from collections.abc import Callable

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from engine.errors import LienthongError
from schedules import timetable

log = structlog.get_logger(__name__)


class Ticker:
    """Calls *tick* every *tick_s* until it is stopped, then *ended*; a tick that fails is logged, the next tries again."""

    def __init__(
        self, tick: Callable[[], object], tick_s: float, *, ended: Callable[[], object] | None = None
    ) -> None:
        self._tick = tick
        self._ended = ended
        self._scheduler = BackgroundScheduler(executors={"default": ThreadPoolExecutor(1)}, timezone="UTC")
        self._scheduler.add_job(
            self._look,
            timetable.interval(tick_s),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )

    def start(self) -> None:
        """Begin to look, in a thread of its own."""
        self._scheduler.start()

    def stop(self) -> None:
        """Return when no look is under way and none will come."""
        self._scheduler.shutdown(wait=True)
        if self._ended is not None:
            self._ended()

    def _look(self) -> None:
        try:
            self._tick()
        except LienthongError as exc:
            log.warning("tick_failed", reason=exc.message)
