"""Seconds from `lienthong run --simulate` to the web answering that it is ready: on an empty folder, and again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from http.client import HTTPConnection  # a bare question to loopback
from pathlib import Path

from lienthong.children import child_environment
from lienthong.ports import next_free_port
from tests.benchmarks.place import Place

LONGEST_S = 60.0


def measure(place: Place) -> Mapping[str, float]:
    """Both, one after the other."""
    folder = place.folder / "readiness"
    folder.mkdir()
    folder.chmod(0o755)
    return {"ready_first_s": started(folder), "ready_again_s": started(folder)}


def started(folder: Path) -> float:
    """Start everything, wait until it answers, end it; the seconds until it answered."""
    port = next_free_port("127.0.0.1", 0)
    environment = child_environment(
        {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("LIENTHONG_", "DATABASE"))
        },
        {"LIENTHONG_DATA_DIR": str(folder / "data"), "LIENTHONG_LOG_LEVEL": "warning"},
    )
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "lienthong", "run", "--simulate", "--port", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not _ready(port):
            if process.poll() is not None or time.perf_counter() - start > LONGEST_S:
                raise TimeoutError("lienthong run does not come up")
            time.sleep(0.01)
        return time.perf_counter() - start
    finally:
        process.send_signal(signal.SIGTERM)  # a shell's background jobs are begun with SIGINT ignored
        process.wait(20)


def _ready(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
