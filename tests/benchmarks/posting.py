"""How long a desk waits for a dossier to be taken in over REST while sixty others a second are at work."""

import http.client
import json
import threading
import time
from collections.abc import Mapping

from engine.actions import keys
from engine.storage.database import Store
from lienthong.ports import next_free_port
from tests.benchmarks import endtoend, latency
from tests.benchmarks.place import Place
from tests.benchmarks.running import system
from tests.support.procedures import UNIT

PER_S = 60
SECONDS = 10.0
EVERY_S = 0.05
BODY = {
    "procedure": "1.000001",
    "channel": "counter",
    "receiving_unit": UNIT,
    "applicant": {"name": "Nguyễn Văn Thử", "identity": "001099000001"},
    "data": {},
}


class Desk(threading.Thread):
    """Hands a dossier in every 50 ms until told to stop; *took* are the milliseconds of each."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(name="desk")
        self._port, self._key = port, key
        self.stopping = threading.Event()
        self.took: list[float] = []
        self.refused: list[bytes] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        while not self.stopping.wait(EVERY_S):
            began = time.perf_counter()
            headers = {
                "Authorization": f"Bearer {self._key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"post-{len(self.took)}",
            }
            connection.request("POST", "/api/v1/dossiers", json.dumps(BODY).encode(), headers)
            answer = connection.getresponse()
            told = answer.read()
            self.took.append((time.perf_counter() - began) * 1e3)
            if answer.status != 201:
                self.refused.append(told[:300])
        connection.close()


def measure(place: Place) -> Mapping[str, float]:
    """The slowest of twenty, in milliseconds."""
    url = place.database()
    store = Store(url)
    port = next_free_port("127.0.0.1", 0)
    try:
        key = keys.create(store, "desk", scopes=["dossiers:write"]).text
        with system(url, place.folder, workers=2, web_port=port):
            endtoend.through(store, endtoend.WARM_UP, first=0)
            desk = Desk(port, key)
            desk.start()
            try:
                latency.pace(store, per_s=PER_S, seconds=SECONDS)
            finally:
                desk.stopping.set()
                desk.join()
    finally:
        store.close()
        place.drop(url)
    if desk.refused:
        raise AssertionError(f"{len(desk.refused)} dossiers were not taken in, such as {desk.refused[0]!r}")
    return {"post_p95_ms": sorted(desk.took)[int(len(desk.took) * 0.95)]}
