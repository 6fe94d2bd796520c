"""A whole system of real processes over one database: simulated agencies, workers, and where asked the scheduler."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lienthong.children import Family, child_environment
from lienthong.ports import answers, next_free_port
from tests.benchmarks.place import PARTNERS

READY_S = 30.0


@contextmanager
def system(
    url: str, folder: Path, *, workers: int, scheduler: bool = False, web_port: int | None = None
) -> Iterator[Path]:
    """The processes run inside the block; gives the file in which the agencies write what reached them.

    With *web_port* a web process serves there, too.
    """
    port = next_free_port("127.0.0.1", 0)
    data = folder / url.rsplit("/", 1)[-1].split("?", maxsplit=1)[0]
    environment = child_environment(
        {name: value for name, value in os.environ.items() if not name.startswith("LIENTHONG_")},
        {
            "DATABASE_URL": url,
            "LIENTHONG_DATA_DIR": str(data),
            "LIENTHONG_PARTNERS_PATH": str(PARTNERS),
            "LIENTHONG_SIMULATORS_URL": f"http://127.0.0.1:{port}",
            "LIENTHONG_LOG_LEVEL": "warning",
        },
    )
    family = Family()
    try:
        family.add("simulators", "simulators", "--port", str(port), environment=environment)
        _await(port)
        for number in range(workers):
            family.add(f"worker {number}", "worker", environment=environment)
        if scheduler:
            family.add("scheduler", "scheduler", environment=environment)
        if web_port is not None:
            family.add("web", "web", environment={**environment, "LIENTHONG_WEB_PORT": str(web_port)})
            _await(web_port)
        yield data / "simulators" / "journal.jsonl"
    finally:
        family.stop(3.0)


def _await(port: int) -> None:
    until = time.monotonic() + READY_S
    while not answers("127.0.0.1", port):
        if time.monotonic() > until:
            raise TimeoutError("the simulators do not come up")
        time.sleep(0.05)
