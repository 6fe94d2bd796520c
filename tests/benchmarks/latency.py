"""How long after an event the call that it leads to is with the partner, at 25 dossiers per second.

Counted from the event's row to the partner's own note that the request came and was valid: all that lies between.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from engine.storage.database import Store
from tests.benchmarks import endtoend, world
from tests.benchmarks.place import Place
from tests.benchmarks.running import system
from tests.support.witness import read_journal

PER_S = 25
SECONDS = 12.0
LOOK_S = 0.01
FIRST = 1_000

_LEFT = text(
    """
    SELECT d.code, c.operation, e.created_at FROM call c
    JOIN event e ON e.dossier_id = c.dossier_id AND e.applied_at = c.created_at
    JOIN dossier d ON d.id = c.dossier_id WHERE d.id > :after
    """
)


def measure(place: Place) -> Mapping[str, float]:
    """The middle and the slowest of a hundred, in milliseconds."""
    url = place.database()
    store = Store(url)
    try:
        with system(url, place.folder, workers=1) as journal:
            endtoend.through(store, endtoend.WARM_UP, first=0)
            with store.reading() as connection:
                after = connection.scalar(text("SELECT max(id) FROM dossier"))
            pace(store)
            arrived = {(code, operation): at for code, operation, at in _arrivals(journal)}
        with store.reading() as connection:
            rows = list(connection.execute(_LEFT, {"after": after}))
    finally:
        store.close()
        place.drop(url)
    found = sorted((arrived[code, operation] - at).total_seconds() * 1e3 for code, operation, at in rows)
    return {"latency_p50_ms": found[len(found) // 2], "latency_p99_ms": found[int(len(found) * 0.99)]}


def pace(store: Store, *, per_s: int = PER_S, seconds: float = SECONDS) -> None:
    """Hand dossiers in one by one at their time, and see to it that people answer soon."""
    start = time.perf_counter()
    before, handed_in, wanted = world.ended(store), 0, int(per_s * seconds)
    while handed_in < wanted or world.ended(store) - before < wanted:
        due = min(wanted, int((time.perf_counter() - start) * per_s) + 1) - handed_in
        if due > 0:
            world.hand_in(store, due, first=FIRST + handed_in)
            handed_in += due
        world.answer(store, calls=False)
        time.sleep(LOOK_S)
        if time.perf_counter() - start > endtoend.LONGEST_S:
            raise TimeoutError(f"the system does not keep up with {per_s} dossiers per second")


def _arrivals(journal: Path) -> Iterator[tuple[str, str, datetime]]:
    for told in read_journal(journal):
        if told.get("kind") == "request":
            at = datetime.fromisoformat(told["at"])
            yield told["body"]["code"], told["operation"], at if at.tzinfo else at.replace(tzinfo=UTC)
