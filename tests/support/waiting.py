"""Waiting for what happens elsewhere: in another thread, or in another process, which tells nobody that it ended."""

import threading
import time
from collections.abc import Callable

import psutil


def until(condition: Callable[[], bool], timeout_s: float = 30.0, step_s: float = 0.02) -> bool:
    """Whether *condition* came true in time."""
    pause, end = threading.Event(), time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        pause.wait(step_s)
    return True


def gone(process: psutil.Process) -> bool:
    """Whether *process* has ended, also while nobody has asked yet how.

    It may go between two looks at it: who is not there any more is gone, too.
    """
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
