"""Background jobs and their timetable: sweeps, feeds and house-keeping, run by Procrastinate in a thread of the worker.

Each is short, may be repeated at any time, and carries nothing. A killed worker's job is found by our own sweep, since
without one it would never run again.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import procrastinate
import structlog
from procrastinate import jobs as procrastinate_jobs

from engine import errors
from engine.queries.backups import JOB as BACKUP
from engine.storage import jobs
from engine.storage.schedules import Planned

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPolicy:
    """Times of the background jobs, in seconds."""

    heartbeat_s: float = 2.0
    stalled_s: float = 8.0
    sweep_s: float = 5.0
    timers_s: float = 1.0
    leases_s: float = 2.0
    feeds_s: float = 1.0
    messages_s: float = 60.0
    batches_s: float = 5.0
    tallies_s: float = 15.0
    purge_s: float = 3600.0
    certificates_s: float = 3600.0
    drift_s: float = 60.0
    anchors: str = "30 1 * * *"  # nightly, Vietnam's time
    descriptions: str = "15 2 * * *"
    backup: str = ""  # empty: none are made
    concurrency: int = 4


def timetable(policy: JobPolicy) -> list[Planned]:
    """The rows that the schedule must have for these jobs to run."""
    every = {
        "timers": policy.timers_s,
        "leases": policy.leases_s,
        "feeds": policy.feeds_s,
        "messages": policy.messages_s,
        "batches": policy.batches_s,
        "tallies": policy.tallies_s,
        "purge": policy.purge_s,
        "certificates": policy.certificates_s,
        "drift": policy.drift_s,
    }
    planned = [
        Planned(name=name, job=name, trigger=f"every {seconds:g} s") for name, seconds in every.items()
    ]
    nightly = {"anchors": policy.anchors, "descriptions": policy.descriptions, BACKUP: policy.backup}
    return [*planned, *(Planned(name=name, job=name, trigger=at) for name, at in nightly.items() if at)]


def unplanned(policy: JobPolicy) -> list[str]:
    """The rows that the schedule must not have any more."""
    return [] if policy.backup else [BACKUP]


class JobLoop(threading.Thread):
    """Runs Procrastinate's worker, and the sweep for stalled jobs, until it is stopped."""

    def __init__(self, url: str, work: Mapping[str, Callable[[], object]], policy: JobPolicy) -> None:
        super().__init__(name="jobs", daemon=True)
        self._url = url
        self._work = work
        self._policy = policy
        self._stopping = threading.Event()
        self._cancel: Callable[[], object] | None = None

    def run(self) -> None:
        asyncio.run(self._until_stopped())

    def stop(self) -> None:
        """Begin no more jobs; the thread ends when those under way have, for they hold connections."""
        self._stopping.set()
        if self._cancel is not None:
            with suppress(RuntimeError):  # the loop has ended by itself
                self._cancel()

    async def _until_stopped(self) -> None:
        forever = asyncio.create_task(self._forever())
        self._cancel = partial(asyncio.get_running_loop().call_soon_threadsafe, forever.cancel)
        with suppress(asyncio.CancelledError):
            await forever

    async def _forever(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._run()
            except Exception as error:  # noqa: BLE001  # a database that went away comes back
                log.warning("jobs_interrupted", error=type(error).__name__)
                await asyncio.sleep(1.0)

    async def _run(self) -> None:
        app = jobs.app()
        for name, function in self._work.items():
            app.task(name=name, queue=jobs.QUEUE)(_reporting(name, function))
        async with jobs.pool(self._url) as pool, app.open_async(pool):
            sweep = asyncio.create_task(self._sweep(app))
            try:
                await app.run_worker_async(
                    queues=[jobs.QUEUE],
                    concurrency=self._policy.concurrency,
                    fetch_job_polling_interval=1.0,
                    install_signal_handlers=False,
                    delete_jobs="successful",
                    update_heartbeat_interval=self._policy.heartbeat_s,
                    stalled_worker_timeout=self._policy.stalled_s,
                    shutdown_graceful_timeout=2.0,
                )
            finally:
                sweep.cancel()

    async def _sweep(self, app: procrastinate.App) -> None:
        while True:
            try:
                seconds = self._policy.stalled_s
                for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
                    await _free(app, job)
            except Exception as error:  # noqa: BLE001  # a database that went away comes back, and jobs stall then
                log.warning("stalled_jobs_not_swept", error=type(error).__name__)
            await asyncio.sleep(self._policy.sweep_s)


async def _free(app: procrastinate.App, job: procrastinate_jobs.Job) -> None:
    """Run a stalled job again; where a fresh twin is waiting already, end it instead."""
    try:
        await app.job_manager.retry_job(job)
        log.warning("stalled_job_retried", job=job.task_name)
    except procrastinate.exceptions.ConnectorException:
        await app.job_manager.finish_job(job, procrastinate_jobs.Status.FAILED, delete_job=True)
        log.warning("stalled_job_ended", job=job.task_name)


def _reporting(name: str, function: Callable[[], object]) -> Callable[[], None]:
    def job() -> None:
        try:
            function()
        except errors.StoreError as error:
            log.warning("job_without_database", job=name, reason=error.message)

    return job
