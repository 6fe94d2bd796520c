"""What was measured, and on what: the dossier's events, calls and bytes, the versions, the cores that were free."""

import os
import platform
import time
from importlib.metadata import version

import psutil
from sqlalchemy import text

from engine.storage.database import Store
from lienthong import __version__
from tests.benchmarks import world
from tests.benchmarks.appliers import applier, drain
from tests.benchmarks.place import Place

NODES = 15
LOOK_S = 1.0
FLUSHES = 50
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM event WHERE dossier_id = d.id), (SELECT count(*) FROM call WHERE dossier_id = d.id),
        (SELECT count(*) FROM timeline WHERE dossier_id = d.id), pg_column_size(d.*) FROM dossier d WHERE code LIKE 'B%'
    """
)


def free_cores() -> float:
    """Cores that nobody used during the last second."""
    return round(os.cpu_count() or 1, 2) * (1 - psutil.cpu_percent(LOOK_S) / 100)


def describe(place: Place, *, free_cores: float) -> dict[str, object]:
    """The facts that belong beside the figures."""
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "nodes": NODES,
        **_one_dossier(place),
        "cores": os.cpu_count(),
        "free_cores": round(free_cores, 2),
        "fdatasync_ms": round(_fdatasync_ms(place), 3),
        "versions": {
            "python": platform.python_version(),
            "postgresql": place.version(),
            **{name: version(name) for name in ("SpiffWorkflow", "SQLAlchemy", "psycopg", "lxml", "urllib3")},
            "lienthong": __version__,
        },
    }


def _one_dossier(place: Place) -> dict[str, object]:
    """Take one dossier through, and look at what it left."""
    url = place.database()
    store = Store(url, steady=True)
    try:
        one = applier(store)
        world.hand_in(store, 1)
        sizes = []
        drain(one)
        while world.answer(store):
            with store.reading() as connection:
                sizes.append(
                    int(connection.scalar(text("SELECT max(octet_length(state)) FROM instance")) or 0)
                )
            drain(one)
        with store.reading() as connection:
            events, calls, lines, bytes_ = connection.execute(_COUNTS).one()
        return {
            "events_per_dossier": events,
            "calls_per_dossier": calls,
            "timeline_entries_per_dossier": lines,
            "dossier_row_bytes": bytes_,
            "state_bytes": {"smallest": min(sizes), "largest": max(sizes)},
        }
    finally:
        store.close()
        place.drop(url)


def _fdatasync_ms(place: Place) -> float:
    """The middle time that a small write takes to be on the disk."""
    file = os.open(place.folder / "sync", os.O_CREAT | os.O_WRONLY)
    try:
        taken = []
        for number in range(FLUSHES):
            os.pwrite(file, bytes(8192), number * 8192)
            start = time.perf_counter()
            os.fdatasync(file)
            taken.append((time.perf_counter() - start) * 1e3)
    finally:
        os.close(file)
    return sorted(taken)[FLUSHES // 2]
