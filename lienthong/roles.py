"""What the production roles have in common: settings, logs, a database for their life, and an orderly end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from engine import settings as all_settings
from engine.environment import process_environment
from engine.errors import LienthongError
from engine.storage.embedded import attach_or_start
from lienthong.assembly import System
from lienthong.logs import configure_logs


@contextmanager
def opened(role: str, *, serving: bool = False) -> Iterator[System]:
    """The system that the environment describes, with its database reachable inside the block.

    A command that is not *serving* tells only warnings beside its result, unless more is asked for.
    """
    environment = process_environment()
    settings = all_settings.read(environment)
    told = (
        settings
        if serving or "LIENTHONG_LOG_LEVEL" in environment
        else replace(settings, log_level="warning")
    )
    configure_logs(told, role)
    with attach_or_start(settings) as url:
        system = System(settings, url)
        try:
            yield system
        finally:
            system.close()


def asked_to_stop() -> threading.Event:
    """An event that is set by the first Ctrl-C or SIGTERM; the second Ctrl-C interrupts as usual."""
    stop = threading.Event()

    def note(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return stop


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Ctrl-C and SIGTERM end the block by KeyboardInterrupt, so that what it made beside the database goes with it. One that
    is ignored (a shell ignores Ctrl-C for what it starts with ``&``) stays ignored.

    The event remembers: what an interruption is raised in may swallow it, as Python's callbacks around a fork do. Whoever
    does something long looks at it and leaves off with an error of ours, which is an interruption then.
    """
    stop = threading.Event()

    def interrupt(_number: int, _frame: object) -> None:
        stop.set()
        raise KeyboardInterrupt

    heeded = [one for one in (signal.SIGTERM, signal.SIGINT) if signal.getsignal(one) is not signal.SIG_IGN]
    former = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield stop
    except LienthongError:
        if stop.is_set():
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
